//! [`SavingsPlanRates`]: Compute Savings Plan list rates for Fargate, dated and sourced.
//!
//! Takes a region, platform, term and payment; gives the hourly rates of a vCPU and of a GB, or
//! nothing. A rate that is not held is never worked out from a discount per cent, from another region
//! or from another term. Savings Plans cover vCPU and memory: not ephemeral storage, not Spot, and
//! for Windows no rate is known.

use std::{collections::BTreeMap, sync::OnceLock};

use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Confidence, PriceBookError, RateDimension, csv_rows::csv_rows, rate::refuse_impossible};
use crate::workload::{Architecture, OperatingSystem, Platform, Region};

/// The rates embedded in the binary.
pub(super) const EMBEDDED: &str = include_str!("../../pricing/fargate_savings_plans.csv");

/// How long a commitment binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum PlanTerm {
    #[serde(rename = "1yr")]
    OneYear,
    #[serde(rename = "3yr")]
    ThreeYears,
}

impl PlanTerm {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneYear => "1yr",
            Self::ThreeYears => "3yr",
        }
    }
}

/// How much of a commitment is paid in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanPayment {
    NoUpfront,
    PartialUpfront,
    AllUpfront,
}

impl PlanPayment {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoUpfront => "no-upfront",
            Self::PartialUpfront => "partial-upfront",
            Self::AllUpfront => "all-upfront",
        }
    }
}

/// What a rate is looked up by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct PlanKey {
    region: Region,
    platform: Platform,
    term: PlanTerm,
    payment: PlanPayment,
    dimension: RateDimension,
}

/// A rate in USD per hour of one vCPU or GB, with its provenance. What is paid in advance is spread
/// over the term's hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRate {
    pub usd: Decimal,
    /// ISO date at which the source gives this rate as in force.
    pub effective_date: String,
    pub confidence: Confidence,
    pub source: String,
}

/// Both rates that a task needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanRates<'a> {
    pub vcpu: &'a PlanRate,
    pub memory: &'a PlanRate,
}

impl PlanRates<'_> {
    /// The older of the two dates.
    pub fn effective_date(&self) -> &str {
        self.vcpu.effective_date.as_str().min(self.memory.effective_date.as_str())
    }
}

/// Every Savings Plan rate fargauge knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavingsPlanRates {
    rates: BTreeMap<PlanKey, PlanRate>,
}

impl SavingsPlanRates {
    /// The rates that this fargauge was built with.
    pub fn embedded() -> &'static Self {
        static RATES: OnceLock<SavingsPlanRates> = OnceLock::new();
        RATES.get_or_init(|| Self::parse("embedded", EMBEDDED).expect("a test parses the embedded rates"))
    }

    /// From CSV in the schema of `pricing/fargate_savings_plans.csv`. `name` says in messages where it
    /// is from.
    pub fn parse(name: &str, text: &str) -> Result<Self, PriceBookError> {
        let mut rates = BTreeMap::new();
        let at = |line, cause| PriceBookError::Line { name: name.to_owned(), line, cause };
        for row in csv_rows::<PlanRow>(text) {
            let (line, row) = row.map_err(|(line, cause)| at(line, cause))?;
            let (key, rate) = row.into_rate().map_err(|cause| at(line, cause))?;
            if rates.insert(key, rate).is_some() {
                return Err(at(line, "this rate is there twice".to_owned()));
            }
        }
        if rates.is_empty() {
            return Err(PriceBookError::Empty { name: name.to_owned() });
        }
        Ok(Self { rates })
    }

    /// The rates of a plan, if both are held.
    pub fn rates(
        &self,
        region: &Region,
        platform: Platform,
        term: PlanTerm,
        payment: PlanPayment,
    ) -> Option<PlanRates<'_>> {
        let rate = |dimension| {
            self.rates.get(&PlanKey { region: region.clone(), platform, term, payment, dimension })
        };
        Some(PlanRates { vcpu: rate(RateDimension::Vcpu)?, memory: rate(RateDimension::Memory)? })
    }
}

/// A line of `pricing/fargate_savings_plans.csv`.
#[derive(Debug, Deserialize)]
struct PlanRow {
    region: String,
    operating_system: String,
    architecture: String,
    term: PlanTerm,
    payment: PlanPayment,
    dimension: RateDimension,
    unit: String,
    usd: Decimal,
    effective_date: String,
    confidence: Confidence,
    source: String,
}

impl PlanRow {
    /// The rate and its key, or what is wrong with the line.
    fn into_rate(self) -> Result<(PlanKey, PlanRate), String> {
        let platform = match (self.operating_system.as_str(), self.architecture.as_str()) {
            ("linux", "x86_64") => Platform { os: OperatingSystem::Linux, arch: Architecture::X86_64 },
            ("linux", "arm64") => Platform { os: OperatingSystem::Linux, arch: Architecture::Arm64 },
            (os, arch) => return Err(format!("no Savings Plan covers {os}/{arch}")),
        };
        if !matches!(self.dimension, RateDimension::Vcpu | RateDimension::Memory) {
            return Err(format!("no Savings Plan covers {}", self.dimension));
        }
        let Self { dimension, unit, usd, region, source, effective_date, .. } = &self;
        refuse_impossible(*dimension, unit, *usd, [region.as_str(), source.as_str()], effective_date)?;
        let key = PlanKey {
            region: Region(self.region),
            platform,
            term: self.term,
            payment: self.payment,
            dimension: self.dimension,
        };
        let rate = PlanRate {
            usd: self.usd,
            effective_date: self.effective_date,
            confidence: self.confidence,
            source: self.source,
        };
        Ok((key, rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{pricing::PriceBook, workload::PurchaseOption};

    const LINUX: Platform = Platform { os: OperatingSystem::Linux, arch: Architecture::X86_64 };
    const ARM: Platform = Platform { os: OperatingSystem::Linux, arch: Architecture::Arm64 };
    const WINDOWS: Platform = Platform { os: OperatingSystem::Windows, arch: Architecture::X86_64 };

    fn usd(region: &str, platform: Platform, term: PlanTerm, payment: PlanPayment) -> Option<String> {
        SavingsPlanRates::embedded()
            .rates(&Region(region.to_owned()), platform, term, payment)
            .map(|rates| format!("{} {}", rates.vcpu.usd, rates.memory.usd))
    }

    #[test]
    fn a_plan_has_both_rates_or_none() {
        use PlanPayment::{AllUpfront, NoUpfront, PartialUpfront};
        use PlanTerm::{OneYear, ThreeYears};
        for (region, platform, term, payment, expected) in [
            ("us-east-1", LINUX, OneYear, NoUpfront, Some("0.032384 0.003556")),
            ("us-east-1", LINUX, ThreeYears, NoUpfront, Some("0.022264 0.00244475")),
            ("us-east-1", ARM, OneYear, NoUpfront, Some("0.0255 0.0028")),
            ("us-west-2", LINUX, OneYear, AllUpfront, Some("0.0295504 0.00324485")),
            ("us-west-2", ARM, ThreeYears, AllUpfront, Some("0.01587 0.00174")),
            ("eu-west-1", ARM, OneYear, NoUpfront, Some("0.0255 0.0028")),
            ("ap-south-1", ARM, ThreeYears, NoUpfront, Some("0.012874 0.001404")),
            // Only its vCPU rate is held.
            ("us-east-1", LINUX, OneYear, AllUpfront, None),
            // Another term, another region, another architecture is held.
            ("us-west-2", LINUX, OneYear, NoUpfront, None),
            ("eu-west-1", LINUX, OneYear, NoUpfront, None),
            ("us-east-2", LINUX, OneYear, NoUpfront, None),
            ("us-east-1", LINUX, OneYear, PartialUpfront, None),
            ("us-east-1", WINDOWS, OneYear, NoUpfront, None),
        ] {
            assert_eq!(usd(region, platform, term, payment).as_deref(), expected, "{region} {platform}");
        }
    }

    #[test]
    fn every_plan_rate_is_below_the_on_demand_rate_of_the_same_region_and_platform() {
        for (key, plan) in &SavingsPlanRates::embedded().rates {
            let list = PriceBook::embedded()
                .rate(&key.region, key.platform, PurchaseOption::OnDemand, key.dimension)
                .unwrap_or_else(|| panic!("{key:?}"));
            let off = Decimal::ONE - plan.usd / list.usd;
            // AWS gives 50 % as the most for Fargate; the list has 52 % for 3 years all upfront.
            assert!(off > Decimal::new(15, 2) && off < Decimal::new(53, 2), "{key:?} is {off} off");
        }
        assert_eq!(SavingsPlanRates::embedded().rates.len(), 31);
    }

    #[test]
    fn a_bad_line_is_named() {
        let header = EMBEDDED.lines().next().unwrap();
        let good = "us-east-1,linux,x86_64,1yr,no-upfront,vcpu,vCPU-hour,0.03,2026-01-01,high,list";
        for (line, message) in [
            (good.replace("0.03", "0"), "test: line 3: a rate must be positive, not 0"),
            (good.replace("vCPU-hour", "GB-hour"), "not per GB-hour"),
            (good.replace("2026-01-01", "soon"), "effective_date must be YYYY-MM-DD"),
            (good.replace("linux", "windows"), "no Savings Plan covers windows/x86_64"),
            (good.replace(",vcpu,", ",ephemeral-storage,"), "no Savings Plan covers ephemeral-storage"),
            (good.replace("1yr", "2yr"), "unknown variant `2yr`"),
            (good.replace("us-east-1", "us-east-2"), "test: line 3: this rate is there twice"),
        ] {
            let text = format!("{header}\n{}\n{line}\n", good.replace("us-east-1", "us-east-2"));
            let error = SavingsPlanRates::parse("test", &text).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
        }
        assert!(SavingsPlanRates::parse("test", header).is_err());
    }
}
