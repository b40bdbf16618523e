//! [`Wish`]es for tasks, and the slots of a task template that they are about.

use super::literal::Measure;
use crate::{
    template::{Place, Setting, TaskTemplate, TemplateKind},
    units::{CpuUnits, MemoryMib},
};

/// A task template by its place among those that were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskId {
    /// In [`crate::template::ReadTemplates::files`].
    pub file: usize,
    /// In [`crate::template::TemplateFile::tasks`].
    pub task: usize,
}

/// What is to become of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub task: TaskId,
    pub cpu: CpuUnits,
    pub memory: MemoryMib,
    /// Of all containers, in the template's sequence.
    pub containers: Vec<Limits>,
}

/// A container's settings; 0 and nothing: not set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    pub cpu: CpuUnits,
    pub memory: Option<MemoryMib>,
    pub memory_reservation: Option<MemoryMib>,
}

/// A size that a task template says, or does not.
#[derive(Debug, Clone)]
pub struct Slot<'a> {
    /// For people: `memory`, `cpu of container "app"`.
    pub what: String,
    pub said: Said<'a>,
    /// What is wished for; nothing where none was ever there.
    pub wanted: Option<u32>,
    pub measure: Measure,
}

#[derive(Debug, Clone, Copy)]
pub enum Said<'a> {
    Nothing,
    Known { value: u32, at: &'a Place },
    Unresolved { why: &'a str, at: &'a Place },
}

/// The sizes of a task; `wish` is what they are to be, what they are where there is none.
pub fn slots<'a>(task: &'a TaskTemplate, wish: Option<&Wish>) -> Vec<Slot<'a>> {
    let (cpu, memory) = match task.kind {
        TemplateKind::Compose => (Measure::ComposeCpus, Measure::ComposeMemory),
        _ => (Measure::TaskCpu, Measure::TaskMemory),
    };
    let mut slots = vec![
        slot("cpu".to_owned(), said(&task.cpu, |cpu| cpu.0), cpu, wish.map(|wish| Some(wish.cpu.0))),
        slot(
            "memory".to_owned(),
            said(&task.memory, |memory| memory.0),
            memory,
            wish.map(|wish| Some(wish.memory.0)),
        ),
        // Never wished for; what it shares a literal with must leave it as it is.
        slot("ephemeralStorage".to_owned(), said(&task.ephemeral_storage, |gib| gib.0), Measure::Whole, None),
    ];
    for (index, container) in task.containers.iter().enumerate() {
        let name = container.name.known().map_or_else(|| index.to_string(), |name| format!("{name:?}"));
        let limits = wish.and_then(|wish| wish.containers.get(index));
        let of = |key: &str| format!("{key} of container {name}");
        let no_cpu = |cpu: u32| (cpu > 0).then_some(cpu);
        slots.push(slot(
            of("cpu"),
            said(&container.cpu, |cpu| cpu.0),
            Measure::Whole,
            limits.map(|limits| no_cpu(limits.cpu.0)),
        ));
        let mib = |limit: Option<MemoryMib>| limit.map(|limit| limit.0);
        slots.push(slot(
            of("memory"),
            said(&container.memory, |limit| limit.0),
            Measure::Whole,
            limits.map(|limits| mib(limits.memory)),
        ));
        slots.push(slot(
            of("memoryReservation"),
            said(&container.memory_reservation, |limit| limit.0),
            Measure::Whole,
            limits.map(|limits| mib(limits.memory_reservation)),
        ));
    }
    slots
}

/// `wanted` is nothing where it is to stay.
fn slot(what: String, said: Said<'_>, measure: Measure, wanted: Option<Option<u32>>) -> Slot<'_> {
    let now = match said {
        Said::Known { value, .. } => Some(value),
        Said::Nothing | Said::Unresolved { .. } => None,
    };
    let wanted = match wanted {
        // A reservation of zero is none.
        Some(None) if now == Some(0) => now,
        Some(wanted) => wanted,
        None => now,
    };
    Slot { what, said, wanted, measure }
}

fn said<T: Copy>(setting: &Setting<T>, number: impl Fn(T) -> u32) -> Said<'_> {
    match setting {
        Setting::Absent => Said::Nothing,
        Setting::Known { value, at, .. } => Said::Known { value: number(*value), at },
        Setting::Unresolved { why, at } => Said::Unresolved { why, at },
    }
}
