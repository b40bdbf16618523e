//! # containers-exceed-task
//!
//! The containers of a task reserve more CPU or memory than the task has, or one may use more memory than it, or
//! less than it reserves itself.
//!
//! **Why**: ECS refuses to register it (ECS Developer Guide, task definition parameters: what the containers
//! reserve together must be within the task's size, and `memoryReservation` below `memory`).
//!
//! **Example**: a task of 512 MiB whose two containers reserve 400 MiB each.
//!
//! **Fix**: lower the containers' `cpu`, `memoryReservation` or `memory`, or raise the task's size. A
//! container without limits shares what is left.
//!
//! Default level: deny.

use crate::{
    policy::{Rule, docket::Docket, subject::Subject},
    template::Setting,
};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    let task = subject.task;
    if let Some((why, _)) = &task.containers_unresolved {
        docket.cannot_judge(Rule::ContainersExceedTask, subject, why.clone());
    }
    let help = || Some("lower what the containers reserve, or raise the task's size".to_owned());
    if let Some(cpu) = task.cpu.known() {
        let reserved = task.containers.iter().filter_map(|c| c.cpu.known());
        let sum = reserved.fold(0_u64, |sum, cpu| sum + u64::from(cpu.0));
        if sum > u64::from(cpu.0) {
            let message = format!("the containers reserve {sum} CPU units together, the task has {}", cpu.0);
            let at = task.cpu.place().unwrap_or(&task.at);
            let draft = docket.find(Rule::ContainersExceedTask, at, message, help());
            draft.about = "cpu".into();
            draft.severity = sum - u64::from(cpu.0);
        }
    }
    for container in &task.containers {
        // The guide asks for less; that as much is refused, too, is not known.
        if let (Some(reserved), Some(limit)) =
            (container.memory_reservation.known(), container.memory.known())
            && reserved > limit
        {
            let name = container.label.as_str();
            let message =
                format!("container {name:?} reserves {} MiB, but may use {} MiB", reserved.0, limit.0);
            let help = Some("lower its memoryReservation, or raise its memory".to_owned());
            let at = container.memory_reservation.place().unwrap_or(&container.at);
            let draft = docket.find(Rule::ContainersExceedTask, at, message, help);
            draft.container = Some(name.to_owned());
            draft.about = "memoryReservation".into();
            draft.severity = u64::from(reserved.0 - limit.0);
        }
    }
    let Some(memory) = task.memory.known() else { return };
    let mut has_larger = false;
    for container in &task.containers {
        if let Some(limit) = container.memory.known()
            && limit > memory
        {
            has_larger = true;
            let name = container.label.as_str();
            let message = format!("container {name:?} may use {} MiB, the task has {}", limit.0, memory.0);
            let at = container.memory.place().unwrap_or(&container.at);
            let draft = docket.find(Rule::ContainersExceedTask, at, message, help());
            draft.container = Some(name.to_owned());
            draft.severity = u64::from(limit.0 - memory.0);
        }
    }
    let reserved = task.containers.iter().filter_map(|c| match &c.memory_reservation {
        Setting::Absent => c.memory.known(),
        // What is not known may be anything below the limit.
        reservation => reservation.known(),
    });
    let sum = reserved.fold(0_u64, |sum, memory| sum + u64::from(memory.0));
    if sum > u64::from(memory.0) && !has_larger {
        let message = format!("the containers reserve {sum} MiB together, the task has {}", memory.0);
        let at = task.memory.place().unwrap_or(&task.at);
        let draft = docket.find(Rule::ContainersExceedTask, at, message, help());
        draft.about = "memory".into();
        draft.severity = sum - u64::from(memory.0);
    }
}
