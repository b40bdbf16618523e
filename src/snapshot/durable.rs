//! Changes to a folder that a kill, or a loss of power, leaves either done or not done.
//!
//! A file is written whole under another name, flushed to the disk, and then takes its name. On
//! failure nothing is tidied up: what is left is what a kill leaves, and resuming removes it.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::Path,
};

use super::{error::SnapshotError, layout::partial};

/// Puts `bytes` at `path`, in place of what is there.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), SnapshotError> {
    let partial = partial(path);
    let write = || {
        step()?;
        let mut file = File::create(&partial)?;
        let (half, rest) = bytes.split_at(bytes.len() / 2);
        file.write_all(half)?;
        step()?;
        file.write_all(rest)?;
        file.sync_all()?;
        drop(file);
        step()?;
        fs::rename(&partial, path)?;
        sync_parent(path)
    };
    write().map_err(SnapshotError::io("write", path))
}

/// Removes the file at `path`, if there is one.
pub(super) fn remove(path: &Path) -> Result<(), SnapshotError> {
    let remove = || {
        step()?;
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Err(_) => Ok(()),
            Ok(()) => sync_parent(path),
        }
    };
    remove().map_err(SnapshotError::io("remove", path))
}

/// Makes the folder at `path`, and those above it, if there is none.
pub(super) fn create_folder(path: &Path) -> Result<(), SnapshotError> {
    let create = || {
        step()?;
        fs::create_dir_all(path)?;
        sync_parent(path)
    };
    create().map_err(SnapshotError::io("create", path))
}

/// Keeps other processes from writing to `folder` until the lock is dropped, or the process ends in
/// any way. None where the file system, or the operating system, has no locks for folders.
pub(super) fn lock(folder: &Path) -> Result<Option<File>, SnapshotError> {
    let Ok(handle) = File::open(folder) else {
        return Ok(None);
    };
    match handle.try_lock() {
        Ok(()) => Ok(Some(handle)),
        Err(TryLockError::WouldBlock) => Err(SnapshotError::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// A renamed file keeps its new name through a loss of power only once its folder is flushed too.
/// Only Unix can flush a folder, and there not every file system.
fn sync_parent(path: &Path) -> io::Result<()> {
    let Some(parent) = path.parent().filter(|_| cfg!(unix)) else {
        return Ok(());
    };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    match File::open(parent)?.sync_all() {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Ok(())
        }
        synced => synced,
    }
}

/// Passed before every change to the disk, so that tests can stop the writer at each.
#[cfg(not(test))]
#[expect(clippy::unnecessary_wraps, reason = "it fails in tests")]
fn step() -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
use kill::step;

/// Stops the writer as a kill would: the change is not made, and neither is any after it.
#[cfg(test)]
pub(super) mod kill {
    use std::{cell::Cell, io};

    thread_local! {
        static STEPS_LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// Lets this thread make `steps` more changes. None: as many as it likes.
    pub(crate) fn after(steps: Option<usize>) {
        STEPS_LEFT.set(steps);
    }

    pub(super) fn step() -> io::Result<()> {
        match STEPS_LEFT.get() {
            Some(0) => Err(io::Error::other("killed by the test")),
            Some(steps) => {
                STEPS_LEFT.set(Some(steps - 1));
                Ok(())
            }
            None => Ok(()),
        }
    }
}
