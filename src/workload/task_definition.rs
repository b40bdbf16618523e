//! [`TaskDefinition`]: one revision of a task definition, less everything that could be a secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Platform, RuntimeSetting};
use crate::units::{CpuUnits, MemoryMib, StorageGib};

/// A task definition revision. Of environments and commands only recognised runtime settings are
/// kept (see [`super::runtime_settings`]); images, roles and log options are not read, and of secrets
/// only whether they are a runtime's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// `arn:aws:ecs:REGION:ACCOUNT:task-definition/FAMILY:REVISION`; empty for one not registered.
    #[serde(default)]
    pub arn: String,
    pub family: String,
    #[serde(default)]
    pub revision: u32,
    /// Task-level CPU; absent is allowed on EC2 and EXTERNAL only.
    pub cpu: Option<CpuUnits>,
    pub memory: Option<MemoryMib>,
    pub platform: Platform,
    /// Configured ephemeral storage; absent means the free 20 GiB.
    #[serde(default)]
    pub ephemeral_storage: Option<StorageGib>,
    #[serde(default)]
    pub network_mode: Option<String>,
    #[serde(default)]
    pub requires_compatibilities: Vec<String>,
    #[serde(default)]
    pub containers: Vec<Container>,
    /// Kinds of volumes used, such as `efs`, `host`, `docker`, `ebs`; never their names or paths.
    #[serde(default)]
    pub volume_kinds: Vec<String>,
    #[serde(default)]
    pub placement_constraints: Vec<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// A container of a task definition.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Container {
    pub name: String,
    /// CPU units reserved; 0 and absent both mean none.
    #[serde(default)]
    pub cpu: CpuUnits,
    /// Hard limit.
    #[serde(default)]
    pub memory: Option<MemoryMib>,
    /// Soft limit.
    #[serde(default)]
    pub memory_reservation: Option<MemoryMib>,
    #[serde(default = "essential_by_default")]
    pub essential: bool,
    #[serde(default)]
    pub gpus: u32,
    #[serde(default)]
    pub privileged: bool,
    #[serde(default)]
    pub runtime_settings: Vec<RuntimeSetting>,
}

fn essential_by_default() -> bool {
    true
}

impl Container {
    /// The memory that this container must have: the larger of hard and soft limit.
    pub fn memory_floor(&self) -> MemoryMib {
        self.memory.max(self.memory_reservation).unwrap_or_default()
    }
}

impl TaskDefinition {
    /// CPU that the containers reserve together.
    pub fn containers_cpu(&self) -> CpuUnits {
        CpuUnits(self.containers.iter().fold(0, |sum, c| sum.saturating_add(c.cpu.0)))
    }

    /// Memory that the containers reserve together: the soft limit where there is one, else the
    /// hard one, as ECS places tasks.
    pub fn containers_memory(&self) -> MemoryMib {
        MemoryMib(
            self.containers.iter().fold(0, |sum, c| {
                sum.saturating_add(c.memory_reservation.or(c.memory).unwrap_or_default().0)
            }),
        )
    }

    /// What one task requests: the task-level size, else the containers' sum (EC2, EXTERNAL);
    /// nothing if neither says anything.
    pub fn requested(&self) -> (Option<CpuUnits>, Option<MemoryMib>) {
        let cpu = self.cpu.or_else(|| Some(self.containers_cpu()).filter(|cpu| cpu.0 > 0));
        let memory = self.memory.or_else(|| Some(self.containers_memory()).filter(|m| m.0 > 0));
        (cpu, memory)
    }
}
