//! How findings write sizes, money and tasks.

use rust_decimal::{Decimal, RoundingStrategy};

use super::subject::{Subject, Tasks, TasksFrom};
use crate::{
    fargate::TaskSize,
    units::{CpuUnits, MemoryMib},
};

/// `+19.47 USD`, `-3.50 USD`.
pub fn change(usd: Decimal) -> String {
    let rounded = usd.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
    let sign = if rounded.is_sign_negative() && !rounded.is_zero() { "" } else { "+" };
    format!("{sign}{rounded:.2} USD")
}

/// `19.47 USD`.
pub fn amount(usd: Decimal) -> String {
    format!("{:.2} USD", usd.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
}

/// `2 GB`, `0.5 GB`, `1.45 GB`.
pub fn memory(mib: MemoryMib) -> String {
    mib.to_string()
}

pub fn vcpu(cpu: CpuUnits) -> String {
    cpu.to_string()
}

/// `1 vCPU / 2 GB (cpu 1024, memory 2048)`.
pub fn size(size: TaskSize) -> String {
    format!("{size} (cpu {}, memory {})", size.cpu().0, size.memory().0)
}

/// At most two decimals.
pub fn short(value: Decimal) -> Decimal {
    value.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero).normalize()
}

/// `4 tasks`, `1 task`, `2.5 tasks on average`.
pub fn tasks(tasks: Tasks) -> String {
    let count = short(tasks.count);
    let counted = if count == Decimal::ONE { "1 task".to_owned() } else { format!("{count} tasks") };
    match tasks.from {
        TasksFrom::Production if !count.is_integer() => format!("{counted} on average"),
        TasksFrom::OtherSide => format!("{counted} as in the base (the number now is not known)"),
        _ => counted,
    }
}

/// `+19.47 USD a month per task, +77.88 USD for 4 tasks`; one figure where there is one task.
pub fn monthly_change(subject: &Subject<'_>, per_task: Decimal) -> String {
    let all = subject.tasks();
    let each = format!("{} a month per task", change(per_task));
    match all.from {
        TasksFrom::Nothing => each,
        _ if all.count == Decimal::ONE => format!("{} a month", change(per_task)),
        _ => format!("{each}, {} for {}", change(per_task * all.count), tasks(all)),
    }
}

/// As [`monthly_change`], of what is paid over a size that is enough. A change that began at that size needs no
/// more words: it is what costs this.
pub fn monthly_excess(subject: &Subject<'_>, per_task: Decimal, enough: &str, begins_there: bool) -> String {
    let change = monthly_change(subject, per_task);
    if begins_there { change } else { format!("{change}, more than {enough} would cost") }
}
