//! `fargauge iam-policy`: what `collect` must be allowed to do, and nothing more.

use clap::Args;

use super::{CliError, ExitCode, Output};

/// Print the IAM policy that `collect` needs: reading only
#[derive(Debug, Args)]
pub struct IamPolicyArgs {}

/// Every action that `collect` calls. None of them changes anything.
const POLICY: &str = include_str!("iam_policy.json");

pub fn run(_: &IamPolicyArgs) -> Result<ExitCode, CliError> {
    Output::Stdout.write(POLICY.as_bytes())?;
    Ok(ExitCode::Fine)
}
