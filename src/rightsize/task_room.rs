//! [`TaskRoom`]: what a task has for its containers, whether or not Fargate offers such a size.

use crate::{
    demand::Requested,
    fargate::TaskSize,
    units::{CpuUnits, MemoryMib},
};

/// A task's CPU and memory: a Fargate size, or what it reserves of an instance (0: nothing).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskRoom {
    cpu: CpuUnits,
    memory: MemoryMib,
}

impl TaskRoom {
    pub fn cpu(self) -> CpuUnits {
        self.cpu
    }

    pub fn memory(self) -> MemoryMib {
        self.memory
    }
}

impl From<(CpuUnits, MemoryMib)> for TaskRoom {
    fn from((cpu, memory): (CpuUnits, MemoryMib)) -> Self {
        Self { cpu, memory }
    }
}

impl From<TaskSize> for TaskRoom {
    fn from(size: TaskSize) -> Self {
        Self { cpu: size.cpu(), memory: size.memory() }
    }
}

impl From<Requested> for TaskRoom {
    fn from(Requested { cpu, memory, .. }: Requested) -> Self {
        Self { cpu, memory }
    }
}
