//! The head of the table: what the rows add up to, what is not among them, and what it all stands on.

use super::{cents::Cents, column, only_place, write_flow};
use crate::{
    report::{
        HeadroomReport, LeftOut, Report,
        amounts::{count, discount, grouped, in_cents, money, nearest, percent_of},
        columns::{Align, Columns, Shrink},
        text::display_safe,
    },
    units::Usd,
};

pub(super) fn write(report: &Report, cents: &Cents, width: usize, out: &mut String) {
    write_amounts(report, cents, width, out);
    out.push('\n');
    write_counts(report, width, out);
    write_provenance(report, width, out);
    if let Some(words) = discount(report.discount_percent) {
        let list = money(report.totals.list_monthly_cost);
        write_words(&format!("{words}; at list prices, the cost is {list}"), width, out);
    }
    write_words(&headroom(&report.headroom), width, out);
}

fn write_amounts(report: &Report, cents: &Cents, width: usize, out: &mut String) {
    let totals = &report.totals;
    let percent = percent_of(totals.monthly_savings, totals.monthly_cost);
    let mut amounts = Columns::new(vec![
        column("", Align::Left, Shrink::Never, 0),
        column("USD A MONTH", Align::Right, Shrink::Never, 0),
        column("", Align::Left, Shrink::Never, 1),
    ]);
    let mut line = |name: &str, amount: Usd, shown: Usd, note: String| {
        amounts.push(vec![name.into(), in_cents(amount, shown).into(), note.into()]);
    };
    line("Cost", totals.monthly_cost, cents.cost, String::new());
    line("As recommended", totals.recommended_monthly_cost, cents.cost - cents.saving, String::new());
    let percent = percent.map_or_else(String::new, |percent| format!("{percent} %"));
    line("Saving", totals.monthly_savings, cents.saving, percent);
    if totals.cost_of_dearer_changes != Usd::ZERO {
        line("  cheaper changes save", totals.savings_of_cheaper_changes, cents.cheaper, String::new());
        line("  dearer changes cost", totals.cost_of_dearer_changes, cents.dearer, String::new());
    }
    if totals.savings_in_reservations != Usd::ZERO {
        let amount = totals.savings_in_reservations;
        line("  only as instances go", amount, nearest(amount), String::new());
    }
    amounts.write(width, false, out);
}

fn write_counts(report: &Report, width: usize, out: &mut String) {
    let totals = &report.totals;
    let mut counts = vec![
        count(totals.workloads, "workload"),
        format!("{} rated", grouped(&totals.rated.to_string())),
        format!("{} without a price", grouped(&totals.unpriced.to_string())),
    ];
    if totals.unpriced == 0 {
        counts.pop();
    }
    write_flow("", &counts, ", ", width, out);
    if !totals.not_rated.is_empty() {
        let reasons: Vec<String> = totals
            .not_rated
            .iter()
            .map(|(reason, count)| format!("{count} {}", display_safe(reason)))
            .collect();
        write_flow("Not rated: ", &reasons, ", ", width, out);
    }
    if let Some(left_out) = &totals.left_out {
        write_flow("Left out, and in none of these sums: ", &parts(left_out), ", ", width, out);
    }
}

fn parts(left_out: &LeftOut) -> Vec<String> {
    let LeftOut { workloads, monthly_cost, monthly_savings, instance_pools, gaps, notes, .. } = left_out;
    let mut parts = vec![
        count(*workloads, "more workload"),
        format!("{} a month", money(*monthly_cost)),
        format!("{} of saving", money(*monthly_savings)),
    ];
    let places = [(*instance_pools, "instance pool"), (*gaps, "gap"), (*notes, "note")];
    parts.extend(places.iter().filter(|(number, _)| *number > 0).map(|(number, what)| count(*number, what)));
    parts
}

fn write_provenance(report: &Report, width: usize, out: &mut String) {
    let mut provenance = vec![
        format!("{} to {}", report.window.start, report.window.end),
        format!("as of {}", report.as_of),
        format!(
            "prices {} of {} ({})",
            display_safe(&report.price_book.id),
            display_safe(&report.price_book.effective_date),
            display_safe(&first_digits(&report.price_book.sha256)),
        ),
        format!("snapshot {}", display_safe(&report.snapshot.id)),
        count(report.samples_read, "sample"),
    ];
    if let Some((account, region)) = only_place(report) {
        provenance.insert(0, format!("{} {}", display_safe(account), display_safe(region)));
    }
    write_flow("", &provenance, " · ", width, out);
}

/// How headroom was set, at the risk that the fleet shows and not only at the one asked for.
fn headroom(headroom: &HeadroomReport) -> String {
    let asked = headroom.risk_percent.0.normalize();
    let how = match headroom.shown_risk_percent {
        Some(shown) if shown > headroom.risk_percent => {
            format!(": {} % risk, the least this fleet can show; {asked} % was asked for", shown.tenths_up())
        }
        Some(_) => format!(": {asked} % risk"),
        None => format!(" ({asked} % risk was asked for): {}", headroom.detail),
    };
    format!("{} headroom{how}", headroom.method)
}

fn write_words(text: &str, width: usize, out: &mut String) {
    let words: Vec<String> = display_safe(text).split(' ').map(str::to_owned).collect();
    write_flow("", &words, " ", width, out);
}

/// As many digits of a checksum as a snapshot's id has.
fn first_digits(checksum: &str) -> String {
    checksum.chars().take(12).collect()
}
