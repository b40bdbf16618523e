//! What a workload runs on: launch types, capacity providers, and how a strategy splits tasks.
//!
//! `DescribeServices` may leave `launchType` out, so a workload is classified by its strategy and by
//! the providers' own types (`DescribeCapacityProviders`), never by `launchType` alone.

use serde::{Deserialize, Serialize};

use super::Region;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LaunchType {
    Fargate,
    Ec2,
    External,
    ManagedInstances,
    /// Neither a launch type nor a provider whose type the API told.
    Unknown,
}

impl LaunchType {
    /// Of its name, as [`LaunchType::as_str`] gives it; any other is unknown.
    pub fn named(name: &str) -> Self {
        [Self::Fargate, Self::Ec2, Self::External, Self::ManagedInstances]
            .into_iter()
            .find(|launch_type| launch_type.as_str() == name)
            .unwrap_or(Self::Unknown)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fargate => "FARGATE",
            Self::Ec2 => "EC2",
            Self::External => "EXTERNAL",
            Self::ManagedInstances => "MANAGED_INSTANCES",
            Self::Unknown => "UNKNOWN",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CapacityProviderKind {
    Fargate,
    FargateSpot,
    Ec2Autoscaling,
    ManagedInstances,
    Unknown,
}

impl CapacityProviderKind {
    pub const fn launch_type(self) -> LaunchType {
        match self {
            Self::Fargate | Self::FargateSpot => LaunchType::Fargate,
            Self::Ec2Autoscaling => LaunchType::Ec2,
            Self::ManagedInstances => LaunchType::ManagedInstances,
            Self::Unknown => LaunchType::Unknown,
        }
    }
}

/// A capacity provider of one account and region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapacityProvider {
    pub account_id: String,
    pub region: Region,
    pub name: String,
    pub kind: CapacityProviderKind,
    /// Managed Instances providers belong to one cluster.
    #[serde(default)]
    pub cluster: Option<String>,
    /// Managed scaling's target capacity in per cent, where the provider has it.
    #[serde(default)]
    pub target_capacity_percent: Option<u32>,
    /// How a Managed Instances provider buys: `ON_DEMAND`, `SPOT` or `RESERVED`.
    #[serde(default)]
    pub capacity_option: Option<String>,
}

/// One line of a capacity provider strategy, with the provider's kind already looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrategyItem {
    pub provider: String,
    pub kind: CapacityProviderKind,
    pub base: u32,
    pub weight: u32,
}

/// How a Fargate workload's tasks divide between on-demand and Spot, in parts of `total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PurchaseSplit {
    pub spot: u64,
    pub total: u64,
}

impl PurchaseSplit {
    pub const ON_DEMAND: Self = Self { spot: 0, total: 1 };

    pub fn is_all_spot(self) -> bool {
        self.spot == self.total
    }

    pub fn is_all_on_demand(self) -> bool {
        self.spot == 0
    }
}

/// The part of `mean_tasks` (in thousandths of a task) that a strategy places on Spot: first the
/// base, then the rest by weight (ECS Developer Guide, capacity provider strategies).
///
/// | strategy | tasks | on Spot |
/// |---|---|---|
/// | FARGATE base 2 weight 1, FARGATE_SPOT weight 3 | 2 | 0 |
/// | FARGATE base 2 weight 1, FARGATE_SPOT weight 3 | 6 | 3 (of 6) |
/// | FARGATE_SPOT weight 1 | any | all |
pub fn spot_share(strategy: &[StrategyItem], mean_tasks_milli: u64) -> PurchaseSplit {
    let weights: u64 = strategy.iter().map(|item| u64::from(item.weight)).sum();
    let is_spot = |item: &&StrategyItem| item.kind == CapacityProviderKind::FargateSpot;
    if strategy.iter().all(|item| item.kind == CapacityProviderKind::FargateSpot) && !strategy.is_empty() {
        return PurchaseSplit { spot: 1, total: 1 };
    }
    let base: u64 = strategy.iter().map(|item| u64::from(item.base) * 1000).sum();
    let base_spot: u64 = strategy.iter().filter(is_spot).map(|item| u64::from(item.base) * 1000).sum();
    let rest = mean_tasks_milli.saturating_sub(base);
    let weight_spot: u64 = strategy.iter().filter(is_spot).map(|item| u64::from(item.weight)).sum();
    if mean_tasks_milli == 0 || weights == 0 {
        return PurchaseSplit::ON_DEMAND;
    }
    // The base of at most one provider is filled before anything else.
    let placed_spot = base_spot.min(mean_tasks_milli) * weights + rest * weight_spot;
    PurchaseSplit { spot: placed_spot, total: mean_tasks_milli * weights }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: CapacityProviderKind, base: u32, weight: u32) -> StrategyItem {
        StrategyItem { provider: String::new(), kind, base, weight }
    }

    #[test]
    fn base_is_filled_before_weights() {
        let strategy =
            [item(CapacityProviderKind::Fargate, 2, 1), item(CapacityProviderKind::FargateSpot, 0, 3)];
        assert!(spot_share(&strategy, 2_000).is_all_on_demand());
        let six = spot_share(&strategy, 6_000);
        assert_eq!(six.spot * 2, six.total, "3 of 6 tasks are on Spot");
    }

    #[test]
    fn spot_alone_is_all_spot_even_with_no_tasks() {
        let strategy = [item(CapacityProviderKind::FargateSpot, 0, 1)];
        assert!(spot_share(&strategy, 0).is_all_spot());
        assert!(spot_share(&[], 5_000).is_all_on_demand());
    }
}
