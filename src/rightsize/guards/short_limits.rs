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
//! | 1,024 MiB of 4,096 | killed in a smaller task | unknown: so was the limit |
//! | 1,024 MiB of 4,096 | killed in tasks of up to 8,192, as were only others with such a limit | 2,048 |
//! | 1,024 MiB of 4,096 | killed in tasks of up to 8,192, and so was one without such a limit | unknown |
//! | 4,096 MiB of 4,096, or none | killed, or full | none: it is the task's memory |
//! | 512 MiB of 4,096 | used 500 of it (90 % or more), headroom 20 % | 600 |
//! | the same, of a lone container | the task used 500 | 600 |
//!
//! So it goes up as a task's memory does after a kill: by a GB, or to twice what it was where that is less. One that
//! is nearly full is no reason for a change: it is told, and raised along with one that leaves room for it.
//!
//! Of several kills only the largest task is known. One that is larger than now may hide others in tasks of this size,
//! and containers with limits of their own do not use what a larger task has.

use super::{Guard, GuardInput, container_size::ContainerSize};
use crate::{
    rightsize::need::with,
    units::MemoryMib,
    workload::{Container, StoppedTasks},
};

const NEAR_LIMIT: &str = "container-near-limit";
/// A limit that is used to this share is nearly full.
const NEAR_PERCENT: u64 = 90;

/// A container's own limit, too small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ShortLimit<'a> {
    pub container: &'a Container,
    pub limit: MemoryMib,
    pub least: MemoryMib,
    because: Because,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Because {
    Killed,
    /// At this limit, or at that of a larger task.
    KilledHereOrBefore,
    /// So much of it was used.
    Near(MemoryMib),
}

/// Which of the limits that are too small are raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raised {
    None,
    Killed,
    /// Those that are nearly full, too.
    All,
}

impl ShortLimit<'_> {
    pub fn was_reached(&self) -> bool {
        matches!(self.because, Because::Killed | Because::KilledHereOrBefore)
    }

    /// Whether tasks are known to have been killed at it, and not at an earlier one.
    pub fn was_reached_as_it_is(&self) -> bool {
        self.because == Because::Killed
    }
}

/// That of `container`, if it is too small.
pub(super) fn of<'a>(input: &GuardInput<'_>, container: &'a Container) -> Option<ShortLimit<'a>> {
    let limit = own_limit(input, container)?;
    let stopped = input.facts.stopped.as_ref();
    let killed = stopped.filter(|stopped| stopped.oom_containers.contains(&container.name));
    let (least, because) = if let Some(killed) = killed.and_then(|stopped| kills(input, stopped)) {
        (limit.0.saturating_add(limit.0.min(MemoryMib::PER_GB)), killed)
    } else {
        let peak = near(input, container, limit)?;
        let least = u32::try_from(with(u64::from(peak.0), input.memory_headroom)).unwrap_or(u32::MAX);
        (least.max(limit.0), Because::Near(peak))
    };
    Some(ShortLimit { container, limit, least: MemoryMib(least), because })
}

/// The peak of `container`, where that is nearly all of its limit.
fn near(input: &GuardInput<'_>, container: &Container, limit: MemoryMib) -> Option<MemoryMib> {
    let known = input.facts.peak_of(&container.name).and_then(|peak| peak.memory);
    let peak = known.or_else(|| peak_of_lone(input).filter(|peak| *peak <= limit))?;
    (u64::from(peak.0) * 100 >= u64::from(limit.0) * NEAR_PERCENT).then_some(peak)
}

/// What the task used is its only container's. Above its limit, it was seen under another one.
fn peak_of_lone(input: &GuardInput<'_>) -> Option<MemoryMib> {
    let is_alone = input.definition.containers.len() == 1 && input.facts.injected.is_empty();
    input.memory_peak.filter(|_| is_alone).map(MemoryMib)
}

/// Whether a container is near a limit of its own: what it wants above is not known.
pub(super) fn is_near_a_limit(input: &GuardInput<'_>) -> bool {
    input.definition.containers.iter().any(|container| {
        own_limit(input, container).is_some_and(|limit| near(input, container, limit).is_some())
    })
}

/// Those that are nearly full, whatever becomes of the task; of a kill its own guard tells.
pub(super) fn guards(input: &GuardInput<'_>) -> Vec<Guard> {
    all(input)
        .filter_map(|short| {
            let Because::Near(peak) = short.because else { return None };
            let detail = format!(
                "{} has used {} of the {} MiB that are its own limit: at that it is killed, whatever the task has left",
                short.container.name, peak.0, short.limit.0
            );
            Some(Guard { always_a_reason: true, ..Guard::note(NEAR_LIMIT, detail) })
        })
        .collect()
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

/// Whether the limits in force tell what tasks were killed at.
pub(super) fn tell_of_kills(input: &GuardInput<'_>, stopped: &StoppedTasks) -> bool {
    kills(input, stopped).is_some()
}

/// What kills say of the limits in force; `None`: nothing.
fn kills(input: &GuardInput<'_>, stopped: &StoppedTasks) -> Option<Because> {
    let StoppedTasks { oom_kills, oom_memory, oom_containers, .. } = stopped;
    let now = input.size.memory();
    let has_own = |name: &String| {
        let mut containers = input.definition.containers.iter();
        containers.any(|container| container.name == *name && own_limit(input, container).is_some())
    };
    match oom_memory.unwrap_or(now) {
        _ if *oom_kills == 0 => None,
        at if at == now => Some(Because::Killed),
        at if at > now && !oom_containers.is_empty() && oom_containers.iter().all(has_own) => {
            Some(Because::KilledHereOrBefore)
        }
        _ => None,
    }
}

/// What the limit of `container` is raised to, at least; 0 where it is not.
pub(super) fn least(input: &GuardInput<'_>, container: &Container, raised: Raised) -> MemoryMib {
    let is_raised = |short: &ShortLimit<'_>| match raised {
        Raised::None => false,
        Raised::Killed => short.was_reached(),
        Raised::All => true,
    };
    of(input, container).filter(is_raised).map_or(MemoryMib(0), |short| short.least)
}

/// What is done about each along with a change that gives the containers `then`.
pub(super) fn conditions(input: &GuardInput<'_>, then: Option<&[ContainerSize]>) -> Vec<String> {
    all(input)
        .map(|short| {
            let ShortLimit { container: Container { name, .. }, limit: MemoryMib(now), because, .. } = short;
            match (raised_to(short, then), because) {
                (Some(then), Because::Killed) => {
                    format!(
                        "the memory limit of {name} goes from {now} to {} MiB: it was killed at that",
                        then.0
                    )
                }
                (Some(then), Because::KilledHereOrBefore) => {
                    format!(
                        "the memory limit of {name} goes from {now} to {} MiB: it was killed, at that or in a larger \
                         task",
                        then.0
                    )
                }
                (Some(then), Because::Near(peak)) => {
                    let (then, peak) = (then.0, peak.0);
                    format!(
                        "the memory limit of {name} goes from {now} to {then} MiB: it has used {peak} of it"
                    )
                }
                (None, Because::Killed) => {
                    format!("raise the memory limit of {name} ({now} MiB): it was killed at that")
                }
                (None, Because::KilledHereOrBefore) => {
                    format!(
                        "raise the memory limit of {name} ({now} MiB): it was killed, at that or in a larger task"
                    )
                }
                (None, Because::Near(peak)) => {
                    format!("{name} has used {} of its {now} MiB: raise its limit", peak.0)
                }
            }
        })
        .collect()
}

/// The limit that a change to `then` raises it to, if it does.
pub(super) fn raised_to(short: ShortLimit<'_>, then: Option<&[ContainerSize]>) -> Option<MemoryMib> {
    let then = then?.iter().find(|container| container.name == short.container.name)?;
    then.memory.filter(|memory| *memory > short.limit)
}
