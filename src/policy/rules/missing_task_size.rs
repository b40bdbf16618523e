//! # missing-task-size
//!
//! A task that need not run on Fargate has no CPU or memory of its own.
//!
//! **Why**: on EC2 ECS then places it by what its containers reserve, and nothing limits the whole. It also
//! cannot move to Fargate as it is.
//!
//! **Example**: a task definition for EC2 with container limits alone.
//!
//! **Fix**: set `cpu` and `memory` of the task.
//!
//! Default level: allow. (For Fargate a missing size is `invalid-task-size`.)

use crate::{
    policy::{Rule, docket::Docket, subject::Subject},
    template::Setting,
};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    let task = subject.task;
    if subject.is_for_fargate() {
        return;
    }
    let missing: Vec<&str> =
        [("cpu", task.cpu == Setting::Absent), ("memory", task.memory == Setting::Absent)]
            .into_iter()
            .filter_map(|(name, is_absent)| is_absent.then_some(name))
            .collect();
    if !missing.is_empty() {
        let message = format!("the task has no {} of its own", missing.join(" and no "));
        docket.find(
            Rule::MissingTaskSize,
            &task.at,
            message,
            Some("set cpu and memory of the task".to_owned()),
        );
    }
}
