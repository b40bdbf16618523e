//! [`ContainerSize`]: a container's own settings, and whether a task of some size registers with them.

use super::GuardInput;
use crate::{
    rightsize::TaskRoom,
    units::{CpuUnits, MemoryMib},
    workload::Container,
};

pub(super) const DO_NOT_FIT: &str =
    "the limits of its containers do not fit together and must be set by hand";
/// The least memory of a container, MiB: ECS API reference, `ContainerDefinition`, `memory` (Docker 20.10
/// and later).
pub(super) const LEAST_MEMORY: u32 = 6;

/// The settings of one container at the recommended task size; absent stays absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerSize {
    pub name: String,
    /// 0: none reserved.
    pub cpu: CpuUnits,
    /// Hard limit.
    pub memory: Option<MemoryMib>,
    /// Soft limit.
    pub memory_reservation: Option<MemoryMib>,
}

impl ContainerSize {
    pub fn as_now(container: &Container) -> Self {
        Self {
            name: container.name.clone(),
            cpu: container.cpu,
            memory: container.memory,
            memory_reservation: container.memory_reservation,
        }
    }
}

/// Whether ECS takes a task of this size with these containers.
pub fn registers(containers: &[ContainerSize], size: TaskRoom) -> bool {
    let counts = |container: &ContainerSize| container.memory_reservation.or(container.memory);
    let cpu = sum(containers.iter().map(|container| container.cpu.0));
    let memory = sum(containers.iter().filter_map(counts).map(|memory| memory.0));
    let fits = |container: &ContainerSize| {
        let hard = container.memory.unwrap_or(size.memory());
        hard <= size.memory()
            && container.memory_reservation.is_none_or(|soft| soft <= hard)
            && container.memory != Some(MemoryMib(0))
    };
    cpu <= size.cpu().0 && memory <= size.memory().0 && containers.iter().all(fits)
}

/// Memory that counts against the task's.
pub(super) fn counted(container: &Container) -> u32 {
    container.memory_reservation.or(container.memory).unwrap_or_default().0
}

/// The memory a container may use: its own hard limit, else the task's.
pub(super) fn limit_of(input: &GuardInput<'_>, container: &Container) -> MemoryMib {
    container.memory.map_or(input.size.memory(), |limit| limit.min(input.size.memory()))
}

/// All that fits a number.
pub(super) fn sum(values: impl Iterator<Item = u32>) -> u32 {
    values.fold(0, u32::saturating_add)
}
