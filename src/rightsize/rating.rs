//! [`Rating`]: the verdict on one workload that has data, a size and a price.

use super::{
    autoscaling::{Decision, ScalingChoice, TaskSeries, decide},
    cheapest::{Floors, cheapest_size, hourly},
    container_floor::container_floor,
    need::{Need, ResourceNeed, need},
    performance_risk::{PerformanceRisk, performance_risk},
    unrated::{Reason, Unrated},
};
use crate::{
    config::Config,
    demand::{Requested, WindowDemand},
    fargate::TaskSize,
    pricing::{NoPrice, PriceBook, TaskShape},
    units::{CpuUnits, MemoryMib, Usd},
    workload::{PurchaseSplit, ScalableTarget, TaskDefinition},
};

/// What is rated.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub definition: &'a TaskDefinition,
    pub size: TaskSize,
    /// Region, platform and storage, at the current size.
    pub shape: &'a TaskShape,
    pub split: PurchaseSplit,
    pub demand: &'a WindowDemand,
    pub scaling: Option<&'a ScalableTarget>,
    /// What ran and was used, in order, where policies follow it.
    pub series: Option<&'a TaskSeries>,
    /// Whole days of history, at least 1.
    pub observed_days: u64,
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
    /// The size to change to; `None`: stay.
    pub choice: Option<SizeChoice>,
    /// The current size is the smallest there is and large enough.
    pub already_minimal: bool,
    pub idle: bool,
    /// What else to change where the choice moves what scales the service.
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
    /// The cheapest size if the history's shortness is allowed for.
    pub upper: TaskSize,
    pub risk: PerformanceRisk,
}

impl Rating {
    pub fn is_underprovisioned(&self) -> bool {
        [&self.cpu, &self.memory].contains(&&DimensionRating::Underprovisioned)
    }

    pub fn is_unrated(&self) -> bool {
        let unrated = |dimension: &DimensionRating| matches!(dimension, DimensionRating::NotRated(_));
        unrated(&self.cpu) && unrated(&self.memory)
    }
}

/// Rates `subject`. Fails only where a size has no price.
pub fn rate(subject: &Subject<'_>, book: &PriceBook, config: &Config) -> Result<Rating, NoPrice> {
    let Subject { size, shape, split, demand, .. } = *subject;
    let guards = container_floor(subject.definition);
    let (mut cpu_unrated, mut memory_unrated, mut follows) = (None, None, None);
    match decide(subject, guards, book, config)? {
        Decision::Rated(rating) => return Ok(*rating),
        Decision::Unrated { cpu, memory } => (cpu_unrated, memory_unrated) = (cpu, memory),
        Decision::Independent(reason) => follows = reason,
    }
    let os = shape.platform.os;
    let current =
        Requested { cpu: size.cpu(), memory: size.memory(), ephemeral_storage: shape.ephemeral_storage };
    let (cpu, memory) = need(demand, current, os, &config.sizing, subject.observed_days);
    let cpu = rateable(cpu, cpu_unrated);
    let memory = rateable(memory, memory_unrated);
    let keep = |at: u32| ResourceNeed {
        floor: at,
        bare: at,
        ample: at,
        short: false,
        unknown_above: false,
        reached_cap: false,
    };
    let demanded = Need {
        cpu: *cpu.as_ref().unwrap_or(&keep(size.cpu().0)),
        memory: *memory.as_ref().unwrap_or(&keep(size.memory().0)),
    };
    let needed = demanded.at_least(guards);
    let (cpu_fixed, memory_fixed) = (cpu.is_err(), memory.is_err());
    let pick = |need: &Need, of: fn(&ResourceNeed) -> u32| {
        let floors = Floors {
            cpu: CpuUnits(of(&need.cpu)),
            memory: MemoryMib(of(&need.memory)),
            cpu_fixed,
            memory_fixed,
        };
        cheapest_size(book, shape, split, floors)
    };
    let chosen = pick(&needed, |need| need.floor)?;

    let mut reasons = Vec::new();
    let dimension = |rateable: Result<ResourceNeed, Unrated>, now: u32, then: Option<u32>| match rateable {
        Err(unrated) => DimensionRating::NotRated(unrated),
        Ok(need) if need.short => DimensionRating::Underprovisioned,
        Ok(_) if then.is_some_and(|then| then < now) => DimensionRating::Overprovisioned,
        Ok(_) => DimensionRating::Optimized,
    };
    let then = chosen.map(|(size, _)| size);
    let cpu = dimension(cpu, size.cpu().0, then.map(|size| size.cpu().0));
    let memory = dimension(memory, size.memory().0, then.map(|size| size.memory().0));
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
        (demanded.cpu, "cpu-demand-unknown-above-cap", "reached-cpu-cap"),
        (demanded.memory, "memory-demand-unknown-above-cap", "reached-memory-cap"),
    ] {
        if need.unknown_above {
            reasons.push(unknown);
        } else if need.reached_cap {
            reasons.push(reached);
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
    reasons.extend(follows);
    if chosen != pick(&demanded, |need| need.floor)? {
        reasons.push("container-minimums");
    }
    let idle = is_idle(demand, size, config);
    if idle {
        reasons.push("idle");
    }
    if chosen.is_none() {
        reasons.push("no-size-fits");
    }

    let short = cpu == DimensionRating::Underprovisioned || memory == DimensionRating::Underprovisioned;
    let choice = match chosen {
        Some((to, price)) if to != size && (short || price < hourly(book, shape, split, size)?) => {
            Some(SizeChoice {
                size: to,
                hourly: price,
                lower: pick(&needed, |need| need.bare)?.map_or(to, |(size, _)| size),
                upper: pick(&needed, |need| need.ample)?.map_or(to, |(size, _)| size),
                risk: risk_at(to, demand, &demanded, subject.observed_days),
            })
        }
        _ => None,
    };
    Ok(Rating {
        cpu,
        memory,
        reasons,
        choice,
        already_minimal: choice.is_none() && !short && size.is_smallest(os),
        idle,
        scaling: None,
        simulation_error: None,
        notes: Vec::new(),
    })
}

/// The need, or why this resource cannot be rated: the task count follows it, or no samples.
fn rateable(need: Option<ResourceNeed>, unrated: Option<Unrated>) -> Result<ResourceNeed, Unrated> {
    if let Some(unrated) = unrated {
        return Err(unrated);
    }
    need.ok_or_else(|| Unrated::new(Reason::NoMetrics, "no samples of this resource in the window"))
}

pub(super) fn is_idle(demand: &WindowDemand, size: TaskSize, config: &Config) -> bool {
    let limit = u64::from(size.cpu().0) * 1000 * u64::from(config.idle_max_cpu_centi_percent) / 10_000;
    demand.cpu.as_ref().is_some_and(|cpu| cpu.max <= limit)
}

pub(super) fn risk_at(
    to: TaskSize,
    demand: &WindowDemand,
    demanded: &Need,
    observed_days: u64,
) -> PerformanceRisk {
    let percent = |peak: u64, size: u64| (peak * 100).div_ceil(size.max(1));
    let cpu_peak = demand.cpu.as_ref().map_or(0, |cpu| percent(cpu.max, u64::from(to.cpu().0) * 1000));
    let memory_peak =
        demand.memory.as_ref().map_or(0, |memory| percent(memory.max, u64::from(to.memory().0) * 1024));
    let unknown = demanded.cpu.unknown_above || demanded.memory.unknown_above;
    performance_risk(cpu_peak, memory_peak, unknown, observed_days)
}
