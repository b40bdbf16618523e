//! The sizes, limits and targets worth simulating.
//!
//! | what | tried |
//! |---|---|
//! | a resource that a policy follows | its size, and down to a quarter of it: smaller tasks carry more of what every task needs for itself. Larger only where nothing else fits |
//! | a resource that none follows | every size that holds it |
//! | target | as it is, and steps of 10 % up to [`SAFE_TARGET`]; of larger tasks, where nothing else fits, also lower ones, down to where there are as many tasks as before |
//! | upper limit | so that the same total capacity can be reached; where that is too little, so that the tasks asked for can run |
//! | lower limit | so that the same total capacity is kept; and the same number of tasks, which is a smaller reserve, if the demand seen holds with full headroom |

use super::{
    capacity::Limits,
    simulate::Setting,
    steering::{Plan, Resource, Tracking},
};
use crate::{fargate::TaskSize, rightsize::need::ResourceNeed, workload::OperatingSystem};

/// 0.01 %. Above it a target leaves less than 30 % for the minutes that a scale-out takes and for
/// tasks hotter than the mean; a higher one that is in force is kept, not recommended.
pub const SAFE_TARGET: u32 = 7_000;
const TARGET_STEP: u32 = 1_000;
/// The smallest part of a followed resource's size that is tried.
const SMALLEST_PART: u32 = 4;

/// What bounds the sizes to try: least and most CPU units, least and most MiB.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub current: TaskSize,
    pub os: OperatingSystem,
    pub cpu: (u32, u32),
    pub memory: (u32, u32),
}

impl Bounds {
    /// What `need` and a guard's `floor` leave of a resource. It keeps its size where nothing is known of
    /// it, and does not get smaller where it was used up, nor than the first size above one where that was: `above_cap`.
    pub(super) fn of(need: Option<ResourceNeed>, now: u32, floor: u32, above_cap: Option<u32>) -> (u32, u32) {
        match need {
            None => (now.max(floor), now),
            Some(need) if need.reached_cap || need.enlarged_lately => (now.max(floor), u32::MAX),
            Some(_) => (floor.max(above_cap.map_or(0, |size| size.min(now))), u32::MAX),
        }
    }

    /// Sizes to try, by CPU, then memory; what is followed up to `larger` times its size.
    pub(super) fn sizes(self, plan: &Plan, larger: u32) -> impl Iterator<Item = TaskSize> {
        let followed = |(least, most): (u32, u32), now: u32, tracked: bool| {
            let tried = if tracked {
                (now.div_ceil(SMALLEST_PART), now.saturating_mul(larger))
            } else {
                (0, u32::MAX)
            };
            least.max(tried.0)..=most.min(tried.1)
        };
        let cpu = followed(self.cpu, self.current.cpu().0, plan.tracks(Resource::Cpu));
        let memory = followed(self.memory, self.current.memory().0, plan.tracks(Resource::Memory));
        TaskSize::all(self.os)
            .filter(move |size| cpu.contains(&size.cpu().0) && memory.contains(&size.memory().0))
    }
}

/// CPU units and MiB as far as the number of tasks follows them; the current ones elsewhere.
pub(super) fn followed_size(plan: &Plan, size: TaskSize, current: TaskSize) -> (u32, u32) {
    let of = |resource, size: u32, current: u32| if plan.tracks(resource) { size } else { current };
    (
        of(Resource::Cpu, size.cpu().0, current.cpu().0),
        of(Resource::Memory, size.memory().0, current.memory().0),
    )
}

/// How far the search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    /// What is followed, up to so many times its size.
    pub larger: u32,
    /// The tasks asked for and those that may run, where the limit holds policies back: then nothing
    /// is made smaller, and no task used more.
    pub raise: Option<(u32, u32)>,
    pub targets: Targets,
}

/// Targets to try besides those in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Targets {
    Kept,
    Higher,
    /// For larger tasks.
    Lower,
    /// Those that leave larger tasks as many.
    AsMany,
}

impl Reach {
    /// Where nothing is short.
    pub(super) fn saving(targets: Targets) -> Self {
        Self { larger: 1, raise: None, targets }
    }
}

/// The settings to try at a followed size.
pub(super) fn settings(plan: &Plan, followed: (u32, u32), current: TaskSize, reach: Reach) -> Vec<Setting> {
    // As many more tasks as the scarcer of the followed resources asks for.
    let ratios = [(current.cpu().0, followed.0), (current.memory().0, followed.1)];
    let [cpu, memory] = ratios;
    let more =
        |(a, b): (u32, u32), (c, d): (u32, u32)| u64::from(a) * u64::from(d) >= u64::from(c) * u64::from(b);
    let ratio = match (plan.tracks(Resource::Cpu), plan.tracks(Resource::Memory)) {
        (true, false) => cpu,
        (false, true) => memory,
        _ if more(cpu, memory) => cpu,
        _ => memory,
    };
    let ratio = if ratio.0 == ratio.1 { (1, 1) } else { ratio };
    if reach.targets == Targets::AsMany {
        let raised = reach.raise.map(|max| Limits { min: (1, 1), max });
        let targets = as_many_targets(plan, followed, current);
        let setting = |limits| Setting { size: Some(followed), limits, targets: targets.clone() };
        return [Some(Limits::AS_THEY_ARE), raised].into_iter().flatten().map(setting).collect();
    }
    let mut limits = vec![Limits { min: ratio, max: ratio }];
    if ratio.0 > ratio.1 {
        limits.push(Limits { min: (1, 1), max: ratio });
    }
    if ratio.0 == ratio.1 {
        limits = vec![Limits::AS_THEY_ARE];
    } else if ratio.0 < ratio.1 && reach.larger > 1 {
        limits.push(Limits::AS_THEY_ARE);
    }
    if let Some(raise) = reach.raise {
        let mins = [(1, 1), ratio];
        let maxima = [Some(raise), product(raise, ratio)];
        let raised =
            mins.into_iter().flat_map(|min| maxima.into_iter().flatten().map(move |max| Limits { min, max }));
        // More of tasks as large is the point; with larger ones the limits may do as they are.
        if ratio == (1, 1) {
            limits.clear();
        }
        limits.extend(raised);
        limits.sort_unstable();
        limits.dedup();
    }
    let targets = match reach.targets {
        Targets::Kept | Targets::AsMany => vec![Setting::unchanged(plan).targets],
        Targets::Higher => higher_targets(plan),
        Targets::Lower => lower_targets(plan, ratio),
    };
    let mut settings = Vec::new();
    for limits in limits {
        for targets in targets.iter().cloned() {
            settings.push(Setting { size: Some(followed), limits, targets });
        }
    }
    settings
}

fn product((a, b): (u32, u32), (c, d): (u32, u32)) -> Option<(u32, u32)> {
    Some((a.checked_mul(c)?, b.checked_mul(d)?))
}

/// Every combination of the policies' targets; the first one is as it is.
fn higher_targets(plan: &Plan) -> Vec<Vec<u32>> {
    combinations(plan, |target| {
        let first_step = (target / TARGET_STEP + 1).saturating_mul(TARGET_STEP);
        (first_step..=SAFE_TARGET).step_by(TARGET_STEP as usize).collect()
    })
}

/// The same downwards, to the one at which a larger task carries what one carries now. `ratio` is the
/// size now over the larger one.
fn lower_targets(plan: &Plan, (now, larger): (u32, u32)) -> Vec<Vec<u32>> {
    combinations(plan, |target| {
        let least = lowered(target, (now, larger));
        let steps = (1..target.div_ceil(TARGET_STEP)).rev().map(|step| step * TARGET_STEP);
        let mut lower: Vec<u32> = steps.take_while(|step| *step > least).collect();
        lower.extend((least < target).then_some(least));
        lower
    })
}

/// The targets at which tasks of a followed size stay as many: each goes down as what it follows goes up, or fewer
/// tasks would each carry more, such as what one was killed for.
pub(super) fn as_many_targets(plan: &Plan, followed: (u32, u32), current: TaskSize) -> Vec<u32> {
    let of = |tracking: &Tracking| match tracking.resource {
        Resource::Cpu => lowered(tracking.target, (current.cpu().0, followed.0)),
        Resource::Memory => lowered(tracking.target, (current.memory().0, followed.1)),
    };
    plan.tracking.iter().map(of).collect()
}

/// The target at which a larger task carries what one carries now.
fn lowered(target: u32, (now, larger): (u32, u32)) -> u32 {
    let lowered = u64::from(target) * u64::from(now) / u64::from(larger.max(1));
    u32::try_from(lowered).unwrap_or(u32::MAX).clamp(1, target.max(1))
}

fn combinations(plan: &Plan, others: impl Fn(u32) -> Vec<u32>) -> Vec<Vec<u32>> {
    let mut combinations: Vec<Vec<u32>> = vec![Vec::new()];
    for tracking in &plan.tracking {
        let tried: Vec<u32> = std::iter::once(tracking.target).chain(others(tracking.target)).collect();
        // Two policies give a dozen combinations; who has more than that keeps the rest as it is.
        let tried = if combinations.len() * tried.len() > MOST_COMBINATIONS { &tried[..1] } else { &tried };
        combinations = combinations
            .iter()
            .flat_map(|before| {
                tried.iter().map(|target| before.iter().copied().chain([*target]).collect::<Vec<u32>>())
            })
            .collect();
    }
    combinations
}

/// Of targets.
const MOST_COMBINATIONS: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rightsize::autoscaling::{Capacity, Schedule, Tracking},
        units::{CpuUnits, MemoryMib},
    };

    fn plan(targets: &[(Resource, u32)]) -> Plan {
        Plan {
            capacity: Capacity::new(2, 10),
            tracking: targets
                .iter()
                .map(|(resource, target)| Tracking {
                    name: "p".into(),
                    resource: *resource,
                    target: *target,
                    scale_in: true,
                    scale_in_cooldown: 300,
                    scale_out_cooldown: 300,
                })
                .collect(),
            follows_other: false,
            scale_in_suspended: false,
            scale_out_suspended: false,
            schedule: Schedule::default(),
        }
    }

    fn size(cpu: u32, memory: u32) -> TaskSize {
        TaskSize::new(CpuUnits(cpu), MemoryMib(memory), OperatingSystem::Linux).unwrap()
    }

    #[test]
    fn targets_rise_in_steps_to_the_safe_one_and_never_fall() {
        let of = |target| higher_targets(&plan(&[(Resource::Cpu, target)]));
        assert_eq!(of(4_500), [[4_500], [5_000], [6_000], [7_000]]);
        assert_eq!(of(7_000), [[7_000]]);
        assert_eq!(of(8_500), [[8_500]]);
        assert_eq!(higher_targets(&plan(&[(Resource::Cpu, 6_000), (Resource::Memory, 6_500)])).len(), 4);
        let many: Vec<(Resource, u32)> = (0..50).map(|_| (Resource::Cpu, 1)).collect();
        assert!(higher_targets(&plan(&many)).len() <= MOST_COMBINATIONS);
    }

    #[test]
    fn a_limit_that_is_too_low_is_raised_and_targets_are_not() {
        let plan = plan(&[(Resource::Cpu, 5_000)]);
        let reach = Reach { larger: 2, raise: Some((17, 10)), targets: Targets::Kept };
        let of = |followed| -> Vec<Capacity> {
            let settings = settings(&plan, followed, size(1024, 2048), reach);
            assert!(settings.iter().all(|setting| setting.targets == [5_000]));
            settings.iter().map(|setting| setting.limits.apply(plan.capacity)).collect()
        };
        assert_eq!(of((1024, 2048)), [Capacity::new(2, 17)]);
        assert!(of((2048, 4096)).contains(&Capacity::new(2, 10)));
        assert!(of((2048, 4096)).contains(&Capacity::new(2, 9)), "17 tasks' capacity in larger ones");
    }

    #[test]
    fn lower_targets_end_where_a_larger_task_carries_as_much_as_one_does_now() {
        let of = |target, ratio| lower_targets(&plan(&[(Resource::Cpu, target)]), ratio);
        assert_eq!(of(6_000, (1, 2)), [[6_000], [5_000], [4_000], [3_000]]);
        assert_eq!(of(5_500, (1, 2)), [[5_500], [5_000], [4_000], [3_000], [2_750]]);
        assert_eq!(of(6_000, (1, 1)), [[6_000]]);
        assert_eq!(of(1, (1, 2)), [[1]]);
    }

    #[test]
    fn limits_keep_the_total_capacity_or_the_least_number_of_tasks() {
        let plan = plan(&[(Resource::Cpu, 7_000)]);
        let limits: Vec<Capacity> =
            settings(&plan, (256, 2048), size(1024, 2048), Reach::saving(Targets::Higher))
                .iter()
                .map(|setting| setting.limits.apply(plan.capacity))
                .collect();
        assert_eq!(limits, [Capacity::new(8, 40), Capacity::new(2, 40)]);
        let larger = &settings(&plan, (4096, 2048), size(1024, 2048), Reach::saving(Targets::Higher))[0];
        assert_eq!(larger.limits.apply(plan.capacity), Capacity::new(2, 3), "two tasks stay two tasks");
    }

    #[test]
    fn a_followed_resource_stays_within_a_quarter_and_itself() {
        let bounds = Bounds {
            current: size(1024, 4096),
            os: OperatingSystem::Linux,
            cpu: (0, u32::MAX),
            memory: (2048, u32::MAX),
        };
        let plan = plan(&[(Resource::Cpu, 6_000)]);
        let cpus = |larger| {
            let mut cpus: Vec<u32> = bounds.sizes(&plan, larger).map(|size| size.cpu().0).collect();
            cpus.dedup();
            cpus
        };
        assert_eq!(cpus(1), [256, 512, 1024]);
        assert_eq!(cpus(2), [256, 512, 1024, 2048]);
        assert!(bounds.sizes(&plan, 1).all(|size| size.memory().0 >= 2048));
    }
}
