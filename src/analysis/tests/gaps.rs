//! What could not be collected.

use super::*;

fn gap(scope: &str, api: &str) -> Gap {
    Gap { scope: scope.into(), api: api.into(), cause: "access denied".into() }
}

#[test]
fn metrics_that_were_refused_are_neither_absent_nor_zero() {
    let unseen = |desired: u32, gap: Gap| {
        service(0, 0)
            .with(|service| {
                service.points.clear();
                service.workload.desired_count = Some(desired);
                service.gaps.push(gap);
            })
            .rated()
    };
    for scope in ["123456789012/us-east-1", "123456789012/us-east-1/prod/api"] {
        for desired in [0, 2] {
            let row = unseen(desired, gap(scope, "cloudwatch:GetMetricData"));
            let not_rated = row.not_rated.unwrap();
            assert_eq!(not_rated.reason, "no-metrics", "{scope} {desired}");
            assert!(not_rated.detail.contains("could not be collected"), "{}", not_rated.detail);
            assert_eq!(row.monthly_cost, None);
        }
    }
    // What was refused elsewhere, or of another API, says nothing about its metrics.
    for gap in [
        gap("123456789012/eu-west-1", "cloudwatch:GetMetricData"),
        gap("123456789012/us-east-1/prod/api", "ecs:ListServiceDeployments"),
    ] {
        assert_eq!(unseen(0, gap).not_rated.unwrap().reason, "no-running-tasks");
    }
}

#[test]
fn a_rating_without_knowing_the_scaling_says_so() {
    let row = service(20, 30)
        .with(|service| {
            service
                .gaps
                .push(gap("123456789012/us-east-1", "application-autoscaling:DescribeScalableTargets"));
        })
        .rated();
    assert_eq!(row.reasons, ["cpu-overprovisioned", "memory-overprovisioned", "scaling-unknown"]);
    assert!(!service(20, 30).rated().reasons.contains(&"scaling-unknown".to_owned()));
}

/// Thirty tasks that do next to nothing, or all they can, for all that is known at the will of a policy.
#[test]
fn fewer_tasks_and_instances_of_its_own_are_not_offered_where_the_scaling_is_not_known() {
    let many = |cpu: u32, gaps: Vec<Gap>| {
        service(cpu, cpu)
            .with(|service| {
                service.workload.desired_count = Some(30);
                service.points.iter_mut().for_each(|point| point.cpu_samples = Some(150));
                service.gaps = gaps;
            })
            .rated()
    };
    let offers = |row: &WorkloadReport, kind: &str| row.options.iter().any(|option| option.kind == kind);
    let refused = |api: &str| vec![gap("123456789012/us-east-1", &format!("application-autoscaling:{api}"))];
    let targets = || refused("DescribeScalableTargets");
    let row = many(10, targets());
    assert!(offers(&many(10, Vec::new()), "scale-in") && !offers(&row, "scale-in"));
    let [scale_in] = row.not_offered.as_slice() else { panic!("{:?}", row.not_offered) };
    assert_eq!(scale_in.kind, "scale-in");
    assert!(scale_in.because.contains("auto scaling could not be read"), "{}", scale_in.because);
    assert!(offers(&many(80, Vec::new()), "ec2") && !offers(&many(80, targets()), "ec2"));
    // It would be no option anyway.
    assert_eq!(many(83, targets()).not_offered, []);
    // Without a target nothing scales it, whatever policies there are.
    for api in ["DescribeScalingPolicies", "DescribeScheduledActions"] {
        let row = many(10, refused(api));
        assert!(offers(&row, "scale-in") && row.not_offered.is_empty(), "{row:?}");
        assert!(!row.reasons.contains(&"scaling-unknown".to_owned()), "{:?}", row.reasons);
    }
}
