//! Seeded fleets in the emulators, collected and reported: the numbers are those that were put in.

use std::{fs, path::Path, process::Command};

use serde_json::{Value, json};

use crate::fixture::{Emulator, Report, assert_close, python};

/// Collects `regions` of an emulator over three days and reports on them.
fn collected(emulator: &Emulator, regions: &[&str]) -> Report {
    let fargauge = emulator.fargauge();
    let mut arguments = vec!["--lookback", "3d", "--period", "300"];
    for region in regions {
        arguments.extend(["--region", region]);
    }
    fargauge.collected(&arguments);
    fargauge.report()
}

fn one_cluster(name: &str, services: &Value) -> Value {
    json!({ "eu-west-1": { "clusters": { name: { "services": services } } } })
}

#[test]
fn requested_hours_are_what_ran_in_every_region() {
    let emulator = Emulator::with(json!({
        "eu-west-1": { "clusters": {
            "shop": { "services": {
                "web": { "cpu": 1024, "memory": 2048, "tasks": 3 },
                "queue": { "cpu": 4096, "memory": 30720, "tasks": 2, "hours": 48 },
                "nights": { "cpu": 256, "memory": 1024, "gap_hours": [40, 32] },
                "asleep": { "cpu": 256, "memory": 512, "tasks": 0 },
            } },
            "back": { "services": { "ledger": { "cpu": 512, "memory": 1024, "tasks": 12, "hours": 30 } } },
        } },
        "us-east-1": { "clusters": { "shop": { "services": { "web": { "cpu": 512, "memory": 4096 } } } } },
    }));
    let report = collected(&emulator, &["eu-west-1", "us-east-1"]);
    for (place, truth) in emulator.truths() {
        let id = format!("{}/{place}", emulator.account);
        let workload = report.workloads().iter().find(|w| w["id"] == id.as_str());
        let workload = workload.unwrap_or_else(|| panic!("{id} is missing: {:?}", report.names()));
        assert_close(&workload["task_hours"], truth["task_hours"].as_f64().unwrap(), &id);
        if truth["task_hours"] == 0 {
            continue;
        }
        for key in ["requested_vcpu_hours", "requested_gb_hours"] {
            assert_close(&workload[key], truth[key].as_f64().unwrap(), &format!("{id} {key}"));
        }
    }
    assert_eq!(report.workloads().len(), emulator.truths().count(), "{:?}", report.names());
}

#[test]
fn totals_are_the_sums_of_the_rows() {
    let report = collected(
        &Emulator::with(one_cluster(
            "sums",
            &json!({
                "large": { "cpu": 4096, "memory": 8192, "cpu_percent": [2, 6], "memory_percent": [10, 12] },
                "tight": { "cpu": 512, "memory": 1024, "memory_percent": [90, 97], "tasks": 3 },
            }),
        )),
        &["eu-west-1"],
    );
    for key in ["task_hours", "requested_vcpu_hours", "requested_gb_hours", "window_cost", "monthly_cost"] {
        let sum: f64 = report.workloads().iter().map(|workload| workload[key].as_f64().unwrap()).sum();
        let total = report["totals"][key].as_f64().unwrap();
        assert!(sum > 0.0 && (sum - total).abs() < 1e-6, "{key}: rows {sum}, total {total}");
    }
}

#[test]
fn findings_follow_from_what_was_used() {
    let emulator = Emulator::with(one_cluster(
        "sizes",
        &json!({
            "oversized": { "cpu": 4096, "memory": 16384, "cpu_percent": [3, 8], "memory_percent": [10, 11] },
            "starved": { "cpu": 1024, "memory": 2048, "cpu_percent": [50, 60], "memory_percent": [90, 98] },
            "throttled": { "cpu": 512, "memory": 1024, "cpu_percent": [90, 100], "memory_percent": [40, 50] },
            "fitting": { "cpu": 1024, "memory": 2048, "cpu_percent": [50, 75], "memory_percent": [60, 75] },
            "smallest": { "cpu": 256, "memory": 512, "cpu_percent": [10, 30], "memory_percent": [30, 40] },
            "young": { "cpu": 1024, "memory": 2048, "hours": 5 },
            "patchy": { "cpu": 1024, "memory": 2048, "hours": 70, "gap_hours": [65, 5] },
            "asleep": { "cpu": 1024, "memory": 2048, "tasks": 0 },
            "unused": { "cpu": 1024, "memory": 2048, "cpu_percent": [0.1, 0.5] },
        }),
    ));
    let report = collected(&emulator, &["eu-west-1"]);
    for (name, finding, not_rated) in [
        ("oversized", "Overprovisioned", None),
        ("starved", "Underprovisioned", None),
        ("throttled", "Underprovisioned", None),
        ("fitting", "Optimized", None),
        ("smallest", "AlreadyMinimal", None),
        ("young", "NotRated", Some("too-new")),
        ("patchy", "NotRated", Some("gap-in-metrics")),
        ("asleep", "NotRated", Some("no-running-tasks")),
    ] {
        let workload = report.workload(name);
        assert_eq!(workload["finding"], finding, "{name}: {workload:#}");
        assert_eq!(workload["not_rated"]["reason"].as_str(), not_rated, "{name}: {workload:#}");
    }
    // 8 % of 4 vCPU and 11 % of 16 GiB, and a fifth on top: 0.384 vCPU and 2.1 GiB.
    let smaller = &report.workload("oversized")["recommendation"];
    assert_eq!((&smaller["cpu_units"], &smaller["memory_mib"]), (&json!(512), &json!(3072)), "{smaller:#}");
    assert!(smaller["monthly_savings"].as_f64().unwrap() > 0.0, "{smaller:#}");
    let larger = &report.workload("starved")["recommendation"];
    assert!(larger["monthly_savings"].as_f64().unwrap() < 0.0, "{larger:#}");
    assert!(report.workload("unused")["reasons"].as_array().unwrap().contains(&json!("idle")));
}

#[test]
fn demand_is_absolute() {
    let services = json!({ "web": { "cpu": 2048, "memory": 8192, "tasks": 2,
        "cpu_percent": [25, 50], "memory_percent": [40, 60] } });
    let report = collected(&Emulator::with(one_cluster("demand", &services)), &["eu-west-1"]);
    let demand = &report.workload("web")["demand"];
    assert_close(&demand["cpu_vcpu"]["average"], 0.5, "average vCPU of a task");
    assert_close(&demand["cpu_vcpu"]["max"], 1.0, "largest vCPU of a task");
    assert_close(&demand["memory_mib"]["average"], 3276.8, "average MiB of a task");
    assert_close(&demand["memory_mib"]["max"], 4915.2, "largest MiB of a task");
}

#[test]
fn every_shape_of_service_is_reported() {
    let emulator = Emulator::with(json!({ "us-east-1": { "clusters": { "shapes": {
        "services": {
            "plain": { "cpu": 512, "memory": 1024, "tags": { "team": "checkout", "stage": "prod" } },
            "arm": { "cpu": 512, "memory": 1024, "arch": "ARM64" },
            "windows": { "cpu": 1024, "memory": 2048, "os": "WINDOWS_SERVER_2022_CORE" },
            "spot": { "cpu": 512, "memory": 1024, "tasks": 5,
                      "strategy": [["FARGATE", 1, 1], ["FARGATE_SPOT", 3, 0]] },
            "machines": { "cpu": 512, "memory": 1024, "launch_type": "EC2" },
            "agent": { "cpu": 256, "memory": 512, "launch_type": "EC2", "scheduling": "DAEMON" },
            "onsite": { "cpu": 512, "memory": 1024, "launch_type": "EXTERNAL" },
            "bluegreen": { "cpu": 512, "memory": 1024, "controller": "CODE_DEPLOY" },
            "disk": { "cpu": 512, "memory": 1024, "ephemeral_gib": 100 },
        },
        "families": { "nightly": { "cpu": 1024, "memory": 2048, "hours": 40 } },
    } } } }));
    let report = collected(&emulator, &["us-east-1"]);
    for (name, launch_type, arch, not_rated) in [
        ("plain", "FARGATE", "x86_64", None),
        ("arm", "FARGATE", "arm64", None),
        ("windows", "FARGATE", "x86_64", None),
        ("spot", "FARGATE", "x86_64", None),
        ("machines", "EC2", "x86_64", None),
        ("agent", "EC2", "x86_64", None),
        ("onsite", "EXTERNAL", "x86_64", Some("external-launch-type")),
        ("bluegreen", "FARGATE", "x86_64", None),
        ("disk", "FARGATE", "x86_64", None),
        ("nightly", "FARGATE", "x86_64", None),
    ] {
        let workload = report.workload(name);
        assert_eq!(workload["launch_type"], launch_type, "{name}: {workload:#}");
        assert_eq!(workload["platform"]["arch"], arch, "{name}: {workload:#}");
        assert_eq!(workload["not_rated"]["reason"].as_str(), not_rated, "{name}: {workload:#}");
    }
    assert_eq!(report.workload("plain")["tags"], json!({ "team": "checkout", "stage": "prod" }));
    assert_close(&report.workload("spot")["spot_share"], 0.6, "one base and a quarter of four on demand");
    assert_eq!(report.workload("disk")["current"]["ephemeral_storage_gib"], 100);
    assert_close(&report.workload("nightly")["task_hours"], 40.0, "hours of standalone tasks");
    let cost = |name: &str| report.workload(name)["monthly_cost"].as_f64().unwrap();
    assert!(
        cost("arm") < cost("plain") && cost("plain") < cost("disk") && cost("windows") > 2.0 * cost("plain")
    );
}

#[test]
fn the_dimension_that_scaling_follows_is_not_rated() {
    let scaled = |policies: Value| {
        json!({ "cpu": 4096, "memory": 16384, "cpu_percent": [3, 8], "memory_percent": [10, 11], "tasks": 2,
                "scaling": { "min": 2, "max": 8, "policies": policies,
                             "scheduled": [{ "schedule": "cron(0 7 * * ? *)", "min": 3, "max": 8 }] } })
    };
    let cpu = json!({ "metric": "ECSServiceAverageCPUUtilization", "target": 50 });
    let memory = json!({ "metric": "ECSServiceAverageMemoryUtilization", "target": 60 });
    let report = collected(
        &Emulator::with(one_cluster(
            "scaled-by-metric",
            &json!({
                "by-cpu": scaled(json!([cpu])),
                "by-memory": scaled(json!([memory])),
                "by-both": scaled(json!([cpu, memory])),
                "by-clock": scaled(json!([])),
            }),
        )),
        &["eu-west-1"],
    );
    let not_rated = |name: &str, dimension: &str| {
        report.workload(name)["dimensions"][dimension]["not_rated"]["reason"].as_str().map(str::to_owned)
    };
    let autoscaled = Some("autoscaled".to_owned());
    for (name, cpu, memory) in [
        ("by-cpu", &autoscaled, &None),
        ("by-memory", &None, &autoscaled),
        ("by-both", &autoscaled, &autoscaled),
        ("by-clock", &None, &None),
    ] {
        assert_eq!((&not_rated(name, "cpu"), &not_rated(name, "memory")), (cpu, memory), "{name}");
    }
    // What scaling does not follow is still judged.
    assert_eq!(report.workload("by-cpu")["dimensions"]["memory"]["finding"], "Overprovisioned");
    assert_eq!(report.workload("by-cpu")["recommendation"]["cpu_units"], 4096);
    assert_eq!(report.workload("by-both")["not_rated"]["reason"], "autoscaled");
}

#[test]
fn no_environment_value_gets_into_a_snapshot() {
    let environment = json!({ "DATABASE_PASSWORD": "hunter2-never-stored", "JAVA_TOOL_OPTIONS":
        "-Xmx768m -Dapi.key=topsecret-never-stored" });
    let services = json!({ "web": { "cpu": 1024, "memory": 2048, "environment": environment } });
    let fargauge = Emulator::with(one_cluster("secrets", &services)).fargauge();
    fargauge.collected(&["--region", "eu-west-1", "--lookback", "1d"]);
    let files = files_below(&fargauge.snapshot());
    assert!(files.iter().any(|file| contains(file, b"768m")), "the heap's size is kept: {files:?}");
    for file in &files {
        assert!(!contains(file, b"never-stored"), "{file:?} holds a secret");
    }
}

#[test]
fn the_utilization_is_parquet_that_others_can_read() {
    let services = json!({
        "one": { "cpu": 256, "memory": 512, "cpu_percent": [10, 20.006], "tasks": 2, "hours": 100 },
        "two": { "cpu": 256, "memory": 512, "hours": 100 },
    });
    let fargauge = Emulator::with(one_cluster("parquet", &services)).fargauge();
    fargauge.collected(&["--region", "eu-west-1", "--lookback", "1d", "--period", "3600"]);
    let files = fargauge.snapshot().join("utilization").join("*.parquet");
    let query = "select count(*), count(distinct workload_id), min(cpu_avg), max(cpu_samples), \
                 max(cpu_max) filter (where workload_id = 0), max(extract(minute from \"timestamp\")) \
                 from read_parquet(?)";
    let program = "import duckdb, sys; print(duckdb.execute(sys.argv[1], [sys.argv[2]]).fetchone())";
    let output = Command::new(python()).args(["-c", program, query]).arg(&files).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Hundredths of a per cent, maxima rounded up; two tasks give 120 samples an hour.
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "(48, 2, 1000, 120, 2001, 0)");
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

fn contains(file: &Path, needle: &[u8]) -> bool {
    fs::read(file).unwrap().windows(needle.len()).any(|window| window == needle)
}
