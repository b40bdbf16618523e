//! [`refine`]: from the rating for as many tasks as ran to the rating of a service that scales itself.

use rust_decimal::Decimal;

use super::{
    candidates::{Bounds, as_many_targets, followed_size},
    choice::{Candidate, Choice, Search, choose},
    context::Context,
    fit::Fit,
    peak::Peak,
    pressure::Pressure,
    reproduction::Reproduction,
    schedule::Schedule,
    series::TaskSeries,
    simulate::{Setting, simulate},
    steering::{FOLLOWS_OTHER_METRIC, Plan, Resource, Steering},
};
use crate::{
    config::{ExpectedPeak, Sizing},
    demand::Observed,
    fargate::TaskSize,
    pricing::NoPrice,
    rightsize::{
        cheapest::{Floors, cheapest_size},
        need::ResourceNeed,
        performance_risk::{PerformanceRisk, risk_at},
        rating::{DimensionRating, Rating, ScalingChoice, SizeChoice},
        subject::Subject,
        unrated::{Reason, Unrated},
    },
    units::{CpuUnits, MemoryMib, TaskTime},
};

/// What the scaling of a service comes to.
pub(super) enum Scaled<'a> {
    /// The number of tasks does not follow the size, or in a way that cannot be computed; the reason to
    /// show, if any.
    Apart(Option<&'static str>),
    /// Its simulation says nothing, for this reason.
    Unknown(String),
    Simulated(Box<Ground<'a>>),
}

/// All that a search stands on.
pub(super) struct Ground<'a> {
    plan: Plan,
    series: &'a TaskSeries,
    reproduction: Reproduction,
    observed: Fit,
    bounds: Bounds,
    pressure: Pressure,
    peak: Option<Peak>,
}

impl<'a> Scaled<'a> {
    pub(super) fn of(context: &Context<'a>) -> Self {
        let subject = context.subject;
        let span = subject.series.map_or((0, 0), TaskSeries::span);
        let plan = match subject.scaling.map(|target| Steering::of(target, span)) {
            Some(Steering::Tracked(plan)) => plan,
            Some(Steering::Independent(reason)) => return Self::Apart(reason),
            Some(Steering::Opaque { .. }) | None => return Self::Apart(None),
        };
        let calibrated = context.replaces_fixed();
        let (peak, observed) = as_seen(subject, &plan, calibrated);
        let (series, reproduction) = match trusted(subject, &plan, &observed) {
            Ok(trusted) => trusted,
            Err(why) => return Self::Unknown(why),
        };
        let (size, floor) = (subject.size, context.guards.floors());
        let own = (size.cpu().0, size.memory().0);
        let setting = Setting { size: Some(own), ..Setting::unchanged(&plan) };
        let now = simulate(&plan, &setting, series);
        let fit = now.held_back.most.and_then(|_| {
            let (past, tasks) = ((series, peak.as_ref()), (&reproduction.unchanged, &now));
            Fit::simulated(subject, &plan, past, tasks, &setting, own, calibrated)
        });
        let pressure = Pressure::of(&plan, series, (&now, fit.as_ref()), (peak.as_ref(), own));
        if used_up(&plan, &observed, &pressure) {
            return Self::Unknown(USED_UP.to_owned());
        }
        let os = subject.shape.platform.os;
        let above_cap = |seen: &Option<Observed>, of: fn(TaskSize) -> u32| {
            let capped = seen.as_ref()?.largest_capped_size?;
            TaskSize::all(os).map(of).filter(|size| *size > capped).min()
        };
        let cpu_above = above_cap(&observed.demand.cpu, |size| size.cpu().0);
        let memory_above = above_cap(&observed.demand.memory, |size| size.memory().0);
        let bounds = Bounds {
            current: size,
            os,
            cpu: Bounds::of(observed.cpu, size.cpu().0, floor.0.0, cpu_above),
            memory: Bounds::of(observed.memory, size.memory().0, floor.1.0, memory_above),
        };
        Self::Simulated(Box::new(Ground { plan, series, reproduction, observed, bounds, pressure, peak }))
    }
}

impl Ground<'_> {
    pub(super) fn search<'s>(&'s self, context: &'s Context<'s>) -> Search<'s> {
        Search {
            context,
            plan: &self.plan,
            series: self.series,
            reproduction: &self.reproduction,
            observed: &self.observed,
            bounds: self.bounds,
            pressure: &self.pressure,
            peak: self.peak.as_ref(),
        }
    }
}

/// `subject`'s settings with what one of its tasks has to expect of a peak to come.
pub(in crate::rightsize) fn for_a_task(subject: &Subject<'_>) -> Sizing {
    let sizing = subject.sizing;
    let span = subject.series.map_or((0, 0), TaskSeries::span);
    let plan = match subject.scaling.map(|target| Steering::of(target, span)) {
        Some(Steering::Tracked(plan)) if sizing.peak != ExpectedPeak::NONE => plan,
        _ => return sizing,
    };
    let (_, observed) = as_seen(subject, &plan, false);
    // Where it is all of the peak, no simulation need be asked.
    let is_shared = observed.peak != sizing.peak && trusted(subject, &plan, &observed).is_ok();
    if is_shared { Sizing { peak: observed.peak, ..sizing } } else { sizing }
}

/// A peak to come, and what a task needs as it ran.
fn as_seen(subject: &Subject<'_>, plan: &Plan, calibrated: bool) -> (Option<Peak>, Fit) {
    let observed = Fit::observed(subject, plan, None, calibrated);
    let used_up = used_up(plan, &observed, &Pressure::default());
    let peak = subject.series.and_then(|series| Peak::of(subject.sizing, plan, series, used_up));
    let observed = match &peak {
        Some(peak) => Fit::observed(subject, plan, Some(peak), calibrated),
        None => observed,
    };
    (peak, observed)
}

/// `rating`, made for as many tasks as ran and with what they follow kept as it is, with all that the
/// service's scaling says.
pub(in crate::rightsize) fn refine(context: &Context<'_>, mut rating: Rating) -> Result<Rating, NoPrice> {
    match Scaled::of(context) {
        Scaled::Apart(reason) => {
            rating.reasons.extend(reason);
            Ok(rating)
        }
        Scaled::Unknown(why) => {
            for dimension in [&mut rating.cpu, &mut rating.memory] {
                if let DimensionRating::NotRated(Unrated { reason: Reason::Autoscaled, detail }) = dimension {
                    detail.clone_from(&why);
                }
            }
            Ok(rating)
        }
        Scaled::Simulated(ground) => {
            let search = ground.search(context);
            let choice = choose(&search, context.same)?;
            search.refined(choice, rating)
        }
    }
}

const USED_UP: &str = "its number of tasks follows this resource, and tasks used all they had of it: how much \
    more they wanted, and so how many tasks another size would need, is unknown";

/// Whether tasks used all they had of what policies follow, and not because there could be no more of
/// them.
fn used_up(plan: &Plan, observed: &Fit, pressure: &Pressure) -> bool {
    [(Resource::Cpu, observed.cpu), (Resource::Memory, observed.memory)].into_iter().any(
        |(resource, need)| {
            plan.tracks(resource)
                && need.is_some_and(|need| need.unknown_above)
                && !pressure.by(resource).unknown
        },
    )
}

/// The series and its simulation, or why they say nothing.
fn trusted<'a>(
    subject: &Subject<'a>,
    plan: &Plan,
    observed: &Fit,
) -> Result<(&'a TaskSeries, Reproduction), String> {
    let follows = "its number of tasks follows this resource";
    let series = subject.series.ok_or_else(|| format!("{follows}, and was not recorded"))?;
    for (resource, need) in [(Resource::Cpu, observed.cpu), (Resource::Memory, observed.memory)] {
        if !plan.tracks(resource) {
            continue;
        }
        if need.is_none() {
            return Err(format!("{follows}, of which there are no samples"));
        }
    }
    let used_up = used_up(plan, observed, &Pressure::default());
    let reproduction = Reproduction::of(plan, series).map_err(|off| {
        let actions = actions_to_doubt(plan, series);
        if used_up { USED_UP.to_owned() } else { format!("{follows}; {off}{actions}") }
    })?;
    Ok((series, reproduction))
}

/// Scheduled actions without which the simulation would do: they are known as they are now.
fn actions_to_doubt(plan: &Plan, series: &TaskSeries) -> String {
    let acted = plan.schedule.actions.iter().filter(|action| action.simulated);
    let names: Vec<&str> = acted.map(|action| action.name.as_str()).collect();
    let without = Plan { schedule: Schedule::default(), ..plan.clone() };
    if names.is_empty() || Reproduction::of(&without, series).is_err() {
        return String::new();
    }
    format!(
        ". Without its scheduled actions ({}) it would be: most likely they were not in force all the time, as where \
         they are newer than the window, or were collected without their start and end times",
        names.join(", ")
    )
}

impl Search<'_> {
    fn refined(&self, choice: Choice, mut rating: Rating) -> Result<Rating, NoPrice> {
        let pressure = self.pressure;
        let Choice { best, multiplies_tasks } = choice;
        if let Some(best) = &best {
            rating.reasons.retain(|reason| *reason != "no-size-fits");
            rating.choice = Some(self.size_choice(best)?);
        } else if pressure.is_short() {
            if !rating.is_underprovisioned() {
                // What saves on tasks that are short already.
                rating.choice = None;
                rating.conditions.clear();
                rating.containers.clear();
            }
            if !rating.reasons.contains(&"no-size-fits") {
                rating.reasons.push("no-size-fits");
            }
        }
        let to = rating.choice.map_or(self.context.subject.size, |choice| choice.size);
        let setting = best.as_ref().map_or_else(|| self.for_as_many(to), |best| best.setting.clone());
        if let Some(choice) = rating.choice.as_mut().filter(|_| best.is_none() && self.peak.is_some()) {
            choice.risk = self.risk_of(self.observed, &setting, choice.size);
        }
        self.rate_dimensions(&setting, &mut rating);
        rating.reasons = self.reasons(best.as_ref(), multiplies_tasks, &setting, &rating);
        if let Some(best) = &best {
            let guards = self.context.guards.carrying(self.carried(&best.fit));
            rating.conditions = guards.conditions(best.size.into(), &rating.reasons);
            rating.containers = guards.containers(best.size.into()).unwrap_or_default();
        }
        rating.already_minimal &= best.is_none() && !pressure.is_short();
        rating.conditions.extend(self.conditions(&setting));
        rating.notes.extend(self.notes(best.as_ref().map_or(self.observed, |best| &best.fit)));
        rating.simulation_error = Some(self.reproduction.error);
        let was = &self.reproduction.unchanged;
        let then = best.as_ref().map_or((was.task_periods, was.least()), |b| (b.task_periods, b.least_tasks));
        rating.scaling = rating.choice.map(|_| self.scaling(&setting, then));
        Ok(rating)
    }

    /// What leaves tasks of size `to` as many as ran.
    pub(super) fn for_as_many(&self, to: TaskSize) -> Setting {
        let now = self.context.subject.size;
        let targets = as_many_targets(self.plan, followed_size(self.plan, to, now), now);
        Setting { targets, ..Setting::unchanged(self.plan) }
    }

    /// Whether `setting` lets what is followed be used more than now.
    fn raises(&self, resource: Resource, setting: &Setting) -> bool {
        let mut targets = self.plan.tracking.iter().zip(&setting.targets);
        targets.any(|(tracking, target)| tracking.resource == resource && tracking.target < *target)
    }

    /// What is short for want of tasks is too small, and what is followed is rated after all.
    fn rate_dimensions(&self, setting: &Setting, rating: &mut Rating) {
        let now = self.context.subject.size;
        let to = rating.choice.map_or(now, |choice| choice.size);
        for (dimension, resource, smaller) in [
            (&mut rating.cpu, Resource::Cpu, to.cpu() < now.cpu()),
            (&mut rating.memory, Resource::Memory, to.memory() < now.memory()),
        ] {
            let over = smaller || self.raises(resource, setting);
            match dimension {
                _ if self.pressure.by(resource).short => *dimension = DimensionRating::Underprovisioned,
                DimensionRating::Underprovisioned => {}
                DimensionRating::NotRated(unrated)
                    if !(self.plan.tracks(resource) && unrated.reason == Reason::Autoscaled) => {}
                _ if over => *dimension = DimensionRating::Overprovisioned,
                _ => *dimension = DimensionRating::Optimized,
            }
        }
    }

    /// The reasons of `rating`, whose dimensions are rated, with those of its scaling.
    fn reasons(
        &self,
        best: Option<&Candidate>,
        multiplies_tasks: bool,
        setting: &Setting,
        rating: &Rating,
    ) -> Vec<&'static str> {
        let (plan, pressure) = (self.plan, self.pressure);
        let codes = [
            (&rating.cpu, "cpu-overprovisioned", plan.tracks(Resource::Cpu), "cpu-autoscaled"),
            (&rating.memory, "memory-overprovisioned", plan.tracks(Resource::Memory), "memory-autoscaled"),
        ];
        let over = codes.iter().filter(|(rating, ..)| **rating == DimensionRating::Overprovisioned);
        let mut reasons: Vec<&'static str> = over.map(|(_, code, ..)| *code).collect();
        for (short, under, unknown) in [
            (pressure.cpu, "cpu-underprovisioned", "cpu-demand-unknown-above-cap"),
            (pressure.memory, "memory-underprovisioned", "memory-demand-unknown-above-cap"),
        ] {
            let new = [(short.short, under), (short.unknown, unknown)];
            let new = new.iter().filter(|(is, code)| *is && !rating.reasons.contains(code));
            reasons.extend(new.map(|(_, code)| *code));
        }
        let own = ["cpu-overprovisioned", "memory-overprovisioned", "cpu-autoscaled", "memory-autoscaled"];
        reasons.extend(rating.reasons.iter().filter(|reason| !own.contains(reason)));
        reasons.extend(codes.iter().filter(|(_, _, followed, _)| *followed).map(|(.., code)| *code));
        let raises = [Resource::Cpu, Resource::Memory].iter().any(|resource| self.raises(*resource, setting));
        let reserves_less = best.is_some_and(|best| self.reserves_less(&best.setting, best.size));
        let of_scaling = [
            (raises, "low-scaling-target"),
            (pressure.raise.is_some(), LOW_MAX_CAPACITY),
            (reserves_less, "smaller-reserve-at-minimum"),
            (multiplies_tasks, "smaller-size-multiplies-tasks"),
            (plan.follows_other, FOLLOWS_OTHER_METRIC),
        ];
        reasons.extend(of_scaling.iter().filter(|(is, _)| *is).map(|(_, code)| *code));
        reasons
    }

    /// What of its scaling has to be changed along.
    fn conditions(&self, setting: &Setting) -> Vec<String> {
        let plan = self.plan;
        let changed_along = plan.schedule.actions.iter().filter_map(|a| a.changed_along(setting.limits));
        let lowered = plan.tracking.iter().zip(&setting.targets).filter(|(t, to)| **to < t.target);
        let lowered = lowered.map(|(tracking, target)| {
            format!(
                "the target of policy {} goes down from {} to {} %, or fewer of the larger tasks would run",
                tracking.name,
                percent(tracking.target).normalize(),
                percent(*target).normalize()
            )
        });
        changed_along.chain(lowered).collect()
    }

    /// What was assumed of its scaling.
    fn notes(&self, fit: &Fit) -> Vec<String> {
        let plan = self.plan;
        let never = plan.never_scales_in().then(|| NEVER_SCALES_IN.to_owned());
        let not_simulated = plan.schedule.not_understood.iter();
        let not_simulated = not_simulated.map(|name| format!("scheduled action {name} is not simulated"));
        let suspended = plan.schedule.suspended.iter().map(|name| {
            format!("scheduled action {name} is suspended: it does not act and is not simulated")
        });
        let of_pressure = self.pressure.notes.iter().cloned();
        of_pressure.chain(never).chain(self.shared_peak(fit)).chain(not_simulated).chain(suspended).collect()
    }

    /// That of a simulation with so many task-periods, and so many tasks at least.
    pub(super) fn scaling(&self, setting: &Setting, (task_periods, least): (u64, u32)) -> ScalingChoice {
        let scheduled = self.plan.schedule.actions.iter();
        let scheduled =
            scheduled.filter_map(|action| setting.limits.apply_to_action((action.min, action.max)).0);
        let capacity = setting.limits.apply(self.plan.capacity);
        let target = |resource| {
            let targets = self.plan.tracking.iter().zip(&setting.targets);
            targets.filter(|(tracking, _)| tracking.resource == resource).map(|(_, target)| *target).min()
        };
        ScalingChoice {
            min_capacity: capacity.min,
            max_capacity: capacity.max,
            target_cpu: target(Resource::Cpu),
            target_memory: target(Resource::Memory),
            least_capacity: scheduled.fold(capacity.min, u32::min),
            least_now: self.reproduction.unchanged.least(),
            least_then: least,
            simulated: self.task_time(task_periods),
            observed: self.context.subject.demand.total_task_time(),
        }
    }

    /// That of the window where it has so many task-periods.
    pub(super) fn task_time(&self, task_periods: u64) -> TaskTime {
        let observed = self.context.subject.demand.total_task_time();
        times(observed, task_periods, self.reproduction.unchanged.task_periods)
    }

    fn size_choice(&self, best: &Candidate) -> Result<SizeChoice, NoPrice> {
        let Self { context, plan, .. } = *self;
        let subject = context.subject;
        let seen = best.fit.need(subject);
        let need = seen.at_least(context.guards.floors());
        let followed = followed_size(plan, best.size, subject.size);
        let (cpu_kept, memory_kept) = (plan.tracks(Resource::Cpu), plan.tracks(Resource::Memory));
        let pick = |of: fn(&ResourceNeed) -> u32| {
            let floors = Floors {
                cpu: CpuUnits(if cpu_kept { followed.0 } else { of(&need.cpu) }),
                memory: MemoryMib(if memory_kept { followed.1 } else { of(&need.memory) }),
                cpu_fixed: cpu_kept || best.fit.cpu.is_none(),
                memory_fixed: memory_kept || best.fit.memory.is_none(),
            };
            let split = self.split(best.task_periods);
            let found = cheapest_size(context.book, subject.shape, split, floors)?;
            Ok(found.map(|(size, _)| size))
        };
        let risk = self.risk_of(&best.fit, &best.setting, best.size);
        Ok(SizeChoice {
            size: best.size,
            hourly: best.hourly,
            lower: pick(|need| need.bare)?.unwrap_or(best.size),
            upper: pick(|need| need.ample)?,
            risk,
        })
    }

    /// That more tasks carry a peak to come, where they do.
    fn shared_peak(&self, fit: &Fit) -> Option<String> {
        let seen = fit.demand.memory.as_ref()?.max;
        let (whole, shared) = (self.context.subject.sizing.peak.memory(seen), fit.peak.memory(seen));
        (shared < whole).then(|| {
            format!(
                "at the peak to come more tasks run, so that each is sized for {} MiB of memory and not {}, plus \
                 headroom",
                MemoryMib::holding_kib(shared).0,
                MemoryMib::holding_kib(whole).0
            )
        })
    }

    /// By the loads of the window, and those of a peak to come on the tasks that would run in it.
    fn risk_of(&self, fit: &Fit, setting: &Setting, size: TaskSize) -> PerformanceRisk {
        let Self { context, plan, pressure, .. } = *self;
        let subject = context.subject;
        let mut demand = fit.demand.clone();
        let standing =
            self.peak.map(|peak| peak.standing(plan, setting, followed_size(plan, size, subject.size)));
        if let Some(cpu) = &mut demand.cpu {
            let followed = plan.tracks(Resource::Cpu);
            let peak = standing.and_then(|at| at.cpu).filter(|_| followed);
            cpu.max = if followed { cpu.max.max(peak.unwrap_or(0)) } else { fit.peak.cpu(cpu.max) };
        }
        if let Some(memory) = &mut demand.memory {
            let followed = plan.tracks(Resource::Memory);
            let peak = standing.and_then(|at| at.memory).filter(|_| followed);
            memory.max =
                if followed { memory.max.max(peak.unwrap_or(0)) } else { fit.peak.memory(memory.max) };
        }
        let mut seen = fit.need(subject);
        seen.cpu.unknown_above |= pressure.cpu.unknown;
        seen.memory.unknown_above |= pressure.memory.unknown;
        // The loads are those of the peak already.
        let seen_in = (&demand, ExpectedPeak::NONE, subject.observed_days);
        risk_at(size.into(), seen_in, &seen, context.guards)
    }
}

const NEVER_SCALES_IN: &str = "no policy takes tasks away (scale-in is disabled or suspended): those that run stay \
    until the desired count is set, and no other target is said to save on them";

/// Reason: policies ask for more tasks than may run.
pub const LOW_MAX_CAPACITY: &str = "low-max-capacity";

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
