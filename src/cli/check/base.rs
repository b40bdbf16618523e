//! The same files before the change: in another folder, or in a revision of git.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Component, Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

use anyhow::{Context as _, anyhow, bail};

use crate::{
    cli::{CliError, GlobalArgs, template_files},
    template::{SourceFile, document::MAX_BYTES},
};

/// What `paths` (relative to here) were in `folder`. What is not there was not there.
pub fn in_folder(folder: &Path, paths: &[PathBuf]) -> Result<Vec<SourceFile>, CliError> {
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
    let mut read = template_files::read(&found, None)?;
    for file in &mut read {
        let relative = file.path.strip_prefix(folder).unwrap_or(&file.path).to_owned();
        file.path = Arc::new(relative);
        // That it is something known is asked of what is checked, not of what was.
        file.named = false;
    }
    Ok(read)
}

/// What `paths` were in a revision of the repository that this folder is in.
pub fn in_git(global: &GlobalArgs, revision: &str, paths: &[PathBuf]) -> Result<Vec<SourceFile>, CliError> {
    let read = || -> anyhow::Result<Vec<SourceFile>> {
        if revision.starts_with('-') {
            bail!("{revision:?} is no revision");
        }
        let commit =
            git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &format!("{revision}^{{commit}}")])
                .map_err(|_| anyhow!("git knows no revision {revision:?} here; fetch it first"))?;
        let commit = first_line(&commit)?;
        // What the base got since this branch left it is not this change's doing.
        let left = git(&["merge-base", "HEAD", &commit]).and_then(|output| first_line(&output));
        let commit = left.unwrap_or(commit);
        global.detail(&format!("base is {commit}"));
        blobs(&commit, paths)
    };
    read().with_context(|| format!("cannot read the base {revision}")).map_err(CliError::not_evaluated)
}

fn blobs(commit: &str, paths: &[PathBuf]) -> anyhow::Result<Vec<SourceFile>> {
    let mut list = Command::new("git");
    list.args(["ls-tree", "-r", "-l", "-z", commit, "--"]);
    // A name is a name, with a `*` in it, too.
    list.env("GIT_LITERAL_PATHSPECS", "1").args(paths);
    let output = list.stdin(Stdio::null()).output().context("cannot run git")?;
    if !output.status.success() {
        bail!("git ls-tree: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let mut entries = Vec::new();
    for line in output.stdout.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let line = String::from_utf8_lossy(line);
        let Some((head, path)) = line.split_once('\t') else { continue };
        let mut parts = head.split_whitespace();
        let (_mode, kind, object, size) = (parts.next(), parts.next(), parts.next(), parts.next());
        let size: usize = size.and_then(|size| size.parse().ok()).unwrap_or(usize::MAX);
        if let (Some("blob"), Some(object)) = (kind, object)
            && size <= MAX_BYTES
        {
            entries.push((object.to_owned(), PathBuf::from(path)));
        }
    }
    let mut child = Command::new("git")
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot run git")?;
    let mut ask = child.stdin.take().context("git cat-file has no input")?;
    let mut answer = BufReader::new(child.stdout.take().context("git cat-file has no output")?);
    let mut files = Vec::new();
    for (object, path) in entries {
        writeln!(ask, "{object}")?;
        ask.flush()?;
        let mut head = String::new();
        answer.read_line(&mut head)?;
        let size: usize = head
            .split_whitespace()
            .nth(2)
            .and_then(|size| size.parse().ok())
            .with_context(|| format!("git cat-file: {}", head.trim()))?;
        let mut bytes = vec![0; size];
        answer.read_exact(&mut bytes)?;
        answer.read_exact(&mut [0])?;
        files.push(SourceFile { path: Arc::new(path), bytes: bytes.into(), named: false });
    }
    drop(ask);
    child.wait()?;
    Ok(files)
}

fn git(arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
    let output =
        Command::new("git").args(arguments).stdin(Stdio::null()).output().context("cannot run git")?;
    if !output.status.success() {
        bail!("git {}: {}", arguments[0], String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}

fn first_line(output: &[u8]) -> anyhow::Result<String> {
    let text = std::str::from_utf8(output)?;
    text.lines().next().map(str::to_owned).context("git said nothing")
}
