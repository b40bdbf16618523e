//! [`choose`]: the cheapest size, limits and targets together that hold the simulated load.
//!
//! A change that leaves the number of tasks alone (such as less memory where CPU is followed) is as
//! certain as for any other service. A change that moves it must save more than the simulation's own
//! error and [`LEAST_SAVING`] besides. Among those that save about as much, the one that changes least.
//! Where the upper limit leaves tasks short, a higher one or a larger size, whichever costs less.
//!
//! A price is that of as many tasks as would run: the base of a strategy stays. That more tasks than now would be
//! on Spot in a larger part is no merit of their size, and weighs nothing.

use std::collections::BTreeMap;

use super::{
    candidates::{Bounds, Reach, Targets, followed_size, settings},
    capacity::Limits,
    context::Context,
    fit::Fit,
    peak::Peak,
    pressure::Pressure,
    reproduction::Reproduction,
    series::TaskSeries,
    simulate::{Setting, Simulated, simulate},
    steering::{Plan, Resource},
};
use crate::{
    fargate::TaskSize,
    pricing::NoPrice,
    rightsize::cheapest::hourly,
    units::{MemoryMib, Usd, decimal_as_f64},
    workload::PurchaseSplit,
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
    /// In the period with the fewest.
    pub least_tasks: u32,
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
    pub pressure: &'a Pressure,
    pub peak: Option<&'a Peak>,
}

/// Simulations by setting, each run once; with its fit once it was asked for.
type Simulations = BTreeMap<Setting, (Simulated, Option<Option<Fit>>)>;

/// `same` is the size chosen for as many tasks as ran, if one holds the load.
pub(super) fn choose(search: &Search<'_>, same: Option<(TaskSize, Usd)>) -> Result<Choice, NoPrice> {
    let mut simulations = Simulations::new();
    let current = search.context.subject.size;
    let unchanged = search.reproduction.unchanged.task_periods;
    let now = search.month(search.price(current, unchanged)?, unchanged);
    let percent = |centi: u32| now * f64::from(centi) / 10_000.0;
    if search.pressure.is_short() || same.is_none() {
        let targets = search.targets_for_more(same);
        for larger in [2, u32::MAX] {
            let raise = search.pressure.raise.filter(|_| search.pressure.is_short());
            let reach = Reach { larger, raise, targets };
            let found = search.others(reach, None, &mut simulations, &mut false)?;
            let best = search.best(found, percent(LEAST_SAVING));
            if best.is_some() {
                return Ok(Choice { best, multiplies_tasks: false });
            }
        }
        return Ok(Choice { best: None, multiplies_tasks: false });
    }
    // A kill, or a peak to come, says more than what the window's tasks would have done.
    if search.context.guards.memory_is_short() || search.peak.is_some() {
        return Ok(Choice { best: None, multiplies_tasks: false });
    }
    let margin = percent(search.reproduction.error.saturating_add(LEAST_SAVING));
    let worth = same
        .map(|(size, hourly)| search.month(hourly, unchanged) + search.risk(size, search.observed) - margin);
    // Tasks above their target for want of more of them are not told to run hotter.
    let targets = if search.pressure.raise.is_none() { Targets::Higher } else { Targets::Kept };
    let mut multiplies_tasks = false;
    let others = search.others(Reach::saving(targets), worth, &mut simulations, &mut multiplies_tasks)?;
    let best = search.best(others, percent(LEAST_SAVING));
    let own = (current.cpu().0, current.memory().0);
    let shrinks = best.as_ref().is_some_and(|best| followed_size(search.plan, best.size, current) != own);
    Ok(Choice { best, multiplies_tasks: multiplies_tasks && !shrinks })
}

impl Search<'_> {
    /// The targets to try where tasks are short, or no size holds the load of as many. What was killed is not to carry
    /// more.
    pub(super) fn targets_for_more(&self, same: Option<(TaskSize, Usd)>) -> Targets {
        match same {
            _ if self.context.guards.memory_is_short() => Targets::AsMany,
            None => Targets::Lower,
            Some(_) => Targets::Kept,
        }
    }

    /// Whether as many tasks would run, where what policies follow stays as it is: what ran says it, smaller sizes
    /// before the present one included.
    pub(super) fn changes_nothing(&self, setting: &Setting) -> bool {
        setting.targets == Setting::unchanged(self.plan).targets && setting.limits == Limits::AS_THEY_ARE
    }

    /// USD per task-hour where the window has so many task-periods.
    pub(super) fn price(&self, size: TaskSize, task_periods: u64) -> Result<Usd, NoPrice> {
        hourly(self.context.book, self.context.subject.shape, self.split(task_periods), size)
    }

    /// How tasks are bought where the window has so many task-periods.
    pub(super) fn split(&self, task_periods: u64) -> PurchaseSplit {
        self.context.subject.purchase.split(self.task_time(task_periods))
    }

    /// USD a month for so many task-periods of the window.
    pub(super) fn month(&self, hourly: Usd, task_periods: u64) -> f64 {
        let unchanged = self.reproduction.unchanged.task_periods.max(1) as f64;
        let hours = self.context.subject.monthly_task_hours * task_periods as f64 / unchanged;
        decimal_as_f64(hourly.0) * hours
    }

    /// What the risk of less memory is worth, USD a month, or of fewer tasks that each carry more of it.
    pub(super) fn risk(&self, size: TaskSize, fit: &Fit) -> f64 {
        let subject = self.context.subject;
        let peak_of = |fit: &Fit| fit.peak.memory(fit.demand.memory.as_ref().map_or(0, |memory| memory.max));
        let peak = peak_of(fit);
        if size.memory() >= subject.size.memory() && peak <= peak_of(self.observed) {
            return 0.0;
        }
        let limit = u64::from(self.context.guards.usable_memory(size.into()).0) * 1024;
        self.context.learnt.map_or(0.0, |learnt| learnt.calibration.cost_of_risk(peak, limit))
    }

    /// Of those that weigh at most `about` more than the least, the one that changes least.
    fn best(&self, others: Vec<Candidate>, about: f64) -> Option<Candidate> {
        let least = others.iter().map(|candidate| candidate.weight).fold(f64::INFINITY, f64::min);
        others.into_iter().filter(|candidate| candidate.weight <= least + about).min_by(|a, b| {
            let short = self.pressure.is_short();
            let resized = |c: &Candidate| short && self.is_resized(c.size);
            let changes = resized(a).cmp(&resized(b)).then(self.changes(a).cmp(&self.changes(b)));
            changes.then(a.weight.total_cmp(&b.weight)).then(a.size.cmp(&b.size))
        })
    }

    /// Every candidate with another number of tasks that holds the load and weighs less than `worth`,
    /// where that is given: of each setting, the size that weighs least.
    fn others(
        &self,
        reach: Reach,
        worth: Option<f64>,
        simulations: &mut Simulations,
        multiplies_tasks: &mut bool,
    ) -> Result<Vec<Candidate>, NoPrice> {
        let subject = self.context.subject;
        let current = subject.size;
        let own = (current.cpu().0, current.memory().0);
        let unchanged = self.reproduction.unchanged.task_periods;
        let (price_now, split_now) = (self.price(current, unchanged)?, self.split(unchanged));
        let mut found: BTreeMap<Setting, Candidate> = BTreeMap::new();
        for size in self.bounds.sizes(self.plan, reach.larger) {
            let followed = followed_size(self.plan, size, current);
            if reach.larger > 1 && (followed.0 < own.0 || followed.1 < own.1) {
                continue;
            }
            let as_bought_now = self.price(size, unchanged)?;
            for setting in settings(self.plan, followed, current, reach) {
                let same_size = followed == own;
                let same_targets = setting.targets == Setting::unchanged(self.plan).targets;
                if same_size && self.changes_nothing(&setting) {
                    continue;
                }
                let (simulated, fit) = simulations
                    .entry(setting.clone())
                    .or_insert_with(|| (simulate(self.plan, &setting, self.series), None));
                let task_periods = simulated.task_periods;
                let hourly = if self.split(task_periods) == split_now {
                    as_bought_now
                } else {
                    // Where more tasks would be on Spot, of which no rate is held, nothing is known of the cost.
                    let Ok(hourly) = self.price(size, task_periods) else { continue };
                    hourly
                };
                let cost = self.month(hourly.max(as_bought_now), task_periods);
                if worth.is_some_and(|worth| cost >= worth) {
                    *multiplies_tasks |= same_targets && !same_size && as_bought_now < price_now;
                    continue;
                }
                let fit = fit.get_or_insert_with(|| {
                    let tasks = (&self.reproduction.unchanged, &*simulated);
                    let calibrated = self.context.replaces_fixed();
                    let past = (self.series, self.peak);
                    Fit::simulated(subject, self.plan, past, tasks, &setting, followed, calibrated)
                });
                let Some(fit) = fit else { continue };
                let weight = cost + self.risk(size, fit);
                let less_reserve = self.reserves_less(&setting, size);
                if worth.is_some_and(|worth| weight >= worth)
                    || found.get(&setting).is_some_and(|found| found.weight <= weight)
                    || !self.holds_unfollowed(fit, size)
                    || !self.holds_followed(fit, size, less_reserve)
                    || !self.limit_suffices((fit, simulated), &setting, followed)
                    || !self.context.guards.leaves(size.into(), MemoryMib(fit.need(subject).memory.floor))
                    || self.main_lacks(fit, size).is_some()
                {
                    continue;
                }
                let (fit, least_tasks) = (fit.clone(), simulated.least());
                found.insert(
                    setting.clone(),
                    Candidate { size, hourly, setting, task_periods, least_tasks, fit, weight },
                );
            }
        }
        Ok(found.into_values().collect())
    }

    /// The memory that a task is to hold with what it carries under `fit`.
    pub(super) fn carried(&self, fit: &Fit) -> MemoryMib {
        let seen = fit.demand.memory.as_ref().map_or(0, |memory| memory.max);
        self.context.guards.with_headroom(fit.peak.memory(seen))
    }

    /// What the main container would need, and the lower limit of its own in a task of `size`, where it carries more.
    pub(super) fn main_lacks(&self, fit: &Fit, size: TaskSize) -> Option<(MemoryMib, MemoryMib)> {
        self.context.guards.main_lacks(size.into(), self.carried(fit))
    }

    /// Whether `size` holds what no policy follows, with headroom.
    fn holds_unfollowed(&self, fit: &Fit, size: TaskSize) -> bool {
        let need = fit.need(self.context.subject);
        (self.plan.tracks(Resource::Cpu) || size.cpu().0 >= need.cpu.floor)
            && (self.plan.tracks(Resource::Memory) || size.memory().0 >= need.memory.floor)
    }

    /// Whether `size` holds what a policy follows with headroom, or, unless `strictly`, is used no more
    /// than the current size is: the target in force is how much of it its owners want used.
    pub(super) fn holds_followed(&self, fit: &Fit, size: TaskSize, strictly: bool) -> bool {
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

    /// Whether the upper limit of `setting` leaves no task short, in the window and at a peak to come; where
    /// tasks are short now, whether it lets as many run as policies ask for.
    pub(super) fn limit_suffices(
        &self,
        (fit, after): (&Fit, &Simulated),
        setting: &Setting,
        followed: (u32, u32),
    ) -> bool {
        let standing = self.peak.map(|peak| (peak, peak.standing(self.plan, setting, followed)));
        let held_back = after.held_back.most.is_some() || standing.is_some_and(|(_, at)| at.wanted > at.most);
        if self.pressure.is_short() && held_back {
            return false;
        }
        [Resource::Cpu, Resource::Memory].into_iter().filter(|resource| self.plan.tracks(*resource)).all(
            |resource| {
                fit.at_limit(resource).is_none_or(|need| !need.short)
                    && standing.is_none_or(|(peak, at)| !peak.is_short(at, resource, followed))
            },
        )
    }

    /// Whether the lower limit keeps its number of tasks, which are smaller.
    pub(super) fn reserves_less(&self, setting: &Setting, size: TaskSize) -> bool {
        let current = self.context.subject.size;
        let (cpu, memory) = followed_size(self.plan, size, current);
        let smaller = cpu < current.cpu().0 || memory < current.memory().0;
        smaller && setting.limits.min != setting.limits.max
    }

    /// Whether what is followed has another size.
    fn is_resized(&self, size: TaskSize) -> bool {
        let current = self.context.subject.size;
        followed_size(self.plan, size, current) != (current.cpu().0, current.memory().0)
    }

    /// How many things a person would change; each target is one.
    fn changes(&self, candidate: &Candidate) -> usize {
        let resized = self.is_resized(candidate.size);
        let targets = self.plan.tracking.iter().zip(&candidate.setting.targets);
        let moved = targets.filter(|(tracking, target)| tracking.target != **target).count();
        let limits = candidate.setting.limits.min != candidate.setting.limits.max;
        usize::from(resized) + moved + usize::from(limits)
    }
}
