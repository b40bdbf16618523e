//! [`Quote`]: a task definition's cost under given terms, rounded as it is printed.
//!
//! Takes a definition and terms; gives lines that sum to their totals exactly; or says why there is no
//! price. Pure.

use std::iter::Sum;

use rust_decimal::Decimal;
use serde::Serialize;

use crate::{
    fargate::{FREE_EPHEMERAL_STORAGE, InvalidTaskSize, TaskSize},
    pricing::{NoPrice, PriceBook, Rate, TaskCost, TaskShape},
    template::{Place, ServiceTemplate},
    units::{CpuUnits, MemoryMib, StorageGib, Usd},
    workload::{Architecture, LaunchType, OperatingSystem, Platform, PurchaseOption, Region, TaskDefinition},
};

/// Where, how and how long the tasks run.
pub struct Terms<'book> {
    pub book: &'book PriceBook,
    pub region: Region,
    pub purchase: PurchaseOption,
    /// Instead of the definition's.
    pub os: Option<OperatingSystem>,
    /// Instead of the definition's.
    pub arch: Option<Architecture>,
    /// Tasks that run of each definition, instead of those that its services ask for.
    pub count: Option<u32>,
    /// Hours a month that each runs.
    pub hours: Decimal,
}

/// What the tasks of one definition cost.
#[derive(Debug)]
pub struct Quote<'book> {
    pub size: TaskSize,
    pub platform: Platform,
    /// In all; the first 20 GiB are free.
    pub ephemeral_storage: StorageGib,
    pub lines: Vec<QuoteLine<'book>>,
    /// The sum of the lines' `one_task`.
    pub one_task: Cost,
    /// The sum of the lines' `all_tasks`.
    pub all_tasks: Cost,
}

/// One component.
#[derive(Debug)]
pub struct QuoteLine<'book> {
    pub rate: &'book Rate,
    /// vCPU or GB of one task.
    pub quantity: Decimal,
    pub one_task: Cost,
    pub all_tasks: Cost,
}

/// USD an hour and a month, rounded to four decimals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Cost {
    #[serde(rename = "hourly_cost")]
    pub hour: Usd,
    #[serde(rename = "monthly_cost")]
    pub month: Usd,
}

impl Cost {
    fn new(hourly: Usd, hours: Decimal) -> Self {
        Self { hour: hourly.rounded(), month: (hourly * hours).rounded() }
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), |sum, cost| Self {
            hour: sum.hour + cost.hour,
            month: sum.month + cost.month,
        })
    }
}

/// Why a definition has no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPriced {
    #[error("the definition has no task-level {what}{}", .other_launch_type.map(|t| format!("; it is for {t} only")).unwrap_or_default())]
    MissingTaskSize { what: &'static str, other_launch_type: Option<&'static str> },
    #[error("cpu {} with memory {} is not a Fargate task size: {cause}", cpu.0, memory.0)]
    InvalidTaskSize { cpu: CpuUnits, memory: MemoryMib, cause: InvalidTaskSize },
    #[error("{why}")]
    Unresolved { why: String, at: Place, help: Option<&'static str> },
    #[error("the definition is for {launch_type} only, which is not billed by the task")]
    OtherLaunchType { launch_type: &'static str },
    #[error(transparent)]
    NoPrice(#[from] NoPrice),
}

impl NotPriced {
    /// The reason's code in reports.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingTaskSize { .. } => "missing-task-size",
            Self::InvalidTaskSize { .. } => "invalid-task-size",
            Self::Unresolved { .. } => "unresolved-setting",
            Self::OtherLaunchType { launch_type: "EC2" } => "ec2-launch-type",
            Self::OtherLaunchType { launch_type: "EXTERNAL" } => "external-launch-type",
            Self::OtherLaunchType { .. } => "managed-instances",
            Self::NoPrice(_) => NoPrice::REASON,
        }
    }

    /// What the user can do, where the message does not say it.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::MissingTaskSize { other_launch_type: None, .. } => Some(
                "Fargate needs both at the top of the definition, such as \"cpu\": \"256\", \"memory\": \"512\"",
            ),
            Self::Unresolved { help, .. } => *help,
            Self::NoPrice(NoPrice::Rate { .. }) => {
                Some("`fargauge prices list` shows the rates held; --price-book brings others")
            }
            _ => None,
        }
    }
}

/// Launch types other than Fargate that `requiresCompatibilities` may name.
const OTHER_LAUNCH_TYPES: [&str; 3] = ["EC2", "EXTERNAL", "MANAGED_INSTANCES"];

/// The launch type a definition is for, if Fargate is not among those it names.
fn other_launch_type(definition: &TaskDefinition) -> Option<&'static str> {
    let names = |launch_type: &str| {
        definition.requires_compatibilities.iter().any(|named| named.eq_ignore_ascii_case(launch_type))
    };
    if names("FARGATE") {
        None
    } else {
        OTHER_LAUNCH_TYPES.into_iter().find(|launch_type| names(launch_type))
    }
}

/// The launch type that all services run it on, if it is known and not Fargate.
fn services_launch_type(services: &[ServiceTemplate]) -> Option<&'static str> {
    let launch_types: Option<Vec<LaunchType>> =
        services.iter().map(|service| service.launch_type.known().copied()).collect();
    let launch_types = launch_types?;
    if launch_types.iter().any(|launch_type| matches!(launch_type, LaunchType::Fargate | LaunchType::Unknown))
    {
        return None;
    }
    launch_types.first().map(|launch_type| launch_type.as_str())
}

/// The price of `count` tasks of a definition, which `services` run.
pub fn quote<'book>(
    definition: &TaskDefinition,
    services: &[ServiceTemplate],
    terms: &Terms<'book>,
    count: u32,
) -> Result<Quote<'book>, NotPriced> {
    let other_launch_type = other_launch_type(definition).or_else(|| services_launch_type(services));
    let (cpu, memory) = match (definition.cpu, definition.memory) {
        (Some(cpu), Some(memory)) => (cpu, memory),
        (cpu, memory) => {
            let what = match (cpu, memory) {
                (None, None) => "cpu and memory",
                (None, _) => "cpu",
                _ => "memory",
            };
            return Err(NotPriced::MissingTaskSize { what, other_launch_type });
        }
    };
    if let Some(launch_type) = other_launch_type {
        return Err(NotPriced::OtherLaunchType { launch_type });
    }
    let platform = Platform {
        os: terms.os.unwrap_or(definition.platform.os),
        arch: terms.arch.unwrap_or(definition.platform.arch),
    };
    let size = TaskSize::new(cpu, memory, platform.os).map_err(|cause| NotPriced::InvalidTaskSize {
        cpu,
        memory,
        cause,
    })?;
    let ephemeral_storage = definition.ephemeral_storage.unwrap_or(FREE_EPHEMERAL_STORAGE);
    let shape = TaskShape { region: terms.region.clone(), platform, cpu, memory, ephemeral_storage };
    let cost = TaskCost::of(terms.book, &shape, terms.purchase)?;
    let lines: Vec<_> = cost
        .components
        .into_iter()
        .map(|component| QuoteLine {
            rate: component.rate,
            quantity: component.quantity,
            one_task: Cost::new(component.hourly, terms.hours),
            all_tasks: Cost::new(component.hourly * Decimal::from(count), terms.hours),
        })
        .collect();
    Ok(Quote {
        size,
        platform,
        ephemeral_storage,
        one_task: lines.iter().map(|line| line.one_task).sum(),
        all_tasks: lines.iter().map(|line| line.all_tasks).sum(),
        lines,
    })
}
