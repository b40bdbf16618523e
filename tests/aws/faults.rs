//! What fails becomes a gap that names the API and the cause, and the rest is collected.

use serde_json::{Value, json};

use crate::{
    at_once,
    fixture::{Report, Scripted, assert_close, small_fleet},
};

const WINDOW: [&str; 6] = ["--region", "eu-west-1", "--lookback", "2d", "--period", "3600"];

/// `prod` with two services, and `sealed` with one, which the faults of these tests are about.
fn two_clusters() -> Value {
    let mut fleet = small_fleet();
    let hidden = json!({ "cpu": 256, "memory": 512, "hours": 1000 });
    fleet["eu-west-1"]["clusters"]["sealed"] = json!({ "services": { "hidden": hidden } });
    fleet
}

/// Collects over a faulty AWS with few attempts, which must work, and reports.
fn collected(server: &Scripted) -> Report {
    let fargauge = server.fargauge().with("AWS_MAX_ATTEMPTS", "2");
    let finished = fargauge.collected(&WINDOW);
    let report = fargauge.report();
    if !report.gaps().is_empty() {
        assert!(finished.stderr.contains("gap"), "gaps are summed up on stderr: {}", finished.stderr);
    }
    report
}

fn assert_complete(report: &Report, name: &str, tasks: f64) {
    assert_close(&report.workload(name)["task_hours"], tasks * 48.0, &format!("task-hours of {name}"));
}

#[test]
fn a_cluster_that_fails_is_a_gap_and_the_others_are_collected() {
    let cases = [
        (json!({ "error": "AccessDeniedException", "message": "not authorized" }), "sealed", "access denied"),
        (json!({ "error": "ThrottlingException" }), "sealed", "throttl"),
        (json!({ "error": "ServerException", "status": 500 }), "sealed", "ServerException"),
        (json!({ "status": 503, "body": "<html>come back later</html>" }), "eu-west-1", "503"),
        // What is no answer of one cluster only may be told of the whole region.
        (json!({ "error": "ExpiredTokenException" }), "eu-west-1", "expired"),
        (json!({ "status": 200, "body": "{\"serviceArns\": [" }), "eu-west-1", ""),
        (json!({ "truncate": true }), "eu-west-1", ""),
        (json!({ "drop": true }), "eu-west-1", ""),
    ];
    at_once(&cases, |(action, scope, cause)| {
        let faults = json!([{ "on": "ListServices", "containing": "sealed", "do": action }]);
        let report = collected(&Scripted::start(two_clusters(), faults));
        report.assert_gap(scope, "ecs:ListServices", cause);
        assert_eq!(report.gaps().len(), 1, "{action}: {:#?}", report.gaps());
        assert_ne!(report.gaps()[0]["cause"], "", "{action}");
        assert_complete(&report, "api", 2.0);
        assert_complete(&report, "worker", 1.0);
        assert_eq!(report.workloads().len(), 2, "{action}: {:?}", report.names());
    });
}

#[test]
fn tasks_that_an_unread_service_may_run_are_named_and_not_taken_for_standalone() {
    let mut fleet = two_clusters();
    for cluster in ["prod", "sealed"] {
        fleet["eu-west-1"]["clusters"][cluster]["families"] =
            json!({ "nightly": { "cpu": 256, "memory": 512, "hours": 1000 } });
    }
    let denied = json!({ "error": "AccessDeniedException" });
    let faults = json!([{ "on": "ListServices", "containing": "sealed", "do": denied }]);
    let report = collected(&Scripted::start(fleet, faults));
    let names = ["api", "family:nightly", "worker"].map(|name| format!("111122223333/eu-west-1/prod/{name}"));
    assert_eq!(report.names(), names);
    report.assert_gap("eu-west-1/sealed", "ecs:ListServices", "access denied");
    report.assert_gap("eu-west-1/sealed", "ecs:ListServices", "nightly");
    assert_eq!(report.gaps().len(), 2, "{:#?}", report.gaps());
}

#[test]
fn a_service_that_is_deleted_after_it_was_listed_is_no_gap() {
    let gone = json!({ "services": [], "failures": [{ "arn": "hidden", "reason": "MISSING" }] });
    let faults = json!([{ "on": "DescribeServices", "containing": "sealed", "do": { "answer": gone } }]);
    let mut fleet = two_clusters();
    fleet["eu-west-1"]["clusters"]["sealed"]["families"] =
        json!({ "nightly": { "cpu": 256, "memory": 512, "hours": 1000 } });
    let report = collected(&Scripted::start(fleet, faults));
    report.assert_no_gaps();
    assert!(report.names().contains(&"111122223333/eu-west-1/sealed/family:nightly"), "{:?}", report.names());
}

#[test]
fn an_api_that_is_refused_is_a_gap_and_the_others_are_used() {
    for (operation, api) in [
        ("DescribeCapacityProviders", "ecs:DescribeCapacityProviders"),
        ("ListServiceDeployments", "ecs:ListServiceDeployments"),
        ("DescribeScalableTargets", "application-autoscaling:DescribeScalableTargets"),
        ("ListMetrics", "cloudwatch:ListMetrics"),
        ("DescribeTaskDefinition", "ecs:DescribeTaskDefinition"),
    ] {
        let mut fleet = small_fleet();
        let prod = &mut fleet["eu-west-1"]["clusters"]["prod"];
        prod["families"] = json!({ "nightly": { "cpu": 256, "memory": 512 } });
        prod["services"]["worker"]["strategy"] = json!([["FARGATE_SPOT", 1, 0]]);
        prod["services"]["worker"]["scaling"] = json!({ "min": 1, "max": 2 });
        let refused = json!([{ "on": operation, "do": { "error": "AccessDeniedException" } }]);
        let server = Scripted::start(fleet, refused);
        let report = collected(&server);
        assert!(!server.requests_to(operation).is_empty(), "{operation} was never asked");
        report.assert_gap("eu-west-1", api, "access denied");
        assert_complete(&report, "api", 2.0);
        assert_complete(&report, "worker", 1.0);
    }
}

#[test]
fn without_metrics_the_fleet_is_there_and_not_rated() {
    let refused = json!([{ "on": "GetMetricData", "do": { "error": "AccessDenied", "status": 403 } }]);
    let report = collected(&Scripted::start(small_fleet(), refused));
    report.assert_gap("eu-west-1", "cloudwatch:GetMetricData", "access denied");
    for workload in report.workloads() {
        assert_eq!(workload["finding"], "NotRated", "{workload:#}");
        assert_eq!(workload["monthly_cost"], Value::Null, "unknown is not zero: {workload:#}");
    }
    assert_eq!(report.workloads().len(), 2);
}

#[test]
fn a_series_that_cloudwatch_could_not_read_is_a_gap() {
    for status in ["InternalError", "Forbidden"] {
        let broken = json!({ "result": { "StatusCode": status }, "metric": "MemoryUtilization" });
        let server = Scripted::start(small_fleet(), json!([{ "on": "GetMetricData", "do": broken }]));
        let report = collected(&server);
        report.assert_gap("prod", "cloudwatch:GetMetricData", status);
        // Task-hours come from the CPU series, which is complete.
        assert_complete(&report, "api", 2.0);
        assert_eq!(report.workload("api")["demand"]["memory_mib"], Value::Null);
    }
}

#[test]
fn data_that_stays_partial_is_used_and_is_a_gap() {
    let faults = json!([{ "on": "GetMetricData", "do": { "partial": 0.5 } }]);
    let report = collected(&Scripted::start(small_fleet(), faults));
    report.assert_gap("prod", "cloudwatch:GetMetricData", "partial");
    assert_close(&report.workload("api")["task_hours"], 48.0, "task-hours of the half that came");
}

#[test]
fn what_cloudwatch_says_about_an_answer_is_kept() {
    let said = json!({ "messages": [{ "Code": "TooMuchData", "Value": "some series were left out" }] });
    let report = collected(&Scripted::start(small_fleet(), json!([{ "on": "GetMetricData", "do": said }])));
    report.assert_gap("eu-west-1", "cloudwatch:GetMetricData", "some series were left out");
    assert_complete(&report, "api", 2.0);
}

#[test]
fn what_passes_is_not_a_gap() {
    let actions = [
        json!({ "error": "ThrottlingException" }),
        json!({ "error": "ServerException", "status": 500 }),
        json!({ "status": 503, "body": "come back later" }),
        json!({ "drop": true }),
        json!({ "truncate": true }),
        json!({ "delay": 1.5 }),
    ];
    at_once(&actions, |action| {
        let once = |operation: &str| json!({ "on": operation, "times": 1, "do": action });
        let faults =
            ["ListClusters", "DescribeServices", "GetMetricData", "DescribeScalableTargets"].map(once);
        let server = Scripted::start(small_fleet(), faults.to_vec().into());
        let fargauge = server.fargauge();
        fargauge.collected(&WINDOW);
        let report = fargauge.report();
        assert!(report.gaps().is_empty(), "{action}: {:#?}", report.gaps());
        assert_complete(&report, "api", 2.0);
        assert_complete(&report, "worker", 1.0);
    });
}

#[test]
fn throttling_is_waited_out() {
    let faults = json!([{ "on": "GetMetricData", "times": 2, "do": { "error": "ThrottlingException" } }]);
    let server = Scripted::start(small_fleet(), faults);
    let fargauge = server.fargauge();
    fargauge.collected(&WINDOW);
    fargauge.report().assert_no_gaps();
    assert_eq!(server.requests_to("GetMetricData").len(), 3);
}

#[test]
fn a_gap_can_be_made_to_fail_the_run() {
    let faults = json!([{ "on": "ListServices", "containing": "sealed",
                          "do": { "error": "AccessDeniedException" } }]);
    let fargauge = Scripted::start(two_clusters(), faults);
    let strict = fargauge.fargauge();
    let finished = strict.collect(&[&WINDOW[..], &["--on-incomplete", "fail"]].concat());
    finished.assert_says(3, &["sealed", "ecs:ListServices"]);
    // The snapshot is there all the same, and a report on it can be as strict.
    assert_eq!(strict.report().workloads().len(), 2);
    let snapshot = strict.snapshot();
    let report = ["report", snapshot.to_str().unwrap(), "--on-incomplete", "fail"];
    strict.run(&report).assert_says(3, &["gap"]);
}
