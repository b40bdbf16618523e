//! The same files before the change: in another folder, or in a revision of git.

mod git;

use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, anyhow};

use crate::{
    cli::{
        CliError, GlobalArgs,
        template_files::{self, Found},
    },
    template::{ReadTemplates, SourceFile, TaskTemplate},
};

/// The files before the change.
#[derive(Debug, Default)]
pub struct Before {
    pub found: Found,
    /// Of them, those that are here no more and were not asked for: a file that is new may be one of them, renamed.
    pub perhaps_renamed: BTreeSet<PathBuf>,
}

impl Before {
    /// Takes values that no revision has for those of before, where it has none of its own.
    pub fn keep_local(&mut self, local: Vec<SourceFile>) {
        let has = |path: &Path| self.found.files.iter().any(|file| file.path.as_path() == path);
        let kept: Vec<SourceFile> = local.into_iter().filter(|file| !has(&file.path)).collect();
        self.found.files.extend(kept);
    }

    /// Leaves out of what was read of them the files that none of now was.
    pub fn without_strangers(&self, mut read: ReadTemplates, now: &ReadTemplates) -> ReadTemplates {
        let had: BTreeSet<&Path> = self.found.files.iter().map(|file| file.path.as_path()).collect();
        let new = || now.files.iter().filter(|file| !had.contains(file.path.as_path()));
        let is_of = |was: &TaskTemplate, is: &TaskTemplate| {
            let same_family = was.family.known().is_some() && was.family.known() == is.family.known();
            same_family || (was.kind == is.kind && was.name == is.name)
        };
        read.files.retain(|file| {
            !self.perhaps_renamed.contains(file.path.as_ref())
                || file.tasks.iter().any(|was| new().flat_map(|file| &file.tasks).any(|is| is_of(was, is)))
        });
        read
    }
}

/// Of the files that are checked, those whose names the base does not have, by their endings.
fn new_endings<'a>(now: &'a [PathBuf], had: &BTreeSet<&Path>) -> BTreeSet<Option<&'a std::ffi::OsStr>> {
    now.iter().filter(|path| !had.contains(path.as_path())).map(|path| path.extension()).collect()
}

/// What `paths` (relative to here) were in `folder`. What is not there was not there, unless it has another name
/// there: `now` are the templates of here.
pub fn in_folder(
    global: &GlobalArgs,
    folder: &Path,
    paths: &[PathBuf],
    now: &[PathBuf],
) -> Result<Before, CliError> {
    if !folder.is_dir() {
        return Err(CliError::usage(anyhow!("--base-path {} is not a folder", folder.display())));
    }
    let mut found = Vec::new();
    for path in paths {
        // Joined to the folder, it would lead out of it again: back to the very files that are checked.
        if path.is_absolute() || path.components().any(|part| part == Component::ParentDir) {
            return Err(CliError::usage(anyhow!(
                "{} is not below the current folder, which --base-path {} stands for; run this where it is",
                path.display(),
                folder.display()
            )));
        }
        let there = folder.join(path);
        if there.exists() {
            found.push(there);
        }
    }
    let mut found = template_files::read(&found, None)?;
    let relative = |path: &Path| path.strip_prefix(folder).unwrap_or(path).to_owned();
    let asked: BTreeSet<PathBuf> = found.files.iter().map(|file| relative(&file.path)).collect();
    let endings = new_endings(now, &asked.iter().map(PathBuf::as_path).collect());
    let mut perhaps_renamed = BTreeSet::new();
    if !endings.is_empty() {
        let gone = |path: &Path| {
            let here = relative(path);
            endings.contains(&path.extension()) && !asked.contains(&here) && !here.exists()
        };
        let (all, _) = template_files::in_folder(folder);
        let gone: Vec<PathBuf> = all.into_iter().filter(|path| gone(path)).collect();
        perhaps_renamed.extend(gone.iter().map(|path| relative(path)));
        found.files.extend(template_files::read(&gone, None)?.files);
    }
    if found.files.is_empty() && found.unread.is_empty() {
        global.warn(&format!(
            "--base-path {} has nothing at the paths that are checked; all of it counts as new",
            folder.display()
        ));
    }
    for unread in &mut found.unread {
        unread.path = relative(&unread.path);
    }
    for file in &mut found.files {
        file.path = Arc::new(relative(&file.path));
        // That it is something known is asked of what is checked, not of what was.
        file.named = false;
    }
    Ok(Before { found, perhaps_renamed })
}

/// What `paths` were in a revision of the repository that this folder is in, and what `now`, the templates of here,
/// may have been called there.
pub fn in_git(
    global: &GlobalArgs,
    revision: &str,
    paths: &[PathBuf],
    now: &[PathBuf],
) -> Result<Before, CliError> {
    let refused = |error: git::GitError| {
        let help = error.help();
        let context = format!("cannot read the base {revision}");
        CliError::not_evaluated(anyhow::Error::new(error).context(context)).with_help(help)
    };
    let here = git::Here::find().map_err(refused)?;
    let commit = git::base_commit(revision).map_err(refused)?;
    global.detail(&format!("base is {commit}"));
    let mut blobs = git::below(&commit, paths).map_err(refused)?;
    let had: BTreeSet<&Path> = blobs.iter().map(|blob| blob.path.as_path()).collect();
    let endings = new_endings(now, &had);
    let mut perhaps_renamed = BTreeSet::new();
    if !endings.is_empty() {
        let all = git::everything(&commit, &here).map_err(refused)?;
        let gone: Vec<git::Blob> = all
            .into_iter()
            .filter(|blob| {
                endings.contains(&blob.path.extension())
                    && !had.contains(blob.path.as_path())
                    && !template_files::is_skipped(&blob.path)
                    && !blob.path.exists()
            })
            .collect();
        perhaps_renamed = gone.iter().map(|blob| blob.path.clone()).collect();
        blobs.extend(gone);
    }
    let files = git::contents(blobs)
        .with_context(|| format!("cannot read the base {revision}"))
        .map_err(CliError::not_evaluated)?;
    Ok(Before { found: Found { files, ..Found::default() }, perhaps_renamed })
}
