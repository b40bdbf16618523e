//! Edits that are refused once they have been read again.

use std::{path::PathBuf, sync::Arc};

use super::*;
use crate::{
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
