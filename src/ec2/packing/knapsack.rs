//! [`fullest`]: what one instance holds that is worth most.
//!
//! Branch and bound over the classes, in integers. Where its budget ends, the ceiling it gives still holds.

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

/// Shares of CPU, memory and network interfaces in a quarter each: the resources of an instance as one.
const BLENDS: [[f64; 3]; 15] = [
    [1.0, 0.0, 0.0], [0.75, 0.25, 0.0], [0.5, 0.5, 0.0], [0.25, 0.75, 0.0], [0.0, 1.0, 0.0],
    [0.75, 0.0, 0.25], [0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.0, 0.75, 0.25], [0.5, 0.0, 0.5],
    [0.25, 0.25, 0.5], [0.0, 0.5, 0.5], [0.25, 0.0, 0.75], [0.0, 0.25, 0.75], [0.0, 0.0, 1.0],
];

struct Search<'a> {
    items: &'a [Item],
    /// By position and blend: the most that a unit of the blended resource is worth from there on.
    dearest: Vec<[f64; BLENDS.len()]>,
    /// By position: all that is left, were there room for it.
    all: Vec<u64>,
    /// By blend, what a unit of each resource is of it.
    scale: [[f64; 3]; BLENDS.len()],
    nodes: usize,
    taken: Vec<u32>,
    best: Vec<u32>,
    worth: u64,
    ceiling: u64,
}

/// The fullest instance of `capacity` that at most `nodes` steps find.
pub(super) fn fullest(capacity: &Amounts, mut items: Vec<Item>, nodes: usize) -> Fullest {
    items.retain(|item| item.worth > 0 && item.most > 0 && fit(&item.needs, capacity, 1) == 1);
    let share = |item: &Item| {
        (0..3).map(|kind| f64::from(item.needs[kind]) / f64::from(capacity[kind].max(1))).sum::<f64>()
    };
    items.sort_by(|a, b| {
        let (a_rate, b_rate) = (a.worth as f64 / share(a).max(1e-12), b.worth as f64 / share(b).max(1e-12));
        b_rate.total_cmp(&a_rate).then(a.class.cmp(&b.class))
    });
    let scale = BLENDS.map(|blend| {
        std::array::from_fn(|kind| if capacity[kind] == 0 { 0.0 } else { blend[kind] / f64::from(capacity[kind]) })
    });
    let mut dearest = vec![[0.0_f64; BLENDS.len()]; items.len() + 1];
    let mut all = vec![0_u64; items.len() + 1];
    for (position, item) in items.iter().enumerate().rev() {
        all[position] = all[position + 1].saturating_add(item.worth.saturating_mul(u64::from(item.most)));
        for blend in 0..BLENDS.len() {
            let size: f64 = (0..3).map(|kind| f64::from(item.needs[kind]) * scale[blend][kind]).sum();
            let rate = if size > 0.0 { item.worth as f64 / size } else { f64::INFINITY };
            dearest[position][blend] = dearest[position + 1][blend].max(rate);
        }
    }
    let taken = vec![0; items.len()];
    let mut search = Search {
        best: taken.clone(),
        taken,
        items: &items,
        dearest,
        all,
        scale,
        nodes,
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

impl Search<'_> {
    /// No more than this can be had from the items at `position` and after, in `free`.
    fn ceiling_of(&self, position: usize, free: &Amounts) -> u64 {
        let free = [f64::from(free[0]), f64::from(free[1]), f64::from(free[2])];
        let mut least = f64::INFINITY;
        for (rate, scale) in self.dearest[position].iter().zip(&self.scale) {
            let room = free[0] * scale[0] + free[1] * scale[1] + free[2] * scale[2];
            let worth = if *rate == 0.0 { 0.0 } else { rate * room };
            // An infinite rate times no room is no bound.
            if worth < least {
                least = worth;
            }
        }
        // Rounding of the few operations above is far below a part in 10^12.
        let least = (least * (1.0 + 1e-12) + 1e-6).floor();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "finite, not negative, and saturating")]
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
        if self.nodes == 0 {
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
