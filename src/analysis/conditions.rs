//! What goes along with a change and is in no metric of one task: tasks that sleep, policies whose alarms are not
//! read, and load that is not shared evenly.
//!
//! | what | is a condition |
//! |---|---|
//! | no task is wanted now | of every change |
//! | a step policy, or one of a kind that is not known | of another size: if its alarm is on CPU or memory, it sees another per cent |
//! | a task that takes more than 1.5 times the mean of those beside it | of more of that resource |
//! | a target of requests, a queue or the like | of more CPU alone: a lower one may cost less |
//! | a desired count that nothing scales | the same, with the count that would do |

use rust_decimal::Decimal;

use super::{facts::Facts, task_skew};
use crate::{
    rightsize::{
        DimensionRating,
        autoscaling::{Resource, Steering},
    },
    units::Usd,
    workload::{PolicyKind, ScalableTarget, TrackedMetric},
};

/// CPU units and MiB.
type Size = (u32, u32);

/// What a recommended change is made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change<'a> {
    pub now: Size,
    pub then: Size,
    pub cpu: &'a DimensionRating,
    pub memory: &'a DimensionRating,
}

pub(super) fn of(facts: &Facts<'_>, change: Change<'_>) -> Vec<String> {
    let asleep =
        "no task is wanted now: the change takes effect once tasks run again as they did in the window";
    let scaling = facts.workload.scaling.as_ref();
    let steps = scaling.and_then(|target| alarms(target, change));
    facts
        .is_scaled_to_zero()
        .then(|| asleep.to_owned())
        .into_iter()
        .chain(steps)
        .chain(hot_task(facts, change))
        .chain(scaling.and_then(|target| lower_target(facts, target, change)))
        .collect()
}

/// Which alarm such a policy follows is not read. On CPU, half the size doubles what it sees.
fn alarms(target: &ScalableTarget, Change { now, then, .. }: Change<'_>) -> Option<String> {
    let names: Vec<&str> = target
        .policies
        .iter()
        .filter(|policy| matches!(policy.kind, PolicyKind::Step | PolicyKind::Other))
        .map(|policy| policy.name.as_str())
        .collect();
    if names.is_empty() || target.scale_in_suspended && target.scale_out_suspended {
        return None;
    }
    let times = |now: u32, then: u32| {
        let ratio = Decimal::from(now).checked_div(then.into())?.round_dp(2).normalize();
        (now != then).then_some(ratio)
    };
    let seen = match (times(now.0, then.0), times(now.1, then.1)) {
        (Some(cpu), Some(memory)) => format!("CPU {cpu} times as many per cent, on memory {memory} times"),
        (Some(cpu), None) => format!("CPU {cpu} times as many per cent"),
        (None, Some(memory)) => format!("memory {memory} times as many per cent"),
        (None, None) => return None,
    };
    let policies = if names.len() == 1 { "policy" } else { "policies" };
    Some(format!(
        "at the same load an alarm of {policies} {} would see on {seen}: change its thresholds along, or another number \
         of tasks will run",
        names.join(", ")
    ))
}

/// Of CPU the next size has twice as much; so many tasks, at so much a month, may be enough.
pub(super) fn more_tasks((tasks, monthly_cost): (u32, Usd)) -> String {
    format!(
        "a desired count of {tasks} at the size as it is may do instead, for {} USD a month, where tasks share the load \
         evenly",
        monthly_cost.cents()
    )
}

/// A lower target gives each task less to do, by as little as wanted; the next size has twice the CPU. Where as many
/// tasks run as may, it brings no more of them; nor where that is what a policy on CPU is short of.
fn lower_target(
    facts: &Facts<'_>,
    target: &ScalableTarget,
    Change { cpu, memory, .. }: Change<'_>,
) -> Option<String> {
    let short = DimensionRating::Underprovisioned;
    let is_at_most = facts.workload.desired_count.is_some_and(|desired| desired >= target.max_capacity);
    if is_at_most || Steering::of(target, (0, 0)).follows(Resource::Cpu).is_some() {
        return None;
    }
    let policy = target.policies.iter().find(|policy| {
        matches!(&policy.kind, PolicyKind::TargetTracking { metric: TrackedMetric::Other(_), .. })
    })?;
    (*cpu == short && *memory != short && !target.scale_out_suspended).then(|| {
        format!(
            "a lower target of policy {} may do instead, at the size as it is and perhaps for less: more tasks, each with less \
             to do",
            policy.name
        )
    })
}

/// All tasks are sized for the hottest.
fn hot_task(facts: &Facts<'_>, Change { cpu, memory, .. }: Change<'_>) -> Option<String> {
    let skew = facts.workload.facts.task_skew?;
    let hot = |what: &'static str, rating: &DimensionRating, spread| {
        let ratio = task_skew::hot(spread?)?;
        (*rating == DimensionRating::Underprovisioned).then_some((what, ratio))
    };
    let (what, ratio) = hot("CPU", cpu, skew.cpu).or_else(|| hot("memory", memory, skew.memory))?;
    Some(format!(
        "before paying for more {what}, see why the hottest of {} tasks takes {} times the mean: shared evenly, the \
         load may need no more",
        skew.tasks,
        ratio.normalize()
    ))
}
