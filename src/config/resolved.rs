//! [`Resolved`]: what holds for one workload, and where each setting is from.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;

use super::{
    Config, ExpectedPeak, PastPeak, Sizing,
    number::{
        CPU_HEADROOM, CPU_PERCENTILE, ENTERPRISE, MEMORY_HEADROOM, MIN_SAVINGS_PERCENT, MIN_SAVINGS_USD,
        PEAK_FACTOR, RISK,
    },
    overrides::{Override, Set},
};
use crate::{units::CpuUnits, workload::Workload};

/// A day begins so much earlier than in UTC where it begins first.
const FIRST_TO_BEGIN: SignedDuration = SignedDuration::from_hours(14);

/// The settings in force for one workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    pub sizing: Sizing,
    /// Why this workload is not to be rated.
    pub exclude: Option<String>,
    /// Everything that had a part in its rating.
    pub settings: Vec<SettingInForce>,
}

/// A setting as users write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingInForce {
    pub key: &'static str,
    pub value: String,
    /// `default`, or file and line.
    pub from: String,
}

impl Config {
    /// Where the overrides are written that match none of `workloads`.
    pub fn overrides_without_workload(&self, workloads: &[Workload]) -> BTreeSet<&str> {
        let unmatched = self.overrides.iter().filter(|o| !workloads.iter().any(|one| o.matches(one)));
        unmatched.map(|o| o.from.as_str()).collect()
    }

    /// That the past peak in force for `workload` is of a day that begins nowhere before `end`, a snapshot's,
    /// where it is: nobody can have seen it.
    pub fn past_peak_after(&self, end: Timestamp, workload: &Workload) -> Option<String> {
        let matching: Vec<&Override> = self.overrides.iter().filter(|o| o.matches(workload)).collect();
        let Set { value: PastPeak { at, .. }, from } = last(&matching, |o| o.include_peak.as_ref())?;
        let date = |time: Timestamp| time.to_zoned(TimeZone::UTC).date();
        let latest = date(end.checked_add(FIRST_TO_BEGIN).unwrap_or(end));
        let is_later = at.parse::<Date>().is_ok_and(|at| at > latest);
        is_later.then(|| {
            format!(
                "{from}: include_peak.at is {at}, after the snapshot's end on {}; it counts, but name a day that is \
                 past, or use peak_factor for a peak to come",
                date(end)
            )
        })
    }

    /// The settings in force for `workload`: the sections', with what the overrides that match it set,
    /// the last one winning key by key.
    pub fn for_workload(&self, workload: &Workload) -> Resolved {
        let matching: Vec<&Override> = self.overrides.iter().filter(|o| o.matches(workload)).collect();
        let mut sizing = self.sizing;
        let mut settings = Vec::new();
        let numbers: [(&'static str, &mut u32, NumberOf); 4] = [
            (CPU_PERCENTILE.key, &mut sizing.cpu_percentile, |o| o.cpu_percentile.as_ref()),
            (CPU_HEADROOM.key, &mut sizing.cpu_headroom, |o| o.cpu_headroom.as_ref()),
            (MEMORY_HEADROOM.key, &mut sizing.memory_headroom, |o| o.memory_headroom.as_ref()),
            (RISK.key, &mut sizing.risk, |o| o.risk.as_ref()),
        ];
        for (key, target, of) in numbers {
            let set = last(&matching, of);
            *target = set.map_or(*target, |set| set.value);
            let from = set.map_or_else(|| self.origin(key), |set| set.from.clone());
            settings.push(SettingInForce { key, value: hundredths(*target), from });
        }
        let mut peak = ExpectedPeak::NONE;
        if let Some(Set { value, from }) = last(&matching, |o| o.peak_factor.as_ref()) {
            peak.factor = *value;
            let (value, from) = (hundredths(*value), from.clone());
            settings.push(SettingInForce { key: PEAK_FACTOR.key, value, from });
        }
        if let Some(Set { value, from }) = last(&matching, |o| o.include_peak.as_ref()) {
            peak.cpu = u64::from(value.milli_vcpu.unwrap_or(0)) * u64::from(CpuUnits::PER_VCPU);
            peak.memory = u64::from(value.memory_mib.unwrap_or(0)) * 1024;
            let (value, from) = (in_words(value), from.clone());
            settings.push(SettingInForce { key: "include_peak", value, from });
        }
        sizing.peak = peak;
        let exclude = last(&matching, |o| o.exclude.as_ref());
        if let Some(Set { value, from }) = exclude {
            let (value, from) = (value.clone(), from.clone());
            settings.push(SettingInForce { key: "exclude", value, from });
        }
        for (key, value) in [
            (MIN_SAVINGS_USD.key, self.change.min_savings_cents),
            (MIN_SAVINGS_PERCENT.key, self.change.min_savings_centi_percent),
            (ENTERPRISE.key, self.discount.enterprise_centi_percent),
        ] {
            settings.push(SettingInForce { key, value: hundredths(value), from: self.origin(key) });
        }
        Resolved { sizing, exclude: exclude.map(|set| set.value.clone()), settings }
    }

    fn origin(&self, key: &str) -> String {
        self.origins.get(key).cloned().unwrap_or_default()
    }
}

type NumberOf = fn(&Override) -> Option<&Set<u32>>;

/// What the last of the blocks that set it says.
fn last<'a, T>(
    blocks: &[&'a Override],
    of: impl Fn(&'a Override) -> Option<&'a Set<T>>,
) -> Option<&'a Set<T>> {
    blocks.iter().rev().find_map(|block| of(block))
}

/// 9,950 hundredths are `99.5`.
fn hundredths(value: u32) -> String {
    Decimal::new(i64::from(value), 2).normalize().to_string()
}

/// `2025-11-28: 1.5 vCPU, 3000 MiB`.
fn in_words(peak: &PastPeak) -> String {
    let cpu = peak.milli_vcpu.map(|milli| format!("{} vCPU", Decimal::new(i64::from(milli), 3).normalize()));
    let memory = peak.memory_mib.map(|memory| format!("{memory} MiB"));
    let amounts: Vec<String> = [cpu, memory].into_iter().flatten().collect();
    format!("{}: {}", peak.at, amounts.join(", "))
}
