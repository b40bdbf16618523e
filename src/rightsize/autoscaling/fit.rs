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
//! The hottest task's CPU while tasks start is no such load: it does not fall with more tasks, and has a guard of its own.
//!
//! What that load needs is asked of [`need_of`], as for every other task, except that a load above the present
//! size of what no policy follows says nothing of caps, unless one was reached as it ran; and once more of the periods alone
//! in which the upper limit held a policy back, the others counting as idle.

use super::{
    peak::Peak,
    series::{Period, TaskSeries},
    simulate::{Setting, Simulated},
    steering::{Plan, Resource},
};
use crate::{
    config::{ExpectedPeak, Sizing},
    demand::{Histogram, Observed, Requested, WindowDemand},
    rightsize::{
        need::{Need, ResourceNeed, need_of},
        needs::steady,
        subject::Subject,
    },
};

/// The demand of one task under a simulation, and what it needs.
#[derive(Debug, Clone)]
pub(super) struct Fit {
    pub demand: WindowDemand,
    pub cpu: Option<ResourceNeed>,
    pub memory: Option<ResourceNeed>,
    /// What a task has to expect of a peak to come, in what policies do not follow.
    pub peak: ExpectedPeak,
    /// Of what policies follow, where the upper limit held them back.
    cpu_at_limit: Option<ResourceNeed>,
    memory_at_limit: Option<ResourceNeed>,
}

impl Fit {
    /// The need as it was observed, at the current size.
    pub(super) fn observed(
        subject: &Subject<'_>,
        plan: &Plan,
        peak: Option<&Peak>,
        calibrated: bool,
    ) -> Self {
        let demand = steady(subject.demand, subject.start_up).into_owned();
        let (unchanged, size) = (Setting::unchanged(plan), subject.size);
        let of_a_task = |peak: &Peak| {
            peak.of_a_task(plan, &unchanged, (size.cpu().0, size.memory().0), memory_seen(&demand))
        };
        let peak = peak.map_or(subject.sizing.peak, of_a_task);
        let (cpu, memory) =
            ask(subject, (plan, peak), (&demand, (false, false)), current(subject), calibrated);
        Self { demand, cpu, memory, peak, cpu_at_limit: None, memory_at_limit: None }
    }

    /// The need if `after` had run instead of `before`, in tasks of `size` (CPU units, MiB) under `setting`.
    /// `None` where tasks were needed and none ran.
    pub(super) fn simulated(
        subject: &Subject<'_>,
        plan: &Plan,
        (series, peak): (&TaskSeries, Option<&Peak>),
        (before, after): (&Simulated, &Simulated),
        setting: &Setting,
        size: (u32, u32),
        calibrated: bool,
    ) -> Option<Self> {
        let mut cpu_loads = Vec::with_capacity(series.len());
        let mut memory_loads = Vec::with_capacity(series.len());
        let mut sustained = None;
        let (mut cpu_at_limit, mut memory_at_limit) =
            (AtLimit::of(after, Resource::Cpu), AtLimit::of(after, Resource::Memory));
        for (at, carried) in carried(series, before, after).enumerate() {
            let Carried { starting, cpu, cpu_average, memory } = carried?;
            if let Some(load) = cpu.filter(|_| !starting) {
                cpu_loads.push(load);
                cpu_at_limit.push(at, load);
            }
            sustained = sustained.max(cpu_average.filter(|_| !starting));
            if let Some(load) = memory {
                memory_loads.push(load);
                memory_at_limit.push(at, load);
            }
        }
        let mut demand = steady(subject.demand, subject.start_up).into_owned();
        // What was seen in a period without a count of tasks was seen all the same.
        let seen = memory_seen(&demand);
        if memory_loads.iter().max().is_some_and(|largest| *largest < seen) {
            memory_loads.push(seen);
        }
        let mut requested = current(subject);
        let (cpu_tracked, memory_tracked) = (plan.tracks(Resource::Cpu), plan.tracks(Resource::Memory));
        replace(&mut demand.cpu, cpu_loads, cpu_tracked);
        replace(&mut demand.memory, memory_loads, memory_tracked);
        if let Some(cpu) = &mut demand.cpu {
            cpu.sustained_max = sustained;
        }
        if cpu_tracked {
            requested.cpu.0 = size.0;
        }
        if memory_tracked {
            requested.memory.0 = size.1;
        }
        let of_a_task = |peak: &Peak| peak.of_a_task(plan, setting, size, memory_seen(&demand));
        let peak = peak.map_or(subject.sizing.peak, of_a_task);
        let computed = known_above_cap(subject, plan);
        let (mut cpu, memory) = ask(subject, (plan, peak), (&demand, computed), requested, calibrated);
        if cpu_tracked && size.0 < subject.size.cpu().0 {
            // What whole periods take keeps CPU from being reduced, from its present size, not the tried one.
            let (present, _) = ask(subject, (plan, peak), (&demand, computed), current(subject), calibrated);
            if let (Some(cpu), Some(present)) = (&mut cpu, present) {
                cpu.floor = cpu.floor.max(present.floor);
                cpu.bare = cpu.bare.max(present.bare);
                cpu.ample = cpu.ample.max(present.ample);
            }
        }
        let (mut cpu_limited, mut memory_limited) = (None, None);
        if cpu_at_limit.any() || memory_at_limit.any() {
            let mut limited = demand.clone();
            replace(&mut limited.cpu, cpu_at_limit.loads, cpu_tracked);
            replace(&mut limited.memory, memory_at_limit.loads, memory_tracked);
            let (cpu, memory) = ask(subject, (plan, peak), (&limited, (false, false)), requested, false);
            cpu_limited = cpu.filter(|_| !after.held_back.cpu.is_empty());
            memory_limited = memory.filter(|_| !after.held_back.memory.is_empty());
        }
        Some(Self { demand, cpu, memory, peak, cpu_at_limit: cpu_limited, memory_at_limit: memory_limited })
    }

    /// What a task needs of it in the periods in which the upper limit held a policy on it back.
    pub(super) fn at_limit(&self, resource: Resource) -> Option<ResourceNeed> {
        match resource {
            Resource::Cpu => self.cpu_at_limit,
            Resource::Memory => self.memory_at_limit,
        }
    }

    /// As the rating's needs; a resource without samples keeps its size.
    pub(super) fn need(&self, subject: &Subject<'_>) -> Need {
        Need {
            cpu: self.cpu.unwrap_or_else(|| ResourceNeed::keep(subject.size.cpu().0)),
            memory: self.memory.unwrap_or_else(|| ResourceNeed::keep(subject.size.memory().0)),
        }
    }
}

/// What a task carries in one period, in the rollups' units; `None`: no sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Carried {
    /// CPU may be that of a task that starts.
    pub starting: bool,
    /// The hottest one.
    pub cpu: Option<u64>,
    pub cpu_average: Option<u64>,
    pub memory: Option<u64>,
}

/// By period, if `after` had run instead of `before`; `None` where tasks were needed and none ran.
pub(super) fn carried<'a>(
    series: &'a TaskSeries,
    before: &'a Simulated,
    after: &'a Simulated,
) -> impl Iterator<Item = Option<Carried>> + 'a {
    series.periods().zip(before.tasks.iter().zip(&after.tasks)).map(|(period, (before, after))| {
        let before = u64::from(period.tasks_milli).min(u64::from(*before) * 1000);
        let shared = |load: Option<u64>| match load {
            None => Some(None),
            Some(load) => share_out(load, before, *after).map(Some),
        };
        let Period { starting, cpu, memory, .. } = period;
        if period.tasks_milli == 0 {
            return Some(Carried::default());
        }
        Some(Carried {
            starting,
            // What one takes to start is shared with none.
            cpu: if starting { cpu.hottest } else { shared(cpu.hottest)? },
            cpu_average: shared(cpu.average)?,
            memory: shared(memory.hottest)?.max(memory.hottest),
        })
    })
}

/// `load` of each of so many thousandths of a task, carried by `after` tasks.
pub(super) fn share_out(load: u64, before_milli: u64, after: u32) -> Option<u64> {
    // Tasks that stop are still seen for a while: what ran in no simulation needs no tasks.
    if after == 0 && load > 0 && before_milli > 0 {
        return None;
    }
    // No real load comes near to overflow; what does is as good as endless.
    Some(load.saturating_mul(before_milli).div_ceil(u64::from(after.max(1)) * 1000))
}

/// The loads of a resource where the upper limit held a policy on it back, and 0 elsewhere.
struct AtLimit<'a> {
    periods: &'a [usize],
    loads: Vec<u64>,
}

impl<'a> AtLimit<'a> {
    fn of(simulated: &'a Simulated, resource: Resource) -> Self {
        Self { periods: simulated.held_back.by(resource), loads: Vec::new() }
    }

    fn any(&self) -> bool {
        !self.periods.is_empty()
    }

    fn push(&mut self, at: usize, load: u64) {
        if self.any() {
            let held = self.periods.binary_search(&at).is_ok();
            self.loads.push(if held { load } else { 0 });
        }
    }
}

fn current(subject: &Subject<'_>) -> Requested {
    Requested {
        cpu: subject.size.cpu(),
        memory: subject.size.memory(),
        ephemeral_storage: subject.shape.ephemeral_storage,
    }
}

/// A peak to come is asked of no resource that policies follow: there will be more tasks, not larger ones.
fn ask(
    subject: &Subject<'_>,
    (plan, peak): (&Plan, ExpectedPeak),
    demand: (&WindowDemand, (bool, bool)),
    requested: Requested,
    calibrated: bool,
) -> (Option<ResourceNeed>, Option<ResourceNeed>) {
    let os = subject.shape.platform.os;
    let of = |peak| {
        let sizing = Sizing { peak, ..subject.sizing };
        need_of(demand, requested, os, &sizing, calibrated, subject.observed_days)
    };
    let (cpu, memory) = of(peak);
    if peak == ExpectedPeak::NONE {
        return (cpu, memory);
    }
    let (cpu_as_seen, memory_as_seen) = of(ExpectedPeak::NONE);
    (
        if plan.tracks(Resource::Cpu) { cpu_as_seen } else { cpu },
        if plan.tracks(Resource::Memory) { memory_as_seen } else { memory },
    )
}

/// Of CPU and memory, whether no policy follows it and it was not used up as it ran: then what fewer tasks would
/// carry is known above its cap.
fn known_above_cap(subject: &Subject<'_>, plan: &Plan) -> (bool, bool) {
    let steady = steady(subject.demand, subject.start_up);
    let none = ExpectedPeak::NONE;
    let (cpu, memory) = ask(subject, (plan, none), (&steady, (false, false)), current(subject), false);
    let known = |need: Option<ResourceNeed>| need.is_some_and(|need| !need.unknown_above);
    (!plan.tracks(Resource::Cpu) && known(cpu), !plan.tracks(Resource::Memory) && known(memory))
}

/// The largest memory of a task, KiB.
fn memory_seen(demand: &WindowDemand) -> u64 {
    demand.memory.as_ref().map_or(0, |memory| memory.max)
}

/// Caps that were reached at the size of then say nothing about a resource whose load is another now.
fn replace(observed: &mut Option<Observed>, loads: Vec<u64>, tracked: bool) {
    let (Some(observed), Some(max)) = (observed.as_mut(), loads.iter().copied().max()) else { return };
    observed.max = max;
    observed.histogram = Histogram::from_iter(loads);
    if tracked {
        observed.largest_capped_size = None;
        observed.outgrown = None;
        observed.periods_at_cap = 0;
    }
}
