//! `fargauge.toml` as it is written: TOML tables, each value with its place in the text.

use serde::{Deserialize, de::IgnoredAny};
use toml::Spanned;

use super::{
    Config, ConfigError,
    ec2::{Ec2File, EksFile},
    number::{
        CPU_HEADROOM, CPU_PERCENTILE, ENTERPRISE, IDLE_CPU, LOOKBACK, MAX_MIXED, MEMORY_HEADROOM,
        MIN_COVERAGE, MIN_HOURS, MIN_SAVINGS_PERCENT, MIN_SAVINGS_USD, Number, ON_DEMAND_TASKS,
        PLAN_COVERAGE, RISK, Source,
    },
    overrides::{Override, OverrideFile},
};
use crate::pricing::{PlanPayment, PlanTerm};

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

/// `config` with what `text` says.
pub(super) fn overlaid(mut config: Config, file: &str, text: &str) -> Result<Config, ConfigError> {
    let source = Source::new(file, text);
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
