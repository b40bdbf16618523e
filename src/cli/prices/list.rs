//! `fargauge prices list`: what the book holds, by region.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{book_line, csv_text, json};
use crate::{
    analysis::price_book_reference,
    cli::{
        CliError, ExitCode, GlobalArgs, TabularArgs, TabularFormat,
        table::{self, Align},
    },
    pricing::{
        PriceBook, Rate, RateDimension,
        tables::{Holdings, PriceTables},
    },
    report::PriceBookReference,
    workload::{Architecture, OperatingSystem, Platform, PurchaseOption},
};

pub fn run(global: &GlobalArgs, tabular: &TabularArgs) -> Result<ExitCode, CliError> {
    let (output, format) = tabular.open()?;
    let book = global.price_book()?;
    let (tables, _) = global.price_tables()?;
    let regions = holdings(&book, &tables);
    let text = match format {
        TabularFormat::Table => list_table(&book, &regions),
        TabularFormat::Json => json(&List { price_book: price_book_reference(&book), regions: &regions }),
        TabularFormat::Csv => list_csv(&regions),
    };
    output.write(text.as_bytes())?;
    Ok(ExitCode::Fine)
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
    /// Oldest and newest date of its rates of Fargate, where it has some.
    effective_from: Option<String>,
    effective_to: Option<String>,
    held: Holdings,
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
    /// Of rates that float (Spot): the date they are of, the oldest of several.
    floating_of: Option<String>,
    /// Whether a task can be priced (for `any`: whether its storage can).
    complete: bool,
}

fn holdings(book: &PriceBook, tables: &PriceTables) -> Vec<RegionHoldings> {
    let mut of_fargate: BTreeMap<&str, Vec<&Rate>> = BTreeMap::new();
    for rate in book.rates() {
        of_fargate.entry(rate.key.region.as_str()).or_default().push(rate);
    }
    tables
        .holdings()
        .into_iter()
        .map(|(region, held)| {
            let rates = of_fargate.remove(region).unwrap_or_default();
            let dates: BTreeSet<&str> = rates.iter().map(|rate| rate.effective_date.as_str()).collect();
            let mut combinations: BTreeMap<(Option<Platform>, PurchaseOption), Vec<&Rate>> = BTreeMap::new();
            for rate in rates {
                combinations.entry((rate.key.platform, rate.key.purchase)).or_default().push(rate);
            }
            RegionHoldings {
                region: region.to_owned(),
                effective_from: dates.first().map(|date| (*date).to_owned()),
                effective_to: dates.last().map(|date| (*date).to_owned()),
                held,
                combinations: combinations
                    .into_iter()
                    .map(|((platform, purchase), rates)| Combination {
                        os: platform.map_or("any", |platform| platform.os.as_str()),
                        arch: platform.map_or("any", |platform| platform.arch.as_str()),
                        purchase_option: purchase.as_str(),
                        complete: needed(platform)
                            .iter()
                            .all(|needed| rates.iter().any(|rate| rate.key.dimension == *needed)),
                        dimensions: rates.iter().map(|rate| rate.key.dimension.as_str()).collect(),
                        floating_of: (purchase == PurchaseOption::Spot)
                            .then(|| rates.iter().map(|rate| rate.effective_date.clone()).min())
                            .flatten(),
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
                    |c| match (&c.floating_of, c.complete) {
                        (_, false) => "part".to_owned(),
                        (Some(date), true) => format!("~{date}"),
                        (None, true) => "yes".to_owned(),
                    },
                )
        });
        let dates = match (&held.effective_from, &held.effective_to) {
            (Some(from), Some(to)) if from != to => format!("{from} to {to}"),
            (_, Some(to)) => to.clone(),
            (_, None) => "-".to_owned(),
        };
        let Holdings { fargate_rates, fargate_plan_rates, ec2_types, ec2_plan_rates, .. } = held.held;
        let counts = [fargate_rates, ec2_types, fargate_plan_rates + ec2_plan_rates];
        let counts = counts.map(|count| count.to_string());
        [held.region.clone()].into_iter().chain(cells).chain(counts).chain([dates]).collect::<Vec<_>>()
    });
    let header: Vec<_> = [("Region", Align::Left)]
        .into_iter()
        .chain(columns.iter().map(|(title, ..)| (*title, Align::Left)))
        .chain(["Rates", "EC2 types", "Plan rates"].map(|title| (title, Align::Right)))
        .chain([("Rates of", Align::Left)])
        .collect();
    let table = table::render(&header, rows, 0);
    format!(
        "{table}\n{} regions, {} rates of Fargate. part: not every rate that a task needs; a dash: none.\n\
         ~ floats with supply and demand: Spot rates of that date. Plan rates are of Fargate and EC2.\n{}",
        regions.len(),
        book.rates().count(),
        book_line(book)
    )
}

fn list_csv(regions: &[RegionHoldings]) -> String {
    let header = [
        "region",
        "operating_system",
        "architecture",
        "purchase_option",
        "dimensions",
        "complete",
        "floating_of",
        "effective_from",
        "effective_to",
        "fargate_rates",
        "ec2_types",
        "fargate_plan_rates",
        "ec2_plan_rates",
    ];
    let rows = regions.iter().flat_map(|held| {
        let row = |of_combination: [String; 6]| -> Vec<String> {
            let Holdings { fargate_rates, fargate_plan_rates, ec2_types, ec2_plan_rates, .. } = held.held;
            let dates = [&held.effective_from, &held.effective_to];
            let counts = [fargate_rates, ec2_types, fargate_plan_rates, ec2_plan_rates];
            [held.region.clone()]
                .into_iter()
                .chain(of_combination)
                .chain(dates.map(|date| date.clone().unwrap_or_default()))
                .chain(counts.map(|count| count.to_string()))
                .collect()
        };
        // A region without a rate of Fargate has a row, too.
        let none = held.combinations.is_empty().then(|| row(Default::default()));
        let combinations = held.combinations.iter().map(move |c| {
            row([
                c.os.to_owned(),
                c.arch.to_owned(),
                c.purchase_option.to_owned(),
                c.dimensions.join(";"),
                c.complete.to_string(),
                c.floating_of.clone().unwrap_or_default(),
            ])
        });
        none.into_iter().chain(combinations)
    });
    csv_text(&header, rows)
}
