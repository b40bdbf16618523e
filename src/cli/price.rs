//! `fargauge price`: what task definitions cost on Fargate, hour and month, component by component.
//!
//! Takes files and folders (or stdin) and terms; gives a table, JSON or CSV. What can't be read or has no price is
//! named on stderr, the rest is priced, and the exit code is 3.

mod holdings;
mod quote;
mod render;

use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use rust_decimal::Decimal;

use self::{
    holdings::{Content, Holding, Unreadable, is_stdin},
    quote::{NotPriced, Quote, Terms},
};
use super::{
    CliError, ExitCode, GlobalArgs, OnIncomplete, RegionArgs, TabularArgs, TabularFormat,
    output::refuse_to_overwrite, template_files, template_inputs::InputArgs,
};
use crate::{
    template::{ServiceTemplate, Setting, TaskTemplate, TemplateKind},
    units::HOURS_PER_MONTH,
    workload::{Architecture, OperatingSystem, PurchaseOption},
};

/// Price task definitions: hour and month, component by component
#[derive(Debug, Args)]
pub struct PriceArgs {
    /// Task definitions, CloudFormation, Terraform, Copilot, compose: files, folders, or `-` for stdin
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Number of tasks that run of each definition [default: the desired count of its services, or the least that their
    /// scaling leaves, else 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: Option<u32>,
    /// Hours a month that each task runs
    #[arg(long, value_name = "H", default_value_t = Decimal::from(HOURS_PER_MONTH), value_parser = parse_hours)]
    hours: Decimal,
    #[command(flatten)]
    inputs: InputArgs,
    #[command(flatten)]
    region: RegionArgs,
    /// Price as Fargate Spot
    #[arg(long)]
    spot: bool,
    /// Price for this CPU architecture instead of the definition's
    #[arg(long, value_enum)]
    arch: Option<ArchArg>,
    /// Price for this operating system instead of the definition's
    #[arg(long, value_enum)]
    os: Option<OsArg>,
    /// What to do if something has no price
    #[arg(long, value_enum, default_value_t = OnIncomplete::Fail)]
    on_incomplete: OnIncomplete,
    #[command(flatten)]
    tabular: TabularArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ArchArg {
    #[value(name = "x86_64", alias = "x86")]
    X86_64,
    #[value(alias = "arm")]
    Arm64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum OsArg {
    Linux,
    Windows,
}

fn parse_hours(text: &str) -> Result<Decimal, String> {
    text.parse()
        .ok()
        .filter(|hours| *hours > Decimal::ZERO && *hours <= Decimal::from(1_000_000))
        .ok_or_else(|| "expected hours above 0, such as 730 or 12.5".to_owned())
}

/// A task definition of the paths named, and what became of it.
struct Priced<'book> {
    /// As the user wrote it; `stdin` for `-`.
    path: String,
    kind: Option<TemplateKind>,
    /// The logical id, the address or the like; empty where no one task is at fault.
    name: String,
    /// Empty where it is not known.
    family: String,
    /// Line and column where it begins.
    at: Option<(usize, usize)>,
    /// Whether the path alone says which it is.
    alone: bool,
    tasks: Tasks,
    outcome: Outcome<'book>,
}

/// How many tasks run, and what says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tasks {
    count: u32,
    from: TasksFrom,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TasksFrom {
    /// `--count`.
    Flag,
    /// The template's services.
    DesiredCount,
    /// The same, where auto scaling has the say: of one service or more it is the fewest tasks that it leaves.
    ScalingMinimum,
    /// Nothing: one task stands for all.
    Default {
        /// Whether there are services, whose desired count is not known.
        has_services: bool,
    },
}

enum Outcome<'book> {
    Quote(Quote<'book>),
    NotPriced(NotPriced),
    Unreadable(Unreadable),
}

pub fn run(global: &GlobalArgs, args: &PriceArgs) -> Result<ExitCode, CliError> {
    if args.paths.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(CliError::usage(anyhow!("- (stdin) is named twice, but can be read once")));
    }
    refuse_to_overwrite(args.inputs.files(), &[("--output", args.tabular.output.output.as_deref())])?;
    let (output, format) = args.tabular.open()?;
    let book = global.price_book()?;
    let terms = Terms {
        book: &book,
        region: global.region(&args.region)?,
        purchase: if args.spot { PurchaseOption::Spot } else { PurchaseOption::OnDemand },
        os: args.os.map(|os| match os {
            OsArg::Linux => OperatingSystem::Linux,
            OsArg::Windows => OperatingSystem::Windows,
        }),
        arch: args.arch.map(|arch| match arch {
            ArchArg::X86_64 => Architecture::X86_64,
            ArchArg::Arm64 => Architecture::Arm64,
        }),
        count: args.count,
        hours: args.hours,
    };
    global.detail(&format!("price book {} of {}", book.id(), book.effective_date()));
    let mut inputs = args.inputs.read()?;
    inputs.deployed_to(&terms.region);
    let paths = template_files::tidied(&args.paths);
    let holdings = holdings::read(global, &paths, &inputs, args.tabular.output.output.as_deref())?;
    let all: Vec<Priced<'_>> = holdings.into_iter().map(|holding| price(holding, &terms)).collect();
    warn_of_later_rates(global, &all);
    let text = match format {
        TabularFormat::Table => render::table(&terms, &all),
        TabularFormat::Json => render::json(&terms, &all),
        TabularFormat::Csv => render::csv(&terms, &all),
    };
    output.write(text.as_bytes())?;
    Ok(conclude(global, args.on_incomplete, &all))
}

fn price<'book>(holding: Holding, terms: &Terms<'book>) -> Priced<'book> {
    let Holding { path, kind, alone, content } = holding;
    let task = content.task();
    let tasks = Tasks::of(task, terms);
    let name = task.map(|task| task.name.clone()).unwrap_or_default();
    let family = task.and_then(|task| task.family.known()).cloned().unwrap_or_default();
    let at = task.map(|task| (task.at.line, task.at.column));
    let outcome = match content {
        Content::Unreadable { error, .. } => Outcome::Unreadable(error),
        Content::Task(task) => match quote_task(*task, terms, tasks.count) {
            Ok(quote) => Outcome::Quote(quote),
            Err(reason) => Outcome::NotPriced(reason),
        },
    };
    Priced { path, kind, name, family, at, alone, tasks, outcome }
}

const FILLED_IN: &str = "price the file as it is once placeholders are filled in, or what \
                         `describe-task-definition` gives";

fn quote_task<'book>(
    mut task: TaskTemplate,
    terms: &Terms<'book>,
    count: u32,
) -> Result<Quote<'book>, NotPriced> {
    // What is given instead of the definition's need not be known of it.
    if terms.os.is_some() && terms.arch.is_some() {
        task.platform = Setting::Absent;
    }
    let help = (task.kind == TemplateKind::TaskDefinition).then_some(FILLED_IN);
    let definition = task.task_level().map_err(|(why, at)| NotPriced::Unresolved { why, at, help })?;
    quote::quote(&definition, &task.services, terms, count)
}

impl Tasks {
    fn of(task: Option<&TaskTemplate>, terms: &Terms<'_>) -> Self {
        if let Some(count) = terms.count {
            return Self { count, from: TasksFrom::Flag };
        }
        match task.and_then(TaskTemplate::desired_count) {
            Some(count) => {
                let scaled =
                    task.is_some_and(|task| task.services.iter().any(ServiceTemplate::is_at_minimum));
                let from = if scaled { TasksFrom::ScalingMinimum } else { TasksFrom::DesiredCount };
                Self { count, from }
            }
            None => {
                let has_services = task.is_some_and(|task| !task.services.is_empty());
                Self { count: 1, from: TasksFrom::Default { has_services } }
            }
        }
    }
}

/// `--as-of` does not choose between rates: the book has one of each. Say where that matters.
fn warn_of_later_rates(global: &GlobalArgs, all: &[Priced<'_>]) {
    let Some(as_of) = global.as_of else { return };
    let date = as_of.to_string();
    let later = all
        .iter()
        .filter_map(|priced| if let Outcome::Quote(quote) = &priced.outcome { Some(quote) } else { None })
        .flat_map(|quote| &quote.lines)
        .map(|line| line.rate.effective_date.as_str())
        .filter(|effective| *effective > date.get(..10).unwrap_or_default())
        .max();
    if let Some(effective) = later {
        global.warn(&format!("rates of {effective} are used, which is after --as-of {date}"));
    }
}

/// Says what has no price, and gives the exit code.
fn conclude(global: &GlobalArgs, on_incomplete: OnIncomplete, all: &[Priced<'_>]) -> ExitCode {
    let mut incomplete = false;
    for priced in all {
        let (message, help) = match &priced.outcome {
            Outcome::Quote(_) => continue,
            Outcome::NotPriced(reason) => {
                let place = priced.place(reason);
                (format!("{place}: {}: {reason}", reason.code()), reason.help().map(str::to_owned))
            }
            Outcome::Unreadable(Unreadable { message, at, hint }) => {
                let place = at.map(|(line, column)| format!("{}:{line}:{column}: ", priced.path));
                (format!("{}{message}", place.unwrap_or_default()), hint.clone())
            }
        };
        let error = CliError::not_evaluated(anyhow!(message));
        let error = if let Some(help) = help { error.with_help(help) } else { error };
        incomplete = true;
        match on_incomplete {
            OnIncomplete::Fail => error.print("error"),
            OnIncomplete::Warn if !global.quiet => error.print("warning"),
            OnIncomplete::Warn | OnIncomplete::Pass => {}
        }
    }
    if incomplete && on_incomplete == OnIncomplete::Fail { ExitCode::NotEvaluated } else { ExitCode::Fine }
}

impl Priced<'_> {
    /// Where to look for the reason, and of which task it is, where the path alone does not say that.
    fn place(&self, reason: &NotPriced) -> String {
        let place = match (reason, self.at) {
            (NotPriced::Unresolved { at, .. }, _) => {
                format!("{}:{}:{}", holdings::shown(&at.path), at.line, at.column)
            }
            (_, Some((line, column))) if !self.alone => format!("{}:{line}:{column}", self.path),
            _ => self.path.clone(),
        };
        if self.alone { place } else { format!("{place}: {}", self.label()) }
    }

    /// The family, else the name in the file.
    fn label(&self) -> &str {
        if self.family.is_empty() { &self.name } else { &self.family }
    }
}
