//! [`Attempt`]: the best packing of an hour so far, and when it is good enough.

use super::{
    fill::{Bin, Choice, Order, cost, empty, used},
    model::{Demand, Model},
    prices::Prices,
    retype::retype,
    zones::spread,
};

/// The best packing so far, and what no packing is below.
pub(super) struct Attempt<'a> {
    pub model: &'a Model,
    pub demand: &'a Demand,
    pub bound: u64,
    /// How much above the bound is not worth more work.
    pub tolerated: u64,
    /// A bound as high as this is not worth more work either.
    pub limit: u64,
    /// The prices that bound the hour best.
    pub guide: Option<&'a Prices>,
    /// Offers that hold worth most cheaply, the best first.
    pub promising: Vec<usize>,
    /// Ways to place tasks one after another.
    pub ways: Vec<(Order, Choice)>,
    pub best: Option<(u64, Vec<Bin>)>,
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

    pub(super) fn end(self) -> Solved {
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

/// What came of it.
#[derive(Debug, Clone)]
pub(super) struct Solved {
    /// Instances in use by offer.
    pub used: Vec<u32>,
    pub cost: u64,
    /// The hour costs no less.
    pub bound: u64,
    pub bins: Vec<Bin>,
}
