use proptest::prelude::*;

use super::*;
use crate::fargate::TaskSize;
use crate::rightsize::guards::{oom, short_limits};
use crate::workload::{ContainerPeak, OperatingSystem, StoppedTasks, TaskDefinition, TaskFacts};

type Row = (u32, Option<u32>, Option<u32>);

#[test]
fn what_a_lowered_main_container_may_use_is_all_that_can_be_used_of_a_task() {
    let usable = |containers: &[Row], to: (u32, u32), own: Option<u32>| {
        let definition = definition(containers);
        let peak = |memory| ContainerPeak { name: "app".into(), cpu: None, memory: Some(MemoryMib(memory)) };
        let facts =
            TaskFacts { container_peaks: own.map(peak).into_iter().collect(), ..TaskFacts::default() };
        let input = GuardInput { memory_peak: Some(1200), ..input(&definition, &facts, size(2048, 8192)) };
        usable_memory(&input, size(to.0, to.1)).0
    };
    let beside = [(1536, Some(7680), None), (512, Some(512), None)];
    assert_eq!(usable(&beside, (2048, 8192), None), 8192, "as it is now");
    assert_eq!(usable(&beside, (1024, 8192), None), 8192, "memory is kept");
    assert_eq!(usable(&beside, (1024, 4096), None), 4096 - 512);
    // 1,000 of 1,200 MiB were its own: it is at 3,584 when the task is at 4,300.
    assert_eq!(usable(&beside, (1024, 4096), Some(1000)), 4096);
    assert_eq!(usable(&beside, (1024, 4096), Some(1150)), 3739);
    assert_eq!(usable(&beside, (1024, 4096), Some(1300)), 3584, "measured apart, and a little more");
    // What has no limit, or keeps its own, takes what the task has.
    assert_eq!(usable(&[(0, None, None), (512, Some(512), None)], (1024, 4096), None), 4096);
    assert_eq!(usable(&[(0, Some(2048), None), (512, Some(512), None)], (1024, 4096), None), 4096);
    assert_eq!(usable(&[(2048, Some(8192), None)], (1024, 4096), None), 4096, "it is alone");
}

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
        rise: None,
        cpu_rise: None,
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
    assert_eq!(floor(&[(512, Some(1024), None), (256, Some(512), Some(256))]), (512, 956));
    assert_eq!(floor(&[(768, Some(1536), None), (256, Some(512), None)]), (512, 1212));
    assert_eq!(floor(&[(512, None, Some(300)), (256, Some(256), None)]), (512, 556));
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
    assert_eq!(floor(&[(u32::MAX, Some(u32::MAX), None), (u32::MAX, Some(u32::MAX), None)]), (1024, 2048));
}

#[test]
fn a_containers_own_peak_counts_where_it_is_known() {
    let facts = TaskFacts {
        container_peaks: vec![ContainerPeak { name: "app".into(), cpu: None, memory: Some(MemoryMib(300)) }],
        ..TaskFacts::default()
    };
    assert_eq!(floor_of(&[(768, Some(1536), None), (256, Some(512), None)], &facts), (512, 512 + 360));
}

#[test]
fn what_a_sidecar_reserves_and_does_not_use_is_said() {
    let peak = |name: &str, mib| ContainerPeak { name: name.into(), cpu: None, memory: Some(MemoryMib(mib)) };
    let definition = definition(&[(512, Some(1024), None), (256, Some(512), None)]);
    let detail = |used: u32| {
        let container_peaks = vec![peak("app", 300), peak("envoy", used)];
        let facts = TaskFacts { container_peaks, ..TaskFacts::default() };
        guards(&input(&definition, &facts, size(1024, 2048)))[0].detail.clone()
    };
    let needs = "its containers need 512 CPU units and 872 MiB";
    assert_eq!(detail(40), format!("{needs}; envoy has used 40 of its 512 MiB"));
    assert_eq!(detail(300), needs);
}

#[test]
fn the_main_container_is_left_full_headroom_and_a_peak_to_come_reaches_its_own_peak() {
    let definition = definition(&[(0, Some(4000), None), (0, Some(500), None)]);
    let memory = |need: u32, peak: u32, own: Option<u32>| {
        let own =
            own.map(|mib| ContainerPeak { name: "app".into(), cpu: None, memory: Some(MemoryMib(mib)) });
        let facts = TaskFacts { container_peaks: own.into_iter().collect(), ..TaskFacts::default() };
        let mut input = input(&definition, &facts, size(1024, 8192));
        (input.memory_need, input.memory_peak) = (MemoryMib(need), Some(peak));
        guards(&input)[0].memory.0
    };
    // 10 % are enough of the task, where the fleet is learnt from, but not of what others leave of it.
    assert_eq!(memory(1100, 1000, None), 500 + 1200);
    // Half as much again is to come: 1,000 x 1.5 x 1.2.
    assert_eq!(memory(1800, 1000, None), 500 + 1800);
    assert_eq!(memory(1800, 1000, Some(800)), 500 + 1440);
    assert_eq!(memory(1100, 1000, Some(800)), 500 + 960);
    // Before any demand is known, what the others reserve.
    assert_eq!(memory(0, 0, None), 506);
}

/// The sidecar's heap is no reason to keep all of the main container's setting.
#[test]
fn a_heap_in_a_sidecar_leaves_the_main_container_to_its_demand() {
    let definition = definition(&[(0, Some(1500), None), (0, Some(200), None)]);
    let facts = TaskFacts::default();
    let input = input(&definition, &facts, size(1024, 2048));
    assert_eq!(floor_with(&input, &definition.containers[1], MemoryMib(300)), MemoryMib(1000));
    assert_eq!(floor_with(&input, &definition.containers[0], MemoryMib(300)), MemoryMib(500));
}

fn split_of(containers: &[Row], from: TaskRoom, to: TaskRoom, facts: &TaskFacts) -> Option<Vec<Row>> {
    let definition = definition(containers);
    let plain =
        |size: ContainerSize| (size.cpu.0, size.memory.map(|m| m.0), size.memory_reservation.map(|m| m.0));
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
    assert_eq!(of(&[(0, Some(2048), Some(512))], (1024, 2048), (1024, 4096)), [(0, Some(4096), Some(512))]);
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
        killed in prop::collection::vec(prop::sample::select(vec!["app", "envoy", "log-router"]), 0..3),
        full in prop::collection::vec(prop::option::of(80u32..=100), 3),
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
        if !killed.is_empty() {
            let oom_containers = killed.iter().map(|name| (*name).to_owned()).collect();
            facts.stopped = Some(StoppedTasks { oom_kills: 1, oom_containers, ..StoppedTasks::default() });
        }
        let used = |(container, percent): (&Container, Option<u32>)| Some(ContainerPeak {
            name: container.name.clone(),
            cpu: None,
            memory: Some(MemoryMib(container.memory?.0 * percent? / 100)),
        });
        facts.container_peaks = definition.containers.iter().zip(full).filter_map(used).collect();
        let mut input = input(&definition, &facts, from);
        input.memory_need = MemoryMib(need);
        let (cpu, memory) = guards(&input)
            .iter()
            .fold((CpuUnits(0), MemoryMib(0)), |(c, m), g| (c.max(g.cpu), m.max(g.memory)));
        prop_assert!(cpu <= from.cpu() && memory <= from.memory());
        let memory = oom::guard(&input).map_or(memory, |guard| memory.max(guard.memory));
        prop_assume!(to.cpu() >= cpu && to.memory() >= memory);
        let split = split(&input, to);
        prop_assert!(split.is_some(), "{:?} {:?} -> {:?}", containers, from, to);
        let split = split.unwrap();
        prop_assert!(registers(&split, to));
        if to.memory() >= from.memory() {
            // A hard limit beside a soft one takes nothing from the others.
            let lowered = |(then, now): (&ContainerSize, &ContainerSize)| {
                now.memory_reservation.is_some() && then.memory < now.memory
            };
            prop_assert!(!split.iter().zip(&now).any(lowered), "{:?} {:?} -> {:?}", containers, from, to);
        }
        for short in short_limits::all(&input).filter(|short| short.was_reached()) {
            // The largest task has no room above it.
            let is_largest = from.memory() == sizes[76].memory();
            let raised = short_limits::raised_to(short, Some(&split)).is_some();
            prop_assert!(raised || is_largest, "{:?} {:?} -> {:?}", containers, from, to);
        }
        let raised: Vec<&str> = short_limits::all(&input).map(|short| short.container.name.as_str()).collect();
        let changed = split
            .iter()
            .zip(&now)
            .filter(|(then, now)| then != now && !raised.contains(&then.name.as_str()))
            .count();
        prop_assert!(changed <= 1, "only the main container changes");
    }
}
