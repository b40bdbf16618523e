//! From S3 to an opened snapshot.
//!
//! The manifest first, then the files it names, several at once, each into a file without a name: the
//! system removes those when fargauge ends, however it ends.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Write as _},
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{AT_ONCE, Bucket, S3Prefix, StoreError, bucket::Refused, latest::resolve};
use crate::snapshot::{MANIFEST, Manifest, Snapshot, SnapshotError};

/// Reads the snapshot at `at`; where that ends in `latest`, the one that the object of this name names.
pub async fn download(at: &S3Prefix) -> Result<Snapshot, StoreError> {
    let bucket = Bucket::open(at.bucket(), None).await?;
    let at = &resolve(&bucket, at).await?;
    let key = at.key(MANIFEST);
    let text = bucket.get(&key).await.map_err(|refused| match refused {
        Refused::NoObject => StoreError::NotASnapshot { at: at.clone() },
        refused => refused.reading(&bucket, &key),
    })?;
    let manifest = Manifest::read(&at.path().join(MANIFEST), &text)?;
    let bucket = &bucket;
    let mut files: BTreeMap<String, File> = stream::iter(&manifest.files)
        .map(|(name, entry)| async move {
            let key = at.key(name);
            let bytes = bucket.get(&key).await.map_err(|refused| match refused {
                Refused::NoObject => SnapshotError::Missing { path: at.path().join(name) }.into(),
                refused => refused.reading(bucket, &key),
            })?;
            // What is shorter is told by the snapshot, as of a folder's file.
            if bytes.len() as u64 > entry.bytes {
                return Err(StoreError::TooLong { object: bucket.url(&key), most: entry.bytes });
            }
            Ok((name.clone(), keep(bucket, &key, &bytes)?))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    files.insert(MANIFEST.to_owned(), keep(bucket, &key, &text)?);
    Ok(Snapshot::open_copies(at.path(), files)?)
}

fn keep(bucket: &Bucket, key: &str, bytes: &[u8]) -> Result<File, StoreError> {
    let keep = || -> io::Result<File> {
        let mut file = tempfile::tempfile()?;
        file.write_all(bytes)?;
        Ok(file)
    };
    keep().map_err(|cause| StoreError::Keep { object: bucket.url(key), cause })
}
