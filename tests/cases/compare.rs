//! `fargauge compare`: the generated fleet on every platform.

use serde_json::Value;

use crate::command::{Folder, stderr, stdout};

/// A fleet with clusters of both regions, small enough to be packed in a test.
fn kept_demo(services: &str) -> Folder {
    let folder = Folder::new();
    folder.run(&["demo", "--services", services, "--out", "kept", "--format", "csv"]).code(0);
    folder
}

fn json(folder: &Folder, arguments: &[&str]) -> Value {
    let all: Vec<&str> =
        ["compare", "kept", "-q", "--format", "json"].iter().chain(arguments).copied().collect();
    serde_json::from_str(&stdout(&folder.run(&all).code(0))).unwrap()
}

fn rows(comparison: &Value) -> Vec<&Value> {
    comparison["rows"].as_array().unwrap().iter().collect()
}

#[test]
fn rows_of_the_fleet_are_sums_and_packings_are_close_to_their_bound() {
    let folder = kept_demo("8");
    let comparison = json(&folder, &[]);
    let rows = rows(&comparison);
    let mut packed = 0;
    for fleet in rows.iter().filter(|row| row["scope"] == "fleet") {
        let parts: Vec<&&Value> = rows
            .iter()
            .filter(|row| row["platform"] == fleet["platform"] && row["scope"] != "fleet")
            .collect();
        let sum: Option<f64> = parts.iter().map(|row| row["monthly_cost"].as_f64()).sum();
        match fleet["monthly_cost"].as_f64() {
            Some(cost) => assert!((cost - sum.unwrap()).abs() < 1e-6, "{fleet:#}"),
            None => assert!(sum.is_none() && fleet["not_priced"].is_string(), "{fleet:#}"),
        }
    }
    for row in &rows {
        assert_eq!(row["monthly_cost"].is_null(), row["not_priced"].is_string(), "{row:#}");
        assert_ne!(row["monthly_cost"].as_f64(), Some(0.0), "{row:#}");
        let on_instances = !row["instance_types"].as_array().unwrap().is_empty();
        assert_eq!(on_instances, row["lower_bound_gap_percent"].is_number(), "{row:#}");
        if on_instances {
            packed += 1;
            let gap = row["lower_bound_gap_percent"].as_f64().unwrap();
            assert!((0.0..=3.0).contains(&gap), "{row:#}");
            let used = row["utilization"].as_f64().unwrap();
            assert!(used > 0.0 && used <= 1.0, "{row:#}");
        }
    }
    assert!(packed > 20, "{packed}");
    // Today is what the report says.
    let report: Value =
        serde_json::from_str(&stdout(&folder.run(&["report", "kept", "-q", "-f", "json"]).code(0))).unwrap();
    let today = rows.iter().find(|row| row["platform"] == "today").unwrap();
    assert_eq!(today["monthly_cost"], report["totals"]["monthly_cost"]);
}

#[test]
fn the_table_the_csv_and_the_chart_show_one_cluster() {
    let folder = kept_demo("12");
    let one = ["compare", "kept", "--cluster", "bat*", "--chart", "chart.svg"];
    let run = folder.run(&one).code(0);
    let table = stdout(&run);
    assert!(table.lines().any(|line| line.starts_with("> Fargate, today")), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 110), "{table}");
    assert!(!table.contains("/prod"), "{table}");
    assert!(folder.read("chart.svg").starts_with("<svg "));
    assert_eq!(table, stdout(&folder.run(&one).code(0)), "the same bytes each time");
    let csv = stdout(&folder.run(&["compare", "kept", "--cluster", "bat*", "-f", "csv"]).code(0));
    let header = csv.lines().next().unwrap();
    for column in ["scope", "platform", "monthly_cost_usd", "difference_usd", "lower_bound_gap_percent"] {
        assert!(header.split(',').any(|title| title == column), "{column}: {header}");
    }
    let scopes = json(&folder, &["--cluster", "bat*"])["scopes"].as_array().unwrap().len();
    assert_eq!(csv.lines().count(), 1 + 24 * scopes);
}

#[test]
fn gaps_are_told_and_wrong_usage_exits_2() {
    let folder = kept_demo("50");
    let run = folder.run(&["compare", "kept", "--cluster", "stag*", "--on-incomplete", "fail"]).code(3);
    assert!(stderr(&run).contains("gap"), "{}", stderr(&run));
    let run = folder.run(&["compare", "kept", "--cluster", "none-such"]).code(2).stdout_eq("");
    assert!(stderr(&run).contains("--cluster"), "{}", stderr(&run));
    folder.run(&["compare"]).code(2).stdout_eq("");
    folder.run(&["compare", "kept", "--chart", "missing/chart.svg"]).code(2).stdout_eq("");
    folder.run(&["compare", "absent"]).code(3).stdout_eq("");
    let run = folder.run(&["compare", "kept", "--output", "one", "--chart", "./one"]).code(2);
    assert!(stderr(&run).starts_with("error: --output and --chart are the same file, "), "{}", stderr(&run));
    folder.run(&["compare", "kept", "--chart", "-"]).code(2).stdout_eq("");
}

#[test]
fn a_table_is_as_wide_as_the_columns_that_there_are() {
    let folder = kept_demo("1");
    let arguments = ["compare", "kept", "-q"];
    let asked = |width: &str| {
        let all = [&arguments[..], &["--width", width]].concat();
        stdout(&folder.run(&all).code(0))
    };
    let in_columns =
        |columns: &str| stdout(&folder.fargauge().env("COLUMNS", columns).args(arguments).assert().code(0));
    assert_ne!(asked("110"), asked("160"));
    // 160 is also what a report takes where nothing says how many there are.
    assert_eq!(in_columns("160"), asked("160"));
    assert_eq!(stdout(&folder.run(&arguments).code(0)), asked("110"));
}
