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
