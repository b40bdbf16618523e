//! [`Market`]: every price and fact that platforms are compared by.

use std::collections::BTreeSet;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::InstancePayment;
use crate::{
    config::{Config, SavingsPlanChoice},
    ec2::{
        InstanceType, InstanceTypes,
        packing::{Packing, Problem, Unpackable},
    },
    launch::options::plan_rates,
    pricing::{
        Charges, InstancePrices, NoPrice, PriceBook, RateDimension, SavingsPlanRates, TaskCost, TaskShape,
    },
    units::{CpuUnits, MemoryMib, Usd},
    workload::{OperatingSystem, Platform, PurchaseOption, PurchaseSplit, Region},
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
        self.config.ec2.volume(self.charges, region, gib)
    }

    /// USD an hour of a task on Fargate at list, or which rate is not held.
    pub(super) fn fargate_hourly(&self, shape: &TaskShape, split: PurchaseSplit) -> Result<Usd, String> {
        TaskCost::split(self.book, shape, split).map(|cost| cost.hourly()).map_err(|error| missing(&error))
    }

    /// USD an hour of an instance's bare vCPU and memory on Fargate Linux, bought in the same way: on demand, on
    /// Spot, or with as much of it covered by a Compute Savings Plan. Otherwise which rate is not held.
    pub(super) fn fargate_equivalent(
        &self,
        region: &Region,
        one: &InstanceType,
        payment: InstancePayment,
        covered: Decimal,
    ) -> Result<Decimal, String> {
        let platform = Platform { os: OperatingSystem::Linux, arch: one.architecture };
        let both = |vcpu: Decimal, memory: Decimal| Decimal::from(one.vcpu) * vcpu + one.memory.gb() * memory;
        let list = |option: PurchaseOption| {
            let rate = |dimension: RateDimension| {
                let rate = self.book.rate(region, platform, option, dimension).map(|rate| rate.usd);
                let option = option.as_str();
                rate.ok_or_else(|| {
                    format!("no Fargate {platform} {option} {dimension} rate is held for {region}")
                })
            };
            Ok::<_, String>(both(rate(RateDimension::Vcpu)?, rate(RateDimension::Memory)?))
        };
        match payment {
            InstancePayment::OnDemand => list(PurchaseOption::OnDemand),
            InstancePayment::SpotShare => list(PurchaseOption::Spot),
            InstancePayment::SavingsPlan => {
                let plan = plan_rates(self.plans, region, platform, self.plan())?;
                let plan = both(plan.vcpu.usd, plan.memory.usd);
                Ok(plan * covered + list(PurchaseOption::OnDemand)? * (Decimal::ONE - covered))
            }
        }
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
