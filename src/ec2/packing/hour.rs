//! [`solve`]: one hour's instances and what they cost at least.

use std::sync::OnceLock;

use super::{
    bound::{Bounds, Prices},
    columns::{Column, Limits, divided, generate},
    exact::Table,
    fill::{Bin, Choice, ORDERS, Order, by_worth, cost, decreasing, empty, used},
    model::{Demand, Model},
    retype::retype,
    search::{Asked, cheapest},
    zoned::zoned,
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

struct Attempt<'a> {
    model: &'a Model,
    demand: &'a Demand,
    bound: u64,
    /// How much above the bound is not worth more work.
    tolerated: u64,
    best: Option<(u64, Vec<Bin>)>,
}

impl Attempt<'_> {
    fn good_enough(&self) -> bool {
        self.best.as_ref().is_some_and(|(cost, _)| *cost <= self.bound + self.tolerated)
    }

    fn consider(&mut self, mut bins: Vec<Bin>) {
        empty(self.model, &self.demand.caps, &mut bins);
        retype(self.model, &mut bins);
        spread(self.model, self.demand, &mut bins);
        retype(self.model, &mut bins);
        let cost = cost(self.model, &bins);
        if self.best.as_ref().is_none_or(|(best, _)| cost < *best) {
            self.best = Some((cost, bins));
        }
    }

    /// The same for instances whose zones are dealt out.
    fn consider_zoned(&mut self, mut bins: Vec<Bin>) {
        retype(self.model, &mut bins);
        let cost = cost(self.model, &bins);
        if self.best.as_ref().is_none_or(|(best, _)| cost < *best) {
            self.best = Some((cost, bins));
        }
    }

    fn end(self) -> Solved {
        let (cost, bins) = self.best.unwrap_or_default();
        Solved { used: used(self.model, &bins), cost, bound: self.bound.min(cost), bins }
    }

    /// What the instances in use of the best packing cost.
    fn in_use(&self) -> u64 {
        let cost = |bins: &Vec<Bin>| bins.iter().map(|bin| self.model.offers[bin.offer].price).sum();
        self.best.as_ref().map_or(u64::MAX, |(_, bins)| cost(bins))
    }

    fn raise(&mut self, bound: u64) {
        self.bound = self.bound.max(bound);
    }
}

/// Packs one hour.
pub(super) fn solve(model: &Model, demand: &Demand, shared: &Shared) -> Solved {
    let bound = shared.bounds.hour(model, demand);
    let tolerated = match demand.counts.iter().sum::<u32>() {
        0..=EXACT_TASKS => 0,
        _ if shared.many => bound / 250,
        _ => bound / 2_000,
    };
    let mut attempt = Attempt { model, demand, bound, tolerated, best: None };
    let guide = shared
        .bounds
        .prices
        .iter()
        .max_by(|a, b| a.value(&demand.counts).total_cmp(&b.value(&demand.counts)));
    // The offers that hold the worth most cheaply.
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
    let ways: Vec<(Order, Choice)> =
        ORDERS.iter().flat_map(|&order| [(order, Choice::First), (order, Choice::Best)]).collect();
    if shared.many {
        if let Some(sample) = shared.samples.iter().min_by_key(|sample| apart(sample, demand)) {
            for &way in &ways[..4] {
                attempt.consider(adapted(model, demand, sample, promising[0], way));
                if attempt.good_enough() {
                    return attempt.end();
                }
            }
            // A program of so many rows takes too long to solve for each hour.
            if model.classes.len() > MOST_ROWS {
                for &way in &ways {
                    let mut bins = Vec::new();
                    decreasing(model, &demand.counts, &demand.caps, promising[0], way, &mut bins);
                    attempt.consider(bins);
                }
                return attempt.end();
            }
        }
        let near = guide.map_or_else(Vec::new, |guide| near(model, guide, &shared.columns));
        rounded(model, &mut attempt, &near, guide, &promising, &ways);
        if attempt.good_enough() {
            return attempt.end();
        }
        promising.truncate(1);
    }
    'ways: for &way in &ways {
        for &offer in &promising {
            let mut bins = Vec::new();
            decreasing(model, &demand.counts, &demand.caps, offer, way, &mut bins);
            attempt.consider(bins);
            if attempt.good_enough() {
                return attempt.end();
            }
            if !shared.many && model.zones > 1 {
                attempt.consider_zoned(zoned(model, demand, offer, way, Vec::new()));
            }
            if attempt.good_enough() {
                return attempt.end();
            }
            if shared.many {
                break 'ways;
            }
        }
    }
    if shared.many {
        return attempt.end();
    }
    if let Some(guide) = guide {
        let (mut rest, mut bins) = (demand.counts.clone(), Vec::new());
        by_worth(model, &mut rest, &demand.caps, &guide.worth, &promising, &mut bins);
        decreasing(model, &rest, &demand.caps, promising[0], ways[0], &mut bins);
        attempt.consider(bins);
    }
    let mut own = None;
    if !attempt.good_enough() && shared.rounds > 0 {
        own = Some(of_its_own(model, &mut attempt, shared));
    }
    if !attempt.good_enough() {
        let columns = own.as_ref().map_or(&shared.columns, |own| &own.columns);
        rounded(model, &mut attempt, columns, guide, &promising, &ways);
    }
    if !attempt.good_enough() && shared.search_budget > 0 && model.zones > 1 {
        settled(model, &mut attempt, shared);
    }
    if !attempt.good_enough() && shared.search_budget > 0 {
        let bounds = own.as_ref().map_or(&shared.bounds, |own| &own.bounds);
        searched(model, &mut attempt, bounds, shared);
    }
    attempt.end()
}

/// Classes up to which each hour has a program of its own.
pub(super) const MOST_ROWS: usize = 90;

/// An hour that is packed, from which others are.
#[derive(Debug)]
pub(super) struct Sample {
    pub counts: Vec<u32>,
    pub bins: Vec<Bin>,
}

/// Tasks that are in one and not in the other.
fn apart(sample: &Sample, demand: &Demand) -> u32 {
    sample.counts.iter().zip(&demand.counts).map(|(&a, &b)| a.abs_diff(b)).sum()
}

/// What another hour has, less the tasks that do not run, with those that run besides.
fn adapted(model: &Model, demand: &Demand, sample: &Sample, offer: usize, way: (Order, Choice)) -> Vec<Bin> {
    let mut bins = sample.bins.clone();
    let mut surplus: Vec<u32> =
        sample.counts.iter().zip(&demand.counts).map(|(&had, &has)| had.saturating_sub(has)).collect();
    // Whole instances first.
    bins.retain(|bin| {
        let gone = bin.take.iter().zip(&surplus).all(|(taken, surplus)| taken <= surplus);
        if gone {
            bin.take.iter().zip(&mut surplus).for_each(|(taken, surplus)| *surplus -= taken);
        }
        !gone
    });
    bins.sort_by_key(|bin| bin.take.iter().sum::<u32>());
    for bin in &mut bins {
        for class in 0..surplus.len() {
            let gone = bin.take[class].min(surplus[class]);
            if gone > 0 {
                bin.remove(model, class, gone);
                surplus[class] -= gone;
            }
        }
    }
    let rest: Vec<u32> =
        sample.counts.iter().zip(&demand.counts).map(|(&had, &has)| has.saturating_sub(had)).collect();
    decreasing(model, &rest, &demand.caps, offer, way, &mut bins);
    bins
}

/// The columns that cost little more than the tasks on them are worth.
fn near(model: &Model, guide: &Prices, columns: &[Column]) -> Vec<Column> {
    let (price, ceiling) = guide.cheapest;
    let regret = |column: &Column| {
        let worth: u64 =
            column.take.iter().map(|&(class, tasks)| guide.worth[class] * u64::from(tasks)).sum();
        1.0 - worth as f64 * price as f64 / ceiling as f64 / model.offers[column.offer].price.max(1) as f64
    };
    let mut ranked: Vec<(f64, usize)> =
        columns.iter().enumerate().map(|(at, column)| (regret(column), at)).collect();
    ranked.sort_by(|(a, a_at), (b, b_at)| a.total_cmp(b).then(a_at.cmp(b_at)));
    // Each class needs a column, however dear.
    let mut missing = vec![true; model.classes.len()];
    let mut kept = Vec::new();
    for (rank, (_, at)) in ranked.into_iter().enumerate() {
        let column = &columns[at];
        if rank < NEAR * model.classes.len() || column.take.iter().any(|&(class, _)| missing[class]) {
            column.take.iter().for_each(|&(class, _)| missing[class] = false);
            kept.push(column.clone());
        }
    }
    kept
}

/// Columns looked at for each class.
const NEAR: usize = 4;

/// Tasks up to which the least cost is wanted, not nearly the least.
const EXACT_TASKS: u32 = 16;

/// Offers that are tried alone.
const OFFERS_TRIED: usize = 6;

struct Own {
    bounds: Bounds,
    columns: Vec<Column>,
}

/// Columns and bounds for nothing but this hour: with its own caps, and without offers that cost more than
/// the best packing that is known.
fn of_its_own(model: &Model, attempt: &mut Attempt<'_>, shared: &Shared) -> Own {
    let demand = attempt.demand;
    let most = attempt.best.as_ref().map_or(u64::MAX, |(cost, _)| *cost);
    let allowed: Vec<usize> = (0..model.offers.len())
        .filter(|&offer| model.running(1) * model.offers[offer].price <= most)
        .collect();
    let caps: Vec<u32> =
        demand.caps.iter().zip(&demand.counts).map(|(&cap, &count)| cap.min(count)).collect();
    let known: Vec<Column> = shared
        .columns
        .iter()
        .filter(|column| {
            allowed.contains(&column.offer) && column.take.iter().all(|&(class, tasks)| tasks <= caps[class])
        })
        .cloned()
        .collect();
    let generated =
        generate(model, &demand.counts, &caps, &allowed, known, Limits { rounds: shared.rounds, gap: 1e-5 });
    let mut bounds = Bounds::of_resources(model, &demand.counts, &caps);
    bounds.prices.extend(generated.prices);
    attempt.raise(bounds.hour(model, demand).min(most));
    Own { bounds, columns: generated.columns }
}

/// Rounds the divided program and packs the rest in several ways.
fn rounded(
    model: &Model,
    attempt: &mut Attempt<'_>,
    columns: &[Column],
    guide: Option<&Prices>,
    promising: &[usize],
    ways: &[(Order, Choice)],
) {
    let demand = attempt.demand;
    let Some(amounts) = divided(model, &demand.counts, columns) else { return };
    let (mut rest, mut whole) = (demand.counts.clone(), Vec::new());
    let mut parts: Vec<(f64, usize)> = Vec::new();
    for (at, (column, amount)) in columns.iter().zip(&amounts).enumerate() {
        let times = (amount + 1e-6).floor();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, no more than tasks"
        )]
        add(model, column, times as u32, &mut rest, &mut whole);
        parts.push((amount - times, at));
    }
    parts.retain(|(part, _)| *part > 1e-6);
    parts.sort_by(|(a, a_at), (b, b_at)| b.total_cmp(a).then(a_at.cmp(b_at)));
    let caps = &demand.caps;
    let mut ends: Vec<(u64, Vec<Bin>)> = Vec::new();
    // The largest parts rounded up, from none of them to all.
    for up in 0..=parts.len().min(ROUNDED_UP) {
        let (mut rest, mut bins) = (rest.clone(), Vec::new());
        for &(_, at) in parts.iter().take(parts.len() * up / parts.len().clamp(1, ROUNDED_UP)) {
            add(model, &columns[at], 1, &mut rest, &mut bins);
        }
        for &offer in promising.iter().take(3) {
            for &way in ways.iter().take(4) {
                let mut bins = bins.clone();
                decreasing(model, &rest, caps, offer, way, &mut bins);
                ends.push((0, bins));
            }
        }
        if let Some(guide) = guide {
            by_worth(model, &mut rest, caps, &guide.worth, &promising, &mut bins);
            decreasing(model, &rest, caps, promising[0], ways[0], &mut bins);
            ends.push((0, bins));
        }
    }
    for (total, bins) in &mut ends {
        empty(model, caps, bins);
        retype(model, bins);
        *total = cost(model, bins);
    }
    ends.sort_by_key(|(cost, _)| *cost);
    for (_, end) in ends.into_iter().take(if attempt.tolerated > attempt.bound / 1_000 { 1 } else { 6 }) {
        let mut bins = whole.clone();
        bins.extend(end);
        attempt.consider(bins);
        if attempt.good_enough() {
            return;
        }
    }
}

const ROUNDED_UP: usize = 6;

/// Adds instances with a column's tasks, as far as these are left.
fn add(model: &Model, column: &Column, times: u32, rest: &mut [u32], bins: &mut Vec<Bin>) {
    for _ in 0..times {
        let take: Vec<(usize, u32)> = column
            .take
            .iter()
            .map(|&(class, tasks)| (class, tasks.min(rest[class])))
            .filter(|&(_, tasks)| tasks > 0)
            .collect();
        if take.is_empty() {
            return;
        }
        for &(class, tasks) in &take {
            rest[class] -= tasks;
        }
        bins.push(Bin::of(model, &Column { offer: column.offer, take }));
    }
}

/// Searches for the cheapest packing, zones aside.
fn searched(model: &Model, attempt: &mut Attempt<'_>, bounds: &Bounds, shared: &Shared) {
    let demand = attempt.demand;
    let caps: Vec<u32> =
        demand.caps.iter().zip(&demand.counts).map(|(&cap, &count)| cap.min(count)).collect();
    let best = attempt.best.as_ref().map_or(u64::MAX, |(cost, _)| *cost);
    let running = model.target_percent < 100 && model.offers.len() > 1;
    let limit = if running { best } else { attempt.in_use() };
    let asked = Asked { counts: &demand.counts, caps: &caps, limit, budget: shared.search_budget, running };
    let found = cheapest(model, asked, |counts| bounds.in_use(counts, &caps));
    if running {
        attempt.raise(found.bound);
    } else {
        let proven = bounds.hour_with(model, demand, |counts| {
            if counts == demand.counts.as_slice() { found.bound } else { bounds.in_use(counts, &caps) }
        });
        attempt.raise(proven.min(best));
    }
    if let Some(columns) = found.columns {
        attempt.consider(columns.iter().map(|column| Bin::of(model, column)).collect());
    }
}

/// Settles an hour of few tasks, zones and all. Not where managed scaling works on several types.
fn settled(model: &Model, attempt: &mut Attempt<'_>, shared: &Shared) {
    if model.target_percent < 100 && model.offers.len() > 1 {
        return;
    }
    let Some(table) = shared.table.get_or_init(|| Table::new(model, &shared.peaks)) else { return };
    let limit = attempt.in_use();
    let Some((least, bins)) = table.solve(model, attempt.demand, limit, shared.search_budget) else { return };
    let instances = least / model.offers[0].price.max(1);
    let proven =
        if model.offers.len() > 1 { least } else { model.running(instances) * model.offers[0].price };
    if let Some(bins) = bins {
        let cost = cost(model, &bins);
        attempt.best = Some((cost, bins));
    }
    let best = attempt.best.as_ref().map_or(u64::MAX, |(cost, _)| *cost);
    attempt.raise(proven.min(best));
}
