//! What `patch --write` leaves registers, and is the size that the report recommends.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::fixture::{Emulator, Fargauge, python, script};

/// Registers task definitions as ECS would, and gives what the emulator then knows of them.
fn registered(emulator: &Emulator, files: &[PathBuf]) -> Vec<Value> {
    let output = Command::new(python())
        .arg(script("register.py"))
        .args([&emulator.account, "eu-west-1"])
        .args(files)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The task definition of a service as its repository has it, with limits that follow the task.
fn written(family: &str, cpu: u32, memory: u32) -> String {
    let (app_cpu, app_memory) = (cpu - 64, memory - 64);
    format!(
        r#"{{
  "family": "{family}", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
  "cpu": "{cpu}", "memory": "{memory}",
  "containerDefinitions": [
    {{"name": "app", "image": "registry.example/app:2", "cpu": {app_cpu}, "memory": {app_memory}}},
    {{"name": "logs", "image": "registry.example/logs:1", "essential": false, "cpu": 64, "memory": 128,
      "memoryReservation": 64}}
  ]
}}
"#
    )
}

fn home(fargauge: &Fargauge) -> PathBuf {
    fargauge.snapshot().parent().map(Path::to_owned).unwrap()
}

#[test]
fn what_is_patched_registers_with_the_recommended_size() {
    let services = [("oversized", 4096, 16384, [3, 8], [5, 6]), ("starved", 1024, 2048, [50, 60], [90, 98])];
    let fleet: serde_json::Map<String, Value> = services
        .iter()
        .map(|(name, cpu, memory, cpu_percent, memory_percent)| {
            let service = json!({
                "cpu": cpu, "memory": memory, "cpu_percent": cpu_percent, "memory_percent": memory_percent,
            });
            ((*name).to_owned(), service)
        })
        .collect();
    let emulator =
        Emulator::with(json!({ "eu-west-1": { "clusters": { "patched": { "services": fleet } } } }));
    let fargauge = emulator.fargauge();
    fargauge.collected(&["--lookback", "3d", "--period", "300", "--region", "eu-west-1"]);
    let report = fargauge.report();
    let mut files = Vec::new();
    for (name, cpu, memory, ..) in services {
        fargauge.write_home(&format!("ecs/{name}.json"), &written(name, cpu, memory));
        files.push(home(&fargauge).join(format!("ecs/{name}.json")));
    }
    let before = registered(&emulator, &files);
    let run = fargauge.run(&["patch", "--snapshot", "snapshot", "--write", "ecs"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("changed 2 tasks in 2 files"), "{}", run.stderr);
    let after = registered(&emulator, &files);
    for ((name, ..), (before, after)) in services.iter().zip(before.iter().zip(&after)) {
        let recommendation = &report.workload(name)["recommendation"];
        for (key, recommended) in [("cpu", "cpu_units"), ("memory", "memory_mib")] {
            assert_eq!(
                after[key].as_str().unwrap(),
                recommendation[recommended].to_string(),
                "{name}: {after:#}"
            );
        }
        assert!(after["revision"].as_u64() > before["revision"].as_u64(), "{name}");
        let limits = |known: &Value, at: usize| {
            let container = &known["containerDefinitions"][at];
            ["cpu", "memory", "memoryReservation"].map(|key| container[key].clone())
        };
        assert_eq!(limits(after, 1), limits(before, 1), "{name}: the sidecar keeps what it has");
        let number = |key: &str| after[key].as_str().unwrap().parse::<u64>().unwrap();
        let rest = [json!(number("cpu") - 64), json!(number("memory") - 64)];
        assert_eq!(limits(after, 0)[..2], rest, "{name}: the application has the rest");
    }
}
