//! `fargauge completions`: a script that completes fargauge's arguments in a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, CliError, ExitCode, OutputArgs};

/// Write a shell's completion script
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
    #[command(flatten)]
    output: OutputArgs,
}

pub fn run(args: &CompletionsArgs) -> Result<ExitCode, CliError> {
    let output = args.output.open()?;
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "fargauge", &mut script);
    output.write(&script)?;
    Ok(ExitCode::Fine)
}
