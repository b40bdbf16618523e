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
//! | EC2, of a family of which nothing is trusted | other families of the series in the region (else anywhere, else of all series), by size | beyond 3 times their spread; with accelerators, 5 times |
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
//! | m99.large in eu-west-1, 1.6 | a large of other m families is 0.086 to 0.19 | implausible |
//!
//! With each region's prices hidden in turn, no built-in price is implausible. The widest of them: sa-east-1, 1.26
//! times the next dearest of Fargate; x8i.96xlarge, 1.16 times its family; c5a in ap-south-1, 0.52 of the median;
//! hpc7a, whose sizes have unlike numbers of cores for one price, 4 times. With each family hidden in turn: c1 in
//! ap-southeast-1, 2.41 times the dearest of c; hpc7g, 4.95 times.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{
    PriceKey, PriceTable, PriceTables,
    problem::{PriceProblem, ProblemKind, floats},
};
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

/// By what factor a new family may be outside of the spread of others.
const NEW_FAMILY_FACTOR: Decimal = hundredths(300);

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
            **usd > Decimal::ZERO && new && trusted != Some(*usd) && !floats(key)
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
            PriceTable::Ec2 => self
                .of_family(key, usd)
                .or_else(|| self.elsewhere(key, usd))
                .or_else(|| self.among_families(key, usd)),
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

    /// A family of which nothing is trusted, by other families: by those most like it that there are.
    fn among_families(&self, key: &PriceKey, usd: Decimal) -> Option<String> {
        let (family, size) = key.item.split_once('.')?;
        let units = size_units(size)?;
        let of_one = usd.checked_div(units)?;
        let first = format!("{family}.");
        if self.regions.iter().any(|region| self.instances(region, &first).next().is_some()) {
            return None;
        }
        let (own, is_accelerated) = (series(family), ACCELERATED.contains(&series(family)));
        // Lowest and highest price of one unit.
        let spread_of = |regions: &BTreeSet<&String>, of_series: bool| {
            let of_kind = |(other, usd): (&PriceKey, &Decimal)| {
                let (family, size) = other.item.split_once('.')?;
                let other = series(family);
                let is_alike =
                    if of_series { other == own } else { ACCELERATED.contains(&other) == is_accelerated };
                usd.checked_div(size_units(size)?).filter(|_| is_alike)
            };
            let prices = || regions.iter().flat_map(|region| self.instances(region, "")).filter_map(of_kind);
            Some((prices().min()?, prices().max()?))
        };
        let here = BTreeSet::from([&key.region]);
        let order = [(&here, true), (&self.regions, true), (&here, false), (&self.regions, false)];
        let (low, high) = order.into_iter().find_map(|(regions, of_series)| spread_of(regions, of_series))?;
        let factor = if is_accelerated { ACCELERATED_FACTOR } else { NEW_FAMILY_FACTOR };
        (!within(of_one, low, high, factor)).then(|| {
            let [low, high] = [low, high].map(|of_one| of_one.saturating_mul(units).round_dp(4).normalize());
            format!("{usd} USD, where other families make it {}", spread(&low, &high, ""))
        })
    }

    /// The trusted prices of a region's instances whose types begin so.
    fn instances<'b>(
        &'b self,
        region: &str,
        start: &'b str,
    ) -> impl Iterator<Item = (&'b PriceKey, &'b Decimal)> {
        let first = PriceKey { table: PriceTable::Ec2, region: region.to_owned(), item: start.to_owned() };
        let region = first.region.clone();
        self.known.range(first..).take_while(move |(key, _)| {
            key.table == PriceTable::Ec2 && key.region == region && key.item.starts_with(start)
        })
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
mod tests;
