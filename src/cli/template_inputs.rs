//! [`InputArgs`]: the values that templates leave to whoever deploys them.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use clap::Args;

use super::{CliError, GlobalArgs, RegionArgs};
use crate::{
    template::{Inputs, SourceFile},
    workload::Region,
};

/// The option that names a file of values.
const PARAMETER_FILE: &str = "--parameter-file";

/// `--parameter` and `--parameter-file`.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// The value of a CloudFormation parameter or Terraform variable
    #[arg(long = "parameter", value_name = "KEY=VALUE", value_parser = key_value)]
    parameters: Vec<(String, String)>,
    /// Values of CloudFormation parameters, as the AWS CLI reads them (JSON), or of Terraform variables (.tfvars)
    #[arg(long = "parameter-file", value_name = "FILE")]
    parameter_files: Vec<PathBuf>,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE, such as TaskCpu=512")?;
    if key.is_empty() { Err("KEY is empty".to_owned()) } else { Ok((key.to_owned(), value.to_owned())) }
}

impl InputArgs {
    /// What the command line gives itself.
    pub fn given(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// The files that are read, each with its option.
    pub fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.parameter_files.iter().map(|path| (PARAMETER_FILE, path.as_path()))
    }

    /// The same, read.
    pub fn sources(&self) -> Result<Vec<SourceFile>, CliError> {
        let read = |path: &PathBuf| {
            let bytes = fs::read(path)
                .with_context(|| format!("cannot read parameter file {}", path.display()))
                .map_err(CliError::usage)?;
            Ok(SourceFile { path: Arc::new(path.clone()), bytes: bytes.into(), named: true })
        };
        self.parameter_files.iter().map(read).collect()
    }

    /// The values of all; what `--parameter` says beats a file, and a later file an earlier one.
    pub fn read(&self) -> Result<Inputs, CliError> {
        let parameters = self.parameters.iter().cloned().collect();
        Inputs::given(&self.sources()?, &parameters).map_err(CliError::usage)
    }
}

/// The region, if anything names one: a template need not have one to be judged or changed.
pub fn region(global: &GlobalArgs, args: &RegionArgs) -> Result<Option<Region>, CliError> {
    let is_named =
        args.region.is_some() || global.config()?.region.is_some() || env::var_os("AWS_REGION").is_some();
    // An empty variable names none.
    if is_named { global.region(args).map(Some).or(Ok(None)) } else { Ok(None) }
}
