//! [`Ec2Settings`] and [`EksSettings`]: what is taken for granted of instances, and the discounts a user has.

use rust_decimal::Decimal;
use serde::Deserialize;
use toml::Spanned;
use wildmatch::WildMatch;

use super::{
    ConfigError,
    number::{Number, Rule, Source, rule},
};
use crate::{
    pricing::{Charges, Confidence, InstancePrice, InstancePrices, InstancePurchase, PlanPayment, PlanTerm},
    units::{HOURS_PER_MONTH, MemoryMib},
    workload::Region,
};

/// How instances that ECS runs on are set up, and what they bring with them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ec2Settings {
    /// Account setting `awsvpcTrunking`.
    pub trunking: bool,
    /// `ECS_RESERVED_MEMORY`.
    pub reserved_memory: MemoryMib,
    /// Managed scaling's target capacity, 1 to 100; absent: what a cluster's own capacity providers have.
    pub target_capacity_percent: Option<u32>,
    pub min_zones: u32,
    pub root_volume_gib: u32,
    pub managed_instances_volume_gib: u32,
    /// USD a month of a GB of volume; absent where only the price tables may say.
    pub root_volume_usd_per_gb_month: Option<Decimal>,
    pub operations_hours_per_month: Decimal,
    pub operations_usd_per_hour: Decimal,
    /// In the file's sequence.
    pub discounts: Vec<InstanceDiscount>,
}

/// What EKS would run as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EksSettings {
    /// Absent: as many as there are ECS clusters.
    pub clusters: Option<u32>,
    pub extended_support: bool,
}

/// A discount that a user has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceDiscount {
    /// Of a family, or with a point of a type.
    pattern: String,
    region: Option<String>,
    pub purchase: InstancePurchase,
    /// Per cent off the on-demand price.
    pub percent: Decimal,
    /// File and line.
    pub from: String,
}

impl InstanceDiscount {
    fn is_of(&self, instance_type: &str) -> bool {
        let family = instance_type.split('.').next().unwrap_or(instance_type);
        let name = if self.pattern.contains('.') { instance_type } else { family };
        WildMatch::new(&self.pattern).matches(name)
    }

    fn covers(&self, region: &Region, instance_type: &str, purchase: InstancePurchase) -> bool {
        self.purchase == purchase
            && self.is_of(instance_type)
            && self.region.as_ref().is_none_or(|pattern| WildMatch::new(pattern).matches(region.as_str()))
    }
}

impl Ec2Settings {
    /// USD an hour of a type in a region: by the user's discount, else by the tables.
    pub fn price(
        &self,
        prices: &InstancePrices,
        region: &Region,
        instance_type: &str,
        purchase: InstancePurchase,
    ) -> Option<InstancePrice> {
        let discount = self.discounts.iter().rev().find(|one| one.covers(region, instance_type, purchase));
        let Some(InstanceDiscount { percent, from, .. }) = discount else {
            return prices.price(region, instance_type, purchase);
        };
        let list = prices.price(region, instance_type, InstancePurchase::OnDemand)?;
        Some(InstancePrice {
            usd: list.less(*percent),
            confidence: Confidence::High.max(list.confidence),
            source: format!("{percent} % off on-demand ({from}): {}", list.source),
            effective_date: list.effective_date,
        })
    }

    /// Discounts that no region or no instance type can have, each with the reason.
    pub fn discounts_without_effect<'a>(
        &'a self,
        regions: &[&str],
        types: &[&str],
    ) -> Vec<(&'a InstanceDiscount, String)> {
        let known = |one: &InstanceDiscount| match &one.region {
            Some(pattern) if !regions.iter().any(|region| WildMatch::new(pattern).matches(region)) => {
                Some(format!("no region with EC2 prices is called {pattern}"))
            }
            _ => (!types.iter().any(|name| one.is_of(name)))
                .then(|| format!("no instance type or family is called {}", one.pattern)),
        };
        self.discounts.iter().filter_map(|one| Some((one, known(one)?))).collect()
    }

    /// USD an hour of a volume of so many GiB, by the user's price, else the tables'.
    pub fn volume(&self, charges: &Charges, region: &Region, gib: u32) -> Option<Decimal> {
        let per_gib =
            self.root_volume_usd_per_gb_month.or_else(|| Some(charges.gp3_volume(region)?.amount))?;
        Some(per_gib * Decimal::from(gib) / Decimal::from(HOURS_PER_MONTH))
    }

    pub(super) fn overlay(&mut self, file: Ec2File, source: Source<'_>) -> Result<(), ConfigError> {
        self.trunking = file.trunking.unwrap_or(self.trunking);
        for (target, rule, value) in [
            (&mut self.reserved_memory.0, RESERVED_MEMORY, file.reserved_memory_mib),
            (&mut self.min_zones, MIN_ZONES, file.min_zones),
            (&mut self.root_volume_gib, ROOT_VOLUME, file.root_volume_gib),
            (&mut self.managed_instances_volume_gib, MANAGED_VOLUME, file.managed_instances_volume_gib),
        ] {
            if let Some(value) = value {
                *target = source.number(rule, &value)?;
            }
        }
        if let Some(value) = file.target_capacity_percent {
            self.target_capacity_percent = Some(source.number(TARGET_CAPACITY, &value)?);
        }
        let decimal = |rule: Rule, value: &Spanned<f64>| {
            let parts = Decimal::from(source.number(rule, value)?) / Decimal::from(rule.scale);
            Ok::<_, ConfigError>(parts.normalize())
        };
        if let Some(value) = file.root_volume_usd_per_gb_month {
            self.root_volume_usd_per_gb_month = Some(decimal(VOLUME_PRICE, &value)?);
        }
        if let Some(value) = file.operations_hours_per_month {
            self.operations_hours_per_month = decimal(OPERATIONS_HOURS, &value)?;
        }
        if let Some(value) = file.operations_usd_per_hour {
            self.operations_usd_per_hour = decimal(OPERATIONS_PRICE, &value)?;
        }
        for written in file.discount {
            let span = written.span();
            let bad = |cause| ConfigError::Parse { place: source.place(&span), cause };
            let DiscountFile { pattern, region, purchase, term, payment, percent } = written.into_inner();
            if pattern.is_empty() || region.as_ref().is_some_and(String::is_empty) {
                return Err(bad("an empty pattern matches nothing".to_owned()));
            }
            let purchase = InstancePurchase::read(&purchase, term, payment).map_err(bad)?;
            if purchase == InstancePurchase::OnDemand {
                return Err(bad("a discount on every price is discount.enterprise_percent".to_owned()));
            }
            self.discounts.push(InstanceDiscount {
                pattern,
                region,
                purchase,
                percent: decimal(DISCOUNT, &percent)?,
                from: source.origin(&span),
            });
        }
        Ok(())
    }
}

impl EksSettings {
    pub(super) fn overlay(&mut self, file: &EksFile, source: Source<'_>) -> Result<(), ConfigError> {
        self.extended_support = file.extended_support.unwrap_or(self.extended_support);
        if let Some(value) = &file.clusters {
            self.clusters = Some(source.number(EKS_CLUSTERS, value)?);
        }
        Ok(())
    }
}

const RESERVED_MEMORY: Rule = rule("ec2.reserved_memory_mib", 1, 0, 1_000_000);
const TARGET_CAPACITY: Rule = rule("ec2.target_capacity_percent", 1, 1, 100);
const MIN_ZONES: Rule = rule("ec2.min_zones", 1, 1, 6);
const ROOT_VOLUME: Rule = rule("ec2.root_volume_gib", 1, 0, 16_384);
const MANAGED_VOLUME: Rule = rule("ec2.managed_instances_volume_gib", 1, 30, 16_384);
const VOLUME_PRICE: Rule = rule("ec2.root_volume_usd_per_gb_month", 1_000_000, 0, 100);
const OPERATIONS_HOURS: Rule = rule("ec2.operations_hours_per_month", 100, 0, 100_000);
const OPERATIONS_PRICE: Rule = rule("ec2.operations_usd_per_hour", 100, 0, 100_000);
const DISCOUNT: Rule = rule("ec2.discount.percent", 100, 0, 99);
const EKS_CLUSTERS: Rule = rule("eks.clusters", 1, 1, 100_000);

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Ec2File {
    trunking: Option<bool>,
    reserved_memory_mib: Number,
    target_capacity_percent: Number,
    min_zones: Number,
    root_volume_gib: Number,
    managed_instances_volume_gib: Number,
    root_volume_usd_per_gb_month: Number,
    operations_hours_per_month: Number,
    operations_usd_per_hour: Number,
    discount: Vec<Spanned<DiscountFile>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DiscountFile {
    #[serde(rename = "match")]
    pattern: String,
    region: Option<String>,
    purchase: String,
    term: Option<PlanTerm>,
    payment: Option<PlanPayment>,
    percent: Spanned<f64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct EksFile {
    clusters: Number,
    extended_support: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn read(text: &str) -> Config {
        Config::from_toml("fargauge.toml", text).unwrap()
    }

    fn usd(config: &Config, region: &str, instance_type: &str, purchase: InstancePurchase) -> Option<String> {
        config
            .ec2
            .price(InstancePrices::embedded(), &Region(region.into()), instance_type, purchase)
            .map(|price| price.usd.normalize().to_string())
    }

    #[test]
    fn the_defaults_are_awss_own() {
        let Config { ec2, eks, .. } = Config::default();
        assert!(!ec2.trunking);
        assert_eq!(
            (ec2.reserved_memory, ec2.target_capacity_percent, ec2.min_zones),
            (MemoryMib(0), None, 2)
        );
        assert_eq!((ec2.root_volume_gib, ec2.managed_instances_volume_gib), (30, 80));
        assert_eq!(ec2.root_volume_usd_per_gb_month, None);
        assert_eq!(
            (ec2.operations_hours_per_month, ec2.operations_usd_per_hour),
            (Decimal::ZERO, Decimal::ZERO)
        );
        assert!(ec2.discounts.is_empty());
        assert_eq!((eks.clusters, eks.extended_support), (None, false));
    }

    #[test]
    fn every_setting_can_be_set() {
        let Config { ec2, eks, .. } = read(
            "[ec2]\ntrunking = true\nreserved_memory_mib = 256\ntarget_capacity_percent = 80\nmin_zones = 3\n\
             root_volume_gib = 50\nmanaged_instances_volume_gib = 100\nroot_volume_usd_per_gb_month = 0.0952\n\
             operations_hours_per_month = 7.5\noperations_usd_per_hour = 120\n\
             [eks]\nclusters = 2\nextended_support = true",
        );
        assert!(ec2.trunking && eks.extended_support);
        assert_eq!(
            (ec2.reserved_memory, ec2.target_capacity_percent, ec2.min_zones),
            (MemoryMib(256), Some(80), 3)
        );
        assert_eq!((ec2.root_volume_gib, ec2.managed_instances_volume_gib), (50, 100));
        assert_eq!(ec2.root_volume_usd_per_gb_month.unwrap().to_string(), "0.0952");
        assert_eq!(ec2.operations_hours_per_month.to_string(), "7.5");
        assert_eq!(ec2.operations_usd_per_hour.to_string(), "120");
        assert_eq!(eks.clusters, Some(2));
    }

    #[test]
    fn a_users_discount_goes_before_the_tables_and_reaches_only_what_it_names() {
        let plan = InstancePurchase::ComputeSavingsPlan(PlanTerm::OneYear, PlanPayment::NoUpfront);
        let block =
            "[[ec2.discount]]\npurchase = 'compute-savings-plan'\nterm = '1yr'\npayment = 'no-upfront'\n";
        let config = read(&format!(
            "{block}match = 'm7g'\npercent = 30\n{block}match = 'm7g.2xlarge'\nregion = 'us-*'\npercent = 50\n\
             [[ec2.discount]]\nmatch = 'c?g'\npurchase = 'spot'\npercent = 62.5"
        ));
        for (region, instance_type, purchase, expected) in [
            // 30 % off 0.0816; the tables say 0.0599.
            ("us-east-1", "m7g.large", plan, Some("0.05712")),
            // The last block that matches: 50 % off 0.3264.
            ("us-east-1", "m7g.2xlarge", plan, Some("0.1632")),
            // 30 % off 0.1819: the second block is for us-*.
            ("eu-west-1", "m7g.xlarge", plan, Some("0.12733")),
            // 62.5 % off 0.0725.
            ("us-east-1", "c7g.large", InstancePurchase::Spot, Some("0.0271875")),
            // What no block names is as in the tables, or not known.
            ("us-east-1", "m6a.xlarge", plan, Some("0.13965")),
            ("us-east-1", "m7gd.large", plan, None),
            ("us-east-1", "m7g.large", InstancePurchase::OnDemand, Some("0.0816")),
            ("cn-north-1", "m7g.large", plan, None),
        ] {
            let paid = usd(&config, region, instance_type, purchase);
            assert_eq!(paid.as_deref(), expected, "{instance_type} {purchase:?} in {region}");
        }
        let price =
            config.ec2.price(InstancePrices::embedded(), &Region("us-east-1".into()), "m7g.large", plan);
        assert!(price.unwrap().source.starts_with("30 % off on-demand (fargauge.toml:1): "));
    }

    #[test]
    fn a_discount_on_nothing_that_is_known_is_told() {
        let block = |pattern: &str, region: &str| {
            format!(
                "[[ec2.discount]]\nmatch = '{pattern}'\nregion = '{region}'\npurchase = 'spot'\npercent = 50\n"
            )
        };
        let all = [("m7g", "us-*"), ("m7g.2xlarge", "us-east-1"), ("m9z", "us-*"), ("m7g", "us-esat-1")];
        let config = read(&all.map(|(pattern, region)| block(pattern, region)).concat());
        let told: Vec<String> = config
            .ec2
            .discounts_without_effect(&["us-east-1"], &["m7g.large", "m7g.2xlarge"])
            .into_iter()
            .map(|(discount, because)| format!("{}: {because}", discount.from))
            .collect();
        assert_eq!(
            told,
            [
                "fargauge.toml:11: no instance type or family is called m9z",
                "fargauge.toml:16: no region with EC2 prices is called us-esat-1",
            ]
        );
    }

    #[test]
    fn what_cannot_be_is_told_with_its_line() {
        let discount = "[[ec2.discount]]\n";
        for (text, message) in [
            (
                "[ec2]\nmin_zones = 0".to_owned(),
                "fargauge.toml:2: ec2.min_zones must be between 1 and 6, not 0",
            ),
            (
                "[ec2]\ntarget_capacity_percent = 101".to_owned(),
                "ec2.target_capacity_percent must be between",
            ),
            (
                "[ec2]\nroot_volume_usd_per_gb_month = -1".to_owned(),
                "ec2.root_volume_usd_per_gb_month must be",
            ),
            ("[ec2]\ntrunk = true".to_owned(), "fargauge.toml:2: unknown field `trunk`"),
            ("[eks]\nclusters = 0".to_owned(), "eks.clusters must be between 1 and"),
            (
                format!("{discount}match = 'm7g'\npurchase = 'spot'\npercent = 100"),
                "fargauge.toml:4: ec2.discount.percent must be between 0 and 99, not 100",
            ),
            (
                format!("{discount}match = 'm7g'\npurchase = 'compute-savings-plan'\npercent = 10"),
                "fargauge.toml:1: compute-savings-plan needs a term and a payment",
            ),
            (
                format!("{discount}match = 'm7g'\npurchase = 'spot'\nterm = '1yr'\npercent = 10"),
                "fargauge.toml:1: spot has no term and no payment",
            ),
            (format!("{discount}match = ''\npurchase = 'spot'\npercent = 10"), "an empty pattern"),
            (
                format!("{discount}match = 'm7g'\npurchase = 'on-demand'\npercent = 10"),
                "a discount on every price is discount.enterprise_percent",
            ),
            (format!("{discount}match = 'm7g'\npurchase = 'gift'\npercent = 10"), "purchase must be spot"),
            (format!("{discount}purchase = 'spot'\npercent = 10"), "missing field `match`"),
        ] {
            let error = Config::from_toml("fargauge.toml", &text).unwrap_err().to_string();
            assert!(error.contains(message), "{text}\n{error}");
        }
    }
}
