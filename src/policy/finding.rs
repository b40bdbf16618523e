//! [`Finding`]: what a rule says about a place.

use rust_decimal::Decimal;

use super::{Level, Rule};
use crate::{template::Place, units::Usd};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub rule: Rule,
    pub level: Level,
    /// Absent for what concerns no file: the snapshot, a waiver of the config.
    pub at: Option<Place>,
    /// The task template's name, where it concerns one.
    pub task: Option<String>,
    /// The container's name, where it concerns one.
    pub container: Option<String>,
    /// The id of the linked workload of the snapshot: that which it is about, else the only one.
    pub workload: Option<String>,
    /// One sentence with the figures.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// USD a month that the change (or what is found) costs more; negative: less.
    pub monthly_cost_change: Option<Usd>,
    /// How bad it is, where money does not tell; only findings of the same thing compare.
    pub severity: u64,
    /// Of what the task asks for: the same for the same sizes and number of tasks; empty where it concerns none.
    pub request: String,
    /// Hexadecimal; the same for the same finding whatever the line or the revision, and the file's name where the
    /// family has no other copy.
    pub fingerprint: String,
    /// The same for the same finding in every copy of the family.
    pub of_family: String,
    /// The reason of the waiver that covers it, if one does; it then cannot fail the check.
    pub waived: Option<String>,
    /// Whether the baseline or the base has it, too.
    pub known: bool,
}

impl Finding {
    /// Whether it is no worse than what asked for `request` and came to `severity` and `cost` (USD a month). What
    /// cannot be compared is worse, unless it asks for the same.
    pub(super) fn is_no_worse(&self, request: &str, severity: u64, cost: Option<Decimal>) -> bool {
        let costs_no_more = match (self.monthly_cost_change, cost) {
            (Some(now), Some(then)) => now.0 <= then,
            (now, then) => now.is_none() && then.is_none(),
        };
        self.severity <= severity && costs_no_more && (self.rule.tells_worse() || self.request == request)
    }
}

/// A rule that could not be judged of a task, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotJudged {
    pub rule: Rule,
    pub task: Option<String>,
    pub at: Option<Place>,
    pub why: String,
}

/// What all rules said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judgement {
    /// In the sequence of the templates, by rule; what concerns none comes last.
    pub findings: Vec<Finding>,
    pub not_judged: Vec<NotJudged>,
}
