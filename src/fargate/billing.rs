//! Fargate's billing rules that are not prices.
//!
//! Source: AWS Fargate pricing page, read 2026-11-22.

use crate::{units::StorageGib, workload::OperatingSystem};

/// Ephemeral storage every task has for free; only what is above it is billed.
pub const FREE_EPHEMERAL_STORAGE: StorageGib = StorageGib(20);

/// A task is billed per second, but never for less than this.
pub const fn minimum_billed_seconds(os: OperatingSystem) -> u64 {
    match os {
        OperatingSystem::Linux => 60,
        OperatingSystem::Windows => 300,
    }
}
