//! [`TaskCost`]: what one task costs an hour, component by component.
//!
//! | us-east-1, Linux x86, on-demand | vCPU | memory | hour | 730 hours |
//! |---|---|---|---|---|
//! | 0.25 vCPU / 0.5 GB | 0.25 x 0.04048 | 0.5 x 0.004445 | 0.0123425 | 9.01 |
//! | 1 vCPU / 2 GB | 0.04048 | 2 x 0.004445 | 0.04937 | 36.04 |
//!
//! Rates: `pricing/fargate.csv`.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::{PriceBook, Rate, RateDimension};
use crate::{
    fargate::FREE_EPHEMERAL_STORAGE,
    units::{CpuUnits, MemoryMib, StorageGib, Usd},
    workload::{OperatingSystem, Platform, PurchaseOption, PurchaseSplit, Region},
};

/// What of a task is billed, where and how it is bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskShape {
    pub region: Region,
    pub platform: Platform,
    pub cpu: CpuUnits,
    pub memory: MemoryMib,
    /// Total ephemeral storage; the first 20 GiB are free.
    pub ephemeral_storage: StorageGib,
}

/// One line of a cost: a quantity at a rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostComponent<'book> {
    pub rate: &'book Rate,
    /// vCPU or GB of one task on this line (a task split over on-demand and Spot has two lines).
    pub quantity: Decimal,
    pub hourly: Usd,
}

/// The hourly cost of one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskCost<'book> {
    pub components: Vec<CostComponent<'book>>,
}

/// There is no rate in the book for something the task needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPrice {
    #[error(
        "the price book has no {} {} {dimension} rate for {region}{}",
        platform,
        purchase.as_str(),
        known_regions(known)
    )]
    Rate {
        region: Region,
        platform: Platform,
        purchase: PurchaseOption,
        dimension: RateDimension,
        /// Regions for which the book has this rate.
        known: Vec<String>,
    },
    #[error("{region} is billed in CNY, which fargauge does not convert")]
    China { region: Region },
    #[error("Fargate Spot is not offered for Windows")]
    WindowsSpot,
}

fn known_regions(known: &[String]) -> String {
    if known.is_empty() { String::new() } else { format!("; it has one for {}", known.join(", ")) }
}

impl NoPrice {
    /// The code that reports count by.
    pub const REASON: &'static str = "no-price-for-region";
}

impl<'book> TaskCost<'book> {
    /// The cost of a task that runs wholly on-demand or wholly on Spot.
    pub fn of(book: &'book PriceBook, shape: &TaskShape, purchase: PurchaseOption) -> Result<Self, NoPrice> {
        let split = match purchase {
            PurchaseOption::OnDemand => PurchaseSplit::ON_DEMAND,
            PurchaseOption::Spot => PurchaseSplit { spot: 1, total: 1 },
        };
        Self::split(book, shape, split)
    }

    /// The cost of the average task where a strategy divides tasks over on-demand and Spot.
    pub fn split(book: &'book PriceBook, shape: &TaskShape, split: PurchaseSplit) -> Result<Self, NoPrice> {
        if shape.region.is_china() {
            return Err(NoPrice::China { region: shape.region.clone() });
        }
        let mut components = Vec::new();
        let total = Decimal::from(split.total.max(1));
        for (purchase, parts) in [
            (PurchaseOption::OnDemand, split.total.saturating_sub(split.spot)),
            (PurchaseOption::Spot, split.spot),
        ] {
            if parts == 0 {
                continue;
            }
            if purchase == PurchaseOption::Spot && shape.platform.os == OperatingSystem::Windows {
                return Err(NoPrice::WindowsSpot);
            }
            let share = Decimal::from(parts) / total;
            for (dimension, quantity) in
                [(RateDimension::Vcpu, shape.cpu.vcpu()), (RateDimension::Memory, shape.memory.gb())]
            {
                components.push(component(book, shape, purchase, dimension, quantity * share)?);
            }
        }
        let billed_storage = shape.ephemeral_storage.0.saturating_sub(FREE_EPHEMERAL_STORAGE.0);
        if billed_storage > 0 {
            // One rate for all: Spot has no storage rate of its own.
            let (dimension, quantity) = (RateDimension::EphemeralStorage, Decimal::from(billed_storage));
            components.push(component(book, shape, PurchaseOption::OnDemand, dimension, quantity)?);
        }
        if shape.platform.os == OperatingSystem::Windows {
            let (dimension, quantity) = (RateDimension::WindowsLicence, shape.cpu.vcpu());
            components.push(component(book, shape, PurchaseOption::OnDemand, dimension, quantity)?);
        }
        Ok(Self { components })
    }

    /// USD per task-hour, unrounded.
    pub fn hourly(&self) -> Usd {
        self.components.iter().map(|component| component.hourly).sum()
    }
}

fn component<'book>(
    book: &'book PriceBook,
    shape: &TaskShape,
    purchase: PurchaseOption,
    dimension: RateDimension,
    quantity: Decimal,
) -> Result<CostComponent<'book>, NoPrice> {
    let Some(rate) = book.rate(&shape.region, shape.platform, purchase, dimension) else {
        let known: BTreeSet<_> = book
            .rates()
            .filter(|rate| rate.key.dimension == dimension && rate.key.purchase == purchase)
            .filter(|rate| rate.key.platform.is_none_or(|platform| platform == shape.platform))
            .map(|rate| rate.key.region.as_str().to_owned())
            .collect();
        return Err(NoPrice::Rate {
            region: shape.region.clone(),
            platform: shape.platform,
            purchase,
            dimension,
            known: known.into_iter().collect(),
        });
    };
    Ok(CostComponent { rate, quantity, hourly: Usd(rate.usd * quantity) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{fargate::TaskSize, units::HOURS_PER_MONTH, workload::Architecture};

    fn shape(region: &str, os: OperatingSystem, arch: Architecture, cpu: u32, memory: u32) -> TaskShape {
        TaskShape {
            region: Region(region.to_owned()),
            platform: Platform { os, arch },
            cpu: CpuUnits(cpu),
            memory: MemoryMib(memory),
            ephemeral_storage: FREE_EPHEMERAL_STORAGE,
        }
    }

    fn month(shape: &TaskShape, purchase: PurchaseOption) -> String {
        let cost = TaskCost::of(PriceBook::embedded(), shape, purchase).unwrap();
        (cost.hourly() * Decimal::from(HOURS_PER_MONTH)).cents()
    }

    #[test]
    fn the_smallest_linux_task_is_nine_dollars_a_month() {
        let task = shape("us-east-1", OperatingSystem::Linux, Architecture::X86_64, 256, 512);
        assert_eq!(month(&task, PurchaseOption::OnDemand), "9.01");
    }

    /// Worked by hand from the rates in `pricing/fargate.csv`, 730 hours.
    #[test]
    fn platforms_and_storage_are_priced_by_their_own_rates() {
        // (1 x 0.03238 + 2 x 0.00356) x 730
        let arm = shape("us-east-1", OperatingSystem::Linux, Architecture::Arm64, 1024, 2048);
        assert_eq!(month(&arm, PurchaseOption::OnDemand), "28.84");
        // (1 x 0.046552 + 2 x 0.00511175 + 1 x 0.046) x 730
        let windows = shape("us-east-1", OperatingSystem::Windows, Architecture::X86_64, 1024, 2048);
        assert_eq!(month(&windows, PurchaseOption::OnDemand), "75.03");
        // (1 x 0.04048 + 2 x 0.004445 + 30 x 0.000111) x 730
        let mut stored = shape("us-east-1", OperatingSystem::Linux, Architecture::X86_64, 1024, 2048);
        stored.ephemeral_storage = StorageGib(50);
        assert_eq!(month(&stored, PurchaseOption::OnDemand), "38.47");
    }

    #[test]
    fn a_rate_that_is_not_held_is_an_answer_of_its_own() {
        let arm = shape("eu-west-3", OperatingSystem::Linux, Architecture::Arm64, 256, 512);
        let error = TaskCost::of(PriceBook::embedded(), &arm, PurchaseOption::OnDemand).unwrap_err();
        assert!(error.to_string().starts_with(
            "the price book has no linux/arm64 on-demand vcpu rate for eu-west-3; it has one for ap-east-1"
        ));
        let windows = shape("us-east-1", OperatingSystem::Windows, Architecture::X86_64, 1024, 2048);
        let error = TaskCost::of(PriceBook::embedded(), &windows, PurchaseOption::Spot).unwrap_err();
        assert_eq!(error, NoPrice::WindowsSpot);
        let china = shape("cn-north-1", OperatingSystem::Linux, Architecture::X86_64, 256, 512);
        let error = TaskCost::of(PriceBook::embedded(), &china, PurchaseOption::OnDemand).unwrap_err();
        assert_eq!(error.to_string(), "cn-north-1 is billed in CNY, which fargauge does not convert");
    }

    #[test]
    fn a_split_costs_between_spot_and_on_demand() {
        let task = shape("eu-west-1", OperatingSystem::Linux, Architecture::X86_64, 1024, 2048);
        let book = PriceBook::embedded();
        let at =
            |spot, total| TaskCost::split(book, &task, PurchaseSplit { spot, total }).unwrap().hourly().0;
        assert_eq!(at(1, 2), (at(0, 1) + at(1, 1)) / Decimal::TWO);
    }

    proptest! {
        /// Cost grows with every step of the ladder in either dimension.
        #[test]
        fn a_larger_size_never_costs_less(a in 0usize..77, b in 0usize..77) {
            let sizes: Vec<_> = TaskSize::all(OperatingSystem::Linux).collect();
            let (a, b) = (sizes[a], sizes[b]);
            prop_assume!(a.cpu() <= b.cpu() && a.memory() <= b.memory());
            let hourly = |size: TaskSize| {
                let shape = shape("eu-north-1", OperatingSystem::Linux, Architecture::X86_64, size.cpu().0, size.memory().0);
                TaskCost::of(PriceBook::embedded(), &shape, PurchaseOption::OnDemand).unwrap().hourly()
            };
            prop_assert!(hourly(a) <= hourly(b));
        }
    }
}
