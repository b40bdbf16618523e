//! [`ContainerSize`]: the containers' own settings, as they are and at another task size.
//!
//! A task registers only if the CPU of its containers and the memory they count (the soft limit, else
//! the hard one) stay within the task's, and no limit is above the task's memory.
//!
//! The *main* container is what the task is for and what its use is of: the essential one with the most
//! memory, then CPU; one without any setting of its own comes first. Its settings were made for the task's
//! size, so they are lowered with it. Where it has just what the others leave, be it the whole task, it
//! *follows* the task, up as well as down.
//!
//! At another size the others keep what they have, and the main container keeps its own or gets the rest,
//! whichever is less; one that follows, or whose task grows, gets the rest. A hard limit that is known to be too small
//! ([`super::short_limits`]) is raised, and the main container whose limit that is gets the rest. The room for
//! injected containers is left free:
//!
//! | task | to | containers | become |
//! |---|---|---|---|
//! | 1024 / 2048 | 512 / 1024 | app 1024, 2048, - | app 512, 1024, - |
//! | 2048 / 4096 | 1024 / 2048 | app 1792, 3584, - and envoy 256, 512, - | app 768, 1536, - and envoy as before |
//! | 2048 / 4096 | 1024 / 2048 | app 1536, 3072, - and envoy 256, 512, - | app 768, 1536, - and envoy as before |
//! | 2048 / 4096 | 1024 / 2048 | app 512, 3072, 1024 and envoy 256, 512, - | app 512, 2048, 1024 and envoy as before |
//! | 1024 / 2048 | 1024 / 4096 | app 0, 2048, 512 | app 0, 4096, 512 |
//! | 1024 / 4096 | 1024 / 4096 | app 512, 2048, 1024 and envoy 256, 1024, -, killed | app as before and envoy 256, 2048, - |
//! | any | any | app 0, -, - | unchanged |

use super::{
    GuardInput, containers, injected,
    lowered::lowered,
    short_limits::{self, Raised},
};
use crate::{
    rightsize::TaskRoom,
    units::{CpuUnits, MemoryMib},
    workload::{Container, InjectedContainer, OperatingSystem, TaskDefinition, TaskFacts},
};

pub(super) const DO_NOT_FIT: &str =
    "the limits of its containers do not fit together and must be set by hand";
/// What the main container keeps of CPU, at least.
const MAIN_CPU: u32 = 128;
/// The least memory of a container, MiB: ECS API reference, `ContainerDefinition`, `memory` (Docker 20.10
/// and later).
pub(super) const LEAST_MEMORY: u32 = 6;

/// The settings of one container at the recommended task size; absent stays absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerSize {
    pub name: String,
    /// 0: none reserved.
    pub cpu: CpuUnits,
    /// Hard limit.
    pub memory: Option<MemoryMib>,
    /// Soft limit.
    pub memory_reservation: Option<MemoryMib>,
}

impl ContainerSize {
    pub fn as_now(container: &Container) -> Self {
        Self {
            name: container.name.clone(),
            cpu: container.cpu,
            memory: container.memory,
            memory_reservation: container.memory_reservation,
        }
    }
}

/// Memory that counts against the task's.
pub(super) fn counted(container: &Container) -> u32 {
    container.memory_reservation.or(container.memory).unwrap_or_default().0
}

/// The same with its hard limit raised.
pub(super) fn counted_then(input: &GuardInput<'_>, container: &Container, raised: Raised) -> u32 {
    match (container.memory_reservation, container.memory) {
        (None, Some(hard)) => hard.max(short_limits::least(input, container, raised)).0,
        _ => counted(container),
    }
}

pub(super) fn sum(values: impl Iterator<Item = u32>) -> u32 {
    values.fold(0, u32::saturating_add)
}

/// The containers as seen from the main one.
pub(super) struct Layout<'a> {
    main: usize,
    pub containers: &'a [Container],
    /// What the other containers reserve; of memory, with limits raised.
    pub others_cpu: u32,
    pub others_memory: u32,
    /// The main container's CPU is what the others leave of the task.
    cpu_follows: bool,
    pub memory_follows: bool,
}

impl<'a> Layout<'a> {
    pub fn of(input: &GuardInput<'a>, raised: Raised) -> Option<Self> {
        let containers = input.definition.containers.as_slice();
        let rank = |container: &Container| {
            let unset =
                container.cpu.0 == 0 && container.memory.is_none() && container.memory_reservation.is_none();
            (container.essential, unset, container.memory_floor(), container.cpu)
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

/// The containers' settings for a task of size `to`, in the definition's order. `None` where they would
/// not register, which takes settings in force that do not either.
pub(super) fn split(input: &GuardInput<'_>, to: TaskRoom) -> Option<Vec<ContainerSize>> {
    let with = |raised| Some(followed(input, to, raised)).filter(|split| registers(split, to));
    let leaves_main = |split: &Vec<ContainerSize>| containers::leaves_main(input, split);
    // The largest task has no room to raise a limit that is nearly all of it.
    with(Raised::All).filter(leaves_main).or_else(|| with(Raised::Killed)).or_else(|| with(Raised::None))
}

/// What follows the task at size `to`, limits raised, and all else as it is, whether it registers or not.
fn followed(input: &GuardInput<'_>, to: TaskRoom, raised: Raised) -> Vec<ContainerSize> {
    let mut split: Vec<ContainerSize> =
        input.definition.containers.iter().map(ContainerSize::as_now).collect();
    let Some(layout) = Layout::of(input, raised) else { return split };
    for (then, now) in split.iter_mut().zip(layout.containers) {
        if !std::ptr::eq(now, layout.app()) {
            then.memory = then.memory.map(|hard| hard.max(short_limits::least(input, now, raised)));
        }
    }
    let (room_cpu, room_memory) = injected::room(&input.facts.injected, to);
    let left = |whole: u32, others: u32, room: u32| whole.saturating_sub(others).saturating_sub(room);
    let rest_cpu = left(to.cpu().0, layout.others_cpu, room_cpu.0);
    let rest_memory = left(to.memory().0, layout.others_memory, room_memory.0);
    let (more_cpu, more_memory) = (to.cpu() > input.size.cpu(), to.memory() > input.size.memory());

    let app = &mut split[layout.main];
    // One for which nothing of use is left is not lowered: that no smaller task holds it is then seen.
    let lowered = |own: u32, rest: u32, least: u32| if rest >= least.min(own) { own.min(rest) } else { own };
    let memory_beside = |own: MemoryMib| MemoryMib(lowered(own.0, rest_memory, LEAST_MEMORY));
    if app.cpu.0 > 0 {
        let least = layout.least_cpu();
        let follows = (layout.cpu_follows || more_cpu) && rest_cpu >= least;
        app.cpu = CpuUnits(if follows { rest_cpu } else { lowered(app.cpu.0, rest_cpu, least) });
    }
    let repeats_task = app.memory == Some(input.size.memory());
    let is_short = short_limits::of(input, layout.app()).is_some();
    match (app.memory, app.memory_reservation) {
        // The hard limit counts.
        (Some(_), None) if layout.memory_follows || more_memory => app.memory = Some(MemoryMib(rest_memory)),
        (Some(hard), None) if is_short => app.memory = Some(MemoryMib(rest_memory).max(memory_beside(hard))),
        (Some(hard), None) => app.memory = Some(memory_beside(hard)),
        (hard, Some(soft)) => {
            let soft = if layout.memory_follows { MemoryMib(rest_memory) } else { memory_beside(soft) };
            app.memory_reservation = Some(soft);
            app.memory = hard.map(|hard| match () {
                () if repeats_task => to.memory(),
                // No less than it has, as far as the task has it: where a soft limit counts, a hard one takes
                // nothing from the others.
                () if layout.memory_follows || more_memory || is_short => {
                    let least = hard.max(short_limits::least(input, layout.app(), raised));
                    MemoryMib(rest_memory).max(soft).max(least.min(to.memory()))
                }
                () => hard.min(to.memory()),
            });
        }
        (None, None) => {}
    }
    split
}

/// The containers' settings of a definition at size `to`, with room for the containers that AWS adds; in the
/// definition's order. Limits that do not fit are lowered; whether a container gets by with what it is left is not
/// known here. Or what keeps such settings from registering, and what would do.
pub fn containers_at(
    definition: &TaskDefinition,
    injected: &[InjectedContainer],
    to: TaskRoom,
) -> Result<Vec<ContainerSize>, String> {
    let Some(size) = definition.cpu.zip(definition.memory) else {
        // What follows a task of no size is not known.
        let now: Vec<ContainerSize> = definition.containers.iter().map(ContainerSize::as_now).collect();
        return if registers(&now, to) { Ok(now) } else { Err(DO_NOT_FIT.to_owned()) };
    };
    let facts = TaskFacts { injected: injected.to_vec(), ..TaskFacts::default() };
    let input = GuardInput {
        definition,
        facts: &facts,
        size: TaskRoom::from(size),
        os: OperatingSystem::Linux,
        start_up: None,
        memory_peak: None,
        memory_need: MemoryMib(0),
        rise: None,
        memory_headroom: 0,
    };
    let now: Vec<ContainerSize> = definition.containers.iter().map(ContainerSize::as_now).collect();
    match (split(&input, to), Layout::of(&input, Raised::None)) {
        (Some(split), _) => Ok(split),
        (None, Some(layout)) if registers(&now, input.size) => {
            let mut split = followed(&input, to, Raised::None);
            // One for which the others leave nothing is no follower of use: what it has says what it may need.
            if split[layout.main].memory == Some(MemoryMib(0))
                || split[layout.main].memory_reservation == Some(MemoryMib(0))
            {
                split[layout.main].clone_from(&now[layout.main]);
            }
            lowered(split, layout.main, to, injected::room(&facts.injected, to))
        }
        (None, _) => Err(DO_NOT_FIT.to_owned()),
    }
}

/// Whether ECS takes a task of this size with these containers.
pub fn registers(containers: &[ContainerSize], size: TaskRoom) -> bool {
    let counts = |container: &ContainerSize| container.memory_reservation.or(container.memory);
    let cpu = sum(containers.iter().map(|container| container.cpu.0));
    let memory = sum(containers.iter().filter_map(counts).map(|memory| memory.0));
    let fits = |container: &ContainerSize| {
        let hard = container.memory.unwrap_or(size.memory());
        hard <= size.memory()
            && container.memory_reservation.is_none_or(|soft| soft <= hard)
            && container.memory != Some(MemoryMib(0))
    };
    cpu <= size.cpu().0 && memory <= size.memory().0 && containers.iter().all(fits)
}
