//! # memory-overprovisioned
//!
//! The task has more memory than what production was seen to need, headroom included, and a size with less
//! is cheaper.
//!
//! **Why**: Fargate bills the memory a task requests, used or not.
//!
//! **Example**: 8 GB are requested, the most that a task used in 14 days is 0.9 GB.
//!
//! **Fix**: take the size that the message names; `fargauge explain` shows the evidence behind it. Findings
//! that save less than `check.floor_usd` a month or `check.floor_percent` are not reported.
//!
//! Needs a snapshot. Default level: warn.

use super::memory_underprovisioned::evidence;
use crate::{
    policy::{Rule, docket::Docket, subject::Subject, wording},
    units::MemoryMib,
};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    let Some((_, needed)) = subject.needed() else { return };
    let Some((cpu, memory)) = subject.task_size().map(|size| (size.cpu(), size.memory())) else { return };
    if memory <= needed {
        return;
    }
    // With the CPU that is asked for; what CPU is too many is another finding.
    let Some((size, cheaper)) = subject.monthly_of_cheapest(cpu, needed) else {
        docket.cannot_judge(Rule::MemoryOverprovisioned, subject, subject.why_no_price(subject.task));
        return;
    };
    let Some(cost) = subject.monthly(subject.task) else { return };
    let saved = cost - cheaper;
    if !subject.is_worth_it(saved, cost) {
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
    let help = format!("{} of memory is enough (memory {})", wording::memory(size.memory()), size.memory().0);
    let at = subject.task.memory.place().unwrap_or(&subject.task.at);
    docket.find(Rule::MemoryOverprovisioned, at, message, Some(help)).monthly_cost_change =
        Some(subject.of_all_tasks(saved));
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
