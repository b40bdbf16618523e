//! The EC2 instances (and servers of ECS Anywhere) that a cluster's tasks run on.
//!
//! Takes a cluster; gives its instances that are `ACTIVE` or `DRAINING`, and a gap for what is refused.
//! What the agent did not register stays unknown.

use aws_sdk_ecs::types as sdk;
use futures_util::{StreamExt as _, stream};

use super::{
    convert::{count, name_of, next_token, timestamp},
    gaps::{Refusal, gaps_of_failures},
    session::Session,
};
use crate::{
    snapshot::{Gap, Scope},
    workload::{Architecture, Cluster, ContainerInstance, InstanceResources, LaunchType, Region, Workload},
};

/// Stops a server that pages for ever.
const PAGES: usize = 10_000;
/// Instances in a page of `ListContainerInstances`, and in a `DescribeContainerInstances` call (ECS API
/// reference).
const INSTANCES_PER_CALL: usize = 100;

/// Whether a cluster has instances to look for: it says so, or a workload runs on such.
pub fn are_in(described: &sdk::Cluster, cluster: &Cluster, workloads: &[Workload]) -> bool {
    described.registered_container_instances_count() > 0
        || workloads.iter().any(|workload| {
            workload.identity.cluster == cluster.name
                && matches!(
                    workload.launch_type,
                    LaunchType::Ec2 | LaunchType::External | LaunchType::ManagedInstances
                )
        })
}

/// The instances of a cluster.
pub async fn read(session: &Session, cluster: &Cluster) -> (Vec<ContainerInstance>, Vec<Gap>) {
    let gap = |refusal: &Refusal, api: &str| refusal.gap_of_list(&session.place(), &cluster.name, api);
    let mut gaps = Vec::new();
    let mut arns = Vec::new();
    let mut token = None;
    for _ in 0..PAGES {
        let _turn = session.ecs_turn().await;
        // In one list, whatever their status: of two lists, an instance that begins to drain in between
        // is in both or in none.
        let request = session
            .ecs
            .list_container_instances()
            .cluster(cluster.reference())
            .max_results(100)
            .set_next_token(token);
        match request.send().await {
            Ok(answer) => {
                arns.extend(answer.container_instance_arns().iter().cloned());
                token = next_token(answer.next_token());
                if token.is_none() {
                    break;
                }
            }
            Err(error) => {
                gaps.push(gap(&Refusal::of(&error), "ecs:ListContainerInstances"));
                break;
            }
        }
    }
    let api = "ecs:DescribeContainerInstances";
    let batches = arns.chunks(INSTANCES_PER_CALL).map(<[String]>::to_vec);
    let mut answers = stream::iter(batches)
        .map(|batch| async {
            let _turn = session.ecs_turn().await;
            session
                .ecs
                .describe_container_instances()
                .cluster(cluster.reference())
                .set_container_instances(Some(batch))
                .send()
                .await
        })
        .buffer_unordered(session.ecs_requests());
    let mut found = Vec::new();
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(answer) => {
                let place = format!("{}/{}", session.place(), cluster.name);
                gaps.extend(gaps_of_failures(answer.failures(), &place, api));
                found.extend(
                    answer
                        .container_instances()
                        .iter()
                        .filter_map(|instance| container_instance(instance, cluster, &session.scope)),
                );
            }
            Err(error) => gaps.push(gap(&Refusal::of(&error), api)),
        }
    }
    (found, gaps)
}

/// An instance as fargauge keeps it; none for one that takes no tasks yet, or no more.
fn container_instance(
    described: &sdk::ContainerInstance,
    cluster: &Cluster,
    scope: &Scope,
) -> Option<ContainerInstance> {
    let status = described.status().filter(|status| matches!(*status, "ACTIVE" | "DRAINING"))?;
    let attribute = |name: &str| {
        let found = described.attributes().iter().find(|attribute| attribute.name() == name);
        found.and_then(|attribute| attribute.value()).filter(|value| !value.is_empty())
    };
    Some(ContainerInstance {
        account_id: scope.account_id.clone(),
        region: Region(scope.region.clone()),
        cluster: cluster.name.clone(),
        id: name_of(described.container_instance_arn()?).to_owned(),
        instance_type: attribute("ecs.instance-type").map(str::to_owned),
        availability_zone: attribute("ecs.availability-zone").map(str::to_owned),
        architecture: attribute("ecs.cpu-architecture").and_then(architecture),
        capacity_provider: described
            .capacity_provider_name()
            .filter(|name| !name.is_empty())
            .map(|name| name_of(name).to_owned()),
        status: status.to_owned(),
        registered: resources(described.registered_resources()),
        remaining: resources(described.remaining_resources()),
        running_tasks: count(described.running_tasks_count()),
        registered_at: timestamp(described.registered_at()),
    })
}

fn architecture(attribute: &str) -> Option<Architecture> {
    match attribute {
        "x86_64" => Some(Architecture::X86_64),
        "arm64" => Some(Architecture::Arm64),
        _ => None,
    }
}

/// CPU units and MiB are numbers; GPUs are told by their ids.
fn resources(described: &[sdk::Resource]) -> InstanceResources {
    let resource = |name: &str| described.iter().find(|resource| resource.name() == Some(name));
    let number = |name: &str| resource(name).map_or(0, |resource| count(resource.integer_value()));
    InstanceResources {
        cpu: number("CPU"),
        memory_mib: number("MEMORY"),
        gpus: resource("GPU")
            .map_or(0, |gpus| u32::try_from(gpus.string_set_value().len()).unwrap_or(u32::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn cluster() -> Cluster {
        Cluster {
            account_id: "111122223333".to_owned(),
            region: Region("eu-west-1".to_owned()),
            name: "prod".to_owned(),
            arn: String::new(),
            container_insights: None,
            default_strategy: Vec::new(),
            tags: BTreeMap::new(),
        }
    }

    fn kept(described: sdk::builders::ContainerInstanceBuilder) -> Option<ContainerInstance> {
        let scope = Scope { account_id: "111122223333".to_owned(), region: "eu-west-1".to_owned() };
        let arn = "arn:aws:ecs:eu-west-1:111122223333:container-instance/prod/0a1b";
        container_instance(&described.container_instance_arn(arn).build(), &cluster(), &scope)
    }

    fn described() -> sdk::builders::ContainerInstanceBuilder {
        sdk::ContainerInstance::builder().status("ACTIVE")
    }

    fn number(name: &str, value: i32) -> sdk::Resource {
        sdk::Resource::builder().name(name).r#type("INTEGER").integer_value(value).build()
    }

    #[test]
    fn what_the_agent_registered_is_kept_and_nothing_else() {
        let attribute =
            |name: &str, value: &str| sdk::Attribute::builder().name(name).value(value).build().unwrap();
        let gpus = sdk::Resource::builder()
            .name("GPU")
            .r#type("STRINGSET")
            .string_set_value("GPU-1")
            .string_set_value("GPU-2")
            .build();
        let instance = kept(
            described()
                .ec2_instance_id("i-0123")
                .capacity_provider_name("group")
                .attributes(attribute("ecs.instance-type", "g5.12xlarge"))
                .attributes(attribute("ecs.availability-zone", "eu-west-1b"))
                .attributes(attribute("ecs.cpu-architecture", "x86_64"))
                .attributes(attribute("ecs.ami-id", "ami-0123"))
                .attributes(attribute("stage-password", "never-stored"))
                .registered_resources(number("CPU", 49_152))
                .registered_resources(number("MEMORY", 189_000))
                .registered_resources(gpus)
                .remaining_resources(number("CPU", -1))
                .running_tasks_count(3),
        )
        .unwrap();
        assert_eq!(
            (instance.id.as_str(), instance.instance_type.as_deref(), instance.availability_zone.as_deref()),
            ("0a1b", Some("g5.12xlarge"), Some("eu-west-1b"))
        );
        assert_eq!(instance.architecture, Some(Architecture::X86_64));
        assert_eq!(instance.registered, InstanceResources { cpu: 49_152, memory_mib: 189_000, gpus: 2 });
        assert_eq!(instance.remaining, InstanceResources::default());
        assert_eq!(instance.capacity_provider.as_deref(), Some("group"));
        let stored = serde_json::to_string(&instance).unwrap();
        assert!(!stored.contains("never-stored"), "{stored}");
        assert_eq!(serde_json::from_str::<ContainerInstance>(&stored).unwrap(), instance);
    }

    #[test]
    fn a_server_without_attributes_is_kept_with_what_is_known() {
        let instance = kept(described().registered_resources(number("CPU", 2_048))).unwrap();
        assert_eq!((instance.instance_type, instance.architecture), (None, None));
        assert_eq!((instance.availability_zone, instance.capacity_provider), (None, None));
        assert_eq!(instance.registered.cpu, 2_048);
    }

    #[test]
    fn only_instances_that_have_tasks_or_may_get_them_count() {
        for (status, counts) in [
            ("ACTIVE", true),
            ("DRAINING", true),
            ("REGISTERING", false),
            ("DEREGISTERING", false),
            ("REGISTRATION_FAILED", false),
            ("INACTIVE", false),
        ] {
            assert_eq!(kept(described().status(status)).is_some(), counts, "{status}");
        }
    }
}
