//! Several reports as one, such as those of several accounts.

use std::collections::BTreeSet;

use crate::report::{PoolReport, Report, Totals, WorkloadReport};

/// The reports as one. They must share the price book and the
/// period; the window is the one that holds all of theirs.
pub fn merged(reports: Vec<Report>) -> Result<Report, CannotMerge> {
    let mut reports = reports.into_iter();
    let mut whole = reports.next().ok_or(CannotMerge::Nothing)?;
    let mut ids: BTreeSet<String> = whole.workloads.iter().map(|workload| workload.id.clone()).collect();
    for report in reports {
        if report.window.period_seconds != whole.window.period_seconds {
            return Err(CannotMerge::Periods(whole.window.period_seconds, report.window.period_seconds));
        }
        if let Some(twice) = report.workloads.iter().find(|workload| !ids.insert(workload.id.clone())) {
            return Err(CannotMerge::Twice(twice.id.clone()));
        }
        whole.window.start = whole.window.start.min(report.window.start);
        whole.window.end = whole.window.end.max(report.window.end);
        whole.as_of = whole.as_of.max(report.as_of);
        whole.samples_read += report.samples_read;
        if report.headroom.shows_less_than(&whole.headroom) {
            whole.headroom = report.headroom;
        }
        whole.workloads.extend(report.workloads);
        whole.capacity.extend(report.capacity);
        whole.gaps.extend(report.gaps);
        whole.notes.extend(report.notes);
        // One name for several snapshots, whatever they are.
        whole.snapshot.sha256 =
            crate::sha256::hex(format!("{}{}", whole.snapshot.sha256, report.snapshot.sha256).as_bytes());
        whole.snapshot.id = whole.snapshot.sha256.chars().take(12).collect();
    }
    sort(&mut whole.workloads);
    let place = |p: &PoolReport| (p.account_id.clone(), p.region.clone(), p.cluster.clone());
    whole.capacity.sort_by_key(place);
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

/// By savings, largest first; then by cost; then by id, so that the order is always the same.
pub(super) fn sort(workloads: &mut [WorkloadReport]) {
    workloads.sort_by(|a, b| {
        let savings = |w: &WorkloadReport| w.recommendation.as_ref().and_then(|r| r.monthly_savings);
        savings(b)
            .unwrap_or_default()
            .cmp(&savings(a).unwrap_or_default())
            .then_with(|| b.monthly_cost.cmp(&a.monthly_cost))
            .then_with(|| a.id.cmp(&b.id))
    });
}
