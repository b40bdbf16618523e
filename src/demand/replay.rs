//! [`Replay`]: a workload's own past against a size that it may not have had.
//!
//! Takes points (sorted by time) and the [`Timeline`] of sizes that they are relative to; gives each
//! period's demand in absolute units ([`Moment`]), as rollups take it, and how many periods would have
//! been above a size. It says nothing of what tasks would have done differently there: a task that was
//! at the cap of a smaller size may have wanted any amount, so such periods are counted apart.
//!
//! | hottest task | under | against | outcome |
//! |---|---|---|---|
//! | 60 % of 1 vCPU | 1 vCPU | 0.5 vCPU | above |
//! | 48 % of 1 vCPU | 1 vCPU | 0.5 vCPU | at the cap (95 % of it or more) |
//! | 97 % of 0.5 vCPU | 0.5 vCPU | 1 vCPU | unknown |

use super::{
    rollup::CAP_CENTI_PERCENT,
    timeline::{Requested, Segment, Timeline},
};
use crate::{
    units::{CpuUnits, MemoryMib},
    utilization::{CENTI_PERCENT_FULL, Point},
};

/// The hottest task in one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Start of the period, seconds since the epoch.
    pub timestamp: i64,
    /// The size that per cent are of: of several, the smaller.
    pub relative_to: Requested,
    pub mixed: bool,
    /// Thousandths of a CPU unit; `None`: no sample.
    pub cpu: Option<u64>,
    /// KiB; `None`: no sample.
    pub memory: Option<u64>,
    /// Whether it reached 95 % of what it could use at most.
    pub cpu_capped: bool,
    pub memory_capped: bool,
}

/// How one resource would have fared, in periods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ResourceReplay {
    /// With a sample.
    pub periods: u64,
    /// With more than the size has.
    pub above: u64,
    /// With 95 % of the size or more, those above included.
    pub at_cap: u64,
    /// At the cap of a smaller size, so that what was wanted is not known.
    pub unknown: u64,
}

/// How a size would have fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replay {
    pub cpu: ResourceReplay,
    pub memory: ResourceReplay,
}

/// The periods of `points` that have a sample, in absolute units.
pub fn moments(points: &[Point], timeline: &Timeline, period_seconds: u32) -> Vec<Moment> {
    let period = i64::from(period_seconds);
    let has_sample =
        |p: &&Point| p.cpu_max.or(p.mem_max).or(p.cpu_avg).or(p.mem_avg).or(p.cpu_samples).is_some();
    points
        .iter()
        .filter(has_sample)
        .map(|point| {
            let end = point.timestamp.saturating_add(period);
            let Segment { relative_to, caps, mixed, .. } = timeline.in_force(point.timestamp, end);
            let absolute = |share: Option<u32>, full: u64| {
                // Of nothing a share says nothing.
                let share = share.filter(|_| full > 0)?;
                Some(u64::from(share).saturating_mul(full).div_ceil(u64::from(CENTI_PERCENT_FULL)))
            };
            let capped = |share: Option<u32>, full: u32, cap: Option<u32>| {
                share.zip(cap).is_some_and(|(share, cap)| {
                    u64::from(share) * u64::from(full) >= u64::from(cap) * u64::from(CAP_CENTI_PERCENT)
                })
            };
            Moment {
                timestamp: point.timestamp,
                relative_to,
                mixed,
                cpu: absolute(point.cpu_max, u64::from(relative_to.cpu.0) * 1000),
                memory: absolute(point.mem_max, u64::from(relative_to.memory.0) * 1024),
                cpu_capped: capped(point.cpu_max, relative_to.cpu.0, caps.cpu.map(|cpu| cpu.0)),
                memory_capped: capped(point.mem_max, relative_to.memory.0, caps.memory.map(|mib| mib.0)),
            }
        })
        .collect()
}

impl Replay {
    /// `moments` against a size.
    pub fn of(moments: &[Moment], cpu: CpuUnits, memory: MemoryMib) -> Self {
        let mut replay = Self::default();
        for moment in moments {
            let smaller = moment.cpu_capped && moment.relative_to.cpu < cpu;
            replay.cpu.add(moment.cpu, u64::from(cpu.0) * 1000, smaller);
            let smaller = moment.memory_capped && moment.relative_to.memory < memory;
            replay.memory.add(moment.memory, u64::from(memory.0) * 1024, smaller);
        }
        replay
    }
}

impl ResourceReplay {
    fn add(&mut self, value: Option<u64>, limit: u64, capped_below: bool) {
        let Some(value) = value else { return };
        let at_cap = u128::from(value) * 10_000 >= u128::from(limit) * u128::from(CAP_CENTI_PERCENT);
        self.periods += 1;
        self.above += u64::from(value > limit);
        self.at_cap += u64::from(at_cap);
        self.unknown += u64::from(capped_below && !at_cap);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::{
        demand::roll_up,
        workload::{HistorySource, RevisionInForce, TaskDefinition},
    };

    const PERIOD: u32 = 300;

    /// From 1 vCPU / 2 GB to `cpu` / `memory` at `from`, settled at `settled`.
    fn resized(cpu: u32, memory: u32, from: i64, settled: i64) -> Timeline {
        let definition = |cpu, memory| TaskDefinition {
            cpu: Some(CpuUnits(cpu)),
            memory: Some(MemoryMib(memory)),
            ..TaskDefinition::default()
        };
        let revision = |name: &str, from: Option<i64>, settled: Option<i64>| RevisionInForce {
            task_definition: name.to_owned(),
            from: from.map(|second| Timestamp::from_second(second).unwrap()),
            settled: settled.map(|second| Timestamp::from_second(second).unwrap()),
            metric_resolution_seconds: 60,
        };
        let definitions: BTreeMap<String, TaskDefinition> =
            [("a".to_owned(), definition(1024, 2048)), ("b".to_owned(), definition(cpu, memory))].into();
        let revisions = [revision("a", None, None), revision("b", Some(from), Some(settled))];
        Timeline::of(&revisions, HistorySource::ServiceDeployments, &definitions).unwrap()
    }

    fn points(shares: &[(u32, u32)]) -> Vec<Point> {
        (0..)
            .zip(shares)
            .map(|(i, (cpu, memory))| Point {
                timestamp: i * i64::from(PERIOD),
                cpu_max: Some(*cpu),
                mem_max: Some(*memory),
                ..Point::default()
            })
            .collect()
    }

    #[test]
    fn the_worked_table_holds() {
        let steady = resized(1024, 2048, 0, 0);
        let at = |share, timeline: &Timeline, cpu| {
            let seen = moments(&points(&[(share, 100)]), timeline, PERIOD);
            let ResourceReplay { above, at_cap, unknown, .. } =
                Replay::of(&seen, CpuUnits(cpu), MemoryMib(2048)).cpu;
            (above, at_cap, unknown)
        };
        assert_eq!(at(6_000, &steady, 512), (1, 1, 0));
        assert_eq!(at(4_800, &steady, 512), (0, 1, 0));
        assert_eq!(at(4_700, &steady, 512), (0, 0, 0));
        assert_eq!(at(9_700, &resized(512, 1024, -10_000, -9_000), 1024), (0, 0, 1));
        assert_eq!(at(9_700, &steady, 1024), (0, 1, 0));
    }

    proptest! {
        /// Against counting second by second which sizes a period meets, in floating point.
        #[test]
        fn counts_match_brute_force(
            shares in prop::collection::vec((0u32..11_000, 0u32..11_000), 1..60),
            size in (0usize..77, 0usize..77), from in -1_000i64..15_000, lasts in 0i64..2_000,
        ) {
            let sizes: Vec<_> =
                crate::fargate::TaskSize::all(crate::workload::OperatingSystem::Linux).collect();
            let (other, judged) = (sizes[size.0], sizes[size.1]);
            let timeline = resized(other.cpu().0, other.memory().0, from, from + lasts);
            let points = points(&shares);
            let replay = Replay::of(&moments(&points, &timeline, PERIOD), judged.cpu(), judged.memory());
            let mut above = (0, 0);
            for point in &points {
                let (mut cpu, mut memory) = (u32::MAX, u32::MAX);
                for second in point.timestamp..point.timestamp + i64::from(PERIOD) {
                    if second < from + lasts || second < from {
                        (cpu, memory) = (cpu.min(1024), memory.min(2048));
                    }
                    if second >= from {
                        (cpu, memory) = (cpu.min(other.cpu().0), memory.min(other.memory().0));
                    }
                }
                let units = f64::from(point.cpu_max.unwrap()) / 10_000.0 * f64::from(cpu);
                let mib = f64::from(point.mem_max.unwrap()) / 10_000.0 * f64::from(memory);
                above.0 += u64::from(units > f64::from(judged.cpu().0) + 1e-6);
                above.1 += u64::from(mib > f64::from(judged.memory().0) + 1e-6);
            }
            prop_assert_eq!((replay.cpu.above, replay.memory.above), above);
            prop_assert_eq!(replay.cpu.periods, points.len() as u64);
        }

        /// What a size is replayed against is what demand was rolled up from.
        #[test]
        fn moments_are_those_of_the_rollups(
            shares in prop::collection::vec((0u32..11_000, 0u32..11_000), 1..60),
            from in -1_000i64..15_000, lasts in 0i64..2_000,
        ) {
            let timeline = resized(256, 4096, from, from + lasts);
            let points = points(&shares);
            let seen = moments(&points, &timeline, PERIOD);
            let days = roll_up(&points, &timeline, PERIOD, 0).days;
            prop_assert_eq!(seen.iter().filter_map(|m| m.cpu).max(), days.iter().filter_map(|d| d.cpu.max).max());
            prop_assert_eq!(
                seen.iter().filter_map(|m| m.memory).max(), days.iter().filter_map(|d| d.memory.max).max()
            );
            let mixed: u32 = days.iter().filter(|d| d.mixed).map(|d| d.periods).sum();
            prop_assert_eq!(seen.iter().filter(|m| m.mixed).count(), mixed as usize);
        }
    }
}
