//! [`PriceTables`]: the price tables as rows, to be renewed, compared and written again.
//!
//! Takes the CSV files of `pricing/` by name; gives the same files back. Here a row may be wrong, such as a
//! negative rate: [`verify`] finds it, where a [`PriceBook`](super::PriceBook) refuses it.

mod compare;
mod holdings;
mod older;
mod plausible;
mod problem;
mod renew;
mod row;
mod verify;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use serde::{Serialize, de::DeserializeOwned};

use super::csv_rows::csv_rows;
use row::{DiscountRow, FargateRow, InstanceRow};

pub use self::{
    compare::{ChangeKind, PriceChange, changes},
    holdings::Holdings,
    older::older,
    problem::{PriceProblem, ProblemKind},
    row::{PlanRow, SourceRow},
    verify::verify,
};

/// A table of prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PriceTable {
    Fargate,
    FargateSavingsPlans,
    Ec2,
    Ec2Discounts,
    ManagedInstancesFees,
}

impl PriceTable {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fargate => "fargate",
            Self::FargateSavingsPlans => "fargate-savings-plans",
            Self::Ec2 => "ec2",
            Self::Ec2Discounts => "ec2-discounts",
            Self::ManagedInstancesFees => "managed-instances-fees",
        }
    }
}

/// What a price is of: its table, its region and its name there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriceKey {
    pub table: PriceTable,
    pub region: String,
    /// Such as `linux/x86_64 on-demand vcpu` or `m5.large`.
    pub item: String,
}

/// The names of the files.
pub const FARGATE: &str = "fargate.csv";
pub const FARGATE_PLANS: &str = "fargate_savings_plans.csv";
pub const EC2_FOLDER: &str = "ec2/";
pub const EC2_SOURCES: &str = "ec2_sources.csv";
pub const EC2_DISCOUNTS: &str = "ec2_discounts.csv";
pub const MANAGED_INSTANCES_FOLDER: &str = "managed_instances/";

/// All tables. Regions of EC2 tables are in lower case words, as they are file names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PriceTables {
    fargate: BTreeMap<row::FargateKey, FargateRow>,
    plans: BTreeMap<row::PlanKey, PlanRow>,
    instances: BTreeMap<String, BTreeMap<String, InstanceRow>>,
    discounts: BTreeMap<row::DiscountKey, DiscountRow>,
    fees: BTreeMap<String, BTreeMap<String, InstanceRow>>,
    sources: BTreeMap<String, SourceRow>,
}

/// What is wrong with a file of the tables, and where.
#[derive(Debug, thiserror::Error)]
pub enum TablesError {
    #[error("{name}: line {line}: {cause}")]
    Line { name: String, line: u64, cause: String },
    #[error("{name}: line {line}: this row is there twice")]
    Duplicate { name: String, line: u64 },
    #[error("{name}: is no price table")]
    OtherFile { name: String },
}

impl TablesError {
    /// The same of a file of another name.
    #[must_use]
    pub fn in_file(mut self, file: &str) -> Self {
        let (Self::Line { name, .. } | Self::Duplicate { name, .. } | Self::OtherFile { name }) = &mut self;
        file.clone_into(name);
        self
    }
}

impl PriceTables {
    /// From files by name, such as `fargate.csv` or `ec2/eu-west-1.csv`.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, TablesError> {
        let mut tables = Self::default();
        for (name, text) in files {
            let region = |folder: &str| {
                let name = name.strip_prefix(folder)?.strip_suffix(".csv")?;
                super::offers::is_region(name).then(|| name.to_owned())
            };
            match name {
                FARGATE => tables.fargate = rows(name, text, FargateRow::key)?,
                FARGATE_PLANS => tables.plans = rows(name, text, PlanRow::key)?,
                EC2_SOURCES => tables.sources = rows(name, text, |row: &SourceRow| row.id.clone())?,
                EC2_DISCOUNTS => tables.discounts = rows(name, text, DiscountRow::key)?,
                _ => {
                    let of_type = |row: &InstanceRow| row.instance_type.clone();
                    if let Some(region) = region(EC2_FOLDER) {
                        tables.instances.insert(region, rows(name, text, of_type)?);
                    } else if let Some(region) = region(MANAGED_INSTANCES_FOLDER) {
                        tables.fees.insert(region, rows(name, text, of_type)?);
                    } else {
                        return Err(TablesError::OtherFile { name: name.to_owned() });
                    }
                }
            }
        }
        Ok(tables)
    }

    /// The tables that this fargauge was built with.
    pub fn embedded() -> Self {
        let files: Vec<(String, &str)> = [
            (FARGATE.to_owned(), super::price_book::EMBEDDED),
            (FARGATE_PLANS.to_owned(), super::savings_plans::EMBEDDED),
        ]
        .into_iter()
        .chain(super::InstancePrices::embedded_files())
        .collect();
        Self::parse(files.iter().map(|(name, text)| (name.as_str(), *text)))
            .expect("a test parses the embedded tables")
    }

    /// These tables with the Fargate rates of others.
    #[must_use]
    pub fn with_fargate_of(self, other: Self) -> Self {
        Self { fargate: other.fargate, ..self }
    }

    /// The files, each with its rows sorted; a table without rows has no file.
    pub fn files(&self) -> BTreeMap<String, String> {
        let used: BTreeSet<&str> = self
            .instances
            .values()
            .chain(self.fees.values())
            .flat_map(BTreeMap::values)
            .map(|row| row.source.as_str())
            .chain(self.discounts.values().map(|row| row.source.as_str()))
            .collect();
        let sources = self.sources.values().filter(|source| used.contains(source.id.as_str()));
        let mut files: BTreeMap<String, String> = [
            (FARGATE, text(self.fargate.values())),
            (FARGATE_PLANS, text(self.plans.values())),
            (EC2_SOURCES, text(sources)),
            (EC2_DISCOUNTS, text(self.discounts.values())),
        ]
        .map(|(name, text)| (name.to_owned(), text))
        .into();
        for (folder, regions) in [(EC2_FOLDER, &self.instances), (MANAGED_INSTANCES_FOLDER, &self.fees)] {
            files.extend(
                regions.iter().map(|(region, rows)| (format!("{folder}{region}.csv"), text(rows.values()))),
            );
        }
        files.retain(|_, text| !text.is_empty());
        files
    }

    /// Every price in USD, by what it is of.
    pub fn prices(&self) -> BTreeMap<PriceKey, Decimal> {
        self.dated_prices().into_iter().map(|(key, (usd, _))| (key, usd)).collect()
    }

    /// Every price in USD with the ISO date it is of, by what it is of. A source that is not held has no date.
    fn dated_prices<'a>(&'a self) -> BTreeMap<PriceKey, (Decimal, &'a str)> {
        let mut prices = BTreeMap::new();
        let mut add = |table, region: &str, item: String, usd: Decimal, date: &'a str| {
            prices.insert(PriceKey { table, region: region.to_owned(), item }, (usd, date));
        };
        for row in self.fargate.values() {
            add(PriceTable::Fargate, &row.region, row.item(), row.usd, &row.effective_date);
        }
        for row in self.plans.values() {
            add(PriceTable::FargateSavingsPlans, &row.region, row.item(), row.usd, &row.effective_date);
        }
        let by_type = [(PriceTable::Ec2, &self.instances), (PriceTable::ManagedInstancesFees, &self.fees)];
        for (table, regions) in by_type {
            for (region, row) in
                regions.iter().flat_map(|(region, rows)| rows.values().map(move |row| (region, row)))
            {
                let date = self.date_of(&row.source);
                add(table, region, row.instance_type.clone(), row.usd_per_hour, date);
            }
        }
        for row in self.discounts.values() {
            // Only per cent are held of some.
            if let Some(usd) = row.usd_per_hour {
                add(PriceTable::Ec2Discounts, &row.region, row.item(), usd, self.date_of(&row.source));
            }
        }
        prices
    }

    /// The ISO date of a source, by its id; nothing of one that is not held.
    fn date_of(&self, source: &str) -> &str {
        self.sources.get(source).map_or("", |source| &source.effective_date)
    }

    /// The newest date of what is held of an offer in a region, other than of Spot.
    pub fn newest_date(&self, offer: &str, region: &str) -> Option<&str> {
        use super::offers::{FargateOffer, InstanceOffer};
        match offer {
            FargateOffer::CODE => {
                let rows = self.fargate.values();
                let rows = rows.filter(|row| row.region == region && row.purchase_option != row::SPOT);
                rows.map(|row| row.effective_date.as_str()).max()
            }
            InstanceOffer::CODE => {
                let rows = self.instances.get(region)?.values();
                rows.filter_map(|row| self.sources.get(&row.source))
                    .map(|source| source.effective_date.as_str())
                    .max()
            }
            _ => {
                let rows = self.plans.values().filter(|row| row.region == region);
                rows.map(|row| row.effective_date.as_str()).max()
            }
        }
    }

    /// The date of a fee of Managed Instances.
    fn fee_date(&self, region: &str, instance_type: &str) -> Option<jiff::civil::Date> {
        self.date_of(&self.fees.get(region)?.get(instance_type)?.source).parse().ok()
    }

    /// How many Spot rates of Fargate there are, and the oldest and newest of their dates.
    pub fn spot_rates(&self) -> (usize, Option<(&str, &str)>) {
        let dates: Vec<&str> = self
            .fargate
            .values()
            .filter(|row| row.purchase_option == row::SPOT)
            .map(|row| row.effective_date.as_str())
            .collect();
        (dates.len(), dates.iter().min().copied().zip(dates.iter().max().copied()))
    }
}

fn rows<Row: DeserializeOwned, Key: Ord>(
    name: &str,
    text: &str,
    key: impl Fn(&Row) -> Key,
) -> Result<BTreeMap<Key, Row>, TablesError> {
    let mut rows = BTreeMap::new();
    for row in csv_rows::<Row>(text) {
        let (line, row) =
            row.map_err(|(line, cause)| TablesError::Line { name: name.to_owned(), line, cause })?;
        if rows.insert(key(&row), row).is_some() {
            return Err(TablesError::Duplicate { name: name.to_owned(), line });
        }
    }
    Ok(rows)
}

fn text<'a, Row: Serialize + 'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).expect("rows are flat, and memory takes them all");
    }
    let bytes = writer.into_inner().expect("memory takes all");
    String::from_utf8(bytes).expect("only UTF-8 was written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_written_and_read_again_are_the_same() {
        let tables = PriceTables::embedded();
        let files = tables.files();
        assert!(files.len() > 30, "{:?}", files.keys());
        let again =
            PriceTables::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap();
        assert_eq!(again, tables);
        assert_eq!(again.files(), files);
        assert!(changes(&tables, &again).is_empty());
    }

    #[test]
    fn a_file_that_is_no_table_and_a_row_that_is_there_twice_are_refused() {
        for name in ["other.csv", "ec2/../x.csv", "ec2/us-east-1", "ec2/us-west-2-lax-1.csv"] {
            assert!(matches!(PriceTables::parse([(name, "")]), Err(TablesError::OtherFile { .. })), "{name}");
        }
        let twice = "instance_type,usd_per_hour,source\nm5.large,0.1,a\nm5.large,0.2,a\n";
        let error = PriceTables::parse([("ec2/eu-west-1.csv", twice)]).unwrap_err().to_string();
        assert_eq!(error, "ec2/eu-west-1.csv: line 3: this row is there twice");
        let bad = "instance_type,usd_per_hour,source\nm5.large,cheap,a\n";
        let error = PriceTables::parse([("ec2/eu-west-1.csv", bad)]).unwrap_err().to_string();
        assert!(error.starts_with("ec2/eu-west-1.csv: line 2: "), "{error}");
    }
}
