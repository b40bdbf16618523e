//! One workload: from its facts to its row of the report.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::wording::{container_report, demand_report, guard_report, reported, scaling, verdict};
use super::{
    options::{FewerTasks, opportunities},
    standalone, task_skew,
};
use crate::{
    config::{Config, LeastChange, Resolved},
    demand::{Observed, Requested, Runs, StartUp, Timeline, WindowDemand},
    fargate::{FREE_EPHEMERAL_STORAGE, TaskSize},
    pricing::{NoPrice, PriceBook, TaskCost, TaskShape},
    report::{
        CurrentSize, Evidence, PlatformReport, Quantity, Recommendation, SettingReport, WorkloadReport,
    },
    rightsize::{
        Calibration, DimensionRating, Member, Rating, Reason, Subject, Unrated, Unsupported,
        autoscaling::{self, ReplicaPeaks, TaskSeries, fewest_tasks},
        member, rate,
    },
    snapshot::{Gap, Inventory, Window},
    units::{HOURS_PER_MONTH, TaskTime, Usd, decimal_as_f64},
    workload::{
        HistorySource, InjectedContainer, LaunchType, OperatingSystem, Platform, PurchaseSplit, Scheduling,
        TaskDefinition, TaskFacts, Workload, WorkloadIdentity, WorkloadKind, spot_share,
    },
};

/// Everything known of one workload.
pub(super) struct Facts<'a> {
    pub workload: &'a Workload,
    pub inventory: &'a Inventory,
    pub timeline: Option<&'a Timeline>,
    pub demand: Option<&'a WindowDemand>,
    pub start_up: Option<&'a StartUp>,
    /// Of tasks that come and go.
    pub runs: Option<&'a Runs>,
    pub series: Option<&'a TaskSeries>,
    pub peaks: Option<ReplicaPeaks>,
    pub window: Window,
    pub refused: &'a Refused<'a>,
}

/// What could not be collected, as far as it changes what may be said of a workload: the scopes of
/// the gaps, which are `account/region` or a workload's id.
pub(super) struct Refused<'a> {
    metrics: BTreeSet<&'a str>,
    scaling: BTreeSet<&'a str>,
}

impl<'a> Refused<'a> {
    pub(super) fn of(gaps: &'a [Gap]) -> Self {
        let scopes = |is_of: fn(&str) -> bool| {
            gaps.iter().filter(|gap| is_of(&gap.api)).map(|gap| gap.scope.as_str()).collect()
        };
        Self {
            metrics: scopes(|api| api == "cloudwatch:GetMetricData"),
            scaling: scopes(|api| api.starts_with("application-autoscaling:")),
        }
    }

    fn concerns(scopes: &BTreeSet<&str>, identity: &WorkloadIdentity) -> bool {
        let place = format!("{}/{}", identity.account_id, identity.region);
        scopes.contains(place.as_str()) || scopes.contains(identity.id().as_str())
    }
}

/// The row of a workload: always one, with figures or with the reason why not.
pub(super) fn report_on(
    facts: &Facts<'_>,
    book: &PriceBook,
    config: &Config,
    calibrations: &BTreeMap<u32, Result<Calibration, Unsupported>>,
) -> WorkloadReport {
    let Facts { workload, demand, .. } = *facts;
    let definition = facts.definition();
    let time = demand.map_or(TaskTime::ZERO, WindowDemand::total_task_time);
    let known_size = facts.timeline.is_some();
    let prepared = facts.prepared(book);
    let in_force = config.for_workload(workload);
    let calibration =
        calibrations.get(&in_force.sizing.risk).and_then(|calibration| calibration.as_ref().ok());
    let rating = facts.rating(book, config, &in_force, calibration, &prepared);
    let Prepared { platform, split, ref priced } = prepared;

    let paid = config.discount.factor();
    let list_month = |hourly: Usd, time: TaskTime| hourly * (time.hours() * facts.months_per_window());
    let month = |hourly: Usd, time: TaskTime| (list_month(hourly, time) * paid).rounded();
    let monthly_cost = priced.as_ref().ok().map(|cost| month(cost.current_hourly, time));
    let list_monthly_cost = priced.as_ref().ok().map(|cost| list_month(cost.current_hourly, time).rounded());
    let window_cost = priced.as_ref().ok().map(|cost| (cost.window * paid).rounded());
    let rating = rating.map(|rating| match (rating.choice, monthly_cost) {
        (Some(choice), Some(now)) => {
            let savings = now - month(choice.hourly, rating.task_time(time));
            only_if_worth_it(rating, config.change, savings, now)
        }
        _ => rating,
    });
    let recommendation = rating.as_ref().ok().and_then(|rating| {
        let choice = rating.choice?;
        let cost = month(choice.hourly, rating.task_time(time));
        let savings = monthly_cost.map(|now| now - cost);
        Some(Recommendation {
            cpu_units: choice.size.cpu().0,
            memory_mib: choice.size.memory().0,
            monthly_cost: Some(cost),
            monthly_savings: savings,
            savings_percent: savings
                .zip(monthly_cost)
                .filter(|(_, now)| now.0 > Decimal::ZERO)
                .map(|(saved, now)| Quantity((saved.0 / now.0 * Decimal::ONE_HUNDRED).round_dp(2))),
            performance_risk: choice.risk.as_str().to_owned(),
            lower_bound: reported(choice.lower),
            upper_bound: reported(choice.upper),
            conditions: rating.conditions.clone(),
            containers: rating.containers.iter().map(container_report).collect(),
            scaling: rating.scaling.map(|choice| scaling(choice, rating.simulation_error)),
        })
    });
    let remaining = recommendation.as_ref().and_then(|r| r.monthly_cost).or(monthly_cost);
    let requested = demand.filter(|_| known_size).map(WindowDemand::requested_hours);
    let known_to_be_stopped = matches!(&rating, Err(Unrated { reason: Reason::NoRunningTasks, .. }));
    let (finding, not_rated, dimensions) = verdict(&rating);
    let identity = &workload.identity;
    WorkloadReport {
        id: identity.id(),
        account_id: identity.account_id.clone(),
        region: identity.region.to_string(),
        cluster: identity.cluster.clone(),
        kind: match identity.kind {
            WorkloadKind::Service => "service",
            WorkloadKind::Daemon => "daemon",
            WorkloadKind::Standalone => "standalone",
        }
        .to_owned(),
        service: (identity.kind != WorkloadKind::Standalone).then(|| identity.name.clone()),
        family: definition
            .map(|definition| definition.family.clone())
            .or_else(|| (identity.kind == WorkloadKind::Standalone).then(|| identity.name.clone())),
        task_definition: workload.revisions.last().map(|revision| revision.task_definition.clone()),
        launch_type: workload.launch_type.as_str().to_owned(),
        spot_share: (workload.launch_type == LaunchType::Fargate)
            .then(|| Quantity(Decimal::from(split.spot) / Decimal::from(split.total.max(1))).rounded()),
        tags: workload.tags.clone(),
        platform: PlatformReport {
            os: platform.os.as_str().to_owned(),
            arch: platform.arch.as_str().to_owned(),
        },
        current: facts.current(definition),
        task_hours: (demand.is_some() || known_to_be_stopped).then(|| Quantity(time.hours()).rounded()),
        requested_vcpu_hours: requested.map(|(vcpu, _)| Quantity(vcpu).rounded()),
        requested_gb_hours: requested.map(|(_, gb)| Quantity(gb).rounded()),
        window_cost,
        monthly_cost,
        list_monthly_cost,
        demand: demand.filter(|_| known_size).map(demand_report),
        finding,
        reasons: rating
            .as_ref()
            .map(|rating| {
                // Rated as if nothing scaled it, which a reader has to know before a size is changed.
                let unseen = Refused::concerns(&facts.refused.scaling, identity).then_some("scaling-unknown");
                rating.reasons.iter().copied().chain(unseen).map(str::to_owned).collect()
            })
            .unwrap_or_default(),
        not_rated,
        dimensions,
        options: facts.timeline.map_or_else(Vec::new, |timeline| {
            let shape = facts.shape(platform, timeline.current());
            let fewer = rating.as_ref().ok().and_then(|rating| {
                facts.with_subject(config, &in_force, &prepared, |s| Ok(facts.fewer_tasks(s, rating))).ok()?
            });
            opportunities(facts, book, config, (shape, split), &rating, (remaining, fewer))
        }),
        recommendation,
        guards: rating.as_ref().map_or_else(|_| Vec::new(), |r| r.guards.iter().map(guard_report).collect()),
        runs: facts.runs.and_then(|runs| {
            standalone::reported(runs, priced.as_ref().ok().map(|priced| priced.current_hourly))
        }),
        evidence: facts.evidence(rating.as_ref().ok(), in_force),
    }
}

pub(super) struct Prepared {
    pub(super) platform: Platform,
    pub(super) split: PurchaseSplit,
    pub(super) priced: Result<Priced, Unrated>,
}

/// The window's cost by the sizes in force, and an hour at the current size.
pub(super) struct Priced {
    window: Usd,
    current_hourly: Usd,
}

impl<'a> Facts<'a> {
    /// The revision in force last, if its definition was collected.
    pub(super) fn definition(&self) -> Option<&'a TaskDefinition> {
        let revision = self.workload.revisions.last()?;
        self.inventory.task_definitions.get(&revision.task_definition)
    }

    /// Whether an earlier revision ran on another platform than the one that the window is priced as.
    fn platform_changed(&self) -> bool {
        let definitions = &self.inventory.task_definitions;
        let mut platforms = self
            .workload
            .revisions
            .iter()
            .filter_map(|revision| Some(definitions.get(&revision.task_definition)?.platform));
        platforms.next().is_some_and(|first| platforms.any(|other| other != first))
    }

    fn current(&self, definition: Option<&TaskDefinition>) -> CurrentSize {
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

    /// How the strategy divides the tasks that ran between on-demand and Spot.
    fn split(&self, time: TaskTime) -> PurchaseSplit {
        spot_share(&self.workload.strategy, self.mean_tasks_milli(time))
    }

    /// Thousandths of a task that ran on average while any did.
    pub(super) fn mean_tasks_milli(&self, time: TaskTime) -> u64 {
        match self.demand {
            Some(demand) => {
                let running = demand.periods * u64::from(self.window.period_seconds.max(1));
                time.millis() / running.max(1)
            }
            None => u64::from(self.workload.desired_count.unwrap_or(0)) * 1000,
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

    fn no_samples(&self) -> Unrated {
        // First of all: what was not seen is not known to be nothing.
        if Refused::concerns(&self.refused.metrics, &self.workload.identity) {
            return Unrated::new(Reason::NoMetrics, "its metrics could not be collected; see the gaps");
        }
        if self.workload.desired_count == Some(0) {
            return Unrated::new(Reason::NoRunningTasks, "no task ran in the window and none is wanted");
        }
        if self.workload.identity.kind == WorkloadKind::Standalone {
            return Unrated::new(Reason::NoRunningTasks, "no task of this family ran in the window");
        }
        Unrated::new(Reason::NoMetrics, "CloudWatch has no utilization of it in the window")
    }

    /// This workload as the calibration of its fleet sees it; `None` where it is not rated.
    pub(super) fn member(&self, book: &PriceBook, config: &Config) -> Option<Member> {
        let first_day = self.window.start.as_second().div_euclid(86_400);
        let days = usize::try_from(self.window.seconds().div_ceil(86_400)).unwrap_or(0);
        self.with_subject(config, &config.for_workload(self.workload), &self.prepared(book), |subject| {
            member(subject, book, first_day, days)
        })
        .ok()
        .flatten()
    }

    /// What pricing and rating both start from.
    pub(super) fn prepared(&self, book: &PriceBook) -> Prepared {
        let platform = self.definition().map_or_else(Platform::default, |definition| definition.platform);
        let split = self.split(self.demand.map_or(TaskTime::ZERO, WindowDemand::total_task_time));
        Prepared { platform, split, priced: self.priced(book, platform, split) }
    }

    /// The rating, or the first thing that stands against one.
    fn rating(
        &self,
        book: &PriceBook,
        config: &Config,
        in_force: &Resolved,
        calibration: Option<&Calibration>,
        prepared: &Prepared,
    ) -> Result<Rating, Unrated> {
        let rating = self
            .with_subject(config, in_force, prepared, |subject| rate(subject, book, config, calibration))?;
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
        Prepared { platform, split, priced }: &Prepared,
        answer: impl FnOnce(&Subject<'_>) -> Result<T, NoPrice>,
    ) -> Result<T, Unrated> {
        if let Some(reason) = &in_force.exclude {
            return Err(Unrated::new(Reason::Excluded, reason));
        }
        if let Some(unrated) = off_fargate(self.workload.launch_type) {
            return Err(unrated);
        }
        let (platform, split, unpriced) = (*platform, *split, priced.as_ref().err());
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
        let task_facts = self.task_facts(config);
        let subject = Subject {
            definition,
            size,
            shape: &self.shape(platform, timeline.current()),
            split,
            demand,
            scaling: self.workload.scaling.as_ref(),
            series: self.series,
            facts: &task_facts,
            start_up: self.start_up,
            observed_days: match self.runs {
                // Days without a run showed nothing.
                Some(runs) => runs.days.max(1),
                None => (self.observed_seconds(demand) / 86_400).max(1),
            },
            monthly_task_hours: decimal_as_f64(demand.total_task_time().hours() * self.months_per_window()),
            sizing: in_force.sizing,
        };
        let no_price = |error: NoPrice| Unrated::new(Reason::NoPriceForRegion, error.to_string());
        answer(&subject).map_err(no_price)
    }

    /// Desired tasks, and how many fewer would do after the change of size, where nothing scales the
    /// service.
    fn fewer_tasks(&self, subject: &Subject<'_>, rating: &Rating) -> Option<FewerTasks> {
        let desired = self.workload.desired_count?;
        if self.workload.scheduling != Scheduling::Replica || rating.is_underprovisioned() {
            return None;
        }
        let size = rating.choice.map_or(subject.size, |choice| choice.size);
        let tasks = fewest_tasks(subject, self.peaks?, size, desired)?;
        Some(FewerTasks { desired, tasks })
    }

    /// What its tasks showed, with what the settings say of all tasks.
    fn task_facts(&self, config: &Config) -> TaskFacts {
        let mut facts = self.workload.facts.clone();
        let agent = InjectedContainer::GuardDutyAgent;
        let has_agent = config.guard_duty_agent || facts.injected.contains(&agent);
        facts.injected.retain(|container| *container != agent);
        // There is none for Windows.
        let linux = self.definition().is_some_and(|d| d.platform.os == OperatingSystem::Linux);
        if has_agent && linux {
            facts.injected.push(agent);
        }
        facts
    }

    /// Seconds from the first sample to the window's end.
    pub(super) fn observed_seconds(&self, demand: &WindowDemand) -> u64 {
        u64::try_from(self.window.end.as_second() - demand.first_sample).unwrap_or(0)
    }

    /// Share (of 10,000) of the periods since the first sample that have one.
    pub(super) fn coverage(&self, demand: &WindowDemand) -> u64 {
        let possible = self.observed_seconds(demand).div_ceil(u64::from(self.window.period_seconds.max(1)));
        demand.periods * 10_000 / possible.max(1)
    }

    fn enough_evidence(&self, demand: &WindowDemand, config: &Config) -> Result<(), Unrated> {
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
            return Err(Unrated::new(
                Reason::GapInMetrics,
                format!(
                    "{coverage} % of the periods since the first sample have one; at least {} % are needed",
                    rules.min_coverage_percent
                ),
            ));
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

    fn evidence(&self, rating: Option<&Rating>, in_force: Resolved) -> Evidence {
        let at = |second: i64| Timestamp::from_second(second).ok();
        let share = |parts: u64| Quantity(Decimal::from(parts) / Decimal::from(10_000));
        let mut notes = self.workload.notes.clone();
        let demand = self.demand;
        if self.workload.history == HistorySource::CurrentOnly
            || demand.is_some_and(|demand| demand.assumed_periods > 0)
        {
            notes.push("assumed-revision".to_owned());
        }
        if demand.is_some_and(|demand| demand.mixed_periods > 0) {
            notes.push("mixed-intervals".to_owned());
        }
        if self.platform_changed() {
            notes.push("mixed-platforms".to_owned());
        }
        if self.runs.is_some() {
            notes.push("runs".to_owned());
        }
        let stopped = self.workload.facts.stopped.as_ref();
        if stopped.is_some() {
            notes.push("stopped-tasks-of-one-hour".to_owned());
        }
        let skew = self.workload.facts.task_skew.as_ref();
        notes.extend(skew.into_iter().flat_map(task_skew::notes).map(str::to_owned));
        if self.lacks_container_series() || self.lacks_task_series() {
            notes.push("container-insights-would-tell".to_owned());
        }
        notes.extend(rating.into_iter().flat_map(|rating| rating.notes.iter().cloned()));
        let at_cap = |of: fn(&WindowDemand) -> &Option<Observed>| {
            demand.and_then(|demand| of(demand).as_ref()).map_or(0, |observed| observed.periods_at_cap)
        };
        Evidence {
            first_sample: demand.and_then(|demand| at(demand.first_sample)),
            last_sample: demand.and_then(|demand| at(demand.last_sample)),
            observed_hours: Quantity(demand.map_or(Decimal::ZERO, |demand| {
                Decimal::from(self.observed_seconds(demand)) / Decimal::from(3600)
            }))
            .rounded(),
            coverage: demand.map(|demand| share(self.coverage(demand))),
            task_hours_source: demand.map(|demand| {
                if demand.from_live_tasks { "live-task-count" } else { "sample-count" }.to_owned()
            }),
            revisions: self.workload.revisions.len() as u64,
            notes,
            cpu_periods_at_cap: at_cap(|demand| &demand.cpu),
            memory_periods_at_cap: at_cap(|demand| &demand.memory),
            simulation_error_percent: rating
                .and_then(|rating| rating.simulation_error)
                .map(|error| Quantity(autoscaling::percent(error))),
            startup_peak_vcpu: self.start_up.map(|start| {
                Quantity(Decimal::from(start.peak_cpu) / Decimal::from(1_024_000_u32)).rounded()
            }),
            task_skew: skew.map(task_skew::reported),
            hottest_to_mean_cpu: demand
                .filter(|_| skew.is_none() && self.has_replicas())
                .and_then(|demand| task_skew::hottest_to_mean(demand.cpu.as_ref()?)),
            oom_kills: stopped.map(|stopped| stopped.oom_kills.into()),
            settings: in_force
                .settings
                .into_iter()
                .map(|setting| SettingReport {
                    key: setting.key.to_owned(),
                    value: setting.value,
                    from: setting.from,
                })
                .collect(),
        }
    }

    /// Several containers share the task, and which one needs what is not known: Container Insights
    /// with enhanced observability would tell.
    fn lacks_container_series(&self) -> bool {
        self.workload.launch_type == LaunchType::Fargate
            && self.workload.facts.container_peaks.is_empty()
            && self.definition().is_some_and(|definition| definition.containers.len() > 1)
    }

    /// Several tasks share the load, and how evenly is not known: Container Insights with enhanced
    /// observability would tell, where the cluster has not got it.
    fn lacks_task_series(&self) -> bool {
        let identity = &self.workload.identity;
        self.workload.launch_type == LaunchType::Fargate
            && self.workload.facts.task_skew.is_none()
            && self.has_replicas()
            && !self.inventory.clusters.iter().any(|cluster| {
                (&cluster.account_id, &cluster.region, &cluster.name)
                    == (&identity.account_id, &identity.region, &identity.cluster)
                    && cluster.has_task_series()
            })
    }

    /// Whether it is a service that ran two tasks or more, by and large.
    fn has_replicas(&self) -> bool {
        self.workload.identity.kind == WorkloadKind::Service
            && self.demand.is_some_and(|demand| self.mean_tasks_milli(demand.total_task_time()) >= 1_500)
    }
}

/// Launch types that Fargate's rates and sizes do not apply to.
fn off_fargate(launch_type: LaunchType) -> Option<Unrated> {
    let (reason, detail) = match launch_type {
        LaunchType::Fargate => return None,
        LaunchType::Ec2 => (
            Reason::Ec2LaunchType,
            "it runs on container instances, which are paid for whether tasks use them or not",
        ),
        LaunchType::External => {
            (Reason::ExternalLaunchType, "it runs on machines of your own (ECS Anywhere)")
        }
        LaunchType::ManagedInstances => (
            Reason::ManagedInstances,
            "it runs on ECS Managed Instances, which are priced by instance, not by task",
        ),
        LaunchType::Unknown => (
            Reason::UnknownLaunchType,
            "neither a launch type nor the kind of its capacity provider is known",
        ),
    };
    Some(Unrated::new(reason, detail))
}

/// The rating, with the size kept where a smaller one saves too little for a deployment. A size that
/// is too small is never kept.
fn only_if_worth_it(mut rating: Rating, least: LeastChange, savings: Usd, cost: Usd) -> Rating {
    if rating.is_underprovisioned() || least.is_met_by(savings, cost) {
        return rating;
    }
    (rating.choice, rating.scaling) = (None, None);
    for dimension in [&mut rating.cpu, &mut rating.memory] {
        if *dimension == DimensionRating::Overprovisioned {
            *dimension = DimensionRating::Optimized;
        }
    }
    let of_the_choice =
        ["cpu-overprovisioned", "memory-overprovisioned", "low-scaling-target", "smaller-reserve-at-minimum"];
    rating.reasons.retain(|reason| !of_the_choice.contains(reason));
    rating.reasons.push("below-least-change");
    rating
}
