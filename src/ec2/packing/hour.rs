//! [`solve`]: one hour's instances and what they cost at least.

use std::sync::OnceLock;

use super::{
    attempt::{Attempt, EXACT_TASKS, SETS_TASKS, Solved},
    bound::Bounds,
    columns::Column,
    exact::Table,
    few,
    fill::{Choice, ORDERS, Order},
    many::{self, Sample},
    model::{Demand, Model},
    prices::Prices,
    sets::{Lines, Subset},
};

/// What the hours of a model share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub bounds: Bounds,
    pub columns: Vec<Column>,
    /// Whether there are so many tasks that one instance more or less hardly counts.
    pub many: bool,
    /// Instances that a search of an hour may fill.
    pub search_budget: usize,
    /// Where there are many tasks: hours that are packed already.
    pub samples: Vec<Sample>,
    /// Tasks of each class, at most.
    pub peaks: Vec<u32>,
    /// Made when first needed, and the same whoever needs it.
    pub table: OnceLock<Option<Table>>,
    /// Rounds of columns for an hour by itself.
    pub rounds: usize,
    /// Where managed scaling works on several types: sets of types that are solved by themselves.
    pub subsets: Vec<Subset>,
}

/// Offers that are tried alone.
const OFFERS_TRIED: usize = 6;

/// Packs one hour.
pub(super) fn solve(model: &Model, demand: &Demand, shared: &Shared) -> Solved {
    solve_below(model, demand, shared, u64::MAX)
}

/// Packs one hour, unless it costs as much as `limit` at least; then there may be no instances.
pub(super) fn solve_below(model: &Model, demand: &Demand, shared: &Shared, limit: u64) -> Solved {
    worked(model, demand, shared, limit).0.end()
}

/// The sets of types that would be worth preparing to pack one hour.
pub(super) fn wanted(model: &Model, demand: &Demand, shared: &Shared) -> Vec<Lines> {
    worked(model, demand, shared, u64::MAX).1
}

fn worked<'a>(
    model: &'a Model,
    demand: &'a Demand,
    shared: &'a Shared,
    limit: u64,
) -> (Attempt<'a>, Vec<Lines>) {
    let bound = shared.bounds.hour(model, demand);
    let tolerated = match demand.counts.iter().sum::<u32>() {
        0..=EXACT_TASKS => 0,
        // The bound knows less of instances that are kept free.
        _ if shared.many && model.target_percent < 100 && model.offers.len() > 1 => bound / 80,
        _ if shared.many => bound / 250,
        SETS_TASKS.. if model.managed() => bound / 100,
        _ => bound / 2_000,
    };
    let by_value = |a: &&Prices, b: &&Prices| a.value(&demand.counts).total_cmp(&b.value(&demand.counts));
    let guide = shared.bounds.prices.iter().max_by(by_value);
    let mut promising: Vec<usize> = (0..model.offers.len()).collect();
    if let Some(guide) = guide {
        promising.sort_by(|&a, &b| {
            let rate = |offer: usize| guide.ceilings[offer] as f64 / model.offers[offer].price.max(1) as f64;
            rate(b).total_cmp(&rate(a)).then(a.cmp(&b))
        });
    }
    // Where managed scaling keeps some of each type free, one dear type may be better than several.
    if shared.many || model.target_percent == 100 {
        promising.truncate(OFFERS_TRIED);
    }
    let mut ways = vec![(Order::Largest, Choice::Balanced)];
    ways.extend(ORDERS.iter().flat_map(|&order| [(order, Choice::First), (order, Choice::Best)]));
    let mut attempt = Attempt { model, demand, bound, tolerated, guide, promising, ways, limit, best: None };
    let mut wanted = Vec::new();
    if shared.many {
        many::solve(&mut attempt, shared);
    } else {
        wanted = few::solve(&mut attempt, shared);
    }
    (attempt, wanted)
}
