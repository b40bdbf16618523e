//! What the embedded tables hold, that no discount leaks, and what bad tables are told.

use std::{collections::BTreeSet, fs, path::Path};

use proptest::prelude::*;

use super::*;
use InstancePurchase::{ComputeSavingsPlan, Ec2InstanceSavingsPlan, OnDemand, Spot};
use PlanPayment::{AllUpfront, NoUpfront, PartialUpfront};
use PlanTerm::{OneYear, ThreeYears};

fn region(name: &str) -> Region {
    Region(name.to_owned())
}

fn price(of: &str, instance_type: &str, purchase: InstancePurchase) -> Option<InstancePrice> {
    InstancePrices::embedded().price(&region(of), instance_type, purchase)
}

fn usd(of: &str, instance_type: &str, purchase: InstancePurchase) -> Option<String> {
    price(of, instance_type, purchase).map(|price| price.usd.normalize().to_string())
}

#[test]
fn every_region_is_read_and_no_file_is_left_out() {
    let prices = InstancePrices::embedded();
    let counts: Vec<_> = prices.regions().map(|name| (name, prices.types_in(&region(name)).len())).collect();
    assert_eq!(counts.len(), 30);
    assert_eq!(counts.iter().map(|(_, types)| types).sum::<usize>(), 19_507);
    for (name, types) in [
        ("us-east-1", 1_367),
        ("us-west-2", 1_169),
        ("eu-west-1", 961),
        ("ap-northeast-1", 1_020),
        ("me-south-1", 255),
        ("us-gov-west-1", 770),
    ] {
        assert!(counts.contains(&(name, types)), "{name}: {counts:?}");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pricing/ec2");
    let files: BTreeSet<String> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(files, prices.regions().map(str::to_owned).collect());
}

/// 28 regions: aws-samples' Managed Instances calculator, AWS Price List API of 2026-02-07. us-east-1 and
/// `GovCloud`: karpenter-provider-aws of 2026-07-20, the newer, where both have a price.
#[test]
fn on_demand_prices_are_those_of_their_source() {
    for (of, instance_type, expected, date) in [
        ("us-east-1", "m7g.large", "0.0816", "2026-07-20"),
        ("us-east-1", "c5.large", "0.085", "2026-07-20"),
        ("us-east-1", "a1.2xlarge", "0.204", "2026-07-20"),
        ("us-east-1", "c6a.2xlarge", "0.306", "2026-07-20"),
        ("eu-west-1", "m7g.xlarge", "0.1819", "2026-02-07"),
        ("eu-west-1", "m7i.xlarge", "0.2247", "2026-02-07"),
        ("ap-northeast-2", "m7i.xlarge", "0.2478", "2026-02-07"),
        ("af-south-1", "c5.12xlarge", "2.736", "2026-02-07"),
    ] {
        let price = price(of, instance_type, OnDemand).unwrap();
        assert_eq!(price.usd.normalize().to_string(), expected, "{instance_type} in {of}");
        assert_eq!(price.effective_date, date, "{instance_type} in {of}");
        assert_eq!(price.confidence, Confidence::High);
    }
}

#[test]
fn what_is_not_held_has_no_price() {
    for (of, instance_type) in [
        ("cn-north-1", "m5.large"),
        ("ap-east-2", "m5.large"),
        ("nowhere", "m5.large"),
        ("us-east-1", "m5"),
        ("us-east-1", "m99.large"),
        ("me-south-1", "p5.48xlarge"),
    ] {
        assert_eq!(price(of, instance_type, OnDemand), None, "{instance_type} in {of}");
    }
    assert!(InstancePrices::embedded().types_in(&region("cn-north-1")).is_empty());
}

#[test]
fn every_held_discount_gives_a_price_below_on_demand() {
    let prices = InstancePrices::embedded();
    for ((of, instance_type, purchase), discount) in prices.discounts.iter() {
        let list = price(of, instance_type, OnDemand).unwrap_or_else(|| panic!("{instance_type} in {of}"));
        let paid = price(of, instance_type, *purchase).unwrap();
        assert!(paid.usd > Decimal::ZERO && paid.usd < list.usd, "{instance_type} {purchase:?} in {of}");
        if let Figure::Usd { on_demand: Some(on_demand), .. } = discount.figure {
            // What the discount's source says of on-demand is what the on-demand table has.
            assert_eq!(on_demand, list.usd, "{instance_type} in {of}");
        }
    }
    assert_eq!(prices.discounts.iter().count(), 168);
}

/// `pricing/ec2_discounts.csv` names the sources.
#[test]
fn held_discounts_are_those_of_their_source() {
    for (of, instance_type, purchase, expected) in [
        ("us-east-1", "m7g.large", ComputeSavingsPlan(OneYear, NoUpfront), "0.0599"),
        ("us-east-1", "m7g.large", ComputeSavingsPlan(ThreeYears, NoUpfront), "0.0414"),
        ("us-east-1", "m6a.xlarge", ComputeSavingsPlan(OneYear, NoUpfront), "0.13965"),
        ("ap-northeast-2", "m7i.xlarge", ComputeSavingsPlan(OneYear, PartialUpfront), "0.16905"),
        ("ap-northeast-2", "m7i.xlarge", Ec2InstanceSavingsPlan(ThreeYears, AllUpfront), "0.09742"),
        // Spot Instance Advisor, June 2025: 66 % off 0.096.
        ("us-east-1", "m5.large", Spot, "0.03264"),
        // A mean of two years of Spot prices, newer than the Advisor's per cent.
        ("us-east-1", "t3.large", Spot, "0.03078"),
    ] {
        assert_eq!(usd(of, instance_type, purchase).as_deref(), Some(expected), "{instance_type} in {of}");
    }
}

#[test]
fn a_plan_rate_carries_to_other_sizes_of_its_family_and_says_so() {
    let plan = ComputeSavingsPlan(OneYear, NoUpfront);
    let derived = price("us-east-1", "m7g.2xlarge", plan).unwrap();
    // 0.3264 x 0.0599 / 0.0816
    assert_eq!(derived.usd.normalize().to_string(), "0.2396");
    assert_eq!(derived.confidence, Confidence::Medium);
    assert_eq!(derived.effective_date, "2026-07-20");
    assert!(derived.source.starts_with("derived from m7g.large, 0.0599 where on-demand is 0.0816: "));
    let held = price("us-east-1", "m7g.large", plan).unwrap();
    assert_eq!(held.confidence, Confidence::High);
    assert!(!held.source.contains("derived"));
}

/// The discounts differ: 19.2 % for m6a and 26.6 % for m7g in us-east-1.
#[test]
fn no_discount_reaches_another_family_region_term_or_purchase() {
    let plan = ComputeSavingsPlan(OneYear, NoUpfront);
    for (of, instance_type, purchase) in [
        // Another family, however close its name.
        ("us-east-1", "m7gd.large", plan),
        ("us-east-1", "m7i.large", plan),
        ("us-east-1", "m6i.xlarge", plan),
        ("eu-west-1", "m7i-flex.large", plan),
        // Another region.
        ("us-east-2", "m7g.large", plan),
        ("eu-central-1", "m7i.xlarge", plan),
        ("eu-west-1", "m6a.xlarge", plan),
        ("eu-west-1", "m5.large", Spot),
        // Another term, payment or plan.
        ("us-east-1", "m6a.xlarge", ComputeSavingsPlan(ThreeYears, NoUpfront)),
        ("us-east-1", "m7g.large", ComputeSavingsPlan(OneYear, AllUpfront)),
        ("us-east-1", "m7g.large", Ec2InstanceSavingsPlan(OneYear, NoUpfront)),
        // Bare metal, and Spot of another size.
        ("us-east-1", "m7g.metal", plan),
        ("us-east-1", "c8g.2xlarge", Spot),
    ] {
        assert!(price(of, instance_type, OnDemand).is_some(), "{instance_type} in {of} is no example");
        assert_eq!(price(of, instance_type, purchase), None, "{instance_type} {purchase:?} in {of}");
    }
}

#[test]
fn a_region_is_parsed_when_it_is_asked_for_and_not_before() {
    let sources = PriceSources::parse("sources", SOURCES).unwrap();
    let table = |text| RegionTable { text, ..RegionTable::default() };
    let mut prices = InstancePrices { sources, ..InstancePrices::default() };
    for (name, text) in embedded::REGIONS {
        prices.regions.insert((*name).to_owned(), table(text));
    }
    let parsed = |prices: &InstancePrices| -> Vec<String> {
        let done = prices.regions.iter().filter(|(_, table)| table.parsed.get().is_some());
        done.map(|(name, _)| name.clone()).collect()
    };
    assert!(parsed(&prices).is_empty());
    assert!(prices.price(&region("eu-west-1"), "m5.large", OnDemand).is_some());
    assert!(prices.price(&region("cn-north-1"), "m5.large", OnDemand).is_none());
    assert_eq!(parsed(&prices), ["eu-west-1"]);
}

#[test]
fn a_region_can_be_replaced_with_its_own_sources() {
    let mut prices = InstancePrices::embedded().clone();
    let sources =
        PriceSources::parse("mine", "id,effective_date,confidence,source\nx,2026-11-01,high,refresh\n")
            .unwrap();
    let table = "instance_type,usd_per_hour,source\nm7g.large,0.09,x\n";
    prices.replace_region(&region("us-east-1"), "mine", table, sources).unwrap();
    let price = prices.price(&region("us-east-1"), "m7g.large", OnDemand).unwrap();
    assert_eq!((price.usd.to_string().as_str(), price.effective_date.as_str()), ("0.09", "2026-11-01"));
    assert_eq!(prices.types_in(&region("us-east-1")), ["m7g.large"]);
    assert_eq!(prices.types_in(&region("eu-west-1")).len(), 961);
}

#[test]
fn a_bad_line_is_named_with_file_and_line() {
    let sources = PriceSources::parse("sources", SOURCES).unwrap();
    let header = "instance_type,usd_per_hour,source\nm7g.large,0.0816,a\n";
    for (line, message) in [
        ("m7g.xlarge,0,a", "r.csv: line 3: a price must be positive, not 0"),
        ("m7g.xlarge,-0.1,a", "r.csv: line 3: a price must be positive, not -0.1"),
        ("m7g.xlarge,1000001,a", "r.csv: line 3: a price must be 1000000 USD at most, not 1000001"),
        ("m7g.xlarge,,a", "r.csv: line 3: "),
        ("m7g.xlarge,cheap,a", "r.csv: line 3: "),
        ("m7g.xlarge,NaN,a", "r.csv: line 3: "),
        ("m7g.xlarge,0.1", "r.csv: line 3: it has 2 fields, the header has 3"),
        ("m7g.xlarge,0.1,zz", "r.csv: line 3: \"zz\" is not among the sources"),
        (",0.1,a", "r.csv: line 3: instance_type must not be empty"),
        ("m7g.large,0.1,a", "r.csv: line 3: m7g.large is there twice"),
    ] {
        let error = OnDemandTable::parse("r.csv", &format!("{header}{line}\n"), &sources).unwrap_err();
        assert!(error.to_string().contains(message), "{line}: {error}");
    }
    assert!(OnDemandTable::parse("r.csv", "instance_type,usd_per_hour,source\n", &sources).is_err());

    let header = DISCOUNTS.lines().next().unwrap();
    let good = "us-east-1,m7g.large,compute-savings-plan,1yr,no-upfront,,0.05,0.08,c";
    for (line, message) in [
        (good, "d.csv: line 3: this discount is there twice"),
        ("us-east-1,m7g.large,spot,1yr,no-upfront,50,,,g", "spot has no term and no payment"),
        ("us-east-1,m7g.large,compute-savings-plan,,,50,,,g", "needs a term and a payment"),
        ("us-east-1,m7g.large,spot,,,100,,,g", "percent_off must be within 0 and 100, not 100"),
        ("us-east-1,m7g.large,spot,,,50,0.1,,g", "give either percent_off or usd_per_hour"),
        ("us-east-1,m7g.large,spot,,,,,,g", "give either percent_off or usd_per_hour"),
        ("us-east-1,m7g.large,spot,,,,0,,g", "a price must be positive, not 0"),
        ("us-east-1,m7g.large,spot,,,,1000001,,g", "a price must be 1000000 USD at most, not 1000001"),
        ("us-east-1,m7g.large,spot,,,,0.2,0.1,g", "0.2 is no discount of 0.1"),
        ("us-east-1,m7g,spot,,,50,,,g", "\"m7g\" is not an instance type of a region"),
        ("us-east-1,m7g.large,gift,,,50,,,g", "purchase must be spot, compute-savings-plan"),
        ("us-east-1,m7g.large,on-demand,,,50,,,g", "on-demand is not a discount"),
    ] {
        let error =
            DiscountTable::parse("d.csv", &format!("{header}\n{good}\n{line}\n"), &sources).unwrap_err();
        assert!(error.to_string().contains(message), "{line}: {error}");
    }

    let good = "id,effective_date,confidence,source\na,2026-01-01,high,list\n";
    for (line, message) in [
        ("a,2026-01-01,high,list", "s.csv: line 3: source \"a\" is there twice"),
        ("b,soon,high,list", "s.csv: line 3: effective_date must be YYYY-MM-DD, not \"soon\""),
        ("b,2026-01-01,sure,list", "s.csv: line 3: "),
        ("b,2026-01-01,high,", "s.csv: line 3: id and source must not be empty"),
    ] {
        let error = PriceSources::parse("s.csv", &format!("{good}{line}\n")).unwrap_err();
        assert!(error.to_string().contains(message), "{line}: {error}");
    }
}

proptest! {
    /// Whatever is asked, a discounted price is of a type that is sold there, and below on-demand.
    #[test]
    fn a_discounted_price_is_always_below_on_demand(at in 0usize..30, nth in 0usize..1_400, by in 0usize..8) {
        let prices = InstancePrices::embedded();
        let of = region(prices.regions().nth(at).unwrap());
        let types = prices.types_in(&of);
        let instance_type = &types[nth % types.len()];
        let purchase = [
            Spot,
            ComputeSavingsPlan(OneYear, NoUpfront),
            ComputeSavingsPlan(OneYear, PartialUpfront),
            ComputeSavingsPlan(OneYear, AllUpfront),
            ComputeSavingsPlan(ThreeYears, NoUpfront),
            ComputeSavingsPlan(ThreeYears, AllUpfront),
            Ec2InstanceSavingsPlan(OneYear, NoUpfront),
            Ec2InstanceSavingsPlan(ThreeYears, AllUpfront),
        ][by];
        let list = prices.price(&of, instance_type, OnDemand).unwrap();
        if let Some(paid) = prices.price(&of, instance_type, purchase) {
            prop_assert!(paid.usd < list.usd && paid.usd > list.usd / Decimal::from(5));
            prop_assert!(["us-east-1", "eu-west-1", "ap-northeast-2"].contains(&of.as_str()));
        }
    }
}

/// A refreshed book has the fee of every type; one that it has not is charged the share of its series.
#[test]
fn a_fee_that_is_held_for_a_type_is_taken_before_the_share_of_its_series() {
    let sources = "id,effective_date,confidence,source\na,2026-11-20,high,list\n";
    let table = "instance_type,usd_per_hour,source\nm7i.large,0.1,a\nm7i.xlarge,0.2,a\n";
    let mut prices =
        InstancePrices::parse(sources, DISCOUNTS.lines().next().unwrap(), [(region("us-east-1"), table)])
            .unwrap();
    let fees = "instance_type,usd_per_hour,source\nm7i.large,0.011,a\n";
    prices.add_management_fees(&region("us-east-1"), "fees", fees).unwrap();
    let fee = |instance_type| {
        let on = "2026-11-14".parse().unwrap();
        let fee = prices.management_fee(Charges::embedded(), &region("us-east-1"), instance_type, on);
        fee.map(|usd| usd.normalize().to_string())
    };
    assert_eq!(fee("m7i.large").as_deref(), Some("0.011"));
    assert_eq!(fee("m7i.xlarge").as_deref(), Some("0.024"));
    assert_eq!(fee("m7i.2xlarge"), None);
    let error = prices.clone().add_management_fees(&region("us-east-1"), "fees", &fees.replace("0.011", "0"));
    assert_eq!(error.unwrap_err().to_string(), "fees: line 2: a price must be positive, not 0");
}
