//! What the settings of language runtimes hold a container's memory to.
//!
//! A runtime told to use so much memory will, whatever was seen so far; a task cut below that is
//! killed the day the heap fills. So such a setting is a floor, and going below it means changing the
//! setting first. What a process needs beside its heap (MiB; rounded up):
//!
//! | runtime | setting | container memory needed |
//! |---|---|---|
//! | JVM | the larger of `-Xmx` and `-Xms`, H | H + 5 % of H (collector) + metaspace + code cache + direct buffers + 64 (64 threads of 1 MiB) |
//! | | metaspace | `-XX:MaxMetaspaceSize`, else 128 |
//! | | code cache | 64, or `-XX:ReservedCodeCacheSize` if less |
//! | | direct buffers | `-XX:MaxDirectMemorySize`, else 32 |
//! | Node.js | `--max-old-space-size`, N | N + 128 (young generation, code, buffers) |
//! | Go | `GOMEMLIMIT`, L | L + 10 % of L (it is soft, and knows nothing of memory outside of Go) |
//! | JVM | `-XX:MaxRAMPercentage` without `-Xmx` | no floor: the heap follows the container's memory down to `-Xms`, a condition |
//! | gunicorn, Puma, uWSGI | workers, threads | no floor: each worker is a process with its own memory; a note |
//!
//! These are allowances, not measurements: the JVM's defaults for metaspace and direct buffers are
//! bounded by the machine or the heap, and few programs get near. Of a setting that stands in
//! several places of which none is known to win (those that are have been left out by then) the larger value counts.
//!
//! | settings | container memory needed |
//! |---|---|
//! | `-Xmx1g` | 1024 + 52 + 128 + 64 + 32 + 64 = 1,364 |
//! | `-Xmx512m -Xms1g -XX:MaxMetaspaceSize=256m` | 1024 + 52 + 256 + 64 + 32 + 64 = 1,492 |
//! | `--max-old-space-size=1536` | 1,664 |
//! | `GOMEMLIMIT=450MiB` | 495 |
//! | `-XX:MaxRAMPercentage=75`, `--workers=4`, `-Xmx0` | none |

use rust_decimal::Decimal;

use super::{Guard, GuardInput, Guards, container_sizes, containers, listed};
use crate::{
    fargate::TaskSize,
    rightsize::TaskRoom,
    units::{CpuUnits, MemoryMib},
    workload::{Container, RuntimeSetting},
};

const HEAP_EXCEEDS_SIZE: &str = "heap-exceeds-size";
pub(super) const FIXED_HEAP: &str = "fixed-heap";
const HEAP_PERCENT_FOLLOWS: &str = "heap-percent-follows";
const WORKER_PROCESSES: &str = "worker-processes";

const JVM_METASPACE: u64 = 128;
const JVM_CODE_CACHE: u64 = 64;
const JVM_DIRECT: u64 = 32;
const JVM_THREADS: u64 = 64;
const JVM_COLLECTOR_PERCENT: u64 = 5;
const NODE_BESIDE: u64 = 128;
const GO_BESIDE_PERCENT: u64 = 10;
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

/// A setting that fixes memory, with what its container then needs, in MiB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// As written: `-Xmx1g`.
    pub setting: String,
    /// What the setting itself names.
    pub heap: u64,
    /// With what the process needs beside it.
    pub needed: u64,
}

/// The most that the settings of a container fix.
pub fn fixed(settings: &[RuntimeSetting]) -> Option<Fixed> {
    const MIB: u64 = 1 << 20;
    let of = |name: &str, plain_unit: u64| largest(settings, name, plain_unit);
    let jvm =
        of("-Xmx", 1).into_iter().chain(of("-Xms", 1)).max_by_key(|(mib, _)| *mib).map(|(heap, setting)| {
            let amount = |name: &str| of(name, 1).map(|(mib, _)| mib);
            let beside = percent_of(heap, JVM_COLLECTOR_PERCENT)
                .saturating_add(amount("-XX:MaxMetaspaceSize").unwrap_or(JVM_METASPACE))
                .saturating_add(
                    amount("-XX:ReservedCodeCacheSize").unwrap_or(JVM_CODE_CACHE).min(JVM_CODE_CACHE),
                )
                .saturating_add(amount("-XX:MaxDirectMemorySize").unwrap_or(JVM_DIRECT))
                .saturating_add(JVM_THREADS);
            Fixed { setting: written(setting), heap, needed: heap.saturating_add(beside) }
        });
    let node = of("--max-old-space-size", MIB).map(|(mib, setting)| Fixed {
        setting: written(setting),
        heap: mib,
        needed: mib.saturating_add(NODE_BESIDE),
    });
    let go = of("GOMEMLIMIT", 1).map(|(mib, setting)| Fixed {
        setting: written(setting),
        heap: mib,
        needed: mib.saturating_add(percent_of(mib, GO_BESIDE_PERCENT)),
    });
    [jvm, node, go].into_iter().flatten().max_by_key(|fixed| fixed.needed)
}

fn percent_of(value: u64, percent: u64) -> u64 {
    value.saturating_mul(percent).div_ceil(100)
}

/// Largest value of a setting in MiB, rounded up; nothing for zero, which means the default.
fn largest<'a>(
    settings: &'a [RuntimeSetting],
    name: &str,
    plain_unit: u64,
) -> Option<(u64, &'a RuntimeSetting)> {
    settings
        .iter()
        .filter(|setting| setting.name == name)
        .filter_map(|setting| Some((mebibytes(&setting.value, plain_unit)?, setting)))
        .filter(|(mib, _)| *mib > 0)
        .max_by_key(|(mib, _)| *mib)
}

/// Whole MiB of `512m`, `1GiB`, `1073741824`; too large a number is the largest there is.
fn mebibytes(value: &str, plain_unit: u64) -> Option<u64> {
    let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let unit: u128 = match value[digits.len()..].to_ascii_lowercase().as_str() {
        "" => plain_unit.into(),
        "b" => 1,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        _ => return None,
    };
    // All digits, so what does not parse is too large.
    let bytes = digits.parse::<u128>().unwrap_or(u128::MAX).saturating_mul(unit);
    Some(u64::try_from(bytes.div_ceil(1 << 20)).unwrap_or(u64::MAX))
}

/// The setting as it is written: `-Xmx1g`, `--max-old-space-size=1536`.
fn written(setting: &RuntimeSetting) -> String {
    let separator = if setting.name.starts_with("-Xm") { "" } else { "=" };
    format!("{}{separator}{}", setting.name, setting.value)
}

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
        if largest(settings, "-Xmx", 1).is_some() {
            return None;
        }
        let given = settings
            .iter()
            .filter(|setting| setting.name == "-XX:MaxRAMPercentage")
            .filter_map(|setting| Some((centi_percent(&setting.value)?, written(setting))))
            .max_by_key(|(percent, _)| *percent);
        let is_jvm = settings.iter().any(|setting| setting.name.starts_with("-X"));
        let (percent, setting) = given.or_else(|| {
            let default = format!("the JVM's default, {DEFAULT_HEAP_PERCENT} %");
            is_jvm.then_some((DEFAULT_HEAP_PERCENT * 100, default))
        })?;
        Some(Self { percent, setting, least: largest(settings, "-Xms", 1).map_or(0, |(mib, _)| mib) })
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

/// What a container's settings hold its memory to; 0 without such settings.
pub(super) fn container_floor(container: &Container) -> MemoryMib {
    let needed = fixed(&container.runtime_settings).map_or(0, |fixed| fixed.needed);
    MemoryMib(u32::try_from(needed).unwrap_or(u32::MAX))
}

pub(super) fn guards(input: &GuardInput<'_>) -> Vec<Guard> {
    let mut guards = Vec::new();
    for container in &input.definition.containers {
        if let Some(fixed) = fixed(&container.runtime_settings) {
            guards.push(fixed_guard(input, container, &fixed));
        }
        if let Some(heap) = HeapShare::of(&container.runtime_settings) {
            let now = heap.within(containers::limit_of(input, container));
            // No more than it starts with is fixed, and told as such.
            if now > heap.least {
                let (setting, name) = (&heap.setting, &container.name);
                let detail = format!("{setting}: the heap follows the memory of {name}, {now} MiB now");
                guards.push(Guard::note(HEAP_PERCENT_FOLLOWS, detail));
            }
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
    let limit = containers::limit_of(input, container);
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
        let now = containers::limit_of(input, container);
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
        pairs
            .iter()
            .map(|(name, value)| RuntimeSetting { name: (*name).into(), value: (*value).into() })
            .collect()
    }

    fn needed(pairs: &[(&str, &str)]) -> u64 {
        fixed(&settings(pairs)).map_or(0, |fixed| fixed.needed)
    }

    #[test]
    fn the_worked_table_holds() {
        assert_eq!(needed(&[("-Xmx", "1g")]), 1364);
        assert_eq!(needed(&[("-Xmx", "512m"), ("-Xms", "1g"), ("-XX:MaxMetaspaceSize", "256m")]), 1492);
        assert_eq!(needed(&[("--max-old-space-size", "1536")]), 1664);
        assert_eq!(needed(&[("GOMEMLIMIT", "450MiB")]), 495);
        assert_eq!(needed(&[("-XX:MaxRAMPercentage", "75"), ("--workers", "4"), ("-Xmx", "0")]), 0);
    }

    #[test]
    fn of_several_values_the_larger_counts() {
        assert_eq!(needed(&[("-Xmx", "1g"), ("-Xmx", "256m")]), needed(&[("-Xmx", "1g")]));
        assert_eq!(needed(&[("GOMEMLIMIT", "64MiB"), ("--max-old-space-size", "1536")]), 1664);
    }

    #[test]
    fn sizes_are_read_as_each_runtime_reads_them() {
        for (value, plain_unit, mib) in [
            ("1073741824", 1, Some(1024)),
            ("1", 1, Some(1)),
            ("1536", 1 << 20, Some(1536)),
            ("2G", 1, Some(2048)),
            ("2048k", 1, Some(2)),
            ("1tib", 1, Some(1 << 20)),
            ("1.5g", 1, None),
            ("", 1, None),
            ("g", 1, None),
            ("12x", 1, None),
            ("99999999999g", 1, Some(99_999_999_999 * 1024)),
            ("99999999999999999999999999999999999999999999g", 1, Some(u64::MAX)),
        ] {
            assert_eq!(mebibytes(value, plain_unit), mib, "{value}");
        }
    }

    #[test]
    fn a_heap_by_percentage_counts_only_without_a_fixed_one() {
        let percent = |pairs: &[(&str, &str)]| HeapShare::of(&settings(pairs)).map(|heap| heap.percent);
        assert_eq!(percent(&[("-XX:MaxRAMPercentage", "75.0")]), Some(7500));
        assert_eq!(percent(&[("-XX:MaxRAMPercentage", "75"), ("-Xmx", "1g")]), None);
        assert_eq!(percent(&[("-XX:MaxMetaspaceSize", "64m")]), Some(2500));
        assert_eq!(percent(&[("--max-old-space-size", "512")]), None);
        for value in ["0", "-5", "101", "1e3", "", "75%"] {
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

        #[test]
        fn a_larger_heap_never_needs_less(a in 1u64..200_000, b in 1u64..200_000) {
            let at = |mib: u64| needed(&[("-Xmx", &format!("{mib}m"))]);
            prop_assert!(at(a.min(b)) <= at(a.max(b)));
            prop_assert!(at(a) > a);
        }
    }
}
