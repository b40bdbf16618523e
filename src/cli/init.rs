//! `fargauge init`: a config file with every setting, its default and what it does.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::{CliError, ExitCode, Output};
use crate::config::DEFAULT_TOML;

/// Write fargauge.toml with every setting, its default and what it does
#[derive(Debug, Args)]
pub struct InitArgs {
    /// File to write; `-` is stdout
    #[arg(default_value = "fargauge.toml", value_name = "FILE")]
    file: PathBuf,
}

pub fn run(args: &InitArgs) -> Result<ExitCode, CliError> {
    if args.file == Path::new("-") {
        Output::Stdout.write(DEFAULT_TOML.as_bytes())?;
        return Ok(ExitCode::Fine);
    }
    // Never over a file that is there: somebody's settings may be in it.
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&args.file)
        .and_then(|mut file| std::io::Write::write_all(&mut file, DEFAULT_TOML.as_bytes()))
        .with_context(|| format!("cannot write {}", args.file.display()))
        .map_err(|error| CliError::usage(error).with_help("`fargauge init -` prints it instead"))?;
    Ok(ExitCode::Fine)
}
