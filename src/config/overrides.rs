//! [`Override`]: an `[[override]]` block, settings for the workloads that it matches.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, value::Datetime};
use wildmatch::WildMatch;

use super::{
    ConfigError, PastPeak,
    number::{
        CPU_HEADROOM, CPU_PERCENTILE, MEMORY_HEADROOM, PEAK_CPU, PEAK_FACTOR, PEAK_MEMORY, RISK, Rule, Source,
    },
};
use crate::workload::{Workload, WorkloadKind};

/// Settings for some workloads. What is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// File and line.
    pub(super) from: String,
    matches: Match,
    pub(super) cpu_percentile: Option<Set<u32>>,
    pub(super) cpu_headroom: Option<Set<u32>>,
    pub(super) memory_headroom: Option<Set<u32>>,
    pub(super) risk: Option<Set<u32>>,
    pub(super) peak_factor: Option<Set<u32>>,
    pub(super) include_peak: Option<Set<PastPeak>>,
    pub(super) exclude: Option<Set<String>>,
}

/// A value, and file and line of where it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set<T> {
    pub value: T,
    pub from: String,
}

/// Which workloads a block is for: patterns that must all match.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Match {
    cluster: Option<String>,
    service: Option<String>,
    family: Option<String>,
    region: Option<String>,
    account: Option<String>,
    tag: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OverrideFile {
    #[serde(rename = "match")]
    matches: Spanned<Match>,
    cpu_percentile: Option<Spanned<f64>>,
    cpu_headroom_percent: Option<Spanned<f64>>,
    memory_headroom_percent: Option<Spanned<f64>>,
    risk_percent: Option<Spanned<f64>>,
    peak_factor: Option<Spanned<f64>>,
    include_peak: Option<Spanned<PastPeakFile>>,
    exclude: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PastPeakFile {
    at: Spanned<Datetime>,
    cpu_vcpu: Option<Spanned<f64>>,
    memory_mib: Option<Spanned<f64>>,
}

impl Match {
    fn patterns(&self) -> [Option<&str>; 5] {
        let Self { cluster, service, family, region, account, .. } = self;
        [cluster, service, family, region, account].map(Option::as_deref)
    }

    fn holds(&self, workload: &Workload) -> bool {
        let identity = &workload.identity;
        let service = (identity.kind != WorkloadKind::Standalone).then_some(identity.name.as_str());
        let values = [
            Some(identity.cluster.as_str()),
            service,
            family(workload),
            Some(identity.region.as_str()),
            Some(identity.account_id.as_str()),
        ];
        let matches = |pattern: &str, value: Option<&str>| {
            value.is_some_and(|value| WildMatch::new(pattern).matches(value))
        };
        self.patterns()
            .into_iter()
            .zip(values)
            .all(|(pattern, value)| pattern.is_none_or(|p| matches(p, value)))
            && self.tag.iter().all(|(key, p)| matches(p, workload.tags.get(key).map(String::as_str)))
    }
}

/// The family of the task definition in force: what stands between `/` and `:` in its ARN.
fn family(workload: &Workload) -> Option<&str> {
    if workload.identity.kind == WorkloadKind::Standalone {
        return Some(&workload.identity.name);
    }
    let arn = workload.revisions.last()?.task_definition.as_str();
    let name = arn.rsplit('/').next().unwrap_or(arn);
    Some(name.rsplit_once(':').map_or(name, |(family, _)| family))
}

impl Override {
    pub(super) fn matches(&self, workload: &Workload) -> bool {
        self.matches.holds(workload)
    }

    pub(super) fn read(written: Spanned<OverrideFile>, source: Source<'_>) -> Result<Self, ConfigError> {
        let span = written.span();
        let written = written.into_inner();
        let refuse = |span: &std::ops::Range<usize>, cause: &str| ConfigError::Override {
            place: source.place(span),
            cause: cause.to_owned(),
        };
        let number = |rule: Rule, value: Option<Spanned<f64>>| {
            value
                .map(|value| {
                    let from = source.origin(&value.span());
                    source.number(rule, &value).map(|value| Set { value, from })
                })
                .transpose()
        };
        let match_span = written.matches.span();
        let matches = written.matches.into_inner();
        if matches == Match::default() {
            return Err(refuse(
                &match_span,
                "match must name something; what is for all workloads goes into [sizing]",
            ));
        }
        if matches.patterns().contains(&Some("")) {
            return Err(refuse(&match_span, "an empty pattern in match fits nothing; `*` fits everything"));
        }
        let exclude = match written.exclude {
            Some(reason) if reason.get_ref().trim().is_empty() => {
                return Err(refuse(&reason.span(), "exclude must say why"));
            }
            reason => reason.map(|r| Set { from: source.origin(&r.span()), value: r.into_inner() }),
        };
        let include_peak = written.include_peak.map(|peak| past_peak(peak, source)).transpose()?;
        let read = Self {
            from: source.origin(&span),
            matches,
            cpu_percentile: number(CPU_PERCENTILE, written.cpu_percentile)?,
            cpu_headroom: number(CPU_HEADROOM, written.cpu_headroom_percent)?,
            memory_headroom: number(MEMORY_HEADROOM, written.memory_headroom_percent)?,
            risk: number(RISK, written.risk_percent)?,
            peak_factor: number(PEAK_FACTOR, written.peak_factor)?,
            include_peak,
            exclude,
        };
        let numbers =
            [&read.cpu_percentile, &read.cpu_headroom, &read.memory_headroom, &read.risk, &read.peak_factor];
        if numbers.iter().all(|set| set.is_none()) && read.include_peak.is_none() && read.exclude.is_none() {
            return Err(refuse(&span, "this override sets nothing"));
        }
        Ok(read)
    }
}

fn past_peak(written: Spanned<PastPeakFile>, source: Source<'_>) -> Result<Set<PastPeak>, ConfigError> {
    let refuse = |span: &std::ops::Range<usize>, cause: &str| ConfigError::Override {
        place: source.place(span),
        cause: cause.to_owned(),
    };
    let span = written.span();
    let PastPeakFile { at, cpu_vcpu, memory_mib } = written.into_inner();
    let date = at
        .get_ref()
        .date
        .ok_or_else(|| refuse(&at.span(), "include_peak.at must be a date, such as 2025-11-28"))?;
    let number =
        |rule: Rule, value: Option<Spanned<f64>>| value.map(|value| source.number(rule, &value)).transpose();
    let milli_vcpu = number(PEAK_CPU, cpu_vcpu)?;
    let memory_mib = number(PEAK_MEMORY, memory_mib)?;
    if milli_vcpu.is_none() && memory_mib.is_none() {
        return Err(refuse(&span, "include_peak must say cpu_vcpu, memory_mib or both"));
    }
    Ok(Set { value: PastPeak { at: date.to_string(), milli_vcpu, memory_mib }, from: source.origin(&span) })
}
