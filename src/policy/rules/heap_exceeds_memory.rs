//! # heap-exceeds-memory
//!
//! A runtime is told to use more memory than its container may have: a JVM's `-Xmx`, Node's
//! `--max-old-space-size`, Go's `GOMEMLIMIT`, each with what the process needs beside its heap.
//!
//! **Why**: the day the heap fills, the container is killed, however little was used so far.
//!
//! **Example**: `JAVA_TOOL_OPTIONS=-Xmx4g` in a container of 4,096 MiB. With metaspace, code cache, threads
//! and the collector it needs about 4.6 GB.
//!
//! **Fix**: lower the flag, raise the memory, or let the heap follow the container:
//! `-XX:MaxRAMPercentage=75`.
//!
//! Default level: deny. Where the heap alone would fit, and only what is beside it does not, it warns at most. A heap
//! that is set to what is not known, as by a secret, is not judged.

use crate::{
    policy::{Rule, docket::Docket, subject::Subject},
    rightsize::{FixedHeap, fixed_heap},
    template::Setting,
    workload::RuntimeSetting,
};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    for container in &subject.task.containers {
        let settings: Vec<_> =
            container.runtime_settings.iter().map(|(setting, _)| setting.clone()).collect();
        let name = container.label.as_str();
        let unknown = settings.iter().find(|setting| !setting.is_known());
        let Some(FixedHeap { setting, heap, needed }) = fixed_heap(&settings) else {
            tell_unknown(unknown, name, subject, docket);
            continue;
        };
        // The hard limit of its own, else the task's.
        let limit = match (&container.memory, &subject.task.memory) {
            (Setting::Known { value, .. }, _) | (Setting::Absent, Setting::Known { value, .. }) => *value,
            (Setting::Absent, Setting::Absent) => continue,
            _ => {
                let why = format!("the memory of container {name:?} is not known");
                docket.cannot_judge(Rule::HeapExceedsMemory, subject, why);
                continue;
            }
        };
        if needed <= u64::from(limit.0) {
            tell_unknown(unknown, name, subject, docket);
            continue;
        }
        let message = format!(
            "{setting} needs about {needed} MiB with what is beside the heap, container {name:?} has {}",
            limit.0
        );
        let help = "lower the flag or raise the memory; a JVM's heap can follow the container with \
                    -XX:MaxRAMPercentage=75"
            .to_owned();
        let flag = container.runtime_settings.iter().find(|(s, _)| setting.starts_with(&s.name));
        let at = flag.map_or(&container.at, |(_, place)| place);
        let draft = docket.find(Rule::HeapExceedsMemory, at, message, Some(help));
        draft.container = Some(name.to_owned());
        draft.severity = needed - u64::from(limit.0);
        // What a process needs beside its heap is an allowance, and no build should fail by an allowance.
        draft.only_warns = heap < u64::from(limit.0);
    }
}

fn tell_unknown(unknown: Option<&RuntimeSetting>, name: &str, subject: &Subject<'_>, docket: &mut Docket) {
    if let Some(setting) = unknown {
        let why = format!("what {} is for container {name:?} is not known", setting.name);
        docket.cannot_judge(Rule::HeapExceedsMemory, subject, why);
    }
}
