//! [`choose`]: the cheapest size, limits and targets together that hold the simulated load.
//!
//! A change that leaves the number of tasks alone (such as less memory where CPU is followed) is as
//! certain as for any other service. A change that moves it must save more than the simulation's own
//! error and [`LEAST_SAVING`] besides. Among those that save about as much, the one that changes least.

use std::collections::BTreeMap;

use super::{
    candidates::{Bounds, followed_size, settings},
    fit::Fit,
    refine::Context,
    reproduction::Reproduction,
    series::TaskSeries,
    simulate::{Limits, Setting, Simulated, simulate},
    steering::{Plan, Resource},
};
use crate::{
    fargate::TaskSize,
    pricing::NoPrice,
    rightsize::cheapest::hourly,
    units::{Usd, decimal_as_f64},
};

/// 0.01 % of the current cost.
pub const LEAST_SAVING: u32 = 300;

/// One way to run the service with another number of tasks.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub size: TaskSize,
    pub hourly: Usd,
    pub setting: Setting,
    pub task_periods: u64,
    pub fit: Fit,
    /// USD a month, with what its risk is worth.
    weight: f64,
}

/// What came of the search.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    /// `None`: nothing is better than the same number of tasks.
    pub best: Option<Candidate>,
    /// A smaller size of what is followed was tried and cost about as much.
    pub multiplies_tasks: bool,
}

/// What the search knows.
#[derive(Clone, Copy)]
pub(super) struct Search<'a> {
    pub context: &'a Context<'a>,
    pub plan: &'a Plan,
    pub series: &'a TaskSeries,
    pub reproduction: &'a Reproduction,
    pub observed: &'a Fit,
    pub bounds: Bounds,
}

/// Simulations by setting, each run once; with its fit once it was asked for.
type Simulations = BTreeMap<Setting, (Simulated, Option<Option<Fit>>)>;

/// `same` is the size chosen for as many tasks as ran, if one holds the load.
pub(super) fn choose(search: &Search<'_>, same: Option<(TaskSize, Usd)>) -> Result<Choice, NoPrice> {
    let mut simulations = Simulations::new();
    let unchanged = search.reproduction.unchanged.task_periods;
    let current = search.context.subject.size;
    let now = search.month(search.price(current)?, unchanged);
    let percent = |centi: u32| now * f64::from(centi) / 10_000.0;
    let margin = percent(search.reproduction.error.saturating_add(LEAST_SAVING));
    let worth = same
        .map(|(size, hourly)| search.month(hourly, unchanged) + search.risk(size, search.observed) - margin);
    let mut multiplies_tasks = false;
    let mut others = search.others(false, worth, &mut simulations, &mut multiplies_tasks)?;
    if same.is_none() && others.is_empty() {
        others = search.others(true, worth, &mut simulations, &mut multiplies_tasks)?;
    }
    let least = others.iter().map(|candidate| candidate.weight).fold(f64::INFINITY, f64::min);
    let about = least + percent(LEAST_SAVING);
    let best = others.into_iter().filter(|candidate| candidate.weight <= about).min_by(|a, b| {
        let changes = search.changes(a).cmp(&search.changes(b));
        changes.then(a.weight.total_cmp(&b.weight)).then(a.size.cmp(&b.size))
    });
    let own = (current.cpu().0, current.memory().0);
    let shrinks = best.as_ref().is_some_and(|best| followed_size(search.plan, best.size, current) != own);
    Ok(Choice { best, multiplies_tasks: multiplies_tasks && !shrinks })
}

impl Search<'_> {
    fn price(&self, size: TaskSize) -> Result<Usd, NoPrice> {
        let subject = self.context.subject;
        hourly(self.context.book, subject.shape, subject.split, size)
    }

    /// USD a month for so many task-periods of the window.
    fn month(&self, hourly: Usd, task_periods: u64) -> f64 {
        let unchanged = self.reproduction.unchanged.task_periods.max(1) as f64;
        let hours = self.context.subject.monthly_task_hours * task_periods as f64 / unchanged;
        decimal_as_f64(hourly.0) * hours
    }

    /// What the risk of less memory is worth, USD a month.
    fn risk(&self, size: TaskSize, fit: &Fit) -> f64 {
        let subject = self.context.subject;
        if size.memory() >= subject.size.memory() {
            return 0.0;
        }
        let peak = subject.sizing.peak.memory(fit.demand.memory.as_ref().map_or(0, |memory| memory.max));
        let limit = u64::from(size.memory().0) * 1024;
        self.context.calibration.map_or(0.0, |calibration| calibration.cost_of_risk(peak, limit))
    }

    /// Every candidate with another number of tasks that holds the load and weighs less than `worth`,
    /// where that is given: of each setting, the size that weighs least.
    fn others(
        &self,
        larger: bool,
        worth: Option<f64>,
        simulations: &mut Simulations,
        multiplies_tasks: &mut bool,
    ) -> Result<Vec<Candidate>, NoPrice> {
        let subject = self.context.subject;
        let current = subject.size;
        let own = (current.cpu().0, current.memory().0);
        let price_now = self.price(current)?;
        let mut found: BTreeMap<Setting, Candidate> = BTreeMap::new();
        for size in self.bounds.sizes(self.plan, larger) {
            let followed = followed_size(self.plan, size, current);
            let hourly = self.price(size)?;
            for setting in settings(self.plan, followed, current) {
                let same_size = followed == own;
                let same_targets = setting.targets == Setting::unchanged(self.plan).targets;
                if same_size && same_targets && setting.limits == Limits::AS_THEY_ARE {
                    continue;
                }
                let (simulated, fit) = simulations
                    .entry(setting.clone())
                    .or_insert_with(|| (simulate(self.plan, &setting, self.series), None));
                let cost = self.month(hourly, simulated.task_periods);
                if worth.is_some_and(|worth| cost >= worth) {
                    *multiplies_tasks |= same_targets && !same_size && hourly < price_now;
                    continue;
                }
                let fit = fit.get_or_insert_with(|| {
                    let tasks = (&self.reproduction.unchanged, &*simulated);
                    let calibrated = self.context.calibration.is_some();
                    Fit::simulated(subject, self.plan, self.series, tasks, followed, calibrated)
                });
                let Some(fit) = fit else { continue };
                let weight = cost + self.risk(size, fit);
                let less_reserve = setting.limits.min != setting.limits.max;
                if worth.is_some_and(|worth| weight >= worth)
                    || found.get(&setting).is_some_and(|found| found.weight <= weight)
                    || !self.holds_unfollowed(fit, size)
                    || !self.holds_followed(fit, size, less_reserve)
                {
                    continue;
                }
                let task_periods = simulated.task_periods;
                let fit = fit.clone();
                found.insert(setting.clone(), Candidate { size, hourly, setting, task_periods, fit, weight });
            }
        }
        Ok(found.into_values().collect())
    }

    /// Whether `size` holds what no policy follows, with headroom.
    fn holds_unfollowed(&self, fit: &Fit, size: TaskSize) -> bool {
        let need = fit.need(self.context.subject);
        (self.plan.tracks(Resource::Cpu) || size.cpu().0 >= need.cpu.floor)
            && (self.plan.tracks(Resource::Memory) || size.memory().0 >= need.memory.floor)
    }

    /// Whether `size` holds what a policy follows with headroom, or, unless `strictly`, is used no more
    /// than the current size is: the target in force is how much of it its owners want used.
    fn holds_followed(&self, fit: &Fit, size: TaskSize, strictly: bool) -> bool {
        let (need, was) = (fit.need(self.context.subject), self.observed.need(self.context.subject));
        let holds = |floor: u32, size: u32, floor_was: u32, size_was: u32| {
            floor <= size
                || !strictly
                    && u64::from(floor) * u64::from(size_was) <= u64::from(floor_was) * u64::from(size)
        };
        let current = self.context.subject.size;
        (!self.plan.tracks(Resource::Cpu)
            || holds(need.cpu.floor, size.cpu().0, was.cpu.floor, current.cpu().0))
            && (!self.plan.tracks(Resource::Memory)
                || holds(need.memory.floor, size.memory().0, was.memory.floor, current.memory().0))
    }

    /// How many things a person would change.
    fn changes(&self, candidate: &Candidate) -> u32 {
        let current = self.context.subject.size;
        let followed = followed_size(self.plan, candidate.size, current);
        let resized = followed != (current.cpu().0, current.memory().0);
        let targets = candidate.setting.targets != Setting::unchanged(self.plan).targets;
        let reserve = candidate.setting.limits.min != candidate.setting.limits.max;
        u32::from(resized) + u32::from(targets) + u32::from(reserve)
    }
}
