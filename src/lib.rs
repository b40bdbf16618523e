//! fargauge: what Amazon ECS tasks cost, what they need, and what to change.
//!
//! The flow is collect → snapshot → analysis → report. Everything but `collect` works offline and
//! gives the same bytes for the same input.

#[cfg(all(feature = "aws", feature = "frames"))]
pub mod collect;
pub mod fargate;
#[cfg(feature = "frames")]
pub mod frames;
pub mod report;
pub mod snapshot;
pub mod units;
pub mod workload;
