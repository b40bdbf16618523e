//! [`Work`]: what one workload ran, as every platform is to run it, and [`ClusterWork`], that of a cluster.

use std::collections::{BTreeMap, BTreeSet};

use super::PlatformRow;
use crate::{
    config::Ec2Settings,
    ec2::packing::Resources,
    launch::Running,
    units::Usd,
    workload::{LaunchType, OperatingSystem, Region},
};

/// Why Windows stays where it is on Fargate: ARM, Spot, plans and EKS do not have it.
pub(super) const WINDOWS: &str = "Windows, which has a price on Fargate on demand only";

/// Why it does not move to instances.
pub(super) const WINDOWS_ON_INSTANCES: &str = "Windows, and no rate of Windows instances is held";

/// A cluster's observed work. Clusters share no instances, so each is packed on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterWork {
    /// `account/region/cluster`.
    pub scope: String,
    pub region: Region,
    /// Hours of the window: the length of every [`Work::tasks`].
    pub hours: u32,
    pub work: Vec<Work>,
    /// What is in no row, by reason: workloads whose cost today is not known, and daemons.
    pub left_out: BTreeMap<String, u64>,
    /// Pools of instances that its workloads run on now, by number.
    pub pools: BTreeMap<usize, InstancePool>,
    /// What the daemons of every EC2 instance reserve together.
    pub daemons: Resources,
    /// Managed scaling's targets of the Auto Scaling groups that its tasks run on or may run on, in per cent.
    pub target_capacity_percents: BTreeSet<u32>,
}

/// One workload at the size it should have: the recommended one, else its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// `account/region/cluster/name`.
    pub id: String,
    pub launch_type: LaunchType,
    /// USD a month at its present size on what it runs on now, as reports print it. For what runs on EC2
    /// it is its share of the instances: whoever builds this knows it, or leaves the workload out.
    pub today: Usd,
    /// On Fargate: USD a month at the recommended size, as reports print it; else as `today`.
    pub right_sized: Usd,
    /// Off Fargate, the shape is what the definition requests, which may be no Fargate size.
    pub running: Running,
    /// Tasks in each hour of the window, deployments' surge included.
    pub tasks: Vec<u32>,
    pub placement: Placement,
    /// Numbers of the pools of instances that it runs on now.
    pub pools: BTreeSet<usize>,
    /// Why Fargate cannot run it, whatever it costs.
    pub off_fargate: Option<String>,
}

/// What its tasks need of an instance beyond CPU and memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a constraint of its own")]
pub struct Placement {
    pub gpus: u32,
    /// Network mode `awsvpc`: a network interface each.
    pub own_interface: bool,
    /// Network mode `host`.
    pub host_network: bool,
    pub distinct_instances: bool,
    /// A service's: to be spread over zones.
    pub spread: bool,
    /// Placement constraints other than that: which instances hold is not known.
    pub constrained: bool,
    /// Volumes that are on the host, its own or Docker's.
    pub host_volumes: bool,
}

/// Instances that are filled together, as they are now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InstancePool {
    /// USD a month of what they cost beside the workloads' shares: daemons, and what nothing reserves. It is
    /// in what runs today, and in every row in which a workload stays on them.
    pub overhead: Usd,
    /// Whether a workload that is in no row runs on them: then they stay whatever moves to Fargate.
    pub has_others: bool,
}

/// The part of the instances that managed scaling keeps in use, and who says so.
pub(super) struct TargetCapacity {
    pub(super) percent: u32,
    from: &'static str,
}

impl TargetCapacity {
    pub(super) fn tell(&self, row: &mut PlatformRow, cluster: &ClusterWork) {
        let Self { percent, from } = self;
        let text = format!("managed scaling keeps {percent} % of the instances in use, {from} in");
        row.assume_of(text, cluster.place());
    }
}

impl ClusterWork {
    /// `region/cluster`.
    pub(super) fn place(&self) -> &str {
        self.scope.split_once('/').map_or(&self.scope, |(_, place)| place)
    }

    /// The user's, else the cluster's own, else all of them.
    pub(super) fn target_capacity(&self, settings: &Ec2Settings) -> TargetCapacity {
        let own = &self.target_capacity_percents;
        let (percent, from) = match (settings.target_capacity_percent, own.first()) {
            (Some(given), _) => (given, "as ec2.target_capacity_percent says,"),
            (None, Some(lowest)) if own.len() > 1 => (*lowest, "the lowest target of the capacity providers"),
            (None, Some(one)) => (*one, "the target of the capacity providers"),
            (None, None) => (100, "as no capacity provider has a target"),
        };
        TargetCapacity { percent: percent.clamp(1, 100), from }
    }

    /// Adds what else there is on the instances that something stays on.
    pub(super) fn add_overhead(&self, row: &mut PlatformRow, stays: impl Fn(usize, &InstancePool) -> bool) {
        let kept = self.pools.iter().filter(|(number, pool)| stays(**number, pool));
        let overhead: Usd = kept.map(|(_, pool)| pool.overhead).sum();
        if overhead > Usd::ZERO {
            row.add(Ok(overhead));
            row.assume(
                "the daemons and the idle part of the instances that something stays on are in the cost",
            );
        }
    }
}

impl Placement {
    pub(super) fn is_in_bridge_mode(self) -> bool {
        !self.own_interface && !self.host_network
    }
}

impl Work {
    /// `region/cluster/name`.
    pub(super) fn name(&self) -> &str {
        self.id.split_once('/').map_or(&self.id, |(_, name)| name)
    }

    pub fn on_fargate(&self) -> bool {
        self.launch_type == LaunchType::Fargate
    }

    pub fn is_windows(&self) -> bool {
        self.running.shape.platform.os == OperatingSystem::Windows
    }

    /// What it costs where another platform cannot take it: it stays, at the size it should have.
    pub fn staying(&self) -> Usd {
        if self.on_fargate() { self.right_sized } else { self.today }
    }
}
