//! [`PlanOffer`]: the rates of Savings Plans for Fargate and Linux instances in a region.
//!
//! Takes the offer's JSON as a stream: `products` say which plan is which, `terms` hold the rates, which
//! are many hundred thousand. They are looked at one by one, and those of other services let go.

use std::{collections::BTreeMap, fmt, io::Read};

use rust_decimal::Decimal;
use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use super::{
    OfferError, Publication, Tally, check_unit, date_of,
    usage_type::{EcsUsage, box_usage},
    usd,
};
use crate::{
    pricing::{PlanPayment, PlanTerm, RateDimension},
    workload::{OperatingSystem, Platform, Region},
};

/// A rate of a Compute Savings Plan for Fargate, USD per hour of a vCPU or GB.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PlanPrice {
    pub platform: Platform,
    pub term: PlanTerm,
    pub payment: PlanPayment,
    pub dimension: RateDimension,
    pub usd: Decimal,
}

/// A rate of a plan for an instance, USD an hour.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstancePlanPrice {
    pub instance_type: String,
    /// Bound to the instance family (EC2 Instance Savings Plan), or not (Compute Savings Plan).
    pub family_bound: bool,
    pub term: PlanTerm,
    pub payment: PlanPayment,
    pub usd: Decimal,
}

/// What the offer of a region has for the price tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanOffer {
    pub publication: Publication,
    pub fargate: Vec<PlanPrice>,
    pub instances: Vec<InstancePlanPrice>,
    pub tally: Tally,
}

/// What a plan is: its family binding, term and payment.
type Plan = (bool, PlanTerm, PlanPayment);

/// What a rate is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Discounted {
    Fargate(Platform, RateDimension),
    Instance(String),
}

/// A rate whose plan may not be known yet.
#[derive(Debug)]
struct KeptRate {
    plan_sku: String,
    sku: String,
    discounted: Discounted,
    usd: Decimal,
}

impl PlanOffer {
    pub const CODE: &'static str = "AWSComputeSavingsPlan";

    pub fn read(input: impl Read, region: &Region) -> Result<Self, OfferError> {
        let mut offer = Offer {
            region,
            version: None,
            date: None,
            plans: BTreeMap::new(),
            rates: Vec::new(),
            tally: Tally::default(),
        };
        let mut json = serde_json::Deserializer::from_reader(input);
        TopLevel(&mut offer).deserialize(&mut json).and_then(|()| json.end()).map_err(|error| {
            // A connection that broke is tried again; JSON that stops early is a file cut short.
            if error.is_io() { OfferError::Read(error.into()) } else { OfferError::Shape(error.to_string()) }
        })?;
        offer.finish()
    }
}

/// What has been read so far.
struct Offer<'a> {
    region: &'a Region,
    version: Option<String>,
    date: Option<String>,
    plans: BTreeMap<String, Plan>,
    rates: Vec<KeptRate>,
    tally: Tally,
}

#[derive(Deserialize)]
struct Product {
    sku: String,
    #[serde(default, rename = "productFamily")]
    family: String,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rate {
    #[serde(default)]
    discounted_sku: String,
    #[serde(default)]
    discounted_usage_type: String,
    #[serde(default)]
    discounted_operation: String,
    #[serde(default)]
    discounted_service_code: String,
    #[serde(default)]
    discounted_region_code: String,
    #[serde(default)]
    unit: String,
    #[serde(rename = "discountedRate")]
    price: Price,
}

#[derive(Deserialize)]
struct Price {
    price: String,
    #[serde(default)]
    currency: String,
}

impl Offer<'_> {
    fn product(&mut self, product: &Product) {
        let family_bound = match product.family.as_str() {
            "ComputeSavingsPlans" => false,
            "EC2InstanceSavingsPlans" => true,
            _ => return,
        };
        let attribute = |name: &str| product.attributes.get(name).map_or("", String::as_str);
        let term = match attribute("purchaseTerm") {
            "1yr" => PlanTerm::OneYear,
            "3yr" => PlanTerm::ThreeYears,
            other => {
                return self.tally.unread(&product.sku, format!("{other:?} is no term of a Savings Plan"));
            }
        };
        let payment = match attribute("purchaseOption") {
            "No Upfront" => PlanPayment::NoUpfront,
            "Partial Upfront" => PlanPayment::PartialUpfront,
            "All Upfront" => PlanPayment::AllUpfront,
            other => {
                return self.tally.unread(&product.sku, format!("{other:?} is no way to pay a Savings Plan"));
            }
        };
        self.plans.insert(product.sku.clone(), (family_bound, term, payment));
    }

    /// What the rate is kept for, if fargauge has a table for it.
    fn discounted(&mut self, rate: &Rate) -> Option<Discounted> {
        if !rate.discounted_region_code.is_empty() && rate.discounted_region_code != self.region.as_str() {
            return None;
        }
        match rate.discounted_service_code.as_str() {
            "AmazonECS" => match EcsUsage::of(&rate.discounted_usage_type) {
                // The licence of Windows and its machines are in no table of plans.
                EcsUsage::Fargate { platform: Some(platform), dimension }
                    if platform.os == OperatingSystem::Linux =>
                {
                    Some(Discounted::Fargate(platform, dimension))
                }
                EcsUsage::New => {
                    self.tally.new_usage_type(&rate.discounted_usage_type);
                    None
                }
                _ => None,
            },
            // Other operations are other operating systems.
            "AmazonEC2" if matches!(rate.discounted_operation.as_str(), "" | "RunInstances") => {
                box_usage(&rate.discounted_usage_type).map(|name| Discounted::Instance(name.to_owned()))
            }
            _ => None,
        }
    }

    fn rate(&mut self, rate: &Rate) -> Option<KeptRate> {
        self.tally.prices += 1;
        let discounted = self.discounted(rate)?;
        let unit = if rate.unit.is_empty() { Ok(()) } else { check_unit(&rate.unit, &["Hrs", "hours"]) };
        match unit.and_then(|()| usd(&rate.price.price, &rate.price.currency)) {
            Ok(usd) if usd > Decimal::ZERO => {
                Some(KeptRate { plan_sku: String::new(), sku: rate.discounted_sku.clone(), discounted, usd })
            }
            Ok(usd) => {
                let cause = format!("{} must have a positive rate, not {usd}", rate.discounted_usage_type);
                self.tally.unread(&rate.discounted_sku, cause);
                None
            }
            Err(cause) => {
                self.tally.unread(&rate.discounted_sku, format!("{} {cause}", rate.discounted_usage_type));
                None
            }
        }
    }

    fn finish(mut self) -> Result<PlanOffer, OfferError> {
        if self.tally.prices == 0 {
            return Err(OfferError::Empty);
        }
        let date = self.date.ok_or(OfferError::NoDate)?;
        let version = self.version.unwrap_or_else(|| date.clone());
        let mut rates: BTreeMap<(Discounted, Plan), (String, Decimal)> = BTreeMap::new();
        for rate in self.rates {
            let Some(plan) = self.plans.get(&rate.plan_sku).copied() else { continue };
            let known = rates.entry((rate.discounted, plan)).or_insert_with(|| (rate.sku.clone(), rate.usd));
            if known.1 != rate.usd {
                let cause = format!("{} USD, where {} has {} USD for the same", rate.usd, known.0, known.1);
                self.tally.unread(rate.sku, cause);
            }
        }
        let (mut fargate, mut instances) = (Vec::new(), Vec::new());
        for ((discounted, (family_bound, term, payment)), (_, usd)) in rates {
            match discounted {
                Discounted::Fargate(platform, dimension) => {
                    fargate.push(PlanPrice { platform, term, payment, dimension, usd });
                }
                Discounted::Instance(instance_type) => {
                    instances.push(InstancePlanPrice { instance_type, family_bound, term, payment, usd });
                }
            }
        }
        let publication = Publication { offer: PlanOffer::CODE.to_owned(), version, date };
        Ok(PlanOffer { publication, fargate, instances, tally: self.tally })
    }
}

/// The offer's outermost object.
struct TopLevel<'a, 'b>(&'a mut Offer<'b>);
/// `terms`: an object with the list of plans.
struct Terms<'a, 'b>(&'a mut Offer<'b>);
/// The list of plans.
struct Plans<'a, 'b>(&'a mut Offer<'b>);
/// One plan with its rates.
struct OnePlan<'a, 'b>(&'a mut Offer<'b>);
/// A list whose items are handed on one by one, and not kept.
struct Each<Item, Take>(Take, std::marker::PhantomData<Item>);

fn each<Item, Take: FnMut(Item)>(take: Take) -> Each<Item, Take> {
    Each(take, std::marker::PhantomData)
}

impl<'de> DeserializeSeed<'de> for TopLevel<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for TopLevel<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the offer of a Savings Plan")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "version" => self.0.version = Some(map.next_value()?),
                "publicationDate" => self.0.date = date_of(&map.next_value::<String>()?),
                "products" => map.next_value_seed(each(|product: Product| self.0.product(&product)))?,
                "terms" => map.next_value_seed(Terms(self.0))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Terms<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Terms<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the terms of Savings Plans")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "savingsPlan" => map.next_value_seed(Plans(self.0))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Plans<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Plans<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of Savings Plans")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut plans: A) -> Result<(), A::Error> {
        while plans.next_element_seed(OnePlan(self.0))?.is_some() {}
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for OnePlan<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for OnePlan<'_, '_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a Savings Plan with its rates")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        // The plan may be named behind its rates.
        let first = self.0.rates.len();
        let mut sku = String::new();
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "sku" => sku = map.next_value()?,
                "rates" => map.next_value_seed(each(|rate: Rate| {
                    let kept = self.0.rate(&rate);
                    self.0.rates.extend(kept);
                }))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        for rate in &mut self.0.rates[first..] {
            rate.plan_sku.clone_from(&sku);
        }
        Ok(())
    }
}

impl<'de, Item: Deserialize<'de>, Take: FnMut(Item)> DeserializeSeed<'de> for Each<Item, Take> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, Item: Deserialize<'de>, Take: FnMut(Item)> Visitor<'de> for Each<Item, Take> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }
    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element()? {
            (self.0)(item);
        }
        Ok(())
    }
}
