//! [`WorkFolder`]: where a snapshot is collected before it goes to S3.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

#[derive(Debug)]
pub enum WorkFolder {
    Named(PathBuf),
    /// Removed with this value.
    Temporary(TempDir),
}

impl WorkFolder {
    pub fn path(&self) -> &Path {
        match self {
            Self::Named(folder) => folder,
            Self::Temporary(folder) => folder.path(),
        }
    }

    /// The folder, which is not removed any more.
    pub fn keep(self) -> PathBuf {
        match self {
            Self::Named(folder) => folder,
            Self::Temporary(folder) => folder.keep(),
        }
    }
}
