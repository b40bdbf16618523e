//! Reading a snapshot's files so that nothing is believed before its checksum is compared.

use std::{fs, io, path::Path};

use serde::de::DeserializeOwned;

use super::{FileEntry, checksum::Header, error::SnapshotError};

impl FileEntry {
    pub(super) fn of(bytes: &[u8], rows: Option<u64>) -> Self {
        Self { sha256: crate::sha256::hex(bytes), bytes: bytes.len() as u64, rows }
    }
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, SnapshotError> {
    fs::read(path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound => SnapshotError::Missing { path: path.to_owned() },
        _ => SnapshotError::Io { action: "read", path: path.to_owned(), cause },
    })
}

/// The bytes of the file at `path`, which are those that `entry` was made of.
pub(super) fn read_checked(path: &Path, entry: &FileEntry) -> Result<Vec<u8>, SnapshotError> {
    let bytes = read(path)?;
    check(path, &bytes, entry)?;
    Ok(bytes)
}

/// Refuses `bytes`, read from the file at `path`, if they are not those that `entry` was made of.
pub(super) fn check(path: &Path, bytes: &[u8], entry: &FileEntry) -> Result<(), SnapshotError> {
    let found = bytes.len() as u64;
    if found < entry.bytes {
        return Err(SnapshotError::Truncated { path: path.to_owned(), found, expected: entry.bytes });
    }
    if found > entry.bytes || crate::sha256::hex(bytes) != entry.sha256 {
        return Err(SnapshotError::Edited { path: path.to_owned() });
    }
    Ok(())
}

/// The sealed document `text`, read from `path`, once `check_version` has accepted its format.
pub(super) fn unseal<T: DeserializeOwned>(
    path: &Path,
    text: &[u8],
    check_version: impl FnOnce(u64) -> Result<(), SnapshotError>,
) -> Result<T, SnapshotError> {
    let header = Header::read(text).map_err(SnapshotError::json(path))?;
    check_version(header.format_version)?;
    if !header.seals(text) {
        return Err(SnapshotError::Edited { path: path.to_owned() });
    }
    serde_json::from_slice(text).map_err(SnapshotError::json(path))
}
