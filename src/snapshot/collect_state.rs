//! [`CollectState`]: what a collect has done so far, in `collect-state.json`.

use std::{collections::BTreeMap, path::Path};

use serde::{Deserialize, Serialize};

use super::{
    FORMAT_VERSION, FileEntry, Gap, Manifest, Scope, Window,
    checksum::seal,
    durable,
    error::SnapshotError,
    layout::{INVENTORY, part_file},
    stored_file,
};

/// How the integers of the utilization files are to be read; part of every manifest.
const UTILIZATION_ENCODING: &str = "cpu_avg, cpu_max, mem_avg and mem_max are integers of 0.01 % of the task \
     size in force; averages are rounded to the nearest, maxima up; null means no sample";

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CollectState {
    format_version: u32,
    /// What was asked for, as the collector wrote it down; only the collector reads it.
    pub request: serde_json::Value,
    pub window: Window,
    pub scopes: Vec<Scope>,
    /// Gaps met before the first part.
    gaps: Vec<Gap>,
    pub inventory: FileEntry,
    /// Parts done, by name.
    pub parts: BTreeMap<String, PartDone>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PartDone {
    pub file: FileEntry,
    /// Gaps met while this part was pulled: they go if the part has to be pulled again.
    pub gaps: Vec<Gap>,
}

impl CollectState {
    pub fn new(
        request: &serde_json::Value,
        window: Window,
        scopes: &[Scope],
        gaps: &[Gap],
        inventory: FileEntry,
    ) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            request: request.clone(),
            window,
            scopes: scopes.to_vec(),
            gaps: gaps.to_vec(),
            inventory,
            parts: BTreeMap::new(),
        }
    }

    pub fn read(path: &Path) -> Result<Self, SnapshotError> {
        let text = stored_file::read(path)?;
        stored_file::unseal(path, &text, |found| {
            if found == u64::from(FORMAT_VERSION) {
                return Ok(());
            }
            Err(SnapshotError::OtherFormat { path: path.to_owned(), found, supported: FORMAT_VERSION })
        })
    }

    pub fn write(&self, path: &Path) -> Result<(), SnapshotError> {
        durable::write(path, &seal(self).map_err(SnapshotError::unwritable(path))?)
    }

    /// All gaps so far, sorted, each once: the order in which parts were pulled leaves no trace.
    pub fn all_gaps(&self) -> Vec<Gap> {
        let of_parts = self.parts.values().flat_map(|part| &part.gaps);
        let mut gaps: Vec<Gap> = self.gaps.iter().chain(of_parts).cloned().collect();
        gaps.sort();
        gaps.dedup();
        gaps
    }

    /// The manifest of the snapshot, if the collect ends here.
    pub fn manifest(&self) -> Manifest {
        let parts = self.parts.iter().map(|(name, part)| (part_file(name), part.file.clone()));
        Manifest {
            format_version: FORMAT_VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            scopes: self.scopes.clone(),
            window: self.window,
            utilization_encoding: UTILIZATION_ENCODING.to_owned(),
            files: parts.chain([(INVENTORY.to_owned(), self.inventory.clone())]).collect(),
            gaps: self.all_gaps(),
        }
    }
}
