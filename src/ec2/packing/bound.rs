//! What an hour costs at least: prices of the tasks and [`Cover`] of whole instances, both valid for any
//! packing under the problem's constraints, and [`Bounds`], the best of them.

use super::{
    columns::fullest_of_each,
    model::{Demand, Model},
    prices::{Prices, narrow},
};

/// The cheapest whole instances that have CPU and memory enough, for any amounts up to the peak.
#[derive(Debug)]
pub(super) struct Cover {
    cpu: Prices,
    memory: Prices,
    rows: usize,
    /// By CPU and memory: what instances in use cost.
    in_use: Vec<u64>,
    /// The same for those that run.
    running: Option<Vec<u64>>,
}

/// Steps of one search for the fullest instance.
const NODES: usize = 20_000;

/// Entries of a cover's table, and steps to fill it.
const MOST_ENTRIES: usize = 400_000;
const MOST_STEPS: usize = 12_000_000;

impl Cover {
    pub(super) fn new(model: &Model, peaks: &[u32], caps: &[u32]) -> Option<Self> {
        let unit = |kind: usize| {
            let needs = model.classes.iter().map(|class| class.needs[kind]);
            needs.fold(0, greatest_common_divisor).max(1)
        };
        let cpu = of_resource(model, 0, unit(0), caps);
        let memory = of_resource(model, 1, unit(1), caps);
        let size = |prices: &Prices| usize::try_from(prices.total(peaks)).ok()?.checked_add(1);
        let (width, rows) = (size(&cpu)?, size(&memory)?);
        let entries = width.checked_mul(rows).filter(|&entries| entries <= MOST_ENTRIES)?;
        if entries * model.offers.len() > MOST_STEPS {
            return None;
        }
        let sizes: Vec<(usize, usize, u64)> = model
            .offers
            .iter()
            .enumerate()
            .map(|(at, offer)| {
                let capped = |ceiling: u64, most: usize| usize::try_from(ceiling).unwrap_or(most).min(most);
                (capped(cpu.ceilings[at], width), capped(memory.ceilings[at], rows), offer.price)
            })
            .filter(|&(cpu, memory, _)| cpu > 0 || memory > 0)
            .collect();
        let mut in_use = vec![u64::MAX; entries];
        in_use[0] = 0;
        for at in 1..entries {
            let (i, j) = (at / rows, at % rows);
            let cheapest = sizes.iter().filter_map(|&(cpu, memory, price)| {
                let before = i.saturating_sub(cpu) * rows + j.saturating_sub(memory);
                (before < at).then(|| in_use[before].saturating_add(price))
            });
            in_use[at] = cheapest.min().unwrap_or(u64::MAX);
        }
        let running = (model.target_percent < 100).then(|| running(model, &sizes, width, rows)).flatten();
        Some(Self { cpu, memory, rows, in_use, running })
    }

    fn at(&self, counts: &[u32]) -> Option<usize> {
        let cpu = usize::try_from(self.cpu.total(counts)).ok()?;
        let memory = usize::try_from(self.memory.total(counts)).ok()?;
        Some(cpu * self.rows + memory)
    }

    pub(super) fn in_use(&self, counts: &[u32]) -> u64 {
        self.at(counts).and_then(|at| self.in_use.get(at).copied()).unwrap_or(0)
    }

    fn running(&self, counts: &[u32]) -> u64 {
        let Some(running) = &self.running else { return 0 };
        self.at(counts).and_then(|at| running.get(at).copied()).unwrap_or(0)
    }
}

/// Offer by offer: instances run in whole numbers, and managed scaling keeps some of each free.
fn running(model: &Model, sizes: &[(usize, usize, u64)], width: usize, rows: usize) -> Option<Vec<u64>> {
    let mut best = vec![u64::MAX; width * rows];
    best[0] = 0;
    let mut steps = 0;
    for &(cpu, memory, price) in sizes {
        // As many as suffice alone.
        let most = (width / cpu.max(1)).max(rows / memory.max(1)) + 1;
        steps = most.saturating_mul(width * rows).saturating_add(steps);
        if steps > 5 * MOST_STEPS {
            return None;
        }
        let before = best.clone();
        for used in 1..=most {
            let cost = model.running(used as u64) * price;
            let (cpu, memory) = (cpu * used, memory * used);
            for i in 0..width {
                let row = i.saturating_sub(cpu) * rows;
                for j in 0..rows {
                    let with = before[row + j.saturating_sub(memory)].saturating_add(cost);
                    let entry = &mut best[i * rows + j];
                    *entry = (*entry).min(with);
                }
            }
        }
    }
    Some(best)
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// All that is known to bound hours from below.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    pub prices: Vec<Prices>,
    pub cover: Option<Cover>,
}

impl Bounds {
    /// The bounds that need no program: each resource by itself.
    pub(super) fn of_resources(model: &Model, peaks: &[u32], caps: &[u32]) -> Self {
        let kinds = (0..4).filter(|&kind| model.classes.iter().any(|class| class.needs[kind] > 0));
        let mut prices: Vec<Prices> = kinds.map(|kind| of_resource(model, kind, 1, caps)).collect();
        // One for each task: instances that hold few tasks for any reason.
        let ones = vec![1; model.classes.len()];
        let allowed: Vec<usize> = (0..model.offers.len()).collect();
        let fullest = fullest_of_each(model, &ones, caps, &allowed, NODES, |_| 0.0);
        prices.push(Prices::new(model, ones, caps.to_vec(), &allowed, &fullest));
        let cover = if model.offers.len() > 1 { Cover::new(model, peaks, caps) } else { None };
        Self { prices, cover }
    }

    /// What instances in use cost that hold `counts`, zones aside.
    pub(super) fn in_use(&self, counts: &[u32], caps: &[u32]) -> u64 {
        let usable = self.prices.iter().filter(|prices| prices.holds_for(caps));
        let by_prices = usable.map(|prices| prices.in_use(counts)).max().unwrap_or(0);
        by_prices.max(self.cover.as_ref().map_or(0, |cover| cover.in_use(counts)))
    }

    fn instances(&self, counts: &[u32], caps: &[u32]) -> u64 {
        let usable = self.prices.iter().filter(|prices| prices.holds_for(caps));
        usable.map(|prices| prices.instances(counts)).max().unwrap_or(0)
    }

    /// What the hour costs at least.
    pub(super) fn hour(&self, model: &Model, demand: &Demand) -> u64 {
        self.hour_with(model, demand, |counts| {
            if let [offer] = &model.offers[..] {
                self.instances(counts, &demand.caps) * offer.price
            } else {
                self.in_use(counts, &demand.caps)
            }
        })
    }

    /// The same, where `in_use` bounds what instances in use cost that hold some counts.
    pub(super) fn hour_with(&self, model: &Model, demand: &Demand, in_use: impl Fn(&[u32]) -> u64) -> u64 {
        let zones = model.zones as u64;
        if let [offer] = &model.offers[..] {
            let price = offer.price.max(1);
            let mut instances = demand.apart.iter().copied().max().map_or(0, u64::from);
            for (counts, of) in demand.in_zones.iter().zip(1_u64..) {
                let least = if offer.price == 0 {
                    self.instances(counts, &demand.caps)
                } else {
                    in_use(counts).div_ceil(price)
                };
                // The other zones have no fewer than the largest of these.
                instances = instances.max(least + (zones - of) * least.div_ceil(of));
            }
            return model.running(instances) * offer.price;
        }
        let mut cost = 0;
        for (counts, of) in demand.in_zones.iter().zip(1_u64..) {
            // On average the zones cost as much as any `of` of them do at least.
            let least = u128::from(in_use(counts)) * u128::from(zones);
            cost = cost.max(narrow(least.div_ceil(u128::from(of))));
        }
        for (class, &apart) in demand.apart.iter().enumerate() {
            let holding = model.offers.iter().zip(&model.classes[class].fits).filter(|(_, fits)| **fits);
            let cheapest = holding.map(|(offer, _)| offer.price).min().unwrap_or(0);
            cost = cost.max(u64::from(apart) * cheapest);
        }
        let running = model.running_share(cost);
        running.max(self.cover.as_ref().map_or(0, |cover| cover.running(&demand.counts)))
    }
}

/// The worth of one resource: what of it a task needs, in units of `unit`.
fn of_resource(model: &Model, kind: usize, unit: u32, caps: &[u32]) -> Prices {
    let worth: Vec<u64> = model.classes.iter().map(|class| u64::from(class.needs[kind] / unit)).collect();
    let allowed: Vec<usize> = (0..model.offers.len()).collect();
    let fullest = fullest_of_each(model, &worth, caps, &allowed, NODES, |_| 0.0);
    Prices::new(model, worth, caps.to_vec(), &allowed, &fullest)
}

/// The same worths, with what an instance of any offer of `model` holds.
pub(super) fn everywhere(prices: &Prices, model: &Model) -> Prices {
    let allowed: Vec<usize> = (0..model.offers.len()).collect();
    let fullest = fullest_of_each(model, &prices.worth, &prices.caps, &allowed, NODES, |_| 0.0);
    Prices::new(model, prices.worth.clone(), prices.caps.clone(), &allowed, &fullest)
}
