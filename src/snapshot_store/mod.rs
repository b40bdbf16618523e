//! Snapshots in Amazon S3: what `collect` puts there, and every other command reads.
//!
//! Takes an `s3://bucket/prefix` ([`S3Prefix`]); gives an opened [`Snapshot`](crate::snapshot::Snapshot), whose
//! files are checked as those of a folder are, or puts a snapshot folder there. Refuses to overwrite a
//! snapshot, and tells a missing bucket, a missing snapshot and a missing permission apart as far as S3 does.
//!
//! Objects lie under the prefix by the names that the files have in the folder, so a folder copied there by
//! other means is as good. Reading needs `s3:GetObject` alone: the manifest names all other files, nothing is listed.

mod bucket;
mod download;
mod error;
mod latest;
mod prefix;
mod upload;

pub use self::{
    bucket::Bucket,
    download::download,
    error::StoreError,
    prefix::{PrefixError, S3Prefix},
    upload::{check_free, upload},
};

/// Requests that run at once.
const AT_ONCE: usize = 8;
