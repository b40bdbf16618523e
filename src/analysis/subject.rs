//! One workload: from its facts to its row of the report.

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::{
    config::Config,
    demand::{Observed, Requested, Timeline, WindowDemand},
    fargate::{FREE_EPHEMERAL_STORAGE, TaskSize},
    pricing::{NoPrice, PriceBook, TaskCost, TaskShape},
    report::{
        CpuDemand, CurrentSize, DemandReport, Dimension, Dimensions, Evidence, Finding, MemoryDemand,
        NotRated, Opportunity, PlatformReport, Quantity, Recommendation, Scaling, Size, WorkloadReport,
    },
    rightsize::{
        DimensionRating, Rating, Reason, Subject, Unrated,
        autoscaling::{self, ReplicaPeaks, ScalingChoice, TaskSeries, fewest_tasks},
        rate,
    },
    snapshot::{Inventory, Window},
    units::{HOURS_PER_MONTH, TaskTime, Usd},
    workload::{
        HistorySource, LaunchType, Platform, PurchaseSplit, Scheduling, TaskDefinition, Workload,
        WorkloadKind, spot_share,
    },
};

/// Everything known of one workload.
pub(super) struct Facts<'a> {
    pub workload: &'a Workload,
    pub inventory: &'a Inventory,
    pub timeline: Option<&'a Timeline>,
    pub demand: Option<&'a WindowDemand>,
    pub series: Option<&'a TaskSeries>,
    pub peaks: Option<ReplicaPeaks>,
    pub window: Window,
    /// Something of this very workload could not be collected.
    pub has_gap: bool,
}

/// The row of a workload: always one, with figures or with the reason why not.
pub(super) fn report_on(facts: &Facts<'_>, book: &PriceBook, config: &Config) -> WorkloadReport {
    let Facts { workload, demand, .. } = *facts;
    let definition = facts.definition();
    let platform = definition.map_or_else(Platform::default, |definition| definition.platform);
    let time = demand.map_or(TaskTime::ZERO, WindowDemand::total_task_time);
    let known_size = facts.timeline.is_some();
    let split = facts.split(time);
    let priced = facts.priced(book, platform, split);
    let rating = facts.rating(book, config, platform, split, priced.as_ref().err());

    let month = |hourly: Usd, time: TaskTime| (hourly * (time.hours() * facts.months_per_window())).rounded();
    let monthly_cost = priced.as_ref().ok().map(|cost| month(cost.current_hourly, time));
    let window_cost = priced.as_ref().ok().map(|cost| cost.window.rounded());
    let recommendation = rating.as_ref().ok().and_then(|rating| {
        let choice = rating.choice?;
        let cost = month(choice.hourly, rating.scaling.map_or(time, |scaling| scaling.simulated));
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
            scaling: rating.scaling.map(|choice| scaling(choice, rating.simulation_error)),
        })
    });
    let remaining = recommendation.as_ref().and_then(|r| r.monthly_cost).or(monthly_cost);
    let requested = demand.filter(|_| known_size).map(WindowDemand::requested_hours);
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
        task_hours: Quantity(time.hours()).rounded(),
        requested_vcpu_hours: requested.map(|(vcpu, _)| Quantity(vcpu).rounded()),
        requested_gb_hours: requested.map(|(_, gb)| Quantity(gb).rounded()),
        window_cost,
        monthly_cost,
        demand: demand.filter(|_| known_size).map(demand_report),
        finding,
        reasons: rating
            .as_ref()
            .map(|rating| rating.reasons.iter().map(|reason| (*reason).to_owned()).collect())
            .unwrap_or_default(),
        not_rated,
        dimensions,
        options: rating
            .as_ref()
            .map(|rating| {
                let scale_in = facts.scale_in_option(platform, split, rating, config, remaining);
                let remaining = scale_in.as_ref().map_or(remaining, |option| option.monthly_cost);
                scale_in.into_iter().chain(rating.idle.then(|| idle_option(remaining))).collect()
            })
            .unwrap_or_default(),
        recommendation,
        evidence: facts.evidence(rating.as_ref().ok()),
    }
}

/// The window's cost by the sizes in force, and an hour at the current size.
struct Priced {
    window: Usd,
    current_hourly: Usd,
}

impl<'a> Facts<'a> {
    /// The revision in force last, if its definition was collected.
    fn definition(&self) -> Option<&'a TaskDefinition> {
        let revision = self.workload.revisions.last()?;
        self.inventory.task_definitions.get(&revision.task_definition)
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
    fn months_per_window(&self) -> Decimal {
        let seconds = self.window.seconds().max(1);
        Decimal::from(u64::from(HOURS_PER_MONTH) * 3600) / Decimal::from(seconds)
    }

    /// How the strategy divides the tasks that ran between on-demand and Spot.
    fn split(&self, time: TaskTime) -> PurchaseSplit {
        let mean_tasks_milli = match self.demand {
            Some(demand) => {
                let running = demand.periods * u64::from(self.window.period_seconds.max(1));
                time.millis() / running.max(1)
            }
            None => u64::from(self.workload.desired_count.unwrap_or(0)) * 1000,
        };
        spot_share(&self.workload.strategy, mean_tasks_milli)
    }

    fn shape(&self, platform: Platform, requested: Requested) -> TaskShape {
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
        if self.workload.desired_count == Some(0) {
            return Unrated::new(Reason::NoRunningTasks, "no task ran in the window and none is wanted");
        }
        let detail = if self.has_gap {
            "its metrics could not be collected; see the gaps"
        } else {
            "CloudWatch has no utilization of it in the window"
        };
        Unrated::new(Reason::NoMetrics, detail)
    }

    /// The rating, or the first thing that stands against one.
    fn rating(
        &self,
        book: &PriceBook,
        config: &Config,
        platform: Platform,
        split: PurchaseSplit,
        unpriced: Option<&Unrated>,
    ) -> Result<Rating, Unrated> {
        if let Some(unrated) = off_fargate(self.workload.launch_type) {
            return Err(unrated);
        }
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
        if self.workload.identity.kind == WorkloadKind::Standalone {
            return Err(Unrated::new(
                Reason::StandaloneTask,
                "tasks that no service runs are listed and priced, but not rated",
            ));
        }
        self.enough_evidence(demand, config)?;
        let shape = self.shape(platform, timeline.current());
        let subject = self.subject(definition, size, &shape, split, demand);
        let rating = rate(&subject, book, config)
            .map_err(|error| Unrated::new(Reason::NoPriceForRegion, error.to_string()))?;
        match &rating.cpu {
            DimensionRating::NotRated(unrated) if rating.is_unrated() => Err(unrated.clone()),
            _ => Ok(rating),
        }
    }

    fn subject<'s>(
        &'s self,
        definition: &'s TaskDefinition,
        size: TaskSize,
        shape: &'s TaskShape,
        split: PurchaseSplit,
        demand: &'s WindowDemand,
    ) -> Subject<'s> {
        Subject {
            definition,
            size,
            shape,
            split,
            demand,
            scaling: self.workload.scaling.as_ref(),
            series: self.series,
            observed_days: (self.observed_seconds(demand) / 86_400).max(1),
        }
    }

    /// Fewer tasks, after the change of size, where nothing scales the service.
    fn scale_in_option(
        &self,
        platform: Platform,
        split: PurchaseSplit,
        rating: &Rating,
        config: &Config,
        remaining: Option<Usd>,
    ) -> Option<Opportunity> {
        let workload = self.workload;
        if rating.is_underprovisioned() {
            return None;
        }
        let desired = workload.desired_count.filter(|_| workload.scheduling == Scheduling::Replica)?;
        let (timeline, demand, remaining) = (self.timeline?, self.demand?, remaining?);
        let Requested { cpu, memory, .. } = timeline.current();
        let current = TaskSize::new(cpu, memory, platform.os).ok()?;
        let size = rating.choice.map_or(current, |choice| choice.size);
        let shape = self.shape(platform, timeline.current());
        let subject = self.subject(self.definition()?, size, &shape, split, demand);
        let tasks = fewest_tasks(&subject, self.peaks?, size, desired, config)?;
        // The mean of what ran, not what is wanted, is what is paid for.
        let seconds = demand.periods.saturating_mul(self.window.period_seconds.into());
        let fewer = TaskTime::from_secs(seconds.saturating_mul(tasks.into()));
        let ran = demand.total_task_time();
        if fewer >= ran {
            return None;
        }
        let cost = (remaining * (fewer.hours() / ran.hours())).rounded();
        Some(Opportunity {
            kind: "scale-in".to_owned(),
            monthly_cost: Some(cost),
            monthly_savings: Some(remaining - cost),
            effort: "very-low".to_owned(),
            conditions: vec![
                format!("the desired count is set from {desired} to {tasks}"),
                "the busiest period of the window is the busiest to come: fewer tasks share it".to_owned(),
                "a task lost is a larger part of the service".to_owned(),
            ],
        })
    }

    /// Seconds from the first sample to the window's end.
    fn observed_seconds(&self, demand: &WindowDemand) -> u64 {
        u64::try_from(self.window.end.as_second() - demand.first_sample).unwrap_or(0)
    }

    /// Share (of 10,000) of the periods since the first sample that have one.
    fn coverage(&self, demand: &WindowDemand) -> u64 {
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

    fn evidence(&self, rating: Option<&Rating>) -> Evidence {
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
        }
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

type Verdict = (Finding, Option<NotRated>, Dimensions);

fn verdict(rating: &Result<Rating, Unrated>) -> Verdict {
    match rating {
        Err(unrated) => {
            let dimension = || Dimension { finding: Finding::NotRated, not_rated: Some(not_rated(unrated)) };
            (
                Finding::NotRated,
                Some(not_rated(unrated)),
                Dimensions { cpu: dimension(), memory: dimension() },
            )
        }
        Ok(rating) => {
            let finding = if rating.is_underprovisioned() {
                Finding::Underprovisioned
            } else if rating.choice.is_some() {
                Finding::Overprovisioned
            } else if rating.already_minimal {
                Finding::AlreadyMinimal
            } else {
                Finding::Optimized
            };
            let dimensions = Dimensions {
                cpu: dimension(&rating.cpu, rating.already_minimal),
                memory: dimension(&rating.memory, rating.already_minimal),
            };
            (finding, None, dimensions)
        }
    }
}

fn dimension(rating: &DimensionRating, already_minimal: bool) -> Dimension {
    let finding = match rating {
        DimensionRating::Overprovisioned => Finding::Overprovisioned,
        DimensionRating::Underprovisioned => Finding::Underprovisioned,
        DimensionRating::Optimized if already_minimal => Finding::AlreadyMinimal,
        DimensionRating::Optimized => Finding::Optimized,
        DimensionRating::NotRated(unrated) => {
            return Dimension { finding: Finding::NotRated, not_rated: Some(not_rated(unrated)) };
        }
    };
    Dimension { finding, not_rated: None }
}

fn not_rated(unrated: &Unrated) -> NotRated {
    NotRated { reason: unrated.reason.code().to_owned(), detail: unrated.detail.clone() }
}

fn reported(size: TaskSize) -> Size {
    Size { cpu_units: size.cpu().0, memory_mib: size.memory().0 }
}

fn scaling(choice: ScalingChoice, error: Option<u32>) -> Scaling {
    let percent = |centi: u32| Quantity(autoscaling::percent(centi));
    let hours = |time: TaskTime| Quantity(time.hours()).rounded();
    Scaling {
        min_capacity: choice.min_capacity,
        max_capacity: choice.max_capacity,
        target_cpu_percent: choice.target_cpu.map(percent),
        target_memory_percent: choice.target_memory.map(percent),
        simulated_task_hours: hours(choice.simulated),
        observed_task_hours: hours(choice.observed),
        simulation_error_percent: percent(error.unwrap_or_default()),
    }
}

/// Nobody seems to use it: stopping it saves whatever it would still cost.
fn idle_option(remaining: Option<Usd>) -> Opportunity {
    Opportunity {
        kind: "stop-or-scale-to-zero".to_owned(),
        monthly_cost: remaining.map(|_| Usd::ZERO),
        monthly_savings: remaining,
        effort: "low".to_owned(),
        conditions: vec!["nothing depends on it; its CPU did next to nothing in the whole window".to_owned()],
    }
}

fn demand_report(demand: &WindowDemand) -> DemandReport {
    let vcpu =
        |thousandths: u64| Quantity(Decimal::from(thousandths) / Decimal::from(1_024_000_u32)).rounded();
    let mib = |kib: u64| Quantity(Decimal::from(kib) / Decimal::from(1024_u32)).rounded();
    DemandReport {
        cpu_vcpu: demand.cpu.as_ref().map(|cpu| CpuDemand {
            average: cpu.average.map(vcpu),
            p95: vcpu(cpu.percentile(9_500)),
            p99: vcpu(cpu.percentile(9_900)),
            p995: vcpu(cpu.percentile(9_950)),
            max: vcpu(cpu.max),
        }),
        memory_mib: demand.memory.as_ref().map(|memory| MemoryDemand {
            average: memory.average.map(mib),
            p99: mib(memory.percentile(9_900)),
            max: mib(memory.max),
        }),
    }
}
