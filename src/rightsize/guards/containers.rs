//! What the containers of a task leave no room below, and their own settings at another task size.
//!
//! A task registers only if the CPU of its containers and the memory they count (the soft limit, else
//! the hard one) stay within the task's, and no limit is above the task's memory. What sidecars reserve
//! binds. The *main* container is what the task is for and what its use is of: its settings were made for
//! the task's size, so they are lowered with it, as far as the demand allows. Where it has just what the
//! others leave, be it the whole task, it *follows* the task, up as well as down.
//!
//! The main container is the one with the most memory, then CPU, of the essential ones; one without
//! any setting of its own comes first.
//!
//! | task | containers (cpu, hard, soft) | floor |
//! |---|---|---|
//! | 1024 / 2048 | app 1024, 2048, - | none: it repeats the task |
//! | 1024 / 2048 | app 512, -, 768 | none: it is alone, and the task's need is its own |
//! | 1024 / 2048, demand 700 MiB | app 512, 1024, - and envoy 256, 512, 256 | 256 + 128 / 256 + 700 |
//! | 1024 / 2048, demand 700 MiB | app 768, 1536, - and envoy 256, 512, - | 256 + 128 / 512 + 700 |
//! | 1024 / 2048, demand 700 MiB | app 512, -, 300 and envoy 256, 256, - | 256 + 128 / 256 + 300: soft limits may be passed |
//! | 1024 / 2048, demand 700 MiB, Service Connect | app 512, -, 768 | 256 + 128 / 1024 |
//! | 1024 / 2048 | app 2048, -, - | 1024 / 2048: it does not register, so nothing is cut |
//!
//! What the main container is left must hold the demand: as long as the containers' own peaks are not
//! known, that of the whole task.
//!
//! At another size the others keep what they have, and the main container keeps its own or gets the rest,
//! whichever is less; one that follows gets the rest. The room for injected containers is left free:
//!
//! | task | to | containers | become |
//! |---|---|---|---|
//! | 1024 / 2048 | 512 / 1024 | app 1024, 2048, - | app 512, 1024, - |
//! | 2048 / 4096 | 1024 / 2048 | app 1792, 3584, - and envoy 256, 512, - | app 768, 1536, - and envoy as before |
//! | 2048 / 4096 | 1024 / 2048 | app 1536, 3072, - and envoy 256, 512, - | app 768, 1536, - and envoy as before |
//! | 2048 / 4096 | 1024 / 2048 | app 512, 3072, 1024 and envoy 256, 512, - | app 512, 2048, 1024 and envoy as before |
//! | 1024 / 2048 | 1024 / 4096 | app 0, 2048, 512 | app 0, 4096, 512 |
//! | any | any | app 0, -, - | unchanged |

use super::{Guard, GuardInput, injected, listed, lowered::lowered, runtime};
use crate::{
    rightsize::TaskRoom,
    units::{CpuUnits, MemoryMib},
    workload::{Container, InjectedContainer, OperatingSystem, TaskDefinition, TaskFacts},
};

const CODE: &str = "container-minimums";
const SERVICE_CONNECT: &str = "service-connect-proxy";
/// Codes of the guards of this module.
pub(super) const CODES: [&str; 2] = [CODE, SERVICE_CONNECT];
pub(super) const DO_NOT_FIT: &str =
    "the limits of its containers do not fit together and must be set by hand";
/// What the main container keeps of CPU, at least.
const MAIN_CPU: u32 = 128;
/// The least memory of a container, MiB: ECS API reference, `ContainerDefinition`, `memory` (Docker 20.10
/// and later).
const LEAST_MEMORY: u32 = 6;

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

/// Memory that counts against the task's.
fn counted(container: &Container) -> u32 {
    container.memory_reservation.or(container.memory).unwrap_or_default().0
}

fn sum(values: impl Iterator<Item = u32>) -> u32 {
    values.fold(0, u32::saturating_add)
}

/// The containers as seen from the main one.
struct Layout<'a> {
    main: usize,
    containers: &'a [Container],
    /// What the other containers reserve.
    others_cpu: u32,
    others_memory: u32,
    /// The main container's CPU is what the others leave of the task.
    cpu_follows: bool,
    memory_follows: bool,
}

impl<'a> Layout<'a> {
    fn of(input: &GuardInput<'a>) -> Option<Self> {
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
        let others_memory = sum(others().map(|(_, container)| counted(container)));
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
            memory_follows: fills(others_memory, counted(app), room_memory.0, input.size.memory().0),
        })
    }

    fn app(&self) -> &'a Container {
        &self.containers[self.main]
    }

    fn others(&self) -> impl Iterator<Item = &'a Container> {
        let main = self.main;
        self.containers.iter().enumerate().filter(move |(index, _)| *index != main).map(|(_, c)| c)
    }
}

/// What the main container must be left of memory.
fn main_memory_need(input: &GuardInput<'_>, app: &Container) -> u32 {
    let with_headroom = |mib: u32| {
        let ample = (u64::from(mib) * (10_000 + u64::from(input.memory_headroom))).div_ceil(10_000);
        u32::try_from(ample).unwrap_or(u32::MAX)
    };
    input
        .facts
        .peak_of(&app.name)
        .and_then(|peak| peak.memory)
        .map_or(input.memory_need.0, |peak| with_headroom(peak.0))
}

/// The task memory that is needed if `container` needs `least` of it and every other what it counts or
/// what its own runtime is told to take, at most the current size.
pub(super) fn floor_with(input: &GuardInput<'_>, container: &Container, least: MemoryMib) -> MemoryMib {
    let (_, room) = injected::room(&input.facts.injected, input.size);
    let follower = Layout::of(input).filter(|layout| layout.memory_follows).map(|layout| layout.app());
    let is = |other: &Container, one: Option<&Container>| one.is_some_and(|one| std::ptr::eq(one, other));
    let others =
        input.definition.containers.iter().filter(|other| !is(other, Some(container))).map(|other| {
            let counts = if is(other, follower) { 0 } else { counted(other) };
            counts.max(runtime::container_floor(other).0)
        });
    MemoryMib(sum(others).saturating_add(least.0).saturating_add(room.0)).min(input.size.memory())
}

/// The memory a container may use: its own hard limit, else the task's.
pub(super) fn limit_of(input: &GuardInput<'_>, container: &Container) -> MemoryMib {
    container.memory.map_or(input.size.memory(), |limit| limit.min(input.size.memory()))
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
    } else if let Some(layout) = Layout::of(input) {
        let app = layout.app();
        let several = layout.containers.len() > 1 || room_memory.0 > 0;
        let needs = main_memory_need(input, app).max(LEAST_MEMORY);
        // A lone container takes what the task has, without more ado.
        let (app_cpu, app_memory, app_limit) = match () {
            () if !several => (0, 0, 0),
            // One that follows may get more than it has.
            () if layout.memory_follows => (MAIN_CPU.min(app.cpu.0), needs, 0),
            () => {
                let hard = app.memory.map_or(0, |hard| needs.min(hard.0));
                (MAIN_CPU.min(app.cpu.0), needs.min(counted(app)), hard)
            }
        };
        let reserves = layout.others_cpu.saturating_add(app.cpu.0) > 0;
        let cpu = if reserves { sum([layout.others_cpu, app_cpu, room_cpu.0].into_iter()) } else { 0 };
        let counts = layout.others_memory.saturating_add(counted(app)) > 0;
        let memory =
            if counts { sum([layout.others_memory, app_memory, room_memory.0].into_iter()) } else { 0 };
        let hard_limits = layout.others().filter_map(|c| c.memory).map(|limit| limit.0);
        let memory = hard_limits.chain([memory, app_limit]).max().unwrap_or(0);
        let (cpu, memory) = (CpuUnits(cpu).min(input.size.cpu()), MemoryMib(memory).min(input.size.memory()));
        if (cpu, memory) != (CpuUnits(0), MemoryMib(0)) {
            let unused: Vec<String> =
                layout.others().filter_map(|sidecar| barely_used(input, sidecar)).collect();
            let detail = format!(
                "its containers need {} CPU units and {} MiB to register{}{}",
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
    match split(input, to) {
        None => conditions.push(
            "the limits of its containers do not fit together and must be set by hand for the new size"
                .to_owned(),
        ),
        Some(split) => {
            let changed: Vec<String> = split
                .iter()
                .zip(&input.definition.containers)
                .filter(|(then, now)| **then != ContainerSize::as_now(now))
                .map(|(then, _)| then.name.clone())
                .collect();
            if !changed.is_empty() {
                conditions.push(format!("the limits of {} change with the task", listed(&changed)));
            }
        }
    }
    let injected = &input.facts.injected;
    if injected.contains(&InjectedContainer::ServiceConnectProxy) && to.cpu() < input.size.cpu() {
        conditions.push(
            "above 500 requests a second the Service Connect proxy takes 512 CPU units, not 256".to_owned(),
        );
    }
    conditions.extend(input.definition.containers.iter().filter_map(|container| {
        let limit = container.memory?;
        let peak = input.facts.peak_of(&container.name)?.memory?;
        let full = u64::from(peak.0) * 100 >= u64::from(limit.0) * 90;
        full.then(|| {
            format!("{} has used {} of its {} MiB: raise its limit", container.name, peak.0, limit.0)
        })
    }));
    conditions
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

/// The containers' settings for a task of size `to`, in the definition's order. `None` where they would
/// not register, which takes settings in force that do not either.
pub(super) fn split(input: &GuardInput<'_>, to: TaskRoom) -> Option<Vec<ContainerSize>> {
    let split = followed(input, to);
    registers(&split, to).then_some(split)
}

/// What follows the task at size `to`, and all else as it is, whether it registers or not.
fn followed(input: &GuardInput<'_>, to: TaskRoom) -> Vec<ContainerSize> {
    let mut split: Vec<ContainerSize> =
        input.definition.containers.iter().map(ContainerSize::as_now).collect();
    let Some(layout) = Layout::of(input) else { return split };
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
        let follows = layout.cpu_follows || more_cpu;
        app.cpu = CpuUnits(if follows { rest_cpu } else { lowered(app.cpu.0, rest_cpu, MAIN_CPU) });
    }
    let repeats_task = app.memory == Some(input.size.memory());
    match (app.memory, app.memory_reservation) {
        // The hard limit counts.
        (Some(_), None) if layout.memory_follows || more_memory => app.memory = Some(MemoryMib(rest_memory)),
        (Some(hard), None) => app.memory = Some(memory_beside(hard)),
        (hard, Some(soft)) => {
            let soft = if layout.memory_follows { MemoryMib(rest_memory) } else { memory_beside(soft) };
            app.memory_reservation = Some(soft);
            app.memory = hard.map(|hard| match () {
                () if repeats_task => to.memory(),
                () if layout.memory_follows || more_memory => MemoryMib(rest_memory).max(soft),
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
        memory_headroom: 0,
    };
    let now: Vec<ContainerSize> = definition.containers.iter().map(ContainerSize::as_now).collect();
    match (split(&input, to), Layout::of(&input)) {
        (Some(split), _) => Ok(split),
        (None, Some(layout)) if registers(&now, input.size) => {
            let mut split = followed(&input, to);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fargate::TaskSize;
    use crate::workload::ContainerPeak;

    type Row = (u32, Option<u32>, Option<u32>);

    fn definition(containers: &[Row]) -> TaskDefinition {
        let container = |(index, (cpu, hard, soft)): (usize, &Row)| Container {
            name: ["app", "envoy", "log-router"].get(index).copied().unwrap_or("other").to_owned(),
            cpu: CpuUnits(*cpu),
            memory: hard.map(MemoryMib),
            memory_reservation: soft.map(MemoryMib),
            essential: true,
            ..Container::default()
        };
        TaskDefinition {
            containers: containers.iter().enumerate().map(container).collect(),
            ..TaskDefinition::default()
        }
    }

    fn size(cpu: u32, memory: u32) -> TaskRoom {
        TaskSize::new(CpuUnits(cpu), MemoryMib(memory), OperatingSystem::Linux).unwrap().into()
    }

    fn input<'a>(definition: &'a TaskDefinition, facts: &'a TaskFacts, size: TaskRoom) -> GuardInput<'a> {
        GuardInput {
            definition,
            facts,
            size,
            os: OperatingSystem::Linux,
            start_up: None,
            memory_peak: None,
            memory_need: MemoryMib(700),
            memory_headroom: 2_000,
        }
    }

    fn service_connect() -> TaskFacts {
        TaskFacts { injected: vec![InjectedContainer::ServiceConnectProxy], ..TaskFacts::default() }
    }

    fn floor_of(containers: &[Row], facts: &TaskFacts) -> (u32, u32) {
        let definition = definition(containers);
        guards(&input(&definition, facts, size(1024, 2048)))
            .iter()
            .fold((0, 0), |(cpu, memory), guard| (cpu.max(guard.cpu.0), memory.max(guard.memory.0)))
    }

    fn floor(containers: &[Row]) -> (u32, u32) {
        floor_of(containers, &TaskFacts::default())
    }

    #[test]
    fn the_worked_table_of_floors_holds() {
        assert_eq!(floor(&[(1024, Some(2048), None)]), (0, 0));
        assert_eq!(floor(&[(512, None, Some(768))]), (0, 0));
        assert_eq!(floor(&[(512, Some(1024), None), (256, Some(512), Some(256))]), (384, 956));
        assert_eq!(floor(&[(768, Some(1536), None), (256, Some(512), None)]), (384, 1212));
        assert_eq!(floor(&[(512, None, Some(300)), (256, Some(256), None)]), (384, 556));
        assert_eq!(floor_of(&[(512, None, Some(768))], &service_connect()), (384, 1024));
    }

    #[test]
    fn the_hard_limit_of_a_sidecar_binds_and_that_of_the_main_container_must_hold_the_demand() {
        assert_eq!(floor(&[(0, Some(2048), Some(512)), (0, None, Some(4))]), (0, 700));
        assert_eq!(floor(&[(0, Some(600), Some(512)), (0, None, Some(4))]), (0, 600));
        assert_eq!(floor(&[(0, None, None), (0, Some(1500), Some(128))]), (0, 1500));
    }

    #[test]
    fn limits_that_do_not_fit_the_task_hold_it_as_it_is() {
        assert_eq!(floor(&[(900, Some(1800), None), (200, None, Some(200))]), (1024, 2048));
        assert_eq!(floor(&[(2048, Some(9000), None), (512, None, None)]), (1024, 2048));
        assert_eq!(floor(&[]), (0, 0));
        assert_eq!(
            floor(&[(u32::MAX, Some(u32::MAX), None), (u32::MAX, Some(u32::MAX), None)]),
            (1024, 2048)
        );
    }

    #[test]
    fn a_containers_own_peak_counts_where_it_is_known() {
        let facts = TaskFacts {
            container_peaks: vec![ContainerPeak {
                name: "app".into(),
                cpu: None,
                memory: Some(MemoryMib(300)),
            }],
            ..TaskFacts::default()
        };
        assert_eq!(floor_of(&[(768, Some(1536), None), (256, Some(512), None)], &facts), (384, 512 + 360));
    }

    #[test]
    fn what_a_sidecar_reserves_and_does_not_use_is_said() {
        let peak =
            |name: &str, mib| ContainerPeak { name: name.into(), cpu: None, memory: Some(MemoryMib(mib)) };
        let definition = definition(&[(512, Some(1024), None), (256, Some(512), None)]);
        let detail = |used: u32| {
            let container_peaks = vec![peak("app", 300), peak("envoy", used)];
            let facts = TaskFacts { container_peaks, ..TaskFacts::default() };
            guards(&input(&definition, &facts, size(1024, 2048)))[0].detail.clone()
        };
        let needs = "its containers need 384 CPU units and 872 MiB to register";
        assert_eq!(detail(40), format!("{needs}; envoy has used 40 of its 512 MiB"));
        assert_eq!(detail(300), needs);
    }

    fn split_of(containers: &[Row], from: TaskRoom, to: TaskRoom, facts: &TaskFacts) -> Option<Vec<Row>> {
        let definition = definition(containers);
        let plain = |size: ContainerSize| {
            (size.cpu.0, size.memory.map(|m| m.0), size.memory_reservation.map(|m| m.0))
        };
        Some(split(&input(&definition, facts, from), to)?.into_iter().map(plain).collect())
    }

    #[test]
    fn the_worked_table_of_splits_holds() {
        let none = TaskFacts::default();
        let of = |containers: &[Row], from: (u32, u32), to: (u32, u32)| {
            split_of(containers, size(from.0, from.1), size(to.0, to.1), &none).unwrap()
        };
        assert_eq!(of(&[(1024, Some(2048), None)], (1024, 2048), (512, 1024)), [(512, Some(1024), None)]);
        assert_eq!(
            of(&[(1792, Some(3584), None), (256, Some(512), None)], (2048, 4096), (1024, 2048)),
            [(768, Some(1536), None), (256, Some(512), None)]
        );
        assert_eq!(
            of(&[(1536, Some(3072), None), (256, Some(512), None)], (2048, 4096), (1024, 2048)),
            [(768, Some(1536), None), (256, Some(512), None)]
        );
        assert_eq!(
            of(&[(512, Some(3072), Some(1024)), (256, Some(512), None)], (2048, 4096), (1024, 2048)),
            [(512, Some(2048), Some(1024)), (256, Some(512), None)]
        );
        assert_eq!(
            of(&[(0, Some(2048), Some(512))], (1024, 2048), (1024, 4096)),
            [(0, Some(4096), Some(512))]
        );
        assert_eq!(of(&[(0, None, None)], (1024, 2048), (256, 512)), [(0, None, None)]);
    }

    #[test]
    fn room_is_left_for_what_aws_adds() {
        assert_eq!(
            split_of(&[(1024, Some(2048), None)], size(1024, 2048), size(512, 1024), &service_connect()),
            Some(vec![(256, Some(960), None)])
        );
    }

    #[test]
    fn settings_that_do_not_register_are_not_split() {
        let none = TaskFacts::default();
        let too_much = [(4096, Some(9000), None), (4096, Some(9000), None)];
        assert_eq!(split_of(&too_much, size(1024, 2048), size(2048, 4096), &none), None);
    }

    prop_compose! {
        fn any_container()(
            cpu in prop_oneof![Just(0u32), 1u32..3000],
            hard in prop::option::of(4u32..9000),
            soft in prop::option::of(4u32..9000),
        ) -> Row {
            let soft = soft.map(|soft| hard.map_or(soft, |hard| soft.min(hard)));
            (cpu, hard, soft)
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, max_global_rejects: 20_000, ..ProptestConfig::default() })]

        /// Whatever registers now registers at every size that the guards allow, and the containers
        /// beside the main one are left alone.
        #[test]
        fn a_split_always_registers(
            containers in prop::collection::vec(any_container(), 1..4),
            fill: bool,
            from in 0usize..77,
            to in 0usize..77,
            proxy: bool,
            agent: bool,
            need in 0u32..4000,
        ) {
            let sizes: Vec<TaskRoom> = TaskSize::all(OperatingSystem::Linux).map(TaskRoom::from).collect();
            let (from, to) = (sizes[from], sizes[to]);
            let mut facts = TaskFacts::default();
            facts.injected.extend(proxy.then_some(InjectedContainer::ServiceConnectProxy));
            facts.injected.extend(agent.then_some(InjectedContainer::GuardDutyAgent));
            let mut containers = containers;
            if fill {
                // The first container has what the others leave.
                let others = |of: fn(&Row) -> u32| sum(containers[1..].iter().map(of));
                let (cpu, memory) = (others(|c| c.0), others(|c| c.2.or(c.1).unwrap_or(0)));
                containers[0] = (
                    from.cpu().0.saturating_sub(cpu),
                    Some(from.memory().0.saturating_sub(memory)).filter(|left| *left > 0),
                    None,
                );
            }
            let definition = definition(&containers);
            let now: Vec<ContainerSize> = definition.containers.iter().map(ContainerSize::as_now).collect();
            prop_assume!(registers(&now, from));
            let mut input = input(&definition, &facts, from);
            input.memory_need = MemoryMib(need);
            let (cpu, memory) = guards(&input)
                .iter()
                .fold((CpuUnits(0), MemoryMib(0)), |(c, m), g| (c.max(g.cpu), m.max(g.memory)));
            prop_assert!(cpu <= from.cpu() && memory <= from.memory());
            prop_assume!(to.cpu() >= cpu && to.memory() >= memory);
            let split = split(&input, to);
            prop_assert!(split.is_some(), "{:?} {:?} -> {:?}", containers, from, to);
            let split = split.unwrap();
            prop_assert!(registers(&split, to));
            let changed = split.iter().zip(&now).filter(|(then, now)| then != now).count();
            prop_assert!(changed <= 1, "only the main container changes");
        }
    }
}
