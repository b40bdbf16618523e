//! [`InputArgs`]: the values that templates leave to whoever deploys them.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use clap::Args;

use super::CliError;
use crate::template::{Inputs, SourceFile};

/// The option that names a file of values.
pub const PARAMETER_FILE: &str = "--parameter-file";

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

pub fn key_value(text: &str) -> Result<(String, String), String> {
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

    /// The values of all; what `--parameter` says beats a file, and a later file an earlier one.
    pub fn read(&self) -> Result<Inputs, CliError> {
        let mut inputs = Inputs::default();
        for path in &self.parameter_files {
            let bytes = fs::read(path)
                .with_context(|| format!("cannot read parameter file {}", path.display()))
                .map_err(CliError::usage)?;
            let source = SourceFile { path: Arc::new(path.clone()), bytes: bytes.into(), named: true };
            let read = Inputs::from_parameter_file(&source).map_err(CliError::usage)?;
            inputs.extend(read);
        }
        for (key, value) in &self.parameters {
            inputs.places.remove(key);
            inputs.parameters.insert(key.clone(), value.clone());
        }
        Ok(inputs)
    }
}
