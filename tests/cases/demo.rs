//! The generated fleet goes through the whole pipeline, and its report keeps its promises.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::command::{Folder, stdout};

/// What a run that works prints.
fn printed(folder: &Folder, arguments: &[&str]) -> String {
    stdout(&folder.run(arguments).code(0))
}

fn demo() -> Value {
    serde_json::from_str(&printed(&Folder::new(), &["demo", "--format", "json"])).unwrap()
}

#[test]
fn it_prints_the_same_bytes_each_time() {
    for format in ["table", "json", "csv"] {
        let once = printed(&Folder::new(), &["demo", "--format", format]);
        assert!(once.lines().count() > 20, "{format}: {once}");
        assert_eq!(once, printed(&Folder::new(), &["demo", "--format", format]), "{format}");
    }
}

#[test]
fn a_kept_demo_is_reported_on_as_it_was_shown() {
    for format in ["table", "json", "csv"] {
        let folder = Folder::new();
        let shown = printed(&folder, &["demo", "--format", format, "--out", "kept"]);
        assert_eq!(shown, printed(&folder, &["report", "kept", "--format", format]), "{format}");
    }
}

#[test]
fn the_totals_are_the_sums_of_the_rows() {
    let report = demo();
    let sum = |of: &dyn Fn(&Value) -> Option<f64>| -> f64 {
        report["workloads"].as_array().unwrap().iter().filter_map(of).sum()
    };
    for key in ["window_cost", "monthly_cost", "task_hours", "requested_vcpu_hours", "requested_gb_hours"] {
        let rows = sum(&|workload| workload[key].as_f64());
        let total = report["totals"][key].as_f64().unwrap();
        assert!((rows - total).abs() < 1e-6 * rows.abs(), "{key}: rows {rows}, total {total}");
    }
    let savings = sum(&|workload| workload["recommendation"]["monthly_savings"].as_f64());
    let totals = &report["totals"];
    let number = |key: &str| totals[key].as_f64().unwrap();
    assert!((savings - number("monthly_savings")).abs() < 1e-6, "{savings}: {totals:#}");
    let recommended = number("monthly_cost") - number("monthly_savings");
    assert!((recommended - number("recommended_monthly_cost")).abs() < 1e-6, "{totals:#}");
}

#[test]
fn every_finding_occurs_and_what_is_not_rated_says_why() {
    let report = demo();
    let mut findings = BTreeSet::new();
    for workload in report["workloads"].as_array().unwrap() {
        let finding = workload["finding"].as_str().unwrap();
        assert_eq!(finding == "NotRated", workload["not_rated"]["reason"].is_string(), "{workload:#}");
        findings.insert(finding);
    }
    let all = ["AlreadyMinimal", "NotRated", "Optimized", "Overprovisioned", "Underprovisioned"];
    assert_eq!(findings.into_iter().collect::<Vec<_>>(), all);
}

#[test]
fn options_and_instances_are_csv_of_their_own() {
    let folder = Folder::new();
    let files = ["--options-csv", "options.csv", "--instances-csv", "instances.csv"];
    folder.run(&[&["demo", "--output", "report.json"][..], &files].concat()).code(0).stdout_eq("");
    let report: Value = serde_json::from_str(&folder.read("report.json")).unwrap();
    let options =
        report["workloads"].as_array().unwrap().iter().flat_map(|w| w["options"].as_array().unwrap());
    assert_eq!(folder.read("options.csv").lines().count(), 1 + options.count());
    let pools = report["capacity"].as_array().unwrap();
    let instances = folder.read("instances.csv");
    assert!(!pools.is_empty() && instances.lines().count() == 1 + pools.len(), "{instances}");
    for pool in pools {
        assert!(instances.contains(&format!(",{},", pool["idle_monthly_cost"])), "{pool:#}\n{instances}");
    }
    folder.run(&["demo", "--output", "a.csv", "--options-csv", "a.csv"]).code(2).stdout_eq("");
    folder.run(&["demo", "--instances-csv", "-"]).code(2).stdout_eq("");
    folder.run(&["demo", "--instances-csv", "missing/a.csv"]).code(2).stdout_eq("");
}

#[test]
fn a_csv_has_a_row_for_each_workload_and_its_keys() {
    let csv = printed(&Folder::new(), &["demo", "--format", "csv"]);
    let mut lines = csv.lines();
    let header = lines.next().unwrap();
    for column in ["account_id", "region", "cluster"] {
        assert!(header.contains(column), "{header}");
    }
    assert_eq!(lines.count(), demo()["workloads"].as_array().unwrap().len());
}
