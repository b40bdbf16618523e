//! `keep`: nothing is changed; what the others are measured against.

use crate::backtest::{Answer, Decision, Ladder, Rule, Training, each};

/// Keeps every size.
#[derive(Debug, Clone, Copy)]
pub struct Keep;

impl Rule for Keep {
    fn name(&self) -> &'static str {
        "keep"
    }

    fn decide(&self, fleet: &[Training<'_>], _: &Ladder) -> Answer {
        each(fleet, |_| Decision::Keep)
    }
}
