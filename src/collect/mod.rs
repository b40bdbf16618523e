//! Collecting.
pub mod gaps;
pub mod plan;
pub mod points;
pub mod request;
pub mod session;
