//! Putting what an offer says of a region in the place of what the tables said.
//!
//! A row that the offer no longer has goes, unless the offer had rows that could not be read: it may be
//! one of those, so it stays with its old date. What no price list has (Spot rates) always stays, and so does
//! the same price of a later date: an older offer takes nothing from it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{
    PriceTables,
    row::{DiscountRow, FargateRow, InstanceRow, PlanRow, SPOT, SourceRow},
};
use crate::pricing::offers::{FargatePrices, InstanceOfferPrices, PlanOffer, Publication};

impl PriceTables {
    /// Fargate's on-demand rates and the fees of Managed Instances. `through` says how they were fetched.
    pub fn renew_fargate(&mut self, region: &str, prices: &FargatePrices, from: &Publication, through: &str) {
        let source = source_text(from, through);
        let held = self.fargate.clone();
        if prices.tally.unread_rows == 0 {
            self.fargate.retain(|_, row| row.region != region || row.purchase_option == SPOT);
        }
        for (key, usd) in &prices.rates {
            let row = FargateRow::new(key, *usd, &from.date, &source);
            let same = held.get(&row.key()).filter(|held| held.usd == row.usd);
            let later = same.filter(|held| held.effective_date > row.effective_date).cloned();
            self.fargate.insert(row.key(), later.unwrap_or(row));
        }
        let id = self.add_source(from, through);
        let keep_others = prices.tally.unread_rows > 0;
        renew_types(&mut self.fees, &self.sources, region, &prices.managed_instance_fees, &id, keep_others);
    }

    /// On-demand prices of instances.
    pub fn renew_instances(
        &mut self,
        region: &str,
        prices: &InstanceOfferPrices,
        from: &Publication,
        through: &str,
    ) {
        let id = self.add_source(from, through);
        let keep_others = prices.tally.unread_rows > 0;
        renew_types(&mut self.instances, &self.sources, region, &prices.types, &id, keep_others);
    }

    /// Rates of Savings Plans, for Fargate and for the instances that have an on-demand price. Renew the
    /// instances first.
    pub fn renew_plans(&mut self, region: &str, offer: &PlanOffer, through: &str) {
        let from = &offer.publication;
        let source = source_text(from, through);
        let id = self.add_source(from, through);
        let held_plans = self.plans.clone();
        // Of this region alone: there are thousands of each, and all regions may be renewed.
        let of_region = self.discounts.iter().filter(|(_, row)| row.region == region);
        let held_discounts: BTreeMap<_, _> = of_region.map(|(key, row)| (key.clone(), row.clone())).collect();
        if offer.tally.unread_rows == 0 {
            self.plans.retain(|_, row| row.region != region);
            self.discounts.retain(|_, row| row.region != region || !row.purchase.ends_with("savings-plan"));
        }
        for price in &offer.fargate {
            let row = PlanRow::new(region, price, &from.date, &source);
            let same = held_plans.get(&row.key()).filter(|held| held.usd == row.usd);
            let later = same.filter(|held| held.effective_date > row.effective_date).cloned();
            self.plans.insert(row.key(), later.unwrap_or(row));
        }
        let Some(instances) = self.instances.get(region) else { return };
        for price in &offer.instances {
            if let Some(on_demand) = instances.get(&price.instance_type) {
                // A price of another day may be lower than the plan's: nothing can be said by their ratio.
                let beside = Some(on_demand.usd_per_hour).filter(|on_demand| *on_demand > price.usd);
                let row = DiscountRow::new(region, price, beside, &id);
                let same =
                    held_discounts.get(&row.key()).filter(|held| held.usd_per_hour == row.usd_per_hour);
                let later = same.filter(|held| is_later(&self.sources, &held.source, &id)).cloned();
                self.discounts.insert(row.key(), later.unwrap_or(row));
            }
        }
    }

    fn add_source(&mut self, from: &Publication, through: &str) -> String {
        let id = format!("{}-{}", from.offer, from.version);
        let row = SourceRow {
            id: id.clone(),
            effective_date: from.date.clone(),
            confidence: "high".to_owned(),
            source: source_text(from, through),
        };
        self.sources.insert(id.clone(), row);
        id
    }
}

fn source_text(from: &Publication, through: &str) -> String {
    format!("AWS price list {}, version {}, {through}", from.offer, from.version)
}

/// Whether one source is of a later date than another, by their ids.
fn is_later(sources: &BTreeMap<String, SourceRow>, one: &str, other: &str) -> bool {
    let date = |id: &str| sources.get(id).map(|source| source.effective_date.as_str());
    date(one) > date(other)
}

fn renew_types(
    table: &mut BTreeMap<String, BTreeMap<String, InstanceRow>>,
    sources: &BTreeMap<String, SourceRow>,
    region: &str,
    prices: &BTreeMap<String, Decimal>,
    source: &str,
    keep_others: bool,
) {
    let held = table.remove(region).unwrap_or_default();
    let mut rows = if keep_others { held.clone() } else { BTreeMap::new() };
    for (instance_type, usd) in prices {
        let row = InstanceRow {
            instance_type: instance_type.clone(),
            usd_per_hour: *usd,
            source: source.to_owned(),
        };
        let same = held.get(instance_type).filter(|held| held.usd_per_hour == *usd);
        let later = same.filter(|held| is_later(sources, &held.source, source)).cloned();
        rows.insert(instance_type.clone(), later.unwrap_or(row));
    }
    if !rows.is_empty() {
        table.insert(region.to_owned(), rows);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pricing::{
        InstancePrices, PlanPayment, PlanTerm,
        offers::{InstancePlanPrice, Tally},
        tables::{EC2_DISCOUNTS, EC2_SOURCES},
    };

    /// Such as where only the plans were renewed, and the on-demand price has gone up since.
    #[test]
    fn a_plan_dearer_than_the_on_demand_price_held_is_kept_and_the_tables_can_be_read() {
        let price = |instance_type: &str, usd: &str| InstancePlanPrice {
            instance_type: instance_type.to_owned(),
            family_bound: false,
            term: PlanTerm::OneYear,
            payment: PlanPayment::NoUpfront,
            usd: usd.parse().unwrap(),
        };
        let offer = PlanOffer {
            publication: Publication {
                offer: "AWSComputeSavingsPlan".to_owned(),
                version: "1".to_owned(),
                date: "2026-11-20".to_owned(),
            },
            fargate: Vec::new(),
            instances: vec![price("m5.large", "9"), price("m6i.large", "0.08")],
            tally: Tally::default(),
        };
        let mut tables = PriceTables::embedded();
        tables.renew_plans("eu-west-1", &offer, "bulk file");
        let files = tables.files();
        let (discounts, sources) = (&files[EC2_DISCOUNTS], &files[EC2_SOURCES]);
        assert!(InstancePrices::parse(sources, discounts, []).is_ok());
        let rows: Vec<&str> = discounts.lines().filter(|line| line.starts_with("eu-west-1,")).collect();
        assert!(
            rows.iter().any(|row| row.starts_with("eu-west-1,m5.large,") && row.contains(",9,,")),
            "{rows:?}"
        );
        // m6i.large is 0.107 there, on demand.
        assert!(
            rows.iter().any(|row| row.contains(",m6i.large,") && row.contains(",0.08,0.107,")),
            "{rows:?}"
        );
    }
}
