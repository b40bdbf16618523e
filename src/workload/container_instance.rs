//! [`ContainerInstance`]: an EC2 instance that tasks of a cluster run on, as ECS knows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Architecture, Region};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerInstance {
    pub account_id: String,
    pub region: Region,
    pub cluster: String,
    /// The last part of its ARN.
    pub id: String,
    /// Attribute `ecs.instance-type`; null where the agent did not register it (ECS Anywhere).
    pub instance_type: Option<String>,
    /// Attribute `ecs.availability-zone`.
    pub availability_zone: Option<String>,
    /// Attribute `ecs.cpu-architecture`.
    pub architecture: Option<Architecture>,
    /// The provider whose Auto Scaling group or Managed Instances it belongs to.
    pub capacity_provider: Option<String>,
    /// `ACTIVE`, `DRAINING` and so on.
    pub status: String,
    /// What the agent registered: the instance less what it reserves.
    pub registered: InstanceResources,
    /// What no task has reserved.
    pub remaining: InstanceResources,
    pub running_tasks: u32,
    pub registered_at: Option<Timestamp>,
}

/// Resources of an instance that tasks reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InstanceResources {
    /// CPU units.
    pub cpu: u32,
    pub memory_mib: u32,
    #[serde(default)]
    pub gpus: u32,
}
