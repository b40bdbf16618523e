//! Families of standalone tasks, found by the metrics that Container Insights leaves of them:
//! nothing else lists what no service runs.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{Dimension, DimensionFilter};

use super::{convert, gaps::Refusal, session::Session, task_definitions::Described};
use crate::{
    snapshot::Gap,
    workload::{
        Controller, HistorySource, LaunchType, Region, RevisionInForce, Scheduling, TaskDefinition,
        TaskFacts, Workload, WorkloadIdentity, WorkloadKind,
    },
};

/// Stops a server that pages for ever.
const PAGES: usize = 10_000;

/// A family that ran in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Family {
    pub cluster: String,
    pub name: String,
}

/// The families with metrics, whether or not a service runs them too.
pub async fn families(session: &Session) -> (BTreeSet<Family>, Vec<Gap>) {
    let by_family = DimensionFilter::builder().name("TaskDefinitionFamily").build();
    let mut pages = session
        .cloudwatch
        .list_metrics()
        .namespace("ECS/ContainerInsights")
        .metric_name("CpuReserved")
        .dimensions(by_family)
        .into_paginator()
        .send();
    let mut found = BTreeSet::new();
    for _ in 0..PAGES {
        match pages.next().await {
            None => break,
            Some(Ok(page)) => {
                found.extend(page.metrics().iter().filter_map(|metric| family(metric.dimensions())));
            }
            Some(Err(error)) => {
                return (found, vec![Refusal::of(&error).gap(session.place(), "cloudwatch:ListMetrics")]);
            }
        }
    }
    (found, Vec::new())
}

/// The family of a metric with exactly these two dimensions: the filter lets those through that
/// have a task or container as well.
fn family(dimensions: &[Dimension]) -> Option<Family> {
    let value = |name: &str| {
        dimensions.iter().find(|dimension| dimension.name() == Some(name)).and_then(Dimension::value)
    };
    match dimensions.len() {
        2 => Some(Family {
            cluster: value("ClusterName")?.to_owned(),
            name: value("TaskDefinitionFamily")?.to_owned(),
        }),
        _ => None,
    }
}

/// The workload of a standalone family, by its latest task definition.
pub fn workload(session: &Session, family: &Family, described: &Described) -> Workload {
    let mut notes = vec![
        "standalone tasks, found by their Container Insights metrics; their latest revision is assumed"
            .to_owned(),
    ];
    let definition = described.get(&family.name);
    let task_definition = match definition {
        Some(Ok(definition)) => Some(definition),
        Some(Err(refusal)) => {
            notes.push(format!("its task definition could not be read: {}", refusal.cause));
            None
        }
        None => None,
    };
    Workload {
        workload_id: 0,
        identity: WorkloadIdentity {
            account_id: session.scope.account_id.clone(),
            region: Region(session.scope.region.clone()),
            cluster: family.cluster.clone(),
            kind: WorkloadKind::Standalone,
            name: family.name.clone(),
        },
        launch_type: task_definition.map_or(LaunchType::Unknown, required_launch_type),
        strategy: Vec::new(),
        desired_count: None,
        running_count: None,
        created_at: None,
        scheduling: Scheduling::Replica,
        controller: Controller::Ecs,
        maximum_percent: None,
        placement_constraints: Vec::new(),
        revisions: task_definition
            .map(|definition| RevisionInForce {
                task_definition: definition.arn.clone(),
                from: None,
                settled: None,
                metric_resolution_seconds: 60,
            })
            .into_iter()
            .collect(),
        history: HistorySource::CurrentOnly,
        scaling: None,
        tags: task_definition.map(|definition| definition.tags.clone()).unwrap_or_default(),
        facts: TaskFacts::default(),
        notes,
    }
}

/// The launch type that a task definition requires, if it is one alone.
fn required_launch_type(definition: &TaskDefinition) -> LaunchType {
    match definition.requires_compatibilities.as_slice() {
        [only] => match only.as_str() {
            "FARGATE" => LaunchType::Fargate,
            "EC2" => LaunchType::Ec2,
            "EXTERNAL" => LaunchType::External,
            "MANAGED_INSTANCES" => LaunchType::ManagedInstances,
            _ => LaunchType::Unknown,
        },
        _ => LaunchType::Unknown,
    }
}

/// Those of `found` that no service of their cluster runs, in the clusters that were asked for.
pub fn standalone(
    found: BTreeSet<Family>,
    clusters: &BTreeSet<String>,
    services: &[Workload],
) -> Vec<Family> {
    let run_by_services: BTreeSet<Family> = services
        .iter()
        .flat_map(|workload| {
            workload.revisions.iter().map(|revision| Family {
                cluster: workload.identity.cluster.clone(),
                name: convert::family_of(&revision.task_definition).to_owned(),
            })
        })
        .collect();
    found
        .into_iter()
        .filter(|family| clusters.contains(&family.cluster) && !run_by_services.contains(family))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_series_of_a_whole_family_are_families() {
        let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
        let cluster = dimension("ClusterName", "prod");
        let of_family = dimension("TaskDefinitionFamily", "batch");
        let task = dimension("TaskId", "0123");
        let batch = Family { cluster: "prod".to_owned(), name: "batch".to_owned() };
        assert_eq!(family(&[of_family.clone(), cluster.clone()]), Some(batch));
        assert_eq!(family(&[cluster.clone(), of_family, task.clone()]), None);
        assert_eq!(family(&[cluster, task]), None);
    }
}
