//! `compute-optimizer-proxy`: AWS Compute Optimizer for ECS services on Fargate, as far as it is known.

use crate::backtest::{Answer, Ladder, Rule, Training, each};

/// CPU 99.5th percentile / 0.8, memory maximum / 0.8.
///
/// The method for ECS is not published. These are the defaults published for EC2 instances (P99.5 of CPU
/// with 20 % headroom, 20 % for memory) on what is published for ECS: it analyses the Maximum of
/// `CPUUtilization` and `MemoryUtilization`. Headroom is read as "use at most 80 %". Source: Compute
/// Optimizer API model, `UtilizationPreference` and `ECSServiceUtilizationMetric` (botocore 1.44.5).
#[derive(Debug, Clone, Copy)]
pub struct ComputeOptimizerProxy;

impl Rule for ComputeOptimizerProxy {
    fn name(&self) -> &'static str {
        "compute-optimizer-proxy"
    }

    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Answer {
        each(fleet, |one| {
            let need = one.need(
                |cpu| super::scaled(cpu.percentile(9_950), 10, 8),
                |memory| super::scaled(memory.max(), 10, 8),
            );
            ladder.decide(need, one.current)
        })
    }
}
