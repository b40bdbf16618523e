//! [`Subject`]: one task template with everything a rule may look at.

use rust_decimal::Decimal;

use super::{CheckSettings, Production};
use crate::{
    fargate::{FREE_EPHEMERAL_STORAGE, TaskSize},
    pricing::{PriceBook, TaskCost, TaskShape},
    rightsize::{Floors, cheapest_size},
    template::{Place, ServiceTemplate, Setting, TaskTemplate},
    units::{CpuUnits, HOURS_PER_MONTH, MemoryMib, Usd},
    workload::{LaunchType, OperatingSystem, Platform, PurchaseSplit, Region},
};

/// A template on trial.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    pub task: &'a TaskTemplate,
    /// The workloads that run it; empty where none is known.
    pub production: Vec<&'a Production>,
    pub base: Base<'a>,
    /// Where it runs; absent where nothing says.
    pub region: Option<&'a Region>,
    pub book: &'a PriceBook,
    pub settings: &'a CheckSettings,
}

/// What a template was before the change.
#[derive(Debug, Clone, Copy)]
pub enum Base<'a> {
    /// No base was given.
    Unknown,
    /// The base does not have it.
    New,
    Was(&'a TaskTemplate),
}

/// A number of tasks, and what says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tasks {
    pub count: Decimal,
    pub from: TasksFrom,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TasksFrom {
    /// The task-hours of the linked workloads.
    Production,
    /// The services' desired counts.
    DesiredCount,
    /// Nothing: one task stands for all.
    Nothing,
}

impl<'a> Subject<'a> {
    /// Whether it must be a Fargate size.
    pub fn is_for_fargate(&self) -> bool {
        let named = |name: &String| name.eq_ignore_ascii_case("FARGATE");
        self.task.requires_compatibilities.iter().any(named)
            || self.task.services.iter().any(is_on_fargate)
            || self.production.iter().any(|p| p.launch_type == LaunchType::Fargate)
    }

    /// The platform; `None` where it is there and not known.
    pub fn platform(&self) -> Option<Platform> {
        match &self.task.platform {
            Setting::Absent => Some(Platform::default()),
            Setting::Known { value, .. } => Some(*value),
            Setting::Unresolved { .. } => self.production.first().map(|production| production.platform),
        }
    }

    /// CPU and memory, where both are known.
    pub fn size(&self) -> Option<(CpuUnits, MemoryMib)> {
        size_of(self.task)
    }

    /// The size, if Fargate has it.
    pub fn task_size(&self) -> Option<TaskSize> {
        let (cpu, memory) = self.size()?;
        TaskSize::new(cpu, memory, self.platform()?.os).ok()
    }

    /// The largest recommended size of the linked workloads: it holds what each of them needs.
    pub fn needed(&self) -> Option<(CpuUnits, MemoryMib)> {
        self.production
            .iter()
            .filter_map(|production| production.recommended)
            .map(|size| (size.cpu(), size.memory()))
            .reduce(|a, b| (a.0.max(b.0), a.1.max(b.1)))
    }

    pub fn tasks(&self) -> Tasks {
        let running: Decimal = self.production.iter().filter_map(|production| production.mean_tasks).sum();
        if running > Decimal::ZERO {
            return Tasks { count: running, from: TasksFrom::Production };
        }
        match self.task.desired_count() {
            Some(count) => Tasks { count: Decimal::from(count), from: TasksFrom::DesiredCount },
            None => Tasks { count: Decimal::ONE, from: TasksFrom::Nothing },
        }
    }

    /// USD a month of one task of `task` that runs all the time; `None` without region, size or rate.
    pub fn monthly(&self, task: &TaskTemplate) -> Option<Decimal> {
        let (cpu, memory) = size_of(task)?;
        let shape = TaskShape { cpu, memory, ..self.shape(task)? };
        let hourly = TaskCost::split(self.book, &shape, self.split(task)).ok()?.hourly();
        Some(hourly.0 * Decimal::from(HOURS_PER_MONTH))
    }

    /// USD a month of one task of the cheapest size that holds `cpu` and `memory`.
    pub fn monthly_of_cheapest(&self, cpu: CpuUnits, memory: MemoryMib) -> Option<(TaskSize, Decimal)> {
        let shape = self.shape(self.task)?;
        let floors = Floors { cpu, memory, cpu_fixed: false, memory_fixed: false };
        let (size, hourly) = cheapest_size(self.book, &shape, self.split(self.task), floors).ok()??;
        Some((size, hourly.0 * Decimal::from(HOURS_PER_MONTH)))
    }

    /// USD a month of one task's configured storage beyond what is free.
    pub fn monthly_of_storage(&self) -> Option<Decimal> {
        let mut free = self.task.clone();
        free.ephemeral_storage = Setting::Absent;
        Some(self.monthly(self.task)? - self.monthly(&free)?)
    }

    /// Region, platform and storage; the size does not matter.
    fn shape(&self, task: &TaskTemplate) -> Option<TaskShape> {
        let platform = match &task.platform {
            Setting::Absent => Platform::default(),
            Setting::Known { value, .. } => *value,
            Setting::Unresolved { .. } => self.platform()?,
        };
        let ephemeral_storage = match &task.ephemeral_storage {
            Setting::Absent => FREE_EPHEMERAL_STORAGE,
            Setting::Known { value, .. } => *value,
            Setting::Unresolved { .. } => return None,
        };
        let region = self.region?.clone();
        Some(TaskShape { region, platform, cpu: CpuUnits(0), memory: MemoryMib(0), ephemeral_storage })
    }

    /// How a task of `task` is bought on average: as its services say, else as the workloads do.
    pub fn split(&self, task: &TaskTemplate) -> PurchaseSplit {
        if let Some(split) = split_of(task) {
            return split;
        }
        let total: Decimal = self.production.iter().filter_map(|p| p.mean_tasks).sum();
        let spot: Decimal = self.production.iter().filter_map(|p| Some(p.mean_tasks? * p.spot_share)).sum();
        if self.platform().is_some_and(|platform| platform.os == OperatingSystem::Windows)
            || total <= Decimal::ZERO
        {
            return PurchaseSplit::ON_DEMAND;
        }
        let parts = (spot / total * Decimal::from(1_000_000)).round();
        PurchaseSplit { spot: u64::try_from(parts).unwrap_or_default().min(1_000_000), total: 1_000_000 }
    }

    /// The memory before the change: the base's, else that of what runs.
    pub fn memory_before(&self) -> Option<MemoryMib> {
        match self.base {
            Base::Was(base) => base.memory.known().copied(),
            Base::New => None,
            Base::Unknown => self.running(|production| production.current.1),
        }
    }

    pub fn cpu_before(&self) -> Option<CpuUnits> {
        match self.base {
            Base::Was(base) => base.cpu.known().copied(),
            Base::New => None,
            Base::Unknown => self.running(|production| production.current.0),
        }
    }

    /// What all linked workloads run with, if it is the same.
    fn running<T: PartialEq + Copy>(&self, of: impl Fn(&Production) -> Option<T>) -> Option<T> {
        let mut values = self.production.iter().map(|production| of(production));
        let first = values.next()??;
        values.all(|value| value == Some(first)).then_some(first)
    }

    /// Whether the template keeps the memory of a workload that was found to have enough.
    pub fn keeps_memory(&self) -> bool {
        self.production.iter().all(|p| p.current.1 == self.task.memory.known().copied() && !p.memory_is_short)
    }

    pub fn keeps_cpu(&self) -> bool {
        self.production.iter().all(|p| p.current.0 == self.task.cpu.known().copied() && !p.cpu_is_short)
    }

    /// The size that differs from the base's, for a finding to point at.
    pub fn what_changed(&self) -> Option<&'a Place> {
        let Base::Was(base) = self.base else { return None };
        let task = self.task;
        let cpu = (task.cpu.known() != base.cpu.known()).then(|| task.cpu.place());
        let memory = (task.memory.known() != base.memory.known()).then(|| task.memory.place());
        cpu.or(memory).flatten()
    }

    /// Cost of one task times the tasks, rounded as printed.
    pub fn of_all_tasks(&self, per_task: Decimal) -> Usd {
        Usd(per_task * self.tasks().count).rounded()
    }

    /// Whether both what the change costs (for all tasks, a month) and its share of `cost` are worth a word.
    pub fn is_worth_it(&self, change_per_task: Decimal, cost_per_task: Decimal) -> bool {
        let count = self.tasks().count;
        self.settings.floor.is_met_by(change_per_task * count, cost_per_task * count)
    }
}

/// CPU and memory, where both are known.
pub fn size_of(task: &TaskTemplate) -> Option<(CpuUnits, MemoryMib)> {
    Some((*task.cpu.known()?, *task.memory.known()?))
}

/// How the services buy Fargate capacity by weights, if a strategy says; bases are left out, as the number
/// of tasks is not the template's to say.
pub fn split_of(task: &TaskTemplate) -> Option<PurchaseSplit> {
    let strategies: Vec<_> =
        task.services.iter().map(|service| &service.strategy).filter(|s| !s.is_empty()).collect();
    if strategies.is_empty() {
        let on_demand =
            task.services.iter().any(|service| service.launch_type.known() == Some(&LaunchType::Fargate));
        return on_demand.then_some(PurchaseSplit::ON_DEMAND);
    }
    let items = || strategies.iter().flat_map(|strategy| strategy.iter());
    // A strategy of one provider has no need of a weight.
    let weight =
        |item: &crate::template::StrategyTemplate| u64::from(item.weight.max(u32::from(item.base > 0)));
    let total: u64 = items().map(weight).sum();
    let spot: u64 = items().filter(|item| is_spot(&item.provider)).map(weight).sum();
    if total == 0 {
        let all_spot = items().all(|item| is_spot(&item.provider));
        return Some(PurchaseSplit { spot: u64::from(all_spot), total: 1 });
    }
    Some(PurchaseSplit { spot, total })
}

pub fn is_spot(provider: &str) -> bool {
    provider.eq_ignore_ascii_case("FARGATE_SPOT")
}

fn is_on_fargate(service: &ServiceTemplate) -> bool {
    service.launch_type.known() == Some(&LaunchType::Fargate)
        || service
            .strategy
            .iter()
            .any(|item| is_spot(&item.provider) || item.provider.eq_ignore_ascii_case("FARGATE"))
}
