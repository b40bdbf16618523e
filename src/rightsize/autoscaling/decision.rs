//! [`decide`]: the rating of a service that scales itself.

use rust_decimal::Decimal;

use super::{
    calibration::Calibration,
    candidates::{Bounds, followed_size},
    choice::{Candidate, Choice, Search, choose},
    fit::Fit,
    series::TaskSeries,
    steering::{FOLLOWS_OTHER_METRIC, Plan, Resource, Steering},
};
use crate::{
    config::Config,
    pricing::{NoPrice, PriceBook},
    rightsize::{
        cheapest::{Floors, cheapest_size},
        need::{Need, ResourceNeed},
        rating::{DimensionRating, Rating, SizeChoice, Subject, is_idle, risk_at},
        unrated::{Reason, Unrated},
    },
    units::{CpuUnits, MemoryMib, TaskTime},
};

/// Scaling to change to, together with the size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScalingChoice {
    pub min_capacity: u32,
    pub max_capacity: u32,
    /// 0.01 %; `None` where no policy follows the resource.
    pub target_cpu: Option<u32>,
    pub target_memory: Option<u32>,
    /// Task time of the window: what ran, times what the simulation says of the change.
    pub simulated: TaskTime,
    pub observed: TaskTime,
}

/// What the service's scaling means for its rating.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// It is rated as a service with a given number of tasks; the reason to show, if any.
    Independent(Option<&'static str>),
    /// These resources cannot be rated; the other one is, as usual.
    Unrated {
        cpu: Option<Unrated>,
        memory: Option<Unrated>,
    },
    Rated(Box<Rating>),
}

/// `floor` is what guards do not let the size fall below.
pub fn decide(
    subject: &Subject<'_>,
    floor: (CpuUnits, MemoryMib),
    book: &PriceBook,
    config: &Config,
) -> Result<Decision, NoPrice> {
    let Some(target) = subject.scaling else { return Ok(Decision::Independent(None)) };
    let span = subject.series.map_or((0, 0), TaskSeries::span);
    let unrated = |cpu: bool, memory: bool, why: &str| {
        let unrated = || Unrated::new(Reason::Autoscaled, why);
        Decision::Unrated { cpu: cpu.then(unrated), memory: memory.then(unrated) }
    };
    let plan = match Steering::of(target, span) {
        Steering::Independent(reason) => return Ok(Decision::Independent(reason)),
        Steering::Opaque { cpu, memory, why } => return Ok(unrated(cpu, memory, &why)),
        Steering::Tracked(plan) => plan,
    };
    let (cpu_tracked, memory_tracked) = (plan.tracks(Resource::Cpu), plan.tracks(Resource::Memory));
    let untrusted = |why: &str| Ok(unrated(cpu_tracked, memory_tracked, why));
    let Some(series) = subject.series else {
        return untrusted("its number of tasks follows this resource, and was not recorded");
    };
    let observed = Fit::observed(subject, config);
    let followed_needs = [(cpu_tracked, observed.cpu.as_ref()), (memory_tracked, observed.memory.as_ref())];
    if followed_needs.iter().any(|(tracked, need)| *tracked && need.is_none()) {
        return untrusted("its number of tasks follows this resource, of which there are no samples");
    }
    if followed_needs.iter().any(|(tracked, need)| *tracked && need.is_some_and(|need| need.unknown_above)) {
        return untrusted(
            "its number of tasks follows this resource, and tasks used all they had of it: how much more \
             they wanted, and so how many tasks another size would need, is unknown",
        );
    }
    let calibration = match Calibration::of(&plan, series) {
        Ok(calibration) => calibration,
        Err(off) => return untrusted(&format!("its number of tasks follows this resource; {off}")),
    };
    let bounds = Bounds {
        current: subject.size,
        os: subject.shape.platform.os,
        cpu: Bounds::of(observed.cpu, subject.size.cpu().0, floor.0.0),
        memory: Bounds::of(observed.memory, subject.size.memory().0, floor.1.0),
    };
    let search = Search {
        subject,
        plan: &plan,
        series,
        calibration: &calibration,
        observed: &observed,
        bounds,
        floor,
        book,
        config,
    };
    let choice = choose(&search)?;
    rating(&search, choice).map(|rating| Decision::Rated(Box::new(rating)))
}

fn rating(search: &Search<'_>, choice: Choice) -> Result<Rating, NoPrice> {
    let Search { subject, plan, calibration, observed, .. } = *search;
    let Choice { best, multiplies_tasks } = choice;
    let now = subject.size;
    let short =
        |resource, need: Option<ResourceNeed>| !plan.tracks(resource) && need.is_some_and(|need| need.short);
    let (cpu_short, memory_short) =
        (short(Resource::Cpu, observed.cpu), short(Resource::Memory, observed.memory));
    let unchanged_targets: Vec<u32> = plan.tracking.iter().map(|tracking| tracking.target).collect();
    let changed = best.as_ref().filter(|best| {
        best.size != now || best.setting.targets != unchanged_targets || best.fit_changes_limits(plan)
    });
    let raised = |resource| {
        changed.is_some_and(|best| {
            let targets = plan.tracking.iter().zip(&best.setting.targets);
            targets
                .clone()
                .any(|(tracking, target)| tracking.resource == resource && tracking.target != *target)
        })
    };
    let dimension = |resource, need: Option<ResourceNeed>, is_short: bool, smaller: bool| {
        if need.is_none() {
            let why = "no samples of this resource in the window";
            DimensionRating::NotRated(Unrated::new(Reason::NoMetrics, why))
        } else if is_short {
            DimensionRating::Underprovisioned
        } else if smaller || raised(resource) {
            DimensionRating::Overprovisioned
        } else {
            DimensionRating::Optimized
        }
    };
    let size = changed.map(|best| best.size);
    let cpu_smaller = size.is_some_and(|size| size.cpu() < now.cpu());
    let memory_smaller = size.is_some_and(|size| size.memory() < now.memory());
    let cpu = dimension(Resource::Cpu, observed.cpu, cpu_short, cpu_smaller);
    let memory = dimension(Resource::Memory, observed.memory, memory_short, memory_smaller);

    let mut reasons = Vec::new();
    for (rating, over, under) in [
        (&cpu, "cpu-overprovisioned", "cpu-underprovisioned"),
        (&memory, "memory-overprovisioned", "memory-underprovisioned"),
    ] {
        match rating {
            DimensionRating::Overprovisioned => reasons.push(over),
            DimensionRating::Underprovisioned => reasons.push(under),
            DimensionRating::Optimized | DimensionRating::NotRated(_) => {}
        }
    }
    let (cpu_need, memory_need) = (observed.cpu, observed.memory);
    for (need, unknown, reached) in [
        (cpu_need, "cpu-demand-unknown-above-cap", "reached-cpu-cap"),
        (memory_need, "memory-demand-unknown-above-cap", "reached-memory-cap"),
    ] {
        match need {
            Some(need) if need.unknown_above => reasons.push(unknown),
            Some(need) if need.reached_cap => reasons.push(reached),
            _ => {}
        }
    }
    let followed = |resource, code| plan.tracks(resource).then_some(code);
    reasons.extend(followed(Resource::Cpu, "cpu-autoscaled"));
    reasons.extend(followed(Resource::Memory, "memory-autoscaled"));
    if raised(Resource::Cpu) || raised(Resource::Memory) {
        reasons.push("low-scaling-target");
    }
    if changed.is_some_and(|best| best.setting.limits.min != best.setting.limits.max) {
        reasons.push("smaller-reserve-at-minimum");
    }
    if multiplies_tasks {
        reasons.push("smaller-size-multiplies-tasks");
    }
    if plan.follows_other {
        reasons.push(FOLLOWS_OTHER_METRIC);
    }
    let idle = is_idle(subject.demand, now, search.config);
    if idle {
        reasons.push("idle");
    }
    if best.is_none() {
        reasons.push("no-size-fits");
    }
    let is_short = cpu_short || memory_short;
    let scaling = changed.map(|best| search.scaling(best));
    let mut notes: Vec<String> =
        plan.not_understood.iter().map(|name| format!("scheduled action {name} is not simulated")).collect();
    if changed.is_some_and(|best| best.fit_changes_limits(plan)) && !plan.changes.is_empty() {
        notes.push("scheduled actions set limits; they have to change along with the scaling".to_owned());
    }
    Ok(Rating {
        choice: changed.map(|best| search.size_choice(best)).transpose()?,
        already_minimal: changed.is_none() && !is_short && now.is_smallest(subject.shape.platform.os),
        cpu,
        memory,
        reasons,
        idle,
        scaling,
        simulation_error: Some(calibration.error),
        notes,
    })
}

impl Candidate {
    fn fit_changes_limits(&self, plan: &Plan) -> bool {
        self.setting.limits.apply(plan.capacity) != plan.capacity
    }
}

impl Search<'_> {
    fn scaling(&self, best: &Candidate) -> ScalingChoice {
        let capacity = best.setting.limits.apply(self.plan.capacity);
        let target = |resource| {
            let targets = self.plan.tracking.iter().zip(&best.setting.targets);
            targets.filter(|(tracking, _)| tracking.resource == resource).map(|(_, target)| *target).min()
        };
        let observed = self.subject.demand.total_task_time();
        ScalingChoice {
            min_capacity: capacity.min,
            max_capacity: capacity.max,
            target_cpu: target(Resource::Cpu),
            target_memory: target(Resource::Memory),
            simulated: times(observed, best.task_periods, self.calibration.unchanged.task_periods),
            observed,
        }
    }

    fn size_choice(&self, best: &Candidate) -> Result<SizeChoice, NoPrice> {
        let Self { subject, plan, .. } = *self;
        let need = best.fit.need(subject).at_least(self.floor);
        let followed = followed_size(plan, best.size, subject.size);
        let pick = |of: fn(&ResourceNeed) -> u32| {
            let floors = Floors {
                cpu: CpuUnits(if plan.tracks(Resource::Cpu) { followed.0 } else { of(&need.cpu) }),
                memory: MemoryMib(if plan.tracks(Resource::Memory) { followed.1 } else { of(&need.memory) }),
                cpu_fixed: plan.tracks(Resource::Cpu) || self.observed.cpu.is_none(),
                memory_fixed: plan.tracks(Resource::Memory) || self.observed.memory.is_none(),
            };
            let found = cheapest_size(self.book, subject.shape, subject.split, floors)?;
            Ok(found.map_or(best.size, |(size, _)| size))
        };
        let seen: Need = best.fit.need(subject);
        Ok(SizeChoice {
            size: best.size,
            hourly: best.hourly,
            lower: pick(|need| need.bare)?,
            upper: pick(|need| need.ample)?,
            risk: risk_at(best.size, &best.fit.demand, &seen, subject.observed_days),
        })
    }
}

/// `time` x `part` / `whole`, to the nearest.
fn times(time: TaskTime, part: u64, whole: u64) -> TaskTime {
    if part == whole {
        return time;
    }
    let scaled =
        (u128::from(time.millis()) * u128::from(part) + u128::from(whole) / 2) / u128::from(whole.max(1));
    TaskTime::from_millis(u64::try_from(scaled).unwrap_or(u64::MAX))
}

/// Hundredths of a per cent as per cent.
pub fn percent(centi: u32) -> Decimal {
    Decimal::new(centi.into(), 2)
}
