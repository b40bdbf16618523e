//! `harness`: Harness Cloud Cost Management, ECS recommendations, performance optimised.

use crate::backtest::{Answer, Ladder, Rule, Training, each};

/// 95th percentile + 15 % in both resources, every day weighing the same.
///
/// The product rounds to the nearest Fargate size, which may be below the need; here it is given the
/// cheapest size that holds the need, as every rule is. Its histogram is taken for exact. Source:
/// harness/developer-hub, docs on ECS recommendations.
#[derive(Debug, Clone, Copy)]
pub struct Harness;

impl Rule for Harness {
    fn name(&self) -> &'static str {
        "harness"
    }

    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Answer {
        each(fleet, |one| {
            let need = one.need(
                |cpu| super::scaled(cpu.percentile(9_500), 115, 100),
                |memory| super::scaled(memory.percentile(9_500), 115, 100),
            );
            ladder.decide(need, one.current)
        })
    }
}
