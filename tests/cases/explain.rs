//! `fargauge explain`: the page, the JSON, and names that mean no one workload.

use serde_json::Value;

use crate::command::{Folder, stderr, stdout};

fn kept_demo() -> Folder {
    let folder = Folder::new();
    folder.run(&["demo", "--out", "kept", "--format", "csv"]).code(0);
    folder
}

#[test]
fn the_page_fits_its_width_and_the_json_holds_the_row_of_the_report() {
    let folder = kept_demo();
    let page = stdout(&folder.run(&["explain", "kept", "prod/pricing-engine", "--width", "72"]).code(0));
    assert!(page.starts_with("123456789012/us-east-1/prod/pricing-engine\n"), "{page}");
    assert!(page.lines().all(|line| line.chars().count() <= 72), "{page}");
    for section in
        ["Evidence", "Revisions", "Sizes considered", "Guards", "On its own past", "Prices of one task"]
    {
        assert!(page.lines().any(|line| line == section), "{section}: {page}");
    }
    folder.run(&["explain", "kept", "prod/pricing-engine", "--output", "page.json"]).code(0).stdout_eq("");
    let explained: Value = serde_json::from_str(&folder.read("page.json")).unwrap();
    let report: Value =
        serde_json::from_str(&stdout(&folder.run(&["report", "kept", "-f", "json"]).code(0))).unwrap();
    let rows = report["workloads"].as_array().unwrap();
    let row = rows.iter().find(|row| row["service"] == "pricing-engine").unwrap();
    assert_eq!(&explained["workload"], row);
    assert!(explained["prices"].as_array().unwrap().iter().all(|price| !price["source"].is_null()));
}

#[test]
fn settings_are_shown_with_file_and_line() {
    let folder = kept_demo()
        .with("fargauge.toml", "[[override]]\nmatch = { service = \"order-*\" }\npeak_factor = 1.5\n");
    let page = stdout(&folder.run(&["explain", "kept", "order-worker", "--width", "100"]).code(0));
    let line = page.lines().find(|line| {
        line.trim_start().starts_with("sizing.peak_factor") || line.trim_start().starts_with("peak_factor")
    });
    assert!(line.is_some_and(|line| line.contains("1.5") && line.ends_with("fargauge.toml:3")), "{page}");
}

#[test]
fn a_past_peak_that_is_yet_to_come_is_told_with_file_and_line() {
    let block = |at: &str| {
        format!(
            "[[override]]\nmatch = {{ service = \"order-*\" }}\ninclude_peak = {{ at = {at}, cpu_vcpu = 0.1 }}\n"
        )
    };
    let told = "fargauge.toml:3: include_peak.at is 2999-11-28, after the snapshot's end on ";
    let folder = kept_demo().with("fargauge.toml", block("2999-11-28"));
    let text = stderr(&folder.run(&["report", "kept", "-f", "csv"]).code(0));
    assert_eq!(text.matches(told).count(), 1, "{text}");
    let page = stdout(&folder.run(&["explain", "kept", "order-worker", "--width", "200"]).code(0));
    assert!(page.contains(told), "{page}");
    let folder = folder.with("fargauge.toml", block("1999-11-28"));
    let text = stderr(&folder.run(&["report", "kept", "-f", "csv"]).code(0));
    assert!(!text.contains("include_peak"), "{text}");
}

#[test]
fn a_name_that_is_unknown_or_ambiguous_exits_2_and_says_what_to_type() {
    let folder = Folder::new();
    folder.run(&["demo", "--services", "80", "--out", "kept", "--format", "csv"]).code(0);
    let run = folder.run(&["explain", "kept", "prod/chekout-api"]).code(2).stdout_eq("");
    let text = stderr(&run);
    assert!(text.contains("no workload named prod/chekout-api"), "{text}");
    assert!(text.contains("/us-east-1/prod/checkout-api"), "{text}");
    let run = folder.run(&["explain", "kept", "\u{1b}[2J\n"]).code(2).stdout_eq("");
    assert!(!stderr(&run).contains('\u{1b}'), "{:?}", stderr(&run));
    folder.run(&["explain", "absent", "api"]).code(3).stdout_eq("");
    folder.run(&["explain", "kept"]).code(2).stdout_eq("");
}
