//! [`Config`]: the settings, from the embedded documented defaults and a user's `fargauge.toml`.
//!
//! Takes TOML text; gives settings that are in range, or says file, line and what is wrong. It reads
//! no file and no environment itself. [`Config::for_workload`] gives what holds for one workload, and
//! where each setting is from.

mod ec2;
mod file;
mod number;
mod overrides;
mod resolved;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::{
    pricing::{PlanPayment, PlanTerm},
    units::Usd,
};

pub use ec2::{Ec2Settings, EksSettings, InstanceDiscount};
pub use overrides::Override;
pub use resolved::{Resolved, SettingInForce};

/// The defaults, with a comment on each: what `fargauge init` writes.
pub const DEFAULT_TOML: &str = include_str!("default.toml");

/// Settings in range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where `price` prices, if no flag says so.
    pub region: Option<String>,
    /// For workloads that no override matches; see [`Config::for_workload`].
    pub sizing: Sizing,
    pub evidence: EvidenceRules,
    /// Per cent of the size, in hundredths, that an idle workload's CPU never passes.
    pub idle_max_cpu_centi_percent: u32,
    pub change: LeastChange,
    pub discount: Discount,
    /// Tasks of a service that stay on demand when the rest moves to Spot.
    pub spot_on_demand_tasks: u32,
    pub savings_plan: SavingsPlanChoice,
    pub ec2: Ec2Settings,
    pub eks: EksSettings,
    /// In the file's sequence.
    overrides: Vec<Override>,
    /// Where each setting is from, by key: `default`, or file and line.
    origins: BTreeMap<&'static str, String>,
    /// GuardDuty adds its agent to every task, whatever its cluster's tags say.
    pub guard_duty_agent: bool,
}

/// How much headroom a size must leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizing {
    /// Of 10,000: 9,950 is the 99.5th percentile.
    pub cpu_percentile: u32,
    /// In hundredths of a per cent: 2,000 is 20 %.
    pub cpu_headroom: u32,
    pub memory_headroom: u32,
    /// Share of resized workloads that may later see a memory peak above the new size, in hundredths
    /// of a per cent.
    pub risk: u32,
    pub peak: ExpectedPeak,
}

/// What demand is known to come to, whatever the window shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExpectedPeak {
    /// Hundredths of what was seen: 150 is one and a half times.
    pub factor: u32,
    /// Thousandths of a CPU unit that one task needs; 0: nothing beyond the factor.
    pub cpu: u64,
    /// KiB that one task needs; 0: nothing beyond the factor.
    pub memory: u64,
}

impl ExpectedPeak {
    /// Demand stays as it was seen.
    pub const NONE: Self = Self { factor: 100, cpu: 0, memory: 0 };

    /// The CPU demand to size for, where `observed` (thousandths of a CPU unit) was seen.
    #[must_use]
    pub fn cpu(&self, observed: u64) -> u64 {
        self.times(observed).max(self.cpu)
    }

    /// The memory demand to size for, where `observed` (KiB) was seen.
    #[must_use]
    pub fn memory(&self, observed: u64) -> u64 {
        self.times(observed).max(self.memory)
    }

    fn times(&self, observed: u64) -> u64 {
        let expected = (u128::from(observed) * u128::from(self.factor)).div_ceil(100);
        u64::try_from(expected).unwrap_or(u64::MAX)
    }
}

/// A dated past event, per task, in the units users write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastPeak {
    /// ISO date.
    pub at: String,
    /// Thousandths of a vCPU.
    pub milli_vcpu: Option<u32>,
    pub memory_mib: Option<u32>,
}

/// What data a rating needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceRules {
    pub lookback_days: u32,
    pub min_hours: u32,
    pub min_coverage_percent: u32,
    pub max_mixed_percent: u32,
}

/// The least change that is worth a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeastChange {
    /// US cents a month.
    pub min_savings_cents: u32,
    /// In hundredths of a per cent of the present cost.
    pub min_savings_centi_percent: u32,
}

impl LeastChange {
    /// Whether saving `savings` of `cost` a month is worth it: both least values must be met.
    pub fn is_met_by(self, savings: Usd, cost: Usd) -> bool {
        let share = Decimal::from(self.min_savings_centi_percent) / Decimal::from(10_000);
        savings.0 >= Decimal::new(i64::from(self.min_savings_cents), 2) && savings.0 >= cost.0 * share
    }
}

/// What an agreement takes off every price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discount {
    /// In hundredths of a per cent.
    pub enterprise_centi_percent: u32,
}

impl Discount {
    /// What is paid of a list price.
    pub fn factor(self) -> Decimal {
        Decimal::ONE - Decimal::from(self.enterprise_centi_percent) / Decimal::from(10_000)
    }
}

/// The Compute Savings Plan that is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SavingsPlanChoice {
    pub term: PlanTerm,
    pub payment: PlanPayment,
    /// Share of the steady on-demand use that it covers, in hundredths of a per cent.
    pub coverage_centi_percent: u32,
}

/// What is wrong with a config, and where: `place` is file and line.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    #[error("{place}: {cause}")]
    Parse { place: String, cause: String },
    #[error("{place}: {key} must be between {from} and {to}, not {value}")]
    OutOfRange { place: String, key: &'static str, value: f64, from: Decimal, to: Decimal },
    #[error("{place}: {cause}")]
    Override { place: String, cause: String },
}

impl Default for Config {
    fn default() -> Self {
        let zero = Self {
            region: None,
            sizing: Sizing {
                cpu_percentile: 0,
                cpu_headroom: 0,
                memory_headroom: 0,
                risk: 0,
                peak: ExpectedPeak::NONE,
            },
            evidence: EvidenceRules {
                lookback_days: 0,
                min_hours: 0,
                min_coverage_percent: 0,
                max_mixed_percent: 0,
            },
            idle_max_cpu_centi_percent: 0,
            guard_duty_agent: false,
            change: LeastChange { min_savings_cents: 0, min_savings_centi_percent: 0 },
            discount: Discount { enterprise_centi_percent: 0 },
            spot_on_demand_tasks: 0,
            savings_plan: SavingsPlanChoice {
                term: PlanTerm::OneYear,
                payment: PlanPayment::NoUpfront,
                coverage_centi_percent: 0,
            },
            ec2: Ec2Settings::default(),
            eks: EksSettings::default(),
            overrides: Vec::new(),
            origins: BTreeMap::new(),
        };
        let mut defaults =
            file::overlaid(zero, "default.toml", DEFAULT_TOML).expect("a test parses the embedded defaults");
        for origin in defaults.origins.values_mut() {
            "default".clone_into(origin);
        }
        defaults
    }
}

impl Config {
    /// The defaults with what `text` changes. `file` is its name in messages.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, ConfigError> {
        file::overlaid(Self::default(), file, text)
    }

    /// The same at a risk that the command line asks for, in hundredths of a per cent. What an override
    /// says of its workloads still holds.
    #[must_use]
    pub fn at_risk(mut self, risk: u32) -> Self {
        self.sizing.risk = risk;
        self.origins.insert(number::RISK.key, "--risk".to_owned());
        self
    }
}
