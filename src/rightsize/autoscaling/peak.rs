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
//! Memory that no policy follows, where they follow CPU, is not multiplied with the load, as the tasks are: a task
//! is never taken to need less than it was seen to, and more by as much as its share of the load grows. Scaling out
//! takes minutes, so on the way to more tasks those that ran carry the whole factor, as far as they have CPU for it.
//!
//! Worked, with tasks of 1 vCPU, a target of 60 % and a factor of 2:
//!
//! | seen | peak | asked for | may run | a task |
//! |---|---|---|---|---|
//! | 6.2 vCPU | 12.4 vCPU | 21 | 12 | 1.03 vCPU: short |
//! | 6.2 vCPU | 12.4 vCPU | 21 | 30 | 0.59 vCPU |
//!
//! | ran, each at | target | factor | may run | memory of a task, times |
//! |---|---|---|---|---|
//! | 5, 60 % | 60 % | 1.5 | 20 | 1.5: before a sixth runs |
//! | 5, 60 % | 60 % | 2 | 20 | 100 / 60 = 1.67: the rest is for those to come |
//! | 5, 50 % | 60 % | 2 | 20 | 100 / 50 = 2 |
//! | 5, 60 % | 60 % | 3 | 6 | 5 x 3 / 6 = 2.5 |
//! | 5, 30 %, the least that may | 60 % | 1.5 | 20 | 1.5 |

use super::{
    capacity::Capacity,
    series::{Load, TaskSeries},
    simulate::Setting,
    steering::{Plan, Resource},
};
use crate::{
    config::{ExpectedPeak, Sizing},
    rightsize::need::with,
};

/// Total demand at the peak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Peak {
    cpu: Total,
    memory: Total,
    sizing: Sizing,
    /// More tasks are sure to come, as policies on CPU ask for them.
    multiplies: bool,
}

/// Of one resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Total {
    /// The largest seen: 0.01 % x thousandths of a task x size, as [`Load::total`].
    all: u128,
    /// As if all tasks were as hot as the hottest: the rollups' unit x thousandths of a task.
    hottest: u128,
    /// The same of both for what a task needed then.
    past: (u128, u128),
    /// What a task does not fall below, however many there are.
    least: u64,
}

/// The service at the peak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    /// Tasks that policies ask for, and that may run.
    pub wanted: u32,
    pub most: u32,
    /// The hottest task's load, in the rollups' unit, of what policies follow.
    pub cpu: Option<u64>,
    pub memory: Option<u64>,
}

impl Peak {
    /// `None` where none is said to come. `used_up`: tasks used all they had, so that what they wanted is not
    /// known.
    pub(super) fn of(sizing: Sizing, plan: &Plan, series: &TaskSeries, used_up: bool) -> Option<Self> {
        let peak = sizing.peak;
        if peak == ExpectedPeak::NONE {
            return None;
        }
        let most_tasks = series.periods().map(|period| u128::from(period.tasks_milli)).max().unwrap_or(0);
        let total = |resource, task: u64, parts: u128, percentile: u32| {
            let of = |period: super::series::Period| -> (u32, Load) {
                match resource {
                    // A start-up is no load that more tasks would share.
                    Resource::Cpu => {
                        let hottest = period.cpu.hottest.filter(|_| !period.starting);
                        (period.tasks_milli, Load { hottest, ..period.cpu })
                    }
                    Resource::Memory => (period.tasks_milli, period.memory),
                }
            };
            let loads = || series.periods().map(of);
            let mut hot: Vec<u128> = loads()
                .filter_map(|(tasks, load)| Some(u128::from(load.hottest?) * u128::from(tasks)))
                .collect();
            hot.sort_unstable();
            let rank = (hot.len() * percentile as usize).div_ceil(10_000).max(1) - 1;
            let seen = loads().filter_map(|(_, load)| load.hottest).max().unwrap_or(0);
            let task = u128::from(task) * most_tasks;
            Total {
                all: loads().filter_map(|(_, load)| load.total).max().unwrap_or(0).into(),
                hottest: hot.get(rank).copied().unwrap_or(0),
                past: (task * 10_000 / parts, task),
                least: if resource == Resource::Memory { seen } else { 0 },
            }
        };
        let cpu_alone = plan.tracks(Resource::Cpu) && !plan.tracks(Resource::Memory);
        Some(Self {
            cpu: total(Resource::Cpu, peak.cpu, 1000, sizing.cpu_percentile),
            memory: total(Resource::Memory, peak.memory, 1024, 10_000),
            sizing,
            multiplies: cpu_alone && !plan.scale_out_suspended && !used_up,
        })
    }

    /// The service at the peak with tasks of `size` (CPU units, MiB), under `setting`.
    pub(super) fn standing(&self, plan: &Plan, setting: &Setting, size: (u32, u32)) -> Standing {
        let wanted = wanted(plan, setting, size, |resource| {
            let total = self.by(resource);
            self.times(total.all).max(total.past.0)
        });
        let Capacity { max: most, .. } = limits(plan, setting);
        let tasks = u128::from(standing(plan, setting, wanted)) * 1000;
        let load = |resource| {
            let total = self.by(resource);
            let hottest = self.times(total.hottest).max(total.past.1).div_ceil(tasks);
            plan.tracks(resource).then(|| u64::try_from(hottest).unwrap_or(u64::MAX).max(total.least))
        };
        Standing { wanted, most, cpu: load(Resource::Cpu), memory: load(Resource::Memory) }
    }

    /// Whether the upper limit leaves a task with more than its size holds with headroom.
    pub(super) fn is_short(&self, standing: Standing, resource: Resource, size: (u32, u32)) -> bool {
        let (load, headroom, holds) = match resource {
            Resource::Cpu => (standing.cpu, self.sizing.cpu_headroom, u64::from(size.0) * 1000),
            Resource::Memory => (standing.memory, self.sizing.memory_headroom, u64::from(size.1) * 1024),
        };
        standing.wanted > standing.most && load.is_some_and(|load| with(load, headroom) > holds)
    }

    /// What one task has to expect, where the window's largest memory of it would be `seen` (KiB): of the
    /// factor, in memory that no policy follows, what more tasks do not carry.
    pub(super) fn of_a_task(
        &self,
        plan: &Plan,
        setting: &Setting,
        size: (u32, u32),
        seen: u64,
    ) -> ExpectedPeak {
        let said = self.sizing.peak;
        if !self.multiplies {
            return said;
        }
        let tasks = |all: u128| standing(plan, setting, wanted(plan, setting, size, |_| all));
        let (before, then) = (tasks(self.cpu.all), tasks(self.times(self.cpu.all)));
        let mut memory = self.times(self.memory.hottest).div_ceil(u128::from(then) * 1000);
        if then > before {
            // A policy answers after minutes and tasks take time to start: until then there are no more of them.
            let whole = self.times(self.memory.hottest).div_ceil(u128::from(before) * 1000);
            let all_cpu = 10_000 * u128::from(size.0);
            let with_all_cpu = (self.memory.hottest * all_cpu).div_ceil(self.cpu.all.max(1));
            memory = memory.max(whole.min(with_all_cpu));
        }
        let whole = ExpectedPeak { memory: 0, ..said }.memory(seen);
        let memory = u64::try_from(memory).unwrap_or(u64::MAX).min(whole);
        if memory == whole {
            return said;
        }
        ExpectedPeak { factor: ExpectedPeak::NONE.factor, memory: said.memory.max(memory), ..said }
    }

    fn by(&self, resource: Resource) -> &Total {
        match resource {
            Resource::Cpu => &self.cpu,
            Resource::Memory => &self.memory,
        }
    }

    fn times(&self, seen: u128) -> u128 {
        (seen * u128::from(self.sizing.peak.factor)).div_ceil(100)
    }
}

/// The tasks of `size` that policies ask for, where `total` is what all of them use of a resource.
fn wanted(plan: &Plan, setting: &Setting, size: (u32, u32), total: impl Fn(Resource) -> u128) -> u32 {
    let asked = plan.tracking.iter().zip(&setting.targets).map(|(tracking, target)| {
        let size = match tracking.resource {
            Resource::Cpu => size.0,
            Resource::Memory => size.1,
        };
        let at_target = u128::from((*target).max(1)) * u128::from(size.max(1)) * 1000;
        u32::try_from(total(tracking.resource).div_ceil(at_target)).unwrap_or(u32::MAX)
    });
    asked.max().unwrap_or(0)
}

/// The tasks that run where so many are wanted; at least one.
fn standing(plan: &Plan, setting: &Setting, wanted: u32) -> u32 {
    let Capacity { min, max } = limits(plan, setting);
    wanted.clamp(min.max(1).min(max), max).max(1)
}

/// The limits with the largest upper one that a scheduled action sets or will set: a peak comes by day, or when it
/// is prepared for.
fn limits(plan: &Plan, setting: &Setting) -> Capacity {
    let acting = plan.schedule.actions.iter().filter(|action| action.simulated || action.to_come);
    let scheduled = acting.filter_map(|action| action.max).max().unwrap_or(0);
    setting.limits.apply(Capacity::new(plan.capacity.min, plan.capacity.max.max(scheduled)))
}
