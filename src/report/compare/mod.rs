//! The comparison of launch platforms: its data model, which is the public JSON, and one file per format.
//!
//! Every renderer takes a [`Comparison`] and gives text; none of them computes a cost.

pub mod chart;
pub mod csv;
#[cfg(test)]
mod fixture;
pub mod json;
mod model;
pub mod table;

pub use model::*;
