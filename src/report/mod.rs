//! The report: its data model, which is the public JSON, and one file per format.
//!
//! Every renderer takes a [`Report`] and gives text; none of them prints or computes figures.

mod amounts;
mod capacity;
pub(crate) mod cell;
pub mod check;
mod columns;
pub mod compare;
pub mod csv;
pub mod explain;
#[cfg(test)]
pub(crate) mod fixture;
pub mod json;
mod model;
mod selection;
pub mod table;
mod text;
mod totals;

pub use capacity::*;
pub(crate) use columns::{Align, Column, Columns, Shrink};
pub use model::*;
pub use selection::{Filter, InvalidFilter, Selection};
pub use text::display_safe;
#[cfg(test)]
pub(crate) use text::display_width;
