//! What the tables hold of a region, as people ask for it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;

use super::{PriceTables, row};

/// How much is held of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Holdings {
    pub fargate_rates: usize,
    pub fargate_plan_rates: usize,
    pub ec2_types: usize,
    pub ec2_plan_rates: usize,
    pub ec2_spot_rates: usize,
    pub managed_instances_fees: usize,
}

impl PriceTables {
    /// How much is held, by region.
    pub fn holdings(&self) -> BTreeMap<&str, Holdings> {
        let mut regions: BTreeMap<&str, Holdings> = BTreeMap::new();
        for row in self.fargate.values() {
            regions.entry(&row.region).or_default().fargate_rates += 1;
        }
        for row in self.plans.values() {
            regions.entry(&row.region).or_default().fargate_plan_rates += 1;
        }
        for (region, rows) in &self.instances {
            regions.entry(region).or_default().ec2_types += rows.len();
        }
        for (region, rows) in &self.fees {
            regions.entry(region).or_default().managed_instances_fees += rows.len();
        }
        for row in self.discounts.values() {
            let held = regions.entry(&row.region).or_default();
            if row.purchase == row::SPOT {
                held.ec2_spot_rates += 1;
            } else {
                held.ec2_plan_rates += 1;
            }
        }
        regions
    }

    /// The rates of Savings Plans for Fargate in a region.
    pub fn fargate_plans(&self, region: &str) -> impl Iterator<Item = &row::PlanRow> {
        self.plans.values().filter(move |row| row.region == region)
    }

    /// USD an hour of managing an instance on ECS Managed Instances and its source, where a price list said it.
    pub fn management_fee(&self, region: &str, instance_type: &str) -> Option<(Decimal, &row::SourceRow)> {
        let fee = self.fees.get(region)?.get(instance_type)?;
        Some((fee.usd_per_hour, self.sources.get(&fee.source)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pricing::tables::EC2_SOURCES;

    #[test]
    fn every_row_is_counted_once_and_regions_without_fargate_are_there() {
        let tables = PriceTables::embedded();
        let held = tables.holdings();
        let sum = |of: fn(&Holdings) -> usize| held.values().map(of).sum::<usize>();
        assert_eq!(sum(|held| held.fargate_rates), 167);
        assert_eq!(sum(|held| held.fargate_plan_rates), 31);
        assert_eq!(sum(|held| held.ec2_plan_rates) + sum(|held| held.ec2_spot_rates), 168);
        assert_eq!(held["us-east-1"].fargate_rates, 12);
        assert_eq!(held["eu-west-1"].ec2_types, 961);
        assert_eq!((held["eu-central-2"].fargate_rates, held["eu-central-2"].ec2_types > 100), (0, true));
        assert_eq!(tables.fargate_plans("us-east-1").count(), held["us-east-1"].fargate_plan_rates);
    }

    #[test]
    fn a_fee_comes_with_its_source() {
        let files = [
            (EC2_SOURCES, "id,effective_date,confidence,source\na,2026-11-20,high,list\n"),
            ("managed_instances/eu-west-1.csv", "instance_type,usd_per_hour,source\nm5.large,0.01284,a\n"),
        ];
        let tables = PriceTables::parse(files).unwrap();
        let (usd, source) = tables.management_fee("eu-west-1", "m5.large").unwrap();
        assert_eq!((usd.to_string().as_str(), source.effective_date.as_str()), ("0.01284", "2026-11-20"));
        assert_eq!(tables.management_fee("eu-west-1", "m5.xlarge"), None);
        assert_eq!(tables.holdings()["eu-west-1"].managed_instances_fees, 1);
    }
}
