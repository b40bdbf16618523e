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
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::{
        report::{Note, Quantity, Selection, fixture},
        snapshot::Gap,
    };

    fn at_width(report: &Report, width: usize) -> String {
        render(report, TableOptions { width, ..TableOptions::default() })
    }

    fn assert_fits(text: &str, width: usize) {
        for line in text.lines() {
            assert!(display_width(line) <= width, "{} > {width}: {line:?}", display_width(line));
            assert!(
                line.chars().all(|c| display_safe(c.encode_utf8(&mut [0; 4])) == c.to_string()),
                "{line:?}"
            );
        }
    }

    #[test]
    fn the_committed_example_is_what_is_rendered() {
        snapbox::assert_data_eq!(
            at_width(&fixture::report(), 120),
            snapbox::file!["../../reports/examples/report.txt"].raw()
        );
    }

    #[test]
    fn narrow_60() {
        insta::assert_snapshot!(at_width(&fixture::report(), 60));
    }

    #[test]
    fn usual_80() {
        insta::assert_snapshot!(at_width(&fixture::report(), 80));
    }

    #[test]
    fn hostile_60() {
        insta::assert_snapshot!(at_width(&fixture::hostile_report(), 60));
    }

    #[test]
    fn hostile_120() {
        insta::assert_snapshot!(at_width(&fixture::hostile_report(), 120));
    }

    #[test]
    fn wide_200() {
        insta::assert_snapshot!(at_width(&fixture::hostile_report(), 200));
    }

    #[test]
    fn an_account_without_workloads() {
        insta::assert_snapshot!(at_width(&fixture::empty_report(), 80));
    }

    #[test]
    fn every_width_fits() {
        for report in [fixture::report(), fixture::hostile_report(), fixture::empty_report()] {
            for width in 0..=220 {
                assert_fits(&at_width(&report, width), width.max(60));
            }
        }
    }

    #[test]
    fn colour_marks_findings_and_changes_nothing_else() {
        let report = fixture::report();
        let plain = at_width(&report, 120);
        let colored = render(&report, TableOptions { width: 120, color: true });
        assert!(!plain.contains('\u{1b}'));
        assert!(colored.contains("\u{1b}[31mUnderprovisioned\u{1b}[0m"));
        let mut stripped = colored;
        for code in ["\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[0m"] {
            stripped = stripped.replace(code, "");
        }
        assert_eq!(stripped, plain);
    }

    #[test]
    fn a_discount_is_told_with_the_cost_at_list_prices() {
        let mut report = fixture::report();
        assert!(!at_width(&report, 200).contains("discount"));
        report.discount_percent = Quantity(Decimal::new(1370, 2));
        for row in &mut report.workloads {
            row.list_monthly_cost = row.monthly_cost.map(|cost| cost * Decimal::TWO);
        }
        fixture::recount(&mut report);
        let said = "\n13.7 % is taken off every price (discount.enterprise_percent); at list prices, the cost is \
                    1,251.01\n";
        assert!(at_width(&report, 200).contains(said), "{}", at_width(&report, 200));
    }

    /// The amount in the head's line that starts with `name`, in cents.
    fn head(text: &str, name: &str) -> Option<i64> {
        let line =
            text.lines().take_while(|line| !line.is_empty()).find(|line| line.trim().starts_with(name))?;
        cents(line.trim()[name.len()..].split_whitespace().next()?)
    }

    fn cents(shown: &str) -> Option<i64> {
        match shown {
            "<0.01" | ">-0.01" => Some(0),
            _ => shown.replace([',', '.'], "").parse().ok(),
        }
    }

    #[test]
    fn what_changes_save_and_cost_is_told_apart_by_the_sign_and_not_by_the_finding() {
        let mut report = fixture::report();
        let payments = report.workloads.iter_mut().find(|row| row.service.as_deref() == Some("payments"));
        payments.unwrap().finding = Finding::Overprovisioned;
        let orders = report.workloads.iter_mut().find(|row| row.service.as_deref() == Some("orders-worker"));
        orders.unwrap().finding = Finding::Underprovisioned;
        fixture::recount(&mut report);
        let text = at_width(&report, 160);
        // 170.1192 + 25.9588 and 36.0401, as before.
        assert_eq!(head(&text, "cheaper changes save"), Some(19_608), "{text}");
        assert_eq!(head(&text, "dearer changes cost"), Some(3_604), "{text}");
    }

    #[test]
    fn the_risk_that_was_shown_is_told_and_not_only_the_one_asked_for() {
        let mut report = fixture::report();
        let mut line = |shown: Option<&str>| {
            report.headroom.method = if shown.is_some() { "calibrated" } else { "fixed" }.into();
            report.headroom.shown_risk_percent = shown.map(|shown| Quantity(shown.parse().unwrap()));
            let text = at_width(&report, 200);
            text.lines().find(|line| line.contains(" headroom")).unwrap().to_owned()
        };
        assert_eq!(line(Some("3")), "calibrated headroom: 3 % risk");
        assert_eq!(
            line(Some("4.0401")),
            "calibrated headroom: 4.1 % risk, the least this fleet can show; 3 % was asked for"
        );
        assert_eq!(
            line(None),
            "fixed headroom (3 % risk was asked for): 11 workloads cannot show so low a risk"
        );
    }

    #[test]
    fn a_lone_region_is_named_once_and_needs_no_column() {
        let mut report = fixture::report();
        report.workloads.retain(|workload| workload.region == "us-east-1");
        report.gaps.clear();
        report.notes.clear();
        let text = at_width(&report, 120);
        assert_eq!(text.matches("111122223333 us-east-1 · ").count(), 1);
        assert_eq!(text.matches("us-east-1").count(), 1);
        assert!(text.contains("RISK") && !text.contains("REGION"), "{text}");
    }

    #[test]
    fn the_steps_of_a_workload_stay_in_sequence() {
        let text = at_width(&fixture::report(), 120);
        let at = |step| text.find(step).unwrap();
        assert!(
            at("arm64") < at("fargate-spot") && at("fargate-spot") < at("stop-or-scale-to-zero"),
            "{text}"
        );
    }

    #[test]
    fn a_step_saves_what_the_costs_shown_differ_by() {
        let mut report = fixture::report();
        let usd = |text: &str| Some(Usd(text.parse().unwrap()));
        let steps = &mut report.workloads[0].options;
        (steps[0].monthly_cost, steps[1].monthly_cost) = (usd("112.755"), usd("100.494"));
        steps[1].monthly_savings = usd("12.261");
        let text = at_width(&report, 120);
        let step = text.lines().find(|line| line.contains("fargate-spot")).unwrap();
        assert!(step.contains("100.49     12.27 "), "{text}");
    }

    #[test]
    fn instances_that_are_left_out_are_told() {
        let mut report = fixture::report();
        report.capacity =
            vec![fixture::pool("us-east-1", "prod", "EC2"), fixture::pool("eu-west-1", "data", "EC2")];
        let text = |filter: &str| {
            let selection = Selection { filters: vec![filter.parse().unwrap()], ..Selection::default() };
            at_width(&selection.of(report.clone()), 160)
        };
        let one = text("region=eu-west-1");
        assert!(one.contains("eu-west-1/data  EC2") && !one.contains("us-east-1/prod"), "{one}");
        assert!(one.contains(" of saving, 1 instance pool, 1 gap, 1 note\n"), "{one}");
        let elsewhere = text("region=us-gov*");
        assert!(elsewhere.contains(", 2 instance pools,") && !elsewhere.contains("Instances"), "{elsewhere}");
        let none = text("service=web");
        assert!(none.contains(", 2 instance pools\n"), "{none}");
        assert!(
            none.contains("\nInstances are not shown: they have no service, family, finding or tag to"),
            "{none}"
        );
    }

    #[test]
    fn every_workload_and_every_reason_is_there() {
        let report = fixture::report();
        let text = at_width(&report, 160);
        for workload in &report.workloads {
            assert!(text.contains(&name(workload)), "{}", workload.id);
            if let Some(not_rated) = &workload.not_rated {
                assert!(text.contains(&not_rated.reason), "{}", workload.id);
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_adds_up_to_the_cent(
            amounts in proptest::collection::vec((0_i64..5_000_000, -2_000_000_i64..2_000_000, any::<bool>()), 1..30),
        ) {
            let mut report = fixture::report();
            let like = report.workloads[0].clone();
            let plain = report.workloads[2].clone();
            report.workloads = amounts.iter().map(|(cost, savings, changes)| {
                let mut row = if *changes { like.clone() } else { plain.clone() };
                row.monthly_cost = Some(Usd(Decimal::new(*cost, 4)));
                if let Some(recommendation) = &mut row.recommendation {
                    recommendation.monthly_savings = Some(Usd(Decimal::new(*savings, 4)));
                }
                row.options.clear();
                row
            }).collect();
            fixture::recount(&mut report);
            let text = at_width(&report, 220);
            let (cost, saving) = (head(&text, "Cost").unwrap(), head(&text, "Saving").unwrap());
            prop_assert_eq!(cost - saving, head(&text, "As recommended").unwrap(), "{}", text);
            let rows = text.lines().filter(|line| line.starts_with("prod/"));
            let rows: Vec<(i64, i64)> = rows.map(|line| {
                let cells = line.split("  ").map(str::trim);
                let mut numbers: Vec<i64> =
                    cells.filter_map(|cell| if cell == NONE { Some(0) } else { cents(cell) }).collect();
                let saves = numbers.pop().unwrap();
                (numbers.pop().unwrap(), saves)
            }).collect();
            prop_assert_eq!(rows.len(), amounts.len());
            prop_assert_eq!(rows.iter().map(|(cost, _)| cost).sum::<i64>(), cost, "{}", text);
            prop_assert_eq!(rows.iter().map(|(_, saves)| saves).sum::<i64>(), saving, "{}", text);
            let saved: i64 = rows.iter().map(|(_, saves)| saves.max(&0)).sum();
            if let Some(dearer) = head(&text, "dearer changes cost") {
                prop_assert_eq!(head(&text, "cheaper changes save"), Some(saved), "{}", text);
                prop_assert_eq!(saved - saving, dearer, "{}", text);
            }
        }

        #[test]
        fn whatever_the_names_lines_fit_and_hold_nothing_a_terminal_obeys(
            names in proptest::collection::vec("[\\s\\S]{0,80}", 8),
            amount in any::<i64>(),
            width in 60_usize..=200,
        ) {
            let mut report = fixture::report();
            for (row, name) in report.workloads.iter_mut().zip(names.iter().cycle()) {
                row.service = Some(name.clone());
                row.cluster.clone_from(&names[0]);
                row.region.clone_from(&names[1]);
                row.account_id.clone_from(name);
                row.kind.clone_from(&names[2]);
                row.reasons = vec![names[3].clone()];
                if let Some(recommendation) = &mut row.recommendation {
                    recommendation.conditions = names.clone();
                }
                row.monthly_cost = row.monthly_cost.map(|_| Usd(Decimal::new(amount, 4)));
                if let Some(not_rated) = &mut row.not_rated {
                    (not_rated.reason, not_rated.detail) = (names[4].clone(), names[5].clone());
                }
                for option in &mut row.options {
                    (option.kind, option.conditions) = (names[6].clone(), names.clone());
                }
            }
            report.gaps.push(Gap { scope: names[5].clone(), api: names[6].clone(), cause: names[7].clone() });
            report.notes.push(Note {
                scope: names[5].clone(),
                code: names[6].clone(),
                detail: names[7].clone(),
            });
            report.price_book.id.clone_from(&names[0]);
            report.snapshot.id.clone_from(&names[1]);
            fixture::recount(&mut report);
            assert_fits(&at_width(&report, width), width);
        }
    }
}
