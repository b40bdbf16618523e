//! [`SnapshotPlace`]: a snapshot as users name it, a folder or `s3://bucket/prefix`.

use std::{ffi::OsString, path::PathBuf};

use anyhow::Context as _;
use clap::builder::{OsStringValueParser, TryMapValueParser, TypedValueParser as _, ValueParserFactory};

use super::{CliError, GlobalArgs};
use crate::{
    snapshot::Snapshot,
    snapshot_store::{PrefixError, S3Prefix, StoreError, download},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SnapshotPlace {
    Folder(PathBuf),
    S3(S3Prefix),
}

impl ValueParserFactory for SnapshotPlace {
    type Parser = TryMapValueParser<OsStringValueParser, fn(OsString) -> Result<Self, PrefixError>>;

    fn value_parser() -> Self::Parser {
        OsStringValueParser::new().try_map(Self::parse)
    }
}

impl SnapshotPlace {
    fn parse(text: OsString) -> Result<Self, PrefixError> {
        match text.to_str() {
            // No folder is called so; a URL of another kind is a mistake.
            Some(url) if url.contains("://") => url.parse().map(Self::S3),
            _ => Ok(Self::Folder(text.into())),
        }
    }

    /// Opens the snapshot; one in S3 is read from there first.
    pub fn open(&self, global: &GlobalArgs) -> Result<Snapshot, CliError> {
        let prefix = match self {
            Self::Folder(folder) => return Snapshot::open(folder).map_err(CliError::not_evaluated),
            Self::S3(prefix) => prefix,
        };
        global.detail(&format!("reading {prefix}"));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the asynchronous runtime")
            .map_err(CliError::not_evaluated)?;
        runtime.block_on(download(prefix)).map_err(store_failure)
    }
}

pub fn store_failure(error: StoreError) -> CliError {
    match &error {
        StoreError::Settings(_) => CliError::usage(error),
        _ => CliError::not_evaluated(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_with_a_scheme_is_in_s3_and_any_other_is_a_folder() {
        let parse = |text: &str| SnapshotPlace::parse(text.into());
        assert_eq!(parse("out/s3"), Ok(SnapshotPlace::Folder("out/s3".into())));
        assert_eq!(parse("s3:acme"), Ok(SnapshotPlace::Folder("s3:acme".into())));
        assert!(matches!(parse("s3://acme/a"), Ok(SnapshotPlace::S3(_))));
        assert_eq!(parse("gs://acme/a"), Err(PrefixError::Scheme));
    }
}
