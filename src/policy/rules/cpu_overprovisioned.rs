//! # cpu-overprovisioned
//!
//! The task has more CPU than the size that holds what production was seen to need, headroom included. The money
//! is that of the CPU alone; what memory is too much is another finding, which names the same size.
//!
//! **Why**: Fargate bills the vCPU a task requests, used or not, and a vCPU costs about nine GB.
//!
//! **Example**: 4 vCPU are requested, tasks took 0.4 vCPU or less 99.5 % of the time.
//!
//! **Fix**: take the size that the message names; `fargauge explain` shows the evidence behind it. Findings
//! that save less than `check.floor_usd` a month or `check.floor_percent` are not reported.
//!
//! Needs a snapshot. Default level: warn.

use super::cpu_underprovisioned::{busiest, evidence};
use crate::policy::{Rule, docket::Docket, subject::Subject, wording};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    let Some((size, current)) = subject.target().zip(subject.task_size()) else { return };
    let cpu = current.cpu();
    if size.cpu() >= cpu {
        return;
    }
    let Some(savings) = subject.savings(size) else {
        docket.cannot_judge(Rule::CpuOverprovisioned, subject, subject.why_no_price(subject.task));
        return;
    };
    let saved = savings.cpu;
    if !subject.is_worth_it(saved, savings.cost) {
        return;
    }
    let before = subject.cpu_before();
    let change = before.filter(|before| *before < cpu).map_or_else(
        || format!("the task has {}", wording::vcpu(cpu)),
        |before| {
            format!("this change takes the task from {} to {}", wording::vcpu(before), wording::vcpu(cpu))
        },
    );
    let begins_there = before == Some(size.cpu());
    let excess = wording::monthly_excess(subject, saved, &wording::vcpu(size.cpu()), begins_there);
    let message = format!("{change}, {}; {excess}", evidence(subject));
    let help = format!("{} is enough", wording::size(size));
    let at = subject.task.cpu.place().unwrap_or(&subject.task.at);
    let draft = docket.find(Rule::CpuOverprovisioned, at, message, Some(help));
    draft.monthly_cost_change = Some(subject.of_all_tasks(saved));
    draft.workload = busiest(subject).map(|production| production.id.clone());
}
