//! `fargauge prices`: the rates that fargauge knows, with their provenance.
//!
//! Takes the price book; gives what it holds by region (`list`) or every rate of one (`show`). A region
//! without rates is refused with those that have some.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::anyhow;
use clap::{Args, Subcommand};
use csv::{Terminator, WriterBuilder};
use serde::Serialize;

use super::{
    CliError, ExitCode, GlobalArgs, RegionArgs, TabularArgs, TabularFormat,
    output::csv_safe,
    table::{self, Align},
};
use crate::{
    pricing::{Confidence, NoPrice, PriceBook, Rate, RateDimension},
    report::PriceBookReference,
    report::display_safe,
    units::decimal_as_f64,
    workload::{Architecture, OperatingSystem, Platform, PurchaseOption, Region},
};

/// Show the rates that prices stand on
#[derive(Debug, Args)]
pub struct PricesArgs {
    #[command(subcommand)]
    command: PricesCommand,
}

#[derive(Debug, Subcommand)]
enum PricesCommand {
    /// List the regions, what each has rates for, and of when
    List {
        #[command(flatten)]
        tabular: TabularArgs,
    },
    /// Show every rate of a region
    Show {
        #[command(flatten)]
        region: RegionArgs,
        #[command(flatten)]
        tabular: TabularArgs,
    },
}

pub fn run(global: &GlobalArgs, args: &PricesArgs) -> Result<ExitCode, CliError> {
    match &args.command {
        PricesCommand::List { tabular } => {
            let output = tabular.output.open()?;
            let book = global.price_book()?;
            let regions = holdings(&book);
            let text = match tabular.format() {
                TabularFormat::Table => list_table(&book, &regions),
                TabularFormat::Json => json(&List { price_book: reference(&book), regions: &regions }),
                TabularFormat::Csv => list_csv(&regions),
            };
            output.write(text.as_bytes())?;
        }
        PricesCommand::Show { region, tabular } => {
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
        }
    }
    Ok(ExitCode::Fine)
}

fn unknown_region(book: &PriceBook, region: &Region) -> CliError {
    let held: BTreeSet<&str> = book.rates().map(|rate| rate.key.region.as_str()).collect();
    let held = held.into_iter().collect::<Vec<_>>().join(", ");
    CliError::not_evaluated(anyhow!("{}: the price book has no rates for {region}", NoPrice::REASON))
        .with_help(format!("it has rates for {held}"))
}

fn reference(book: &PriceBook) -> PriceBookReference {
    PriceBookReference {
        id: book.id().to_owned(),
        effective_date: book.effective_date().to_owned(),
        sha256: book.sha256().to_owned(),
    }
}

fn json(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("strings and numbers serialize");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct List<'a> {
    price_book: PriceBookReference,
    regions: &'a [RegionHoldings],
}

/// What the book holds for a region.
#[derive(Debug, Serialize)]
struct RegionHoldings {
    region: String,
    /// Oldest and newest date of its rates.
    effective_from: String,
    effective_to: String,
    combinations: Vec<Combination>,
}

/// A platform and purchase option, and the dimensions that have a rate.
#[derive(Debug, Serialize)]
struct Combination {
    /// `any` where one rate holds for all.
    os: &'static str,
    arch: &'static str,
    purchase_option: &'static str,
    dimensions: Vec<&'static str>,
    /// Whether a task can be priced (for `any`: whether its storage can).
    complete: bool,
}

fn holdings(book: &PriceBook) -> Vec<RegionHoldings> {
    let mut regions: BTreeMap<&Region, Vec<&Rate>> = BTreeMap::new();
    for rate in book.rates() {
        regions.entry(&rate.key.region).or_default().push(rate);
    }
    regions
        .into_iter()
        .map(|(region, rates)| {
            let dates: BTreeSet<&str> = rates.iter().map(|rate| rate.effective_date.as_str()).collect();
            let mut combinations: BTreeMap<(Option<Platform>, PurchaseOption), Vec<RateDimension>> =
                BTreeMap::new();
            for rate in rates {
                combinations
                    .entry((rate.key.platform, rate.key.purchase))
                    .or_default()
                    .push(rate.key.dimension);
            }
            RegionHoldings {
                region: region.to_string(),
                effective_from: dates.first().copied().unwrap_or_default().to_owned(),
                effective_to: dates.last().copied().unwrap_or_default().to_owned(),
                combinations: combinations
                    .into_iter()
                    .map(|((platform, purchase), dimensions)| Combination {
                        os: platform.map_or("any", |platform| platform.os.as_str()),
                        arch: platform.map_or("any", |platform| platform.arch.as_str()),
                        purchase_option: purchase.as_str(),
                        complete: needed(platform).iter().all(|needed| dimensions.contains(needed)),
                        dimensions: dimensions.into_iter().map(RateDimension::as_str).collect(),
                    })
                    .collect(),
            }
        })
        .collect()
}

/// The dimensions that a task's price always has.
fn needed(platform: Option<Platform>) -> &'static [RateDimension] {
    match platform {
        None => &[RateDimension::EphemeralStorage],
        Some(Platform { os: OperatingSystem::Linux, .. }) => &[RateDimension::Vcpu, RateDimension::Memory],
        Some(Platform { os: OperatingSystem::Windows, .. }) => {
            &[RateDimension::Vcpu, RateDimension::Memory, RateDimension::WindowsLicence]
        }
    }
}

fn list_table(book: &PriceBook, regions: &[RegionHoldings]) -> String {
    use Architecture::{Arm64, X86_64};
    use OperatingSystem::{Linux, Windows};
    use PurchaseOption::{OnDemand, Spot};

    // What can be held, as columns; Windows has no Spot.
    let platform = |os, arch| Some(Platform { os, arch });
    let columns: [(&str, Option<Platform>, PurchaseOption); 6] = [
        ("x86", platform(Linux, X86_64), OnDemand),
        ("ARM", platform(Linux, Arm64), OnDemand),
        ("Windows", platform(Windows, X86_64), OnDemand),
        ("x86 Spot", platform(Linux, X86_64), Spot),
        ("ARM Spot", platform(Linux, Arm64), Spot),
        ("Storage", None, OnDemand),
    ];
    let rows = regions.iter().map(|held| {
        let cells = columns.iter().map(|(_, platform, purchase)| {
            let (os, arch) = platform.map_or(("any", "any"), |p| (p.os.as_str(), p.arch.as_str()));
            held.combinations
                .iter()
                .find(|c| (c.os, c.arch, c.purchase_option) == (os, arch, purchase.as_str()))
                .map_or_else(
                    || "-".to_owned(),
                    |c| if c.complete { "yes".to_owned() } else { "part".to_owned() },
                )
        });
        let dates = if held.effective_from == held.effective_to {
            held.effective_to.clone()
        } else {
            format!("{} to {}", held.effective_from, held.effective_to)
        };
        [held.region.clone()].into_iter().chain(cells).chain([dates]).collect::<Vec<_>>()
    });
    let header: Vec<_> = [("Region", Align::Left)]
        .into_iter()
        .chain(columns.iter().map(|(title, ..)| (*title, Align::Left)))
        .chain([("Rates of", Align::Left)])
        .collect();
    let table = table::render(&header, rows, 0);
    format!(
        "{table}\n{} regions, {} rates. part: not every rate that a task needs; a dash: none.\n{}",
        regions.len(),
        book.rates().count(),
        book_line(book)
    )
}

fn book_line(book: &PriceBook) -> String {
    format!("Price book {}, newest rate of {}\n", display_safe(book.id()), book.effective_date())
}

fn csv_text(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let mut write = |row: Vec<String>| {
        writer
            .write_record(row.iter().map(|cell| csv_safe(cell).into_owned()))
            .expect("rows have the header's cells, and memory takes them all");
    };
    write(header.iter().map(|title| (*title).to_owned()).collect());
    rows.into_iter().for_each(&mut write);
    let bytes = writer.into_inner().expect("memory takes all");
    String::from_utf8(bytes).expect("only UTF-8 was written")
}

fn list_csv(regions: &[RegionHoldings]) -> String {
    let header = [
        "region",
        "operating_system",
        "architecture",
        "purchase_option",
        "dimensions",
        "complete",
        "effective_from",
        "effective_to",
    ];
    let rows = regions.iter().flat_map(|held| {
        held.combinations.iter().map(|c| {
            vec![
                held.region.clone(),
                c.os.to_owned(),
                c.arch.to_owned(),
                c.purchase_option.to_owned(),
                c.dimensions.join(";"),
                c.complete.to_string(),
                held.effective_from.clone(),
                held.effective_to.clone(),
            ]
        })
    });
    csv_text(&header, rows)
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
                rate.usd.to_string(),
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
    let spot = if rates.iter().any(|rate| rate.key.purchase == PurchaseOption::Spot) {
        "Spot rates float with supply and demand; these are of their effective dates.\n"
    } else {
        ""
    };
    format!("{table}\n{sources}\n{spot}{}", book_line(book))
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
