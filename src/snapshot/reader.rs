//! [`Snapshot`]: a snapshot, opened for reading.
//!
//! Takes a folder that `collect` finished, or copies of its files; gives its manifest, its inventory and its parts. Refuses,
//! naming the file, whatever is not as it was written: cut short, edited, missing, of a newer format.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use super::{
    FORMAT_VERSION, FileEntry, Inventory, Manifest, Series, UtilizationParts, Window,
    error::SnapshotError,
    layout::{COLLECT_STATE, INVENTORY, MANIFEST, part_name},
    plausible::implausible,
    source::Source,
    stored_file,
};
use crate::frames::series_from_parquet;

/// CloudWatch has no longer one.
const LONGEST_PERIOD_SECONDS: u32 = 86_400;
/// Ten years: eight times what CloudWatch keeps.
const LONGEST_WINDOW_SECONDS: u64 = 3_653 * 86_400;

#[derive(Debug)]
pub struct Snapshot {
    pub manifest: Manifest,
    pub inventory: Inventory,
    /// SHA-256 of `manifest.json`; as that holds the other files' checksums, it stands for them all.
    pub manifest_sha256: String,
    source: Source,
    /// The utilization files by name, as the manifest has them.
    parts: Vec<(String, FileEntry)>,
    /// By workload: the part it was found in, counted from 1; 0 before it was found.
    found_in: Vec<AtomicUsize>,
}

impl Snapshot {
    /// Reads everything but utilization, which is read and checked part by part.
    pub fn open(folder: &Path) -> Result<Self, SnapshotError> {
        if !folder.is_dir() {
            return Err(SnapshotError::NoFolder { folder: folder.to_owned() });
        }
        Self::read_from(Source::Folder(folder.to_owned())).map_err(|error| match error {
            SnapshotError::Missing { path } if path == folder.join(MANIFEST) => why_no_manifest(folder),
            other => other,
        })
    }

    /// The same from copies of the files of `original`, by their names there, manifest included. Errors name
    /// the original.
    pub fn open_copies(original: PathBuf, files: BTreeMap<String, File>) -> Result<Self, SnapshotError> {
        Self::read_from(Source::copies(original, files))
    }

    fn read_from(source: Source) -> Result<Self, SnapshotError> {
        let path = source.path(MANIFEST);
        let text = source.read(MANIFEST)?;
        let manifest = Manifest::read(&path, &text)?;
        let entry = manifest.files.get(INVENTORY).ok_or_else(|| SnapshotError::Inconsistent {
            path,
            problem: format!("it does not list {INVENTORY}"),
        })?;
        let inventory_path = source.path(INVENTORY);
        let bytes = source.read(INVENTORY)?;
        stored_file::check(&inventory_path, &bytes, entry)?;
        let inventory = parse_inventory(&inventory_path, &bytes)?;
        if let Some(problem) = implausible(&inventory, &manifest.window) {
            return Err(SnapshotError::Inconsistent { path: inventory_path, problem });
        }
        let parts = manifest.files.iter().filter(|(name, _)| part_name(name).is_some());
        Ok(Self {
            manifest_sha256: crate::sha256::hex(&text),
            source,
            parts: parts.map(|(name, entry)| (name.clone(), entry.clone())).collect(),
            found_in: inventory.workloads.iter().map(|_| AtomicUsize::new(0)).collect(),
            manifest,
            inventory,
        })
    }

    /// Part number `index`, counted from 0, sorted by workload, then time.
    pub fn read(&self, index: usize) -> Result<Vec<Series>, SnapshotError> {
        let Some((file, entry)) = self.parts.get(index) else {
            return Err(SnapshotError::Inconsistent {
                path: self.source.path(MANIFEST),
                problem: format!("it has {} utilization files, so none numbered {index}", self.parts.len()),
            });
        };
        let path = self.source.path(file);
        let bytes = self.source.read(file)?;
        stored_file::check(&path, &bytes, entry)?;
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

impl Manifest {
    /// The manifest whose `text` was read from `path`. Refuses one that was edited, is of a newer format, has
    /// a window that cannot be, or lists anything that is no file of a snapshot.
    pub fn read(path: &Path, text: &[u8]) -> Result<Self, SnapshotError> {
        let manifest: Self = stored_file::unseal(path, text, |found| {
            if found > u64::from(FORMAT_VERSION) {
                let path = path.to_owned();
                return Err(SnapshotError::NewerFormat { path, found, supported: FORMAT_VERSION });
            }
            Ok(())
        })?;
        if let Some(problem) = impossible(&manifest.window) {
            return Err(SnapshotError::Inconsistent { path: path.to_owned(), problem });
        }
        match manifest.files.keys().find(|name| part_name(name).is_none() && *name != INVENTORY) {
            Some(name) => Err(SnapshotError::Listed { path: path.to_owned(), name: name.clone() }),
            None => Ok(manifest),
        }
    }
}

/// The inventory in the file at `path`, whose workloads are numbered as utilization refers to them.
pub(super) fn read_inventory(path: &Path, entry: &FileEntry) -> Result<Inventory, SnapshotError> {
    parse_inventory(path, &stored_file::read_checked(path, entry)?)
}

fn parse_inventory(path: &Path, bytes: &[u8]) -> Result<Inventory, SnapshotError> {
    let inventory: Inventory = serde_json::from_slice(bytes).map_err(SnapshotError::json(path))?;
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

/// What is wrong with a window. It is what rows are held against, so nothing holds without it.
fn impossible(window: &Window) -> Option<String> {
    let is_window = (1..=LONGEST_PERIOD_SECONDS).contains(&window.period_seconds)
        && (u64::from(window.period_seconds)..=LONGEST_WINDOW_SECONDS).contains(&window.seconds());
    (!is_window).then(|| {
        format!(
            "its window is from {} to {} in periods of {} s, but must be of one period to ten years, and a period \
             of 1 s to a day",
            window.start, window.end, window.period_seconds
        )
    })
}

fn why_no_manifest(folder: &Path) -> SnapshotError {
    let folder = folder.to_owned();
    if folder.join(COLLECT_STATE).exists() {
        SnapshotError::Interrupted { folder }
    } else {
        SnapshotError::NotASnapshot { folder }
    }
}
