//! `fargauge`: the product's own rule at the settings of the configuration.

use crate::{
    backtest::{Decision, Ladder, Rule, Training, each},
    config::Sizing,
};

/// CPU: a percentile plus headroom; memory: the maximum plus headroom. By default 99.5th + 20 % and
/// maximum + 20 %.
#[derive(Debug, Clone, Copy)]
pub struct Fargauge {
    sizing: Sizing,
}

impl Fargauge {
    pub fn new(sizing: &Sizing) -> Self {
        Self { sizing: *sizing }
    }
}

impl Rule for Fargauge {
    fn name(&self) -> &'static str {
        "fargauge"
    }

    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Vec<Decision> {
        let Sizing { cpu_percentile, cpu_headroom, memory_headroom, .. } = self.sizing;
        each(fleet, |one| {
            let need = one.need(
                |cpu| super::scaled(cpu.percentile(cpu_percentile), 10_000 + cpu_headroom, 10_000),
                |memory| super::scaled(memory.max(), 10_000 + memory_headroom, 10_000),
            );
            ladder.decide(need, one.current)
        })
    }
}
