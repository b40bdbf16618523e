//! fargauge: what Amazon ECS tasks cost, what they need, and what to change.
//!
//! The flow is collect → snapshot → analysis → report. Everything but `collect` works offline and
//! gives the same bytes for the same input.

#![cfg_attr(
    test,
    allow(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        clippy::manual_is_multiple_of,
        reason = "tests count in small numbers that they wrote themselves"
    )
)]

pub mod analysis;
pub mod backtest;
#[cfg(all(feature = "aws", feature = "frames"))]
pub mod cli;
#[cfg(all(feature = "aws", feature = "frames"))]
pub mod collect;
pub mod config;
pub mod demand;
pub mod demo;
pub mod ec2;
pub mod fargate;
#[cfg(feature = "frames")]
pub mod frames;
pub mod launch;
pub mod policy;
#[cfg(all(feature = "aws", feature = "frames"))]
pub mod price_list;
pub mod pricing;
pub mod report;
pub mod rightsize;
pub mod sha256;
pub mod snapshot;
#[cfg(all(feature = "aws", feature = "frames"))]
pub mod snapshot_store;
pub mod template;
pub mod units;
pub mod utilization;
pub mod workload;
