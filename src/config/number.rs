//! Numbers of `fargauge.toml`: the range of each, and how it is read from its place in the text.

use std::{ops::Range, path::Path};

use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use toml::Spanned;

use super::ConfigError;

/// A number as it is written, if it is.
pub(super) type Number = Option<Spanned<f64>>;

/// A number's key, the part of a unit that it is kept in, and its range. One for the section and for
/// overrides of it.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub key: &'static str,
    pub scale: u32,
    pub from: Decimal,
    pub to: Decimal,
}

pub(super) const fn rule(key: &'static str, scale: u32, from: i64, to: i64) -> Rule {
    Rule { key, scale, from: whole(from), to: whole(to) }
}

const fn whole(value: i64) -> Decimal {
    tenths(value * 10)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "constants below 2^32")]
const fn tenths(value: i64) -> Decimal {
    Decimal::from_parts(value as u32, 0, 0, false, 1)
}

pub(super) const CPU_PERCENTILE: Rule = rule("sizing.cpu_percentile", 100, 50, 100);
pub(super) const CPU_HEADROOM: Rule = rule("sizing.cpu_headroom_percent", 100, 0, 1000);
pub(super) const MEMORY_HEADROOM: Rule = rule("sizing.memory_headroom_percent", 100, 0, 1000);
pub(super) const RISK: Rule = Rule { from: tenths(1), ..rule("sizing.risk_percent", 100, 0, 50) };
pub(super) const MIN_SAVINGS_USD: Rule = rule("change.min_savings_usd", 100, 0, 1_000_000);
pub(super) const MIN_SAVINGS_PERCENT: Rule = rule("change.min_savings_percent", 100, 0, 100);
pub(super) const ENTERPRISE: Rule = rule("discount.enterprise_percent", 100, 0, 100);
pub(super) const PEAK_FACTOR: Rule = rule("peak_factor", 100, 1, 100);
/// Up to the largest task, in thousandths of a vCPU.
pub(super) const PEAK_CPU: Rule = rule("include_peak.cpu_vcpu", 1000, 0, 32);
pub(super) const PEAK_MEMORY: Rule = rule("include_peak.memory_mib", 1, 0, 249_856);
pub(super) const LOOKBACK: Rule = rule("evidence.lookback_days", 1, 1, 455);
pub(super) const MIN_HOURS: Rule = rule("evidence.min_hours", 1, 1, 8760);
pub(super) const MIN_COVERAGE: Rule = rule("evidence.min_coverage_percent", 1, 0, 100);
pub(super) const MAX_MIXED: Rule = rule("evidence.max_mixed_percent", 1, 0, 100);
pub(super) const IDLE_CPU: Rule = rule("idle.max_cpu_percent", 100, 0, 100);
pub(super) const ON_DEMAND_TASKS: Rule = rule("spot.on_demand_tasks", 1, 0, 10_000);
pub(super) const PLAN_COVERAGE: Rule = rule("savings_plan.coverage_percent", 100, 0, 100);

/// A text and its name, to say where in it something is.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl<'a> Source<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text }
    }

    /// File and line for messages: with the path that the user gave.
    pub(super) fn place(&self, span: &Range<usize>) -> String {
        format!("{}:{}", self.file, self.line(span))
    }

    /// File and line for reports: without folders, which differ between machines.
    pub(super) fn origin(&self, span: &Range<usize>) -> String {
        let name = Path::new(self.file).file_name().unwrap_or(self.file.as_ref());
        format!("{}:{}", name.to_string_lossy(), self.line(span))
    }

    fn line(&self, span: &Range<usize>) -> usize {
        self.text.as_bytes().iter().take(span.start).filter(|byte| **byte == b'\n').count() + 1
    }

    /// The value in the parts that `rule` keeps it in.
    pub(super) fn number(&self, rule: Rule, value: &Spanned<f64>) -> Result<u32, ConfigError> {
        let Rule { key, scale, from, to } = rule;
        let written = *value.get_ref();
        // What TOML can hold but a decimal cannot (nan, inf, 1e300) is out of range all the same.
        Decimal::try_from(written)
            .ok()
            .filter(|value| (from..=to).contains(value))
            .and_then(|value| (value * Decimal::from(scale)).round().to_u32())
            .ok_or_else(|| ConfigError::OutOfRange {
                place: self.place(&value.span()),
                key,
                value: written,
                from: from.normalize(),
                to: to.normalize(),
            })
    }
}
