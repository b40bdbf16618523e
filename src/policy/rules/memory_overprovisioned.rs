//! # memory-overprovisioned
//!
//! The task has more memory than the size that holds what production was seen to need, headroom included. The
//! money is that of the memory alone; what CPU is too much is another finding, which names the same size.
//!
//! **Why**: Fargate bills the memory a task requests, used or not.
//!
//! **Example**: 8 GB are requested, the most that a task used in 14 days is 0.9 GB.
//!
//! **Fix**: take the size that the message names; `fargauge explain` shows the evidence behind it. Findings
//! that save less than `check.floor_usd` a month or `check.floor_percent` are not reported.
//!
//! Needs a snapshot. Default level: warn.

use super::memory_underprovisioned::{evidence, peak};
use crate::{
    policy::{Rule, docket::Docket, subject::Subject, wording},
    units::MemoryMib,
};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    let Some((size, current)) = subject.target().zip(subject.task_size()) else { return };
    let memory = current.memory();
    if size.memory() >= memory {
        return;
    }
    let Some(savings) = subject.savings(size) else {
        docket.cannot_judge(Rule::MemoryOverprovisioned, subject, subject.why_no_price(subject.task));
        return;
    };
    let saved = savings.memory;
    if !subject.is_worth_it(saved, savings.cost) {
        return;
    }
    let before = subject.memory_before();
    let message = format!(
        "{} of memory, {}; {}",
        change(before, memory),
        evidence(subject),
        wording::monthly_excess(
            subject,
            saved,
            &wording::memory(size.memory()),
            before == Some(size.memory())
        )
    );
    let help = format!("{} is enough", wording::size(size));
    let at = subject.task.memory.place().unwrap_or(&subject.task.at);
    let draft = docket.find(Rule::MemoryOverprovisioned, at, message, Some(help));
    draft.monthly_cost_change = Some(subject.of_all_tasks(saved));
    draft.workload = peak(subject).map(|production| production.id.clone());
}

/// `this change takes the task from 2 GB to 8 GB`, or what is there where the change adds nothing.
fn change(before: Option<MemoryMib>, memory: MemoryMib) -> String {
    match before {
        Some(before) if before < memory => {
            format!(
                "this change takes the task from {} to {}",
                wording::memory(before),
                wording::memory(memory)
            )
        }
        _ => format!("the task has {}", wording::memory(memory)),
    }
}
