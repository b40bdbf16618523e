//! [`Bin`]: an instance being filled, and the heuristics that fill instances, zones aside.

use super::{
    columns::{Column, items},
    knapsack::{Effort, fullest},
    model::{Amounts, Model},
};

/// An instance and what is on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bin {
    /// Position in [`Model::offers`].
    pub offer: usize,
    pub zone: usize,
    /// Tasks by class.
    pub take: Vec<u32>,
    pub free: Amounts,
}

impl Bin {
    pub(super) fn new(model: &Model, offer: usize) -> Self {
        Self { offer, zone: 0, take: vec![0; model.classes.len()], free: model.offers[offer].capacity }
    }

    pub(super) fn of(model: &Model, column: &Column) -> Self {
        let mut bin = Self::new(model, column.offer);
        for &(class, tasks) in &column.take {
            bin.put(model, class, tasks);
        }
        bin
    }

    pub(super) fn put(&mut self, model: &Model, class: usize, tasks: u32) {
        self.take[class] += tasks;
        self.free = std::array::from_fn(|kind| self.free[kind] - model.classes[class].needs[kind] * tasks);
    }

    pub(super) fn remove(&mut self, model: &Model, class: usize, tasks: u32) {
        self.take[class] -= tasks;
        self.free = std::array::from_fn(|kind| self.free[kind] + model.classes[class].needs[kind] * tasks);
    }

    /// How many more tasks of `class` it holds, at most `most`.
    pub(super) fn room(&self, model: &Model, class: usize, most: u32) -> u32 {
        if !model.classes[class].fits[self.offer] {
            return 0;
        }
        let most = if model.classes[class].distinct { most.min(1 - self.take[class].min(1)) } else { most };
        if most == 0 { 0 } else { model.fit(class, &self.free, most) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.take.iter().all(|&tasks| tasks == 0)
    }
}

/// Instances in use by offer.
pub(super) fn used(model: &Model, bins: &[Bin]) -> Vec<u32> {
    let mut used = vec![0; model.offers.len()];
    for bin in bins {
        used[bin.offer] += 1;
    }
    used
}

/// What the instances cost that must run.
pub(super) fn cost(model: &Model, bins: &[Bin]) -> u64 {
    model.cost(&used(model, bins))
}

/// An order in which to place classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// By the largest share of any resource.
    Largest,
    /// By the sum of the shares.
    Sum,
    Cpu,
    Memory,
}

pub(super) const ORDERS: [Order; 4] = [Order::Largest, Order::Sum, Order::Cpu, Order::Memory];

/// The classes, largest first as instances of `offer` see them.
pub(super) fn ordered(model: &Model, offer: usize, order: Order) -> Vec<usize> {
    let capacity = model.offers[offer].capacity;
    let mut classes: Vec<usize> = (0..model.classes.len()).collect();
    classes.sort_by_key(|&class| {
        let needs = model.classes[class].needs;
        let share = |kind: usize| u64::from(needs[kind]) * 1_000_000 / u64::from(capacity[kind].max(1));
        std::cmp::Reverse(match order {
            Order::Largest => (0..4).map(share).max().unwrap_or(0),
            Order::Sum => share(0) + share(1),
            Order::Cpu => share(0),
            Order::Memory => share(1),
        })
    });
    classes
}

/// Which open instance a task goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    /// The first that has room.
    First,
    /// The one that has least left of CPU and memory.
    Best,
    /// Each instance in turn takes the tasks that use up best what it has left.
    Balanced,
}

/// Places `rest` on `bins`, then on new instances of `offer`; what that cannot hold, on the cheapest
/// instance that does.
pub(super) fn decreasing(
    model: &Model,
    rest: &[u32],
    caps: &[u32],
    offer: usize,
    (order, choice): (Order, Choice),
    bins: &mut Vec<Bin>,
) {
    if choice == Choice::Balanced {
        return balanced(model, rest, caps, offer, bins);
    }
    for class in ordered(model, offer, order) {
        let mut left = rest[class];
        if left == 0 {
            continue;
        }
        let mut open: Vec<usize> =
            (0..bins.len()).filter(|&bin| bins[bin].room(model, class, 1) > 0).collect();
        if choice == Choice::Best {
            open.sort_by_key(|&bin| slack(model, &bins[bin], class));
        }
        for bin in open {
            let most = left.min(caps[class].saturating_sub(bins[bin].take[class]));
            let tasks = bins[bin].room(model, class, most);
            bins[bin].put(model, class, tasks);
            left -= tasks;
            if left == 0 {
                break;
            }
        }
        while left > 0 {
            let Some(offer) = opened(model, class, offer) else { break };
            let mut bin = Bin::new(model, offer);
            let tasks = bin.room(model, class, left.min(caps[class].max(1))).max(1);
            bin.put(model, class, tasks);
            left -= tasks;
            bins.push(bin);
        }
    }
}

/// Fills instance after instance, each time with the task that brings what is free nearest to nothing, each
/// resource weighted by how much of it is wanted (the norm-based greedy of Panigrahy and others, 2011).
fn balanced(model: &Model, rest: &[u32], caps: &[u32], offer: usize, bins: &mut Vec<Bin>) {
    let mut rest = rest.to_vec();
    let capacity = model.offers[offer].capacity;
    let wanted: [f64; 4] = std::array::from_fn(|kind| {
        let needs = model
            .classes
            .iter()
            .zip(&rest)
            .map(|(class, &left)| u64::from(class.needs[kind]) * u64::from(left));
        needs.sum::<u64>() as f64 / f64::from(capacity[kind].max(1))
    });
    // As shares of one instance, so that types can be compared.
    let weight: [f64; 4] = std::array::from_fn(|kind| {
        wanted[kind] / f64::from(capacity[kind].max(1)) / f64::from(capacity[kind].max(1))
    });
    let mut at = 0;
    while let Some(first) = rest.iter().position(|&left| left > 0) {
        if at == bins.len() {
            let Some(offer) = opened(model, first, offer) else { return };
            bins.push(Bin::new(model, offer));
        }
        let bin = &mut bins[at];
        while let Some(class) = (0..rest.len())
            .filter(|&class| {
                rest[class] > 0 && bin.take[class] < caps[class] && bin.room(model, class, 1) > 0
            })
            .map(|class| {
                let needs = model.classes[class].needs;
                let left: f64 =
                    (0..4).map(|kind| weight[kind] * f64::from(bin.free[kind] - needs[kind]).powi(2)).sum();
                (left, class)
            })
            .min_by(|(a, a_class), (b, b_class)| a.total_cmp(b).then(a_class.cmp(b_class)))
            .map(|(_, class)| class)
        {
            bin.put(model, class, 1);
            rest[class] -= 1;
        }
        at += 1;
    }
}

/// What stays free of the bin's scarcest resource, were a task of `class` put there.
pub(super) fn slack(model: &Model, bin: &Bin, class: usize) -> u64 {
    let capacity = model.offers[bin.offer].capacity;
    let needs = model.classes[class].needs;
    let share =
        |kind: usize| u64::from(bin.free[kind] - needs[kind]) * 1_000_000 / u64::from(capacity[kind].max(1));
    share(0) + share(1)
}

/// The offer for a new instance that holds `class`: `wanted`, or else the cheapest.
pub(super) fn opened(model: &Model, class: usize, wanted: usize) -> Option<usize> {
    let fits = &model.classes[class].fits;
    if fits[wanted] { Some(wanted) } else { fits.iter().position(|&fits| fits) }
}

/// Steps of one search for the fullest instance.
const EFFORT: Effort = Effort { nodes: 1_500, enough: 0 };

/// Fills instance after instance with what is worth most for its price.
pub(super) fn by_worth(
    model: &Model,
    rest: &mut [u32],
    caps: &[u32],
    worth: &[u64],
    offers: &[usize],
    bins: &mut Vec<Bin>,
) {
    loop {
        let most: Vec<u32> = rest.iter().zip(caps).map(|(&rest, &cap)| rest.min(cap)).collect();
        let mut best: Option<(u128, u128, Column)> = None;
        for &offer in offers {
            let of = &model.offers[offer];
            let full = fullest(&of.capacity, items(model, worth, &most, offer), EFFORT);
            if full.worth == 0 {
                continue;
            }
            let (gain, price) = (u128::from(full.worth), u128::from(of.price.max(1)));
            let better =
                best.as_ref().is_none_or(|(other, other_price, _)| gain * other_price > other * price);
            if better {
                best = Some((gain, price, Column { offer, take: full.take }));
            }
        }
        let Some((_, _, column)) = best else { break };
        let times = column.take.iter().map(|&(class, tasks)| rest[class] / tasks).min().unwrap_or(0);
        for &(class, tasks) in &column.take {
            rest[class] -= tasks * times;
        }
        let bin = Bin::of(model, &column);
        bins.extend(std::iter::repeat_n(bin, times as usize));
    }
}

/// Instances that could not be emptied, until no more are tried.
const EMPTIED: usize = 12;

/// Empties instances whose tasks find room on others, the least loaded first.
pub(super) fn empty(model: &Model, caps: &[u32], bins: &mut Vec<Bin>) {
    let load = |bin: &Bin| {
        let capacity = model.offers[bin.offer].capacity;
        let share = |kind: usize| {
            u64::from(capacity[kind] - bin.free[kind]) * 1_000_000 / u64::from(capacity[kind].max(1))
        };
        share(0) + share(1)
    };
    bins.retain(|bin| !bin.is_empty());
    let mut lightest: Vec<usize> = (0..bins.len()).collect();
    lightest.sort_by_key(|&bin| (load(&bins[bin]), bin));
    let mut failures = 0;
    let mut emptied = vec![false; bins.len()];
    for bin in lightest {
        if failures == EMPTIED {
            break;
        }
        let mut moves = Vec::new();
        let mut left_over = 0;
        for class in 0..bins[bin].take.len() {
            let mut left = bins[bin].take[class];
            for other in 0..bins.len() {
                if left == 0 {
                    break;
                }
                if other == bin || emptied[other] {
                    continue;
                }
                let most = left.min(caps[class].saturating_sub(bins[other].take[class]));
                let fits = bins[other].room(model, class, most);
                if fits > 0 {
                    bins[other].put(model, class, fits);
                    moves.push((other, class, fits));
                    left -= fits;
                }
            }
            left_over += left;
            if left_over > 0 {
                break;
            }
        }
        if left_over == 0 {
            bins[bin] = Bin::new(model, bins[bin].offer);
            emptied[bin] = true;
            continue;
        }
        failures += 1;
        for (other, class, tasks) in moves {
            bins[other].remove(model, class, tasks);
        }
    }
    bins.retain(|bin| !bin.is_empty());
}
