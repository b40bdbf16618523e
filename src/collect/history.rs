//! Which task definition revision a service had in force when, from its deployments.
//!
//! Takes what `ListServiceDeployments`, `DescribeServiceDeployments` and `DescribeServiceRevisions`
//! say; gives the revisions over the window, oldest first, without overlap. Pure.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::{
    ServiceDeployment, ServiceDeploymentBrief, ServiceDeploymentStatus as Status, ServiceRevision,
};
use jiff::{SignedDuration, Timestamp};

use super::convert::timestamp;
use crate::{snapshot::Window, workload::RevisionInForce};

/// How long ECS keeps service deployments (ECS Developer Guide, service deployments).
const KEPT_DAYS: i64 = 90;
/// Seconds between samples where the revision names no other resolution.
const STANDARD_RESOLUTION: u32 = 60;

/// A service deployment, as far as the timeline needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    pub arn: String,
    /// When it began to replace tasks, else when it was created.
    pub began: Timestamp,
    pub created: Timestamp,
    pub has_started: bool,
    pub finished: Option<Timestamp>,
    pub status: Status,
    /// ARNs of service revisions.
    pub target: Option<String>,
    pub source: Option<String>,
    pub rollback: Option<String>,
    pub rollback_began: Option<Timestamp>,
}

impl Deployment {
    /// From the list, which does not say what a deployment replaced or returned to.
    pub fn from_brief(brief: &ServiceDeploymentBrief) -> Option<Self> {
        let created = timestamp(brief.created_at())?;
        let started = timestamp(brief.started_at());
        Some(Self {
            arn: brief.service_deployment_arn()?.to_owned(),
            began: started.unwrap_or(created),
            created,
            has_started: started.is_some(),
            finished: timestamp(brief.finished_at()),
            status: brief.status()?.clone(),
            target: brief.target_service_revision_arn().map(str::to_owned),
            source: None,
            rollback: None,
            rollback_began: None,
        })
    }

    /// Adds what only the description tells.
    pub fn add_details(&mut self, described: &ServiceDeployment) {
        // Of several sources (an unfinished deployment was replaced) the one that ran most tasks.
        self.source = described
            .source_service_revisions()
            .iter()
            .max_by_key(|revision| revision.running_task_count())
            .and_then(|revision| revision.arn())
            .map(str::to_owned);
        let rollback = described.rollback();
        self.rollback = rollback.and_then(|rollback| rollback.service_revision_arn()).map(str::to_owned);
        self.rollback_began = rollback.and_then(|rollback| timestamp(rollback.started_at()));
        self.finished = self.finished.or(timestamp(described.stopped_at()));
    }

    fn is_settled(&self) -> bool {
        self.status == Status::Successful
    }

    /// Whether all that it replaced was gone by then, so that nothing before it matters.
    fn was_over_by(&self, time: Timestamp) -> bool {
        self.is_settled() && self.finished.unwrap_or(self.created) < time
    }
}

/// A service revision: the task definition, and how often its metrics are sampled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    pub task_definition: String,
    pub metric_resolution_seconds: u32,
}

impl Revision {
    pub fn from_described(revision: &ServiceRevision) -> Option<(String, Self)> {
        let resolution = revision
            .monitoring()
            .map_or(&[][..], |monitoring| monitoring.metric_configurations())
            .iter()
            .filter(|metrics| metrics.metric_names().iter().any(|name| name == "CPUUtilization"))
            .find_map(|metrics| {
                u32::try_from(metrics.resolution_seconds()).ok().filter(|seconds| *seconds > 0)
            })
            .unwrap_or(STANDARD_RESOLUTION);
        let revision_of = Self {
            task_definition: revision.task_definition()?.to_owned(),
            metric_resolution_seconds: resolution,
        };
        Some((revision.service_revision_arn()?.to_owned(), revision_of))
    }
}

/// Whether pages read so far reach back to what was in force when the window began, so that no
/// further one is needed. Only a list that is newest first tells.
pub fn reaches_back(deployments: &[Deployment], window: &Window) -> bool {
    deployments.is_sorted_by(|a, b| a.created >= b.created)
        && deployments.iter().any(|deployment| deployment.was_over_by(window.start))
}

/// The deployments that matter for the window: those within it, and before it those since the
/// last one that settled. Oldest first.
pub fn relevant(mut deployments: Vec<Deployment>, window: &Window) -> Vec<Deployment> {
    deployments.sort_by(|a, b| (a.created, &a.arn).cmp(&(b.created, &b.arn)));
    deployments.dedup_by(|a, b| a.arn == b.arn);
    let base = deployments.iter().rposition(|deployment| deployment.was_over_by(window.start));
    deployments.split_off(base.unwrap_or(0))
}

/// Those of `relevant` whose description must be read: what did not end plainly, and the oldest, if
/// what it replaced still ran as the window began.
pub fn need_details(relevant: &[Deployment], window: &Window) -> Vec<String> {
    relevant
        .iter()
        .enumerate()
        .filter(|(index, deployment)| {
            !deployment.is_settled() || (*index == 0 && !deployment.was_over_by(window.start))
        })
        .map(|(_, deployment)| deployment.arn.clone())
        .collect()
}

/// The service revisions that `relevant` deployments name.
pub fn revisions_named(relevant: &[Deployment]) -> BTreeSet<String> {
    relevant.iter().flat_map(|d| [&d.target, &d.source, &d.rollback]).filter_map(|arn| arn.clone()).collect()
}

/// The revisions in force over the window. What ECS no longer describes is left out.
pub fn timeline(
    relevant: &[Deployment],
    revisions: &BTreeMap<String, Revision>,
    window: &Window,
) -> Vec<RevisionInForce> {
    let mut changes: Vec<RevisionInForce> = Vec::new();
    let mut change = |from: Timestamp, revision: Option<&String>, settled: Option<Timestamp>| {
        let Some(revision) = revision.and_then(|arn| revisions.get(arn)) else { return };
        changes.push(RevisionInForce {
            task_definition: revision.task_definition.clone(),
            from: Some(from),
            settled,
            metric_resolution_seconds: revision.metric_resolution_seconds,
        });
    };
    for (index, deployment) in relevant.iter().enumerate() {
        if index == 0 && deployment.source.is_some() {
            // In force since longer than ECS remembers.
            let remembered = remembered_since(window).min(deployment.began);
            change(remembered, deployment.source.as_ref(), Some(remembered));
        }
        if deployment.status == Status::Pending && !deployment.has_started {
            continue;
        }
        let returned = deployment.rollback.as_ref().or(deployment.source.as_ref());
        let returned_at = deployment.rollback_began.or(deployment.finished);
        match deployment.status {
            Status::Successful => change(deployment.began, deployment.target.as_ref(), deployment.finished),
            Status::RollbackSuccessful => {
                change(deployment.began, deployment.target.as_ref(), None);
                change(returned_at.unwrap_or(deployment.began), returned, deployment.finished);
            }
            Status::RollbackRequested | Status::RollbackInProgress | Status::RollbackFailed => {
                change(deployment.began, deployment.target.as_ref(), None);
                if let Some(at) = returned_at {
                    change(at, returned, None);
                }
            }
            _ => change(deployment.began, deployment.target.as_ref(), None),
        }
    }
    changes.sort_by_key(|change| change.from);
    changes.dedup_by(|later, earlier| {
        later.task_definition == earlier.task_definition
            && later.metric_resolution_seconds == earlier.metric_resolution_seconds
    });
    since_start(changes, window)
}

/// Leaves out what was over before the window began, and marks what was in force by then.
fn since_start(mut changes: Vec<RevisionInForce>, window: &Window) -> Vec<RevisionInForce> {
    let Some(mut base) = changes.iter().rposition(|c| c.from.is_some_and(|from| from <= window.start)) else {
        return changes;
    };
    // Where the deployment was under way at the start, tasks of the one before still ran.
    if base > 0 && changes[base].settled.is_none_or(|settled| settled > window.start) {
        base -= 1;
    }
    let mut changes = changes.split_off(base);
    changes[0].from = None;
    changes
}

/// The single revision of a service that was not deployed within ECS's memory.
pub fn unchanged(
    task_definition: String,
    metric_resolution_seconds: u32,
    window: &Window,
) -> RevisionInForce {
    let remembered = remembered_since(window);
    RevisionInForce {
        task_definition,
        from: (remembered > window.start).then_some(remembered),
        settled: None,
        metric_resolution_seconds,
    }
}

/// The earliest time that the deployment history covers.
pub fn remembered_since(window: &Window) -> Timestamp {
    window.end.checked_sub(SignedDuration::from_hours(24 * KEPT_DAYS)).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests;
