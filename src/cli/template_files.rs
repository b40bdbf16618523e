//! The files that are named, and those in the folders that are named.
//!
//! What `.gitignore` leaves out is left out; of links, only those to files of the same folder are followed, so that
//! none leads astray; hidden folders are read, since task definitions live in `.aws`.

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

use super::{CliError, GlobalArgs};
use crate::template::{ReadTemplates, SourceFile, TemplateError, TemplateKind, document::MAX_BYTES};

/// Folders that hold what others wrote, and are large.
const SKIPPED: [&str; 4] = [".git", ".terraform", "node_modules", "__pycache__"];
/// What is piped in is called so in the result.
const STDIN: &str = "stdin";
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
    /// Links in folders that are not followed: they lead out of the folder, to another folder, or nowhere.
    pub links: Vec<PathBuf>,
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
    /// Tells of what cannot be read, and of links, where the result does.
    pub fn tell(&self, templates: &mut ReadTemplates) {
        templates.ignored += self.links.len() as u64;
        templates.unknown.extend(self.unread.iter().map(Unread::error));
        templates.unknown.sort_by(|a, b| a.path.cmp(&b.path));
    }

    /// Says so, as what a link leads to is not in the result.
    pub fn note_links(&self, global: &GlobalArgs) {
        let Some(rest) = self.links.len().checked_sub(1) else { return };
        let (are, lead) = if rest == 0 { (" is", "leads") } else { ("s are", "lead") };
        global.note(&format!(
            "{} link{are} ignored, which {lead} out of the folder, to a folder or nowhere: {}",
            self.links.len(),
            first(self.links.iter().map(|link| link.display().to_string()))
        ));
    }

    /// Refuses to write the result over what it is made of: what was named, and what was recognised.
    pub fn refuse_to_overwrite<'a>(
        &self,
        templates: &ReadTemplates,
        outputs: impl IntoIterator<Item = &'a Path>,
    ) -> Result<(), CliError> {
        let named = self.files.iter().filter(|file| file.named).map(|file| file.path.as_path());
        let inputs: Vec<&Path> =
            named.chain(templates.files.iter().map(|file| file.path.as_path())).collect();
        for output in outputs {
            let Ok(real) = output.canonicalize() else { continue };
            // A device is no text that could be lost.
            if real.is_file() && inputs.iter().any(|path| path.canonicalize().is_ok_and(|path| path == real))
            {
                let error = anyhow!("{} is one of the files that are read", output.display());
                return Err(CliError::usage(error).with_help("write the result to another file"));
            }
        }
        Ok(())
    }

    /// Says which `--parameter` no file has a word of.
    pub fn warn_of_unknown(&self, global: &GlobalArgs, parameters: &[(String, String)]) {
        for (name, _) in parameters {
            if !self.files.iter().any(|file| has_word(&file.bytes, name)) {
                global.warn(&format!("no file has a parameter or variable {name}"));
            }
        }
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
        Self { files, unread, links: Vec::new() }
    }
}

/// Every file under `paths`, by path, except those under `left_out`; then what is piped in, if `-` is among them. A
/// path that is not there is an error.
pub fn read(paths: &[PathBuf], left_out: Option<&Path>) -> Result<Found, CliError> {
    let mut found: Vec<(PathBuf, bool)> = Vec::new();
    let (mut unread, mut links, mut piped) = (Vec::new(), Vec::new(), None);
    for path in paths {
        if is_stdin(path) {
            piped = Some(stdin().map_err(CliError::not_evaluated)?);
            continue;
        }
        match find(path, left_out, &mut unread) {
            Ok((files, others)) => {
                found.extend(files);
                links.extend(others);
            }
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
    links.sort();
    links.dedup();
    let mut found = Found { links, ..Found::read(found, unread) };
    found.files.extend(piped);
    Ok(found)
}

/// Says which resources are not in the result, since the values known make none of them.
pub fn note_not_created(global: &GlobalArgs, templates: &ReadTemplates) {
    let mut not_created: Vec<_> = templates.files.iter().flat_map(|file| &file.not_created).collect();
    not_created.sort_by_key(|resource| (&resource.at.path, resource.at.line));
    let Some(rest) = not_created.len().checked_sub(1) else { return };
    let are = if rest == 0 { " is" } else { "s are" };
    let named = not_created
        .iter()
        .map(|resource| format!("{} ({}:{})", resource.name, resource.at.path.display(), resource.at.line));
    global.note(&format!(
        "{} resource{are} left out, as count, for_each or a condition makes none with the values known: {}",
        not_created.len(),
        first(named)
    ));
}

/// Says which sizes are those that a tool takes where its file says none.
pub fn note_defaults(global: &GlobalArgs, templates: &ReadTemplates) {
    for (kind, tool) in
        [(TemplateKind::Copilot, "Copilot"), (TemplateKind::Compose, "Docker's ECS integration")]
    {
        let tasks = templates.files.iter().filter(|file| file.kind == kind).flat_map(|file| &file.tasks);
        let mut filled_in = tasks.filter_map(|task| {
            let cpu = task.cpu.known().filter(|_| task.cpu.is_default_of_tool());
            let memory = task.memory.known().filter(|_| task.memory.is_default_of_tool());
            let sizes = cpu.map(|cpu| format!("cpu {}", cpu.0)).into_iter();
            let sizes = sizes.chain(memory.map(|memory| format!("memory {}", memory.0)));
            let sizes = sizes.collect::<Vec<_>>().join(" and ");
            let place = format!("{}:{}", task.at.path.display(), task.at.line);
            (!sizes.is_empty()).then(|| format!("{sizes} of {} ({place})", task.name))
        });
        if let Some(one) = filled_in.next() {
            let all = first(std::iter::once(one).chain(filled_in));
            global.note(&format!("by default of {tool}, as the file does not say it: {all}"));
        }
    }
}

/// The first few of many.
fn first(mut names: impl Iterator<Item = String>) -> String {
    const SHOWN: usize = 3;
    let mut shown: Vec<String> = names.by_ref().take(SHOWN).collect();
    shown.extend(names.next().map(|_| "...".to_owned()));
    shown.join(", ")
}

/// Whether a path stands for what is piped in.
pub fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// What is piped in, up to one byte more than is ever looked at.
pub fn stdin() -> anyhow::Result<SourceFile> {
    let mut bytes = Vec::new();
    let most = MAX_BYTES as u64 + 1;
    io::stdin().lock().take(most).read_to_end(&mut bytes).context("cannot read stdin")?;
    Ok(SourceFile { path: Arc::new(PathBuf::from(STDIN)), bytes: bytes.into(), named: true })
}

/// Whether a name stands in a text, and not as a part of another.
fn has_word(text: &[u8], name: &str) -> bool {
    let text = String::from_utf8_lossy(text);
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name)
        .any(|(at, _)| !text[..at].ends_with(is_part) && !text[at + name.len()..].starts_with(is_part))
}

/// The file at `path`, or every file under it, by path; all of them or none.
pub fn read_path(path: &Path) -> anyhow::Result<Vec<SourceFile>> {
    let mut unread = Vec::new();
    let (mut found, _) =
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

/// A file, and whether it was named itself.
type Named = (PathBuf, bool);

/// The files at a path, and whether it named them itself; and the links that are not followed.
fn find(
    path: &Path,
    left_out: Option<&Path>,
    unread: &mut Vec<Unread>,
) -> io::Result<(Vec<Named>, Vec<PathBuf>)> {
    if path.metadata()?.is_dir() {
        let (files, links) = walk(path, left_out, unread);
        Ok((files.into_iter().map(|file| (file, false)).collect(), links))
    } else {
        Ok((vec![(path.to_owned(), true)], Vec::new()))
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
    (walk(folder, None, &mut unread).0, unread)
}

/// Whether a path leads through a folder that is not looked into.
pub fn is_skipped(path: &Path) -> bool {
    path.components().any(|part| SKIPPED.iter().any(|skipped| part.as_os_str() == *skipped))
}

fn walk(folder: &Path, left_out: Option<&Path>, unread: &mut Vec<Unread>) -> (Vec<PathBuf>, Vec<PathBuf>) {
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
    let (mut files, mut links) = (Vec::new(), Vec::new());
    for entry in walker {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                unread.push(unread_by_walk(folder, &error));
                continue;
            }
        };
        let Some(kind) = entry.file_type() else { continue };
        // As users write it: without the dot that they gave for "here".
        let path = entry.path().strip_prefix(".").unwrap_or(entry.path()).to_owned();
        if kind.is_file() {
            files.push(path);
        } else if kind.is_symlink() {
            links.push(path);
        }
    }
    if !links.is_empty() {
        follow(folder, &mut files, &mut links);
    }
    (files, links)
}

/// Takes the links to files of the folder for files, and leaves the others. What is a file of its own right is read as
/// that alone: twice, it would cost twice.
fn follow(folder: &Path, files: &mut Vec<PathBuf>, links: &mut Vec<PathBuf>) {
    let Ok(folder) = folder.canonicalize() else { return };
    let mut known: BTreeSet<PathBuf> = files.iter().filter_map(|file| file.canonicalize().ok()).collect();
    links.sort();
    links.retain(|link| {
        let target =
            link.canonicalize().ok().filter(|target| target.is_file() && target.starts_with(&folder));
        let Some(target) =
            target.filter(|target| !is_skipped(target.strip_prefix(&folder).unwrap_or(target)))
        else {
            return true;
        };
        if known.insert(target) {
            files.push(link.clone());
        }
        false
    });
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
