//! Templates, a report on production and settings → [`CheckReport`]: where `check` is wired.
//!
//! Takes everything as values, the time included. The same input gives the same report.

use std::{path::Path, sync::Arc};

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::heading::price_book_reference;
use crate::{
    fargate::TaskSize,
    policy::{
        self, Baseline, Case, CheckSettings, Finding, Judgement, Level, NotJudged, OnIncomplete, Production,
        TaskCosts,
    },
    pricing::PriceBook,
    report::{
        self, Quantity, Report, SCHEMA_VERSION, WorkloadReport,
        check::{
            CheckFile, CheckFileError, CheckFinding, CheckNotJudged, CheckReport, CheckTask, CheckTotals,
            Sources, Verdict,
        },
    },
    template::{Place, ReadTemplates, TaskTemplate, TemplateError},
    units::{CpuUnits, MemoryMib, Usd},
    workload::{Architecture, LaunchType, OperatingSystem, Platform, Region},
};

/// What a check is of.
#[derive(Debug, Clone, Copy)]
pub struct CheckInput<'a> {
    pub templates: &'a ReadTemplates,
    /// The same files before the change.
    pub base: Option<&'a ReadTemplates>,
    pub baseline: Option<&'a Baseline>,
    /// The report on the snapshot of production.
    pub production: Option<&'a Report>,
    /// Where templates run that nothing tells the region of.
    pub region: Option<&'a Region>,
    pub book: &'a PriceBook,
    pub settings: &'a CheckSettings,
    pub on_incomplete: OnIncomplete,
    /// Whether what the base or the baseline has, too, is let pass.
    pub new_only: bool,
    pub as_of: Timestamp,
}

/// Judges templates. The second is what a baseline of this run holds.
pub fn check(input: CheckInput<'_>) -> (CheckReport, Baseline) {
    let tasks = tasks_of(input.templates);
    let base = input.base.map(tasks_of);
    let production = input.production.map(productions);
    let case = Case {
        tasks: &tasks,
        unread: &unread(input.templates),
        base: base.as_deref(),
        base_unread: &input.base.map(unread).unwrap_or_default(),
        baseline: input.baseline,
        production: production.as_deref(),
        snapshot_end: input.production.map(|report| report.window.end),
        region: input.region,
        book: input.book,
        settings: input.settings,
        now: input.as_of,
    };
    let judgement = policy::judge(case);
    let incomplete =
        !input.templates.unknown.is_empty() || input.templates.files.iter().any(|file| file.error.is_some());
    let verdict = policy::Verdict::of(&judgement, incomplete, input.on_incomplete, input.new_only);
    let baseline = Baseline::of(&judgement.findings).paid_at(input.settings.paid);
    (report(&input, &judgement, verdict, &policy::costs(case)), baseline)
}

/// The texts that findings point into.
pub fn sources(templates: &ReadTemplates) -> Sources {
    // An empty text has no line to show.
    let files = templates.files.iter().filter(|file| !file.text.is_empty());
    files.map(|file| (slashed(&file.path), Arc::clone(&file.text))).collect()
}

fn unread(templates: &ReadTemplates) -> Vec<&Path> {
    let known = templates.files.iter().filter(|file| file.error.is_some()).map(|file| file.path.as_path());
    known.chain(templates.unknown.iter().map(|error| error.path.as_path())).collect()
}

fn tasks_of(templates: &ReadTemplates) -> Vec<&TaskTemplate> {
    templates.files.iter().flat_map(|file| &file.tasks).collect()
}

fn report(
    input: &CheckInput<'_>,
    judgement: &Judgement,
    verdict: policy::Verdict,
    costs: &[TaskCosts<'_>],
) -> CheckReport {
    let sources = sources(input.templates);
    let mut findings: Vec<CheckFinding> =
        judgement.findings.iter().map(|finding| finding_report(finding, &sources)).collect();
    findings.sort_by(|a, b| {
        (&a.path, a.line, a.column, &a.rule, &a.fingerprint).cmp(&(
            &b.path,
            b.line,
            b.column,
            &b.rule,
            &b.fingerprint,
        ))
    });
    // What is waived or let pass is not counted among what is denied or warned of.
    let counts = |finding: &&Finding| finding.waived.is_none() && !(finding.known && input.new_only);
    let level = |level| judgement.findings.iter().filter(counts).filter(|f| f.level == level).count() as u64;
    CheckReport {
        schema_version: SCHEMA_VERSION,
        verdict: match verdict {
            policy::Verdict::Pass => Verdict::Pass,
            policy::Verdict::Fail => Verdict::Fail,
            policy::Verdict::Incomplete => Verdict::Incomplete,
        },
        as_of: input.as_of,
        snapshot: input.production.map(|report| report.snapshot.clone()),
        price_book: price_book_reference(input.book),
        totals: CheckTotals {
            tasks: tasks_of(input.templates).len() as u64,
            denied: level(Level::Deny),
            warned: level(Level::Warn),
            waived: judgement.findings.iter().filter(|f| f.waived.is_some()).count() as u64,
            known: judgement.findings.iter().filter(|f| f.known).count() as u64,
            monthly_cost_change: input.base.map(|_| {
                costs
                    .iter()
                    .filter_map(|cost| Some(cost.now? - cost.before?))
                    .fold(Usd::ZERO, |sum, c| sum + c)
            }),
        },
        tasks: costs.iter().map(task_report).collect(),
        files: files(input.templates),
        ignored_files: input.templates.ignored,
        findings,
        new_only: input.new_only,
        not_judged: judgement.not_judged.iter().map(not_judged_report).collect(),
    }
}

fn task_report(cost: &TaskCosts<'_>) -> CheckTask {
    let task = cost.task;
    CheckTask {
        path: slashed(&task.at.path),
        line: task.at.line as u64,
        task: task.name.clone(),
        cpu_units: task.cpu.known().map(|cpu| cpu.0),
        memory_mib: task.memory.known().map(|memory| memory.0),
        tasks: cost.count.map(|count| Quantity(count).rounded()),
        monthly_cost: cost.now,
        base_monthly_cost: cost.before,
    }
}

fn files(templates: &ReadTemplates) -> Vec<CheckFile> {
    let error = |error: &TemplateError| CheckFileError {
        message: error.message.clone(),
        line: error.line as u64,
        column: error.column as u64,
        hint: error.hint.clone(),
    };
    let mut files: Vec<CheckFile> = templates
        .files
        .iter()
        .map(|file| CheckFile {
            path: slashed(&file.path),
            kind: Some(file.kind.as_str().to_owned()),
            parsed: file.error.is_none(),
            tasks: file.tasks.len() as u64,
            error: file.error.as_ref().map(error),
        })
        .chain(templates.unknown.iter().map(|unknown| CheckFile {
            path: slashed(&unknown.path),
            kind: None,
            parsed: false,
            tasks: 0,
            error: Some(error(unknown)),
        }))
        // Whoever passes every changed file wants no error on those about something else.
        .chain(templates.without.iter().map(|path| CheckFile {
            path: slashed(path),
            kind: None,
            parsed: true,
            tasks: 0,
            error: None,
        }))
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn finding_report(finding: &Finding, sources: &Sources) -> CheckFinding {
    let path = finding.at.as_ref().map(|at| slashed(&at.path));
    let end = finding.at.as_ref().zip(path.as_ref()).and_then(|(at, path)| end_of(at, sources.get(path)?));
    CheckFinding {
        rule: finding.rule.as_str().to_owned(),
        level: finding.level.as_str().to_owned(),
        path,
        line: finding.at.as_ref().map(|at| at.line as u64),
        column: finding.at.as_ref().map(|at| at.column as u64),
        end_line: end.map(|(line, _)| line),
        end_column: end.map(|(_, column)| column),
        task: finding.task.clone(),
        container: finding.container.clone(),
        workload: finding.workload.clone(),
        message: finding.message.clone(),
        help: finding.help.clone(),
        fingerprint: finding.fingerprint.clone(),
        monthly_cost_change: finding.monthly_cost_change,
        waived: finding.waived.clone(),
        known: finding.known,
    }
}

/// Line and column behind the last character of a place.
fn end_of(at: &Place, text: &str) -> Option<(u64, u64)> {
    let written = text.get(at.span.start..at.span.end)?;
    let lines = written.matches('\n').count();
    let last = written.rsplit('\n').next().unwrap_or_default().chars().count();
    let column = if lines == 0 { at.column + last } else { last + 1 };
    Some(((at.line + lines) as u64, column as u64))
}

fn not_judged_report(not_judged: &NotJudged) -> CheckNotJudged {
    CheckNotJudged {
        rule: not_judged.rule.as_str().to_owned(),
        path: not_judged.at.as_ref().map(|at| slashed(&at.path)),
        line: not_judged.at.as_ref().map(|at| at.line as u64),
        task: not_judged.task.clone(),
        why: not_judged.why.clone(),
    }
}

/// A path as reports and patterns write it.
fn slashed(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    text.strip_prefix("./").map_or(text.clone(), str::to_owned)
}

/// Reasons that more or better data would take away.
const LACKS_DATA: [&str; 6] =
    ["gap-in-metrics", "mixed-revisions", "no-metrics", "too-few-runs", "too-new", "unknown-launch-type"];

/// What the rules need of a report.
pub fn productions(report: &Report) -> Vec<Production> {
    let hours =
        Decimal::from(report.window.end.as_second() - report.window.start.as_second()) / Decimal::from(3600);
    report.workloads.iter().map(|workload| production(workload, hours)).collect()
}

fn production(workload: &WorkloadReport, window_hours: Decimal) -> Production {
    let os =
        if workload.platform.os == "windows" { OperatingSystem::Windows } else { OperatingSystem::Linux };
    let arch = if workload.platform.arch == "arm64" { Architecture::Arm64 } else { Architecture::X86_64 };
    let current = (workload.current.cpu_units.map(CpuUnits), workload.current.memory_mib.map(MemoryMib));
    let is_rated = workload.finding != report::Finding::NotRated;
    let size = |cpu, memory| TaskSize::new(cpu, memory, os).ok();
    let recommended = match &workload.recommendation {
        Some(r) => size(CpuUnits(r.cpu_units), MemoryMib(r.memory_mib)),
        // What is to stay as it is needs what it has.
        None => current.0.zip(current.1).filter(|_| is_rated).and_then(|(cpu, memory)| size(cpu, memory)),
    };
    let short = |dimension: &report::Dimension| dimension.finding == report::Finding::Underprovisioned;
    let demand = workload.demand;
    let cheaper = workload.options.iter().filter(|o| LAUNCH_TYPES.contains(&o.kind.as_str()));
    Production {
        id: workload.id.clone(),
        region: Region(workload.region.clone()),
        cluster: workload.cluster.clone(),
        service: workload.service.clone(),
        family: workload.family.clone(),
        tags: workload.tags.clone(),
        launch_type: LaunchType::named(&workload.launch_type),
        platform: Platform { os, arch },
        current,
        mean_tasks: workload.task_hours.filter(|_| window_hours > Decimal::ZERO).map(|h| h.0 / window_hours),
        spot_share: workload.spot_share.map_or(Decimal::ZERO, |share| share.0),
        days: workload.evidence.observed_hours.0 / Decimal::from(24),
        cpu_vcpu: demand.and_then(|demand| demand.cpu_vcpu).map(|cpu| cpu.p995.0),
        memory_mib_max: demand.and_then(|demand| demand.memory_mib).map(|memory| memory.max.0),
        cpu_is_short: short(&workload.dimensions.cpu),
        memory_is_short: short(&workload.dimensions.memory),
        recommended,
        monthly_cost: workload.monthly_cost,
        cheaper_launch_type: cheaper
            .filter_map(|option| Some((option.kind.clone(), option.monthly_savings?)))
            .filter(|(_, saved)| *saved > Usd::ZERO)
            .max_by_key(|(_, saved)| *saved),
        lacks_data: workload.not_rated.as_ref().is_some_and(|n| LACKS_DATA.contains(&n.reason.as_str())),
        not_rated: workload.not_rated.as_ref().map(|n| format!("{}: {}", n.reason, n.detail)),
    }
}

/// Options of a report that are another launch type.
const LAUNCH_TYPES: [&str; 3] = ["ec2", "fargate", "managed-instances"];
