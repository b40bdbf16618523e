//! [`Facts`]: one workload with all that is known of it, and what a rating on Fargate starts from.

use std::collections::{BTreeMap, BTreeSet};

use super::{standalone, task_skew};
use crate::{
    config::{Config, Resolved},
    demand::{Requested, Runs, Screened, StartUp, Timeline, WindowDemand},
    fargate::{FREE_EPHEMERAL_STORAGE, TaskSize},
    launch::{Host, InstanceShares},
    pricing::{NoPrice, PriceBook, TaskCost, TaskShape},
    report::CurrentSize,
    rightsize::{
        Calibration, DimensionRating, Learnt, Member, Purchase, Rating, Reason, Sparse, Subject, Unrated,
        Unsupported,
        autoscaling::{ReplicaPeaks, Schedule, TaskSeries, enough_tasks, fewest_tasks},
        member, rate,
    },
    snapshot::{Gap, Inventory, Window},
    units::{HOURS_PER_MONTH, TaskTime, Usd, decimal_as_f64},
    workload::{
        LaunchType, Platform, PurchaseSplit, Region, ScalableTarget, ScheduledAction, Scheduling,
        TaskDefinition, TaskFacts, Workload, WorkloadIdentity, WorkloadKind, spot_share,
    },
};
use rust_decimal::Decimal;

/// Everything known of one workload.
pub(super) struct Facts<'a> {
    pub workload: &'a Workload,
    pub inventory: &'a Inventory,
    pub timeline: Option<&'a Timeline>,
    pub demand: Option<&'a WindowDemand>,
    pub start_up: Option<&'a StartUp>,
    /// Of tasks that come and go.
    pub runs: Option<&'a Runs>,
    /// What of its series could not be, and is in none of the above.
    pub screened: Screened,
    pub series: Option<&'a TaskSeries>,
    pub peaks: Option<ReplicaPeaks>,
    /// In the hour with the fewest; of services.
    pub least_tasks: Option<u32>,
    pub window: Window,
    pub refused: &'a Refused<'a>,
    /// What the instances of the fleet cost, and who takes what of them.
    pub shares: &'a InstanceShares,
    /// Instances that a service could have to itself, by region.
    pub hosts: &'a BTreeMap<&'a Region, Vec<Host>>,
}

/// What could not be collected, as far as it changes what may be said of a workload: the scopes of
/// the gaps, which are `account/region` or a workload's id.
pub(super) struct Refused<'a> {
    metrics: BTreeSet<&'a str>,
    scalable_targets: BTreeSet<&'a str>,
    /// Or policies and scheduled actions, which act on targets.
    scaling: BTreeSet<&'a str>,
}

impl<'a> Refused<'a> {
    pub(super) fn of(gaps: &'a [Gap]) -> Self {
        let scopes = |is_of: fn(&str) -> bool| {
            gaps.iter().filter(|gap| is_of(&gap.api)).map(|gap| gap.scope.as_str()).collect()
        };
        Self {
            metrics: scopes(|api| api == "cloudwatch:GetMetricData"),
            scalable_targets: scopes(|api| api == "application-autoscaling:DescribeScalableTargets"),
            scaling: scopes(|api| api.starts_with("application-autoscaling:")),
        }
    }

    fn concerns(scopes: &BTreeSet<&str>, identity: &WorkloadIdentity) -> bool {
        let place = format!("{}/{}", identity.account_id, identity.region);
        scopes.contains(place.as_str()) || scopes.contains(identity.id().as_str())
    }
}

pub(super) struct Prepared {
    pub(super) platform: Platform,
    pub(super) split: PurchaseSplit,
    pub(super) priced: Result<Priced, Unrated>,
}

/// The window's cost by the sizes in force, and an hour at the current size.
pub(super) struct Priced {
    pub(super) window: Usd,
    pub(super) current_hourly: Usd,
}

/// Fewer replicas than are wanted now, that would have held the peak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FewerTasks {
    pub desired: u32,
    pub tasks: u32,
}

impl<'a> Facts<'a> {
    /// The revision in force last, if its definition was collected.
    pub(super) fn definition(&self) -> Option<&'a TaskDefinition> {
        let revision = self.workload.revisions.last()?;
        self.inventory.task_definitions.get(&revision.task_definition)
    }

    /// Whether an earlier revision ran on another platform than the one that the window is priced as.
    pub(super) fn platform_changed(&self) -> bool {
        let definitions = &self.inventory.task_definitions;
        let mut platforms = self
            .workload
            .revisions
            .iter()
            .filter_map(|revision| Some(definitions.get(&revision.task_definition)?.platform));
        platforms.next().is_some_and(|first| platforms.any(|other| other != first))
    }

    pub(super) fn current(&self, definition: Option<&TaskDefinition>) -> CurrentSize {
        let (cpu, memory) = definition.map_or((None, None), TaskDefinition::requested);
        let fargate = self.workload.launch_type == LaunchType::Fargate;
        CurrentSize {
            cpu_units: cpu.map(|cpu| cpu.0),
            memory_mib: memory.map(|memory| memory.0),
            ephemeral_storage_gib: definition
                .filter(|_| fargate)
                .map(|definition| definition.ephemeral_storage.unwrap_or(FREE_EPHEMERAL_STORAGE).0),
        }
    }

    /// 730 hours over the window's hours.
    pub(super) fn months_per_window(&self) -> Decimal {
        let seconds = self.window.seconds().max(1);
        Decimal::from(u64::from(HOURS_PER_MONTH) * 3600) / Decimal::from(seconds)
    }

    pub(super) fn window_hours(&self) -> Decimal {
        Decimal::from(self.window.seconds().max(1)) / Decimal::from(3600)
    }

    /// How the strategy divides tasks that run so long in the window between on-demand and Spot.
    pub(super) fn split(&self, time: TaskTime) -> PurchaseSplit {
        spot_share(&self.workload.strategy, self.mean_tasks_milli(time))
    }

    /// Thousandths of a task that ran on average while any did.
    pub(super) fn mean_tasks_milli(&self, time: TaskTime) -> u64 {
        match self.demand {
            Some(demand) => self.purchase(demand).mean_tasks_milli(time),
            None => u64::from(self.workload.desired_count.unwrap_or(0)) * 1000,
        }
    }

    fn purchase(&self, demand: &WindowDemand) -> Purchase<'a> {
        Purchase {
            strategy: &self.workload.strategy,
            running_seconds: demand.periods * u64::from(self.window.period_seconds.max(1)),
        }
    }

    pub(super) fn shape(&self, platform: Platform, requested: Requested) -> TaskShape {
        TaskShape {
            region: self.workload.identity.region.clone(),
            platform,
            cpu: requested.cpu,
            memory: requested.memory,
            ephemeral_storage: requested.ephemeral_storage,
        }
    }

    /// Costs by Fargate's rates; the reason where there are none.
    fn priced(&self, book: &PriceBook, platform: Platform, split: PurchaseSplit) -> Result<Priced, Unrated> {
        if let Some(unrated) = off_fargate(self.workload.launch_type) {
            return Err(unrated);
        }
        let timeline = self.timeline.ok_or_else(|| {
            Unrated::new(
                Reason::MissingTaskSize,
                "the task definition was not collected, or it has no task-level cpu and memory",
            )
        })?;
        let no_price = |error: NoPrice| Unrated::new(Reason::NoPriceForRegion, error.to_string());
        let hourly = |requested| -> Result<Usd, Unrated> {
            let cost = TaskCost::split(book, &self.shape(platform, requested), split).map_err(no_price)?;
            Ok(cost.hourly())
        };
        let current = hourly(timeline.current())?;
        let Some(demand) = self.demand else {
            // Whether nothing ran or nothing was measured decides between zero cost and no cost.
            return match self.no_samples() {
                Unrated { reason: Reason::NoRunningTasks, .. } => {
                    Ok(Priced { window: Usd::ZERO, current_hourly: current })
                }
                unrated => Err(unrated),
            };
        };
        let mut window = Usd::ZERO;
        for (requested, time) in &demand.task_time {
            window += hourly(*requested)? * time.hours();
        }
        Ok(Priced { window, current_hourly: current })
    }

    /// Whether it is known what scales it, be it nothing.
    pub(super) fn scaling_is_known(&self) -> bool {
        let refused = match &self.workload.scaling {
            Some(_) => &self.refused.scaling,
            // Without a target, nothing acts.
            None => &self.refused.scalable_targets,
        };
        !Refused::concerns(refused, &self.workload.identity)
    }

    /// Whether tasks ran in the window and none is wanted now.
    pub(super) fn is_scaled_to_zero(&self) -> bool {
        self.demand.is_some() && self.workload.desired_count == Some(0)
    }

    pub(super) fn no_samples(&self) -> Unrated {
        // First of all: what was not seen is not known to be nothing.
        if Refused::concerns(&self.refused.metrics, &self.workload.identity) {
            return Unrated::new(Reason::NoMetrics, "its metrics could not be collected; see the gaps");
        }
        if self.screened.impossible > 0 {
            return Unrated::new(Reason::NoMetrics, "what was measured of it cannot be; see its evidence");
        }
        if self.workload.desired_count == Some(0) {
            return Unrated::new(Reason::NoRunningTasks, "no task ran in the window and none is wanted");
        }
        if self.workload.identity.kind == WorkloadKind::Standalone {
            return Unrated::new(Reason::NoRunningTasks, "no task of this family ran in the window");
        }
        let none = "CloudWatch has no utilization of it in the window";
        match (self.workload.desired_count, self.workload.running_count) {
            (Some(wanted), Some(0)) => {
                let are = if wanted == 1 { "task is" } else { "tasks are" };
                Unrated::new(Reason::NoMetrics, format!("{wanted} {are} wanted and none runs: {none}"))
            }
            _ => Unrated::new(Reason::NoMetrics, none),
        }
    }

    /// This workload as the calibration of its fleet sees it; `None` where it is not rated.
    pub(super) fn member(&self, book: &PriceBook, config: &Config) -> Option<Member> {
        let days = i64::try_from(self.window.seconds().div_ceil(86_400)).unwrap_or(i64::MAX);
        self.with_subject(config, &config.for_workload(self.workload), &self.prepared(book), |subject| {
            member(subject, book, days)
        })
        .ok()
        .flatten()
    }

    /// What the calibration of its fleet says for this workload.
    pub(super) fn learnt<'c>(&self, calibration: &'c Result<Calibration, Unsupported>) -> Option<Learnt<'c>> {
        Learnt::of(calibration, self.demand.map_or(0, |demand| self.days_seen(demand)))
    }

    /// What pricing and rating both start from.
    pub(super) fn prepared(&self, book: &PriceBook) -> Prepared {
        let platform = self.definition().map_or_else(Platform::default, |definition| definition.platform);
        let split = self.split(self.demand.map_or(TaskTime::ZERO, WindowDemand::total_task_time));
        Prepared { platform, split, priced: self.priced(book, platform, split) }
    }

    /// The rating, or the first thing that stands against one.
    pub(super) fn rating(
        &self,
        book: &PriceBook,
        config: &Config,
        in_force: &Resolved,
        learnt: Option<Learnt<'_>>,
        prepared: &Prepared,
    ) -> Result<Rating, Unrated> {
        let rating =
            self.with_subject(config, in_force, prepared, |subject| rate(subject, book, config, learnt))?;
        match &rating.cpu {
            DimensionRating::NotRated(unrated) if rating.is_unrated() => Err(unrated.clone()),
            _ => Ok(rating),
        }
    }

    /// Asks about the subject that this workload makes, or says what stands against one.
    pub(super) fn with_subject<T>(
        &self,
        config: &Config,
        in_force: &Resolved,
        Prepared { platform, priced, .. }: &Prepared,
        answer: impl FnOnce(&Subject<'_>) -> Result<T, NoPrice>,
    ) -> Result<T, Unrated> {
        if let Some(reason) = &in_force.exclude {
            return Err(Unrated::new(Reason::Excluded, reason));
        }
        if let Some(unrated) = off_fargate(self.workload.launch_type) {
            return Err(unrated);
        }
        let (platform, unpriced) = (*platform, priced.as_ref().err());
        let definition = self.definition();
        let (Some(timeline), Some(definition)) = (self.timeline, definition) else {
            return Err(unpriced.cloned().unwrap_or_else(|| self.no_samples()));
        };
        let Requested { cpu, memory, .. } = timeline.current();
        let size = TaskSize::new(cpu, memory, platform.os)
            .map_err(|error| Unrated::new(Reason::InvalidTaskSize, error.to_string()))?;
        let demand = self.demand.ok_or_else(|| self.no_samples())?;
        if let Some(unpriced) = unpriced {
            return Err(unpriced.clone());
        }
        match self.runs {
            Some(runs) => standalone::enough_runs(runs)?,
            None => self.enough_evidence(demand, config)?,
        }
        let sparse = self.sparse(demand, config);
        let demand = &sparse.left_out_of(demand);
        let task_facts = self.task_facts(config);
        let subject = Subject {
            definition,
            size,
            shape: &self.shape(platform, timeline.current()),
            purchase: self.purchase(demand),
            demand,
            sparse,
            scaling: self.workload.scaling.as_ref(),
            series: self.series,
            facts: &task_facts,
            start_up: self.start_up.filter(|_| sparse.cpu.is_none()),
            observed_days: self.days_seen(demand).max(1),
            monthly_task_hours: decimal_as_f64(demand.total_task_time().hours() * self.months_per_window()),
            sizing: in_force.sizing,
        };
        let no_price = |error: NoPrice| Unrated::new(Reason::NoPriceForRegion, error.to_string());
        answer(&subject).map_err(no_price)
    }

    /// Desired tasks, and how many fewer would do after the change of size, where nothing scales the
    /// service.
    pub(super) fn fewer_tasks(&self, subject: &Subject<'_>, rating: &Rating) -> Option<FewerTasks> {
        let desired = self.workload.desired_count?;
        if self.workload.scheduling != Scheduling::Replica || rating.is_underprovisioned() {
            return None;
        }
        let size = rating.choice.map_or(subject.size, |choice| choice.size);
        let tasks = fewest_tasks(subject, self.peaks?, size, desired)?;
        Some(FewerTasks { desired, tasks })
    }

    /// How many tasks of the present size would do, where nothing scales the service, several share its load, as far as
    /// is known evenly, and CPU alone is short.
    pub(super) fn more_tasks(&self, subject: &Subject<'_>, rating: &Rating) -> Option<u32> {
        let desired = self.workload.desired_count.filter(|desired| *desired >= 2)?;
        let cpu_alone = rating.cpu == DimensionRating::Underprovisioned
            && rating.memory != DimensionRating::Underprovisioned;
        let cpu_skew = self.workload.facts.task_skew.and_then(|skew| skew.cpu);
        let is_uneven = cpu_skew.and_then(task_skew::hot).is_some();
        let is_replica = self.workload.scheduling == Scheduling::Replica;
        if !is_replica || !cpu_alone || is_uneven || !self.scaling_is_known() {
            return None;
        }
        enough_tasks(subject, self.peaks?, desired)
    }

    /// What one of so many tasks of the present size costs an hour, and their time in the window.
    pub(super) fn at_count(
        &self,
        book: &PriceBook,
        platform: Platform,
        tasks: u32,
    ) -> Option<(Usd, TaskTime)> {
        let seconds = self.demand?.periods.saturating_mul(self.window.period_seconds.into());
        let split = spot_share(&self.workload.strategy, u64::from(tasks) * 1000);
        let cost = TaskCost::split(book, &self.shape(platform, self.timeline?.current()), split).ok()?;
        Some((cost.hourly(), TaskTime::from_secs(seconds.saturating_mul(tasks.into()))))
    }

    /// What its tasks showed, with what the settings say of all tasks.
    pub(super) fn task_facts(&self, config: &Config) -> TaskFacts {
        let platform = self.definition().map_or_else(Platform::default, |definition| definition.platform);
        self.workload.facts.clone().with_agent(config.guard_duty_agent, platform.os)
    }

    /// Seconds from the first sample to the window's end.
    pub(super) fn observed_seconds(&self, demand: &WindowDemand) -> u64 {
        u64::try_from(self.window.end.as_second() - demand.first_sample).unwrap_or(0)
    }

    /// Whole days of them; of tasks that come and go, those with a run, and of what may sleep, those with a sample, as
    /// days without one showed nothing.
    pub(super) fn days_seen(&self, demand: &WindowDemand) -> u64 {
        let days = self.observed_seconds(demand) / 86_400;
        match self.runs {
            Some(runs) => runs.days,
            None if self.may_sleep() => days.min(demand.days_with_samples()),
            None => days,
        }
    }

    /// Periods since the first sample.
    fn observed_periods(&self, demand: &WindowDemand) -> u64 {
        self.observed_seconds(demand).div_ceil(u64::from(self.window.period_seconds.max(1)))
    }

    /// Share (of 10,000) of the periods since the first sample that have one.
    pub(super) fn coverage(&self, demand: &WindowDemand) -> u64 {
        demand.periods * 10_000 / self.observed_periods(demand).max(1)
    }

    /// Whether auto scaling may have let no task run, so that a period without a sample is no gap.
    pub(super) fn may_sleep(&self) -> bool {
        self.workload.scaling.as_ref().is_some_and(|target| {
            target.min_capacity == 0 || !target.scheduled_suspended && self.is_put_to_sleep(target)
        })
    }

    /// Whether a scheduled action did in the window, as far as its schedule is understood.
    fn is_put_to_sleep(&self, target: &ScalableTarget) -> bool {
        let is_none =
            |action: &&ScheduledAction| [action.min_capacity, action.max_capacity].contains(&Some(0));
        let actions: Vec<ScheduledAction> =
            target.scheduled_actions.iter().filter(is_none).cloned().collect();
        let schedule = Schedule::of(&actions, (self.window.start.as_second(), self.window.end.as_second()));
        !schedule.changes.is_empty() || !schedule.not_understood.is_empty()
    }

    /// The resources with too few samples. Tasks that come and go have none between their runs.
    pub(super) fn sparse(&self, demand: &WindowDemand, config: &Config) -> Sparse {
        let come_and_go = self.runs.is_some() || self.may_sleep();
        let periods = if come_and_go { demand.periods } else { self.observed_periods(demand) };
        Sparse::of(demand, periods, config.evidence.min_coverage_percent)
    }

    pub(super) fn enough_evidence(&self, demand: &WindowDemand, config: &Config) -> Result<(), Unrated> {
        let rules = &config.evidence;
        let hours = self.observed_seconds(demand) / 3600;
        if hours < u64::from(rules.min_hours) {
            return Err(Unrated::new(
                Reason::TooNew,
                format!("the first sample is {hours} hours old; at least {} are needed", rules.min_hours),
            ));
        }
        let coverage = self.coverage(demand) / 100;
        if coverage < u64::from(rules.min_coverage_percent) {
            let ran = demand.periods * u64::from(self.window.period_seconds) / 3600;
            let gap = |detail| Err(Unrated::new(Reason::GapInMetrics, detail));
            if !self.may_sleep() {
                return gap(format!(
                    "{coverage} % of the periods since the first sample have one; at least {} % are needed",
                    rules.min_coverage_percent
                ));
            }
            if ran < u64::from(rules.min_hours) {
                return gap(format!(
                    "it ran for {ran} hours of the window; at least {} are needed of what may run no task",
                    rules.min_hours
                ));
            }
        }
        let mixed = demand.mixed_periods * 100 / demand.periods.max(1);
        if mixed > u64::from(rules.max_mixed_percent) {
            return Err(Unrated::new(
                Reason::MixedRevisions,
                format!(
                    "tasks of different sizes ran side by side in {mixed} % of the periods; at most {} % may be",
                    rules.max_mixed_percent
                ),
            ));
        }
        Ok(())
    }
}

/// Launch types that Fargate's rates and sizes do not apply to.
fn off_fargate(launch_type: LaunchType) -> Option<Unrated> {
    let (reason, detail) = match launch_type {
        LaunchType::Fargate => return None,
        LaunchType::Ec2 => (
            Reason::Ec2LaunchType,
            "it runs on container instances, which are rated by what is reserved of them",
        ),
        LaunchType::External => {
            (Reason::ExternalLaunchType, "it runs on machines of your own (ECS Anywhere)")
        }
        LaunchType::ManagedInstances => (
            Reason::ManagedInstances,
            "it runs on ECS Managed Instances, which are rated by what is reserved of them",
        ),
        LaunchType::Unknown => (
            Reason::UnknownLaunchType,
            "neither a launch type nor the kind of its capacity provider is known",
        ),
    };
    Some(Unrated::new(reason, detail))
}
