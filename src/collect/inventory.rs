//! The inventory of one account and region: everything but time series.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::AtomicBool,
};

use futures_util::{StreamExt as _, stream};

use super::{
    autoscaling, capacity::Providers, container_instances, discover, ecs, request::CollectRequest,
    session::Session, stopped, task_definitions,
};
use crate::{
    snapshot::{Gap, Inventory, Window},
    workload::{Cluster, InjectedContainer, Workload},
};

/// What was found in one account and region.
#[derive(Debug, Default)]
pub struct ScopeInventory {
    /// Whether its clusters could be listed.
    pub listed: bool,
    pub inventory: Inventory,
    pub gaps: Vec<Gap>,
}

/// Takes the inventory of one account and region. Never fails: what is refused is a gap.
pub async fn take(session: &Session, request: &CollectRequest, window: &Window) -> ScopeInventory {
    let mut gaps = Vec::new();
    let described = match ecs::clusters(session, request, &mut gaps).await {
        Ok(clusters) => clusters,
        Err(refusal) => {
            gaps.push(refusal.gap(session.place(), "ecs:ListClusters"));
            return ScopeInventory { gaps, ..ScopeInventory::default() };
        }
    };
    if described.is_empty() {
        return ScopeInventory { listed: true, gaps, inventory: Inventory::default() };
    }
    let (providers, more) = Providers::read(session, &described).await;
    gaps.extend(more);
    let clusters: Vec<_> =
        described.iter().map(|cluster| ecs::cluster(cluster, &providers, session)).collect();

    let scaling = autoscaling::read(session);
    let families = discover::families(session);
    let stopped = stopped::read(session, &clusters);
    let services = async {
        let answers: Vec<_> = stream::iter(&clusters)
            .map(|cluster| async {
                let (found, gaps) = ecs::services(session, cluster, &providers).await;
                (found, (cluster.name.as_str(), gaps))
            })
            .buffer_unordered(session.ecs_requests())
            .collect()
            .await;
        let (found, gaps): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
        let unsupported = AtomicBool::new(false);
        let with_history: Vec<_> = stream::iter(found.into_iter().flatten())
            .map(|mut service| async {
                let gap = ecs::add_history(session, &mut service, window, &unsupported).await;
                (service, gap)
            })
            .buffer_unordered(session.ecs_requests())
            .collect()
            .await;
        (with_history, gaps)
    };
    let (scaling, (families, family_gaps), stopped, (services, service_gaps)) =
        futures_util::join!(scaling, families, stopped, services);
    let mut unsure: BTreeMap<&str, Gap> = BTreeMap::new();
    for (cluster, of_cluster) in service_gaps {
        if let Some(gap) = of_cluster.first() {
            unsure.insert(cluster, gap.clone());
        }
        gaps.extend(of_cluster);
    }
    gaps.extend(family_gaps);

    let mut workloads: Vec<Workload> = Vec::new();
    for (service, gap) in services {
        gaps.extend(gap);
        let mut workload = service.workload;
        workload.scaling = scaling.of_service(&workload.identity.cluster, &workload.identity.name);
        if !scaling.gaps.is_empty() {
            workload.notes.push("auto scaling could not be read completely".to_owned());
        }
        workloads.push(workload);
    }
    gaps.extend(scaling.gaps);

    let on_instances =
        described.iter().zip(&clusters).filter(|(d, c)| container_instances::are_in(d, c, &workloads));
    let answers: Vec<_> = stream::iter(on_instances)
        .map(|(_, cluster)| container_instances::read(session, cluster))
        .buffer_unordered(session.ecs_requests())
        .collect()
        .await;
    let (container_instances, more): (Vec<_>, Vec<_>) = answers.into_iter().unzip();
    gaps.extend(more.into_iter().flatten());

    let names: BTreeSet<String> = clusters.iter().map(|cluster| cluster.name.clone()).collect();
    let families = discover::standalone(families, &names, &workloads);
    let (families, more) = discover::without_unsure(families, &unsure, &session.place());
    gaps.extend(more);
    let wanted: BTreeSet<String> = workloads
        .iter()
        .flat_map(|workload| workload.revisions.iter().map(|revision| revision.task_definition.clone()))
        .collect();
    let described = task_definitions::describe(session, wanted).await;
    gaps.extend(task_definitions::gaps(session, &described));
    // A family whose last revision is gone is no gap: it ran, and cannot run again.
    let of_families =
        task_definitions::describe(session, families.iter().map(|family| family.name.clone()).collect())
            .await;
    workloads.extend(families.iter().map(|family| discover::workload(session, family, &of_families)));
    for workload in &mut workloads {
        workload.facts.stopped = stopped.of(workload);
        let cluster = clusters.iter().find(|cluster| cluster.name == workload.identity.cluster);
        if cluster.is_some_and(is_guarded) {
            workload.facts.injected.push(InjectedContainer::GuardDutyAgent);
        }
    }
    gaps.extend(stopped.gaps);

    let task_definitions: BTreeMap<String, _> = described
        .into_iter()
        .chain(of_families.into_values().filter_map(|result| {
            let arn = result.as_ref().ok()?.arn.clone();
            Some((arn, result))
        }))
        .filter_map(|(arn, result)| Some((arn, result.ok()?)))
        .collect();
    let inventory = Inventory {
        clusters,
        capacity_providers: providers.into_list(),
        container_instances: container_instances.into_iter().flatten().collect(),
        workloads,
        task_definitions,
    };
    ScopeInventory { listed: true, inventory, gaps }
}

/// Whether GuardDuty adds its agent to the cluster's tasks, as the cluster's tag has it. Where the
/// account as a whole has it, clusters need no tag, and it is the user who knows.
fn is_guarded(cluster: &Cluster) -> bool {
    cluster.tags.get("GuardDutyManaged").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Puts the inventories together: sorted by identity, and each workload with its number.
pub fn merge(inventories: impl IntoIterator<Item = Inventory>) -> Inventory {
    let mut merged = Inventory::default();
    for inventory in inventories {
        merged.clusters.extend(inventory.clusters);
        merged.capacity_providers.extend(inventory.capacity_providers);
        merged.container_instances.extend(inventory.container_instances);
        merged.workloads.extend(inventory.workloads);
        merged.task_definitions.extend(inventory.task_definitions);
    }
    merged
        .clusters
        .sort_by(|a, b| (&a.account_id, &a.region, &a.name).cmp(&(&b.account_id, &b.region, &b.name)));
    merged.capacity_providers.sort_by(|a, b| {
        (&a.account_id, &a.region, &a.cluster, &a.name).cmp(&(&b.account_id, &b.region, &b.cluster, &b.name))
    });
    merged.container_instances.sort_by(|a, b| {
        (&a.account_id, &a.region, &a.cluster, &a.id).cmp(&(&b.account_id, &b.region, &b.cluster, &b.id))
    });
    merged.workloads.sort_by(|a, b| a.identity.cmp(&b.identity));
    merged.workloads.dedup_by(|a, b| a.identity == b.identity);
    for (workload, id) in merged.workloads.iter_mut().zip(0..) {
        workload.workload_id = id;
    }
    merged
}
