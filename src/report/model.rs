//! [`Report`]: what fargauge says about a fleet. Serialized, it is the JSON that users script
//! against; `schema_version` changes when a promised key does.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::{PoolReport, RuledOut, WorkloadCapacity};
use crate::{
    snapshot::Gap,
    units::{Usd, decimal_as_f64},
};

/// Version of the JSON's promised keys.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    pub schema_version: u32,
    /// ISO 4217; always `USD`.
    pub currency: String,
    /// The time this report speaks of, RFC 3339 UTC.
    #[schemars(with = "String")]
    pub as_of: Timestamp,
    pub window: ReportWindow,
    pub snapshot: SnapshotReference,
    pub price_book: PriceBookReference,
    /// What `[discount]` of the config takes off every price, in per cent: off all amounts but
    /// `list_monthly_cost`.
    pub discount_percent: Quantity,
    pub headroom: HeadroomReport,
    /// Non-null values read from the utilization files, without those that cannot be.
    pub samples_read: u64,
    pub totals: Totals,
    /// By monthly savings, largest first; then by monthly cost; then by id.
    pub workloads: Vec<WorkloadReport>,
    /// The container instances of the clusters, by what fills them together; empty without any.
    pub capacity: Vec<PoolReport>,
    pub gaps: Vec<Gap>,
    /// What this report cannot show by its nature, as opposed to what failed, and what it does not believe.
    pub notes: Vec<Note>,
}

/// The code of a [`Note`] on utilization that cannot be.
pub const IMPOSSIBLE_UTILIZATION: &str = "impossible-utilization";

/// Something to know of an account, region, cluster or snapshot that is no gap.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Note {
    pub scope: String,
    /// Kebab-case.
    pub code: String,
    pub detail: String,
}

/// How much headroom sizes leave, and why; of several snapshots, of the one that shows least.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HeadroomReport {
    /// `calibrated`: learnt from the fleet; `fixed`: the configured per cent.
    pub method: String,
    /// Share of the workloads made smaller that may later run short of memory.
    pub risk_percent: Quantity,
    /// The risk that the fleet's own past shows: the one asked for, or the least there is above it; null
    /// where headroom is fixed.
    pub shown_risk_percent: Option<Quantity>,
    pub detail: String,
    /// USD a month that one workload's running short weighs, beside the fixed headroom too; null where none does.
    pub price_of_risk: Option<Usd>,
}

/// The memory headroom of one workload, at the risk that is in force for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WorkloadHeadroom {
    /// `calibrated`: learnt from the fleet; `fixed`: the configured per cent.
    pub method: String,
    /// Asked for.
    pub risk_percent: Quantity,
    /// The risk that the fleet's own past shows; null where headroom is fixed.
    pub shown_risk_percent: Option<Quantity>,
    /// Why it is fixed where the fleet's is learnt; null elsewhere.
    pub detail: Option<String>,
}

impl HeadroomReport {
    /// Whether its fleet could show only a higher risk than the other's, or none.
    pub fn shows_less_than(&self, other: &Self) -> bool {
        match (self.shown_risk_percent, other.shown_risk_percent) {
            (None, other) => other.is_some(),
            (Some(own), other) => other.is_some_and(|other| own > other),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReportWindow {
    #[schemars(with = "String")]
    pub start: Timestamp,
    #[schemars(with = "String")]
    pub end: Timestamp,
    pub period_seconds: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SnapshotReference {
    /// First 12 digits of the checksum.
    pub id: String,
    /// SHA-256 of the manifest.
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PriceBookReference {
    pub id: String,
    /// Newest effective date of its rows.
    pub effective_date: String,
    pub sha256: String,
}

/// A decimal that serializes as a JSON number with six decimals at most (hours, quantities, per cent).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Quantity(pub Decimal);

impl Quantity {
    /// To a tenth, never below it: a risk is not told smaller than it was shown.
    #[must_use]
    pub fn tenths_up(self) -> Decimal {
        self.0.round_dp_with_strategy(1, rust_decimal::RoundingStrategy::ToPositiveInfinity).normalize()
    }

    #[must_use]
    pub fn rounded(self) -> Self {
        Self(self.0.round_dp_with_strategy(6, rust_decimal::RoundingStrategy::MidpointAwayFromZero))
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(decimal_as_f64(self.rounded().0))
    }
}

impl JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "description": "six decimals at most" })
    }
}

impl JsonSchema for Usd {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Usd".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "description": "US dollars, four decimals at most" })
    }
}

/// Sums over the rows as printed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Totals {
    pub workloads: u64,
    /// Workloads whose finding is not `NotRated`.
    pub rated: u64,
    /// Workloads without a monthly cost.
    pub unpriced: u64,
    /// Not-rated workloads by reason.
    pub not_rated: BTreeMap<String, u64>,
    pub window_cost: Usd,
    pub monthly_cost: Usd,
    /// What `monthly_cost` is before `[discount]` of the config.
    pub list_monthly_cost: Usd,
    /// `monthly_cost - monthly_savings`.
    pub recommended_monthly_cost: Usd,
    /// Net: `savings_of_cheaper_changes - cost_of_dearer_changes`.
    pub monthly_savings: Usd,
    /// What the recommendations save that save anything, whatever the finding.
    pub savings_of_cheaper_changes: Usd,
    /// What the other recommendations cost more, whatever the finding.
    pub cost_of_dearer_changes: Usd,
    /// What the recommendations of `Overprovisioned` workloads save, less what some of them cost more.
    pub savings_overprovisioned: Usd,
    /// What the recommendations of `Underprovisioned` workloads cost more, less what some of them save:
    /// negative where they save more.
    pub cost_of_underprovisioned: Usd,
    /// Of `monthly_savings`, what is from reservations on instances: saved only as instances go.
    pub savings_in_reservations: Usd,
    pub requested_vcpu_hours: Quantity,
    pub requested_gb_hours: Quantity,
    pub task_hours: Quantity,
    /// What a filter, `--min-savings` or `--top` left out, and so is in none of the sums above;
    /// null where nothing was.
    pub left_out: Option<LeftOut>,
}

/// What the user chose not to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct LeftOut {
    pub workloads: u64,
    pub monthly_cost: Usd,
    pub monthly_savings: Usd,
    /// Of `capacity`: those of other places, or all where a filter is by what instances do not have, such as
    /// a service.
    pub instance_pools: u64,
    /// Whether it is all of them, as a filter is by what they do not have.
    pub instances_cannot_be_filtered: bool,
    /// Of `gaps`: those of other places.
    pub gaps: u64,
    /// Of `notes`: those of other places.
    pub notes: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct WorkloadReport {
    /// `account/region/cluster/name`.
    pub id: String,
    pub account_id: String,
    pub region: String,
    pub cluster: String,
    /// `service`, `daemon` or `standalone`.
    pub kind: String,
    /// The service's (or daemon's) name; null for standalone tasks.
    pub service: Option<String>,
    pub family: Option<String>,
    /// ARN of the revision in force at the window's end.
    pub task_definition: Option<String>,
    /// `FARGATE`, `EC2`, `EXTERNAL`, `MANAGED_INSTANCES` or `UNKNOWN`.
    pub launch_type: String,
    /// Share of the tasks on Fargate Spot by the strategy, 0 to 1; null off Fargate.
    pub spot_share: Option<Quantity>,
    pub tags: BTreeMap<String, String>,
    pub platform: PlatformReport,
    pub current: CurrentSize,
    /// Null where it is not known what ran: no metrics.
    pub task_hours: Option<Quantity>,
    pub requested_vcpu_hours: Option<Quantity>,
    pub requested_gb_hours: Option<Quantity>,
    /// What the observed window cost; null where there is no price.
    pub window_cost: Option<Usd>,
    /// The window's cost scaled to 730 hours; null where there is no price.
    pub monthly_cost: Option<Usd>,
    /// The same at list prices: what `monthly_cost` is before `[discount]` of the config.
    pub list_monthly_cost: Option<Usd>,
    /// Per task; null where there is no data.
    pub demand: Option<DemandReport>,
    pub finding: Finding,
    /// Kebab-case codes of what led to the finding.
    pub reasons: Vec<String>,
    /// Non-null exactly when the finding is `NotRated`.
    pub not_rated: Option<NotRated>,
    pub dimensions: Dimensions,
    /// How its memory headroom was set; null where memory is not rated.
    pub headroom: Option<WorkloadHeadroom>,
    pub recommendation: Option<Recommendation>,
    /// Further steps in sequence, each priced after the one before; never part of the totals. Those that
    /// are an `alternative` come last and are no steps.
    pub options: Vec<Opportunity>,
    /// Steps that would be options, were their rates held and all that they hang on known.
    pub not_offered: Vec<NotOffered>,
    /// Launch types that it cannot change to, and why.
    pub ruled_out: Vec<RuledOut>,
    /// What it runs on, where instances are paid for; null on Fargate and elsewhere.
    pub capacity: Option<WorkloadCapacity>,
    /// What keeps the size from being smaller, or must be known with it, whether or not it changed
    /// anything.
    pub guards: Vec<GuardReport>,
    /// How often it ran; null for what is meant to run all the time.
    pub runs: Option<RunsReport>,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GuardReport {
    /// Kebab-case, such as `fixed-heap` or `oom-killed`.
    pub code: String,
    pub detail: String,
    /// The size is not recommended below these; null: no bound.
    pub cpu_units: Option<u32>,
    pub memory_mib: Option<u32>,
}

/// Runs of tasks that come and go. Two that are less than a period apart count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RunsReport {
    pub count: u64,
    pub mean_task_minutes: Quantity,
    pub longest_task_minutes: Quantity,
    /// All tasks of a run at the current size, with the billed minimum; null without a price.
    pub cost_per_run: Option<Usd>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlatformReport {
    pub os: String,
    pub arch: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CurrentSize {
    pub cpu_units: Option<u32>,
    pub memory_mib: Option<u32>,
    /// Configured, or the free 20 GiB on Fargate; null where it does not apply.
    pub ephemeral_storage_gib: Option<u32>,
}

/// Demand of one task: maximum and percentiles are the hottest task's, the average the mean task's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct DemandReport {
    pub cpu_vcpu: Option<CpuDemand>,
    pub memory_mib: Option<MemoryDemand>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct CpuDemand {
    pub average: Option<Quantity>,
    pub p95: Quantity,
    pub p99: Quantity,
    pub p995: Quantity,
    pub max: Quantity,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct MemoryDemand {
    pub average: Option<Quantity>,
    pub p99: Quantity,
    pub max: Quantity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub enum Finding {
    Overprovisioned,
    Underprovisioned,
    Optimized,
    AlreadyMinimal,
    NotRated,
}

impl Finding {
    pub const ALL: [Self; 5] = [
        Self::Overprovisioned,
        Self::Underprovisioned,
        Self::Optimized,
        Self::AlreadyMinimal,
        Self::NotRated,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Overprovisioned => "Overprovisioned",
            Self::Underprovisioned => "Underprovisioned",
            Self::Optimized => "Optimized",
            Self::AlreadyMinimal => "AlreadyMinimal",
            Self::NotRated => "NotRated",
        }
    }
}

/// Why there is no rating: a code to count by, and a sentence to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NotRated {
    pub reason: String,
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Dimensions {
    pub cpu: Dimension,
    pub memory: Dimension,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Dimension {
    pub finding: Finding,
    pub not_rated: Option<NotRated>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Recommendation {
    pub cpu_units: u32,
    pub memory_mib: u32,
    pub monthly_cost: Option<Usd>,
    /// Negative where the recommended size costs more.
    pub monthly_savings: Option<Usd>,
    pub savings_percent: Option<Quantity>,
    /// `very-low`, `low`, `medium` or `high`: the risk of running short at the recommended size.
    pub performance_risk: String,
    /// The smallest size the observed demand would have fitted, without headroom.
    pub lower_bound: Size,
    /// The size to choose if the data's shortness or scarcity is to be allowed for in full; null where none is large
    /// enough.
    pub upper_bound: Option<Size>,
    /// What must hold, or be done along with it.
    pub conditions: Vec<String>,
    /// The containers' own settings at this size, all that the definition lists; empty where it lists
    /// none, or where they must be worked out by hand.
    pub containers: Vec<ContainerReport>,
    /// What scales the service, as it should be along with this size; null where nothing does that
    /// follows the size. `monthly_cost` is that of the simulated task-hours.
    pub scaling: Option<Scaling>,
}

/// Application Auto Scaling's settings that belong to a recommended size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Scaling {
    pub min_capacity: u32,
    pub max_capacity: u32,
    /// Target of the policy on CPU utilization; null where there is none.
    pub target_cpu_percent: Option<Quantity>,
    /// Target of the policy on memory utilization; null where there is none.
    pub target_memory_percent: Option<Quantity>,
    /// Task-hours that the window's demand would have taken with these settings.
    pub simulated_task_hours: Quantity,
    pub observed_task_hours: Quantity,
    /// How far the simulation with nothing changed is from what ran, in per cent of task-hours.
    pub simulation_error_percent: Quantity,
}

/// A container's settings; null: not set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContainerReport {
    pub name: String,
    pub cpu_units: Option<u32>,
    pub memory_mib: Option<u32>,
    pub memory_reservation_mib: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Size {
    pub cpu_units: u32,
    pub memory_mib: u32,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Opportunity {
    /// `stop-or-scale-to-zero`, `scale-in`, `ephemeral-storage`, `arm64`, `fargate-spot` or
    /// `compute-savings-plan`; of alternatives `fargate`, `ec2` or `managed-instances`.
    pub kind: String,
    /// Instead of the other options and not after them: its savings are against the cost after the
    /// recommendation, and negative where it costs more.
    pub alternative: bool,
    pub monthly_cost: Option<Usd>,
    pub monthly_savings: Option<Usd>,
    /// `very-low` to `very-high`, as AWS Cost Optimization Hub grades it.
    pub effort: String,
    pub conditions: Vec<String>,
}

/// A step that would be an option, were more known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NotOffered {
    /// As of an [`Opportunity`].
    pub kind: String,
    /// Which rate is missing, or what else is not known.
    pub because: String,
}

/// What a rating stands on.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Evidence {
    /// First and last sample, RFC 3339 UTC; null without samples.
    #[schemars(with = "Option<String>")]
    pub first_sample: Option<Timestamp>,
    #[schemars(with = "Option<String>")]
    pub last_sample: Option<Timestamp>,
    /// Hours from the first sample to the window's end.
    pub observed_hours: Quantity,
    /// Share of the periods since the first sample that have one, 0 to 1; null without samples.
    pub coverage: Option<Quantity>,
    /// Where task-hours are from: `live-task-count` or `sample-count`; null without either.
    pub task_hours_source: Option<String>,
    /// Revisions in force in the window.
    pub revisions: u64,
    /// Codes such as `assumed-revision`, `mixed-intervals`, `reached-cpu-cap`; and how many rows and values
    /// of its utilization cannot be, with what became of them.
    pub notes: Vec<String>,
    /// Periods in which some sample was at 95 % of the size or more.
    pub cpu_periods_at_cap: u64,
    pub memory_periods_at_cap: u64,
    /// How far the simulation of the service's scaling, with nothing changed, is from what ran, in per
    /// cent of task-hours; null where nothing was simulated or the simulation is not trusted.
    pub simulation_error_percent: Option<Quantity>,
    /// The most CPU that a task took while it started after a deployment; null where no start was seen.
    pub startup_peak_vcpu: Option<Quantity>,
    /// How evenly its tasks are loaded, where Container Insights has series of them; null elsewhere.
    /// `hot-task` among the notes: the hottest task takes more than 1.5 times the mean of one of them;
    /// `lazy-tasks`: the coolest takes less than half.
    pub task_skew: Option<TaskSkewReport>,
    /// Where nothing tells tasks apart and two or more ran: the 95th percentile of the hottest task's
    /// CPU over the mean task's average. Busy hours are in it too, so one task's lead is less.
    pub hottest_to_mean_cpu: Option<Quantity>,
    /// Tasks killed for memory, of those that stopped in about the hour before collecting (ECS keeps
    /// them no longer); null where stopped tasks were not looked at.
    pub oom_kills: Option<u64>,
    /// The settings that had a part in the rating.
    pub settings: Vec<SettingReport>,
}

/// The means of the hottest and the coolest task over the mean of those that ran in the same hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TaskSkewReport {
    /// Tasks that were compared: 50 at most, of those that ran shortly before collecting.
    pub tasks: u32,
    /// Null without such series, or where nothing was used.
    pub cpu: Option<SkewRatios>,
    /// The same for memory.
    pub memory: Option<SkewRatios>,
}

/// 1 is the mean task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SkewRatios {
    pub hottest_to_mean: Quantity,
    pub coolest_to_mean: Quantity,
}

/// A setting in force for a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SettingReport {
    /// As in the config, such as `sizing.cpu_percentile`.
    pub key: String,
    pub value: String,
    /// `default`, or file and line of the config.
    pub from: String,
}
