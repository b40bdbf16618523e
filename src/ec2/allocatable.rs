//! [`allocatable`]: what of an instance ECS tasks can use.

use super::{InstanceType, packing::Resources};
use crate::units::MemoryMib;

/// How the hosts of a cluster are set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostSettings {
    /// Whether ENI trunking is on (`awsvpcTrunking`).
    pub trunking: bool,
    /// Memory kept from tasks beyond what the system takes (`ECS_RESERVED_MEMORY`).
    pub reserved_memory: MemoryMib,
    /// What the daemons of every instance reserve together, without their network interfaces.
    pub daemons: Resources,
}

/// What tasks can use of an instance; `None` where it is not known, or nothing is left.
pub fn allocatable(instance: &InstanceType, host: HostSettings) -> Option<Resources> {
    let _ = (instance, host);
    None
}
