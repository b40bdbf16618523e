//! Application Auto Scaling of a service: scalable target, policies, scheduled actions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The scalable target of a service's `DesiredCount`, with everything that acts on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalableTarget {
    pub min_capacity: u32,
    pub max_capacity: u32,
    #[serde(default)]
    pub scale_in_suspended: bool,
    #[serde(default)]
    pub scale_out_suspended: bool,
    /// Scheduled actions do not act.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub scheduled_suspended: bool,
    #[serde(default)]
    pub policies: Vec<ScalingPolicy>,
    #[serde(default)]
    pub scheduled_actions: Vec<ScheduledAction>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScalingPolicy {
    pub name: String,
    pub kind: PolicyKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolicyKind {
    TargetTracking {
        metric: TrackedMetric,
        /// The target value, in the metric's unit (per cent for CPU and memory).
        target: f64,
        disable_scale_in: bool,
        /// Seconds; ECS's default is 300 (Application Auto Scaling API reference).
        scale_in_cooldown: u32,
        scale_out_cooldown: u32,
    },
    Step,
    Predictive {
        /// Whether it may act (`ForecastAndScale`) or only forecasts.
        scales: bool,
    },
    Other,
}

/// What a target tracking policy follows. High-resolution variants are told apart by period only,
/// so both map to the same metric here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackedMetric {
    CpuUtilization,
    MemoryUtilization,
    /// Anything else: the predefined type or the custom metric's name.
    Other(String),
}

impl TrackedMetric {
    /// From a `PredefinedMetricType`, with or without the `HighResolution` suffix.
    pub fn from_predefined(metric_type: &str) -> Self {
        match metric_type.trim_end_matches("HighResolution") {
            "ECSServiceAverageCPUUtilization" => Self::CpuUtilization,
            "ECSServiceAverageMemoryUtilization" => Self::MemoryUtilization,
            _ => Self::Other(metric_type.to_owned()),
        }
    }
}

/// A scheduled change of capacity. Only minimum and maximum can be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledAction {
    pub name: String,
    pub schedule: String,
    pub time_zone: Option<String>,
    pub min_capacity: Option<u32>,
    pub max_capacity: Option<u32>,
    /// A recurring one does not act before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<Timestamp>,
    /// Nor from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<Timestamp>,
}

impl ScalableTarget {
    /// Whether a policy that can act changes the task count with this metric, so that the size of
    /// that dimension and the number of tasks depend on each other.
    pub fn tracks(&self, metric: &TrackedMetric) -> bool {
        self.policies.iter().any(|policy| match &policy.kind {
            PolicyKind::TargetTracking { metric: tracked, .. } => tracked == metric,
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_says_nothing_of_suspensions_has_none() {
        let target: ScalableTarget =
            serde_json::from_str(r#"{ "min_capacity": 2, "max_capacity": 8 }"#).unwrap();
        assert!(!target.scale_in_suspended && !target.scale_out_suspended && !target.scheduled_suspended);
    }
}
