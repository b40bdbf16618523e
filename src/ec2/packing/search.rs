//! [`cheapest`]: the cheapest instances that hold some tasks, zones aside, by best-first search.
//!
//! Each step fills one instance around the largest task that is left, in every way that leaves no room for
//! another task. The search is bounded by what the rest costs at least; where its budget ends, the bound it
//! has reached still holds.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use super::{
    columns::Column,
    model::{Amounts, Model},
};

#[derive(Debug)]
pub(super) struct Searched {
    /// The instances cost no less, or no less than the limit that was asked for.
    pub bound: u64,
    /// The cheapest, where the search found it below the limit.
    pub columns: Option<Vec<Column>>,
}

/// What is left to place and, where managed scaling makes it matter, what is in use by offer.
type State = (Vec<u32>, Vec<u32>);

struct Node {
    state: State,
    /// What the instances so far cost, in use and running.
    spent: (u64, u64),
    before: usize,
    column: Option<Column>,
}

/// What is asked of a search.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub counts: &'a [u32],
    pub caps: &'a [u32],
    /// What is worth finding costs less.
    pub limit: u64,
    /// Instances that may be filled.
    pub budget: usize,
    /// Whether instances that run count, or those in use.
    pub running: bool,
}

/// Searches with `least`, which bounds what instances in use cost that hold some tasks.
pub(super) fn cheapest(model: &Model, asked: Asked<'_>, least: impl Fn(&[u32]) -> u64) -> Searched {
    let Asked { counts, caps, limit, budget, running } = asked;
    let estimate = |(in_use, run): (u64, u64), rest: &[u32]| {
        let more = least(rest);
        if !running {
            return in_use.saturating_add(more);
        }
        // Each further instance in use is at least one more that runs, and in all there are a share more.
        let all = u128::from(in_use.saturating_add(more)) * 100;
        let all = all.div_ceil(u128::from(model.target_percent));
        run.saturating_add(more).max(u64::try_from(all).unwrap_or(u64::MAX))
    };
    let price_of = |spent: (u64, u64)| if running { spent.1 } else { spent.0 };
    let start = Node {
        state: (counts.to_vec(), vec![0; if running { model.offers.len() } else { 0 }]),
        spent: (0, 0),
        before: 0,
        column: None,
    };
    let mut known: BTreeMap<State, u64> = BTreeMap::from([(start.state.clone(), 0)]);
    let mut heap =
        BinaryHeap::from([Reverse((estimate((0, 0), counts), counts.iter().sum::<u32>(), 0_usize))]);
    let mut nodes = vec![start];
    let mut steps = 0;
    let mut bound = 0;
    while let Some(Reverse((total, left, at))) = heap.pop() {
        bound = bound.max(total.min(limit));
        if total >= limit {
            return Searched { bound: limit, columns: None };
        }
        if left == 0 {
            return Searched { bound, columns: Some(path(&nodes, at)) };
        }
        if steps >= budget {
            return Searched { bound, columns: None };
        }
        let (state, spent) = (nodes[at].state.clone(), nodes[at].spent);
        if known.get(&state).is_some_and(|&cheaper| cheaper < price_of(spent)) {
            continue;
        }
        let Some(fills) = fills(model, &state.0, caps, budget - steps, running) else {
            return Searched { bound, columns: None };
        };
        steps += fills.len() + 1;
        for column in fills {
            let mut after = state.clone();
            let mut tasks = left;
            for &(class, taken) in &column.take {
                after.0[class] -= taken;
                tasks -= taken;
            }
            let price = model.offers[column.offer].price;
            let mut spent = (spent.0 + price, spent.1);
            if running {
                let used = &mut after.1[column.offer];
                spent.1 += (model.running(u64::from(*used) + 1) - model.running(u64::from(*used))) * price;
                *used += 1;
            }
            let total = estimate(spent, &after.0).max(total);
            if total >= limit || known.get(&after).is_some_and(|&cheaper| cheaper <= price_of(spent)) {
                continue;
            }
            known.insert(after.clone(), price_of(spent));
            nodes.push(Node { state: after, spent, before: at, column: Some(column) });
            heap.push(Reverse((total, tasks, nodes.len() - 1)));
        }
    }
    // Nothing below the limit is left.
    Searched { bound: limit, columns: None }
}

fn path(nodes: &[Node], mut at: usize) -> Vec<Column> {
    let mut columns = Vec::new();
    while let Some(column) = &nodes[at].column {
        columns.push(column.clone());
        at = nodes[at].before;
    }
    columns
}

/// The ways to fill one instance around the first class that is left; absent where there are more than
/// `most`. Those that a cheaper offer holds too are left out, unless `all_offers` are asked for.
pub(super) fn fills(
    model: &Model,
    rest: &[u32],
    caps: &[u32],
    most: usize,
    all_offers: bool,
) -> Option<Vec<Column>> {
    let first = rest.iter().position(|&left| left > 0)?;
    let classes: Vec<usize> = (first..rest.len()).filter(|&class| rest[class] > 0).collect();
    let mut fills: Vec<Column> = Vec::new();
    for offer in (0..model.offers.len()).filter(|&offer| model.classes[first].fits[offer]) {
        let capacity = model.offers[offer].capacity;
        let mut filling = Filling {
            model,
            rest,
            caps,
            offer,
            classes: &classes,
            take: Vec::new(),
            found: Vec::new(),
            left: most.checked_sub(fills.len())?,
            visits: 20 * most,
        };
        if !filling.descend(0, capacity) {
            return None;
        }
        for take in filling.found {
            let cheaper = (0..offer).any(|other| {
                model.offers[other].price <= model.offers[offer].price && holds(model, other, &take)
            });
            if all_offers || !cheaper {
                fills.push(Column { offer, take });
            }
        }
    }
    Some(fills)
}

/// Whether an instance of `offer` holds `take`.
fn holds(model: &Model, offer: usize, take: &[(usize, u32)]) -> bool {
    let mut free = model.offers[offer].capacity;
    take.iter().all(|&(class, tasks)| {
        let fits = model.classes[class].fits[offer] && model.fit(class, &free, tasks) == tasks;
        if fits {
            free = std::array::from_fn(|kind| free[kind] - model.classes[class].needs[kind] * tasks);
        }
        fits
    })
}

struct Filling<'a> {
    model: &'a Model,
    rest: &'a [u32],
    caps: &'a [u32],
    offer: usize,
    classes: &'a [usize],
    take: Vec<(usize, u32)>,
    found: Vec<Vec<(usize, u32)>>,
    left: usize,
    visits: usize,
}

impl Filling<'_> {
    fn descend(&mut self, position: usize, free: Amounts) -> bool {
        if self.visits == 0 {
            return false;
        }
        self.visits -= 1;
        let Some(&class) = self.classes.get(position) else {
            let full = self.classes.iter().all(|&class| {
                let taken = self.take.iter().find(|(of, _)| *of == class).map_or(0, |(_, taken)| *taken);
                taken >= self.rest[class].min(self.caps[class])
                    || !self.model.classes[class].fits[self.offer]
                    || self.model.fit(class, &free, 1) == 0
            });
            if full {
                if self.left == 0 {
                    return false;
                }
                self.left -= 1;
                self.found.push(self.take.clone());
            }
            return true;
        };
        let most = if self.model.classes[class].fits[self.offer] {
            self.model.fit(class, &free, self.rest[class].min(self.caps[class]))
        } else {
            0
        };
        let needs = self.model.classes[class].needs;
        // The first class is what the instance is filled around.
        for count in (u32::from(position == 0)..=most).rev() {
            let after = std::array::from_fn(|kind| free[kind] - needs[kind] * count);
            if count > 0 {
                self.take.push((class, count));
            }
            let within = self.descend(position + 1, after);
            if count > 0 {
                self.take.pop();
            }
            if !within {
                return false;
            }
        }
        true
    }
}
