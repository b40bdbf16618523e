//! Containers whose own memory limit is known to be too small, and what it is to be.
//!
//! A container with a hard limit below the task's memory is killed at that, however much the task has left. It takes
//! a higher limit, and a larger task only where the limits do not fit together any more.
//!
//! | hard limit | known | is to be, at least |
//! |---|---|---|
//! | 1,024 MiB of 4,096 | killed in a task of this size | 2,048 |
//! | 256 MiB of 4,096 | killed in a task of this size | 512 |
//! | 4,096 MiB of 8,192 | killed in a task of this size | 5,120 |
//! | 1,024 MiB of 4,096 | killed in a task of another size | unknown: so was the limit |
//! | 4,096 MiB of 4,096, or none | killed | none: it is the task's memory |
//!
//! So it goes up as a task's memory does after a kill: by a GB, or to twice what it was where that is less.

use super::{GuardInput, container_sizes::ContainerSize};
use crate::{
    units::MemoryMib,
    workload::{Container, StoppedTasks},
};

/// A container's own limit, too small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ShortLimit<'a> {
    pub container: &'a Container,
    pub limit: MemoryMib,
    pub least: MemoryMib,
}

/// Which of the limits that are too small are raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raised {
    None,
    Killed,
}

/// That of `container`, if it is too small.
pub(super) fn of<'a>(input: &GuardInput<'_>, container: &'a Container) -> Option<ShortLimit<'a>> {
    let limit = own_limit(input, container)?;
    let stopped = input.facts.stopped.as_ref()?;
    let was_killed = stopped.oom_containers.contains(&container.name) && is_of_this_size(input, stopped);
    was_killed.then(|| ShortLimit {
        container,
        limit,
        least: MemoryMib(limit.0.saturating_add(limit.0.min(MemoryMib::PER_GB))),
    })
}

/// Those of all containers, in the definition's order.
pub(super) fn all<'a>(input: &GuardInput<'a>) -> impl Iterator<Item = ShortLimit<'a>> {
    let input = *input;
    input.definition.containers.iter().filter_map(move |container| of(&input, container))
}

/// A hard limit that is reached before the task's memory is.
pub(super) fn own_limit(input: &GuardInput<'_>, container: &Container) -> Option<MemoryMib> {
    container.memory.filter(|limit| *limit < input.size.memory())
}

/// Whether tasks were killed at the size in force, as far as is known: then its limits are what they were killed at.
pub(super) fn is_of_this_size(input: &GuardInput<'_>, stopped: &StoppedTasks) -> bool {
    stopped.oom_kills > 0 && stopped.oom_memory.is_none_or(|memory| memory == input.size.memory())
}

/// What the limit of `container` is raised to, at least; 0 where it is not.
pub(super) fn least(input: &GuardInput<'_>, container: &Container, raised: Raised) -> MemoryMib {
    match raised {
        Raised::None => MemoryMib(0),
        Raised::Killed => of(input, container).map_or(MemoryMib(0), |short| short.least),
    }
}

/// What is done about each along with a change that gives the containers `then`.
pub(super) fn conditions(input: &GuardInput<'_>, then: Option<&[ContainerSize]>) -> Vec<String> {
    all(input)
        .map(|short| {
            let ShortLimit { container: Container { name, .. }, limit, .. } = short;
            let now = limit.0;
            match raised_to(short, then) {
                Some(then) => {
                    format!(
                        "the memory limit of {name} goes from {now} to {} MiB: it was killed at that",
                        then.0
                    )
                }
                None => format!("raise the memory limit of {name} ({now} MiB): it was killed at that"),
            }
        })
        .collect()
}

/// The limit that a change to `then` raises it to, if it does.
pub(super) fn raised_to(short: ShortLimit<'_>, then: Option<&[ContainerSize]>) -> Option<MemoryMib> {
    let then = then?.iter().find(|container| container.name == short.container.name)?;
    then.memory.filter(|memory| *memory > short.limit)
}
