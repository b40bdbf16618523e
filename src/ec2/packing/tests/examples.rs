use super::fleet::{below, offer, offers, service};
use crate::{
    ec2::packing::{
        InstanceOffer, Packing, Placement, Problem, Resources, TaskGroup, Unpackable, Violation, pack, place,
        verify,
    },
    workload::Architecture,
};

fn group(cpu: u32, memory_mib: u32, tasks: &[u32]) -> TaskGroup {
    TaskGroup {
        needs: Resources { cpu, memory_mib, enis: 1, gpus: 0 },
        architectures: vec![Architecture::Arm64],
        min_zones: 1,
        distinct_instances: false,
        tasks: tasks.to_vec(),
    }
}

fn problem(offers: Vec<InstanceOffer>, groups: Vec<TaskGroup>) -> Problem {
    Problem { offers, groups, zones: 3, target_capacity_percent: 100 }
}

/// Instance-hours of the only type.
fn hours(problem: &Problem) -> u64 {
    let packing = pack(problem).expect("packable");
    assert_eq!(packing.gap_percent(), Some(0.0));
    packing.instance_hours.values().sum()
}

#[test]
fn constraints_take_the_instances_they_take() {
    let on = |name: &str, group: TaskGroup| problem(vec![offer(name)], vec![group]);
    let cases: [(&str, Problem, u64); 8] = [
        ("four of 512 CPU units on 2 vCPU", on("m7g.large", group(512, 512, &[4])), 1),
        ("five of them", on("m7g.large", group(512, 512, &[5])), 2),
        ("memory before CPU", on("m7g.large", group(256, 4096, &[3])), 3),
        ("network interfaces before both", on("m7g.medium", group(64, 64, &[9])), 3),
        ("a surge for one of three hours", on("m7g.large", group(1024, 512, &[2, 4, 2])), 4),
        ("three zones", on("m7g.large", TaskGroup { min_zones: 3, ..group(256, 512, &[6]) }), 3),
        (
            "two tasks are in no more than two zones",
            on("m7g.large", TaskGroup { min_zones: 3, ..group(256, 512, &[2]) }),
            2,
        ),
        (
            "distinct instances",
            on("m7g.large", TaskGroup { distinct_instances: true, ..group(256, 512, &[5]) }),
            5,
        ),
    ];
    for (name, problem, expected) in cases {
        assert_eq!(hours(&problem), expected, "{name}");
    }
}

#[test]
fn target_capacity_keeps_a_share_of_each_type_free() {
    for (target, used, running) in [(100, 3, 3), (90, 3, 4), (90, 9, 10), (75, 3, 4), (50, 3, 6), (1, 1, 100)]
    {
        let problem = Problem {
            target_capacity_percent: target,
            ..problem(vec![offer("m7g.large")], vec![group(2048, 512, &[used])])
        };
        assert_eq!(hours(&problem), running, "{used} in use at {target} %");
    }
}

#[test]
fn zones_that_each_need_a_task_of_all_are_bounded_so() {
    // Ten services in two zones of two: five vCPU of tasks in each zone, so two instances of 4 vCPU each.
    let groups = (0..10).map(|_| TaskGroup { min_zones: 2, ..group(512, 512, &[2]) }).collect();
    let problem = Problem { zones: 2, ..problem(vec![offer("c7g.xlarge")], groups) };
    assert_eq!(hours(&problem), 4);
}

#[test]
fn architectures_are_packed_side_by_side() {
    let x86 = InstanceOffer {
        architecture: Architecture::X86_64,
        micro_usd_per_hour: 100_000,
        ..offer("m7g.large")
    };
    let only = |architecture| TaskGroup { architectures: vec![architecture], ..group(1024, 1024, &[2]) };
    let both = TaskGroup {
        architectures: vec![Architecture::X86_64, Architecture::Arm64],
        ..group(1024, 1024, &[2])
    };
    let offers = vec![x86, offer("m7g.large")];
    let apart = problem(offers.clone(), vec![only(Architecture::X86_64), only(Architecture::Arm64)]);
    assert_eq!(pack(&apart).expect("packable").cost_micro_usd, 100_000 + 81_600);
    let shared = problem(offers, vec![only(Architecture::X86_64), both]);
    assert_eq!(pack(&shared).expect("packable").cost_micro_usd, 100_000 + 81_600);
}

#[test]
fn what_cannot_be_packed_says_why() {
    let large = vec![offer("m7g.large")];
    let cases = [
        (
            "the second group is too large",
            problem(large.clone(), vec![group(256, 512, &[1]), group(4096, 512, &[1])]),
            Unpackable::NoOfferHolds { group: 1 },
        ),
        (
            "a group that is too large and never runs does not matter, but nothing else runs",
            problem(large.clone(), vec![group(4096, 512, &[0, 0])]),
            Unpackable::Nothing,
        ),
        ("no offers", problem(vec![], vec![group(256, 512, &[1])]), Unpackable::NoOfferHolds { group: 0 }),
        ("no groups", problem(large.clone(), vec![]), Unpackable::Nothing),
        (
            "more zones than there are",
            problem(large, vec![TaskGroup { min_zones: 4, ..group(256, 512, &[1, 4]) }]),
            Unpackable::TooFewZones { group: 0, min_zones: 4, zones: 3 },
        ),
    ];
    for (name, problem, expected) in cases {
        assert_eq!(pack(&problem), Err(expected), "{name}");
    }
}

#[test]
fn hours_that_a_group_does_not_have_are_hours_without_tasks() {
    let short = problem(vec![offer("m7g.large")], vec![group(2048, 512, &[1]), group(2048, 512, &[1, 1])]);
    let zeros = problem(vec![offer("m7g.large")], vec![group(2048, 512, &[1, 0]), group(2048, 512, &[1, 1])]);
    assert_eq!(pack(&short), pack(&zeros));
    assert_eq!(pack(&short).expect("packable").peak_instances, 2);
}

#[test]
fn shares_are_what_tasks_need_of_what_instances_have() {
    let packing =
        pack(&problem(vec![offer("m7g.large")], vec![group(512, 1000, &[3, 2])])).expect("packable");
    assert_eq!(packing.cpu_share(), (5 * 512, 2 * 2048));
    assert_eq!(packing.memory_share(), (5 * 1000, 2 * (8 * 993 - 96)));
}

#[test]
fn the_check_finds_each_kind_of_violation() {
    let spread = TaskGroup { min_zones: 2, ..group(1024, 1024, &[2]) };
    let distinct = TaskGroup { distinct_instances: true, ..group(64, 64, &[2]) };
    let problem = problem(vec![offer("m7g.large")], vec![spread, distinct]);
    let (_, placements) = place(&problem).expect("packable");
    let good = placements[0].clone();
    assert_eq!(verify(&problem, 0, &good), Ok(()));
    let broken = |change: &dyn Fn(&mut Placement)| {
        let mut placement = good.clone();
        change(&mut placement);
        verify(&problem, 0, &placement)
    };
    let first = |placement: &Placement| placement.instances[0].tasks.clone();
    assert!(matches!(
        broken(&|placement| {
            placement.instances.pop();
        }),
        Err(Violation::Unplaced { group: 0, tasks: 2, placed: 1 })
    ));
    assert!(matches!(
        broken(&|placement| placement.instances.iter_mut().for_each(|instance| instance.zone = 0)),
        Err(Violation::TooFewZones { group: 0, zones: 1, needed: 2 })
    ));
    assert!(matches!(
        broken(&|placement| {
            placement.instances[0].tasks.insert(0, 3);
        }),
        Err(Violation::Overfull { instance: 0 })
    ));
    assert!(matches!(
        broken(&|placement| {
            placement.instances[0].tasks.insert(1, 2);
        }),
        Err(Violation::NotDistinct { instance: 0, group: 1 })
    ));
    assert!(matches!(
        broken(&|placement| placement.instances[0].zone = 3),
        Err(Violation::Nowhere { instance: 0 })
    ));
    assert!(!first(&good).is_empty());
}

#[test]
fn a_mix_costs_no_more_than_any_one_of_its_types() {
    let mut state = 5;
    let groups: Vec<TaskGroup> = (0..8).map(|_| service(&mut state, 4, 2, 30)).collect();
    let problem = problem(offers(), groups);
    let alone = problem.offers.iter().filter_map(|offer| {
        let alone = Problem { offers: vec![offer.clone()], ..problem.clone() };
        pack(&alone).ok().map(|packing| packing.cost_micro_usd)
    });
    let mix = pack(&problem).expect("packable");
    assert!(mix.cost_micro_usd <= alone.min().expect("some type holds all"));
}

fn gap(packing: &Packing) -> f64 {
    packing.gap_percent().expect("a bound above nothing")
}

#[test]
fn a_thousand_mixed_tasks_are_within_three_per_cent_of_the_bound() {
    let mut state = 11;
    let groups: Vec<TaskGroup> = (0..100).map(|_| service(&mut state, 15, 2, 3)).collect();
    let tasks: u32 = groups.iter().map(|group| group.tasks[0]).sum();
    assert!((700..1500).contains(&tasks), "{tasks} tasks");
    for name in ["m7g.xlarge", "m7g.2xlarge", "m7g.8xlarge", "r7g.large"] {
        let fitting = groups.iter().filter(|group| {
            let room = offer(name).allocatable;
            group.needs.cpu <= room.cpu && group.needs.memory_mib <= room.memory_mib
        });
        let packing = pack(&problem(vec![offer(name)], fitting.cloned().collect())).expect("packable");
        assert!(gap(&packing) <= 1.0, "{name}: {} %", gap(&packing));
    }
    let mix = pack(&problem(offers(), groups)).expect("packable");
    assert!(gap(&mix) <= 2.0, "{} %", gap(&mix));
}

#[test]
fn small_clusters_are_within_three_per_cent_of_the_bound() {
    for cluster in 0..12 {
        let mut state = cluster * 977 + 13;
        let services = 1 + below(&mut state, 10);
        let min_zones = 1 + below(&mut state, 3);
        let groups: Vec<TaskGroup> = (0..services).map(|_| service(&mut state, 4, min_zones, 24)).collect();
        let problem = problem(offers(), groups);
        let mix = pack(&problem).expect("packable");
        assert!(gap(&mix) <= 3.0, "cluster {cluster}, mix: {} %", gap(&mix));
        let alone = pack(&Problem { offers: vec![offer("r7g.xlarge")], ..problem }).expect("packable");
        assert!(gap(&alone) <= 3.0, "cluster {cluster}, one type: {} %", gap(&alone));
    }
}

#[test]
fn small_clusters_with_room_kept_free_are_within_three_per_cent_of_the_bound() {
    for cluster in 0..6 {
        let mut state = cluster * 977 + 13;
        let services = 1 + below(&mut state, 10);
        let min_zones = 1 + below(&mut state, 3);
        let groups: Vec<TaskGroup> = (0..services).map(|_| service(&mut state, 4, min_zones, 24)).collect();
        let problem = Problem { target_capacity_percent: 90, ..problem(offers(), groups) };
        let mix = pack(&problem).expect("packable");
        assert!(gap(&mix) <= 3.0, "cluster {cluster}: {} %", gap(&mix));
    }
}
