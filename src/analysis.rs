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
    snapshot::{Inventory, Manifest, Series, UtilizationParts},
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
            Ok(series.into_iter().map(|series| digest(&series, &timelines, window.period_seconds)).collect())
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
            let demand = digests.get(&workload.workload_id).and_then(|digest| digest.demand.as_ref());
            let facts = subject::Facts {
                workload,
                inventory: input.inventory,
                timeline: timelines.get(workload.workload_id as usize).and_then(Option::as_ref),
                demand,
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

/// A workload whose size is not known is rolled up under no size: its values are counted, no more.
fn digest(series: &Series, timelines: &[Option<Timeline>], period_seconds: u32) -> (u32, Digest) {
    let timeline = timelines.get(series.workload_id as usize).and_then(Option::as_ref);
    let unknown = Timeline::unknown();
    let rollups = roll_up(&series.points, timeline.unwrap_or(&unknown), period_seconds);
    let demand = WindowDemand::of(&rollups);
    (series.workload_id, Digest { demand, values: rollups.values })
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
