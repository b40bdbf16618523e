//! [`Known`]: what a report knows of a workload whatever the window.
//!
//! A rule is shown one window of a snapshot. What a report has from elsewhere is the same in every window,
//! so the product's own rule goes by it; rules of other tools know nothing of it. What a report has from
//! the whole window (kills, the peaks of single containers) would be from the time that is judged, so it is
//! left out.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::{
    config::{LeastChange, Sizing},
    fargate::TaskSize,
    rightsize::{GuardInput, Guards},
    units::{HOURS_PER_MONTH, MemoryMib, Usd},
    workload::{OperatingSystem, TaskDefinition, TaskFacts},
};

use super::ladder::Price;

/// A task, in the parts that means of tasks are counted in: whole numbers, so that sums are exact in any
/// order.
pub const ONE_TASK: u64 = 1_000_000;

/// What of a report a backtest of a snapshot goes by, and what not.
pub(super) const SCOPE: &str = "saved is of the cost of all tasks, each priced on demand on x86 in one region; fargauge goes by each \
     workload's settings, containers, heaps and the least change, as a report does, but not by start-up \
     peaks, kills, single containers' peaks or expected peaks, nor by how many mixed sizes and runs a rating allows";

/// What holds for one workload in every window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The mean number of tasks over the snapshot, in parts of [`ONE_TASK`].
    pub tasks: u64,
    /// With what overrides set.
    pub sizing: Sizing,
    pub least_change: LeastChange,
    /// Of list prices.
    pub paid: Decimal,
    /// The size that per cent were taken of, the smaller while a deployment is under way: each from a time on,
    /// ascending.
    pub relative_to: Vec<(i64, TaskSize)>,
    /// Each from a time on, ascending.
    pub definitions: Vec<(i64, TaskDefinition)>,
    /// What AWS adds to its tasks, and nothing else of them.
    pub facts: TaskFacts,
    /// Its tasks come and go, so that they have no samples in between.
    pub has_runs: bool,
    pub period_seconds: u32,
    /// Of the periods that could have a sample, in how many a resource needs one.
    pub min_coverage_percent: u32,
}

impl Known {
    /// The guards of the definition in force just before `time`; `memory_need` is what demand asks for, where the
    /// peak was `memory_peak`.
    pub fn guards(
        &self,
        time: i64,
        size: TaskSize,
        (memory_need, memory_peak): (MemoryMib, Option<u32>),
        memory_headroom: u32,
    ) -> Option<Guards<'_>> {
        let place = self.definitions.partition_point(|(from, _)| *from < time);
        let (_, definition) = self.definitions.get(place.saturating_sub(1))?;
        Some(Guards::of(GuardInput {
            definition,
            facts: &self.facts,
            size: size.into(),
            os: OperatingSystem::Linux,
            start_up: None,
            memory_peak,
            memory_need,
            rise: None,
            cpu_rise: None,
            memory_headroom,
        }))
    }

    /// The periods up to `end` that could have a sample, where CPU and memory have theirs at these times, ascending.
    pub(super) fn periods(&self, cpu: &[i64], memory: &[i64], end: i64) -> u64 {
        if self.has_runs {
            return cpu.iter().chain(memory).collect::<BTreeSet<_>>().len() as u64;
        }
        let first = cpu.first().into_iter().chain(memory.first()).min();
        let seconds = first.map_or(0, |first| end.saturating_sub(*first).max(0));
        seconds.unsigned_abs().div_ceil(u64::from(self.period_seconds.max(1)))
    }

    /// Whether a change from one price to another saves enough for a deployment.
    pub fn is_worth(&self, now: Price, then: Price) -> bool {
        let (now, then) = (self.month(now), self.month(then));
        self.least_change.is_met_by(now - then, now)
    }

    /// What all tasks cost a month.
    fn month(&self, price: Price) -> Usd {
        let parts = i128::from(price.0)
            .checked_mul(i128::from(self.tasks))
            .and_then(|parts| parts.checked_mul(i128::from(HOURS_PER_MONTH)))
            .and_then(|parts| Decimal::try_from_i128_with_scale(parts, 18).ok());
        // No number of tasks that could be paid for comes near.
        (Usd(parts.unwrap_or(Decimal::MAX)) * self.paid).rounded()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Config,
        units::CpuUnits,
        workload::{Container, InjectedContainer, RuntimeSetting},
    };

    fn size(cpu: u32, memory: u32) -> TaskSize {
        TaskSize::new(CpuUnits(cpu), MemoryMib(memory), OperatingSystem::Linux).unwrap()
    }

    /// A JVM whose heap was raised at 1,000 s.
    fn known() -> Known {
        let definition = |heap: &str| TaskDefinition {
            containers: vec![Container {
                name: "app".into(),
                essential: true,
                runtime_settings: vec![RuntimeSetting::new("-Xmx", heap)],
                ..Container::default()
            }],
            ..TaskDefinition::default()
        };
        let Config { sizing, change, .. } = Config::default();
        Known {
            tasks: ONE_TASK,
            sizing,
            least_change: change,
            paid: Decimal::ONE,
            relative_to: Vec::new(),
            definitions: vec![(i64::MIN, definition("1g")), (1000, definition("2g"))],
            facts: TaskFacts::default(),
            has_runs: false,
            period_seconds: 300,
            min_coverage_percent: 50,
        }
    }

    #[test]
    fn of_tasks_that_come_and_go_only_periods_with_samples_could_have_one() {
        let (cpu, memory): (&[i64], &[i64]) = (&[900, 1200, 86_400], &[600, 1200]);
        let periods = |known: &Known, cpu, memory| known.periods(cpu, memory, 2 * 86_400);
        assert_eq!(periods(&known(), cpu, memory), (2 * 86_400 - 600) / 300);
        assert_eq!(periods(&known(), cpu, &[]), (2 * 86_400 - 900) / 300);
        assert_eq!(periods(&known(), &[], &[]), 0);
        assert_eq!(periods(&Known { has_runs: true, ..known() }, cpu, memory), 4);
    }

    #[test]
    fn floors_are_those_of_the_definition_in_force() {
        let floor_of = |known: &Known, time, size| {
            known.guards(time, size, (MemoryMib(500), None), 2000).map_or(0, |guards| guards.floors().1.0)
        };
        let floor = |known: &Known, time| floor_of(known, time, size(1024, 8192));
        assert_eq!((floor(&known(), 1000), floor(&known(), 1001)), (1364, 2439));
        let with_agent = Known {
            facts: TaskFacts { injected: vec![InjectedContainer::GuardDutyAgent], ..TaskFacts::default() },
            ..known()
        };
        assert_eq!(floor(&with_agent, 1001), 2439 + 128);
        assert_eq!(floor(&Known { definitions: Vec::new(), ..known() }, 1000), 0);
        // No floor is above the current size.
        assert_eq!(floor_of(&known(), 1001, size(1024, 2048)), 2048);
    }

    /// 1 cent an hour less is 7.30 USD a month for one task; both least values count.
    #[test]
    fn a_change_is_worth_it_by_what_all_tasks_save() {
        let cents = |cents: u64| Price(cents * 10_000_000_000);
        let least = |usd_cents, centi_percent| LeastChange {
            min_savings_cents: usd_cents,
            min_savings_centi_percent: centi_percent,
        };
        for (tasks, least_change, paid, worth) in [
            (ONE_TASK, least(730, 0), Decimal::ONE, true),
            (ONE_TASK, least(731, 0), Decimal::ONE, false),
            (2 * ONE_TASK, least(1460, 0), Decimal::ONE, true),
            (ONE_TASK / 2, least(366, 0), Decimal::ONE, false),
            (ONE_TASK, least(657, 0), Decimal::new(9, 1), true),
            (ONE_TASK, least(658, 0), Decimal::new(9, 1), false),
            (ONE_TASK, least(0, 1000), Decimal::ONE, true),
            (ONE_TASK, least(0, 1001), Decimal::ONE, false),
        ] {
            let known = Known { tasks, least_change, paid, ..known() };
            assert_eq!(known.is_worth(cents(10), cents(9)), worth, "{tasks} {least_change:?} {paid}");
        }
        let endless = Known { tasks: u64::MAX, ..known() };
        assert!(!endless.is_worth(Price(u64::MAX), Price(u64::MAX)));
    }
}
