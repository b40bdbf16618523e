//! [`CheckReport`]: the public JSON of `check`.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    report::{PriceBookReference, Quantity, SnapshotReference},
    units::Usd,
};

/// The texts that findings are about, by path as in the report: for excerpts.
pub type Sources = BTreeMap<String, Arc<str>>;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckReport {
    pub schema_version: u32,
    pub verdict: Verdict,
    #[schemars(with = "String")]
    pub as_of: Timestamp,
    /// Null where none was given.
    pub snapshot: Option<SnapshotReference>,
    pub price_book: PriceBookReference,
    /// Whether what the base or the baseline has, too, is let pass (`--new-only`).
    pub new_only: bool,
    pub totals: CheckTotals,
    /// Every path named, and every file that was recognised by content.
    pub files: Vec<CheckFile>,
    /// Every task definition, and those that only the base has; by path where the templates are.
    pub tasks: Vec<CheckTask>,
    /// Files in folders that hold nothing about ECS tasks.
    pub ignored_files: u64,
    /// By path, line, rule.
    pub findings: Vec<CheckFinding>,
    pub not_judged: Vec<CheckNotJudged>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing that is denied was found.
    Pass,
    Fail,
    /// Something could not be read or judged, and the settings say that this matters.
    Incomplete,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct CheckTotals {
    pub tasks: u64,
    pub denied: u64,
    pub warned: u64,
    pub waived: u64,
    /// Known from the base or the baseline.
    pub known: u64,
    /// Sum of the changes that are known, against the base; null without a base.
    pub monthly_cost_change: Option<Usd>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckFile {
    pub path: String,
    /// `task-definition`, `cloudformation`, `terraform-plan`, `terraform`, `copilot` or `compose`; null where
    /// it could not be told.
    pub kind: Option<String>,
    pub parsed: bool,
    /// Task definitions found.
    pub tasks: u64,
    pub error: Option<CheckFileError>,
}

/// A task definition, and what all its tasks cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckTask {
    pub path: String,
    pub line: u64,
    pub task: String,
    /// Null where it is not there, or not known.
    pub cpu_units: Option<u32>,
    pub memory_mib: Option<u32>,
    /// Tasks that run, or that the template asks for; null where nothing says, and the costs are those of one.
    pub tasks: Option<Quantity>,
    /// Null where it is not known; 0 where it is gone.
    pub monthly_cost: Option<Usd>,
    /// In the base: null where it is not known or there is none; 0 where it is new.
    pub base_monthly_cost: Option<Usd>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckFileError {
    pub message: String,
    pub line: u64,
    pub column: u64,
    pub hint: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckFinding {
    pub rule: String,
    /// `warn` or `deny`.
    pub level: String,
    /// Null for what concerns no file.
    pub path: Option<String>,
    /// From 1; null for what concerns no file.
    pub line: Option<u64>,
    /// In characters, from 1.
    pub column: Option<u64>,
    pub end_line: Option<u64>,
    /// Exclusive.
    pub end_column: Option<u64>,
    pub task: Option<String>,
    pub container: Option<String>,
    /// The linked workload's id.
    pub workload: Option<String>,
    pub message: String,
    pub help: Option<String>,
    pub fingerprint: String,
    /// USD a month more; negative: less. Null where it is not known.
    pub monthly_cost_change: Option<Usd>,
    /// The waiver's reason.
    pub waived: Option<String>,
    /// The base or the baseline has it, too.
    pub known: bool,
}

/// A rule that could not be judged, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckNotJudged {
    pub rule: String,
    pub path: Option<String>,
    pub line: Option<u64>,
    pub task: Option<String>,
    pub why: String,
}
