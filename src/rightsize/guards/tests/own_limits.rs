//! Containers with memory limits of their own, below the task's.

use super::*;
use crate::{rightsize::ContainerSize, workload::ContainerPeak};

fn limited(name: &str, hard: Option<u32>, soft: Option<u32>) -> Container {
    Container {
        name: name.into(),
        memory: hard.map(MemoryMib),
        memory_reservation: soft.map(MemoryMib),
        ..container(&[])
    }
}

/// 60 % of a vCPU: the CPU stays.
fn task_of(memory: u32, used: u32, containers: Vec<Container>) -> Case {
    Case { containers, ..case((1024, memory), 60, used) }
}

/// Killed in a task of so much memory.
fn killed_in(memory: u32, names: &[&str]) -> TaskFacts {
    let mut facts = killed(2, Some(memory));
    facts.stopped.as_mut().unwrap().oom_containers = names.iter().map(|name| (*name).into()).collect();
    facts
}

fn hard_limits(containers: &[ContainerSize]) -> Vec<Option<u32>> {
    containers.iter().map(|container| container.memory.map(|memory| memory.0)).collect()
}

fn killed_guard(rating: &Rating) -> &str {
    &rating.guards.iter().find(|guard| guard.code == "oom-killed").unwrap().detail
}

#[test]
fn a_sidecar_killed_at_its_own_limit_has_that_raised_and_the_task_stays() {
    let containers = vec![limited("app", Some(2048), Some(1024)), limited("sidecar", Some(1024), None)];
    let rating = task_of(4096, 40, containers).facts(killed_in(4096, &["sidecar"])).rated();
    assert_eq!(rating.memory, DimensionRating::Underprovisioned);
    assert_eq!(chosen(&rating), Some((1024, 4096)));
    assert_eq!(hard_limits(&rating.containers), [Some(2048), Some(2048)]);
    assert_eq!(rating.containers[0].memory_reservation, Some(MemoryMib(1024)));
    assert_eq!(
        killed_guard(&rating),
        "2 tasks were killed for memory: sidecar at its own limit of 1024 MiB (needs 2048 at least)"
    );
    assert_eq!(
        rating.conditions,
        ["the memory limit of sidecar goes from 1024 to 2048 MiB: it was killed at that"]
    );
    assert_eq!(rating.choice.unwrap().risk, PerformanceRisk::High);
}

#[test]
fn where_the_raised_limits_do_not_fit_it_is_the_smallest_task_that_holds_them() {
    let containers = vec![limited("app", Some(3072), None), limited("sidecar", Some(1024), None)];
    // 2,868 MiB seen, with 20 %, and 2,048: 5,490.
    let rating = task_of(4096, 70, containers).facts(killed_in(4096, &["sidecar"])).rated();
    assert_eq!(chosen(&rating).map(|(_, memory)| memory), Some(6144));
    assert_eq!(hard_limits(&rating.containers), [Some(4096), Some(2048)]);
}

#[test]
fn the_main_container_gives_what_it_does_not_need_before_the_task_grows() {
    let containers = vec![limited("app", Some(3072), None), limited("sidecar", Some(1024), None)];
    let rating = task_of(4096, 30, containers).facts(killed_in(4096, &["sidecar"])).rated();
    assert_eq!(chosen(&rating), Some((1024, 4096)));
    assert_eq!(hard_limits(&rating.containers), [Some(2048), Some(2048)]);
}

#[test]
fn the_main_container_killed_at_its_own_limit_gets_what_the_others_leave() {
    let containers = vec![limited("app", Some(512), None), limited("log", Some(256), None)];
    let rating = task_of(2048, 30, containers).facts(killed_in(2048, &["app"])).rated();
    assert_eq!(chosen(&rating), Some((1024, 2048)));
    assert_eq!(hard_limits(&rating.containers), [Some(1792), Some(256)]);
    // 1,024 and a GB more, and 1,024: the task must grow.
    let containers = vec![limited("app", Some(1024), Some(512)), limited("log", Some(1024), None)];
    let rating = task_of(2048, 30, containers).facts(killed_in(2048, &["app"])).rated();
    assert_eq!(chosen(&rating), Some((1024, 2048)));
    assert_eq!(hard_limits(&rating.containers), [Some(2048), Some(1024)], "a soft limit is what counts");
    let containers = vec![limited("app", Some(1024), None), limited("log", Some(1024), None)];
    let rating = task_of(2048, 30, containers).facts(killed_in(2048, &["app"])).rated();
    assert_eq!(chosen(&rating).map(|(_, memory)| memory), Some(3072));
    assert_eq!(hard_limits(&rating.containers), [Some(2048), Some(1024)]);
}

#[test]
fn several_killed_containers_are_raised_and_one_without_a_limit_was_killed_at_the_tasks() {
    let three = || {
        vec![limited("app", None, Some(1500)), limited("a", Some(256), None), limited("b", Some(1000), None)]
    };
    let both = task_of(4096, 40, three()).facts(killed_in(4096, &["a", "b"])).rated();
    assert_eq!(chosen(&both), Some((1024, 4096)));
    assert_eq!(hard_limits(&both.containers), [None, Some(512), Some(2000)]);
    assert!(killed_guard(&both).contains(": a at its own limit of 256 MiB (needs 512 at least) and b at "));

    let app = task_of(4096, 40, three()).facts(killed_in(4096, &["app"])).rated();
    assert_eq!(chosen(&app), Some((1024, 5120)));
    assert_eq!(hard_limits(&app.containers), [None, Some(256), Some(1000)]);
    assert_eq!(killed_guard(&app), "2 tasks were killed for memory at 4 GB");

    let mixed = task_of(4096, 40, three()).facts(killed_in(4096, &["a", "app"])).rated();
    assert_eq!(chosen(&mixed), Some((1024, 5120)));
    assert_eq!(hard_limits(&mixed.containers), [None, Some(512), Some(1000)]);
    assert!(killed_guard(&mixed).starts_with("2 tasks were killed for memory at 4 GB; a at its own limit"));

    // One that the definition does not list has no limit that could be raised.
    let injected = task_of(4096, 40, three()).facts(killed_in(4096, &["a", "aws-guardduty-agent"])).rated();
    assert_eq!(chosen(&injected), Some((1024, 5120)));
}

/// What limits an earlier revision had is not known.
#[test]
fn a_kill_in_a_task_of_another_size_says_nothing_of_the_limits_in_force() {
    let containers = vec![limited("app", Some(3072), None), limited("sidecar", Some(1024), None)];
    let rating = task_of(8192, 10, containers).facts(killed_in(2048, &["sidecar"])).rated();
    assert_eq!(chosen(&rating).map(|(_, memory)| memory), Some(3072));
    assert_eq!(rating.containers[1].memory, Some(MemoryMib(1024)));
    assert_eq!(killed_guard(&rating), "2 tasks were killed for memory at 2 GB");
    assert!(
        rating.conditions.contains(
            &"sidecar may have been killed at a memory limit of its own (1024 MiB now): raise that if it was"
                .into()
        ),
        "{:?}",
        rating.conditions
    );
}

/// Which of the kills were in the larger task is not known, nor that any was in this one.
#[test]
fn an_earlier_kill_in_a_larger_task_does_not_hide_limits_in_force() {
    let containers = || vec![limited("app", Some(3072), None), limited("side", Some(512), None)];
    let rating = task_of(4096, 25, containers()).facts(killed_in(8192, &["side"])).rated();
    assert_eq!(chosen(&rating), Some((1024, 4096)));
    assert_eq!(hard_limits(&rating.containers), [Some(3072), Some(1024)]);
    assert_eq!(
        killed_guard(&rating),
        "2 tasks were killed for memory at up to 8 GB: side with a limit of its own of 512 MiB (needs 1024 at least)"
    );
    assert_eq!(
        rating.conditions,
        ["the memory limit of side goes from 512 to 1024 MiB: it was killed, at that or in a larger task"]
    );

    // What has no limit of its own was killed at the task's.
    let free = vec![limited("app", None, Some(1024)), limited("side", Some(512), None)];
    let rating = task_of(4096, 25, free).facts(killed_in(8192, &["app", "side"])).rated();
    assert_eq!(chosen(&rating).map(|(_, memory)| memory), Some(9216));
    assert_eq!(hard_limits(&rating.containers), [None, Some(512)]);

    // One that the definition does not list, and kills of which no name is known.
    for names in [&["aws-guardduty-agent", "side"][..], &[]] {
        let rating = task_of(4096, 25, containers()).facts(killed_in(8192, names)).rated();
        assert_eq!(chosen(&rating).map(|(_, memory)| memory), Some(9216), "{names:?}");
    }
}

#[test]
fn nothing_is_raised_above_the_largest_task() {
    let containers = vec![limited("app", Some(249_000), None), limited("log", Some(512), None)];
    let mut case = Case { containers, ..case((32_768, 249_856), 60, 30) };
    case.facts = killed_in(249_856, &["app"]);
    assert!(case.rated().guards.iter().all(|guard| guard.memory <= MemoryMib(249_856)));
}

fn peaks(used: &[(&str, u32)]) -> TaskFacts {
    let peak = |(name, mib): &(&str, u32)| ContainerPeak {
        name: (*name).into(),
        cpu: None,
        memory: Some(MemoryMib(*mib)),
    };
    TaskFacts { container_peaks: used.iter().map(peak).collect(), ..TaskFacts::default() }
}

#[test]
fn a_container_at_its_own_limit_is_told_of_where_the_task_stays() {
    let containers = || vec![limited("app", Some(1024), None), limited("log", Some(512), None)];
    let rating = task_of(2048, 72, containers()).facts(peaks(&[("app", 1024), ("log", 400)])).rated();
    assert_eq!((rating.choice, rating.reasons), (None, vec!["container-near-limit"]));
    let guard = rating.guards.iter().find(|guard| guard.code == "container-near-limit").unwrap();
    assert_eq!(
        guard.detail,
        "app has used 1024 of the 1024 MiB that are its own limit: at that it is killed, whatever the task has left"
    );
    let sidecar = task_of(2048, 72, containers()).facts(peaks(&[("app", 300), ("log", 511)])).rated();
    assert_eq!(sidecar.reasons, ["container-near-limit"]);

    // The task's own memory, or enough left.
    let none = task_of(2048, 72, containers()).facts(peaks(&[("app", 900), ("log", 400)])).rated();
    assert_eq!(none.reasons, [""; 0]);
    let whole = vec![limited("app", Some(2048), Some(512)), limited("log", Some(512), None)];
    let whole = task_of(2048, 72, whole).facts(peaks(&[("app", 2000)])).rated();
    assert!(!whole.reasons.contains(&"container-near-limit"));
}

#[test]
fn a_container_at_its_own_limit_gets_more_with_a_change_that_leaves_room_for_it() {
    let containers = vec![limited("app", Some(1024), None), limited("log", Some(256), None)];
    let mut case = Case { containers, ..case((1024, 4096), 30, 30) };
    case.facts = peaks(&[("app", 1023), ("log", 60)]);
    let rating = case.rated();
    assert_eq!(chosen(&rating), Some((512, 2048)));
    assert_eq!(hard_limits(&rating.containers), [Some(1792), Some(256)], "the main container gets the rest");
    assert_eq!(
        rating.conditions,
        ["the memory limit of app goes from 1024 to 1792 MiB: it has used 1023 of it"]
    );
    assert_eq!(rating.choice.unwrap().risk, PerformanceRisk::High);

    // A sidecar gets its peak with headroom, and the main container what is left.
    let containers = vec![limited("app", Some(3584), None), limited("agent", Some(512), None)];
    let mut case = Case { containers, ..super::case((1024, 4096), 30, 30) };
    case.facts = peaks(&[("app", 700), ("agent", 511)]);
    let rating = case.rated();
    assert_eq!(chosen(&rating), Some((512, 2048)));
    assert_eq!(hard_limits(&rating.containers), [Some(2048 - 614), Some(614)]);
}

#[test]
fn a_limit_is_not_raised_at_the_cost_of_what_the_main_container_needs() {
    let containers = vec![limited("app", Some(1536), None), limited("agent", Some(512), None)];
    let mut case = Case { containers, ..case((1024, 2048), 10, 80) };
    case.facts = peaks(&[("app", 1300), ("agent", 500)]);
    let rating = case.rated();
    assert_eq!(chosen(&rating), Some((256, 2048)));
    assert_eq!(hard_limits(&rating.containers), [Some(1536), Some(512)]);
    assert_eq!(rating.conditions, ["agent has used 500 of its 512 MiB: raise its limit"]);
}

/// What is said of a change to 4 vCPU / 8 GB of a task that is to hold so much memory.
fn said(containers: Vec<Container>, facts: &TaskFacts, need: u32) -> Vec<String> {
    let case = task_of(4096, 0, containers);
    let guards = Guards::of(GuardInput {
        definition: &case.definition(),
        facts,
        size: case.task_size().into(),
        os: OperatingSystem::Linux,
        start_up: None,
        memory_peak: Some(1638),
        memory_need: MemoryMib(need),
        rise: None,
        cpu_rise: None,
        memory_headroom: 2_000,
    })
    .conditions((CpuUnits(4096), MemoryMib(8192)).into(), &[]);
    guards.into_iter().filter(|condition| condition.contains("its own limit")).collect()
}

#[test]
fn a_limit_below_what_the_task_is_to_hold_is_told_of() {
    let app = || vec![limited("nginx", None, None), limited("app", Some(2048), None)];
    let none = TaskFacts::default();
    assert_eq!(
        said(app(), &none, 3300),
        [
            "the task is to hold 3300 MiB, of which app can use 2048: where it is what needs them, raise its own limit"
        ]
    );
    assert!(said(app(), &none, 2000).is_empty());
    // It is known what it uses, and what that comes to: 500 x 1.2 x 3,300 / 1,966, or 1,500 x as much.
    assert!(said(app(), &peaks(&[("app", 500)]), 3300).is_empty());
    assert_eq!(
        said(app(), &peaks(&[("app", 1500)]), 3300),
        ["app is to hold 3022 MiB, and can use 2048: raise its own limit"]
    );
    // Nothing more than was seen is to come.
    assert!(said(app(), &peaks(&[("app", 1800)]), 1900).is_empty());
    // The main container has room, and what is beside it was never what the task is for.
    let sidecar = || vec![limited("app", None, Some(2048)), limited("envoy", Some(256), None)];
    assert!(said(sidecar(), &none, 3300).is_empty());
    let follower = vec![limited("app", Some(3840), None), limited("envoy", Some(256), None)];
    assert!(said(follower, &none, 3300).is_empty());
}

/// What a task uses its only container uses.
#[test]
fn a_lone_container_near_its_own_limit_is_known_by_the_tasks_memory() {
    let alone = |used: u32| task_of(8192, used, vec![limited("app", Some(2048), None)]).rated();
    // 24 % of 8 GB are 1,967 of 2,048 MiB; with 20 %, 2,360.
    let rating = alone(24);
    assert_eq!(chosen(&rating), Some((1024, 3072)));
    assert!(rating.reasons.contains(&"container-near-limit"), "{:?}", rating.reasons);
    assert_eq!(
        rating.conditions,
        ["the memory limit of app goes from 2048 to 3072 MiB: it has used 1967 of it"]
    );
    assert_eq!(rating.choice.unwrap().risk, PerformanceRisk::High);
    // 1,639 MiB are 80 %.
    assert!(!alone(20).reasons.contains(&"container-near-limit"));
    // More than the limit was seen under another one.
    assert!(!alone(30).reasons.contains(&"container-near-limit"));
    // AWS adds a container, or the definition has two: whose it is is not known.
    let facts = TaskFacts { injected: vec![InjectedContainer::GuardDutyAgent], ..TaskFacts::default() };
    let guarded = task_of(8192, 24, vec![limited("app", Some(2048), None)]).facts(facts).rated();
    assert!(!guarded.reasons.contains(&"container-near-limit"), "{:?}", guarded.reasons);
    let two = vec![limited("app", Some(2048), None), limited("log", None, None)];
    assert!(!task_of(8192, 24, two).rated().reasons.contains(&"container-near-limit"));
}

#[test]
fn a_container_that_is_nearly_full_takes_nothing_from_one_that_was_killed() {
    let peak = ContainerPeak { name: "log".into(), cpu: None, memory: Some(MemoryMib(6056)) };
    let facts = TaskFacts { container_peaks: vec![peak], ..killed_in(15_360, &["app"]) };
    let containers = vec![limited("app", Some(9112), None), limited("log", Some(6244), None)];
    let rating = Case { containers, ..case((4096, 15_360), 20, 40) }.facts(facts).rated();
    // 9,112 and a GB, and 6,244 are a task of 16 GB; 1.2 x 6,056 for the other would leave the first what it has.
    assert_eq!(chosen(&rating).map(|(_, memory)| memory), Some(16_384));
    assert_eq!(hard_limits(&rating.containers), [Some(10_140), Some(6244)]);
}
