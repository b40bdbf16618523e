//! [`Counting`]: the least that whole numbers of instances cost of a set of types, by what they must add up to.

use super::model::Model;

/// What instances of a set must add up to, however they are filled.
#[derive(Debug)]
pub(super) struct Cut {
    /// By position in the set: what an instance counts for at most.
    pub each: Vec<u64>,
    pub needed: u64,
}

/// Searches for the least that numbers of instances cost that meet all cuts, one of each type at least.
#[derive(Debug)]
pub(super) struct Counting<'a> {
    model: &'a Model,
    offers: &'a [usize],
    cuts: &'a [Cut],
    /// By position and cut: price and worth of the type from there on that is cheapest for its worth.
    rates: Vec<Vec<(u64, u64)>>,
    /// By position: what of each cut is still needed.
    needed: Vec<Vec<u64>>,
    best: u64,
    left: usize,
}

/// Steps to count instances of a set.
const MOST_STEPS: usize = 4_000;

impl<'a> Counting<'a> {
    /// No more than `limit`; absent where it would take too long.
    pub(super) fn least(model: &'a Model, offers: &'a [usize], cuts: &'a [Cut], limit: u64) -> Option<u64> {
        let mut rates = vec![vec![(0, 0); cuts.len()]; offers.len() + 1];
        for (at, &offer) in offers.iter().enumerate().rev() {
            let price = model.offers[offer].price;
            for (number, cut) in cuts.iter().enumerate() {
                let (other, worth) = rates[at + 1][number];
                let better = cut.each[at] > 0
                    && (worth == 0
                        || u128::from(price) * u128::from(worth)
                            < u128::from(other) * u128::from(cut.each[at]));
                rates[at][number] = if better { (price, cut.each[at]) } else { (other, worth) };
            }
        }
        let mut needed = vec![vec![0; cuts.len()]; offers.len()];
        needed[0] = cuts.iter().map(|cut| cut.needed).collect();
        let mut counting = Self { model, offers, cuts, rates, needed, best: limit, left: MOST_STEPS };
        counting.from(0, 0);
        (counting.left > 0).then_some(counting.best)
    }

    fn from(&mut self, at: usize, spent: u64) {
        let price = self.model.offers[self.offers[at]].price;
        if at + 1 == self.offers.len() {
            let mut used = 1;
            for (cut, &needed) in self.cuts.iter().zip(&self.needed[at]) {
                match (needed, cut.each[at]) {
                    (0, _) => {}
                    (_, 0) => return,
                    (needed, each) => used = used.max(needed.div_ceil(each)),
                }
            }
            self.best = self.best.min(spent.saturating_add(self.model.running(used).saturating_mul(price)));
            return;
        }
        for used in 1.. {
            let cost = spent.saturating_add(self.model.running(used).saturating_mul(price));
            if cost >= self.best || self.left == 0 {
                return;
            }
            self.left -= 1;
            let (before, after) = self.needed.split_at_mut(at + 1);
            let (mut met, mut within) = (true, true);
            let parts = self.cuts.iter().zip(&before[at]).zip(&self.rates[at + 1]).zip(&mut after[0]);
            for (((cut, &needed), &(price, worth)), after) in parts {
                *after = needed.saturating_sub(cut.each[at].saturating_mul(used));
                met &= *after == 0;
                // What is still needed costs more than may be spent.
                within &= *after == 0
                    || u128::from(*after) * u128::from(price)
                        < u128::from(self.best - cost) * u128::from(worth);
            }
            if within {
                self.from(at + 1, cost);
            }
            if met {
                return;
            }
        }
    }
}
