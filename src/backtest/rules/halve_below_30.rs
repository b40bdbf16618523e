//! `halve-below-30`: what is done by hand.

use crate::backtest::{Decision, Ladder, Need, Rule, Training, each};

/// Half the size where neither resource ever passed 30 % of it; otherwise nothing is changed. Half a size
/// that is no size is rounded up to the next one.
#[derive(Debug, Clone, Copy)]
pub struct HalveBelow30;

impl Rule for HalveBelow30 {
    fn name(&self) -> &'static str {
        "halve-below-30"
    }

    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Vec<Decision> {
        each(fleet, |one| {
            let (cpu, memory) =
                (u64::from(one.current.cpu().0) * 1000, u64::from(one.current.memory().0) * 1024);
            let low = |max: Option<u32>, size: u64| max.is_none_or(|max| u64::from(max) * 10 < size * 3);
            if !low(one.cpu.max(), cpu) || !low(one.memory.max(), memory) {
                return Decision::Keep;
            }
            let need = Need {
                cpu: (!one.cpu.is_empty()).then_some(cpu / 2),
                memory: (!one.memory.is_empty()).then_some(memory / 2),
            };
            ladder.decide(need, one.current)
        })
    }
}
