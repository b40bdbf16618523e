//! [`Steering`]: what the number of tasks follows, read from a scalable target's policies.
//!
//! | policies that act | the number of tasks |
//! |---|---|
//! | none, only scheduled actions, or both directions suspended | does not follow the size |
//! | target tracking of ALB requests, queues, custom metrics; step scaling | follows something else: taken as it was |
//! | target tracking of CPU or memory utilization | can be simulated |
//! | that, and one of the others | can be simulated, but is never taken below what it was |
//! | predictive scaling that scales; a custom metric of the service's own utilization | cannot be simulated |

use super::{capacity::Capacity, schedule::Schedule};
use crate::workload::{PolicyKind, ScalableTarget, TrackedMetric};

/// Reason: the number of tasks is taken as it was, since it follows neither CPU nor memory.
pub const FOLLOWS_OTHER_METRIC: &str = "task-count-follows-other-metric";

/// Which resource a policy follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    Cpu,
    Memory,
}

/// A target tracking policy on CPU or memory utilization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracking {
    pub name: String,
    pub resource: Resource,
    /// 0.01 % of the size; at least 1.
    pub target: u32,
    pub scale_in: bool,
    /// Seconds.
    pub scale_in_cooldown: u32,
    pub scale_out_cooldown: u32,
}

/// Everything that moves the number of tasks, as the simulation needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub capacity: Capacity,
    /// At least one.
    pub tracking: Vec<Tracking>,
    /// A policy whose metric is not seen here may scale out too.
    pub follows_other: bool,
    pub scale_in_suspended: bool,
    pub scale_out_suspended: bool,
    pub schedule: Schedule,
}

impl Plan {
    pub fn tracks(&self, resource: Resource) -> bool {
        self.tracking.iter().any(|tracking| tracking.resource == resource)
    }

    /// Whether tasks once there stay, until a person or a scheduled action sees to it.
    pub fn never_scales_in(&self) -> bool {
        self.scale_in_suspended
            || !self.follows_other && self.tracking.iter().all(|tracking| !tracking.scale_in)
    }
}

/// What the number of tasks follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Steering {
    /// Nothing that the task size changes; the reason to show, if any.
    Independent(Option<&'static str>),
    Tracked(Plan),
    /// These resources decide the number of tasks in a way that cannot be computed.
    Opaque {
        cpu: bool,
        memory: bool,
        why: String,
    },
}

impl Steering {
    /// `span` is what will be simulated, in seconds since the epoch.
    pub fn of(target: &ScalableTarget, span: (i64, i64)) -> Self {
        if target.scale_in_suspended && target.scale_out_suspended {
            return Self::Independent(None);
        }
        let mut tracking = Vec::new();
        let mut follows_other = false;
        let mut opaque: Option<(bool, bool, String)> = None;
        for policy in &target.policies {
            let name = &policy.name;
            match &policy.kind {
                PolicyKind::TargetTracking {
                    metric,
                    target,
                    disable_scale_in,
                    scale_in_cooldown,
                    scale_out_cooldown,
                } => {
                    let resource = match metric {
                        TrackedMetric::CpuUtilization => Resource::Cpu,
                        TrackedMetric::MemoryUtilization => Resource::Memory,
                        // Whose, and which statistic of it, is not known: most likely this service's own.
                        TrackedMetric::Other(metric)
                            if ["CPUUtilization", "MemoryUtilization"].contains(&metric.as_str()) =>
                        {
                            let cpu = metric == "CPUUtilization";
                            let (also_cpu, also_memory) =
                                opaque.map_or((false, false), |(cpu, memory, _)| (cpu, memory));
                            let why = format!("policy {name} follows a custom statistic of {metric}");
                            opaque = Some((cpu || also_cpu, !cpu || also_memory, why));
                            continue;
                        }
                        TrackedMetric::Other(_) => {
                            follows_other = true;
                            continue;
                        }
                    };
                    let Some(centi) = centi_percent(*target) else {
                        let why = format!("policy {name} has no usable target ({target})");
                        return Self::Opaque { cpu: true, memory: true, why };
                    };
                    tracking.push(Tracking {
                        name: name.clone(),
                        resource,
                        target: centi,
                        scale_in: !disable_scale_in,
                        scale_in_cooldown: *scale_in_cooldown,
                        scale_out_cooldown: *scale_out_cooldown,
                    });
                }
                PolicyKind::Predictive { scales: true } => {
                    let why = format!(
                        "predictive policy {name} sets the number of tasks from forecasts that no API returns"
                    );
                    return Self::Opaque { cpu: true, memory: true, why };
                }
                PolicyKind::Predictive { scales: false } => {}
                PolicyKind::Step | PolicyKind::Other => follows_other = true,
            }
        }
        let tracks = |resource| tracking.iter().any(|tracking| tracking.resource == resource);
        if let Some((cpu, memory, why)) = opaque {
            let (cpu, memory) = (cpu || tracks(Resource::Cpu), memory || tracks(Resource::Memory));
            return Self::Opaque { cpu, memory, why };
        }
        if tracking.is_empty() {
            return Self::Independent(follows_other.then_some(FOLLOWS_OTHER_METRIC));
        }
        Self::Tracked(Plan {
            capacity: Capacity::new(target.min_capacity, target.max_capacity),
            tracking,
            follows_other,
            scale_in_suspended: target.scale_in_suspended,
            scale_out_suspended: target.scale_out_suspended,
            schedule: if target.scheduled_suspended {
                Schedule::suspended(&target.scheduled_actions)
            } else {
                Schedule::of(&target.scheduled_actions, span)
            },
        })
    }

    /// Why the number of tasks depends on the size of `resource`, if it does.
    pub fn follows(&self, resource: Resource) -> Option<String> {
        match self {
            Self::Independent(_) => None,
            Self::Opaque { cpu, memory, why } => {
                let is_it = if resource == Resource::Cpu { *cpu } else { *memory };
                is_it.then(|| why.clone())
            }
            Self::Tracked(plan) => {
                let tracking = plan.tracking.iter().find(|tracking| tracking.resource == resource)?;
                let (name, target) = (&tracking.name, f64::from(tracking.target) / 100.0);
                Some(format!(
                    "policy {name} keeps this resource at {target} %, so a smaller size changes the number \
                     of tasks too"
                ))
            }
        }
    }

    /// Whether its tasks have to be followed in order.
    pub fn needs_series(target: &ScalableTarget) -> bool {
        matches!(Self::of(target, (0, 0)), Self::Tracked(_))
    }
}

/// Per cent as hundredths of it; `None` for what is no target.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn centi_percent(percent: f64) -> Option<u32> {
    let centi = (percent * 100.0).round();
    (1.0..=1_000_000.0).contains(&centi).then_some(centi as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{ScalingPolicy, ScheduledAction};

    fn tracking(metric: TrackedMetric, target: f64) -> PolicyKind {
        PolicyKind::TargetTracking {
            metric,
            target,
            disable_scale_in: false,
            scale_in_cooldown: 300,
            scale_out_cooldown: 300,
        }
    }

    fn steering(kinds: &[PolicyKind]) -> Steering {
        let policies =
            kinds.iter().map(|kind| ScalingPolicy { name: "p".into(), kind: kind.clone() }).collect();
        let target = ScalableTarget {
            min_capacity: 2,
            max_capacity: 8,
            scale_in_suspended: false,
            scale_out_suspended: false,
            scheduled_suspended: false,
            policies,
            scheduled_actions: Vec::new(),
        };
        Steering::of(&target, (0, 0))
    }

    #[test]
    fn the_table_holds() {
        let other = || tracking(TrackedMetric::Other("ALBRequestCountPerTarget".into()), 900.0);
        let cpu = || tracking(TrackedMetric::CpuUtilization, 60.0);
        let custom = || tracking(TrackedMetric::Other("CPUUtilization".into()), 60.0);
        assert_eq!(steering(&[]), Steering::Independent(None));
        for alone in [other(), PolicyKind::Step, PolicyKind::Other] {
            assert_eq!(steering(&[alone]), Steering::Independent(Some(FOLLOWS_OTHER_METRIC)));
        }
        assert_eq!(steering(&[PolicyKind::Predictive { scales: false }]), Steering::Independent(None));
        let Steering::Tracked(plan) = steering(&[cpu(), PolicyKind::Step]) else { panic!("tracked") };
        assert!(plan.follows_other && plan.tracks(Resource::Cpu) && !plan.tracks(Resource::Memory));
        assert_eq!(plan.tracking[0].target, 6_000);
        let opaque = |kinds: &[PolicyKind]| match steering(kinds) {
            Steering::Opaque { cpu, memory, .. } => Some((cpu, memory)),
            _ => None,
        };
        assert_eq!(opaque(&[cpu(), PolicyKind::Predictive { scales: true }]), Some((true, true)));
        assert_eq!(opaque(&[custom()]), Some((true, false)));
        for target in [0.0, -5.0, f64::NAN, f64::INFINITY] {
            assert_eq!(opaque(&[tracking(TrackedMetric::CpuUtilization, target)]), Some((true, true)));
        }
    }

    #[test]
    fn a_suspended_target_follows_nothing() {
        let target = ScalableTarget {
            min_capacity: 2,
            max_capacity: 8,
            scale_in_suspended: true,
            scale_out_suspended: true,
            scheduled_suspended: false,
            policies: vec![ScalingPolicy {
                name: "p".into(),
                kind: tracking(TrackedMetric::CpuUtilization, 60.0),
            }],
            scheduled_actions: Vec::new(),
        };
        assert_eq!(Steering::of(&target, (0, 0)), Steering::Independent(None));
    }

    #[test]
    fn suspended_actions_neither_act_nor_are_to_come() {
        let daily = ScheduledAction {
            name: "day".into(),
            schedule: "cron(0 8 * * ? *)".into(),
            time_zone: None,
            min_capacity: Some(4),
            max_capacity: Some(40),
            start_time: None,
            end_time: None,
        };
        let schedule = |scheduled_suspended| {
            let target = ScalableTarget {
                min_capacity: 2,
                max_capacity: 8,
                scale_in_suspended: false,
                scale_out_suspended: false,
                scheduled_suspended,
                policies: vec![ScalingPolicy {
                    name: "p".into(),
                    kind: tracking(TrackedMetric::CpuUtilization, 60.0),
                }],
                scheduled_actions: vec![daily.clone()],
            };
            let Steering::Tracked(plan) = Steering::of(&target, (0, 14 * 86_400)) else { panic!("tracked") };
            plan.schedule
        };
        let acting = schedule(false);
        assert!(acting.changes.len() > 13 && acting.actions[0].simulated && acting.actions[0].to_come);
        let suspended = schedule(true);
        assert_eq!((suspended.changes, suspended.actions), (Vec::new(), Vec::new()));
        assert_eq!(suspended.suspended, ["day"]);
    }
}
