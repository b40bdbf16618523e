//! What the containers of a task definition leave no room below.
//!
//! A task whose containers reserve more than the task has does not register, so reservations of
//! several containers bind. A single container often just repeats the task's own size: such a
//! repetition says nothing about need, moves along with the task, and does not bind.
//!
//! | task | containers (cpu, hard, soft) | floor |
//! |---|---|---|
//! | 1024 / 2048 | app 1024, 2048, - | none: it repeats the task |
//! | 1024 / 2048 | app 512, -, 768 | 512 / 768 |
//! | 1024 / 2048 | app 512, 1024, - and envoy 256, 512, 256 | 768 / 1280 |

use crate::{
    units::{CpuUnits, MemoryMib},
    workload::{Container, TaskDefinition},
};

/// CPU and memory that the containers' own settings hold the task to, at most its current size.
pub fn container_floor(definition: &TaskDefinition) -> (CpuUnits, MemoryMib) {
    let (Some(task_cpu), Some(task_memory)) = definition.requested() else {
        return (CpuUnits(0), MemoryMib(0));
    };
    let (mut cpu, mut memory) = match definition.containers.as_slice() {
        [only] => (if only.cpu == task_cpu { CpuUnits(0) } else { only.cpu }, only_memory(only, task_memory)),
        several => {
            let largest_hard = several.iter().filter_map(|c| c.memory).max().unwrap_or_default();
            (definition.containers_cpu(), definition.containers_memory().max(largest_hard))
        }
    };
    cpu = cpu.min(task_cpu);
    memory = memory.min(task_memory);
    (cpu, memory)
}

fn only_memory(container: &Container, task_memory: MemoryMib) -> MemoryMib {
    [container.memory, container.memory_reservation]
        .into_iter()
        .flatten()
        .filter(|memory| *memory != task_memory)
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floor(containers: &[(u32, Option<u32>, Option<u32>)]) -> (u32, u32) {
        let definition = TaskDefinition {
            cpu: Some(CpuUnits(1024)),
            memory: Some(MemoryMib(2048)),
            containers: containers
                .iter()
                .map(|(cpu, hard, soft)| Container {
                    cpu: CpuUnits(*cpu),
                    memory: hard.map(MemoryMib),
                    memory_reservation: soft.map(MemoryMib),
                    ..Container::default()
                })
                .collect(),
            ..TaskDefinition::default()
        };
        let (cpu, memory) = container_floor(&definition);
        (cpu.0, memory.0)
    }

    #[test]
    fn the_worked_table_holds() {
        assert_eq!(floor(&[(1024, Some(2048), None)]), (0, 0));
        assert_eq!(floor(&[(512, None, Some(768))]), (512, 768));
        assert_eq!(floor(&[(512, Some(1024), None), (256, Some(512), Some(256))]), (768, 1280));
    }

    #[test]
    fn a_floor_is_never_above_the_task_itself() {
        assert_eq!(floor(&[(2048, Some(9000), None), (512, None, None)]), (1024, 2048));
        assert_eq!(floor(&[]), (0, 0));
    }
}
