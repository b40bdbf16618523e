//! AWS price list offers: what AWS publishes, read as a stream into rows of the price tables.
//!
//! Takes the bytes of an offer file (CSV for services, JSON for Savings Plans) or the strings that
//! `GetProducts` answers with; gives the rows that fargauge has tables for. Nothing goes missing
//! silently: a row that should have been one and could not be read is in [`Tally::unread`], a usage
//! type that nobody has seen before in [`Tally::new_usage_types`]. Memory does not grow with the file.

mod fargate;
mod get_products;
mod instances;
mod region_index;
mod savings_plans;
mod service_csv;
mod usage_type;

use std::collections::BTreeMap;

use rust_decimal::Decimal;

pub use self::{
    fargate::{FargateOffer, FargatePrices},
    get_products::product_prices,
    instances::{InstanceOffer, InstanceOfferPrices},
    region_index::{RegionIndex, is_region},
    savings_plans::{InstancePlanPrice, PlanOffer, PlanPrice},
    service_csv::ServiceCsv,
};

/// Which publication of an offer prices are from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Publication {
    /// `AmazonECS`, `AmazonEC2`, `AWSComputeSavingsPlan`.
    pub offer: String,
    pub version: String,
    /// ISO date.
    pub date: String,
}

/// One price of a service's offer, in AWS's own words; what an offer does not say is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfferPrice {
    pub sku: String,
    pub term_type: String,
    pub begin_range: String,
    pub unit: String,
    pub price: String,
    pub currency: String,
    pub usage_type: String,
    pub operation: String,
    pub region: String,
    pub location_type: String,
    pub instance_type: String,
    pub operating_system: String,
    pub tenancy: String,
    pub pre_installed_software: String,
    pub capacity_status: String,
    pub market_option: String,
}

/// An offer that cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    #[error(transparent)]
    Read(#[from] std::io::Error),
    #[error("is no price list: {0}")]
    Shape(String),
    #[error("is the offer of {found}, not of {wanted}")]
    OtherOffer { found: String, wanted: String },
    #[error("names no publication date, so its prices would have none")]
    NoDate,
    #[error("holds no prices")]
    Empty,
}

/// A row that should have given a price and did not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnreadRow {
    /// The SKU, or the line.
    pub at: String,
    pub cause: String,
}

/// What became of an offer's rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Prices in the offer.
    pub prices: u64,
    /// Rows that could not be read, counted; the first of them are kept.
    pub unread_rows: u64,
    pub unread: Vec<UnreadRow>,
    /// Usage types of a service fargauge knows whole, that it does not know, with the number of rows.
    pub new_usage_types: BTreeMap<String, u64>,
}

/// Unread rows that are kept with their causes: enough to see what is wrong.
const UNREAD_KEPT: usize = 20;

impl Tally {
    fn unread(&mut self, at: impl Into<String>, cause: impl Into<String>) {
        self.unread_rows += 1;
        if self.unread.len() < UNREAD_KEPT {
            self.unread.push(UnreadRow { at: at.into(), cause: cause.into() });
        }
    }

    /// A row that a file could not give.
    pub fn add_unread(&mut self, row: UnreadRow) {
        self.unread(row.at, row.cause);
    }

    fn new_usage_type(&mut self, usage_type: &str) {
        *self.new_usage_types.entry(usage_type.to_owned()).or_default() += 1;
    }
}

/// The first ten characters of a time, if they are a date.
fn date_of(time: &str) -> Option<String> {
    let date = time.get(..10)?;
    date.parse::<jiff::civil::Date>().ok().map(|_| date.to_owned())
}

/// A price in USD, or what is wrong with it. Some offers write small numbers as `1E-7`.
fn usd(price: &str, currency: &str) -> Result<Decimal, String> {
    if !currency.is_empty() && currency != "USD" {
        return Err(format!("is in {currency}: only USD is read, and nothing is converted"));
    }
    price
        .parse::<Decimal>()
        .or_else(|_| Decimal::from_scientific(price))
        .map(|usd| usd.normalize())
        .map_err(|_| format!("{price:?} is no price"))
}

/// Whether a unit is one of those expected, or what is wrong with it.
fn check_unit(unit: &str, expected: &[&str]) -> Result<(), String> {
    if expected.iter().any(|name| name.eq_ignore_ascii_case(unit)) {
        Ok(())
    } else {
        Err(format!("is charged per {unit:?}, not per {:?}", expected[0]))
    }
}

/// The tiers of each thing that has a price: the free ones give way, then the first one counts.
#[derive(Debug)]
struct Tiers<Key>(BTreeMap<Key, Vec<Tier>>);

#[derive(Debug)]
struct Tier {
    begin: Decimal,
    usd: Decimal,
    sku: String,
}

impl<Key: Ord> Tiers<Key> {
    const fn new() -> Self {
        Self(BTreeMap::new())
    }

    fn add(&mut self, key: Key, price: &OfferPrice, usd: Decimal) {
        let begin = price.begin_range.parse().unwrap_or(Decimal::ZERO);
        self.0.entry(key).or_default().push(Tier { begin, usd, sku: price.sku.clone() });
    }

    /// One price for each; prices of two products for one thing are unread rows.
    fn resolve(self, tally: &mut Tally) -> BTreeMap<Key, Decimal> {
        let mut resolved = BTreeMap::new();
        for (key, mut tiers) in self.0 {
            tiers.sort_by(|a, b| (a.begin, &a.sku).cmp(&(b.begin, &b.sku)));
            let mut paid = tiers.iter().filter(|tier| tier.usd > Decimal::ZERO);
            let Some(first) = paid.next() else {
                let tier = &tiers[0];
                tally.unread(&tier.sku, format!("a price must be positive, not {}", tier.usd));
                continue;
            };
            match paid.find(|other| other.sku != first.sku && other.usd != first.usd) {
                Some(other) => {
                    let cause =
                        format!("{} USD, where {} has {} USD for the same", first.usd, other.sku, other.usd);
                    tally.unread(&first.sku, cause);
                }
                None => {
                    resolved.insert(key, first.usd);
                }
            }
        }
        resolved
    }
}
