//! The command line: arguments in, one subcommand run, an exit code out.
//!
//! Each subcommand is a file with its arguments and a `run`; to add one, add its `mod`, its variant of
//! [`Command`] and its line in [`Cli::dispatch`].

#![allow(clippy::doc_markdown, reason = "comments on arguments are the help texts")]

mod backtest;
mod check;
mod collect;
mod compare;
mod completions;
mod context;
mod demo;
mod exit_code;
mod explain;
mod failure;
mod iam_policy;
mod init;
mod module_files;
mod output;
mod patch;
mod price;
mod price_book_choice;
mod prices;
mod report;
mod snapshot_place;
mod table;
mod template_files;
mod template_inputs;
mod work_tree;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

pub use self::{
    context::{GlobalArgs, OnIncomplete, RegionArgs},
    exit_code::ExitCode,
    failure::CliError,
    output::{Output, OutputArgs, TabularArgs, TabularFormat},
    snapshot_place::SnapshotPlace,
};

/// What ECS tasks cost, what they need, and what to change.
#[derive(Debug, Parser)]
#[command(name = "fargauge", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = exit_code::EXPLAINED)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::DemoArgs),
    Collect(collect::CollectArgs),
    Report(report::ReportArgs),
    Explain(explain::ExplainArgs),
    Compare(compare::CompareArgs),
    Backtest(backtest::BacktestArgs),
    Check(check::CheckArgs),
    Patch(patch::PatchArgs),
    Price(price::PriceArgs),
    Prices(prices::PricesArgs),
    Init(init::InitArgs),
    IamPolicy(iam_policy::IamPolicyArgs),
    Completions(completions::CompletionsArgs),
}

impl Cli {
    fn dispatch(&self) -> Result<ExitCode, CliError> {
        match &self.command {
            Command::Demo(args) => demo::run(&self.global, args),
            Command::Collect(args) => collect::run(&self.global, args),
            Command::Report(args) => report::run(&self.global, args),
            Command::Explain(args) => explain::run(&self.global, args),
            Command::Compare(args) => compare::run(&self.global, args),
            Command::Backtest(args) => backtest::run(&self.global, args),
            Command::Check(args) => check::run(&self.global, args),
            Command::Patch(args) => patch::run(&self.global, args),
            Command::Price(args) => price::run(&self.global, args),
            Command::Prices(args) => prices::run(&self.global, args),
            Command::Init(args) => init::run(args),
            Command::IamPolicy(args) => iam_policy::run(args),
            Command::Completions(args) => completions::run(args),
        }
    }
}

/// Runs the command that `arguments` (the program's name first) ask for, and says what went wrong.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(answer) => {
            // Help and version are answers, too. A reader that has left is fine.
            let _ = answer.print();
            return if answer.use_stderr() { ExitCode::Usage } else { ExitCode::Fine };
        }
    };
    cli.dispatch().unwrap_or_else(|error| {
        error.print("error");
        error.exit_code()
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
