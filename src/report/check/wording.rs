//! How the formats for people word verdicts, sums and origins. Gives plain text of one line, without escapes.

use super::{CheckFinding, CheckReport, Verdict};
use crate::{
    report::amounts::{count, money},
    units::Usd,
};

pub(super) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "passed",
        Verdict::Fail => "failed",
        Verdict::Incomplete => "incomplete",
    }
}

/// `2 denied, 1 warned, 1 waived, 1 known, 1 file not readable`.
pub(super) fn counts(report: &CheckReport) -> String {
    let totals = &report.totals;
    let mut parts = vec![format!("{} denied", totals.denied), format!("{} warned", totals.warned)];
    if totals.waived > 0 {
        parts.push(format!("{} waived", totals.waived));
    }
    if totals.known > 0 {
        parts.push(format!("{} known", totals.known));
    }
    let unreadable = report.files.iter().filter(|file| file.error.is_some()).count() as u64;
    if unreadable > 0 {
        parts.push(format!("{} not readable", count(unreadable, "file")));
    }
    parts.join(", ")
}

/// `7 tasks in 4 files; 3 other files ignored`.
pub(super) fn scope(report: &CheckReport) -> String {
    let scope =
        format!("{} in {}", count(report.totals.tasks, "task"), count(report.files.len() as u64, "file"));
    match report.ignored_files {
        0 => scope,
        ignored => format!("{scope}; {} ignored", count(ignored, "other file")),
    }
}

/// `+77.88 USD a month against the base`; none without a base.
pub(super) fn cost_change(report: &CheckReport) -> Option<String> {
    let change = report.totals.monthly_cost_change?;
    Some(if change.rounded() == Usd::ZERO {
        "no change of cost against the base".into()
    } else {
        format!("{} USD a month against the base", signed(change))
    })
}

/// `+1,234.50`, `-3.00`.
pub(super) fn signed(change: Usd) -> String {
    let sign = if change > Usd::ZERO && change.rounded() != Usd::ZERO { "+" } else { "" };
    format!("{sign}{}", money(change))
}

/// What the figures are from.
pub(super) fn provenance(report: &CheckReport) -> String {
    let book = &report.price_book;
    let snapshot = report.snapshot.as_ref();
    format!(
        "as of {}; prices {} of {}; {}",
        report.as_of,
        book.id,
        book.effective_date,
        snapshot.map_or_else(|| "no snapshot".into(), |snapshot| format!("snapshot {}", snapshot.id)),
    )
}

/// `task api, container app`; empty where it concerns none.
pub(super) fn subject(finding: &CheckFinding) -> String {
    let task = finding.task.iter().map(|task| format!("task {task}"));
    let container = finding.container.iter().map(|container| format!("container {container}"));
    task.chain(container).collect::<Vec<_>>().join(", ")
}
