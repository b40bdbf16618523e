//! Hours of few tasks, where one instance counts: heuristics first, then a program of the hour's own, then
//! searches that prove what they find.

use super::{
    attempt::{Attempt, EXACT_TASKS, SETS_TASKS},
    bound::Bounds,
    columns::{Column, Limits, generate},
    exact::Table,
    fill::{Bin, by_worth, decreasing},
    hour::Shared,
    rounding::rounded,
    search::{Asked, cheapest},
    sets::{self, Lines},
    zoned::zoned,
};

/// Ends of the divided program that are tried.
const ENDS: usize = 6;

/// Tells which sets of types would be worth preparing, where managed scaling works on several.
pub(super) fn solve(attempt: &mut Attempt<'_>, shared: &Shared) -> Vec<Lines> {
    one_after_another(attempt);
    if attempt.good_enough() {
        return Vec::new();
    }
    let many = attempt.demand.counts.iter().sum::<u32>() >= SETS_TASKS;
    let mut wanted = Vec::new();
    if attempt.model.managed() {
        wanted = sets::solve(attempt, shared);
        if attempt.good_enough() || many {
            return wanted;
        }
    }
    let own = of_its_own(attempt, shared);
    if attempt.good_enough() {
        return wanted;
    }
    rounded(attempt, &own.columns, ENDS);
    if !attempt.good_enough() && attempt.model.zones > 1 {
        settled(attempt, shared);
    }
    // Of many tasks on several types, a search proves next to nothing.
    let hopeless = many && attempt.model.offers.len() > 1;
    if !hopeless && !attempt.good_enough() {
        searched(attempt, &own.bounds, shared);
    }
    wanted
}

/// Tasks placed one after another, in several orders on several offers.
fn one_after_another(attempt: &mut Attempt<'_>) {
    let (model, demand) = (attempt.model, attempt.demand);
    let (promising, ways) = (attempt.promising.clone(), attempt.ways.clone());
    for &way in &ways {
        for &offer in &promising {
            let mut bins = Vec::new();
            decreasing(model, &demand.counts, &demand.caps, offer, way, &mut bins);
            attempt.consider(bins);
            if !attempt.good_enough() && model.zones > 1 {
                attempt.consider_zoned(zoned(model, demand, offer, way, Vec::new()));
            }
            if attempt.good_enough() {
                return;
            }
        }
    }
    if let Some(guide) = attempt.guide {
        let (mut rest, mut bins) = (demand.counts.clone(), Vec::new());
        by_worth(model, &mut rest, &demand.caps, &guide.worth, &promising, &mut bins);
        decreasing(model, &rest, &demand.caps, promising[0], ways[0], &mut bins);
        attempt.consider(bins);
    }
}

struct Own {
    bounds: Bounds,
    columns: Vec<Column>,
}

/// Columns and bounds for nothing but this hour: with its own caps, and without offers that cost more than
/// the best packing that is known.
fn of_its_own(attempt: &mut Attempt<'_>, shared: &Shared) -> Own {
    let (model, demand) = (attempt.model, attempt.demand);
    let most = attempt.cost();
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
    // What is known already may be near enough.
    let least = attempt.guide.map_or(0.0, |guide| guide.value(&demand.counts));
    let few = demand.counts.iter().sum::<u32>() <= EXACT_TASKS;
    let gap = if few { 1e-5 } else { 2e-4 };
    let limits = Limits { rounds: shared.rounds, gap, least };
    let generated = generate(model, &demand.counts, &caps, &allowed, known, limits);
    let own = Bounds { prices: generated.prices, cover: None };
    attempt.raise(own.hour(model, demand).min(most));
    Own { bounds: own, columns: generated.columns }
}

/// Searches for the cheapest packing, zones aside.
fn searched(attempt: &mut Attempt<'_>, bounds: &Bounds, shared: &Shared) {
    let (model, demand) = (attempt.model, attempt.demand);
    let caps: Vec<u32> =
        demand.caps.iter().zip(&demand.counts).map(|(&cap, &count)| cap.min(count)).collect();
    let best = attempt.cost();
    let running = model.target_percent < 100 && model.offers.len() > 1;
    let limit = if running { best } else { attempt.in_use() };
    let asked = Asked { counts: &demand.counts, caps: &caps, limit, budget: shared.search_budget, running };
    let in_use = |counts: &[u32]| bounds.in_use(counts, &caps).max(shared.bounds.in_use(counts, &caps));
    let found = cheapest(model, asked, in_use);
    if running {
        attempt.raise(found.bound);
    } else {
        let proven = bounds.hour_with(model, demand, |counts| {
            if counts == demand.counts.as_slice() { found.bound } else { in_use(counts) }
        });
        attempt.raise(proven.min(best));
    }
    if let Some(columns) = found.columns {
        attempt.consider(columns.iter().map(|column| Bin::of(model, column)).collect());
    }
}

/// Settles an hour of few tasks, zones and all; where managed scaling works on several types, what is in use.
fn settled(attempt: &mut Attempt<'_>, shared: &Shared) {
    let model = attempt.model;
    let Some(table) = shared.table.get_or_init(|| Table::new(model, &shared.peaks)) else { return };
    let managed = model.target_percent < 100 && model.offers.len() > 1;
    let limit = if managed { attempt.cost() } else { attempt.in_use() };
    let Some((least, bins)) = table.solve(model, attempt.demand, limit, shared.search_budget) else { return };
    let proven = if managed {
        // Some of each type is kept free, so at least one of a type that holds the largest task.
        let holding = |class: usize| {
            let offers = model.offers.iter().zip(&model.classes[class].fits);
            offers.filter(|(_, fits)| **fits).map(|(offer, _)| offer.price).min().unwrap_or(0)
        };
        let present = (0..model.classes.len()).filter(|&class| attempt.demand.counts[class] > 0);
        let free = present.map(holding).max().unwrap_or(0);
        model.running_share(least).max(least.saturating_add(free))
    } else if let [offer] = &model.offers[..] {
        model.running(least / offer.price.max(1)) * offer.price
    } else {
        least
    };
    if let Some(bins) = bins {
        attempt.consider_zoned(bins);
    }
    attempt.raise(proven.min(attempt.cost()));
}
