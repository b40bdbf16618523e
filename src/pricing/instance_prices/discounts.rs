//! [`DiscountTable`]: what single instance types cost under Savings Plans and on Spot, where it is known.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{InstancePricesError, InstancePurchase, PriceSources};
use crate::pricing::{PlanPayment, PlanTerm, rate::refuse_amount};

/// A discount as its source gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    /// Per cent off the on-demand price.
    PercentOff(Decimal),
    /// USD an hour, and what the source gives as the on-demand price beside it.
    Usd { usd: Decimal, on_demand: Option<Decimal> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Discount {
    pub figure: Figure,
    /// Id of its source.
    pub source: String,
}

/// Region, instance type and purchase.
type Key = (String, String, InstancePurchase);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct DiscountTable(BTreeMap<Key, Discount>);

impl DiscountTable {
    /// From CSV in the schema of `pricing/ec2_discounts.csv`.
    pub(super) fn parse(name: &str, text: &str, sources: &PriceSources) -> Result<Self, InstancePricesError> {
        let mut discounts = BTreeMap::new();
        for row in super::rows::<DiscountRow>(name, text) {
            let (line, row) = row?;
            let (key, discount) =
                row.into_discount(sources).map_err(|cause| InstancePricesError::at(name, line, cause))?;
            if discounts.insert(key, discount).is_some() {
                return Err(InstancePricesError::at(name, line, "this discount is there twice".to_owned()));
            }
        }
        Ok(Self(discounts))
    }

    /// The discount of this very type.
    pub(super) fn of_type(
        &self,
        region: &str,
        instance_type: &str,
        purchase: InstancePurchase,
    ) -> Option<&Discount> {
        self.0.get(&(region.to_owned(), instance_type.to_owned(), purchase))
    }

    /// Discounts of the types of a family in a region, with the types they are of.
    pub(super) fn of_family(
        &self,
        region: &str,
        family: &str,
        purchase: InstancePurchase,
    ) -> impl Iterator<Item = (&str, &Discount)> {
        self.0
            .iter()
            .filter(move |((of, instance_type, by), _)| {
                of == region && *by == purchase && super::family(instance_type) == family
            })
            .map(|((_, instance_type, _), discount)| (instance_type.as_str(), discount))
    }

    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Key, &Discount)> {
        self.0.iter()
    }
}

/// A line of `pricing/ec2_discounts.csv`.
#[derive(Debug, Deserialize)]
struct DiscountRow {
    region: String,
    instance_type: String,
    purchase: String,
    term: Option<PlanTerm>,
    payment: Option<PlanPayment>,
    percent_off: Option<Decimal>,
    usd_per_hour: Option<Decimal>,
    on_demand_usd_per_hour: Option<Decimal>,
    source: String,
}

impl DiscountRow {
    /// The discount and its key, or what is wrong with the line.
    fn into_discount(self, sources: &PriceSources) -> Result<(Key, Discount), String> {
        let purchase = InstancePurchase::read(&self.purchase, self.term, self.payment)?;
        if purchase == InstancePurchase::OnDemand {
            return Err("on-demand is not a discount".to_owned());
        }
        let figure = match (self.percent_off, self.usd_per_hour) {
            (Some(percent), None) if percent > Decimal::ZERO && percent < Decimal::ONE_HUNDRED => {
                Figure::PercentOff(percent)
            }
            (Some(percent), None) => {
                return Err(format!("percent_off must be within 0 and 100, not {percent}"));
            }
            (None, Some(usd)) => {
                refuse_amount("a price", usd)?;
                Figure::Usd { usd, on_demand: self.on_demand_usd_per_hour }
            }
            _ => return Err("give either percent_off or usd_per_hour".to_owned()),
        };
        if let Figure::Usd { usd, on_demand: Some(on_demand) } = figure
            && on_demand <= usd
        {
            return Err(format!("{usd} is no discount of {on_demand}"));
        }
        if self.region.is_empty() || super::family(&self.instance_type) == self.instance_type {
            return Err(format!("{:?} is not an instance type of a region", self.instance_type));
        }
        if sources.get(&self.source).is_none() {
            return Err(format!("{:?} is not among the sources", self.source));
        }
        Ok(((self.region, self.instance_type, purchase), Discount { figure, source: self.source }))
    }
}
