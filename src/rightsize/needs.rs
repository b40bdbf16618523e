//! [`Needs`]: what the resources of a subject need, by demand and by guards, and which cannot be told.

use std::borrow::Cow;

use super::{
    autoscaling::{Resource, Steering, for_a_task},
    calibration::Learnt,
    cheapest::Floors,
    choice::{Priced, ladder},
    guards::{GuardInput, Guards, rising_floor},
    need::{Need, ResourceNeed, need},
    sparse::TooFewSamples,
    subject::Subject,
    unrated::{Reason, Unrated},
};
use crate::{
    config::{ExpectedPeak, Sizing},
    demand::{Requested, StartUp, WindowDemand},
    fargate::TaskSize,
    pricing::{NoPrice, PriceBook},
    units::{CpuUnits, MemoryMib},
};

/// What the resources of a subject need, and which of them can be rated.
pub(super) struct Needs<'a> {
    pub(super) cpu: Result<ResourceNeed, Unrated>,
    pub(super) memory: Result<ResourceNeed, Unrated>,
    /// By demand alone; a resource that is not rated keeps its size.
    pub(super) demanded: Need,
    /// And by every guard's floor.
    pub(super) needed: Need,
    pub(super) guards: Guards<'a>,
    /// The largest memory of a task, with what it has to expect of a peak to come, in KiB.
    pub(super) past_peak: u64,
}

impl<'a> Needs<'a> {
    /// With the headroom that was learnt, where that replaces the fixed one and the current size is large enough.
    /// One that is too small in anything grows, with no less than the fixed headroom.
    pub(super) fn weighed<'c>(
        subject: &Subject<'a>,
        learnt: Option<Learnt<'c>>,
    ) -> (Self, Option<Learnt<'c>>) {
        let sizing = for_a_task(subject);
        if learnt.is_some_and(|learnt| learnt.replaces_fixed) {
            let needs = Self::of(subject, &sizing, true);
            let holds = needs.floors(&needs.needed, |need| need.floor).hold(subject.size);
            if holds && !needs.guards.memory_is_short() {
                return (needs, learnt);
            }
        }
        let beside = learnt.map(|learnt| Learnt { replaces_fixed: false, ..learnt });
        (Self::of(subject, &sizing, false), beside)
    }

    /// `sizing`: that of one task; `calibrated`: whether headroom is learnt from the fleet, or fixed.
    pub(super) fn of(subject: &Subject<'a>, sizing: &Sizing, calibrated: bool) -> Self {
        let size = subject.size;
        let current = Requested {
            cpu: size.cpu(),
            memory: size.memory(),
            ephemeral_storage: subject.shape.ephemeral_storage,
        };
        let os = subject.shape.platform.os;
        let steady = steady(subject.demand, subject.start_up);
        let (cpu, memory) = need(&steady, current, os, sizing, calibrated, subject.observed_days);
        let steering = subject.scaling.map(|target| Steering::of(target, (0, 0)));
        let followed = |resource| steering.as_ref().and_then(|steering| steering.follows(resource));
        let cpu = rateable(cpu, subject.sparse.cpu, followed(Resource::Cpu));
        let memory_followed = followed(Resource::Memory);
        // Guards hold what was seen, whether or not a policy follows it; of what one follows, more tasks carry a peak
        // to come.
        let memory_seen = match memory_followed {
            Some(_) if sizing.peak != ExpectedPeak::NONE => {
                let sizing = Sizing { peak: ExpectedPeak::NONE, ..*sizing };
                need(&steady, current, os, &sizing, calibrated, subject.observed_days).1
            }
            _ => memory,
        };
        let memory_demanded = memory_seen.filter(|_| subject.sparse.memory.is_none());
        let memory_demanded = memory_demanded.unwrap_or(ResourceNeed::keep(size.memory().0));
        let memory = rateable(memory, subject.sparse.memory, memory_followed);
        let rise = subject.demand.rise();
        let guards = Guards::of(GuardInput {
            definition: subject.definition,
            facts: subject.facts,
            size: size.into(),
            os,
            start_up: subject.start_up,
            memory_peak: subject.demand.memory.as_ref().map(|memory| MemoryMib::holding_kib(memory.max).0),
            memory_need: MemoryMib(memory_demanded.floor).max(rising_floor(rise, size.memory())),
            rise,
            // Where a policy follows it there will be more tasks.
            cpu_rise: subject.demand.cpu_rise().filter(|_| followed(Resource::Cpu).is_none()),
            memory_headroom: subject.sizing.memory_headroom,
        });
        // A kill tells what no metric does, and whatever the number of tasks follows.
        let memory = if guards.memory_is_short() { Ok(guards.after_kills(memory_demanded)) } else { memory };
        let demanded = Need {
            cpu: *cpu.as_ref().unwrap_or(&ResourceNeed::keep(size.cpu().0)),
            memory: *memory.as_ref().unwrap_or(&ResourceNeed::keep(size.memory().0)),
        };
        let needed = demanded.at_least(guards.floors());
        let past_peak = sizing.peak.memory(subject.demand.memory.as_ref().map_or(0, |memory| memory.max));
        Self { cpu, memory, demanded, needed, guards, past_peak }
    }

    pub(super) fn floors(&self, need: &Need, of: fn(&ResourceNeed) -> u32) -> Floors {
        Floors {
            cpu: CpuUnits(of(&need.cpu)),
            memory: MemoryMib(of(&need.memory)),
            cpu_fixed: self.cpu.is_err(),
            memory_fixed: self.memory.is_err(),
        }
    }

    pub(super) fn ladder(
        &self,
        subject: &Subject<'_>,
        need: &Need,
        book: &PriceBook,
    ) -> Result<Vec<Priced>, NoPrice> {
        let Subject { size, shape, monthly_task_hours, .. } = *subject;
        let floors = self.floors(need, |need| need.floor);
        let usable = |size: TaskSize| self.guards.usable_memory(size.into());
        ladder(book, shape, subject.split(), size, floors, monthly_task_hours, usable)
    }
}

/// Demand with the start-up spikes of CPU taken out: they are a guard's business.
pub(super) fn steady<'a>(demand: &'a WindowDemand, start_up: Option<&StartUp>) -> Cow<'a, WindowDemand> {
    match start_up.filter(|start| start.is_spike()) {
        None => Cow::Borrowed(demand),
        Some(start) => Cow::Owned(WindowDemand { cpu: Some(start.steady_cpu.clone()), ..demand.clone() }),
    }
}

/// The need, or why this resource cannot be rated: too few samples, the task count follows it, or no samples.
pub(super) fn rateable(
    need: Option<ResourceNeed>,
    too_few: Option<TooFewSamples>,
    followed: Option<String>,
) -> Result<ResourceNeed, Unrated> {
    if let Some(too_few) = too_few {
        return Err(too_few.unrated());
    }
    if let Some(why) = followed {
        return Err(Unrated::new(Reason::Autoscaled, why));
    }
    need.ok_or_else(|| Unrated::new(Reason::NoMetrics, "no samples of this resource in the window"))
}
