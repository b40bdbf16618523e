//! [`Charges`]: what is charged beside the price of instances: the fees of Managed Instances and EKS Auto
//! Mode, EKS clusters, public addresses, volumes. Dated and sourced.
//!
//! Takes CSV in the schema of `pricing/charges.csv`; refuses a line with an unknown charge, a unit that is not the
//! charge's, or an amount that is not positive. What is not held gives `None`.

use std::sync::OnceLock;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::{Confidence, csv_rows::csv_rows};
use crate::workload::Region;

const EMBEDDED: &str = include_str!("../../pricing/charges.csv");

/// Something that is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ChargeKind {
    ManagedInstancesFee,
    EksAutoModeFee,
    EksClusterStandardSupport,
    EksClusterExtendedSupport,
    #[serde(rename = "public-ipv4-address")]
    PublicIpv4Address,
    #[serde(rename = "ebs-gp3-volume")]
    EbsGp3Volume,
}

impl ChargeKind {
    /// As tables name it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::ManagedInstancesFee => "managed-instances-fee",
            Self::EksAutoModeFee => "eks-auto-mode-fee",
            Self::EksClusterStandardSupport => "eks-cluster-standard-support",
            Self::EksClusterExtendedSupport => "eks-cluster-extended-support",
            Self::PublicIpv4Address => "public-ipv4-address",
            Self::EbsGp3Volume => "ebs-gp3-volume",
        }
    }

    const fn unit(self) -> &'static str {
        match self {
            Self::ManagedInstancesFee | Self::EksAutoModeFee => "percent-of-on-demand",
            Self::EbsGp3Volume => "USD-per-GB-month",
            _ => "USD-per-hour",
        }
    }
}

/// An amount and where it is from. Which unit it is in, the lookup says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charge {
    pub amount: Decimal,
    /// ISO date from which the source gives it as in force; absent where the source gives none.
    pub valid_from: Option<String>,
    pub confidence: Confidence,
    pub source: String,
}

/// A charge, and what it holds for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    kind: ChargeKind,
    /// A region, or an instance series such as `g`; `None` for all.
    scope: Option<String>,
    from: Option<Date>,
    charge: Charge,
}

/// A charge that holds in a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegionCharge<'a> {
    /// Such as `eks-auto-mode-fee`.
    pub name: &'static str,
    /// What it is for: `any`, the region, or an instance series such as `g`.
    pub scope: &'a str,
    pub unit: &'static str,
    pub charge: &'a Charge,
}

/// All charges that are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charges(Vec<Entry>);

/// What is wrong with a table of charges, and where.
#[derive(Debug, thiserror::Error)]
#[error("{name}: line {line}: {cause}")]
pub struct ChargesError {
    pub name: String,
    pub line: u64,
    pub cause: String,
}

impl Charges {
    /// The charges that this fargauge was built with.
    pub fn embedded() -> &'static Self {
        static CHARGES: OnceLock<Charges> = OnceLock::new();
        CHARGES.get_or_init(|| Self::parse("embedded", EMBEDDED).expect("a test parses the embedded charges"))
    }

    /// From CSV in the schema of `pricing/charges.csv`. `name` says in messages where it is from.
    pub fn parse(name: &str, text: &str) -> Result<Self, ChargesError> {
        let mut entries: Vec<Entry> = Vec::new();
        let at = |line, cause| ChargesError { name: name.to_owned(), line, cause };
        for row in csv_rows::<ChargeRow>(text) {
            let (line, row) = row.map_err(|(line, cause)| at(line, cause))?;
            let entry = row.into_entry().map_err(|cause| at(line, cause))?;
            let same = |other: &Entry| {
                (other.kind, &other.scope, other.from) == (entry.kind, &entry.scope, entry.from)
            };
            if entries.iter().any(same) {
                return Err(at(line, "this charge is there twice".to_owned()));
            }
            entries.push(entry);
        }
        Ok(Self(entries))
    }

    /// The management fee of an instance on ECS Managed Instances on a day, in per cent of its on-demand
    /// price: of that also where the instance is Spot or covered by a plan. `None` before there was a fee.
    pub fn managed_instances_fee(&self, instance_type: &str, on: Date) -> Option<&Charge> {
        self.find(ChargeKind::ManagedInstancesFee, series(instance_type), Some(on))
    }

    /// The same of EKS Auto Mode.
    pub fn eks_auto_mode_fee(&self, instance_type: &str, on: Date) -> Option<&Charge> {
        self.find(ChargeKind::EksAutoModeFee, series(instance_type), Some(on))
    }

    /// USD an hour of an EKS cluster whose Kubernetes version is in standard or extended support.
    pub fn eks_cluster(&self, extended_support: bool) -> Option<&Charge> {
        let kind = if extended_support {
            ChargeKind::EksClusterExtendedSupport
        } else {
            ChargeKind::EksClusterStandardSupport
        };
        self.find(kind, "", None)
    }

    /// USD an hour of a public IPv4 address.
    pub fn public_ipv4_address(&self) -> Option<&Charge> {
        self.find(ChargeKind::PublicIpv4Address, "", None)
    }

    /// USD a month of a GB of a gp3 volume. Held for few regions.
    pub fn gp3_volume(&self, region: &Region) -> Option<&Charge> {
        self.find(ChargeKind::EbsGp3Volume, region.as_str(), None)
    }

    /// Every charge that holds in a region, in the order of the table; of all times.
    pub fn of_region(&self, region: &Region) -> impl Iterator<Item = RegionCharge<'_>> {
        let volume = |entry: &Entry| entry.kind == ChargeKind::EbsGp3Volume;
        self.0
            .iter()
            .filter(move |entry| !volume(entry) || entry.scope.as_deref() == Some(region.as_str()))
            .map(|entry| RegionCharge {
                name: entry.kind.as_str(),
                scope: entry.scope.as_deref().unwrap_or("any"),
                unit: entry.kind.unit(),
                charge: &entry.charge,
            })
    }

    /// What holds for `scope` itself, else for all; of several, the latest that is in force on the day.
    fn find(&self, kind: ChargeKind, scope: &str, on: Option<Date>) -> Option<&Charge> {
        let latest = |of: Option<&str>| {
            self.0
                .iter()
                .filter(|entry| entry.kind == kind && entry.scope.as_deref() == of)
                .filter(|entry| on.is_none_or(|on| entry.from.is_none_or(|from| from <= on)))
                .max_by_key(|entry| entry.from)
        };
        latest(Some(scope)).or_else(|| latest(None)).map(|entry| &entry.charge)
    }
}

/// The letters that an instance type begins with: `g` of `g4dn.xlarge`, `trn` of `trn1.2xlarge`.
fn series(instance_type: &str) -> &str {
    let end = instance_type.find(|letter: char| !letter.is_ascii_lowercase());
    &instance_type[..end.unwrap_or(instance_type.len())]
}

/// A line of `pricing/charges.csv`.
#[derive(Debug, Deserialize)]
struct ChargeRow {
    charge: ChargeKind,
    scope: String,
    amount: Decimal,
    unit: String,
    valid_from: Option<String>,
    confidence: Confidence,
    source: String,
}

impl ChargeRow {
    /// The charge, or what is wrong with the line.
    fn into_entry(self) -> Result<Entry, String> {
        let kind = self.charge;
        if self.unit != kind.unit() {
            return Err(format!("this charge is in {}, not {}", kind.unit(), self.unit));
        }
        if self.amount <= Decimal::ZERO {
            return Err(format!("an amount must be positive, not {}", self.amount));
        }
        if self.scope.is_empty() || self.source.is_empty() {
            return Err("scope and source must not be empty".to_owned());
        }
        let from = match &self.valid_from {
            Some(date) => Some(
                date.parse().map_err(|_| format!("valid_from must be YYYY-MM-DD or empty, not {date:?}"))?,
            ),
            None => None,
        };
        let scope = (self.scope != "any").then_some(self.scope);
        let Self { amount, valid_from, confidence, source, .. } = self;
        Ok(Entry { kind, scope, from, charge: Charge { amount, valid_from, confidence, source } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(charge: Option<&Charge>) -> Option<String> {
        charge.map(|charge| charge.amount.normalize().to_string())
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    /// `pricing/charges.csv` names the sources.
    #[test]
    fn fees_are_those_of_the_series_on_the_day() {
        let charges = Charges::embedded();
        for (instance_type, on, expected) in [
            ("m7g.large", "2026-11-22", Some("12")),
            ("g6e.48xlarge", "2026-06-30", Some("12")),
            ("g6e.48xlarge", "2026-07-01", Some("7.8")),
            ("g4dn.xlarge", "2026-11-22", Some("7.8")),
            ("gr6.4xlarge", "2026-11-22", Some("12")),
            ("p5.48xlarge", "2026-11-22", Some("4.8")),
            ("trn1.2xlarge", "2026-11-22", Some("4.8")),
            ("t3.large", "2026-11-22", Some("12")),
            ("inf2.xlarge", "2026-11-22", Some("12")),
            ("m7g.large", "2025-09-29", None),
        ] {
            let fee = charges.managed_instances_fee(instance_type, day(on));
            assert_eq!(amount(fee).as_deref(), expected, "{instance_type} on {on}");
        }
        assert_eq!(amount(charges.eks_auto_mode_fee("m7g.large", day("2026-01-01"))).as_deref(), Some("12"));
        assert_eq!(
            amount(charges.eks_auto_mode_fee("p5.4xlarge", day("2026-08-01"))).as_deref(),
            Some("4.8")
        );
    }

    /// AWS's pricing page of Managed Instances: 0.037 an hour for a c6a.2xlarge, which is 12 % of 0.306.
    #[test]
    fn the_fee_is_that_of_awss_own_example() {
        let fee = Charges::embedded().managed_instances_fee("c6a.2xlarge", day("2026-09-20")).unwrap();
        let usd: Decimal = "0.306".parse().unwrap();
        assert_eq!((usd * fee.amount / Decimal::ONE_HUNDRED).round_dp(3).to_string(), "0.037");
    }

    #[test]
    fn clusters_addresses_and_volumes_are_held_with_their_confidence() {
        let charges = Charges::embedded();
        assert_eq!(amount(charges.eks_cluster(false)).as_deref(), Some("0.1"));
        assert_eq!(amount(charges.eks_cluster(true)).as_deref(), Some("0.6"));
        assert_eq!(charges.eks_cluster(true).unwrap().confidence, Confidence::Medium);
        assert_eq!(amount(charges.public_ipv4_address()).as_deref(), Some("0.005"));
        let gp3 = |region: &str| amount(charges.gp3_volume(&Region(region.into())));
        assert_eq!(gp3("us-east-2").as_deref(), Some("0.08"));
        assert_eq!(gp3("eu-west-1").as_deref(), Some("0.088"));
        assert_eq!(gp3("us-east-1"), None);
        assert_eq!(charges.0.len(), 13);
    }

    #[test]
    fn a_region_has_every_charge_but_the_volumes_of_others() {
        let charges = Charges::embedded();
        let of = |region: &str| -> Vec<String> {
            let region = Region(region.into());
            charges
                .of_region(&region)
                .map(|of| format!("{} {} {}", of.name, of.scope, of.charge.amount))
                .collect()
        };
        assert_eq!(of("us-east-1").len(), 11);
        assert_eq!(of("eu-west-1").len(), 12);
        assert_eq!(of("eu-west-1")[11], "ebs-gp3-volume eu-west-1 0.088");
        assert_eq!(of("us-east-1")[0..2], ["managed-instances-fee any 12", "managed-instances-fee g 7.8"]);
        // The names are those of the table.
        for (line, of) in EMBEDDED.lines().skip(1).zip(of("us-east-1")) {
            assert!(line.starts_with(&of.split(' ').take(2).collect::<Vec<_>>().join(",")), "{line} {of}");
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        let header = EMBEDDED.lines().next().unwrap();
        let good = "managed-instances-fee,any,12,percent-of-on-demand,2026-01-01,high,list";
        for (line, message) in [
            (good.to_owned(), "charges: line 3: this charge is there twice"),
            (good.replace("12", "0"), "charges: line 3: an amount must be positive, not 0"),
            (
                good.replace("percent-of-on-demand", "USD-per-hour"),
                "in percent-of-on-demand, not USD-per-hour",
            ),
            (good.replace("2026-01-01", "soon"), "valid_from must be YYYY-MM-DD or empty, not \"soon\""),
            (good.replace("managed", "unmanaged"), "charges: line 3: "),
            (good.replace("any", ""), "scope and source must not be empty"),
        ] {
            let error = Charges::parse("charges", &format!("{header}\n{good}\n{line}\n")).unwrap_err();
            assert!(error.to_string().contains(message), "{error}");
        }
    }
}
