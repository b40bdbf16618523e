//! Platforms against costs worked by hand. Rates: `pricing/`; 730 hours a month.

mod terms;

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr as _,
};

use jiff::civil::date;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{
    ClusterWork, InstancePool, LaunchPlatform, Market, Packed, Placement, PlatformRow, Priced, Work, compare,
    fargate,
    hosts::{Fee, Host, Purchase, hosts},
    instances,
    pool::Pool,
};
use crate::{
    config::Config,
    ec2::{
        HostSettings,
        packing::{Resources, TaskGroup, pack},
    },
    launch::Running,
    pricing::{PriceBook, SavingsPlanRates, TaskShape},
    units::{CpuUnits, MemoryMib, StorageGib, Usd},
    workload::{Architecture, LaunchType, OperatingSystem, Platform, PurchaseSplit, Region},
};

fn usd(text: &str) -> Usd {
    Usd(Decimal::from_str(text).unwrap())
}

fn config(toml: &str) -> Config {
    Config::from_toml("fargauge.toml", toml).unwrap()
}

fn market(config: &Config) -> Market<'_> {
    Market::of(PriceBook::embedded(), config, Decimal::ONE, date(2026, 11, 15))
}

/// Two tasks of 1 vCPU / 2 GB all month, on Fargate x86: 2 x (0.04048 + 2 x 0.004445) x 730.
fn two_tasks(region: &str) -> Work {
    Work {
        id: "a/r/c/api".to_owned(),
        launch_type: LaunchType::Fargate,
        today: usd("72.0802"),
        right_sized: usd("72.0802"),
        running: Running {
            shape: TaskShape {
                region: Region(region.to_owned()),
                platform: Platform::default(),
                cpu: CpuUnits(1024),
                memory: MemoryMib(2048),
                ephemeral_storage: StorageGib(20),
            },
            split: PurchaseSplit::ON_DEMAND,
            monthly_task_hours: Decimal::from(1460),
            mean_tasks_milli: 2_000,
            steady_on_demand_milli: 2_000,
        },
        tasks: vec![2; 24],
        placement: Placement { own_interface: true, spread: true, ..Placement::default() },
        pools: BTreeSet::new(),
        off_fargate: None,
    }
}

fn cluster(region: &str, work: Vec<Work>) -> ClusterWork {
    ClusterWork {
        scope: format!("a/{region}/c"),
        region: Region(region.to_owned()),
        hours: 24,
        work,
        left_out: BTreeMap::new(),
        pools: BTreeMap::new(),
        daemons: Resources::default(),
        target_capacity_percents: BTreeSet::new(),
    }
}

fn row<'a>(rows: &'a [PlatformRow], id: &str) -> &'a PlatformRow {
    rows.iter().find(|row| row.platform.id() == id).unwrap()
}

fn cost(rows: &[PlatformRow], id: &str) -> String {
    let row = row(rows, id);
    row.outcome
        .as_ref()
        .map_or_else(|missing| format!("{missing:?}"), |priced| priced.monthly.0.normalize().to_string())
}

fn packed(row: &PlatformRow) -> &Packed {
    match &row.outcome {
        Ok(Priced { packed: Some(packed), .. }) => packed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_platform_costs_what_is_worked_out_by_hand() {
    let config = config("[ec2]\ntrunking = true");
    let rows = compare(&cluster("us-east-1", vec![two_tasks("us-east-1")]), &market(&config));
    for (id, expected) in [
        ("today", "72.0802"),
        ("fargate-right-sized", "72.0802"),
        // 2 x (0.03238 + 2 x 0.00356) x 730
        ("fargate-arm", "57.67"),
        // 2 x (0.032384 + 2 x 0.003556) x 730: 1 year, nothing upfront.
        ("fargate-savings-plan", "57.6642"),
        // A pod of 1 vCPU / 2.25 GB is billed as 1 / 3: 2 x (0.04048 + 3 x 0.004445) x 730, and 0.10 x 730.
        ("eks-fargate", "151.5699"),
        // In two zones, two m6g.medium at 0.0385: what is smaller has too little memory.
        ("ec2-arm-single-type", "56.21"),
        ("ec2-arm-mix", "56.21"),
        // m7g is the one family whose rate is held: 0.0408 x 0.0599 / 0.0816 = 0.02995.
        ("ec2-arm-single-type-savings-plan", "43.727"),
        // 12 % of 56.21; the volume of us-east-1 has no rate.
        ("managed-instances-arm", "62.9552"),
        ("eks-ec2-arm", "129.21"),
        ("eks-auto-mode-arm", "135.9552"),
    ] {
        assert_eq!(cost(&rows, id), expected, "{id}");
    }
    let arm = packed(row(&rows, "ec2-arm-single-type"));
    assert_eq!(arm.instance_hours, BTreeMap::from([("m6g.medium".to_owned(), Decimal::from(1460))]));
    assert_eq!(arm.utilization().0, Some(Decimal::ONE));
    assert_eq!(arm.gap_percent(), Some(Decimal::ZERO));
}

/// One of two tasks on Spot: half of the task-hours at the Spot rates of the price book.
#[test]
fn a_spot_share_leaves_one_task_on_demand_on_fargate_and_on_instances() {
    let config = config("[ec2]\ntrunking = true");
    let list = market(&config);
    let rows = compare(&cluster("us-east-1", vec![two_tasks("us-east-1")]), &list);
    let spot = PurchaseSplit { spot: 1, total: 1 };
    let work = two_tasks("us-east-1");
    let on_spot = list.fargate_hourly(&work.running.shape, spot).unwrap().0;
    // (0.04937 + Spot) x 730
    let expected = Usd((Decimal::from_str("0.04937").unwrap() + on_spot) * Decimal::from(730)).rounded();
    assert_eq!(row(&rows, "fargate-spot").outcome.as_ref().unwrap().monthly, expected);
    let ec2 = packed(row(&rows, "ec2-x86-single-type-spot"));
    assert_eq!(ec2.instance_hours.values().sum::<Decimal>(), Decimal::from(1460), "an instance each");
    let both = packed(row(&rows, "ec2-x86-single-type"));
    assert!(ec2.cost < both.cost);
    // With none to stay, all are on Spot.
    let none = config_with_no_task_on_demand();
    let rows = compare(&cluster("us-east-1", vec![work]), &market(&none));
    let expected = Usd(on_spot * Decimal::from(1460)).rounded();
    assert_eq!(row(&rows, "fargate-spot").outcome.as_ref().unwrap().monthly, expected);
}

fn config_with_no_task_on_demand() -> Config {
    config("[spot]\non_demand_tasks = 0\n[ec2]\ntrunking = true")
}

/// The break-even of the large types in us-east-1 by list prices, which the module's table shows in part.
#[test]
fn break_even_is_the_instance_price_over_fargates_for_the_same_vcpu_and_memory() {
    let config = Config::default();
    let market = market(&config);
    let region = Region("us-east-1".to_owned());
    for (name, per_cent) in [
        ("c6i.large", "86.1"),
        ("m6i.large", "82.4"),
        ("r6i.large", "82.9"),
        ("c7g.large", "91.8"),
        ("m7g.large", "87.5"),
        ("r7g.large", "88.0"),
    ] {
        let one = market.types.get(name).unwrap();
        let purchase = crate::pricing::InstancePurchase::OnDemand;
        let fargate =
            market.fargate_equivalent(&region, one, super::InstancePayment::OnDemand, Decimal::ZERO);
        let packed = Packed {
            replaceable: market.instances.price(&region, name, purchase).unwrap().usd,
            fargate_equivalent: fargate.ok(),
            ..Packed::default()
        };
        let share = packed.break_even().unwrap() * Decimal::ONE_HUNDRED;
        assert_eq!(share.round_dp(1).to_string(), per_cent, "{name}");
    }
}

#[test]
fn a_volume_is_in_the_price_where_a_rate_is_held_or_given() {
    // eu-west-1: m6g.medium at 0.043; 12 % fee; 80 GiB at 0.088 a month.
    let settings = config("[ec2]\ntrunking = true");
    let rows = compare(&cluster("eu-west-1", vec![two_tasks("eu-west-1")]), &market(&settings));
    let managed = row(&rows, "managed-instances-arm");
    assert!(managed.told().iter().any(|text| text.starts_with("each instance has a volume of 80 GiB")));
    let arm = packed(managed);
    assert_eq!(arm.instance_hours.keys().collect::<Vec<_>>(), ["m6g.medium"]);
    let hourly = market(&settings)
        .instances
        .price(&Region("eu-west-1".into()), "m6g.medium", crate::pricing::InstancePurchase::OnDemand)
        .unwrap()
        .usd;
    let expected = hourly * Decimal::from_str("1.12").unwrap() * Decimal::from(1460)
        + Decimal::from_str("14.08").unwrap();
    // Prices are packed in millionths of a USD an hour.
    assert!((arm.cost - expected).abs() < Decimal::new(1, 2), "{} {expected}", arm.cost);
    // us-east-1 has no rate: the user's.
    let given = config("[ec2]\ntrunking = true\nroot_volume_usd_per_gb_month = 0.08");
    let rows = compare(&cluster("us-east-1", vec![two_tasks("us-east-1")]), &market(&given));
    // 56.21 + 2 x 30 x 0.08
    let ec2 = packed(row(&rows, "ec2-arm-single-type")).cost;
    assert!((ec2 - Decimal::from_str("61.01").unwrap()).abs() < Decimal::new(1, 2), "{ec2}");
}

#[test]
fn what_has_no_rate_is_not_priced_until_the_user_gives_one() {
    let region = "ca-central-1";
    let given = "[ec2]\ntrunking = true\n[[ec2.discount]]\nmatch = 'm6g'\npurchase = 'compute-savings-plan'\n\
                 term = '1yr'\npayment = 'no-upfront'\npercent = 25";
    let without = Config::default();
    let rows = compare(&cluster(region, vec![two_tasks(region)]), &market(&without));
    assert_eq!(
        cost(&rows, "ec2-arm-mix-savings-plan"),
        "{\"no 1yr no-upfront Savings Plan rate of arm64 EC2 instances is held for ca-central-1; \
         [[ec2.discount]] in fargauge.toml gives one\"}"
    );
    let given = config(given);
    let rows = compare(&cluster(region, vec![two_tasks(region)]), &market(&given));
    assert!(row(&rows, "ec2-arm-mix-savings-plan").outcome.is_ok());
    let nowhere = compare(&cluster("xx-nowhere-1", vec![two_tasks("xx-nowhere-1")]), &market(&given));
    assert_eq!(cost(&nowhere, "ec2-x86-mix"), "{\"no EC2 rate is held for xx-nowhere-1\"}");
    assert!(cost(&nowhere, "fargate-arm").contains("no Fargate linux/arm64 on-demand vcpu rate"));
    assert_eq!(cost(&nowhere, "today"), "72.0802", "what it costs is known all the same");
}

/// Windows and GPUs: each row has the cost of all, whatever moves.
#[test]
fn what_a_platform_cannot_take_stays_and_its_cost_is_in_the_row() {
    let config = config("[ec2]\ntrunking = true");
    let mut windows = two_tasks("us-east-1");
    windows.running.shape.platform.os = OperatingSystem::Windows;
    (windows.today, windows.right_sized) = (usd("200"), usd("150.5"));
    let rows = compare(&cluster("us-east-1", vec![two_tasks("us-east-1"), windows]), &market(&config));
    for (id, expected) in [
        ("today", "272.0802"),
        ("fargate-right-sized", "222.5802"),
        ("fargate-arm", "208.17"),
        ("fargate-savings-plan", "208.1642"),
        ("ec2-arm-mix", "206.71"),
        ("eks-fargate", "302.0699"),
    ] {
        assert_eq!(cost(&rows, id), expected, "{id}");
        let stays: u64 = row(&rows, id).stays.values().map(|stays| stays.workloads).sum();
        assert_eq!(stays, u64::from(!matches!(id, "today" | "fargate-right-sized")), "{id}");
    }

    let mut gpu = two_tasks("us-east-1");
    gpu.launch_type = LaunchType::Ec2;
    gpu.placement.gpus = 1;
    gpu.off_fargate = Some("GPUs, which Fargate does not have".to_owned());
    (gpu.today, gpu.right_sized) = (usd("900"), usd("900"));
    let rows = compare(&cluster("us-east-1", vec![gpu]), &market(&config));
    assert_eq!(cost(&rows, "fargate-arm"), "900");
    let used = &packed(row(&rows, "ec2-x86-single-type")).instance_hours;
    assert!(used.keys().all(|name| name.starts_with('g')), "{used:?}");
}

#[test]
fn tasks_on_ec2_get_the_cheapest_fargate_size_that_holds_what_they_request() {
    let config = Config::default();
    let mut on_ec2 = two_tasks("us-east-1");
    on_ec2.launch_type = LaunchType::Ec2;
    on_ec2.running.shape.cpu = CpuUnits(600);
    on_ec2.running.shape.memory = MemoryMib(1500);
    on_ec2.today = usd("40");
    on_ec2.pools = BTreeSet::from([3]);
    let mut one = cluster("us-east-1", vec![on_ec2]);
    one.pools = BTreeMap::from([(3, InstancePool { overhead: usd("12.5"), has_others: false })]);
    let rows = compare(&one, &market(&config));
    assert_eq!(cost(&rows, "today"), "52.5", "its share, and what nothing reserves of the instances");
    // 1 vCPU / 2 GB.
    assert_eq!(cost(&rows, "fargate-right-sized"), "72.0802");
    // What cannot leave the instances keeps them, their idle part included.
    one.work[0].off_fargate = Some("it mounts a path of its host".to_owned());
    let rows = compare(&one, &market(&config));
    assert_eq!(cost(&rows, "fargate-right-sized"), "52.5");
    assert_eq!(cost(&rows, "eks-fargate"), "125.5");
}

/// Instances that nothing stays on go, and their idle part with them; those that others keep stay.
#[test]
fn only_instances_that_something_stays_on_keep_their_idle_part() {
    let on = |pool: usize, off_fargate: Option<&str>| Work {
        launch_type: LaunchType::Ec2,
        today: usd("40"),
        pools: BTreeSet::from([pool]),
        off_fargate: off_fargate.map(str::to_owned),
        ..two_tasks("us-east-1")
    };
    let pool = |overhead: &str, has_others| InstancePool { overhead: usd(overhead), has_others };
    let mut one = cluster("us-east-1", vec![on(0, None), on(1, Some("it mounts a path of its host"))]);
    one.pools = BTreeMap::from([(0, pool("179.08", false)), (1, pool("7", false))]);
    let config = Config::default();
    let rows = compare(&one, &market(&config));
    assert_eq!(cost(&rows, "today"), "266.08");
    // 72.0802 for the one on Fargate, 40 + 7 for the other.
    assert_eq!(cost(&rows, "fargate-right-sized"), "119.0802");
    // 151.5699, as two tasks cost there with the control plane, and 47.
    assert_eq!(cost(&rows, "eks-fargate"), "198.5699");
    // What is in no row keeps its instances.
    one.pools.insert(0, pool("179.08", true));
    assert_eq!(cost(&compare(&one, &market(&config)), "fargate-right-sized"), "298.1602");
}

#[test]
fn a_fleet_is_the_sum_of_its_clusters_and_has_no_price_where_one_has_none() {
    let config = config("[ec2]\ntrunking = true");
    let market = market(&config);
    let clusters = [
        cluster("us-east-1", vec![two_tasks("us-east-1")]),
        cluster("eu-west-1", vec![two_tasks("eu-west-1"), two_tasks("eu-west-1")]),
    ];
    let rows: Vec<Vec<PlatformRow>> = clusters.iter().map(|cluster| compare(cluster, &market)).collect();
    let mut unpriced = 0;
    for (at, platform) in LaunchPlatform::all().into_iter().enumerate() {
        let parts: Vec<&PlatformRow> = rows.iter().map(|rows| &rows[at]).collect();
        assert!(parts.iter().all(|row| row.platform == platform), "rows are in one sequence");
        let fleet = PlatformRow::sum(platform, parts.iter().copied());
        let sum = parts
            .iter()
            .try_fold(Usd::ZERO, |sum, row| row.outcome.as_ref().ok().map(|priced| sum + priced.monthly));
        assert_eq!(fleet.outcome.as_ref().ok().map(|priced| priced.monthly), sum, "{platform:?}");
        unpriced += u32::from(sum.is_none());
        if let Ok(Priced { packed: Some(all), .. }) = &fleet.outcome {
            let hours: Decimal = all.instance_hours.values().sum();
            let parts: Decimal = parts.iter().flat_map(|row| packed(row).instance_hours.values()).sum();
            assert_eq!(hours, parts);
        }
    }
    assert!(unpriced > 0, "eu-west-1 has no Spot rates of instances");
}

#[test]
fn auto_mode_is_the_same_nodes_and_its_fee() {
    let config = Config::default();
    let mut many = two_tasks("us-east-1");
    many.tasks = (0..24).map(|hour| 2 + hour % 7).collect();
    let rows = compare(&cluster("us-east-1", vec![many]), &market(&config));
    for arch in ["x86", "arm"] {
        let nodes = packed(row(&rows, &format!("eks-ec2-{arch}")));
        let auto = packed(row(&rows, &format!("eks-auto-mode-{arch}")));
        assert_eq!(auto.instance_hours, nodes.instance_hours);
        let factor = auto.cost / nodes.cost;
        assert!((factor - Decimal::from_str("1.12").unwrap()).abs() < Decimal::new(1, 3), "{factor}");
        assert!(auto.lower_bound <= auto.cost);
    }
}

#[test]
fn daemons_and_operations_are_counted_for_each_cluster() {
    let config =
        config("[ec2]\ntrunking = true\noperations_hours_per_month = 2\noperations_usd_per_hour = 50");
    let mut with_daemon = cluster("us-east-1", vec![two_tasks("us-east-1")]);
    let without = compare(&with_daemon, &market(&config));
    assert_eq!(cost(&without, "ec2-arm-single-type"), "156.21");
    assert_eq!(cost(&without, "managed-instances-arm"), "62.9552");
    with_daemon.daemons = Resources { cpu: 256, memory_mib: 512, enis: 0, gpus: 0 };
    let rows = compare(&with_daemon, &market(&config));
    // No m6g.medium has room for a task of 1 vCPU beside it.
    let used = &packed(row(&rows, "ec2-arm-single-type")).instance_hours;
    assert!(used.keys().all(|name| !name.ends_with(".medium")), "{used:?}");
}

fn on_demand() -> Purchase {
    Purchase {
        payment: super::InstancePayment::OnDemand,
        covered: Decimal::ZERO,
        fee: Fee::None,
        volume_gib: 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Stopping at the bound finds what trying every type finds, and a mix costs no more.
    #[test]
    fn the_best_single_type_is_the_best_of_all_tried(
        groups in prop::collection::vec((1u32..9, 1u32..9, prop::collection::vec(0u32..5, 3)), 1..4),
        trunking: bool, target in 70u32..101,
    ) {
        let config = Config::default();
        let market = market(&config);
        let settings =
            HostSettings { trunking, reserved_memory: MemoryMib(0), daemons: Resources::default() };
        let hosts = hosts(
            &market, &Region("us-east-1".into()), (Architecture::Arm64, false), settings, on_demand(),
        ).unwrap();
        let mut pool = Pool::new(target);
        for (cpu, memory, tasks) in groups {
            pool.ids.push("a".to_owned());
            pool.groups.push(TaskGroup {
                needs: Resources { cpu: cpu * 256, memory_mib: memory * 512, enis: 1, gpus: 0 },
                architectures: vec![Architecture::Arm64],
                min_zones: 2,
                distinct_instances: false,
                tasks,
            });
        }
        prop_assume!(pool.groups.iter().any(|group| group.tasks.iter().any(|tasks| *tasks > 0)));
        let single = pool.single(&hosts, &market).unwrap();
        let tried = hosts.iter().filter_map(|host| {
            let problem = crate::ec2::packing::Problem {
                offers: vec![host.offer.clone()],
                groups: pool.groups.clone(),
                zones: 3,
                target_capacity_percent: target,
            };
            Some(pack(&problem).ok()?.cost_micro_usd)
        });
        prop_assert_eq!(Some(single.packing.cost_micro_usd), tried.min());
        let mix = pool.mix(&hosts, Some(&single), &market).unwrap();
        prop_assert!(mix.packing.cost_micro_usd <= single.packing.cost_micro_usd);
        prop_assert!(mix.packing.lower_bound_micro_usd <= mix.packing.cost_micro_usd);
    }
}

fn arm_hosts(market: &Market<'_>) -> Vec<Host> {
    let settings =
        HostSettings { trunking: false, reserved_memory: MemoryMib(0), daemons: Resources::default() };
    hosts(market, &Region("us-east-1".into()), (Architecture::Arm64, false), settings, on_demand()).unwrap()
}

#[test]
fn what_never_ran_keeps_no_type_away() {
    let config = Config::default();
    let market = market(&config);
    let hosts = arm_hosts(&market);
    let group = |memory_mib: u32, tasks: u32| TaskGroup {
        needs: Resources { cpu: 256, memory_mib, enis: 1, gpus: 0 },
        architectures: vec![Architecture::Arm64],
        min_zones: 1,
        distinct_instances: false,
        tasks: vec![tasks],
    };
    let cost = |groups: Vec<TaskGroup>| {
        let mut pool = Pool::new(100);
        pool.ids = vec!["a".to_owned(); groups.len()];
        pool.groups = groups;
        pool.single(&hosts, &market).unwrap().packing.cost_micro_usd
    };
    assert_eq!(cost(vec![group(512, 1), group(100_000, 0)]), cost(vec![group(512, 1)]));
}

#[test]
fn nothing_runs_on_no_instance() {
    let config = Config::default();
    let mut idle = two_tasks("us-east-1");
    idle.tasks = vec![0; 24];
    (idle.today, idle.right_sized) = (Usd::ZERO, Usd::ZERO);
    idle.running.monthly_task_hours = Decimal::ZERO;
    (idle.running.mean_tasks_milli, idle.running.steady_on_demand_milli) = (0, 0);
    let idle = cluster("us-east-1", vec![idle]);
    for row in instances::rows(&[LaunchPlatform::all()[5]], &idle, &market(&config)) {
        assert_eq!(row.outcome, Ok(Priced { monthly: Usd::ZERO, packed: None }));
    }
}

/// A book's own rates of Savings Plans: 2 x (0.02 + 2 x 0.002) x 730.
#[test]
fn the_books_own_savings_plan_rates_are_used() {
    let row = |dimension, unit, usd| {
        format!("us-east-1,linux,x86_64,1yr,no-upfront,{dimension},{unit},{usd},2026-11-01,high,mine\n")
    };
    let header = "region,operating_system,architecture,term,payment,dimension,unit,usd,effective_date,confidence,source\n";
    let plans = header.to_owned() + &row("vcpu", "vCPU-hour", "0.02") + &row("memory", "GB-hour", "0.002");
    let plans = SavingsPlanRates::parse("plans", &plans).unwrap();
    let book = PriceBook::embedded().clone().of_files("mine", "0".repeat(64), Some(plans));
    let config = Config::default();
    let market = Market::of(&book, &config, Decimal::ONE, date(2026, 11, 15));
    let row = fargate::row(
        LaunchPlatform::FargateSavingsPlan,
        &cluster("us-east-1", vec![two_tasks("us-east-1")]),
        &market,
    );
    assert_eq!(row.outcome.unwrap().monthly, usd("35.04"));
}

#[test]
fn before_there_was_a_fee_managed_instances_have_no_price_and_say_so() {
    let config = Config::default();
    let market = Market::of(PriceBook::embedded(), &config, Decimal::ONE, date(2025, 9, 29));
    let managed = LaunchPlatform::ManagedInstances(Architecture::X86_64);
    let rows = instances::rows(&[managed], &cluster("us-east-1", vec![two_tasks("us-east-1")]), &market);
    assert_eq!(cost(&rows, &managed.id()), "{\"no Managed Instances fee is held for 2025-09-29\"}");
}

/// What reserves nothing of a resource may use any amount of it.
#[test]
fn tasks_that_reserve_no_cpu_or_no_memory_have_no_fargate_size() {
    for (cpu, memory, what) in [(0, 2048, "CPU"), (1024, 0, "memory")] {
        let mut work = two_tasks("us-east-1");
        work.launch_type = LaunchType::Ec2;
        (work.running.shape.cpu, work.running.shape.memory) = (CpuUnits(cpu), MemoryMib(memory));
        let config = Config::default();
        for platform in [LaunchPlatform::FargateRightSized, LaunchPlatform::EksFargate] {
            let row = fargate::row(platform, &cluster("us-east-1", vec![work.clone()]), &market(&config));
            let reason = format!("it reserves no {what}: which size it needs on Fargate is not known");
            assert_eq!(row.stays.keys().collect::<Vec<_>>(), [&reason], "{platform:?}");
        }
    }
}

#[test]
fn tasks_in_bridge_mode_take_an_interface_on_managed_instances_and_those_in_host_mode_none() {
    let config = Config::default();
    let managed = LaunchPlatform::ManagedInstances(Architecture::Arm64);
    // Of m6g.medium one could hold eight by their CPU, and four by its interfaces.
    let row = |host_network| {
        let mut work = two_tasks("us-east-1");
        work.launch_type = LaunchType::Ec2;
        (work.running.shape.cpu, work.running.shape.memory) = (CpuUnits(128), MemoryMib(256));
        work.tasks = vec![16; 24];
        (work.placement.own_interface, work.placement.host_network) = (false, host_network);
        instances::rows(&[managed], &cluster("us-east-1", vec![work]), &market(&config)).remove(0)
    };
    let (bridge, host) = (row(false), row(true));
    assert!(packed(&bridge).cost > packed(&host).cost);
    let told = |row: &PlatformRow| {
        row.assumptions.iter().any(|text| text.starts_with("tasks in bridge mode take awsvpc"))
    };
    assert_eq!((told(&bridge), told(&host)), (true, false));
}

/// What is offered for the first of them holds the second, too, at another price.
#[test]
fn a_mix_is_offered_the_same_types_whatever_the_sequence_of_workloads() {
    let config = Config::default();
    let market = market(&config);
    let hosts = arm_hosts(&market);
    let group = |cpu: u32, memory_mib: u32, tasks: u32| TaskGroup {
        needs: Resources { cpu, memory_mib, enis: 1, gpus: 0 },
        architectures: vec![Architecture::Arm64],
        min_zones: 1,
        distinct_instances: false,
        tasks: vec![tasks],
    };
    let offered = |groups: &[TaskGroup]| {
        let mut pool = Pool::new(100);
        pool.ids = vec!["a".to_owned(); groups.len()];
        pool.groups = groups.to_vec();
        pool.best_for_mix(&hosts).into_iter().collect::<std::collections::BTreeSet<usize>>()
    };
    let mut differ = 0;
    for large in [(4096, 8192), (8192, 16_384), (8192, 32_768), (16_384, 32_768)] {
        for medium in [(512, 8192), (1024, 12_288), (2048, 6144), (2048, 14_336)] {
            let groups = [group(256, 512, 1), group(large.0, large.1, 1), group(medium.0, medium.1, 1)];
            let reversed: Vec<TaskGroup> = groups.iter().rev().cloned().collect();
            assert_eq!(offered(&groups), offered(&reversed), "{large:?} {medium:?}");
            differ += usize::from(offered(&groups).len() > offered(&groups[..2]).len());
        }
    }
    assert!(differ > 0, "for some the second asks for a type of its own");
}
