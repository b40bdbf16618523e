//! What the rating stands on: samples, revisions and sizes, settings, and what is missing.

use std::fmt::Write as _;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{Page, a_month, days, number, short_arn, stamp, text};
use crate::report::{
    Quantity,
    amounts::{NONE, count, grouped, money, size},
    explain::{CALIBRATED, Explanation, MEMORY_HEADROOM},
};

/// Changes of size and revisions shown, the newest.
const CHANGES: usize = 8;

pub(super) fn evidence(explanation: &Explanation, page: &mut Page) {
    let (workload, periods) = (&explanation.workload, &explanation.periods);
    let evidence = &workload.evidence;
    page.section("Evidence");
    match (evidence.first_sample, evidence.last_sample) {
        (Some(first), Some(last)) => {
            page.field("samples", &format!("{first} to {last}, {} days", days(evidence.observed_hours)));
            let coverage = evidence.coverage.map_or_else(String::new, |share| {
                format!(" ({} %)", (share.0 * Decimal::ONE_HUNDRED).round_dp(1).normalize())
            });
            page.field(
                "periods",
                &format!(
                    "{} of {} of {} s have samples{coverage}; the longest gap is {} h",
                    grouped(&periods.with_samples.to_string()),
                    grouped(&periods.possible.to_string()),
                    explanation.window.period_seconds,
                    periods.longest_gap_hours.0.round_dp(1).normalize(),
                ),
            );
        }
        _ => page.field("samples", "none"),
    }
    let source =
        evidence.task_hours_source.as_deref().map_or_else(String::new, |from| format!(", by {from}"));
    let hours = workload
        .task_hours
        .map_or_else(|| "unknown".to_owned(), |hours| grouped(&hours.0.round_dp(1).normalize().to_string()));
    page.field("task-hours", &format!("{hours}{source}"));
    if let Some(runs) = &workload.runs {
        let per_run = runs.cost_per_run.map_or_else(String::new, |usd| format!(", {} USD each", money(usd)));
        let minutes = |quantity: Quantity| quantity.0.round_dp(1).normalize();
        page.field(
            "runs",
            &format!(
                "{}, {} task-minutes on average, {} at most{per_run}",
                count(runs.count, "run"),
                minutes(runs.mean_task_minutes),
                minutes(runs.longest_task_minutes)
            ),
        );
    }
    page.field(
        "sizes",
        &format!(
            "{} with several sizes at once, {} under an assumed size",
            count(periods.mixed, "period"),
            grouped(&periods.assumed.to_string())
        ),
    );
    page.field(
        "at the cap",
        &format!(
            "CPU in {}, memory in {}",
            count(evidence.cpu_periods_at_cap, "period"),
            count(evidence.memory_periods_at_cap, "period")
        ),
    );
    let start_up = evidence.startup_peak_vcpu.map_or_else(
        || "no start was seen".to_owned(),
        |peak| format!("up to {} vCPU after a deployment", peak.0.round_dp(3).normalize()),
    );
    page.field("start-up", &start_up);
    let kills = evidence.oom_kills.map_or_else(
        || "stopped tasks were not looked at".to_owned(),
        |kills| format!("{} in the hour before collecting", count(kills, "task")),
    );
    page.field("OOM-killed", &kills);
    for note in &evidence.notes {
        page.field("note", &explanation.in_words(note));
    }
    let headroom = &explanation.headroom;
    let price = headroom
        .price_of_risk
        .map_or_else(String::new, |price| format!("; a workload that runs short weighs {}", a_month(price)));
    let asked = headroom.risk_percent.0.normalize();
    let risk = match headroom.shown_risk_percent {
        Some(shown) if shown > headroom.risk_percent => {
            format!("at {} % risk ({asked} % was asked for)", shown.tenths_up())
        }
        _ => format!("at {asked} % risk"),
    };
    let of_fleet = format!("{}, {risk}: {}{price}", headroom.method, headroom.detail);
    let text = match &explanation.workload.headroom {
        Some(own) if own.method != headroom.method => {
            let because =
                own.detail.as_ref().map_or_else(String::new, |detail| format!(", because {detail}"));
            format!("{} at least{because}; that of the fleet is {of_fleet}", own.method)
        }
        _ => of_fleet,
    };
    page.field("headroom", &text);
}

pub(super) fn timeline(explanation: &Explanation, page: &mut Page) {
    let at = |time: Option<Timestamp>, none: &str| time.map_or_else(|| none.to_owned(), |t| t.to_string());
    if !explanation.revisions.is_empty() {
        page.section("Revisions");
        let skipped = explanation.revisions.len().saturating_sub(CHANGES);
        let rows = explanation.revisions.iter().skip(skipped).map(|revision| {
            vec![
                at(revision.from, "before"),
                at(revision.settled, if revision.from.is_some() { "unknown" } else { NONE }),
                size(revision.cpu_units, revision.memory_mib),
                short_arn(&revision.task_definition).to_owned(),
            ]
        });
        let columns = vec![stamp("FROM", 1), stamp("SETTLED", 2), text("SIZE", 18), text("REVISION", 8)];
        page.table(columns, rows.collect());
        more(skipped, "earlier", page);
    }
    // One size throughout says no more than the revision does.
    if explanation.sizes.len() > 1 {
        page.section("Sizes in force");
        let skipped = explanation.sizes.len().saturating_sub(CHANGES);
        let rows = explanation.sizes.iter().skip(skipped).map(|stretch| {
            let how = match (stretch.mixed, stretch.assumed) {
                (true, _) => "mixed with a smaller one",
                (false, true) => "assumed",
                (false, false) => "",
            };
            vec![
                stretch.from.to_string(),
                grouped(&stretch.periods.to_string()),
                size(Some(stretch.cpu_units), Some(stretch.memory_mib)),
                how.to_owned(),
            ]
        });
        let columns = vec![stamp("FROM", 0), number("PERIODS", 1), text("SIZE", 18), text("", 24)];
        page.table(columns, rows.collect());
        more(skipped, "earlier", page);
    }
}

pub(super) fn more(hidden: usize, what: &str, page: &mut Page) {
    if hidden > 0 {
        let _ = writeln!(page.text, "  and {hidden} {what}");
    }
}

pub(super) fn settings(explanation: &Explanation, page: &mut Page) {
    let settings = &explanation.workload.evidence.settings;
    if settings.is_empty() {
        return;
    }
    page.section("Settings in force");
    let of_memory = explanation.need.as_ref().and_then(|need| need.memory_mib.headroom.as_ref());
    let is_learnt = of_memory.is_some_and(|headroom| headroom.from == CALIBRATED);
    let rows = settings.iter().map(|s| {
        let replaced = is_learnt && s.key == MEMORY_HEADROOM;
        let from = if replaced {
            format!("{}; in force only where the size is too small", s.from)
        } else {
            s.from.clone()
        };
        vec![s.key.clone(), s.value.clone(), from]
    });
    let columns = vec![text("SETTING", 16), text("VALUE", 10), text("FROM", 10)];
    page.table(columns, rows.collect());
}

pub(super) fn missing(explanation: &Explanation, page: &mut Page) {
    if !explanation.gaps.is_empty() {
        page.section("Not collected");
        for gap in &explanation.gaps {
            page.field("gap", &format!("{}: {}", gap.api, gap.cause));
        }
    }
    if !explanation.notes.is_empty() {
        page.section("Cannot be seen");
        for note in &explanation.notes {
            page.field("note", &format!("{}: {}", note.code, note.detail));
        }
    }
}
