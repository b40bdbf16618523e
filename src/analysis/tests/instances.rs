//! Services whose instances are paid for: rated by what they reserve, priced by their share.

use super::{explain::of_demo, *};
use crate::{
    demand::Caps,
    report::explain::page,
    workload::{InstanceResources, OperatingSystem},
};

/// Of `size`, reserved by its only container with soft limits, on two m6i.large that register 2 vCPU and
/// 7.5 GB each (0.096 USD an hour in us-east-1, `pricing/ec2/us-east-1.csv`).
pub(super) fn on_ec2(cpu_percent: u32, memory_percent: u32, (cpu, memory): (u32, u32)) -> Service {
    service(cpu_percent, memory_percent).with(|service| {
        service.workload.launch_type = LaunchType::Ec2;
        service.definition.network_mode = Some("awsvpc".into());
        (service.definition.cpu, service.definition.memory) = (None, None);
        service.definition.containers = vec![Container {
            name: "app".into(),
            cpu: CpuUnits(cpu),
            memory_reservation: Some(MemoryMib(memory)).filter(|memory| memory.0 > 0),
            ..Container::default()
        }];
        service.instances = ["a", "b"].map(instance).to_vec();
    })
}

fn instance(id: &str) -> ContainerInstance {
    ContainerInstance {
        account_id: "123456789012".into(),
        region: Region("us-east-1".into()),
        cluster: "prod".into(),
        id: id.into(),
        instance_type: Some("m6i.large".into()),
        availability_zone: Some("us-east-1a".into()),
        architecture: Some(Architecture::X86_64),
        capacity_provider: None,
        status: "ACTIVE".into(),
        registered: InstanceResources { cpu: 2048, memory_mib: 7680, gpus: 0 },
        remaining: InstanceResources::default(),
        running_tasks: 2,
        registered_at: None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "what it is compared with may be absent")]
fn usd(text: &str) -> Option<Usd> {
    Some(Usd(text.parse().unwrap()))
}

#[test]
fn a_share_is_priced_and_a_smaller_one_saves_only_as_instances_go() {
    let report = on_ec2(20, 30, (1024, 2048)).report();
    let row = &report.workloads[0];
    assert_eq!(row.finding, Finding::Overprovisioned);
    // 204.8 units x 1.2 = 245.8; 614.4 MiB x 1.2 = 737.3.
    assert_eq!(size_of(row), (256, 768));
    // Of 2 x (2,048 x 9 + 7,680) = 52,224 two tasks have 2 x (1,024 x 9 + 2,048) = 22,528: 140.16 x 0.4314.
    assert_eq!(row.monthly_cost, usd("60.4612"));
    let recommendation = row.recommendation.as_ref().unwrap();
    // 2 x (256 x 9 + 768) = 6,144 of 52,224.
    assert_eq!(recommendation.monthly_cost, usd("16.4894"));
    assert!(
        recommendation
            .conditions
            .contains(&"it saves only as instances go: what is freed is idle until then".to_owned())
    );
    assert!(row.reasons.contains(&"saves-when-instances-go".to_owned()));
    assert_eq!(report.totals.savings_in_reservations, report.totals.monthly_savings);
    let container = &recommendation.containers[0];
    assert_eq!((container.cpu_units, container.memory_reservation_mib), (Some(256), Some(768)));

    let capacity = row.capacity.as_ref().unwrap();
    assert_eq!((capacity.instances, capacity.types["m6i.large"]), (2, 2));
    assert_eq!(capacity.monthly_cost, usd("140.16"));
    assert_eq!(capacity.share_percent.unwrap().0.to_string(), "43.14");
    assert_eq!(capacity.idle_share_percent.unwrap().0.to_string(), "56.86");
    let [pool] = report.capacity.as_slice() else { panic!("one pool") };
    assert_eq!((pool.monthly_cost, pool.reserved_monthly_cost), (usd("140.16"), row.monthly_cost));
    assert_eq!(pool.idle_monthly_cost, usd("79.6988"));
    assert_eq!(report.totals.monthly_cost, row.monthly_cost.unwrap(), "idle is in no total");
}

#[test]
fn fargate_is_an_alternative_with_its_price_and_never_in_the_totals() {
    let report = on_ec2(20, 30, (1024, 2048)).report();
    let row = &report.workloads[0];
    let [fargate] = row.options.as_slice() else { panic!("{:?}", row.options) };
    assert_eq!((fargate.kind.as_str(), fargate.alternative), ("fargate", true));
    // 0.25 vCPU / 1 GB: 2 x (0.25 x 0.04048 + 0.004445) x 730, against 16.4894 for its share.
    assert_eq!((fargate.monthly_cost, fargate.monthly_savings), (usd("21.2649"), usd("-4.7755")));
    assert!(fargate.conditions.iter().any(|c| c.contains("without the idle part of the instances (56.9 %)")));
    let savings = row.recommendation.as_ref().unwrap().monthly_savings.unwrap();
    assert_eq!(report.totals.monthly_savings, savings);
}

#[test]
fn two_and_a_half_times_the_reservation_is_no_cap() {
    let row = on_ec2(250, 60, (256, 1024)).rated();
    assert_eq!(row.finding, Finding::Underprovisioned);
    // 640 units x 1.2; the memory is large enough: 614.4 MiB x 1.2 = 737.3.
    assert_eq!(size_of(&row), (768, 768));
    assert_eq!(row.reasons[..2], ["cpu-underprovisioned", "memory-overprovisioned"]);
    assert!(row.reasons.contains(&"cpu-bursts".to_owned()), "{:?}", row.reasons);
    assert!(!row.reasons.iter().any(|reason| reason.contains("cap")), "{:?}", row.reasons);
    assert_eq!(row.evidence.cpu_periods_at_cap, 0);
    assert_eq!(row.demand.unwrap().cpu_vcpu.unwrap().max.0, Decimal::new(625, 3));
    // 99 % of shares is not at a cap either.
    assert_eq!(on_ec2(99, 60, (256, 1024)).rated().evidence.cpu_periods_at_cap, 0);
}

#[test]
fn a_task_level_size_is_a_cap_on_instances_too() {
    let row = on_ec2(97, 60, (256, 1024)).with(|s| s.definition.cpu = Some(CpuUnits(256))).rated();
    assert!(row.reasons.contains(&"cpu-demand-unknown-above-cap".to_owned()), "{:?}", row.reasons);
    assert_eq!(row.recommendation.unwrap().cpu_units, 384, "half as much again");
    assert_eq!(row.evidence.cpu_periods_at_cap, u64::from(POINTS));
}

#[test]
fn a_soft_memory_limit_may_be_passed_and_a_hard_one_ends_it() {
    let hard = |limit: u32| move |s: &mut Service| s.definition.containers[0].memory = Some(MemoryMib(limit));
    // 137 % of 512 MiB: 702 MiB; the hard limit of 1,024 is far.
    let soft = on_ec2(50, 137, (256, 512)).with(hard(1024)).rated();
    assert_eq!(soft.dimensions.memory.finding, Finding::Underprovisioned);
    assert!(soft.reasons.contains(&"memory-above-reservation".to_owned()), "{:?}", soft.reasons);
    assert_eq!((soft.evidence.memory_periods_at_cap, soft.recommendation.unwrap().memory_mib), (0, 896));
    // 195 % of it is 998 MiB, at the limit: what was wanted is not known.
    let full = on_ec2(50, 195, (256, 512)).with(hard(1024)).rated();
    assert!(full.reasons.contains(&"memory-demand-unknown-above-cap".to_owned()), "{:?}", full.reasons);
    let to = full.recommendation.unwrap();
    assert_eq!(to.memory_mib, 1536);
    assert!(to.conditions.iter().any(|c| c == "the hard memory limit goes up, too: it is 1024 MiB now"));
    assert_eq!(full.evidence.memory_periods_at_cap, u64::from(POINTS));
}

/// At so much of a hard limit of 512 MiB until so many hours before the window's end; since then at 15 % of one of
/// 4,096 MiB, which is 614 MiB.
fn limited_until(hours_ago: i64, percent: u32) -> WorkloadReport {
    let at = DAYS * 86_400 - hours_ago * 3600;
    let hard = |mib: u32| move |container: &mut Container| container.memory = Some(MemoryMib(mib));
    on_ec2(60, 15, (512, 0))
        .with(|service| {
            hard(512)(&mut service.definition.containers[0]);
            let mut larger = TaskDefinition { arn: "api:2".into(), ..service.definition.clone() };
            hard(4096)(&mut larger.containers[0]);
            service.more_definitions.push(larger);
            let when = Some(Timestamp::from_second(at).unwrap());
            let larger =
                RevisionInForce { from: when, settled: when, ..RevisionInForce::now("api:2".into()) };
            service.workload.revisions.push(larger);
            for point in service.points.iter_mut().filter(|point| point.timestamp < at) {
                (point.mem_avg, point.mem_max) = (Some(percent * 100), Some(percent * 100));
            }
        })
        .rated()
}

#[test]
fn the_cap_of_a_smaller_reservation_holds_no_larger_one_for_good() {
    let has = |row: &WorkloadReport, reason: &str| row.reasons.iter().any(|code| code == reason);
    let row = limited_until(12 * 24, 97);
    assert!(!has(&row, "reached-memory-cap"), "{:?}", row.reasons);
    // 614.4 MiB x 1.2.
    assert_eq!(size_of(&row).1, 768);
    let lately = limited_until(20, 97);
    assert!(has(&lately, "memory-enlarged-lately"), "{:?}", lately.reasons);
    assert!(lately.recommendation.is_none_or(|to| to.memory_mib == 4096));
    // At the cap of what it has now, it may have wanted more.
    let row = on_ec2(60, 15, (512, 0)).with(|service| {
        service.definition.containers[0].memory = Some(MemoryMib(4096));
        service.points[100].mem_max = Some(9_600);
    });
    let row = row.rated();
    assert!(has(&row, "memory-demand-unknown-above-cap"), "{:?}", row.reasons);
}

/// CPU may have been at the cap of 128 units in so few periods that its statistic does not tell.
#[test]
fn what_reached_a_smaller_reservation_stays_above_it() {
    let at = 2 * 86_400;
    let row = on_ec2(5, 60, (1024, 1024)).with(|service| {
        let mut smaller = TaskDefinition { arn: "api:0".into(), ..service.definition.clone() };
        (smaller.cpu, smaller.containers[0].cpu) = (Some(CpuUnits(256)), CpuUnits(256));
        service.definition.cpu = Some(CpuUnits(1024));
        service.more_definitions.push(smaller);
        let when = Some(Timestamp::from_second(at).unwrap());
        service.workload.revisions.insert(0, RevisionInForce::now("api:0".into()));
        (service.workload.revisions[1].from, service.workload.revisions[1].settled) = (when, when);
        service.points[100].cpu_max = Some(9_600);
    });
    let row = row.rated();
    assert!(!row.reasons.contains(&"reached-cpu-cap".to_owned()), "{:?}", row.reasons);
    assert_eq!(size_of(&row).0, 320, "the next step above 256");
}

#[test]
fn what_is_not_reserved_is_not_rated_and_says_so() {
    let neither = on_ec2(20, 30, (0, 0)).rated();
    assert_eq!(neither.not_rated.unwrap().reason, "missing-task-size");
    assert_eq!(neither.monthly_cost, None);
    let memory_only = on_ec2(20, 30, (0, 2048)).rated();
    assert_eq!(memory_only.finding, Finding::Overprovisioned);
    assert_eq!(memory_only.dimensions.cpu.not_rated.unwrap().reason, "missing-task-size");
    assert_eq!(memory_only.demand.unwrap().cpu_vcpu, None, "per cent of nothing is no demand");
    assert_eq!(memory_only.options, [], "without its CPU demand no Fargate size can be told");
    let to = memory_only.recommendation.unwrap();
    assert_eq!((to.cpu_units, to.memory_mib), (0, 768));
}

#[test]
fn a_reservation_without_a_price_is_rated_all_the_same() {
    let report = on_ec2(20, 30, (1024, 2048)).with(|service| service.instances.clear()).report();
    let row = &report.workloads[0];
    assert_eq!((row.finding, row.monthly_cost, report.totals.unpriced), (Finding::Overprovisioned, None, 1));
    let recommendation = row.recommendation.as_ref().unwrap();
    assert_eq!((recommendation.monthly_cost, recommendation.monthly_savings), (None, None));
    let why = row.capacity.as_ref().unwrap().not_priced.as_ref().unwrap();
    assert_eq!(why.reason, "no-container-instances");
    assert_eq!(row.options[0].monthly_cost, usd("21.2649"));
    assert_eq!(row.options[0].monthly_savings, None);
    // More ran than two instances hold: how many there were is not known.
    let crowded = on_ec2(80, 80, (2048, 7680)).with(|service| {
        for point in &mut service.points {
            point.cpu_samples = Some(25);
        }
    });
    let report = crowded.report();
    assert_eq!(report.capacity[0].not_priced.as_ref().unwrap().reason, "other-instances-ran");
    assert_eq!((report.capacity[0].monthly_cost, report.capacity[0].idle_share_percent), (None, None));
}

#[test]
fn a_change_too_small_for_a_deployment_is_not_recommended() {
    let row = on_ec2(74, 79, (256, 512)).rated();
    assert_eq!((row.finding, row.recommendation), (Finding::Optimized, None));
}

/// On the page as in JSON: which reservation, and how little it saves.
#[test]
fn a_reservation_that_is_not_worth_a_change_is_told_with_its_saving() {
    let explanation = of_demo(&["search-indexer"]).remove(0);
    assert_eq!(explanation.workload.recommendation, None);
    // 3,690 MiB needed are 58 steps of 64; a vCPU counts as 9 GB.
    let page = page::render(&explanation, 200);
    let line = "below-least-change: 1 vCPU / 3.62 GB would save 2.05 USD a month (2.9 %), which is too little to be \
                worth a deployment; [change] asks for 1 USD and 5 %";
    assert!(page.contains(line), "{page}");
}

#[test]
fn fargate_is_ruled_out_in_plain_words_with_what_it_would_cost() {
    let row = on_ec2(20, 30, (1024, 2048))
        .with(|service| {
            service.definition.containers[0].privileged = true;
            service.definition.network_mode = None;
        })
        .rated();
    assert_eq!(row.options, []);
    let [ruled_out] = row.ruled_out.as_slice() else { panic!("{:?}", row.ruled_out) };
    assert_eq!(ruled_out.sentence(), "Fargate cannot run it: app is privileged");
    assert_eq!(ruled_out.monthly_cost, usd("21.2649"));
    let large = on_ec2(80, 80, (65_536, 131_072)).rated();
    assert_eq!(
        large.ruled_out[0].because,
        ["a task needs 61.4404296875 vCPU and 122.88 GB, and Fargate's largest has 32 vCPU and 244 GB"]
    );
    assert_eq!(large.ruled_out[0].monthly_cost, None);
}

#[test]
fn windows_starts_at_one_vcpu_on_fargate_and_its_instances_have_no_price() {
    let row = on_ec2(20, 30, (512, 2048))
        .with(|service| service.definition.platform.os = OperatingSystem::Windows)
        .rated();
    let fargate = &row.options[0];
    assert!(fargate.conditions.contains(&"its tasks there have 1 vCPU / 2 GB".to_owned()), "{fargate:?}");
    assert_eq!(row.capacity.unwrap().not_priced.unwrap().reason, "windows-instances");
}

#[test]
fn what_autoscaling_follows_keeps_its_reservation() {
    let row =
        on_ec2(20, 30, (1024, 2048)).scaled_by(vec![target_tracking(TrackedMetric::CpuUtilization)]).rated();
    assert_eq!(row.dimensions.cpu.not_rated.as_ref().unwrap().reason, "autoscaled");
    assert_eq!(size_of(&row), (1024, 768));
}

/// 30 tasks of 1 vCPU / 2 GB: 30 x 0.04937 x 730 = 1,081.20 on Fargate.
#[test]
fn a_large_steady_service_on_fargate_is_told_of_instances_of_its_own() {
    let large = |desired: u32| {
        service(80, 80).with(move |service| {
            service.workload.desired_count = Some(desired);
            for point in &mut service.points {
                point.cpu_samples = Some(desired * 5);
            }
        })
    };
    let row = large(30).rated();
    assert_eq!(row.monthly_cost, usd("1081.203"));
    let ec2 = row.options.iter().find(|option| option.kind == "ec2").expect("an alternative");
    assert!(ec2.alternative && ec2.monthly_savings.unwrap() > Usd::ZERO);
    assert_eq!(ec2.monthly_cost.unwrap() + ec2.monthly_savings.unwrap(), row.monthly_cost.unwrap());
    assert!(ec2.conditions.iter().any(|c| c.contains("of their places taken, Fargate is cheaper")));
    let place = |kind: &str| row.options.iter().position(|option| option.kind == kind);
    assert!(place("compute-savings-plan") < place("ec2"), "alternatives come last");
    // Two such tasks never fill two instances.
    assert!(large(2).rated().options.iter().all(|option| !option.alternative));
}

#[test]
fn caps_are_those_of_the_task_or_of_all_containers() {
    let container = |memory: Option<u32>| Container { memory: memory.map(MemoryMib), ..Container::default() };
    let definition = |containers: Vec<Container>| TaskDefinition { containers, ..TaskDefinition::default() };
    let memory = |containers| Caps::of(&definition(containers)).memory;
    assert_eq!(memory(vec![container(Some(300)), container(Some(200))]), Some(MemoryMib(500)));
    assert_eq!(memory(vec![container(Some(300)), container(None)]), None);
    assert_eq!(memory(Vec::new()), None);
}

proptest! {
    /// Whatever is used of whatever is reserved: nothing panics, and a recommendation holds the demand.
    #[test]
    fn a_recommended_reservation_holds_what_was_used(
        cpu in 1u32..20_000, memory in 1u32..60_000, used in 0u32..1_000, filled in 0u32..400,
    ) {
        let row = on_ec2(used, filled, (cpu, memory)).rated();
        if let Some(recommendation) = &row.recommendation {
            let demand = row.demand.unwrap();
            let to = Decimal::from(recommendation.cpu_units) / Decimal::from(1024);
            prop_assert!(to + Decimal::new(1, 3) >= demand.cpu_vcpu.unwrap().max.0);
            let to = Decimal::from(recommendation.memory_mib);
            prop_assert!(to + Decimal::ONE >= demand.memory_mib.unwrap().max.0);
        }
    }
}
