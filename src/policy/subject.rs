//! [`Subject`]: one task template with everything a rule may look at.

use std::path::Path;

use rust_decimal::Decimal;

use super::{
    CheckSettings, Production, enough_for,
    link::last_part,
    purchase::{self, Bought, bought, is_fargate},
    running,
    tally::{self, Tally},
};
use crate::{
    fargate::{FREE_EPHEMERAL_STORAGE, TaskSize},
    pricing::{PriceBook, TaskCost, TaskShape},
    rightsize::{Floors, cheapest_size},
    template::{Place, ServiceTemplate, Setting, StrategyTemplate, TaskTemplate},
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
    fn not_running<'t>(&self, task: &'t TaskTemplate) -> Vec<&'t ServiceTemplate> {
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
    fn parts_on(&self, task: &TaskTemplate) -> Vec<(&'a Production, Decimal)> {
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
    fn lenders(&self) -> Vec<&'a [ServiceTemplate]> {
        self.other.iter().copied().chain([self.task]).map(|task| task.services.as_slice()).collect()
    }

    /// USD a month of one task of `task` that runs all the time on Fargate; `None` without region, size or rate,
    /// and for what runs on instances.
    pub fn monthly(&self, task: &TaskTemplate) -> Option<Decimal> {
        let (cpu, memory) = size_of(task)?;
        self.monthly_of(task, cpu, memory)
    }

    /// As [`Self::monthly`], with this size; `None` if Fargate does not offer it.
    pub fn monthly_of(&self, task: &TaskTemplate, cpu: CpuUnits, memory: MemoryMib) -> Option<Decimal> {
        self.is_offered(task, cpu, memory).then(|| self.at_rates(task, cpu, memory))?
    }

    /// What CPU and memory come to at their rates, be they a size or not.
    fn at_rates(&self, task: &TaskTemplate, cpu: CpuUnits, memory: MemoryMib) -> Option<Decimal> {
        if self.is_on_instances(task) {
            return None;
        }
        let mut sum = Decimal::ZERO;
        let mut tasks = Decimal::ZERO;
        for (region, weight) in self.regions(task) {
            let shape = TaskShape { cpu, memory, ..self.shape(task, region)? };
            let hourly = TaskCost::split(self.book, &shape, self.split(task)?).ok()?.hourly();
            sum += hourly.0 * weight;
            tasks += weight;
        }
        Some(self.month(sum.checked_div(tasks)?))
    }

    fn is_offered(&self, task: &TaskTemplate, cpu: CpuUnits, memory: MemoryMib) -> bool {
        self.platform_of(task).is_some_and(|platform| TaskSize::new(cpu, memory, platform.os).is_ok())
    }

    /// USD a month of one task of the cheapest size that holds `cpu` and `memory`.
    pub fn monthly_of_cheapest(&self, cpu: CpuUnits, memory: MemoryMib) -> Option<(TaskSize, Decimal)> {
        let shape = self.shape(self.task, self.region?)?;
        let floors = Floors { cpu, memory, cpu_fixed: false, memory_fixed: false };
        let (size, _) = cheapest_size(self.book, &shape, self.split(self.task)?, floors).ok()??;
        Some((size, self.monthly_of(self.task, size.cpu(), size.memory())?))
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

    /// What a task saves a month at another size; `None` where there is no price.
    pub fn savings(&self, to: TaskSize) -> Option<Savings> {
        let (cpu, memory) = self.size()?;
        let cost = self.monthly(self.task)?;
        Some(Savings {
            cost,
            cpu: cost - self.at_rates(self.task, to.cpu(), memory)?,
            memory: cost - self.at_rates(self.task, cpu, to.memory())?,
        })
    }

    /// USD a month of one task of this size, bought as the workloads that run it are: `None` where nothing runs on
    /// Fargate alone, or under another operating system.
    pub fn monthly_as_it_runs(&self) -> Option<Decimal> {
        let (size, os) = (self.task_size()?, self.platform()?.os);
        let (mut sum, mut all) = (Decimal::ZERO, Decimal::ZERO);
        for (production, tasks) in self.running_workloads() {
            if production.launch_type != LaunchType::Fargate || production.platform.os != os {
                return None;
            }
            let shape = TaskShape {
                platform: production.platform,
                cpu: size.cpu(),
                memory: size.memory(),
                ..self.shape(self.task, &production.region)?
            };
            let split = purchase::split(production.spot_share);
            sum += TaskCost::split(self.book, &shape, split).ok()?.hourly().0 * tasks;
            all += tasks;
        }
        Some(self.month(sum.checked_div(all)?))
    }

    /// What a list price an hour comes to a month, as it is paid.
    fn month(&self, hourly: Decimal) -> Decimal {
        hourly * Decimal::from(HOURS_PER_MONTH) * self.settings.paid
    }

    /// The linked workloads that have tasks, each with how many.
    pub fn running_workloads(&self) -> impl Iterator<Item = (&'a Production, Decimal)> {
        let tasks = |production: &Production| production.mean_tasks.filter(|tasks| *tasks > Decimal::ZERO);
        self.production.iter().filter_map(move |production| Some((*production, tasks(production)?)))
    }

    /// Why [`Self::monthly`] gives nothing for `task`.
    pub fn why_no_price(&self, task: &TaskTemplate) -> &'static str {
        let Some((cpu, memory)) = size_of(task) else { return "its size is not known" };
        if self.is_on_instances(task) {
            "it runs on instances, whose share it costs"
        } else if self.platform_of(task).is_none() {
            "its platform is not known"
        } else if !self.is_offered(task, cpu, memory) {
            "Fargate does not offer its size"
        } else if self.region.is_none() {
            "no region is known; give --region"
        } else if self.split(task).is_none() {
            "how much of it runs on Spot is not known"
        } else {
            "its price is not known"
        }
    }

    /// Where it runs, each with the tasks there; the region that is given where nothing runs it.
    fn regions(&self, task: &TaskTemplate) -> Vec<(&Region, Decimal)> {
        let running = self.parts_on(task).into_iter();
        let running: Vec<_> = running.map(|(production, tasks)| (&production.region, tasks)).collect();
        if running.is_empty() {
            self.region.map(|region| (region, Decimal::ONE)).into_iter().collect()
        } else {
            running
        }
    }

    /// Whether the template, or else what runs it, says that it runs on instances: no price of a task is its
    /// cost then.
    fn is_on_instances(&self, task: &TaskTemplate) -> bool {
        if task.services.iter().any(is_on_fargate) {
            return false;
        }
        let compatible = &task.requires_compatibilities;
        if !compatible.is_empty() {
            let mut on_fargate = compatible.iter().map(|name| name.eq_ignore_ascii_case("FARGATE"));
            if !on_fargate.clone().any(|is_it| is_it) {
                return true;
            }
            if on_fargate.all(|is_it| is_it) {
                return false;
            }
        }
        let said: Vec<bool> = task.services.iter().filter_map(says_instances).collect();
        if !said.is_empty() {
            return said.into_iter().all(|on_instances| on_instances);
        }
        !self.production.is_empty() && self.production.iter().all(|p| are_instances(p.launch_type))
    }

    /// USD a month of one task's configured storage beyond what is free.
    pub fn monthly_of_storage(&self) -> Option<Decimal> {
        let mut free = self.task.clone();
        free.ephemeral_storage = Setting::Absent;
        Some(self.monthly(self.task)? - self.monthly(&free)?)
    }

    /// Platform and storage in a region; the size does not matter.
    fn shape(&self, task: &TaskTemplate, region: &Region) -> Option<TaskShape> {
        let platform = self.platform_of(task)?;
        let ephemeral_storage = match &task.ephemeral_storage {
            Setting::Absent => FREE_EPHEMERAL_STORAGE,
            Setting::Known { value, .. } => *value,
            Setting::Unresolved { .. } => return None,
        };
        Some(TaskShape {
            region: region.clone(),
            platform,
            cpu: CpuUnits(0),
            memory: MemoryMib(0),
            ephemeral_storage,
        })
    }

    /// How a task of `task` is bought on average: as its services say, else as the workloads do. `None` where the
    /// services say it in a way that the files do not tell.
    pub fn split(&self, task: &TaskTemplate) -> Option<PurchaseSplit> {
        self.spot_share(task).map(purchase::split)
    }

    /// The share of its tasks on Spot, 0 to 1, as [`Self::split`].
    pub fn spot_share(&self, task: &TaskTemplate) -> Option<Decimal> {
        let counts = Tally::of(&task.services, &self.lenders()).each;
        let counts: Vec<Option<Decimal>> = counts.into_iter().map(|count| count.map(Decimal::from)).collect();
        let others = self.not_running(task);
        let is_other = |service: &ServiceTemplate| others.iter().any(|other| std::ptr::eq(*other, service));
        let there: Vec<_> = task
            .services
            .iter()
            .zip(counts.iter().copied())
            .filter(|(service, _)| !is_other(service))
            .collect();
        let is_windows = self.platform().is_some_and(|platform| platform.os == OperatingSystem::Windows);
        let (mut spot, mut total) = (Decimal::ZERO, Decimal::ZERO);
        for (production, tasks) in self.parts_on(task) {
            let unsaid = if is_windows { Decimal::ZERO } else { production.spot_share };
            let Bought::OnSpot(share) = bought(running_as(&there, production, tasks), Some(unsaid)) else {
                return None;
            };
            spot += share * tasks;
            total += tasks;
        }
        let some_run = total > Decimal::ZERO;
        for service in others.into_iter().filter(|_| some_run) {
            let tasks = Decimal::from(service.tasks().unwrap_or_default());
            let Bought::OnSpot(share) = bought([(service, Some(tasks))], Some(Decimal::ZERO)) else {
                return None;
            };
            spot += share * tasks;
            total += tasks;
        }
        if total > Decimal::ZERO {
            return Some(spot / total);
        }
        match bought(task.services.iter().zip(counts), None) {
            Bought::OnSpot(share) => Some(share),
            Bought::NotSaid => Some(Decimal::ZERO),
            Bought::NotKnown => None,
        }
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

/// USD a month of one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Savings {
    /// What the task costs.
    pub cost: Decimal,
    /// What less CPU saves, and what less memory does: CPU and memory each have a rate, so the two come to what the
    /// other size saves.
    pub cpu: Decimal,
    pub memory: Decimal,
}

/// CPU and memory, where both are known.
pub fn size_of(task: &TaskTemplate) -> Option<(CpuUnits, MemoryMib)> {
    Some((*task.cpu.known()?, *task.memory.known()?))
}

/// The services that a workload may be, each with its part of the tasks that run.
fn running_as<'a>(
    services: &[(&'a ServiceTemplate, Option<Decimal>)],
    production: &Production,
    tasks: Decimal,
) -> Vec<(&'a ServiceTemplate, Option<Decimal>)> {
    let is_named = |service: &ServiceTemplate| {
        service.name.known().is_some_and(|name| Some(last_part(name)) == production.service.as_deref())
    };
    let named = services.iter().find(|(service, _)| is_named(service));
    if let (Some((service, _)), _) | (None, [(service, _)]) = (named, services) {
        return vec![(*service, Some(tasks))];
    }
    let all: Decimal = services.iter().filter_map(|(_, count)| *count).sum();
    let part = |count: Option<Decimal>| count?.checked_mul(tasks)?.checked_div(all);
    services.iter().map(|(service, count)| (*service, part(*count))).collect()
}

fn is_on_fargate(service: &ServiceTemplate) -> bool {
    service.launch_type.known() == Some(&LaunchType::Fargate) || service.strategy.iter().any(is_fargate)
}

/// Whether a service runs on instances, where it says.
fn says_instances(service: &ServiceTemplate) -> Option<bool> {
    // Who brings a capacity provider of their own brings instances.
    let own = |item: &StrategyTemplate| item.provider.is_some() && !is_fargate(item);
    match service.launch_type.known() {
        Some(kind) => Some(are_instances(*kind)),
        None if !service.strategy.is_empty() && service.strategy.iter().all(own) => Some(true),
        None => None,
    }
}

fn are_instances(kind: LaunchType) -> bool {
    matches!(kind, LaunchType::Ec2 | LaunchType::External | LaunchType::ManagedInstances)
}
