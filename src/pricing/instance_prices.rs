//! [`InstancePrices`]: what an hour of an EC2 instance costs in a region, on demand and otherwise.
//!
//! Takes a region, an instance type and how it is bought; gives USD an hour with date and source, or `None`.
//! A region's table is parsed when a price in it is first asked for, and never before.
//!
//! No discount figure holds for all: Savings Plans and Spot differ by family and region.
//! - **Savings Plans.** A rate is held for single types. Within a family and a region plan rates grow with
//!   size as on-demand prices do, so another size of the family costs its own on-demand price times the
//!   held rate over the on-demand price beside it; that is said in its source, and its confidence is medium at
//!   most. Bare metal is left out: its on-demand price is not in line with the family's. Nothing is carried
//!   to another family (`m7i` is not `m7i-flex`), region, term or payment.
//! - **Spot.** The price of every type floats on its own: only what is held for the very type.

mod discounts;
mod embedded;
mod on_demand;
mod sources;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::OnceLock};

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;

use super::{Charges, Confidence, PlanPayment, PlanTerm, csv_rows::csv_rows};
use crate::workload::Region;

pub use sources::{PriceSource, PriceSources};

use discounts::{Discount, DiscountTable, Figure};
use on_demand::OnDemandTable;

const SOURCES: &str = include_str!("../../pricing/ec2_sources.csv");
const DISCOUNTS: &str = include_str!("../../pricing/ec2_discounts.csv");

/// Prices of EC2 instances (Linux, shared tenancy). What is not held gives `None`, never a neighbour.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InstancePrices {
    sources: PriceSources,
    discounts: DiscountTable,
    regions: BTreeMap<String, RegionTable>,
    /// What managing an instance costs on ECS Managed Instances, where a price list said it.
    fees: BTreeMap<String, OnDemandTable>,
}

/// A region's on-demand table, parsed or not yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct RegionTable {
    text: &'static str,
    /// Its rows, and the sources that they name.
    parsed: OnceLock<OnDemandTable>,
    /// Of a table that was added: its own sources.
    sources: Option<PriceSources>,
}

/// A figure and where it is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstancePrice {
    /// USD an hour.
    pub usd: Decimal,
    /// ISO date on which the source gave it.
    pub effective_date: String,
    pub confidence: Confidence,
    pub source: String,
}

/// Which discount an hour is bought with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstancePurchase {
    OnDemand,
    Spot,
    ComputeSavingsPlan(PlanTerm, PlanPayment),
    Ec2InstanceSavingsPlan(PlanTerm, PlanPayment),
}

impl InstancePurchase {
    /// From its name in tables and config; only plans have a term and a payment.
    pub fn read(name: &str, term: Option<PlanTerm>, payment: Option<PlanPayment>) -> Result<Self, String> {
        match (name, term, payment) {
            ("on-demand", None, None) => Ok(Self::OnDemand),
            ("spot", None, None) => Ok(Self::Spot),
            ("on-demand" | "spot", _, _) => Err(format!("{name} has no term and no payment")),
            ("compute-savings-plan", Some(term), Some(payment)) => {
                Ok(Self::ComputeSavingsPlan(term, payment))
            }
            ("ec2-instance-savings-plan", Some(term), Some(payment)) => {
                Ok(Self::Ec2InstanceSavingsPlan(term, payment))
            }
            ("compute-savings-plan" | "ec2-instance-savings-plan", _, _) => {
                Err(format!("{name} needs a term and a payment"))
            }
            _ => Err(format!(
                "purchase must be spot, compute-savings-plan or ec2-instance-savings-plan, not {name:?}"
            )),
        }
    }

    /// A Savings Plan of either kind.
    pub fn is_plan(self) -> bool {
        matches!(self, Self::ComputeSavingsPlan(..) | Self::Ec2InstanceSavingsPlan(..))
    }
}

/// What is wrong with a table, and where.
#[derive(Debug, thiserror::Error)]
#[error("{name}: line {line}: {cause}")]
pub struct InstancePricesError {
    pub name: String,
    pub line: u64,
    pub cause: String,
}

impl InstancePricesError {
    fn at(name: &str, line: u64, cause: String) -> Self {
        Self { name: name.to_owned(), line, cause }
    }
}

impl InstancePrices {
    /// The prices that this fargauge was built with.
    pub fn embedded() -> &'static Self {
        static PRICES: OnceLock<InstancePrices> = OnceLock::new();
        PRICES.get_or_init(|| {
            let sources = PriceSources::parse("embedded ec2_sources", SOURCES)
                .expect("a test parses the embedded sources");
            let discounts = DiscountTable::parse("embedded ec2_discounts", DISCOUNTS, &sources)
                .expect("a test parses the embedded discounts");
            let table = |text| RegionTable { text, ..RegionTable::default() };
            let regions = embedded::REGIONS.iter().map(|(region, text)| ((*region).to_owned(), table(*text)));
            Self { sources, discounts, regions: regions.collect(), fees: BTreeMap::new() }
        })
    }

    /// The files that are embedded, by their names under `pricing/`.
    pub(super) fn embedded_files() -> impl Iterator<Item = (String, &'static str)> {
        let tables = embedded::REGIONS.iter().map(|(region, text)| (format!("ec2/{region}.csv"), *text));
        tables.chain([("ec2_sources.csv".to_owned(), SOURCES), ("ec2_discounts.csv".to_owned(), DISCOUNTS)])
    }

    /// From files in the schemas of `pricing/ec2_sources.csv`, `pricing/ec2_discounts.csv` and, by region,
    /// `pricing/ec2/REGION.csv`.
    pub fn parse<'a>(
        sources: &str,
        discounts: &str,
        regions: impl IntoIterator<Item = (Region, &'a str)>,
    ) -> Result<Self, InstancePricesError> {
        let sources = PriceSources::parse("ec2_sources.csv", sources)?;
        let discounts = DiscountTable::parse("ec2_discounts.csv", discounts, &sources)?;
        let mut prices = Self { sources: sources.clone(), discounts, ..Self::default() };
        for (region, text) in regions {
            prices.replace_region(&region, &format!("ec2/{region}.csv"), text, sources.clone())?;
        }
        Ok(prices)
    }

    /// Puts an on-demand table, in the schema of `pricing/ec2/REGION.csv`, in the place of a region's. `name`
    /// says in messages where it is from.
    pub fn replace_region(
        &mut self,
        region: &Region,
        name: &str,
        text: &str,
        sources: PriceSources,
    ) -> Result<(), InstancePricesError> {
        let parsed = OnceLock::from(OnDemandTable::parse(name, text, &sources)?);
        self.regions
            .insert(region.as_str().to_owned(), RegionTable { text: "", parsed, sources: Some(sources) });
        Ok(())
    }

    /// With a region's fees of ECS Managed Instances, in the schema of `pricing/ec2/REGION.csv`. `name` says in
    /// messages where they are from.
    pub fn add_management_fees(
        &mut self,
        region: &Region,
        name: &str,
        text: &str,
    ) -> Result<(), InstancePricesError> {
        let fees = OnDemandTable::parse(name, text, &self.sources)?;
        self.fees.insert(region.as_str().to_owned(), fees);
        Ok(())
    }

    /// USD an hour of managing an instance on ECS Managed Instances: the fee held for the very type, else the
    /// share of its on-demand price that `charges` have on the day.
    pub fn management_fee(
        &self,
        charges: &Charges,
        region: &Region,
        instance_type: &str,
        on: Date,
    ) -> Option<Decimal> {
        let held = self.fees.get(region.as_str()).and_then(|table| table.get(instance_type));
        if let Some((usd, _)) = held {
            return Some(usd);
        }
        let percent = charges.managed_instances_fee(instance_type, on)?.amount;
        Some(self.on_demand(region, instance_type)?.usd * percent / Decimal::ONE_HUNDRED)
    }

    /// The regions that have a table, sorted.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.regions.keys().map(String::as_str)
    }

    /// USD an hour of a type in a region; a region's table is parsed when it is first asked for.
    pub fn price(
        &self,
        region: &Region,
        instance_type: &str,
        purchase: InstancePurchase,
    ) -> Option<InstancePrice> {
        if purchase == InstancePurchase::OnDemand {
            return self.on_demand(region, instance_type);
        }
        match self.discounts.of_type(region.as_str(), instance_type, purchase) {
            Some(discount) => self.discounted(region, instance_type, discount),
            None if purchase.is_plan() => self.derived(region, instance_type, purchase),
            None => None,
        }
    }

    /// The types that have an on-demand price in a region, sorted.
    pub fn types_in(&self, region: &Region) -> Vec<String> {
        self.table(region).map(|(table, _)| table.types().map(str::to_owned).collect()).unwrap_or_default()
    }

    fn on_demand(&self, region: &Region, instance_type: &str) -> Option<InstancePrice> {
        let (table, sources) = self.table(region)?;
        let (usd, id) = table.get(instance_type)?;
        Some(priced(usd, sources.get(id)?))
    }

    /// A region's rows, and the sources that they name.
    fn table(&self, region: &Region) -> Option<(&OnDemandTable, &PriceSources)> {
        let RegionTable { text, parsed, sources } = self.regions.get(region.as_str())?;
        let sources = sources.as_ref().unwrap_or(&self.sources);
        let table = parsed.get_or_init(|| {
            OnDemandTable::parse(region.as_str(), text, sources).expect("a test parses every embedded region")
        });
        Some((table, sources))
    }

    /// What the held discount of this very type makes of it.
    fn discounted(&self, region: &Region, instance_type: &str, discount: &Discount) -> Option<InstancePrice> {
        let source = self.sources.get(&discount.source)?;
        match discount.figure {
            Figure::Usd { usd, .. } => Some(priced(usd, source)),
            Figure::PercentOff(percent) => {
                let list = self.on_demand(region, instance_type)?;
                Some(InstancePrice {
                    usd: list.less(percent),
                    effective_date: list.effective_date.min(source.effective_date.clone()),
                    confidence: list.confidence.max(source.confidence),
                    source: format!("{percent} % off on-demand: {}", source.source),
                })
            }
        }
    }

    /// A plan's price of a type by the rate held for another size of its family in the region.
    fn derived(
        &self,
        region: &Region,
        instance_type: &str,
        purchase: InstancePurchase,
    ) -> Option<InstancePrice> {
        if is_metal(instance_type) {
            return None;
        }
        let list = self.on_demand(region, instance_type)?;
        self.discounts
            .of_family(region.as_str(), family(instance_type), purchase)
            .filter(|(sibling, _)| !is_metal(sibling))
            .find_map(|(sibling, discount)| {
                let Figure::Usd { usd, on_demand: Some(on_demand) } = discount.figure else { return None };
                let source = self.sources.get(&discount.source)?;
                Some(InstancePrice {
                    usd: (list.usd * usd / on_demand).round_dp(6).normalize(),
                    effective_date: list.effective_date.clone().min(source.effective_date.clone()),
                    confidence: Confidence::Medium.max(list.confidence).max(source.confidence),
                    source: format!(
                        "derived from {sibling}, {usd} where on-demand is {on_demand}: {}",
                        source.source
                    ),
                })
            })
    }
}

impl InstancePrice {
    /// USD an hour at `percent` off.
    pub fn less(&self, percent: Decimal) -> Decimal {
        (self.usd * (Decimal::ONE_HUNDRED - percent) / Decimal::ONE_HUNDRED).normalize()
    }
}

fn priced(usd: Decimal, source: &PriceSource) -> InstancePrice {
    let PriceSource { effective_date, confidence, source } = source.clone();
    InstancePrice { usd, effective_date, confidence, source }
}

/// What is before the point of an instance type.
fn family(instance_type: &str) -> &str {
    instance_type.split('.').next().unwrap_or(instance_type)
}

/// Whether its size says that it is bare metal.
fn is_metal(instance_type: &str) -> bool {
    instance_type.split_once('.').is_some_and(|(_, size)| size.starts_with("metal"))
}

/// The rows of a table, each with its line.
fn rows<'a, R: DeserializeOwned + 'a>(
    name: &'a str,
    text: &'a str,
) -> impl Iterator<Item = Result<(u64, R), InstancePricesError>> + 'a {
    csv_rows(text).map(|row| row.map_err(|(line, cause)| InstancePricesError::at(name, line, cause)))
}
