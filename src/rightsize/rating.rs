//! [`Rating`]: the verdict on one workload that has data, a size and a price.

use std::borrow::Cow;

use super::{
    autoscaling::{Context, Resource, ScalingChoice, Steering, TaskSeries, for_a_task, refine},
    calibration::{Learnt, Member},
    cheapest::{Floors, cheapest_size, hourly},
    choice::{Priced, choose, ladder, steps},
    guards::{ContainerSize, Guard, GuardInput, Guards, is_near_a_limit, rising_floor},
    need::{Need, ResourceNeed, need},
    performance_risk::{PerformanceRisk, performance_risk},
    purchase::Purchase,
    sparse::{Sparse, TooFewSamples},
    unrated::{Reason, Unrated},
};
use crate::{
    config::{Config, ExpectedPeak, Sizing},
    demand::{Requested, StartUp, WindowDemand},
    fargate::TaskSize,
    pricing::{NoPrice, PriceBook, TaskShape},
    units::{CpuUnits, MemoryMib, TaskTime, Usd},
    workload::{PurchaseSplit, ScalableTarget, TaskDefinition, TaskFacts},
};

/// What is rated.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub definition: &'a TaskDefinition,
    pub size: TaskSize,
    /// Region, platform and storage, at the current size.
    pub shape: &'a TaskShape,
    pub purchase: Purchase<'a>,
    /// Without the resources that are `sparse`.
    pub demand: &'a WindowDemand,
    pub sparse: Sparse,
    pub scaling: Option<&'a ScalableTarget>,
    /// What ran and was used, in order, where policies follow it.
    pub series: Option<&'a TaskSeries>,
    pub facts: &'a TaskFacts,
    /// Start-ups, where they can be told apart and CPU is not sparse.
    pub start_up: Option<&'a StartUp>,
    /// Whole days of history, at least 1.
    pub observed_days: u64,
    /// Task-hours a month, by what ran in the window.
    pub monthly_task_hours: f64,
    /// The headroom in force for this workload.
    pub sizing: Sizing,
}

impl Subject<'_> {
    /// How the tasks that ran are bought.
    pub fn split(&self) -> PurchaseSplit {
        self.purchase.split(self.demand.total_task_time())
    }
}

/// The verdict on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DimensionRating {
    Overprovisioned,
    Underprovisioned,
    Optimized,
    NotRated(Unrated),
}

/// The verdict on a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    pub cpu: DimensionRating,
    pub memory: DimensionRating,
    /// Codes of what led here.
    pub reasons: Vec<&'static str>,
    /// Whether memory's headroom is learnt from the fleet.
    pub learnt: bool,
    /// The size to change to; `None`: stay.
    pub choice: Option<SizeChoice>,
    /// What must hold, or be done along, for the choice.
    pub conditions: Vec<String>,
    /// The containers' own settings at the chosen size; empty where they must be set by hand.
    pub containers: Vec<ContainerSize>,
    /// What guards had to say, whether or not they changed anything.
    pub guards: Vec<Guard>,
    /// The current size is the smallest there is and large enough.
    pub already_minimal: bool,
    pub idle: bool,
    /// What scales the service, as it should be with the choice; `None` where nothing does that
    /// follows the size.
    pub scaling: Option<ScalingChoice>,
    /// Relative error of the simulated task-hours with nothing changed, in 0.01 %.
    pub simulation_error: Option<u32>,
    /// What was assumed, in plain words.
    pub notes: Vec<String>,
}

/// A recommended size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeChoice {
    pub size: TaskSize,
    /// USD per task-hour at that size.
    pub hourly: Usd,
    /// The cheapest size for what was observed, without headroom.
    pub lower: TaskSize,
    /// The cheapest size if the history's shortness is allowed for; `None`: none is large enough.
    pub upper: Option<TaskSize>,
    pub risk: PerformanceRisk,
}

impl Rating {
    pub fn is_underprovisioned(&self) -> bool {
        [&self.cpu, &self.memory].contains(&&DimensionRating::Underprovisioned)
    }

    /// Task time of the window after the choice, where `ran` is what ran.
    pub fn task_time(&self, ran: TaskTime) -> TaskTime {
        self.scaling.map_or(ran, |scaling| scaling.simulated)
    }

    pub fn is_unrated(&self) -> bool {
        let unrated = |dimension: &DimensionRating| matches!(dimension, DimensionRating::NotRated(_));
        unrated(&self.cpu) && unrated(&self.memory)
    }
}

/// What the resources of a subject need, and which of them can be rated.
pub(super) struct Needs<'a> {
    pub(super) cpu: Result<ResourceNeed, Unrated>,
    pub(super) memory: Result<ResourceNeed, Unrated>,
    /// By demand alone; a resource that is not rated keeps its size.
    pub(super) demanded: Need,
    /// And by every guard's floor.
    pub(super) needed: Need,
    pub(super) guards: Guards<'a>,
    /// The largest memory of a task, with what it has to expect of a peak to come, in KiB.
    pub(super) past_peak: u64,
}

impl<'a> Needs<'a> {
    /// With the headroom that was learnt, where that replaces the fixed one and the current size is large enough.
    /// One that is too small in anything grows, with no less than the fixed headroom.
    pub(super) fn weighed<'c>(
        subject: &Subject<'a>,
        learnt: Option<Learnt<'c>>,
    ) -> (Self, Option<Learnt<'c>>) {
        let sizing = for_a_task(subject);
        if learnt.is_some_and(|learnt| learnt.replaces_fixed) {
            let needs = Self::of(subject, &sizing, true);
            let holds = needs.floors(&needs.needed, |need| need.floor).hold(subject.size);
            if holds && !needs.guards.memory_is_short() {
                return (needs, learnt);
            }
        }
        let beside = learnt.map(|learnt| Learnt { replaces_fixed: false, ..learnt });
        (Self::of(subject, &sizing, false), beside)
    }

    /// `sizing`: that of one task; `calibrated`: whether headroom is learnt from the fleet, or fixed.
    fn of(subject: &Subject<'a>, sizing: &Sizing, calibrated: bool) -> Self {
        let size = subject.size;
        let current = Requested {
            cpu: size.cpu(),
            memory: size.memory(),
            ephemeral_storage: subject.shape.ephemeral_storage,
        };
        let os = subject.shape.platform.os;
        let steady = steady(subject.demand, subject.start_up);
        let (cpu, memory) = need(&steady, current, os, sizing, calibrated, subject.observed_days);
        let steering = subject.scaling.map(|target| Steering::of(target, (0, 0)));
        let followed = |resource| steering.as_ref().and_then(|steering| steering.follows(resource));
        let cpu = rateable(cpu, subject.sparse.cpu, followed(Resource::Cpu));
        let memory = rateable(memory, subject.sparse.memory, followed(Resource::Memory));
        let memory_demanded = *memory.as_ref().unwrap_or(&ResourceNeed::keep(size.memory().0));
        let rise = subject.demand.rise();
        let guards = Guards::of(GuardInput {
            definition: subject.definition,
            facts: subject.facts,
            size: size.into(),
            os,
            start_up: subject.start_up,
            memory_peak: subject.demand.memory.as_ref().map(|memory| mib(memory.max)),
            memory_need: MemoryMib(memory_demanded.floor).max(rising_floor(rise, size.memory())),
            rise,
            memory_headroom: subject.sizing.memory_headroom,
        });
        // A kill tells what no metric does, and whatever the number of tasks follows.
        let memory = if guards.memory_is_short() { Ok(guards.after_kills(memory_demanded)) } else { memory };
        let demanded = Need {
            cpu: *cpu.as_ref().unwrap_or(&ResourceNeed::keep(size.cpu().0)),
            memory: *memory.as_ref().unwrap_or(&ResourceNeed::keep(size.memory().0)),
        };
        let needed = demanded.at_least(guards.floors());
        let past_peak = sizing.peak.memory(subject.demand.memory.as_ref().map_or(0, |memory| memory.max));
        Self { cpu, memory, demanded, needed, guards, past_peak }
    }

    pub(super) fn floors(&self, need: &Need, of: fn(&ResourceNeed) -> u32) -> Floors {
        Floors {
            cpu: CpuUnits(of(&need.cpu)),
            memory: MemoryMib(of(&need.memory)),
            cpu_fixed: self.cpu.is_err(),
            memory_fixed: self.memory.is_err(),
        }
    }

    pub(super) fn ladder(
        &self,
        subject: &Subject<'_>,
        need: &Need,
        book: &PriceBook,
    ) -> Result<Vec<Priced>, NoPrice> {
        let Subject { size, shape, monthly_task_hours, .. } = *subject;
        let floors = self.floors(need, |need| need.floor);
        let usable = |size: TaskSize| self.guards.usable_memory(size.into());
        ladder(book, shape, subject.split(), size, floors, monthly_task_hours, usable)
    }
}

/// The subject as the calibration of its fleet sees it; `None` where its memory cannot be rated or
/// its size is too small already. `days` are those of the window.
pub fn member(subject: &Subject<'_>, book: &PriceBook, days: i64) -> Result<Option<Member>, NoPrice> {
    let needs = Needs::of(subject, &for_a_task(subject), true);
    // The demand of the whole window is what a split of it must not know: other floors only.
    let mut unknown = needs.needed;
    unknown.memory.floor = needs.guards.memory_before_demand().0;
    let holds = needs.floors(&unknown, |need| need.floor).hold(subject.size);
    if needs.memory.is_err() || needs.demanded.memory.short || !holds {
        return Ok(None);
    }
    let ladder = needs.ladder(subject, &unknown, book)?;
    let peaks = &subject.demand.daily_memory_peaks;
    let daily_peaks = (-days..0).map(|day| peaks.get(&day).copied()).collect();
    Ok(Some(Member { daily_peaks, ladder: steps(&ladder) }))
}

/// Rates `subject`, with the headroom that was learnt from its fleet, else with the fixed one.
/// Fails only where a size has no price.
pub fn rate(
    subject: &Subject<'_>,
    book: &PriceBook,
    config: &Config,
    learnt: Option<Learnt<'_>>,
) -> Result<Rating, NoPrice> {
    rate_and(subject, book, config, learnt, refine)
}

/// `finish` is given the rating for as many tasks as ran.
pub(super) fn rate_and<T>(
    subject: &Subject<'_>,
    book: &PriceBook,
    config: &Config,
    learnt: Option<Learnt<'_>>,
    finish: impl FnOnce(&Context<'_>, Rating) -> Result<T, NoPrice>,
) -> Result<T, NoPrice> {
    let Subject { size, shape, demand, .. } = *subject;
    let split = subject.split();
    let os = shape.platform.os;
    let (needs, learnt) = Needs::weighed(subject, learnt);
    let pick = |need: &Need| -> Result<Option<(TaskSize, Usd)>, NoPrice> {
        let Some(Learnt { calibration, .. }) = learnt else {
            return cheapest_size(book, shape, split, needs.floors(need, |need| need.floor));
        };
        let chosen = choose(calibration, &needs.ladder(subject, need, book)?, size.memory(), needs.past_peak);
        chosen.map(|size| Ok((size, hourly(book, shape, split, size)?))).transpose()
    };
    let bound = |of| cheapest_size(book, shape, split, needs.floors(&needs.needed, of));
    let chosen = pick(&needs.needed)?;

    let mut reasons = Vec::new();
    let dimension = |rateable: Result<ResourceNeed, Unrated>, now: u32, then: Option<u32>| match rateable {
        Err(unrated) => DimensionRating::NotRated(unrated),
        Ok(need) if need.short => DimensionRating::Underprovisioned,
        Ok(_) if then.is_some_and(|then| then < now) => DimensionRating::Overprovisioned,
        Ok(_) => DimensionRating::Optimized,
    };
    let then = chosen.map(|(size, _)| size);
    let cpu = dimension(needs.cpu.clone(), size.cpu().0, then.map(|size| size.cpu().0));
    let memory = dimension(needs.memory.clone(), size.memory().0, then.map(|size| size.memory().0));
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
    for (need, unknown, reached) in [
        (needs.demanded.cpu, "cpu-demand-unknown-above-cap", "reached-cpu-cap"),
        (needs.demanded.memory, "memory-demand-unknown-above-cap", "reached-memory-cap"),
    ] {
        if need.unknown_above {
            reasons.push(unknown);
        } else if need.reached_cap {
            reasons.push(reached);
        }
    }
    for (need, lately) in
        [(needs.demanded.cpu, "cpu-enlarged-lately"), (needs.demanded.memory, "memory-enlarged-lately")]
    {
        if need.enlarged_lately {
            reasons.push(lately);
        }
    }
    let fixed_with = |metric: &DimensionRating| {
        matches!(metric, DimensionRating::NotRated(Unrated { reason: Reason::Autoscaled, .. }))
    };
    if fixed_with(&cpu) {
        reasons.push("cpu-autoscaled");
    }
    if fixed_with(&memory) {
        reasons.push("memory-autoscaled");
    }
    reasons.extend(needs.guards.reasons(&needs.demanded, &pick)?);
    let peak_to_come = subject.sizing.peak != ExpectedPeak::NONE;
    if peak_to_come {
        reasons.push("expected-peak");
    }
    let idle = !peak_to_come && is_idle(demand, size, config);
    if idle {
        reasons.push("idle");
    }
    if chosen.is_none() {
        reasons.push("no-size-fits");
    }

    let short = cpu == DimensionRating::Underprovisioned || memory == DimensionRating::Underprovisioned;
    let choice = match chosen {
        Some((to, price))
            if to != size && (short || price < hourly(book, shape, split, size)?)
                // The same size, with other limits.
                || to == size && needs.guards.raises_a_limit(to.into()) =>
        {
            Some(SizeChoice {
                size: to,
                hourly: price,
                lower: bound(|need| need.bare)?.map_or(to, |(size, _)| size),
                upper: bound(|need| need.ample)?.map(|(size, _)| size),
                risk: risk_at(to, subject, &needs.demanded, &needs.guards),
            })
        }
        _ => None,
    };
    let to = choice.map(|choice| choice.size);
    let rating = Rating {
        cpu,
        memory,
        conditions: to.map(|to| needs.guards.conditions(to.into(), &reasons)).unwrap_or_default(),
        containers: to.and_then(|to| needs.guards.containers(to.into())).unwrap_or_default(),
        guards: needs.guards.list().to_vec(),
        reasons,
        learnt: learnt.is_some_and(|learnt| learnt.replaces_fixed),
        choice,
        already_minimal: choice.is_none() && !short && size.is_smallest(os),
        idle,
        scaling: None,
        simulation_error: None,
        notes: Vec::new(),
    };
    // What would be chosen if the number of tasks stayed what it was: a cheaper size, or this one.
    let same = match (chosen, choice) {
        (Some(_), None) => Some((size, hourly(book, shape, split, size)?)),
        (chosen, _) => chosen,
    };
    finish(&Context { subject, guards: &needs.guards, learnt, book, same }, rating)
}

/// Demand with the start-up spikes of CPU taken out: they are a guard's business.
pub(super) fn steady<'a>(demand: &'a WindowDemand, start_up: Option<&StartUp>) -> Cow<'a, WindowDemand> {
    match start_up.filter(|start| start.is_spike()) {
        None => Cow::Borrowed(demand),
        Some(start) => Cow::Owned(WindowDemand { cpu: Some(start.steady_cpu.clone()), ..demand.clone() }),
    }
}

/// Whole MiB of KiB, rounded up.
pub(super) fn mib(kib: u64) -> u32 {
    u32::try_from(kib.div_ceil(1024)).unwrap_or(u32::MAX)
}

/// The need, or why this resource cannot be rated: too few samples, the task count follows it, or no samples.
pub(super) fn rateable(
    need: Option<ResourceNeed>,
    too_few: Option<TooFewSamples>,
    followed: Option<String>,
) -> Result<ResourceNeed, Unrated> {
    if let Some(too_few) = too_few {
        return Err(too_few.unrated());
    }
    if let Some(why) = followed {
        return Err(Unrated::new(Reason::Autoscaled, why));
    }
    need.ok_or_else(|| Unrated::new(Reason::NoMetrics, "no samples of this resource in the window"))
}

fn is_idle(demand: &WindowDemand, size: TaskSize, config: &Config) -> bool {
    let limit = u64::from(size.cpu().0) * 1000 * u64::from(config.idle_max_cpu_centi_percent) / 10_000;
    demand.cpu.as_ref().is_some_and(|cpu| cpu.max <= limit)
}

pub(super) fn risk_at(
    to: TaskSize,
    subject: &Subject<'_>,
    demanded: &Need,
    guards: &Guards<'_>,
) -> PerformanceRisk {
    let Subject { demand, sizing: Sizing { peak, .. }, observed_days, .. } = subject;
    let unknown = demanded.cpu.unknown_above
        || demanded.memory.unknown_above
        || subject.facts.stopped.as_ref().is_some_and(|stopped| stopped.oom_kills > 0)
        || is_near_a_limit(subject.definition, subject.facts, subject.size.memory())
        || guards.is_full_soon(to.into());
    performance_risk(demand, *peak, (to.cpu(), to.memory()), unknown, *observed_days)
}
