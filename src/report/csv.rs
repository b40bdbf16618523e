//! The report as CSV: one row per workload, for spreadsheets and pivots; instances and options are tables of
//! their own.
//!
//! Takes a [`Report`] and tag keys; gives RFC 4180 text with a header and CRLF line ends. Every row
//! carries every key. Numbers are raw, with their unit in the header; times are ISO 8601 UTC; what is
//! unknown is an empty cell, never 0. The money and hours columns add up to the report's totals.
//!
//! Names and tags keep their content, quoted as needed, but for what [`cell`](super::cell) says of formulas.
//! Several values in one cell are joined by `;`, with a `\` before each `;` that is part of one.

pub mod instances;
pub mod options;

use csv::{Terminator, WriterBuilder};
use jiff::Timestamp;

use super::{
    Dimension, Report, Scaling, WorkloadReport,
    cell::{list, money, optional_text, pairs, quantity, text},
};
use crate::units::Usd;

/// What a reader may choose.
#[derive(Debug, Clone, Default)]
pub struct CsvOptions {
    /// Tag keys that get a column of their own, `tag:KEY`, in this sequence.
    pub tag_columns: Vec<String>,
}

pub fn render(report: &Report, options: &CsvOptions) -> String {
    let tags = &options.tag_columns;
    let titles = titles(COLUMNS).chain(tags.iter().map(|key| text(&format!("tag:{key}"))));
    let rows = report.workloads.iter().map(|workload| {
        let tag = |key| workload.tags.get(key).map_or_else(String::new, |value| text(value));
        COLUMNS.iter().map(|(_, cell)| cell(report, workload)).chain(tags.iter().map(tag)).collect()
    });
    written(std::iter::once(titles.collect()).chain(rows))
}

/// What a row has in a column, and what all rows have.
type CellOf<Row> = fn(&Report, &Row) -> String;

fn table<Row>(columns: &[(&str, CellOf<Row>)], report: &Report, rows: &[Row]) -> String {
    let rows = rows.iter().map(|row| columns.iter().map(|(_, cell)| cell(report, row)).collect());
    written(std::iter::once(titles(columns).collect()).chain(rows))
}

fn titles<Row>(columns: &[(&str, CellOf<Row>)]) -> impl Iterator<Item = String> {
    columns.iter().map(|(title, _)| (*title).to_owned())
}

fn written(records: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    for record in records {
        writer.write_record(record).expect("every row has the header's columns, and memory takes all");
    }
    let bytes = writer.into_inner().expect("memory takes all");
    String::from_utf8(bytes).expect("only UTF-8 was written")
}

/// Title and content of every fixed column. New columns go before `tags`, so that scripts that count
/// from the left keep working; titles are promised.
const COLUMNS: &[(&str, CellOf<WorkloadReport>)] = &[
    ("id", |_, w| text(&w.id)),
    ("account_id", |_, w| text(&w.account_id)),
    ("region", |_, w| text(&w.region)),
    ("cluster", |_, w| text(&w.cluster)),
    ("kind", |_, w| text(&w.kind)),
    ("service", |_, w| optional_text(w.service.as_deref())),
    ("family", |_, w| optional_text(w.family.as_deref())),
    ("task_definition", |_, w| optional_text(w.task_definition.as_deref())),
    ("launch_type", |_, w| text(&w.launch_type)),
    ("spot_share", |_, w| quantity(w.spot_share)),
    ("os", |_, w| text(&w.platform.os)),
    ("arch", |_, w| text(&w.platform.arch)),
    ("window_start", |r, _| time(Some(r.window.start))),
    ("window_end", |r, _| time(Some(r.window.end))),
    ("as_of", |r, _| time(Some(r.as_of))),
    ("currency", |r, _| text(&r.currency)),
    ("finding", |_, w| w.finding.as_str().to_owned()),
    ("not_rated_reason", |_, w| optional_text(w.not_rated.as_ref().map(|n| n.reason.as_str()))),
    ("not_rated_detail", |_, w| optional_text(w.not_rated.as_ref().map(|n| n.detail.as_str()))),
    ("cpu_finding", |_, w| w.dimensions.cpu.finding.as_str().to_owned()),
    ("cpu_not_rated_reason", |_, w| dimension_reason(&w.dimensions.cpu)),
    ("memory_finding", |_, w| w.dimensions.memory.finding.as_str().to_owned()),
    ("memory_not_rated_reason", |_, w| dimension_reason(&w.dimensions.memory)),
    ("reasons", |_, w| list(&w.reasons)),
    ("current_cpu_units", |_, w| integer(w.current.cpu_units)),
    ("current_memory_mib", |_, w| integer(w.current.memory_mib)),
    ("current_ephemeral_storage_gib", |_, w| integer(w.current.ephemeral_storage_gib)),
    ("task_hours", |_, w| quantity(w.task_hours)),
    ("requested_vcpu_hours", |_, w| quantity(w.requested_vcpu_hours)),
    ("requested_gb_hours", |_, w| quantity(w.requested_gb_hours)),
    ("window_cost_usd", |_, w| money(w.window_cost)),
    ("monthly_cost_usd", |_, w| money(w.monthly_cost)),
    ("recommended_cpu_units", |_, w| integer(w.recommendation.as_ref().map(|r| r.cpu_units))),
    ("recommended_memory_mib", |_, w| integer(w.recommendation.as_ref().map(|r| r.memory_mib))),
    ("recommended_monthly_cost_usd", |_, w| money(cost_as_recommended(w))),
    ("monthly_savings_usd", |_, w| money(w.recommendation.as_ref().and_then(|r| r.monthly_savings))),
    ("savings_percent", |_, w| quantity(w.recommendation.as_ref().and_then(|r| r.savings_percent))),
    ("performance_risk", |_, w| {
        optional_text(w.recommendation.as_ref().map(|r| r.performance_risk.as_str()))
    }),
    ("lower_bound_cpu_units", |_, w| integer(w.recommendation.as_ref().map(|r| r.lower_bound.cpu_units))),
    ("lower_bound_memory_mib", |_, w| integer(w.recommendation.as_ref().map(|r| r.lower_bound.memory_mib))),
    ("upper_bound_cpu_units", |_, w| {
        integer(w.recommendation.as_ref().and_then(|r| r.upper_bound).map(|size| size.cpu_units))
    }),
    ("upper_bound_memory_mib", |_, w| {
        integer(w.recommendation.as_ref().and_then(|r| r.upper_bound).map(|size| size.memory_mib))
    }),
    ("cpu_average_vcpu", |_, w| quantity(w.demand.and_then(|d| d.cpu_vcpu).and_then(|c| c.average))),
    ("cpu_p95_vcpu", |_, w| quantity(w.demand.and_then(|d| d.cpu_vcpu).map(|c| c.p95))),
    ("cpu_p99_vcpu", |_, w| quantity(w.demand.and_then(|d| d.cpu_vcpu).map(|c| c.p99))),
    ("cpu_p995_vcpu", |_, w| quantity(w.demand.and_then(|d| d.cpu_vcpu).map(|c| c.p995))),
    ("cpu_max_vcpu", |_, w| quantity(w.demand.and_then(|d| d.cpu_vcpu).map(|c| c.max))),
    ("memory_average_mib", |_, w| quantity(w.demand.and_then(|d| d.memory_mib).and_then(|m| m.average))),
    ("memory_p99_mib", |_, w| quantity(w.demand.and_then(|d| d.memory_mib).map(|m| m.p99))),
    ("memory_max_mib", |_, w| quantity(w.demand.and_then(|d| d.memory_mib).map(|m| m.max))),
    ("first_sample", |_, w| time(w.evidence.first_sample)),
    ("last_sample", |_, w| time(w.evidence.last_sample)),
    ("observed_hours", |_, w| quantity(Some(w.evidence.observed_hours))),
    ("coverage", |_, w| quantity(w.evidence.coverage)),
    ("task_hours_source", |_, w| optional_text(w.evidence.task_hours_source.as_deref())),
    ("revisions", |_, w| w.evidence.revisions.to_string()),
    ("cpu_periods_at_cap", |_, w| w.evidence.cpu_periods_at_cap.to_string()),
    ("memory_periods_at_cap", |_, w| w.evidence.memory_periods_at_cap.to_string()),
    ("evidence_notes", |_, w| list(&w.evidence.notes)),
    ("conditions", |_, w| w.recommendation.as_ref().map_or_else(String::new, |r| list(&r.conditions))),
    ("startup_peak_vcpu", |_, w| quantity(w.evidence.startup_peak_vcpu)),
    ("oom_kills", |_, w| w.evidence.oom_kills.map_or_else(String::new, |kills| kills.to_string())),
    ("runs", |_, w| w.runs.map_or_else(String::new, |runs| runs.count.to_string())),
    ("cost_per_run_usd", |_, w| money(w.runs.and_then(|runs| runs.cost_per_run))),
    ("simulation_error_percent", |_, w| quantity(w.evidence.simulation_error_percent)),
    ("recommended_min_capacity", |_, w| integer(scaling(w).map(|s| s.min_capacity))),
    ("recommended_max_capacity", |_, w| integer(scaling(w).map(|s| s.max_capacity))),
    ("recommended_target_cpu_percent", |_, w| quantity(scaling(w).and_then(|s| s.target_cpu_percent))),
    ("recommended_target_memory_percent", |_, w| quantity(scaling(w).and_then(|s| s.target_memory_percent))),
    ("simulated_task_hours", |_, w| quantity(scaling(w).map(|s| s.simulated_task_hours))),
    ("instances", |_, w| w.capacity.as_ref().map_or_else(String::new, |c| c.instances.to_string())),
    ("instance_types", |_, w| w.capacity.as_ref().map_or_else(String::new, |c| pairs(&c.types))),
    ("instances_share_percent", |_, w| quantity(w.capacity.as_ref().and_then(|c| c.share_percent))),
    ("instances_idle_share_percent", |_, w| quantity(w.capacity.as_ref().and_then(|c| c.idle_share_percent))),
    ("headroom_method", |_, w| optional_text(w.headroom.as_ref().map(|h| h.method.as_str()))),
    ("risk_percent", |_, w| quantity(w.headroom.as_ref().map(|h| h.risk_percent))),
    ("shown_risk_percent", |_, w| quantity(w.headroom.as_ref().and_then(|h| h.shown_risk_percent))),
    ("list_monthly_cost_usd", |_, w| money(w.list_monthly_cost)),
    ("discount_percent", |r, _| quantity(Some(r.discount_percent))),
    ("snapshot_id", |r, _| text(&r.snapshot.id)),
    ("price_book_id", |r, _| text(&r.price_book.id)),
    ("tags", |_, w| pairs(&w.tags)),
];

/// What the workload costs a month once its recommendation is followed: unchanged where there is none,
/// so that the column adds up to the total of the same name.
fn cost_as_recommended(workload: &WorkloadReport) -> Option<Usd> {
    match &workload.recommendation {
        None => workload.monthly_cost,
        Some(recommendation) => {
            Some(workload.monthly_cost?.rounded() - recommendation.monthly_savings?.rounded())
        }
    }
}

fn scaling(workload: &WorkloadReport) -> Option<Scaling> {
    workload.recommendation.as_ref().and_then(|recommendation| recommendation.scaling)
}

fn dimension_reason(dimension: &Dimension) -> String {
    optional_text(dimension.not_rated.as_ref().map(|not_rated| not_rated.reason.as_str()))
}

fn integer(value: Option<u32>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn time(value: Option<Timestamp>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use rust_decimal::Decimal;
    use snapbox::{Data, assert_data_eq};

    use super::*;
    use crate::report::{Quantity, WorkloadCapacity, WorkloadHeadroom, fixture};

    #[test]
    fn the_committed_example_is_what_is_rendered() {
        let options = CsvOptions { tag_columns: vec!["env".into(), "team".into()] };
        let text = render(&fixture::report(), &options);
        // As bytes: compared as text, line ends would not count.
        assert_data_eq!(
            Data::binary(text),
            snapbox::file!["../../reports/examples/report.csv": Binary].raw()
        );
    }

    #[test]
    fn lines_end_in_crlf_and_every_row_has_every_column() {
        let options = CsvOptions { tag_columns: vec!["team".into(), "absent".into()] };
        let text = render(&fixture::report(), &options);
        assert_eq!(text.matches("\r\n").count(), text.matches('\n').count());
        assert_eq!(text.lines().count(), 12);
        let rows = parsed(&text);
        assert_eq!(cell(&rows, 0, "tag:team"), "shop");
        assert_eq!(cell(&rows, 0, "tag:absent"), "");
        for row in &rows {
            for key in ["account_id", "region", "cluster", "finding", "window_start", "as_of", "currency"] {
                assert_ne!(row[key], "", "{key}");
            }
        }
    }

    #[test]
    fn the_unknown_is_an_empty_cell() {
        let rows = parsed(&render(&fixture::report(), &CsvOptions::default()));
        let external = rows.iter().find(|row| row["service"] == "on-premises").unwrap();
        for column in
            ["current_cpu_units", "monthly_cost_usd", "monthly_savings_usd", "cpu_p995_vcpu", "coverage"]
        {
            assert_eq!(external[column], "", "{column}");
        }
        assert_eq!(external["not_rated_reason"], "external-launch-type");
        assert!(rows.iter().flat_map(BTreeMap::values).all(|cell| cell != "NaN" && cell != "null"));
    }

    #[test]
    fn columns_add_up_to_the_totals_exactly() {
        for report in [fixture::report(), fixture::hostile_report()] {
            let rows = parsed(&render(&report, &CsvOptions::default()));
            let totals = &report.totals;
            for (column, total) in [
                ("window_cost_usd", totals.window_cost.0),
                ("monthly_cost_usd", totals.monthly_cost.0),
                ("list_monthly_cost_usd", totals.list_monthly_cost.0),
                ("recommended_monthly_cost_usd", totals.recommended_monthly_cost.0),
                ("monthly_savings_usd", totals.monthly_savings.0),
                ("task_hours", totals.task_hours.0),
                ("requested_vcpu_hours", totals.requested_vcpu_hours.0),
                ("requested_gb_hours", totals.requested_gb_hours.0),
            ] {
                let cells = rows.iter().map(|row| &row[column]).filter(|cell| !cell.is_empty());
                let sum: Decimal = cells.map(|cell| cell.parse::<Decimal>().unwrap()).sum();
                assert_eq!(sum, total, "{column}");
            }
        }
    }

    #[test]
    fn what_a_workload_runs_on_is_told() {
        let mut report = fixture::report();
        report.workloads[0].capacity = Some(WorkloadCapacity {
            instances: 3,
            types: [("m7i.large".to_owned(), 1), ("r7i.xlarge".to_owned(), 2)].into(),
            monthly_cost: Some(Usd("432.6739".parse().unwrap())),
            priced_on: Some("2026-07-20".to_owned()),
            share_percent: Some(Quantity("58.61".parse().unwrap())),
            idle_share_percent: None,
            not_priced: None,
        });
        let rows = parsed(&render(&report, &CsvOptions::default()));
        assert_eq!(
            [
                cell(&rows, 0, "instances"),
                cell(&rows, 0, "instance_types"),
                cell(&rows, 0, "instances_share_percent"),
                cell(&rows, 0, "instances_idle_share_percent"),
                cell(&rows, 1, "instances"),
            ],
            ["3", "m7i.large=1;r7i.xlarge=2", "58.61", "", ""]
        );
    }

    #[test]
    fn a_discount_is_told_beside_the_cost_at_list_prices() {
        let mut report = fixture::report();
        report.discount_percent = Quantity("13.7".parse().unwrap());
        report.workloads[0].list_monthly_cost = Some(Usd("394.2508".parse().unwrap()));
        let rows = parsed(&render(&report, &CsvOptions::default()));
        let cells = ["monthly_cost_usd", "list_monthly_cost_usd", "discount_percent"];
        assert_eq!(cells.map(|title| cell(&rows, 0, title)), ["340.2384", "394.2508", "13.7"]);
        assert!(rows.iter().all(|row| row["discount_percent"] == "13.7"));
    }

    #[test]
    fn the_risk_that_was_shown_is_told_beside_the_one_asked_for() {
        let mut report = fixture::report();
        report.workloads[0].headroom = Some(WorkloadHeadroom {
            method: "calibrated".to_owned(),
            risk_percent: Quantity(Decimal::ONE),
            shown_risk_percent: Some(Quantity("4.074905".parse().unwrap())),
            detail: None,
        });
        report.workloads[1].headroom = None;
        let rows = parsed(&render(&report, &CsvOptions::default()));
        let cells = |row| {
            ["headroom_method", "risk_percent", "shown_risk_percent"].map(|title| cell(&rows, row, title))
        };
        assert_eq!(cells(0), ["calibrated", "1", "4.074905"]);
        assert_eq!(cells(1), ["", "", ""]);
    }

    #[test]
    fn negative_numbers_are_numbers() {
        let rows = parsed(&render(&fixture::report(), &CsvOptions::default()));
        let payments = rows.iter().find(|row| row["service"] == "payments").unwrap();
        assert_eq!(payments["monthly_savings_usd"], "-36.0401");
        assert_eq!(payments["savings_percent"], "-100");
    }

    #[test]
    fn hostile_names_keep_their_content() {
        let rows = parsed(&render(&fixture::hostile_report(), &CsvOptions::default()));
        let services: Vec<&str> = rows.iter().map(|row| row["service"].as_str()).collect();
        for kept in ["tab\there\u{fffd}nul\r\n", "a,b;\"c\"", "'=cmd|' /C calc'!A0", "'@SUM(A1:A9)"] {
            assert!(services.contains(&kept), "{kept:?}");
        }
    }

    proptest! {
        #[test]
        fn any_names_parse_back_to_the_same_rows_and_columns(
            names in proptest::collection::vec("[\\s\\S]{0,20}", 11),
            tag in "[\\s\\S]{0,8}",
        ) {
            let mut report = fixture::report();
            for (row, name) in report.workloads.iter_mut().zip(&names) {
                row.service = Some(name.clone());
                row.cluster.clone_from(name);
                row.tags.insert(tag.clone(), name.clone());
            }
            let text = render(&report, &CsvOptions { tag_columns: vec![tag] });
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            prop_assert_eq!(records.len(), 12);
            for (record, name) in records[1..].iter().zip(&names) {
                prop_assert_eq!(record.len(), COLUMNS.len() + 1);
                let shown = record[3].strip_prefix('\'').unwrap_or(&record[3]);
                let name = name.replace('\0', "\u{fffd}");
                prop_assert_eq!(shown, name.strip_prefix('\'').unwrap_or(&name));
                prop_assert!(!record[3].starts_with(['=', '+', '-', '@', '\t', '\r', '\n']));
            }
        }
    }

    fn parsed(text: &str) -> Vec<BTreeMap<String, String>> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader.deserialize().map(|row| row.expect("a row with the header's columns")).collect()
    }

    fn cell<'a>(rows: &'a [BTreeMap<String, String>], row: usize, column: &str) -> &'a str {
        &rows[row][column]
    }
}
