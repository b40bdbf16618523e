//! [`Explanation`]: every number of one workload's row, and where it is from.
//!
//! Serialized, it is the JSON of `fargauge explain`; [`page`] shows it to people.

mod chart;
pub mod page;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::Serialize;

use super::{
    HeadroomReport, Note, PriceBookReference, Quantity, ReportWindow, Size, SnapshotReference, WorkloadReport,
};
use crate::{snapshot::Gap, units::Usd};

/// What `from` of a headroom says that is no setting.
pub const CALIBRATED: &str = "calibrated";
/// Keys of the settings that headroom is configured by.
pub const CPU_HEADROOM: &str = "sizing.cpu_headroom_percent";
pub const MEMORY_HEADROOM: &str = "sizing.memory_headroom_percent";

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Explanation {
    pub schema_version: u32,
    /// ISO 4217; always `USD`.
    pub currency: String,
    /// RFC 3339 UTC.
    #[schemars(with = "String")]
    pub as_of: Timestamp,
    pub window: ReportWindow,
    pub snapshot: SnapshotReference,
    pub price_book: PriceBookReference,
    /// At the risk that is in force for this workload.
    pub headroom: HeadroomReport,
    /// The row of the report.
    pub workload: WorkloadReport,
    /// What each code of the row's reasons, guards and notes means for it.
    pub codes: Vec<CodeReport>,
    /// What scales the service today; null where nothing does.
    pub scaling: Option<ScalingInForce>,
    /// Where there is no rating, of the whole or of a resource: what would have to be otherwise.
    pub what_would_change: Vec<String>,
    /// Oldest first.
    pub revisions: Vec<RevisionReport>,
    /// Sizes in force in the window, oldest first; empty where the size is not known.
    pub sizes: Vec<SizeInForce>,
    pub periods: PeriodsReport,
    /// Null where it is not rated.
    pub need: Option<NeedReport>,
    /// By price; empty where it is not rated.
    pub candidates: Vec<CandidateReport>,
    /// The window's own demand against the current size, then against the recommended one; empty
    /// without samples or without a size.
    pub replay: Vec<ReplayReport>,
    /// Of one task at the current, then at the recommended size; empty without a price.
    pub prices: Vec<PriceRow>,
    pub chart: Option<DemandSeries>,
    /// Those of the snapshot's gaps that concern this workload.
    pub gaps: Vec<Gap>,
    pub notes: Vec<Note>,
}

/// A code in a plain sentence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CodeReport {
    pub code: String,
    pub sentence: String,
}

/// Limits and targets of Application Auto Scaling, as collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ScalingInForce {
    pub min_capacity: u32,
    pub max_capacity: u32,
    /// Of the policies on CPU utilization, the lowest; null where there is none.
    pub target_cpu_percent: Option<Quantity>,
    /// The same of memory utilization.
    pub target_memory_percent: Option<Quantity>,
}

impl ScalingInForce {
    fn targets(&self) -> [(&'static str, Option<Quantity>); 2] {
        [("CPU", self.target_cpu_percent), ("memory", self.target_memory_percent)]
    }
}

/// A revision in force in the window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RevisionReport {
    /// ARN.
    pub task_definition: String,
    /// When its deployment began; null: before the window.
    #[schemars(with = "Option<String>")]
    pub from: Option<Timestamp>,
    /// When no task of the one before was left; null: not known.
    #[schemars(with = "Option<String>")]
    pub settled: Option<Timestamp>,
    /// Null where its definition has none, or was not collected.
    pub cpu_units: Option<u32>,
    pub memory_mib: Option<u32>,
}

/// A stretch of the window with one size; of sizes that ran side by side, the larger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SizeInForce {
    #[schemars(with = "String")]
    pub from: Timestamp,
    #[schemars(with = "String")]
    pub until: Timestamp,
    pub cpu_units: u32,
    pub memory_mib: u32,
    /// Different sizes ran at once.
    pub mixed: bool,
    /// Assumed from another revision.
    pub assumed: bool,
    /// Periods with a sample that begin in it.
    pub periods: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PeriodsReport {
    /// With a sample.
    pub with_samples: u64,
    /// From the first sample to the window's end.
    pub possible: u64,
    /// Different sizes ran in it.
    pub mixed: u64,
    /// Its size is assumed.
    pub assumed: u64,
    /// Longest time without a sample after the first one.
    pub longest_gap_hours: Quantity,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NeedReport {
    pub cpu_units: ResourceNeedReport,
    pub memory_mib: ResourceNeedReport,
}

/// What a size must hold, in CPU units or MiB. A resource that is not rated needs what it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ResourceNeedReport {
    pub without_headroom: u32,
    /// What `with_headroom` adds; null for a resource that is not rated.
    pub headroom: Option<HeadroomInForce>,
    pub with_headroom: u32,
    /// And whatever guards hold it to.
    pub with_guards: u32,
    /// If the shortness of the history is allowed for in full.
    pub allowing_for_short_history: u32,
    /// Demand was at the current size's cap, so that what it wants above is not known.
    pub reached_cap: bool,
}

/// A headroom, and where it is from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HeadroomInForce {
    pub percent: Quantity,
    /// `calibrated`: the least of what is learnt from the fleet, which weighs each size's price against
    /// its risk; else where the setting is from: `default`, or file and line.
    pub from: String,
}

/// A size that was weighed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CandidateReport {
    pub cpu_units: u32,
    pub memory_mib: u32,
    /// USD per task-hour, at list prices.
    pub hourly: Usd,
    pub monthly_cost: Usd,
    /// Of the window, as simulated; null where the number of tasks does not follow the size.
    pub task_hours: Option<Quantity>,
    /// Probability that a later memory peak passes it, 0 to 1; null where headroom is fixed or the size
    /// does not hold what is needed.
    pub probability: Option<Quantity>,
    /// USD a month that this probability weighs.
    pub cost_of_risk: Option<Usd>,
    /// `chosen`, `kept`, `too-small`, `fixed`, `dearer`, `risk`, `below-least-change` or `too-close`.
    pub verdict: String,
    /// In words.
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReplayReport {
    pub size: Size,
    pub cpu: ResourceReplayReport,
    pub memory: ResourceReplayReport,
    /// Where the number of tasks follows the size: those that ran, or that would have run.
    pub tasks: Option<ReplayTasks>,
}

/// How many tasks, and what the hottest carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ReplayTasks {
    pub least: u32,
    pub most: u32,
    /// Of the window.
    pub task_hours: Quantity,
    pub cpu_peak_vcpu: Option<Quantity>,
    pub memory_peak_mib: Option<Quantity>,
}

/// Periods in which the hottest task's hottest moment met a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ResourceReplayReport {
    /// With a sample.
    pub periods: u64,
    /// With more than the size has.
    pub above: u64,
    /// With 95 % of it or more, those above included.
    pub at_cap: u64,
    /// At the cap of a smaller size, so that what was wanted is not known.
    pub unknown: u64,
}

/// One component of a task's price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PriceRow {
    pub size: Size,
    /// `vcpu`, `memory`, `ephemeral-storage` or `windows-licence`.
    pub component: String,
    /// `on-demand` or `spot`.
    pub purchase: String,
    /// Of one task.
    pub quantity: Quantity,
    /// `vCPU-hour` or `GB-hour`.
    pub unit: String,
    /// USD a unit, at list prices.
    pub rate: Quantity,
    /// USD per task-hour, six decimals at most.
    pub hourly: Quantity,
    /// ISO date.
    pub effective_date: String,
    /// `high`, `medium` or `low`: how well the rate is evidenced.
    pub confidence: String,
    pub source: String,
}

/// The hottest task's demand, as the maximum of each step; null: no sample.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DemandSeries {
    #[schemars(with = "String")]
    pub start: Timestamp,
    pub step_seconds: u64,
    pub cpu_vcpu: Vec<Option<Quantity>>,
    pub memory_mib: Vec<Option<Quantity>>,
}

impl Explanation {
    /// `CODE: what it means`; as it is where it is no code.
    fn in_words(&self, code: &str) -> String {
        let told = self.codes.iter().find(|told| told.code == code);
        told.map_or_else(|| code.to_owned(), |told| format!("{code}: {}", told.sentence))
    }
}

/// The JSON, indented, with a newline at the end.
pub fn json(explanation: &Explanation) -> String {
    let mut text = serde_json::to_string_pretty(explanation)
        .expect("an explanation has string keys and finite numbers only, which JSON can hold");
    text.push('\n');
    text
}

/// JSON Schema (2020-12) of what [`json`] writes; `reports/explain.schema.json` is its committed form.
pub fn schema() -> Schema {
    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Explanation>();
    schema.insert("title".into(), "fargauge explain".into());
    schema
}

#[cfg(test)]
mod tests {
    use snapbox::assert_data_eq;

    use super::*;

    #[test]
    fn the_committed_schema_is_that_of_the_data_model() {
        let schema = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        assert_data_eq!(schema, snapbox::file!["../../../reports/explain.schema.json"].raw());
    }
}
