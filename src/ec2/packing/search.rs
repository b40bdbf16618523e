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
    /// Instances in use cost no less, or no less than the limit that was asked for.
    pub bound: u64,
    /// The cheapest, where the search found it below the limit.
    pub columns: Option<Vec<Column>>,
    /// Steps that were taken.
    pub steps: usize,
}

/// Searches below `limit` with at most `budget` instances filled.
pub(super) fn cheapest(
    model: &Model,
    counts: &[u32],
    caps: &[u32],
    limit: u64,
    budget: usize,
    least: impl Fn(&[u32]) -> u64,
) -> Searched {
    let mut heap = BinaryHeap::new();
    let mut nodes: Vec<(Vec<u32>, u64, usize, Option<Column>)> = Vec::new();
    let mut cheapest_to: BTreeMap<Vec<u32>, u64> = BTreeMap::new();
    let start = least(counts);
    let left: u32 = counts.iter().sum();
    nodes.push((counts.to_vec(), 0, 0, None));
    heap.push(Reverse((start, left, 0_usize)));
    cheapest_to.insert(counts.to_vec(), 0);
    let mut steps = 0;
    let mut bound = start;
    while let Some(Reverse((total, left, node))) = heap.pop() {
        bound = bound.max(total.min(limit));
        if total >= limit {
            return Searched { bound: limit, columns: None, steps };
        }
        if left == 0 {
            return Searched { bound, columns: Some(path(&nodes, node)), steps };
        }
        let (rest, spent) = (nodes[node].0.clone(), nodes[node].1);
        if cheapest_to.get(&rest).is_some_and(|&known| known < spent) {
            continue;
        }
        let fills = fills(model, &rest, caps, budget.saturating_sub(steps));
        let Some(fills) = fills else { return Searched { bound, columns: None, steps: budget } };
        steps += fills.len() + 1;
        for column in fills {
            let spent = spent + model.offers[column.offer].price;
            let mut after = rest.clone();
            let mut tasks = left;
            for &(class, taken) in &column.take {
                after[class] -= taken;
                tasks -= taken;
            }
            let total = spent.saturating_add(least(&after)).max(total);
            if total >= limit || cheapest_to.get(&after).is_some_and(|&known| known <= spent) {
                continue;
            }
            cheapest_to.insert(after.clone(), spent);
            nodes.push((after, spent, node, Some(column)));
            heap.push(Reverse((total, tasks, nodes.len() - 1)));
        }
        if steps >= budget {
            let open = heap.peek().map_or(limit, |Reverse((total, ..))| *total);
            return Searched { bound: bound.max(open.min(limit)), columns: None, steps };
        }
    }
    // Nothing below the limit is left.
    Searched { bound: limit, columns: None, steps }
}

fn path(nodes: &[(Vec<u32>, u64, usize, Option<Column>)], mut node: usize) -> Vec<Column> {
    let mut columns = Vec::new();
    while let Some(column) = &nodes[node].3 {
        columns.push(column.clone());
        node = nodes[node].2;
    }
    columns
}

/// The ways to fill one instance around the first class that is left; absent where there are more than
/// `most`.
fn fills(model: &Model, rest: &[u32], caps: &[u32], most: usize) -> Option<Vec<Column>> {
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
            if !cheaper {
                fills.push(Column { offer, take });
            }
        }
    }
    Some(fills)
}

/// Whether an instance of `offer` holds `take`.
pub(super) fn holds(model: &Model, offer: usize, take: &[(usize, u32)]) -> bool {
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
