//! [`Baseline`]: findings that are known and may stay.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{Finding, Level};
use crate::{sha256, template::TaskTemplate};

/// Version of the file's format.
const VERSION: u32 = 1;

/// The findings of an earlier run, by fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    version: u32,
    findings: BTreeMap<String, Entry>,
}

/// What a reader of the file sees of a finding, and how much of it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    message: String,
    /// What the task asked for; absent in files of before it was kept, which know a finding whatever it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    /// USD a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cost: Option<Decimal>,
    #[serde(default, skip_serializing_if = "is_nothing")]
    severity: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_nothing(severity: &u64) -> bool {
    *severity == 0
}

impl Entry {
    fn of(finding: &Finding) -> Self {
        Self {
            rule: finding.rule.as_str().to_owned(),
            path: finding.at.as_ref().map(|at| at.path.to_string_lossy().replace('\\', "/")),
            task: finding.task.clone(),
            message: finding.message.clone(),
            request: Some(finding.request.clone()),
            cost: finding.monthly_cost_change.map(|cost| cost.0),
            severity: finding.severity,
        }
    }

    /// Whether a finding is no worse than this. What asks for the same is not: that production makes more of it
    /// is not the change's doing.
    fn covers(&self, finding: &Finding) -> bool {
        self.request.as_ref().is_none_or(|request| {
            *request == finding.request
                || (finding.severity <= self.severity
                    && finding.monthly_cost_change.map(|cost| cost.0) <= self.cost)
        })
    }
}

/// The same text for the same sizes and number of tasks, however they are written.
pub(super) fn request(task: &TaskTemplate) -> String {
    let services: Vec<_> = task
        .services
        .iter()
        .map(|service| {
            let strategy = service.strategy.iter().map(|item| (&item.provider, item.base, item.weight));
            let strategy: Vec<_> = strategy.collect();
            (service.desired_count.known(), service.launch_type.known(), strategy)
        })
        .collect();
    let containers: Vec<_> = task
        .containers
        .iter()
        .map(|container| {
            let settings = container.runtime_settings.iter().map(|(setting, _)| setting);
            let limits =
                (container.cpu.known(), container.memory.known(), container.memory_reservation.known());
            (container.name.known(), limits, settings.collect::<Vec<_>>())
        })
        .collect();
    let sizes =
        (task.cpu.known(), task.memory.known(), task.ephemeral_storage.known(), task.platform.known());
    // Only compared: should the text of a type ever change, the figures decide instead.
    let text = format!("{:?}", (sizes, &task.requires_compatibilities, services, containers));
    sha256::hex(text.as_bytes())[..16].to_owned()
}

/// Why a text is no baseline.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    #[error("line {line} column {column}: {message}; write it anew with --write-baseline")]
    Form { line: usize, column: usize, message: String },
    #[error("is of format version {0}, this fargauge reads {VERSION}; write it anew with --write-baseline")]
    Version(u32),
}

impl Baseline {
    /// Everything reported and not waived.
    pub fn of(findings: &[Finding]) -> Self {
        let kept = findings.iter().filter(|f| f.level != Level::Allow && f.waived.is_none());
        Self {
            version: VERSION,
            findings: kept.map(|finding| (finding.fingerprint.clone(), Entry::of(finding))).collect(),
        }
    }

    pub fn from_json(text: &[u8]) -> Result<Self, BaselineError> {
        let baseline: Self = serde_json::from_slice(text).map_err(|error| BaselineError::Form {
            line: error.line(),
            column: error.column(),
            message: error.to_string(),
        })?;
        if baseline.version == VERSION { Ok(baseline) } else { Err(BaselineError::Version(baseline.version)) }
    }

    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("strings and numbers serialize");
        text.push('\n');
        text
    }

    /// Whether it has the finding, at least as bad.
    pub fn knows(&self, finding: &Finding) -> bool {
        self.findings.get(&finding.fingerprint).is_some_and(|entry| entry.covers(finding))
    }

    pub fn len(&self) -> usize {
        self.findings.len()
    }

    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }
}
