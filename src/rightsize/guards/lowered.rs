//! Container limits that do not fit a size even with the main container lowered.
//!
//! [`super::container_sizes`] lowers the main container as far as is of use; what is still more than a smaller task has
//! is lowered here. CPU counts as shares on Fargate, so it shrinks for all in proportion. A soft limit reserves and holds
//! nobody back. A hard limit does: it goes down no further than it must, the main container's first, and whoever uses
//! this must know that the container gets by with it.
//!
//! | task | to | containers (cpu, hard, soft) | become |
//! |---|---|---|---|
//! | 4096 / 8192 | 1024 / 3072 | app 0, 6000, - | app 0, 3072, - |
//! | 4096 / 8192 | 1024 / 3072 | app 0, -, 6000 | app 0, -, 3072 |
//! | 4096 / 8192 | 1024 / 3072 | app 0, 6000, - and log 0, 1000, - | app 0, 2072, - and log as before |
//! | 4096 / 8192 | 1024 / 8192 | app 3000 and log 1000 | app 768 and log 256 |
//! | 4096 / 8192 | 1024 / 2048 | a 0, 3000, - and b 0, 2500, - | refused: b alone is more than the task |

use super::container_size::{ContainerSize, DO_NOT_FIT, LEAST_MEMORY, registers};
use crate::{
    rightsize::TaskRoom,
    units::{CpuUnits, MemoryMib},
};

/// The settings, lowered as far as they must be to leave `room` of a task of size `to`; the container `main` gets
/// what the others leave. Or which limit is in the way, and what would do.
pub(super) fn lowered(
    mut split: Vec<ContainerSize>,
    main: usize,
    to: TaskRoom,
    room: (CpuUnits, MemoryMib),
) -> Result<Vec<ContainerSize>, String> {
    let cpu = to.cpu().0.saturating_sub(room.0.0);
    let memory = to.memory().0.saturating_sub(room.1.0);
    let reserved: u64 = split.iter().map(|container| u64::from(container.cpu.0)).sum();
    if reserved > u64::from(cpu) {
        for container in &mut split {
            container.cpu = CpuUnits(in_proportion(container.cpu.0, cpu, reserved));
        }
    }
    for container in &mut split {
        container.memory = container.memory.map(|hard| hard.min(MemoryMib(memory)));
        let most = container.memory.unwrap_or(MemoryMib(memory));
        container.memory_reservation = container.memory_reservation.map(|soft| soft.min(most));
    }
    let counted: u64 = split.iter().map(|container| u64::from(counts(container))).sum();
    if counted > u64::from(memory) {
        let Some(app) = split.get(main) else { return Err(DO_NOT_FIT.to_owned()) };
        let others = counted - u64::from(counts(app));
        let rest = u32::try_from(u64::from(memory).saturating_sub(others)).unwrap_or_default();
        if rest < LEAST_MEMORY {
            let word = if app.memory_reservation.is_some() { "memoryReservation" } else { "memory" };
            return Err(format!(
                "{word} of container {:?} and of those beside it do not fit that size together; with the others \
                 lowered alike {} MiB would do: set them by hand",
                app.name,
                in_proportion(counts(app), memory, counted)
            ));
        }
        let app = &mut split[main];
        match &mut app.memory_reservation {
            Some(soft) => *soft = MemoryMib(rest),
            None => app.memory = Some(MemoryMib(rest)),
        }
    }
    if registers(&split, to) { Ok(split) } else { Err(DO_NOT_FIT.to_owned()) }
}

fn counts(container: &ContainerSize) -> u32 {
    container.memory_reservation.or(container.memory).unwrap_or_default().0
}

/// What `part` of `sum` comes to where there is `whole`, rounded down.
fn in_proportion(part: u32, whole: u32, sum: u64) -> u32 {
    let share = u64::from(part) * u64::from(whole) / sum.max(1);
    u32::try_from(share).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        rightsize::{ContainerSize, TaskRoom, containers_at, registers},
        units::{CpuUnits, MemoryMib},
        workload::{Container, InjectedContainer, TaskDefinition},
    };

    type Row = (u32, Option<u32>, Option<u32>);

    fn at(size: (u32, u32), rows: &[Row], to: (u32, u32)) -> Result<Vec<Row>, String> {
        at_with(size, rows, to, &[])
    }

    fn at_with(
        size: (u32, u32),
        rows: &[Row],
        to: (u32, u32),
        injected: &[InjectedContainer],
    ) -> Result<Vec<Row>, String> {
        let container = |(index, (cpu, hard, soft)): (usize, &Row)| Container {
            name: format!("c{index}"),
            cpu: CpuUnits(*cpu),
            memory: hard.map(MemoryMib),
            memory_reservation: soft.map(MemoryMib),
            essential: true,
            ..Container::default()
        };
        let definition = TaskDefinition {
            cpu: Some(CpuUnits(size.0)),
            memory: Some(MemoryMib(size.1)),
            containers: rows.iter().enumerate().map(container).collect(),
            ..TaskDefinition::default()
        };
        let row = |size: &ContainerSize| {
            (size.cpu.0, size.memory.map(|hard| hard.0), size.memory_reservation.map(|soft| soft.0))
        };
        let to = TaskRoom::from((CpuUnits(to.0), MemoryMib(to.1)));
        let sizes = containers_at(&definition, injected, to)?;
        assert!(registers(&sizes, to));
        Ok(sizes.iter().map(row).collect())
    }

    #[test]
    fn the_worked_table_holds() {
        let task = (4096, 8192);
        assert_eq!(at(task, &[(0, Some(6000), None)], (1024, 3072)), Ok(vec![(0, Some(3072), None)]));
        assert_eq!(at(task, &[(0, None, Some(6000))], (1024, 3072)), Ok(vec![(0, None, Some(3072))]));
        assert_eq!(
            at(task, &[(0, Some(6000), None), (0, Some(1000), None)], (1024, 3072)),
            Ok(vec![(0, Some(2072), None), (0, Some(1000), None)])
        );
        assert_eq!(
            at(task, &[(3000, None, None), (1000, None, None)], (1024, 8192)),
            Ok(vec![(768, None, None), (256, None, None)])
        );
        let error = at(task, &[(0, Some(3000), None), (0, Some(2500), None)], (1024, 2048)).unwrap_err();
        assert_eq!(
            error,
            "memory of container \"c0\" and of those beside it do not fit that size together; with the others \
             lowered alike 1024 MiB would do: set them by hand"
        );
        let error = at((512, 1024), &[(0, Some(512), None), (0, Some(512), None)], (256, 512)).unwrap_err();
        assert!(error.contains("container \"c0\"") && error.contains("256 MiB would do"), "{error}");
    }

    #[test]
    fn a_limit_that_fits_stays() {
        assert_eq!(
            at((4096, 8192), &[(512, Some(1500), Some(700))], (1024, 3072)),
            Ok(vec![(512, Some(1500), Some(700))])
        );
        assert_eq!(
            at((4096, 8192), &[(0, Some(6000), Some(1000))], (1024, 3072)),
            Ok(vec![(0, Some(3072), Some(1000))])
        );
    }

    #[test]
    fn room_is_left_for_what_is_added() {
        let proxy = [InjectedContainer::ServiceConnectProxy];
        assert_eq!(
            at_with((4096, 8192), &[(3000, Some(6000), None)], (1024, 3072), &proxy),
            Ok(vec![(768, Some(3008), None)])
        );
    }

    proptest! {
        #[test]
        fn nothing_grows_where_the_task_shrinks(
            rows in prop::collection::vec((0u32..4096, prop::option::of(1u32..8192), prop::option::of(1u32..8192)), 1..4),
            cpu in 256u32..=4096, memory in 512u32..=8192,
        ) {
            // A soft limit above the hard one does not register to begin with.
            let rows: Vec<Row> = rows
                .into_iter()
                .map(|(cpu, hard, soft)| (cpu, hard, soft.map(|soft| soft.min(hard.unwrap_or(soft)))))
                .collect();
            // Whatever it gives registers: `at` asserts that.
            if let Ok(then) = at((4096, 8192), &rows, (cpu, memory)) {
                for (now, then) in rows.iter().zip(then) {
                    prop_assert!(then.0 <= now.0);
                    prop_assert!(then.1 <= now.1 && then.2 <= now.2);
                    prop_assert_eq!((then.1.is_some(), then.2.is_some()), (now.1.is_some(), now.2.is_some()));
                }
            }
        }
    }
}
