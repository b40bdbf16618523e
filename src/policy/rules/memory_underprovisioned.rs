//! # memory-underprovisioned
//!
//! The task has less memory than production was seen to need, headroom included.
//!
//! **Why**: a task that runs out of memory is killed at once.
//!
//! **Example**: 1 GB is requested, a task used 1.1 GB in the last 14 days.
//!
//! **Fix**: take the size that the message names, or find out why less will be needed from now on and waive
//! the finding until production shows it.
//!
//! Needs a snapshot. Default level: warn.

use crate::{
    policy::{Production, Rule, docket::Docket, subject::Subject, wording},
    units::MemoryMib,
};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    let Some((_, needed)) = subject.needed() else { return };
    let Some(memory) = subject.task.memory.known().copied() else { return };
    // What runs now and was found large enough, or its equal, is not to be doubted for a step of the ladder.
    if memory >= needed || subject.keeps_memory() {
        return;
    }
    let message = format!("the task has {}, {}", wording::memory(memory), evidence(subject));
    let help = subject.target().map(|size| format!("with headroom it needs {}", wording::size(size)));
    let at = subject.task.memory.place().unwrap_or(&subject.task.at);
    let draft = docket.find(Rule::MemoryUnderprovisioned, at, message, help);
    draft.severity = u64::from(needed.0 - memory.0);
    draft.workload = peak(subject).map(|production| production.id.clone());
}

/// `the 14-day peak is 0.9 GB`.
pub fn evidence(subject: &Subject<'_>) -> String {
    match peak(subject).and_then(|production| Some((production.memory_mib_max?, production.days))) {
        Some((mib, days)) => {
            let mib = u32::try_from(mib.ceil()).unwrap_or(u32::MAX);
            format!("the {}-day peak is {}", wording::short(days.round()), wording::memory(MemoryMib(mib)))
        }
        None => "its peak is not known".to_owned(),
    }
}

/// The workload that [`evidence`] is of.
pub fn peak<'a>(subject: &Subject<'a>) -> Option<&'a Production> {
    let measured =
        subject.production.iter().copied().filter(|production| production.memory_mib_max.is_some());
    measured.reduce(|a, b| if b.memory_mib_max > a.memory_mib_max { b } else { a })
}
