//! Guards: what a size must hold whatever the demand was, and what a change of size depends on.
//!
//! Each guard reads facts (the definition, its runtime flags, kills, start-ups) and gives [`Guard`]s:
//! a code, a sentence, and the floors that it holds the task to. Guards keep a size from being cut;
//! no floor is above the current size, with one exception: after a kill for memory it is the next
//! step up, or what higher limits of the containers take. What must be done along with a chosen size is said by [`Guards::conditions`] and
//! [`Guards::containers`].

mod container_size;
mod container_sizes;
mod containers;
mod fixed_heap;
mod injected;
mod layout;
mod lowered;
mod main_container;
mod oom;
mod rising;
mod runtime;
mod short_limits;
mod startup;

pub use container_size::{ContainerSize, registers};
pub use container_sizes::containers_at;
pub use fixed_heap::{Fixed as FixedHeap, fixed as fixed_heap};
pub use rising::rising_floor;

use crate::{
    demand::{Rise, StartUp},
    rightsize::TaskRoom,
    units::{CpuUnits, MemoryMib},
    workload::{OperatingSystem, TaskDefinition, TaskFacts},
};

use super::need::{Need, ResourceNeed, with};

/// What guards look at.
#[derive(Debug, Clone, Copy)]
pub struct GuardInput<'a> {
    pub definition: &'a TaskDefinition,
    pub facts: &'a TaskFacts,
    /// The current size.
    pub size: TaskRoom,
    pub os: OperatingSystem,
    pub start_up: Option<&'a StartUp>,
    /// Peak memory seen, in MiB; absent without samples.
    pub memory_peak: Option<u32>,
    /// What demand alone asks of memory, headroom included.
    pub memory_need: MemoryMib,
    /// That of the peaks of days, if they rise.
    pub rise: Option<Rise>,
    /// That of the busiest periods of days, in thousandths of a CPU unit.
    pub cpu_rise: Option<Rise>,
    /// Headroom in hundredths of a per cent, for the peaks of single containers.
    pub memory_headroom: u32,
}

/// What one guard has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guard {
    /// Kebab-case.
    pub code: &'static str,
    /// One sentence, for people.
    pub detail: String,
    /// Floors; 0 holds nothing.
    pub cpu: CpuUnits,
    pub memory: MemoryMib,
    /// Whether its code is a reason of the finding even where no floor of it changes the size.
    pub always_a_reason: bool,
}

impl Guard {
    fn note(code: &'static str, detail: String) -> Self {
        Self { code, detail, cpu: CpuUnits(0), memory: MemoryMib(0), always_a_reason: false }
    }
}

/// All guards of a workload, in a fixed order.
#[derive(Debug, Clone)]
pub struct Guards<'a> {
    input: GuardInput<'a>,
    list: Vec<Guard>,
}

impl<'a> Guards<'a> {
    pub fn of(input: GuardInput<'a>) -> Self {
        let mut list = Vec::new();
        list.extend(containers::guards(&input));
        list.extend(short_limits::guards(&input));
        list.extend(runtime::guards(&input));
        list.extend(startup::guard(&input));
        list.extend(rising::guard(&input));
        list.extend(rising::cpu_note(&input));
        list.extend(oom::guard(&input));
        Self { input, list }
    }

    /// Those of a task on container instances. Where its size is what its containers reserve together,
    /// that holds no floor: it is what is rated.
    pub fn of_reservation(input: GuardInput<'a>) -> Self {
        let mut guards = Self::of(input);
        if input.definition.cpu.is_none() || input.definition.memory.is_none() {
            guards.list.retain(|guard| !containers::CODES.contains(&guard.code));
        }
        guards
    }

    pub fn list(&self) -> &[Guard] {
        &self.list
    }

    pub fn into_list(self) -> Vec<Guard> {
        self.list
    }

    /// The highest of all floors.
    pub fn floors(&self) -> (CpuUnits, MemoryMib) {
        self.list.iter().fold((CpuUnits(0), MemoryMib(0)), |(cpu, memory), guard| {
            (cpu.max(guard.cpu), memory.max(guard.memory))
        })
    }

    /// Whether tasks were killed for memory at the current size or above, or containers at limits of their own:
    /// memory is then short.
    pub fn memory_is_short(&self) -> bool {
        self.list.iter().any(|guard| guard.code == oom::CODE && guard.memory > self.input.size.memory())
            || oom::at_own_limits(&self.input).next().is_some()
    }

    /// Whether a task of size `to` gives a container a higher limit that was killed at its own.
    pub fn raises_a_limit(&self, to: TaskRoom) -> bool {
        let then = self.containers(to);
        oom::at_own_limits(&self.input).any(|limit| short_limits::raised_to(limit, then.as_deref()).is_some())
    }

    /// `memory` as it is after a kill: short, and at least one step up.
    pub fn after_kills(&self, memory: ResourceNeed) -> ResourceNeed {
        let Some(kill) = self.list.iter().find(|guard| guard.code == oom::CODE) else { return memory };
        let floor = kill.memory.0;
        ResourceNeed {
            floor: memory.floor.max(floor),
            bare: memory.bare.max(floor),
            ample: memory.ample.max(floor),
            short: memory.short || self.memory_is_short(),
            ..memory
        }
    }

    /// Codes of the guards that hold the size where `pick` would be without them, and of those that
    /// are a reason anyway. `pick` chooses a size for a need.
    pub fn reasons<T: PartialEq, E>(
        &self,
        demanded: &Need,
        mut pick: impl FnMut(&Need) -> Result<T, E>,
    ) -> Result<Vec<&'static str>, E> {
        let mut reasons = Vec::new();
        let mut alone = None;
        for guard in &self.list {
            let raised = demanded.at_least((guard.cpu, guard.memory));
            let binds = raised != *demanded && {
                let alone = match &mut alone {
                    Some(alone) => alone,
                    none => none.insert(pick(demanded)?),
                };
                pick(&raised)? != *alone
            };
            if (binds || guard.always_a_reason) && !reasons.contains(&guard.code) {
                reasons.push(guard.code);
            }
        }
        Ok(reasons)
    }

    /// What must hold, or be done along, for a change to `to`.
    pub fn conditions(&self, to: TaskRoom, reasons: &[&'static str]) -> Vec<String> {
        let mut conditions = runtime::conditions(&self.input, to, reasons);
        conditions.extend(startup::condition(&self.input, to));
        conditions.extend(rising::condition(&self.input, to));
        conditions.extend(rising::cpu_condition(&self.input, to));
        conditions.extend(oom::condition(&self.input, to));
        conditions.extend(containers::conditions(&self.input, to));
        conditions
    }

    /// The floor of memory as it is before any demand is known.
    pub fn memory_before_demand(&self) -> MemoryMib {
        Self::of(GuardInput { memory_need: MemoryMib(0), rise: None, ..self.input }).floors().1
    }

    /// Whether a task of size `to` leaves its containers limits of so much, where it lowers them.
    pub fn leaves(&self, to: TaskRoom, memory: MemoryMib) -> bool {
        let lowered =
            |then: Option<MemoryMib>, now: Option<MemoryMib>| then < now.map(|now| now.min(to.memory()));
        self.containers(to).is_none_or(|containers| {
            containers.iter().zip(&self.input.definition.containers).all(|(then, now)| {
                !lowered(then.memory, now.memory) || then.memory.is_some_and(|limit| limit >= memory)
            })
        })
    }

    /// The same for tasks that are each to hold so much memory, headroom included, as fewer of them carry more.
    #[must_use]
    pub fn carrying(&self, memory: MemoryMib) -> Self {
        let memory_need = memory.max(self.input.memory_need);
        Self { input: GuardInput { memory_need, ..self.input }, list: self.list.clone() }
    }

    /// What the main container would need if each task is to hold `memory`, headroom included, and the limit of its
    /// own that it would have in a task of size `to`; where that is less, and it would need more than now.
    pub fn main_lacks(&self, to: TaskRoom, memory: MemoryMib) -> Option<(MemoryMib, MemoryMib)> {
        containers::main_lacks(&self.input, to, memory)
    }

    /// So much memory with the headroom that single containers are given, in MiB of KiB.
    pub fn with_headroom(&self, kib: u64) -> MemoryMib {
        let mib = with(kib, self.input.memory_headroom).div_ceil(1024);
        MemoryMib(u32::try_from(mib).unwrap_or(u32::MAX))
    }

    /// How much of a task of size `to` can be used before a container is at a limit that is lowered with it.
    pub fn usable_memory(&self, to: TaskRoom) -> MemoryMib {
        containers::usable_memory(&self.input, to)
    }

    /// Whether more may be wanted of a task of size `to` than was seen: tasks were killed for memory, a container is
    /// near a limit of its own, or memory rises and the task is full before long.
    pub fn demand_is_unknown(&self, to: TaskRoom) -> bool {
        self.input.facts.stopped.as_ref().is_some_and(|stopped| stopped.oom_kills > 0)
            || short_limits::is_near_a_limit(&self.input)
            || rising::days_until_full(&self.input, to).is_some()
    }

    /// The containers' own settings for a task of size `to`; `None` where no such settings register,
    /// because those in force do not either.
    pub fn containers(&self, to: TaskRoom) -> Option<Vec<ContainerSize>> {
        container_sizes::split(&self.input, to)
    }
}

/// Several things in words: `a`, `a and b`, `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests;
