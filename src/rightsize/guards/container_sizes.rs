//! The containers' own settings at another task size.
//!
//! A task registers only if the CPU of its containers and the memory they count (the soft limit, else
//! the hard one) stay within the task's, and no limit is above the task's memory.
//!
//! The *main* container is what the task is for and what its use is of: the essential one with the most
//! memory, then CPU; one without any setting of its own comes first, unless another is known to take more memory.
//! Its settings were made for the task's size, so they are lowered with it. Where it has just what the others leave,
//! be it the whole task, it *follows* the task, up as well as down.
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
    GuardInput,
    container_size::{ContainerSize, DO_NOT_FIT, LEAST_MEMORY, registers},
    injected,
    layout::Layout,
    lowered::lowered,
    main_container,
    short_limits::{self, Raised, ShortLimit},
};
use crate::{
    rightsize::TaskRoom,
    units::{CpuUnits, MemoryMib},
    workload::{InjectedContainer, OperatingSystem, TaskDefinition, TaskFacts},
};

/// The containers' settings for a task of size `to`, in the definition's order. `None` where they would
/// not register, which takes settings in force that do not either.
pub(super) fn split(input: &GuardInput<'_>, to: TaskRoom) -> Option<Vec<ContainerSize>> {
    let with = |raised| Some(followed(input, to, raised)).filter(|split| registers(split, to));
    let leaves_main = |split: &Vec<ContainerSize>| main_container::leaves_main(input, split);
    // One that is nearly full takes nothing from one that was killed.
    let raises_killed = |split: &Vec<ContainerSize>| {
        let mut killed = short_limits::all(input).filter(ShortLimit::was_reached);
        killed.all(|short| short_limits::raised_to(short, Some(split)) >= Some(short.least))
    };
    // The largest task has no room to raise a limit that is nearly all of it.
    with(Raised::All)
        .filter(leaves_main)
        .filter(raises_killed)
        .or_else(|| with(Raised::Killed))
        .or_else(|| with(Raised::None))
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
        cpu_rise: None,
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
