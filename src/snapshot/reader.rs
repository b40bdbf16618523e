//! [`Snapshot`]: a snapshot folder, opened for reading.
//!
//! Takes a folder that `collect` finished; gives its manifest, its inventory and its parts. Refuses,
//! naming the file, whatever is not as it was written: cut short, edited, missing, of a newer format.

use std::{
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use super::{
    FORMAT_VERSION, FileEntry, Inventory, Manifest, Series, UtilizationParts,
    error::SnapshotError,
    layout::{COLLECT_STATE, INVENTORY, MANIFEST, part_name},
    stored_file,
};
use crate::frames::series_from_parquet;

#[derive(Debug)]
pub struct Snapshot {
    pub manifest: Manifest,
    pub inventory: Inventory,
    /// SHA-256 of `manifest.json`; as that holds the other files' checksums, it stands for them all.
    pub manifest_sha256: String,
    folder: PathBuf,
    /// The utilization files by name, as the manifest has them.
    parts: Vec<(String, FileEntry)>,
    /// By workload: the part it was found in, counted from 1; 0 before it was found.
    found_in: Vec<AtomicUsize>,
}

impl Snapshot {
    /// Reads everything but utilization, which is read and checked part by part.
    pub fn open(folder: &Path) -> Result<Self, SnapshotError> {
        let path = folder.join(MANIFEST);
        if !folder.is_dir() {
            return Err(SnapshotError::NoFolder { folder: folder.to_owned() });
        }
        let text = stored_file::read(&path).map_err(|error| match error {
            SnapshotError::Missing { .. } => why_no_manifest(folder),
            other => other,
        })?;
        let manifest: Manifest = stored_file::unseal(&path, &text, |found| {
            if found > u64::from(FORMAT_VERSION) {
                return Err(SnapshotError::NewerFormat {
                    path: path.clone(),
                    found,
                    supported: FORMAT_VERSION,
                });
            }
            Ok(())
        })?;
        let parts = check_files(&manifest, &path)?;

        let inventory_path = folder.join(INVENTORY);
        let entry = manifest.files.get(INVENTORY).ok_or_else(|| SnapshotError::Inconsistent {
            path,
            problem: format!("it does not list {INVENTORY}"),
        })?;
        let inventory = read_inventory(&inventory_path, entry)?;
        Ok(Self {
            manifest_sha256: crate::sha256::hex(&text),
            folder: folder.to_owned(),
            parts,
            found_in: inventory.workloads.iter().map(|_| AtomicUsize::new(0)).collect(),
            manifest,
            inventory,
        })
    }

    /// Part number `index`, counted from 0, sorted by workload, then time.
    pub fn read(&self, index: usize) -> Result<Vec<Series>, SnapshotError> {
        let Some((file, entry)) = self.parts.get(index) else {
            return Err(SnapshotError::Inconsistent {
                path: self.folder.join(MANIFEST),
                problem: format!("it has {} utilization files, so none numbered {index}", self.parts.len()),
            });
        };
        let path = self.folder.join(file);
        let bytes = stored_file::read_checked(&path, entry)?;
        let series = series_from_parquet(&bytes)
            .map_err(|cause| SnapshotError::Utilization { path: path.clone(), cause })?;
        let inconsistent = |problem| SnapshotError::Inconsistent { path: path.clone(), problem };
        let rows = series.iter().map(|one| one.points.len() as u64).sum();
        if entry.rows != Some(rows) {
            return Err(inconsistent(format!("it has {rows} rows, which is not what {MANIFEST} says")));
        }
        for one in &series {
            self.claim(one.workload_id, index).map_err(inconsistent)?;
        }
        Ok(series)
    }

    /// Notes that a workload is in part `index`, so that one in two parts is not counted twice.
    fn claim(&self, workload_id: u32, index: usize) -> Result<(), String> {
        let Some(found_in) = self.found_in.get(workload_id as usize) else {
            let known = self.found_in.len();
            return Err(format!(
                "it has workload {workload_id}, but {INVENTORY} has {known} workloads, counted from 0"
            ));
        };
        match found_in.compare_exchange(0, index + 1, Ordering::Relaxed, Ordering::Relaxed) {
            Err(other) if other != index + 1 => {
                let other = &self.parts[other - 1].0;
                Err(format!("workload {workload_id} is in it and in {other}, but must be whole in one file"))
            }
            _ => Ok(()),
        }
    }
}

impl UtilizationParts for Snapshot {
    fn parts(&self) -> usize {
        self.parts.len()
    }

    /// The error holds a [`SnapshotError`].
    fn read_part(&self, index: usize) -> io::Result<Vec<Series>> {
        self.read(index).map_err(io::Error::other)
    }
}

/// The inventory in the file at `path`, whose workloads are numbered as utilization refers to them.
pub(super) fn read_inventory(path: &Path, entry: &FileEntry) -> Result<Inventory, SnapshotError> {
    let bytes = stored_file::read_checked(path, entry)?;
    let inventory: Inventory = serde_json::from_slice(&bytes).map_err(SnapshotError::json(path))?;
    match misnumbered(&inventory) {
        Some(problem) => Err(SnapshotError::Inconsistent { path: path.to_owned(), problem }),
        None => Ok(inventory),
    }
}

/// What is wrong with the workloads' numbers, which are their places in the inventory.
pub(super) fn misnumbered(inventory: &Inventory) -> Option<String> {
    let (place, workload) = inventory
        .workloads
        .iter()
        .enumerate()
        .find(|(place, workload)| workload.workload_id as usize != *place)?;
    Some(format!(
        "workload {} is number {place} in the list but has the workload_id {}",
        workload.identity.id(),
        workload.workload_id
    ))
}

/// The parts that the manifest lists; refuses it if it lists anything that is no file of a snapshot.
fn check_files(manifest: &Manifest, path: &Path) -> Result<Vec<(String, FileEntry)>, SnapshotError> {
    let mut parts = Vec::new();
    for (name, entry) in &manifest.files {
        if part_name(name).is_some() {
            parts.push((name.clone(), entry.clone()));
        } else if name != INVENTORY {
            return Err(SnapshotError::Listed { path: path.to_owned(), name: name.clone() });
        }
    }
    Ok(parts)
}

fn why_no_manifest(folder: &Path) -> SnapshotError {
    let folder = folder.to_owned();
    if folder.join(COLLECT_STATE).exists() {
        SnapshotError::Interrupted { folder }
    } else {
        SnapshotError::NotASnapshot { folder }
    }
}
