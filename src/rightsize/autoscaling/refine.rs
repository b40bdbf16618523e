//! [`refine`]: from the rating for as many tasks as ran to the rating of a service that scales itself.

use rust_decimal::Decimal;

use super::{
    candidates::{Bounds, followed_size},
    choice::{Candidate, Choice, Search, choose},
    fit::Fit,
    reproduction::Reproduction,
    series::TaskSeries,
    simulate::{Limits, Setting},
    steering::{FOLLOWS_OTHER_METRIC, Plan, Resource, Steering},
};
use crate::{
    config::ExpectedPeak,
    fargate::TaskSize,
    pricing::{NoPrice, PriceBook},
    rightsize::{
        calibration::Calibration,
        cheapest::{Floors, cheapest_size},
        guards::Guards,
        need::ResourceNeed,
        rating::{DimensionRating, Rating, SizeChoice, Subject, risk_at},
        unrated::{Reason, Unrated},
    },
    units::{CpuUnits, MemoryMib, TaskTime, Usd},
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

/// What a rating was made from.
pub(in crate::rightsize) struct Context<'a> {
    pub subject: &'a Subject<'a>,
    pub guards: &'a Guards<'a>,
    pub calibration: Option<&'a Calibration>,
    pub book: &'a PriceBook,
    /// The size for as many tasks as ran, with its hourly price; the current one included.
    pub same: Option<(TaskSize, Usd)>,
}

/// `rating`, made for as many tasks as ran and with what they follow kept as it is, with all that the
/// service's scaling says.
pub(in crate::rightsize) fn refine(context: &Context<'_>, mut rating: Rating) -> Result<Rating, NoPrice> {
    let subject = context.subject;
    let span = subject.series.map_or((0, 0), TaskSeries::span);
    let plan = match subject.scaling.map(|target| Steering::of(target, span)) {
        Some(Steering::Tracked(plan)) => plan,
        Some(Steering::Independent(reason)) => {
            rating.reasons.extend(reason);
            return Ok(rating);
        }
        Some(Steering::Opaque { .. }) | None => return Ok(rating),
    };
    let observed = Fit::observed(subject, context.calibration.is_some());
    let (series, reproduction) = match trusted(subject, &plan, &observed) {
        Ok(trusted) => trusted,
        Err(why) => {
            for dimension in [&mut rating.cpu, &mut rating.memory] {
                if let DimensionRating::NotRated(Unrated { reason: Reason::Autoscaled, detail }) = dimension {
                    detail.clone_from(&why);
                }
            }
            return Ok(rating);
        }
    };
    let (size, floor) = (subject.size, context.guards.floors());
    let search = Search {
        context,
        plan: &plan,
        series,
        reproduction: &reproduction,
        observed: &observed,
        bounds: Bounds {
            current: size,
            os: subject.shape.platform.os,
            cpu: Bounds::of(observed.cpu, size.cpu().0, floor.0.0),
            memory: Bounds::of(observed.memory, size.memory().0, floor.1.0),
        },
    };
    // A kill, or a peak to come, says more than what the window's tasks would have done.
    let searched = !context.guards.memory_is_short() && subject.sizing.peak == ExpectedPeak::NONE;
    let choice = if searched {
        choose(&search, context.same)?
    } else {
        Choice { best: None, multiplies_tasks: false }
    };
    search.refined(choice, rating)
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
        match need {
            None => return Err(format!("{follows}, of which there are no samples")),
            Some(need) if need.unknown_above => {
                return Err(format!(
                    "{follows}, and tasks used all they had of it: how much more they wanted, and so how \
                     many tasks another size would need, is unknown"
                ));
            }
            Some(_) => {}
        }
    }
    let reproduction = Reproduction::of(plan, series).map_err(|off| format!("{follows}; {off}"))?;
    Ok((series, reproduction))
}

impl Search<'_> {
    fn refined(&self, choice: Choice, mut rating: Rating) -> Result<Rating, NoPrice> {
        let (subject, plan) = (self.context.subject, self.plan);
        let Choice { best, multiplies_tasks } = choice;
        if let Some(best) = &best {
            rating.reasons.retain(|reason| *reason != "no-size-fits");
            rating.choice = Some(self.size_choice(best)?);
        }
        let now = subject.size;
        let to = rating.choice.map_or(now, |choice| choice.size);
        let unchanged = Setting::unchanged(plan);
        let setting = best.as_ref().map_or(&unchanged, |best| &best.setting);
        let raised = |resource| {
            let mut targets = plan.tracking.iter().zip(&setting.targets);
            targets.any(|(tracking, target)| tracking.resource == resource && tracking.target != *target)
        };
        let followed = |resource| plan.tracks(resource);
        for (dimension, resource, smaller) in [
            (&mut rating.cpu, Resource::Cpu, to.cpu() < now.cpu()),
            (&mut rating.memory, Resource::Memory, to.memory() < now.memory()),
        ] {
            let over = smaller || raised(resource);
            match dimension {
                DimensionRating::Underprovisioned => {}
                DimensionRating::NotRated(unrated)
                    if !(followed(resource) && unrated.reason == Reason::Autoscaled) => {}
                _ if over => *dimension = DimensionRating::Overprovisioned,
                _ => *dimension = DimensionRating::Optimized,
            }
        }
        let codes = [
            (&rating.cpu, "cpu-overprovisioned", followed(Resource::Cpu), "cpu-autoscaled"),
            (&rating.memory, "memory-overprovisioned", followed(Resource::Memory), "memory-autoscaled"),
        ];
        let mut reasons: Vec<&'static str> = codes
            .iter()
            .filter(|(dimension, ..)| **dimension == DimensionRating::Overprovisioned)
            .map(|(_, code, ..)| *code)
            .collect();
        let own = ["cpu-overprovisioned", "memory-overprovisioned", "cpu-autoscaled", "memory-autoscaled"];
        reasons.extend(rating.reasons.iter().filter(|reason| !own.contains(reason)));
        reasons.extend(codes.iter().filter(|(_, _, followed, _)| *followed).map(|(.., code)| *code));
        if raised(Resource::Cpu) || raised(Resource::Memory) {
            reasons.push("low-scaling-target");
        }
        if setting.limits.min != setting.limits.max {
            reasons.push("smaller-reserve-at-minimum");
        }
        if multiplies_tasks {
            reasons.push("smaller-size-multiplies-tasks");
        }
        if plan.follows_other {
            reasons.push(FOLLOWS_OTHER_METRIC);
        }
        rating.reasons = reasons;
        if let Some(best) = &best {
            rating.conditions = self.context.guards.conditions(best.size.into(), &rating.reasons);
            rating.containers = self.context.guards.containers(best.size.into()).unwrap_or_default();
            rating.already_minimal = false;
        }
        let capacity = setting.limits.apply(plan.capacity);
        if setting.limits != Limits::AS_THEY_ARE && capacity != plan.capacity && !plan.changes.is_empty() {
            rating.conditions.push("the limits that scheduled actions set change along".to_owned());
        }
        let not_simulated = |name: &String| format!("scheduled action {name} is not simulated");
        rating.notes.extend(plan.not_understood.iter().map(not_simulated));
        rating.simulation_error = Some(self.reproduction.error);
        let was = self.reproduction.unchanged.task_periods;
        let periods = best.as_ref().map_or(was, |best| best.task_periods);
        rating.scaling = rating.choice.map(|_| self.scaling(setting, periods));
        Ok(rating)
    }

    fn scaling(&self, setting: &Setting, task_periods: u64) -> ScalingChoice {
        let capacity = setting.limits.apply(self.plan.capacity);
        let target = |resource| {
            let targets = self.plan.tracking.iter().zip(&setting.targets);
            targets.filter(|(tracking, _)| tracking.resource == resource).map(|(_, target)| *target).min()
        };
        let observed = self.context.subject.demand.total_task_time();
        ScalingChoice {
            min_capacity: capacity.min,
            max_capacity: capacity.max,
            target_cpu: target(Resource::Cpu),
            target_memory: target(Resource::Memory),
            simulated: times(observed, task_periods, self.reproduction.unchanged.task_periods),
            observed,
        }
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
            let found = cheapest_size(context.book, subject.shape, subject.split, floors)?;
            Ok(found.map_or(best.size, |(size, _)| size))
        };
        let after = Subject { demand: &best.fit.demand, ..*subject };
        Ok(SizeChoice {
            size: best.size,
            hourly: best.hourly,
            lower: pick(|need| need.bare)?,
            upper: pick(|need| need.ample)?,
            risk: risk_at(best.size, &after, &seen),
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
