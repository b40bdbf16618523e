use proptest::prelude::*;

use super::brute_force::least;
use crate::{
    ec2::packing::{InstanceOffer, Problem, Resources, TaskGroup, Unpackable, pack, place, verify},
    workload::Architecture,
};

fn architectures() -> impl Strategy<Value = Vec<Architecture>> {
    prop_oneof![
        4 => Just(vec![Architecture::X86_64]),
        2 => Just(vec![Architecture::Arm64]),
        2 => Just(vec![Architecture::X86_64, Architecture::Arm64]),
    ]
}

prop_compose! {
    fn offer()(
        arm in prop::bool::weighted(0.3),
        cpu in 1_u32..=6,
        memory in 1_u32..=6,
        enis in 2_u32..=6,
        gpus in 0_u32..=1,
        price in 1_u64..=40,
    ) -> InstanceOffer {
        InstanceOffer {
            name: format!("{cpu}-{memory}"),
            architecture: if arm { Architecture::Arm64 } else { Architecture::X86_64 },
            allocatable: Resources { cpu: cpu * 512, memory_mib: memory * 1000, enis, gpus },
            micro_usd_per_hour: price * 1000 + 7 * u64::from(cpu),
        }
    }
}

prop_compose! {
    fn group(most: u32, hours: usize)(
        cpu in 1_u32..=6,
        memory in 1_u32..=6,
        enis in 0_u32..=1,
        gpus in prop::bool::weighted(0.1),
        architectures in architectures(),
        min_zones in 1_u32..=3,
        distinct_instances in prop::bool::weighted(0.2),
        tasks in prop::collection::vec(0..=most, hours),
    ) -> TaskGroup {
        TaskGroup {
            needs: Resources { cpu: cpu * 256, memory_mib: memory * 480, enis, gpus: u32::from(gpus) },
            architectures,
            min_zones,
            distinct_instances,
            tasks,
        }
    }
}

/// One to five groups, most of them with tasks, on one to three offers.
fn problem(most: u32, hours: usize, targets: &'static [u32]) -> impl Strategy<Value = Problem> {
    (
        prop::collection::vec(offer(), 1..=3),
        prop::collection::vec(group(most, hours), 1..=5),
        1_u32..=3,
        prop::sample::select(targets),
    )
        .prop_map(|(offers, groups, zones, target_capacity_percent)| Problem {
            offers,
            groups,
            zones,
            target_capacity_percent,
        })
}

/// Drops groups until no more than six tasks run.
fn few(mut problem: Problem) -> Problem {
    while problem.groups.iter().map(|group| group.tasks[0]).sum::<u32>() > 6 {
        problem.groups.pop();
    }
    problem
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn hours_of_many_tasks_are_allowed_too(problem in problem(400, 12, &[80, 100])) {
        if let Ok((packing, placements)) = place(&problem) {
            for (hour, placement) in placements.iter().enumerate() {
                prop_assert_eq!(verify(&problem, hour, placement), Ok(()));
            }
            prop_assert!(packing.lower_bound_micro_usd <= packing.cost_micro_usd);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn few_tasks_are_packed_at_the_least_cost_and_the_bound_says_so(problem in problem(4, 1, &[100]).prop_map(few)) {
        match pack(&problem) {
            Ok(packing) => {
                let least = u128::from(least(&problem, 0).expect("packed"));
                prop_assert_eq!(packing.cost_micro_usd, least);
                prop_assert_eq!(packing.lower_bound_micro_usd, least);
            }
            Err(_) => prop_assert!(least(&problem, 0).is_none_or(|cost| cost == 0)),
        }
    }

    #[test]
    fn with_room_kept_free_too(problem in problem(4, 1, &[50, 75, 90, 99]).prop_map(few)) {
        if let Ok(packing) = pack(&problem) {
            let least = u128::from(least(&problem, 0).expect("packed"));
            prop_assert_eq!(packing.cost_micro_usd, least);
            prop_assert_eq!(packing.lower_bound_micro_usd, least);
        }
    }

    #[test]
    fn every_hour_is_allowed_and_counted(problem in problem(30, 3, &[80, 100])) {
        match place(&problem) {
            Ok((packing, placements)) => {
                let mut cost = 0;
                for (hour, placement) in placements.iter().enumerate() {
                    prop_assert_eq!(verify(&problem, hour, placement), Ok(()));
                    for (at, offer) in problem.offers.iter().enumerate() {
                        let used = placement.instances.iter().filter(|placed| placed.offer == at).count() as u128;
                        let running = (used * 100).div_ceil(u128::from(problem.target_capacity_percent));
                        cost += running * u128::from(offer.micro_usd_per_hour);
                    }
                }
                prop_assert_eq!(packing.cost_micro_usd, cost);
                prop_assert!(packing.lower_bound_micro_usd <= cost);
                prop_assert_eq!(place(&problem), Ok((packing, placements)), "twice the same");
            }
            Err(Unpackable::Nothing) => {
                prop_assert!(problem.groups.iter().all(|group| group.tasks.iter().all(|&tasks| tasks == 0)));
            }
            Err(_) => {}
        }
    }
}
