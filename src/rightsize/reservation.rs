//! [`ReservationRating`]: the verdict on what tasks on container instances reserve.
//!
//! On an instance a size is a reservation, not a purchase: any CPU in steps of [`CPU_STEP`] from
//! [`LEAST_CPU`] on (ECS takes no less), any memory in steps of [`MEMORY_STEP`]. CPU without a task-level
//! limit is a share that may be passed while the instance has CPU to spare, and so may a soft memory
//! limit; only a hard limit is a cap, and what reached 95 % of it is unknown above. Demand is taken as on
//! Fargate: CPU by its percentile, memory by its maximum, both with the configured headroom.
//!
//! | reserved | observed | headroom | recommended |
//! |---|---|---|---|
//! | 1,024 CPU units | p99.5 = 410 units | 20 % | 512 |
//! | 256 CPU units, shares | p99.5 = 640 units (250 %) | 20 % | 768: short, but not at a cap |
//! | 512 CPU units, task-level | p99.5 = 500 units (98 %) | 20 % | 768: half as much again at least |
//! | 1,024 MiB, soft | maximum = 300 MiB | 20 % | 384 |
//! | 512 MiB, soft; hard limit 1,024 | maximum = 700 MiB (137 %) | 20 % | 896 |
//! | 4,096 MiB, hard, for twelve days | 97 % of 512 MiB, hard, before; 614 MiB since | 20 % | 768 |
//! | 4,096 MiB, hard, for some hours | the same | 20 % | 4,096: what is wanted is not known yet |

use super::{
    autoscaling::{Resource, Steering},
    guards::{ContainerSize, Guard, GuardInput, Guards, rising_floor},
    need::{Need, ResourceNeed, Seen, to_hold, with},
    needs::{rateable, steady},
    performance_risk::{PerformanceRisk, risk_at},
    rating::DimensionRating,
    resource_reasons::resource_reasons,
    sparse::Sparse,
    task_room::TaskRoom,
    unrated::{Reason, Unrated},
};
use crate::{
    config::{Config, ExpectedPeak, Sizing},
    demand::{CAP_CENTI_PERCENT, Caps, Requested, StartUp, WindowDemand},
    units::{CpuUnits, MemoryMib},
    workload::{OperatingSystem, ScalableTarget, TaskDefinition, TaskFacts},
};

/// CPU units that a reservation is a multiple of.
pub const CPU_STEP: u32 = 64;
/// The least CPU units: ECS Developer Guide, task size on EC2.
pub const LEAST_CPU: u32 = 128;
/// MiB that a reservation is a multiple of.
pub const MEMORY_STEP: u32 = 64;

/// What is rated.
#[derive(Debug, Clone, Copy)]
pub struct ReservationSubject<'a> {
    pub definition: &'a TaskDefinition,
    /// 0: nothing of that resource.
    pub reserved: Requested,
    pub os: OperatingSystem,
    /// Without the resources that are `sparse`.
    pub demand: &'a WindowDemand,
    pub sparse: Sparse,
    pub scaling: Option<&'a ScalableTarget>,
    pub facts: &'a TaskFacts,
    /// As in [`super::Subject`].
    pub start_up: Option<&'a StartUp>,
    /// Whole days of history, at least 1.
    pub observed_days: u64,
    pub sizing: Sizing,
}

/// A recommended reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservationChoice {
    pub to: (CpuUnits, MemoryMib),
    /// Without headroom.
    pub lower: (CpuUnits, MemoryMib),
    /// If the history's shortness is allowed for.
    pub upper: (CpuUnits, MemoryMib),
    pub risk: PerformanceRisk,
}

/// The verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReservationRating {
    pub cpu: DimensionRating,
    pub memory: DimensionRating,
    pub reasons: Vec<&'static str>,
    /// `None`: stay.
    pub choice: Option<ReservationChoice>,
    pub conditions: Vec<String>,
    /// The containers' own settings with the choice; empty where they must be set by hand.
    pub containers: Vec<ContainerSize>,
    pub guards: Vec<Guard>,
    pub idle: bool,
    /// What demand asks for, and with every guard's floor.
    pub demanded: (Result<ResourceNeed, Unrated>, Result<ResourceNeed, Unrated>),
    pub needed: Need,
}

impl ReservationRating {
    pub fn is_underprovisioned(&self) -> bool {
        [&self.cpu, &self.memory].contains(&&DimensionRating::Underprovisioned)
    }

    /// The reservation kept after all, where a smaller one is not worth a deployment.
    #[must_use]
    pub fn kept(mut self) -> Self {
        self.choice = None;
        self.conditions.clear();
        self.containers.clear();
        for dimension in [&mut self.cpu, &mut self.memory] {
            if *dimension == DimensionRating::Overprovisioned {
                *dimension = DimensionRating::Optimized;
            }
        }
        self.reasons.retain(|reason| !["cpu-overprovisioned", "memory-overprovisioned"].contains(reason));
        self.reasons.push("below-least-change");
        self
    }
}

/// Rates what `subject` reserves; `Err` where neither resource can be rated.
pub fn rate_reservation(
    subject: &ReservationSubject<'_>,
    config: &Config,
) -> Result<ReservationRating, Unrated> {
    let ReservationSubject { definition, reserved, os, sizing, observed_days, .. } = *subject;
    let caps = Caps::of(definition);
    let demand = steady(subject.demand, subject.start_up);
    let steering = subject.scaling.map(|target| Steering::of(target, (0, 0)));
    let followed = |resource| steering.as_ref().and_then(|steering| steering.follows(resource));
    let cpu = reserved_at_all(reserved.cpu.0, "CPU").and_then(|()| {
        let need = demand.cpu.as_ref().map(|cpu| {
            let seen = Seen::of(cpu, sizing.cpu_percentile);
            let seen = Seen { sustained: to_hold(seen.sustained, &sizing), ..seen };
            let resource = Reserved {
                now: reserved.cpu.0,
                cap: caps.cpu.map(|cpu| cpu.0),
                scale: 1000,
                headroom: sizing.cpu_headroom,
            };
            resource.need(seen, |seen| sizing.peak.cpu(seen), observed_days)
        });
        rateable(need, subject.sparse.cpu, followed(Resource::Cpu))
    });
    let memory_reserved = reserved_at_all(reserved.memory.0, "memory");
    let memory_followed = followed(Resource::Memory);
    // Of what a policy follows, more tasks carry a peak to come.
    let memory_peak = if memory_followed.is_some() { ExpectedPeak::NONE } else { sizing.peak };
    let memory_seen = demand.memory.as_ref().filter(|_| memory_reserved.is_ok()).map(|memory| {
        let seen = Seen { sustained: 0, ..Seen::of(memory, 10_000) };
        let resource = Reserved {
            now: reserved.memory.0,
            cap: caps.memory.map(|memory| memory.0),
            scale: 1024,
            headroom: sizing.memory_headroom,
        };
        resource.need(seen, |seen| memory_peak.memory(seen), observed_days)
    });
    // Guards hold what was seen, whether or not a policy follows it.
    let memory_demanded = memory_seen.filter(|_| subject.sparse.memory.is_none());
    let memory_demanded = memory_demanded.unwrap_or(ResourceNeed::keep(reserved.memory.0));
    let memory = memory_reserved.and_then(|()| rateable(memory_seen, subject.sparse.memory, memory_followed));

    let rise = subject.demand.rise();
    let guards = Guards::of_reservation(GuardInput {
        definition,
        facts: subject.facts,
        size: TaskRoom::from(reserved),
        os,
        start_up: subject.start_up,
        memory_peak: subject.demand.memory.as_ref().map(|memory| MemoryMib::holding_kib(memory.max).0),
        memory_need: MemoryMib(memory_demanded.floor).max(rising_floor(rise, reserved.memory)),
        rise,
        // What is reserved is no cap of CPU.
        cpu_rise: None,
        memory_headroom: sizing.memory_headroom,
    });
    // A kill tells what no metric does, and whatever the number of tasks follows.
    let memory = if guards.memory_is_short() { Ok(guards.after_kills(memory_demanded)) } else { memory };
    if let (Err(unrated), Err(_)) = (&cpu, &memory) {
        return Err(unrated.clone());
    }
    let demanded = Need {
        cpu: *cpu.as_ref().unwrap_or(&ResourceNeed::keep(reserved.cpu.0)),
        memory: *memory.as_ref().unwrap_or(&ResourceNeed::keep(reserved.memory.0)),
    };
    let needed = demanded.at_least(guards.floors());
    let to = |need: &Need, of: fn(&ResourceNeed) -> u32| {
        (
            CpuUnits(settled(&cpu, reserved.cpu.0, of(&need.cpu), (CPU_STEP, LEAST_CPU))),
            MemoryMib(settled(&memory, reserved.memory.0, of(&need.memory), (MEMORY_STEP, MEMORY_STEP))),
        )
    };
    let chosen = to(&needed, |need| need.floor);

    let ratings = (
        DimensionRating::of(&cpu, reserved.cpu.0, chosen.0.0),
        DimensionRating::of(&memory, reserved.memory.0, chosen.1.0),
    );
    let idle = sizing.peak == ExpectedPeak::NONE && is_idle(subject, config);
    let mut reasons = reasons(&ratings, &demanded, caps, reserved);
    let binding = guards.reasons(&demanded, |need| Ok::<_, Unrated>(to(need, |need| need.floor)));
    reasons.extend(binding.unwrap_or_default());
    if sizing.peak != ExpectedPeak::NONE {
        reasons.push("expected-peak");
    }
    if idle {
        reasons.push("idle");
    }
    let choice = (chosen != (reserved.cpu, reserved.memory)).then(|| ReservationChoice {
        to: chosen,
        lower: to(&needed, |need| need.bare),
        upper: to(&needed, |need| need.ample),
        risk: risk_at(chosen.into(), (subject.demand, sizing.peak, observed_days), &demanded, &guards),
    });
    let conditions = choice.map(|_| conditions(subject, caps, chosen, &ratings.0)).unwrap_or_default();
    Ok(ReservationRating {
        cpu: ratings.0,
        memory: ratings.1,
        reasons,
        choice,
        conditions,
        containers: choice.map(|choice| containers(&guards, definition, choice.to)).unwrap_or_default(),
        guards: guards.into_list(),
        idle,
        demanded: (cpu, memory),
        needed,
    })
}

/// A resource of which nothing is reserved has no size that its use is relative to.
fn reserved_at_all(reserved: u32, what: &str) -> Result<(), Unrated> {
    if reserved > 0 {
        return Ok(());
    }
    Err(Unrated::new(
        Reason::MissingTaskSize,
        format!(
            "neither the task definition nor its containers reserve {what}: what is used has no size to be relative to"
        ),
    ))
}

/// One resource's reservation, in CPU units or MiB.
#[derive(Clone, Copy)]
struct Reserved {
    now: u32,
    /// What a task can use at most.
    cap: Option<u32>,
    /// The observed unit's parts per unit of size.
    scale: u64,
    headroom: u32,
}

impl Reserved {
    fn need(self, seen: Seen, expected: impl Fn(u64) -> u64, observed_days: u64) -> ResourceNeed {
        let Self { now, cap, scale, headroom } = self;
        let units = |value: u64| u32::try_from(value.div_ceil(scale)).unwrap_or(u32::MAX);
        let at_cap = |value: u64| {
            cap.is_some_and(|cap| {
                u128::from(value) * 10_000
                    >= u128::from(cap) * u128::from(scale) * u128::from(CAP_CENTI_PERCENT)
            })
        };
        let unknown_above = at_cap(seen.statistic);
        let reached_cap =
            at_cap(seen.max) || cap.is_some() && seen.largest_capped_size.is_some_and(|size| size >= now);
        let censored = match (cap, seen.largest_capped_size) {
            // The next step is half as much again: reservations have no ladder.
            (Some(cap), _) if unknown_above => cap.saturating_add(cap.div_ceil(2)),
            _ if reached_cap || seen.enlarged_lately => now,
            // What was wanted at the cap of a smaller one shows at this one: only more than that.
            (_, Some(size)) if size < now => size + 1,
            _ => 0,
        };
        let floor = units(with(expected(seen.statistic), headroom))
            .max(units(with(expected(seen.sustained), headroom)).min(now))
            .max(censored);
        let allowance = u32::try_from(10_000 / observed_days.max(1)).unwrap_or(0);
        ResourceNeed {
            floor,
            bare: units(expected(seen.statistic)).max(units(expected(seen.sustained)).min(now)).max(censored),
            ample: units(with(with(expected(seen.max), headroom), allowance)).max(floor),
            short: floor > now,
            unknown_above,
            reached_cap,
            enlarged_lately: seen.enlarged_lately,
        }
    }
}

/// The reservation for a need: by whole steps, never raised for the steps alone, and as it is where the
/// resource is not rated.
fn settled(need: &Result<ResourceNeed, Unrated>, now: u32, floor: u32, (step, least): (u32, u32)) -> u32 {
    let stepped = floor.div_ceil(step).saturating_mul(step).max(least);
    match need {
        Err(_) => now,
        Ok(_) if floor <= now => stepped.min(now),
        Ok(_) => stepped,
    }
}

fn reasons(
    (cpu, memory): &(DimensionRating, DimensionRating),
    demanded: &Need,
    caps: Caps,
    reserved: Requested,
) -> Vec<&'static str> {
    let mut reasons = resource_reasons((cpu, memory), demanded);
    // More than is reserved was used, which only what has no cap there can.
    if caps.cpu.is_none() && reserved.cpu.0 > 0 && demanded.cpu.bare > reserved.cpu.0 {
        reasons.push("cpu-bursts");
    }
    let soft = caps.memory.is_none_or(|cap| cap > reserved.memory);
    if soft && reserved.memory.0 > 0 && demanded.memory.bare > reserved.memory.0 {
        reasons.push("memory-above-reservation");
    }
    reasons
}

/// What goes with the reservation `to`.
fn conditions(
    subject: &ReservationSubject<'_>,
    caps: Caps,
    (cpu, memory): (CpuUnits, MemoryMib),
    cpu_rating: &DimensionRating,
) -> Vec<String> {
    let ReservationSubject { definition, reserved, .. } = *subject;
    let mut conditions = Vec::new();
    if definition.cpu.is_none() && definition.memory.is_none() && definition.containers.len() > 1 {
        conditions.push(format!(
            "the containers' own reservations come to {} CPU units and {} MiB together, shared out by hand",
            cpu.0, memory.0
        ));
    }
    if caps.cpu.is_none() && *cpu_rating == DimensionRating::Underprovisioned {
        conditions.push(
            "its CPU reservation is a share and no cap: until it is raised, it runs on what the instance has to spare"
                .to_owned(),
        );
    }
    if let Some(limit) = caps.memory.filter(|limit| definition.memory.is_none() && *limit < memory) {
        conditions.push(format!("the hard memory limit goes up, too: it is {} MiB now", limit.0));
    }
    if memory < reserved.memory && caps.memory.is_none() {
        conditions.push(
            "memory has no hard limit: above its reservation it takes what the instance has left".to_owned(),
        );
    }
    conditions
}

/// The containers' settings at the reservation: those of a task of that size, or the only one's own.
fn containers(
    guards: &Guards<'_>,
    definition: &TaskDefinition,
    (cpu, memory): (CpuUnits, MemoryMib),
) -> Vec<ContainerSize> {
    if definition.cpu.is_some() && definition.memory.is_some() {
        return guards.containers(TaskRoom::from((cpu, memory))).unwrap_or_default();
    }
    let [only] = definition.containers.as_slice() else { return Vec::new() };
    let soft = only.memory_reservation.map(|_| memory);
    vec![ContainerSize {
        name: only.name.clone(),
        cpu,
        memory: only.memory.map(|hard| if soft.is_some() { hard.max(memory) } else { memory }),
        memory_reservation: soft,
    }]
}

fn is_idle(subject: &ReservationSubject<'_>, config: &Config) -> bool {
    let reserved = u64::from(subject.reserved.cpu.0) * 1000;
    let limit = reserved * u64::from(config.idle_max_cpu_centi_percent) / 10_000;
    reserved > 0 && subject.demand.cpu.as_ref().is_some_and(|cpu| cpu.max <= limit)
}
