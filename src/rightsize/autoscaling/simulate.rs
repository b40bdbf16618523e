//! [`simulate`]: how many tasks target tracking would have run.
//!
//! Takes a [`Plan`], a [`Setting`] (size, limits and targets to try) and the [`TaskSeries`]; gives the
//! number of tasks in every period. The service's total demand is taken as given: what `n` tasks used
//! together, `n'` tasks use together too.
//!
//! AWS publishes no formula. What follows models what its pages and consoles show:
//!
//! | rule | here |
//! |---|---|
//! | new count | `ceil(count x metric / target)`, which is `ceil(total / (size x target))` |
//! | scale-out alarm | above the target for 3 minutes: 3 periods of 60 s, 1 of 180 s and longer |
//! | scale-in alarm | below 90 % of the target for 15 minutes: 15 periods of 60 s, 3 of 300 s, 1 of 900 s and longer |
//! | scale-out cooldown | another scale-out waits, unless its step is larger than the last one's |
//! | scale-in cooldown | another scale-in waits; a scale-out ends the cooldown |
//! | several policies | out to the largest answer; in only if all that may scale in agree, and to the largest |
//! | missing data | neither scales in nor out, and both alarms start anew |
//! | deployment under way | no scale-in |
//! | scheduled action | sets the limits at once, without a cooldown |
//! | start | the number that ran; with a change, as many as the target asks for |
//! | nothing scales in (disabled in every policy, or suspended) | with a change, no fewer than ran, nor less capacity: they are still there |
//! | taking effect | in the next period |
//!
//! Worked, with 1 vCPU tasks and a target of 60 %:
//!
//! | total | tasks | metric | in force | answer |
//! |---|---|---|---|---|
//! | 3.2 vCPU | 4 | 80 % | scale-out alarm | `ceil(4 x 80 / 60)` = 6 |
//! | 2.0 vCPU | 4 | 50 % | scale-in alarm | `ceil(4 x 50 / 60)` = 4: one fewer would pass the target |
//! | 1.2 vCPU | 4 | 30 % | scale-in alarm | `ceil(4 x 30 / 60)` = 2 |
//! | 2.2 vCPU | 4 | 55 % | neither: 54 to 60 % is the slack | 4 |
//! | 1.2 vCPU | 8 of 0.5 vCPU | 30 % | scale-in alarm | 4 of 0.5 vCPU: half the size, twice the tasks |

use super::{
    capacity::{Capacity, Limits},
    series::{Period, TaskSeries},
    steering::{Plan, Resource, Tracking},
};

const SCALE_OUT_SECONDS: u32 = 180;
const SCALE_IN_SECONDS: u32 = 900;

/// What is tried.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Setting {
    /// CPU units and MiB of a task; `None`: what was in force at each moment.
    pub size: Option<(u32, u32)>,
    pub limits: Limits,
    /// The target of each of the plan's policies, in its order, in 0.01 %.
    pub targets: Vec<u32>,
}

impl Setting {
    /// What was in force: the reference that a simulation is judged by.
    pub fn unchanged(plan: &Plan) -> Self {
        Self {
            size: None,
            limits: Limits::AS_THEY_ARE,
            targets: plan.tracking.iter().map(|tracking| tracking.target).collect(),
        }
    }
}

/// What would have run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulated {
    /// Tasks in each of the series' periods.
    pub tasks: Vec<u32>,
    /// Their sum: task-periods.
    pub task_periods: u64,
    pub held_back: HeldBack,
}

impl Simulated {
    /// In the period with the fewest.
    pub fn least(&self) -> u32 {
        self.tasks.iter().copied().min().unwrap_or(0)
    }
}

/// Where as many tasks ran as may, and a policy asked for more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeldBack {
    /// Numbers of the series' periods in which a policy on CPU did, and on memory.
    pub cpu: Vec<usize>,
    pub memory: Vec<usize>,
    /// The tasks asked for and those that may run, where the first are the largest multiple.
    pub most: Option<(u32, u32)>,
}

impl HeldBack {
    pub fn by(&self, resource: Resource) -> &[usize] {
        match resource {
            Resource::Cpu => &self.cpu,
            Resource::Memory => &self.memory,
        }
    }

    fn note(&mut self, period: usize, resource: Resource, wanted: u32, most: u32) {
        let periods = match resource {
            Resource::Cpu => &mut self.cpu,
            Resource::Memory => &mut self.memory,
        };
        if periods.last() != Some(&period) {
            periods.push(period);
        }
        let larger = |(a, b): (u32, u32)| u64::from(wanted) * u64::from(b) > u64::from(a) * u64::from(most);
        if self.most.is_none_or(larger) {
            self.most = Some((wanted, most));
        }
    }
}

/// One policy's alarms: how many periods in a row have been beyond them.
#[derive(Debug, Clone, Copy, Default)]
struct Alarms {
    above: u32,
    below: u32,
    /// The service's total and one task at the target, if there was a metric.
    latest: Option<(u64, u64)>,
}

impl Alarms {
    /// What the policy asks for.
    fn desired(&self) -> Option<u32> {
        self.latest.map(|(total, at_target)| tasks_for(total, at_target))
    }
}

fn tasks_for(total: u64, at_target: u64) -> u32 {
    u32::try_from(total.div_ceil(at_target)).unwrap_or(u32::MAX)
}

/// Moves through the series.
struct Simulator<'a> {
    plan: &'a Plan,
    setting: &'a Setting,
    capacity: Capacity,
    /// The highest lower limit so far, as it is.
    least: u32,
    next_change: usize,
    tasks: u32,
    alarms: Vec<Alarms>,
    /// Time until which another scale-out must be larger than `last_step`.
    scale_out_until: i64,
    last_step: u32,
    scale_in_until: i64,
    /// Periods that the alarms need.
    periods_out: u32,
    periods_in: u32,
    period_seconds: i64,
    held_back: HeldBack,
}

/// The number of tasks in every period of `series` under `setting`.
pub fn simulate(plan: &Plan, setting: &Setting, series: &TaskSeries) -> Simulated {
    let mut simulator = Simulator {
        plan,
        setting,
        capacity: setting.limits.apply(plan.capacity),
        least: plan.capacity.min,
        next_change: 0,
        tasks: 0,
        alarms: vec![Alarms::default(); plan.tracking.len()],
        scale_out_until: i64::MIN,
        last_step: 0,
        scale_in_until: i64::MIN,
        periods_out: SCALE_OUT_SECONDS.div_ceil(series.period_seconds()),
        periods_in: SCALE_IN_SECONDS.div_ceil(series.period_seconds()),
        period_seconds: i64::from(series.period_seconds()),
        held_back: HeldBack::default(),
    };
    let mut tasks = Vec::with_capacity(series.len());
    let mut deployments = series.deployments().iter().peekable();
    let mut expected: Option<i64> = None;
    for period in series.periods() {
        simulator.take_scheduled(period.second);
        match expected {
            None => simulator.tasks = simulator.start(&period),
            Some(second) if second != period.second => simulator.forget(),
            Some(_) => {}
        }
        simulator.tasks = simulator.tasks.clamp(simulator.capacity.min, simulator.capacity.max);
        if plan.follows_other {
            // The policy that is not seen wanted this many, at whatever size.
            let others = period.tasks_milli.div_ceil(1000).min(simulator.capacity.max);
            simulator.tasks = simulator.tasks.max(others);
        }
        tasks.push(simulator.tasks.max(simulator.kept(&period)));
        let end = period.second.saturating_add(simulator.period_seconds);
        while deployments.next_if(|(_, to)| *to <= period.second).is_some() {}
        let deploying = deployments.peek().is_some_and(|(from, _)| *from < end);
        simulator.observe(&period);
        simulator.note_held_back(tasks.len() - 1);
        simulator.act(end, deploying);
        expected = Some(end);
    }
    let task_periods = tasks.iter().map(|tasks| u64::from(*tasks)).sum();
    Simulated { tasks, task_periods, held_back: simulator.held_back }
}

impl Simulator<'_> {
    fn take_scheduled(&mut self, now: i64) {
        let changes = &self.plan.schedule.changes;
        while let Some(change) = changes.get(self.next_change).filter(|change| change.second <= now) {
            self.next_change += 1;
            self.least = self.least.max(change.min.unwrap_or(0));
            // A limit that the action leaves alone is the one before it.
            let (min, max) = self.setting.limits.apply_to_action((change.min, change.max));
            let before = self.capacity;
            self.capacity = Capacity::new(min.unwrap_or(before.min), max.unwrap_or(before.max));
        }
    }

    /// The tasks that ran; of another size or target, as many as hold the same in every followed
    /// resource, or only as many as the target asks for where scaling in would soon have come to that.
    fn start(&self, first: &Period) -> u32 {
        let tasks = self.as_many(first);
        let unchanged = self.setting.size.is_none() && self.setting.limits == Limits::AS_THEY_ARE;
        if unchanged {
            return tasks;
        }
        if self.plan.scale_in_suspended || self.plan.tracking.iter().any(|t| !t.scale_in) {
            return self.standing(first);
        }
        let wanted = |index: usize| self.at_target(first, index).map(|(total, one)| tasks_for(total, one));
        let wanted: Option<Vec<u32>> = (0..self.plan.tracking.len()).map(wanted).collect();
        let wanted = wanted.and_then(|wanted| wanted.into_iter().max());
        wanted.map_or(tasks, |wanted| tasks.min(wanted.max(1)))
    }

    /// The tasks that hold what ran, in every followed resource.
    fn as_many(&self, period: &Period) -> u32 {
        let ran = u64::from(period.tasks_milli.div_ceil(1000));
        let same_capacity = |tracking: &Tracking| {
            let (was, is) = (size_of(period, tracking.resource), self.size(period, tracking.resource));
            (ran * was).div_ceil(is.max(1))
        };
        let tasks = self.plan.tracking.iter().map(same_capacity).max().unwrap_or(ran);
        u32::try_from(tasks).unwrap_or(u32::MAX)
    }

    /// The same where nothing takes tasks away: no load asked for the minimum, and no size makes more of it. Those of a
    /// higher one before are still there.
    fn standing(&self, period: &Period) -> u32 {
        let ran = period.tasks_milli.div_ceil(1000);
        if ran <= self.least { ran } else { self.as_many(period) }
    }

    /// The tasks that no change takes away: those that ran, or as many smaller ones as hold the same. They
    /// are no reason for more of them later on, as those that a deployment starts besides are not. What
    /// is compared with what ran goes without.
    fn kept(&self, period: &Period) -> u32 {
        if self.setting.size.is_none() || !self.plan.never_scales_in() {
            return 0;
        }
        self.standing(period).max(period.tasks_milli.div_ceil(1000)).min(self.capacity.max)
    }

    /// The service's total, and one task at the policy's target, in the same unit: 0.01 % x thousandths
    /// of a task x size. `None` where there is no metric.
    fn at_target(&self, period: &Period, index: usize) -> Option<(u64, u64)> {
        let tracking = self.plan.tracking.get(index)?;
        let total = match tracking.resource {
            Resource::Cpu => period.cpu.total,
            Resource::Memory => period.memory.total,
        };
        let size = self.size(period, tracking.resource);
        let target = self.setting.targets.get(index).copied().unwrap_or(tracking.target);
        let total = total.filter(|_| period.tasks_milli > 0 && size > 0)?;
        Some((total, u64::from(target.max(1)).saturating_mul(size).saturating_mul(1000)))
    }

    fn size(&self, period: &Period, resource: Resource) -> u64 {
        match (self.setting.size, resource) {
            (None, resource) => size_of(period, resource),
            (Some((cpu, _)), Resource::Cpu) => cpu.into(),
            (Some((_, memory)), Resource::Memory) => memory.into(),
        }
    }

    fn forget(&mut self) {
        self.alarms.fill(Alarms::default());
    }

    /// Compares this period's metric with every policy's alarms.
    fn observe(&mut self, period: &Period) {
        for index in 0..self.alarms.len() {
            let Some((total, at_target)) = self.at_target(period, index) else {
                self.alarms[index] = Alarms::default();
                continue;
            };
            let all_at_target = u128::from(at_target) * u128::from(self.tasks);
            let (above, below) =
                (u128::from(total) > all_at_target, u128::from(total) * 10 < all_at_target * 9);
            let alarms = &mut self.alarms[index];
            alarms.above = if above { alarms.above.saturating_add(1) } else { 0 };
            alarms.below = if below { alarms.below.saturating_add(1) } else { 0 };
            alarms.latest = Some((total, at_target));
        }
    }

    /// Whether more tasks are asked for than may run, where those run already.
    fn note_held_back(&mut self, period: usize) {
        let most = self.capacity.max;
        if self.plan.scale_out_suspended || self.tasks < most || most == 0 {
            return;
        }
        for (tracking, alarms) in self.plan.tracking.iter().zip(&self.alarms) {
            if let Some(wanted) = alarms.desired().filter(|wanted| *wanted > most)
                && alarms.above >= self.periods_out
            {
                self.held_back.note(period, tracking.resource, wanted, most);
            }
        }
    }

    /// Scales, in force from the next period on.
    fn act(&mut self, now: i64, deploying: bool) {
        let policies = || self.plan.tracking.iter().zip(&self.alarms);
        if !self.plan.scale_out_suspended {
            let largest = policies()
                .filter(|(_, alarms)| alarms.above >= self.periods_out)
                .filter_map(|(tracking, alarms)| Some((alarms.desired()?.min(self.capacity.max), tracking)))
                .max_by_key(|(desired, _)| *desired);
            if let Some((desired, tracking)) = largest.filter(|(desired, _)| *desired > self.tasks) {
                let step = desired - self.tasks;
                if now >= self.scale_out_until || step > self.last_step {
                    self.tasks = desired;
                    self.last_step = step;
                    self.scale_out_until = now.saturating_add(tracking.scale_out_cooldown.into());
                    self.scale_in_until = i64::MIN;
                    return;
                }
            }
        }
        if self.plan.scale_in_suspended || deploying || now < self.scale_in_until {
            return;
        }
        let voters = || policies().filter(|(tracking, _)| tracking.scale_in);
        if voters().any(|(_, alarms)| alarms.below < self.periods_in) {
            return;
        }
        let largest = voters().filter_map(|(_, alarms)| alarms.desired()).max();
        // Scaling to none is left to people: nothing would bring the first task back.
        let desired = largest.map(|desired| desired.max(1).max(self.capacity.min));
        if let Some(desired) = desired.filter(|desired| *desired < self.tasks) {
            let cooldown = voters().map(|(tracking, _)| tracking.scale_in_cooldown).max().unwrap_or(0);
            self.tasks = desired;
            self.scale_in_until = now.saturating_add(cooldown.into());
        }
    }
}

fn size_of(period: &Period, resource: Resource) -> u64 {
    match resource {
        Resource::Cpu => period.requested.cpu.0.into(),
        Resource::Memory => period.requested.memory.0.into(),
    }
}
