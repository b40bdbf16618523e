//! Shares of instances against hand-worked bills.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::config::Config;
use crate::workload::{Architecture, InstanceResources, StrategyItem};

static NO_DISCOUNTS: LazyLock<Ec2Settings> = LazyLock::new(Ec2Settings::default);

fn rates() -> InstanceRates<'static> {
    InstanceRates {
        prices: InstancePrices::embedded(),
        settings: &NO_DISCOUNTS,
        charges: Charges::embedded(),
        on: "2026-11-14".parse().unwrap(),
    }
}

fn instance(
    id: &str,
    instance_type: &str,
    provider: Option<&str>,
    (cpu, memory_mib): (u32, u32),
) -> ContainerInstance {
    ContainerInstance {
        account_id: "123456789012".into(),
        region: Region("us-east-1".into()),
        cluster: "prod".into(),
        id: id.into(),
        instance_type: Some(instance_type.into()),
        availability_zone: Some("us-east-1a".into()),
        architecture: Some(Architecture::X86_64),
        capacity_provider: provider.map(str::to_owned),
        status: "ACTIVE".into(),
        registered: InstanceResources { cpu, memory_mib, gpus: 0 },
        remaining: InstanceResources::default(),
        running_tasks: 0,
        registered_at: None,
    }
}

fn workload(id: u32, launch_type: LaunchType, providers: &[&str]) -> Workload {
    let identity = WorkloadIdentity {
        account_id: "123456789012".into(),
        region: Region("us-east-1".into()),
        cluster: "prod".into(),
        kind: WorkloadKind::Service,
        name: format!("service-{id}"),
    };
    Workload {
        strategy: providers
            .iter()
            .map(|provider| StrategyItem {
                provider: (*provider).into(),
                kind: CapacityProviderKind::Ec2Autoscaling,
                base: 0,
                weight: 1,
            })
            .collect(),
        desired_count: Some(1),
        running_count: Some(1),
        ..Workload::new(id, identity, launch_type)
    }
}

fn managed(name: &str, option: Option<&str>) -> CapacityProvider {
    CapacityProvider {
        account_id: "123456789012".into(),
        region: Region("us-east-1".into()),
        name: name.into(),
        kind: CapacityProviderKind::ManagedInstances,
        cluster: Some("prod".into()),
        target_capacity_percent: None,
        capacity_option: option.map(str::to_owned),
    }
}

fn tenant(workload: &Workload, tasks: Decimal, cpu: u32, memory: u32) -> Tenant<'_> {
    let mean_weight = Decimal::from(weight(CpuUnits(cpu), MemoryMib(memory))) * tasks;
    Tenant { workload, mean_weight, windows: false, architecture: Architecture::X86_64 }
}

/// Two m6i.large as in the module's table: 7.5 GB registered each.
fn two() -> Vec<ContainerInstance> {
    vec![instance("a", "m6i.large", None, (2048, 7680)), instance("b", "m6i.large", None, (2048, 7680))]
}

fn month(hourly: Usd) -> String {
    (hourly * Decimal::from(730)).cents()
}

/// m6i.large: 0.096 USD an hour in us-east-1 (`pricing/ec2/us-east-1.csv`).
#[test]
fn the_worked_table_holds() {
    let (api, worker) = (workload(0, LaunchType::Ec2, &[]), workload(1, LaunchType::Ec2, &[]));
    let tenants =
        [tenant(&api, Decimal::from(3), 512, 1024), tenant(&worker, Decimal::new(5, 1), 1024, 2048)];
    let shares = InstanceShares::of(&tenants, &two(), &[], rates());
    let [pool] = shares.pools() else { panic!("one pool") };
    assert_eq!(month(pool.hourly.clone().unwrap()), "140.16");
    let (reserved, idle) = pool.split().unwrap();
    assert_eq!((month(reserved), month(idle)), ("60.46".to_owned(), "79.70".to_owned()));
    assert_eq!(pool.idle_percent().unwrap().round_dp(1).to_string(), "56.9");
    let per_weight = shares.share(0).unwrap().per_weight.unwrap();
    let each = |cpu, memory| per_weight * Decimal::from(weight(CpuUnits(cpu), MemoryMib(memory)));
    assert_eq!(month(each(512, 1024) * Decimal::from(3)), "45.35");
    assert_eq!(month(each(1024, 2048) * Decimal::new(5, 1)), "15.12");
}

#[test]
fn strategies_keep_pools_apart_and_a_workload_without_one_joins_them() {
    let there = vec![
        instance("a", "m6i.large", Some("cheap"), (2048, 7680)),
        instance("b", "m6i.4xlarge", Some("large"), (16384, 61_440)),
    ];
    let (cheap, large) = (workload(0, LaunchType::Ec2, &["cheap"]), workload(1, LaunchType::Ec2, &["large"]));
    let any = workload(2, LaunchType::Ec2, &[]);
    let apart = [tenant(&cheap, Decimal::ONE, 512, 1024), tenant(&large, Decimal::ONE, 512, 1024)];
    let shares = InstanceShares::of(&apart, &there, &[], rates());
    assert_eq!(shares.pools().iter().map(|pool| pool.instances).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(shares.share(0).unwrap().pools[0].capacity_providers, ["cheap"]);
    let joined = [apart[0], apart[1], tenant(&any, Decimal::ONE, 512, 1024)];
    let shares = InstanceShares::of(&joined, &there, &[], rates());
    assert_eq!(shares.pools().iter().map(|pool| pool.instances).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_daemon_is_paid_for_in_every_pool_and_joins_none() {
    let there = vec![
        instance("a", "m6i.large", Some("cheap"), (2048, 7680)),
        instance("b", "m6i.large", Some("large"), (2048, 7680)),
        instance("c", "m6i.large", Some("large"), (2048, 7680)),
    ];
    let mut daemon = workload(0, LaunchType::Ec2, &[]);
    daemon.scheduling = Scheduling::Daemon;
    let (cheap, large) = (workload(1, LaunchType::Ec2, &["cheap"]), workload(2, LaunchType::Ec2, &["large"]));
    let tenants = [
        tenant(&daemon, Decimal::from(3), 128, 256),
        tenant(&cheap, Decimal::ZERO, 1, 1),
        tenant(&large, Decimal::ZERO, 1, 1),
    ];
    let shares = InstanceShares::of(&tenants, &there, &[], rates());
    let weight = Decimal::from(weight(CpuUnits(128), MemoryMib(256)));
    assert_eq!(
        shares.pools().iter().map(|p| p.reserved).collect::<Vec<_>>(),
        [weight, weight * Decimal::TWO]
    );
    assert_eq!(shares.share(0).unwrap().pools.len(), 2);
}

/// A task on each of two x86 instances, none on the ARM one, unless it has more tasks than that.
#[test]
fn a_daemon_runs_on_instances_of_its_architecture() {
    let mut there = vec![
        instance("a", "m6i.large", Some("general"), (2048, 7680)),
        instance("b", "m6i.large", Some("general"), (2048, 7680)),
        instance("c", "c7g.large", Some("arm"), (2048, 3836)),
    ];
    there[2].architecture = Some(Architecture::Arm64);
    let (general, arm) = (workload(1, LaunchType::Ec2, &["general"]), workload(2, LaunchType::Ec2, &["arm"]));
    let places = |running: Option<u32>, architecture| {
        let mut daemon = workload(0, LaunchType::Ec2, &[]);
        daemon.scheduling = Scheduling::Daemon;
        daemon.running_count = running;
        let tenants = [
            Tenant { architecture, ..tenant(&daemon, Decimal::TWO, 128, 256) },
            tenant(&general, Decimal::ZERO, 1, 1),
            tenant(&arm, Decimal::ZERO, 1, 1),
        ];
        let shares = InstanceShares::of(&tenants, &there, &[], rates());
        let share = shares.share(0).unwrap();
        share.pools.iter().map(|pool| pool.capacity_providers[0].clone()).collect::<Vec<_>>()
    };
    assert_eq!(places(Some(2), Architecture::X86_64), ["general"]);
    assert_eq!(places(None, Architecture::X86_64), ["general"]);
    assert_eq!(places(Some(1), Architecture::Arm64), ["arm"]);
    assert_eq!(places(Some(3), Architecture::X86_64), ["arm", "general"], "it is built for both");
}

/// c6a.2xlarge: 0.306 USD an hour, fee 0.037 = 12 % (AWS ECS pricing page's example).
#[test]
fn managed_instances_cost_the_instance_and_the_fee() {
    let service = workload(0, LaunchType::ManagedInstances, &["managed"]);
    let there = [instance("a", "c6a.2xlarge", Some("managed"), (8192, 15_000))];
    let hourly = |option: Option<&str>| {
        let tenants = [tenant(&service, Decimal::ONE, 1024, 2048)];
        InstanceShares::of(&tenants, &there, &[managed("managed", option)], rates()).pools()[0].hourly.clone()
    };
    assert_eq!(hourly(None).unwrap().0.normalize().to_string(), "0.34272");
    assert_eq!(hourly(Some("ON_DEMAND")), hourly(Some("RESERVED")));
    let spot = rates().prices.price(&Region("us-east-1".into()), "c6a.2xlarge", InstancePurchase::Spot);
    match spot {
        // The fee stays that of the on-demand price.
        Some(spot) => assert_eq!(hourly(Some("SPOT")).unwrap().0, spot.usd + Decimal::new(3672, 5)),
        None => assert_eq!(hourly(Some("SPOT")).unwrap_err().code(), "no-instance-price"),
    }
    assert_eq!(hourly(Some("BARTER")).unwrap_err().code(), "unknown-capacity-option");
}

/// 40 % of 0.306 is paid, and the fee of 12 % of 0.306 whatever is bought.
#[test]
fn spot_of_managed_instances_is_at_the_users_discount_where_one_is_given() {
    let config = Config::from_toml(
        "fargauge.toml",
        "[[ec2.discount]]\nmatch = 'c6a'\npurchase = 'spot'\npercent = 60",
    );
    let config = config.unwrap();
    let rates = InstanceRates { settings: &config.ec2, ..rates() };
    let service = workload(0, LaunchType::ManagedInstances, &["managed"]);
    let there = [instance("a", "c6a.2xlarge", Some("managed"), (8192, 15_000))];
    let tenants = [tenant(&service, Decimal::ONE, 1024, 2048)];
    let shares = InstanceShares::of(&tenants, &there, &[managed("managed", Some("SPOT"))], rates);
    assert_eq!(shares.pools()[0].hourly.clone().unwrap().0.normalize().to_string(), "0.15912");
}

#[test]
fn managed_instances_and_others_stay_apart() {
    let (own, theirs) =
        (workload(0, LaunchType::Ec2, &[]), workload(1, LaunchType::ManagedInstances, &["managed"]));
    let there = [
        instance("a", "m6i.large", None, (2048, 7680)),
        instance("b", "c6a.2xlarge", Some("managed"), (8192, 15_000)),
    ];
    let tenants = [tenant(&own, Decimal::ONE, 512, 512), tenant(&theirs, Decimal::ONE, 512, 512)];
    let shares = InstanceShares::of(&tenants, &there, &[managed("managed", None)], rates());
    assert_eq!(shares.share(0).unwrap().pools[0].launch_type, LaunchType::Ec2);
    assert_eq!(shares.share(1).unwrap().pools[0].launch_type, LaunchType::ManagedInstances);
    assert_eq!(shares.pools().len(), 2);
}

#[test]
fn what_is_not_known_is_a_reason_and_no_price() {
    let service = workload(0, LaunchType::Ec2, &[]);
    let code = |instances: &[ContainerInstance], tasks: u32, windows: bool| {
        let tenants = [Tenant { windows, ..tenant(&service, Decimal::from(tasks), 512, 1024) }];
        let shares = InstanceShares::of(&tenants, instances, &[], rates());
        shares.share(0).and_then(|share| share.per_weight).map_err(|unpriced| unpriced.code())
    };
    let changed = |change: fn(&mut ContainerInstance)| {
        let mut instances = two();
        change(&mut instances[1]);
        instances
    };
    assert!(code(&two(), 3, false).is_ok());
    assert_eq!(code(&[], 3, false), Err("no-container-instances"));
    assert_eq!(code(&changed(|i| i.instance_type = None), 3, false), Err("unknown-instance-type"));
    assert_eq!(
        code(&changed(|i| i.instance_type = Some("z9.huge".into())), 3, false),
        Err("no-instance-price")
    );
    assert_eq!(code(&changed(|i| i.region = Region("mars-1".into())), 3, false), code(&two()[..1], 3, false));
    assert_eq!(code(&two(), 3, true), Err("windows-instances"));
    assert_eq!(code(&two(), 30, false), Err("other-instances-ran"));
    let nothing = |i: &mut ContainerInstance| i.registered = InstanceResources::default();
    assert_eq!(code(&changed(nothing)[1..], 3, false), Err("no-registered-capacity"));
}

#[test]
fn machines_of_your_own_are_no_instances_to_pay_for() {
    let service = workload(0, LaunchType::Ec2, &[]);
    let mut there = two();
    let mut own = instance("mine", "", None, (4096, 8192));
    (own.instance_type, own.availability_zone) = (None, None);
    there.push(own);
    let shares = InstanceShares::of(&[tenant(&service, Decimal::ONE, 512, 512)], &there, &[], rates());
    assert_eq!(shares.pools()[0].instances, 2);
    assert!(shares.share(0).unwrap().per_weight.is_ok());
}

proptest! {
    /// Whatever runs where: what all workloads pay and what is idle come to what the instances cost.
    #[test]
    fn shares_and_idle_come_to_the_cost(
        instances in prop::collection::vec((0usize..4, 0usize..3, 1u32..5), 1..12),
        services in prop::collection::vec((0usize..5, 0u32..40, 0u32..600, 0u32..900), 0..12),
    ) {
        let providers = [None, Some("a"), Some("b")];
        let types = ["m6i.large", "c5.xlarge", "t3.medium", "r6g.2xlarge"];
        let there: Vec<ContainerInstance> = instances
            .iter()
            .enumerate()
            .map(|(id, (kind, provider, size))| {
                instance(&id.to_string(), types[*kind], providers[*provider], (2048 * size, 7680 * size))
            })
            .collect();
        let workloads: Vec<Workload> = services
            .iter()
            .zip(0..)
            .map(|((strategy, ..), id)| {
                let strategies: [&[&str]; 5] = [&[], &["a"], &["b"], &["a", "b"], &[]];
                let mut workload = workload(id, LaunchType::Ec2, strategies[*strategy]);
                if *strategy == 4 {
                    workload.scheduling = Scheduling::Daemon;
                }
                workload
            })
            .collect();
        let tenants: Vec<Tenant<'_>> = workloads
            .iter()
            .zip(&services)
            .map(|(workload, (_, deci, cpu, memory))| {
                tenant(workload, Decimal::new(i64::from(*deci), 1), *cpu, *memory)
            })
            .collect();
        let shares = InstanceShares::of(&tenants, &there, &[], rates());
        prop_assume!(shares.pools().iter().all(|pool| pool.hourly.is_ok()));
        let month = Decimal::from(730);
        let cost: Decimal = there
            .iter()
            .map(|i| {
                let name = i.instance_type.as_deref().unwrap();
                rates().prices.price(&i.region, name, InstancePurchase::OnDemand).unwrap().usd * month
            })
            .sum();
        let idle: Decimal = shares.pools().iter().map(|pool| pool.split().unwrap().1.0 * month).sum();
        let paid: Decimal = tenants
            .iter()
            .filter_map(|tenant| {
                let share = shares.share(tenant.workload.workload_id).ok()?;
                Some(share.per_weight.unwrap().0 * tenant.mean_weight * month)
            })
            .sum();
        prop_assert!((idle + paid - cost).abs() < Decimal::new(1, 6), "{idle} + {paid} != {cost}");
        prop_assert!(idle >= Decimal::ZERO);
    }
}
