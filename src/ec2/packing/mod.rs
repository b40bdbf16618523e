//! Packing tasks on instances: hour by hour the instances that hold a fleet's tasks, what they cost, and
//! a lower bound of what any packing under the same constraints could cost.
//!
//! Takes plain integers (money in millionths of a USD), gives the same packing for the same problem. Work is
//! limited by counts of steps, not by the clock.
//!
//! - **Zones**: each instance is in one of [`Problem::zones`] zones, whichever suits. A group with `n` tasks in
//!   an hour has tasks in at least `min(n, min_zones)` of them.
//! - **Target capacity**: each instance type is an Auto Scaling group with a capacity provider of its own, as
//!   managed scaling would have it. Where `n` of a type are in use, `n * 100 / target` run, rounded up.
//! - **Distinct instances**: no two tasks of the group are on one instance.

mod attempt;
mod bound;
mod columns;
mod counting;
mod exact;
mod few;
mod fill;
mod hour;
mod knapsack;
mod many;
mod model;
mod placement;
mod prices;
mod retype;
mod rounding;
mod search;
mod sets;
mod zoned;
mod zones;

use std::collections::BTreeMap;

use rayon::prelude::*;

pub use self::placement::{PlacedInstance, Placement, Violation, verify};
use self::{
    attempt::Solved,
    bound::Bounds,
    columns::Limits,
    hour::Shared,
    model::{Demand, Model},
};
use crate::workload::Architecture;

/// What a task needs, or an instance has for tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Resources {
    /// CPU units.
    pub cpu: u32,
    pub memory_mib: u32,
    /// Network interfaces for tasks; an `awsvpc` task needs one, others none.
    pub enis: u32,
    pub gpus: u32,
}

/// An instance type that may be used, at what an hour of it costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceOffer {
    pub name: String,
    pub architecture: Architecture,
    /// What tasks can use of it (see [`super::allocatable`]).
    pub allocatable: Resources,
    /// Millionths of a USD an hour, all that an instance brings with it included (fees, volumes).
    pub micro_usd_per_hour: u64,
}

/// Tasks that are alike: a service's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskGroup {
    pub needs: Resources,
    /// Where its tasks can run: one architecture, or both for multi-architecture images.
    pub architectures: Vec<Architecture>,
    /// Zones its tasks are spread over at least (where it has as many tasks).
    pub min_zones: u32,
    /// Whether no two of its tasks may share an instance (`distinctInstance`).
    pub distinct_instances: bool,
    /// Tasks in each hour, deployments' surge included. As long as every other group's.
    pub tasks: Vec<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub offers: Vec<InstanceOffer>,
    pub groups: Vec<TaskGroup>,
    /// Zones that the instances are spread over.
    pub zones: u32,
    /// Managed scaling's target capacity, 1 to 100: instances in use per instances that run.
    pub target_capacity_percent: u32,
}

/// A packing over all hours.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Packing {
    /// By position in [`Problem::offers`].
    pub instance_hours: BTreeMap<usize, u64>,
    pub cost_micro_usd: u128,
    /// No packing of these tasks on these offers under the same constraints costs less.
    pub lower_bound_micro_usd: u128,
    /// Unit-hours that tasks need.
    pub needed_cpu_hours: u128,
    pub needed_memory_mib_hours: u128,
    /// Unit-hours that the instances have for tasks.
    pub allocatable_cpu_hours: u128,
    pub allocatable_memory_mib_hours: u128,
    /// The most instances in any hour.
    pub peak_instances: u64,
}

/// Why tasks cannot be packed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unpackable {
    #[error("no instance type holds task group {group}")]
    NoOfferHolds {
        /// Position in [`Problem::groups`].
        group: usize,
    },
    #[error("nothing runs in any hour")]
    Nothing,
    #[error("the tasks of group {group} cannot be spread over {min_zones} of {zones} zones")]
    TooFewZones { group: usize, min_zones: u32, zones: u32 },
}

/// Packs every hour of `problem`.
pub fn pack(problem: &Problem) -> Result<Packing, Unpackable> {
    pack_hours(problem, |_, _, _, _| ())
}

/// Packs every hour and tells where each task is; by hour.
pub fn place(problem: &Problem) -> Result<(Packing, Vec<Placement>), Unpackable> {
    let mut placements = vec![Placement::default(); hours(problem)];
    let packing = pack_hours(problem, |hour, model, demand, solved| {
        placements[hour].add(problem, hour, model, demand, &solved.bins);
    })?;
    Ok((packing, placements))
}

fn hours(problem: &Problem) -> usize {
    problem.groups.iter().map(|group| group.tasks.len()).max().unwrap_or(0)
}

fn pack_hours(
    problem: &Problem,
    mut each: impl FnMut(usize, &Model, &Demand, &Solved),
) -> Result<Packing, Unpackable> {
    let hours = hours(problem);
    let mut packing = Packing::default();
    let mut instances = vec![0_u64; hours];
    for model in Model::parts(problem)? {
        let (demands, of_hour) = distinct(problem, &model, hours);
        let shared = prepare(&model, &demands);
        let solved: Vec<Solved> =
            demands.par_iter().map(|demand| hour::solve(&model, demand, &shared)).collect();
        for (hour, at) in of_hour.iter().enumerate() {
            if let Some(at) = *at {
                instances[hour] += packing.add(&model, &demands[at], &solved[at]);
                each(hour, &model, &demands[at], &solved[at]);
            }
        }
    }
    packing.peak_instances = instances.into_iter().max().unwrap_or(0);
    Ok(packing)
}

/// The demands that differ, and which of them each hour has.
fn distinct(problem: &Problem, model: &Model, hours: usize) -> (Vec<Demand>, Vec<Option<usize>>) {
    let mut known: BTreeMap<Demand, usize> = BTreeMap::new();
    let mut demands = Vec::new();
    let of_hour = (0..hours)
        .map(|hour| {
            let demand = model.demand(problem, hour)?;
            Some(*known.entry(demand).or_insert_with_key(|demand| {
                demands.push(demand.clone());
                demands.len() - 1
            }))
        })
        .collect();
    (demands, of_hour)
}

/// Rounds of columns where there are many classes.
const WIDE_ROUNDS: usize = 150;

/// Tasks up to which each hour is worked on by itself.
const FEW_TASKS: u32 = 400;

/// Hours for which columns are generated ahead.
const SAMPLES: usize = 8;

/// By class, the most tasks of all hours, and the most that an instance may hold.
fn peaks(model: &Model, demands: &[Demand]) -> (Vec<u32>, Vec<u32>) {
    let most = |of: fn(&Demand) -> &Vec<u32>| -> Vec<u32> {
        let classes = 0..model.classes.len();
        classes.map(|class| demands.iter().map(|demand| of(demand)[class]).max().unwrap_or(0)).collect()
    };
    let (peaks, caps) = (most(|demand| &demand.counts), most(|demand| &demand.caps));
    let caps = caps.iter().zip(&peaks).map(|(&cap, &peak)| cap.min(peak)).collect();
    (peaks, caps)
}

fn prepare(model: &Model, demands: &[Demand]) -> Shared {
    let classes = model.classes.len();
    let (peaks, caps) = peaks(model, demands);
    let mut shared = Shared { bounds: Bounds::of_resources(model, &peaks, &caps), ..Shared::default() };
    shared.peaks.clone_from(&peaks);
    let mut by_size: Vec<&Demand> = demands.iter().collect();
    by_size.sort_by_key(|demand| demand.counts.iter().sum::<u32>());
    // Columns for many classes take long to find; there, they are found for fewer hours.
    let wide = classes > many::MOST_ROWS;
    let samples = by_size.len().min(SAMPLES);
    let sampled: Vec<&Demand> =
        (0..samples).map(|at| by_size[at * (by_size.len() - 1) / (samples - 1).max(1)]).collect();
    let allowed: Vec<usize> = (0..model.offers.len()).collect();
    let tasks: u32 = peaks.iter().sum();
    shared.many = tasks > FEW_TASKS;
    let gap = if wide {
        3e-3
    } else if shared.many {
        1e-3
    } else {
        1e-5
    };
    let limits = Limits { rounds: if wide { WIDE_ROUNDS } else { 200 }, gap, least: 0.0 };
    for demand in sampled.iter().step_by(if wide { SAMPLES - 1 } else { 1 }) {
        let generated = columns::generate(model, &demand.counts, &caps, &allowed, shared.columns, limits);
        shared.columns = generated.columns;
        shared.bounds.prices.extend(generated.prices);
    }
    if shared.many {
        let packed = |demand: &&Demand| many::Sample {
            counts: demand.counts.clone(),
            bins: hour::solve(model, demand, &shared).bins,
        };
        shared.samples = sampled.par_iter().map(packed).collect();
    } else {
        shared.rounds = 30;
        shared.search_budget = (1_000_000 / demands.len().max(1)).min(60_000);
        if model.managed() {
            return sets::prepare(model, &sampled, shared, |model| prepare(model, demands));
        }
    }
    shared
}

impl Packing {
    /// How much more it costs than the lower bound, in per cent of that; absent where the bound is nothing.
    pub fn gap_percent(&self) -> Option<f64> {
        let above = self.cost_micro_usd.saturating_sub(self.lower_bound_micro_usd);
        (self.lower_bound_micro_usd > 0).then(|| above as f64 * 100.0 / self.lower_bound_micro_usd as f64)
    }

    /// The CPU that tasks need, and what the instances have: a share as two exact numbers.
    pub const fn cpu_share(&self) -> (u128, u128) {
        (self.needed_cpu_hours, self.allocatable_cpu_hours)
    }

    /// The memory that tasks need, and what the instances have.
    pub const fn memory_share(&self) -> (u128, u128) {
        (self.needed_memory_mib_hours, self.allocatable_memory_mib_hours)
    }

    /// Adds an hour and gives how many instances run in it.
    fn add(&mut self, model: &Model, demand: &Demand, solved: &Solved) -> u64 {
        let mut instances = 0;
        for (offer, &used) in model.offers.iter().zip(&solved.used).filter(|(_, used)| **used > 0) {
            let running = model.running(u64::from(used));
            instances += running;
            *self.instance_hours.entry(offer.index).or_default() += running;
            self.allocatable_cpu_hours += u128::from(offer.capacity[0]) * u128::from(running);
            self.allocatable_memory_mib_hours += u128::from(offer.capacity[1]) * u128::from(running);
        }
        self.cost_micro_usd += u128::from(solved.cost);
        self.lower_bound_micro_usd += u128::from(solved.bound);
        for (class, &tasks) in model.classes.iter().zip(&demand.counts) {
            self.needed_cpu_hours += u128::from(class.needs[0]) * u128::from(tasks);
            self.needed_memory_mib_hours += u128::from(class.needs[1]) * u128::from(tasks);
        }
        instances
    }
}

#[cfg(test)]
mod tests;
