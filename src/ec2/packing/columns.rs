//! The configuration program of Gilmore and Gomory: how many instances of which type hold which tasks, as if
//! they could be divided. Solved in its dual form, where a new pattern is a new row and the old solution is
//! a warm start; the dual is also what bounds the cost from below.

use microlp::{ComparisonOp, OptimizationDirection, Problem as Program, Solution, Variable};
use rayon::prelude::*;

use super::{
    knapsack::{Effort, Fullest, Item, fullest},
    model::Model,
    prices::Prices,
};

/// Tasks that one instance of an offer holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Column {
    /// Position in [`Model::offers`].
    pub offer: usize,
    /// Class and number of tasks.
    pub take: Vec<(usize, u32)>,
}

/// Prices of the dual are rounded to a part in this many of the dearest offer.
const UNIT: f64 = 16_777_216.0;

/// Steps of one search for the fullest instance: for a new column, and for proof that there is none.
const NODES: usize = 3_000;
const NODES_TO_PROVE: usize = 60_000;

/// When to end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub rounds: usize,
    /// Share of the cost that may stay open between the program and its bound.
    pub gap: f64,
    /// What the program is known to cost at least.
    pub least: f64,
}

pub(super) struct Generated {
    pub columns: Vec<Column>,
    /// The best of all rounds, in order of discovery.
    pub prices: Vec<Prices>,
}

/// Generates columns for `counts` from the offers `allowed` until none helps or the limits are met.
pub(super) fn generate(
    model: &Model,
    counts: &[u32],
    caps: &[u32],
    allowed: &[usize],
    mut columns: Vec<Column>,
    limits: Limits,
) -> Generated {
    let present: Vec<usize> = (0..counts.len()).filter(|&class| counts[class] > 0).collect();
    for &class in &present {
        columns.extend(alone(model, class, caps[class].min(counts[class]), allowed));
    }
    columns.sort();
    columns.dedup();
    let mut found: Option<(f64, Prices)> = None;
    let dearest = allowed.iter().map(|&offer| model.offers[offer].price).max().unwrap_or(1).max(1) as f64;
    let mut solution = start(model, counts, &columns, dearest);
    for _ in 0..limits.rounds {
        let Some((solved, variables)) = solution.take() else { break };
        let total = solved.objective();
        if total - limits.least / dearest < limits.gap * total {
            break;
        }
        let mut worth = vec![0; counts.len()];
        for &class in &present {
            let Some(variable) = variables[class] else { continue };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and UNIT")]
            let price = (solved.var_value(variable).clamp(0.0, 1.0) * UNIT) as u64;
            worth[class] = price;
        }
        // Columns that save less are not looked for.
        let enough = |offer: usize| model.offers[offer].price as f64 / dearest * UNIT * (1.0 + limits.gap);
        let mut fullest = fullest_of_each(model, &worth, caps, allowed, NODES, enough);
        let mut added = new_columns(model, &fullest, allowed, &columns, enough);
        if added.len() == 1 && present.len() > MANY_CLASSES {
            added.extend(others(model, &worth, caps, &added[0], &columns, enough));
        }
        if added.is_empty() {
            fullest = fullest_of_each(model, &worth, caps, allowed, NODES_TO_PROVE, enough);
            added = new_columns(model, &fullest, allowed, &columns, enough);
        }
        let prices = Prices::new(model, worth, caps.to_vec(), allowed, &fullest);
        let value = prices.value(counts) / dearest;
        if found.as_ref().is_none_or(|(best, _)| value > *best) {
            found = Some((value, prices));
        }
        let best = found.as_ref().map_or(0.0, |(best, _)| *best);
        if added.is_empty() || total - best < limits.gap * total {
            break;
        }
        solution = extend(model, solved, variables, &added, dearest);
        columns.extend(added);
    }
    Generated { columns, prices: found.into_iter().map(|(_, prices)| prices).collect() }
}

/// The fullest instances that are worth more than `enough`, those first that are worth most for their price.
fn new_columns(
    model: &Model,
    fullest: &[Fullest],
    allowed: &[usize],
    known: &[Column],
    enough: impl Fn(usize) -> f64,
) -> Vec<Column> {
    let mut worthwhile: Vec<(f64, Column)> = allowed
        .iter()
        .zip(fullest)
        .filter(|(offer, fullest)| fullest.worth as f64 > enough(**offer))
        .map(|(&offer, fullest)| {
            let rate = fullest.worth as f64 / model.offers[offer].price.max(1) as f64;
            (rate, Column { offer, take: fullest.take.clone() })
        })
        .filter(|(_, column)| !known.contains(column))
        .collect();
    worthwhile.sort_by(|(a, a_column), (b, b_column)| b.total_cmp(a).then(a_column.cmp(b_column)));
    worthwhile.into_iter().take(ADDED).map(|(_, column)| column).collect()
}

/// Further columns of the same offer, each of classes that are on none before it.
fn others(
    model: &Model,
    worth: &[u64],
    caps: &[u32],
    first: &Column,
    known: &[Column],
    enough: impl Fn(usize) -> f64,
) -> Vec<Column> {
    let offer = first.offer;
    let mut worth = worth.to_vec();
    let mut found: Vec<Column> = Vec::new();
    for _ in 1..ADDED {
        for &(class, _) in &found.last().unwrap_or(first).take {
            worth[class] = 0;
        }
        let effort = Effort { nodes: NODES / 4, enough: 0 };
        let next = fullest(&model.offers[offer].capacity, items(model, &worth, caps, offer), effort);
        let column = Column { offer, take: next.take };
        if next.worth as f64 <= enough(offer) || known.contains(&column) {
            break;
        }
        found.push(column);
    }
    found
}

/// Classes up to which columns are added one by one.
const MANY_CLASSES: usize = 40;

/// Columns that are added in a round.
const ADDED: usize = 5;

/// The fullest instance of each offer, for what a task of each class is worth.
pub(super) fn fullest_of_each(
    model: &Model,
    worth: &[u64],
    caps: &[u32],
    allowed: &[usize],
    nodes: usize,
    enough: impl Fn(usize) -> f64 + Sync,
) -> Vec<Fullest> {
    let of_offer = |&offer: &usize| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a price in units")]
        let effort = Effort { nodes, enough: enough(offer) as u64 };
        fullest(&model.offers[offer].capacity, items(model, worth, caps, offer), effort)
    };
    allowed.par_iter().map(of_offer).collect()
}

/// The classes that fit in `offer`.
pub(super) fn items(model: &Model, worth: &[u64], caps: &[u32], offer: usize) -> Vec<Item> {
    let classes = model.classes.iter().enumerate().filter(|(_, class)| class.fits[offer]);
    classes
        .map(|(class, of)| Item { class, needs: of.needs, worth: worth[class], most: caps[class] })
        .collect()
}

/// How much of each column, and of them all, the tasks need at least; absent where the program fails.
pub(super) fn divided(model: &Model, counts: &[u32], columns: &[Column]) -> Option<Vec<f64>> {
    let dearest = model.offers.iter().map(|offer| offer.price).max().unwrap_or(1).max(1) as f64;
    let mut program = Program::new(OptimizationDirection::Minimize);
    let mut rows = vec![Vec::new(); counts.len()];
    let variables: Vec<Variable> = columns
        .iter()
        .map(|column| {
            let variable =
                program.add_var(model.offers[column.offer].price as f64 / dearest, (0.0, f64::INFINITY));
            for &(class, tasks) in &column.take {
                rows[class].push((variable, f64::from(tasks)));
            }
            variable
        })
        .collect();
    for (row, &count) in rows.iter().zip(counts) {
        if count > 0 {
            program.add_constraint(row.as_slice(), ComparisonOp::Ge, f64::from(count));
        }
    }
    let solution = program.solve().ok()?.into_solution().ok()?;
    Some(variables.iter().map(|&variable| solution.var_value(variable).max(0.0)).collect())
}

/// The column of nothing but `class` at the least price a task.
fn alone(model: &Model, class: usize, most: u32, allowed: &[usize]) -> Option<Column> {
    let holding = allowed.iter().filter(|&&offer| model.classes[class].fits[offer]);
    let counted = holding.map(|&offer| (offer, model.fit(class, &model.offers[offer].capacity, most.max(1))));
    let (offer, tasks) = counted.min_by(|&(a, a_tasks), &(b, b_tasks)| {
        let a_total = u128::from(model.offers[a].price) * u128::from(b_tasks);
        a_total.cmp(&(u128::from(model.offers[b].price) * u128::from(a_tasks)))
    })?;
    Some(Column { offer, take: vec![(class, tasks)] })
}

type Solved = (Solution, Vec<Option<Variable>>);

fn start(model: &Model, counts: &[u32], columns: &[Column], dearest: f64) -> Option<Solved> {
    let mut program = Program::new(OptimizationDirection::Maximize);
    let variables: Vec<Option<Variable>> = counts
        .iter()
        .map(|&count| (count > 0).then(|| program.add_var(f64::from(count), (0.0, 1.0))))
        .collect();
    for column in columns {
        let row = row(column, &variables);
        program.add_constraint(
            row.as_slice(),
            ComparisonOp::Le,
            model.offers[column.offer].price as f64 / dearest,
        );
    }
    Some((program.solve().ok()?.into_solution().ok()?, variables))
}

fn extend(
    model: &Model,
    mut solution: Solution,
    variables: Vec<Option<Variable>>,
    added: &[Column],
    dearest: f64,
) -> Option<Solved> {
    for column in added {
        let price = model.offers[column.offer].price as f64 / dearest;
        let row = row(column, &variables);
        solution =
            solution.add_constraint(row.as_slice(), ComparisonOp::Le, price).ok()?.into_solution().ok()?;
    }
    Some((solution, variables))
}

fn row(column: &Column, variables: &[Option<Variable>]) -> Vec<(Variable, f64)> {
    let present =
        column.take.iter().filter_map(|&(class, tasks)| Some((variables[class]?, f64::from(tasks))));
    present.collect()
}
