//! [`tasks`]: what a change of the numbers that services ask for makes of the tasks that run.
//!
//! Takes the tasks of a workload that ran on average, and the services of both sides of a change; gives the tasks on
//! one of them. What ran is what the services of before came to, whatever they ask for. `None` where it cannot be told:
//! nothing changed and nothing is known are two things.

use rust_decimal::Decimal;

use super::{link::last_part, tally::pairs};
use crate::template::{ServiceTemplate, Setting};

/// Tasks of the service that is called `workload`, with the services `own`. `mean` of them ran with those of `before`.
pub fn tasks(
    workload: Option<&str>,
    mean: Decimal,
    own: &[ServiceTemplate],
    before: &[ServiceTemplate],
) -> Option<Decimal> {
    // What runs it stands elsewhere.
    if own.is_empty() || before.is_empty() {
        return Some(mean);
    }
    let met = pairs(own, before);
    let is_it = |service: &ServiceTemplate| {
        workload.is_some() && service.name.known().map(|name| last_part(name)) == workload
    };
    // One without a name may be any.
    let some_are_nameless =
        || own.iter().zip(&met).any(|(service, met)| met.is_none() && service.name.known().is_none());
    if let Some(at) = own.iter().position(is_it) {
        // It runs already, though the files are new to it.
        return met[at].map_or(Some(mean), |was| of_one(&own[at], &before[was], mean));
    }
    if let Some(was) = before.iter().position(is_it) {
        return match met.iter().position(|met| *met == Some(was)) {
            Some(at) => of_one(&own[at], &before[was], mean),
            None => (!some_are_nameless()).then_some(Decimal::ZERO),
        };
    }
    if met.iter().flatten().count() < before.len() || some_are_nameless() {
        return None;
    }
    // It may be any of them.
    let mut each = own.iter().zip(&met).filter_map(|(now, met)| Some(of_one(now, &before[(*met)?], mean)));
    let first = each.next().unwrap_or(Some(mean))?;
    let is_known = each.all(|other| other == Some(first)) && (workload.is_some() || first == mean);
    is_known.then_some(first)
}

fn of_one(now: &ServiceTemplate, before: &ServiceTemplate, mean: Decimal) -> Option<Decimal> {
    let is_scaled = |service: &ServiceTemplate| service.min_capacity != Setting::Absent;
    let asked = |service: &ServiceTemplate| service.desired_count.known().copied();
    let least = |service: &ServiceTemplate| service.min_capacity.known().copied();
    let (is, was) = match (is_scaled(now), is_scaled(before)) {
        (false, false) => (asked(now), asked(before)),
        (true, true) => (least(now), least(before)),
        _ => (now.tasks(), before.tasks()),
    };
    // A number that one side does not tell is that of the other.
    let Some((is, was)) = is.zip(was).filter(|(is, was)| is != was) else { return Some(mean) };
    let (is, was) = (Decimal::from(is), Decimal::from(was));
    if !is_scaled(now) && !is_scaled(before) {
        return mean.checked_mul(is)?.checked_div(was);
    }
    // Between its limits, load decides: only a minimum above all that ran does.
    (is > was && is > mean).then_some(is)
}
