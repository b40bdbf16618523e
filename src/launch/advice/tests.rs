//! What rules Fargate out, and instances of one's own against hand-worked prices.

use std::sync::LazyLock;

use super::*;
use crate::{
    config::{Config, Ec2Settings},
    pricing::{Charges, InstancePrices},
    workload::{Container, WorkloadIdentity},
};

fn service() -> Workload {
    let identity = WorkloadIdentity {
        account_id: "123456789012".into(),
        region: Region("us-east-1".into()),
        cluster: "prod".into(),
        kind: WorkloadKind::Service,
        name: "api".into(),
    };
    Workload { desired_count: Some(2), running_count: Some(2), ..Workload::new(0, identity, LaunchType::Ec2) }
}

fn definition() -> TaskDefinition {
    TaskDefinition {
        network_mode: Some("awsvpc".into()),
        containers: vec![Container { name: "app".into(), ..Container::default() }],
        ..TaskDefinition::default()
    }
}

#[test]
fn each_thing_that_fargate_has_not_rules_it_out_by_name() {
    type Change = fn(&mut Workload, &mut TaskDefinition);
    let cases: [(&str, Change, &str); 13] = [
        ("a GPU", |_, d| d.containers[0].gpus = 1, "app takes a GPU, which Fargate has not"),
        ("privilege", |_, d| d.containers[0].privileged = true, "app is privileged"),
        (
            "a daemon service",
            |w, _| w.scheduling = Scheduling::Daemon,
            "it is a daemon: one task on every instance, and Fargate has no instances",
        ),
        (
            "an ECS daemon",
            |w, _| w.identity.kind = WorkloadKind::Daemon,
            "it is a daemon: one task on every instance, and Fargate has no instances",
        ),
        (
            "the host's network",
            |_, d| d.network_mode = Some("host".into()),
            "its network mode is host, and Fargate has awsvpc only",
        ),
        (
            "no network",
            |_, d| d.network_mode = Some("none".into()),
            "its network mode is none, and Fargate has awsvpc only",
        ),
        ("a host path", |_, d| d.volume_kinds = vec!["host".into()], "it mounts a path of its host"),
        ("a Docker volume", |_, d| d.volume_kinds = vec!["docker".into()], "it uses a Docker volume"),
        ("FSx", |_, d| d.volume_kinds = vec!["fsx".into()], "it uses an FSx for Windows File Server volume"),
        (
            "EFS on Windows",
            |_, d| {
                d.platform.os = OperatingSystem::Windows;
                d.volume_kinds = vec!["efs".into()];
            },
            "it uses an EFS volume, which Fargate has for Linux only",
        ),
        (
            "EBS on Windows",
            |_, d| {
                d.platform.os = OperatingSystem::Windows;
                d.volume_kinds = vec!["ebs".into()];
            },
            "it uses an EBS volume, which Fargate has for Linux only",
        ),
        (
            "a constraint of the service",
            |w, _| w.placement_constraints = vec!["memberOf".into()],
            "it has the placement constraint memberOf, and Fargate has none",
        ),
        (
            "a constraint of the definition",
            |_, d| d.placement_constraints = vec!["attribute:ecs.instance-type == g5.xlarge".into()],
            "it has the placement constraint attribute:ecs.instance-type == g5.xlarge, and Fargate has none",
        ),
    ];
    assert_eq!(fargate_rule_outs(&service(), &definition()), Vec::<String>::new());
    for (what, change, expected) in cases {
        let (mut workload, mut definition) = (service(), definition());
        change(&mut workload, &mut definition);
        assert_eq!(fargate_rule_outs(&workload, &definition), [expected], "{what}");
    }
}

#[test]
fn volumes_and_constraints_that_fargate_has_are_conditions_at_most() {
    let (mut workload, mut definition) = (service(), definition());
    definition.volume_kinds = ["efs", "ebs", "bind"].map(str::to_owned).to_vec();
    workload.placement_constraints = vec!["distinctInstance".into()];
    assert_eq!(fargate_rule_outs(&workload, &definition), Vec::<String>::new());
    let conditions = fargate_conditions(&workload, &definition, &[]).join("\n");
    for expected in
        ["EFS volume", "EBS volume", "distinctInstance is dropped", "instead of the options above"]
    {
        assert!(conditions.contains(expected), "{expected}: {conditions}");
    }
    definition.platform.os = OperatingSystem::Windows;
    let conditions = fargate_conditions(&workload, &definition, &[]).join("\n");
    assert!(conditions.contains("1, 2 or 4 vCPU"), "{conditions}");
}

/// Bridge is what tasks on EC2 have unless they say otherwise: it takes a change, and no more.
#[test]
fn bridge_mode_is_a_condition() {
    for mode in [None, Some("bridge"), Some("default")] {
        let definition = TaskDefinition { network_mode: mode.map(str::to_owned), ..definition() };
        assert_eq!(fargate_rule_outs(&service(), &definition), Vec::<String>::new(), "{mode:?}");
        let conditions = fargate_conditions(&service(), &definition, &[]);
        let told = conditions.iter().any(|condition| condition.starts_with("its containers move to awsvpc"));
        assert!(told, "{mode:?}: {conditions:?}");
    }
    let conditions = fargate_conditions(&service(), &definition(), &[]);
    assert!(!conditions.iter().any(|condition| condition.contains("awsvpc")), "{conditions:?}");
}

/// The defaults, and trunking.
static TRUNKED: LazyLock<Ec2Settings> =
    LazyLock::new(|| Ec2Settings { trunking: true, ..Config::default().ec2 });

fn in_virginia() -> Vec<Host> {
    in_virginia_as(&TRUNKED)
}

fn in_virginia_as(settings: &Ec2Settings) -> Vec<Host> {
    let rates = InstanceRates {
        prices: InstancePrices::embedded(),
        settings,
        charges: Charges::embedded(),
        on: "2026-11-14".parse().unwrap(),
    };
    hosts(&Region("us-east-1".into()), InstanceTypes::embedded(), rates)
}

fn own(tasks: u32, cpu: u32, memory_mib: u32, fargate_hourly: &str) -> OwnInstances<'static> {
    OwnInstances {
        settings: &TRUNKED,
        needs: Resources { cpu, memory_mib, enis: 1, gpus: 0 },
        architecture: Architecture::X86_64,
        tasks,
        fargate_hourly: Usd(fargate_hourly.parse().unwrap()),
    }
}

#[test]
fn the_cheapest_of_all_types_is_chosen_and_its_numbers_agree() {
    let hosts = in_virginia();
    for (tasks, cpu, memory, fargate) in [
        (20, 1024, 2048, "0.04937"),
        (3, 256, 512, "0.0123425"),
        (100, 512, 4096, "0.03802"),
        (2, 16384, 122_880, "1.18108"),
    ] {
        let own = own(tasks, cpu, memory, fargate);
        for managed in [false, true] {
            let choice = own_instances(own, &hosts, managed).unwrap();
            assert!(choice.instances >= 2 && choice.instances * choice.tasks_each > tasks);
            let x86 = hosts.iter().filter(|host| host.architecture == Architecture::X86_64);
            for host in x86.filter(|host| host.managed == managed) {
                let each = (host.room.cpu / cpu).min(host.room.memory_mib / memory).min(host.room.enis);
                if each > 0 {
                    let cost =
                        host.hourly * Decimal::from((tasks + 1).div_ceil(each).max(2)) * Decimal::from(730);
                    assert!(choice.monthly.0 <= cost, "{} costs {cost}", host.name);
                }
            }
        }
    }
}

/// c5a.4xlarge: 16 vCPU, 32 GiB, 0.616 USD an hour (`pricing/ec2/us-east-1.csv`); it holds 15 tasks of
/// 1 vCPU / 2 GB by memory: (32,768 - 256 - 1,065) / 2,048; interfaces with trunking hold more.
#[test]
fn a_host_holds_what_cpu_memory_and_interfaces_allow() {
    let hosts: Vec<Host> = in_virginia().into_iter().filter(|host| host.name == "c5a.4xlarge").collect();
    let choice = own_instances(own(20, 1024, 2048, "0.04937"), &hosts, false).unwrap();
    assert_eq!((choice.tasks_each, choice.instances), (15, 2));
    assert_eq!(choice.monthly.cents(), "899.36");
    // 0.616 / (15 x 0.04937)
    assert_eq!(choice.break_even_percent.round_dp(1).to_string(), "83.2");
    let managed = own_instances(own(20, 1024, 2048, "0.04937"), &hosts, true).unwrap();
    assert_eq!(managed.monthly.cents(), "1007.28", "12 % more");
}

/// c5a.4xlarge as above: without trunking it has 8 interfaces, one of them its own (`pricing/ec2_types.csv`).
#[test]
fn own_instances_are_as_the_settings_say() {
    let choice = |settings: &'static str, managed| {
        let settings: &'static Config =
            Box::leak(Box::new(Config::from_toml("fargauge.toml", settings).unwrap()));
        let mut hosts = in_virginia_as(&settings.ec2);
        hosts.retain(|host| host.name == "c5a.4xlarge");
        let own = OwnInstances { settings: &settings.ec2, ..own(20, 1024, 2048, "0.04937") };
        let choice = own_instances(own, &hosts, managed).unwrap();
        let cost = (choice.monthly + choice.operations).cents();
        (choice.tasks_each, choice.instances, cost, choice.conditions().join("\n"))
    };
    let (each, instances, _, told) = choice("", false);
    assert_eq!((each, instances), (7, 3));
    assert!(told.contains("not trunked") && told.contains("30 GiB each, are not in it"), "{told}");
    assert_eq!(choice("", true).0, 15, "managed instances are trunked always");
    // (32,768 - 256 - 1,065 - 4,096) / 2,048.
    assert_eq!(choice("[ec2]\ntrunking = true\nreserved_memory_mib = 4096", false).0, 13);
    assert_eq!(choice("[ec2]\ntrunking = true\nmin_zones = 3", false).1, 3);
    let half = "[ec2]\ntrunking = true\ntarget_capacity_percent = 50";
    assert_eq!((choice(half, false).1, choice(half, true).1), (4, 2));
    // 899.36 and 2 x 30 x 0.08; 2 x 50.
    let all = "[ec2]\ntrunking = true\nroot_volume_usd_per_gb_month = 0.08\noperations_hours_per_month = 2\n\
               operations_usd_per_hour = 50";
    let (_, _, cost, told) = choice(all, false);
    assert_eq!(cost, "1004.16");
    assert!(told.contains("a volume of 30 GiB each is in it") && told.contains("2 hours a month"), "{told}");
}

#[test]
fn what_no_type_holds_gets_no_offer() {
    assert_eq!(own_instances(own(2, 1_000_000, 512, "1"), &in_virginia(), false), None);
    assert_eq!(own_instances(own(2, 256, 512, "1"), &[], false), None);
}

#[test]
fn types_that_cannot_be_used_in_full_or_are_made_for_other_work_are_not_offered() {
    let hosts = in_virginia();
    for other in ["flex", "t3", "inf2", "trn1", "hpc", "metal"] {
        let found = hosts.iter().find(|host| host.name.contains(other));
        assert_eq!(found, None, "{other}");
    }
    assert!(hosts.iter().any(|host| host.name == "c7i.large"));
}
