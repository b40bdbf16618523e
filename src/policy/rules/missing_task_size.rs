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

use crate::policy::{Rule, docket::Docket, subject::Subject};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    if subject.is_for_fargate() {
        return;
    }
    let missing = subject.missing_sizes();
    if !missing.is_empty() {
        let message = format!("the task has no {} of its own", missing.join(" and no "));
        docket.find(
            Rule::MissingTaskSize,
            &subject.task.at,
            message,
            Some("set cpu and memory of the task".to_owned()),
        );
    }
}
