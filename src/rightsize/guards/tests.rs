//! Guards as `rate` meets them: floors that hold, reasons that are named, conditions that are stated.

mod own_limits;

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::{
    config::Config,
    demand::{Observed, StartUp, Timeline, WindowDemand, roll_up, start_up},
    fargate::TaskSize,
    pricing::{PriceBook, TaskShape},
    rightsize::{
        DimensionRating, GuardInput, Guards, PerformanceRisk, Purchase, Rating, Sparse, Subject, rate,
        registers,
    },
    snapshot::Point,
    units::{CpuUnits, MemoryMib, StorageGib},
    workload::{
        Container, HistorySource, InjectedContainer, OperatingSystem, Platform, Region, RevisionInForce,
        RuntimeSetting, StoppedTasks, TaskDefinition, TaskFacts,
    },
};

const PERIOD: u32 = 300;
const DAYS: i64 = 14;

/// A service under test; utilization in per cent of its size.
struct Case {
    size: (u32, u32),
    cpu: u32,
    memory: u32,
    containers: Vec<Container>,
    facts: TaskFacts,
    /// When it was deployed, and its CPU in the ten minutes from then on.
    deployed: Option<(i64, u32)>,
}

fn case(size: (u32, u32), cpu: u32, memory: u32) -> Case {
    Case { size, cpu, memory, containers: Vec::new(), facts: TaskFacts::default(), deployed: None }
}

fn container(settings: &[(&str, &str)]) -> Container {
    let setting = |(name, value): &(&str, &str)| RuntimeSetting::new(*name, *value);
    Container {
        name: "app".into(),
        essential: true,
        runtime_settings: settings.iter().map(setting).collect(),
        ..Container::default()
    }
}

fn killed(oom_kills: u32, memory: Option<u32>) -> TaskFacts {
    let stopped =
        StoppedTasks { seen: 5, oom_kills, oom_memory: memory.map(MemoryMib), ..Default::default() };
    TaskFacts { stopped: Some(stopped), ..TaskFacts::default() }
}

impl Case {
    fn with(mut self, settings: &[(&str, &str)]) -> Self {
        self.containers.push(container(settings));
        self
    }

    fn facts(mut self, facts: TaskFacts) -> Self {
        self.facts = facts;
        self
    }

    fn task_size(&self) -> TaskSize {
        TaskSize::new(CpuUnits(self.size.0), MemoryMib(self.size.1), OperatingSystem::Linux).unwrap()
    }

    fn definition(&self) -> TaskDefinition {
        TaskDefinition {
            cpu: Some(CpuUnits(self.size.0)),
            memory: Some(MemoryMib(self.size.1)),
            containers: self.containers.clone(),
            ..TaskDefinition::default()
        }
    }

    fn demand(&self) -> (WindowDemand, Option<StartUp>) {
        let second = |second| jiff::Timestamp::from_second(second).unwrap();
        let revision = |from: Option<i64>| RevisionInForce {
            task_definition: "a".into(),
            from: from.map(second),
            settled: from.map(|from| second(from + 120)),
            metric_resolution_seconds: 60,
        };
        let revisions: Vec<_> =
            [None].into_iter().chain(self.deployed.map(|(at, _)| Some(at))).map(revision).collect();
        let definitions = BTreeMap::from([("a".to_owned(), self.definition())]);
        let timeline = Timeline::of(&revisions, HistorySource::ServiceDeployments, &definitions).unwrap();
        let point = |timestamp: i64| {
            let starting = self.deployed.filter(|(at, _)| (*at..at + 600).contains(&timestamp));
            let cpu = starting.map_or(self.cpu, |(_, cpu)| cpu) * 100;
            Point {
                timestamp,
                cpu_avg: Some(cpu),
                cpu_max: Some(cpu),
                cpu_samples: Some(10),
                mem_avg: Some(self.memory * 100),
                mem_max: Some(self.memory * 100),
                live_tasks: None,
            }
        };
        let points: Vec<Point> = (0..DAYS * 86_400).step_by(PERIOD as usize).map(point).collect();
        let demand = WindowDemand::of(&roll_up(&points, &timeline, PERIOD, DAYS * 86_400)).unwrap();
        let start = start_up(&points, &timeline, &revisions, &demand, 0, PERIOD);
        (demand, start)
    }

    fn rated(&self) -> Rating {
        let (demand, start) = self.demand();
        let size = self.task_size();
        let shape = TaskShape {
            region: Region("us-east-1".into()),
            platform: Platform::default(),
            cpu: size.cpu(),
            memory: size.memory(),
            ephemeral_storage: StorageGib(20),
        };
        let subject = Subject {
            definition: &self.definition(),
            size,
            shape: &shape,
            purchase: Purchase { strategy: &[], running_seconds: 1 },
            demand: &demand,
            sparse: Sparse::default(),
            series: None,
            scaling: None,
            facts: &self.facts,
            start_up: start.as_ref(),
            monthly_task_hours: 730.0,
            sizing: Config::default().sizing,
            observed_days: 14,
        };
        rate(&subject, PriceBook::embedded(), &Config::default(), None).unwrap()
    }
}

fn chosen(rating: &Rating) -> Option<(u32, u32)> {
    rating.choice.map(|choice| (choice.size.cpu().0, choice.size.memory().0))
}

#[test]
fn a_fixed_heap_holds_memory_and_says_what_to_lower() {
    let bare = case((1024, 8192), 10, 10).rated();
    let held = case((1024, 8192), 10, 10).with(&[("-Xmx", "4g")]).rated();
    let (cpu, memory) = chosen(&held).unwrap();
    assert!(chosen(&bare).unwrap().1 < memory);
    // 4096 + 205 + 288 = 4589 MiB; a quarter of a vCPU goes up to 2 GB only.
    assert_eq!((cpu, memory), (1024, 5120));
    assert!(held.reasons.contains(&"fixed-heap"));
    assert!(held.conditions.iter().any(|c| c == "to go lower in memory, lower -Xmx4g first"));
}

/// What to lower, by the conditions of a task of 1024 / 8192 with containers of these hard limits and settings.
fn to_lower(containers: &[(u32, &[(&str, &str)])], memory: u32) -> Vec<String> {
    let mut case = case((1024, 8192), 10, memory);
    for (limit, settings) in containers {
        let memory = (*limit > 0).then_some(MemoryMib(*limit));
        case.containers.push(Container {
            memory,
            essential: case.containers.is_empty(),
            ..container(settings)
        });
    }
    let conditions = case.rated().conditions;
    conditions.into_iter().filter(|condition| condition.contains("to go lower")).collect()
}

#[test]
fn only_a_heap_that_holds_the_size_is_said_to_be_lowered() {
    let said = |what: &str| vec![format!("to go lower in memory, lower {what} first")];
    let node: &[(&str, &str)] = &[("--max-old-space-size", "4096")];
    let (large, small): (&[_], &[_]) = (&[("-Xmx", "2g")], &[("-Xmx", "512m")]);
    // 512 + 26 + 288 = 826 MiB of the 1,024 that the sidecar has anyway.
    assert_eq!(to_lower(&[(6144, node), (1024, small)], 25), said("--max-old-space-size=4096"));
    // Demand asks for more than the 2,439 MiB of the heap.
    assert_eq!(to_lower(&[(0, large), (0, &[])], 25), [""; 0]);
    // 2439 and 826: 3265 of 4096, and 3072 hold either.
    assert_eq!(to_lower(&[(0, large), (0, small)], 5), said("-Xmx2g or -Xmx512m"));
    // 4368 and 826 and 813: 6007 of 6144, and 5120 hold no two of them.
    let third: &[_] = &[("-Xmx", "500m")];
    assert_eq!(to_lower(&[(0, small), (0, third), (4368, &[])], 5), said("-Xmx512m and -Xmx500m"));
}

#[test]
fn a_heap_larger_than_the_task_is_said_and_nothing_is_cut() {
    for value in ["4g", "99999999999g"] {
        let rating = case((1024, 2048), 40, 20).with(&[("-Xmx", value)]).rated();
        assert!(rating.reasons.contains(&"heap-exceeds-size"), "{value}");
        assert!(chosen(&rating).is_none_or(|(_, memory)| memory >= 2048), "{value}");
    }
    // 3072 + 154 + 288.
    let rating = case((1024, 2048), 10, 20).with(&[("-Xmx", "3g")]).rated();
    assert_eq!(chosen(&rating), Some((256, 2048)));
    let guard = rating.guards.iter().find(|guard| guard.code == "heap-exceeds-size").unwrap();
    assert!(guard.detail.ends_with("lower the setting, or give it that much"), "{}", guard.detail);
    assert_eq!(rating.conditions, ["lower -Xmx3g, or give app 3514 MiB: what it may fill does not fit"]);
}

#[test]
fn a_heap_that_starts_larger_than_its_default_share_is_not_said_to_follow() {
    let rating = case((1024, 8192), 10, 10).with(&[("-Xms", "3g")]).rated();
    assert_eq!(rating.guards.iter().map(|guard| guard.code).collect::<Vec<_>>(), ["fixed-heap"]);
    assert!(
        rating.conditions.iter().all(|condition| !condition.contains("shrinks")),
        "{:?}",
        rating.conditions
    );
}

#[test]
fn a_heap_that_makes_memory_look_full_is_said() {
    let full = case((1024, 2048), 50, 88).with(&[("-Xmx", "1500m")]).rated();
    assert!(full.reasons.contains(&"fixed-heap"));
    let guard = full.guards.iter().find(|guard| guard.code == "fixed-heap").unwrap();
    assert!(guard.detail.contains("looks full"), "{}", guard.detail);
    assert_eq!(chosen(&full), Some((1024, 3072)));
    assert_eq!(full.conditions, ["before paying for more memory, see whether -Xmx1500m may be lower"]);
    let half = case((1024, 2048), 50, 50).with(&[("-Xmx", "1500m")]).rated();
    assert!(!half.guards[0].detail.contains("looks full"));
}

#[test]
fn a_heap_by_percentage_is_a_condition_and_no_block() {
    let rating = case((1024, 8192), 10, 10).with(&[("-XX:MaxRAMPercentage", "75.0")]).rated();
    assert_eq!(chosen(&rating), chosen(&case((1024, 8192), 10, 10).rated()));
    assert_eq!(
        rating.conditions,
        [
            "the heap of app (-XX:MaxRAMPercentage=75.0) shrinks from 6144 to 768 MiB: what is in use after collections must fit"
        ]
    );
    assert_eq!(rating.guards[0].code, "heap-percent-follows");
}

#[test]
fn a_heap_that_is_not_known_is_said() {
    let rating = case((1024, 8192), 10, 10).with(&[("-Xmx", ""), ("-Xms", "")]).rated();
    assert_eq!(chosen(&rating), chosen(&case((1024, 8192), 10, 10).rated()));
    let guards: Vec<_> = rating.guards.iter().map(|guard| (guard.code, guard.detail.as_str())).collect();
    let detail = "what -Xms or -Xmx is for app is not known here, nor how large a heap it allows";
    assert_eq!(guards, [("heap-unknown", detail)]);
    assert_eq!(rating.conditions, ["app gets 1024 MiB: what -Xms or -Xmx allows it must fit"]);
    // What is known holds all the same.
    let held = case((1024, 8192), 10, 10).with(&[("-Xmx", "4g"), ("-Xmx", "")]).rated();
    assert_eq!(chosen(&held), Some((1024, 5120)));
    assert!(held.guards.iter().any(|guard| guard.code == "heap-unknown"));
}

#[test]
fn two_processes_in_one_container_need_room_for_both() {
    let mut case = case((1024, 8192), 10, 10).with(&[("-Xmx", "3g"), ("-Xmx", "2g")]);
    // 3072 + 154 + 288: whichever holds.
    assert_eq!(chosen(&case.rated()), Some((512, 4096)));
    for (process, setting) in (1..).zip(&mut case.containers[0].runtime_settings) {
        setting.process = Some(process);
    }
    // And 2048 + 103 + 288.
    let rating = case.rated();
    assert_eq!(chosen(&rating), Some((1024, 6144)));
    assert_eq!(rating.conditions, ["to go lower in memory, lower -Xmx3g together with -Xmx2g first"]);
}

#[test]
fn two_runtimes_in_one_task_need_room_for_both() {
    let rating = case((1024, 8192), 10, 10).with(&[("-Xmx", "2g")]).with(&[("GOMEMLIMIT", "1GiB")]).rated();
    // 2048 + 103 + 288 and 1024 + 103.
    assert_eq!(chosen(&rating).unwrap().1, 4096);
    assert!(rating.guards.iter().all(|guard| guard.memory == MemoryMib(3566)), "{:?}", rating.guards);
}

#[test]
fn start_up_is_kept_apart_and_still_fits() {
    let spiky = |size, steady, peak| {
        let case = Case { deployed: Some((7 * 86_400, peak)), ..case(size, steady, 20) };
        (chosen(&case.rated()), case.rated())
    };
    // 1.5 of 2 vCPU at the start, 0.2 otherwise: not below 1 vCPU, and that takes half as long again.
    let (size, rating) = spiky((2048, 4096), 10, 75);
    assert_eq!(size, Some((1024, 2048)));
    assert!(rating.reasons.contains(&"start-up-peak"));
    assert_eq!(
        rating.conditions,
        [
            "start-up takes up to 1.50 vCPU: with 1 vCPU it lasts up to 50 % longer, which health checks must allow"
        ]
    );
    // At its cap what it wanted is unknown.
    let (size, rating) = spiky((2048, 4096), 10, 100);
    assert_eq!((size, rating.cpu), (None, DimensionRating::Optimized));
    assert!(rating.reasons.contains(&"start-up-peak"));
    // Without a spike nothing changes.
    assert_eq!(spiky((2048, 4096), 10, 10).0, chosen(&case((2048, 4096), 10, 20).rated()));
}

/// The floors that guards give a task of this size without containers.
fn floors(size: (u32, u32), facts: &TaskFacts, start_up: Option<&StartUp>) -> (u32, u32) {
    let case = case(size, 0, 0);
    let input = GuardInput {
        definition: &case.definition(),
        facts,
        size: case.task_size().into(),
        os: OperatingSystem::Linux,
        start_up,
        memory_peak: None,
        memory_need: MemoryMib(0),
        rise: None,
        cpu_rise: None,
        memory_headroom: 0,
    };
    let (cpu, memory) = Guards::of(input).floors();
    (cpu.0, memory.0)
}

#[test]
fn the_worked_table_of_start_ups_holds() {
    let steady = Observed {
        histogram: [100_000].into_iter().collect(),
        max: 100_000,
        sustained_max: None,
        average: None,
        periods_at_cap: 0,
        largest_capped_size: None,
        outgrown: None,
    };
    for (size, peak_cpu, capped_at, floor) in [
        ((2048, 4096), 1_536_000, None, 1024),
        ((2048, 4096), 2_048_000, Some(2048), 2048),
        ((1024, 2048), 2_048_000, Some(2048), 1024),
    ] {
        let start = StartUp { starts: 1, spans: Vec::new(), peak_cpu, capped_at, steady_cpu: steady.clone() };
        assert_eq!(floors(size, &TaskFacts::default(), Some(&start)), (floor, 0));
    }
}

#[test]
fn the_worked_table_of_kills_holds() {
    for (memory, killed_at, floor) in [(2048, Some(2048), 3072), (4096, Some(2048), 3072), (2048, None, 3072)]
    {
        assert_eq!(floors((1024, memory), &killed(1, killed_at), None), (0, floor));
    }
}

#[test]
fn a_kill_for_memory_is_a_step_up_whatever_the_metrics_say() {
    let rating = case((1024, 2048), 60, 30).facts(killed(2, Some(2048))).rated();
    assert_eq!(rating.memory, DimensionRating::Underprovisioned);
    assert_eq!(chosen(&rating), Some((1024, 3072)));
    assert!(rating.reasons.contains(&"oom-killed") && rating.reasons.contains(&"memory-underprovisioned"));
    // How much they wanted is not known.
    assert_eq!(rating.choice.as_ref().map(|choice| choice.risk), Some(PerformanceRisk::High));

    let before = case((1024, 4096), 60, 10).facts(killed(1, Some(2048))).rated();
    assert_eq!(chosen(&before), Some((1024, 3072)), "a step above the size at which it was killed");
    assert_eq!(before.memory, DimensionRating::Overprovisioned);

    let none = case((1024, 2048), 60, 80).facts(killed(0, None)).rated();
    assert!(none.guards.is_empty());
}

#[test]
fn a_container_killed_at_its_own_limit_needs_that_raised() {
    let mut case = case((1024, 2048), 60, 30).with(&[]);
    case.containers[0].memory = Some(MemoryMib(512));
    case.facts = killed(1, Some(2048));
    case.facts.stopped.as_mut().unwrap().oom_containers = vec!["app".into()];
    let rating = case.rated();
    assert_eq!(
        rating.conditions,
        ["the memory limit of app goes from 512 to 2048 MiB: it was killed at that"],
        "the main container gets the rest"
    );
    assert_eq!(chosen(&rating), Some((1024, 2048)));
    assert_eq!(rating.containers[0].memory, Some(MemoryMib(2048)));
}

#[test]
fn containers_change_along_and_it_is_said() {
    let mut case = case((2048, 4096), 10, 10).with(&[]);
    (case.containers[0].cpu, case.containers[0].memory) = (CpuUnits(2048), Some(MemoryMib(4096)));
    let rating = case.rated();
    assert_eq!(chosen(&rating), Some((256, 512)));
    assert_eq!(
        (rating.containers[0].cpu, rating.containers[0].memory),
        (CpuUnits(256), Some(MemoryMib(512)))
    );
    assert_eq!(rating.conditions, ["the limits of app change with the task"]);
}

prop_compose! {
    fn any_setting()(
        name in prop::sample::select(vec![
            "-Xmx", "-Xms", "-XX:MaxRAMPercentage", "-XX:MaxMetaspaceSize", "-XX:MaxDirectMemorySize",
            "--max-old-space-size", "GOMEMLIMIT", "--workers", "WEB_CONCURRENCY", "unknown",
        ]),
        value in "[0-9]{0,6}(m|g|MiB)?|[0-9]{1,30}[kmgt]?|\\PC{0,12}",
        process in prop::option::of(0u32..3),
    ) -> RuntimeSetting {
        RuntimeSetting { process, ..RuntimeSetting::new(name, value) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever guards say, no recommendation is below any of their floors, and floors are above the
    /// current size only after a kill.
    #[test]
    fn no_recommendation_is_below_a_guards_floor(
        size in 0usize..77,
        cpu in 0u32..100,
        memory in 0u32..100,
        settings in prop::collection::vec(prop::collection::vec(any_setting(), 0..4), 0..3),
        limits in prop::collection::vec((0u32..2000, prop::option::of(4u32..8000), prop::option::of(4u32..4000)), 3),
        kills in 0u32..2,
        killed_ones in prop::collection::vec(0usize..3, 0..3),
        deployed in prop::option::of((0i64..DAYS * 86_400, 0u32..=100)),
        proxy: bool,
    ) {
        let size = TaskSize::all(OperatingSystem::Linux).nth(size).unwrap();
        let mut case = case((size.cpu().0, size.memory().0), cpu, memory);
        case.facts = killed(kills, None);
        case.facts.injected.extend(proxy.then_some(InjectedContainer::ServiceConnectProxy));
        case.deployed = deployed;
        let name = |index: usize| format!("c{index}");
        let stopped = case.facts.stopped.as_mut().unwrap();
        stopped.oom_containers = killed_ones.into_iter().map(name).collect();
        for (index, (settings, (cpu, hard, soft))) in settings.into_iter().zip(limits).enumerate() {
            case.containers.push(Container {
                name: name(index),
                runtime_settings: settings,
                cpu: CpuUnits(cpu),
                memory: hard.map(MemoryMib),
                memory_reservation: soft.map(MemoryMib),
                ..container(&[])
            });
        }
        let rating = case.rated();
        for guard in &rating.guards {
            prop_assert!(guard.cpu <= size.cpu());
            prop_assert!(guard.memory <= size.memory() || guard.code == "oom-killed");
            if let Some(choice) = rating.choice {
                prop_assert!(choice.size.cpu() >= guard.cpu, "{guard:?}");
                prop_assert!(choice.size.memory() >= guard.memory, "{guard:?}");
                prop_assert!(choice.upper.is_none_or(|upper| upper.memory() >= guard.memory), "{guard:?}");
            }
        }
        if let Some(choice) = rating.choice.filter(|_| !rating.containers.is_empty()) {
            prop_assert!(registers(&rating.containers, choice.size.into()), "{:?}", rating.containers);
        }
        if kills > 0 && size.memory().0 < 249_856 {
            prop_assert_eq!(&rating.memory, &DimensionRating::Underprovisioned);
        }
    }

    /// Floors grow with what is known, never shrink.
    #[test]
    fn one_more_setting_never_lowers_a_floor(
        settings in prop::collection::vec(any_setting(), 0..4), more in any_setting(),
    ) {
        // What bounds a part of the JVM may lower what it needs, and that is right.
        prop_assume!(!more.name.contains("MaxMetaspace") && !more.name.contains("MaxDirect"));
        let floor = |settings: Vec<RuntimeSetting>| {
            let mut case = case((4096, 30_720), 10, 10);
            case.containers.push(Container { runtime_settings: settings, ..container(&[]) });
            let definition = case.definition();
            let input = GuardInput {
                definition: &definition,
                facts: &case.facts,
                size: case.task_size().into(),
                os: OperatingSystem::Linux,
                start_up: None,
                memory_peak: None,
                memory_need: MemoryMib(0),
                rise: None,
                cpu_rise: None,
                memory_headroom: 0,
            };
            Guards::of(input).floors().1
        };
        let fewer = floor(settings.clone());
        let all = floor(settings.into_iter().chain([more]).collect());
        prop_assert!(all >= fewer);
    }
}
