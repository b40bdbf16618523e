//! [`Rate`]: one price of the book, and where it is from.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::workload::{Architecture, OperatingSystem, Platform, PurchaseOption, Region};

/// What a rate is charged for. The unit is an hour of one vCPU or one GB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RateDimension {
    Vcpu,
    Memory,
    /// Per GB-hour above the free 20 GiB; the same for every platform.
    EphemeralStorage,
    /// Windows Server, per vCPU-hour.
    WindowsLicence,
}

impl RateDimension {
    pub const ALL: [Self; 4] = [Self::Vcpu, Self::Memory, Self::EphemeralStorage, Self::WindowsLicence];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vcpu => "vcpu",
            Self::Memory => "memory",
            Self::EphemeralStorage => "ephemeral-storage",
            Self::WindowsLicence => "windows-licence",
        }
    }

    pub const fn unit(self) -> &'static str {
        match self {
            Self::Vcpu | Self::WindowsLicence => "vCPU-hour",
            Self::Memory | Self::EphemeralStorage => "GB-hour",
        }
    }
}

impl fmt::Display for RateDimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How well a rate is evidenced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    High,
    Medium,
    Low,
}

impl Confidence {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// What a rate is looked up by. `platform` is `None` where the rate is the same for all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RateKey {
    pub region: Region,
    pub platform: Option<Platform>,
    pub purchase: PurchaseOption,
    pub dimension: RateDimension,
}

impl RateKey {
    pub fn os(&self) -> &'static str {
        self.platform.map_or("any", |platform| platform.os.as_str())
    }

    pub fn arch(&self) -> &'static str {
        self.platform.map_or("any", |platform| platform.arch.as_str())
    }
}

impl fmt::Display for RateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { region, purchase, dimension, .. } = self;
        write!(f, "{region} {}/{} {} {dimension}", self.os(), self.arch(), purchase.as_str())
    }
}

/// A rate in USD per unit, exactly as published, with its provenance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    pub key: RateKey,
    pub usd: Decimal,
    /// ISO date at which the source gives this rate as in force.
    pub effective_date: String,
    pub confidence: Confidence,
    pub source: String,
}

/// A line of `pricing/fargate.csv`.
#[derive(Debug, Deserialize)]
pub(super) struct RateRow {
    region: String,
    operating_system: String,
    architecture: String,
    purchase_option: PurchaseOption,
    dimension: RateDimension,
    unit: String,
    usd: Decimal,
    effective_date: String,
    confidence: Confidence,
    source: String,
}

impl RateRow {
    /// The rate, or what is wrong with the line.
    pub(super) fn into_rate(self) -> Result<Rate, String> {
        let platform = match (self.operating_system.as_str(), self.architecture.as_str()) {
            ("any", "any") => None,
            ("linux", "x86_64") => Some((OperatingSystem::Linux, Architecture::X86_64)),
            ("linux", "arm64") => Some((OperatingSystem::Linux, Architecture::Arm64)),
            ("windows", "x86_64") => Some((OperatingSystem::Windows, Architecture::X86_64)),
            (os, arch) => return Err(format!("unknown platform {os}/{arch}")),
        }
        .map(|(os, arch)| Platform { os, arch });
        let Self { dimension, unit, usd, region, source, effective_date, .. } = &self;
        refuse_impossible(*dimension, unit, *usd, [region.as_str(), source.as_str()], effective_date)?;
        Ok(Rate {
            key: RateKey {
                region: Region(self.region),
                platform,
                purchase: self.purchase_option,
                dimension: self.dimension,
            },
            usd: self.usd,
            effective_date: self.effective_date,
            confidence: self.confidence,
            source: self.source,
        })
    }
}

/// The most that an hour of anything may cost: no price known is a thousandth of it, and what is summed up at it can
/// still be held.
const MOST_USD: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// Nothing or less to pay, and more than [`MOST_USD`]; `what` it is.
pub(super) fn refuse_amount(what: &str, usd: Decimal) -> Result<(), String> {
    if usd <= Decimal::ZERO {
        return Err(format!("{what} must be positive, not {usd}"));
    }
    if usd > MOST_USD {
        return Err(format!("{what} must be {MOST_USD} USD at most, not {usd}"));
    }
    Ok(())
}

/// What no line of any table of rates may say: another unit than its dimension's, an amount that
/// cannot be, empty `names`, no date.
pub(super) fn refuse_impossible(
    dimension: RateDimension,
    unit: &str,
    usd: Decimal,
    names: [&str; 2],
    effective_date: &str,
) -> Result<(), String> {
    if unit != dimension.unit() {
        return Err(format!("{dimension} is charged per {}, not per {unit}", dimension.unit()));
    }
    refuse_amount("a rate", usd)?;
    if names.contains(&"") {
        return Err("region and source must not be empty".to_owned());
    }
    if effective_date.parse::<jiff::civil::Date>().is_err() {
        return Err(format!("effective_date must be YYYY-MM-DD, not {effective_date:?}"));
    }
    Ok(())
}
