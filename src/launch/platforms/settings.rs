//! [`CompareSettings`]: how the instances are set up that work is packed on.

use jiff::civil::Date;

use crate::{
    config::Config,
    units::{MemoryMib, Usd},
};

/// What is chosen about hosts, beyond what is observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompareSettings {
    /// Availability zones that a cluster's instances are in.
    pub zones: u32,
    /// Zones that a service's tasks are spread over at least, where it has as many.
    pub min_zones: u32,
    /// Managed scaling's target capacity.
    pub target_capacity_percent: u32,
    /// ENI trunking (account setting `awsvpcTrunking`) on instances of one's own.
    pub trunking: bool,
    /// `ECS_RESERVED_MEMORY`.
    pub reserved_memory: MemoryMib,
    /// Whether types with CPU credits, and `flex` ones, may be used.
    pub burstable: bool,
    /// Larger types are not considered: losing one takes too much with it.
    pub max_vcpu: u32,
    /// What looking after instances costs a month and cluster, where that is known.
    pub operations: Option<Usd>,
    /// EKS clusters on a Kubernetes version in extended support.
    pub eks_extended_support: bool,
    /// The day that fees are taken of.
    pub on: Date,
}

impl CompareSettings {
    /// Those of a config, on a day.
    pub fn of(_: &Config, on: Date) -> Self {
        Self {
            zones: 3,
            min_zones: 2,
            target_capacity_percent: 100,
            trunking: true,
            reserved_memory: MemoryMib(0),
            burstable: false,
            max_vcpu: 96,
            operations: None,
            eks_extended_support: false,
            on,
        }
    }
}
