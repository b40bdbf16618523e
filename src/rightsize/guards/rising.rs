//! Memory that rises day by day is not cut to what it will soon pass; of CPU that does, it is said when it is full.
//!
//! A leak, or a cache without a bound, fills any size: a smaller one is full sooner. So its pace goes on, for as
//! many days as it was seen, before the size is cut; it calls for no larger size, since none would do.
//!
//! | size now | daily peaks | not below |
//! |---|---|---|
//! | 8 GB | 0.4 to 3.0 GB in 13 days, 0.2 GB a day | 5.6 GB |
//! | 4 GB | the same | 4 GB |
//!
//! What is short of CPU is slow and runs on, so its rise holds no size up. Both are looked at for 60 days:
//!
//! | size chosen | busiest period of the days | is said |
//! |---|---|---|
//! | 0.5 vCPU | 0.27 to 0.4 vCPU in 13 days, 0.01 a day | full in about 10 days |
//! | 1 vCPU | the same | full in about 60 days |
//! | 2 vCPU | the same | nothing |

use super::{Guard, GuardInput, containers::main_room};
use crate::{
    demand::Rise,
    rightsize::TaskRoom,
    units::{CpuUnits, MemoryMib},
};

pub(super) const CODE: &str = "memory-rising";

const CPU_CODE: &str = "cpu-rising";

/// Days within which a full size is worth a word.
const SOON: u64 = 60;

pub(super) fn guard(input: &GuardInput<'_>) -> Option<Guard> {
    let rise = input.rise?;
    let Rise { per_day, days, .. } = rise;
    let full = days_until_full(input, input.size)
        .map_or_else(String::new, |days| format!("; what it has now is full {}", after(days)));
    let detail = format!(
        "the day's peak of memory rose steadily, by {} MiB a day over {days} days: so on, it is {} MiB in {days} \
         days more{full}",
        per_day.div_ceil(1024),
        rise.in_days(days).div_ceil(1024),
    );
    let memory = rising_floor(Some(rise), input.size.memory());
    let always_a_reason = days_until_full(input, input.size).is_some();
    Some(Guard { code: CODE, detail, cpu: CpuUnits(0), memory, always_a_reason })
}

/// What memory of a task of `size` is not cut below; 0 holds nothing.
pub fn rising_floor(rise: Option<Rise>, size: MemoryMib) -> MemoryMib {
    let reached = rise.map_or(0, |rise| rise.in_days(rise.days).div_ceil(1024));
    MemoryMib(u32::try_from(reached).unwrap_or(u32::MAX)).min(size)
}

/// Days until a task of size `to` is full, or its main container, if that is before long.
pub(super) fn days_until_full(input: &GuardInput<'_>, to: TaskRoom) -> Option<u64> {
    let days = input.rise?.days_until(u64::from(main_room(input, to).0) * 1024);
    (days <= SOON).then_some(days)
}

/// Whole days, in words.
fn after(days: u64) -> String {
    match days {
        0 => "within a day".to_owned(),
        1 => "in about a day".to_owned(),
        _ => format!("in about {days} days"),
    }
}

/// When a chosen size will be full.
pub(super) fn condition(input: &GuardInput<'_>, to: TaskRoom) -> Option<String> {
    days_until_full(input, to)
        .map(|days| format!("memory is full {} if it goes on rising as it did", after(days)))
}

/// That CPU rises, wherever that is worth a word.
pub(super) fn cpu_note(input: &GuardInput<'_>) -> Option<Guard> {
    let rise = input.cpu_rise?;
    let full = days_until_cpu_is_full(input, input.size)?;
    let units = |thousandths: u64| thousandths.div_ceil(1000);
    let detail = format!(
        "the CPU of the day's busiest period rose steadily, to {} units, by {} a day over {} days: so on, what it has \
         now is full {}",
        units(rise.peak),
        units(rise.per_day),
        rise.days,
        after(full),
    );
    Some(Guard::note(CPU_CODE, detail))
}

fn days_until_cpu_is_full(input: &GuardInput<'_>, to: TaskRoom) -> Option<u64> {
    let days = input.cpu_rise?.days_until(u64::from(to.cpu().0) * 1000);
    (days <= SOON).then_some(days)
}

pub(super) fn cpu_condition(input: &GuardInput<'_>, to: TaskRoom) -> Option<String> {
    days_until_cpu_is_full(input, to)
        .map(|days| format!("CPU is full {} if it goes on rising as it did", after(days)))
}
