//! `fargauge prices show`: what the book holds of a region, with its provenance: Fargate's rates first, then
//! plans and charges. Prices of instances are many, and shown for the types asked for.

mod instances;
mod sources;

use std::collections::BTreeMap;

use anyhow::anyhow;
use clap::{Args, builder::NonEmptyStringValueParser};
use serde::Serialize;

use self::sources::Sources;
use super::{book_line, csv_text, json};
use crate::{
    analysis::price_book_reference,
    cli::{
        CliError, ExitCode, GlobalArgs, RegionArgs, TabularArgs, TabularFormat,
        table::{self, Align},
    },
    pricing::{
        Charges, NoPrice, PriceBook, Rate, RegionCharge,
        tables::{Holdings, PlanRow, PriceTables},
    },
    report::PriceBookReference,
    units::decimal_as_f64,
    workload::{PurchaseOption, Region},
};

/// Show what is held of a region: Fargate's rates, Savings Plans, charges, prices of instances
#[derive(Debug, Args)]
pub struct ShowArgs {
    #[command(flatten)]
    region: RegionArgs,
    /// Prices of these EC2 instance types alone, such as m7g.large or 'm7g.*'
    #[arg(long, value_name = "PATTERN", value_parser = NonEmptyStringValueParser::new())]
    instance_type: Option<String>,
    #[command(flatten)]
    tabular: TabularArgs,
}

pub fn run(global: &GlobalArgs, args: &ShowArgs) -> Result<ExitCode, CliError> {
    let (output, format) = args.tabular.open()?;
    let book = global.price_book()?;
    let (tables, _) = global.price_tables()?;
    let region = global.region(&args.region)?;
    let regions = tables.holdings();
    let Some(held) = regions.get(region.as_str()) else { return Err(unknown_region(&regions, &region)) };
    let text = match &args.instance_type {
        Some(pattern) => instances::text(global, &tables, &region, pattern, format)?,
        None => {
            let rates: Vec<&Rate> = book.rates().filter(|rate| rate.key.region == region).collect();
            let of_region = OfRegion { book: &book, tables: &tables, region: &region, held, rates };
            match format {
                TabularFormat::Table => of_region.table(),
                TabularFormat::Json => json(&of_region.json()),
                TabularFormat::Csv if of_region.rates.is_empty() => return Err(no_csv(&region)),
                TabularFormat::Csv => show_csv(&of_region.rates),
            }
        }
    };
    output.write(text.as_bytes())?;
    Ok(ExitCode::Fine)
}

fn unknown_region(regions: &BTreeMap<&str, Holdings>, region: &Region) -> CliError {
    if region.is_china() {
        let why = NoPrice::China { region: region.clone() };
        return CliError::not_evaluated(anyhow!("{}: {why}", NoPrice::REASON));
    }
    let held = regions.keys().copied().collect::<Vec<_>>().join(", ");
    CliError::not_evaluated(anyhow!("{}: the price book has no rates for {region}", NoPrice::REASON))
        .with_help(format!("it has rates for {held}"))
}

fn no_csv(region: &Region) -> CliError {
    CliError::not_evaluated(anyhow!(
        "{}: the price book has no rates of Fargate for {region}, and CSV is a price book of those",
        NoPrice::REASON
    ))
    .with_help("--format json has what is held; --instance-type PATTERN shows prices of EC2, as CSV, too")
}

struct OfRegion<'a> {
    book: &'a PriceBook,
    tables: &'a PriceTables,
    region: &'a Region,
    held: &'a Holdings,
    rates: Vec<&'a Rate>,
}

#[derive(Serialize)]
struct Show<'a> {
    price_book: PriceBookReference,
    region: &'a str,
    currency: &'static str,
    rates: Vec<RateRow<'a>>,
    savings_plans: Vec<PlanRateRow<'a>>,
    charges: Vec<ChargeRow<'a>>,
    held: &'a Holdings,
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

/// A rate of a Compute Savings Plan for Fargate.
#[derive(Serialize)]
struct PlanRateRow<'a> {
    os: &'a str,
    arch: &'a str,
    term: &'a str,
    payment: &'a str,
    dimension: &'a str,
    unit: &'a str,
    usd: f64,
    effective_date: &'a str,
    confidence: &'a str,
    source: &'a str,
}

impl<'a> PlanRateRow<'a> {
    fn of(row: &'a PlanRow) -> Self {
        Self {
            os: &row.operating_system,
            arch: &row.architecture,
            term: &row.term,
            payment: &row.payment,
            dimension: &row.dimension,
            unit: &row.unit,
            usd: decimal_as_f64(row.usd),
            effective_date: &row.effective_date,
            confidence: &row.confidence,
            source: &row.source,
        }
    }
}

#[derive(Serialize)]
struct ChargeRow<'a> {
    charge: &'static str,
    /// `any`, a region, or a series of instances.
    scope: &'a str,
    amount: f64,
    unit: &'static str,
    valid_from: Option<&'a str>,
    confidence: &'static str,
    source: &'a str,
}

impl OfRegion<'_> {
    fn charges(&self) -> Vec<RegionCharge<'static>> {
        Charges::embedded().of_region(self.region).collect()
    }

    fn json(&self) -> Show<'_> {
        let charges =
            self.charges().into_iter().map(|RegionCharge { name, scope, unit, charge }| ChargeRow {
                charge: name,
                scope,
                amount: decimal_as_f64(charge.amount),
                unit,
                valid_from: charge.valid_from.as_deref(),
                confidence: charge.confidence.as_str(),
                source: &charge.source,
            });
        Show {
            price_book: price_book_reference(self.book),
            region: self.region.as_str(),
            currency: "USD",
            rates: self.rates.iter().map(|rate| RateRow::of(rate)).collect(),
            savings_plans: self.tables.fargate_plans(self.region.as_str()).map(PlanRateRow::of).collect(),
            charges: charges.collect(),
            held: self.held,
        }
    }

    fn table(&self) -> String {
        // Many rates share a source, and sources are long: they stand below, numbered.
        let mut sources = Sources::default();
        let fargate = self.fargate_table(&mut sources);
        let plans = self.plan_table(&mut sources);
        let charges = self.charge_table(&mut sources);
        format!(
            "{fargate}\nCompute Savings Plans for Fargate:\n{plans}\nOther charges:\n{charges}\n{}\n{}\n{}{}",
            self.ec2_line(),
            sources.lines(),
            self.spot_line(),
            book_line(self.book)
        )
    }

    fn fargate_table(&self, sources: &mut Sources) -> String {
        if self.rates.is_empty() {
            return format!("No rate of Fargate is held for {}.\n", self.region);
        }
        let columns = [
            ("OS", Align::Left),
            ("Arch", Align::Left),
            ("Purchase", Align::Left),
            ("Dimension", Align::Left),
            ("USD", Align::Left),
            ("per", Align::Left),
            ("From", Align::Left),
        ];
        let rows = self.rates.iter().map(|rate| {
            [
                rate.key.os().to_owned(),
                rate.key.arch().to_owned(),
                rate.key.purchase.as_str().to_owned(),
                rate.key.dimension.to_string(),
                if floats(rate) { format!("~{}", rate.usd) } else { rate.usd.to_string() },
                rate.key.dimension.unit().to_owned(),
                sources.cite(Some(&rate.effective_date), rate.confidence.as_str(), &rate.source),
            ]
        });
        table::render(&columns, rows, 0)
    }

    fn plan_table(&self, sources: &mut Sources) -> String {
        if self.held.fargate_plan_rates == 0 {
            return "none is held\n".to_owned();
        }
        let columns = ["OS", "Arch", "Term", "Payment", "Dimension", "USD", "per", "From"]
            .map(|title| (title, Align::Left));
        let rows = self.tables.fargate_plans(self.region.as_str()).map(|row| {
            [
                row.operating_system.clone(),
                row.architecture.clone(),
                row.term.clone(),
                row.payment.clone(),
                row.dimension.clone(),
                row.usd.to_string(),
                row.unit.clone(),
                sources.cite(Some(&row.effective_date), &row.confidence, &row.source),
            ]
        });
        table::render(&columns, rows, 0)
    }

    fn charge_table(&self, sources: &mut Sources) -> String {
        let columns = ["Charge", "For", "Amount", "In", "Since", "From"].map(|title| (title, Align::Left));
        let charges = self.charges();
        // Held for few regions: that none is, is no price of nothing.
        let volumes = if charges.iter().any(|charge| charge.name.starts_with("ebs-")) {
            String::new()
        } else {
            format!("No price of volumes is held for {}.\n", self.region)
        };
        let rows = charges.into_iter().map(|RegionCharge { name, scope, unit, charge }| {
            [
                name.to_owned(),
                scope.to_owned(),
                charge.amount.normalize().to_string(),
                unit.to_owned(),
                charge.valid_from.clone().unwrap_or_else(|| "-".to_owned()),
                sources.cite(charge.valid_from.as_deref(), charge.confidence.as_str(), &charge.source),
            ]
        });
        table::render(&columns, rows, 0) + &volumes
    }

    fn ec2_line(&self) -> String {
        let Holdings { ec2_types, ec2_plan_rates, ec2_spot_rates, managed_instances_fees, .. } = self.held;
        if *ec2_types == 0 {
            return "EC2: no price is held.\n".to_owned();
        }
        format!(
            "EC2: {ec2_types} instance types on demand, {ec2_plan_rates} rates of Savings Plans, {ec2_spot_rates} of Spot, \
             {managed_instances_fees} fees of Managed Instances by type.\n\
             `fargauge prices show --region {} --instance-type 'm7g.*'` shows those of a family.\n",
            self.region
        )
    }

    fn spot_line(&self) -> String {
        let dates = self.rates.iter().filter(|rate| floats(rate)).map(|rate| rate.effective_date.as_str());
        match (dates.clone().min(), dates.max()) {
            (Some(first), Some(last)) => {
                let of = if first == last { first.to_owned() } else { format!("{first} to {last}") };
                format!("~ floats with supply and demand: Spot rates of {of}, which no price list has.\n")
            }
            _ => String::new(),
        }
    }
}

fn floats(rate: &Rate) -> bool {
    rate.key.purchase == PurchaseOption::Spot
}

/// Fargate's rates in the schema of the price book itself, so that they can be edited and given to
/// `--price-book`.
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
