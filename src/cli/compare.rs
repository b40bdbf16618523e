//! `fargauge compare`: what the work of snapshots would cost on every launch platform.
//!
//! Takes snapshots; gives a table, JSON or CSV, and a chart where one is asked for. Works offline.
//! Gaps of the snapshots are told on stderr, as `report` does.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;

use super::{
    CliError, ExitCode, GlobalArgs, OnIncomplete, OutputArgs, SnapshotPlace, TabularArgs, TabularFormat,
    output::refuse_same_place,
    report::{known_width, table_options, verdict},
};
use crate::{
    analysis::{Input, comparison, observe},
    report::{
        compare::{Comparison, chart, csv, json, table},
        table::TableOptions,
    },
};

/// Compare launch platforms for the work of a snapshot: Fargate, EC2, Managed Instances, EKS
#[derive(Debug, Args)]
pub struct CompareArgs {
    /// Snapshots, as `collect --out` wrote them: folders, or s3://BUCKET/PREFIX
    #[arg(required = true, value_name = "SNAPSHOT")]
    snapshots: Vec<SnapshotPlace>,
    /// Compare only clusters whose name matches, with * and ?
    #[arg(long, value_name = "GLOB")]
    cluster: Option<String>,
    /// Draw the fleet's costs as an SVG picture into FILE
    #[arg(long, value_name = "FILE")]
    chart: Option<PathBuf>,
    /// Lay the table out for N columns [default: the terminal's, else 110]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    width: Option<u16>,
    /// What to do if the snapshot has gaps
    #[arg(long, value_enum, default_value_t = OnIncomplete::Warn)]
    on_incomplete: OnIncomplete,
    #[command(flatten)]
    tabular: TabularArgs,
}

/// Columns of a table that goes to no terminal: it has its notes wrapped, and reads best not too wide.
const WIDTH_WITHOUT_TERMINAL: usize = 110;

pub fn run(global: &GlobalArgs, args: &CompareArgs) -> Result<ExitCode, CliError> {
    let picture = args.chart.iter().map(|path| ("--chart", Some(path.as_path())));
    let places = [("--output", args.tabular.output.output.as_deref())].into_iter().chain(picture);
    refuse_same_place(&places.collect::<Vec<_>>())?;
    let (output, format) = args.tabular.open()?;
    let picture = args
        .chart
        .as_ref()
        .map(|path| OutputArgs { output: Some(path.clone()) }.open().map_err(|e| e.with_help(CHART_HELP)))
        .transpose()?;
    let comparison = compared(global, args)?;
    if comparison.rows.is_empty() && args.cluster.is_some() {
        return Err(CliError::usage(anyhow!("no workload with a cost is in a cluster that --cluster names"))
            .with_help("`fargauge report SNAPSHOT` lists the clusters and what has no cost"));
    }
    if let Some(picture) = picture {
        let svg = chart::render(&comparison).map_err(CliError::not_evaluated)?;
        picture.write(svg.as_bytes())?;
    }
    let text = match format {
        TabularFormat::Json => json::render(&comparison),
        TabularFormat::Csv => csv::render(&comparison),
        TabularFormat::Table => table::render(&comparison, layout(args)),
    };
    output.write(text.as_bytes())?;
    verdict(global, args.on_incomplete, comparison.gaps.len())
}

const CHART_HELP: &str = "choose another file for --chart, in a folder you may write to";

fn compared(global: &GlobalArgs, args: &CompareArgs) -> Result<Comparison, CliError> {
    let (book, config) = (global.whole_price_book()?, global.config()?);
    let mut observed = Vec::new();
    let mut end = None;
    for place in &args.snapshots {
        let snapshot = place.open(global)?;
        let input = Input {
            manifest: &snapshot.manifest,
            inventory: &snapshot.inventory,
            utilization: &snapshot,
            sha256: &snapshot.manifest_sha256,
        };
        end = end.max(Some(snapshot.manifest.window.end));
        observed
            .push(observe(input, &book, &config, args.cluster.as_deref()).map_err(CliError::not_evaluated)?);
    }
    let as_of = global.as_of.or(end).ok_or_else(|| CliError::usage(anyhow!("no snapshot is named")))?;
    comparison(observed, &book, &config, as_of).map_err(CliError::usage)
}

fn layout(args: &CompareArgs) -> TableOptions {
    let output = &args.tabular.output;
    let width = known_width(args.width, output).unwrap_or(WIDTH_WITHOUT_TERMINAL);
    TableOptions { width, ..table_options(args.width, output) }
}
