//! What is asked of `GetMetricData`: aligned, within its limits, once, in as few calls as those allow.

use serde_json::json;

use crate::fixture::{Request, Scripted, assert_close, services, small_fleet};

/// API reference of `GetMetricData`.
const MOST_QUERIES: u64 = 500;
const MOST_POINTS: u64 = 100_800;
/// CPU average, maximum and sample count; memory average and maximum; live tasks.
const QUERIES_PER_SERVICE: u64 = 6;

fn asked(service_count: usize, lookback: &str, period: &str) -> Vec<Request> {
    let clusters = json!({ "prod": { "services": services(service_count) } });
    let server = Scripted::start(json!({ "eu-west-1": { "clusters": clusters } }), json!([]));
    let fargauge = server.fargauge();
    fargauge.collected(&["--region", "eu-west-1", "--lookback", lookback, "--period", period]);
    fargauge.report().assert_no_gaps();
    server.requests_to("GetMetricData")
}

#[test]
fn calls_are_as_few_and_as_full_as_the_limits_allow() {
    for (service_count, lookback, period) in [
        // 48 points a series: 500 queries a call.
        (180, "2d", "3600"),
        // 576 points a series: 175 queries a call.
        (120, "2d", "300"),
        // 2,880 points a series: 35 queries a call.
        (30, "2d", "60"),
    ] {
        let calls = asked(service_count, lookback, period);
        let period: u64 = period.parse().unwrap();
        let points = 2 * 86_400 / period;
        let queries = service_count as u64 * QUERIES_PER_SERVICE;
        let fewest = queries.div_ceil((MOST_POINTS / points).min(MOST_QUERIES));
        let numbers: Vec<(u64, u64)> = calls.iter().map(|call| (call.queries, call.points)).collect();
        assert_eq!(calls.len() as u64, fewest, "calls (queries, points): {numbers:?}");
        assert_eq!(
            calls.iter().map(|call| call.queries).sum::<u64>(),
            queries,
            "each series is asked for once"
        );
        for call in &calls {
            assert!(call.queries <= MOST_QUERIES && call.points <= MOST_POINTS, "{numbers:?}");
            assert_eq!(call.period, period);
            let step = period * 1000;
            assert_eq!((call.start_ms % step, call.end_ms % step), (0, 0), "aligned: {call:?}");
            assert_eq!(call.end_ms - call.start_ms, 2 * 86_400 * 1000);
        }
    }
}

#[test]
fn a_lookback_that_cloudwatch_no_longer_holds_is_bad_usage() {
    let server = Scripted::start(small_fleet(), json!([]));
    let fargauge = server.fargauge();
    let finished = fargauge.collect(&["--region", "eu-west-1", "--lookback", "20d", "--period", "60"]);
    finished.assert_says(2, &["--period", "300"]);
    assert!(server.requests_to("GetMetricData").is_empty());
}

#[test]
fn all_pages_are_read() {
    let clusters: serde_json::Map<String, serde_json::Value> = ["a", "b", "c"]
        .map(|name| {
            let all = services(12);
            (
                name.to_owned(),
                json!({ "services": all, "families": { "nightly": { "cpu": 256, "memory": 512 } } }),
            )
        })
        .into_iter()
        .collect();
    // Not divisors of what there is, so that series are split between pages.
    let pages = json!({ "GetMetricData": 1000, "ListClusters": 2, "ListServices": 5, "ListMetrics": 5 });
    let server = Scripted::with_pages(json!({ "eu-west-1": { "clusters": clusters } }), json!([]), pages);
    let fargauge = server.fargauge();
    fargauge.collected(&["--region", "eu-west-1", "--lookback", "2d", "--period", "3600"]);
    let report = fargauge.report();
    report.assert_no_gaps();
    assert_eq!(report.workloads().len(), 3 * 13, "{:?}", report.names());
    for workload in report.workloads().iter().filter(|workload| workload["kind"] == "service") {
        assert_close(&workload["task_hours"], 48.0, workload["id"].as_str().unwrap());
    }
    let followed =
        server.requests_to("GetMetricData").iter().filter(|call| call.next_token.is_some()).count();
    assert!(followed > 5, "only {followed} further pages were read");
}

#[test]
fn partial_data_is_asked_for_until_it_is_complete() {
    let faults = json!([{ "on": "GetMetricData", "times": 1, "do": { "partial": 0.4 } }]);
    let server = Scripted::start(small_fleet(), faults);
    let fargauge = server.fargauge();
    fargauge.collected(&["--region", "eu-west-1", "--lookback", "2d", "--period", "3600"]);
    let report = fargauge.report();
    report.assert_no_gaps();
    assert_close(&report.workload("api")["task_hours"], 96.0, "task-hours");
    assert!(server.requests_to("GetMetricData").len() > 1);
}

#[test]
fn a_dry_run_says_what_the_pull_costs_and_does_nothing() {
    let clusters = json!({ "prod": { "services": services(100) } });
    let server = Scripted::start(json!({ "eu-west-1": { "clusters": clusters } }), json!([]));
    let fargauge = server.fargauge();
    let finished = fargauge.collected(&["--region", "eu-west-1", "--lookback", "2d", "--dry-run"]);
    // 100 services, six series each, 0.01 USD for a thousand.
    let said = format!("{}{}", finished.stdout, finished.stderr);
    assert!(said.contains("600") && said.contains("0.006"), "{said}");
    assert!(server.requests_to("GetMetricData").is_empty());
    assert!(!fargauge.snapshot().exists(), "a dry run writes nothing");
}

#[test]
fn the_pull_says_its_cost_before_it_starts() {
    // The pull hangs, so whatever was said was said before.
    let faults = json!([{ "on": "GetMetricData", "do": { "delay": 600 } }]);
    let server = Scripted::start(small_fleet(), faults);
    let fargauge = server.fargauge();
    let mut running = fargauge.start_collect(&["--region", "eu-west-1", "--lookback", "2d"]);
    running.until("the pull begins", |_| !server.requests_to("GetMetricData").is_empty());
    let stderr = running.kill().stderr;
    assert!(stderr.contains("USD") && stderr.contains("12"), "{stderr}");
}

#[test]
fn live_task_counts_are_used_where_they_cover_the_window() {
    let service = |live: bool| json!({ "cpu": 256, "memory": 512, "tasks": 3, "hours": 1000, "live": live });
    let clusters = json!({ "prod": { "services": { "new": service(true), "old": service(false) } } });
    let server = Scripted::start(json!({ "eu-west-1": { "clusters": clusters } }), json!([]));
    let fargauge = server.fargauge();
    fargauge.collected(&["--region", "eu-west-1", "--lookback", "2d", "--period", "300"]);
    let report = fargauge.report();
    for (name, source) in [("new", "live-task-count"), ("old", "sample-count")] {
        let workload = report.workload(name);
        assert_close(&workload["task_hours"], 144.0, name);
        assert_eq!(workload["evidence"]["task_hours_source"], source, "{workload:#}");
    }
}

#[test]
fn each_revision_counts_for_the_time_it_was_in_force() {
    // 2 vCPU and 4 GB until a day ago, half of it since; the window is two days.
    let web = json!({ "cpu": 1024, "memory": 2048, "hours": 1000,
                      "earlier": [{ "cpu": 2048, "memory": 4096, "until_hours_ago": 24 }] });
    let clusters = json!({ "prod": { "services": { "web": web } } });
    let server = Scripted::start(json!({ "eu-west-1": { "clusters": clusters } }), json!([]));
    let fargauge = server.fargauge();
    fargauge.collected(&["--region", "eu-west-1", "--lookback", "2d", "--period", "3600"]);
    let report = fargauge.report();
    report.assert_no_gaps();
    let web = report.workload("web");
    assert_close(&web["task_hours"], 48.0, "task-hours");
    let requested = web["requested_vcpu_hours"].as_f64().unwrap();
    assert!((requested - 72.0).abs() <= 1.0, "24 h of 2 vCPU and 24 h of 1, to one period: {requested}");
    assert_eq!(web["current"], json!({ "cpu_units": 1024, "memory_mib": 2048, "ephemeral_storage_gib": 20 }));
    assert_eq!(web["evidence"]["revisions"], 2);
}
