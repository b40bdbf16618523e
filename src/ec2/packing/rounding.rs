//! [`rounded`]: whole instances from the divided program.

use super::{
    attempt::Attempt,
    columns::{Column, divided},
    fill::{Bin, by_worth, cost, decreasing},
    model::Model,
};

/// Rounds the divided program, packs the rest in several ways, and tries so many of them.
pub(super) fn rounded(attempt: &mut Attempt<'_>, columns: &[Column], ends_tried: usize) {
    let (model, demand) = (attempt.model, attempt.demand);
    let (promising, ways) = (attempt.promising.clone(), attempt.ways.clone());
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
        if let Some(guide) = attempt.guide {
            by_worth(model, &mut rest, caps, &guide.worth, &promising, &mut bins);
            decreasing(model, &rest, caps, promising[0], ways[0], &mut bins);
            ends.push((0, bins));
        }
    }
    for (total, bins) in &mut ends {
        attempt.improve(bins);
        *total = cost(model, bins);
    }
    ends.sort_by_key(|(cost, _)| *cost);
    for (_, end) in ends.into_iter().take(ends_tried) {
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
