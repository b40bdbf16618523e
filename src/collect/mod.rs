//! Collecting.
pub mod autoscaling;
pub mod convert;
pub mod gaps;
pub mod history;
pub mod plan;
pub mod points;
pub mod request;
pub mod session;
pub mod task_definitions;
