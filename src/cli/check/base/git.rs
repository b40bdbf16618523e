//! What git's command line says of a revision: its files and their contents.
//!
//! Takes revisions and paths; gives blobs. Where git refuses, its own words and what helps against them.

use std::{
    ffi::OsStr,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
};

use anyhow::Context as _;

use crate::template::{SourceFile, document::MAX_BYTES};

/// Why git gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("cannot run git")]
    NotRun(#[source] io::Error),
    #[error("git {command}: {said}")]
    Refused { command: &'static str, said: String },
    #[error("git has no revision {revision:?} here{}", said_in_brackets(said))]
    NoRevision { revision: String, said: String },
}

fn said_in_brackets(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(" ({said})") }
}

impl GitError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NotRun(error) if error.kind() == io::ErrorKind::NotFound => {
                "install git where PATH has it, or give the base as a folder with --base-path"
            }
            Self::NotRun(_) => "see that git can be run, or give the base as a folder with --base-path",
            Self::NoRevision { .. } => {
                "fetch it first; in CI, check out the whole history (fetch-depth: 0 on GitHub, GIT_DEPTH: 0 on GitLab)"
            }
            Self::Refused { said, .. } if said.contains("dubious ownership") => {
                "git does not trust a repository of another user, such as one mounted into a container; if you do: git \
                 config --global --add safe.directory FOLDER"
            }
            Self::Refused { said, .. } if said.contains("not a git repository") => {
                "run this inside the repository, or give the base as a folder with --base-path"
            }
            Self::Refused { .. } => "see what git says of it, or give the base as a folder with --base-path",
        }
    }
}

/// Where in its repository the current folder is.
#[derive(Debug)]
pub struct Here {
    /// From the top to here, with a slash at its end; empty at the top.
    prefix: String,
    /// From here to the top, such as `../`.
    up: String,
}

impl Here {
    pub fn find() -> Result<Self, GitError> {
        let said = run(&["rev-parse", "--show-prefix", "--show-cdup"])?;
        let said = String::from_utf8_lossy(&said);
        let mut lines = said.lines().map(str::to_owned);
        Ok(Self { prefix: lines.next().unwrap_or_default(), up: lines.next().unwrap_or_default() })
    }

    /// A path of the repository as it is called here.
    fn path(&self, in_repository: &str) -> PathBuf {
        match in_repository.strip_prefix(&self.prefix) {
            Some(below) => PathBuf::from(below),
            None => PathBuf::from(format!("{}{in_repository}", self.up)),
        }
    }
}

/// The commit to compare with: where HEAD left the revision, if it did. What the base got since is not this change's
/// doing.
pub fn base_commit(revision: &str) -> Result<String, GitError> {
    let unknown = |said: String| GitError::NoRevision { revision: revision.to_owned(), said };
    if revision.starts_with('-') {
        return Err(unknown(String::new()));
    }
    let commit = format!("{revision}^{{commit}}");
    let commit =
        run(&["rev-parse", "--verify", "--end-of-options", &commit]).map_err(|error| match error {
            GitError::Refused { said, .. } => unknown(said),
            error => error,
        })?;
    let commit = first_line(&commit);
    let left = run(&["merge-base", "HEAD", &commit]).map(|said| first_line(&said));
    Ok(left.ok().filter(|left| !left.is_empty()).unwrap_or(commit))
}

/// A file of a revision.
#[derive(Debug)]
pub struct Blob {
    object: String,
    /// From here.
    pub path: PathBuf,
}

/// The files at and below paths.
pub fn below(commit: &str, paths: &[PathBuf]) -> Result<Vec<Blob>, GitError> {
    let fixed = ["ls-tree", "-r", "-l", "-z", commit, "--"].map(OsStr::new);
    let listed =
        run(&fixed.into_iter().chain(paths.iter().map(|path| path.as_os_str())).collect::<Vec<_>>())?;
    Ok(blobs(&listed, |path| path.into()))
}

/// All files.
pub fn everything(commit: &str, here: &Here) -> Result<Vec<Blob>, GitError> {
    let listed = run(&["ls-tree", "-r", "-l", "-z", "--full-tree", commit])?;
    Ok(blobs(&listed, |path| here.path(path)))
}

/// Files that are not too large to be looked at.
fn blobs(listed: &[u8], path_of: impl Fn(&str) -> PathBuf) -> Vec<Blob> {
    let lines = listed.split(|byte| *byte == 0).filter(|line| !line.is_empty());
    let blob = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        let (head, path) = line.split_once('\t')?;
        let mut parts = head.split_whitespace();
        let (_mode, kind, object, size) = (parts.next(), parts.next()?, parts.next()?, parts.next()?);
        let size: usize = size.parse().ok()?;
        (kind == "blob" && size <= MAX_BYTES).then(|| Blob { object: object.to_owned(), path: path_of(path) })
    };
    lines.filter_map(blob).collect()
}

pub fn contents(blobs: Vec<Blob>) -> anyhow::Result<Vec<SourceFile>> {
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
    for Blob { object, path } in blobs {
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

fn run<S: AsRef<OsStr>>(arguments: &[S]) -> Result<Vec<u8>, GitError> {
    let output = Command::new("git")
        .args(arguments)
        // A name is a name, with a `*` in it, too; and what git says is looked at, so it is to speak English.
        .env("GIT_LITERAL_PATHSPECS", "1")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(GitError::NotRun)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    let command = match arguments.first().map(AsRef::as_ref).and_then(OsStr::to_str) {
        Some("ls-tree") => "ls-tree",
        Some("merge-base") => "merge-base",
        _ => "rev-parse",
    };
    Err(GitError::Refused { command, said })
}

fn first_line(output: &[u8]) -> String {
    String::from_utf8_lossy(output).lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_path_of_the_repository_is_called_from_here() {
        let here = Here { prefix: "infra/".into(), up: "../".into() };
        assert_eq!(here.path("infra/a.json"), Path::new("a.json"));
        assert_eq!(here.path("b.json"), Path::new("../b.json"));
        let top = Here { prefix: String::new(), up: String::new() };
        assert_eq!(top.path("infra/a.json"), Path::new("infra/a.json"));
    }

    #[test]
    fn each_refusal_has_its_own_advice() {
        let refused = |said: &str| GitError::Refused { command: "rev-parse", said: said.into() };
        let dubious = refused("fatal: detected dubious ownership in repository at '/work'");
        assert!(dubious.to_string().contains("dubious ownership in repository at '/work'"));
        assert!(dubious.help().contains("safe.directory"));
        assert!(
            refused("fatal: not a git repository (or any of the parent directories): .git")
                .help()
                .contains("inside the repository")
        );
        let missing = GitError::NotRun(io::ErrorKind::NotFound.into());
        assert!(missing.help().contains("install git"));
        let unknown = GitError::NoRevision { revision: "main".into(), said: String::new() };
        assert_eq!(unknown.to_string(), "git has no revision \"main\" here");
        assert!(unknown.help().contains("fetch"));
    }
}
