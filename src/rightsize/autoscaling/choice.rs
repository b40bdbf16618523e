//! [`choose`]: the cheapest size, limits and targets together that hold the simulated load.
//!
//! A change that leaves the number of tasks alone (such as less memory where CPU is followed) is as
//! certain as for any other service. A change that moves it must save more than the simulation's own
//! error and [`LEAST_SAVING`] besides. Among those that save about as much, the one that changes least.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{
    calibration::Calibration,
    candidates::{Bounds, followed_size, settings},
    fit::Fit,
    series::TaskSeries,
    simulate::{Limits, Setting, Simulated, simulate},
    steering::{Plan, Resource},
};
use crate::{
    config::Config,
    fargate::TaskSize,
    pricing::{NoPrice, PriceBook},
    rightsize::{cheapest::hourly, rating::Subject},
    units::{CpuUnits, MemoryMib, Usd},
};

/// 0.01 % of the current cost.
pub const LEAST_SAVING: u32 = 300;

/// One way to run the service.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub size: TaskSize,
    pub hourly: Usd,
    pub setting: Setting,
    pub task_periods: u64,
    pub fit: Fit,
}

/// What came of the search.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    /// `None`: nothing holds the load.
    pub best: Option<Candidate>,
    /// A smaller size of what is followed was tried and cost about as much.
    pub multiplies_tasks: bool,
}

/// What the search knows.
pub(super) struct Search<'a> {
    pub subject: &'a Subject<'a>,
    pub plan: &'a Plan,
    pub series: &'a TaskSeries,
    pub calibration: &'a Calibration,
    pub observed: &'a Fit,
    pub bounds: Bounds,
    /// What guards do not let the size fall below.
    pub floor: (CpuUnits, MemoryMib),
    pub book: &'a PriceBook,
    pub config: &'a Config,
}

/// Simulations by setting, each run once; with its fit once it was asked for.
type Simulations = BTreeMap<Setting, (Simulated, Option<Option<Fit>>)>;

pub(super) fn choose(search: &Search<'_>) -> Result<Choice, NoPrice> {
    let mut simulations = Simulations::new();
    let same = search.same_tasks()?;
    let now = search.price(search.subject.size)? * Decimal::from(search.calibration.unchanged.task_periods);
    let percent = |centi: u32| now * Decimal::from(centi) / Decimal::from(10_000);
    let margin = percent(search.calibration.error.saturating_add(LEAST_SAVING));
    let worth = same.as_ref().map(|same| cost(same) - margin);
    let mut multiplies_tasks = false;
    let mut others = search.other_tasks(false, worth, &mut simulations, &mut multiplies_tasks)?;
    if same.is_none() && others.is_empty() {
        others = search.other_tasks(true, worth, &mut simulations, &mut multiplies_tasks)?;
    }
    let cheapest = others.iter().map(cost).min();
    let about = cheapest.map(|cheapest| cheapest + percent(LEAST_SAVING));
    let other = others
        .into_iter()
        .filter(|candidate| about.is_some_and(|about| cost(candidate) <= about))
        .min_by_key(|candidate| (search.changes(candidate), cost(candidate), candidate.size));
    let shrinks = |candidate: &Candidate| {
        followed_size(search.plan, candidate.size, search.subject.size)
            != (search.subject.size.cpu().0, search.subject.size.memory().0)
    };
    multiplies_tasks &= !other.as_ref().is_some_and(shrinks);
    Ok(Choice { best: other.or(same), multiplies_tasks })
}

/// In USD per hour of a period, summed over the periods: comparable with each other only.
fn cost(candidate: &Candidate) -> Decimal {
    candidate.hourly.0 * Decimal::from(candidate.task_periods)
}

impl Search<'_> {
    fn price(&self, size: TaskSize) -> Result<Decimal, NoPrice> {
        Ok(hourly(self.book, self.subject.shape, self.subject.split, size)?.0)
    }

    /// The cheapest size that changes nothing of what the number of tasks follows.
    fn same_tasks(&self) -> Result<Option<Candidate>, NoPrice> {
        let current = self.subject.size;
        let followed = (current.cpu().0, current.memory().0);
        let mut best: Option<Candidate> = None;
        for size in self.bounds.sizes(self.plan, false) {
            if followed_size(self.plan, size, current) != followed
                || !self.holds_unfollowed(self.observed, size)
            {
                continue;
            }
            let hourly = Usd(self.price(size)?);
            if best.as_ref().is_none_or(|best| hourly < best.hourly) {
                let unchanged = Setting::unchanged(self.plan);
                best = Some(Candidate {
                    size,
                    hourly,
                    setting: Setting { size: Some(followed), ..unchanged },
                    task_periods: self.calibration.unchanged.task_periods,
                    fit: self.observed.clone(),
                });
            }
        }
        Ok(best)
    }

    /// Every other candidate that holds the load and costs less than `worth`, where that is given.
    fn other_tasks(
        &self,
        larger: bool,
        worth: Option<Decimal>,
        simulations: &mut Simulations,
        multiplies_tasks: &mut bool,
    ) -> Result<Vec<Candidate>, NoPrice> {
        let current = self.subject.size;
        let mut found = Vec::new();
        for size in self.bounds.sizes(self.plan, larger) {
            let followed = followed_size(self.plan, size, current);
            let hourly = Usd(self.price(size)?);
            for setting in settings(self.plan, followed, current) {
                let same_size = followed == (current.cpu().0, current.memory().0);
                let same_targets = setting.targets == Setting::unchanged(self.plan).targets;
                if same_size && same_targets && setting.limits == Limits::AS_THEY_ARE {
                    continue;
                }
                let (simulated, fit) = simulations
                    .entry(setting.clone())
                    .or_insert_with(|| (simulate(self.plan, &setting, self.series), None));
                let cost = hourly.0 * Decimal::from(simulated.task_periods);
                if worth.is_some_and(|worth| cost >= worth) {
                    *multiplies_tasks |= same_targets && !same_size && hourly.0 < self.price(current)?;
                    continue;
                }
                let fit = fit.get_or_insert_with(|| {
                    let tasks = (&self.calibration.unchanged, &*simulated);
                    Fit::simulated(self.subject, self.plan, self.series, tasks, followed, self.config)
                });
                let Some(fit) = fit else { continue };
                let less_reserve = setting.limits.min != setting.limits.max;
                if self.holds_unfollowed(fit, size) && self.holds_followed(fit, size, less_reserve) {
                    found.push(Candidate {
                        size,
                        hourly,
                        task_periods: simulated.task_periods,
                        fit: fit.clone(),
                        setting,
                    });
                }
            }
        }
        Ok(found)
    }

    /// Whether `size` holds what no policy follows, with headroom.
    fn holds_unfollowed(&self, fit: &Fit, size: TaskSize) -> bool {
        let need = fit.need(self.subject);
        (self.plan.tracks(Resource::Cpu) || size.cpu().0 >= need.cpu.floor)
            && (self.plan.tracks(Resource::Memory) || size.memory().0 >= need.memory.floor)
    }

    /// Whether `size` holds what a policy follows with headroom, or, unless `strictly`, is used no more
    /// than the current size is: the target in force is how much of it its owners want used.
    fn holds_followed(&self, fit: &Fit, size: TaskSize, strictly: bool) -> bool {
        let (need, was) = (fit.need(self.subject), self.observed.need(self.subject));
        let holds = |floor: u32, size: u32, floor_was: u32, size_was: u32| {
            floor <= size
                || !strictly
                    && u64::from(floor) * u64::from(size_was) <= u64::from(floor_was) * u64::from(size)
        };
        let current = self.subject.size;
        (!self.plan.tracks(Resource::Cpu)
            || holds(need.cpu.floor, size.cpu().0, was.cpu.floor, current.cpu().0))
            && (!self.plan.tracks(Resource::Memory)
                || holds(need.memory.floor, size.memory().0, was.memory.floor, current.memory().0))
    }

    /// How many things a person would change.
    fn changes(&self, candidate: &Candidate) -> u32 {
        let current = self.subject.size;
        let followed = followed_size(self.plan, candidate.size, current);
        let resized = followed != (current.cpu().0, current.memory().0);
        let targets = candidate.setting.targets != Setting::unchanged(self.plan).targets;
        let reserve = candidate.setting.limits.min != candidate.setting.limits.max;
        u32::from(resized) + u32::from(targets) + u32::from(reserve)
    }
}
