//! Fewer tasks, where the main container has a memory limit of its own below the task's.

use rust_decimal::Decimal;

use super::{
    Service, WorkloadReport,
    explain::explained,
    scaling::{following, scaled_between},
    service,
};
use crate::{
    config::Config,
    report::explain::ReplayReport,
    units::{CpuUnits, MemoryMib},
    workload::{Container, ContainerPeak, PolicyKind, TrackedMetric},
};

fn limited(service: Service, [(cpu, memory), (side_cpu, side_memory)]: [(u32, u32); 2]) -> Service {
    let container = |name: &str, cpu, memory, essential| Container {
        name: name.into(),
        cpu: CpuUnits(cpu),
        memory: Some(MemoryMib(memory)),
        essential,
        ..Container::default()
    };
    service.with(|service| {
        service.definition.containers =
            vec![container("app", cpu, memory, true), container("side", side_cpu, side_memory, false)];
    })
}

fn with_peaks(service: Service, app: u32, side: u32) -> Service {
    let peak =
        |name: &str, memory| ContainerPeak { name: name.into(), cpu: None, memory: Some(MemoryMib(memory)) };
    service
        .with(|service| service.workload.facts.container_peaks = vec![peak("app", app), peak("side", side)])
}

/// 22 % of 2 GB are 451 MiB, at half of the target that there could be.
fn half_used() -> Service {
    limited(scaled_between(following(28, 22, 120), 2, 16, 30.0), [(768, 600), (128, 1024)])
}

/// The same with a policy on memory beside it, which never has its way.
fn with_memory_policy(service: Service) -> Service {
    service.with(|service| {
        let scaling = service.workload.scaling.as_mut().unwrap();
        let mut policy = scaling.policies[0].clone();
        policy.name = "memory".to_owned();
        let PolicyKind::TargetTracking { metric, target, .. } = &mut policy.kind else { unreachable!() };
        (*metric, *target) = (TrackedMetric::MemoryUtilization, 80.0);
        scaling.policies.push(policy);
    })
}

/// What its tasks used is known whether or not a policy follows it, too.
#[test]
fn a_policy_on_memory_takes_no_need_from_the_containers() {
    let explanation = explained(with_memory_policy(half_used()), &Config::default());
    let recommendation = explanation.workload.recommendation.as_ref().unwrap();
    let then = explanation.replay[1].tasks.unwrap().memory_peak_mib.unwrap().0;
    let limit = Decimal::from(recommendation.containers[0].memory_mib.unwrap());
    assert!(limit >= then * Decimal::new(12, 1), "{limit} {then} {recommendation:?}");
    let told = |condition: &String| condition.contains("is to hold");
    assert!(!recommendation.conditions.iter().any(told), "{:?}", recommendation.conditions);

    // 15 % of 4 GB are 615 MiB, so that 1 GB holds it beside a sidecar of 256, whatever follows memory.
    let roomy = |limit| {
        let service = scaled_between(following(50, 15, 120), 2, 16, 60.0).sized(1024, 4096);
        with_peaks(limited(service, [(768, limit), (128, 256)]), 590, 20)
    };
    let size = |row: WorkloadReport| row.recommendation.map(|to| (to.cpu_units, to.memory_mib));
    assert_eq!(size(with_memory_policy(roomy(3840)).rated()), size(roomy(3840).rated()));
}

/// With half the tasks each would carry twice the memory, which is in the main container.
#[test]
fn fewer_tasks_of_a_policy_leave_the_main_container_what_it_needs() {
    for (service, share) in
        [(with_peaks(half_used(), 430, 20), Decimal::new(95, 2)), (half_used(), Decimal::ONE)]
    {
        let explanation = explained(service, &Config::default());
        let row = &explanation.workload;
        let recommendation = row.recommendation.as_ref().unwrap();
        let limit = Decimal::from(recommendation.containers[0].memory_mib.unwrap());
        let [now, then] = explanation.replay.as_slice() else { panic!("{:?}", explanation.replay) };
        let peak = |replay: &ReplayReport| replay.tasks.unwrap().memory_peak_mib.unwrap().0;
        assert!(peak(then) > peak(now), "there is a change that the limits allow: {recommendation:?}");
        assert!(limit >= peak(then) * share * Decimal::new(12, 1), "{limit} {then:?}");
    }
}

/// What is to be raised is told by what a task is then to hold.
#[test]
fn containers_get_their_limits_by_the_load_of_the_tasks_that_are_left() {
    // Without settings, the app can use all; whether the load is its sidecar's is not known.
    let row = half_used()
        .with(|service| {
            let app = &mut service.definition.containers[0];
            (app.cpu, app.memory) = (CpuUnits(0), None);
            service.definition.containers[1].memory = Some(MemoryMib(600));
        })
        .rated();
    let recommendation = row.recommendation.as_ref().unwrap();
    assert_eq!(recommendation.scaling.unwrap().target_cpu_percent.unwrap().0, Decimal::from(60));
    let said = |condition: &String| condition.contains("of which side can use 600");
    assert!(recommendation.conditions.iter().any(said), "{:?}", recommendation.conditions);
}

/// Of what a policy follows more tasks carry a peak to come; CPU is less for that.
#[test]
fn a_limit_that_is_the_tasks_memory_is_not_to_be_raised_for_a_peak_to_come() {
    let of_memory = scaled_between(following(10, 60, 105), 2, 32, 70.0).sized(1024, 4096).with(|service| {
        let policy = &mut service.workload.scaling.as_mut().unwrap().policies[0];
        let PolicyKind::TargetTracking { metric, .. } = &mut policy.kind else { unreachable!() };
        *metric = TrackedMetric::MemoryUtilization;
        service.definition.containers = vec![Container {
            name: "app".into(),
            memory: Some(MemoryMib(4096)),
            essential: true,
            ..Container::default()
        }];
    });
    let row = of_memory.rated_with("[[override]]\nmatch = { service = \"*\" }\npeak_factor = 2\n");
    let conditions = row.recommendation.unwrap().conditions;
    assert!(!conditions.iter().any(|condition| condition.contains("raise")), "{conditions:?}");
}

/// A container without settings may be what the task is for, unless another is known to take more.
#[test]
fn the_main_container_is_the_one_that_is_known_to_use_most() {
    let beside_one_without_settings = half_used().with(|service| {
        let side = &mut service.definition.containers[1];
        (side.cpu, side.memory, side.essential) = (CpuUnits(0), None, true);
    });
    let explanation = explained(with_peaks(beside_one_without_settings, 430, 20), &Config::default());
    let recommendation = explanation.workload.recommendation.as_ref().unwrap();
    let then = explanation.replay[1].tasks.unwrap().memory_peak_mib.unwrap().0;
    let limit = Decimal::from(recommendation.containers[0].memory_mib.unwrap());
    assert!(limit >= then * Decimal::new(95, 2) * Decimal::new(12, 1), "{limit} {then} {recommendation:?}");
}

fn fewest(row: &WorkloadReport) -> Option<&str> {
    let option = row.options.iter().find(|option| option.kind == "scale-in")?;
    option.conditions[0].rsplit(' ').next()
}

/// 18 % of 2 GB are 369 MiB. Of three tasks each would hold 1,475, 1,360 of them in the container of 512.
#[test]
fn fewer_replicas_leave_the_main_container_what_it_needs() {
    let twelve = |app| {
        let service = limited(service(8, 18).sized(256, 2048), [(128, app), (64, 1024)]).with(|service| {
            service.workload.desired_count = Some(12);
            service.points.iter_mut().for_each(|point| point.cpu_samples = Some(60));
        });
        with_peaks(service, 340, 28)
    };
    // 12 x 340 / 10 x 1.2 = 490; nine would take 544.
    assert_eq!(fewest(&twelve(512).rated()), Some("10"));
    assert_eq!(fewest(&twelve(420).rated()), None, "with headroom there is no room");
}
