//! [`Manifest`]: what a snapshot is of, what is missing from it, and the checksums of its files.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Version of the snapshot format that this fargauge writes. A reader refuses a newer one.
pub const FORMAT_VERSION: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format_version: u32,
    /// Version of the fargauge that wrote it.
    pub tool_version: String,
    /// What was asked for: accounts and regions.
    pub scopes: Vec<Scope>,
    pub window: Window,
    /// How the integers in the utilization files are to be read.
    pub utilization_encoding: String,
    /// Every file of the snapshot but this one, by its path in the folder, with forward slashes.
    pub files: BTreeMap<String, FileEntry>,
    /// What could not be collected.
    pub gaps: Vec<Gap>,
}

/// An account and region that was collected (or tried).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    pub account_id: String,
    pub region: String,
}

/// The observed time, start inclusive, end exclusive, both multiples of the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub start: Timestamp,
    pub end: Timestamp,
    pub period_seconds: u32,
}

impl Window {
    /// Points a complete series has.
    pub fn points(&self) -> u64 {
        self.seconds() / u64::from(self.period_seconds.max(1))
    }

    pub fn seconds(&self) -> u64 {
        u64::try_from(self.end.as_second() - self.start.as_second()).unwrap_or(0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Hexadecimal SHA-256 of the file's bytes.
    pub sha256: String,
    pub bytes: u64,
    /// Rows of a utilization file; null for others.
    pub rows: Option<u64>,
}

/// Something that could not be collected: recorded, shown in every report, never silent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Gap {
    /// What it concerns: `account/region`, `account/region/cluster`, or a workload's id.
    pub scope: String,
    /// The API that refused, such as `ecs:ListServices`.
    pub api: String,
    pub cause: String,
}
