//! The choice of a size: price against risk.
//!
//! Takes every size that holds the floors and costs no more than the current one; gives the one with
//! the least monthly cost plus what its risk is worth (see [`Calibration`]). Where the current size
//! is too small, what a size costs is no bound.

use super::{
    calibration::{Calibration, Step},
    cheapest::{Floors, hourly},
};
use crate::{
    fargate::TaskSize,
    pricing::{NoPrice, PriceBook, TaskShape},
    units::{MemoryMib, Usd, decimal_as_f64},
    workload::PurchaseSplit,
};

/// A size and what it costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Priced {
    pub size: TaskSize,
    /// What of its memory can be used: see [`Guards::usable_memory`](super::Guards::usable_memory).
    pub usable: MemoryMib,
    /// USD a month for all the workload's tasks.
    pub monthly_cost: f64,
}

/// The sizes that hold `floors`: those [no dearer](no_dearer) than the current one where that does, else
/// [all](by_memory). `task_hours` are a month's.
pub fn ladder(
    book: &PriceBook,
    shape: &TaskShape,
    split: PurchaseSplit,
    current: TaskSize,
    floors: Floors,
    task_hours: f64,
    usable: impl Fn(TaskSize) -> MemoryMib,
) -> Result<Vec<Priced>, NoPrice> {
    let price = |size| Ok((size, hourly(book, shape, split, size)?));
    let sizes = TaskSize::all(shape.platform.os).filter(|size| floors.hold(*size)).map(price);
    let sizes = sizes.collect::<Result<Vec<(TaskSize, Usd)>, NoPrice>>()?;
    let month = |price: Usd| decimal_as_f64(price.0) * task_hours;
    if !floors.hold(current) {
        return Ok(by_memory(sizes, month, usable));
    }
    Ok(no_dearer(price(current)?, sizes.into_iter(), month, usable))
}

/// Of `sizes`, each with its price, the cheapest with each memory, by memory.
pub fn by_memory<P: Ord + Copy>(
    mut sizes: Vec<(TaskSize, P)>,
    month: impl Fn(P) -> f64,
    usable: impl Fn(TaskSize) -> MemoryMib,
) -> Vec<Priced> {
    sizes.sort_by_key(|(size, price)| (size.memory(), *price, size.cpu()));
    sizes.dedup_by_key(|(size, _)| size.memory());
    let priced = |(size, price)| Priced { size, usable: usable(size), monthly_cost: month(price) };
    sizes.into_iter().map(priced).collect()
}

/// Of `sizes`, each with its price, those that cost no more than the `current` one, by memory; the current one is
/// the last. Of sizes with the same memory only the cheapest.
pub fn no_dearer<P: Ord + Copy>(
    current: (TaskSize, P),
    sizes: impl Iterator<Item = (TaskSize, P)>,
    month: impl Fn(P) -> f64,
    usable: impl Fn(TaskSize) -> MemoryMib,
) -> Vec<Priced> {
    let others = sizes.filter(|(size, price)| *size != current.0 && *price <= current.1).collect();
    let (size, price) = current;
    let current = Priced { size, usable: usable(size), monthly_cost: month(price) };
    let mut sizes = by_memory(others, month, usable);
    sizes.push(current);
    sizes
}

/// The size of `ladder` (as [`ladder`] gives it) that weighs least, where the past memory peak was
/// `past_peak` KiB, of a task that has `memory` now. `None` of an empty ladder.
pub fn choose(
    calibration: &Calibration,
    ladder: &[Priced],
    memory: MemoryMib,
    past_peak: u64,
) -> Option<TaskSize> {
    let weight = |priced: &Priced| {
        let risk = if priced.size.memory() >= memory {
            0.0
        } else {
            calibration.cost_of_risk(past_peak, u64::from(priced.usable.0) * 1024)
        };
        priced.monthly_cost + risk
    };
    // Of equals, the later: more memory, or the current size.
    ladder.iter().rev().min_by(|a, b| weight(a).total_cmp(&weight(b))).map(|priced| priced.size)
}

/// The ladder as the calibration takes it.
pub fn steps(ladder: &[Priced]) -> Vec<Step> {
    ladder
        .iter()
        .map(|priced| Step { memory_mib: priced.usable.0, monthly_cost: priced.monthly_cost })
        .collect()
}
