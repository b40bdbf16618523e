//! `fargauge backtest`: how sizing rules would have done, sized on the past, judged on what came after.
//!
//! Takes a snapshot or a Parquet file of traces; gives a table, JSON or CSV, and on request every single
//! decision and a chart. Works offline.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::{ArgGroup, Args};

use super::{
    CliError, ExitCode, GlobalArgs, Output, OutputArgs, SnapshotPlace, TabularArgs, TabularFormat,
    report::known_width,
};
use crate::{
    backtest::{
        Ceiling, Dataset, Ladder, Options, Rule, Split, chart, csv, from_snapshot,
        json::{self, PriceBase},
        rules, run as backtest, table,
    },
    frames::read_traces,
    workload::Region,
};

/// Measure sizing rules on data they have not seen: what each saves, how often it runs short
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("data").required(true))]
pub struct BacktestArgs {
    /// Snapshot, as `collect --out` wrote it: a folder, or s3://BUCKET/PREFIX
    #[arg(value_name = "SNAPSHOT", group = "data")]
    snapshot: Option<SnapshotPlace>,
    /// Use traces instead: Parquet with `series_id`, `timestamp`, `cpu_pct`, `mem_pct` and, where there are
    /// any, `cpu_max_pct`, `cpu_cores` (else 2), `mem_kb_cap` (else 4 GiB)
    #[arg(long, value_name = "FILE.parquet", group = "data")]
    traces: Option<PathBuf>,
    /// How much a rule sees [default: 14d, or half of shorter data]
    #[arg(long, value_name = "TIME", value_parser = parse_length)]
    train: Option<i64>,
    /// How much it is judged on after that [default: 14d, or half of shorter data]
    #[arg(long, value_name = "TIME", value_parser = parse_length)]
    test: Option<i64>,
    /// How far the next window is on from the last
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = parse_length)]
    step: i64,
    /// Run only this rule; may be given several times
    #[arg(long = "rule", value_name = "NAME")]
    rules: Vec<String>,
    /// Let rules recommend sizes dearer than the current one
    #[arg(long)]
    allow_dearer: bool,
    /// Region whose prices are used [default: the snapshot's if it has one; us-east-1 for traces]
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Write every decision to FILE, as CSV
    #[arg(long, value_name = "FILE.csv")]
    details: Option<PathBuf>,
    /// Draw saved against violations to FILE, as SVG
    #[arg(long, value_name = "FILE.svg")]
    chart: Option<PathBuf>,
    /// Lay the table out for N columns [default: the terminal's, else 180]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    width: Option<u16>,
    #[command(flatten)]
    tabular: TabularArgs,
}

/// Columns of a table that goes to no terminal: every figure has room.
const WIDTH_WITHOUT_TERMINAL: usize = 180;

/// Prices of traces, which are from no region.
const TRACES_REGION: &str = "us-east-1";

/// Seconds, from `14d` or `36h`.
fn parse_length(text: &str) -> Result<i64, String> {
    let seconds = |digits: &str, unit: i64| digits.parse::<u32>().ok().map(|number| i64::from(number) * unit);
    text.strip_suffix('d')
        .and_then(|days| seconds(days, 86_400))
        .or_else(|| text.strip_suffix('h').and_then(|hours| seconds(hours, 3600)))
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| "expected a time such as 14d or 36h".to_owned())
}

pub fn run(global: &GlobalArgs, args: &BacktestArgs) -> Result<ExitCode, CliError> {
    let output = args.tabular.output.open()?;
    let details = open("--details", args.details.as_ref())?;
    let picture = open("--chart", args.chart.as_ref())?;
    let rules = args.rules(rules::all(&global.config()?.sizing))?;
    let (data, region) = args.data(global)?;
    let region = Region(args.region.clone().unwrap_or(region));
    let book = global.price_book()?;
    let ladder = Ladder::new(&book, &region).map_err(|error| {
        CliError::not_evaluated(error).with_help("name a region with prices, such as --region us-east-1")
    })?;
    let split = args.split(global, &data);
    let options = Options {
        ceiling: if args.allow_dearer { Ceiling::None } else { Ceiling::Current },
        details: details.is_some(),
    };
    let result = backtest(&data, split, &ladder, &rules, options).map_err(|error| {
        let notes = data.input.notes();
        let seen =
            if notes.is_empty() { String::new() } else { format!(" (of the input: {})", notes.join("; ")) };
        CliError::not_evaluated(anyhow!("{error}{seen}"))
            .with_help("shorten --train and --test, or bring more data")
    })?;
    let base = PriceBase {
        region: region.to_string(),
        price_book: book.id().to_owned(),
        effective_date: book.effective_date().to_owned(),
    };
    let text = match args.tabular.format() {
        TabularFormat::Json => json::render(&result, &base),
        TabularFormat::Csv => csv::render(&result),
        TabularFormat::Table => {
            let width = known_width(args.width, &args.tabular.output).unwrap_or(WIDTH_WITHOUT_TERMINAL);
            table::render(&result, &base, width)
        }
    };
    if let Some(picture) = picture {
        picture.write(chart::render(&result).map_err(CliError::not_evaluated)?.as_bytes())?;
    }
    if let Some(details) = details {
        details.write(csv::details(&result).as_bytes())?;
    }
    output.write(text.as_bytes())?;
    Ok(ExitCode::Fine)
}

/// Opens the file that `flag` names, if it does.
fn open(flag: &str, path: Option<&PathBuf>) -> Result<Option<Output>, CliError> {
    path.map(|path| OutputArgs { output: Some(path.clone()) }.open())
        .transpose()
        .map_err(|e| e.with_help(format!("choose another file for {flag}, in a folder you may write to")))
}

impl BacktestArgs {
    /// Those of `all` that are asked for.
    fn rules(&self, mut all: Vec<Box<dyn Rule>>) -> Result<Vec<Box<dyn Rule>>, CliError> {
        let names: Vec<String> = all.iter().map(|rule| rule.name().to_owned()).collect();
        if let Some(unknown) = self.rules.iter().find(|name| !names.contains(name)) {
            return Err(CliError::usage(anyhow!("there is no rule {unknown}"))
                .with_help(format!("the rules are {}", names.join(", "))));
        }
        if !self.rules.is_empty() {
            all.retain(|rule| self.rules.iter().any(|name| name == rule.name()));
        }
        Ok(all)
    }

    /// The series and the region they are in.
    fn data(&self, global: &GlobalArgs) -> Result<(Dataset, String), CliError> {
        if let Some(path) = &self.traces {
            return Ok((traces(path)?, TRACES_REGION.to_owned()));
        }
        let place = self.snapshot.as_ref().expect("clap requires it or traces");
        let snapshot = place.open(global)?;
        let mut regions = snapshot.inventory.workloads.iter().map(|workload| &workload.identity.region);
        let region = match regions.next() {
            Some(first) if regions.all(|other| other == first) => first.to_string(),
            // One price base for all; what is saved in per cent hardly differs between regions.
            _ => TRACES_REGION.to_owned(),
        };
        let window = snapshot.manifest.window;
        let data = from_snapshot(&snapshot.inventory, &snapshot, window).map_err(CliError::not_evaluated)?;
        Ok((data, region))
    }

    fn split(&self, global: &GlobalArgs, data: &Dataset) -> Split {
        let fitting = match (self.train, self.test) {
            (None, None) => data.span().map_or(Split::DEFAULT, Split::fitting),
            _ => Split::DEFAULT,
        };
        if fitting != Split::DEFAULT {
            global.warn("the data is shorter than 28 days: one half is seen, the other judged");
        }
        Split {
            train: self.train.unwrap_or(fitting.train),
            test: self.test.unwrap_or(fitting.test),
            step: self.step,
        }
    }
}

fn traces(path: &Path) -> Result<Dataset, CliError> {
    let bytes = std::fs::read(path)
        .with_context(|| format!("cannot read traces {}", path.display()))
        .map_err(CliError::not_evaluated)?;
    // The Parquet reader panics on some damaged files; that is caught and becomes an error like others,
    // without a stack trace before it.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| ()));
    let read = read_traces(&bytes);
    std::panic::set_hook(hook);
    let mut traces = read
        .with_context(|| format!("cannot use traces {}", path.display()))
        .map_err(CliError::not_evaluated)?;
    let by_series = std::mem::take(&mut traces.by_series);
    Ok(Dataset::from_traces(by_series, traces.without_series, |row| traces.row(row)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_written_is_put_down_to_its_own_flag() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing/x.svg");
        for flag in ["--chart", "--details"] {
            let error = format!("{:?}", open(flag, Some(&missing)).unwrap_err());
            assert!(error.contains(&format!("choose another file for {flag},")), "{error}");
        }
        assert!(open("--chart", None).unwrap().is_none());
    }

    #[test]
    fn a_length_is_days_or_hours() {
        assert_eq!(parse_length("14d"), Ok(14 * 86_400));
        assert_eq!(parse_length("36h"), Ok(36 * 3600));
        for text in ["", "14", "d", "0d", "-1d", "1.5d", "14 d", "99999999999d"] {
            assert!(parse_length(text).is_err(), "{text}");
        }
    }
}
