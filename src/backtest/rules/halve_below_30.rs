//! `halve-below-30`: what is done by hand.

use crate::backtest::{Answer, Ladder, Need, Rule, Training, each};

/// Half of each resource that never passed 30 % of its size; the other keeps its size. Half a size that is
/// no size is rounded up to the next one.
#[derive(Debug, Clone, Copy)]
pub struct HalveBelow30;

impl Rule for HalveBelow30 {
    fn name(&self) -> &'static str {
        "halve-below-30"
    }

    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Answer {
        let wanted = |max: Option<u32>, size: u64| {
            let max = u64::from(max?);
            Some(if max * 10 < size * 3 { size / 2 } else { size })
        };
        each(fleet, |one| {
            let need = Need {
                cpu: wanted(one.cpu.max(), u64::from(one.current.cpu().0) * 1000),
                memory: wanted(one.memory.max(), u64::from(one.current.memory().0) * 1024),
            };
            ladder.decide(need, one.current)
        })
    }
}
