//! Room for the containers that AWS adds to a task and that its definition does not list.
//!
//! | container | CPU units | MiB |
//! |---|---|---|
//! | Service Connect proxy | 256 | 64, and the task has 1,024 at least on Fargate |
//! | GuardDuty agent, task below 8 vCPU | - | 128 |
//! | GuardDuty agent, 8 vCPU with up to 28 GB | - | 256 |
//! | GuardDuty agent, 8 vCPU with more | - | 512 |
//! | GuardDuty agent, 16 vCPU and more | - | 1,024 |
//!
//! Sources: Amazon ECS Developer Guide, Service Connect concepts, "Service Connect proxy"; Amazon
//! GuardDuty User Guide, prerequisites for Fargate (ECS only), "CPU and memory limits": those are the
//! agent's maxima, its page names none for 32 vCPU (that of 16 vCPU is taken) and no CPU. Above 500
//! requests a second, or 100 Service Connect services in a namespace, AWS advises twice as much for the
//! proxy; neither can be seen here, so it is a condition.

use crate::{
    rightsize::TaskRoom,
    units::{CpuUnits, MemoryMib},
    workload::InjectedContainer,
};

/// The least task memory with Service Connect on Fargate.
pub(super) const SERVICE_CONNECT_TASK_MEMORY: MemoryMib = MemoryMib(1024);

/// What the injected containers of a task of this size take, at most.
pub(super) fn room(injected: &[InjectedContainer], size: TaskRoom) -> (CpuUnits, MemoryMib) {
    injected.iter().fold((CpuUnits(0), MemoryMib(0)), |(cpu, memory), container| {
        let (more_cpu, more_memory) = match container {
            InjectedContainer::ServiceConnectProxy => (256, 64),
            InjectedContainer::GuardDutyAgent => (0, guard_duty_limit(size)),
        };
        (CpuUnits(cpu.0.saturating_add(more_cpu)), MemoryMib(memory.0.saturating_add(more_memory)))
    })
}

fn guard_duty_limit(size: TaskRoom) -> u32 {
    match (size.cpu().0, size.memory().0) {
        (..8192, _) => 128,
        (8192, ..=28_672) => 256,
        (8192, _) => 512,
        _ => 1024,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fargate::TaskSize, workload::OperatingSystem};

    #[test]
    fn the_worked_table_holds() {
        let of = |container, cpu, memory| {
            let size = TaskSize::new(CpuUnits(cpu), MemoryMib(memory), OperatingSystem::Linux).unwrap();
            let (cpu, memory) = room(&[container], size.into());
            (cpu.0, memory.0)
        };
        assert_eq!(of(InjectedContainer::ServiceConnectProxy, 1024, 2048), (256, 64));
        for (cpu, memory, agent) in [
            (256, 512, 128),
            (4096, 30_720, 128),
            (8192, 28_672, 256),
            (8192, 32_768, 512),
            (16_384, 32_768, 1024),
            (32_768, 61_440, 1024),
        ] {
            assert_eq!(of(InjectedContainer::GuardDutyAgent, cpu, memory), (0, agent), "{cpu}/{memory}");
        }
    }

    #[test]
    fn a_larger_task_never_leaves_less_room() {
        let both = [InjectedContainer::ServiceConnectProxy, InjectedContainer::GuardDutyAgent];
        let sizes: Vec<TaskRoom> = TaskSize::all(OperatingSystem::Linux).map(TaskRoom::from).collect();
        for small in &sizes {
            for large in sizes.iter().filter(|l| l.cpu() >= small.cpu() && l.memory() >= small.memory()) {
                assert!(room(&both, *large) >= room(&both, *small), "{small:?} {large:?}");
            }
        }
    }
}
