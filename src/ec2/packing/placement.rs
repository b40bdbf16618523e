//! [`Placement`]: which tasks are on which instances in an hour, and [`verify`], which tells whether that
//! is allowed.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Problem,
    fill::Bin,
    model::{Amounts, Demand, Model},
};

/// The instances in use in an hour. Those that managed scaling keeps free are not among them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Placement {
    pub instances: Vec<PlacedInstance>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedInstance {
    /// Position in [`Problem::offers`].
    pub offer: usize,
    /// From 0 up, below [`Problem::zones`].
    pub zone: usize,
    /// Tasks by position in [`Problem::groups`].
    pub tasks: BTreeMap<usize, u32>,
}

/// What is wrong with a placement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    #[error("{placed} of the {tasks} tasks of group {group} are placed")]
    Unplaced { group: usize, tasks: u32, placed: u64 },
    #[error("instance {instance} cannot run tasks of group {group}")]
    WrongArchitecture { instance: usize, group: usize },
    #[error("instance {instance} holds more than it can")]
    Overfull { instance: usize },
    #[error("instance {instance} holds several tasks of group {group}, which must be on distinct ones")]
    NotDistinct { instance: usize, group: usize },
    #[error("group {group} is in {zones} zones, not in {needed}")]
    TooFewZones { group: usize, zones: usize, needed: u32 },
    #[error("instance {instance} is in a zone, or of an offer, that is none")]
    Nowhere { instance: usize },
}

/// Whether `placement` holds all that runs in `hour`, and keeps every constraint.
pub fn verify(problem: &Problem, hour: usize, placement: &Placement) -> Result<(), Violation> {
    for (instance, placed) in placement.instances.iter().enumerate() {
        let offer = problem.offers.get(placed.offer).filter(|_| placed.zone < problem.zones.max(1) as usize);
        let Some(offer) = offer else { return Err(Violation::Nowhere { instance }) };
        let mut taken = [0_u64; 4];
        for (&group, &tasks) in &placed.tasks {
            let Some(of) = problem.groups.get(group) else { return Err(Violation::Nowhere { instance }) };
            if !of.architectures.contains(&offer.architecture) {
                return Err(Violation::WrongArchitecture { instance, group });
            }
            if of.distinct_instances && tasks > 1 {
                return Err(Violation::NotDistinct { instance, group });
            }
            for (taken, needs) in taken.iter_mut().zip(of.needs.amounts()) {
                *taken += u64::from(needs) * u64::from(tasks);
            }
        }
        let capacity: Amounts = offer.allocatable.amounts();
        if taken.iter().zip(capacity).any(|(&taken, capacity)| taken > u64::from(capacity)) {
            return Err(Violation::Overfull { instance });
        }
    }
    for (group, of) in problem.groups.iter().enumerate() {
        let tasks = of.tasks.get(hour).copied().unwrap_or(0);
        let on =
            || placement.instances.iter().filter(|placed| placed.tasks.get(&group).is_some_and(|&n| n > 0));
        let placed: u64 = on().map(|placed| u64::from(placed.tasks[&group])).sum();
        if placed != u64::from(tasks) {
            return Err(Violation::Unplaced { group, tasks, placed });
        }
        let zones = on().map(|placed| placed.zone).collect::<BTreeSet<_>>().len();
        let needed = tasks.min(of.min_zones);
        if zones < needed as usize {
            return Err(Violation::TooFewZones { group, zones, needed });
        }
    }
    Ok(())
}

impl Placement {
    /// Adds the instances of a model's hour, their classes' tasks dealt to groups.
    pub(super) fn add(
        &mut self,
        problem: &Problem,
        hour: usize,
        model: &Model,
        demand: &Demand,
        bins: &[Bin],
    ) {
        let start = self.instances.len();
        self.instances.extend(bins.iter().map(|bin| PlacedInstance {
            offer: model.offers[bin.offer].index,
            zone: bin.zone,
            tasks: BTreeMap::new(),
        }));
        for (class, of) in model.classes.iter().enumerate().filter(|(class, _)| demand.counts[*class] > 0) {
            let mut free = vec![0_u32; model.zones];
            bins.iter().for_each(|bin| free[bin.zone] += bin.take[class]);
            let tasks_of = |group: usize| problem.groups[group].tasks.get(hour).copied().unwrap_or(0);
            // First a task in each zone that a group must be in, where there is most room; then the rest.
            let mut groups: Vec<(u32, usize)> = of
                .groups
                .iter()
                .map(|&group| (tasks_of(group).min(problem.groups[group].min_zones).max(1), group))
                .filter(|&(_, group)| tasks_of(group) > 0)
                .collect();
            groups.sort_by_key(|&(zones, group)| (std::cmp::Reverse(zones), group));
            let mut dealt: Vec<BTreeMap<usize, u32>> = vec![BTreeMap::new(); model.zones];
            for &(zones, group) in &groups {
                let mut roomiest: Vec<usize> = (0..model.zones).collect();
                roomiest.sort_by_key(|&zone| (std::cmp::Reverse(free[zone]), zone));
                for zone in roomiest.into_iter().take(zones as usize) {
                    if free[zone] == 0 {
                        continue;
                    }
                    free[zone] -= 1;
                    *dealt[zone].entry(group).or_default() += 1;
                }
            }
            for &(_, group) in &groups {
                let so_far: u32 = dealt.iter().filter_map(|zone| zone.get(&group)).sum();
                let mut left = tasks_of(group).saturating_sub(so_far);
                for zone in 0..model.zones {
                    let here = left.min(free[zone]);
                    if here > 0 {
                        free[zone] -= here;
                        left -= here;
                        *dealt[zone].entry(group).or_default() += here;
                    }
                }
            }
            for (bin, placed) in bins.iter().zip(&mut self.instances[start..]) {
                let mut room = bin.take[class];
                for (&group, tasks) in &mut dealt[bin.zone] {
                    let here = room.min(*tasks);
                    if here > 0 {
                        placed.tasks.insert(group, here);
                        *tasks -= here;
                        room -= here;
                    }
                }
            }
        }
    }
}
