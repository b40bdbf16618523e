//! `foresight`: the most that can be saved without ever running short.

use crate::backtest::{Answer, Ladder, Rule, Training, each};

/// The cheapest size that holds the very time it is judged on. No rule that runs short nowhere can save
/// more.
#[derive(Debug, Clone, Copy)]
pub struct Foresight;

impl Rule for Foresight {
    fn name(&self) -> &'static str {
        "foresight"
    }

    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Answer {
        each(fleet, |one| {
            let need =
                one.need(|cpu| super::scaled(cpu.max(), 1, 1), |memory| super::scaled(memory.max(), 1, 1));
            ladder.decide(need, one.current)
        })
    }

    fn sees_the_future(&self) -> bool {
        true
    }
}
