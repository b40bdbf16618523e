//! [`Providers`]: what the capacity providers of an account and region are.
//!
//! `FARGATE` and `FARGATE_SPOT` are known by name, the others by `DescribeCapacityProviders`.

use std::collections::BTreeMap;

use aws_sdk_ecs::types as sdk;

use super::{
    convert::{count, name_of, next_token},
    gaps::Refusal,
    session::Session,
};
use crate::{
    snapshot::Gap,
    workload::{CapacityProvider, CapacityProviderKind as Kind, LaunchType, Region, StrategyItem},
};

const API: &str = "ecs:DescribeCapacityProviders";
/// Stops a server that pages for ever.
const PAGES: usize = 10_000;

/// Capacity providers by cluster (none: of the whole account) and name.
#[derive(Debug, Default)]
pub struct Providers {
    known: BTreeMap<(Option<String>, String), CapacityProvider>,
}

impl Providers {
    /// Reads the providers of the account, and those that belong to one of `clusters` alone.
    pub async fn read(session: &Session, clusters: &[sdk::Cluster]) -> (Self, Vec<Gap>) {
        let mut providers = Self::default();
        let mut gaps = Vec::new();
        if let Err(refusal) = providers.read_list(session, None).await {
            gaps.push(refusal.gap(session.place(), API));
            return (providers, gaps);
        }
        for cluster in clusters {
            let name = cluster.cluster_name().unwrap_or_default();
            let all_known =
                cluster.capacity_providers().iter().all(|p| providers.kind(name, p) != Kind::Unknown);
            if all_known {
                continue;
            }
            if let Err(refusal) = providers.read_list(session, cluster.cluster_name()).await {
                gaps.push(refusal.gap(format!("{}/{name}", session.place()), API));
            }
        }
        (providers, gaps)
    }

    async fn read_list(&mut self, session: &Session, cluster: Option<&str>) -> Result<(), Refusal> {
        let mut token = None;
        for _ in 0..PAGES {
            let _turn = session.ecs_turn().await;
            let answer = session
                .ecs
                .describe_capacity_providers()
                .set_cluster(cluster.map(str::to_owned))
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| Refusal::of(&error))?;
            for described in answer.capacity_providers() {
                self.add(described, session);
            }
            token = next_token(answer.next_token());
            if token.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn add(&mut self, described: &sdk::CapacityProvider, session: &Session) {
        let Some(name) = described.name() else { return };
        let cluster =
            described.cluster().filter(|cluster| !cluster.is_empty()).map(|arn| name_of(arn).to_owned());
        let target = described
            .auto_scaling_group_provider()
            .and_then(|group| group.managed_scaling())
            .and_then(|scaling| scaling.target_capacity());
        let provider = CapacityProvider {
            account_id: session.scope.account_id.clone(),
            region: Region(session.scope.region.clone()),
            name: name.to_owned(),
            kind: kind_described(described),
            cluster: cluster.clone(),
            target_capacity_percent: target.map(count),
            capacity_option: capacity_option(described),
        };
        self.known.insert((cluster, name.to_owned()), provider);
    }

    /// The kind of the provider that `name` (or an ARN) means in a cluster.
    pub fn kind(&self, cluster: &str, name: &str) -> Kind {
        let name = name_of(name);
        if let Some(kind) = kind_by_name(name) {
            return kind;
        }
        let of_cluster = self.known.get(&(Some(cluster.to_owned()), name.to_owned()));
        let found = of_cluster.or_else(|| self.known.get(&(None, name.to_owned())));
        found.map_or(Kind::Unknown, |provider| provider.kind)
    }

    /// A strategy with each provider's kind.
    pub fn strategy(&self, cluster: &str, items: &[sdk::CapacityProviderStrategyItem]) -> Vec<StrategyItem> {
        items
            .iter()
            .map(|item| StrategyItem {
                provider: name_of(item.capacity_provider()).to_owned(),
                kind: self.kind(cluster, item.capacity_provider()),
                base: count(item.base()),
                weight: count(item.weight()),
            })
            .collect()
    }

    /// By cluster, then name.
    pub fn into_list(self) -> Vec<CapacityProvider> {
        self.known.into_values().collect()
    }
}

/// What a strategy runs on. All its providers are of one sort (ECS Developer Guide, capacity
/// provider strategies), so the first known one tells.
pub fn launch_type_of(strategy: &[StrategyItem]) -> LaunchType {
    strategy
        .iter()
        .map(|item| item.kind.launch_type())
        .find(|launch_type| *launch_type != LaunchType::Unknown)
        .unwrap_or(LaunchType::Unknown)
}

/// The SDK's launch type.
pub fn launch_type(given: &sdk::LaunchType) -> LaunchType {
    match given {
        sdk::LaunchType::Fargate => LaunchType::Fargate,
        sdk::LaunchType::Ec2 => LaunchType::Ec2,
        sdk::LaunchType::External => LaunchType::External,
        sdk::LaunchType::ManagedInstances => LaunchType::ManagedInstances,
        _ => LaunchType::Unknown,
    }
}

fn kind_by_name(name: &str) -> Option<Kind> {
    match name {
        "FARGATE" => Some(Kind::Fargate),
        "FARGATE_SPOT" => Some(Kind::FargateSpot),
        _ => None,
    }
}

fn kind_described(described: &sdk::CapacityProvider) -> Kind {
    // The two names are reserved, so they say more than whatever else is described.
    if let Some(kind) = described.name().and_then(kind_by_name) {
        return kind;
    }
    match described.r#type() {
        Some(sdk::CapacityProviderType::Fargate) => Kind::Fargate,
        Some(sdk::CapacityProviderType::FargateSpot) => Kind::FargateSpot,
        Some(sdk::CapacityProviderType::Ec2Autoscaling) => Kind::Ec2Autoscaling,
        Some(sdk::CapacityProviderType::ManagedInstances) => Kind::ManagedInstances,
        // Older endpoints do not say the type, but what the provider is made of.
        _ if described.managed_instances_provider().is_some() => Kind::ManagedInstances,
        _ if described.auto_scaling_group_provider().is_some() => Kind::Ec2Autoscaling,
        _ => Kind::Unknown,
    }
}

/// How a Managed Instances provider buys. One that names nothing buys on demand (ECS API reference,
/// `InstanceLaunchTemplate`).
fn capacity_option(described: &sdk::CapacityProvider) -> Option<String> {
    let template = described.managed_instances_provider()?.instance_launch_template()?;
    let option = template.capacity_option_type().unwrap_or(&sdk::CapacityOptionType::OnDemand);
    Some(option.as_str().to_owned())
}

#[cfg(test)]
impl Providers {
    /// Providers of these kinds, of the whole account.
    pub fn of_kinds(kinds: &[(&str, Kind)]) -> Self {
        let known = kinds.iter().map(|(name, kind)| {
            let provider = CapacityProvider {
                account_id: "111122223333".to_owned(),
                region: Region("eu-west-1".to_owned()),
                name: (*name).to_owned(),
                kind: *kind,
                cluster: None,
                target_capacity_percent: None,
                capacity_option: None,
            };
            ((None, (*name).to_owned()), provider)
        });
        Self { known: known.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_name_says_more_than_what_is_described() {
        let group = || sdk::AutoScalingGroupProvider::builder().auto_scaling_group_arn("a").build().unwrap();
        let described = |name: &str, kind: Option<sdk::CapacityProviderType>| {
            let provider = sdk::CapacityProvider::builder()
                .name(name)
                .set_type(kind)
                .auto_scaling_group_provider(group())
                .build();
            kind_described(&provider)
        };
        assert_eq!(described("FARGATE_SPOT", None), Kind::FargateSpot);
        assert_eq!(described("asg", None), Kind::Ec2Autoscaling);
        assert_eq!(
            described("mi", Some(sdk::CapacityProviderType::ManagedInstances)),
            Kind::ManagedInstances
        );
        assert_eq!(kind_described(&sdk::CapacityProvider::builder().name("other").build()), Kind::Unknown);
    }

    #[test]
    fn only_managed_instances_say_how_they_buy() {
        let managed = |option: Option<sdk::CapacityOptionType>| {
            let template = sdk::InstanceLaunchTemplate::builder()
                .ec2_instance_profile_arn("a")
                .set_capacity_option_type(option)
                .build()
                .unwrap();
            let provider =
                sdk::ManagedInstancesProvider::builder().instance_launch_template(template).build();
            sdk::CapacityProvider::builder().name("mi").managed_instances_provider(provider).build()
        };
        assert_eq!(capacity_option(&managed(None)).as_deref(), Some("ON_DEMAND"));
        assert_eq!(capacity_option(&managed(Some(sdk::CapacityOptionType::Spot))).as_deref(), Some("SPOT"));
        assert_eq!(capacity_option(&sdk::CapacityProvider::builder().name("asg").build()), None);
    }
}
