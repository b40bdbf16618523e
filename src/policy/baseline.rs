//! [`Baseline`]: findings that are known and may stay.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Finding, Level};

/// Version of the file's format.
const VERSION: u32 = 1;

/// The findings of an earlier run, by fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    version: u32,
    findings: BTreeMap<String, Entry>,
}

/// What a reader of the file sees of a finding; only the fingerprint counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    rule: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    message: String,
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
        let entry = |finding: &Finding| Entry {
            rule: finding.rule.as_str().to_owned(),
            path: finding.at.as_ref().map(|at| at.path.to_string_lossy().replace('\\', "/")),
            task: finding.task.clone(),
            message: finding.message.clone(),
        };
        Self {
            version: VERSION,
            findings: kept.map(|finding| (finding.fingerprint.clone(), entry(finding))).collect(),
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

    pub fn has(&self, fingerprint: &str) -> bool {
        self.findings.contains_key(fingerprint)
    }

    pub fn len(&self) -> usize {
        self.findings.len()
    }

    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }
}
