//! The instances as CSV: one row per pool, with what is idle of it.
//!
//! Takes a [`Report`]; gives what [`super::render`] gives of workloads. No amount here is in a row of theirs but
//! what is reserved, which is the sum of theirs.

use super::{CellOf, table, time};
use crate::report::{
    PoolReport, Report,
    cell::{list, money, optional_text, pairs, quantity, text},
};

pub fn render(report: &Report) -> String {
    table(COLUMNS, report, &report.capacity)
}

/// Title and content of every column. New columns go to the end; titles are promised.
const COLUMNS: &[(&str, CellOf<PoolReport>)] = &[
    ("account_id", |_, p| text(&p.account_id)),
    ("region", |_, p| text(&p.region)),
    ("cluster", |_, p| text(&p.cluster)),
    ("launch_type", |_, p| text(&p.launch_type)),
    ("capacity_providers", |_, p| list(&p.capacity_providers)),
    ("instances", |_, p| p.instances.to_string()),
    ("instance_types", |_, p| pairs(&p.types)),
    ("currency", |r, _| text(&r.currency)),
    ("monthly_cost_usd", |_, p| money(p.monthly_cost)),
    ("reserved_monthly_cost_usd", |_, p| money(p.reserved_monthly_cost)),
    ("idle_monthly_cost_usd", |_, p| money(p.idle_monthly_cost)),
    ("idle_share_percent", |_, p| quantity(p.idle_share_percent)),
    ("discount_percent", |r, _| quantity(Some(r.discount_percent))),
    ("priced_on", |_, p| optional_text(p.priced_on.as_deref())),
    ("not_priced_reason", |_, p| optional_text(p.not_priced.as_ref().map(|n| n.reason.as_str()))),
    ("not_priced_detail", |_, p| optional_text(p.not_priced.as_ref().map(|n| n.detail.as_str()))),
    ("window_start", |r, _| time(Some(r.window.start))),
    ("window_end", |r, _| time(Some(r.window.end))),
    ("as_of", |r, _| time(Some(r.as_of))),
    ("snapshot_id", |r, _| text(&r.snapshot.id)),
    ("price_book_id", |r, _| text(&r.price_book.id)),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{NotRated, fixture};

    #[test]
    fn a_row_has_what_is_idle_and_what_has_no_price_is_empty() {
        let mut report = fixture::report();
        let mut unpriced = fixture::pool("eu-west-1", "data", "EC2");
        (unpriced.monthly_cost, unpriced.reserved_monthly_cost, unpriced.idle_monthly_cost) =
            (None, None, None);
        unpriced.not_priced =
            Some(NotRated { reason: "no-instance-price".into(), detail: "no rate; none".into() });
        unpriced.priced_on = None;
        report.capacity = vec![fixture::pool("us-east-1", "prod", "EC2"), unpriced];
        insta::assert_snapshot!(render(&report).replace("\r\n", "\n"));
        assert_eq!(render(&report).matches("\r\n").count(), 3);
    }

    #[test]
    fn without_instances_there_is_the_header() {
        assert_eq!(render(&fixture::report()).lines().count(), 1);
    }
}
