//! After a kill for memory, memory goes up.
//!
//! A sample a minute may miss what kills a task within a second, so the kill itself is the evidence:
//! memory is at least one step above the size at which it happened.
//!
//! | size now | killed at | at least |
//! |---|---|---|
//! | 2 GB | 2 GB | 3 GB: too small |
//! | 4 GB | 2 GB, before a resize | 3 GB: not cut below |
//! | 2 GB | size unknown | 3 GB: too small |

use super::{Guard, GuardInput, container_sizes::split, listed};
use crate::{
    fargate::TaskSize,
    rightsize::TaskRoom,
    units::{CpuUnits, MemoryMib},
};

pub(super) const CODE: &str = "oom-killed";

pub(super) fn guard(input: &GuardInput<'_>) -> Option<Guard> {
    let stopped = input.facts.stopped.as_ref().filter(|stopped| stopped.oom_kills > 0)?;
    let at = stopped.oom_memory.unwrap_or(input.size.memory());
    let next = TaskSize::all(input.os).map(TaskSize::memory).filter(|memory| *memory > at).min();
    let tasks = if stopped.oom_kills == 1 { "task was" } else { "tasks were" };
    let when = stopped.last_oom.map_or_else(String::new, |at| format!(", last at {at}"));
    let detail = format!("{} {tasks} killed for memory at {at}{when}", stopped.oom_kills);
    // Above the largest size there is no step; then nothing is cut.
    let memory = next.unwrap_or(input.size.memory());
    Some(Guard { code: CODE, detail, cpu: CpuUnits(0), memory, always_a_reason: true })
}

/// A container that was killed at a limit of its own needs that raised, too.
/// Not where a change to `to` lowers that: then it was not what the task was killed at.
pub(super) fn condition(input: &GuardInput<'_>, to: TaskRoom) -> Option<String> {
    let then = split(input, to).unwrap_or_default();
    let is_lowered = |name: &str, limit: MemoryMib| {
        then.iter()
            .any(|container| container.name == name && container.memory.is_some_and(|then| then < limit))
    };
    let stopped = input.facts.stopped.as_ref().filter(|stopped| stopped.oom_kills > 0)?;
    let limited: Vec<String> = input
        .definition
        .containers
        .iter()
        .filter(|container| stopped.oom_containers.contains(&container.name))
        .filter_map(|container| {
            let limit = container.memory.filter(|limit| *limit < input.size.memory())?;
            if is_lowered(&container.name, limit) {
                return None;
            }
            Some(format!("{} ({} MiB)", container.name, limit.0))
        })
        .collect();
    if limited.is_empty() {
        return None;
    }
    Some(format!("the memory limit of {} is raised, too: it was killed at that", listed(&limited)))
}
