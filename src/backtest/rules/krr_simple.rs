//! `krr-simple`: Robusta KRR's strategy `simple`.

use crate::backtest::{Answer, Ladder, Rule, Training, each};

/// CPU 95th percentile, memory maximum + 15 %; at least 10 thousandths of a vCPU and 100 MiB.
///
/// Made for Kubernetes requests, where CPU may burst above; a Fargate task's CPU may not. Source:
/// robusta-dev/krr, `strategies/simple.py` and `core/runner.py` (2026-07-27).
#[derive(Debug, Clone, Copy)]
pub struct KrrSimple;

/// 10 thousandths of a vCPU, in thousandths of a CPU unit.
const LEAST_CPU: f64 = 10_240.0;
/// 100 MiB.
const LEAST_MEMORY: f64 = 102_400.0;

impl Rule for KrrSimple {
    fn name(&self) -> &'static str {
        "krr-simple"
    }

    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Answer {
        each(fleet, |one| {
            let need = one.need(
                |cpu| super::scaled(cpu.percentile(9_500), 1, 1).map(|cpu| cpu.max(LEAST_CPU)),
                |memory| super::scaled(memory.max(), 115, 100).map(|memory| memory.max(LEAST_MEMORY)),
            );
            ladder.decide(need, one.current)
        })
    }
}
