//! [`Layout`]: the containers of a task as seen from the main one.

use super::{
    GuardInput,
    container_size::{counted, sum},
    injected,
    short_limits::{self, Raised},
};
use crate::workload::Container;

/// What the main container keeps of CPU, at least.
const MAIN_CPU: u32 = 128;

/// The containers as seen from the main one.
pub(super) struct Layout<'a> {
    /// Its place in `containers`.
    pub main: usize,
    pub containers: &'a [Container],
    /// What the other containers reserve; of memory, with limits raised.
    pub others_cpu: u32,
    pub others_memory: u32,
    /// The main container's CPU is what the others leave of the task.
    pub cpu_follows: bool,
    pub memory_follows: bool,
}

impl<'a> Layout<'a> {
    pub fn of(input: &GuardInput<'a>, raised: Raised) -> Option<Self> {
        let containers = input.definition.containers.as_slice();
        let peak = |container: &Container| input.facts.peak_of(&container.name).and_then(|peak| peak.memory);
        // One without settings may be what the task is for, unless another is known to take more.
        let most = containers.iter().filter(|container| container.essential).filter_map(peak).max();
        let may_be_main = |container: &Container| {
            let is_set =
                container.cpu.0 > 0 || container.memory.is_some() || container.memory_reservation.is_some();
            !is_set && peak(container).is_none_or(|own| Some(own) >= most)
        };
        let rank = |container: &Container| {
            (container.essential, may_be_main(container), container.memory_floor(), container.cpu)
        };
        // Of equals the first one, as people write the application first.
        let main = (0..containers.len()).rev().max_by_key(|index| rank(&containers[*index]))?;
        let others = || containers.iter().enumerate().filter(move |(index, _)| *index != main);
        let others_cpu = sum(others().map(|(_, container)| container.cpu.0));
        let others_memory = sum(others().map(|(_, container)| counted_then(input, container, raised)));
        let others_now = sum(others().map(|(_, container)| counted(container)));
        let (room_cpu, room_memory) = injected::room(&input.facts.injected, input.size);
        let app = &containers[main];
        let fills = |others: u32, own: u32, room: u32, task: u32| {
            own > 0 && others.saturating_add(own).saturating_add(room) >= task
        };
        Some(Self {
            main,
            containers,
            others_cpu,
            others_memory,
            cpu_follows: fills(others_cpu, app.cpu.0, room_cpu.0, input.size.cpu().0),
            memory_follows: fills(others_now, counted(app), room_memory.0, input.size.memory().0),
        })
    }

    pub fn app(&self) -> &'a Container {
        &self.containers[self.main]
    }

    /// The main container; where that has no settings, also the one that would be it by them.
    pub fn mains(&self) -> Vec<&'a Container> {
        let app = self.app();
        let is_set = app.memory_floor().0 > 0 || app.cpu.0 > 0;
        let rank = |container: &Container| (container.essential, container.memory_floor(), container.cpu);
        // Of equals the first one.
        let by_settings =
            self.others().filter(|_| !is_set).reduce(|a, b| if rank(b) > rank(a) { b } else { a });
        std::iter::once(app).chain(by_settings).collect()
    }

    /// What the main container keeps of CPU at least: its own, or as much as the others have together, so
    /// that they never leave it less than half.
    pub fn least_cpu(&self) -> u32 {
        MAIN_CPU.max(self.others_cpu).min(self.app().cpu.0)
    }

    pub fn others(&self) -> impl Iterator<Item = &'a Container> {
        let main = self.main;
        self.containers.iter().enumerate().filter(move |(index, _)| *index != main).map(|(_, c)| c)
    }
}

/// Memory that counts against the task's, with a hard limit raised.
pub(super) fn counted_then(input: &GuardInput<'_>, container: &Container, raised: Raised) -> u32 {
    match (container.memory_reservation, container.memory) {
        (None, Some(hard)) => hard.max(short_limits::least(input, container, raised)).0,
        _ => counted(container),
    }
}
