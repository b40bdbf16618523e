//! [`PerformanceRisk`]: how likely the recommended size runs short, in Compute Optimizer's words.
//!
//! From the share of the new size that past peaks would have used, and how long they were watched:
//!
//! | memory maximum | CPU maximum | risk, 7 days and more | risk, fewer days |
//! |---|---|---|---|
//! | up to 70 % | up to 80 % | very low | low |
//! | up to 85 % | up to 100 % | low | medium |
//! | up to 85 % | above 100 % (rare spikes are throttled) | medium | high |
//! | above 85 %, or demand unknown above the cap | any | high | high |

use serde::Serialize;

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

/// `cpu_peak_percent` and `memory_peak_percent` are past maxima in per cent of the new size.
pub fn performance_risk(
    cpu_peak_percent: u64,
    memory_peak_percent: u64,
    unknown_above_cap: bool,
    observed_days: u64,
) -> PerformanceRisk {
    let level = match (memory_peak_percent, cpu_peak_percent) {
        _ if unknown_above_cap => 3,
        (..=70, ..=80) => 0,
        (..=85, ..=100) => 1,
        (..=85, _) => 2,
        _ => 3,
    };
    match level + u64::from(observed_days < 7) {
        0 => PerformanceRisk::VeryLow,
        1 => PerformanceRisk::Low,
        2 => PerformanceRisk::Medium,
        _ => PerformanceRisk::High,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_table_holds() {
        for (cpu, memory, unknown, days, expected) in [
            (80, 70, false, 14, PerformanceRisk::VeryLow),
            (80, 70, false, 2, PerformanceRisk::Low),
            (100, 85, false, 14, PerformanceRisk::Low),
            (180, 85, false, 14, PerformanceRisk::Medium),
            (10, 86, false, 14, PerformanceRisk::High),
            (10, 10, true, 14, PerformanceRisk::High),
        ] {
            assert_eq!(performance_risk(cpu, memory, unknown, days), expected);
        }
    }
}
