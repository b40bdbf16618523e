//! [`OnDemandTable`]: the on-demand prices of one region, or its fees of ECS Managed Instances.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{InstancePricesError, PriceSources};
use crate::pricing::rate::refuse_amount;

/// USD an hour and the id of its source, by instance type.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct OnDemandTable(BTreeMap<String, (Decimal, String)>);

impl OnDemandTable {
    /// From CSV in the schema of `pricing/ec2/REGION.csv`.
    pub(super) fn parse(name: &str, text: &str, sources: &PriceSources) -> Result<Self, InstancePricesError> {
        let mut prices = BTreeMap::new();
        for row in super::rows::<OnDemandRow>(name, text) {
            let (line, OnDemandRow { instance_type, usd_per_hour, source }) = row?;
            let bad = |cause| InstancePricesError::at(name, line, cause);
            refuse_amount("a price", usd_per_hour).map_err(bad)?;
            if instance_type.is_empty() {
                return Err(bad("instance_type must not be empty".to_owned()));
            }
            if sources.get(&source).is_none() {
                return Err(bad(format!("{source:?} is not among the sources")));
            }
            if prices.insert(instance_type.clone(), (usd_per_hour, source)).is_some() {
                return Err(bad(format!("{instance_type} is there twice")));
            }
        }
        if prices.is_empty() {
            return Err(InstancePricesError::at(name, 1, "holds no prices".to_owned()));
        }
        Ok(Self(prices))
    }

    /// USD an hour, and the id of its source.
    pub(super) fn get(&self, instance_type: &str) -> Option<(Decimal, &str)> {
        self.0.get(instance_type).map(|(usd, source)| (*usd, source.as_str()))
    }

    /// Sorted by name.
    pub(super) fn types(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[derive(Debug, Deserialize)]
struct OnDemandRow {
    instance_type: String,
    usd_per_hour: Decimal,
    source: String,
}
