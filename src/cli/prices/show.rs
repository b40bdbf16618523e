//! `fargauge prices show`: every rate of a region, with its provenance.

use std::collections::BTreeSet;

use anyhow::anyhow;
use serde::Serialize;

use super::{book_line, csv_text, json, reference};
use crate::{
    cli::{
        CliError, ExitCode, GlobalArgs, RegionArgs, TabularArgs, TabularFormat,
        table::{self, Align},
    },
    pricing::{Confidence, NoPrice, PriceBook, Rate},
    report::{PriceBookReference, display_safe},
    units::decimal_as_f64,
    workload::{PurchaseOption, Region},
};

pub fn run(global: &GlobalArgs, region: &RegionArgs, tabular: &TabularArgs) -> Result<ExitCode, CliError> {
    let output = tabular.output.open()?;
    let book = global.price_book()?;
    let region = global.region(region)?;
    let rates: Vec<&Rate> = book.rates().filter(|rate| rate.key.region == region).collect();
    if rates.is_empty() {
        return Err(unknown_region(&book, &region));
    }
    let text = match tabular.format() {
        TabularFormat::Table => show_table(&book, &rates),
        TabularFormat::Json => json(&Show {
            price_book: reference(&book),
            region: region.as_str(),
            currency: "USD",
            rates: rates.iter().map(|rate| RateRow::of(rate)).collect(),
        }),
        TabularFormat::Csv => show_csv(&rates),
    };
    output.write(text.as_bytes())?;
    Ok(ExitCode::Fine)
}

fn unknown_region(book: &PriceBook, region: &Region) -> CliError {
    let held: BTreeSet<&str> = book.rates().map(|rate| rate.key.region.as_str()).collect();
    let held = held.into_iter().collect::<Vec<_>>().join(", ");
    CliError::not_evaluated(anyhow!("{}: the price book has no rates for {region}", NoPrice::REASON))
        .with_help(format!("it has rates for {held}"))
}

#[derive(Serialize)]
struct Show<'a> {
    price_book: PriceBookReference,
    region: &'a str,
    currency: &'static str,
    rates: Vec<RateRow<'a>>,
}

#[derive(Serialize)]
struct RateRow<'a> {
    os: &'static str,
    arch: &'static str,
    purchase_option: &'static str,
    dimension: &'static str,
    unit: &'static str,
    usd: f64,
    effective_date: &'a str,
    confidence: &'static str,
    source: &'a str,
    /// Whether it moves with supply and demand: then it is of its date, and no list price.
    floating: bool,
}

impl<'a> RateRow<'a> {
    fn of(rate: &'a Rate) -> Self {
        Self {
            os: rate.key.os(),
            arch: rate.key.arch(),
            purchase_option: rate.key.purchase.as_str(),
            dimension: rate.key.dimension.as_str(),
            unit: rate.key.dimension.unit(),
            usd: decimal_as_f64(rate.usd),
            effective_date: &rate.effective_date,
            confidence: rate.confidence.as_str(),
            source: &rate.source,
            floating: floats(rate),
        }
    }
}

fn show_table(book: &PriceBook, rates: &[&Rate]) -> String {
    let columns = [
        ("OS", Align::Left),
        ("Arch", Align::Left),
        ("Purchase", Align::Left),
        ("Dimension", Align::Left),
        ("USD", Align::Left),
        ("per", Align::Left),
        ("From", Align::Left),
    ];
    // Many rates share a source, and sources are long: they stand below, numbered.
    let mut sources: Vec<(&str, Confidence, &str)> = Vec::new();
    let rows: Vec<_> = rates
        .iter()
        .map(|rate| {
            let source = (rate.effective_date.as_str(), rate.confidence, rate.source.as_str());
            let number = sources.iter().position(|known| *known == source).unwrap_or_else(|| {
                sources.push(source);
                sources.len() - 1
            });
            [
                rate.key.os().to_owned(),
                rate.key.arch().to_owned(),
                rate.key.purchase.as_str().to_owned(),
                rate.key.dimension.to_string(),
                if floats(rate) { format!("~{}", rate.usd) } else { rate.usd.to_string() },
                rate.key.dimension.unit().to_owned(),
                format!("[{}]", number + 1),
            ]
        })
        .collect();
    let table = table::render(&columns, rows, 0);
    let sources: String = sources.iter().enumerate().fold(String::new(), |text, (index, source)| {
        let (date, confidence, source) = source;
        let number = index + 1;
        text + &format!("[{number}] {date}, {} confidence: {}\n", confidence.as_str(), display_safe(source))
    });
    let dates = rates.iter().filter(|rate| floats(rate)).map(|rate| rate.effective_date.as_str());
    let spot = match (dates.clone().min(), dates.max()) {
        (Some(first), Some(last)) => {
            let of = if first == last { first.to_owned() } else { format!("{first} to {last}") };
            format!("~ floats with supply and demand: Spot rates of {of}, which no price list has.\n")
        }
        _ => String::new(),
    };
    format!("{table}\n{sources}\n{spot}{}", book_line(book))
}

fn floats(rate: &Rate) -> bool {
    rate.key.purchase == PurchaseOption::Spot
}

/// In the schema of the price book itself, so that it can be edited and given to `--price-book`.
fn show_csv(rates: &[&Rate]) -> String {
    let header = [
        "region",
        "operating_system",
        "architecture",
        "purchase_option",
        "dimension",
        "unit",
        "usd",
        "effective_date",
        "confidence",
        "source",
    ];
    let rows = rates.iter().map(|rate| {
        vec![
            rate.key.region.to_string(),
            rate.key.os().to_owned(),
            rate.key.arch().to_owned(),
            rate.key.purchase.as_str().to_owned(),
            rate.key.dimension.to_string(),
            rate.key.dimension.unit().to_owned(),
            rate.usd.to_string(),
            rate.effective_date.clone(),
            rate.confidence.as_str().to_owned(),
            rate.source.clone(),
        ]
    });
    csv_text(&header, rows)
}
