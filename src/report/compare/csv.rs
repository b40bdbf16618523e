//! The comparison as CSV: a row per scope and platform.
//!
//! Takes a [`Comparison`]; gives RFC 4180 text with a header and CRLF line ends. Numbers are raw, their unit is
//! in the header; what is unknown is an empty cell, never 0. Several values in
//! one cell are joined by `;`, with a `\` before each `;` that is part of one.

use csv::{Terminator, WriterBuilder};

use super::{Comparison, ComparisonRow, FLEET};
use crate::{
    report::cell::{list, money, quantity, text},
    units::Usd,
};

pub fn render(comparison: &Comparison) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let mut write = |record: Vec<String>| {
        writer.write_record(record).expect("every row has the header's columns, and memory takes all");
    };
    write(COLUMNS.iter().map(|(title, _)| (*title).to_owned()).collect());
    for row in &comparison.rows {
        write(COLUMNS.iter().map(|(_, cell)| cell(comparison, row)).collect());
    }
    let bytes = writer.into_inner().expect("memory takes all");
    String::from_utf8(bytes).expect("only UTF-8 was written")
}

type CellOf = fn(&Comparison, &ComparisonRow) -> String;

/// Title and content of every column; titles are promised.
const COLUMNS: &[(&str, CellOf)] = &[
    ("scope", |_, r| text(&r.scope)),
    ("account_id", |_, r| part(r, 0)),
    ("region", |_, r| part(r, 1)),
    ("cluster", |_, r| part(r, 2)),
    ("platform", |_, r| text(&r.platform)),
    ("currency", |c, _| text(&c.currency)),
    ("monthly_cost_usd", |_, r| money(r.monthly_cost)),
    ("difference_usd", |_, r| money(r.difference)),
    ("difference_percent", |_, r| quantity(r.difference_percent)),
    ("utilization", |_, r| quantity(r.utilization)),
    ("cpu_utilization", |_, r| quantity(r.cpu_utilization)),
    ("memory_utilization", |_, r| quantity(r.memory_utilization)),
    ("lower_bound_gap_percent", |_, r| quantity(r.lower_bound_gap_percent)),
    ("break_even_utilization", |_, r| quantity(r.break_even_utilization)),
    ("instance_types", |_, r| list(r.instance_types.iter().map(|used| &used.instance_type))),
    ("mean_instances", |_, r| list(r.instance_types.iter().map(|used| quantity(Some(used.mean_instances))))),
    ("staying_workloads", |_, r| r.stays.iter().map(|stays| stays.workloads).sum::<u64>().to_string()),
    ("staying_monthly_cost_usd", |_, r| {
        money(Some(r.stays.iter().fold(Usd::ZERO, |sum, stays| sum + stays.monthly_cost)))
    }),
    ("not_priced", |_, r| text(r.not_priced.as_deref().unwrap_or_default())),
    ("assumptions", |_, r| list(&r.assumptions)),
    ("window_start", |c, _| c.window.start.to_string()),
    ("window_end", |c, _| c.window.end.to_string()),
    ("as_of", |c, _| c.as_of.to_string()),
    ("snapshot_id", |c, _| text(&c.snapshot.id)),
    ("price_book_id", |c, _| text(&c.price_book.id)),
    ("discount_percent", |c, _| quantity(Some(c.discount_percent))),
];

/// Account, region or cluster; empty for the fleet.
fn part(row: &ComparisonRow, at: usize) -> String {
    let parts = (row.scope != FLEET).then(|| row.scope.splitn(3, '/').nth(at)).flatten();
    text(parts.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::compare::fixture;

    #[test]
    fn a_row_has_every_key_and_what_has_no_price_is_empty() {
        insta::assert_snapshot!(render(&fixture::comparison()).replace("\r\n", "\n"));
    }

    #[test]
    fn a_hostile_cluster_is_no_formula() {
        let mut comparison = fixture::comparison();
        comparison.rows[0].scope = "=1+1/us-east-1/a,\"b\"\n".to_owned();
        let csv = render(&comparison);
        assert!(csv.contains("\r\n\"'=1+1/us-east-1/a,\"\"b\"\"\n\",'=1+1,us-east-1,"), "{csv}");
    }
}
