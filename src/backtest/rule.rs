//! [`Rule`]: what decides sizes, one for a whole fleet at a time.

use rayon::prelude::*;

use super::{decision::Decision, headroom::Headroom, ladder::Ladder, training::Training};

/// What a rule says about a fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// One for each series, in the fleet's order.
    pub decisions: Vec<Decision>,
    /// How much memory headroom it left and why, where it learns that from the fleet.
    pub headroom: Option<Headroom>,
}

/// A sizing rule. It sees the fleet at once, so that it may learn from one series for another.
pub trait Rule: Sync {
    fn name(&self) -> &str;

    /// Decides for the whole of `fleet`.
    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Answer;

    /// The risk that it was asked for, in per cent, where it learns its headroom from the fleet; its
    /// answers then tell the headroom.
    fn risk_percent(&self) -> Option<f64> {
        None
    }

    /// Whether it is shown the time it is judged on, as no rule that could be used is.
    fn sees_the_future(&self) -> bool {
        false
    }
}

/// The answer of a rule that looks at one series at a time.
pub fn each(fleet: &[Training<'_>], decide: impl Fn(&Training<'_>) -> Decision + Sync + Send) -> Answer {
    Answer { decisions: fleet.par_iter().map(decide).collect(), headroom: None }
}
