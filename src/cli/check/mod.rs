//! `fargauge check`: judge what a repository says of ECS tasks, before it is deployed.
//!
//! Takes files and folders, a snapshot of production, a base to compare with; gives findings in the
//! format of whoever reads them, and an exit code. Works offline. 2 (usage) beats 3 (not evaluated) beats 1
//! (violated).

mod base;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, anyhow};
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::{
    CliError, ExitCode, GlobalArgs, OnIncomplete, OutputArgs, RegionArgs, SnapshotPlace,
    module_files::Beside,
    output::{refuse_same_place, refuse_to_overwrite},
    report::{report_on, table_options},
    template_files,
    template_inputs::{InputArgs, region},
    work_tree,
};
use crate::{
    analysis::check::{CheckInput, check, sources},
    policy::{self, Baseline, CheckSettings, Level, Rule, UnknownRule},
    pricing::PriceBook,
    report::check::{CheckFormat, HostPaths, Verdict, render},
    template::read_all,
    workload::Region,
};

/// Judge task definitions, CloudFormation and Terraform by what production needs
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Files and folders; what they hold is told by content; - is stdin
    #[arg(value_name = "PATH", required_unless_present = "explain")]
    paths: Vec<PathBuf>,
    /// Judge by this snapshot of production, as `collect --out` wrote it: a folder, or s3://BUCKET/PREFIX
    #[arg(long, value_name = "SNAPSHOT")]
    snapshot: Option<SnapshotPlace>,
    /// Compare with this git revision: with where HEAD left it, if it did
    #[arg(long, value_name = "REV", conflicts_with = "base_path")]
    base: Option<String>,
    /// Compare with the same paths in this folder
    #[arg(long, value_name = "DIR")]
    base_path: Option<PathBuf>,
    /// Let pass what the base or the baseline has, too
    #[arg(long)]
    new_only: bool,
    /// Findings that are known, as --write-baseline wrote them
    #[arg(long, value_name = "FILE", conflicts_with = "write_baseline")]
    baseline: Option<PathBuf>,
    /// Write what is found as the findings that are known, and exit 0
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    #[command(flatten)]
    inputs: InputArgs,
    /// Report this rule and fail by it
    #[arg(long, value_name = "RULE", value_parser = rule)]
    deny: Vec<Rule>,
    /// Report this rule without failing by it
    #[arg(long, value_name = "RULE", value_parser = rule)]
    warn: Vec<Rule>,
    /// Do not report this rule
    #[arg(long, value_name = "RULE", value_parser = rule)]
    allow: Vec<Rule>,
    /// What to do about files that cannot be read, beside listing them; what is denied exits 1 unless 3 comes first
    #[arg(long, value_enum, default_value_t = OnIncomplete::Warn)]
    on_incomplete: OnIncomplete,
    /// Say what a rule does and why, and nothing else
    #[arg(long, value_name = "RULE", value_parser = rule, exclusive = true)]
    explain: Option<Rule>,
    #[command(flatten)]
    region: RegionArgs,
    /// How to write the result [default: by the ending of --output (.json, .sarif, .xml, .md, .txt), else table]
    #[arg(long, short, value_enum)]
    format: Option<Format>,
    #[command(flatten)]
    output: OutputArgs,
    /// Write the same result in another format, too, such as sarif=fargauge.sarif; may be given several times
    #[arg(long = "also", value_name = "FORMAT=FILE", value_parser = also)]
    also: Vec<(Format, OutputArgs)>,
    /// Lay the result out for N columns [default: the terminal's, else 160]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    width: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
    /// SARIF 2.1.0, such as for GitHub code scanning
    Sarif,
    /// JUnit XML
    Junit,
    /// Workflow commands of GitHub Actions
    Github,
    /// GitLab Code Quality
    Gitlab,
    /// A comment on a pull request
    Markdown,
}

impl Format {
    fn by_ending(file: &Path) -> Option<Self> {
        let name = file.file_name()?.to_str()?.to_ascii_lowercase();
        // Code scanning knows both endings of SARIF.
        let endings = [
            (".sarif", Self::Sarif),
            (".sarif.json", Self::Sarif),
            (".json", Self::Json),
            (".xml", Self::Junit),
            (".md", Self::Markdown),
        ];
        endings.into_iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, format)| format)
    }

    const fn check_format(self) -> CheckFormat {
        match self {
            Self::Table => CheckFormat::Human,
            Self::Json => CheckFormat::Json,
            Self::Sarif => CheckFormat::Sarif,
            Self::Junit => CheckFormat::Junit,
            Self::Github => CheckFormat::Github,
            Self::Gitlab => CheckFormat::Gitlab,
            Self::Markdown => CheckFormat::Markdown,
        }
    }
}

fn also(text: &str) -> Result<(Format, OutputArgs), String> {
    let (format, file) = text.split_once('=').ok_or("expected FORMAT=FILE, such as sarif=fargauge.sarif")?;
    if file.is_empty() {
        return Err("FILE is empty".to_owned());
    }
    let known = || Format::value_variants().iter().map(|format| format.check_format().as_str());
    let format = Format::from_str(format, false)
        .map_err(|_| format!("{format:?} is no format; choose {}", known().collect::<Vec<_>>().join(", ")))?;
    Ok((format, OutputArgs { output: Some(file.into()) }))
}

fn rule(name: &str) -> Result<Rule, String> {
    Rule::named(name).ok_or_else(|| UnknownRule(name.to_owned()).to_string())
}

/// The format of the result: the one named, else that of the file's ending.
fn format(args: &CheckArgs) -> Result<Format, CliError> {
    if let Some(format) = args.format {
        return Ok(format);
    }
    args.output.ending(&["sarif", "json", "xml", "md", "txt"])?;
    Ok(args.output.output.as_deref().and_then(Format::by_ending).unwrap_or(Format::Table))
}

pub fn run(global: &GlobalArgs, args: &CheckArgs) -> Result<ExitCode, CliError> {
    let format = format(args)?;
    let also = args.also.iter().map(|(_, to)| ("--also", to.output.as_deref()));
    let known_to = args.write_baseline.iter().map(|path| ("--write-baseline", Some(path.as_path())));
    let written = [("--output", args.output.output.as_deref())].into_iter().chain(also).chain(known_to);
    let written: Vec<_> = written.collect();
    refuse_same_place(&written)?;
    let read = args.baseline.iter().map(|path| ("--baseline", path.as_path()));
    refuse_to_overwrite(read.chain(args.inputs.files()), &written)?;
    let output = args.output.open()?;
    let other = |flag: &'static str| {
        move |error: CliError| {
            error.with_help(format!("choose another file for {flag}, in a folder you may write to"))
        }
    };
    let also = args.also.iter().map(|(format, to)| Ok((*format, to, to.open().map_err(other("--also"))?)));
    let also: Vec<_> = also.collect::<Result<_, CliError>>()?;
    let known_to = args.write_baseline.clone().map(|path| OutputArgs { output: Some(path) }.open());
    let known_to = known_to.transpose().map_err(other("--write-baseline"))?;
    if let Some(rule) = args.explain {
        output.write(format!("{}\n", rule.documentation()).as_bytes())?;
        return Ok(ExitCode::Fine);
    }
    let settings = settings(global, args)?;
    let mut inputs = args.inputs.read()?;
    let region = region(global, &args.region)?;
    if let Some(region) = &region {
        inputs.deployed_to(region);
    }
    let baseline = args.baseline.as_deref().map(read_baseline).transpose()?;
    let paths = template_files::tidied(&args.paths);
    if args.paths.iter().any(|path| template_files::is_stdin(path))
        && (args.base.is_some() || args.base_path.is_some())
    {
        return Err(CliError::usage(anyhow!("what is piped in has no base; name the file instead of -")));
    }
    let base_path = args.base_path.as_deref().map(template_files::tidy);
    let mut found = template_files::read(&paths, base_path.as_deref())?;
    let Beside { kept, local } = Beside::of(&found.files)?;
    // What is read beside what was named may have a base, too.
    let added = kept.files.iter().map(|file| file.path.to_path_buf());
    let base_paths: Vec<PathBuf> = paths.iter().cloned().chain(added).collect();
    found.files.extend(kept.files.into_iter().chain(local.files.iter().cloned()));
    found.unread.extend(kept.unread.into_iter().chain(local.unread));
    let mut templates = read_all(&found.files, &inputs);
    found.tell(&mut templates);
    found.note_links(global);
    template_files::note_not_created(global, &templates);
    template_files::note_defaults(global, &templates);
    found.warn_of_unknown(global, args.inputs.given());
    let results = args.also.iter().filter_map(|(_, to)| to.output.as_ref());
    let results = results.chain(&args.output.output).chain(&args.write_baseline);
    found.refuse_to_overwrite(&templates, results.map(PathBuf::as_path))?;
    let now: Vec<PathBuf> = templates.files.iter().map(|file| file.path.as_ref().clone()).collect();
    let before = match (&base_path, &args.base) {
        (Some(folder), _) => Some(base::in_folder(global, folder, &base_paths, &now)?),
        (None, Some(revision)) => Some(base::in_git(global, revision, &base_paths, &now)?),
        (None, None) => None,
    };
    let base = before.map(|mut before| {
        before.found.files = template_files::still_looked_at(before.found.files, &found);
        before.keep_local(local.files);
        let mut read = read_all(&before.found.files, &inputs);
        before.found.tell(&mut read);
        before.without_strangers(read, &templates)
    });
    let production =
        args.snapshot.as_ref().map(|place| report_on(global, &place.open(global)?)).transpose()?;
    let book = global.price_book()?;
    if let Some(region) = &region {
        warn_without_rates(global, &book, region);
    }
    let input = CheckInput {
        templates: &templates,
        base: base.as_ref(),
        baseline: baseline.as_ref(),
        production: production.as_ref(),
        region: region.as_ref(),
        book: &book,
        settings: &settings,
        on_incomplete: match args.on_incomplete {
            OnIncomplete::Fail => policy::OnIncomplete::Fail,
            OnIncomplete::Warn => policy::OnIncomplete::Warn,
            OnIncomplete::Pass => policy::OnIncomplete::Pass,
        },
        new_only: args.new_only,
        as_of: global.as_of.unwrap_or_else(|| {
            // Seconds are enough for any date in it.
            let now = Timestamp::now();
            Timestamp::from_second(now.as_second()).unwrap_or(now)
        }),
    };
    let (report, known) = check(input);
    let sources = sources(&templates);
    let for_hosts = host_paths().map(|paths| paths.applied(&report));
    let render = |format: Format, to: &OutputArgs| {
        let format = format.check_format();
        let report = for_hosts.as_ref().filter(|_| format.is_for_hosts()).unwrap_or(&report);
        render(format, report, &sources, table_options(args.width, to))
    };
    for (format, to, file) in also {
        file.write(render(format, to).as_bytes())?;
    }
    output.write(render(format, &args.output).as_bytes())?;
    for path in &templates.without {
        global.warn(&format!("{} holds nothing about ECS tasks", path.display()));
    }
    let unread = report.files.iter().filter(|file| file.error.is_some()).count();
    if unread > 0 && args.on_incomplete == OnIncomplete::Warn {
        let plural = if unread == 1 { "" } else { "s" };
        global.warn(&format!("{unread} file{plural} could not be read whole; the result says why"));
    }
    // A baseline of a part would let the rest through as new.
    if let Some(to) = known_to.filter(|_| report.verdict != Verdict::Incomplete) {
        to.write(known.to_json().as_bytes())?;
        return Ok(ExitCode::Fine);
    }
    Ok(match report.verdict {
        Verdict::Pass => ExitCode::Fine,
        Verdict::Fail => ExitCode::PolicyViolated,
        Verdict::Incomplete => ExitCode::NotEvaluated,
    })
}

/// How the host of this folder's repository calls its files.
fn host_paths() -> Option<HostPaths> {
    let here = env::current_dir().ok()?;
    let slashed = |path: &Path| path.to_string_lossy().replace('\\', "/");
    Some(HostPaths { top: slashed(&work_tree::top().unwrap_or_else(|| here.clone())), here: slashed(&here) })
}

fn settings(global: &GlobalArgs, args: &CheckArgs) -> Result<CheckSettings, CliError> {
    let settings = global.check_settings()?;
    let levels = [(&args.allow, Level::Allow), (&args.warn, Level::Warn), (&args.deny, Level::Deny)];
    let mut chosen = BTreeMap::new();
    for (rules, level) in levels {
        for rule in rules {
            if chosen.insert(*rule, level).is_some_and(|other| other != level) {
                let name = rule.as_str();
                return Err(CliError::usage(anyhow!("{name} is given two levels; choose one")));
            }
        }
    }
    Ok(settings.with_command_line(chosen))
}

/// A misspelt region prices nothing, and one that the book does not have may be right all the same.
fn warn_without_rates(global: &GlobalArgs, book: &PriceBook, region: &Region) {
    let known: BTreeSet<&str> = book.rates().map(|rate| rate.key.region.as_str()).collect();
    if !known.contains(region.as_str()) {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        global.warn(&format!("the price book has no rates of region {}, but of {known}", region.as_str()));
    }
}

fn read_baseline(path: &Path) -> Result<Baseline, CliError> {
    let read =
        || -> anyhow::Result<Baseline> { Ok(Baseline::from_json(&fs::read(path)?)?.located(Path::exists)) };
    read().with_context(|| format!("cannot use baseline {}", path.display())).map_err(CliError::usage)
}
