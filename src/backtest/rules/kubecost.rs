//! `kubecost`: Kubecost's container request right-sizing with the profile "production".

use crate::backtest::{Answer, Ladder, Rule, Training, each};

/// Maximum / 0.65 in both resources; at least 10 thousandths of a vCPU and 20 MiB.
///
/// The algorithm is `max`, the target utilization that of the profile "production" (development has
/// 0.80, high availability 0.50). Source: kubecost/docs, container request right-sizing.
#[derive(Debug, Clone, Copy)]
pub struct Kubecost;

impl Rule for Kubecost {
    fn name(&self) -> &'static str {
        "kubecost"
    }

    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Answer {
        each(fleet, |one| {
            let need = one.need(
                |cpu| super::scaled(cpu.max(), 100, 65).map(|cpu| cpu.max(10_240.0)),
                |memory| super::scaled(memory.max(), 100, 65).map(|memory| memory.max(20_480.0)),
            );
            ladder.decide(need, one.current)
        })
    }
}
