//! The snapshot: what `collect` wrote and everything after it reads. This module is the format and
//! nothing else.
//!
//! A snapshot is a folder: `manifest.json` ([`Manifest`] and a checksum of itself, written last: a folder
//! without it is not a snapshot), `inventory.json` ([`Inventory`]) and `utilization/*.parquet`
//! ([`Point`]s, one row per workload and timestamp, each workload whole in one file). While a collect
//! has not ended, `collect-state.json` stands in for the manifest and says what is done.
//!
//! What is on disk needs Parquet, so the feature `frames`; the data alone does not.

#[cfg(feature = "frames")]
mod checksum;
#[cfg(feature = "frames")]
mod collect_state;
#[cfg(feature = "frames")]
mod durable;
#[cfg(feature = "frames")]
mod error;
mod inventory;
#[cfg(feature = "frames")]
mod layout;
mod manifest;
#[cfg(feature = "frames")]
mod plausible;
#[cfg(feature = "frames")]
mod reader;
#[cfg(feature = "frames")]
mod source;
#[cfg(feature = "frames")]
mod stored_file;
#[cfg(all(test, feature = "frames"))]
mod tests;
#[cfg(feature = "frames")]
mod writer;

pub use crate::utilization::{CENTI_PERCENT_FULL, Point, Series, UtilizationParts};
pub use inventory::Inventory;
pub use manifest::{FORMAT_VERSION, FileEntry, Gap, Manifest, Scope, Window};
#[cfg(feature = "frames")]
pub use {
    error::SnapshotError,
    layout::{MANIFEST, is_of_a_snapshot},
    reader::Snapshot,
    writer::{ResumeState, SnapshotWriter},
};
