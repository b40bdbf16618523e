//! [`implausible`]: prices that nobody has seen before and that are out of line with those beside them.
//!
//! Takes the prices found and those that are trusted; looks at the new ones (a fee also where it changed), and
//! says what each was compared with. What has nothing to be compared with passes.
//!
//! | New price | Compared with | Implausible |
//! |---|---|---|
//! | Fee of Managed Instances | the share of the on-demand price that its series is charged | beyond 1.25 times, either way |
//! | Fargate, Linux x86 vCPU or GB, Windows licence | the same in other regions | beyond 1.5 times their spread |
//! | Fargate, any other | the same, each over the Linux x86 rate of its region | beyond 1.5 times their spread |
//! | Savings Plan | the on-demand price | above it, or below 20 % of it |
//! | EC2 | the other sizes of the family in the region, by size | beyond 1.25 times their median; with accelerators, 5 times |
//! | EC2 | the same type in other regions | beyond twice their median |
//!
//! So at the built-in prices:
//!
//! | New price | Beside | Verdict |
//! |---|---|---|
//! | fee of c6g.medium in eu-west-1, 0.05 | 12 % of 0.0365 is 0.00438 | implausible: 137 % |
//! | fee of g4dn.xlarge in eu-west-1, 0.045786 | 7.8 % of 0.587 | fine |
//! | Windows vCPU in eu-west-1, 0.09148 | 2.26 times Linux x86, elsewhere 1.15 times | implausible |
//! | Windows vCPU in eu-west-1, 0.046552 | 1.15 times Linux x86 | fine |
//! | m7g.xlarge in eu-west-1, 1.6 | twice m7g.large is 0.1822 | implausible |
//!
//! With each region's prices hidden in turn, no built-in price is implausible. The widest of them: sa-east-1, 1.26
//! times the next dearest of Fargate; x8i.96xlarge, 1.16 times its family; c5a in ap-south-1, 0.52 of the median;
//! hpc7a, whose sizes have unlike numbers of cores for one price, 4 times.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{PriceKey, PriceProblem, PriceTable, PriceTables, ProblemKind};
use crate::pricing::Charges;

/// By what factor a fee may miss the share of its series: EC2's price may be of another day.
const FEE_FACTOR: Decimal = hundredths(125);
/// By what factor a fee may miss it where the on-demand price is that of other regions.
const FEE_ELSEWHERE_FACTOR: Decimal = hundredths(200);
/// By what factor a rate of Fargate may be outside of the spread of other regions.
const SPREAD_FACTOR: Decimal = hundredths(150);
/// The least that a plan leaves of the on-demand price, in per cent: AWS names 72 % off as the most.
const LEAST_PLAN_PERCENT: Decimal = hundredths(2000);
/// By what factor a size may miss what its family makes of it.
const FAMILY_FACTOR: Decimal = hundredths(125);
/// The same where sizes differ by their accelerators, and prices not as their names do.
const ACCELERATED_FACTOR: Decimal = hundredths(500);
/// By what factor a type may miss the median of other regions.
const ELSEWHERE_FACTOR: Decimal = hundredths(200);

/// Series whose sizes have unlike numbers of accelerators or cores.
const ACCELERATED: [&str; 12] = ["dl", "f", "g", "gr", "hpc", "inf", "p", "trn", "u", "vt", "x1", "x1e"];

type Prices = BTreeMap<PriceKey, Decimal>;

/// New prices of `tables` that are out of line; `found` are all of its prices, `known` those that are trusted.
pub(super) fn implausible(tables: &PriceTables, found: &Prices, known: &Prices) -> Vec<PriceProblem> {
    let beside = Beside { tables, found, known, regions: known.keys().map(|key| &key.region).collect() };
    found
        .iter()
        .filter(|(key, usd)| {
            let trusted = known.get(*key);
            let new = trusted.is_none() || key.table == PriceTable::ManagedInstancesFees;
            **usd > Decimal::ZERO && new && trusted != Some(*usd) && !super::verify::floats(key)
        })
        .filter_map(|(key, usd)| {
            Some(PriceProblem {
                kind: ProblemKind::Implausible,
                key: key.clone(),
                trusted: known.get(key).copied(),
                found: Some(*usd),
                detail: beside.out_of_line(key, *usd)?,
            })
        })
        .collect()
}

/// What a price is compared with.
struct Beside<'a> {
    tables: &'a PriceTables,
    found: &'a Prices,
    known: &'a Prices,
    /// Those of the trusted prices.
    regions: BTreeSet<&'a String>,
}

impl Beside<'_> {
    /// How a price is out of line, if it is.
    fn out_of_line(&self, key: &PriceKey, usd: Decimal) -> Option<String> {
        match key.table {
            PriceTable::ManagedInstancesFees => self.fee(key, usd),
            PriceTable::Fargate => self.fargate(key, usd),
            PriceTable::FargateSavingsPlans | PriceTable::Ec2Discounts => self.plan(key, usd),
            PriceTable::Ec2 => self.of_family(key, usd).or_else(|| self.elsewhere(key, usd)),
        }
    }

    fn fee(&self, key: &PriceKey, usd: Decimal) -> Option<String> {
        let charges = Charges::embedded();
        let on = self.tables.fee_date(&key.region, &key.item).unwrap_or(Date::MAX);
        // Before there were fees, they can only be those that came.
        let share = charges
            .managed_instances_fee(&key.item, on)
            .or_else(|| charges.managed_instances_fee(&key.item, Date::MAX))?
            .amount;
        let instance = PriceKey { table: PriceTable::Ec2, ..key.clone() };
        let (on_demand, of, factor) = match self.found.get(&instance) {
            Some(on_demand) => (*on_demand, "its on-demand price", FEE_FACTOR),
            None => (
                median(self.others(&instance))?,
                "its on-demand price in other regions",
                FEE_ELSEWHERE_FACTOR,
            ),
        };
        let percent = usd.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(on_demand)?;
        (!within(percent, share, share, factor)).then(|| {
            let percent = percent.round_dp(1).normalize();
            format!("{usd} USD is {percent} % of {of} ({on_demand}), where the fee is {share} %")
        })
    }

    fn fargate(&self, key: &PriceKey, usd: Decimal) -> Option<String> {
        if let Some(level) = level(&key.item) {
            let of = |prices: &Prices, region: &str, usd: Decimal| {
                let level = PriceKey { region: region.to_owned(), item: level.to_owned(), ..key.clone() };
                usd.checked_div(*prices.get(&level)?)
            };
            let mut elsewhere: Vec<Decimal> = self
                .others_by_region(key)
                .filter_map(|(region, other)| of(self.known, region, other))
                .collect();
            elsewhere.sort();
            if let (Some(here), Some(low), Some(high)) =
                (of(self.found, &key.region, usd), elsewhere.first(), elsewhere.last())
            {
                return (!within(here, *low, *high, SPREAD_FACTOR)).then(|| {
                    let [here, low, high] = [here, *low, *high].map(|times| times.round_dp(2).normalize());
                    format!(
                        "{usd} USD is {here} times {level} of the region, where other regions have {}",
                        spread(&low, &high, " times")
                    )
                });
            }
        }
        let mut elsewhere = self.others(key);
        elsewhere.sort();
        let (low, high) = (elsewhere.first()?, elsewhere.last()?);
        (!within(usd, *low, *high, SPREAD_FACTOR))
            .then(|| format!("{usd} USD, where other regions have {}", spread(low, high, "")))
    }

    fn plan(&self, key: &PriceKey, usd: Decimal) -> Option<String> {
        let words: Vec<&str> = key.item.split(' ').collect();
        let on_demand = match (key.table, &words[..]) {
            (PriceTable::Ec2Discounts, [instance_type, ..]) => {
                PriceKey { table: PriceTable::Ec2, item: (*instance_type).to_owned(), ..key.clone() }
            }
            (_, [platform, .., dimension]) => PriceKey {
                table: PriceTable::Fargate,
                item: format!("{platform} on-demand {dimension}"),
                ..key.clone()
            },
            _ => return None,
        };
        let on_demand = self.found.get(&on_demand)?;
        let percent = usd.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(*on_demand)?;
        (percent > Decimal::ONE_HUNDRED || percent < LEAST_PLAN_PERCENT).then(|| {
            let percent = percent.round_dp(1).normalize();
            format!("{usd} USD is {percent} % of the on-demand price ({on_demand})")
        })
    }

    /// By the other sizes of the family. Bare metal is not in line with them.
    fn of_family(&self, key: &PriceKey, usd: Decimal) -> Option<String> {
        let (family, size) = key.item.split_once('.')?;
        let units = size_units(size)?;
        let first = PriceKey { item: format!("{family}."), ..key.clone() };
        let each: Vec<Decimal> = self
            .found
            .range(first..)
            .take_while(|(other, _)| {
                other.table == key.table
                    && other.region == key.region
                    && other.item.strip_prefix(family).is_some_and(|rest| rest.starts_with('.'))
            })
            .filter(|(other, _)| *other != key)
            .filter_map(|(other, usd)| usd.checked_div(size_units(other.item.split_once('.')?.1)?))
            .collect();
        let count = each.len();
        let expected = median(each)?.checked_mul(units)?;
        let accelerated = ACCELERATED.contains(&series(family));
        let factor = if accelerated { ACCELERATED_FACTOR } else { FAMILY_FACTOR };
        (!within(usd, expected, expected, factor)).then(|| {
            let expected = expected.round_dp(4).normalize();
            format!("{usd} USD, where other sizes of {family} ({count}) make it {expected}")
        })
    }

    fn elsewhere(&self, key: &PriceKey, usd: Decimal) -> Option<String> {
        let elsewhere = self.others(key);
        let (count, middle) = (elsewhere.len(), median(elsewhere)?);
        (!within(usd, middle, middle, ELSEWHERE_FACTOR))
            .then(|| format!("{usd} USD, where the median of other regions ({count}) is {middle}"))
    }

    /// The same in the other regions of the trusted prices.
    fn others(&self, key: &PriceKey) -> Vec<Decimal> {
        self.others_by_region(key).map(|(_, usd)| usd).collect()
    }

    fn others_by_region(&self, key: &PriceKey) -> impl Iterator<Item = (&str, Decimal)> {
        self.regions.iter().filter(|region| ***region != key.region).filter_map(|region| {
            let there = PriceKey { region: (**region).clone(), ..key.clone() };
            self.known.get(&there).filter(|usd| **usd > Decimal::ZERO).map(|usd| (region.as_str(), *usd))
        })
    }
}

/// The rate that the price level of a region shows in, for rates that go with it.
fn level(item: &str) -> Option<&'static str> {
    const VCPU: &str = "linux/x86_64 on-demand vcpu";
    const MEMORY: &str = "linux/x86_64 on-demand memory";
    if item == VCPU || item == MEMORY || item.ends_with("licence") {
        None
    } else if item.ends_with("memory") {
        Some(MEMORY)
    } else {
        Some(VCPU)
    }
}

/// Whether a price is no more than a factor outside of low and high.
fn within(price: Decimal, low: Decimal, high: Decimal, factor: Decimal) -> bool {
    let least = low.checked_div(factor).unwrap_or(Decimal::ZERO);
    let most = high.checked_mul(factor).unwrap_or(Decimal::MAX);
    (least..=most).contains(&price)
}

const fn hundredths(count: u32) -> Decimal {
    Decimal::from_parts(count, 0, 0, false, 2)
}

fn median(mut of: Vec<Decimal>) -> Option<Decimal> {
    of.sort();
    let (low, high) = (of.get(of.len().checked_sub(1)? / 2)?, of.get(of.len() / 2)?);
    low.checked_add(*high)?.checked_div(Decimal::TWO)
}

fn spread(low: &Decimal, high: &Decimal, unit: &str) -> String {
    if low == high { format!("{low}{unit}") } else { format!("{low} to {high}{unit}") }
}

/// `g` of `g4dn`, `u` of `u-6tb1`; `x1e` is a series of its own.
fn series(family: &str) -> &str {
    if family == "x1" || family == "x1e" {
        return family;
    }
    family.split(|letter: char| !letter.is_ascii_lowercase()).next().unwrap_or(family)
}

/// What a size is beside others of its family, by its name: each is twice the one before it.
fn size_units(size: &str) -> Option<Decimal> {
    let units = match size {
        "nano" => 1,
        "micro" => 2,
        "small" => 4,
        "medium" => 8,
        "large" => 16,
        "xlarge" => 32,
        _ => {
            32 * size
                .strip_suffix("xlarge")?
                .parse::<i64>()
                .ok()
                .filter(|count| (1..=1000).contains(count))?
        }
    };
    Some(Decimal::from(units))
}

#[cfg(test)]
mod tests {
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
            [
                "implausible c6g.medium: 0.05 USD is 137 % of its on-demand price (0.0365), where the fee is 12 %"
            ]
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
        let vcpu = |usd: &str| {
            told(&with(&[(FARGATE, &windows("vcpu", usd)), (FARGATE, &memory), (FARGATE, &licence)]))
        };
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
                format!(
                    "ap-southeast-5,linux,x86_64,on-demand,{dimension},hours,{usd},2026-11-20,high,made up"
                )
            };
            told(&with(&[(FARGATE, &row("vcpu", usd)), (FARGATE, &row("memory", "0.0045"))]))
        };
        assert_eq!(
            row("0.4048"),
            [
                "implausible linux/x86_64 on-demand vcpu: 0.4048 USD, where other regions have 0.04048 to 0.0696"
            ]
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
        // A family that is nowhere else has nothing to be held against but itself.
        assert_eq!(told(&with(&[(IRELAND, "m99.large,0.2,a")])), [""; 0]);
        let sizes = ["m99.large,0.2,a", "m99.xlarge,0.4,a", "m99.2xlarge,8,a", "m99.4xlarge,1.6,a"];
        assert_eq!(
            told(&with(&sizes.map(|row| (IRELAND, row)))),
            ["implausible m99.2xlarge: 8 USD, where other sizes of m99 (3) make it 0.8"]
        );
    }

    #[test]
    fn a_plan_is_below_the_on_demand_price_and_no_gift() {
        let fargate = |usd: &str| {
            let row = |dimension, usd| {
                format!(
                    "eu-west-1,linux,x86_64,1yr,no-upfront,{dimension},hours,{usd},2026-11-20,high,made up"
                )
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
}
