//! `fargauge demo`: a generated fleet through the whole pipeline, without AWS and without network.
//!
//! The fleet is written as a snapshot and read back, so that what is shown took the way real data
//! takes.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{
    CliError, ExitCode, GlobalArgs,
    report::{ViewArgs, report_on},
};
use crate::{
    demo::Fleet,
    snapshot::{Snapshot, SnapshotError, SnapshotWriter},
};

/// Show a report on a generated fleet: no AWS, no network
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Number of workloads
    #[arg(
        long, value_name = "N", default_value_t = Fleet::DEFAULT_SERVICES as u32,
        value_parser = clap::value_parser!(u32).range(1..=Fleet::MAX_SERVICES as i64)
    )]
    services: u32,
    /// Keep the fleet's snapshot in DIR
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    view: ViewArgs,
}

pub fn run(global: &GlobalArgs, args: &DemoArgs) -> Result<ExitCode, CliError> {
    let places = args.view.open()?;
    let fleet = Fleet::new(args.services as usize);
    let report = match &args.out {
        Some(folder) => {
            write(&fleet, folder).map_err(CliError::not_evaluated)?;
            report_on(global, &Snapshot::open(folder).map_err(CliError::not_evaluated)?)?
        }
        None => {
            let folder = tempfile::tempdir().map_err(CliError::not_evaluated)?;
            write(&fleet, folder.path()).map_err(CliError::not_evaluated)?;
            report_on(global, &Snapshot::open(folder.path()).map_err(CliError::not_evaluated)?)?
        }
    };
    args.view.show(global, report, places)
}

/// Writes the fleet's snapshot into a new or empty folder.
fn write(fleet: &Fleet, folder: &Path) -> Result<(), SnapshotError> {
    let mut writer = SnapshotWriter::create(folder)?;
    let request = serde_json::Value::from("demo");
    let window = fleet.manifest_window();
    writer.begin(&request, window, &fleet.scopes(), &fleet.inventory(), &fleet.gaps())?;
    for part in 0..fleet.parts() {
        writer.write_part(&format!("part-{part:05}"), &fleet.part(part), &[])?;
    }
    writer.finish().map(drop)
}
