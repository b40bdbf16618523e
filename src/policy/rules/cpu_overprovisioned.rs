//! # cpu-overprovisioned
//!
//! The task has more CPU than what production was seen to need, headroom included, and a size with less is
//! cheaper.
//!
//! **Why**: Fargate bills the vCPU a task requests, used or not, and a vCPU costs about nine GB.
//!
//! **Example**: 4 vCPU are requested, tasks took 0.4 vCPU or less 99.5 % of the time.
//!
//! **Fix**: take the size that the message names; `fargauge explain` shows the evidence behind it. Findings
//! that save less than `check.floor_usd` a month or `check.floor_percent` are not reported.
//!
//! Needs a snapshot. Default level: warn.

use super::cpu_underprovisioned::evidence;
use crate::policy::{Rule, docket::Docket, subject::Subject, wording};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    let Some((needed_cpu, needed_memory)) = subject.needed() else { return };
    let Some((cpu, memory)) = subject.task_size().map(|size| (size.cpu(), size.memory())) else { return };
    if cpu <= needed_cpu {
        return;
    }
    // Fargate couples the two: where less CPU goes only with less memory, and that is enough, both go.
    let with_memory = subject.monthly_of_cheapest(needed_cpu, memory);
    let with_both = subject.monthly_of_cheapest(needed_cpu, needed_memory.min(memory));
    let cost = subject.monthly(subject.task);
    let (Some(with_memory), Some(with_both), Some(cost)) = (with_memory, with_both, cost) else {
        docket.cannot_judge(Rule::CpuOverprovisioned, subject, subject.why_no_price(subject.task));
        return;
    };
    let (size, cheaper) =
        if subject.is_worth_it(cost - with_memory.1, cost) { with_memory } else { with_both };
    let saved = cost - cheaper;
    if size.cpu() >= cpu || !subject.is_worth_it(saved, cost) {
        return;
    }
    let before = subject.cpu_before();
    let change = before.filter(|before| *before < cpu).map_or_else(
        || format!("the task has {}", wording::vcpu(cpu)),
        |before| {
            format!("this change takes the task from {} to {}", wording::vcpu(before), wording::vcpu(cpu))
        },
    );
    let begins_there = before == Some(size.cpu()) && size.memory() == memory;
    let excess = wording::monthly_excess(subject, saved, &wording::vcpu(size.cpu()), begins_there);
    let message = format!("{change}, {}; {excess}", evidence(subject));
    let memory_too = if size.memory() == memory {
        String::new()
    } else {
        format!(", with {} of memory", wording::memory(size.memory()))
    };
    let help = format!("{} is enough (cpu {}){memory_too}", wording::vcpu(size.cpu()), size.cpu().0);
    let at = subject.task.cpu.place().unwrap_or(&subject.task.at);
    docket.find(Rule::CpuOverprovisioned, at, message, Some(help)).monthly_cost_change =
        Some(subject.of_all_tasks(saved));
}
