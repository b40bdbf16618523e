//! How the formats for people word verdicts, sums and origins. Gives plain text of one line, without escapes.

use super::{CheckFinding, CheckReport, CheckTask, Verdict};
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

/// `+77.88 USD a month against the base`, and how many tasks are not in that; none without a base.
pub(super) fn cost_change(report: &CheckReport) -> Option<String> {
    let change = report.totals.monthly_cost_change?;
    let is_known = |task: &&CheckTask| task.monthly_cost.is_some() && task.base_monthly_cost.is_some();
    let known = report.tasks.iter().filter(is_known).count();
    let unknown = (report.tasks.len() - known) as u64;
    if known == 0 && unknown > 0 {
        return Some("the change of cost against the base is not known".into());
    }
    let change = if change.rounded() == Usd::ZERO {
        "no change of cost against the base".into()
    } else {
        format!("{} USD a month against the base", signed(change))
    };
    Some(if unknown == 0 {
        change
    } else {
        format!("{change}, without {} of unknown cost", count(unknown, "task"))
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

#[cfg(test)]
mod tests {
    use super::{super::fixture, *};

    #[test]
    fn a_sum_says_what_it_leaves_out() {
        let (mut report, _) = fixture::report();
        let mut task = report.tasks[0].clone();
        (task.monthly_cost, task.base_monthly_cost) = (Some(Usd::ZERO), Some(Usd::ZERO));
        let unknown = CheckTask { base_monthly_cost: None, ..task.clone() };
        let mut said = |tasks: &[&CheckTask]| {
            report.tasks = tasks.iter().copied().cloned().collect();
            cost_change(&report).unwrap()
        };
        assert_eq!(said(&[&task]), "+74.38 USD a month against the base");
        assert_eq!(
            said(&[&task, &unknown, &unknown]),
            "+74.38 USD a month against the base, without 2 tasks of unknown cost"
        );
        assert_eq!(said(&[&unknown]), "the change of cost against the base is not known");
        report.totals.monthly_cost_change = None;
        assert_eq!(cost_change(&report), None);
    }
}
