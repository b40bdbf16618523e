//! [`Weighing`]: the sizes that a rating chose from, each with what spoke against it.
//!
//! Takes a subject, as [`super::rate`] does, and the size that it ended with; gives its needs and the
//! candidates. It decides nothing: the needs, floors, prices and risks are those of the rating.

use super::{
    calibration::Learnt,
    cheapest::hourly,
    guards::Guard,
    need::{Need, ResourceNeed},
    needs::Needs,
    subject::Subject,
    unrated::Unrated,
};
use crate::{
    fargate::TaskSize,
    pricing::{NoPrice, PriceBook},
    units::{CpuUnits, MemoryMib, Usd, decimal_as_f64},
};

/// What a size was chosen by.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighing {
    /// By demand alone; or why the resource keeps its size.
    pub cpu: Result<ResourceNeed, Unrated>,
    pub memory: Result<ResourceNeed, Unrated>,
    /// And by every guard's floor.
    pub needed: Need,
    /// Whether memory's headroom is learnt from the fleet.
    pub learnt: bool,
    pub guards: Vec<Guard>,
    /// By price.
    pub candidates: Vec<Candidate>,
}

/// A size that could have been chosen.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub size: TaskSize,
    /// USD per task-hour, at list prices.
    pub hourly: Usd,
    /// Why it is none; empty where it holds what is needed.
    pub shortages: Vec<Shortage>,
    /// Where headroom is learnt: the probability that a later memory peak passes it, and what that
    /// is worth in USD a month.
    pub risk: Option<(f64, f64)>,
}

/// What a size lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    Cpu(CpuUnits),
    Memory(MemoryMib),
    /// The resource keeps its size.
    CpuFixed(CpuUnits),
    MemoryFixed(MemoryMib),
}

/// The needs of `subject`, and the sizes around `settled` on: for each memory the cheapest that holds
/// the floors, as far up in price as the current size and one step above `settled`; and the
/// neighbours of `settled` below it that do not hold them.
pub fn weigh(
    subject: &Subject<'_>,
    book: &PriceBook,
    learnt: Option<Learnt<'_>>,
    settled: TaskSize,
) -> Result<Weighing, NoPrice> {
    let Subject { size: current, shape, .. } = *subject;
    let split = subject.split();
    let (needs, learnt) = Needs::weighed(subject, learnt);
    let floors = needs.floors(&needs.needed, |need| need.floor);
    let os = shape.platform.os;
    let price = |size| hourly(book, shape, split, size);

    let mut holding: Vec<(TaskSize, Usd)> = Vec::new();
    for size in TaskSize::all(os).filter(|size| floors.hold(*size)) {
        holding.push((size, price(size)?));
    }
    holding.sort_by_key(|(size, price)| (size.memory(), *price, size.cpu()));
    holding.dedup_by_key(|(size, _)| size.memory());
    holding.sort_by_key(|(size, price)| (*price, *size));
    let limit = price(current)?.max(price(settled)?);
    let within = holding.iter().filter(|(_, price)| *price <= limit).count();
    holding.truncate(within + 1);

    let mut sizes: Vec<TaskSize> = holding.into_iter().map(|(size, _)| size).collect();
    sizes.extend([current, settled]);
    sizes.extend(below(settled, os, floors.memory));

    let mut candidates = Vec::new();
    for size in sizes {
        let shortages = shortages(size, &needs);
        candidates.push(Candidate {
            size,
            hourly: price(size)?,
            risk: learnt.filter(|_| shortages.is_empty()).map(|Learnt { calibration, .. }| {
                if size.memory() >= current.memory() {
                    return (0.0, 0.0);
                }
                let limit = u64::from(needs.guards.usable_memory(size.into()).0) * 1024;
                (
                    calibration.probability(needs.past_peak, limit),
                    calibration.cost_of_risk(needs.past_peak, limit),
                )
            }),
            shortages,
        });
    }
    candidates.sort_by_key(|candidate| (candidate.hourly, candidate.size));
    candidates.dedup_by_key(|candidate| candidate.size);
    Ok(Weighing {
        candidates,
        needed: needs.needed,
        learnt: learnt.is_some_and(|learnt| learnt.replaces_fixed),
        cpu: needs.cpu,
        memory: needs.memory,
        guards: needs.guards.into_list(),
    })
}

impl Candidate {
    /// What it weighs: its list price for a month's task-hours, and its risk.
    pub fn weight(&self, monthly_task_hours: f64) -> f64 {
        decimal_as_f64(self.hourly.0) * monthly_task_hours + self.risk.map_or(0.0, |(_, cost)| cost)
    }
}

/// The next smaller sizes: one memory step down, and one CPU step down with the least memory that
/// holds the need (else the most there is).
fn below(size: TaskSize, os: crate::workload::OperatingSystem, memory: MemoryMib) -> Vec<TaskSize> {
    let all = || TaskSize::all(os);
    let less_memory = all().filter(|s| s.cpu() == size.cpu() && s.memory() < size.memory()).last();
    let next_cpu = all().map(TaskSize::cpu).filter(|cpu| *cpu < size.cpu()).max();
    let with_cpu = || all().filter(|s| Some(s.cpu()) == next_cpu);
    let less_cpu = with_cpu().find(|s| s.memory() >= memory).or_else(|| with_cpu().last());
    less_memory.into_iter().chain(less_cpu).collect()
}

fn shortages(size: TaskSize, needs: &Needs<'_>) -> Vec<Shortage> {
    let Need { cpu, memory } = needs.needed;
    let (cpu, memory) = (CpuUnits(cpu.floor), MemoryMib(memory.floor));
    let mut found = Vec::new();
    if needs.cpu.is_err() && size.cpu() != cpu {
        found.push(Shortage::CpuFixed(cpu));
    } else if size.cpu() < cpu {
        found.push(Shortage::Cpu(cpu));
    }
    if needs.memory.is_err() && size.memory() != memory {
        found.push(Shortage::MemoryFixed(memory));
    } else if size.memory() < memory {
        found.push(Shortage::Memory(memory));
    }
    found
}
