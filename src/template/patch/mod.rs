//! Sizes written back into the files they come from, by replacing literals and nothing else.
//!
//! Takes a [`Repository`] (texts, and what they leave open) and [`Wish`]es: sizes for some of its tasks. Gives
//! [`Edit`]s of the literals that say the sizes, wherever those are defined. Refuses, by task and with the reason, what
//! stands in no literal, in no file that was read, or is asked to be two things at once. Touches no file itself.

mod diff;
mod edit;
mod literal;
pub mod plan;
mod repository;
mod slot;

pub use diff::unified_diff;
pub use edit::Edit;
pub use plan::Plan;
pub use repository::Repository;
pub use slot::{Limits, TaskId, Wish};

#[cfg(test)]
mod tests;
