//! From a snapshot folder to S3.
//!
//! The manifest goes last: until then there is no snapshot at the prefix, so an upload that is killed
//! leaves none that is broken. What it left is overwritten by the next one.

use std::{fs, path::Path};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    AT_ONCE, Bucket, S3Prefix, StoreError,
    bucket::{Existing, Refused},
    latest,
};
use crate::snapshot::{MANIFEST, Manifest, SnapshotError};

/// Refuses a prefix that holds a snapshot, to be asked before a collect. One that may not be read is taken
/// for free: [`upload`] does not overwrite either.
pub async fn check_free(bucket: &Bucket, at: &S3Prefix) -> Result<(), StoreError> {
    let key = at.key(MANIFEST);
    match bucket.get(&key).await {
        Ok(_) => Err(StoreError::Complete { at: at.clone() }),
        Err(Refused::NoObject | Refused::Denied(_)) => Ok(()),
        Err(refused) => Err(refused.reading(bucket, &key)),
    }
}

/// Puts the complete snapshot in `folder` at the prefix `at`, and makes it the latest of those beside it
/// if `is_dated`. Of two uploads to one prefix at once, one may still spoil what the other has put there.
pub async fn upload(bucket: &Bucket, folder: &Path, at: &S3Prefix, is_dated: bool) -> Result<(), StoreError> {
    let text = read(&folder.join(MANIFEST))?;
    let manifest = Manifest::read(&folder.join(MANIFEST), &text)?;
    // The pull took minutes, in which another collect may have put its snapshot there.
    check_free(bucket, at).await?;
    stream::iter(manifest.files.keys())
        .map(|name| async move {
            let key = at.key(name);
            let bytes = read(&folder.join(name))?;
            let put = bucket.put(&key, bytes, Existing::Replace).await;
            put.map_err(|refused| refused.writing(bucket, &key))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    let key = at.key(MANIFEST);
    match bucket.put(&key, text.clone(), Existing::Keep).await {
        Ok(()) => {}
        Err(Refused::Exists) => {
            // Where the answer to a first attempt was lost, what is there is this very manifest.
            let there = bucket.get(&key).await.ok();
            if there != Some(text) {
                return Err(StoreError::Complete { at: at.clone() });
            }
        }
        Err(refused) => return Err(refused.writing(bucket, &key)),
    }
    if is_dated { latest::point_to(bucket, at).await } else { Ok(()) }
}

fn read(path: &Path) -> Result<Vec<u8>, SnapshotError> {
    fs::read(path).map_err(|cause| SnapshotError::Io { action: "read", path: path.to_owned(), cause })
}
