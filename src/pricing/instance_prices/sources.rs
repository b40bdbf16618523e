//! [`PriceSources`]: where prices are from and when they held, by the short name that tables use.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::InstancePricesError;
use crate::pricing::Confidence;

/// Where a price is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceSource {
    /// ISO date at which the source gives its prices as in force.
    pub effective_date: String,
    pub confidence: Confidence,
    pub source: String,
}

/// Sources by the id that rows of a table name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceSources(BTreeMap<String, PriceSource>);

impl PriceSources {
    /// From CSV in the schema of `pricing/ec2_sources.csv`. `name` says in messages where it is from.
    pub fn parse(name: &str, text: &str) -> Result<Self, InstancePricesError> {
        let mut sources = BTreeMap::new();
        for row in super::rows::<SourceRow>(name, text) {
            let (line, row) = row?;
            let bad = |cause| InstancePricesError::at(name, line, cause);
            if row.id.is_empty() || row.source.is_empty() {
                return Err(bad("id and source must not be empty".to_owned()));
            }
            if row.effective_date.parse::<jiff::civil::Date>().is_err() {
                return Err(bad(format!("effective_date must be YYYY-MM-DD, not {:?}", row.effective_date)));
            }
            let SourceRow { id, effective_date, confidence, source } = row;
            if sources.insert(id.clone(), PriceSource { effective_date, confidence, source }).is_some() {
                return Err(bad(format!("source {id:?} is there twice")));
            }
        }
        Ok(Self(sources))
    }

    pub fn get(&self, id: &str) -> Option<&PriceSource> {
        self.0.get(id)
    }
}

/// A line of `pricing/ec2_sources.csv`.
#[derive(Debug, Deserialize)]
struct SourceRow {
    id: String,
    effective_date: String,
    confidence: Confidence,
    source: String,
}
