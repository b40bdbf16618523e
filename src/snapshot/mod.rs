//! The snapshot: what `collect` wrote and everything after it reads. This module is the format and
//! nothing else.
//!
//! A snapshot is a folder: `manifest.json` ([`Manifest`], written last: a folder without it is not a
//! snapshot), `inventory.json` ([`Inventory`]) and `utilization/*.parquet` ([`Point`]s, one row per
//! workload and timestamp, each workload whole in one file).

mod inventory;
mod manifest;
mod utilization;

pub use inventory::Inventory;
pub use manifest::{FORMAT_VERSION, FileEntry, Gap, Manifest, Scope, Window};
pub use utilization::{CENTI_PERCENT_FULL, Point, Series, UtilizationParts};
