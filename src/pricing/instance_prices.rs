//! [`InstancePrices`]: what an hour of an EC2 instance costs in a region, on demand and otherwise.

use rust_decimal::Decimal;

use super::{PlanPayment, PlanTerm};
use crate::workload::Region;

/// Prices of EC2 instances (Linux, shared tenancy). What is not held gives `None`, never a neighbour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstancePrices {}

/// A figure and where it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstancePrice {
    /// USD an hour.
    pub usd: Decimal,
    /// ISO date on which the source gave it.
    pub effective_date: String,
    pub source: String,
}

/// Which discount an hour is bought with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstancePurchase {
    OnDemand,
    Spot,
    ComputeSavingsPlan(PlanTerm, PlanPayment),
    Ec2InstanceSavingsPlan(PlanTerm, PlanPayment),
}

impl InstancePrices {
    /// The prices that this fargauge was built with.
    pub fn embedded() -> &'static Self {
        static PRICES: InstancePrices = InstancePrices {};
        &PRICES
    }

    /// USD an hour of a type in a region; a region's table is parsed when it is first asked for.
    pub fn price(
        &self,
        region: &Region,
        instance_type: &str,
        purchase: InstancePurchase,
    ) -> Option<InstancePrice> {
        let _ = (region, instance_type, purchase);
        None
    }

    /// The types that have an on-demand price in a region, sorted.
    pub fn types_in(&self, region: &Region) -> Vec<String> {
        let _ = region;
        Vec::new()
    }

    /// The Managed Instances management fee of a type, as a share of its on-demand price.
    pub fn managed_instances_fee(&self, instance_type: &str) -> Option<InstancePrice> {
        let _ = instance_type;
        None
    }
}
