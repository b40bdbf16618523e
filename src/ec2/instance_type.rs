//! [`InstanceType`]: what an EC2 instance type has, and [`InstanceTypes`], those that are known.

use std::collections::BTreeMap;

use crate::{units::MemoryMib, workload::Architecture};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceType {
    /// Such as `m7g.large`.
    pub name: String,
    pub vcpu: u32,
    pub memory: MemoryMib,
    pub architecture: Architecture,
    /// Absent where it is not known how many network interfaces it has.
    pub enis: Option<EniLimits>,
    pub current_generation: bool,
    pub burstable: bool,
    pub bare_metal: bool,
    pub gpus: u32,
}

/// Network interfaces of an instance, each of which an `awsvpc` task takes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EniLimits {
    pub max: u32,
    /// Branch interfaces with trunking; 0 where the type cannot trunk.
    pub branch: u32,
}

impl InstanceType {
    /// What is before the point: `m7g` of `m7g.large`.
    pub fn family(&self) -> &str {
        self.name.split('.').next().unwrap_or(&self.name)
    }
}

/// The types that are known, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstanceTypes(BTreeMap<String, InstanceType>);

impl InstanceTypes {
    /// The types that this fargauge was built with.
    pub fn embedded() -> &'static Self {
        static TYPES: std::sync::OnceLock<InstanceTypes> = std::sync::OnceLock::new();
        TYPES.get_or_init(Self::default)
    }

    pub fn get(&self, name: &str) -> Option<&InstanceType> {
        self.0.get(name)
    }

    pub fn iter(&self) -> impl Iterator<Item = &InstanceType> {
        self.0.values()
    }
}
