//! # cpu-underprovisioned
//!
//! The task has less CPU than production was seen to need, headroom included.
//!
//! **Why**: a Fargate task's CPU is a hard cap: what lies above is throttled, and requests wait.
//!
//! **Example**: 0.25 vCPU is requested, tasks took 0.6 vCPU one period in two hundred.
//!
//! **Fix**: take the size that the message names, or waive the finding where slower is good enough.
//!
//! Needs a snapshot. Default level: warn.

use crate::policy::{Production, Rule, docket::Docket, subject::Subject, wording};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    let Some((needed, _)) = subject.needed() else { return };
    let Some(cpu) = subject.task.cpu.known().copied() else { return };
    if cpu >= needed || subject.keeps_cpu() {
        return;
    }
    let message = format!("the task has {}, {}", wording::vcpu(cpu), evidence(subject));
    let help = subject.target().map(|size| format!("with headroom it needs {}", wording::size(size)));
    let at = subject.task.cpu.place().unwrap_or(&subject.task.at);
    let draft = docket.find(Rule::CpuUnderprovisioned, at, message, help);
    draft.severity = u64::from(needed.0 - cpu.0);
    draft.workload = busiest(subject).map(|production| production.id.clone());
}

/// `the busiest task took 0.4 vCPU or less 99.5 % of 14 days`.
pub fn evidence(subject: &Subject<'_>) -> String {
    match busiest(subject).and_then(|production| Some((production.cpu_vcpu?, production.days))) {
        Some((percentile, days)) => format!(
            "the busiest task took {} vCPU or less 99.5 % of {} days",
            wording::short(percentile),
            wording::short(days.round())
        ),
        None => "what it takes is not known".to_owned(),
    }
}

/// The workload that [`evidence`] is of.
pub fn busiest<'a>(subject: &Subject<'a>) -> Option<&'a Production> {
    let measured = subject.production.iter().copied().filter(|production| production.cpu_vcpu.is_some());
    measured.reduce(|a, b| if b.cpu_vcpu > a.cpu_vcpu { b } else { a })
}
