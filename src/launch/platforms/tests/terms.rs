//! On which terms rows are priced, and what they say of them. Rates: `pricing/`; 730 hours a month.

use super::*;

/// Managed scaling's target is of Auto Scaling groups: neither Managed Instances nor EKS has it.
#[test]
fn target_capacity_is_that_of_auto_scaling_groups_alone() {
    let of = |toml| compare(&cluster("us-east-1", vec![two_tasks("us-east-1")]), &market(&config(toml)));
    let full = of("[ec2]\ntrunking = true");
    let half = of("[ec2]\ntrunking = true\ntarget_capacity_percent = 50");
    for id in ["managed-instances-arm", "managed-instances-x86", "eks-ec2-arm", "eks-auto-mode-arm"] {
        assert_eq!(cost(&half, id), cost(&full, id), "{id}");
        let told = row(&half, id).told().iter().any(|text| text.contains("managed scaling"));
        assert!(!told, "{id}");
    }
    // Four m6g.medium for two in use.
    assert_eq!(cost(&half, "ec2-arm-single-type"), "112.42");
}

#[test]
fn target_capacity_is_the_users_else_the_lowest_of_the_clusters_own() {
    let mut with_providers = cluster("us-east-1", vec![two_tasks("us-east-1")]);
    with_providers.target_capacity_percents = BTreeSet::from([50, 90]);
    let without = cluster("us-east-1", vec![two_tasks("us-east-1")]);
    let one = ClusterWork { target_capacity_percents: BTreeSet::from([50]), ..without.clone() };
    let own = config("[ec2]\ntrunking = true");
    let given = config("[ec2]\ntrunking = true\ntarget_capacity_percent = 100");
    // One m6g.medium is 28.105 USD a month.
    for (cluster, config, expected, told) in [
        (
            &with_providers,
            &own,
            "112.42",
            "50 % of the instances in use, the lowest target of the capacity providers in us-east-1/c",
        ),
        (
            &one,
            &own,
            "112.42",
            "50 % of the instances in use, the target of the capacity providers in us-east-1/c",
        ),
        (
            &without,
            &own,
            "56.21",
            "100 % of the instances in use, as no capacity provider has a target in us-east-1/c",
        ),
        (
            &with_providers,
            &given,
            "56.21",
            "100 % of the instances in use, as ec2.target_capacity_percent says, in us-east-1/c",
        ),
    ] {
        let row = instances::rows(&[LaunchPlatform::all()[11]], cluster, &market(config)).remove(0);
        assert_eq!(cost(std::slice::from_ref(&row), "ec2-arm-single-type"), expected);
        let told = format!("managed scaling keeps {told}");
        assert!(row.told().contains(&told), "{told}: {:#?}", row.told());
    }
}

/// Fargate has no GPUs, so it cannot replace an instance that has them.
#[test]
fn break_even_leaves_instances_with_gpus_out() {
    let config = config("[ec2]\ntrunking = true");
    let mut gpu = two_tasks("us-east-1");
    gpu.launch_type = LaunchType::Ec2;
    gpu.placement.gpus = 1;
    gpu.off_fargate = Some("GPUs, which Fargate does not have".to_owned());
    let of = |work| {
        let rows = compare(&cluster("us-east-1", work), &market(&config));
        packed(row(&rows, "ec2-x86-mix")).break_even()
    };
    let without = of(vec![two_tasks("us-east-1")]);
    assert!(without.is_some());
    assert_eq!(of(vec![two_tasks("us-east-1"), gpu.clone()]), without);
    assert_eq!(of(vec![gpu]), None, "nothing that Fargate could replace");
}

/// m7g.large and bare Fargate ARM, 2 vCPU and 8 GB, each on the row's own terms (`pricing/`).
#[test]
fn break_even_is_against_fargate_bought_the_same_way() {
    let config = config("[ec2]\ntrunking = true");
    let rows = compare(&cluster("us-east-1", vec![two_tasks("us-east-1")]), &market(&config));
    let share = |id: &str| packed(row(&rows, id)).break_even().map(|share| share.round_dp(4).to_string());
    // 2 m7g.medium: 0.02995 over 0.0255 + 4 x 0.0028.
    assert_eq!(share("ec2-arm-single-type-savings-plan").as_deref(), Some("0.8161"));
    // eu-west-1 has no plan rate of Fargate x86: there is nothing to compare with.
    let there = compare(&cluster("eu-west-1", vec![two_tasks("eu-west-1")]), &market(&config));
    let plan = row(&there, "ec2-x86-single-type-savings-plan");
    assert_eq!(packed(plan).break_even(), None);
    assert!(plan.told().iter().any(|text| text.starts_with("no break-even")), "{plan:#?}");
    // Of two instances one is on Spot, so is one of two tasks on Fargate.
    let spot = packed(row(&rows, "ec2-arm-single-type-spot")).break_even().unwrap();
    let list = packed(row(&rows, "ec2-arm-single-type")).break_even().unwrap();
    assert!((spot - list).abs() < Decimal::new(15, 2), "{spot} {list}");
}

/// m7a.medium has no plan rate in eu-west-1 and costs less on demand than any x86 type under a plan.
#[test]
fn a_type_without_a_plan_rate_is_bought_on_demand() {
    let config = config("[ec2]\ntrunking = true");
    let rows = compare(&cluster("eu-west-1", vec![two_tasks("eu-west-1")]), &market(&config));
    let monthly = |id: &str| row(&rows, id).outcome.as_ref().unwrap().monthly;
    for architecture in ["x86", "arm"] {
        for choice in ["single-type", "mix"] {
            let id = format!("ec2-{architecture}-{choice}");
            let plan = format!("{id}-savings-plan");
            assert!(monthly(&plan) <= monthly(&id), "{plan}: {:?} {:?}", monthly(&plan), monthly(&id));
        }
    }
    let plan = row(&rows, "ec2-x86-single-type-savings-plan");
    assert!(
        plan.told()
            .iter()
            .any(|text| text.contains("no plan rate is held or given: m7a.medium in eu-west-1")),
        "{plan:#?}"
    );
}

#[test]
fn instances_have_no_rate_of_windows() {
    let mut windows = two_tasks("us-east-1");
    windows.running.shape.platform.os = OperatingSystem::Windows;
    let config = Config::default();
    let rows = compare(&cluster("us-east-1", vec![windows]), &market(&config));
    let reason = |id: &str| row(&rows, id).stays.keys().cloned().collect::<Vec<_>>();
    for id in ["ec2-x86-mix", "managed-instances-x86", "eks-ec2-x86", "eks-auto-mode-arm"] {
        assert_eq!(reason(id), ["Windows, and no rate of Windows instances is held"], "{id}");
    }
    assert_eq!(reason("fargate-arm"), ["Windows, which has a price on Fargate on demand only"]);
}

/// Clusters differ in what is held for them: their sum says of which one it speaks, and each thing once.
#[test]
fn the_rows_of_a_fleet_say_nothing_and_its_opposite() {
    let config = config("[ec2]\ntrunking = true");
    let market = market(&config);
    let rows =
        ["us-east-1", "eu-west-1"].map(|region| compare(&cluster(region, vec![two_tasks(region)]), &market));
    let platform = row(&rows[0], "ec2-x86-mix").platform;
    let fleet = PlatformRow::sum(platform, rows.iter().map(|rows| row(rows, "ec2-x86-mix")));
    let told = fleet.told();
    let about = |what: &str| told.iter().filter(|text| text.contains(what)).collect::<Vec<_>>();
    assert_eq!(about("operations time").len(), 1, "{told:#?}");
    assert_eq!(
        about("volume of 30 GiB"),
        [
            "each instance has a volume of 30 GiB, which is in the price, in eu-west-1",
            "the volume of 30 GiB an instance is not in the price, as no EBS rate is held, in us-east-1",
        ]
    );
    assert_eq!(
        about("managed scaling"),
        [
            "managed scaling keeps 100 % of the instances in use, as no capacity provider has a target in eu-west-1/c, \
         us-east-1/c"
        ]
    );
}

#[test]
fn constraints_and_host_volumes_that_are_not_kept_are_told_with_their_workloads() {
    let config = Config::default();
    let mut bound = two_tasks("us-east-1");
    bound.launch_type = LaunchType::Ec2;
    bound.placement.constrained = true;
    let both = Work {
        id: "a/r/c/both".to_owned(),
        placement: Placement { host_volumes: true, ..bound.placement },
        ..bound.clone()
    };
    let rows = compare(&cluster("us-east-1", vec![bound, both, two_tasks("us-east-1")]), &market(&config));
    for id in ["ec2-x86-mix", "managed-instances-arm", "eks-ec2-x86"] {
        let told = row(&rows, id).told();
        for expected in [
            "any type may take tasks: placement constraints are not kept, of r/c/api, r/c/both",
            "tasks find their data: volumes on the host do not move along, of r/c/both",
        ] {
            assert!(told.iter().any(|text| text == expected), "{id}: {told:#?}");
        }
    }
    let told = row(&rows, "fargate-spot").told();
    assert!(!told.iter().any(|text| text.contains("constraints")), "{told:#?}");
}

/// 2 x 0.02995 for two m7g.medium, and 2 x (0.032384 + 2 x 0.003556) for two tasks (`pricing/`).
#[test]
fn savings_plans_are_told_with_what_is_committed() {
    let config = config("[ec2]\ntrunking = true");
    let market = market(&config);
    let one = cluster("us-east-1", vec![two_tasks("us-east-1")]);
    let rows = compare(&one, &market);
    let told = |row: &PlatformRow| {
        row.told()
            .into_iter()
            .filter(|text| text.contains("Savings Plan is") || text.contains("commitments"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        told(row(&rows, "fargate-savings-plan")),
        ["commitments, used or not: 1yr no-upfront Compute Savings Plan, 0.079 USD an hour"]
    );
    let ec2 = row(&rows, "ec2-arm-single-type-savings-plan");
    assert_eq!(
        told(ec2),
        ["commitments, used or not: 1yr no-upfront Compute Savings Plan, 0.0599 USD an hour"]
    );
    let [fleet] = told(&PlatformRow::sum(ec2.platform, [ec2, ec2])).try_into().unwrap();
    assert!(fleet.ends_with(", 0.1198 USD an hour"), "{fleet}");
    assert_eq!(told(row(&rows, "ec2-arm-single-type")), Vec::<String>::new());
    let mut comes_and_goes = one;
    comes_and_goes.work[0].tasks[3] = 0;
    let rows = compare(&comes_and_goes, &market);
    let plan = told(row(&rows, "ec2-arm-single-type-savings-plan"));
    assert_eq!(plan, ["no Savings Plan is bought: nothing with a plan rate runs at every hour"]);
}
