//! [`SnapshotWriter`]: writes a snapshot folder, so that a kill at any moment leaves one that can be
//! continued or one that is complete.
//!
//! The order of writing makes it so. `collect-state.json` comes first and is the claim to the folder;
//! then the inventory; then each part, recorded in the state once it is whole; then `manifest.json`;
//! then the state goes. Refuses to touch a folder that holds anything it did not write.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
};

use super::{
    FileEntry, Gap, Inventory, Manifest, Scope, Series, Window,
    checksum::seal,
    collect_state::{CollectState, PartDone},
    durable,
    error::SnapshotError,
    layout::{
        COLLECT_STATE, INVENTORY, MANIFEST, UTILIZATION, is_ours_in_utilization, is_part_name, part_file,
        partial,
    },
    plausible::implausible,
    reader::{misnumbered, read_inventory},
    stored_file,
};
use crate::frames::series_to_parquet;

/// `create` or `resume`, then `begin` (unless resumed), `write_part` for each part, `finish`.
#[derive(Debug)]
pub struct SnapshotWriter {
    folder: PathBuf,
    /// None until `begin`.
    collect: Option<Collect>,
    /// Held for as long as this writer lives.
    _lock: Option<File>,
}

#[derive(Debug)]
struct Collect {
    state: CollectState,
    /// Workloads in the inventory.
    workloads: usize,
}

/// What an interrupted collect had asked for and done.
#[derive(Debug, Clone, PartialEq)]
pub struct ResumeState {
    /// As given to [`SnapshotWriter::begin`].
    pub request: serde_json::Value,
    pub window: Window,
    pub inventory: Inventory,
    /// All gaps met so far: those given to `begin`, and those of the parts that are done.
    pub gaps: Vec<Gap>,
    pub scopes: Vec<Scope>,
    /// The parts that are done and whole, by name.
    pub parts: BTreeMap<String, FileEntry>,
}

impl SnapshotWriter {
    /// Starts a snapshot in `folder`, which is new or empty. Another writer in it is refused.
    pub fn create(folder: &Path) -> Result<Self, SnapshotError> {
        durable::create_folder(folder)?;
        let lock = durable::lock(folder)?;
        match State::of(folder)? {
            State::Empty => Ok(Self { folder: folder.to_owned(), collect: None, _lock: lock }),
            State::Interrupted => Err(SnapshotError::Interrupted { folder: folder.to_owned() }),
            State::Complete => Err(SnapshotError::Complete { folder: folder.to_owned() }),
        }
    }

    /// Continues an interrupted collect in `folder`; none if there is nothing to continue, because the
    /// folder is absent, empty, or the collect was stopped before its inventory was written. Removes
    /// what the interruption left half done, and parts that are not what was written.
    pub fn resume(folder: &Path) -> Result<Option<(Self, ResumeState)>, SnapshotError> {
        if !folder.exists() {
            return Ok(None);
        }
        let lock = durable::lock(folder)?;
        let state_path = folder.join(COLLECT_STATE);
        match State::of(folder)? {
            State::Empty => return Ok(None),
            State::Complete => {
                // The state may have been left by a kill between the last two steps of `finish`.
                durable::remove(&state_path)?;
                return Err(SnapshotError::Complete { folder: folder.to_owned() });
            }
            State::Interrupted => {}
        }
        let mut state = CollectState::read(&state_path)?;
        for path in [folder.join(MANIFEST), folder.join(INVENTORY), state_path.clone()] {
            remove_if_there(&partial(&path))?;
        }
        let inventory_path = folder.join(INVENTORY);
        if state.parts.is_empty() && !inventory_path.exists() {
            durable::remove(&state_path)?;
            return Ok(None);
        }
        let inventory = read_inventory(&inventory_path, &state.inventory)?;
        drop_damaged_parts(folder, &mut state)?;
        remove_unrecorded(folder, &state)?;
        let resumed = ResumeState {
            request: state.request.clone(),
            window: state.window,
            gaps: state.all_gaps(),
            scopes: state.scopes.clone(),
            parts: state.parts.iter().map(|(name, part)| (name.clone(), part.file.clone())).collect(),
            inventory,
        };
        let collect = Collect { state, workloads: resumed.inventory.workloads.len() };
        Ok(Some((Self { folder: folder.to_owned(), collect: Some(collect), _lock: lock }, resumed)))
    }

    /// Writes down what is collected, so that the collect can be continued from here on. `request` is
    /// the collector's own note of what was asked for.
    pub fn begin(
        &mut self,
        request: &serde_json::Value,
        window: Window,
        scopes: &[Scope],
        inventory: &Inventory,
        gaps: &[Gap],
    ) -> Result<(), SnapshotError> {
        let path = self.folder.join(INVENTORY);
        if self.collect.is_some() {
            return Err(unwritable(&path, "the collect has begun already"));
        }
        if let Some(problem) = misnumbered(inventory).or_else(|| implausible(inventory, &window)) {
            return Err(SnapshotError::Unwritable { path, problem });
        }
        let mut bytes = serde_json::to_vec(inventory).map_err(SnapshotError::unwritable(&path))?;
        bytes.push(b'\n');
        let state = CollectState::new(request, window, scopes, gaps, FileEntry::of(&bytes, None));
        state.write(&self.folder.join(COLLECT_STATE))?;
        durable::write(&path, &bytes)?;
        self.collect = Some(Collect { state, workloads: inventory.workloads.len() });
        Ok(())
    }

    /// Writes the part `name` (letters, digits, `-` and `_`), which holds `series`, sorted by workload
    /// and time, each workload whole. `gaps` are those met while it was pulled.
    pub fn write_part(&mut self, name: &str, series: &[Series], gaps: &[Gap]) -> Result<(), SnapshotError> {
        let path = self.folder.join(part_file(name));
        let Some(Collect { state, workloads }) = &mut self.collect else {
            return Err(unwritable(&path, "the collect has not begun"));
        };
        if !is_part_name(name) {
            return Err(unwritable(&path, "a part's name is letters, digits, `-` and `_`"));
        }
        if state.parts.contains_key(name) {
            return Err(unwritable(&path, "it is written already"));
        }
        if let Some(unknown) = series.iter().find(|one| one.workload_id as usize >= *workloads) {
            let problem = format!("{INVENTORY} has no workload {}", unknown.workload_id);
            return Err(SnapshotError::Unwritable { path, problem });
        }
        let bytes = series_to_parquet(series).map_err(|error| unwritable(&path, &error.to_string()))?;
        let folder = self.folder.join(UTILIZATION);
        if !folder.is_dir() {
            durable::create_folder(&folder)?;
        }
        durable::write(&path, &bytes)?;
        let rows = series.iter().map(|one| one.points.len() as u64).sum();
        let done = PartDone { file: FileEntry::of(&bytes, Some(rows)), gaps: gaps.to_vec() };
        let mut with_part = state.clone();
        with_part.parts.insert(name.to_owned(), done);
        with_part.write(&self.folder.join(COLLECT_STATE))?;
        *state = with_part;
        Ok(())
    }

    /// Whether the part `name` is written and recorded.
    pub fn is_written(&self, name: &str) -> bool {
        self.collect.as_ref().is_some_and(|collect| collect.state.parts.contains_key(name))
    }

    /// Makes the folder a complete snapshot.
    pub fn finish(self) -> Result<Manifest, SnapshotError> {
        let path = self.folder.join(MANIFEST);
        let Some(Collect { state, .. }) = &self.collect else {
            return Err(unwritable(&path, "the collect has not begun"));
        };
        let manifest = state.manifest();
        durable::write(&path, &seal(&manifest).map_err(SnapshotError::unwritable(&path))?)?;
        durable::remove(&self.folder.join(COLLECT_STATE))?;
        Ok(manifest)
    }
}

/// What a folder is to a writer.
enum State {
    /// Nothing in it, but for what a kill in the very first write left.
    Empty,
    Interrupted,
    Complete,
}

impl State {
    fn of(folder: &Path) -> Result<Self, SnapshotError> {
        let state = folder.join(COLLECT_STATE);
        if folder.join(MANIFEST).exists() {
            return Ok(Self::Complete);
        }
        if state.exists() {
            return Ok(Self::Interrupted);
        }
        let leftover = partial(&state);
        for entry in fs::read_dir(folder).map_err(SnapshotError::io("list", folder))? {
            let path = entry.map_err(SnapshotError::io("list", folder))?.path();
            if path != leftover {
                let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                return Err(SnapshotError::Foreign { folder: folder.to_owned(), file });
            }
        }
        Ok(Self::Empty)
    }
}

/// Takes out of the state, then off the disk, every part that is not what was written.
fn drop_damaged_parts(folder: &Path, state: &mut CollectState) -> Result<(), SnapshotError> {
    let mut damaged = Vec::new();
    for (name, part) in &state.parts {
        let path = folder.join(part_file(name));
        match stored_file::read_checked(&path, &part.file) {
            Ok(_) => {}
            Err(error @ SnapshotError::Io { .. }) => return Err(error),
            Err(_) => damaged.push(name.clone()),
        }
    }
    if damaged.is_empty() {
        return Ok(());
    }
    for name in &damaged {
        state.parts.remove(name);
    }
    // Recorded first: a part that is not in the state is removed, now or when this is interrupted.
    state.write(&folder.join(COLLECT_STATE))
}

/// Removes partial files and parts that the state does not have: a kill came before they were recorded.
fn remove_unrecorded(folder: &Path, state: &CollectState) -> Result<(), SnapshotError> {
    let folder = folder.join(UTILIZATION);
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(&folder).map_err(SnapshotError::io("list", &folder))? {
        let entry = entry.map_err(SnapshotError::io("list", &folder))?;
        let file = entry.file_name();
        let Some(file) = file.to_str().filter(|file| is_ours_in_utilization(file)) else {
            continue;
        };
        let recorded = file.strip_suffix(".parquet").is_some_and(|name| state.parts.contains_key(name));
        if !recorded {
            durable::remove(&entry.path())?;
        }
    }
    Ok(())
}

fn remove_if_there(path: &Path) -> Result<(), SnapshotError> {
    if path.exists() { durable::remove(path) } else { Ok(()) }
}

fn unwritable(path: &Path, problem: &str) -> SnapshotError {
    SnapshotError::Unwritable { path: path.to_owned(), problem: problem.to_owned() }
}
