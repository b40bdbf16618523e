//! [`Source`]: where a snapshot's files are read from.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read as _, Seek as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::{error::SnapshotError, stored_file};

#[derive(Debug)]
pub(super) enum Source {
    Folder(PathBuf),
    /// Copies of the files of `original`, by their names there.
    Copies {
        original: PathBuf,
        files: BTreeMap<String, Mutex<File>>,
    },
}

impl Source {
    pub(super) fn copies(original: PathBuf, files: BTreeMap<String, File>) -> Self {
        let files = files.into_iter().map(|(name, file)| (name, Mutex::new(file))).collect();
        Self::Copies { original, files }
    }

    /// The file `name` as errors call it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        let (Self::Folder(folder) | Self::Copies { original: folder, .. }) = self;
        folder.join(name)
    }

    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>, SnapshotError> {
        let path = self.path(name);
        match self {
            Self::Folder(_) => stored_file::read(&path),
            Self::Copies { files, .. } => {
                let Some(file) = files.get(name) else { return Err(SnapshotError::Missing { path }) };
                // Who panicked while reading left the bytes as they were.
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                read_whole(&mut file).map_err(SnapshotError::io("read the copy of", Path::new(&path)))
            }
        }
    }
}

fn read_whole(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}
