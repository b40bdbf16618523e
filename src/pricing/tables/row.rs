//! Rows of the price tables, as their files have them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::pricing::{PlanPayment, PlanTerm, RateDimension, RateKey};

/// The purchase option whose rates float, and which no price list has.
pub(super) const SPOT: &str = "spot";

/// A line of `fargate.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FargateRow {
    pub region: String,
    pub operating_system: String,
    pub architecture: String,
    pub purchase_option: String,
    pub dimension: String,
    pub unit: String,
    pub usd: Decimal,
    pub effective_date: String,
    pub confidence: String,
    pub source: String,
}

/// Region, operating system, architecture, purchase option, dimension.
pub(super) type FargateKey = [String; 5];

impl FargateRow {
    pub(super) fn new(key: &RateKey, usd: Decimal, effective_date: &str, source: &str) -> Self {
        Self {
            region: key.region.to_string(),
            operating_system: key.os().to_owned(),
            architecture: key.arch().to_owned(),
            purchase_option: key.purchase.as_str().to_owned(),
            dimension: key.dimension.as_str().to_owned(),
            unit: key.dimension.unit().to_owned(),
            usd,
            effective_date: effective_date.to_owned(),
            confidence: "high".to_owned(),
            source: source.to_owned(),
        }
    }

    pub(super) fn key(&self) -> FargateKey {
        [&self.region, &self.operating_system, &self.architecture, &self.purchase_option, &self.dimension]
            .map(String::clone)
    }

    pub(super) fn item(&self) -> String {
        let Self { operating_system, architecture, purchase_option, dimension, .. } = self;
        format!("{operating_system}/{architecture} {purchase_option} {dimension}")
    }
}

/// A line of `fargate_savings_plans.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRow {
    pub region: String,
    pub operating_system: String,
    pub architecture: String,
    pub term: String,
    pub payment: String,
    pub dimension: String,
    pub unit: String,
    pub usd: Decimal,
    pub effective_date: String,
    pub confidence: String,
    pub source: String,
}

/// Region, operating system, architecture, term, payment, dimension.
pub(super) type PlanKey = [String; 6];

impl PlanRow {
    pub(super) fn key(&self) -> PlanKey {
        [&self.region, &self.operating_system, &self.architecture, &self.term, &self.payment, &self.dimension]
            .map(String::clone)
    }

    pub(super) fn item(&self) -> String {
        let Self { operating_system, architecture, term, payment, dimension, .. } = self;
        format!("{operating_system}/{architecture} {term} {payment} {dimension}")
    }

    pub(super) fn new(
        region: &str,
        price: &crate::pricing::offers::PlanPrice,
        effective_date: &str,
        source: &str,
    ) -> Self {
        let dimension: RateDimension = price.dimension;
        Self {
            region: region.to_owned(),
            operating_system: price.platform.os.as_str().to_owned(),
            architecture: price.platform.arch.as_str().to_owned(),
            term: price.term.as_str().to_owned(),
            payment: price.payment.as_str().to_owned(),
            dimension: dimension.as_str().to_owned(),
            unit: dimension.unit().to_owned(),
            usd: price.usd,
            effective_date: effective_date.to_owned(),
            confidence: "high".to_owned(),
            source: source.to_owned(),
        }
    }
}

/// A line of `ec2/REGION.csv` or `managed_instances/REGION.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct InstanceRow {
    pub instance_type: String,
    pub usd_per_hour: Decimal,
    /// Id of a [`SourceRow`].
    pub source: String,
}

/// A line of `ec2_discounts.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DiscountRow {
    pub region: String,
    pub instance_type: String,
    pub purchase: String,
    pub term: String,
    pub payment: String,
    pub percent_off: Option<Decimal>,
    pub usd_per_hour: Option<Decimal>,
    pub on_demand_usd_per_hour: Option<Decimal>,
    pub source: String,
}

/// Region, instance type, purchase, term, payment.
pub(super) type DiscountKey = [String; 5];

impl DiscountRow {
    pub(super) fn key(&self) -> DiscountKey {
        [&self.region, &self.instance_type, &self.purchase, &self.term, &self.payment].map(String::clone)
    }

    pub(super) fn item(&self) -> String {
        let Self { instance_type, purchase, term, payment, .. } = self;
        format!("{instance_type} {purchase} {term} {payment}").trim_end().to_owned()
    }

    pub(super) fn new(
        region: &str,
        price: &crate::pricing::offers::InstancePlanPrice,
        on_demand: Option<Decimal>,
        source: &str,
    ) -> Self {
        let (term, payment): (PlanTerm, PlanPayment) = (price.term, price.payment);
        let purchase = if price.family_bound { "ec2-instance-savings-plan" } else { "compute-savings-plan" };
        Self {
            region: region.to_owned(),
            instance_type: price.instance_type.clone(),
            purchase: purchase.to_owned(),
            term: term.as_str().to_owned(),
            payment: payment.as_str().to_owned(),
            percent_off: None,
            usd_per_hour: Some(price.usd),
            on_demand_usd_per_hour: on_demand,
            source: source.to_owned(),
        }
    }
}

/// A line of `ec2_sources.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRow {
    pub id: String,
    pub effective_date: String,
    pub confidence: String,
    pub source: String,
}
