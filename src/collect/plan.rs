//! What to ask CloudWatch for: the window, the queries, how they are packed into calls and parts,
//! and what that costs. Pure: the time is given.
//!
//! Refuses a lookback that CloudWatch no longer holds at the period, and a window without a point.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    snapshot::Window,
    units::Usd,
    workload::{Workload, WorkloadKind},
};

/// Queries that one `GetMetricData` call takes (CloudWatch API reference).
pub const QUERIES_PER_CALL: u64 = 500;
/// Data points that one `GetMetricData` call returns at most (CloudWatch API reference).
pub const POINTS_PER_CALL: u64 = 100_800;
/// Workloads in a part, as far as that fills whole calls: small enough that little is lost when a
/// run is interrupted, large enough that a part is worth a file.
const WORKLOADS_PER_PART: u64 = 64;
/// Rows in a part.
const ROWS_PER_PART: u64 = 250_000;
/// Time that a pull may take before the oldest point of its window is dropped by CloudWatch.
const PULL_ALLOWANCE_SECONDS: i64 = 600;

/// Seconds between points: one of the three periods that CloudWatch keeps standard metrics at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Period(u32);

impl Period {
    pub const MINUTE: Self = Self(60);
    pub const FIVE_MINUTES: Self = Self(300);
    pub const HOUR: Self = Self(3_600);
    const ALL: [Self; 3] = [Self::MINUTE, Self::FIVE_MINUTES, Self::HOUR];

    pub const fn seconds(self) -> u32 {
        self.0
    }

    /// Days that CloudWatch keeps points of this period (`GetMetricData`, API reference).
    pub const fn retention_days(self) -> u32 {
        match self.0 {
            60 => 15,
            300 => 63,
            _ => 455,
        }
    }

    const fn retention_seconds(self) -> u64 {
        self.retention_days() as u64 * 86_400
    }
}

impl TryFrom<u32> for Period {
    type Error = PlanError;

    fn try_from(seconds: u32) -> Result<Self, PlanError> {
        Self::ALL.into_iter().find(|period| period.0 == seconds).ok_or(PlanError::UnknownPeriod { seconds })
    }
}

impl From<Period> for u32 {
    fn from(period: Period) -> Self {
        period.0
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}

/// A request that cannot be planned: a usage error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("period {seconds} s is not one that CloudWatch keeps: use --period 60, 300 or 3600")]
    UnknownPeriod { seconds: u32 },
    #[error(
        "CloudWatch keeps points of {period} for {} days, and the lookback is {}: use --period {} or a shorter --lookback",
        period.retention_days(), days(*lookback_seconds), better.seconds()
    )]
    LookbackBeyondRetention { lookback_seconds: u64, period: Period, better: Period },
    #[error("CloudWatch keeps metrics for 455 days at most, and the lookback is {}: use a shorter --lookback", days(*lookback_seconds))]
    LookbackBeyondAnyRetention { lookback_seconds: u64 },
    #[error("the lookback is shorter than one period of {period}: use a longer --lookback")]
    NoPoint { period: Period },
    #[error("the clock says {now}, which no window can end at")]
    ClockOutOfRange { now: Timestamp },
}

fn days(seconds: u64) -> String {
    if seconds.is_multiple_of(86_400) {
        format!("{} days", seconds / 86_400)
    } else {
        format!("{} hours", seconds.div_ceil(3_600))
    }
}

/// The window of `lookback_seconds` that ends with the last whole period before `now`, aligned to
/// the period: an unaligned one returns one point more per series, and so needs more calls.
///
/// Where the lookback is all that CloudWatch keeps, the window starts a little later, so that its
/// oldest point is still there while it is pulled.
pub fn window(now: Timestamp, lookback_seconds: u64, period: Period) -> Result<Window, PlanError> {
    if lookback_seconds > period.retention_seconds() {
        let better = Period::ALL.into_iter().find(|other| lookback_seconds <= other.retention_seconds());
        return Err(match better {
            Some(better) => PlanError::LookbackBeyondRetention { lookback_seconds, period, better },
            None => PlanError::LookbackBeyondAnyRetention { lookback_seconds },
        });
    }
    let step = i64::from(period.0);
    let end = now.as_second().div_euclid(step) * step;
    let lookback = i64::try_from(lookback_seconds).unwrap_or(i64::MAX);
    let start = (end - lookback / step * step).max(oldest_kept(now, period));
    if start >= end {
        return Err(PlanError::NoPoint { period });
    }
    let timestamp = |second| Timestamp::from_second(second).map_err(|_| PlanError::ClockOutOfRange { now });
    Ok(Window { start: timestamp(start)?, end: timestamp(end)?, period_seconds: period.0 })
}

/// Whether CloudWatch still holds every point of a window that was planned earlier.
pub fn is_retained(window: &Window, now: Timestamp) -> bool {
    let Ok(period) = Period::try_from(window.period_seconds) else { return false };
    let retention = i64::from(period.retention_days()) * 86_400;
    window.start.as_second() >= now.as_second() - retention
}

/// Start of the oldest period that is surely held until a pull beginning `now` is over.
fn oldest_kept(now: Timestamp, period: Period) -> i64 {
    let step = i64::from(period.0);
    let oldest = now.as_second() - i64::from(period.retention_days()) * 86_400 + PULL_ALLOWANCE_SECONDS;
    oldest.div_euclid(step) * step + step
}

/// One thing that is measured of a workload: a metric and a statistic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    CpuAverage,
    CpuMaximum,
    CpuSamples,
    MemoryAverage,
    MemoryMaximum,
    LiveTasks,
    FamilyCpuUsedAverage,
    FamilyCpuUsedMaximum,
    FamilyCpuSamples,
    FamilyCpuReserved,
    FamilyMemoryUsedAverage,
    FamilyMemoryUsedMaximum,
    FamilyMemoryReserved,
}

/// Of a service, from the free metrics of `AWS/ECS`, in per cent of what is reserved.
const SERVICE_MEASURES: [Measure; 6] = [
    Measure::CpuAverage,
    Measure::CpuMaximum,
    Measure::CpuSamples,
    Measure::MemoryAverage,
    Measure::MemoryMaximum,
    Measure::LiveTasks,
];

/// Of a family of standalone tasks, from Container Insights, in absolute units. Of two sizes at
/// once the larger counts, so the reservation is asked for as a maximum only.
const FAMILY_MEASURES: [Measure; 7] = [
    Measure::FamilyCpuUsedAverage,
    Measure::FamilyCpuUsedMaximum,
    Measure::FamilyCpuSamples,
    Measure::FamilyCpuReserved,
    Measure::FamilyMemoryUsedAverage,
    Measure::FamilyMemoryUsedMaximum,
    Measure::FamilyMemoryReserved,
];

impl Measure {
    /// What is measured of a kind of workload.
    pub const fn of(kind: WorkloadKind) -> &'static [Self] {
        match kind {
            WorkloadKind::Service => &SERVICE_MEASURES,
            // Neither a daemon nor a standalone task belongs to a service.
            WorkloadKind::Daemon | WorkloadKind::Standalone => &FAMILY_MEASURES,
        }
    }

    /// Whether it is one of a service's free metrics; else it is Container Insights'.
    const fn is_of_service(self) -> bool {
        matches!(
            self,
            Self::CpuAverage
                | Self::CpuMaximum
                | Self::CpuSamples
                | Self::MemoryAverage
                | Self::MemoryMaximum
                | Self::LiveTasks
        )
    }

    pub const fn namespace(self) -> &'static str {
        if self.is_of_service() { "AWS/ECS" } else { "ECS/ContainerInsights" }
    }

    pub const fn metric(self) -> &'static str {
        match self {
            Self::CpuAverage | Self::CpuMaximum | Self::CpuSamples => "CPUUtilization",
            Self::MemoryAverage | Self::MemoryMaximum => "MemoryUtilization",
            Self::LiveTasks => "LiveTaskCount",
            Self::FamilyCpuUsedAverage | Self::FamilyCpuUsedMaximum | Self::FamilyCpuSamples => "CpuUtilized",
            Self::FamilyCpuReserved => "CpuReserved",
            Self::FamilyMemoryUsedAverage | Self::FamilyMemoryUsedMaximum => "MemoryUtilized",
            Self::FamilyMemoryReserved => "MemoryReserved",
        }
    }

    pub const fn statistic(self) -> &'static str {
        match self {
            Self::CpuAverage
            | Self::MemoryAverage
            | Self::LiveTasks
            | Self::FamilyCpuUsedAverage
            | Self::FamilyMemoryUsedAverage => "Average",
            Self::CpuSamples | Self::FamilyCpuSamples => "SampleCount",
            _ => "Maximum",
        }
    }

    /// The dimension that names the workload, beside `ClusterName`.
    pub const fn dimension(self) -> &'static str {
        if self.is_of_service() { "ServiceName" } else { "TaskDefinitionFamily" }
    }
}

/// One series that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Query {
    pub workload_id: u32,
    pub measure: Measure,
}

/// A part of the utilization: whole workloads of one account and region, and the calls that bring
/// their series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartPlan {
    /// Name of its file, without ending.
    pub name: String,
    pub account_id: String,
    pub region: String,
    /// Ascending.
    pub workload_ids: Vec<u32>,
    pub calls: Vec<Vec<Query>>,
}

/// What a pull takes, at most: `GetMetricData` is billed by the metrics requested, and each query
/// is counted as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostBound {
    pub queries: u64,
    pub calls: u64,
    pub usd: Usd,
}

/// USD for 1,000 metrics requested with `GetMetricData` (Amazon CloudWatch pricing, all
/// commercial regions).
const USD_PER_THOUSAND_METRICS: rust_decimal::Decimal = rust_decimal::Decimal::from_parts(1, 0, 0, false, 2);

/// Packs the series of `workloads` (sorted by identity) into parts and calls: each query once, no
/// call over CloudWatch's limits, and no more calls than those limits need.
pub fn parts(window: &Window, workloads: &[Workload]) -> Vec<PartPlan> {
    let points = window.points().max(1);
    let per_call = queries_per_call(points);
    let most = (ROWS_PER_PART / points).clamp(1, WORKLOADS_PER_PART.max(per_call));
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let same_place = |a: &Workload, b: &Workload| {
        a.identity.account_id == b.identity.account_id && a.identity.region == b.identity.region
    };
    let mut parts = Vec::new();
    for mut rest in workloads.chunk_by(same_place) {
        while !rest.is_empty() {
            let (part, after) = rest.split_at(part_length(rest, per_call, most));
            parts.push(part_of(part, per_call, parts.len()));
            rest = after;
        }
    }
    parts
}

fn part_of(workloads: &[Workload], per_call: u64, index: usize) -> PartPlan {
    let queries: Vec<Query> = workloads
        .iter()
        .flat_map(|workload| {
            Measure::of(workload.identity.kind)
                .iter()
                .map(|&measure| Query { workload_id: workload.workload_id, measure })
        })
        .collect();
    let per_call = usize::try_from(per_call).unwrap_or(usize::MAX);
    PartPlan {
        name: format!("part-{index:05}"),
        account_id: workloads[0].identity.account_id.clone(),
        region: workloads[0].identity.region.0.clone(),
        workload_ids: workloads.iter().map(|workload| workload.workload_id).collect(),
        calls: queries.chunks(per_call).map(<[Query]>::to_vec).collect(),
    }
}

/// Queries of `points` points each that fit in one call.
fn queries_per_call(points: u64) -> u64 {
    (POINTS_PER_CALL / points).clamp(1, QUERIES_PER_CALL)
}

/// Things of `series` series each, with a point every `period_seconds`, that fit in one call. The
/// window need not be aligned to that period, so a series may have a point more at either end.
pub fn things_per_call(window: &Window, period_seconds: u32, series: usize) -> usize {
    let points = window.seconds() / u64::from(period_seconds.max(1)) + 2;
    let queries = usize::try_from(queries_per_call(points)).unwrap_or(usize::MAX);
    (queries / series.max(1)).max(1)
}

/// Queries and calls for things of `series` series each: so many of them in each account and region.
pub fn cost_of_things(
    in_places: impl IntoIterator<Item = usize>,
    series: usize,
    per_call: usize,
) -> (u64, u64) {
    in_places.into_iter().fold((0, 0), |(queries, calls), things| {
        (queries + (things * series) as u64, calls + things.div_ceil(per_call) as u64)
    })
}

/// How many of `workloads` the next part takes: all if they fit, else the length between half of
/// `most` and `most` that leaves the fewest places in its last call unused.
fn part_length(workloads: &[Workload], per_call: u64, most: usize) -> usize {
    if workloads.len() <= most {
        return workloads.len();
    }
    let mut queries = 0;
    let mut best = (u64::MAX, most);
    for (index, workload) in workloads[..most].iter().enumerate() {
        queries += Measure::of(workload.identity.kind).len() as u64;
        let unused = queries.next_multiple_of(per_call) - queries;
        // Of equals the longer part: fewer files.
        if index + 1 >= most.div_ceil(2) && unused <= best.0 {
            best = (unused, index + 1);
        }
    }
    best.1
}

/// What pulling these parts takes at most.
pub fn cost<'a>(parts: impl IntoIterator<Item = &'a PartPlan>) -> CostBound {
    let (mut queries, mut calls) = (0_u64, 0_u64);
    for part in parts {
        calls += part.calls.len() as u64;
        queries += part.calls.iter().map(|call| call.len() as u64).sum::<u64>();
    }
    CostBound::new(queries, calls)
}

impl CostBound {
    fn new(queries: u64, calls: u64) -> Self {
        let usd = Usd(USD_PER_THOUSAND_METRICS * rust_decimal::Decimal::from(queries)
            / rust_decimal::Decimal::ONE_THOUSAND);
        Self { queries, calls, usd }
    }

    /// With so many more queries and calls.
    #[must_use]
    pub fn and(self, (queries, calls): (u64, u64)) -> Self {
        Self::new(self.queries + queries, self.calls + calls)
    }
}

#[cfg(test)]
mod tests;
