//! [`PerformanceRisk`]: how likely the recommended size runs short, in Compute Optimizer's words.
//!
//! From the share of the new size that past peaks would have used, and how long they were watched:
//!
//! | memory maximum | CPU maximum | risk, 7 days and more | risk, fewer days |
//! |---|---|---|---|
//! | up to 70 % | up to 80 % | very low | low |
//! | up to 85 % | up to 100 % | low | medium |
//! | up to 85 % | above 100 % in one period of a hundred or fewer: rare spikes are throttled | medium | high |
//! | up to 85 % | above 100 % more often | high | high |
//! | above 85 %, or demand unknown: above the cap, where tasks were killed for memory, where a container is near a memory limit of its own, or where memory rises and is full before long | any | high | high |

use serde::Serialize;

use super::{guards::Guards, need::Need, task_room::TaskRoom};
use crate::{
    config::ExpectedPeak,
    demand::{Observed, WindowDemand},
    units::{CpuUnits, MemoryMib},
};

/// Of so many periods one may be above the new CPU for spikes to be rare.
const RARE: u64 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PerformanceRisk {
    VeryLow,
    Low,
    Medium,
    High,
}

impl PerformanceRisk {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VeryLow => "very-low",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// That of `demand`, as `peak` says it will be, on so much CPU and memory. A resource of which there is none is not
/// limited. `unknown`: more was wanted than was seen.
pub fn performance_risk(
    demand: &WindowDemand,
    peak: ExpectedPeak,
    (cpu, memory): (CpuUnits, MemoryMib),
    unknown: bool,
    observed_days: u64,
) -> PerformanceRisk {
    let (cpu, memory) = (u64::from(cpu.0) * 1000, u64::from(memory.0) * 1024);
    let percent = |observed: Option<&Observed>, expected: &dyn Fn(u64) -> u64, size: u64| match observed {
        Some(observed) if size > 0 => expected(observed.max).saturating_mul(100).div_ceil(size),
        _ => 0,
    };
    let cpu_percent = percent(demand.cpu.as_ref(), &|seen| peak.cpu(seen), cpu);
    let memory_percent = percent(demand.memory.as_ref(), &|seen| peak.memory(seen), memory);
    let often = demand.cpu.as_ref().is_some_and(|observed| {
        // So much, seen, comes to all of the CPU.
        let seen = cpu.saturating_mul(100) / u64::from(peak.factor.max(1));
        observed.histogram.count_above(seen).saturating_mul(RARE) > observed.histogram.count()
    });
    level(cpu_percent, memory_percent, often, unknown, observed_days)
}

fn level(cpu_percent: u64, memory_percent: u64, often: bool, unknown: bool, days: u64) -> PerformanceRisk {
    let level = match (memory_percent, cpu_percent) {
        _ if unknown => 3,
        (..=70, ..=80) => 0,
        (..=85, ..=100) => 1,
        (..=85, _) if !often => 2,
        _ => 3,
    };
    match level + u64::from(days < 7) {
        0 => PerformanceRisk::VeryLow,
        1 => PerformanceRisk::Low,
        2 => PerformanceRisk::Medium,
        _ => PerformanceRisk::High,
    }
}

/// That of a task of size `to`, where `demand` is what was seen and `peak` what is to come.
pub(super) fn risk_at(
    to: TaskRoom,
    (demand, peak, observed_days): (&WindowDemand, ExpectedPeak, u64),
    demanded: &Need,
    guards: &Guards<'_>,
) -> PerformanceRisk {
    let unknown = demanded.cpu.unknown_above || demanded.memory.unknown_above || guards.demand_is_unknown(to);
    performance_risk(demand, peak, (to.cpu(), to.memory()), unknown, observed_days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_table_holds() {
        for (cpu, memory, often, unknown, days, expected) in [
            (80, 70, false, false, 14, PerformanceRisk::VeryLow),
            (80, 70, false, false, 2, PerformanceRisk::Low),
            (100, 85, false, false, 14, PerformanceRisk::Low),
            (180, 85, false, false, 14, PerformanceRisk::Medium),
            (180, 85, true, false, 14, PerformanceRisk::High),
            (10, 86, false, false, 14, PerformanceRisk::High),
            (10, 10, false, true, 14, PerformanceRisk::High),
        ] {
            assert_eq!(level(cpu, memory, often, unknown, days), expected);
        }
    }
}
