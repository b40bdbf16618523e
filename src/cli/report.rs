//! `fargauge report`: what the workloads of snapshots cost and what to change.
//!
//! Takes snapshots; gives a table, JSON or CSV. Works offline. Gaps of the snapshot are told
//! on stderr, and make the exit code 3 only where that is asked for.

use std::{collections::BTreeSet, io::IsTerminal as _, path::PathBuf};

use anyhow::anyhow;
use clap::Args;
use rust_decimal::Decimal;

use super::{
    CliError, ExitCode, GlobalArgs, OnIncomplete, Output, OutputArgs, SnapshotPlace, TabularArgs,
    TabularFormat, output::refuse_same_place,
};
use crate::{
    analysis::{Input, analyse, merged},
    config::Config,
    pricing::PriceBook,
    report::{
        Filter, Report, Selection,
        csv::{self, CsvOptions},
        json,
        table::{self, TableOptions},
    },
    snapshot::Snapshot,
    units::Usd,
};

/// Say what the workloads of a snapshot cost, what they need and what to change
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Snapshots, as `collect --out` wrote them: folders, or s3://BUCKET/PREFIX
    #[arg(required = true, value_name = "SNAPSHOT")]
    snapshots: Vec<SnapshotPlace>,
    #[command(flatten)]
    view: ViewArgs,
}

/// What to show of a report, and how.
#[derive(Debug, Args)]
pub struct ViewArgs {
    /// Show only workloads that match, such as cluster=prod, tag:team=web*, finding!=NotRated
    #[arg(long = "filter", value_name = "KEY=PATTERN")]
    filters: Vec<Filter>,
    /// Show only what saves at least this much a month
    #[arg(long, value_name = "USD", allow_negative_numbers = true)]
    min_savings: Option<Decimal>,
    /// Show at most N workloads
    #[arg(long, value_name = "N")]
    top: Option<usize>,
    /// Give this tag a column of its own in CSV
    #[arg(long = "tag-column", value_name = "TAG")]
    tag_columns: Vec<String>,
    /// Write the options to FILE too, as CSV: a row for each step and alternative
    #[arg(long, value_name = "FILE.csv")]
    options_csv: Option<PathBuf>,
    /// Write the instances to FILE too, as CSV, with what is idle of them
    #[arg(long, value_name = "FILE.csv")]
    instances_csv: Option<PathBuf>,
    /// Lay the table out for N columns [default: the terminal's, else 160]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    width: Option<u16>,
    /// What to do if the snapshot has gaps
    #[arg(long, value_enum, default_value_t = OnIncomplete::Warn)]
    on_incomplete: OnIncomplete,
    #[command(flatten)]
    tabular: TabularArgs,
}

/// Where a report goes, opened.
pub(super) struct Places {
    output: Output,
    format: TabularFormat,
    options: Option<Output>,
    instances: Option<Output>,
}

/// Columns of a table that goes to no terminal.
pub(super) const WIDTH_WITHOUT_TERMINAL: usize = 160;

pub fn run(global: &GlobalArgs, args: &ReportArgs) -> Result<ExitCode, CliError> {
    let places = args.view.open()?;
    let (book, config) = (global.whole_price_book()?, global.config()?);
    let mut reports = Vec::new();
    let mut unmatched = None::<BTreeSet<&str>>;
    for place in &args.snapshots {
        let snapshot = place.open(global)?;
        reports.push(analysed(global, &snapshot, &book, &config)?);
        let here = config.overrides_without_workload(&snapshot.inventory.workloads);
        unmatched = Some(match unmatched {
            None => here,
            Some(before) => &before & &here,
        });
    }
    for place in unmatched.into_iter().flatten() {
        global.warn(&format!("{place}: this [[override]] matches no workload"));
    }
    let report = merged(reports).map_err(CliError::usage)?;
    args.view.show(global, report, places)
}

/// The report on a snapshot with the settings of this run.
pub(super) fn report_on(global: &GlobalArgs, snapshot: &Snapshot) -> Result<Report, CliError> {
    let (book, config) = (global.whole_price_book()?, global.config()?);
    analysed(global, snapshot, &book, &config)
}

fn analysed(
    global: &GlobalArgs,
    snapshot: &Snapshot,
    book: &PriceBook,
    config: &Config,
) -> Result<Report, CliError> {
    let input = Input {
        manifest: &snapshot.manifest,
        inventory: &snapshot.inventory,
        utilization: snapshot,
        sha256: &snapshot.manifest_sha256,
    };
    let end = snapshot.manifest.window.end;
    let workloads = snapshot.inventory.workloads.iter();
    let later: BTreeSet<String> = workloads.filter_map(|one| config.past_peak_after(end, one)).collect();
    for message in later {
        global.warn(&message);
    }
    let as_of = global.as_of.unwrap_or(end);
    analyse(input, book, config, as_of).map_err(CliError::not_evaluated)
}

impl ViewArgs {
    /// Opens the places; call it before the work.
    pub(super) fn open(&self) -> Result<Places, CliError> {
        let beside = [("--options-csv", &self.options_csv), ("--instances-csv", &self.instances_csv)];
        let mut files = vec![("--output", self.tabular.output.output.as_deref())];
        files.extend(beside.iter().filter_map(|(option, path)| Some((*option, Some(path.as_deref()?)))));
        refuse_same_place(&files)?;
        let (output, format) = self.tabular.open()?;
        let [options, instances] = beside.map(|(option, path)| {
            let opened = path.as_ref().map(|path| OutputArgs { output: Some(path.clone()) }.open());
            let help = format!("choose another file for {option}, in a folder you may write to");
            opened.transpose().map_err(|error| error.with_help(help))
        });
        Ok(Places { output, format, options: options?, instances: instances? })
    }

    /// Writes the selected part of `report`; the exit code says whether anything is missing from it.
    pub(super) fn show(
        &self,
        global: &GlobalArgs,
        report: Report,
        places: Places,
    ) -> Result<ExitCode, CliError> {
        let gaps = report.gaps.len();
        let selection = Selection {
            filters: self.filters.clone(),
            min_savings: self.min_savings.map(Usd),
            top: self.top,
        };
        let had_workloads = !report.workloads.is_empty();
        let report = selection.of(report);
        if had_workloads && report.workloads.is_empty() {
            global.warn("no workload of the snapshot matches what was asked for");
        }
        let text = match places.format {
            TabularFormat::Json => json::render(&report),
            TabularFormat::Csv => csv::render(&report, &CsvOptions { tag_columns: self.tag_columns.clone() }),
            TabularFormat::Table => table::render(&report, table_options(self.width, &self.tabular.output)),
        };
        if let Some(options) = places.options {
            options.write(csv::options::render(&report).as_bytes())?;
        }
        if let Some(instances) = places.instances {
            if report.totals.left_out.is_some_and(|left| left.instances_cannot_be_filtered) {
                global.warn(
                    "--instances-csv is empty: what is asked for with --filter cannot be told of instances",
                );
            }
            instances.write(csv::instances::render(&report).as_bytes())?;
        }
        places.output.write(text.as_bytes())?;
        verdict(global, self.on_incomplete, gaps)
    }
}

/// How a table is laid out where the result goes.
pub(super) fn table_options(asked: Option<u16>, output: &OutputArgs) -> TableOptions {
    let to_terminal = output.output.is_none() && std::io::stdout().is_terminal();
    let width = table_width(asked, output);
    // https://no-color.org: any value but an empty one.
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
        || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    TableOptions { width, color: to_terminal && !plain }
}

/// Tells of gaps, as asked for; the exit code says whether they matter.
pub(super) fn verdict(
    global: &GlobalArgs,
    on_incomplete: OnIncomplete,
    gaps: usize,
) -> Result<ExitCode, CliError> {
    if gaps == 0 || on_incomplete == OnIncomplete::Pass {
        return Ok(ExitCode::Fine);
    }
    let plural = if gaps == 1 { "" } else { "s" };
    let message = format!(
        "the snapshot has {gaps} gap{plural}: reports without --filter list what could not be collected"
    );
    if on_incomplete == OnIncomplete::Fail {
        return Err(CliError::not_evaluated(anyhow!(message)));
    }
    global.warn(&message);
    Ok(ExitCode::Fine)
}

/// Columns to lay a table out for: those asked for, else the terminal's, else `COLUMNS`.
pub(super) fn table_width(asked: Option<u16>, output: &OutputArgs) -> usize {
    known_width(asked, output).unwrap_or(WIDTH_WITHOUT_TERMINAL)
}

/// The same; `None` where nothing says how many there are.
pub(super) fn known_width(asked: Option<u16>, output: &OutputArgs) -> Option<usize> {
    let to_terminal = output.output.is_none() && std::io::stdout().is_terminal();
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || {
        let (terminal_size::Width(width), _) = terminal_size::terminal_size().filter(|_| to_terminal)?;
        Some(width)
    };
    asked.or_else(terminal).or(columns).map(usize::from)
}
