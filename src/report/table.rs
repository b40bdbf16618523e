//! The report as text for a terminal of a known width.
//!
//! Takes a [`Report`], a width and whether colour is wanted; gives lines that all fit the width. First
//! what it adds up to, then the workloads in the report's sequence, those not rated after the others and
//! with their reason, then further options and what could not be collected. Money is rounded to cents.
//! Names are made safe to display.

mod cents;
mod head;
mod instances;
mod options;

use std::{collections::BTreeSet, fmt::Write as _};

use self::cents::Cents;
use super::{
    Finding, IMPOSSIBLE_UTILIZATION, NotRated, Note, Report, WorkloadReport,
    amounts::{NONE, cost_in_cents, count, size},
    columns::{Align, Cell, Color, Column, Columns, Shrink},
    text::{display_safe, display_width, shorten_end},
};
use crate::units::Usd;

/// Below this the layout is that of this width.
const NARROWEST: usize = 60;
/// Rows of the options and of the gaps: enough to act on, the rest is counted.
const FEW: usize = 5;

/// What a reader may choose.
#[derive(Debug, Clone, Copy)]
pub struct TableOptions {
    /// Terminal columns a line may take; less than 60 is taken as 60.
    pub width: usize,
    /// Whether findings are coloured, by ANSI escapes.
    pub color: bool,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self { width: 80, color: false }
    }
}

pub fn render(report: &Report, options: TableOptions) -> String {
    let width = options.width.max(NARROWEST);
    let mut out = String::new();
    let cents = Cents::of(report);
    head::write(report, &cents, width, &mut out);

    let places = Places::of(report);
    let rows = report.workloads.iter().zip(cents.rows);
    let (not_rated, rated): (Vec<Row>, Vec<Row>) =
        rows.partition(|(workload, _)| workload.finding == Finding::NotRated);
    if !rated.is_empty() {
        out.push('\n');
        rated_columns(&rated, places).write(width, options.color, &mut out);
    }
    if !not_rated.is_empty() {
        out.push_str("\nNot rated\n");
        not_rated_columns(&not_rated, places).write(width, options.color, &mut out);
    }
    options::write(report, width, &mut out);
    instances::write(report, width, &mut out);
    write_notes(report, width, &mut out);
    write_gaps(report, width, &mut out);
    out
}

/// Which of account and region differ between the workloads, and so need a column.
#[derive(Debug, Clone, Copy)]
struct Places {
    accounts: bool,
    regions: bool,
}

impl Places {
    fn of(report: &Report) -> Self {
        let differ = |key: fn(&WorkloadReport) -> &str| {
            report.workloads.iter().map(key).collect::<BTreeSet<_>>().len() > 1
        };
        Self { accounts: differ(|w| &w.account_id), regions: differ(|w| &w.region) }
    }

    fn columns(self) -> impl Iterator<Item = Column> {
        let account = self.accounts.then(|| column("ACCOUNT", Align::Left, Shrink::Middle { min: 12 }, 7));
        let region = self.regions.then(|| column("REGION", Align::Left, Shrink::Middle { min: 14 }, 6));
        account.into_iter().chain(region)
    }

    fn cells(self, workload: &WorkloadReport) -> impl Iterator<Item = Cell> {
        let account = self.accounts.then(|| display_safe(&workload.account_id).into());
        let region = self.regions.then(|| display_safe(&workload.region).into());
        account.into_iter().chain(region)
    }
}

fn only_place(report: &Report) -> Option<(&str, &str)> {
    let first = report.workloads.first()?;
    let Places { accounts, regions } = Places::of(report);
    (!accounts && !regions).then_some((&first.account_id, &first.region))
}

/// A workload with its cost and its saving in cents.
type Row<'a> = (&'a WorkloadReport, (Usd, Usd));

fn rated_columns(rows: &[Row<'_>], places: Places) -> Columns {
    let mut columns = vec![column("WORKLOAD", Align::Left, Shrink::Middle { min: 16 }, 0)];
    columns.extend(places.columns());
    columns.extend([
        column("FINDING", Align::Left, Shrink::Never, 2),
        column("NOW", Align::Left, Shrink::Never, 4),
        column("RECOMMENDED", Align::Left, Shrink::Never, 3),
        column("RISK", Align::Left, Shrink::End { min: 9 }, 9),
        column("COST/MO", Align::Right, Shrink::Never, 1),
        column("SAVES/MO", Align::Right, Shrink::Never, 0),
        column("WHY", Align::Left, Shrink::End { min: 16 }, 8),
    ]);
    let mut table = Columns::new(columns);
    for (workload, (cents, saving)) in rows {
        let mut row = vec![name(workload).into()];
        row.extend(places.cells(workload));
        let recommendation = workload.recommendation.as_ref();
        row.extend([
            finding(workload.finding),
            size(workload.current.cpu_units, workload.current.memory_mib).into(),
            recommendation
                .map_or_else(|| NONE.into(), |r| size(Some(r.cpu_units), Some(r.memory_mib)))
                .into(),
            recommendation.map_or_else(|| NONE.into(), |r| display_safe(&r.performance_risk)).into(),
            cost_in_cents(workload.monthly_cost, *cents).into(),
            match recommendation {
                None => NONE.into(),
                Some(recommendation) => cost_in_cents(recommendation.monthly_savings, *saving).into(),
            },
            why(workload).into(),
        ]);
        table.push(row);
    }
    table
}

fn not_rated_columns(rows: &[Row<'_>], places: Places) -> Columns {
    let mut columns = vec![column("WORKLOAD", Align::Left, Shrink::Middle { min: 16 }, 0)];
    columns.extend(places.columns());
    columns.extend([
        column("NOW", Align::Left, Shrink::Never, 4),
        column("COST/MO", Align::Right, Shrink::Never, 1),
        column("REASON", Align::Left, Shrink::End { min: 20 }, 0),
        column("DETAIL", Align::Left, Shrink::End { min: 24 }, 5),
    ]);
    let mut table = Columns::new(columns);
    for (workload, (cents, _)) in rows {
        let mut row = vec![name(workload).into()];
        row.extend(places.cells(workload));
        let text = |part: fn(&NotRated) -> &str| {
            workload.not_rated.as_ref().map_or_else(|| NONE.into(), |reason| display_safe(part(reason)))
        };
        row.extend([
            size(workload.current.cpu_units, workload.current.memory_mib).into(),
            cost_in_cents(workload.monthly_cost, *cents).into(),
            text(|reason| &reason.reason).into(),
            text(|reason| &reason.detail).into(),
        ]);
        table.push(row);
    }
    table
}

fn write_gaps(report: &Report, width: usize, out: &mut String) {
    if report.gaps.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nNot collected: {}", count(report.gaps.len() as u64, "gap"));
    let mut table = Columns::new(vec![
        column("SCOPE", Align::Left, Shrink::Middle { min: 16 }, 0),
        column("API", Align::Left, Shrink::End { min: 16 }, 0),
        column("CAUSE", Align::Left, Shrink::End { min: 20 }, 0),
    ]);
    for gap in report.gaps.iter().take(FEW) {
        table.push([&gap.scope, &gap.api, &gap.cause].map(|text| display_safe(text).into()).into());
    }
    table.write(width, false, out);
    write_rest(report.gaps.len(), out);
}

fn write_notes(report: &Report, width: usize, out: &mut String) {
    let (impossible, unseen): (Vec<&Note>, Vec<&Note>) =
        report.notes.iter().partition(|note| note.code == IMPOSSIBLE_UTILIZATION);
    write_notes_under("Cannot be seen", &unseen, width, out);
    write_notes_under("Left out or changed", &impossible, width, out);
}

fn write_notes_under(heading: &str, notes: &[&Note], width: usize, out: &mut String) {
    if notes.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{heading}");
    let mut table = Columns::new(vec![
        column("SCOPE", Align::Left, Shrink::Middle { min: 16 }, 0),
        column("NOTE", Align::Left, Shrink::End { min: 16 }, 0),
        column("DETAIL", Align::Left, Shrink::End { min: 20 }, 0),
    ]);
    for note in notes.iter().take(FEW) {
        table.push([&note.scope, &note.code, &note.detail].map(|text| display_safe(text).into()).into());
    }
    table.write(width, false, out);
    write_rest(notes.len(), out);
}

fn write_rest(all: usize, out: &mut String) {
    if let Some(rest @ 1..) = all.checked_sub(FEW) {
        let _ = writeln!(out, "and {rest} more");
    }
}

/// Writes `parts` one after the other, as many to a line as fit; lines after the first are indented to
/// the end of `lead`. A part is never broken over two lines.
pub(crate) fn write_flow(lead: &str, parts: &[String], separator: &str, width: usize, out: &mut String) {
    let indent = display_width(lead);
    let end = display_width(separator.trim_end());
    let room = width - indent - end;
    let mut used = indent;
    out.push_str(lead);
    for (position, part) in parts.iter().enumerate() {
        let part = shorten_end(part, room);
        if position > 0 {
            if used + display_width(separator) + display_width(&part) + end > width {
                out.push_str(separator.trim_end());
                let _ = write!(out, "\n{:indent$}", "");
                used = indent;
            } else {
                out.push_str(separator);
                used += display_width(separator);
            }
        }
        out.push_str(&part);
        used += display_width(&part);
    }
    out.push('\n');
}

const fn column(title: &'static str, align: Align, shrink: Shrink, rank: u8) -> Column {
    Column { title, align, shrink, rank }
}

fn finding(finding: Finding) -> Cell {
    match finding {
        Finding::Overprovisioned => Cell::colored(finding.as_str(), Color::Yellow),
        Finding::Underprovisioned => Cell::colored(finding.as_str(), Color::Red),
        Finding::Optimized | Finding::AlreadyMinimal => Cell::colored(finding.as_str(), Color::Green),
        Finding::NotRated => finding.as_str().into(),
    }
}

/// `cluster/service`; what is not a service says so.
fn name(workload: &WorkloadReport) -> String {
    let own = workload.service.as_deref().or(workload.family.as_deref()).unwrap_or(&workload.id);
    let mut name = format!("{}/{}", display_safe(&workload.cluster), display_safe(own));
    if workload.kind != "service" {
        let _ = write!(name, " ({})", display_safe(&workload.kind));
    }
    name
}

/// The reasons, which dimension they do not speak of, and what the recommendation depends on.
fn why(workload: &WorkloadReport) -> String {
    let mut parts: Vec<String> = workload.reasons.iter().map(|reason| display_safe(reason).into()).collect();
    let dimensions = &workload.dimensions;
    for (dimension, name) in [(&dimensions.cpu, "CPU"), (&dimensions.memory, "memory")] {
        if let Some(not_rated) = &dimension.not_rated {
            parts.push(format!("{name} not rated: {}", display_safe(&not_rated.reason)));
        }
    }
    let conditions = workload.recommendation.as_ref().map_or(&[][..], |r| r.conditions.as_slice());
    let conditions: Vec<_> = conditions.iter().map(|condition| display_safe(condition)).collect();
    let reasons = parts.join(", ");
    if conditions.is_empty() { reasons } else { format!("{reasons}: {}", conditions.join("; ")) }
}

#[cfg(test)]
mod tests;
