//! What the containers of a task leave no room below.
//!
//! What sidecars reserve binds; the main container must be left what the demand needs (see
//! [`super::container_sizes`]).
//!
//! | task | containers (cpu, hard, soft) | floor |
//! |---|---|---|
//! | 1024 / 2048 | app 1024, 2048, - | none: it repeats the task |
//! | 1024 / 2048 | app 512, -, 768 | none: it is alone, and the task's need is its own |
//! | 1024 / 2048, demand 700 MiB | app 512, 1024, - and envoy 256, 512, 256 | 256 + 256 / 256 + 700 |
//! | 1024 / 2048, demand 700 MiB | app 768, 1536, - and envoy 256, 512, - | 256 + 256 / 512 + 700 |
//! | 1024 / 2048, demand 700 MiB | app 512, -, 300 and envoy 256, 256, - | 256 + 256 / 256 + 300: soft limits may be passed |
//! | 1024 / 2048, demand 700 MiB, Service Connect | app 512, -, 768 | 256 + 128 / 1024 |
//! | 1024 / 2048 | app 2048, -, - | 1024 / 2048: it does not register, so nothing is cut |
//!
//! What the main container is left must hold the demand with full headroom: as long as the containers' own
//! peaks are not known, that of the whole task. Of CPU it keeps at least as much as the others have
//! together, or what it has: CPU units are shares, and the others may be busy.

use super::{
    Guard, GuardInput,
    container_size::{ContainerSize, LEAST_MEMORY, counted, limit_of, registers, sum},
    container_sizes::split,
    fixed_heap::container_floor,
    injected,
    layout::{Layout, counted_then},
    listed,
    main_container::main_memory_need,
    short_limits::{self, Raised},
};
use crate::{
    rightsize::{TaskRoom, need::with},
    units::{CpuUnits, MemoryMib},
    workload::{Container, InjectedContainer},
};

const CODE: &str = "container-minimums";
const SERVICE_CONNECT: &str = "service-connect-proxy";
/// Codes of the guards of this module.
pub(super) const CODES: [&str; 2] = [CODE, SERVICE_CONNECT];

/// The task memory that is needed if `container` needs `least` of it and every other what it counts or
/// what its own runtime is told to take, at most the current size.
pub(super) fn floor_with(input: &GuardInput<'_>, container: &Container, least: MemoryMib) -> MemoryMib {
    let (_, room) = injected::room(&input.facts.injected, input.size);
    let layout = Layout::of(input, Raised::All);
    let others =
        input.definition.containers.iter().filter(|other| !std::ptr::eq(*other, container)).map(|other| {
            let main = layout.as_ref().filter(|layout| std::ptr::eq(layout.app(), other));
            let counts = match main {
                Some(layout) if layout.memory_follows => 0,
                Some(_) => counted(other).min(main_memory_need(input, other)),
                None => counted_then(input, other, Raised::All),
            };
            counts.max(container_floor(other).0)
        });
    MemoryMib(sum(others).saturating_add(least.0).saturating_add(room.0)).min(input.size.memory())
}

/// How much a task of size `to` can use before it is full or its main container is at a limit of its own.
pub(super) fn main_room(input: &GuardInput<'_>, to: TaskRoom) -> MemoryMib {
    let Some(layout) = Layout::of(input, Raised::None) else { return to.memory() };
    let app = layout.app();
    let split = split(input, to).unwrap_or_default();
    let then = split.iter().zip(layout.containers).find(|(_, container)| std::ptr::eq(*container, app));
    let limit = then.map_or(app.memory, |(then, _)| then.memory);
    let whole = usable_memory(input, to);
    limit.map_or(whole, |limit| limit.min(whole))
}

/// How much of a task of size `to` can be used before its main container is at a limit that is lowered with the task:
/// as long as the container's own peak is not known, all of it may be the container's, else its share at the peaks.
pub(super) fn usable_memory(input: &GuardInput<'_>, to: TaskRoom) -> MemoryMib {
    let whole = to.memory();
    let (Some(layout), Some(split)) = (Layout::of(input, Raised::None), split(input, to)) else {
        return whole;
    };
    let app = layout.app();
    let mut containers = split.iter().zip(layout.containers);
    let then =
        containers.find(|(_, container)| std::ptr::eq(*container, app)).and_then(|(then, _)| then.memory);
    let Some(limit) = then.filter(|then| *then < limit_of(input, app)) else { return whole };
    let own = input.facts.peak_of(&app.name).and_then(|peak| peak.memory);
    let of_task = own.zip(input.memory_peak).map_or(u64::from(limit.0), |(MemoryMib(own), seen)| {
        u64::from(limit.0) * u64::from(seen.max(own)) / u64::from(own.max(1))
    });
    MemoryMib(u32::try_from(of_task).unwrap_or(u32::MAX)).min(whole)
}

/// The task memory that holds the containers, those limits raised that are too small.
pub(super) fn memory_with(input: &GuardInput<'_>, raised: Raised) -> MemoryMib {
    Layout::of(input, raised).map_or(MemoryMib(0), |layout| MemoryMib(memory_floor(input, &layout, raised)))
}

fn memory_floor(input: &GuardInput<'_>, layout: &Layout<'_>, raised: Raised) -> u32 {
    let (_, room) = injected::room(&input.facts.injected, input.size);
    let app = layout.app();
    // What its heap takes has a guard of its own, but none that goes beyond the current size.
    let heap = if raised == Raised::Killed { container_floor(app).0.min(counted(app)) } else { 0 };
    let needs = main_memory_need(input, app).max(LEAST_MEMORY).max(heap);
    let (app_memory, app_limit) = match () {
        () if layout.containers.len() == 1 && room.0 == 0 => (0, 0),
        // One that follows may get more than it has.
        () if layout.memory_follows => (needs, 0),
        () => (needs.min(counted(app)), app.memory.map_or(0, |hard| needs.min(hard.0))),
    };
    let least = short_limits::least(input, app, raised).0;
    let app_memory = if app.memory_reservation.is_none() { app_memory.max(least) } else { app_memory };
    let counts = layout.others_memory.saturating_add(counted(app)) > 0;
    let memory = if counts { sum([layout.others_memory, app_memory, room.0].into_iter()) } else { 0 };
    let hard = |container: &Container| {
        container.memory.map(|hard| hard.max(short_limits::least(input, container, raised)).0)
    };
    layout.others().filter_map(hard).chain([memory, app_limit, least]).max().unwrap_or(0)
}

/// What the main container needs, and can use in a task of size `to`, where that is less and it needs more than for
/// what the tasks that ran carry: where each is to hold `memory`, with its share of that.
pub(super) fn main_lacks(
    input: &GuardInput<'_>,
    to: TaskRoom,
    memory: MemoryMib,
) -> Option<(MemoryMib, MemoryMib)> {
    let layout = Layout::of(input, Raised::None)?;
    let app = layout.app();
    let carrying = GuardInput { memory_need: memory.max(input.memory_need), ..*input };
    let needs = main_memory_need(&carrying, app);
    let then = split(&carrying, to)?;
    let mut containers = then.iter().zip(layout.containers);
    let limit = containers.find(|(_, now)| std::ptr::eq(*now, app)).and_then(|(then, _)| then.memory)?;
    (needs > limit.0 && needs > main_memory_need(input, app)).then_some((MemoryMib(needs), limit))
}

/// The floors that the containers' settings hold the task to, at most its current size.
pub(super) fn guards(input: &GuardInput<'_>) -> Vec<Guard> {
    let mut guards = Vec::new();
    let (room_cpu, room_memory) = injected::room(&input.facts.injected, input.size);
    let now: Vec<ContainerSize> = input.definition.containers.iter().map(ContainerSize::as_now).collect();
    if !registers(&now, input.size) {
        guards.push(Guard {
            code: CODE,
            detail: "the limits of its containers do not fit the task as it is".to_owned(),
            cpu: input.size.cpu(),
            memory: input.size.memory(),
            always_a_reason: false,
        });
    } else if let Some(layout) = Layout::of(input, Raised::All) {
        let app = layout.app();
        // A lone container takes what the task has, without more ado.
        let several = layout.containers.len() > 1 || room_memory.0 > 0;
        let app_cpu = if several { layout.least_cpu() } else { 0 };
        let reserves = layout.others_cpu.saturating_add(app.cpu.0) > 0;
        let cpu = if reserves { sum([layout.others_cpu, app_cpu, room_cpu.0].into_iter()) } else { 0 };
        let memory = memory_floor(input, &layout, Raised::All);
        let (cpu, memory) = (CpuUnits(cpu).min(input.size.cpu()), MemoryMib(memory).min(input.size.memory()));
        if (cpu, memory) != (CpuUnits(0), MemoryMib(0)) {
            let unused: Vec<String> =
                layout.others().filter_map(|sidecar| barely_used(input, sidecar)).collect();
            let detail = format!(
                "its containers need {} CPU units and {} MiB{}{}",
                cpu.0,
                memory.0,
                if room_memory.0 > 0 { ", with room for those that AWS adds" } else { "" },
                unused.concat()
            );
            guards.push(Guard { code: CODE, detail, cpu, memory, always_a_reason: false });
        }
    }
    if input.facts.injected.contains(&InjectedContainer::ServiceConnectProxy) {
        let memory = injected::SERVICE_CONNECT_TASK_MEMORY.min(input.size.memory());
        let detail =
            "ECS adds the Service Connect proxy to its tasks, which takes 1 GB of task memory at least";
        let cpu = CpuUnits(0);
        guards.push(Guard {
            code: SERVICE_CONNECT,
            detail: detail.to_owned(),
            cpu,
            memory,
            always_a_reason: false,
        });
    }
    guards
}

/// What of its memory a sidecar has used, where that is less than half: lowered by hand, it would let the
/// task go lower.
fn barely_used(input: &GuardInput<'_>, sidecar: &Container) -> Option<String> {
    let peak = input.facts.peak_of(&sidecar.name)?.memory?.0;
    let reserved = counted(sidecar);
    (peak < reserved / 2).then(|| format!("; {} has used {peak} of its {reserved} MiB", sidecar.name))
}

/// What holds for a change to `to`: the containers change along, or none of this can be said.
pub(super) fn conditions(input: &GuardInput<'_>, to: TaskRoom) -> Vec<String> {
    let mut conditions = Vec::new();
    let split = split(input, to);
    conditions.extend(short_limits::conditions(input, split.as_deref()));
    match &split {
        None => conditions.push(
            "the limits of its containers do not fit together and must be set by hand for the new size"
                .to_owned(),
        ),
        Some(split) => {
            let changed: Vec<String> = split
                .iter()
                .zip(&input.definition.containers)
                .filter(|(then, now)| {
                    // A limit that is raised is told of on its own.
                    let is_raised = short_limits::of(input, now).is_some() && then.memory > now.memory;
                    let memory = if is_raised { now.memory } else { then.memory };
                    ContainerSize { memory, ..(*then).clone() } != ContainerSize::as_now(now)
                })
                .map(|(then, _)| then.name.clone())
                .collect();
            if !changed.is_empty() {
                conditions.push(format!("the limits of {} change with the task", listed(&changed)));
            }
        }
    }
    conditions.extend(split.iter().flat_map(|split| below_need(input, split, to)));
    let injected = &input.facts.injected;
    if injected.contains(&InjectedContainer::ServiceConnectProxy) && to.cpu() < input.size.cpu() {
        conditions.push(
            "above 500 requests a second the Service Connect proxy takes 512 CPU units, not 256".to_owned(),
        );
    }
    conditions
}

/// A container that may be what the task is for, and cannot use what the task is to hold: it is killed at its own
/// limit. One that is known to be too small is told of apart from this.
fn below_need(input: &GuardInput<'_>, split: &[ContainerSize], to: TaskRoom) -> Vec<String> {
    let Some(layout) = Layout::of(input, Raised::All) else { return Vec::new() };
    let seen = input.memory_peak.map_or(0, |mib| with(u64::from(mib), input.memory_headroom));
    let is_more_to_come = u64::from(input.memory_need.0) > seen;
    let mains = layout.mains();
    let then = layout.containers.iter().zip(split);
    then.filter(|(now, _)| mains.iter().any(|main| std::ptr::eq(*main, *now)))
        .filter(|(now, _)| short_limits::of(input, now).is_none())
        .filter_map(|(now, then)| {
            let (name, limit) = (&now.name, then.memory?.0);
            let needs = main_memory_need(input, now);
            let is_known = input.facts.peak_of(name).is_some_and(|peak| peak.memory.is_some());
            // One that is the task's memory cannot be raised.
            if limit >= needs.min(to.memory().0) || is_known && !is_more_to_come {
                return None;
            }
            Some(if is_known {
                format!("{name} is to hold {needs} MiB, and can use {limit}: raise its own limit")
            } else {
                format!(
                    "the task is to hold {needs} MiB, of which {name} can use {limit}: where it is what needs them, raise \
                     its own limit"
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
