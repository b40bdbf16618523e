//! The options as CSV: one row per step or alternative of a workload.
//!
//! Takes a [`Report`]; gives what [`super::render`] gives of workloads, which has the same `id`. A step's amounts
//! hold after the steps before it, and those of a workload may be added up; an alternative is instead of them, has
//! no number, and is added to nothing.

use super::{CellOf, table};
use crate::report::{
    Opportunity, Report, WorkloadReport,
    cell::{list, money, optional_text, quantity, text},
};

pub fn render(report: &Report) -> String {
    let mut rows = Vec::new();
    for workload in &report.workloads {
        let mut steps = 0;
        for option in &workload.options {
            steps += u64::from(!option.alternative);
            rows.push(Row { workload, option, step: (!option.alternative).then_some(steps) });
        }
    }
    table(&columns(), report, &rows)
}

struct Row<'a> {
    workload: &'a WorkloadReport,
    option: &'a Opportunity,
    step: Option<u64>,
}

/// Title and content of every column. New columns go to the end; titles are promised.
fn columns<'a>() -> [(&'static str, CellOf<Row<'a>>); 16] {
    [
        ("id", |_, row| text(&row.workload.id)),
        ("account_id", |_, row| text(&row.workload.account_id)),
        ("region", |_, row| text(&row.workload.region)),
        ("cluster", |_, row| text(&row.workload.cluster)),
        ("service", |_, row| optional_text(row.workload.service.as_deref())),
        ("step", |_, row| row.step.map_or_else(String::new, |step| step.to_string())),
        ("option", |_, row| text(&row.option.kind)),
        ("alternative", |_, row| row.option.alternative.to_string()),
        ("currency", |r, _| text(&r.currency)),
        ("monthly_cost_usd", |_, row| money(row.option.monthly_cost)),
        ("monthly_savings_usd", |_, row| money(row.option.monthly_savings)),
        ("discount_percent", |r, _| quantity(Some(r.discount_percent))),
        ("effort", |_, row| text(&row.option.effort)),
        ("conditions", |_, row| list(&row.option.conditions)),
        ("snapshot_id", |r, _| text(&r.snapshot.id)),
        ("price_book_id", |r, _| text(&r.price_book.id)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn steps_are_numbered_and_alternatives_are_not() {
        let mut report = fixture::report();
        report.workloads[0].options[0].alternative = true;
        report.workloads[0].options[1].conditions = vec!["=1; or 2".into(), "and 3".into()];
        insta::assert_snapshot!(render(&report).replace("\r\n", "\n"));
    }
}
