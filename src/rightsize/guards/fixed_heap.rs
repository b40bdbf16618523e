//! [`Fixed`]: what a heap of a fixed size makes a container need.
//!
//! A runtime told to use so much memory will, whatever was seen so far; a task cut below that is
//! killed the day the heap fills. What a process needs beside its heap (MiB; rounded up):
//!
//! | runtime | setting | container memory needed |
//! |---|---|---|
//! | JVM | the larger of `-Xmx` and `-Xms`, H | H + 5 % of H (collector) + metaspace + code cache + direct buffers + 64 (64 threads of 1 MiB) |
//! | | metaspace | `-XX:MaxMetaspaceSize`, else 128 |
//! | | code cache | 64, or `-XX:ReservedCodeCacheSize` if less |
//! | | direct buffers | `-XX:MaxDirectMemorySize`, else 32 |
//! | Node.js | `--max-old-space-size`, N | N + 128 (young generation, code, buffers) |
//! | Go | `GOMEMLIMIT`, L | L + 10 % of L (it is soft, and knows nothing of memory outside of Go) |
//!
//! These are allowances, not measurements: the JVM's defaults for metaspace and direct buffers are
//! bounded by the machine or the heap, and few programs get near. Of a setting that stands in
//! several places of which none is known to win (those that are have been left out by then) the larger value counts.
//! Processes that are known to run at once need the sum.
//!
//! | settings | container memory needed |
//! |---|---|
//! | `-Xmx1g` | 1024 + 52 + 128 + 64 + 32 + 64 = 1,364 |
//! | `-Xmx512m -Xms1g -XX:MaxMetaspaceSize=256m` | 1024 + 52 + 256 + 64 + 32 + 64 = 1,492 |
//! | `-Xmx1g` of one process and `-Xmx512m` of another at once | 1,364 + 826 = 2,190 |
//! | `--max-old-space-size=1536` | 1,664 |
//! | `GOMEMLIMIT=450MiB` | 495 |
//! | `-XX:MaxRAMPercentage=75`, `--workers=4`, `-Xmx0` | none |

use std::collections::BTreeSet;

use super::listed;
use crate::{
    units::MemoryMib,
    workload::{Container, RuntimeSetting},
};

const JVM_METASPACE: u64 = 128;
const JVM_CODE_CACHE: u64 = 64;
const JVM_DIRECT: u64 = 32;
const JVM_THREADS: u64 = 64;
const JVM_COLLECTOR_PERCENT: u64 = 5;
const NODE_BESIDE: u64 = 128;
const GO_BESIDE_PERCENT: u64 = 10;

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

/// The most that the settings of a container fix: the sum over the processes that run at once, or what is fixed for
/// whichever process it is of.
pub fn fixed(settings: &[RuntimeSetting]) -> Option<Fixed> {
    let at_once: Vec<Fixed> =
        processes(settings).filter_map(|process| fixed_of(settings, Some(process))).collect();
    let sum = |of: fn(&Fixed) -> u64| at_once.iter().map(of).fold(0, u64::saturating_add);
    let together = at_once.split_first().map(|(first, others)| {
        let others: Vec<String> = others.iter().map(|fixed| fixed.setting.clone()).collect();
        let beside =
            if others.is_empty() { String::new() } else { format!(" together with {}", listed(&others)) };
        Fixed {
            setting: format!("{}{beside}", first.setting),
            heap: sum(|fixed| fixed.heap),
            needed: sum(|fixed| fixed.needed),
        }
    });
    [fixed_of(settings, None), together].into_iter().flatten().max_by_key(|fixed| fixed.needed)
}

/// The processes that are known to run at once, ascending.
pub(super) fn processes(settings: &[RuntimeSetting]) -> impl Iterator<Item = u32> {
    settings.iter().filter_map(|setting| setting.process).collect::<BTreeSet<_>>().into_iter()
}

/// The most that is fixed for one process; for `None`, of the settings that are known of none.
fn fixed_of(settings: &[RuntimeSetting], process: Option<u32>) -> Option<Fixed> {
    const MIB: u64 = 1 << 20;
    let of = |name: &str, plain_unit: u64| largest(settings, process, name, plain_unit);
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

/// Largest value of a process's setting in MiB, rounded up; nothing for zero, which means the default.
pub(super) fn largest<'a>(
    settings: &'a [RuntimeSetting],
    process: Option<u32>,
    name: &str,
    plain_unit: u64,
) -> Option<(u64, &'a RuntimeSetting)> {
    settings
        .iter()
        .filter(|setting| setting.process == process && setting.name == name)
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
pub(super) fn written(setting: &RuntimeSetting) -> String {
    let separator = if setting.name.starts_with("-Xm") { "" } else { "=" };
    format!("{}{separator}{}", setting.name, setting.value)
}

/// What a container's settings hold its memory to; 0 without such settings.
pub(super) fn container_floor(container: &Container) -> MemoryMib {
    let needed = fixed(&container.runtime_settings).map_or(0, |fixed| fixed.needed);
    MemoryMib(u32::try_from(needed).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Vec<RuntimeSetting> {
        pairs.iter().map(|(name, value)| RuntimeSetting::new(*name, *value)).collect()
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
    fn processes_that_run_at_once_need_the_sum() {
        let of = |pairs: &[(u32, &str, &str)]| -> Vec<RuntimeSetting> {
            let setting = |(process, name, value): &(u32, &str, &str)| RuntimeSetting {
                process: Some(*process).filter(|process| *process > 0),
                ..RuntimeSetting::new(*name, *value)
            };
            pairs.iter().map(setting).collect()
        };
        let two = fixed(&of(&[(1, "-Xmx", "1g"), (2, "-Xmx", "512m")])).unwrap();
        assert_eq!(
            (two.setting.as_str(), two.heap, two.needed),
            ("-Xmx1g together with -Xmx512m", 1536, 2190)
        );
        // Each with what is its own.
        let own = of(&[(1, "-Xmx", "1g"), (2, "-Xmx", "512m"), (2, "-XX:MaxMetaspaceSize", "256m")]);
        assert_eq!(fixed(&own).unwrap().needed, 2190 + 128);
        // One that is of no process known may be of any of them.
        let third = of(&[(0, "-Xmx", "1g"), (1, "-Xmx", "1g"), (2, "-Xmx", "512m")]);
        assert_eq!(fixed(&third).unwrap().needed, 2190);
        assert_eq!(
            fixed(&of(&[(0, "-Xmx", "3g"), (1, "-Xmx", "1g"), (2, "-Xmx", "512m")])).unwrap().heap,
            3072
        );
        let three = of(&[(1, "-Xmx", "1g"), (2, "GOMEMLIMIT", "1GiB"), (7, "--max-old-space-size", "512")]);
        let three = fixed(&three).unwrap();
        assert_eq!(three.setting, "-Xmx1g together with GOMEMLIMIT=1GiB and --max-old-space-size=512");
        assert_eq!(three.needed, 1364 + 1127 + 640);
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

    proptest! {
        #[test]
        fn a_larger_heap_never_needs_less(a in 1u64..200_000, b in 1u64..200_000) {
            let at = |mib: u64| needed(&[("-Xmx", &format!("{mib}m"))]);
            prop_assert!(at(a.min(b)) <= at(a.max(b)));
            prop_assert!(at(a) > a);
        }
    }
}
