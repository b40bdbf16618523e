//! [`Baseline`]: findings that are known and may stay.

use std::{collections::BTreeMap, path::Path};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, de::IgnoredAny};

use super::{Finding, Level, matching::slashed};
use crate::{sha256, template::TaskTemplate};

/// Version of the file's format.
const VERSION: u32 = 2;
/// That of files whose fingerprints counted the findings of a family, by path.
const COUNTED: u32 = 1;

/// The findings of an earlier run.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Baseline {
    version: u32,
    /// What was paid of list prices, where not all: amounts are less by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    paid: Option<Decimal>,
    findings: Vec<Entry>,
}

/// What a reader of the file sees of a finding, and how much of it is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// That of the finding in any copy of the family; empty in files of before.
    #[serde(default)]
    fingerprint: String,
    rule: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    task: Option<String>,
    message: String,
    /// What the task asked for; absent in files of before, which know a finding whatever it came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    /// USD a month.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cost: Option<Decimal>,
    #[serde(default, skip_serializing_if = "is_nothing")]
    severity: u64,
    /// Whether its file is still there.
    #[serde(skip)]
    is_there: bool,
}

/// A file of any version.
#[derive(Deserialize)]
struct Head {
    version: u32,
    #[serde(rename = "findings")]
    _findings: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<F> {
    #[serde(rename = "version")]
    _version: u32,
    #[serde(default)]
    paid: Option<Decimal>,
    findings: F,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_nothing(severity: &u64) -> bool {
    *severity == 0
}

impl Entry {
    fn of(finding: &Finding) -> Self {
        Self {
            fingerprint: finding.of_family.clone(),
            rule: finding.rule.as_str().to_owned(),
            path: path_of(finding),
            task: finding.task.clone(),
            message: finding.message.clone(),
            request: Some(finding.request.clone()),
            cost: finding.monthly_cost_change.map(|cost| cost.0),
            severity: finding.severity,
            is_there: false,
        }
    }

    /// Whether a finding is no worse than this. What asks for the same is not: that production makes more of it
    /// is not the change's doing. `is_comparable`: its amount is of the same prices.
    fn covers(&self, finding: &Finding, is_comparable: bool) -> bool {
        self.request.as_ref().is_none_or(|request| {
            *request == finding.request
                || ((is_comparable || self.cost.is_none())
                    && finding.is_no_worse(request, self.severity, self.cost))
        })
    }
}

/// Whether an entry may be of a finding, given by its index.
type Likeness<'a> = &'a dyn Fn(&Entry, usize) -> bool;

fn path_of(finding: &Finding) -> Option<String> {
    finding.at.as_ref().map(|at| slashed(&at.path))
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
    #[error(
        "is of format version {0}, this fargauge reads {COUNTED} and {VERSION}; write it anew with --write-baseline"
    )]
    Version(u32),
}

impl Baseline {
    /// Everything reported and not waived.
    pub fn of(findings: &[Finding]) -> Self {
        let kept = findings.iter().filter(|f| f.level != Level::Allow && f.waived.is_none());
        Self { version: VERSION, paid: None, findings: kept.map(Entry::of).collect() }
    }

    /// The same, whose amounts are this part of list prices.
    #[must_use]
    pub fn paid_at(self, paid: Decimal) -> Self {
        Self { paid: Some(paid).filter(|paid| *paid != Decimal::ONE), ..self }
    }

    pub fn from_json(text: &[u8]) -> Result<Self, BaselineError> {
        fn read<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, BaselineError> {
            serde_json::from_slice(text).map_err(|error| BaselineError::Form {
                line: error.line(),
                column: error.column(),
                message: error.to_string(),
            })
        }
        let version = read::<Head>(text)?.version;
        let (paid, findings) = match version {
            VERSION => {
                let File { paid, findings, .. } = read::<File<Vec<Entry>>>(text)?;
                (paid, findings)
            }
            COUNTED => {
                let File { paid, findings, .. } = read::<File<BTreeMap<String, Entry>>>(text)?;
                let named = |(fingerprint, entry)| Entry { fingerprint, ..entry };
                (paid, findings.into_iter().map(named).collect())
            }
            other => return Err(BaselineError::Version(other)),
        };
        Ok(Self { version, paid, findings })
    }

    /// The same, knowing which of its files are still there: a finding in another file is another one then.
    #[must_use]
    pub fn located(mut self, is_there: impl Fn(&Path) -> bool) -> Self {
        for entry in &mut self.findings {
            entry.is_there = entry.path.as_ref().is_some_and(|path| is_there(Path::new(path)));
        }
        self
    }

    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("strings and numbers serialize");
        text.push('\n');
        text
    }

    /// The same with fingerprints of today, where its own counted. `told` is what there is to know, and how
    /// often; `fingerprint` makes a fingerprint of it and a number.
    pub(super) fn renewed(
        &self,
        told: &BTreeMap<String, usize>,
        fingerprint: impl Fn(&str, usize) -> String,
    ) -> Self {
        let mut renewed = Self { version: VERSION, ..self.clone() };
        if self.version != COUNTED {
            return renewed;
        }
        let mut entries: BTreeMap<String, &mut Entry> =
            renewed.findings.iter_mut().map(|entry| (entry.fingerprint.clone(), entry)).collect();
        for (text, count) in told {
            for nth in 0.. {
                match entries.get_mut(&fingerprint(text, nth)) {
                    Some(entry) => entry.fingerprint = fingerprint(text, 0),
                    // What was waived was counted, and left out.
                    None if nth >= *count => break,
                    None => {}
                }
            }
        }
        renewed
    }

    /// Of each finding, whether it is known and no worse. One of a file is known by an entry of that file, else by
    /// one whose task is there no more: it was moved. `has_left` says of the task of a finding whether a file is
    /// without it now; `None` where the run did not read that file. `paid` is what is paid of list prices now.
    pub(super) fn known(
        &self,
        findings: &[Finding],
        paid: Decimal,
        has_left: impl Fn(usize, &str) -> Option<bool>,
    ) -> Vec<bool> {
        let is_comparable = self.paid.unwrap_or(Decimal::ONE) == paid;
        let mut known = vec![false; findings.len()];
        let mut entries: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in &self.findings {
            entries.entry(&entry.fingerprint).or_default().push(entry);
        }
        let mut of_family: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (nth, finding) in findings.iter().enumerate() {
            of_family.entry(&finding.of_family).or_default().push(nth);
        }
        let may_have_moved = |entry: &Entry, nth: usize| {
            entry.path.as_ref().is_some_and(|path| has_left(nth, path).unwrap_or(!entry.is_there))
        };
        // The closest first.
        let likeness: [Likeness<'_>; 4] = [
            &|entry, nth| entry.path == path_of(&findings[nth]) && entry.task == findings[nth].task,
            &|entry, nth| entry.path == path_of(&findings[nth]),
            &|entry, nth| {
                may_have_moved(entry, nth) && entry.request.as_ref() == Some(&findings[nth].request)
            },
            &may_have_moved,
        ];
        for (fingerprint, mut found) in of_family {
            let Some(mut left) = entries.remove(fingerprint) else { continue };
            for alike in likeness {
                found.retain(|nth| {
                    let Some(at) = left.iter().position(|entry| alike(entry, *nth)) else { return true };
                    known[*nth] = left.remove(at).covers(&findings[*nth], is_comparable);
                    false
                });
            }
        }
        known
    }

    pub fn len(&self) -> usize {
        self.findings.len()
    }

    pub fn is_empty(&self) -> bool {
        self.findings.is_empty()
    }
}
