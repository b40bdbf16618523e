//! `fargauge patch`: write the recommended sizes back into the files they come from.
//!
//! Takes files and folders and a snapshot of production; gives a unified diff, or changes the files. What was and
//! what was not changed, and what goes along with it, is told on stderr. Works offline.

mod rewrite;

use std::{path::PathBuf, sync::Arc};

use anyhow::anyhow;
use clap::Args;
use wildmatch::WildMatch;

use super::{
    CliError, ExitCode, GlobalArgs, OnIncomplete, Output, OutputArgs, RegionArgs, SnapshotPlace,
    module_files,
    output::refuse_to_overwrite,
    report::report_on,
    template_files,
    template_inputs::{InputArgs, region},
};
use crate::{
    analysis::patch::{Change, Patch, PatchInput, patch},
    template::{
        ReadTemplates, TaskTemplate, TemplateError,
        patch::{Repository, unified_diff},
    },
    units::Usd,
};

/// Write the recommended sizes back into task definitions, CloudFormation and Terraform
#[derive(Debug, Args)]
pub struct PatchArgs {
    /// Files and folders; what they hold is told by content; - is stdin, which --write writes to stdout
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// Take the sizes from this snapshot of production, as `collect --out` wrote it
    #[arg(long, value_name = "SNAPSHOT")]
    snapshot: SnapshotPlace,
    /// Change the files, instead of saying how they would change
    #[arg(long)]
    write: bool,
    /// Change only tasks with this family or name; * and ? stand for anything
    #[arg(long = "task", value_name = "PATTERN")]
    tasks: Vec<String>,
    #[command(flatten)]
    inputs: InputArgs,
    /// What to do about files that cannot be read
    #[arg(long, value_enum, default_value_t = OnIncomplete::Warn)]
    on_incomplete: OnIncomplete,
    #[command(flatten)]
    region: RegionArgs,
    /// Write the diff to FILE, whole or not at all, instead of to stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(global: &GlobalArgs, args: &PatchArgs) -> Result<ExitCode, CliError> {
    let piped = args.paths.iter().any(|path| template_files::is_stdin(path));
    if piped && args.write && (args.paths.len() > 1 || args.output.is_some()) {
        return Err(CliError::usage(anyhow!("with --write, what is piped in goes to stdout, alone")));
    }
    refuse_to_overwrite(args.inputs.files(), &[("--output", args.output.as_deref())])?;
    let diff = (!args.write || args.output.is_some())
        .then(|| OutputArgs { output: args.output.clone() }.open())
        .transpose()?;
    let settings = global.check_settings()?;
    let mut found = template_files::read(&template_files::tidied(&args.paths), None)?;
    let beside = module_files::beside(&found.files)?;
    found.unread.extend(beside.unread);
    let repository = Repository {
        files: std::mem::take(&mut found.files),
        beside: beside.files,
        parameter_files: args.inputs.sources()?,
        parameters: args.inputs.given().iter().cloned().collect(),
        region: region(global, &args.region)?,
    };
    repository.inputs().map_err(CliError::usage)?;
    let production = report_on(global, &args.snapshot.open(global)?)?;
    let book = global.price_book()?;
    let input =
        PatchInput { repository: &repository, production: &production, book: &book, settings: &settings };
    let patterns: Vec<WildMatch> = args.tasks.iter().map(|pattern| WildMatch::new(pattern)).collect();
    let wanted = |task: &TaskTemplate| {
        let family = task.family.known().map_or("", String::as_str);
        !repository.is_beside(&task.at.path)
            && (patterns.is_empty() || patterns.iter().any(|p| p.matches(&task.name) || p.matches(family)))
    };
    let (patch, mut templates) = patch(input, wanted).map_err(CliError::not_evaluated)?;
    module_files::leave_out(&mut templates, |path| repository.is_beside(path));
    found.tell(&mut templates);
    found.note_links(global);
    template_files::note_not_created(global, &templates);
    template_files::note_defaults(global, &templates);
    found.files = [repository.files, repository.beside].concat();
    found.warn_of_unknown(global, args.inputs.given());
    found.refuse_to_overwrite(&templates, args.output.as_deref())?;
    if args.write && piped {
        let unchanged = found.files.iter().map(|file| file.bytes.as_ref()).next().unwrap_or_default();
        let text = patch.files.first().map_or(unchanged, |file| file.after.as_bytes());
        Output::Stdout.write(text)?;
    } else if args.write {
        rewrite::all(&patch.files)?;
    }
    if let Some(output) = diff {
        let diffs = patch.files.iter().map(|file| unified_diff(&file.path, &file.before, &file.after));
        output.write(diffs.collect::<String>().as_bytes())?;
    }
    tell(global, args, &patch, &templates.without);
    Ok(verdict(global, args, &templates))
}

/// Says what became of which task.
fn tell(global: &GlobalArgs, args: &PatchArgs, patch: &Patch, without: &[Arc<PathBuf>]) {
    for change in &patch.changes {
        global.note(&sentence(change));
        for condition in &change.conditions {
            global.note(&format!("  {}: {condition}", change.task));
        }
    }
    for skipped in &patch.skipped {
        let place = format!("{}:{}", skipped.path.display(), skipped.line);
        global.warn(&format!("{place}: {} is left as it is: {}", skipped.task, skipped.why));
    }
    for path in without {
        global.warn(&format!("{} holds nothing about ECS tasks", path.display()));
    }
    if !patch.unlinked.is_empty() {
        global.note(&format!(
            "no workload of the snapshot is known to run {}; a [[check.link]] in fargauge.toml can say which",
            listed(&patch.unlinked)
        ));
    }
    let files = plural(patch.files.len(), "file");
    let tasks = plural(patch.changes.len(), "task");
    let done = match (args.write, patch.changes.is_empty()) {
        (_, true) => "nothing to change".to_owned(),
        (true, false) => format!("changed {tasks} in {files}"),
        (false, false) => format!("would change {tasks} in {files}; --write does"),
    };
    let unchanged = plural(usize::try_from(patch.unchanged).unwrap_or(usize::MAX), "task");
    global.note(&format!("{done}; {unchanged} as recommended, {} left as they are", patch.skipped.len()));
}

fn sentence(change: &Change) -> String {
    let containers = if change.containers.is_empty() {
        String::new()
    } else {
        format!(", with the limits of {}", change.containers.join(", "))
    };
    let money = match change.monthly_savings {
        Some(saved) if saved > Usd::ZERO => format!(", saves {} USD a month", saved.cents()),
        Some(saved) if saved < Usd::ZERO => format!(", costs {} USD a month more", (-saved).cents()),
        _ => String::new(),
    };
    let place = format!("{}:{}", change.path.display(), change.line);
    let to = change.to.to_string();
    let size =
        if to == change.from { format!("stays {to}") } else { format!("from {} to {to}", change.from) };
    format!("{place}: {} {size}{containers}{money}", change.task)
}

fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The first few of many names.
fn listed(names: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(SHOWN) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

/// What cannot be read cannot be changed.
fn verdict(global: &GlobalArgs, args: &PatchArgs, templates: &ReadTemplates) -> ExitCode {
    let errors: Vec<&TemplateError> = templates
        .unknown
        .iter()
        .chain(templates.files.iter().filter_map(|file| file.error.as_ref()))
        .collect();
    if errors.is_empty() || args.on_incomplete == OnIncomplete::Pass {
        return ExitCode::Fine;
    }
    for error in &errors {
        global.warn(&error.to_string());
    }
    if args.on_incomplete == OnIncomplete::Fail {
        let error = anyhow!("{} could not be read whole", plural(errors.len(), "file"));
        CliError::not_evaluated(error).print("error");
        return ExitCode::NotEvaluated;
    }
    ExitCode::Fine
}
