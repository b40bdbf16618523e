//! The files that are named, and those in the folders that are named.
//!
//! What `.gitignore` leaves out is left out; links are not followed, so that none leads astray; hidden folders
//! are read, since task definitions live in `.aws`.

use std::{
    collections::BTreeSet,
    env,
    fs::File,
    io::{self, Read as _},
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use ignore::WalkBuilder;
use rayon::prelude::*;

use super::CliError;
use crate::template::{SourceFile, document::MAX_BYTES};

/// Folders that hold what others wrote, and are large.
const SKIPPED: [&str; 4] = [".git", ".terraform", "node_modules", "__pycache__"];
/// Of a file in a folder, so much is looked at for a byte that no text has.
const HEAD: usize = 8192;

/// Paths as reports and the base name them: from the current folder where they are in it, without dots. So a file
/// that is named in two ways is one file.
pub fn tidied(paths: &[PathBuf]) -> Vec<PathBuf> {
    paths.iter().map(|path| tidy(path)).collect()
}

pub fn tidy(path: &Path) -> PathBuf {
    let without_dots = |path: &Path| -> PathBuf {
        let tidy: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
        if tidy.as_os_str().is_empty() { PathBuf::from(".") } else { tidy }
    };
    let here = env::current_dir().ok();
    let below = |path: &Path, here: &Path| path.strip_prefix(here).ok().map(without_dots);
    if path.components().any(|part| part == Component::ParentDir) {
        // Only the file system knows where `..` leads; a link that is the last part stays what it is.
        let (folder, name) = match (path.parent(), path.file_name()) {
            (Some(folder), Some(name)) => (folder, Some(name)),
            _ => (path, None),
        };
        let real =
            folder.canonicalize().ok().map(|folder| name.map_or(folder.clone(), |name| folder.join(name)));
        let here = here.and_then(|here| here.canonicalize().ok());
        return real
            .zip(here)
            .and_then(|(real, here)| below(&real, &here))
            .unwrap_or_else(|| without_dots(path));
    }
    here.and_then(|here| below(path, &here)).unwrap_or_else(|| without_dots(path))
}

/// Every file under `paths`, by path, except those under `left_out`. A path that cannot be read is an error; a
/// file of a folder that cannot, too, since it may be the one that matters.
pub fn read(paths: &[PathBuf], left_out: Option<&Path>) -> Result<Vec<SourceFile>, CliError> {
    for path in paths {
        path.metadata()
            .with_context(|| format!("cannot read {}", path.display()))
            .map_err(CliError::usage)?;
    }
    let mut found: Vec<(PathBuf, bool)> = Vec::new();
    for path in paths {
        found.extend(find(path, left_out).map_err(CliError::not_evaluated)?);
    }
    found.sort();
    // Named beats found.
    found.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 |= same && next.1;
        same
    });
    read_found(found).map_err(CliError::not_evaluated)
}

/// The file at `path`, or every file under it, by path.
pub fn read_path(path: &Path) -> anyhow::Result<Vec<SourceFile>> {
    let mut found = find(path, None)?;
    found.sort();
    read_found(found)
}

/// The files at a path, and whether it named them itself.
fn find(path: &Path, left_out: Option<&Path>) -> anyhow::Result<Vec<(PathBuf, bool)>> {
    let metadata = path.metadata().with_context(|| format!("cannot read {}", path.display()))?;
    if metadata.is_dir() {
        Ok(walk(path, left_out)?.into_iter().map(|file| (file, false)).collect())
    } else {
        Ok(vec![(path.to_owned(), true)])
    }
}

fn read_found(found: Vec<(PathBuf, bool)>) -> anyhow::Result<Vec<SourceFile>> {
    let read: anyhow::Result<Vec<Option<SourceFile>>> =
        found.into_par_iter().map(|(path, named)| read_one(path, named)).collect();
    Ok(read?.into_iter().flatten().collect())
}

/// The base without what is still there but is looked at no more, such as what `.gitignore` names: it is not gone.
pub fn still_looked_at(base: Vec<SourceFile>, now: &[SourceFile]) -> Vec<SourceFile> {
    let now: BTreeSet<&Path> = now.iter().map(|file| file.path.as_path()).collect();
    base.into_iter().filter(|file| now.contains(file.path.as_path()) || !file.path.exists()).collect()
}

/// Every file in a folder.
pub fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    walk(folder, None).map_err(CliError::not_evaluated)
}

/// Whether a path leads through a folder that is not looked into.
pub fn is_skipped(path: &Path) -> bool {
    path.components().any(|part| SKIPPED.iter().any(|skipped| part.as_os_str() == *skipped))
}

fn walk(folder: &Path, left_out: Option<&Path>) -> anyhow::Result<Vec<PathBuf>> {
    let skipped = |name: &std::ffi::OsStr| SKIPPED.iter().any(|skipped| name == *skipped);
    let left_out = left_out.map(Path::to_owned);
    let walker = WalkBuilder::new(folder)
        .hidden(false)
        .require_git(false)
        .filter_entry(move |entry| {
            let is_left_out = || {
                left_out
                    .as_deref()
                    .is_some_and(|out| entry.path().strip_prefix(".").unwrap_or(entry.path()) == out)
            };
            entry.depth() == 0 || !(skipped(entry.file_name()) || is_left_out())
        })
        .build();
    let mut files = Vec::new();
    for entry in walker {
        let entry = entry.with_context(|| format!("cannot read folder {}", folder.display()))?;
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            let path = entry.into_path();
            // As users write it: without the dot that they gave for "here".
            files.push(path.strip_prefix(".").map(Path::to_owned).unwrap_or(path));
        }
    }
    Ok(files)
}

/// A file's bytes, up to one more than is ever looked at; nothing for a binary that was not named.
fn read_one(path: PathBuf, named: bool) -> anyhow::Result<Option<SourceFile>> {
    let read = || -> io::Result<Option<Vec<u8>>> {
        let mut file = File::open(&path)?;
        let mut bytes = Vec::new();
        file.by_ref().take(HEAD as u64).read_to_end(&mut bytes)?;
        if !named && bytes.contains(&0) {
            return Ok(None);
        }
        let rest = (MAX_BYTES + 1).saturating_sub(bytes.len());
        file.take(rest as u64).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    };
    let bytes = read().with_context(|| format!("cannot read {}", path.display()))?;
    Ok(bytes.map(|bytes| SourceFile { path: Arc::new(path), bytes: bytes.into(), named }))
}
