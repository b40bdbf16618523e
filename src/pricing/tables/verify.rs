//! [`verify`]: what is implausible about price tables, held against tables that are trusted.
//!
//! A hole that the trusted tables have as well is known, and no problem. Spot rates float: that they move
//! is no problem either.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::{
    PriceKey, PriceTable, PriceTables,
    compare::percent_of_change,
    plausible::implausible,
    problem::{PriceProblem, ProblemKind, floats},
};

/// A price may move by so many per cent between two price lists before somebody has to look.
const JUMP_PERCENT: Decimal = Decimal::from_parts(25, 0, 0, false, 0);

/// Problems of `tables`, by kind and by what they are about. `trusted` are those they are held against.
pub fn verify(tables: &PriceTables, trusted: &PriceTables) -> Vec<PriceProblem> {
    let (found, known) = (tables.prices(), trusted.prices());
    let mut problems: Vec<PriceProblem> = holes(tables).difference(&holes(trusted)).map(hole).collect();
    for (key, usd) in &found {
        let trusted = known.get(key).copied();
        let problem = |kind, detail: String| PriceProblem {
            kind,
            key: key.clone(),
            trusted,
            found: Some(*usd),
            detail,
        };
        if *usd <= Decimal::ZERO {
            problems.push(problem(ProblemKind::NotPositive, format!("{usd} USD")));
        } else if let Some(trusted) = trusted.filter(|_| !floats(key)) {
            let moved = percent_of_change(trusted, *usd);
            if moved.is_none_or(|percent| percent.abs() > JUMP_PERCENT) {
                let percent =
                    moved.map_or_else(|| "beyond measure".to_owned(), |percent| format!("{percent:+} %"));
                problems.push(problem(ProblemKind::Jump, format!("{trusted} to {usd} USD, {percent}")));
            }
        }
    }
    problems.extend(implausible(tables, &found, &known));
    problems.extend(vanished(&found, &known));
    problems.sort_by(|a, b| (a.kind, &a.key).cmp(&(b.kind, &b.key)));
    problems
}

/// Dimensions without a rate, of platforms and plans that have another one.
fn holes(tables: &PriceTables) -> BTreeSet<PriceKey> {
    let mut rates: BTreeMap<(PriceTable, String, String), BTreeSet<&str>> = BTreeMap::new();
    for row in tables.fargate.values().filter(|row| row.operating_system != "any") {
        let of = format!("{}/{} {}", row.operating_system, row.architecture, row.purchase_option);
        let key = (PriceTable::Fargate, row.region.clone(), of);
        rates.entry(key).or_default().insert(&row.dimension);
    }
    for row in tables.plans.values() {
        let of = format!("{}/{} {} {}", row.operating_system, row.architecture, row.term, row.payment);
        let key = (PriceTable::FargateSavingsPlans, row.region.clone(), of);
        rates.entry(key).or_default().insert(&row.dimension);
    }
    rates
        .into_iter()
        .flat_map(|((table, region, of), dimensions)| {
            let needed: &[&str] = if of.starts_with("windows") {
                &["vcpu", "memory", "windows-licence"]
            } else {
                &["vcpu", "memory"]
            };
            let missing = needed.iter().filter(move |needed| !dimensions.contains(*needed));
            missing.map(move |dimension| PriceKey {
                table,
                region: region.clone(),
                item: format!("{of} {dimension}"),
            })
        })
        .collect()
}

fn hole(key: &PriceKey) -> PriceProblem {
    let detail = "no rate, where the platform has another one".to_owned();
    PriceProblem { kind: ProblemKind::Hole, key: key.clone(), trusted: None, found: None, detail }
}

/// Prices that are gone, one by one; a region's table that is gone as a whole, once.
fn vanished(found: &BTreeMap<PriceKey, Decimal>, known: &BTreeMap<PriceKey, Decimal>) -> Vec<PriceProblem> {
    let held: BTreeSet<(PriceTable, &str)> =
        found.keys().map(|key| (key.table, key.region.as_str())).collect();
    let mut problems = Vec::new();
    let mut whole: BTreeMap<(PriceTable, &str), usize> = BTreeMap::new();
    for (key, usd) in known.iter().filter(|(key, _)| !found.contains_key(*key)) {
        if held.contains(&(key.table, key.region.as_str())) {
            problems.push(PriceProblem {
                kind: ProblemKind::Vanished,
                key: key.clone(),
                trusted: Some(*usd),
                found: None,
                detail: format!("was {usd} USD"),
            });
        } else {
            *whole.entry((key.table, &key.region)).or_default() += 1;
        }
    }
    problems.extend(whole.into_iter().map(|((table, region), count)| PriceProblem {
        kind: ProblemKind::Vanished,
        key: PriceKey { table, region: region.to_owned(), item: "*".to_owned() },
        trusted: None,
        found: None,
        detail: format!("all {count} prices of the region"),
    }));
    problems
}
