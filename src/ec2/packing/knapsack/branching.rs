//! Branch and bound over the classes, in integers. Where its budget ends, the ceiling it gives still holds.

use super::{Effort, Fullest, Item};
use crate::ec2::packing::model::{Amounts, fit};

/// Weights of CPU, memory and network interfaces that make them one resource, of which the instance has 1.
type Blend = [f64; 3];

/// A blend, and what its resource is worth.
struct Rate {
    /// What a unit of each resource is of the blend.
    scale: [f64; 3],
    /// By position: the most that a whole instance of the blend is worth, of the items from there on.
    dearest: Vec<f64>,
}

struct Search<'a> {
    items: &'a [Item],
    rates: Vec<Rate>,
    /// By position: all that is left, were there room for it.
    all: Vec<u64>,
    nodes: usize,
    enough: u64,
    taken: Vec<u32>,
    best: Vec<u32>,
    worth: u64,
    ceiling: u64,
}

/// The fullest instance of `capacity` that is found with `effort`.
pub(super) fn fullest(capacity: &Amounts, mut items: Vec<Item>, effort: Effort) -> Fullest {
    let best = best_blend(capacity, &items);
    let density = |item: &Item| item.worth as f64 / size(item, capacity, &best).max(1e-12);
    items.sort_by(|a, b| density(b).total_cmp(&density(a)).then(a.class.cmp(&b.class)));
    let third = items.len() / 3;
    let mut blends = vec![best, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    if third > 1 {
        blends.extend([third, 2 * third].map(|from| best_blend(capacity, &items[from..])));
    }
    let rates = blends.iter().map(|blend| Rate::new(capacity, &items, blend)).collect();
    let mut all = vec![0_u64; items.len() + 1];
    for (position, item) in items.iter().enumerate().rev() {
        all[position] = all[position + 1].saturating_add(item.worth.saturating_mul(u64::from(item.most)));
    }
    let taken = vec![0; items.len()];
    let mut search = Search {
        best: taken.clone(),
        taken,
        items: &items,
        rates,
        all,
        nodes: effort.nodes,
        enough: effort.enough,
        worth: 0,
        ceiling: 0,
    };
    search.descend(0, *capacity, 0);
    let take = items.iter().zip(&search.best).filter(|(_, taken)| **taken > 0);
    Fullest {
        worth: search.worth,
        take: take.map(|(item, &taken)| (item.class, taken)).collect(),
        ceiling: search.worth.max(search.ceiling),
    }
}

fn share(amount: u32, capacity: u32) -> f64 {
    f64::from(amount) / f64::from(capacity.max(1))
}

/// What of the blend an item takes.
fn size(item: &Item, capacity: &Amounts, blend: &Blend) -> f64 {
    (0..3).map(|kind| blend[kind] * share(item.needs[kind], capacity[kind])).sum()
}

/// The blend in which the instance's worth is bounded best: the dual of the divided knapsack, to a 256th.
fn best_blend(capacity: &Amounts, items: &[Item]) -> Blend {
    let bound = |blend: &Blend| -> f64 {
        items
            .iter()
            .map(|item| item.worth as f64 / size(item, capacity, blend).max(1e-12))
            .fold(0.0, f64::max)
    };
    let mut best: Blend = [0.4, 0.4, 0.2];
    let mut least = bound(&best);
    let mut step = 0.25;
    while step > 1.0 / 512.0 {
        let mut moved = false;
        for (from, to) in [(0, 1), (1, 0), (0, 2), (2, 0), (1, 2), (2, 1)] {
            let by = best[from].min(step);
            if by <= 0.0 {
                continue;
            }
            let mut next = best;
            next[from] -= by;
            next[to] += by;
            let value = bound(&next);
            if value < least {
                (best, least, moved) = (next, value, true);
            }
        }
        if !moved {
            step /= 2.0;
        }
    }
    best
}

impl Rate {
    fn new(capacity: &Amounts, items: &[Item], blend: &Blend) -> Self {
        let scale = std::array::from_fn(|kind| blend[kind] / f64::from(capacity[kind].max(1)));
        let mut dearest = vec![0.0_f64; items.len() + 1];
        for (position, item) in items.iter().enumerate().rev() {
            let size = size(item, capacity, blend);
            let rate = if size > 1e-9 { item.worth as f64 / size } else { f64::INFINITY };
            dearest[position] = dearest[position + 1].max(rate);
        }
        Self { scale, dearest }
    }
}

impl Search<'_> {
    /// No more than this can be had from the items at `position` and after, in `free`.
    fn ceiling_of(&self, position: usize, free: &Amounts) -> u64 {
        let free = [f64::from(free[0]), f64::from(free[1]), f64::from(free[2])];
        let mut least = f64::INFINITY;
        for rate in &self.rates {
            let room = free[0] * rate.scale[0] + free[1] * rate.scale[1] + free[2] * rate.scale[2];
            // An infinite rate is no bound: infinity, or not a number, is not less.
            let worth = rate.dearest[position] * room;
            if worth < least {
                least = worth;
            }
        }
        // Rounding of the few operations above is far below a part in 10^12.
        let least = least * (1.0 + 1e-12) + 1e-6;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, and saturating"
        )]
        let least = if least.is_finite() { least as u64 } else { u64::MAX };
        least.min(self.all[position])
    }

    fn descend(&mut self, position: usize, free: Amounts, worth: u64) {
        if worth > self.worth {
            self.worth = worth;
            self.best.copy_from_slice(&self.taken);
        }
        if position == self.items.len() {
            return;
        }
        let ceiling = worth.saturating_add(self.ceiling_of(position, &free));
        if ceiling <= self.worth {
            return;
        }
        if self.nodes == 0 || ceiling <= self.enough {
            self.ceiling = self.ceiling.max(ceiling);
            return;
        }
        self.nodes -= 1;
        let item = self.items[position];
        let most = fit(&item.needs, &free, item.most);
        for count in (0..=most).rev() {
            let left = std::array::from_fn(|kind| free[kind] - item.needs[kind] * count);
            self.taken[position] = count;
            self.descend(position + 1, left, worth + item.worth * u64::from(count));
        }
        self.taken[position] = 0;
    }
}
