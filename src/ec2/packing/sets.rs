//! Managed scaling on several types, where each type in use costs what is kept free of it besides: the hour
//! is solved set of types by set of types.
//!
//! With a set chosen, what runs of `u` instances in use is bounded by lines: no less than `100 u / target`,
//! and no less than `k u + 1`, `k` the whole part of `100 / target`. A line for each type makes a problem
//! without managed scaling, at other prices and with an amount added; its bound and its packing are known
//! ways to be found. What is known of tasks' worths bounds all sets quickly, and most need no more.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::{
    attempt::{Attempt, SETS_TASKS},
    bound,
    counting::{Counting, Cut},
    fill::{Bin, used},
    hour::{self, Shared},
    model::{Class, Demand, Model, Offer},
    prices::{Prices, narrow},
};

/// Types, and for each whether the line is that of one instance kept free.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Lines {
    pub offers: Vec<usize>,
    pub one_free: Vec<bool>,
}

/// A set of types with lines, as a problem without managed scaling. One type alone stays as it is.
#[derive(Debug)]
pub(super) struct Subset {
    pub lines: Lines,
    model: Model,
    shared: Shared,
    /// What is added to its cost.
    added: u64,
}

/// Sets looked at in an hour, and worked on.
const MOST_SETS: usize = 3_000;
const MOST_WORKED: usize = 12;
/// The same where there are many tasks, each set takes longer and counts less.
const MOST_WORKED_OF_MANY: usize = 2;

/// Types of a set up to which each may have either line; with more, all have the same.
const MOST_MIXED: usize = 4;

/// Subsets that are prepared after each look at the sampled hours, and looks.
const PREPARED: usize = 8;
const LOOKS: usize = 5;

/// Finds the sets that matter in the hours `sampled` and prepares them.
pub(super) fn prepare(
    model: &Model,
    sampled: &[&Demand],
    mut shared: Shared,
    prepared: impl Fn(&Model) -> Shared + Sync,
) -> Shared {
    for _ in 0..LOOKS {
        let wanted = |demand: &&Demand| hour::wanted(model, demand, &shared);
        let lists: Vec<Vec<Lines>> = sampled.par_iter().map(wanted).collect();
        // What most hours want most, first.
        let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
        let mut chosen = BTreeSet::new();
        for rank in 0..longest {
            for lines in lists.iter().filter_map(|list| list.get(rank)) {
                if chosen.len() < PREPARED {
                    chosen.insert(lines.clone());
                }
            }
        }
        if chosen.is_empty() {
            break;
        }
        let chosen: Vec<Lines> = chosen.into_iter().collect();
        let subsets = chosen.into_par_iter().map(|lines| {
            let (model, added) = restricted(model, &lines);
            let shared = prepared(&model);
            Subset { lines, model, shared, added }
        });
        let subsets: Vec<Subset> = subsets.collect();
        // What tasks are worth on some types bounds other sets, too.
        let everywhere = subsets.iter().filter(|subset| subset.lines.offers.len() > 1);
        let everywhere = everywhere.filter_map(|subset| subset.shared.bounds.prices.last());
        let everywhere: Vec<Prices> = everywhere.map(|prices| bound::everywhere(prices, model)).collect();
        shared.bounds.prices.extend(everywhere);
        shared.subsets.extend(subsets);
    }
    shared
}

/// The model of some types at the prices that lines give them, and what is to be added.
fn restricted(model: &Model, lines: &Lines) -> (Model, u64) {
    let alone = lines.offers.len() == 1;
    let mut added = 0;
    let offers = lines.offers.iter().zip(&lines.one_free).map(|(&offer, &one_free)| {
        let of = &model.offers[offer];
        if !alone && one_free {
            added += of.price;
        }
        Offer { price: if alone { of.price } else { priced(model, offer, one_free) }, ..of.clone() }
    });
    let offers = offers.collect();
    let classes = model.classes.iter().map(|class| Class {
        fits: lines.offers.iter().map(|&offer| class.fits[offer]).collect(),
        ..class.clone()
    });
    let target_percent = if alone { model.target_percent } else { 100 };
    (Model { offers, classes: classes.collect(), zones: model.zones, target_percent }, added)
}

/// What an instance in use costs by a line.
fn priced(model: &Model, offer: usize, one_free: bool) -> u64 {
    let price = model.offers[offer].price;
    if one_free { price * (100 / model.target_percent) } else { price * 100 / model.target_percent }
}

/// What is known of an hour to bound sets.
struct Worths<'a> {
    model: &'a Model,
    demand: &'a Demand,
    /// With what the tasks are worth in all, zones considered, and in any `j` zones.
    prices: Vec<(&'a Prices, u128, Vec<u128>)>,
    /// The line that has no part for the instance kept free is the higher one throughout.
    whole: bool,
}

/// A set of types that may be the best.
struct Leaf {
    least: u64,
    lines: Lines,
    cuts: Vec<Cut>,
}

impl Leaf {
    /// Raises what it costs at least, up to `limit`.
    fn count(&mut self, model: &Model, limit: u64) {
        if self.cuts.is_empty() || self.least >= limit {
            return;
        }
        if let Some(least) = Counting::least(model, &self.lines.offers, &self.cuts, limit) {
            self.least = self.least.max(least);
        }
    }
}

/// What the tasks are worth in all, zones considered, and in any `j` zones; where the prices hold for them.
fn zoned(prices: &Prices, demand: &Demand) -> Option<(u128, Vec<u128>)> {
    if !prices.holds_for(&demand.caps) {
        return None;
    }
    let totals: Vec<u128> = demand.in_zones.iter().map(|counts| prices.total(counts)).collect();
    let zones = totals.len() as u128;
    // On average, zones have as much as any `j` of them at least.
    let most = totals.iter().zip(1_u128..).map(|(total, of)| (total * zones).div_ceil(of)).max()?;
    Some((most, totals))
}

impl<'a> Worths<'a> {
    fn new(model: &'a Model, demand: &'a Demand, shared: &'a Shared) -> Self {
        let known = shared.bounds.prices.iter();
        let prices = known.filter_map(|prices| {
            let (most, totals) = zoned(prices, demand)?;
            Some((prices, most, totals))
        });
        let prices = prices.collect();
        Self { model, demand, prices, whole: 100 % model.target_percent == 0 }
    }

    /// What instances of the offers cost at least, each at its price.
    fn least(&self, offers: &[(usize, u64)]) -> u64 {
        let mut least = 0;
        for (prices, total, _) in &self.prices {
            let mut cheapest: Option<(u64, u64)> = None;
            for &(offer, price) in offers {
                let ceiling = prices.ceilings[offer];
                if ceiling > 0
                    && cheapest.is_none_or(|(other, other_ceiling)| {
                        u128::from(price) * u128::from(other_ceiling)
                            < u128::from(other) * u128::from(ceiling)
                    })
                {
                    cheapest = Some((price, ceiling));
                }
            }
            let Some((price, ceiling)) = cheapest else { continue };
            let cost = (total * u128::from(price)).div_ceil(u128::from(ceiling));
            least = least.max(u64::try_from(cost).unwrap_or(u64::MAX));
        }
        least
    }

    /// What one type alone costs at least.
    fn alone(&self, offer: usize) -> u64 {
        let zones = self.model.zones as u64;
        let mut instances = self.demand.apart.iter().copied().max().map_or(0, u64::from);
        for (prices, _, totals) in &self.prices {
            let ceiling = prices.ceilings[offer];
            if ceiling == 0 {
                continue;
            }
            for (total, of) in totals.iter().zip(1_u64..) {
                let least = u64::try_from(total.div_ceil(u128::from(ceiling))).unwrap_or(u64::MAX);
                instances = instances.max(least.saturating_add((zones - of) * least.div_ceil(of)));
            }
        }
        self.model.running(instances) * self.model.offers[offer].price
    }

    /// The best lines for a set, and what they bound it by.
    fn leaf(&self, offers: &[usize]) -> Leaf {
        let lines = |one_free: Vec<bool>| Lines { offers: offers.to_vec(), one_free };
        if let [offer] = offers {
            return Leaf { least: self.alone(*offer), lines: lines(vec![true]), cuts: Vec::new() };
        }
        let alike = offers.len() > MOST_MIXED;
        let mixed = if self.whole { 1 } else { 1 << if alike { 1 } else { offers.len() } };
        let mut best: Option<Leaf> = None;
        for choice in 0_usize..mixed {
            let one_free: Vec<bool> = (0..offers.len())
                .map(|at| !self.whole && (choice >> if alike { 0 } else { at }) & 1 == 0)
                .collect();
            let priced: Vec<(usize, u64)> = offers
                .iter()
                .zip(&one_free)
                .map(|(&offer, &one_free)| (offer, priced(self.model, offer, one_free)))
                .collect();
            let added = offers.iter().zip(&one_free).filter(|(_, one_free)| **one_free);
            let added: u64 = added.map(|(&offer, _)| self.model.offers[offer].price).sum();
            let least = self.least(&priced).saturating_add(added);
            if best.as_ref().is_none_or(|best| least > best.least) {
                best = Some(Leaf { least, lines: lines(one_free), cuts: Vec::new() });
            }
        }
        best.unwrap_or_else(|| Leaf { least: 0, lines: lines(vec![false; offers.len()]), cuts: Vec::new() })
    }

    fn cuts(&self, offers: &[usize]) -> Vec<Cut> {
        let cut = |(prices, needed, _): &(&Prices, u128, Vec<u128>)| Cut {
            each: offers.iter().map(|&offer| prices.ceilings[offer]).collect(),
            needed: narrow(*needed),
        };
        self.prices.iter().map(cut).collect()
    }

    /// What any set costs at least that has `chosen` and more types from `next` on.
    fn beyond(&self, chosen: &[usize], next: usize) -> u64 {
        let mut priced: Vec<(usize, u64)> = Vec::new();
        let mut added = 0;
        for &offer in chosen {
            priced.push((offer, self::priced(self.model, offer, !self.whole)));
            added += if self.whole { 0 } else { self.model.offers[offer].price };
        }
        let rest = next..self.model.offers.len();
        // One more at least is chosen, of these the cheapest.
        let more = if self.whole { 0 } else { rest.clone().next().map_or(0, |o| self.model.offers[o].price) };
        priced.extend(rest.map(|offer| (offer, self::priced(self.model, offer, !self.whole))));
        let one_free = self.least(&priced).saturating_add(added).saturating_add(more);
        for (offer, price) in &mut priced {
            *price = self::priced(self.model, *offer, false);
        }
        one_free.max(self.least(&priced))
    }

    fn holds(&self, offers: &(impl Iterator<Item = usize> + Clone)) -> bool {
        let mut present = (0..self.demand.counts.len()).filter(|&class| self.demand.counts[class] > 0);
        present.all(|class| offers.clone().any(|offer| self.model.classes[class].fits[offer]))
    }

    /// All sets that may cost less than `limit`; and what those cost at least that are too many to look at.
    fn leaves(&self, limit: u64) -> (Vec<Leaf>, u64) {
        let mut leaves = Vec::new();
        let mut others = limit;
        let mut looked = 0;
        let mut open: Vec<(Vec<usize>, usize)> = vec![(Vec::new(), 0)];
        while let Some((chosen, next)) = open.pop() {
            looked += 1;
            if !chosen.is_empty() && self.holds(&chosen.iter().copied()) {
                let leaf = self.leaf(&chosen);
                if leaf.least < limit {
                    leaves.push(leaf);
                }
            }
            let count = self.model.offers.len();
            if next == count || !self.holds(&chosen.iter().copied().chain(next..count)) {
                continue;
            }
            let beyond = self.beyond(&chosen, next);
            if beyond >= limit {
                continue;
            }
            if looked >= MOST_SETS {
                others = others.min(beyond);
                continue;
            }
            for offer in (next..count).rev() {
                let mut with = chosen.clone();
                with.push(offer);
                open.push((with, offer + 1));
            }
        }
        leaves.sort_by(|a, b| a.least.cmp(&b.least).then_with(|| a.lines.cmp(&b.lines)));
        (leaves, others)
    }
}

/// Works on the sets that are prepared, raises the bound, and tells which sets would be worth preparing.
pub(super) fn solve(attempt: &mut Attempt<'_>, shared: &Shared) -> Vec<Lines> {
    let (model, demand) = (attempt.model, attempt.demand);
    let worths = Worths::new(model, demand, shared);
    let (mut leaves, others) = worths.leaves(attempt.cost());
    for leaf in leaves.iter_mut().filter(|leaf| leaf.lines.offers.len() > 1) {
        leaf.cuts = worths.cuts(&leaf.lines.offers);
        leaf.count(model, attempt.cost());
    }
    leaves.sort_by(|a, b| a.least.cmp(&b.least).then_with(|| a.lines.cmp(&b.lines)));
    let mut wanted = Vec::new();
    let many = demand.counts.iter().sum::<u32>() >= SETS_TASKS;
    let (mut worked, most_worked) = (0, if many { MOST_WORKED_OF_MANY } else { MOST_WORKED });
    for leaf in &mut leaves {
        if leaf.least.saturating_add(attempt.tolerated) >= attempt.cost() {
            break;
        }
        let known = shared.subsets.iter().filter(|subset| subset.lines.offers == leaf.lines.offers);
        let known: Vec<&Subset> = known.collect();
        if known.is_empty() {
            wanted.push(leaf.lines.clone());
            continue;
        }
        let several = leaf.lines.offers.len() > 1;
        for subset in known.iter().filter(|_| several) {
            for prices in &subset.shared.bounds.prices {
                if let Some((total, _)) = zoned(prices, demand) {
                    leaf.cuts.push(Cut { each: prices.ceilings.clone(), needed: narrow(total) });
                }
            }
        }
        leaf.count(model, attempt.cost());
        if worked >= most_worked {
            continue;
        }
        worked += 1;
        let mut used_last = Vec::new();
        for subset in &known {
            if leaf.least.saturating_add(attempt.tolerated) >= attempt.cost() {
                break;
            }
            let limit = attempt.cost().saturating_sub(subset.added);
            let solved = hour::solve_below(&subset.model, demand, &subset.shared, limit);
            leaf.least = leaf.least.max(solved.bound.saturating_add(subset.added));
            let each = subset.model.offers.iter().map(|offer| offer.price).collect();
            if several {
                leaf.cuts.push(Cut { each, needed: solved.bound });
                leaf.count(model, attempt.cost());
            }
            let bins =
                solved.bins.into_iter().map(|bin| Bin { offer: subset.lines.offers[bin.offer], ..bin });
            let bins: Vec<Bin> = bins.collect();
            if !bins.is_empty() {
                used_last = used(model, &bins);
                attempt.consider_zoned(bins);
            }
        }
        // Lines that fit the numbers of instances better.
        if several && !used_last.is_empty() && leaf.least.saturating_add(attempt.tolerated) < attempt.cost() {
            let offers = leaf.lines.offers.clone();
            let one_free = offers.iter().map(|&offer| {
                let used = u64::from(used_last[offer]);
                model.running(used) <= used * (100 / model.target_percent) + 1
            });
            let lines = Lines { one_free: one_free.collect(), offers };
            if known.iter().all(|subset| subset.lines != lines) {
                wanted.push(lines);
            }
        }
    }
    let least = leaves.iter().map(|leaf| leaf.least).min().unwrap_or(u64::MAX);
    attempt.raise(least.min(others).min(attempt.cost()));
    wanted
}
