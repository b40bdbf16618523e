//! [`Fit`]: what a task needs when another number of tasks shares the same demand.
//!
//! Per period, the hottest task's load is the observed one, times tasks before, over tasks after. Tasks
//! before are those that ran, or fewer where the simulation of what ran has fewer: while it lags
//! behind a rise, the simulation of the change does too. Memory never falls below what a task was seen
//! to use: most of a process's memory is there whether its share of the work is large or small.
//!
//! | hottest | ran | simulated before | after | load |
//! |---|---|---|---|---|
//! | 0.4 vCPU | 6 | 6 | 3 | 0.8 vCPU |
//! | 0.4 vCPU | 6 | 4, not risen yet | 2, not either | 0.8 vCPU |
//! | 1.5 GB | 6 | 6 | 12 | 1.5 GB |
//!
//! What that load needs is asked of [`need`], as for every other task.

use super::{
    series::{Period, TaskSeries},
    simulate::Simulated,
    steering::{Plan, Resource},
};
use crate::{
    demand::{Histogram, Observed, Requested, WindowDemand},
    rightsize::{
        need::{Need, ResourceNeed, need},
        rating::Subject,
    },
};

/// The demand of one task under a simulation, and what it needs.
#[derive(Debug, Clone)]
pub(super) struct Fit {
    pub demand: WindowDemand,
    pub cpu: Option<ResourceNeed>,
    pub memory: Option<ResourceNeed>,
}

impl Fit {
    /// The need as it was observed, at the current size.
    pub(super) fn observed(subject: &Subject<'_>, calibrated: bool) -> Self {
        let demand = subject.demand.clone();
        let (cpu, memory) = ask(subject, &demand, current(subject), calibrated);
        Self { demand, cpu, memory }
    }

    /// The need if `after` had run instead of `before`, in tasks of `size` (CPU units, MiB). `None`
    /// where tasks were needed and none ran.
    pub(super) fn simulated(
        subject: &Subject<'_>,
        plan: &Plan,
        series: &TaskSeries,
        (before, after): (&Simulated, &Simulated),
        (cpu, memory): (u32, u32),
        calibrated: bool,
    ) -> Option<Self> {
        let mut cpu_loads = Vec::with_capacity(series.len());
        let mut memory_loads = Vec::with_capacity(series.len());
        let mut sustained = None;
        for (period, (before, after)) in series.periods().zip(before.tasks.iter().zip(&after.tasks)) {
            let before = u64::from(period.tasks_milli).min(u64::from(*before) * 1000);
            let shared = |load: u64| share_out(load, before, *after);
            if period.tasks_milli == 0 {
                continue;
            }
            let Period { cpu, memory, .. } = period;
            if let Some(load) = cpu.hottest {
                cpu_loads.push(shared(load)?);
            }
            if let Some(load) = cpu.average {
                sustained = sustained.max(shared(load));
            }
            if let Some(load) = memory.hottest {
                memory_loads.push(shared(load)?.max(load));
            }
        }
        let mut demand = subject.demand.clone();
        let mut requested = current(subject);
        let (cpu_tracked, memory_tracked) = (plan.tracks(Resource::Cpu), plan.tracks(Resource::Memory));
        replace(&mut demand.cpu, cpu_loads, cpu_tracked);
        replace(&mut demand.memory, memory_loads, memory_tracked);
        if let Some(cpu) = &mut demand.cpu {
            cpu.sustained_max = sustained;
        }
        if cpu_tracked {
            requested.cpu.0 = cpu;
        }
        if memory_tracked {
            requested.memory.0 = memory;
        }
        let (cpu, memory) = ask(subject, &demand, requested, calibrated);
        Some(Self { demand, cpu, memory })
    }

    /// As the rating's needs; a resource without samples keeps its size.
    pub(super) fn need(&self, subject: &Subject<'_>) -> Need {
        let keep = |at: u32| ResourceNeed {
            floor: at,
            bare: at,
            ample: at,
            short: false,
            unknown_above: false,
            reached_cap: false,
        };
        Need {
            cpu: self.cpu.unwrap_or_else(|| keep(subject.size.cpu().0)),
            memory: self.memory.unwrap_or_else(|| keep(subject.size.memory().0)),
        }
    }
}

/// `load` of each of so many thousandths of a task, carried by `after` tasks.
pub(super) fn share_out(load: u64, before_milli: u64, after: u32) -> Option<u64> {
    if after == 0 && load > 0 {
        return None;
    }
    // No real load comes near to overflow; what does is as good as endless.
    Some(load.saturating_mul(before_milli).div_ceil(u64::from(after.max(1)) * 1000))
}

fn current(subject: &Subject<'_>) -> Requested {
    Requested {
        cpu: subject.size.cpu(),
        memory: subject.size.memory(),
        ephemeral_storage: subject.shape.ephemeral_storage,
    }
}

fn ask(
    subject: &Subject<'_>,
    demand: &WindowDemand,
    requested: Requested,
    calibrated: bool,
) -> (Option<ResourceNeed>, Option<ResourceNeed>) {
    let os = subject.shape.platform.os;
    need(demand, requested, os, &subject.sizing, calibrated, subject.observed_days)
}

/// Caps that were reached at the size of then say nothing about a resource whose load is another now.
fn replace(observed: &mut Option<Observed>, loads: Vec<u64>, tracked: bool) {
    let (Some(observed), Some(max)) = (observed.as_mut(), loads.iter().copied().max()) else { return };
    observed.max = max;
    observed.histogram = Histogram::from_iter(loads);
    if tracked {
        observed.largest_capped_size = None;
        observed.periods_at_cap = 0;
    }
}
