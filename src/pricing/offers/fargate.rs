//! [`FargateOffer`]: the Fargate rates and Managed Instances fees of the `AmazonECS` offer of a region.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{OfferPrice, Tally, Tiers, check_unit, usage_type::EcsUsage, usd};
use crate::{
    pricing::{RateDimension, RateKey},
    workload::{PurchaseOption, Region},
};

/// Takes the offer's prices one by one.
#[derive(Debug)]
pub struct FargateOffer {
    region: Region,
    rates: Tiers<RateKey>,
    fees: Tiers<String>,
    tally: Tally,
}

/// What the offer of a region has for the price tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FargatePrices {
    /// USD per hour of a vCPU or GB, on demand.
    pub rates: BTreeMap<RateKey, Decimal>,
    /// USD per hour of managing an instance, by its type.
    pub managed_instance_fees: BTreeMap<String, Decimal>,
    pub tally: Tally,
}

impl FargateOffer {
    /// The offer of the service that ECS is in the price list.
    pub const CODE: &'static str = "AmazonECS";

    pub fn new(region: Region) -> Self {
        Self { region, rates: Tiers::new(), fees: Tiers::new(), tally: Tally::default() }
    }

    /// What the offer has that is no price.
    pub fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }

    pub fn add(&mut self, price: &OfferPrice) {
        self.tally.prices += 1;
        if let Err(cause) = self.take(price) {
            self.tally.unread(&price.sku, format!("{} {cause}", price.usage_type));
        }
    }

    fn take(&mut self, price: &OfferPrice) -> Result<(), String> {
        if price.term_type != "OnDemand" {
            return Ok(());
        }
        let usage = EcsUsage::of(&price.usage_type);
        let units: &[&str] = match &usage {
            EcsUsage::New => {
                self.tally.new_usage_type(&price.usage_type);
                return Ok(());
            }
            EcsUsage::Anywhere => return Ok(()),
            EcsUsage::Metered => {
                let charged = usd(&price.price, &price.currency)?;
                return if charged.is_zero() {
                    Ok(())
                } else {
                    Err(format!("was free of charge and is {charged} USD"))
                };
            }
            EcsUsage::ManagedInstance(_) => &["hours", "Hrs"],
            EcsUsage::Fargate { dimension: RateDimension::EphemeralStorage, .. } => &["GB-Hours"],
            EcsUsage::Fargate { .. } => &["hours"],
        };
        if !price.region.is_empty() && price.region != self.region.as_str() {
            return Err(format!("is of {}, not of {}", price.region, self.region));
        }
        check_unit(&price.unit, units)?;
        let usd = usd(&price.price, &price.currency)?;
        match usage {
            EcsUsage::Fargate { platform, dimension } => {
                let key = RateKey {
                    region: self.region.clone(),
                    platform,
                    purchase: PurchaseOption::OnDemand,
                    dimension,
                };
                self.rates.add(key, price, usd);
            }
            EcsUsage::ManagedInstance(instance_type) => self.fees.add(instance_type.to_owned(), price, usd),
            EcsUsage::New | EcsUsage::Anywhere | EcsUsage::Metered => {}
        }
        Ok(())
    }

    pub fn finish(mut self) -> FargatePrices {
        let rates = self.rates.resolve(&mut self.tally);
        let managed_instance_fees = self.fees.resolve(&mut self.tally);
        FargatePrices { rates, managed_instance_fees, tally: self.tally }
    }
}
