//! Backtests of `tests/fixtures/traces.parquet`: four machines of eight days of hourly samples (one steady, one
//! with a daily wave, one whose memory grows, one without memory), a machine of one point, a duplicated row that
//! is out of order, a negative value and one above 100 %.

use std::path::PathBuf;

use serde_json::Value;

use crate::command::{Folder, stderr, stdout};

fn traces() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/traces.parquet")
}

/// A folder with the traces in it.
fn folder() -> Folder {
    Folder::new().with("traces.parquet", std::fs::read(traces()).unwrap())
}

/// Four days seen, four judged.
const BACKTEST: [&str; 7] = ["backtest", "--traces", "traces.parquet", "--train", "4d", "--test", "4d"];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&BACKTEST[..], more].concat()
}

#[test]
fn a_table_is_aligned_and_says_what_the_input_was_like() {
    folder().run(&BACKTEST).code(0).stderr_eq("").stdout_eq(snapbox::file!["backtest/table.txt"]);
}

#[test]
fn json_has_the_promised_keys_and_counts_the_input() {
    let report: Value =
        serde_json::from_str(&stdout(&folder().run(&with(&["--format", "json"])).code(0))).unwrap();
    assert_eq!(report["series"], 5);
    assert_eq!((report["train_days"].as_f64(), report["test_days"].as_f64()), (Some(4.0), Some(4.0)));
    let input = &report["input"];
    for (what, count) in [
        ("rows", 771),
        ("duplicates", 1),
        ("out_of_order", 1),
        ("negative", 1),
        ("clipped", 1),
        ("too_short", 1),
    ] {
        assert_eq!(input[what], count, "{what}: {input}");
    }
    let rules = report["rules"].as_array().unwrap();
    let names: Vec<&str> = rules.iter().map(|rule| rule["rule"].as_str().unwrap()).collect();
    for name in
        ["fargauge", "compute-optimizer-proxy", "cloudfix", "harness", "krr-simple", "vpa", "autopilot"]
    {
        assert!(names.contains(&name), "{name}");
    }
    for rule in rules {
        for key in [
            "saved_percent",
            "memory_violating_percent",
            "cpu_samples_over_percent",
            "cpu_violating_percent",
            "not_rated_percent",
        ] {
            assert!(rule[key].is_number(), "{rule}");
        }
        assert!(rule["churn_percent"].is_null(), "one window has no churn: {rule}");
    }
    let strict = rules.iter().find(|rule| rule["rule"] == "fargauge-risk-1").unwrap();
    assert_eq!(strict["headroom"]["risk_percent"], 1.0);
    let window = &strict["headroom"]["windows"][0];
    assert_eq!(window["method"], "fixed");
    assert_eq!(window["fixed_percent"], 20.0);
    assert!(window["shown_risk_percent"].is_null(), "{window}");
    assert!(window["detail"].as_str().unwrap().contains("days of history are too few"), "{window}");
    let foresight = rules.iter().find(|rule| rule["rule"] == "foresight").unwrap();
    assert_eq!(foresight["memory_violating_percent"], 0.0);
    assert_eq!(foresight["cpu_samples_over_percent"], 0.0);
}

#[test]
fn details_and_chart_go_to_their_files() {
    let folder = folder();
    folder
        .run(&with(&["--rule", "keep", "--rule", "fargauge", "--details", "d.csv", "--chart", "c.svg"]))
        .code(0)
        .stderr_eq("");
    let details = folder.read("d.csv");
    let mut lines = details.lines();
    assert_eq!(
        lines.next().unwrap(),
        "series_id,rule,train_start,train_end,test_end,current_cpu_units,current_memory_mib,cpu_units,memory_mib,not_rated,judged,tasks,headroom_method,shown_risk_percent"
    );
    assert_eq!(lines.clone().count(), 2 * 5, "two rules and five series: {details}");
    assert!(
        details.contains("one-point,keep,1700006400,1700352000,1700697600,1024,2048,,,too-new,false"),
        "{details}"
    );
    assert!(
        details.contains("steady,keep,1700006400,1700352000,1700697600,1024,8192,1024,8192,,true"),
        "{details}"
    );
    let chart = folder.read("c.svg");
    assert!(chart.starts_with("<svg ") && chart.contains("\nfargauge\n"), "{chart}");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for format in ["table", "json", "csv"] {
        let run = || stdout(&folder().run(&with(&["--format", format])).code(0));
        assert_eq!(run(), run(), "{format}");
    }
}

#[test]
fn windows_roll_and_churn_is_counted() {
    let arguments = [
        "backtest",
        "--traces",
        "traces.parquet",
        "--train",
        "3d",
        "--test",
        "2d",
        "--step",
        "1d",
        "--format",
        "json",
    ];
    let report: Value = serde_json::from_str(&stdout(&folder().run(&arguments).code(0))).unwrap();
    let windows = report["windows"].as_array().unwrap();
    assert_eq!(windows.len(), 4);
    for (number, window) in (0_i64..).zip(windows) {
        let start = 1_700_006_400 + number * 86_400;
        assert_eq!(window["train_start"], start);
        assert_eq!(window["train_end"], start + 3 * 86_400);
        assert_eq!(window["test_end"], start + 5 * 86_400);
    }
    let keep = report["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == "keep").unwrap();
    assert_eq!(keep["churn_percent"], 0.0);
}

#[test]
fn a_snapshot_is_backtested_on_halves_of_what_it_has() {
    let folder = Folder::new();
    folder.run(&["demo", "--out", "kept"]).code(0);
    let run = folder.run(&["backtest", "kept", "--format", "json"]).code(0);
    assert!(stderr(&run).starts_with("warning: the data is shorter than 28 days"), "{}", stderr(&run));
    let report: Value = serde_json::from_str(&stdout(&run)).unwrap();
    assert_eq!((report["train_days"].as_f64(), report["windows"].as_array().unwrap().len()), (Some(7.0), 1));
    assert!(report["series"].as_u64().unwrap() > 5);
    assert!(report["input"]["left_out"]["autoscaled"].as_u64().unwrap() > 0);
    let table = stdout(&folder.run(&["backtest", "kept", "--quiet"]).code(0).stderr_eq(""));
    assert!(table.contains("series left out (autoscaled): "), "{table}");
    assert!(table.contains("saved is of the cost of all tasks"), "{table}");
    assert!(
        report["notes"][0].as_str().unwrap().starts_with("saved is of the cost of all tasks"),
        "{report}"
    );
}

#[test]
fn a_snapshot_is_backtested_with_the_settings_of_its_workloads() {
    let folder = Folder::new().with(
        "fargauge.toml",
        "[[override]]\nmatch = { service = \"catalog-api\" }\nexclude = \"leaves in March\"\n\
         [[override]]\nmatch = { service = \"search-api\" }\nmemory_headroom_percent = 200\n\
         [[override]]\nmatch = { service = \"no-such-service\" }\ncpu_headroom_percent = 50\n",
    );
    folder.run(&["demo", "--out", "kept"]).code(0);
    let backtest = ["backtest", "kept", "--rule", "fargauge", "--details", "d.csv", "--format", "json"];
    let run = folder.run(&backtest).code(0);
    let unmatched = "fargauge.toml:7: this [[override]] matches no workload";
    assert!(stderr(&run).contains(unmatched), "{}", stderr(&run));
    let report: Value = serde_json::from_str(&stdout(&run)).unwrap();
    assert_eq!(report["input"]["left_out"]["excluded"], 1, "{}", report["input"]);
    let with_settings = folder.read("d.csv");
    assert!(!with_settings.contains("/catalog-api,"), "{with_settings}");
    let folder = folder.with("none.toml", "");
    folder.run(&[&backtest[..], &["--config", "none.toml"]].concat()).code(0);
    let without = folder.read("d.csv");
    let search = |details: &str| {
        details.lines().find(|line| line.contains("/search-api,")).map(ToOwned::to_owned).unwrap()
    };
    assert_ne!(search(&with_settings), search(&without));
}

#[test]
fn bad_usage_says_what_would_do() {
    for (arguments, message) in [
        (vec!["backtest"], "required"),
        (vec!["backtest", "kept", "--traces", "traces.parquet"], "cannot be used with"),
        (
            with(&["--rule", "magic"]),
            "error: there is no rule magic\nhelp: the rules are fargauge, fargauge-risk-1, fargauge-risk-2",
        ),
        (with(&["--step", "soon"]), "expected a time such as 14d or 36h"),
        (
            vec!["backtest", "--traces", "traces.parquet", "--train", "1h"],
            "'--train <TIME>': less than 24h rates and judges nothing: that takes samples in 24 different hours",
        ),
        (vec!["backtest", "--traces", "traces.parquet", "--test", "23h"], "'--test <TIME>': less than 24h"),
        (with(&["--chart", "missing/c.svg"]), "error: cannot write missing/c.svg"),
        (with(&["--chart", "missing/c.svg"]), "help: choose another file for --chart,"),
        (with(&["--details", "missing/d.csv"]), "help: choose another file for --details,"),
        (
            with(&["-o", "a.csv", "--details", "./a.csv", "--chart", "c.svg"]),
            "error: --output and --details are the same file, ./a.csv\nhelp: give each a file of its own",
        ),
        (with(&["--details", "a.csv", "--chart", "a.csv"]), "--details and --chart are the same file, a.csv"),
        (with(&["-o", "traces.parquet"]), "--output and --traces are the same file, traces.parquet"),
        (with(&["--chart", "-"]), "--output and --chart are both stdout\nhelp: give one of them a file"),
        (with(&["-o", "a.txt", "--chart", "-", "--details", "-"]), "--details and --chart are both stdout"),
    ] {
        let run = folder().run(&arguments).code(2).stdout_eq("");
        assert!(stderr(&run).contains(message), "{arguments:?}: {}", stderr(&run));
    }
}

#[test]
fn every_rule_is_named_by_the_help_and_explained_in_writing() {
    let refused = stderr(&folder().run(&with(&["--rule", "magic"])).code(2));
    let (_, names) = refused.split_once("the rules are ").unwrap();
    let names: Vec<&str> = names.trim().split(", ").collect();
    assert_eq!(names.len(), 15, "{refused}");
    let help = stdout(&Folder::new().run(&["backtest", "--help"]).code(0));
    let written = include_str!("../../ARCHITECTURE.md");
    let (_, table) = written.split_once("### The rules it is measured against").unwrap();
    let (table, _) = table.split_once("###").unwrap();
    for name in names {
        let is_named = help.split([' ', ',', '[', ']', '\n']).any(|word| word == name);
        assert!(is_named && table.contains(&format!("`{name}`")), "{name}: {help}");
    }
}

#[test]
fn what_cannot_be_evaluated_names_the_file_and_the_place() {
    let whole = std::fs::read(traces()).unwrap();
    let folder = folder()
        .with("half.parquet", &whole[..whole.len() / 2])
        .with("text.parquet", "series_id,timestamp\n");
    folder.run(&["demo", "--services", "3", "--out", "kept"]).code(0);
    let part = std::fs::read_dir(folder.path("kept/utilization")).unwrap().next().unwrap().unwrap().path();
    let part = part.to_str().unwrap();
    for (arguments, messages) in [
        (vec!["backtest", "--traces", "gone.parquet"], ["cannot read traces gone.parquet", "No such file"]),
        (
            vec!["backtest", "--traces", "half.parquet"],
            ["cannot use traces half.parquet", "not a Parquet file of traces"],
        ),
        (
            vec!["backtest", "--traces", "text.parquet"],
            ["cannot use traces text.parquet", "not a Parquet file of traces"],
        ),
        (vec!["backtest", "--traces", part], ["cannot use traces ", "column series_id is missing"]),
        (
            vec!["backtest", "--traces", "traces.parquet", "--train", "14d"],
            [
                "the data spans 7.98 days, and training on 14 then judging 14 days needs 28",
                "rows out of order (sorted): 1",
            ],
        ),
        (
            with(&["--region", "mars-north-1"]),
            ["no linux/x86_64 on-demand vcpu rate for mars-north-1", "help: name a region"],
        ),
        (vec!["backtest", "gone"], ["gone", ""]),
    ] {
        let run = folder.run(&arguments).code(3).stdout_eq("");
        for message in messages {
            assert!(stderr(&run).contains(message), "{arguments:?}: {}", stderr(&run));
        }
    }
}

/// Nobody has compared a checksum before: whatever a byte says, there is a result or an error.
#[test]
fn a_damaged_file_is_an_error_or_a_result_and_never_a_panic() {
    let whole = std::fs::read(traces()).unwrap();
    let footer = whole.len() - 1500;
    let mut refused = 0;
    for place in (0..footer).step_by(97).chain((footer..whole.len()).step_by(29)) {
        let mut bytes = whole.clone();
        bytes[place] ^= 0xff;
        let folder = Folder::new().with("traces.parquet", bytes);
        let run = folder.run(&BACKTEST);
        let (code, errors) = (run.get_output().status.code(), stderr(&run));
        assert!(
            matches!(code, Some(0 | 3)) && !errors.contains("panicked"),
            "byte {place}: {code:?} {errors}"
        );
        assert!(code == Some(0) || errors.contains("traces.parquet") || errors.contains("spans"), "{errors}");
        refused += usize::from(code == Some(3));
    }
    assert!(refused > 20, "{refused}");
}
