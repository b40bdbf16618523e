//! Services as workloads: what a `DescribeServices` answer says, read with the cluster's defaults,
//! its capacity providers and, for external deployment controllers, its task sets.

use std::collections::BTreeSet;

use aws_sdk_ecs::types as sdk;

use super::{
    capacity::{self, Providers},
    convert::{count, name_of, tags, timestamp},
};
use crate::{
    snapshot::Scope,
    workload::{
        Cluster, Controller, HistorySource, InjectedContainer, LaunchType, Region, RevisionInForce,
        Scheduling, StrategyItem, TaskFacts, Workload, WorkloadIdentity, WorkloadKind,
    },
};

/// A service, and what is needed to find out more about it.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundService {
    /// With the current revision only.
    pub workload: Workload,
    pub arn: String,
    /// ARN of the task definition in force now; empty where nothing names one.
    pub task_definition: String,
}

impl FoundService {
    /// Whether ECS keeps a history of its deployments: it does for those that it makes itself.
    pub fn has_history(&self) -> bool {
        self.workload.controller == Controller::Ecs && !self.task_definition.is_empty()
    }
}

/// What a service runs on and which revision.
struct Running<'a> {
    task_definition: Option<&'a str>,
    launch_type: Option<&'a sdk::LaunchType>,
    strategy: &'a [sdk::CapacityProviderStrategyItem],
}

/// The workload of a service; none for one that was deleted or has no name.
pub fn found_service(
    service: &sdk::Service,
    cluster: &Cluster,
    providers: &Providers,
    scope: &Scope,
) -> Option<FoundService> {
    if service.status().is_some_and(|status| status.eq_ignore_ascii_case("INACTIVE")) {
        return None;
    }
    let arn = service.service_arn().unwrap_or_default();
    let name = service.service_name().unwrap_or_else(|| name_of(arn));
    if name.is_empty() {
        return None;
    }
    let mut notes = Vec::new();
    let controller = match service.deployment_controller().map(sdk::DeploymentController::r#type) {
        Some(sdk::DeploymentControllerType::CodeDeploy) => Controller::CodeDeploy,
        Some(sdk::DeploymentControllerType::External) => Controller::External,
        _ => Controller::Ecs,
    };
    let running = running(service, &mut notes);
    let mut strategy = providers.strategy(&cluster.name, running.strategy);
    let launch_type = launch_type(&mut strategy, running.launch_type, cluster, &mut notes);
    let task_definition = running.task_definition.unwrap_or_default().to_owned();
    let mut revisions = Vec::new();
    if task_definition.is_empty() {
        notes.push("the service names no task definition, and has no task set that does".to_owned());
    } else {
        revisions.push(RevisionInForce {
            task_definition: task_definition.clone(),
            from: None,
            settled: None,
            metric_resolution_seconds: 60,
        });
    }
    if controller != Controller::Ecs {
        notes.push(
            "deployments are not made by ECS, which keeps no history of them: the current revision is assumed".to_owned(),
        );
    }
    if service.status().is_some_and(|status| status.eq_ignore_ascii_case("DRAINING")) {
        notes.push("the service is being deleted (DRAINING)".to_owned());
    }
    let primary = service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"));
    let connected = primary
        .and_then(|primary| primary.service_connect_configuration())
        .is_some_and(sdk::ServiceConnectConfiguration::enabled);
    let injected = connected.then_some(InjectedContainer::ServiceConnectProxy).into_iter().collect();
    let workload = Workload {
        workload_id: 0,
        identity: WorkloadIdentity {
            account_id: scope.account_id.clone(),
            region: Region(scope.region.clone()),
            cluster: cluster.name.clone(),
            kind: WorkloadKind::Service,
            name: name.to_owned(),
        },
        launch_type,
        strategy,
        desired_count: Some(count(service.desired_count())),
        running_count: Some(count(service.running_count())),
        created_at: timestamp(service.created_at()),
        scheduling: match service.scheduling_strategy() {
            Some(sdk::SchedulingStrategy::Daemon) => Scheduling::Daemon,
            _ => Scheduling::Replica,
        },
        controller,
        maximum_percent: service
            .deployment_configuration()
            .and_then(|deployment| deployment.maximum_percent())
            .map(count),
        placement_constraints: placement_constraints(service.placement_constraints()),
        revisions,
        history: HistorySource::CurrentOnly,
        scaling: None,
        tags: tags(service.tags()),
        facts: TaskFacts { injected, ..TaskFacts::default() },
        notes,
    };
    Some(FoundService { workload, arn: arn.to_owned(), task_definition })
}

/// The kinds, each once. Expressions are left out: nothing is decided by them.
fn placement_constraints(constraints: &[sdk::PlacementConstraint]) -> Vec<String> {
    let kinds: BTreeSet<&str> = constraints
        .iter()
        .filter_map(|constraint| constraint.r#type())
        .map(sdk::PlacementConstraintType::as_str)
        .collect();
    kinds.into_iter().map(str::to_owned).collect()
}

/// The service's own settings, else those of its primary task set, else of its largest one.
fn running<'a>(service: &'a sdk::Service, notes: &mut Vec<String>) -> Running<'a> {
    let own = service.task_definition().filter(|arn| !arn.is_empty());
    let sets = service.task_sets();
    let primary = sets.iter().find(|set| set.status() == Some("PRIMARY"));
    let set = primary
        .or_else(|| sets.iter().max_by_key(|set| set.running_count().max(set.computed_desired_count())));
    let set_strategy = set.map_or(&[][..], sdk::TaskSet::capacity_provider_strategy);
    let own_strategy = service.capacity_provider_strategy();
    if own.is_none() && sets.len() > 1 {
        notes.push(format!(
            "of {} task sets the {} one stands for all",
            sets.len(),
            if primary.is_some() { "primary" } else { "largest" }
        ));
    }
    let says_nothing = own_strategy.is_empty() && service.launch_type().is_none();
    Running {
        task_definition: own.or_else(|| set.and_then(sdk::TaskSet::task_definition)),
        launch_type: service.launch_type().or_else(|| set.and_then(sdk::TaskSet::launch_type)),
        strategy: if says_nothing || (own.is_none() && own_strategy.is_empty()) {
            set_strategy
        } else {
            own_strategy
        },
    }
}

/// By strategy, else as given, else by the cluster's default strategy, which is then in force.
fn launch_type(
    strategy: &mut Vec<StrategyItem>,
    given: Option<&sdk::LaunchType>,
    cluster: &Cluster,
    notes: &mut Vec<String>,
) -> LaunchType {
    if !strategy.is_empty() {
        let by_strategy = capacity::launch_type_of(strategy);
        // An emulator may give both; the strategy's providers may be hidden from the role.
        return match (by_strategy, given) {
            (LaunchType::Unknown, Some(given)) => capacity::launch_type(given),
            _ => by_strategy,
        };
    }
    if let Some(given) = given {
        return capacity::launch_type(given);
    }
    if !cluster.default_strategy.is_empty() {
        notes.push(
            "neither launch type nor strategy is given: the cluster's default strategy is taken".to_owned(),
        );
        strategy.clone_from(&cluster.default_strategy);
        return capacity::launch_type_of(strategy);
    }
    notes.push("neither the service nor its cluster says what it runs on".to_owned());
    LaunchType::Unknown
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::workload::CapacityProviderKind as Kind;

    fn item(provider: &str) -> sdk::CapacityProviderStrategyItem {
        sdk::CapacityProviderStrategyItem::builder().capacity_provider(provider).weight(1).build().unwrap()
    }

    fn found(service: sdk::builders::ServiceBuilder, default_strategy: &[&str]) -> Option<FoundService> {
        let providers = Providers::of_kinds(&[("asg", Kind::Ec2Autoscaling), ("mi", Kind::ManagedInstances)]);
        let items: Vec<_> = default_strategy.iter().map(|name| item(name)).collect();
        let cluster = Cluster {
            account_id: "111122223333".to_owned(),
            region: Region("eu-west-1".to_owned()),
            name: "prod".to_owned(),
            arn: String::new(),
            container_insights: None,
            default_strategy: providers.strategy("prod", &items),
            tags: BTreeMap::new(),
        };
        let scope = Scope { account_id: "111122223333".to_owned(), region: "eu-west-1".to_owned() };
        found_service(&service.service_name("web").build(), &cluster, &providers, &scope)
    }

    fn service() -> sdk::builders::ServiceBuilder {
        sdk::Service::builder().task_definition("arn:aws:ecs:r:1:task-definition/web:1").status("ACTIVE")
    }

    #[test]
    fn a_service_is_classified_by_strategy_then_launch_type_then_the_clusters_default() {
        use LaunchType::*;
        for (case, service, default, launch_type, strategy) in [
            ("a launch type", service().launch_type(sdk::LaunchType::Fargate), &["asg"][..], Fargate, 0),
            ("ECS Anywhere", service().launch_type(sdk::LaunchType::External), &[], External, 0),
            ("Spot by name", service().capacity_provider_strategy(item("FARGATE_SPOT")), &[], Fargate, 1),
            ("an Auto Scaling group", service().capacity_provider_strategy(item("asg")), &[], Ec2, 1),
            ("Managed Instances", service().capacity_provider_strategy(item("mi")), &[], ManagedInstances, 1),
            (
                "a provider by ARN",
                service().capacity_provider_strategy(item("arn:aws:ecs:r:1:capacity-provider/mi")),
                &[],
                ManagedInstances,
                1,
            ),
            ("an unknown provider", service().capacity_provider_strategy(item("gone")), &[], Unknown, 1),
            ("the cluster's default", service(), &["FARGATE"], Fargate, 1),
            ("nothing at all", service(), &[], Unknown, 0),
        ] {
            let workload = found(service, default).unwrap().workload;
            assert_eq!((workload.launch_type, workload.strategy.len()), (launch_type, strategy), "{case}");
        }
    }

    #[test]
    fn deployment_and_placement_are_kept_as_they_are_set() {
        use sdk::PlacementConstraintType::{DistinctInstance, MemberOf};
        let constraint = |kind| sdk::PlacementConstraint::builder().r#type(kind).expression("e").build();
        let set = service()
            .deployment_configuration(sdk::DeploymentConfiguration::builder().maximum_percent(150).build())
            .placement_constraints(constraint(MemberOf))
            .placement_constraints(constraint(DistinctInstance))
            .placement_constraints(constraint(MemberOf));
        let workload = found(set, &["asg"]).unwrap().workload;
        assert_eq!(workload.maximum_percent, Some(150));
        assert_eq!(workload.placement_constraints, ["distinctInstance", "memberOf"]);
        let unset = found(service(), &["asg"]).unwrap().workload;
        assert_eq!((unset.maximum_percent, unset.placement_constraints), (None, Vec::new()));
    }

    #[test]
    fn the_proxy_of_service_connect_is_told_by_the_primary_deployment() {
        let deployment = |status: &str, enabled| {
            let connect = sdk::ServiceConnectConfiguration::builder().enabled(enabled).build();
            sdk::Deployment::builder().status(status).service_connect_configuration(connect).build()
        };
        for (case, service, injected) in [
            ("enabled", service().deployments(deployment("PRIMARY", true)), 1),
            ("disabled", service().deployments(deployment("PRIMARY", false)), 0),
            ("only in the past", service().deployments(deployment("ACTIVE", true)), 0),
            ("never mentioned", service(), 0),
        ] {
            assert_eq!(found(service, &[]).unwrap().workload.facts.injected.len(), injected, "{case}");
        }
    }

    #[test]
    fn an_external_controller_is_read_from_its_primary_task_set() {
        let controller = |kind| sdk::DeploymentController::builder().r#type(kind).build().unwrap();
        let set = |status: &str, revision: &str, running| {
            sdk::TaskSet::builder()
                .status(status)
                .task_definition(revision)
                .running_count(running)
                .launch_type(sdk::LaunchType::Fargate)
                .build()
        };
        let external = || {
            sdk::Service::builder()
                .status("ACTIVE")
                .deployment_controller(controller(sdk::DeploymentControllerType::External))
        };
        let with_primary =
            found(external().task_sets(set("ACTIVE", "new:2", 9)).task_sets(set("PRIMARY", "old:1", 1)), &[])
                .unwrap();
        assert_eq!(with_primary.task_definition, "old:1");
        assert_eq!(with_primary.workload.launch_type, LaunchType::Fargate);
        assert_eq!(with_primary.workload.controller, Controller::External);
        assert!(!with_primary.has_history());
        let without =
            found(external().task_sets(set("ACTIVE", "a:1", 1)).task_sets(set("ACTIVE", "b:1", 5)), &[])
                .unwrap();
        assert_eq!(without.task_definition, "b:1");
        let empty = found(external(), &[]).unwrap();
        assert!(empty.workload.revisions.is_empty() && empty.task_definition.is_empty());
        assert!(empty.workload.notes.iter().any(|note| note.contains("names no task definition")));
    }

    #[test]
    fn deleted_services_are_left_out_and_draining_or_empty_ones_kept() {
        assert_eq!(found(sdk::Service::builder().status("INACTIVE"), &[]), None);
        let draining = found(service().status("DRAINING").desired_count(0), &["FARGATE"]).unwrap();
        assert_eq!(draining.workload.desired_count, Some(0));
        let daemon = found(service().scheduling_strategy(sdk::SchedulingStrategy::Daemon), &["asg"]).unwrap();
        assert_eq!(daemon.workload.scheduling, Scheduling::Daemon);
    }
}
