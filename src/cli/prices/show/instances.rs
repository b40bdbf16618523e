//! `fargauge prices show --instance-type`: what instances cost in a region, however they are bought, as the
//! commands that price instances take it.

use anyhow::anyhow;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;
use serde::Serialize;
use wildmatch::WildMatch;

use super::{Sources, book_line, csv_text, json};
use crate::{
    analysis::price_book_reference,
    cli::{
        CliError, GlobalArgs, TabularFormat,
        table::{self, Align},
    },
    pricing::{
        Charges, InstancePrices, InstancePurchase, NoPrice, PlanPayment, PlanTerm, tables::PriceTables,
    },
    report::PriceBookReference,
    units::decimal_as_f64,
    workload::Region,
};

#[derive(Serialize)]
struct Show<'a> {
    price_book: PriceBookReference,
    region: &'a str,
    currency: &'static str,
    instances: Vec<PriceJson<'a>>,
}

#[derive(Serialize)]
struct PriceJson<'a> {
    instance_type: &'a str,
    purchase: &'static str,
    term: Option<&'static str>,
    payment: Option<&'static str>,
    usd_per_hour: f64,
    percent_off: Option<f64>,
    effective_date: Option<&'a str>,
    confidence: &'a str,
    source: &'a str,
    floating: bool,
}

/// An hour of an instance bought in one way.
struct Price {
    instance_type: String,
    purchase: &'static str,
    /// Of a plan.
    terms: Option<(PlanTerm, PlanPayment)>,
    usd: Decimal,
    /// Off the on-demand price; not of a fee, which comes on top.
    percent_off: Option<Decimal>,
    effective_date: Option<String>,
    confidence: String,
    source: String,
    floating: bool,
}

/// Prices of the types that match `pattern`.
pub(super) fn text(
    global: &GlobalArgs,
    tables: &PriceTables,
    region: &Region,
    pattern: &str,
    format: TabularFormat,
) -> Result<String, CliError> {
    let book = global.whole_price_book()?;
    let instances = book.instance_prices();
    let held = instances.types_in(region);
    let wanted = WildMatch::new(pattern);
    let on = global.as_of.unwrap_or_else(Timestamp::now).to_zoned(TimeZone::UTC).date();
    let prices: Vec<Price> = held
        .iter()
        .filter(|instance_type| wanted.matches(instance_type))
        .flat_map(|instance_type| of_type(instances, tables, region, instance_type, on))
        .collect();
    if prices.is_empty() {
        return Err(CliError::not_evaluated(anyhow!(
            "{}: no instance type that the price book has for {region} matches {pattern:?}",
            NoPrice::REASON
        ))
        .with_help(format!("it has {} there; * stands for any letters, as in 'm7g.*'", held.len())));
    }
    Ok(match format {
        TabularFormat::Table => prices_table(&prices) + &book_line(&book),
        TabularFormat::Json => json(&Show {
            price_book: price_book_reference(&book),
            region: region.as_str(),
            currency: "USD",
            instances: prices.iter().map(Price::json).collect(),
        }),
        TabularFormat::Csv => prices_csv(region, &prices),
    })
}

fn of_type(
    instances: &InstancePrices,
    tables: &PriceTables,
    region: &Region,
    instance_type: &str,
    on: Date,
) -> Vec<Price> {
    let on_demand = instances.price(region, instance_type, InstancePurchase::OnDemand);
    let list = on_demand.as_ref().map(|price| price.usd);
    let mut prices: Vec<Price> = purchases()
        .filter_map(|purchase| {
            let price = instances.price(region, instance_type, purchase)?;
            let (name, terms) = words(purchase);
            let off = list.filter(|_| purchase != InstancePurchase::OnDemand).and_then(|list| {
                let share = price.usd.checked_div(list)?;
                Some(((Decimal::ONE - share) * Decimal::ONE_HUNDRED).round_dp(1).normalize())
            });
            Some(Price {
                instance_type: instance_type.to_owned(),
                purchase: name,
                terms,
                usd: price.usd.normalize(),
                percent_off: off,
                effective_date: Some(price.effective_date),
                confidence: price.confidence.as_str().to_owned(),
                source: price.source,
                floating: purchase == InstancePurchase::Spot,
            })
        })
        .collect();
    prices.extend(fee(instances, tables, region, instance_type, on));
    prices
}

/// What managing it costs on ECS Managed Instances: as a price list said it, else a share.
fn fee(
    instances: &InstancePrices,
    tables: &PriceTables,
    region: &Region,
    instance_type: &str,
    on: Date,
) -> Option<Price> {
    let charges = Charges::embedded();
    let usd = instances.management_fee(charges, region, instance_type, on)?;
    let (effective_date, confidence, source) = match tables.management_fee(region.as_str(), instance_type) {
        Some((_, held)) => (Some(held.effective_date.clone()), held.confidence.clone(), held.source.clone()),
        None => {
            let share = charges.managed_instances_fee(instance_type, on)?;
            let source = format!("{} % of on-demand: {}", share.amount.normalize(), share.source);
            (share.valid_from.clone(), share.confidence.as_str().to_owned(), source)
        }
    };
    Some(Price {
        instance_type: instance_type.to_owned(),
        purchase: "managed-instances-fee",
        terms: None,
        usd: usd.normalize(),
        percent_off: None,
        effective_date,
        confidence,
        source,
        floating: false,
    })
}

fn purchases() -> impl Iterator<Item = InstancePurchase> {
    use InstancePurchase::{ComputeSavingsPlan, Ec2InstanceSavingsPlan, OnDemand, Spot};
    use PlanPayment::{AllUpfront, NoUpfront, PartialUpfront};
    let terms = [PlanTerm::OneYear, PlanTerm::ThreeYears];
    let plans = [ComputeSavingsPlan as fn(PlanTerm, PlanPayment) -> InstancePurchase, Ec2InstanceSavingsPlan];
    let plans = plans.into_iter().flat_map(move |plan| {
        terms.into_iter().flat_map(move |term| {
            [NoUpfront, PartialUpfront, AllUpfront].into_iter().map(move |payment| plan(term, payment))
        })
    });
    [OnDemand].into_iter().chain(plans).chain([Spot])
}

/// As the tables name it.
fn words(purchase: InstancePurchase) -> (&'static str, Option<(PlanTerm, PlanPayment)>) {
    match purchase {
        InstancePurchase::OnDemand => ("on-demand", None),
        InstancePurchase::Spot => ("spot", None),
        InstancePurchase::ComputeSavingsPlan(term, payment) => {
            ("compute-savings-plan", Some((term, payment)))
        }
        InstancePurchase::Ec2InstanceSavingsPlan(term, payment) => {
            ("ec2-instance-savings-plan", Some((term, payment)))
        }
    }
}

impl Price {
    fn term(&self) -> Option<&'static str> {
        self.terms.map(|(term, _)| term.as_str())
    }

    fn payment(&self) -> Option<&'static str> {
        self.terms.map(|(_, payment)| payment.as_str())
    }

    fn json(&self) -> PriceJson<'_> {
        PriceJson {
            instance_type: &self.instance_type,
            purchase: self.purchase,
            term: self.term(),
            payment: self.payment(),
            usd_per_hour: decimal_as_f64(self.usd),
            percent_off: self.percent_off.map(decimal_as_f64),
            effective_date: self.effective_date.as_deref(),
            confidence: &self.confidence,
            source: &self.source,
            floating: self.floating,
        }
    }
}

fn prices_table(prices: &[Price]) -> String {
    let columns = [
        ("Type", Align::Left),
        ("Purchase", Align::Left),
        ("Term", Align::Left),
        ("Payment", Align::Left),
        ("USD/hour", Align::Left),
        ("% off", Align::Right),
        ("From", Align::Left),
    ];
    let mut sources = Sources::default();
    let dash = || "-".to_owned();
    let rows = prices.iter().map(|price| {
        [
            price.instance_type.clone(),
            price.purchase.to_owned(),
            price.term().map_or_else(dash, str::to_owned),
            price.payment().map_or_else(dash, str::to_owned),
            format!("{}{}", if price.floating { "~" } else { "" }, price.usd),
            price.percent_off.map_or_else(dash, |percent| percent.to_string()),
            sources.cite(price.effective_date.as_deref(), &price.confidence, &price.source),
        ]
    });
    let table = table::render(&columns, rows, 0);
    let floating = if prices.iter().any(|price| price.floating) {
        "~ floats with supply and demand: Spot prices of their dates.\n"
    } else {
        ""
    };
    format!("{table}\n{}\n{floating}", sources.lines())
}

fn prices_csv(region: &Region, prices: &[Price]) -> String {
    let header = [
        "region",
        "instance_type",
        "purchase",
        "term",
        "payment",
        "usd_per_hour",
        "percent_off",
        "effective_date",
        "confidence",
        "source",
    ];
    let rows = prices.iter().map(|price| {
        vec![
            region.to_string(),
            price.instance_type.clone(),
            price.purchase.to_owned(),
            price.term().unwrap_or_default().to_owned(),
            price.payment().unwrap_or_default().to_owned(),
            price.usd.to_string(),
            price.percent_off.map(|percent| percent.to_string()).unwrap_or_default(),
            price.effective_date.clone().unwrap_or_default(),
            price.confidence.clone(),
            price.source.clone(),
        ]
    });
    csv_text(&header, rows)
}
