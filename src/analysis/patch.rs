//! A repository and a report on production → the repository with the recommended sizes: where `patch` is wired.
//!
//! Takes everything as values. What it gives has been read again: the tasks that were to change have the sizes
//! meant and break no rule that keeps them from registering or running, and nothing else has changed. What cannot
//! be changed so is named, with the reason and the sizes.

mod intent;
mod proof;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use super::check::productions;
use crate::{
    fargate::TaskSize,
    policy::{self, CheckSettings, Production},
    pricing::PriceBook,
    report::Report,
    rightsize::ContainerSize,
    template::{
        ReadTemplates, TaskTemplate, TemplateError,
        patch::{Edit, Limits, Repository, TaskId, Wish, plan},
    },
    units::Usd,
};

/// What a patch is of.
#[derive(Debug, Clone, Copy)]
pub struct PatchInput<'a> {
    pub repository: &'a Repository,
    /// The report on the snapshot of production.
    pub production: &'a Report,
    pub book: &'a PriceBook,
    /// Their links tell which template runs as which workload.
    pub settings: &'a CheckSettings,
}

/// The outcome. Tasks are in the sequence of the files.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Patch {
    pub files: Vec<PatchedFile>,
    pub changes: Vec<Change>,
    /// Tasks that should change and could not, or of which production does not tell.
    pub skipped: Vec<Skipped>,
    /// Tasks that no workload of the snapshot is known to run.
    pub unlinked: Vec<String>,
    /// Tasks that have the recommended size.
    pub unchanged: u64,
}

/// A file with edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchedFile {
    pub path: Arc<PathBuf>,
    pub before: String,
    pub after: String,
}

/// A task that gets another size.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub path: Arc<PathBuf>,
    pub line: usize,
    pub task: String,
    /// Such as `1 vCPU / 2 GB`.
    pub from: String,
    pub to: TaskSize,
    /// Names of the containers whose settings change along.
    pub containers: Vec<String>,
    /// Of the linked workloads: what the template's size, if it runs, and the recommended one differ by; absent
    /// where what runs has another size than the template.
    pub monthly_savings: Option<Usd>,
    /// What must hold, or be done along with it.
    pub conditions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    pub path: Arc<PathBuf>,
    pub line: usize,
    pub task: String,
    pub why: String,
}

/// A size meant for a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    pub task: TaskId,
    pub size: TaskSize,
    /// As many as the template has.
    pub containers: Vec<ContainerSize>,
}

/// What came of intents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resized {
    /// Sorted; none overlaps another.
    pub edits: Vec<Edit>,
    /// Why a task keeps its size.
    pub refused: BTreeMap<TaskId, String>,
}

/// The recommended sizes for those tasks that `wanted` holds for.
pub fn patch(
    input: PatchInput<'_>,
    wanted: impl Fn(&TaskTemplate) -> bool,
) -> Result<(Patch, ReadTemplates), TemplateError> {
    let templates = input.repository.read()?;
    let productions = productions(input.production);
    let mut patch = Patch::default();
    let (mut intents, mut skipped) = (Vec::new(), BTreeMap::new());
    for (id, task) in plan::tasks(&templates.files).filter(|(_, task)| wanted(task)) {
        let linked = policy::linked(task, &productions, input.settings);
        if linked.is_empty() {
            patch.unlinked.push(task.name.clone());
            continue;
        }
        match intent::of(id, task, &linked, &input) {
            Ok(Some(intent)) => intents.push(intent),
            Ok(None) => patch.unchanged += 1,
            Err(why) => {
                skipped.insert(id, why);
            }
        }
    }
    let linked = |task: &TaskTemplate| policy::linked(task, &productions, input.settings);
    let resized = resize(input.repository, &templates, &intents, |was, is| {
        proof::broken(was, is, &linked(was), &input)
    })?;
    for intent in intents.iter().filter(|intent| !resized.refused.contains_key(&intent.task)) {
        let task = &templates.files[intent.task.file].tasks[intent.task.task];
        patch.changes.push(change(task, intent, &linked(task), input.production));
    }
    skipped.extend(resized.refused);
    patch.skipped = skipped.into_iter().map(|(id, why)| skip(&templates, id, why)).collect();
    let files = input.repository.changed(&resized.edits);
    patch.files =
        files.into_iter().map(|(path, before, after)| PatchedFile { path, before, after }).collect();
    Ok((patch, templates))
}

/// Edits that give tasks the sizes meant, and change nothing else. `broken` says what keeps a task (as it was, and as it
/// is read again) from registering or running.
pub fn resize(
    repository: &Repository,
    templates: &ReadTemplates,
    intents: &[Intent],
    broken: impl Fn(&TaskTemplate, &TaskTemplate) -> Option<String>,
) -> Result<Resized, TemplateError> {
    let mut intents: Vec<&Intent> = intents.iter().collect();
    let mut refused = BTreeMap::new();
    // Ends: each round has fewer intents than the one before.
    loop {
        let wishes: Vec<Wish> = intents.iter().map(|intent| wish(intent)).collect();
        let planned = plan::plan(repository, &templates.files, &wishes);
        intents.retain(|intent| !planned.refused.contains_key(&intent.task));
        refused.extend(planned.refused);
        let again = repository.edited(&planned.edits).read()?;
        let wrong = proof::wrong(templates, &again, &intents, &broken);
        let wrong: BTreeMap<TaskId, String> = wrong.into_iter().collect();
        if wrong.is_empty() {
            return Ok(Resized { edits: planned.edits, refused });
        }
        let blamed: BTreeSet<TaskId> = proof::blamed(templates, &intents, &wrong);
        for task in &blamed {
            let why = wrong.get(task).or_else(|| wrong.values().next()).cloned().unwrap_or_default();
            refused.insert(*task, why);
        }
        intents.retain(|intent| !blamed.contains(&intent.task));
    }
}

fn wish(intent: &Intent) -> Wish {
    let limits = |container: &ContainerSize| Limits {
        cpu: container.cpu,
        memory: container.memory,
        memory_reservation: container.memory_reservation,
    };
    Wish {
        task: intent.task,
        cpu: intent.size.cpu(),
        memory: intent.size.memory(),
        containers: intent.containers.iter().map(limits).collect(),
    }
}

fn skip(templates: &ReadTemplates, id: TaskId, why: String) -> Skipped {
    let task = &templates.files[id.file].tasks[id.task];
    Skipped { path: task.at.path.clone(), line: task.at.line, task: task.name.clone(), why }
}

fn change(task: &TaskTemplate, intent: &Intent, linked: &[&Production], report: &Report) -> Change {
    let size = (task.cpu.known().copied(), task.memory.known().copied());
    let from = match size {
        (Some(cpu), Some(memory)) => format!("{cpu} / {memory}"),
        _ => "no size".to_owned(),
    };
    let changed = task.containers.iter().zip(&intent.containers).filter(|(now, then)| {
        now.cpu.known().copied().unwrap_or_default() != then.cpu
            || now.memory.known() != then.memory.as_ref()
            || now.memory_reservation.known() != then.memory_reservation.as_ref()
    });
    let ids: BTreeSet<&str> = linked.iter().map(|production| production.id.as_str()).collect();
    let workloads = || report.workloads.iter().filter(|workload| ids.contains(workload.id.as_str()));
    let recommendations = || workloads().filter_map(|workload| workload.recommendation.as_ref());
    let runs_as_written = linked.iter().all(|production| {
        production.current == size
            && production.recommended.is_none_or(|recommended| recommended == intent.size)
    });
    let mut conditions: Vec<String> =
        recommendations().flat_map(|recommendation| recommendation.conditions.iter().cloned()).collect();
    conditions.extend(workloads().filter_map(scaling));
    conditions.sort();
    conditions.dedup();
    Change {
        path: task.at.path.clone(),
        line: task.at.line,
        task: task.name.clone(),
        from,
        to: intent.size,
        containers: changed.map(|(_, then)| then.name.clone()).collect(),
        monthly_savings: recommendations()
            .map(|recommendation| recommendation.monthly_savings)
            .sum_of_all()
            .filter(|_| runs_as_written),
        conditions,
    }
}

/// A size may be right with other settings of its scaling only, which are not the task's.
fn scaling(workload: &crate::report::WorkloadReport) -> Option<String> {
    let scaling = workload.recommendation.as_ref()?.scaling?;
    let target = |name: &str, target: Option<crate::report::Quantity>| {
        target.map(|percent| format!(", {name} target {} %", percent.0.normalize()))
    };
    Some(format!(
        "the scaling of {} is to be {} to {} tasks{}{}",
        workload.id,
        scaling.min_capacity,
        scaling.max_capacity,
        target("CPU", scaling.target_cpu_percent).unwrap_or_default(),
        target("memory", scaling.target_memory_percent).unwrap_or_default(),
    ))
}

trait SumOfAll: Iterator<Item = Option<Usd>> + Sized {
    /// The sum, where there are any and each is known.
    fn sum_of_all(self) -> Option<Usd> {
        let all: Vec<Usd> = self.collect::<Option<_>>()?;
        (!all.is_empty()).then(|| all.into_iter().sum())
    }
}

impl<T: Iterator<Item = Option<Usd>>> SumOfAll for T {}
