//! A collect that is cut short leaves what a second run continues; never a broken snapshot.

use serde_json::{Map, Value, json};

use crate::fixture::{Fargauge, Running, Scripted, small_fleet};

const REGIONS: [&str; 4] = ["eu-central-1", "eu-west-1", "us-east-1", "us-west-2"];
const WINDOW: [&str; 12] = [
    "--region",
    REGIONS[0],
    "--region",
    REGIONS[1],
    "--region",
    REGIONS[2],
    "--region",
    REGIONS[3],
    "--lookback",
    "2d",
    "--period",
    "300",
];

/// A fleet in four regions, and after `answered` calls of `GetMetricData` as many that hang as the
/// regions need; whoever comes later is served.
fn hanging_after(answered: usize) -> Scripted {
    let fleet = small_fleet()["eu-west-1"].take();
    let regions: Map<String, Value> =
        REGIONS.map(|region| (region.to_owned(), fleet.clone())).into_iter().collect();
    let hang = json!({ "on": "GetMetricData", "after": answered, "times": REGIONS.len() - answered,
                       "do": { "delay": 600 } });
    Scripted::start(regions.into(), json!([hang]))
}

/// Starts collecting, and waits until a part of the utilization is on disk and the rest hangs.
fn halfway(server: &Scripted, fargauge: &Fargauge) -> Running {
    let mut running = fargauge.start_collect(&WINDOW);
    let asked = |_: &str| server.requests_to("GetMetricData").len() == REGIONS.len();
    running.until("every region is pulled from", asked);
    // That a part's file is there is not enough: it counts once it is recorded, and then it is said.
    running.until("a part of the utilization is recorded", |stderr| stderr.contains("written"));
    running
}

/// Runs it again, which must finish, ask for less than everything, and end as if never stopped.
fn assert_continues(server: &Scripted, fargauge: &Fargauge) {
    let before = server.requests_to("GetMetricData").len();
    fargauge.collected(&WINDOW);
    let asked = server.requests_to("GetMetricData").len() - before;
    assert!((1..REGIONS.len()).contains(&asked), "{asked} calls, where some of {} were left", REGIONS.len());
    let continued = fargauge.report();
    continued.assert_no_gaps();
    let whole = server.fargauge();
    whole.collected(&WINDOW);
    assert_eq!(continued.timeless(), whole.report().timeless());
    assert!((continued.window_hours() - 48.0).abs() < 1e-9);
}

#[test]
fn killed_halfway_it_continues() {
    let server = hanging_after(2);
    let fargauge = server.fargauge();
    halfway(&server, &fargauge).kill();
    assert_continues(&server, &fargauge);
}

#[test]
fn interrupted_it_says_how_to_go_on_and_continues() {
    let server = hanging_after(2);
    let fargauge = server.fargauge();
    let running = halfway(&server, &fargauge);
    running.interrupt();
    let finished = running.finish();
    assert_ne!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stderr.contains("again"), "{}", finished.stderr);
    assert_continues(&server, &fargauge);
}

#[test]
fn what_is_unfinished_is_not_reported_on() {
    let server = hanging_after(2);
    let fargauge = server.fargauge();
    halfway(&server, &fargauge).kill();
    let snapshot = fargauge.snapshot();
    let snapshot = snapshot.to_str().unwrap();
    let finished = fargauge.run(&["report", snapshot]);
    finished.assert_says(3, &[snapshot, "collect"]);
    assert_eq!(finished.stdout, "");
}

#[test]
fn killed_before_any_metric_it_starts_over() {
    let hang = json!([{ "on": "DescribeServices", "times": 1, "do": { "delay": 600 } }]);
    let server = Scripted::start(small_fleet(), hang);
    let fargauge = server.fargauge();
    let arguments = ["--region", "eu-west-1", "--lookback", "2d", "--period", "3600"];
    let mut running = fargauge.start_collect(&arguments);
    running.until("services are described", |_| !server.requests_to("DescribeServices").is_empty());
    running.kill();
    fargauge.collected(&arguments);
    assert_eq!(fargauge.report().workloads().len(), 2);
}
