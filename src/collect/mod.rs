//! Collecting.
pub mod plan;
pub mod request;
