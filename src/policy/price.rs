//! What a [`Subject`] costs: one of its tasks, of this size or another, bought as its services say.
//!
//! `None` is always: it is not known, or there is no such price; [`Subject::why_no_price`] says why.

use rust_decimal::Decimal;

use super::{
    Production,
    link::last_part,
    purchase::{self, Bought, bought, is_fargate},
    subject::{Subject, is_on_fargate, size_of},
    tally::Tally,
};
use crate::{
    fargate::{FREE_EPHEMERAL_STORAGE, TaskSize},
    pricing::{TaskCost, TaskShape},
    rightsize::{Floors, cheapest_size},
    template::{ServiceTemplate, Setting, StrategyTemplate, TaskTemplate},
    units::{CpuUnits, HOURS_PER_MONTH, MemoryMib, Usd},
    workload::{LaunchType, OperatingSystem, PurchaseSplit, Region},
};

impl Subject<'_> {
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
