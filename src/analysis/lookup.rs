//! Which workload a user means: its id, or any end of it that no other has.
//!
//! Takes ids and what was typed; gives the place in the list, or who else it may have been.

use crate::workload::{Workload, WorkloadIdentity};

/// Candidates named in a message.
const FEW: usize = 8;

/// Why no one workload is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    #[error("the snapshot has no workload named {name}")]
    Unknown { name: String, closest: Vec<String> },
    #[error("{name} may be any of {count} workloads")]
    Ambiguous { name: String, count: usize, candidates: Vec<String> },
}

impl LookupError {
    /// What to type instead.
    pub fn help(&self) -> String {
        match self {
            Self::Unknown { closest, .. } if closest.is_empty() => "the snapshot has no workloads".to_owned(),
            Self::Unknown { closest, .. } => format!("the closest are {}", closest.join(", ")),
            Self::Ambiguous { candidates, count, .. } => {
                let more = if *count > FEW { ", ..." } else { "" };
                format!("name one of {}{more}", candidates.join(", "))
            }
        }
    }
}

/// The number of the workload called `name`: an id (`account/region/cluster/name`) or the end of one
/// from a `/` on. `daemon:` and `family:` before the last part may be left out.
pub fn find(workloads: &[Workload], name: &str) -> Result<u32, LookupError> {
    let found = |is: &dyn Fn(&str) -> bool| -> Vec<&Workload> {
        workloads
            .iter()
            .filter(|workload| is(&workload.identity.id()) || is(&plain(&workload.identity)))
            .collect()
    };
    let tail = format!("/{name}");
    // A whole id is meant as one, even where it is the end of another.
    let mut matches: Vec<&Workload> = workloads.iter().filter(|w| w.identity.id() == name).collect();
    if matches.is_empty() {
        matches = found(&|id| id == name || id.ends_with(&tail));
    }
    match matches.as_slice() {
        [only] => Ok(only.workload_id),
        [] => {
            let segments = name.split('/').count();
            let mut near: Vec<(f64, String)> = workloads
                .iter()
                .map(|workload| {
                    let id = workload.identity.id();
                    let parts: Vec<&str> = id.split('/').collect();
                    let end = parts[parts.len().saturating_sub(segments)..].join("/");
                    let (end, name) = (end.to_lowercase(), name.to_lowercase());
                    // A part of a name says more than likeness.
                    let part = if end.contains(&name) { 1.0 } else { 0.0 };
                    (part + strsim::jaro_winkler(&end, &name), id)
                })
                .collect();
            near.sort_by(|(a, id), (b, other)| b.total_cmp(a).then_with(|| id.cmp(other)));
            let closest = near.into_iter().take(3).map(|(_, id)| id).collect();
            Err(LookupError::Unknown { name: name.to_owned(), closest })
        }
        several => Err(LookupError::Ambiguous {
            name: name.to_owned(),
            count: several.len(),
            candidates: several.iter().take(FEW).map(|workload| workload.identity.id()).collect(),
        }),
    }
}

/// The id without the kind.
fn plain(identity: &WorkloadIdentity) -> String {
    let WorkloadIdentity { account_id, region, cluster, name, .. } = identity;
    format!("{account_id}/{region}/{cluster}/{name}")
}
