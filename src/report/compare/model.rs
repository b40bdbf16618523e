//! [`Comparison`]: launch platforms side by side, for each cluster and for the fleet.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    report::{Note, PriceBookReference, Quantity, ReportWindow, SnapshotReference},
    snapshot::Gap,
    units::Usd,
};

/// The scope of the rows over all clusters.
pub const FLEET: &str = "fleet";

/// The platform of the rows that others are compared with.
pub const TODAY: &str = "today";

/// The code of notes on discounts of the user's that apply to nothing.
pub const DISCOUNT_WITHOUT_EFFECT: &str = "discount-without-effect";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Comparison {
    pub schema_version: u32,
    pub currency: String,
    #[schemars(with = "String")]
    pub as_of: Timestamp,
    /// The observed time; costs are scaled from it to 730 hours.
    pub window: ReportWindow,
    pub snapshot: SnapshotReference,
    pub price_book: PriceBookReference,
    /// What `[discount]` of the config takes off every price, in per cent.
    pub discount_percent: Quantity,
    /// The fleet first, then clusters by name.
    pub scopes: Vec<ScopeReport>,
    /// By scope; within a scope always the same platforms in the same sequence.
    pub rows: Vec<ComparisonRow>,
    pub gaps: Vec<Gap>,
    pub notes: Vec<Note>,
}

/// What a scope's rows are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ScopeReport {
    /// `fleet`, or `account/region/cluster`.
    pub scope: String,
    /// Workloads that every row of the scope holds.
    pub workloads: u64,
    /// What they run on now, such as `FARGATE`.
    pub launch_types: Vec<String>,
    /// Workloads that no row holds, by reason.
    pub left_out: Vec<LeftOutWorkloads>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LeftOutWorkloads {
    /// Kebab-case, as `not_rated` of reports, or `daemon`.
    pub reason: String,
    pub workloads: u64,
}

/// A scope's work on one platform. All rows of a scope hold the same workloads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ComparisonRow {
    /// `fleet`, or `account/region/cluster`.
    pub scope: String,
    /// Such as `today`, `fargate-arm`, `ec2-x86-mix-savings-plan` or `eks-auto-mode-arm`.
    pub platform: String,
    /// The platform for people.
    pub label: String,
    /// Null where a rate is missing.
    pub monthly_cost: Option<Usd>,
    /// `monthly_cost` less today's: negative where it is cheaper.
    pub difference: Option<Usd>,
    pub difference_percent: Option<Quantity>,
    /// Share of the instances' room that tasks reserve, 0 to 1: the larger of CPU and memory; null where
    /// nothing is packed.
    pub utilization: Option<Quantity>,
    pub cpu_utilization: Option<Quantity>,
    pub memory_utilization: Option<Quantity>,
    /// How far the packing's cost may be above the least possible, in per cent; null where nothing is
    /// packed.
    pub lower_bound_gap_percent: Option<Quantity>,
    /// The instances' price over that of the same vCPU and memory on Fargate, bought in the same way (on demand,
    /// Spot, under a Savings Plan of the same term), 0 to 1 and more: the share that tasks must reserve of them for
    /// instances to be cheaper. Instances with GPUs are left out. Null where no others are packed or there is no
    /// such Fargate rate.
    pub break_even_utilization: Option<Quantity>,
    /// By name.
    pub instance_types: Vec<InstanceTypeUse>,
    /// Why there is no cost.
    pub not_priced: Option<String>,
    /// Workloads that this platform cannot take and that stay as they are, at the recommended size: their
    /// cost is in `monthly_cost`.
    pub stays: Vec<StayingWorkloads>,
    /// What holds, what the price does not contain, and which workloads stay or are left out, in plain words.
    pub assumptions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InstanceTypeUse {
    pub instance_type: String,
    /// Instances that run on average.
    pub mean_instances: Quantity,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StayingWorkloads {
    pub reason: String,
    pub workloads: u64,
    pub monthly_cost: Usd,
}

impl ScopeReport {
    /// What no row holds, as a sentence of assumptions.
    pub fn left_out_words(&self) -> Option<String> {
        let left_out: u64 = self.left_out.iter().map(|left_out| left_out.workloads).sum();
        let reasons: Vec<String> = self
            .left_out
            .iter()
            .map(|left_out| format!("{} {}", left_out.workloads, left_out.reason))
            .collect();
        (left_out > 0).then(|| format!("left out of every row: {}", reasons.join(", ")))
    }
}

impl StayingWorkloads {
    /// What stays, as a sentence of assumptions.
    pub fn words(&self) -> String {
        let Self { reason, workloads, monthly_cost } = self;
        let verb = if *workloads == 1 { "workload stays as it is" } else { "workloads stay as they are" };
        format!("{workloads} {verb}, {} USD of the cost: {reason}", monthly_cost.cents())
    }
}
