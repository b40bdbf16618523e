//! Families of standalone tasks, found by the metrics that Container Insights leaves of them:
//! nothing else lists what no service runs.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::types::{Dimension, DimensionFilter};

use super::{convert, gaps::Refusal, session::Session, task_definitions::Described};
use crate::{
    snapshot::Gap,
    workload::{
        LaunchType, Region, RevisionInForce, TaskDefinition, Workload, WorkloadIdentity, WorkloadKind,
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
    let identity = WorkloadIdentity {
        account_id: session.scope.account_id.clone(),
        region: Region(session.scope.region.clone()),
        cluster: family.cluster.clone(),
        kind: WorkloadKind::Standalone,
        name: family.name.clone(),
    };
    Workload {
        revisions: task_definition
            .map(|definition| RevisionInForce::now(definition.arn.clone()))
            .into_iter()
            .collect(),
        tags: task_definition.map(|definition| definition.tags.clone()).unwrap_or_default(),
        notes,
        ..Workload::new(0, identity, task_definition.map_or(LaunchType::Unknown, required_launch_type))
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

/// Leaves out the families of clusters whose services could not all be read, given with what was
/// missing there: such a family may be a service's, with a scaling and a history of its own, and would
/// be judged as what it is not. The gaps name what is left out.
pub fn without_unsure(
    families: Vec<Family>,
    clusters: &BTreeMap<&str, Gap>,
    place: &str,
) -> (Vec<Family>, Vec<Gap>) {
    let (left_out, kept): (Vec<Family>, Vec<Family>) =
        families.into_iter().partition(|family| clusters.contains_key(family.cluster.as_str()));
    let gaps = left_out
        .chunk_by(|a, b| a.cluster == b.cluster)
        .filter_map(|families| {
            let cluster = &families[0].cluster;
            let names: Vec<&str> = families.iter().map(|family| family.name.as_str()).collect();
            let cause = format!(
                "Container Insights shows tasks that are left out, as nobody can say whether services that \
                 could not be read run them: {}",
                names.join(", ")
            );
            let api = clusters.get(cluster.as_str())?.api.clone();
            Some(Gap { scope: format!("{place}/{cluster}"), api, cause })
        })
        .collect();
    (kept, gaps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_of_a_cluster_with_unread_services_are_left_out_and_named() {
        let family =
            |cluster: &str, name: &str| Family { cluster: cluster.to_owned(), name: name.to_owned() };
        let missing = Gap { scope: String::new(), api: "ecs:ListServices".to_owned(), cause: String::new() };
        let families = vec![family("open", "batch"), family("sealed", "api"), family("sealed", "nightly")];
        let (kept, gaps) = without_unsure(families, &BTreeMap::from([("sealed", missing)]), "1/r");
        assert_eq!(kept, [family("open", "batch")]);
        assert_eq!(gaps.len(), 1);
        assert_eq!((gaps[0].scope.as_str(), gaps[0].api.as_str()), ("1/r/sealed", "ecs:ListServices"));
        assert!(gaps[0].cause.ends_with(": api, nightly"), "{}", gaps[0].cause);
    }

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
