//! [`costs`]: what templates cost a month, before a change and now.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{
    Case,
    counterparts::Counterparts,
    judge::subject_of,
    subject::{Base, Subject, TasksFrom},
};
use crate::{template::TaskTemplate, units::Usd};

/// What one template costs a month, all its tasks together, rounded as printed; `None` where it is not known.
#[derive(Debug, Clone, Copy)]
pub struct TaskCosts<'a> {
    pub task: &'a TaskTemplate,
    /// Tasks that run, or are asked for; `None` where nothing says, and the costs are those of one.
    pub count: Option<Decimal>,
    pub now: Option<Usd>,
    /// In the base; `Some(0)` where it is new. Not known either where only one side tells how many tasks there are.
    pub before: Option<Usd>,
}

/// The costs of every template, and of those that only the base has.
pub fn costs(case: Case<'_>) -> Vec<TaskCosts<'_>> {
    let counterparts = Counterparts::of(&case);
    let mut costs: Vec<TaskCosts<'_>> = case
        .tasks
        .iter()
        .enumerate()
        .map(|(index, &task)| {
            let subject = subject_of(&case, task, counterparts.base(&case, index));
            let before = match subject.base {
                Base::Unknown | Base::Unread(_) => None,
                Base::New => Some(Usd::ZERO),
                Base::Was(base) => subject
                    .tasks_before_and_now()
                    .and_then(|(before, _)| cost_of(subject.monthly(base), before.count)),
            };
            TaskCosts { task, count: count(&subject), now: monthly(&subject), before }
        })
        .collect();
    let met: BTreeSet<usize> = counterparts.of_task.iter().copied().flatten().collect();
    let gone = case.base.unwrap_or_default().iter().enumerate().filter(|(index, _)| !met.contains(index));
    costs.extend(gone.map(|(_, &task)| {
        let subject = subject_of(&case, task, Base::Unknown);
        let may_be_there = case.unread.contains(&task.at.path.as_path());
        TaskCosts {
            task,
            count: count(&subject),
            now: (!may_be_there).then_some(Usd::ZERO),
            before: monthly(&subject),
        }
    }));
    costs
}

/// Tasks of a template: those that run, else those that it asks for itself.
fn count(subject: &Subject<'_>) -> Option<Decimal> {
    let tasks = subject.tasks();
    (tasks.from != TasksFrom::Nothing).then_some(tasks.count)
}

fn monthly(subject: &Subject<'_>) -> Option<Usd> {
    cost_of(subject.monthly(subject.task), subject.tasks().count)
}

fn cost_of(each: Option<Decimal>, tasks: Decimal) -> Option<Usd> {
    each.map(|each| Usd(each * tasks).rounded())
}
