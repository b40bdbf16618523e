//! `fargauge explain`: every number of one workload's row of the report, and where it is from.
//!
//! Takes a snapshot and a workload's id, or the end of one; gives a page or JSON. Works offline.
//! Refuses a name that no workload has, or several, and says which come closest.

use clap::{Args, ValueEnum};

use super::{CliError, ExitCode, GlobalArgs, OutputArgs, SnapshotPlace, report::table_width};
use crate::{
    analysis::{Input, explain, find},
    report::explain::{json, page},
};

/// Say where every number of one workload is from
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A snapshot, as `collect --out` wrote it: a folder, or s3://BUCKET/PREFIX
    #[arg(value_name = "SNAPSHOT")]
    snapshot: SnapshotPlace,
    /// The workload: account/region/cluster/name, or the end of it, such as prod/api
    #[arg(value_name = "WORKLOAD")]
    workload: String,
    /// How to write the result [default: by the ending of --output (.json, .txt), else table]
    #[arg(long, short, value_enum)]
    format: Option<PageFormat>,
    /// Lay the page out for N columns [default: the terminal's, else 160]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    width: Option<u16>,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PageFormat {
    /// For people
    Table,
    /// For programs
    Json,
}

pub fn run(global: &GlobalArgs, args: &ExplainArgs) -> Result<ExitCode, CliError> {
    let format = args.format()?;
    let output = args.output.open()?;
    let snapshot = args.snapshot.open(global)?;
    let id = find(&snapshot.inventory.workloads, &args.workload).map_err(|error| {
        let help = error.help();
        CliError::usage(error).with_help(help)
    })?;
    let input = Input {
        manifest: &snapshot.manifest,
        inventory: &snapshot.inventory,
        utilization: &snapshot,
        sha256: &snapshot.manifest_sha256,
    };
    let as_of = global.as_of.unwrap_or(snapshot.manifest.window.end);
    let (book, config) = (global.whole_price_book()?, global.config()?);
    let explanation = explain(input, &book, &config, as_of, id)
        .map_err(CliError::not_evaluated)?
        .expect("its number was found in this inventory");
    let text = match format {
        PageFormat::Json => json(&explanation),
        PageFormat::Table => page::render(&explanation, table_width(args.width, &args.output)),
    };
    output.write(text.as_bytes())?;
    Ok(ExitCode::Fine)
}

impl ExplainArgs {
    fn format(&self) -> Result<PageFormat, CliError> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let json = self.output.ending(&["json", "txt"])?.is_some_and(|ending| ending == "json");
        Ok(if json { PageFormat::Json } else { PageFormat::Table })
    }
}
