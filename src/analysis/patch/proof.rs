//! What was edited, read again: it must be what was meant, and nothing else may have changed.

use std::collections::{BTreeMap, BTreeSet};

use super::{Intent, PatchInput};
use crate::{
    policy::{self, Case, CheckSettings, Finding, Level, Production, Rule},
    template::{
        ReadTemplates, Setting, TaskTemplate,
        patch::{TaskId, plan::tasks},
    },
    workload::RuntimeSetting,
};

/// What keeps a task from registering, or from running for long.
const BREAKING: [Rule; 3] = [Rule::InvalidTaskSize, Rule::ContainersExceedTask, Rule::HeapExceedsMemory];

/// The first rule that a task would break, as a sentence; one that only warns, and did before, is left to `check`.
pub fn broken(
    was: &TaskTemplate,
    is: &TaskTemplate,
    linked: &[&Production],
    input: &PatchInput<'_>,
) -> Option<String> {
    let before = findings(was, linked, input);
    let is_same = |a: &Finding, b: &Finding| a.rule == b.rule && a.container == b.container;
    let finding = findings(is, linked, input).into_iter().find(|finding| {
        finding.level == Level::Deny || !before.iter().any(|known| is_same(known, finding))
    })?;
    Some(format!("{}: {}", finding.rule.as_str(), finding.message))
}

fn findings(task: &TaskTemplate, linked: &[&Production], input: &PatchInput<'_>) -> Vec<Finding> {
    let production: Vec<Production> = linked.iter().map(|production| (*production).clone()).collect();
    // Levels are what a check may overlook, not what a patch may do.
    let mut settings = CheckSettings::default();
    settings.links.clone_from(&input.settings.links);
    let mut judgement = policy::judge(Case {
        tasks: &[task],
        unread: &[],
        base: None,
        base_unread: &[],
        baseline: None,
        production: Some(&production),
        snapshot_end: None,
        region: linked.first().map(|production| &production.region),
        book: input.book,
        settings: &settings,
        now: input.production.as_of,
    });
    judgement.findings.retain(|finding| BREAKING.contains(&finding.rule));
    judgement.findings
}

/// What is not as it was meant, by task.
pub fn wrong(
    before: &ReadTemplates,
    after: &ReadTemplates,
    intents: &[&Intent],
    broken: &impl Fn(&TaskTemplate, &TaskTemplate) -> Option<String>,
) -> Vec<(TaskId, String)> {
    let intended: BTreeMap<TaskId, &Intent> = intents.iter().map(|intent| (intent.task, *intent)).collect();
    let read_again: BTreeMap<TaskId, &TaskTemplate> = tasks(&after.files).collect();
    let is_same_file = |id: TaskId| {
        let (was, is) = (before.files.get(id.file), after.files.get(id.file));
        was.zip(is)
            .is_some_and(|(was, is)| was.path == is.path && (was.error.is_some() || is.error.is_none()))
    };
    let mut wrong = Vec::new();
    for (id, was) in tasks(&before.files) {
        let meant = intended.get(&id).copied();
        let is = read_again.get(&id).filter(|_| is_same_file(id));
        let why = match (is, meant) {
            (Some(is), Some(intent)) if says(is) == meant_of(was, intent) => {
                broken(was, is).map(|rule| format!("at {} it would break {rule}", intent.size))
            }
            (Some(is), None) if says(is) == says(was) => None,
            _ => Some(format!("the edit would change more of {} than its size; change it by hand", was.name)),
        };
        wrong.extend(why.map(|why| (id, why)));
    }
    wrong
}

/// Whose edits may be what is wrong: those of the tasks themselves; where it is of no task that was edited, of all in
/// the same file; else all.
pub fn blamed(
    before: &ReadTemplates,
    intents: &[&Intent],
    wrong: &BTreeMap<TaskId, String>,
) -> BTreeSet<TaskId> {
    let those = |is_to_blame: &dyn Fn(TaskId) -> bool| -> BTreeSet<TaskId> {
        intents.iter().map(|intent| intent.task).filter(|task| is_to_blame(*task)).collect()
    };
    let folder = |task: TaskId| before.files.get(task.file).and_then(|file| file.path.parent());
    let candidates = [
        those(&|task| wrong.contains_key(&task)),
        those(&|task| wrong.keys().any(|other| other.file == task.file)),
        those(&|task| wrong.keys().any(|other| folder(*other) == folder(task))),
    ];
    candidates.into_iter().find(|tasks| !tasks.is_empty()).unwrap_or_else(|| those(&|_| true))
}

/// What a template says, wherever it says it.
#[derive(Debug, PartialEq)]
struct Says<'a> {
    name: &'a str,
    family: Option<&'a String>,
    sizes: [Option<u32>; 3],
    containers: Vec<ContainerSays<'a>>,
    counts: Vec<Option<&'a u32>>,
}

#[derive(Debug, PartialEq)]
struct ContainerSays<'a> {
    name: Option<&'a String>,
    /// CPU, hard limit, soft limit; nothing and 0 are the same.
    limits: [u32; 3],
    settings: Vec<&'a RuntimeSetting>,
}

fn says(task: &TaskTemplate) -> Says<'_> {
    fn number<T: Copy>(setting: &Setting<T>, number: impl Fn(T) -> u32) -> Option<u32> {
        setting.known().map(|value| number(*value))
    }
    Says {
        name: &task.name,
        family: task.family.known(),
        sizes: [
            number(&task.cpu, |cpu| cpu.0),
            number(&task.memory, |memory| memory.0),
            number(&task.ephemeral_storage, |storage| storage.0),
        ],
        containers: task
            .containers
            .iter()
            .map(|container| ContainerSays {
                name: container.name.known(),
                limits: [
                    number(&container.cpu, |cpu| cpu.0).unwrap_or_default(),
                    number(&container.memory, |memory| memory.0).unwrap_or_default(),
                    number(&container.memory_reservation, |memory| memory.0).unwrap_or_default(),
                ],
                settings: container.runtime_settings.iter().map(|(setting, _)| setting).collect(),
            })
            .collect(),
        counts: task.services.iter().map(|service| service.desired_count.known()).collect(),
    }
}

/// What it is to say.
fn meant_of<'a>(was: &'a TaskTemplate, intent: &Intent) -> Says<'a> {
    let mut meant = says(was);
    meant.sizes[0] = Some(intent.size.cpu().0);
    meant.sizes[1] = Some(intent.size.memory().0);
    for (container, then) in meant.containers.iter_mut().zip(&intent.containers) {
        let limit = |limit: Option<crate::units::MemoryMib>| limit.unwrap_or_default().0;
        container.limits = [then.cpu.0, limit(then.memory), limit(then.memory_reservation)];
    }
    meant
}
