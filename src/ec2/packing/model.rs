//! [`Model`]: a problem made small. Tasks that cannot be told apart become one class, hours that cannot be
//! told apart one hour, and offers that another one replaces are left out.

use std::collections::BTreeMap;

use super::{InstanceOffer, Problem, Resources, Unpackable};
use crate::workload::Architecture;

/// CPU, memory, network interfaces, GPUs.
pub(super) type Amounts = [u32; 4];

impl Resources {
    pub(super) const fn amounts(self) -> Amounts {
        [self.cpu, self.memory_mib, self.enis, self.gpus]
    }
}

/// Zones beyond these are not used; no region has as many.
const MOST_ZONES: u32 = 16;

#[derive(Debug, Clone)]
pub(super) struct Offer {
    /// Position in [`Problem::offers`].
    pub index: usize,
    pub capacity: Amounts,
    /// Millionths of a USD an hour.
    pub price: u64,
}

/// Tasks of one size, as far as instances can tell.
#[derive(Debug, Clone)]
pub(super) struct Class {
    pub needs: Amounts,
    /// By offer: whether one of these tasks fits.
    pub fits: Vec<bool>,
    /// Positions in [`Problem::groups`]; a group with distinct instances is alone.
    pub groups: Vec<usize>,
    pub distinct: bool,
}

/// What runs in some hours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Demand {
    /// Tasks by class.
    pub counts: Vec<u32>,
    /// By class, how many of its tasks one instance may hold: all but those that must be elsewhere.
    pub caps: Vec<u32>,
    /// `in_zones[j - 1][class]`: how many of the class's tasks any `j` zones hold together, at least.
    pub in_zones: Vec<Vec<u32>>,
    /// By class, instances that one of its groups is on, at least.
    pub apart: Vec<u32>,
}

impl Demand {
    /// How many more tasks of `class` there must be in some zones, where there are `tasks` in each.
    pub(super) fn lacking(&self, class: usize, tasks: &[u32]) -> u32 {
        if self.anywhere(class) {
            return 0;
        }
        let mut sorted = tasks.to_vec();
        sorted.sort_unstable();
        let mut added = 0;
        for (at, needed) in self.in_zones[..self.in_zones.len() - 1].iter().enumerate() {
            let mut have: u32 = sorted[..=at].iter().sum();
            // One more in the zone that has least, until these zones together have enough.
            while have < needed[class] {
                sorted[0] += 1;
                sorted.sort_unstable();
                added += 1;
                have = sorted[..=at].iter().sum();
            }
        }
        added
    }

    /// Whether the class's tasks may all be in one zone.
    pub(super) fn anywhere(&self, class: usize) -> bool {
        let below = self.in_zones.len().saturating_sub(1);
        self.in_zones[..below].iter().all(|needed| needed[class] == 0)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Model {
    /// Cheapest first.
    pub offers: Vec<Offer>,
    /// Largest first.
    pub classes: Vec<Class>,
    pub zones: usize,
    pub target_percent: u64,
}

impl Model {
    /// One model for each set of groups that shares no offer with another.
    pub(super) fn parts(problem: &Problem) -> Result<Vec<Self>, Unpackable> {
        let zones = problem.zones.clamp(1, MOST_ZONES);
        let mut active = Vec::new();
        for (position, group) in problem.groups.iter().enumerate() {
            let peak = group.tasks.iter().copied().max().unwrap_or(0);
            if peak == 0 {
                continue;
            }
            if !problem.offers.iter().any(|offer| holds_one(offer, problem, position)) {
                return Err(Unpackable::NoOfferHolds { group: position });
            }
            if peak.min(group.min_zones) > zones {
                let min_zones = group.min_zones;
                return Err(Unpackable::TooFewZones { group: position, min_zones, zones: problem.zones });
            }
            active.push(position);
        }
        if active.is_empty() {
            return Err(Unpackable::Nothing);
        }
        let runs = |group: usize, on: Architecture| {
            problem.offers.iter().any(|offer| offer.architecture == on && holds_one(offer, problem, group))
        };
        let (x86, arm) = (Architecture::X86_64, Architecture::Arm64);
        if active.iter().any(|&group| runs(group, x86) && runs(group, arm)) {
            return Ok(vec![Self::new(problem, &active)]);
        }
        let (on_x86, on_arm): (Vec<_>, Vec<_>) = active.into_iter().partition(|&group| runs(group, x86));
        Ok([on_x86, on_arm]
            .iter()
            .filter(|part| !part.is_empty())
            .map(|part| Self::new(problem, part))
            .collect())
    }

    fn new(problem: &Problem, groups: &[usize]) -> Self {
        let offers = worthwhile(problem, groups);
        let mut classes: BTreeMap<(Amounts, Vec<bool>, Option<usize>), Vec<usize>> = BTreeMap::new();
        for &group in groups {
            let fits =
                offers.iter().map(|offer| holds_one(&problem.offers[offer.index], problem, group)).collect();
            let alone = problem.groups[group].distinct_instances.then_some(group);
            classes.entry((problem.groups[group].needs.amounts(), fits, alone)).or_default().push(group);
        }
        let largest = offers.iter().fold([1; 4], |most: Amounts, offer| {
            std::array::from_fn(|kind| most[kind].max(offer.capacity[kind]))
        });
        let mut classes: Vec<Class> = classes
            .into_iter()
            .map(|((needs, fits, alone), groups)| Class { needs, fits, groups, distinct: alone.is_some() })
            .collect();
        classes.sort_by_key(|class| {
            let share = |kind: usize| u64::from(class.needs[kind]) * 1_000_000 / u64::from(largest[kind]);
            std::cmp::Reverse((share(0).max(share(1)).max(share(3)), share(0) + share(1), share(2)))
        });
        Self {
            offers,
            classes,
            zones: problem.zones.clamp(1, MOST_ZONES) as usize,
            target_percent: u64::from(problem.target_capacity_percent.clamp(1, 100)),
        }
    }

    /// What runs in an hour; absent where nothing does.
    pub(super) fn demand(&self, problem: &Problem, hour: usize) -> Option<Demand> {
        let classes = self.classes.len();
        let mut demand = Demand {
            counts: vec![0; classes],
            caps: vec![0; classes],
            in_zones: vec![vec![0; classes]; self.zones],
            apart: vec![0; classes],
        };
        for (position, class) in self.classes.iter().enumerate() {
            for &group in &class.groups {
                let tasks = problem.groups[group].tasks.get(hour).copied().unwrap_or(0);
                if tasks == 0 {
                    continue;
                }
                let zones = tasks.min(problem.groups[group].min_zones).max(1);
                demand.counts[position] = demand.counts[position].saturating_add(tasks);
                let together = if class.distinct { 1 } else { tasks - (zones - 1) };
                demand.caps[position] = demand.caps[position].saturating_add(together);
                let apart = if class.distinct { tasks } else { zones };
                demand.apart[position] = demand.apart[position].max(apart);
                for fewer in 1..self.zones {
                    let elsewhere = u32::try_from(self.zones - fewer).unwrap_or(u32::MAX);
                    demand.in_zones[fewer - 1][position] += zones.saturating_sub(elsewhere);
                }
            }
        }
        demand.in_zones[self.zones - 1].clone_from(&demand.counts);
        demand.counts.iter().any(|&count| count > 0).then_some(demand)
    }

    /// Instances that run where `used` are in use: managed scaling's rule, by instance type.
    pub(super) fn running(&self, used: u64) -> u64 {
        (used * 100).div_ceil(self.target_percent)
    }

    /// Whether managed scaling keeps some of each of several types free.
    pub(super) fn managed(&self) -> bool {
        self.target_percent < 100 && self.offers.len() > 1
    }

    /// What instances cost that run at least, where those in use cost so much.
    pub(super) fn running_share(&self, in_use: u64) -> u64 {
        let running = (u128::from(in_use) * 100).div_ceil(u128::from(self.target_percent));
        u64::try_from(running).unwrap_or(u64::MAX)
    }

    /// What an hour costs with so many instances of each offer in use.
    pub(super) fn cost(&self, used: &[u32]) -> u64 {
        used.iter().zip(&self.offers).map(|(&used, offer)| self.running(u64::from(used)) * offer.price).sum()
    }

    /// How many tasks of `class` fit in `free`, at most `most`.
    pub(super) fn fit(&self, class: usize, free: &Amounts, most: u32) -> u32 {
        fit(&self.classes[class].needs, free, most)
    }
}

/// How often `needs` fits in `free`, at most `most` times.
pub(super) fn fit(needs: &Amounts, free: &Amounts, most: u32) -> u32 {
    (0..4).filter(|&kind| needs[kind] > 0).fold(most, |fit, kind| fit.min(free[kind] / needs[kind]))
}

fn holds_one(offer: &InstanceOffer, problem: &Problem, group: usize) -> bool {
    let group = &problem.groups[group];
    group.architectures.contains(&offer.architecture)
        && fit(&group.needs.amounts(), &offer.allocatable.amounts(), 1) == 1
}

/// The offers that hold something and that no other offer replaces: one that costs no more, has no less of
/// anything and runs all that the other one runs.
fn worthwhile(problem: &Problem, groups: &[usize]) -> Vec<Offer> {
    let mut candidates: Vec<(Offer, Vec<bool>)> = problem
        .offers
        .iter()
        .enumerate()
        .map(|(index, offer)| {
            let holds: Vec<bool> = groups.iter().map(|&group| holds_one(offer, problem, group)).collect();
            let offer =
                Offer { index, capacity: offer.allocatable.amounts(), price: offer.micro_usd_per_hour };
            (offer, holds)
        })
        .filter(|(_, holds)| holds.contains(&true))
        .collect();
    candidates.sort_by_key(|(offer, _)| (offer.price, std::cmp::Reverse(offer.capacity), offer.index));
    let mut kept: Vec<(Offer, Vec<bool>)> = Vec::new();
    for (offer, holds) in candidates {
        let replaced = kept.iter().any(|(other, more)| {
            other.price <= offer.price
                && (0..4).all(|kind| other.capacity[kind] >= offer.capacity[kind])
                && holds.iter().zip(more).all(|(&holds, &more)| more || !holds)
        });
        if !replaced {
            kept.push((offer, holds));
        }
    }
    kept.into_iter().map(|(offer, _)| offer).collect()
}
