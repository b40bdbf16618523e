//! [`Market`]: every price and fact that platforms are compared by.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::CompareSettings;
use crate::{
    config::{Config, SavingsPlanChoice},
    ec2::{
        InstanceTypes,
        packing::{Packing, Problem, Unpackable},
    },
    pricing::{
        Charges, InstancePrices, NoPrice, PriceBook, RateDimension, SavingsPlanRates, TaskCost, TaskShape,
    },
    units::{CpuUnits, MemoryMib, Usd},
    workload::{Architecture, OperatingSystem, Platform, PurchaseOption, PurchaseSplit, Region},
};

/// Packs tasks on instances, as [`crate::ec2::packing::pack`] does.
pub type Packer = dyn Fn(&Problem) -> Result<Packing, Unpackable> + Sync;

#[derive(Clone, Copy)]
pub struct Market<'a> {
    pub book: &'a PriceBook,
    pub plans: &'a SavingsPlanRates,
    pub types: &'a InstanceTypes,
    pub instances: &'a InstancePrices,
    pub charges: &'a Charges,
    pub settings: CompareSettings,
    pub plan: SavingsPlanChoice,
    /// Tasks of a service that stay on demand when the rest moves to Spot.
    pub spot_on_demand_tasks: u32,
    /// What is paid of a list price.
    pub paid: Decimal,
    pub pack: &'a Packer,
}

impl std::fmt::Debug for Market<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Market").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl<'a> Market<'a> {
    /// With the tables that this fargauge was built with and its own packing.
    pub fn embedded(book: &'a PriceBook, config: &Config, settings: CompareSettings) -> Self {
        Self {
            book,
            plans: SavingsPlanRates::embedded(),
            types: InstanceTypes::embedded(),
            instances: InstancePrices::embedded(),
            charges: Charges::embedded(),
            settings,
            plan: config.savings_plan,
            spot_on_demand_tasks: config.spot_on_demand_tasks,
            paid: config.discount.factor(),
            pack: &crate::ec2::packing::pack,
        }
    }

    /// USD an hour of a task on Fargate at list, or which rate is not held.
    pub(super) fn fargate_hourly(&self, shape: &TaskShape, split: PurchaseSplit) -> Result<Usd, String> {
        TaskCost::split(self.book, shape, split).map(|cost| cost.hourly()).map_err(|error| missing(&error))
    }

    /// USD an hour of bare vCPU and memory on Fargate Linux, on demand at list; `None` without a rate.
    pub(super) fn fargate_equivalent(
        &self,
        region: &Region,
        arch: Architecture,
        vcpu: u32,
        memory: MemoryMib,
    ) -> Option<Decimal> {
        let platform = Platform { os: OperatingSystem::Linux, arch };
        let rate = |dimension| self.book.rate(region, platform, PurchaseOption::OnDemand, dimension);
        let vcpu = Decimal::from(vcpu) * rate(RateDimension::Vcpu)?.usd;
        Some(vcpu + memory.gb() * rate(RateDimension::Memory)?.usd)
    }

    /// The sizes and prices of a Fargate task by its CPU and memory.
    pub(super) fn resized(shape: &TaskShape, cpu: CpuUnits, memory: MemoryMib) -> TaskShape {
        TaskShape { cpu, memory, ..shape.clone() }
    }
}

/// Which rate is not held, without the list of those that are.
pub(super) fn missing(error: &NoPrice) -> String {
    match error {
        NoPrice::Rate { region, platform, purchase, dimension, .. } => {
            format!("no Fargate {platform} {} {dimension} rate is held for {region}", purchase.as_str())
        }
        other => other.to_string(),
    }
}

/// `2026-02-07`, or `2025-06-01 to 2026-02-07`.
pub fn date_range(dates: &BTreeSet<String>) -> Option<String> {
    let (first, last) = (dates.first()?, dates.last()?);
    Some(if first == last { first.clone() } else { format!("{first} to {last}") })
}
