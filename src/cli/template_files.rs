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

use anyhow::{Context as _, anyhow};
use ignore::WalkBuilder;
use rayon::prelude::*;

use super::CliError;
use crate::template::{ReadTemplates, SourceFile, TemplateError, document::MAX_BYTES};

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

/// What is under paths.
#[derive(Debug, Default)]
pub struct Found {
    /// By path.
    pub files: Vec<SourceFile>,
    /// What is there and cannot be read: it may be what matters, and is no reason to say nothing of the rest.
    pub unread: Vec<Unread>,
}

/// A file or folder that cannot be read.
#[derive(Debug, Clone)]
pub struct Unread {
    pub path: PathBuf,
    why: String,
}

impl Unread {
    fn new(path: &Path, error: &io::Error) -> Self {
        Self { path: path.strip_prefix(".").unwrap_or(path).to_owned(), why: error.to_string() }
    }

    fn error(&self) -> TemplateError {
        TemplateError {
            path: Arc::new(self.path.clone()),
            line: 1,
            column: 1,
            message: format!("cannot be read: {}", self.why),
            hint: Some("let whoever runs this read it, or leave it out by .gitignore".to_owned()),
        }
    }
}

impl Found {
    /// Tells of what cannot be read where the result does.
    pub fn tell(&self, templates: &mut ReadTemplates) {
        templates.unknown.extend(self.unread.iter().map(Unread::error));
        templates.unknown.sort_by(|a, b| a.path.cmp(&b.path));
    }

    fn read(paths: Vec<(PathBuf, bool)>, mut unread: Vec<Unread>) -> Self {
        let read: Vec<Result<Option<SourceFile>, Unread>> =
            paths.into_par_iter().map(|(path, named)| read_one(path, named)).collect();
        let mut files = Vec::new();
        for one in read {
            match one {
                Ok(file) => files.extend(file),
                Err(one) => unread.push(one),
            }
        }
        Self { files, unread }
    }
}

/// Every file under `paths`, by path, except those under `left_out`. A path that is not there is an error.
pub fn read(paths: &[PathBuf], left_out: Option<&Path>) -> Result<Found, CliError> {
    let mut found: Vec<(PathBuf, bool)> = Vec::new();
    let mut unread = Vec::new();
    for path in paths {
        match find(path, left_out, &mut unread) {
            Ok(files) => found.extend(files),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                unread.push(Unread::new(path, &error));
            }
            Err(error) => {
                let error = anyhow::Error::new(error).context(format!("cannot read {}", path.display()));
                return Err(CliError::usage(error));
            }
        }
    }
    found.sort();
    // Named beats found.
    found.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 |= same && next.1;
        same
    });
    Ok(Found::read(found, unread))
}

/// The file at `path`, or every file under it, by path; all of them or none.
pub fn read_path(path: &Path) -> anyhow::Result<Vec<SourceFile>> {
    let mut unread = Vec::new();
    let mut found =
        find(path, None, &mut unread).with_context(|| format!("cannot read {}", path.display()))?;
    found.sort();
    let found = Found::read(found, unread);
    match found.unread.first() {
        None => Ok(found.files),
        Some(unread) => {
            Err(anyhow!("{}", unread.why).context(format!("cannot read {}", unread.path.display())))
        }
    }
}

/// The files at a path, and whether it named them itself.
fn find(path: &Path, left_out: Option<&Path>, unread: &mut Vec<Unread>) -> io::Result<Vec<(PathBuf, bool)>> {
    if path.metadata()?.is_dir() {
        Ok(walk(path, left_out, unread).into_iter().map(|file| (file, false)).collect())
    } else {
        Ok(vec![(path.to_owned(), true)])
    }
}

/// The base without what is still there but is looked at no more, such as what `.gitignore` names: it is not gone.
pub fn still_looked_at(base: Vec<SourceFile>, now: &Found) -> Vec<SourceFile> {
    let read = now.files.iter().map(|file| file.path.as_path());
    let now: BTreeSet<&Path> = read.chain(now.unread.iter().map(|unread| unread.path.as_path())).collect();
    base.into_iter().filter(|file| now.contains(file.path.as_path()) || !file.path.exists()).collect()
}

/// Every file in a folder, and what of it cannot be read.
pub fn in_folder(folder: &Path) -> (Vec<PathBuf>, Vec<Unread>) {
    let mut unread = Vec::new();
    (walk(folder, None, &mut unread), unread)
}

/// Whether a path leads through a folder that is not looked into.
pub fn is_skipped(path: &Path) -> bool {
    path.components().any(|part| SKIPPED.iter().any(|skipped| part.as_os_str() == *skipped))
}

fn walk(folder: &Path, left_out: Option<&Path>, unread: &mut Vec<Unread>) -> Vec<PathBuf> {
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
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                unread.push(unread_by_walk(folder, &error));
                continue;
            }
        };
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            let path = entry.into_path();
            // As users write it: without the dot that they gave for "here".
            files.push(path.strip_prefix(".").map(Path::to_owned).unwrap_or(path));
        }
    }
    files
}

fn unread_by_walk(folder: &Path, error: &ignore::Error) -> Unread {
    let why = error.io_error().map_or_else(|| error.to_string(), |error| error.kind().to_string());
    Unread { why, ..Unread::new(path_of(error).unwrap_or(folder), &io::ErrorKind::Other.into()) }
}

/// What an error of the walk is about, where it says so.
fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::Loop { child, .. } => Some(child),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Partial(errors) => errors.iter().find_map(path_of),
        _ => None,
    }
}

/// A file's bytes, up to one more than is ever looked at; nothing for a binary that was not named.
fn read_one(path: PathBuf, named: bool) -> Result<Option<SourceFile>, Unread> {
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
    let bytes = read().map_err(|error| Unread::new(&path, &error))?;
    Ok(bytes.map(|bytes| SourceFile { path: Arc::new(path), bytes: bytes.into(), named }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As whoever may read everything, too: a folder can be opened as a file, but not read as one.
    #[test]
    fn what_cannot_be_read_is_told_beside_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.json");
        std::fs::write(&file, "{}").unwrap();
        let found = Found::read(vec![(file.clone(), true), (folder.path().to_owned(), false)], Vec::new());
        assert_eq!(found.files.iter().map(|file| file.path.as_ref()).collect::<Vec<_>>(), [&file]);
        let mut templates = ReadTemplates::default();
        found.tell(&mut templates);
        let error = &templates.unknown[0];
        assert_eq!(error.path.as_path(), folder.path());
        assert!(error.message.starts_with("cannot be read: Is a directory"), "{}", error.message);
    }

    #[test]
    fn a_folder_that_cannot_be_listed_is_named() {
        let denied = ignore::Error::Io(io::ErrorKind::PermissionDenied.into());
        let error = ignore::Error::WithDepth {
            depth: 2,
            err: Box::new(ignore::Error::WithPath { path: "./infra/secret".into(), err: Box::new(denied) }),
        };
        let unread = unread_by_walk(Path::new("."), &error);
        assert_eq!(
            (unread.path.as_path(), unread.why.as_str()),
            (Path::new("infra/secret"), "permission denied")
        );
    }

    #[test]
    fn a_path_that_is_not_there_is_a_mistake_of_the_caller() {
        let folder = tempfile::tempdir().unwrap();
        let error = read(&[folder.path().join("missing.json")], None).unwrap_err();
        assert_eq!(error.exit_code(), crate::cli::ExitCode::Usage);
    }
}
