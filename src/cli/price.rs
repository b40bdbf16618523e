//! `fargauge price`: what task definitions cost on Fargate, hour and month, component by component.
//!
//! Takes files (or stdin) and terms; gives a table, JSON or CSV. What can't be read or has no price is
//! named on stderr, the rest is priced, and the exit code is 3.

mod quote;
mod render;

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, ValueEnum};
use rust_decimal::Decimal;

use self::quote::{NotPriced, Quote, Terms};
use super::{CliError, ExitCode, GlobalArgs, OnIncomplete, RegionArgs, TabularArgs, TabularFormat};
use crate::{
    units::HOURS_PER_MONTH,
    workload::{Architecture, OperatingSystem, PurchaseOption, TaskDefinition, TaskDefinitionError},
};

/// Price task definitions: hour and month, component by component
#[derive(Debug, Args)]
pub struct PriceArgs {
    /// Task definitions in JSON, as registered or described; `-` is stdin
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Number of tasks that run
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,
    /// Hours a month that each task runs
    #[arg(long, value_name = "H", default_value_t = Decimal::from(HOURS_PER_MONTH), value_parser = parse_hours)]
    hours: Decimal,
    #[command(flatten)]
    region: RegionArgs,
    /// Price as Fargate Spot
    #[arg(long)]
    spot: bool,
    /// Price for this CPU architecture instead of the definition's
    #[arg(long, value_enum)]
    arch: Option<ArchArg>,
    /// Price for this operating system instead of the definition's
    #[arg(long, value_enum)]
    os: Option<OsArg>,
    /// What to do if something has no price
    #[arg(long, value_enum, default_value_t = OnIncomplete::Fail)]
    on_incomplete: OnIncomplete,
    #[command(flatten)]
    tabular: TabularArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ArchArg {
    #[value(name = "x86_64", alias = "x86")]
    X86_64,
    #[value(alias = "arm")]
    Arm64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OsArg {
    Linux,
    Windows,
}

fn parse_hours(text: &str) -> Result<Decimal, String> {
    text.parse()
        .ok()
        .filter(|hours| *hours > Decimal::ZERO && *hours <= Decimal::from(1_000_000))
        .ok_or_else(|| "expected hours above 0, such as 730 or 12.5".to_owned())
}

/// One of the paths named, and what became of it.
struct Priced<'book> {
    /// As the user wrote it; `stdin` for `-`.
    path: String,
    family: String,
    outcome: Outcome<'book>,
}

enum Outcome<'book> {
    Quote(Quote<'book>),
    NotPriced(NotPriced),
    Unreadable(Unreadable),
}

/// Why there is no task definition to price.
enum Unreadable {
    File(anyhow::Error),
    Definition(TaskDefinitionError),
}

pub fn run(global: &GlobalArgs, args: &PriceArgs) -> Result<ExitCode, CliError> {
    if args.paths.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(CliError::usage(anyhow!("- (stdin) is named twice, but can be read once")));
    }
    let output = args.tabular.output.open()?;
    let book = global.price_book()?;
    let terms = Terms {
        book: &book,
        region: global.region(&args.region)?,
        purchase: if args.spot { PurchaseOption::Spot } else { PurchaseOption::OnDemand },
        os: args.os.map(|os| match os {
            OsArg::Linux => OperatingSystem::Linux,
            OsArg::Windows => OperatingSystem::Windows,
        }),
        arch: args.arch.map(|arch| match arch {
            ArchArg::X86_64 => Architecture::X86_64,
            ArchArg::Arm64 => Architecture::Arm64,
        }),
        count: args.count,
        hours: args.hours,
    };
    global.detail(&format!("price book {} of {}", book.id(), book.effective_date()));
    let all: Vec<Priced<'_>> = args.paths.iter().map(|path| price(path, &terms)).collect();
    warn_of_later_rates(global, &all);
    let text = match args.tabular.format() {
        TabularFormat::Table => render::table(&terms, &all),
        TabularFormat::Json => render::json(&terms, &all),
        TabularFormat::Csv => render::csv(&terms, &all),
    };
    output.write(text.as_bytes())?;
    Ok(conclude(global, args.on_incomplete, &all))
}

fn price<'book>(path: &Path, terms: &Terms<'book>) -> Priced<'book> {
    let shown = if is_stdin(path) { "stdin".to_owned() } else { path.to_string_lossy().into_owned() };
    let definition = read(path)
        .map_err(Unreadable::File)
        .and_then(|json| TaskDefinition::from_json(&json).map_err(Unreadable::Definition));
    match definition {
        Err(error) => Priced { path: shown, family: String::new(), outcome: Outcome::Unreadable(error) },
        Ok(definition) => {
            let outcome = match quote::quote(&definition, terms) {
                Ok(quote) => Outcome::Quote(quote),
                Err(reason) => Outcome::NotPriced(reason),
            };
            Priced { path: shown, family: definition.family, outcome }
        }
    }
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// A task definition is 64 KiB at most; what is far above is something else.
const LARGEST_INPUT: u64 = 16 << 20;

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    if !is_stdin(path) && path.is_dir() {
        bail!("it is a folder; name the files in it");
    }
    let source: Box<dyn Read> = if is_stdin(path) {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).context("cannot open it")?)
    };
    let mut bytes = Vec::new();
    source.take(LARGEST_INPUT + 1).read_to_end(&mut bytes).context("cannot read it")?;
    if bytes.len() as u64 > LARGEST_INPUT {
        bail!("it is larger than 16 MiB, and no task definition is");
    }
    Ok(bytes)
}

/// `--as-of` does not choose between rates: the book has one of each. Say where that matters.
fn warn_of_later_rates(global: &GlobalArgs, all: &[Priced<'_>]) {
    let Some(as_of) = global.as_of else { return };
    let date = as_of.to_string();
    let later = all
        .iter()
        .filter_map(|priced| if let Outcome::Quote(quote) = &priced.outcome { Some(quote) } else { None })
        .flat_map(|quote| &quote.lines)
        .map(|line| line.rate.effective_date.as_str())
        .filter(|effective| *effective > date.get(..10).unwrap_or_default())
        .max();
    if let Some(effective) = later {
        global.warn(&format!("rates of {effective} are used, which is after --as-of {date}"));
    }
}

/// Says what has no price, and gives the exit code.
fn conclude(global: &GlobalArgs, on_incomplete: OnIncomplete, all: &[Priced<'_>]) -> ExitCode {
    let mut incomplete = false;
    for Priced { path, outcome, .. } in all {
        let error = match outcome {
            Outcome::Quote(_) => continue,
            Outcome::NotPriced(reason) => {
                let error = CliError::not_evaluated(anyhow!("{path}: {}: {reason}", reason.code()));
                match reason.help() {
                    Some(help) => error.with_help(help),
                    None => error,
                }
            }
            Outcome::Unreadable(Unreadable::File(error)) => {
                CliError::not_evaluated(anyhow!("{path}: {error:#}"))
            }
            Outcome::Unreadable(Unreadable::Definition(error)) => {
                CliError::not_evaluated(anyhow!("{path}: {error}"))
            }
        };
        incomplete = true;
        match on_incomplete {
            OnIncomplete::Fail => error.print("error"),
            OnIncomplete::Warn if !global.quiet => error.print("warning"),
            OnIncomplete::Warn | OnIncomplete::Pass => {}
        }
    }
    if incomplete && on_incomplete == OnIncomplete::Fail { ExitCode::NotEvaluated } else { ExitCode::Fine }
}
