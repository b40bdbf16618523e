//! [`InstanceOffer`]: the on-demand prices of Linux instances from the `AmazonEC2` offer of a region.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{OfferPrice, Tally, Tiers, check_unit, usage_type::box_usage, usd};
use crate::workload::Region;

/// Takes the offer's prices one by one, and keeps those of Linux without licensed software, on
/// demand, on shared hardware, in use, in the region itself.
#[derive(Debug)]
pub struct InstanceOffer {
    region: Region,
    types: Tiers<String>,
    tally: Tally,
}

/// What the offer of a region has for the price tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceOfferPrices {
    /// USD an hour by instance type.
    pub types: BTreeMap<String, Decimal>,
    pub tally: Tally,
}

impl InstanceOffer {
    pub const CODE: &'static str = "AmazonEC2";

    pub fn new(region: Region) -> Self {
        Self { region, types: Tiers::new(), tally: Tally::default() }
    }

    /// What the offer has that is no price.
    pub fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }

    pub fn add(&mut self, price: &OfferPrice) {
        self.tally.prices += 1;
        if !self.is_wanted(price) {
            return;
        }
        let read = check_unit(&price.unit, &["Hrs"]).and_then(|()| usd(&price.price, &price.currency));
        match read {
            Ok(usd) => self.types.add(price.instance_type.clone(), price, usd),
            Err(cause) => self.tally.unread(&price.sku, format!("{} {cause}", price.usage_type)),
        }
    }

    fn is_wanted(&self, price: &OfferPrice) -> bool {
        // An older offer says less; what it leaves empty is not against the price.
        let is = |value: &str, wanted: &str| value.is_empty() || value == wanted;
        price.term_type == "OnDemand"
            && price.operating_system == "Linux"
            && price.tenancy == "Shared"
            && price.pre_installed_software == "NA"
            && price.capacity_status == "Used"
            && is(&price.market_option, "OnDemand")
            && is(&price.operation, "RunInstances")
            && is(&price.location_type, "AWS Region")
            && is(&price.region, self.region.as_str())
            && box_usage(&price.usage_type).is_some()
            && !price.instance_type.is_empty()
    }

    pub fn finish(mut self) -> InstanceOfferPrices {
        let types = self.types.resolve(&mut self.tally);
        InstanceOfferPrices { types, tally: self.tally }
    }
}
