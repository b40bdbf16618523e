//! [`Market`]: every price and fact that platforms are compared by.

use std::collections::BTreeSet;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::{
    config::{Config, SavingsPlanChoice},
    ec2::{
        InstanceTypes,
        packing::{Packing, Problem, Unpackable},
    },
    pricing::{
        Charges, InstancePrices, NoPrice, PriceBook, RateDimension, SavingsPlanRates, TaskCost, TaskShape,
    },
    units::{CpuUnits, HOURS_PER_MONTH, MemoryMib, Usd},
    workload::{Architecture, OperatingSystem, Platform, PurchaseOption, PurchaseSplit, Region},
};

/// Availability zones that a cluster's instances are in, unless services are spread over more.
const ZONES: u32 = 3;

/// Larger instance types are not considered: losing one takes too much with it.
pub const MAX_VCPU: u32 = 96;

/// Packs tasks on instances, as [`crate::ec2::packing::pack`] does.
pub type Packer = dyn Fn(&Problem) -> Result<Packing, Unpackable> + Sync;

#[derive(Clone, Copy)]
pub struct Market<'a> {
    pub book: &'a PriceBook,
    pub plans: &'a SavingsPlanRates,
    pub types: &'a InstanceTypes,
    pub instances: &'a InstancePrices,
    pub charges: &'a Charges,
    pub config: &'a Config,
    /// EKS clusters for each ECS cluster.
    pub eks_clusters: Decimal,
    /// The day that fees are taken of.
    pub on: Date,
    pub pack: &'a Packer,
}

impl std::fmt::Debug for Market<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Market").field("on", &self.on).finish_non_exhaustive()
    }
}

impl<'a> Market<'a> {
    /// With the rates of a book, the facts that this fargauge was built with and its own packing.
    pub fn of(book: &'a PriceBook, config: &'a Config, eks_clusters: Decimal, on: Date) -> Self {
        Self {
            book,
            plans: book.savings_plans(),
            types: InstanceTypes::embedded(),
            instances: book.instance_prices(),
            charges: Charges::embedded(),
            config,
            eks_clusters,
            on,
            pack: &crate::ec2::packing::pack,
        }
    }

    pub(super) fn plan(&self) -> SavingsPlanChoice {
        self.config.savings_plan
    }

    /// What is paid of a list price.
    pub(super) fn paid(&self) -> Decimal {
        self.config.discount.factor()
    }

    /// Zones that a cluster's instances are in, and that a service's tasks are spread over at least.
    pub(super) fn zones(&self) -> (u32, u32) {
        let least = self.config.ec2.min_zones.max(1);
        (ZONES.max(least), least)
    }

    /// USD an hour of a volume of so many GiB, by the user's price, else the tables'.
    pub(super) fn volume(&self, region: &Region, gib: u32) -> Option<Decimal> {
        let own = self.config.ec2.root_volume_usd_per_gb_month;
        let per_gib = own.or_else(|| Some(self.charges.gp3_volume(region)?.amount))?;
        Some(per_gib * Decimal::from(gib) / Decimal::from(HOURS_PER_MONTH))
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
