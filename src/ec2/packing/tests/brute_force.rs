//! The cheapest packing of a few tasks by trying them all: every division of the tasks into instances, every
//! zone and every type for each.

use crate::ec2::packing::{Problem, Resources};

/// What the instances cost that run in `hour`; absent where nothing holds the tasks.
pub fn least(problem: &Problem, hour: usize) -> Option<u64> {
    let tasks: Vec<usize> = (0..problem.groups.len())
        .flat_map(|group| std::iter::repeat_n(group, problem.groups[group].tasks[hour] as usize))
        .collect();
    let mut least = None;
    divide(problem, hour, &tasks, &mut Vec::new(), &mut least);
    least
}

fn divide(
    problem: &Problem,
    hour: usize,
    tasks: &[usize],
    instances: &mut Vec<Vec<usize>>,
    least: &mut Option<u64>,
) {
    let Some((&task, rest)) = tasks.split_first() else {
        let zones = problem.zones as usize;
        if (0..zones.pow(instances.len() as u32)).any(|zones| spread_enough(problem, hour, instances, zones))
        {
            let mut used = vec![0; problem.offers.len()];
            types(problem, instances, &mut used, least);
        }
        return;
    };
    for at in 0..instances.len() {
        instances[at].push(task);
        divide(problem, hour, rest, instances, least);
        instances[at].pop();
    }
    instances.push(vec![task]);
    divide(problem, hour, rest, instances, least);
    instances.pop();
}

/// `zones` numbers the ways to give each instance a zone.
fn spread_enough(problem: &Problem, hour: usize, instances: &[Vec<usize>], zones: usize) -> bool {
    let zone = |at: usize| zones / (problem.zones as usize).pow(at as u32) % problem.zones as usize;
    problem.groups.iter().enumerate().all(|(group, of)| {
        let on = (0..instances.len()).filter(|&at| instances[at].contains(&group));
        let zones: std::collections::BTreeSet<usize> = on.map(zone).collect();
        let alone = !of.distinct_instances
            || instances.iter().all(|on| on.iter().filter(|&&other| other == group).count() <= 1);
        alone && zones.len() >= of.tasks[hour].min(of.min_zones) as usize
    })
}

fn types(problem: &Problem, instances: &[Vec<usize>], used: &mut Vec<u64>, least: &mut Option<u64>) {
    let Some((first, rest)) = instances.split_first() else {
        let target = u64::from(problem.target_capacity_percent);
        let running = |used: u64| (used * 100).div_ceil(target);
        let cost = used
            .iter()
            .zip(&problem.offers)
            .map(|(&used, offer)| running(used) * offer.micro_usd_per_hour)
            .sum();
        *least = Some(least.map_or(cost, |least: u64| least.min(cost)));
        return;
    };
    for offer in 0..problem.offers.len() {
        if holds(problem, offer, first) {
            used[offer] += 1;
            types(problem, rest, used, least);
            used[offer] -= 1;
        }
    }
}

fn holds(problem: &Problem, offer: usize, tasks: &[usize]) -> bool {
    let offer = &problem.offers[offer];
    let sum =
        |of: fn(Resources) -> u32| tasks.iter().map(|&group| of(problem.groups[group].needs)).sum::<u32>();
    tasks.iter().all(|&group| problem.groups[group].architectures.contains(&offer.architecture))
        && sum(|needs| needs.cpu) <= offer.allocatable.cpu
        && sum(|needs| needs.memory_mib) <= offer.allocatable.memory_mib
        && sum(|needs| needs.enis) <= offer.allocatable.enis
        && sum(|needs| needs.gpus) <= offer.allocatable.gpus
}
