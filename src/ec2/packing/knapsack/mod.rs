//! [`fullest`]: what one instance holds that is worth most.
//!
//! By a table of all amounts where these are few, as with Fargate's task sizes on instances that are not very
//! large; by branch and bound elsewhere.

mod branching;
mod table;

use super::model::{Amounts, fit};

/// Tasks that are alike, and what one of them is worth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub class: usize,
    pub needs: Amounts,
    pub worth: u64,
    pub most: u32,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Fullest {
    pub worth: u64,
    /// Class and number of tasks.
    pub take: Vec<(usize, u32)>,
    /// Nothing the instance can hold is worth more. Equal to `worth` where the search came to its end.
    pub ceiling: u64,
}

/// How far to search.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    pub nodes: usize,
    /// What is worth no more than this need not be found.
    pub enough: u64,
}

/// The fullest instance of `capacity` that is found with `effort`.
pub(super) fn fullest(capacity: &Amounts, mut items: Vec<Item>, effort: Effort) -> Fullest {
    items.retain(|item| item.worth > 0 && item.most > 0 && fit(&item.needs, capacity, 1) == 1);
    if items.is_empty() {
        return Fullest::default();
    }
    let by_table = if fillings(capacity, &items) > FEW_FILLINGS.min(effort.nodes) {
        table::fullest(capacity, &items, effort.nodes)
    } else {
        None
    };
    by_table.unwrap_or_else(|| branching::fullest(capacity, items, effort))
}

/// Ways to fill an instance that branching is through with sooner than a table.
const FEW_FILLINGS: usize = 2_000;

/// No fewer than the ways to fill an instance, unless there are more than [`FEW_FILLINGS`].
fn fillings(capacity: &Amounts, items: &[Item]) -> usize {
    let tasks = (0..4).filter_map(|kind| {
        let least = items.iter().map(|item| item.needs[kind]).min().filter(|&least| least > 0)?;
        Some((capacity[kind] / least) as usize)
    });
    let tasks = tasks.min().unwrap_or(usize::MAX);
    // So many of these classes, or none, with repetition: (classes + tasks) over tasks.
    let mut ways = 1_usize;
    for chosen in 1..=tasks {
        ways = ways * (items.len() + chosen) / chosen;
        if ways > FEW_FILLINGS {
            break;
        }
    }
    ways
}

#[cfg(test)]
mod tests;
