//! The comparison as text for a terminal of a known width.
//!
//! Takes a [`Comparison`] and a width; gives lines that all fit it: a block for the fleet and one for each
//! cluster, cheapest first, `>` before what runs today; what has no price below, with the reason; at the end
//! what the prices take for granted, once. A fleet of one cluster is that cluster.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Comparison, ComparisonRow, DISCOUNT_WITHOUT_EFFECT, FLEET, ScopeReport, TODAY};
use crate::{
    report::{
        Quantity,
        amounts::{NONE, count, discount, in_cents, money, nearest},
        columns::{Align, Cell, Color, Column, Columns, Shrink},
        table::{TableOptions, write_flow},
        text::display_safe,
    },
    units::Usd,
};

const NARROWEST: usize = 60;

pub fn render(comparison: &Comparison, options: TableOptions) -> String {
    let width = options.width.max(NARROWEST);
    let mut out = String::new();
    write_provenance(comparison, width, &mut out);
    let clusters = comparison.scopes.iter().filter(|scope| scope.scope != FLEET).count();
    for scope in comparison.scopes.iter().filter(|scope| clusters != 1 || scope.scope != FLEET) {
        out.push('\n');
        write_scope(comparison, scope, width, options.color, &mut out);
    }
    write_assumptions(comparison, width, &mut out);
    write_discounts(comparison, width, &mut out);
    write_gaps(comparison, width, &mut out);
    out
}

fn write_provenance(comparison: &Comparison, width: usize, out: &mut String) {
    let Comparison { window, price_book, snapshot, .. } = comparison;
    let parts = [
        "The same work on each platform, USD a month".to_owned(),
        format!("{} to {}", window.start, window.end),
        format!("as of {}", comparison.as_of),
        format!("prices {} of {}", display_safe(&price_book.id), display_safe(&price_book.effective_date)),
        format!("snapshot {}", display_safe(&snapshot.id)),
    ];
    write_flow("", &parts, " · ", width, out);
    if let Some(words) = discount(comparison.discount_percent) {
        write_words("", &words, width, out);
    }
}

fn write_scope(comparison: &Comparison, scope: &ScopeReport, width: usize, color: bool, out: &mut String) {
    let title = [display_safe(&scope.scope).into_owned(), count(scope.workloads, "workload")];
    write_flow("", &title, " · ", width, out);
    if !scope.left_out.is_empty() {
        let reasons: Vec<String> = scope
            .left_out
            .iter()
            .map(|left_out| format!("{} {}", left_out.workloads, display_safe(&left_out.reason)))
            .collect();
        write_flow("  in no row: ", &reasons, ", ", width, out);
    }
    let rows: Vec<&ComparisonRow> = comparison.rows.iter().filter(|row| row.scope == scope.scope).collect();
    let mut priced: Vec<&ComparisonRow> =
        rows.iter().copied().filter(|row| row.monthly_cost.is_some()).collect();
    // Sorting is stable: of equal costs, the simpler platform comes first.
    priced.sort_by_key(|row| row.monthly_cost);
    if !priced.is_empty() {
        let mut columns = Columns::new(COLUMNS.to_vec());
        let today = priced.iter().find(|row| row.platform == TODAY).and_then(|row| row.monthly_cost);
        for row in &priced {
            columns.push(cells(row, today));
        }
        columns.write(width, color, out);
    }
    let mut missing: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for row in &rows {
        if let Some(reason) = &row.not_priced {
            missing.entry(reason).or_default().push(&row.label);
        }
    }
    for (reason, labels) in missing {
        let text = format!("{}: not priced, because {reason}", families_of_choice(&labels).join("; "));
        write_words("  ", &display_safe(&text), width, out);
    }
    write_staying(&rows, width, out);
}

const fn column(title: &'static str, align: Align, shrink: Shrink, rank: u8) -> Column {
    Column { title, align, shrink, rank }
}

const COLUMNS: [Column; 8] = [
    column("  PLATFORM", Align::Left, Shrink::End { min: 34 }, 0),
    column("USD/MO", Align::Right, Shrink::Never, 0),
    column("CHANGE", Align::Right, Shrink::Never, 1),
    column("%", Align::Right, Shrink::Never, 2),
    column("USED %", Align::Right, Shrink::Never, 4),
    column("BREAK-EVEN %", Align::Right, Shrink::Never, 5),
    column("GAP %", Align::Right, Shrink::Never, 3),
    column("INSTANCES (MEAN)", Align::Left, Shrink::End { min: 14 }, 6),
];

/// The change is that of the costs as shown, so that both can be checked.
fn cells(row: &ComparisonRow, costs_today: Option<Usd>) -> Vec<Cell> {
    let today = row.platform == TODAY;
    let mark = if today { ">" } else { " " };
    let cheaper = row.difference.is_some_and(|difference| difference.0 < Decimal::ZERO);
    let cost = row.monthly_cost.map_or_else(|| NONE.to_owned(), money);
    let change = match row.difference {
        Some(_) if today => String::new(),
        Some(difference) => match row.monthly_cost.zip(costs_today) {
            Some((cost, now)) => in_cents(difference, nearest(cost) - nearest(now)),
            None => money(difference),
        },
        None => NONE.to_owned(),
    };
    let percent = if today { String::new() } else { rounded(row.difference_percent, 1) };
    vec![
        format!("{mark} {}", display_safe(&row.label)).into(),
        cost.into(),
        if cheaper { Cell::colored(change, Color::Green) } else { change.into() },
        percent.into(),
        share(row.utilization).into(),
        share(row.break_even_utilization).into(),
        rounded(row.lower_bound_gap_percent, 1).into(),
        instances(row).into(),
    ]
}

/// Per cent without decimals; nothing where it does not apply.
fn share(value: Option<Quantity>) -> String {
    rounded(value.map(|value| Quantity(value.0 * Decimal::ONE_HUNDRED)), 0)
}

fn rounded(value: Option<Quantity>, decimals: u32) -> String {
    value.map_or_else(String::new, |Quantity(value)| {
        let value = value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
        format!("{:.1$}", if value.is_zero() { Decimal::ZERO } else { value }, decimals as usize)
    })
}

/// The most used types first.
fn instances(row: &ComparisonRow) -> String {
    let mut used: Vec<_> = row.instance_types.iter().collect();
    used.sort_by_key(|used| std::cmp::Reverse(used.mean_instances));
    let names = used.iter().map(|used| {
        format!("{} {}", rounded(Some(used.mean_instances), 1), display_safe(&used.instance_type))
    });
    names.collect::<Vec<_>>().join(", ")
}

/// What platforms cannot take, once for the platforms that cannot take the same.
fn write_staying(rows: &[&ComparisonRow], width: usize, out: &mut String) {
    // Reason, workloads and cost tell them apart; who shares the platforms is told together.
    let mut platforms: BTreeMap<(&str, u64, Usd), Vec<&str>> = BTreeMap::new();
    for row in rows {
        for stays in &row.stays {
            let key = (stays.reason.as_str(), stays.workloads, stays.monthly_cost);
            platforms.entry(key).or_default().push(&row.label);
        }
    }
    let mut staying: BTreeMap<Vec<&str>, (u64, Usd, BTreeSet<&str>)> = BTreeMap::new();
    for ((reason, workloads, cost), labels) in platforms {
        let sum = staying.entry(labels).or_default();
        sum.0 += workloads;
        sum.1 += cost;
        sum.2.extend(reason.split("; "));
    }
    for (labels, (workloads, cost, reasons)) in staying {
        let (verb, it) =
            if workloads == 1 { ("stays as it is", "its") } else { ("stay as they are", "their") };
        let reasons: Vec<&str> = reasons.into_iter().collect();
        let text = format!(
            "{}: {} {verb}, {it} {} USD in the row ({})",
            families(&labels).join(", "),
            count(workloads, "workload"),
            money(cost),
            reasons.join("; ")
        );
        write_words("  ", &display_safe(&text), width, out);
    }
}

/// Labels, with one for both choices of types where both are there.
fn families_of_choice(labels: &[&str]) -> Vec<String> {
    let mut merged: Vec<String> =
        labels.iter().map(|label| label.replace(", one type", "").replace(", mix", "")).collect();
    merged.dedup();
    merged
}

/// What is before the first comma of labels, where several share it; of one alone, the label.
fn families(labels: &[&str]) -> Vec<String> {
    let mut families: Vec<(&str, Vec<&str>)> = Vec::new();
    for label in labels {
        let family = label.split(',').next().unwrap_or(label);
        match families.iter_mut().find(|(known, _)| *known == family) {
            Some((_, labels)) => labels.push(label),
            None => families.push((family, vec![label])),
        }
    }
    families
        .into_iter()
        .map(|(family, labels)| match labels[..] {
            [one] => one.replace(", ", " "),
            _ => family.to_owned(),
        })
        .collect()
}

/// Each assumption once, with the platforms that it is about.
fn write_assumptions(comparison: &Comparison, width: usize, out: &mut String) {
    let mut texts: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut labels = BTreeSet::new();
    for row in comparison.rows.iter().filter(|row| row.scope == FLEET && row.platform != TODAY) {
        labels.insert(row.label.as_str());
        for text in row.assumptions.iter().filter(|text| !is_told(comparison, row, text)) {
            match texts.iter_mut().find(|(known, _)| known == text) {
                Some((_, rows)) => rows.push(&row.label),
                None => texts.push((text, vec![&row.label])),
            }
        }
    }
    if texts.is_empty() {
        return;
    }
    out.push_str("\nWhat the prices take for granted\n");
    for (text, rows) in texts {
        let text = if rows.len() == labels.len() {
            text.to_owned()
        } else {
            format!("{}: {text}", families(&rows).join(", "))
        };
        write_words("  ", &display_safe(&text), width, out);
    }
}

/// Whether the row's block says it already.
fn is_told(comparison: &Comparison, row: &ComparisonRow, text: &str) -> bool {
    let scope = comparison.scopes.iter().find(|scope| scope.scope == row.scope);
    row.stays.iter().any(|stays| stays.words() == text)
        || scope.and_then(ScopeReport::left_out_words).is_some_and(|words| words == text)
}

/// What the user gave and is in no price. Notes on the snapshot are the report's to list.
fn write_discounts(comparison: &Comparison, width: usize, out: &mut String) {
    let mut notes = comparison.notes.iter().filter(|note| note.code == DISCOUNT_WITHOUT_EFFECT).peekable();
    if notes.peek().is_some() {
        out.push('\n');
    }
    for note in notes {
        write_words("", &display_safe(&note.detail), width, out);
    }
}

fn write_gaps(comparison: &Comparison, width: usize, out: &mut String) {
    if comparison.gaps.is_empty() {
        return;
    }
    out.push('\n');
    let gaps = count(comparison.gaps.len() as u64, "gap");
    write_words("", &format!("Not collected: {gaps}; `report` lists them"), width, out);
}

/// A paragraph, its further lines indented.
fn write_words(lead: &str, text: &str, width: usize, out: &mut String) {
    let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    write_flow(lead, &words, " ", width, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{compare::fixture, text::display_width};

    #[test]
    fn the_usual_table() {
        insta::assert_snapshot!(render(&fixture::comparison(), TableOptions { width: 100, color: false }));
    }

    #[test]
    fn a_discount_on_everything_is_told() {
        let mut comparison = fixture::comparison();
        comparison.discount_percent = Quantity("13.7".parse().unwrap());
        let table = render(&comparison, TableOptions { width: 100, color: false });
        let said = "\n13.7 % is taken off every price (discount.enterprise_percent)\n";
        assert!(table.contains(said), "{table}");
    }

    #[test]
    fn a_discount_on_nothing_is_told() {
        let mut comparison = fixture::comparison();
        comparison.notes = ["standalone-tasks-unseen", DISCOUNT_WITHOUT_EFFECT]
            .map(|code| crate::report::Note {
                scope: FLEET.to_owned(),
                code: code.to_owned(),
                detail: format!("about {code}"),
            })
            .to_vec();
        let table = render(&comparison, TableOptions { width: 100, color: false });
        assert!(table.contains("\nabout discount-without-effect\n") && !table.contains("unseen"), "{table}");
    }

    #[test]
    fn the_change_is_that_of_the_costs_as_shown() {
        let mut comparison = fixture::comparison();
        let usd = |text: &str| Some(Usd(text.parse().unwrap()));
        for row in comparison.rows.iter_mut().filter(|row| row.monthly_cost.is_some()) {
            (row.monthly_cost, row.difference) = match row.platform.as_str() {
                TODAY => (usd("120.504"), usd("0")),
                _ => (usd("80.255"), usd("-40.249")),
            };
        }
        let table = render(&comparison, TableOptions { width: 100, color: false });
        assert!(table.contains(" 80.26  -40.24 "), "{table}");
    }

    #[test]
    fn a_narrow_table_keeps_the_gap() {
        let table = render(&fixture::comparison(), TableOptions { width: 80, color: false });
        assert!(table.contains("GAP %") && table.contains("1.3"), "{table}");
    }

    #[test]
    fn every_line_fits_and_hostile_names_are_harmless() {
        let mut comparison = fixture::comparison();
        let hostile = "a\u{1b}[2J\nb/us-east-1/\u{202e}x".to_owned();
        comparison.scopes[1].scope.clone_from(&hostile);
        for row in &mut comparison.rows[4..] {
            row.scope.clone_from(&hostile);
        }
        for width in [20, 60, 80, 110, 200] {
            let table = render(&comparison, TableOptions { width, color: false });
            let longest = table.lines().map(display_width).max().unwrap();
            assert!(longest <= width.max(NARROWEST), "{longest} > {width}\n{table}");
            assert!(!table.contains(['\u{1b}', '\u{202e}']), "{table}");
        }
    }
}
