//! Asking ECS: clusters, services, and the history of each service. What is refused becomes gaps.

use std::collections::BTreeMap;

use aws_sdk_ecs::types as sdk;
use futures_util::{StreamExt as _, stream};

use super::{
    capacity::Providers,
    convert::{name_of, next_token, tags},
    gaps::{Refusal, RefusalKind, gaps_of_failures},
    history::{self, Deployment, Revision},
    request::CollectRequest,
    services::{FoundService, found_service},
    session::Session,
};
use crate::{
    snapshot::{Gap, Window},
    workload::{Cluster, HistorySource, Region},
};

/// Stops a server that pages for ever.
const PAGES: usize = 10_000;
/// Clusters in a `DescribeClusters` call, services in `DescribeServices`, deployments and revisions
/// in theirs (ECS API reference).
const CLUSTERS_PER_CALL: usize = 100;
const SERVICES_PER_CALL: usize = 10;
const DEPLOYMENTS_PER_CALL: usize = 20;

/// The clusters that are asked for. Fails only if they cannot be listed at all.
pub async fn clusters(
    session: &Session,
    request: &CollectRequest,
    gaps: &mut Vec<Gap>,
) -> Result<Vec<sdk::Cluster>, Refusal> {
    let mut arns = Vec::new();
    let mut pages = session.ecs.list_clusters().into_paginator().send();
    for _ in 0..PAGES {
        match pages.next().await {
            None => break,
            Some(Ok(page)) => arns.extend(page.cluster_arns().iter().cloned()),
            Some(Err(error)) if arns.is_empty() => return Err(Refusal::of(&error)),
            Some(Err(error)) => {
                gaps.push(Refusal::of(&error).gap(session.place(), "ecs:ListClusters"));
                break;
            }
        }
    }
    arns.retain(|arn| request.wants_cluster(name_of(arn)));
    let mut found = Vec::new();
    for batch in arns.chunks(CLUSTERS_PER_CALL) {
        let _turn = session.ecs_turn().await;
        let answer = session
            .ecs
            .describe_clusters()
            .set_clusters(Some(batch.to_vec()))
            .include(sdk::ClusterField::Tags)
            .include(sdk::ClusterField::Settings)
            .include(sdk::ClusterField::Configurations)
            .send()
            .await;
        match answer {
            Ok(answer) => {
                gaps.extend(gaps_of_failures(answer.failures(), &session.place(), "ecs:DescribeClusters"));
                let active = |cluster: &&sdk::Cluster| cluster.status() != Some("INACTIVE");
                found.extend(answer.clusters().iter().filter(active).cloned());
            }
            Err(error) => {
                gaps.push(Refusal::of(&error).gap(session.place(), "ecs:DescribeClusters"));
                // Their names are known, which is enough to list their services.
                found.extend(
                    batch.iter().map(|arn| {
                        sdk::Cluster::builder().cluster_arn(arn).cluster_name(name_of(arn)).build()
                    }),
                );
            }
        }
    }
    Ok(found)
}

/// A cluster as fargauge keeps it.
pub fn cluster(described: &sdk::Cluster, providers: &Providers, session: &Session) -> Cluster {
    let arn = described.cluster_arn().unwrap_or_default();
    let name = described.cluster_name().unwrap_or_else(|| name_of(arn));
    Cluster {
        account_id: session.scope.account_id.clone(),
        region: Region(session.scope.region.clone()),
        name: name.to_owned(),
        arn: arn.to_owned(),
        container_insights: described
            .settings()
            .iter()
            .find(|setting| setting.name() == Some(&sdk::ClusterSettingName::ContainerInsights))
            .and_then(|setting| setting.value())
            .map(str::to_owned),
        default_strategy: providers.strategy(name, described.default_capacity_provider_strategy()),
        tags: tags(described.tags()),
    }
}

/// The services of a cluster, with their current revision only.
pub async fn services(
    session: &Session,
    cluster: &Cluster,
    providers: &Providers,
) -> (Vec<FoundService>, Vec<Gap>) {
    let place = format!("{}/{}", session.place(), cluster.name);
    let mut gaps = Vec::new();
    let mut arns = Vec::new();
    let mut token = None;
    for _ in 0..PAGES {
        let _turn = session.ecs_turn().await;
        let request =
            session.ecs.list_services().cluster(cluster.reference()).max_results(100).set_next_token(token);
        match request.send().await {
            Ok(answer) => {
                arns.extend(answer.service_arns().iter().cloned());
                token = next_token(answer.next_token());
                if token.is_none() {
                    break;
                }
            }
            Err(error) => {
                let refusal = Refusal::of(&error);
                gaps.push(refusal.gap_of_list(&session.place(), &cluster.name, "ecs:ListServices"));
                break;
            }
        }
    }
    let batches = arns.chunks(SERVICES_PER_CALL).map(<[String]>::to_vec);
    let mut answers = stream::iter(batches)
        .map(|batch| async {
            let _turn = session.ecs_turn().await;
            session
                .ecs
                .describe_services()
                .cluster(cluster.reference())
                .set_services(Some(batch))
                .include(sdk::ServiceField::Tags)
                .send()
                .await
        })
        .buffer_unordered(session.ecs_requests());
    let mut found = Vec::new();
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(answer) => {
                gaps.extend(gaps_of_failures(answer.failures(), &place, "ecs:DescribeServices"));
                found.extend(
                    answer
                        .services()
                        .iter()
                        .filter_map(|service| found_service(service, cluster, providers, &session.scope)),
                );
            }
            Err(error) => {
                let refusal = Refusal::of(&error);
                // One that is refused for the whole account and region is one gap, not one for each cluster.
                let scope = if refusal.is_general() { session.place() } else { place.clone() };
                gaps.push(refusal.gap(scope, "ecs:DescribeServices"));
            }
        }
    }
    (found, gaps)
}

/// Replaces a service's revisions by those of its deployment history, if there is one.
/// Where it was refused: the gap to record. `unsupported` is set once the endpoint has no history.
pub async fn add_history(
    session: &Session,
    service: &mut FoundService,
    window: &Window,
    unsupported: &std::sync::atomic::AtomicBool,
) -> Option<Gap> {
    use std::sync::atomic::Ordering::Relaxed;

    const NONE: &str = "this endpoint keeps no deployment history: the current revision is assumed";
    if !service.has_history() {
        return None;
    }
    if unsupported.load(Relaxed) {
        service.workload.notes.push(NONE.to_owned());
        return None;
    }
    match revisions(session, service, window).await {
        Ok(Some(revisions)) => {
            service.workload.revisions = revisions;
            service.workload.history = HistorySource::ServiceDeployments;
            if history::remembered_since(window) > window.start {
                let note = "ECS keeps 90 days of deployment history: what was in force before is assumed";
                service.workload.notes.push(note.to_owned());
            }
            None
        }
        Ok(None) => {
            service.workload.notes.push("no deployment history: the current revision is assumed".to_owned());
            None
        }
        Err((refusal, _)) if refusal.kind == RefusalKind::Unsupported => {
            unsupported.store(true, Relaxed);
            service.workload.notes.push(NONE.to_owned());
            None
        }
        Err((refusal, api)) => {
            let note =
                format!("the deployment history could not be read ({api}): the current revision is assumed");
            service.workload.notes.push(note);
            let scope = if refusal.is_general() { session.place() } else { service.workload.identity.id() };
            Some(refusal.gap(scope, api))
        }
    }
}

type Refused = (Refusal, &'static str);

/// The revisions in force over the window; none where the service has no history.
async fn revisions(
    session: &Session,
    service: &FoundService,
    window: &Window,
) -> Result<Option<Vec<crate::workload::RevisionInForce>>, Refused> {
    let mut deployments = history::relevant(deployments(session, service, window).await?, window);
    if deployments.is_empty() {
        let created = service.workload.created_at;
        // Each service is deployed once at least, so an empty list is an old service or no history.
        let is_old = created.is_some_and(|created| created < history::remembered_since(window));
        return Ok(is_old.then(|| vec![history::unchanged(service.task_definition.clone(), 60, window)]));
    }
    for batch in history::need_details(&deployments, window).chunks(DEPLOYMENTS_PER_CALL) {
        let _turn = session.ecs_turn().await;
        let answer = session
            .ecs
            .describe_service_deployments()
            .set_service_deployment_arns(Some(batch.to_vec()))
            .send()
            .await
            .map_err(|error| (Refusal::of(&error), "ecs:DescribeServiceDeployments"))?;
        for described in answer.service_deployments() {
            let deployment =
                deployments.iter_mut().find(|d| Some(d.arn.as_str()) == described.service_deployment_arn());
            if let Some(deployment) = deployment {
                deployment.add_details(described);
            }
        }
    }
    let mut known = BTreeMap::new();
    let named: Vec<String> = history::revisions_named(&deployments).into_iter().collect();
    for batch in named.chunks(DEPLOYMENTS_PER_CALL) {
        let _turn = session.ecs_turn().await;
        let answer = session
            .ecs
            .describe_service_revisions()
            .set_service_revision_arns(Some(batch.to_vec()))
            .send()
            .await
            .map_err(|error| (Refusal::of(&error), "ecs:DescribeServiceRevisions"))?;
        known.extend(answer.service_revisions().iter().filter_map(Revision::from_described));
    }
    let timeline = history::timeline(&deployments, &known, window);
    Ok(Some(timeline).filter(|timeline| !timeline.is_empty()))
}

async fn deployments(
    session: &Session,
    service: &FoundService,
    window: &Window,
) -> Result<Vec<Deployment>, Refused> {
    let mut found = Vec::new();
    let mut token = None;
    for _ in 0..PAGES {
        let _turn = session.ecs_turn().await;
        let answer = session
            .ecs
            .list_service_deployments()
            .cluster(&service.workload.identity.cluster)
            .service(&service.arn)
            .max_results(100)
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| (Refusal::of(&error), "ecs:ListServiceDeployments"))?;
        found.extend(answer.service_deployments().iter().filter_map(Deployment::from_brief));
        token = next_token(answer.next_token());
        if token.is_none() || history::reaches_back(&found, window) {
            break;
        }
    }
    Ok(found)
}
