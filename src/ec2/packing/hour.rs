//! [`solve`]: one hour's instances and what they cost at least.

use std::sync::OnceLock;

use super::{
    bound::{Bounds, Prices},
    columns::Column,
    exact::Table,
    few,
    fill::{Bin, Choice, ORDERS, Order, cost, empty, used},
    many::{self, Sample},
    model::{Demand, Model},
    retype::retype,
    sets::{Lines, Subset},
    zones::spread,
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

#[derive(Debug, Clone)]
pub(super) struct Solved {
    /// Instances in use by offer.
    pub used: Vec<u32>,
    pub cost: u64,
    /// The hour costs no less.
    pub bound: u64,
    pub bins: Vec<Bin>,
}

/// The best packing so far, and what no packing is below.
pub(super) struct Attempt<'a> {
    pub model: &'a Model,
    pub demand: &'a Demand,
    pub bound: u64,
    /// How much above the bound is not worth more work.
    pub tolerated: u64,
    /// A bound as high as this is not worth more work either.
    limit: u64,
    /// The prices that bound the hour best.
    pub guide: Option<&'a Prices>,
    /// Offers that hold worth most cheaply, the best first.
    pub promising: Vec<usize>,
    /// Ways to place tasks one after another.
    pub ways: Vec<(Order, Choice)>,
    best: Option<(u64, Vec<Bin>)>,
}

impl Attempt<'_> {
    pub(super) fn good_enough(&self) -> bool {
        self.bound >= self.limit
            || self.best.as_ref().is_some_and(|(cost, _)| *cost <= self.bound + self.tolerated)
    }

    /// Empties instances and changes types.
    pub(super) fn improve(&self, bins: &mut Vec<Bin>) {
        empty(self.model, &self.demand.caps, bins);
        retype(self.model, bins);
    }

    /// Improves the packing, gives its instances zones, and keeps it if it is the best.
    pub(super) fn consider(&mut self, mut bins: Vec<Bin>) {
        self.improve(&mut bins);
        spread(self.model, self.demand, &mut bins);
        retype(self.model, &mut bins);
        let cost = cost(self.model, &bins);
        if cost < self.cost() {
            self.best = Some((cost, bins));
        }
    }

    /// The same for instances whose zones are dealt out.
    pub(super) fn consider_zoned(&mut self, mut bins: Vec<Bin>) {
        retype(self.model, &mut bins);
        let cost = cost(self.model, &bins);
        if cost < self.cost() {
            self.best = Some((cost, bins));
        }
    }

    /// What the best packing costs.
    pub(super) fn cost(&self) -> u64 {
        self.best.as_ref().map_or(u64::MAX, |(cost, _)| *cost)
    }

    fn end(self) -> Solved {
        let (cost, bins) = self.best.unwrap_or((u64::MAX, Vec::new()));
        Solved { used: used(self.model, &bins), cost, bound: self.bound.min(cost), bins }
    }

    /// What the instances in use of the best packing cost.
    pub(super) fn in_use(&self) -> u64 {
        let cost = |bins: &Vec<Bin>| bins.iter().map(|bin| self.model.offers[bin.offer].price).sum();
        self.best.as_ref().map_or(u64::MAX, |(_, bins)| cost(bins))
    }

    pub(super) fn raise(&mut self, bound: u64) {
        self.bound = self.bound.max(bound);
    }
}

/// Tasks up to which the least cost is wanted, not nearly the least.
pub(super) const EXACT_TASKS: u32 = 16;

/// Tasks from which sets of types that are near enough to the best are not told apart.
pub(super) const SETS_TASKS: u32 = 61;

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
