//! [`SnapshotError`]: why a snapshot cannot be read or written, in which file, and what to do.

use std::{
    io,
    path::{Path, PathBuf},
};

use crate::frames::FrameError;

/// Every message is complete in itself, so that causes are part of it and not chained.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    #[error("cannot {action} {}: {cause}", path.display())]
    Io { action: &'static str, path: PathBuf, cause: io::Error },

    #[error("{}: no such folder; name one that `fargauge collect --out` wrote", folder.display())]
    NoFolder { folder: PathBuf },
    #[error(
        "{} is not a snapshot: it holds no manifest.json; name a folder that `fargauge collect --out` wrote",
        folder.display()
    )]
    NotASnapshot { folder: PathBuf },
    #[error(
        "{} holds an interrupted collect, not a snapshot; run the same collect again to continue it",
        folder.display()
    )]
    Interrupted { folder: PathBuf },
    #[error(
        "{} holds a complete snapshot, which is never overwritten; name another folder, or remove this one",
        folder.display()
    )]
    Complete { folder: PathBuf },
    #[error(
        "{} holds `{file}`, which no interrupted collect left; name a folder that is new or empty",
        folder.display()
    )]
    Foreign { folder: PathBuf, file: String },
    #[error("another fargauge is writing to {}; wait for it, or name another folder", folder.display())]
    InUse { folder: PathBuf },

    #[error(
        "{}: format version {found} is newer than {supported}, the newest that this fargauge reads; \
         use a newer fargauge",
        path.display()
    )]
    NewerFormat { path: PathBuf, found: u64, supported: u32 },
    #[error(
        "{}: format version {found} is not one that this fargauge can continue ({supported}); continue with \
         the fargauge that began it, or remove the folder and collect anew",
        path.display()
    )]
    OtherFormat { path: PathBuf, found: u64, supported: u32 },
    #[error("{} is missing; {ANEW}", path.display())]
    Missing { path: PathBuf },
    #[error("{} has {found} bytes instead of {expected}: it was cut short; {ANEW}", path.display())]
    Truncated { path: PathBuf, found: u64, expected: u64 },
    #[error("{} is not what was written (its SHA-256 differs): it was edited or damaged; {ANEW}", path.display())]
    Edited { path: PathBuf },
    #[error("{} is not JSON of a snapshot ({cause}): it was cut short, edited or damaged; {ANEW}", path.display())]
    Json { path: PathBuf, cause: serde_json::Error },
    #[error("{} lists `{name}`, which is no file of a snapshot; {ANEW}", path.display())]
    Listed { path: PathBuf, name: String },
    #[error("{}: {problem}; {ANEW}", path.display())]
    Inconsistent { path: PathBuf, problem: String },
    #[error("{}: {cause}; {ANEW}", path.display())]
    Utilization { path: PathBuf, cause: FrameError },

    /// A caller's mistake, caught before anything is written.
    #[error("cannot write {}: {problem}", path.display())]
    Unwritable { path: PathBuf, problem: String },
}

/// What helps against a file that is not as it was written.
const ANEW: &str = "restore it from a copy, or collect into a new folder";

impl SnapshotError {
    /// For `map_err` of an operation on `path`; `action` reads after "cannot".
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |cause| Self::Io { action, path: path.to_owned(), cause }
    }

    /// For `map_err` of reading JSON.
    pub(super) fn json(path: &Path) -> impl FnOnce(serde_json::Error) -> Self {
        move |cause| Self::Json { path: path.to_owned(), cause }
    }

    /// For `map_err` of writing JSON.
    pub(super) fn unwritable(path: &Path) -> impl FnOnce(serde_json::Error) -> Self {
        move |cause| Self::Unwritable { path: path.to_owned(), problem: cause.to_string() }
    }
}
