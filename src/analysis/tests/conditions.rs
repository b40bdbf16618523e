//! What goes along with a change of size that is short of CPU or memory.

use super::{Service, WorkloadReport, service, target_tracking};
use crate::{
    report::Finding,
    snapshot::Gap,
    units::Usd,
    workload::{ScalingPolicy, TaskSkew, TaskSpread, TrackedMetric},
};

#[test]
fn more_for_a_single_hot_task_is_not_to_be_paid_before_its_load_is_looked_at() {
    let conditions = |cpu: u32, hottest: u32| {
        let row = service(cpu, 40)
            .sized(1024, 4096)
            .with(|service| {
                let cpu = Some(TaskSpread { hottest, coolest: 900, mean: 1_000 });
                service.workload.facts.task_skew = Some(TaskSkew { tasks: 4, cpu, memory: None });
            })
            .rated();
        row.recommendation.unwrap().conditions
    };
    let said = "before paying for more CPU, see why the hottest of 4 tasks takes 3.2 times the mean: shared evenly, \
                the load may need no more";
    assert_eq!(conditions(90, 3_200), [said]);
    assert!(!conditions(90, 1_200).contains(&said.to_owned()), "even load");
    assert_eq!(conditions(20, 3_200), [""; 0], "nothing more is paid");
}

/// Of CPU the next size has twice as much, and a fifth more tasks may do.
#[test]
fn more_tasks_are_named_where_they_cost_less_than_the_next_size() {
    let conditions = |service: Service| service.rated().recommendation.unwrap().conditions;
    let tasks = |count: u32| {
        move |service: &mut Service| {
            service.points.iter_mut().for_each(|point| point.cpu_samples = Some(5 * count));
            (service.workload.desired_count, service.workload.running_count) = (Some(count), Some(count));
        }
    };
    // 5 x 36.0401: 4 x 0.9 / 5 are 0.72 vCPU, and 0.864 with headroom.
    let said = "a desired count of 5 at the size as it is may do instead, for 180.20 USD a month, where tasks share the \
                load evenly";
    assert_eq!(conditions(service(90, 40).with(tasks(4))), [said]);
    assert_eq!(conditions(service(90, 40).with(tasks(1))), [""; 0], "it may be the only one there can be");
    assert_eq!(conditions(service(99, 40).with(tasks(4))), [""; 0], "more was wanted than was seen");
    assert_eq!(conditions(service(90, 90).with(tasks(4))), [""; 0], "memory does not fall with the load");
    assert_eq!(conditions(service(20, 30).with(tasks(4))), [""; 0]);
    let unknown = service(90, 40).with(tasks(4)).with(|service| {
        service.gaps = vec![Gap {
            scope: "123456789012/us-east-1".into(),
            api: "application-autoscaling:DescribeScalableTargets".into(),
            cause: "AccessDenied".into(),
        }];
    });
    assert_eq!(conditions(unknown), [""; 0]);
    let requests = TrackedMetric::Other("ALBRequestCountPerTarget".into());
    let followed = service(90, 40).with(tasks(4)).scaled_by(vec![target_tracking(requests)]);
    let said = "a lower target of policy keep may do instead, at the size as it is and perhaps for less: more tasks, \
                each with less to do";
    assert_eq!(conditions(followed), [said]);
}

/// Where as many tasks run as may, no target brings more; nor where a policy on CPU is held back by that.
#[test]
fn a_lower_target_is_not_named_where_no_more_tasks_may_run() {
    let named = |row: &WorkloadReport| {
        let conditions = &row.recommendation.as_ref().unwrap().conditions;
        conditions.iter().any(|condition| condition.starts_with("a lower target"))
    };
    let requests = || target_tracking(TrackedMetric::Other("ALBRequestCountPerTarget".into()));
    let of = |most: u32| {
        let service = service(90, 40).scaled_by(vec![requests()]);
        service.with(|service| service.workload.scaling.as_mut().unwrap().max_capacity = most).rated()
    };
    assert!(named(&of(3)));
    assert!(!named(&of(2)));
    let held = super::max_capacity::driven(620, (2, 7, 60)).with(|service| {
        let policies = &mut service.workload.scaling.as_mut().unwrap().policies;
        policies.push(ScalingPolicy { name: "requests".into(), kind: requests() });
    });
    let held = held.rated();
    assert_eq!(held.dimensions.cpu.finding, Finding::Underprovisioned);
    assert!(!named(&held), "{:?}", held.recommendation);
}

/// More of a size costs more.
#[test]
fn what_is_asleep_and_short_is_not_said_to_save() {
    let asleep = service(90, 40).with(|service| service.workload.desired_count = Some(0)).rated();
    let recommendation = asleep.recommendation.unwrap();
    assert!(recommendation.monthly_savings.unwrap() < Usd::ZERO);
    let said = &recommendation.conditions[0];
    assert!(said.starts_with("no task is wanted now") && !said.contains("saves"), "{said}");
}
