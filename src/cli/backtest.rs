//! `fargauge backtest`: how sizing rules would have done, sized on the past, judged on what came after.
//!
//! Takes a snapshot or a Parquet file of traces; gives a table, JSON or CSV, and on request every single
//! decision and a chart. Works offline.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::{ArgGroup, Args};

use super::{
    CliError, ExitCode, GlobalArgs, Output, OutputArgs, SnapshotPlace, TabularArgs, TabularFormat,
    output::{refuse_same_place, refuse_to_overwrite},
    report::known_width,
};
use crate::{
    backtest::{
        Ceiling, Dataset, InputCounts, Ladder, NoWindow, NotSeconds, Options, Rule, Split, chart, csv,
        from_snapshot,
        json::{self, PriceBase},
        rules, run as backtest, table,
    },
    config::Config,
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
    /// Use traces instead: Parquet with `series_id`, `timestamp` (seconds since the epoch, or datetimes),
    /// `cpu_pct`, `mem_pct` and, where there are any, `cpu_max_pct`, `cpu_cores` (else 2), `mem_kb_cap` (else
    /// 4 GiB)
    #[arg(long, value_name = "FILE.parquet", group = "data")]
    traces: Option<PathBuf>,
    /// How much a rule sees, a day at least [default: 14d, or half of shorter data]
    #[arg(long, value_name = "TIME", value_parser = parse_window)]
    train: Option<i64>,
    /// How much it is judged on after that, a day at least [default: 14d, or half of shorter data]
    #[arg(long, value_name = "TIME", value_parser = parse_window)]
    test: Option<i64>,
    /// How far the next window is on from the last
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = parse_length)]
    step: i64,
    #[arg(long = "rule", value_name = "NAME", help = rule_help())]
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

/// Seconds.
const DAY: i64 = 86_400;

/// Columns of a table that goes to no terminal: every figure has room.
const WIDTH_WITHOUT_TERMINAL: usize = 180;

/// Prices of traces, which are from no region.
const TRACES_REGION: &str = "us-east-1";

fn rule_help() -> String {
    // Settings change what rules do, not what they are called.
    let rules = rules::all(&Config::default().sizing);
    let names: Vec<&str> = rules.iter().map(|rule| rule.name()).collect();
    format!("Run only this rule; may be given several times [rules: {}]", names.join(", "))
}

/// Seconds, from `14d` or `36h`.
fn parse_length(text: &str) -> Result<i64, String> {
    let seconds = |digits: &str, unit: i64| digits.parse::<u32>().ok().map(|number| i64::from(number) * unit);
    text.strip_suffix('d')
        .and_then(|days| seconds(days, DAY))
        .or_else(|| text.strip_suffix('h').and_then(|hours| seconds(hours, 3600)))
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| "expected a time such as 14d or 36h".to_owned())
}

/// The same, of what is seen or judged.
fn parse_window(text: &str) -> Result<i64, String> {
    let seconds = parse_length(text)?;
    if seconds < DAY {
        let why = "rates and judges nothing: that takes samples in 24 different hours";
        return Err(format!("less than 24h {why}"));
    }
    Ok(seconds)
}

pub fn run(global: &GlobalArgs, args: &BacktestArgs) -> Result<ExitCode, CliError> {
    args.refuse_same_place()?;
    let (output, format) = args.tabular.open()?;
    let details = open("--details", args.details.as_ref())?;
    let picture = open("--chart", args.chart.as_ref())?;
    let config = global.config()?;
    let rules = args.rules(rules::all(&config.sizing))?;
    let (data, region) = args.data(global, &config)?;
    let region = Region(args.region.clone().unwrap_or(region));
    let book = global.price_book()?;
    let ladder = Ladder::new(&book, &region).map_err(|error| {
        CliError::not_evaluated(error).with_help("name a region with prices, such as --region us-east-1")
    })?;
    let split = args.split(&data);
    let options = Options {
        ceiling: if args.allow_dearer { Ceiling::None } else { Ceiling::Current },
        details: details.is_some(),
    };
    let result = backtest(&data, split, &ladder, &rules, options)
        .map_err(|error| args.no_window(&error, split, &data.input))?;
    if (args.train, args.test) == (None, None) && split.train != Split::DEFAULT.train {
        global.warn("the data is shorter than 28 days: one half is seen, the other judged");
    }
    let base = PriceBase {
        region: region.to_string(),
        price_book: book.id().to_owned(),
        effective_date: book.effective_date().to_owned(),
    };
    let text = match format {
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
    /// Refuses to write one result over another, or over the traces.
    fn refuse_same_place(&self) -> Result<(), CliError> {
        let mut places = vec![("--output", self.tabular.output.output.as_deref())];
        let others = [("--details", &self.details), ("--chart", &self.chart)];
        places.extend(others.iter().filter_map(|(option, path)| Some((*option, Some(path.as_deref()?)))));
        refuse_same_place(&places)?;
        refuse_to_overwrite(self.traces.iter().map(|path| ("--traces", path.as_path())), &places)
    }

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
    fn data(&self, global: &GlobalArgs, config: &Config) -> Result<(Dataset, String), CliError> {
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
        for place in config.overrides_without_workload(&snapshot.inventory.workloads) {
            global.warn(&format!("{place}: this [[override]] matches no workload"));
        }
        let data = from_snapshot(&snapshot.inventory, &snapshot, snapshot.manifest.window, config)
            .map_err(CliError::not_evaluated)?;
        Ok((data, region))
    }

    /// Why there is nothing to judge, with what the input was like and what to do.
    fn no_window(&self, error: &NoWindow, split: Split, input: &InputCounts) -> CliError {
        let notes = input.notes();
        let seen =
            if notes.is_empty() { String::new() } else { format!(" (of the input: {})", notes.join("; ")) };
        CliError::not_evaluated(anyhow!("{error}{seen}")).with_help(match error {
            NoWindow::NoSeries => self.without_series(input),
            NoWindow::TooShort { .. } if split.train.max(split.test) <= DAY => {
                "bring more data: a day to be seen and a day to be judged are the least"
            }
            NoWindow::TooShort { .. } => "shorten --train and --test, or bring more data",
            NoWindow::NothingToJudge { .. } => {
                "bring samples in every hour, in seconds since the epoch, or set --train and --test so that a \
                 series has a day of samples in each"
            }
            NoWindow::TooMany => "lengthen --step",
            NoWindow::TooBrief => "lengthen --train, --test or --step",
        })
    }

    /// What to do where no series can be used.
    fn without_series(&self, input: &InputCounts) -> &'static str {
        let most = input.left_out.iter().max_by_key(|(_, series)| **series);
        match most.map(|(reason, _)| reason.as_str()) {
            _ if self.traces.is_none() => {
                "bring Linux services on Fargate that have a task size and utilization and do not scale themselves"
            }
            _ if input.rows == 0 => "bring a file that has rows",
            _ if input.without_key == input.rows => {
                "give each row a series_id and a timestamp, in seconds since the epoch"
            }
            Some("no-capacity") => {
                "give cpu_cores and mem_kb_cap above 0, up to 4,000 vCPU and 4 TiB; without these columns they are \
                 2 vCPU and 4 GiB"
            }
            _ => "give cpu_pct or mem_pct as numbers from 0 up",
        }
    }

    fn split(&self, data: &Dataset) -> Split {
        let fitting = match (self.train, self.test) {
            (None, None) => Split::fitting(&data.series),
            _ => Split::DEFAULT,
        };
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
    Dataset::from_traces(by_series, traces.without_series, |row| traces.row(row))
        .map_err(|error| not_seconds(path, error))
}

fn not_seconds(path: &Path, error: NotSeconds) -> CliError {
    let help = format!("divide the column by {}, or store it as Parquet timestamps", error.per_second);
    let error = anyhow::Error::new(error).context(format!("cannot use traces {}", path.display()));
    CliError::not_evaluated(error).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::utilization::TraceRow;

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

    /// Of `--traces`, or of a snapshot.
    fn args(data: &[&str]) -> BacktestArgs {
        #[derive(Debug, clap::Parser)]
        struct Only {
            #[command(flatten)]
            args: BacktestArgs,
        }
        <Only as clap::Parser>::try_parse_from([&["backtest"], data].concat()).unwrap().args
    }

    #[test]
    fn the_help_is_about_what_is_wrong() {
        let day = Split { train: DAY, test: DAY, step: DAY };
        let too_short = || NoWindow::TooShort {
            span: "0".into(),
            train: "1".into(),
            test: "1".into(),
            needed: "2".into(),
        };
        let left_out = |rows, without_key, reason: &str| InputCounts {
            rows,
            without_key,
            left_out: [(reason.to_owned(), 12)].into(),
            ..InputCounts::default()
        };
        let traces = ["--traces", "x.parquet"];
        for (data, error, split, input, help) in [
            (
                &traces[..],
                NoWindow::NoSeries,
                day,
                left_out(9, 0, "no-capacity"),
                "give cpu_cores and mem_kb_cap above 0",
            ),
            (
                &traces,
                NoWindow::NoSeries,
                day,
                left_out(9, 0, "no-samples"),
                "give cpu_pct or mem_pct as numbers",
            ),
            (
                &traces,
                NoWindow::NoSeries,
                day,
                left_out(9, 9, "no-samples"),
                "give each row a series_id and a timestamp",
            ),
            (&traces, NoWindow::NoSeries, day, InputCounts::default(), "bring a file that has rows"),
            (
                &["kept"],
                NoWindow::NoSeries,
                day,
                left_out(0, 0, "autoscaled"),
                "bring Linux services on Fargate",
            ),
            (&traces, too_short(), day, InputCounts::default(), "bring more data: a day to be seen"),
            (&traces, too_short(), Split::DEFAULT, InputCounts::default(), "shorten --train and --test, or"),
            (&traces, NoWindow::TooMany, day, InputCounts::default(), "lengthen --step"),
        ] {
            let error = format!("{:?}", args(data).no_window(&error, split, &input));
            assert!(error.contains(&format!("help: Some(\"{help}")), "{help}: {error}");
        }
    }

    #[test]
    fn timestamps_in_another_unit_name_the_file_and_the_remedy() {
        let rows = |_: usize| TraceRow { timestamp: Some(1_700_000_000_000), ..TraceRow::default() };
        let all = std::iter::once(0..3).collect();
        let error = Dataset::from_traces([("vm".to_owned(), all)].into(), 0, rows).unwrap_err();
        let error = not_seconds(Path::new("millis.parquet"), error);
        assert_eq!(error.exit_code(), ExitCode::NotEvaluated);
        let error = format!("{error:?}");
        for part in
            ["cannot use traces millis.parquet", "look like milliseconds", "divide the column by 1000,"]
        {
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn a_length_is_days_or_hours() {
        assert_eq!(parse_length("14d"), Ok(14 * 86_400));
        assert_eq!(parse_length("36h"), Ok(36 * 3600));
        for text in ["", "14", "d", "0d", "-1d", "1.5d", "14 d", "99999999999d"] {
            assert!(parse_length(text).is_err(), "{text}");
        }
        assert_eq!((parse_window("24h"), parse_window("1d")), (Ok(DAY), Ok(DAY)));
        assert!(parse_window("23h").unwrap_err().contains("24 different hours"));
    }
}
