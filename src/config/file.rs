//! `fargauge.toml` as it is written: TOML tables, each value with its place in the text.

use std::{ops::Range, path::Path};

use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::{Deserialize, de::IgnoredAny};
use toml::Spanned;

use super::{
    Config, ConfigError,
    ec2::{Ec2File, EksFile},
    overrides::{Override, OverrideFile},
};
use crate::pricing::{PlanPayment, PlanTerm};

pub(super) type Number = Option<Spanned<f64>>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    region: Option<String>,
    sizing: SizingFile,
    evidence: EvidenceFile,
    idle: IdleFile,
    guards: GuardsFile,
    change: ChangeFile,
    discount: DiscountFile,
    spot: SpotFile,
    savings_plan: SavingsPlanFile,
    ec2: Ec2File,
    eks: EksFile,
    #[serde(rename = "override")]
    overrides: Vec<Spanned<OverrideFile>>,
    /// For `check` alone, which reads it itself.
    #[serde(rename = "check")]
    _check: IgnoredAny,
    #[serde(rename = "waiver")]
    _waiver: IgnoredAny,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SizingFile {
    cpu_percentile: Number,
    cpu_headroom_percent: Number,
    memory_headroom_percent: Number,
    risk_percent: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct EvidenceFile {
    lookback_days: Number,
    min_hours: Number,
    min_coverage_percent: Number,
    max_mixed_percent: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct GuardsFile {
    guardduty_agent: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct IdleFile {
    max_cpu_percent: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ChangeFile {
    min_savings_usd: Number,
    min_savings_percent: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DiscountFile {
    enterprise_percent: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SpotFile {
    on_demand_tasks: Number,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SavingsPlanFile {
    term: Option<PlanTerm>,
    payment: Option<PlanPayment>,
    coverage_percent: Number,
}

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
const LOOKBACK: Rule = rule("evidence.lookback_days", 1, 1, 455);
const MIN_HOURS: Rule = rule("evidence.min_hours", 1, 1, 8760);
const MIN_COVERAGE: Rule = rule("evidence.min_coverage_percent", 1, 0, 100);
const MAX_MIXED: Rule = rule("evidence.max_mixed_percent", 1, 0, 100);
const IDLE_CPU: Rule = rule("idle.max_cpu_percent", 100, 0, 100);
const ON_DEMAND_TASKS: Rule = rule("spot.on_demand_tasks", 1, 0, 10_000);
const PLAN_COVERAGE: Rule = rule("savings_plan.coverage_percent", 100, 0, 100);

/// A text and its name, to say where in it something is.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
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

/// `config` with what `text` says.
pub(super) fn overlaid(mut config: Config, file: &str, text: &str) -> Result<Config, ConfigError> {
    let source = Source { file, text };
    let read: File = toml::from_str(text).map_err(|error| ConfigError::Parse {
        place: error.span().map_or_else(|| file.to_owned(), |span| source.place(&span)),
        cause: error.message().to_owned(),
    })?;
    let File {
        region,
        sizing,
        evidence,
        idle,
        guards,
        change,
        discount,
        spot,
        savings_plan,
        ec2,
        eks,
        overrides,
        ..
    } = read;
    config.region = region.or(config.region);
    config.guard_duty_agent = guards.guardduty_agent.unwrap_or(config.guard_duty_agent);
    let origins = &mut config.origins;
    for (target, rule, value) in [
        (&mut config.sizing.cpu_percentile, CPU_PERCENTILE, sizing.cpu_percentile),
        (&mut config.sizing.cpu_headroom, CPU_HEADROOM, sizing.cpu_headroom_percent),
        (&mut config.sizing.memory_headroom, MEMORY_HEADROOM, sizing.memory_headroom_percent),
        (&mut config.sizing.risk, RISK, sizing.risk_percent),
        (&mut config.evidence.lookback_days, LOOKBACK, evidence.lookback_days),
        (&mut config.evidence.min_hours, MIN_HOURS, evidence.min_hours),
        (&mut config.evidence.min_coverage_percent, MIN_COVERAGE, evidence.min_coverage_percent),
        (&mut config.evidence.max_mixed_percent, MAX_MIXED, evidence.max_mixed_percent),
        (&mut config.idle_max_cpu_centi_percent, IDLE_CPU, idle.max_cpu_percent),
        (&mut config.change.min_savings_cents, MIN_SAVINGS_USD, change.min_savings_usd),
        (&mut config.change.min_savings_centi_percent, MIN_SAVINGS_PERCENT, change.min_savings_percent),
        (&mut config.discount.enterprise_centi_percent, ENTERPRISE, discount.enterprise_percent),
        (&mut config.spot_on_demand_tasks, ON_DEMAND_TASKS, spot.on_demand_tasks),
        (&mut config.savings_plan.coverage_centi_percent, PLAN_COVERAGE, savings_plan.coverage_percent),
    ] {
        if let Some(value) = value {
            *target = source.number(rule, &value)?;
            origins.insert(rule.key, source.origin(&value.span()));
        }
    }
    config.savings_plan.term = savings_plan.term.unwrap_or(config.savings_plan.term);
    config.savings_plan.payment = savings_plan.payment.unwrap_or(config.savings_plan.payment);
    config.ec2.overlay(ec2, source)?;
    config.eks.overlay(&eks, source)?;
    for written in overrides {
        config.overrides.push(Override::read(written, source)?);
    }
    Ok(config)
}
