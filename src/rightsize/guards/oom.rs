//! After a kill for memory, memory goes up.
//!
//! A sample a minute may miss what kills a task within a second, so the kill itself is the evidence:
//! memory is at least one step above the size at which it happened. Where it was containers' own limits that were
//! reached, those go up ([`super::short_limits`]), and the task keeps what it has where it holds them.
//!
//! | size now | killed at | at least |
//! |---|---|---|
//! | 2 GB | 2 GB | 3 GB: too small |
//! | 4 GB | 2 GB, before a resize | 3 GB: not cut below |
//! | 2 GB | size unknown | 3 GB: too small |
//! | 4 GB, app -, 2048, 1024 and envoy -, 1024, - | envoy, at 4 GB | 4 GB, with 2,048 MiB for envoy |
//! | 4 GB, app -, -, 3072 and envoy -, 1024, - | envoy, at 4 GB, and app needs 3 GB | 5 GB, with 2,048 MiB for envoy |
//! | 4 GB, app -, 2048, 1024 and envoy -, 1024, - | envoy, at up to 8 GB | 4 GB, with 2,048 MiB for envoy |
//! | 4 GB, app -, -, 3072 and envoy -, 1024, - | app and envoy, at up to 8 GB | 9 GB |

use super::{
    Guard, GuardInput, containers, listed,
    short_limits::{self, Raised, ShortLimit},
};
use crate::{
    fargate::TaskSize,
    rightsize::TaskRoom,
    units::{CpuUnits, MemoryMib},
    workload::StoppedTasks,
};

pub(super) const CODE: &str = "oom-killed";

pub(super) fn guard(input: &GuardInput<'_>) -> Option<Guard> {
    let stopped = killed(input)?;
    let at = stopped.oom_memory.unwrap_or(input.size.memory());
    let limits: Vec<ShortLimit<'_>> = at_own_limits(input).collect();
    let is_own = |name: &String| limits.iter().any(|limit| limit.container.name == *name);
    let is_tasks = limits.is_empty() || !stopped.oom_containers.iter().all(is_own);

    let tasks = if stopped.oom_kills == 1 { "task was" } else { "tasks were" };
    let size = match () {
        () if is_tasks => format!(" at {at}"),
        () if at > input.size.memory() => format!(" at up to {at}"),
        () => String::new(),
    };
    let when = stopped.last_oom.map_or_else(String::new, |at| format!(", last at {at}"));
    let mut detail = format!("{} {tasks} killed for memory{size}{when}", stopped.oom_kills);
    if !limits.is_empty() {
        let own: Vec<String> = limits.iter().map(sentence).collect();
        detail.push_str(if is_tasks { "; " } else { ": " });
        detail.push_str(&listed(&own));
    }

    let sizes = || TaskSize::all(input.os).map(TaskSize::memory);
    // Above the largest size there is no step; then nothing is cut.
    let step = || sizes().filter(|memory| *memory > at).min();
    let of_task = if is_tasks { step().unwrap_or(input.size.memory()) } else { input.size.memory() };
    let with_limits =
        if limits.is_empty() { MemoryMib(0) } else { containers::memory_with(input, Raised::Killed) };
    let most = sizes().max().unwrap_or_default().max(input.size.memory());
    let memory = of_task.max(with_limits.min(most));
    Some(Guard { code: CODE, detail, cpu: CpuUnits(0), memory, always_a_reason: true })
}

fn killed<'a>(input: &GuardInput<'a>) -> Option<&'a StoppedTasks> {
    input.facts.stopped.as_ref().filter(|stopped| stopped.oom_kills > 0)
}

/// The limits of their own that containers were killed at.
pub(super) fn at_own_limits<'a>(input: &GuardInput<'a>) -> impl Iterator<Item = ShortLimit<'a>> {
    short_limits::all(input).filter(ShortLimit::was_reached)
}

fn sentence(short: &ShortLimit<'_>) -> String {
    let ShortLimit { container, limit, least, .. } = short;
    let at = if short.was_reached_as_it_is() { "at its own limit" } else { "with a limit of its own" };
    format!("{} {at} of {} MiB (needs {} at least)", container.name, limit.0, least.0)
}

/// Of most kills in tasks of another size it is not known which limit was reached. Nothing is said of one that a change to
/// `to` lowers: then it was not that.
pub(super) fn condition(input: &GuardInput<'_>, to: TaskRoom) -> Option<String> {
    let stopped = killed(input).filter(|stopped| !short_limits::tell_of_kills(input, stopped))?;
    let then = super::container_sizes::split(input, to).unwrap_or_default();
    let is_lowered = |name: &str, limit: MemoryMib| {
        then.iter()
            .any(|container| container.name == name && container.memory.is_some_and(|then| then < limit))
    };
    let limited: Vec<String> = input
        .definition
        .containers
        .iter()
        .filter(|container| stopped.oom_containers.contains(&container.name))
        .filter_map(|container| {
            let limit = short_limits::own_limit(input, container)?;
            let text = || {
                format!(
                    "{} may have been killed at a memory limit of its own ({} MiB now): raise that if it was",
                    container.name, limit.0
                )
            };
            (!is_lowered(&container.name, limit)).then(text)
        })
        .collect();
    (!limited.is_empty()).then(|| limited.join("; "))
}
