//! `fargauge prices verify`: what is implausible about the price book, held against the built-in one.

use clap::Args;
use serde::Serialize;

use super::{csv_text, json};
use crate::{
    cli::{
        CliError, ExitCode, GlobalArgs, TabularArgs, TabularFormat,
        table::{self, Align},
    },
    pricing::tables::{PriceProblem, PriceTables, verify},
    report::display_safe,
    units::decimal_as_f64,
};

/// Look for holes, negative rates, implausible jumps and vanished rows in the price book
#[derive(Debug, Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    tabular: TabularArgs,
}

#[derive(Serialize)]
struct Verdict<'a> {
    price_book: &'a str,
    against: &'static str,
    prices: usize,
    problems: Vec<ProblemRow<'a>>,
}

/// A problem as JSON has it.
#[derive(Debug, Serialize)]
pub(super) struct ProblemRow<'a> {
    problem: &'static str,
    table: &'static str,
    region: &'a str,
    item: &'a str,
    old_usd: Option<f64>,
    new_usd: Option<f64>,
    detail: &'a str,
}

impl<'a> ProblemRow<'a> {
    pub(super) fn of(problem: &'a PriceProblem) -> Self {
        Self {
            problem: problem.kind.as_str(),
            table: problem.key.table.as_str(),
            region: &problem.key.region,
            item: &problem.key.item,
            old_usd: problem.trusted.map(decimal_as_f64),
            new_usd: problem.found.map(decimal_as_f64),
            detail: &problem.detail,
        }
    }
}

pub fn run(global: &GlobalArgs, args: &VerifyArgs) -> Result<ExitCode, CliError> {
    let (output, format) = args.tabular.open()?;
    let (tables, name) = global.price_tables()?;
    let problems = verify(&tables, &PriceTables::embedded());
    let prices = tables.prices().len();
    let text = match format {
        TabularFormat::Table => {
            let found = match problems.len() {
                0 => "nothing implausible".to_owned(),
                1 => "1 problem".to_owned(),
                count => format!("{count} problems"),
            };
            let table = if problems.is_empty() { String::new() } else { problem_table(&problems) + "\n" };
            format!("{table}{}: {prices} prices, {found} against the built-in book\n", display_safe(&name))
        }
        TabularFormat::Json => json(&Verdict {
            price_book: &name,
            against: "embedded",
            prices,
            problems: problems.iter().map(ProblemRow::of).collect(),
        }),
        TabularFormat::Csv => {
            let header = ["problem", "table", "region", "item", "old_usd", "new_usd", "detail"];
            csv_text(&header, problems.iter().map(|problem| cells(problem).into()))
        }
    };
    output.write(text.as_bytes())?;
    Ok(if problems.is_empty() { ExitCode::Fine } else { ExitCode::PolicyViolated })
}

fn cells(problem: &PriceProblem) -> [String; 7] {
    let usd = |usd: Option<rust_decimal::Decimal>| usd.map(|usd| usd.to_string()).unwrap_or_default();
    [
        problem.kind.as_str().to_owned(),
        problem.key.table.as_str().to_owned(),
        problem.key.region.clone(),
        problem.key.item.clone(),
        usd(problem.trusted),
        usd(problem.found),
        problem.detail.clone(),
    ]
}

/// Problems for people.
pub(super) fn problem_table(problems: &[PriceProblem]) -> String {
    let columns = ["Problem", "Table", "Region", "Price", "Detail"].map(|title| (title, Align::Left));
    let rows = problems.iter().map(|problem| {
        let [kind, table, region, item, _, _, detail] = cells(problem);
        [kind, table, region, item, detail]
    });
    table::render(&columns, rows, 0)
}
