//! [`Pool`]: tasks that may share instances, and their packing on the one best type or on a mix.
//!
//! The best single type is found by trying: types in the sequence of a bound that counts what each hour needs
//! in whole instances, until the bound alone is more than the best packing found. The mix is offered the
//! types that do best by that bound among those with little, usual and much memory for their CPU: more types
//! make the search long and the packing little cheaper. Where the best single type is known it is among
//! them, so the mix never costs more.

use std::cell::RefCell;

use super::{MAX_VCPU, Market, hosts::Host};
use crate::ec2::packing::{InstanceOffer, Packing, Problem, Resources, TaskGroup, Unpackable};

/// Types that a mix is offered of the class of memory for CPU that does best, and of the others.
const MIX_OF_BEST_CLASS: usize = 2;
const MIX_OF_OTHER_CLASSES: usize = 1;

/// Offers, and what came of packing on them.
type Known = (Vec<InstanceOffer>, Result<Packing, Unpackable>);

pub(super) struct Pool {
    pub(super) groups: Vec<TaskGroup>,
    /// The workload of each group.
    pub(super) ids: Vec<String>,
    target_capacity_percent: u32,
    /// What was packed before, by the offers.
    known: RefCell<Vec<Known>>,
}

/// A packing, by position in the hosts.
pub(super) struct Solved {
    pub(super) packing: Packing,
    /// Positions in the hosts of the packing's offers.
    pub(super) offered: Vec<usize>,
}

/// What an hour needs at least.
#[derive(Clone, Copy, Default)]
struct Hour {
    cpu: u64,
    memory: u64,
    enis: u64,
    gpus: u64,
    instances: u64,
}

impl Pool {
    pub(super) fn new(target_capacity_percent: u32) -> Self {
        Self { groups: Vec::new(), ids: Vec::new(), target_capacity_percent, known: RefCell::default() }
    }

    /// Packed on the one type that makes it cheapest.
    pub(super) fn single(&self, hosts: &[Host], market: &Market<'_>) -> Result<Solved, String> {
        let hours = self.hours();
        let mut ranked: Vec<(u128, usize)> = hosts
            .iter()
            .enumerate()
            .filter(|(_, host)| self.running().all(|group| holds(host, group)))
            .map(|(at, host)| (bound(&hours, host, self.target_capacity_percent), at))
            .collect();
        ranked.sort_unstable();
        let mut best: Option<Solved> = None;
        let mut refused = None;
        for (bound, at) in ranked {
            if best.as_ref().is_some_and(|best| best.packing.cost_micro_usd <= bound) {
                break;
            }
            match self.pack(hosts, vec![at], market) {
                Ok(solved) => {
                    let cost = solved.packing.cost_micro_usd;
                    if best.as_ref().is_none_or(|best| cost < best.packing.cost_micro_usd) {
                        best = Some(solved);
                    }
                }
                Err(error) => refused = Some(error),
            }
        }
        best.ok_or_else(|| match refused {
            Some(error) => self.explained(&error),
            None => "no one instance type considered holds every task".to_owned(),
        })
    }

    /// Packed on several types; `single` is how one alone does it, where one can.
    pub(super) fn mix(
        &self,
        hosts: &[Host],
        single: Option<&Solved>,
        market: &Market<'_>,
    ) -> Result<Solved, String> {
        let mut offered = self.best_for_mix(hosts);
        offered.extend(single.iter().flat_map(|single| &single.offered));
        offered.sort_unstable();
        offered.dedup();
        let mut solved = self.pack(hosts, offered, market).map_err(|error| self.explained(&error))?;
        if let Some(single) = single.filter(|s| s.packing.cost_micro_usd < solved.packing.cost_micro_usd) {
            // It is a mix of one; what bounds any mix bounds it, too.
            let lower_bound_micro_usd = solved.packing.lower_bound_micro_usd;
            let packing = Packing { lower_bound_micro_usd, ..single.packing.clone() };
            solved = Solved { packing, offered: single.offered.clone() };
        }
        Ok(solved)
    }

    fn pack(&self, hosts: &[Host], offered: Vec<usize>, market: &Market<'_>) -> Result<Solved, Unpackable> {
        let offers: Vec<InstanceOffer> = offered.iter().map(|at| hosts[*at].offer.clone()).collect();
        let known = self.known.borrow().iter().find_map(|(known, packing)| scaled(known, packing, &offers));
        if let Some(packing) = known {
            return packing.map(|packing| Solved { packing, offered });
        }
        let problem = Problem {
            offers: offers.clone(),
            groups: self.groups.clone(),
            zones: market.zones().0,
            target_capacity_percent: self.target_capacity_percent,
        };
        let packing = (market.pack)(&problem);
        self.known.borrow_mut().push((offers, packing.clone()));
        packing.map(|packing| Solved { packing, offered })
    }

    fn explained(&self, error: &Unpackable) -> String {
        match error {
            Unpackable::NoOfferHolds { group } => {
                let id = self.ids.get(*group).map_or("a workload", String::as_str);
                format!("no instance type of at most {MAX_VCPU} vCPU holds a task of {id}")
            }
            other => other.to_string(),
        }
    }

    /// The types of each class that do best by the bound, and for every group one that holds its tasks; some maybe
    /// several times.
    pub(super) fn best_for_mix(&self, hosts: &[Host]) -> Vec<usize> {
        let hours = self.hours();
        let mut by_bound: Vec<usize> = (0..hosts.len()).collect();
        by_bound.sort_by_cached_key(|at| (bound(&hours, &hosts[*at], self.target_capacity_percent), *at));
        let best = by_bound.first().map(|at| memory_class(&hosts[*at]));
        let mut offered: Vec<usize> = (0..3)
            .flat_map(|class| {
                let of_class = by_bound.iter().copied().filter(move |at| memory_class(&hosts[*at]) == class);
                of_class.take(if Some(class) == best { MIX_OF_BEST_CLASS } else { MIX_OF_OTHER_CLASSES })
            })
            .collect();
        // Whatever the sequence of the groups: what is offered for one may hold another, at another price.
        let not_held = self.running().filter(|group| !offered.iter().any(|at| holds(&hosts[*at], group)));
        let more: Vec<usize> = not_held
            .filter_map(|group| by_bound.iter().copied().find(|at| holds(&hosts[*at], group)))
            .collect();
        offered.extend(more);
        offered
    }

    /// The groups that have a task in some hour.
    fn running(&self) -> impl Iterator<Item = &TaskGroup> {
        self.groups.iter().filter(|group| group.tasks.iter().any(|tasks| *tasks > 0))
    }

    fn hours(&self) -> Vec<Hour> {
        let hours = self.groups.first().map_or(0, |group| group.tasks.len());
        let mut needed = vec![Hour::default(); hours];
        for group in &self.groups {
            for (hour, tasks) in needed.iter_mut().zip(&group.tasks) {
                let tasks = u64::from(*tasks);
                hour.cpu += tasks * u64::from(group.needs.cpu);
                hour.memory += tasks * u64::from(group.needs.memory_mib);
                hour.enis += tasks * u64::from(group.needs.enis);
                hour.gpus += tasks * u64::from(group.needs.gpus);
                let apart =
                    if group.distinct_instances { tasks } else { u64::from(group.min_zones).min(tasks) };
                hour.instances = hour.instances.max(apart);
            }
        }
        needed
    }

    /// Of the mean load, the part that runs in every hour, 0 to 1: the lesser of CPU's and memory's.
    pub(super) fn steady(&self) -> (u64, u64) {
        let hours = self.hours();
        let share = |of: fn(&Hour) -> u64| {
            let least = hours.iter().map(of).min().unwrap_or(0);
            let sum: u64 = hours.iter().map(of).sum();
            (least * hours.len() as u64, sum.max(1))
        };
        let (cpu, memory) = (share(|hour| hour.cpu), share(|hour| hour.memory));
        let less = u128::from(cpu.0) * u128::from(memory.1) <= u128::from(memory.0) * u128::from(cpu.1);
        if less { cpu } else { memory }
    }
}

/// A packing of the same tasks on the same types, where all prices differ by one factor: what is best stays
/// best. `None` where that is not so.
fn scaled(
    known: &[InstanceOffer],
    packing: &Result<Packing, Unpackable>,
    offers: &[InstanceOffer],
) -> Option<Result<Packing, Unpackable>> {
    let same = |(a, b): (&InstanceOffer, &InstanceOffer)| a.name == b.name && a.allocatable == b.allocatable;
    if known.len() != offers.len() || !known.iter().zip(offers).all(same) {
        return None;
    }
    let ratios = || {
        let prices = known.iter().zip(offers);
        prices.map(|(known, new)| (u128::from(new.micro_usd_per_hour), u128::from(known.micro_usd_per_hour)))
    };
    // Fractions, compared crosswise.
    let less = |a: &(u128, u128), b: &(u128, u128)| (a.0 * b.1).cmp(&(b.0 * a.1));
    let (least, most) = (ratios().min_by(less)?, ratios().max_by(less)?);
    // Prices are rounded to millionths, so factors differ in the last digits.
    if most.0 * least.1 * 10_000 > least.0 * most.1 * 10_001 {
        return None;
    }
    let Ok(packing) = packing else { return Some(packing.clone()) };
    let cost = packing.instance_hours.iter().map(|(at, hours)| {
        let offer = offers.get(*at).map_or(0, |offer| offer.micro_usd_per_hour);
        u128::from(offer) * u128::from(*hours)
    });
    Some(Ok(Packing {
        cost_micro_usd: cost.sum(),
        lower_bound_micro_usd: packing.lower_bound_micro_usd * least.0 / least.1.max(1),
        ..packing.clone()
    }))
}

/// Families come with 2, 4 or 8 GiB for a vCPU, by and large; of these a task has a part.
fn memory_class(host: &Host) -> usize {
    let Resources { cpu, memory_mib, .. } = host.offer.allocatable;
    let per_vcpu = u64::from(memory_mib) * 1024 / u64::from(cpu.max(1));
    if per_vcpu < 3 * 1024 { 0 } else { 1 + usize::from(per_vcpu >= 6 * 1024) }
}

fn holds(host: &Host, group: &TaskGroup) -> bool {
    let (has, needs) = (host.offer.allocatable, group.needs);
    has.cpu >= needs.cpu
        && has.memory_mib >= needs.memory_mib
        && has.enis >= needs.enis
        && has.gpus >= needs.gpus
}

/// Millionths of a USD that the hours cost at least on one type.
fn bound(hours: &[Hour], host: &Host, target_capacity_percent: u32) -> u128 {
    let Resources { cpu, memory_mib, enis, gpus } = host.offer.allocatable;
    let per = |needed: u64, has: u32| if needed == 0 { 0 } else { needed.div_ceil(u64::from(has.max(1))) };
    let target = u64::from(target_capacity_percent.clamp(1, 100));
    let instances: u64 = hours
        .iter()
        .map(|hour| {
            let used = per(hour.cpu, cpu).max(per(hour.memory, memory_mib)).max(per(hour.enis, enis));
            (used.max(per(hour.gpus, gpus)).max(hour.instances) * 100).div_ceil(target)
        })
        .sum();
    u128::from(instances) * u128::from(host.offer.micro_usd_per_hour)
}
