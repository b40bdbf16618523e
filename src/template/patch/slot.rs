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
        Slot::new("cpu".to_owned(), said(&task.cpu, |cpu| cpu.0), cpu),
        Slot::new("memory".to_owned(), said(&task.memory, |memory| memory.0), memory),
        // Never wished for; what it shares a literal with must leave it as it is.
        Slot::new("ephemeralStorage".to_owned(), said(&task.ephemeral_storage, |gib| gib.0), Measure::Whole),
    ];
    if let Some(wish) = wish {
        slots[0].wish_for(Some(wish.cpu.0));
        slots[1].wish_for(Some(wish.memory.0));
    }
    for (index, container) in task.containers.iter().enumerate() {
        let name = format!("{:?}", container.label);
        let of = |key: &str, said| Slot::new(format!("{key} of container {name}"), said, Measure::Whole);
        let mut limits = [
            of("cpu", said(&container.cpu, |cpu| cpu.0)),
            of("memory", said(&container.memory, |limit| limit.0)),
            of("memoryReservation", said(&container.memory_reservation, |limit| limit.0)),
        ];
        if let Some(wish) = wish.and_then(|wish| wish.containers.get(index)) {
            limits[0].wish_for((wish.cpu.0 > 0).then_some(wish.cpu.0));
            limits[1].wish_for(wish.memory.map(|limit| limit.0));
            limits[2].wish_for(wish.memory_reservation.map(|limit| limit.0));
        }
        slots.extend(limits);
    }
    slots
}

impl<'a> Slot<'a> {
    /// One that is to stay as it is.
    fn new(what: String, said: Said<'a>, measure: Measure) -> Self {
        let wanted = match said {
            Said::Known { value, .. } => Some(value),
            Said::Nothing | Said::Unresolved { .. } => None,
        };
        Self { what, said, wanted, measure }
    }

    fn wish_for(&mut self, wanted: Option<u32>) {
        // Zero is none already.
        if wanted.is_some() || self.wanted != Some(0) {
            self.wanted = wanted;
        }
    }
}

fn said<T: Copy>(setting: &Setting<T>, number: impl Fn(T) -> u32) -> Said<'_> {
    match setting {
        Setting::Absent => Said::Nothing,
        Setting::Known { value, at, .. } => Said::Known { value: number(*value), at },
        Setting::Unresolved { why, at } => Said::Unresolved { why, at },
    }
}
