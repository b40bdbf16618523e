//! Collecting.
pub mod autoscaling;
pub mod capacity;
pub mod convert;
pub mod discover;
pub mod ecs;
pub mod gaps;
pub mod history;
pub mod inventory;
pub mod plan;
pub mod points;
pub mod request;
pub mod services;
pub mod session;
pub mod task_definitions;
