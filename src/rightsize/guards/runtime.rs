//! What the settings of language runtimes hold a container's memory to.
//!
//! A heap of a fixed size is a floor (see [`super::fixed_heap`]), and going below it means changing the setting first.
//! The others hold nothing:
//!
//! | runtime | setting | |
//! |---|---|---|
//! | JVM | `-XX:MaxRAMPercentage` without `-Xmx` | the heap follows the container's memory down to `-Xms`: a note, and a condition |
//! | any | a heap that is set and not known to what | a note, and a condition of less memory |
//! | gunicorn, Puma, uWSGI | workers, threads | each worker is a process with its own memory: a note |

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{
    Guard, GuardInput, Guards,
    container_size::limit_of,
    container_sizes, containers,
    fixed_heap::{Fixed, container_floor, fixed, largest, processes, written},
    listed,
};
use crate::{
    fargate::TaskSize,
    rightsize::TaskRoom,
    units::{CpuUnits, MemoryMib},
    workload::{Container, RuntimeSetting},
};

const HEAP_EXCEEDS_SIZE: &str = "heap-exceeds-size";
pub(super) const FIXED_HEAP: &str = "fixed-heap";
const HEAP_PERCENT_FOLLOWS: &str = "heap-percent-follows";
const HEAP_UNKNOWN: &str = "heap-unknown";
const WORKER_PROCESSES: &str = "worker-processes";

/// Memory that is used to this share of the size looks full.
const FULL_PERCENT: u64 = 85;
/// A JVM without any heap setting takes a quarter of its memory (HotSpot, server VM).
const DEFAULT_HEAP_PERCENT: u32 = 25;

/// What says how many worker processes there are; the first that is given holds: with gunicorn (settings,
/// "Configuration Overview") and Puma (README, "Clustered mode") a flag overrules a variable.
const WORKERS: [&str; 7] = [
    "--workers",
    "--processes",
    "WEB_CONCURRENCY",
    "GUNICORN_WORKERS",
    "PUMA_WORKERS",
    "UWSGI_PROCESSES",
    "UWSGI_WORKERS",
];

/// A JVM's heap as a share of its container's memory.
#[derive(Debug, PartialEq, Eq)]
struct HeapShare {
    /// 0.01 %.
    percent: u32,
    /// MiB that `-Xms` starts with: where the share is less, they are the largest heap, too (HotSpot).
    least: u64,
    setting: String,
}

impl HeapShare {
    fn of(settings: &[RuntimeSetting]) -> Option<Self> {
        let each = processes(settings).map(Some);
        [None].into_iter().chain(each).find_map(|process| Self::of_process(settings, process))
    }

    fn of_process(settings: &[RuntimeSetting], process: Option<u32>) -> Option<Self> {
        let own = || settings.iter().filter(|setting| setting.process == process);
        // What is not known may be a heap.
        if largest(settings, process, "-Xmx", 1).is_some() || own().any(|setting| !setting.is_known()) {
            return None;
        }
        let given = own()
            .filter(|setting| setting.name == "-XX:MaxRAMPercentage")
            .filter_map(|setting| Some((centi_percent(&setting.value)?, written(setting))))
            .max_by_key(|(percent, _)| *percent);
        let is_jvm = own().any(|setting| setting.name.starts_with("-X"));
        let (percent, setting) = given.or_else(|| {
            let default = format!("the JVM's default, {DEFAULT_HEAP_PERCENT} %");
            is_jvm.then_some((DEFAULT_HEAP_PERCENT * 100, default))
        })?;
        let least = largest(settings, process, "-Xms", 1).map_or(0, |(mib, _)| mib);
        Some(Self { percent, least, setting })
    }

    /// The heap in so much memory, in MiB.
    fn within(&self, limit: MemoryMib) -> u64 {
        share(limit, self.percent).max(self.least)
    }
}

fn centi_percent(value: &str) -> Option<u32> {
    let percent: Decimal = value.parse().ok()?;
    let valid = percent > Decimal::ZERO && percent <= Decimal::ONE_HUNDRED;
    valid.then(|| u32::try_from((percent * Decimal::ONE_HUNDRED).round()).ok()).flatten()
}

pub(super) fn guards(input: &GuardInput<'_>) -> Vec<Guard> {
    let mut guards = Vec::new();
    for container in &input.definition.containers {
        if let Some(fixed) = fixed(&container.runtime_settings) {
            guards.push(fixed_guard(input, container, &fixed));
        }
        if let Some(heap) = HeapShare::of(&container.runtime_settings) {
            let now = heap.within(limit_of(input, container));
            // No more than it starts with is fixed, and told as such.
            if now > heap.least {
                let (setting, name) = (&heap.setting, &container.name);
                let detail = format!("{setting}: the heap follows the memory of {name}, {now} MiB now");
                guards.push(Guard::note(HEAP_PERCENT_FOLLOWS, detail));
            }
        }
        if let Some(setting) = unknown(container) {
            let detail = format!(
                "what {setting} is for {} is not known here, nor how large a heap it allows",
                container.name
            );
            guards.push(Guard::note(HEAP_UNKNOWN, detail));
        }
        if let Some(detail) = workers(container) {
            guards.push(Guard::note(WORKER_PROCESSES, detail));
        }
    }
    guards
}

fn fixed_guard(input: &GuardInput<'_>, container: &Container, fixed: &Fixed) -> Guard {
    let Fixed { setting, needed, .. } = fixed;
    let name = &container.name;
    let limit = limit_of(input, container);
    let cpu = CpuUnits(0);
    let task_floor = containers::floor_with(input, container, container_floor(container));
    if *needed > u64::from(limit.0) {
        return Guard {
            code: HEAP_EXCEEDS_SIZE,
            detail: format!(
                "{setting} and what {name} needs beside come to about {needed} MiB, and it has {}: once the heap fills, the task is killed; lower the setting, or give it that much",
                limit.0
            ),
            cpu,
            memory: task_floor,
            always_a_reason: true,
        };
    }
    let looks_full = input
        .memory_peak
        .is_some_and(|peak| u64::from(peak) * 100 >= u64::from(input.size.memory().0) * FULL_PERCENT);
    let detail = if looks_full {
        format!(
            "memory looks full, and {setting} lets {name} fill {needed} MiB whatever it needs: only the heap in use after collections tells"
        )
    } else {
        format!("{setting} lets {name} grow to about {needed} MiB")
    };
    Guard { code: FIXED_HEAP, detail, cpu, memory: task_floor, always_a_reason: looks_full }
}

/// The settings of a container that are made and not known, in words.
fn unknown(container: &Container) -> Option<String> {
    let unknown = container.runtime_settings.iter().filter(|setting| !setting.is_known());
    let names: BTreeSet<&str> = unknown.map(|setting| setting.name.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    (!names.is_empty()).then(|| names.join(" or "))
}

fn workers(container: &Container) -> Option<String> {
    let count = |names: &[&str]| {
        let of = |name: &&str| container.runtime_settings.iter().find(|setting| setting.name == *name);
        let given = names.iter().filter_map(of).find_map(|setting| setting.value.parse::<u32>().ok());
        given.filter(|count| *count > 1)
    };
    let workers = count(&WORKERS)?;
    let threads = count(&["--threads", "RAILS_MAX_THREADS", "PUMA_MAX_THREADS", "UWSGI_THREADS"]);
    let threads = threads.map_or_else(String::new, |threads| format!(" of {threads} threads"));
    Some(format!(
        "{} runs {workers} worker processes{threads}: each has its own memory, so fewer of them need less",
        container.name
    ))
}

/// Part of a memory limit, rounded down.
fn share(limit: MemoryMib, centi_percent: u32) -> u64 {
    u64::from(limit.0) * u64::from(centi_percent) / 10_000
}

/// What a change to `to` does to heaps, and which settings keep it from being smaller.
pub(super) fn conditions(input: &GuardInput<'_>, to: TaskRoom, reasons: &[&'static str]) -> Vec<String> {
    let split = container_sizes::split(input, to);
    let mut conditions = Vec::new();
    // Those that must be lowered, or whose container must get more.
    let mut too_large = Vec::new();
    for (index, container) in input.definition.containers.iter().enumerate() {
        let now = limit_of(input, container);
        let then = split
            .as_ref()
            .and_then(|split| split.get(index))
            .map_or(to.memory(), |size| size.memory.unwrap_or(to.memory()));
        let holds = reasons.contains(&FIXED_HEAP) || reasons.contains(&HEAP_EXCEEDS_SIZE);
        if let Some(fixed) = fixed(&container.runtime_settings).filter(|_| holds) {
            if fixed.needed > u64::from(then.0) && fixed.needed > u64::from(now.0) {
                too_large.push(index);
                conditions.push(format!(
                    "lower {}, or give {} {} MiB: what it may fill does not fit",
                    fixed.setting, container.name, fixed.needed
                ));
            } else if to.memory() > input.size.memory() {
                conditions.push(format!(
                    "before paying for more memory, see whether {} may be lower",
                    fixed.setting
                ));
            }
        }
        if let Some(setting) = unknown(container)
            && then < now
        {
            let name = &container.name;
            conditions.push(format!("{name} gets {} MiB: what {setting} allows it must fit", then.0));
        }
        if let Some(heap) = HeapShare::of(&container.runtime_settings)
            && heap.within(then) < heap.within(now)
        {
            conditions.push(format!(
                "the heap of {} ({}) shrinks from {} to {} MiB: what is in use after collections must fit",
                container.name,
                heap.setting,
                heap.within(now),
                heap.within(then)
            ));
        }
    }
    if to.memory() <= input.size.memory()
        && let Some(settings) = to_lower(input, to, &too_large)
    {
        conditions.push(format!("to go lower in memory, lower {settings} first"));
    }
    conditions
}

/// The settings without which a task would need so much less memory than `to` has that a smaller size holds it, each
/// alone or all together; those of the containers `said` are left out.
fn to_lower(input: &GuardInput<'_>, to: TaskRoom, said: &[usize]) -> Option<String> {
    // With the least memory of its CPU it is CPU that holds a size: a smaller CPU has sizes of that memory, too.
    let smaller = TaskSize::all(input.os)
        .filter(|size| size.cpu() == to.cpu())
        .map(TaskSize::memory)
        .filter(|memory| *memory < to.memory())
        .max()?;
    let floor_without = |which: &dyn Fn(usize) -> bool| {
        let mut definition = input.definition.clone();
        for (index, container) in definition.containers.iter_mut().enumerate() {
            if which(index) {
                container.runtime_settings.clear();
            }
        }
        let floors = Guards::of(GuardInput { definition: &definition, ..*input }).floors();
        floors.1.max(input.memory_need)
    };
    let now = floor_without(&|_| false);
    if now <= smaller {
        return None;
    }
    let settings = |holds: &dyn Fn(MemoryMib) -> bool| -> Vec<String> {
        let containers = input.definition.containers.iter().enumerate();
        let unsaid = containers.filter(|(index, _)| !said.contains(index));
        let holding = unsaid.filter(|(index, _)| holds(floor_without(&|other| other == *index)));
        holding.filter_map(|(_, container)| Some(fixed(&container.runtime_settings)?.setting)).collect()
    };
    let alone = settings(&|floor| floor <= smaller);
    if !alone.is_empty() {
        return Some(alone.join(" or "));
    }
    let together = settings(&|floor| floor < now);
    (!together.is_empty() && floor_without(&|index| !said.contains(&index)) <= smaller)
        .then(|| listed(&together))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Vec<RuntimeSetting> {
        pairs.iter().map(|(name, value)| RuntimeSetting::new(*name, *value)).collect()
    }

    #[test]
    fn a_heap_by_percentage_counts_only_without_a_fixed_one() {
        let percent = |pairs: &[(&str, &str)]| HeapShare::of(&settings(pairs)).map(|heap| heap.percent);
        assert_eq!(percent(&[("-XX:MaxRAMPercentage", "75.0")]), Some(7500));
        assert_eq!(percent(&[("-XX:MaxRAMPercentage", "75"), ("-Xmx", "1g")]), None);
        assert_eq!(percent(&[("-XX:MaxMetaspaceSize", "64m")]), Some(2500));
        assert_eq!(percent(&[("--max-old-space-size", "512")]), None);
        assert_eq!(
            percent(&[("-XX:MaxMetaspaceSize", "64m"), ("-Xmx", "")]),
            None,
            "a heap, not known which"
        );
        assert_eq!(percent(&[("-XX:MaxMetaspaceSize", "64m"), ("JAVA_TOOL_OPTIONS", "")]), None);
        for value in ["0", "-5", "101", "1e3", "75%"] {
            assert_eq!(percent(&[("-XX:MaxRAMPercentage", value)]), Some(2500), "{value}: the default");
        }
    }

    #[test]
    fn a_heap_by_percentage_is_no_less_than_it_starts_with() {
        let heap =
            |pairs: &[(&str, &str)], mib| HeapShare::of(&settings(pairs)).unwrap().within(MemoryMib(mib));
        assert_eq!(heap(&[("-Xms", "2g")], 1024), 2048);
        assert_eq!(heap(&[("-Xms", "2g")], 16_384), 4096);
        assert_eq!(heap(&[("-Xms", "512m"), ("-XX:MaxRAMPercentage", "75")], 2048), 1536);
    }

    #[test]
    fn a_heap_by_percentage_may_be_of_one_process_only() {
        let of = |process, name, value| RuntimeSetting { process, ..RuntimeSetting::new(name, value) };
        let two = [of(Some(1), "-Xmx", "1g"), of(Some(2), "-XX:MaxRAMPercentage", "50")];
        assert_eq!(HeapShare::of(&two).map(|share| share.percent), Some(5000));
    }

    #[test]
    fn worker_processes_are_noted() {
        let container = |pairs: &[(&str, &str)]| Container {
            name: "web".into(),
            runtime_settings: settings(pairs),
            ..Container::default()
        };
        let note = workers(&container(&[("WEB_CONCURRENCY", "4"), ("RAILS_MAX_THREADS", "5")])).unwrap();
        assert!(note.contains("4 worker processes of 5 threads"), "{note}");
        let note = workers(&container(&[("WEB_CONCURRENCY", "4"), ("--workers", "2")])).unwrap();
        assert!(note.contains("2 worker processes"), "a flag overrules a variable: {note}");
        assert_eq!(workers(&container(&[("WEB_CONCURRENCY", "4"), ("--workers", "1")])), None);
        assert_eq!(workers(&container(&[("-p", "3000")])), None, "a port of Puma in an older snapshot");
        assert_eq!(workers(&container(&[("--workers", "1")])), None);
        assert_eq!(workers(&container(&[("--workers", "99999999999")])), None);
    }

    proptest! {
        #[test]
        fn no_value_panics(name in "-Xm[xs]|--max-old-space-size|GOMEMLIMIT|-XX:MaxRAMPercentage", value in "\\PC{0,40}|[0-9.]{0,60}[kmgtKMGT]?(ib|b)?") {
            let settings = settings(&[(&name, &value)]);
            let _ = (fixed(&settings), HeapShare::of(&settings));
        }
    }
}
