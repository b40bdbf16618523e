//! [`Subject`]: one task template with everything a rule may look at.

use std::path::Path;

use rust_decimal::Decimal;

use super::{
    CheckSettings, Production, enough_for,
    purchase::is_fargate,
    running,
    tally::{self, Tally},
};
use crate::{
    fargate::TaskSize,
    pricing::PriceBook,
    template::{Place, ServiceTemplate, Setting, TaskTemplate},
    units::{CpuUnits, MemoryMib},
    workload::{LaunchType, Platform, Region},
};

/// A template on trial.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    pub task: &'a TaskTemplate,
    /// The workloads that run it; empty where none is known.
    pub production: Vec<&'a Production>,
    pub base: Base<'a>,
    /// The same template on the other side of the change, where there is one.
    pub other: Option<&'a TaskTemplate>,
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
    /// The base may have it in this file, which could not be read.
    Unread(&'a Path),
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
    /// The task-hours of the linked workloads, and what the change makes of them.
    Production,
    /// The services' desired counts.
    DesiredCount,
    /// The same, where some are those of the other side of the change, since this side does not tell.
    OtherSide,
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
        self.platform_of(self.task)
    }

    pub fn platform_of(&self, task: &TaskTemplate) -> Option<Platform> {
        match &task.platform {
            Setting::Absent => Some(Platform::default()),
            Setting::Known { value, .. } => Some(*value),
            Setting::Unresolved { .. } => self.production.first().map(|production| production.platform),
        }
    }

    /// CPU and memory, where both are known.
    pub fn size(&self) -> Option<(CpuUnits, MemoryMib)> {
        size_of(self.task)
    }

    /// The settings of a size that are not there.
    pub fn missing_sizes(&self) -> Vec<&'static str> {
        let absent =
            [("cpu", self.task.cpu == Setting::Absent), ("memory", self.task.memory == Setting::Absent)];
        absent.into_iter().filter_map(|(name, is_absent)| is_absent.then_some(name)).collect()
    }

    /// The size, if Fargate has it.
    pub fn task_size(&self) -> Option<TaskSize> {
        let (cpu, memory) = self.size()?;
        TaskSize::new(cpu, memory, self.platform()?.os).ok()
    }

    /// The largest recommended size of the linked workloads: less is too little for one of them.
    pub fn needed(&self) -> Option<(CpuUnits, MemoryMib)> {
        self.production
            .iter()
            .filter_map(|production| production.recommended)
            .map(|size| (size.cpu(), size.memory()))
            .reduce(|a, b| (a.0.max(b.0), a.1.max(b.1)))
    }

    pub fn tasks(&self) -> Tasks {
        self.tasks_of(self.task)
    }

    /// Tasks before the change and now, where what their numbers differ by is known.
    pub fn tasks_before_and_now(&self) -> Option<(Tasks, Tasks)> {
        let now = self.tasks();
        let Base::Was(base) = self.base else { return Some((now, now)) };
        let is_open = |side| {
            self.running_on(side).is_none()
                || self.not_running(side).iter().any(|service| service.tasks().is_none())
        };
        if is_open(self.task) || is_open(base) {
            return None;
        }
        let before = self.tasks_of(base);
        let known = [before, now].iter().filter(|tasks| tasks.from != TasksFrom::Nothing).count();
        let comparable = match known {
            0 => tally::are_alike(&self.task.services, &base.services),
            1 => false,
            _ => true,
        };
        comparable.then_some((before, now))
    }

    /// Whether tasks run, and what the change makes of their number is not known: [`Self::tasks`] are those that run.
    pub fn tasks_are_open(&self) -> bool {
        self.running_workloads().next().is_some() && self.tasks_before_and_now().is_none()
    }

    /// Tasks of the template on either side of the change: those that run, or would, and those of services that do
    /// not run; else those that it asks for.
    fn tasks_of(&self, task: &TaskTemplate) -> Tasks {
        if self.running_workloads().next().is_some() {
            let running = self.running_on(task).unwrap_or_else(|| self.running_workloads().collect());
            let running: Decimal = running.into_iter().map(|(_, tasks)| tasks).sum();
            let others = self.not_running(task).into_iter().filter_map(ServiceTemplate::tasks);
            let others: Decimal = others.map(Decimal::from).sum();
            return Tasks { count: running + others, from: TasksFrom::Production };
        }
        let lenders = self.lenders();
        let tally = Tally::of(&task.services, &lenders);
        let asked = tally.sum().map(|count| (count, tally.borrowed));
        // What runs it may stand elsewhere.
        let elsewhere = || lenders.iter().find_map(|services| Tally::of(services, &[]).sum());
        match asked.or_else(|| elsewhere().filter(|_| task.services.is_empty()).map(|count| (count, true))) {
            Some((count, borrowed)) => Tasks {
                count: Decimal::from(count),
                from: if borrowed { TasksFrom::OtherSide } else { TasksFrom::DesiredCount },
            },
            None => Tasks { count: Decimal::ONE, from: TasksFrom::Nothing },
        }
    }

    /// Services of one side of the change that the other has not, beside those that run.
    pub fn not_running<'t>(&self, task: &'t TaskTemplate) -> Vec<&'t ServiceTemplate> {
        let Base::Was(base) = self.base else { return Vec::new() };
        let other = if std::ptr::eq(task, base) { self.task } else { base };
        let running: Vec<&str> = self.production.iter().filter_map(|it| it.service.as_deref()).collect();
        tally::added(&task.services, &other.services, &running)
    }

    /// [`Self::running_workloads`], each with its tasks on that side of the change; `None` where those of one are
    /// not known.
    fn running_on(&self, task: &TaskTemplate) -> Option<Vec<(&'a Production, Decimal)>> {
        let Base::Was(base) = self.base else { return Some(self.running_workloads().collect()) };
        let tasks = |(production, mean): (&'a Production, Decimal)| {
            let service = production.service.as_deref();
            Some((production, running::tasks(service, mean, &task.services, &base.services)?))
        };
        self.running_workloads().map(tasks).collect()
    }

    /// The same as parts of a whole: of those that run now where it is not known, or none will.
    pub fn parts_on(&self, task: &TaskTemplate) -> Vec<(&'a Production, Decimal)> {
        let parts = self.running_on(task).unwrap_or_default().into_iter();
        let parts: Vec<_> = parts.filter(|(_, tasks)| *tasks > Decimal::ZERO).collect();
        if parts.is_empty() { self.running_workloads().collect() } else { parts }
    }

    /// The services of the base, running as many tasks as now: what a base of a strategy takes depends on it.
    pub fn services_before(&self, base: &TaskTemplate) -> Vec<ServiceTemplate> {
        let counts = Tally::of(&self.task.services, &self.lenders()).each;
        let mut services = base.services.clone();
        let met = tally::pairs(&base.services, &self.task.services);
        for (service, met) in services.iter_mut().zip(met) {
            let Some(met) = met else { continue };
            service.min_capacity = self.task.services[met].min_capacity.clone();
            if let Some(count) = counts[met] {
                service.desired_count =
                    Setting::Known { value: count, at: service.at.clone(), used_at: None };
            }
        }
        services
    }

    /// The services of both sides: what one does not tell, the other may.
    pub fn lenders(&self) -> Vec<&'a [ServiceTemplate]> {
        self.other.iter().copied().chain([self.task]).map(|task| task.services.as_slice()).collect()
    }

    /// The size that the task should have: the cheapest that is known to be enough for each of the linked workloads.
    /// What runs and was found to have enough of one resource keeps that.
    pub fn target(&self) -> Option<TaskSize> {
        let (mut cpu, mut memory) = enough_for(&self.production)?;
        if let Some(own) = self.task.cpu.known().filter(|_| self.keeps_cpu()) {
            cpu = cpu.min(*own);
        }
        if let Some(own) = self.task.memory.known().filter(|_| self.keeps_memory()) {
            memory = memory.min(*own);
        }
        if let Some((size, _)) = self.monthly_of_cheapest(cpu, memory) {
            return Some(size);
        }
        let os = self.platform()?.os;
        TaskSize::all(os).find(|size| size.cpu() >= cpu && size.memory() >= memory)
    }

    /// The linked workloads that have tasks, each with how many.
    pub fn running_workloads(&self) -> impl Iterator<Item = (&'a Production, Decimal)> {
        let tasks = |production: &Production| production.mean_tasks.filter(|tasks| *tasks > Decimal::ZERO);
        self.production.iter().filter_map(move |production| Some((*production, tasks(production)?)))
    }

    /// The memory before the change: the base's, else that of what runs.
    pub fn memory_before(&self) -> Option<MemoryMib> {
        match self.base {
            Base::Was(base) => base.memory.known().copied(),
            Base::New => None,
            Base::Unknown | Base::Unread(_) => self.running(|production| production.current.1),
        }
    }

    pub fn cpu_before(&self) -> Option<CpuUnits> {
        match self.base {
            Base::Was(base) => base.cpu.known().copied(),
            Base::New => None,
            Base::Unknown | Base::Unread(_) => self.running(|production| production.current.0),
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
}

/// CPU and memory, where both are known.
pub fn size_of(task: &TaskTemplate) -> Option<(CpuUnits, MemoryMib)> {
    Some((*task.cpu.known()?, *task.memory.known()?))
}

/// Whether a service says that it runs on Fargate.
pub fn is_on_fargate(service: &ServiceTemplate) -> bool {
    service.launch_type.known() == Some(&LaunchType::Fargate) || service.strategy.iter().any(is_fargate)
}
