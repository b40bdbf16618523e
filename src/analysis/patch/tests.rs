//! Edits that are refused once they have been read again.

use std::{path::PathBuf, sync::Arc};

use super::*;
use crate::{
    report::{ContainerReport, GuardReport, fixture},
    rightsize::{TaskRoom, containers_at},
    template::SourceFile,
    units::{CpuUnits, MemoryMib},
    workload::OperatingSystem,
};

fn repository(files: &[(&str, &str)]) -> Repository {
    let file = |(path, text): &(&str, &str)| SourceFile {
        path: Arc::new(PathBuf::from(path)),
        bytes: Arc::from(text.as_bytes()),
        named: true,
    };
    Repository { files: files.iter().map(file).collect(), ..Repository::default() }
}

/// Gives every task named that size.
fn resized(
    repository: &Repository,
    sizes: &[(&str, u32, u32)],
    broken: impl Fn(&TaskTemplate, &TaskTemplate) -> Option<String>,
) -> Resized {
    let templates = repository.read().unwrap();
    let intents: Vec<Intent> = plan::tasks(&templates.files)
        .filter_map(|(id, task)| {
            let (_, cpu, memory) = sizes.iter().find(|(name, ..)| *name == task.name)?;
            let size = TaskSize::new(CpuUnits(*cpu), MemoryMib(*memory), OperatingSystem::Linux).unwrap();
            let containers = containers_at(&task.definition().unwrap(), &[], TaskRoom::from(size)).unwrap();
            Some(Intent { task: id, size, containers })
        })
        .collect();
    assert_eq!(intents.len(), sizes.len());
    resize(repository, &templates, &intents, broken).unwrap()
}

fn template(tasks: &str) -> String {
    format!(
        "Parameters:\n  M: {{Type: Number, Default: 1024}}\n  C: {{Type: Number, Default: 512}}\nResources:\n{tasks}"
    )
}

fn task(name: &str, cpu: &str, memory: &str) -> String {
    format!(
        "  {name}:\n    Type: AWS::ECS::TaskDefinition\n    Properties: {{Family: {name}, Cpu: {cpu}, Memory: {memory}}}\n"
    )
}

#[test]
fn an_edit_that_would_change_another_task_is_not_made_and_others_are() {
    // B's memory is put together from the parameter that A's is.
    let both = template(&(task("A", "512", "!Ref M") + &task("B", "1024", "!Sub '${M}0'")));
    let other = template(&task("D", "512", "1024"));
    let repository = repository(&[("a/t.yml", &both), ("b/t.yml", &other)]);
    let resized = resized(&repository, &[("A", 512, 2048), ("D", 512, 2048)], |_, _| None);
    let refused: Vec<&String> = resized.refused.values().collect();
    assert_eq!(refused.len(), 1);
    assert!(refused[0].contains("would change more of B than its size"), "{refused:?}");
    let edited: Vec<_> =
        resized.edits.iter().map(|edit| (edit.path.to_str().unwrap(), &*edit.replacement)).collect();
    assert_eq!(edited, [("b/t.yml", "2048")]);
}

#[test]
fn an_edit_that_would_turn_a_condition_is_not_made() {
    let text = "Parameters:\n  C: {Type: Number, Default: 512}\nConditions:\n  Small: !Equals [!Ref C, 512]\nResources:\n"
        .to_owned()
        + &task("A", "!Ref C", "!If [Small, 1024, 8192]");
    let resized = resized(&repository(&[("t.yml", &text)]), &[("A", 256, 1024)], |_, _| None);
    assert_eq!(resized.edits, []);
    assert!(
        resized.refused.values().all(|why| why.contains("more of A than its size")),
        "{:?}",
        resized.refused
    );
}

#[test]
fn a_task_that_breaks_a_rule_is_left_and_takes_no_other_along() {
    let text = template(&(task("A", "512", "1024") + &task("B", "512", "1024")));
    let repository = repository(&[("t.yml", &text)]);
    let broken =
        |_: &TaskTemplate, task: &TaskTemplate| (task.name == "B").then(|| "some-rule: it is so".to_owned());
    let resized = resized(&repository, &[("A", 256, 512), ("B", 256, 512)], broken);
    assert_eq!(resized.edits.len(), 2);
    let why: Vec<_> = resized.refused.values().collect();
    assert_eq!(why, ["at 0.25 vCPU / 0.5 GB it would break some-rule: it is so"]);
}

/// Production where `sidecar` was killed at its own 1,024 MiB, and the task is to stay or to grow.
fn killed_at_own_limit(memory: u32) -> Report {
    let mut report = fixture::report();
    let row = report.workloads.iter_mut().find(|row| row.service.as_deref() == Some("payments")).unwrap();
    (row.current.cpu_units, row.current.memory_mib) = (Some(1024), Some(4096));
    row.guards = vec![GuardReport {
        code: "oom-killed".into(),
        detail: "sidecar at its own limit".into(),
        cpu_units: None,
        memory_mib: Some(memory),
    }];
    let recommendation = row.recommendation.as_mut().unwrap();
    (recommendation.cpu_units, recommendation.memory_mib) = (1024, memory);
    let container = |name: &str, cpu, hard, soft| ContainerReport {
        name: name.into(),
        cpu_units: Some(cpu),
        memory_mib: Some(hard),
        memory_reservation_mib: soft,
    };
    recommendation.containers =
        vec![container("app", 512, memory - 2048, Some(1024)), container("sidecar", 256, 2048, None)];
    report
}

fn payments(app: &str, sidecar: u32) -> Repository {
    let text = format!(
        r#"{{"family": "payments", "requiresCompatibilities": ["FARGATE"], "cpu": "1024", "memory": "4096",
"containerDefinitions": [
  {{"name": "{app}", "image": "x", "cpu": 512, "memory": 2048, "memoryReservation": 1024}},
  {{"name": "sidecar", "image": "y", "cpu": 256, "memory": {sidecar}}}]}}"#
    );
    repository(&[("task.json", &text)])
}

fn patched(repository: &Repository, production: &Report) -> Patch {
    let settings = CheckSettings::default();
    let input = PatchInput { repository, production, book: PriceBook::embedded(), settings: &settings };
    patch(input, |_| true).unwrap().0
}

#[test]
fn a_limit_that_a_container_was_killed_at_is_raised_where_the_task_stays() {
    let done = patched(&payments("app", 1024), &killed_at_own_limit(4096));
    assert_eq!(done.skipped, []);
    let before = payments("app", 1024).files[0].bytes.clone();
    let before = std::str::from_utf8(&before).unwrap();
    assert_eq!(done.files[0].after, before.replace("\"memory\": 1024", "\"memory\": 2048"));
    assert_eq!(done.changes[0].containers, ["sidecar"]);

    // The change is made already, here or where another runs.
    assert_eq!(patched(&payments("app", 2048), &killed_at_own_limit(4096)).unchanged, 1);
}

#[test]
fn a_limit_that_a_container_was_killed_at_is_raised_with_the_task() {
    let done = patched(&payments("app", 1024), &killed_at_own_limit(5120));
    assert_eq!(done.skipped, []);
    assert_eq!(done.changes[0].containers, ["app", "sidecar"]);
}

#[test]
fn limits_of_containers_that_do_not_run_so_are_left_to_people() {
    let done = patched(&payments("web", 1024), &killed_at_own_limit(4096));
    assert!(done.files.is_empty());
    assert!(done.skipped[0].why.contains("the 1024 MiB of \"sidecar\" are enough"), "{:?}", done.skipped);
}
