//! Hours of many tasks: adapted from hours that are packed already, or rounded from the divided program.

use super::{
    attempt::Attempt,
    columns::Column,
    fill::{Bin, Choice, Order, cost, decreasing},
    hour::Shared,
    model::{Demand, Model},
    prices::Prices,
    rounding::rounded,
};

/// Classes up to which each hour has a program of its own. One of more rows takes too long.
pub(super) const MOST_ROWS: usize = 90;

pub(super) fn solve(attempt: &mut Attempt<'_>, shared: &Shared) {
    let (model, demand) = (attempt.model, attempt.demand);
    let ways = attempt.ways.clone();
    let offer = attempt.promising[0];
    let wide = model.classes.len() > MOST_ROWS;
    let sample = shared.samples.iter().min_by_key(|sample| apart(sample, demand));
    if sample.is_some() || wide {
        let mut packings: Vec<Vec<Bin>> = Vec::new();
        if let Some(sample) = sample {
            let tried = if wide { 2 } else { 4 };
            packings.extend(ways[..tried].iter().map(|&way| adapted(model, demand, sample, offer, way)));
        }
        if wide {
            packings.extend(ways[..2].iter().map(|&way| {
                let mut bins = Vec::new();
                decreasing(model, &demand.counts, &demand.caps, offer, way, &mut bins);
                bins
            }));
        }
        for bins in &mut packings {
            attempt.improve(bins);
        }
        if let Some(bins) = packings.into_iter().min_by_key(|bins| cost(model, bins)) {
            attempt.consider(bins);
        }
        if (wide && sample.is_some()) || attempt.good_enough() {
            return;
        }
    }
    let near = attempt.guide.map_or_else(Vec::new, |guide| near(model, guide, &shared.columns));
    rounded(attempt, &near, 1);
    if !attempt.good_enough() {
        let mut bins = Vec::new();
        decreasing(model, &demand.counts, &demand.caps, offer, ways[0], &mut bins);
        attempt.consider(bins);
    }
}

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
        for (class, surplus) in surplus.iter_mut().enumerate() {
            let gone = bin.take[class].min(*surplus);
            if gone > 0 {
                bin.remove(model, class, gone);
                *surplus -= gone;
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
