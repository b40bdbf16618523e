//! `fargauge prices`: the rates that fargauge knows, with their provenance, and how they are renewed.
//!
//! Takes the price book; gives what it holds by region (`list`), what it holds of one (`show`), what is
//! implausible about it (`verify`), or a new book from the AWS price list (`refresh`).

mod list;
mod refresh;
mod show;
mod verify;

use clap::{Args, Subcommand};
use csv::{Terminator, WriterBuilder};
use serde::Serialize;

use super::{CliError, ExitCode, GlobalArgs, TabularArgs};
use crate::{
    pricing::PriceBook,
    report::{cell, display_safe},
};

/// Show, check and renew the rates that prices stand on
#[derive(Debug, Args)]
pub struct PricesArgs {
    #[command(subcommand)]
    command: PricesCommand,
}

#[derive(Debug, Subcommand)]
enum PricesCommand {
    /// List the regions, what each has rates for, and of when
    List {
        #[command(flatten)]
        tabular: TabularArgs,
    },
    Show(show::ShowArgs),
    Refresh(refresh::RefreshArgs),
    Verify(verify::VerifyArgs),
}

pub fn run(global: &GlobalArgs, args: &PricesArgs) -> Result<ExitCode, CliError> {
    match &args.command {
        PricesCommand::List { tabular } => list::run(global, tabular),
        PricesCommand::Show(args) => show::run(global, args),
        PricesCommand::Refresh(args) => refresh::run(global, args),
        PricesCommand::Verify(args) => verify::run(global, args),
    }
}

fn json(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("strings and numbers serialize");
    text.push('\n');
    text
}

fn book_line(book: &PriceBook) -> String {
    format!("Price book {}, newest rate of {}\n", display_safe(book.id()), book.effective_date())
}

fn csv_text(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let mut write = |row: Vec<String>| {
        writer
            .write_record(row.iter().map(|value| cell::text(value)))
            .expect("rows have the header's cells, and memory takes them all");
    };
    write(header.iter().map(|title| (*title).to_owned()).collect());
    rows.into_iter().for_each(&mut write);
    let bytes = writer.into_inner().expect("memory takes all");
    String::from_utf8(bytes).expect("only UTF-8 was written")
}
