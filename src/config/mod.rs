//! [`Config`]: the settings, from the embedded documented defaults and a user's `fargauge.toml`.
//!
//! Takes TOML text; gives settings that are in range, or says file, line and what is wrong. It reads
//! no file and no environment itself.

use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::Deserialize;

/// The defaults, with a comment on each: what `fargauge init` writes.
pub const DEFAULT_TOML: &str = include_str!("default.toml");

/// Settings in range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where `price` prices, if no flag says so.
    pub region: Option<String>,
    pub sizing: Sizing,
    pub evidence: EvidenceRules,
    /// Per cent of the size, in hundredths, that an idle workload's CPU never passes.
    pub idle_max_cpu_centi_percent: u32,
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
}

/// What data a rating needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceRules {
    pub lookback_days: u32,
    pub min_hours: u32,
    pub min_coverage_percent: u32,
    pub max_mixed_percent: u32,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{file}: {cause}")]
    Parse { file: String, cause: String },
    #[error("{file}: {key} must be between {from} and {to}, not {value}")]
    OutOfRange { file: String, key: &'static str, value: Decimal, from: u32, to: u32 },
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    region: Option<String>,
    sizing: SizingFile,
    evidence: EvidenceFile,
    idle: IdleFile,
    guards: GuardsFile,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SizingFile {
    cpu_percentile: Option<f64>,
    cpu_headroom_percent: Option<f64>,
    memory_headroom_percent: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct EvidenceFile {
    lookback_days: Option<f64>,
    min_hours: Option<f64>,
    min_coverage_percent: Option<f64>,
    max_mixed_percent: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct IdleFile {
    max_cpu_percent: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct GuardsFile {
    guardduty_agent: Option<bool>,
}

impl Default for Config {
    fn default() -> Self {
        let zero = Self {
            region: None,
            sizing: Sizing { cpu_percentile: 0, cpu_headroom: 0, memory_headroom: 0 },
            evidence: EvidenceRules {
                lookback_days: 0,
                min_hours: 0,
                min_coverage_percent: 0,
                max_mixed_percent: 0,
            },
            idle_max_cpu_centi_percent: 0,
            guard_duty_agent: false,
        };
        zero.overlaid("default.toml", DEFAULT_TOML).expect("a test parses the embedded defaults")
    }
}

impl Config {
    /// The defaults with what `text` changes. `file` is its name in messages.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, ConfigError> {
        Self::default().overlaid(file, text)
    }

    fn overlaid(mut self, file: &str, text: &str) -> Result<Self, ConfigError> {
        let read: File = toml::from_str(text).map_err(|error| ConfigError::Parse {
            file: match error.span() {
                Some(span) => format!("{file}:{}", line_of(text, span.start)),
                None => file.to_owned(),
            },
            cause: error.message().to_owned(),
        })?;
        let set = |target: &mut u32, key, value: Option<f64>, scale: u32, from: u32, to: u32| {
            let Some(value) = value else { return Ok(()) };
            // A number TOML can hold but a decimal cannot is out of range all the same.
            let value = Decimal::try_from(value).unwrap_or(Decimal::MAX);
            if value < Decimal::from(from) || value > Decimal::from(to) {
                return Err(ConfigError::OutOfRange { file: file.to_owned(), key, value, from, to });
            }
            *target = (value * Decimal::from(scale)).round().to_u32().unwrap_or(u32::MAX);
            Ok(())
        };
        self.region = read.region.or(self.region);
        self.guard_duty_agent = read.guards.guardduty_agent.unwrap_or(self.guard_duty_agent);
        let (sizing, evidence) = (&mut self.sizing, &mut self.evidence);
        let (s, e, i) = (read.sizing, read.evidence, read.idle);
        set(&mut sizing.cpu_percentile, "sizing.cpu_percentile", s.cpu_percentile, 100, 50, 100)?;
        set(&mut sizing.cpu_headroom, "sizing.cpu_headroom_percent", s.cpu_headroom_percent, 100, 0, 1000)?;
        let memory_headroom = s.memory_headroom_percent;
        set(&mut sizing.memory_headroom, "sizing.memory_headroom_percent", memory_headroom, 100, 0, 1000)?;
        set(&mut evidence.lookback_days, "evidence.lookback_days", e.lookback_days, 1, 1, 455)?;
        set(&mut evidence.min_hours, "evidence.min_hours", e.min_hours, 1, 1, 8760)?;
        let coverage = e.min_coverage_percent;
        set(&mut evidence.min_coverage_percent, "evidence.min_coverage_percent", coverage, 1, 0, 100)?;
        let mixed = e.max_mixed_percent;
        set(&mut evidence.max_mixed_percent, "evidence.max_mixed_percent", mixed, 1, 0, 100)?;
        let idle = i.max_cpu_percent;
        set(&mut self.idle_max_cpu_centi_percent, "idle.max_cpu_percent", idle, 100, 0, 100)?;
        Ok(self)
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_documented_ones() {
        let config = Config::default();
        assert_eq!(
            config.sizing,
            Sizing { cpu_percentile: 9_950, cpu_headroom: 2_000, memory_headroom: 2_000 }
        );
        assert_eq!((config.evidence.lookback_days, config.evidence.min_hours), (14, 24));
    }

    #[test]
    fn a_user_changes_only_what_they_name() {
        let config = Config::from_toml("fargauge.toml", "[sizing]\ncpu_percentile = 99\n").unwrap();
        assert_eq!(config.sizing.cpu_percentile, 9_900);
        assert_eq!(config.sizing.memory_headroom, 2_000);
        assert!(!config.guard_duty_agent);
        let config = Config::from_toml("fargauge.toml", "[guards]\nguardduty_agent = true\n").unwrap();
        assert!(config.guard_duty_agent);
    }

    #[test]
    fn mistakes_name_the_file_the_line_and_the_key() {
        for (text, message) in [
            ("[sizing]\n\ncpu_percentil = 99", "fargauge.toml:3: unknown field `cpu_percentil`"),
            ("[sizing]\ncpu_percentile = 'high'", "fargauge.toml:2: invalid type"),
            ("[sizing]\ncpu_percentile = 101", "sizing.cpu_percentile must be between 50 and 100, not 101"),
            ("[evidence]\nmin_hours = nan", "evidence.min_hours must be between"),
            ("[sizing", "fargauge.toml:1: "),
        ] {
            let error = Config::from_toml("fargauge.toml", text).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
    }
}
