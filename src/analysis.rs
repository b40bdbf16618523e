//! Snapshot + price book + settings → [`Report`]: the one place where the core is wired.
//!
//! Takes everything as values, the time included; reads the utilization part by part, on all cores;
//! gives the same report for the same input. Fails only where a part of the snapshot cannot be read.

mod subject;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use jiff::Timestamp;
use rayon::prelude::*;

use crate::{
    config::Config,
    demand::{Timeline, WindowDemand, roll_up},
    pricing::PriceBook,
    report::{
        PriceBookReference, Report, ReportWindow, SCHEMA_VERSION, SnapshotReference, Totals, WorkloadReport,
    },
    rightsize::autoscaling::{ReplicaPeaks, Steering, TaskSeries},
    snapshot::{Inventory, Manifest, Series, UtilizationParts},
    workload::{Controller, LaunchType, Workload, WorkloadKind},
};

/// A snapshot as the analysis needs it, wherever it is kept.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    pub manifest: &'a Manifest,
    pub inventory: &'a Inventory,
    pub utilization: &'a dyn UtilizationParts,
    /// SHA-256 of the manifest, hexadecimal.
    pub sha256: &'a str,
}

impl std::fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Input").field("sha256", &self.sha256).finish_non_exhaustive()
    }
}

/// What one workload's series came to.
struct Digest {
    demand: Option<WindowDemand>,
    values: u64,
    /// In order, where the number of tasks follows what they use.
    series: Option<TaskSeries>,
    /// Where nothing scales the service.
    peaks: Option<ReplicaPeaks>,
}

/// The report on a snapshot, as of a time (by default the snapshot's end).
pub fn analyse(
    input: Input<'_>,
    book: &PriceBook,
    config: &Config,
    as_of: Timestamp,
) -> Result<Report, io::Error> {
    let window = input.manifest.window;
    let timelines: Vec<Option<Timeline>> = input
        .inventory
        .workloads
        .iter()
        .map(|w| Timeline::of(&w.revisions, w.history, &input.inventory.task_definitions))
        .collect();
    let digests: BTreeMap<u32, Digest> = (0..input.utilization.parts())
        .into_par_iter()
        .map(|part| {
            let series = input.utilization.read_part(part)?;
            let digest = |series: &Series| {
                let workload = input.inventory.workloads.get(series.workload_id as usize);
                digest(series, workload, &timelines, window.period_seconds)
            };
            Ok(series.iter().map(digest).collect())
        })
        .collect::<Result<Vec<Vec<(u32, Digest)>>, io::Error>>()?
        .into_iter()
        .flatten()
        .collect();

    let with_gaps: BTreeSet<&str> = input.manifest.gaps.iter().map(|gap| gap.scope.as_str()).collect();
    let mut workloads: Vec<WorkloadReport> = input
        .inventory
        .workloads
        .par_iter()
        .map(|workload| {
            let digest = digests.get(&workload.workload_id);
            let facts = subject::Facts {
                workload,
                inventory: input.inventory,
                timeline: timelines.get(workload.workload_id as usize).and_then(Option::as_ref),
                demand: digest.and_then(|digest| digest.demand.as_ref()),
                series: digest.and_then(|digest| digest.series.as_ref()),
                peaks: digest.and_then(|digest| digest.peaks),
                window,
                has_gap: with_gaps.contains(workload.identity.id().as_str()),
            };
            subject::report_on(&facts, book, config)
        })
        .collect();
    sort(&mut workloads);
    Ok(Report {
        schema_version: SCHEMA_VERSION,
        currency: "USD".to_owned(),
        as_of,
        window: ReportWindow { start: window.start, end: window.end, period_seconds: window.period_seconds },
        snapshot: SnapshotReference {
            id: input.sha256.chars().take(12).collect(),
            sha256: input.sha256.to_owned(),
        },
        price_book: PriceBookReference {
            id: book.id().to_owned(),
            effective_date: book.effective_date().to_owned(),
            sha256: book.sha256().to_owned(),
        },
        samples_read: digests.values().map(|digest| digest.values).sum(),
        totals: Totals::of(&workloads),
        workloads,
        gaps: input.manifest.gaps.clone(),
    })
}

/// Several reports as one, such as those of several accounts. They must share the price book and the
/// period; the window is the one that holds all of theirs.
pub fn merged(reports: Vec<Report>) -> Result<Report, CannotMerge> {
    let mut reports = reports.into_iter();
    let mut whole = reports.next().ok_or(CannotMerge::Nothing)?;
    for report in reports {
        if report.window.period_seconds != whole.window.period_seconds {
            return Err(CannotMerge::Periods(whole.window.period_seconds, report.window.period_seconds));
        }
        if let Some(twice) = report.workloads.iter().find(|w| whole.workloads.iter().any(|o| o.id == w.id)) {
            return Err(CannotMerge::Twice(twice.id.clone()));
        }
        whole.window.start = whole.window.start.min(report.window.start);
        whole.window.end = whole.window.end.max(report.window.end);
        whole.as_of = whole.as_of.max(report.as_of);
        whole.samples_read += report.samples_read;
        whole.workloads.extend(report.workloads);
        whole.gaps.extend(report.gaps);
        // One name for several snapshots, whatever they are.
        whole.snapshot.sha256 =
            crate::sha256::hex(format!("{}{}", whole.snapshot.sha256, report.snapshot.sha256).as_bytes());
        whole.snapshot.id = whole.snapshot.sha256.chars().take(12).collect();
    }
    sort(&mut whole.workloads);
    whole.totals = Totals::of(&whole.workloads);
    Ok(whole)
}

/// Why reports cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotMerge {
    #[error("no snapshot is named")]
    Nothing,
    #[error("the snapshots have different periods, {0} s and {1} s; report on them one by one")]
    Periods(u32, u32),
    #[error("workload {0} is in more than one of the snapshots; report on them one by one")]
    Twice(String),
}

/// A workload whose size is not known is rolled up under no size: its values are counted, no more.
fn digest(
    series: &Series,
    workload: Option<&Workload>,
    timelines: &[Option<Timeline>],
    period_seconds: u32,
) -> (u32, Digest) {
    let timeline = timelines.get(series.workload_id as usize).and_then(Option::as_ref);
    let unknown = Timeline::unknown();
    let points = &series.points;
    let rollups = roll_up(points, timeline.unwrap_or(&unknown), period_seconds);
    let service = workload.zip(timeline).filter(|(workload, _)| {
        workload.launch_type == LaunchType::Fargate && workload.identity.kind == WorkloadKind::Service
    });
    let scaled = service.filter(|(w, _)| w.scaling.as_ref().is_some_and(Steering::needs_series));
    let fixed = service.filter(|(w, _)| w.scaling.is_none());
    let digest = Digest {
        demand: WindowDemand::of(&rollups),
        values: rollups.values,
        series: scaled.and_then(|(workload, timeline)| {
            TaskSeries::of(points, timeline, period_seconds, deployments(workload))
        }),
        peaks: fixed.and_then(|(_, timeline)| ReplicaPeaks::of(points, timeline, period_seconds)),
    };
    (series.workload_id, digest)
}

/// When ECS held scale-in back. It does not for deployments that something else controls.
fn deployments(workload: &Workload) -> Vec<(i64, i64)> {
    if workload.controller == Controller::External {
        return Vec::new();
    }
    let times = workload.revisions.iter().filter_map(|revision| revision.from.zip(revision.settled));
    let mut deployments: Vec<(i64, i64)> =
        times.map(|(from, settled)| (from.as_second(), settled.as_second())).collect();
    deployments.sort_unstable();
    deployments
}

/// By savings, largest first; then by cost; then by id, so that the order is always the same.
fn sort(workloads: &mut [WorkloadReport]) {
    workloads.sort_by(|a, b| {
        let savings = |w: &WorkloadReport| w.recommendation.as_ref().and_then(|r| r.monthly_savings);
        savings(b)
            .unwrap_or_default()
            .cmp(&savings(a).unwrap_or_default())
            .then_with(|| b.monthly_cost.cmp(&a.monthly_cost))
            .then_with(|| a.id.cmp(&b.id))
    });
}
