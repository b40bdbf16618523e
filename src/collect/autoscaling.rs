//! Application Auto Scaling of a whole account and region: read once, matched to services by name.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types as sdk;

use super::{
    convert::{count, timestamp},
    gaps::Refusal,
    session::Session,
};
use crate::{
    snapshot::Gap,
    workload::{PolicyKind, ScalableTarget, ScalingPolicy, ScheduledAction, TrackedMetric},
};

/// Cooldown of ECS services where the policy names none (Application Auto Scaling API reference).
const DEFAULT_COOLDOWN_SECONDS: u32 = 300;
/// Stops a server that pages for ever.
const PAGES: usize = 10_000;

/// What scales the services of an account and region.
#[derive(Debug, Default)]
pub struct AutoScaling {
    targets: BTreeMap<String, ScalableTarget>,
    policies: BTreeMap<String, Vec<ScalingPolicy>>,
    actions: BTreeMap<String, Vec<ScheduledAction>>,
    pub gaps: Vec<Gap>,
}

impl AutoScaling {
    /// The scalable target of a service, with its policies and scheduled actions by name.
    pub fn of_service(&self, cluster: &str, service: &str) -> Option<ScalableTarget> {
        let resource = format!("service/{cluster}/{service}");
        let mut target = self.targets.get(&resource)?.clone();
        target.policies = self.policies.get(&resource).cloned().unwrap_or_default();
        target.policies.sort_by(|a, b| a.name.cmp(&b.name));
        target.scheduled_actions = self.actions.get(&resource).cloned().unwrap_or_default();
        target.scheduled_actions.sort_by(|a, b| a.name.cmp(&b.name));
        Some(target)
    }
}

/// Reads all three lists. What is refused is a gap; the others are still read.
pub async fn read(session: &Session) -> AutoScaling {
    let mut found = AutoScaling::default();
    let namespace = sdk::ServiceNamespace::Ecs;
    let client = &session.autoscaling;

    let mut pages =
        client.describe_scalable_targets().service_namespace(namespace.clone()).into_paginator().send();
    for _ in 0..PAGES {
        match pages.next().await {
            None => break,
            Some(Ok(page)) => {
                for target in page.scalable_targets() {
                    if *target.scalable_dimension() == sdk::ScalableDimension::EcsServiceDesiredCount {
                        found.targets.insert(target.resource_id().to_owned(), scalable_target(target));
                    }
                }
            }
            Some(Err(error)) => {
                let api = "application-autoscaling:DescribeScalableTargets";
                found.gaps.push(Refusal::of(&error).gap(session.place(), api));
                break;
            }
        }
    }
    let mut pages =
        client.describe_scaling_policies().service_namespace(namespace.clone()).into_paginator().send();
    for _ in 0..PAGES {
        match pages.next().await {
            None => break,
            Some(Ok(page)) => {
                for policy in page.scaling_policies() {
                    found
                        .policies
                        .entry(policy.resource_id().to_owned())
                        .or_default()
                        .push(scaling_policy(policy));
                }
            }
            Some(Err(error)) => {
                let api = "application-autoscaling:DescribeScalingPolicies";
                found.gaps.push(Refusal::of(&error).gap(session.place(), api));
                break;
            }
        }
    }
    let mut pages = client.describe_scheduled_actions().service_namespace(namespace).into_paginator().send();
    for _ in 0..PAGES {
        match pages.next().await {
            None => break,
            Some(Ok(page)) => {
                for action in page.scheduled_actions() {
                    found
                        .actions
                        .entry(action.resource_id().to_owned())
                        .or_default()
                        .push(scheduled_action(action));
                }
            }
            Some(Err(error)) => {
                let api = "application-autoscaling:DescribeScheduledActions";
                found.gaps.push(Refusal::of(&error).gap(session.place(), api));
                break;
            }
        }
    }
    found
}

fn scalable_target(target: &sdk::ScalableTarget) -> ScalableTarget {
    let suspended = target.suspended_state();
    ScalableTarget {
        min_capacity: count(target.min_capacity()),
        max_capacity: count(target.max_capacity()),
        scale_in_suspended: suspended.and_then(|s| s.dynamic_scaling_in_suspended()).unwrap_or(false),
        scale_out_suspended: suspended.and_then(|s| s.dynamic_scaling_out_suspended()).unwrap_or(false),
        scheduled_suspended: suspended.and_then(|s| s.scheduled_scaling_suspended()).unwrap_or(false),
        policies: Vec::new(),
        scheduled_actions: Vec::new(),
    }
}

fn scaling_policy(policy: &sdk::ScalingPolicy) -> ScalingPolicy {
    let kind = match policy.policy_type() {
        sdk::PolicyType::TargetTrackingScaling => policy
            .target_tracking_scaling_policy_configuration()
            // A share that is none can be followed by no number of tasks.
            .filter(|tracking| tracking.target_value() > 0.0 && tracking.target_value().is_finite())
            .map_or(PolicyKind::Other, |tracking| PolicyKind::TargetTracking {
                metric: tracked_metric(tracking),
                target: tracking.target_value(),
                disable_scale_in: tracking.disable_scale_in().unwrap_or(false),
                scale_in_cooldown: tracking.scale_in_cooldown().map_or(DEFAULT_COOLDOWN_SECONDS, count),
                scale_out_cooldown: tracking.scale_out_cooldown().map_or(DEFAULT_COOLDOWN_SECONDS, count),
            }),
        sdk::PolicyType::StepScaling => PolicyKind::Step,
        sdk::PolicyType::PredictiveScaling => PolicyKind::Predictive {
            scales: policy.predictive_scaling_policy_configuration().and_then(|p| p.mode())
                == Some(&sdk::PredictiveScalingMode::ForecastAndScale),
        },
        _ => PolicyKind::Other,
    };
    ScalingPolicy { name: policy.policy_name().to_owned(), kind }
}

fn tracked_metric(tracking: &sdk::TargetTrackingScalingPolicyConfiguration) -> TrackedMetric {
    if let Some(predefined) = tracking.predefined_metric_specification() {
        return TrackedMetric::from_predefined(predefined.predefined_metric_type().as_str());
    }
    let customized = tracking.customized_metric_specification();
    let name = customized.and_then(|metric| {
        // Metric math names no single metric: the expression that is followed stands for it.
        let expression = || metric.metrics().iter().find_map(|query| query.expression());
        metric.metric_name().or_else(expression)
    });
    TrackedMetric::Other(name.unwrap_or("custom metric").to_owned())
}

fn scheduled_action(action: &sdk::ScheduledAction) -> ScheduledAction {
    let capacity = action.scalable_target_action();
    ScheduledAction {
        name: action.scheduled_action_name().to_owned(),
        schedule: action.schedule().to_owned(),
        time_zone: action.timezone().map(str::to_owned),
        min_capacity: capacity.and_then(|c| c.min_capacity()).map(count),
        max_capacity: capacity.and_then(|c| c.max_capacity()).map(count),
        start_time: timestamp(action.start_time()),
        end_time: timestamp(action.end_time()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn high_resolution_and_custom_metrics_are_told_apart() {
        let tracking = |predefined: Option<&str>, custom: Option<&str>| {
            let predefined = predefined.map(|name| {
                sdk::PredefinedMetricSpecification::builder()
                    .predefined_metric_type(sdk::MetricType::from(name))
                    .build()
                    .unwrap()
            });
            let custom =
                custom.map(|name| sdk::CustomizedMetricSpecification::builder().metric_name(name).build());
            let configuration = sdk::TargetTrackingScalingPolicyConfiguration::builder()
                .target_value(50.0)
                .set_predefined_metric_specification(predefined)
                .set_customized_metric_specification(custom)
                .build()
                .unwrap();
            tracked_metric(&configuration)
        };
        assert_eq!(tracking(Some("ECSServiceAverageCPUUtilization"), None), TrackedMetric::CpuUtilization);
        assert_eq!(
            tracking(Some("ECSServiceAverageMemoryUtilizationHighResolution"), None),
            TrackedMetric::MemoryUtilization
        );
        assert_eq!(tracking(None, Some("QueueDepth")), TrackedMetric::Other("QueueDepth".to_owned()));
    }

    #[test]
    fn when_a_scheduled_action_begins_and_ends_is_kept() {
        let action = |start: Option<i64>, end: Option<i64>| {
            let time = |second| aws_sdk_ecs::primitives::DateTime::from_secs(second);
            let action = sdk::ScheduledAction::builder()
                .scheduled_action_name("sale")
                .scheduled_action_arn("a")
                .service_namespace(sdk::ServiceNamespace::Ecs)
                .schedule("cron(0 8 * * ? *)")
                .resource_id("service/prod/web")
                .creation_time(time(0))
                .set_start_time(start.map(time))
                .set_end_time(end.map(time))
                .build()
                .unwrap();
            let action = scheduled_action(&action);
            let second = |time: Option<jiff::Timestamp>| time.map(jiff::Timestamp::as_second);
            (second(action.start_time), second(action.end_time))
        };
        assert_eq!(action(Some(1_000), Some(2_000)), (Some(1_000), Some(2_000)));
        assert_eq!(action(None, None), (None, None));
    }

    /// 2 to 8 tasks of `service/prod/web`.
    fn web(state: Option<sdk::SuspendedState>) -> sdk::ScalableTarget {
        sdk::ScalableTarget::builder()
            .service_namespace(sdk::ServiceNamespace::Ecs)
            .resource_id("service/prod/web")
            .scalable_dimension(sdk::ScalableDimension::EcsServiceDesiredCount)
            .min_capacity(2)
            .max_capacity(8)
            .role_arn("r")
            .creation_time(aws_sdk_ecs::primitives::DateTime::from_secs(0))
            .set_suspended_state(state)
            .build()
            .unwrap()
    }

    #[test]
    fn each_kind_of_scaling_that_is_suspended_is_kept() {
        let target = |state| {
            let target = scalable_target(&web(state));
            (target.scale_in_suspended, target.scale_out_suspended, target.scheduled_suspended)
        };
        let state = sdk::SuspendedState::builder();
        assert_eq!(target(None), (false, false, false));
        assert_eq!(
            target(Some(state.clone().scheduled_scaling_suspended(true).build())),
            (false, false, true)
        );
        assert_eq!(target(Some(state.dynamic_scaling_in_suspended(true).build())), (true, false, false));
    }

    #[test]
    fn policies_without_a_scalable_target_belong_to_no_service() {
        let mut found = AutoScaling::default();
        found.policies.insert(
            "service/prod/web".to_owned(),
            vec![ScalingPolicy { name: "steps".to_owned(), kind: PolicyKind::Step }],
        );
        assert_eq!(found.of_service("prod", "web"), None);
        found.targets.insert("service/prod/web".to_owned(), scalable_target(&web(None)));
        let scaling = found.of_service("prod", "web").unwrap();
        assert_eq!((scaling.min_capacity, scaling.max_capacity, scaling.policies.len()), (2, 8, 1));
        assert_eq!(found.of_service("prod", "other"), None);
    }
}
