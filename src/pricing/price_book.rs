//! [`PriceBook`]: every rate fargauge knows, dated and sourced.

use std::{collections::BTreeMap, sync::OnceLock};

use super::{
    InstancePrices,
    csv_rows::csv_rows,
    rate::{Rate, RateDimension, RateKey, RateRow},
    savings_plans::SavingsPlanRates,
};
use crate::workload::{Platform, PurchaseOption, Region};

/// The rates embedded in the binary.
pub(super) const EMBEDDED: &str = include_str!("../../pricing/fargate.csv");

/// A set of rates, found by key. Looking up what is not there gives `None`, never a neighbour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceBook {
    id: String,
    sha256: String,
    rates: BTreeMap<RateKey, Rate>,
    /// Its own rates of Savings Plans, where it has some.
    plans: Option<SavingsPlanRates>,
    /// Its own prices of EC2 instances, where it has some.
    instances: Option<InstancePrices>,
}

#[derive(Debug, thiserror::Error)]
pub enum PriceBookError {
    #[error("{name}: line {line}: {cause}")]
    Line { name: String, line: u64, cause: String },
    #[error("{name}: line {line}: {key} is there twice")]
    Duplicate { name: String, line: u64, key: RateKey },
    #[error("{name}: holds no rates")]
    Empty { name: String },
}

impl PriceBook {
    /// The book that this fargauge was built with.
    pub fn embedded() -> &'static Self {
        static BOOK: OnceLock<PriceBook> = OnceLock::new();
        BOOK.get_or_init(|| Self::parse("embedded", EMBEDDED).expect("a test parses the embedded price book"))
    }

    /// From CSV in the schema of `pricing/fargate.csv`. `name` says in messages where it is from.
    pub fn parse(name: &str, text: &str) -> Result<Self, PriceBookError> {
        let mut rates = BTreeMap::new();
        let at = |line, cause| PriceBookError::Line { name: name.to_owned(), line, cause };
        for row in csv_rows::<RateRow>(text) {
            let (line, row) = row.map_err(|(line, cause)| at(line, cause))?;
            let rate = row.into_rate().map_err(|cause| at(line, cause))?;
            let key = rate.key.clone();
            if rates.insert(key.clone(), rate).is_some() {
                return Err(PriceBookError::Duplicate { name: name.to_owned(), line, key });
            }
        }
        if rates.is_empty() {
            return Err(PriceBookError::Empty { name: name.to_owned() });
        }
        let sha256 = crate::sha256::hex(text.as_bytes());
        Ok(Self { id: format!("{name}-{}", &sha256[..12]), sha256, rates, plans: None, instances: None })
    }

    /// The same rates as part of a book of several files: with its rates of Savings Plans, and named and
    /// told apart by the checksum of them all.
    #[must_use]
    pub fn of_files(self, name: &str, sha256: String, plans: Option<SavingsPlanRates>) -> Self {
        let id = format!("{name}-{}", sha256.get(..12).unwrap_or(&sha256));
        Self { id, sha256, plans, ..self }
    }

    /// The rates of Savings Plans that go with the book: its own, else the built-in ones.
    pub fn savings_plans(&self) -> &SavingsPlanRates {
        self.plans.as_ref().unwrap_or_else(|| SavingsPlanRates::embedded())
    }

    /// The same book with prices of EC2 instances.
    #[must_use]
    pub fn with_instance_prices(self, instances: InstancePrices) -> Self {
        Self { instances: Some(instances), ..self }
    }

    /// The prices of EC2 instances that go with the book: its own, else the built-in ones.
    pub fn instance_prices(&self) -> &InstancePrices {
        self.instances.as_ref().unwrap_or_else(|| InstancePrices::embedded())
    }

    /// The rate for one dimension. `platform` is ignored where one rate holds for all.
    pub fn rate(
        &self,
        region: &Region,
        platform: Platform,
        purchase: PurchaseOption,
        dimension: RateDimension,
    ) -> Option<&Rate> {
        let platform = (dimension != RateDimension::EphemeralStorage).then_some(platform);
        self.rates.get(&RateKey { region: region.clone(), platform, purchase, dimension })
    }

    /// Every rate, by region, platform, purchase option and dimension.
    pub fn rates(&self) -> impl Iterator<Item = &Rate> {
        self.rates.values()
    }

    /// Name and first digits of the checksum.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// SHA-256 of the book's text, hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The newest effective date among the rates.
    pub fn effective_date(&self) -> &str {
        self.rates.values().map(|rate| rate.effective_date.as_str()).max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::workload::{Architecture, OperatingSystem};

    const LINUX: Platform = Platform { os: OperatingSystem::Linux, arch: Architecture::X86_64 };
    const ARM: Platform = Platform { os: OperatingSystem::Linux, arch: Architecture::Arm64 };

    fn usd(region: &str, platform: Platform, dimension: RateDimension) -> Option<String> {
        PriceBook::embedded()
            .rate(&Region(region.to_owned()), platform, PurchaseOption::OnDemand, dimension)
            .map(|rate| rate.usd.to_string())
    }

    #[test]
    fn the_embedded_book_holds_every_rate_with_its_source() {
        let book = PriceBook::embedded();
        assert_eq!(book.rates().count(), 167);
        let regions: BTreeSet<_> = book.rates().map(|rate| &rate.key.region).collect();
        assert_eq!(regions.len(), 29);
    }

    #[test]
    fn rates_keep_all_their_decimals() {
        assert_eq!(usd("il-central-1", ARM, RateDimension::Vcpu).as_deref(), Some("0.04145152"));
        assert_eq!(usd("mx-central-1", LINUX, RateDimension::Memory).as_deref(), Some("0.00466725"));
        assert_eq!(usd("us-east-1", LINUX, RateDimension::Vcpu).as_deref(), Some("0.04048"));
    }

    #[test]
    fn what_is_not_in_the_book_has_no_rate() {
        assert_eq!(usd("ap-southeast-5", LINUX, RateDimension::Vcpu), None);
        // The vCPU rate of this region is known, its memory rate is not.
        assert!(usd("me-central-1", LINUX, RateDimension::Vcpu).is_some());
        assert_eq!(usd("me-central-1", LINUX, RateDimension::Memory), None);
        // ARM is not derived from x86.
        assert_eq!(usd("eu-west-3", ARM, RateDimension::Vcpu), None);
    }

    #[test]
    fn a_bad_line_is_named() {
        let header = EMBEDDED.lines().next().unwrap();
        let good = "us-east-1,linux,x86_64,on-demand,vcpu,vCPU-hour,0.04,2026-01-01,high,list";
        for (line, message) in [
            (good.replace("0.04", "-0.04"), "test: line 3: a rate must be positive, not -0.04"),
            (
                good.replace("0.04", "1000000.01"),
                "line 3: a rate must be 1000000 USD at most, not 1000000.01",
            ),
            (good.replace("0.04", "1e28"), "USD at most"),
            (good.replace("vCPU-hour", "vCPU-second"), "not per vCPU-second"),
            (good.replace("2026-01-01", "soon"), "effective_date must be YYYY-MM-DD"),
            (good.replace("linux", "plan9"), "unknown platform plan9/x86_64"),
            (good.replace("us-east-1", "us-east-2"), "us-east-2 linux/x86_64 on-demand vcpu is there twice"),
        ] {
            let text = format!("{header}\n{}\n{line}\n", good.replace("us-east-1", "us-east-2"));
            let error = PriceBook::parse("test", &text).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
        assert!(PriceBook::parse("test", header).is_err());
    }
}
