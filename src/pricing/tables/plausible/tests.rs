use super::*;
use crate::pricing::tables::{FARGATE, FARGATE_PLANS, verify};

/// The built-in tables with rows added to files: `(file, header of a new one, row)`.
fn with(rows: &[(&str, &str)]) -> PriceTables {
    let mut files = PriceTables::embedded().files();
    let source = "offer,2026-11-20,high,made up\n";
    files.get_mut("ec2_sources.csv").unwrap().push_str(source);
    for (file, row) in rows {
        let header = || "instance_type,usd_per_hour,source\n".to_owned();
        let text = files.entry((*file).to_owned()).or_insert_with(header);
        text.push_str(row);
        text.push('\n');
    }
    PriceTables::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap()
}

fn told(tables: &PriceTables) -> Vec<String> {
    verify(tables, &PriceTables::embedded())
        .into_iter()
        .map(|problem| format!("{} {}: {}", problem.kind.as_str(), problem.key.item, problem.detail))
        .collect()
}

/// The examples of the module's table.
#[test]
fn a_fee_goes_by_the_share_of_its_series() {
    const FEES: &str = "managed_instances/eu-west-1.csv";
    assert_eq!(
        told(&with(&[(FEES, "c6g.medium,0.05,offer"), (FEES, "g4dn.xlarge,0.045786,offer")])),
        ["implausible c6g.medium: 0.05 USD is 137 % of its on-demand price (0.0365), where the fee is 12 %"]
    );
    for (row, plausible) in [
        ("c6g.medium,0.00438,offer", true),
        ("c6g.medium,0.0054,offer", true),
        ("c6g.medium,0.0056,offer", false),
        ("c6g.medium,0.0034,offer", false),
        // 12 % was right before July 2026.
        ("g4dn.xlarge,0.07044,offer", false),
        // Nothing is held of it, here or elsewhere.
        ("m99.large,5,offer", true),
    ] {
        assert_eq!(told(&with(&[(FEES, row)])).is_empty(), plausible, "{row}");
    }
    // There is no table of instances in this region.
    let elsewhere = told(&with(&[("managed_instances/ap-southeast-5.csv", "m5.large,0.1,offer")]));
    assert!(elsewhere.len() == 1 && elsewhere[0].contains("in other regions"), "{elsewhere:?}");
    let elsewhere = told(&with(&[("managed_instances/ap-southeast-5.csv", "m5.large,0.0144,offer")]));
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

#[test]
fn a_rate_of_fargate_goes_by_the_other_regions_of_its_platform() {
    let windows = |dimension: &str, usd: &str| {
        format!("eu-west-1,windows,x86_64,on-demand,{dimension},hours,{usd},2026-11-20,high,made up")
    };
    // The offer of 2022 has it so; those of 2026 have 0.046552.
    let memory = windows("memory", "0.00511175");
    let licence = windows("windows-licence", "0.046");
    let vcpu =
        |usd: &str| told(&with(&[(FARGATE, &windows("vcpu", usd)), (FARGATE, &memory), (FARGATE, &licence)]));
    assert_eq!(
        vcpu("0.09148"),
        [
            "implausible windows/x86_64 on-demand vcpu: 0.09148 USD is 2.26 times linux/x86_64 on-demand vcpu of \
          the region, where other regions have 1.15 times"
        ]
    );
    assert_eq!(vcpu("0.046552"), [""; 0]);
    let row = |usd: &str| {
        let row = |dimension, usd| {
            format!("ap-southeast-5,linux,x86_64,on-demand,{dimension},hours,{usd},2026-11-20,high,made up")
        };
        told(&with(&[(FARGATE, &row("vcpu", usd)), (FARGATE, &row("memory", "0.0045"))]))
    };
    assert_eq!(
        row("0.4048"),
        ["implausible linux/x86_64 on-demand vcpu: 0.4048 USD, where other regions have 0.04048 to 0.0696"]
    );
    assert_eq!(row("0.1").len(), 0);
    assert_eq!(row("0.02").len(), 1);
}

#[test]
fn a_size_goes_by_its_family_and_a_type_by_the_other_regions() {
    const IRELAND: &str = "ec2/eu-west-1.csv";
    let trusted = |absent: &str| {
        let mut files = PriceTables::embedded().files();
        let text = files.get_mut(IRELAND).unwrap();
        *text = text
            .lines()
            .filter(|line| !line.starts_with(absent))
            .fold(String::new(), |text, line| text + line + "\n");
        PriceTables::parse(files.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap()
    };
    let of = |absent: &str, usd: &str| -> Vec<String> {
        let mut tables = trusted(absent);
        let row = super::super::row::InstanceRow {
            instance_type: absent.trim_end_matches(',').to_owned(),
            usd_per_hour: usd.parse().unwrap(),
            source: "a".to_owned(),
        };
        tables.instances.get_mut("eu-west-1").unwrap().insert(row.instance_type.clone(), row);
        let problems = verify(&tables, &trusted(absent));
        problems.into_iter().map(|problem| problem.detail).collect()
    };
    let [wrong] = &of("m7g.xlarge,", "1.6")[..] else { panic!("one problem") };
    assert!(wrong.starts_with("1.6 USD, where other sizes of m7g ("), "{wrong}");
    assert_eq!(of("m7g.xlarge,", "0.1819"), [""; 0]);
    assert_eq!(of("m7g.xlarge,", "0.091").len(), 1);
    // A metal size has no place among the others.
    let [wrong] = &of("m7g.metal,", "30")[..] else { panic!("one problem") };
    assert!(wrong.starts_with("30 USD, where the median of other regions ("), "{wrong}");
    assert_eq!(told(&with(&[(IRELAND, "m99.large,0.2,a")])), [""; 0]);
    let sizes = ["m99.large,0.2,a", "m99.xlarge,0.4,a", "m99.2xlarge,8,a", "m99.4xlarge,1.6,a"];
    assert_eq!(
        told(&with(&sizes.map(|row| (IRELAND, row)))),
        ["implausible m99.2xlarge: 8 USD, where other sizes of m99 (3) make it 0.8"]
    );
}

#[test]
fn a_family_that_nobody_knows_goes_by_the_others() {
    const IRELAND: &str = "ec2/eu-west-1.csv";
    assert_eq!(
        told(&with(&[(IRELAND, "m99.large,1.6,a")])),
        ["implausible m99.large: 1.6 USD, where other families make it 0.086 to 0.19"]
    );
    for (row, plausible) in [
        ("m99.large,0.02,a", false),
        ("m99.xlarge,1,a", true),
        ("m99.metal,0.001,a", true),
        // Of a series that is in no region: by all that have no accelerators.
        ("qq1.large,0.1,a", true),
        ("qq1.large,9,a", false),
        ("p99.48xlarge,120,a", true),
        ("p99.48xlarge,2000,a", false),
    ] {
        assert_eq!(told(&with(&[(IRELAND, row)])).is_empty(), plausible, "{row}");
    }
    // All of a family can be wrong in the same way.
    let sizes = ["m99.large,1.6,a", "m99.xlarge,3.2,a", "m99.2xlarge,6.4,a"];
    assert_eq!(told(&with(&sizes.map(|row| (IRELAND, row)))).len(), 3);
    // In a region without prices of instances.
    assert_eq!(told(&with(&[("ec2/ap-southeast-9.csv", "m99.large,9,a")])).len(), 1);
}

#[test]
fn no_built_in_family_is_implausible_beside_the_others() {
    let tables = PriceTables::embedded();
    let found = tables.prices();
    let mut families: BTreeMap<&str, Vec<(&PriceKey, Decimal)>> = BTreeMap::new();
    for (key, usd) in found.iter().filter(|(key, _)| key.table == PriceTable::Ec2) {
        families.entry(key.item.split_once('.').unwrap().0).or_default().push((key, *usd));
    }
    assert!(families.len() > 100, "{}", families.len());
    let mut known = found.clone();
    for prices in families.values() {
        for (key, _) in prices {
            known.remove(*key);
        }
        let regions = found.keys().map(|key| &key.region).collect();
        let beside = Beside { tables: &tables, found: &found, known: &known, regions };
        // Most sizes of a family in a region are the same price each for what they have.
        let mut seen = BTreeSet::new();
        for (key, usd) in prices {
            let units = key.item.split_once('.').and_then(|(_, size)| size_units(size));
            if units.is_some_and(|units| seen.insert((&key.region, (*usd / units).round_dp(3)))) {
                assert_eq!(beside.among_families(key, *usd), None, "{key:?}");
            }
        }
        known.extend(prices.iter().map(|(key, usd)| ((*key).clone(), *usd)));
    }
}

#[test]
fn a_plan_is_below_the_on_demand_price_and_no_gift() {
    let fargate = |usd: &str| {
        let row = |dimension, usd| {
            format!("eu-west-1,linux,x86_64,1yr,no-upfront,{dimension},hours,{usd},2026-11-20,high,made up")
        };
        told(&with(&[(FARGATE_PLANS, &row("vcpu", usd)), (FARGATE_PLANS, &row("memory", "0.003556"))]))
    };
    assert_eq!(fargate("0.032384"), [""; 0]);
    assert_eq!(
        fargate("0.004048"),
        [
            "implausible linux/x86_64 1yr no-upfront vcpu: 0.004048 USD is 10 % of the on-demand price (0.04048)"
        ]
    );
    assert_eq!(fargate("0.05").len(), 1);
    let instance = |usd: &str| {
        let row = format!("eu-west-1,m5.large,compute-savings-plan,1yr,partial-upfront,,{usd},,offer");
        told(&with(&[("ec2_discounts.csv", &row)]))
    };
    assert_eq!(instance("0.078"), [""; 0]);
    assert_eq!(instance("0.0078").len(), 1);
}

/// A price that is right must not keep a refresh away: each region's are, as if none had been known.
#[test]
fn no_built_in_price_is_implausible_beside_the_others() {
    let tables = PriceTables::embedded();
    let found = tables.prices();
    let regions: BTreeSet<&String> = found.keys().map(|key| &key.region).collect();
    assert!(regions.len() > 30, "{}", regions.len());
    for region in regions {
        let known: Prices = found
            .iter()
            .filter(|(key, _)| key.region != *region)
            .map(|(key, usd)| (key.clone(), *usd))
            .collect();
        assert_eq!(implausible(&tables, &found, &known), [], "{region}");
    }
}
