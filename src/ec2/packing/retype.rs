//! [`retype`]: other instance types for what is on the instances, where that costs less.

use super::{
    fill::{Bin, used},
    model::{Amounts, Model},
};

/// Changes types as long as that makes the instances that run cheaper. Where managed scaling keeps some of
/// each type free, it may pay to have fewer types of larger instances.
pub(super) fn retype(model: &Model, bins: &mut Vec<Bin>) {
    bins.retain(|bin| !bin.is_empty());
    let mut counts = used(model, bins);
    if model.target_percent == 100 || bins.len() > MANY {
        for bin in bins.iter_mut() {
            let cheapest = (0..bin.offer).find(|&offer| {
                model.offers[offer].price < model.offers[bin.offer].price && holds(model, bin, offer)
            });
            if let Some(offer) = cheapest {
                change(model, bin, offer);
            }
        }
        counts = used(model, bins);
    }
    if model.target_percent == 100 {
        return;
    }
    loop {
        let mut best: Option<(u64, usize, usize, usize)> = None;
        let running = |offer: usize, used: u32| model.running(u64::from(used)) * model.offers[offer].price;
        for from in (0..counts.len()).filter(|&from| (1..=MANY).contains(&(counts[from] as usize))) {
            for to in (0..counts.len()).filter(|&to| to != from) {
                let movable = bins.iter().filter(|bin| bin.offer == from && holds(model, bin, to)).count();
                let before = running(from, counts[from]) + running(to, counts[to]);
                for moved in 1..=u32::try_from(movable).unwrap_or(u32::MAX) {
                    let after = running(from, counts[from] - moved) + running(to, counts[to] + moved);
                    if after < before && best.is_none_or(|(saved, ..)| before - after > saved) {
                        best = Some((before - after, from, to, moved as usize));
                    }
                }
            }
        }
        let Some((_, from, to, moved)) = best else { return };
        let movable = bins.iter_mut().filter(|bin| bin.offer == from && holds(model, bin, to));
        movable.take(moved).for_each(|bin| change(model, bin, to));
        counts = used(model, bins);
    }
}

/// Instances beyond which the few that are kept free hardly count.
const MANY: usize = 60;

fn taken(model: &Model, bin: &Bin) -> Amounts {
    std::array::from_fn(|kind| model.offers[bin.offer].capacity[kind] - bin.free[kind])
}

/// Whether an instance of `offer` holds what is on `bin`.
fn holds(model: &Model, bin: &Bin, offer: usize) -> bool {
    let taken = taken(model, bin);
    (0..4).all(|kind| taken[kind] <= model.offers[offer].capacity[kind])
        && bin.take.iter().enumerate().all(|(class, &tasks)| tasks == 0 || model.classes[class].fits[offer])
}

fn change(model: &Model, bin: &mut Bin, offer: usize) {
    let taken = taken(model, bin);
    bin.offer = offer;
    bin.free = std::array::from_fn(|kind| model.offers[offer].capacity[kind] - taken[kind]);
}
