//! [`Decision`]: what a rule says about one series.

use crate::fargate::TaskSize;

/// What a rule says about one series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Size(TaskSize),
    /// The rule looked and would change nothing.
    Keep,
    /// The rule has no answer, because.
    NotRated(&'static str),
}
