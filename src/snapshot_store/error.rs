//! [`StoreError`]: why a snapshot could not be read from S3, or put there, and what to do.

use std::io;

use super::S3Prefix;
use crate::{collect::SettingsError, snapshot::SnapshotError};

/// Every message is complete in itself, so that causes are part of it and not chained.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("there is no bucket `{bucket}`; check its name, and that AWS_ENDPOINT_URL leads where it is")]
    NoBucket { bucket: String },
    #[error(
        "{at} is not a snapshot: there is no {at}/manifest.json; name a prefix that `fargauge collect --out` wrote"
    )]
    NotASnapshot { at: S3Prefix },
    /// S3 says the same of an object that is not there to those who may not list the bucket.
    #[error("access denied to {object}{said}; the credentials need {action} on it, and it must be there")]
    Denied { object: String, action: &'static str, said: String },
    #[error("{at} holds a complete snapshot, which is never overwritten; name another prefix")]
    Complete { at: S3Prefix },
    #[error("{object} does not name a snapshot: it must hold the last segment of a prefix beside it")]
    Latest { object: String },
    #[error(
        "{object} has more than the {most} bytes that it should have; put it there again, or collect anew"
    )]
    TooLong { object: String, most: u64 },
    #[error("{action} {object}: {cause}")]
    Refused { object: String, action: &'static str, cause: String },
    #[error("cannot keep what was read from {object}: {cause}")]
    Keep { object: String, cause: io::Error },
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}
