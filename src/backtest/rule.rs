//! [`Rule`]: what decides sizes, one for a whole fleet at a time.

use rayon::prelude::*;

use super::{ladder::Ladder, training::Training};
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

/// A sizing rule. It sees the fleet at once, so that it may learn from one series for another.
pub trait Rule: Sync {
    fn name(&self) -> &str;

    /// A decision for each of `fleet`, in its order.
    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Vec<Decision>;

    /// Whether it is shown the time it is judged on, as no rule that could be used is.
    fn sees_the_future(&self) -> bool {
        false
    }
}

/// The decisions of a rule that looks at one series at a time.
pub fn each(
    fleet: &[Training<'_>],
    decide: impl Fn(&Training<'_>) -> Decision + Sync + Send,
) -> Vec<Decision> {
    fleet.par_iter().map(decide).collect()
}
