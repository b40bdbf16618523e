//! The files that are named, and those in the folders that are named.
//!
//! What `.gitignore` leaves out is left out; links are not followed, so that none leads astray; hidden folders
//! are read, since task definitions live in `.aws`.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
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

/// Every file under `paths`, by path. A path that cannot be read is an error; a file of a folder that cannot,
/// too, since it may be the one that matters.
pub fn read(paths: &[PathBuf]) -> Result<Vec<SourceFile>, CliError> {
    for path in paths {
        path.metadata()
            .with_context(|| format!("cannot read {}", path.display()))
            .map_err(CliError::usage)?;
    }
    let mut found: Vec<(PathBuf, bool)> = Vec::new();
    for path in paths {
        found.extend(find(path).map_err(CliError::not_evaluated)?);
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
    let mut found = find(path)?;
    found.sort();
    read_found(found)
}

/// The files at a path, and whether it named them itself.
fn find(path: &Path) -> anyhow::Result<Vec<(PathBuf, bool)>> {
    let metadata = path.metadata().with_context(|| format!("cannot read {}", path.display()))?;
    if metadata.is_dir() {
        Ok(walk(path)?.into_iter().map(|file| (file, false)).collect())
    } else {
        Ok(vec![(path.to_owned(), true)])
    }
}

fn read_found(found: Vec<(PathBuf, bool)>) -> anyhow::Result<Vec<SourceFile>> {
    let read: anyhow::Result<Vec<Option<SourceFile>>> =
        found.into_par_iter().map(|(path, named)| read_one(path, named)).collect();
    Ok(read?.into_iter().flatten().collect())
}

fn walk(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let skipped = |name: &std::ffi::OsStr| SKIPPED.iter().any(|skipped| name == *skipped);
    let walker = WalkBuilder::new(folder)
        .hidden(false)
        .require_git(false)
        .filter_entry(move |entry| entry.depth() == 0 || !skipped(entry.file_name()))
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
