//! [`Peak`]: a peak to come, as the service would stand in it.
//!
//! A window has the peak in none of its periods, so it is looked at standing still: the tasks that
//! policies ask for, those that may run, and what each of these would have to carry. It says how large
//! limits and sizes must be and nothing of the cost, since how long it lasts is not known.
//!
//! | said | total demand |
//! |---|---|
//! | `peak_factor` | the largest seen, times the factor |
//! | `include_peak` | what a task needed, times the most tasks that ran in the window |
//!
//! Worked, with tasks of 1 vCPU, a target of 60 % and a factor of 2:
//!
//! | seen | peak | asked for | may run | a task |
//! |---|---|---|---|---|
//! | 6.2 vCPU | 12.4 vCPU | 21 | 12 | 1.03 vCPU: short |
//! | 6.2 vCPU | 12.4 vCPU | 21 | 30 | 0.59 vCPU |

use super::{
    series::{Load, TaskSeries},
    simulate::Setting,
    steering::{Capacity, Plan, Resource},
};
use crate::{
    config::{ExpectedPeak, Sizing},
    rightsize::need::with,
};

/// Total demand at the peak, of what policies follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Peak {
    cpu: Option<Total>,
    memory: Option<Total>,
    sizing: Sizing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Total {
    /// 0.01 % x thousandths of a task x size, as [`Load::total`].
    all: u128,
    /// As if all tasks were as hot as the hottest: the rollups' unit x thousandths of a task.
    hottest: u128,
    /// What a task does not fall below, however many there are.
    least: u64,
}

/// The service at the peak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// Tasks that policies ask for, and that may run.
    pub wanted: u32,
    pub most: u32,
    /// The hottest task's load, in the rollups' unit.
    pub cpu: Option<u64>,
    pub memory: Option<u64>,
}

impl Peak {
    /// `None` where none is said to come.
    pub(super) fn of(sizing: Sizing, plan: &Plan, series: &TaskSeries) -> Option<Self> {
        let peak = sizing.peak;
        if peak == ExpectedPeak::NONE {
            return None;
        }
        let times = |value: u128| (value * u128::from(peak.factor)).div_ceil(100);
        let most_tasks = series.periods().map(|period| u128::from(period.tasks_milli)).max().unwrap_or(0);
        let total = |resource, task: u64, parts: u128, percentile: u32| {
            let of = |period: super::series::Period| -> (u32, Load) {
                match resource {
                    Resource::Cpu => (period.tasks_milli, period.cpu),
                    Resource::Memory => (period.tasks_milli, period.memory),
                }
            };
            let loads = || series.periods().map(of);
            let all = loads().filter_map(|(_, load)| load.total).max().unwrap_or(0);
            let mut hot: Vec<u128> = loads()
                .filter_map(|(tasks, load)| Some(u128::from(load.hottest?) * u128::from(tasks)))
                .collect();
            hot.sort_unstable();
            let rank = (hot.len() * percentile as usize).div_ceil(10_000).max(1) - 1;
            let hottest = hot.get(rank).copied().unwrap_or(0);
            let seen = loads().filter_map(|(_, load)| load.hottest).max().unwrap_or(0);
            let task = u128::from(task) * most_tasks;
            Total {
                all: times(all.into()).max(task * 10_000 / parts),
                hottest: times(hottest).max(task),
                least: if resource == Resource::Memory { seen } else { 0 },
            }
        };
        let follows = |resource| plan.tracks(resource).then_some(resource);
        Some(Self {
            cpu: follows(Resource::Cpu).map(|r| total(r, peak.cpu, 1000, sizing.cpu_percentile)),
            memory: follows(Resource::Memory).map(|r| total(r, peak.memory, 1024, 10_000)),
            sizing,
        })
    }

    /// The service at the peak with tasks of `size` (CPU units, MiB), under `setting`.
    pub(super) fn standing(&self, plan: &Plan, setting: &Setting, size: (u32, u32)) -> Standing {
        let total = |resource| match resource {
            Resource::Cpu => (self.cpu, size.0),
            Resource::Memory => (self.memory, size.1),
        };
        let asked = plan.tracking.iter().zip(&setting.targets).filter_map(|(tracking, target)| {
            let (total, size) = total(tracking.resource);
            let at_target = u128::from((*target).max(1)) * u128::from(size.max(1)) * 1000;
            Some(u32::try_from(total?.all.div_ceil(at_target)).unwrap_or(u32::MAX))
        });
        let wanted = asked.max().unwrap_or(0);
        let Capacity { min, max: most } = setting.limits.apply(largest(plan));
        let tasks = u128::from(wanted.clamp(min.max(1).min(most), most).max(1)) * 1000;
        let load =
            |total: Total| u64::try_from(total.hottest.div_ceil(tasks)).unwrap_or(u64::MAX).max(total.least);
        Standing { wanted, most, cpu: self.cpu.map(load), memory: self.memory.map(load) }
    }

    /// Whether the upper limit leaves a task with more than its size holds with headroom.
    pub(super) fn is_short(&self, standing: Standing, resource: Resource, size: (u32, u32)) -> bool {
        let (load, headroom, holds) = match resource {
            Resource::Cpu => (standing.cpu, self.sizing.cpu_headroom, u64::from(size.0) * 1000),
            Resource::Memory => (standing.memory, self.sizing.memory_headroom, u64::from(size.1) * 1024),
        };
        standing.wanted > standing.most && load.is_some_and(|load| with(load, headroom) > holds)
    }
}

/// The limits with the largest upper one that a scheduled action sets: a peak comes by day.
fn largest(plan: &Plan) -> Capacity {
    let scheduled = plan.changes.iter().filter_map(|change| change.max).max().unwrap_or(0);
    Capacity::new(plan.capacity.min, plan.capacity.max.max(scheduled))
}
