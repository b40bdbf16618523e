//! [`judge`]: all rules on all templates, with levels, waivers, base and baseline.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use jiff::{Timestamp, tz::TimeZone};
use rust_decimal::Decimal;

use super::{
    Baseline, CheckSettings, Finding, Judgement, Level, NotJudged, Production, Rule,
    docket::Draft,
    link::linked,
    matching::Match,
    rules,
    subject::{Base, Subject, TasksFrom},
};
use crate::{pricing::PriceBook, sha256, template::TaskTemplate, units::Usd, workload::Region};

/// Everything there is to judge by.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// In the sequence in which their findings are to come.
    pub tasks: &'a [&'a TaskTemplate],
    /// The same before the change; `None`: no base was given.
    pub base: Option<&'a [&'a TaskTemplate]>,
    pub baseline: Option<&'a Baseline>,
    /// `None`: no snapshot was given.
    pub production: Option<&'a [Production]>,
    /// When the snapshot ended.
    pub snapshot_end: Option<Timestamp>,
    /// Where templates run that no workload tells the region of.
    pub region: Option<&'a Region>,
    pub book: &'a PriceBook,
    pub settings: &'a CheckSettings,
    pub now: Timestamp,
}

/// Rules that say nothing without a snapshot.
const BY_SNAPSHOT: [Rule; 6] = [
    Rule::MemoryOverprovisioned,
    Rule::CpuOverprovisioned,
    Rule::MemoryUnderprovisioned,
    Rule::CpuUnderprovisioned,
    Rule::IncompleteMetrics,
    Rule::StaleSnapshot,
];

/// What all rules say.
pub fn judge(case: Case<'_>) -> Judgement {
    let mut judgement = on_templates(&case);
    if let Some(base) = case.base {
        // What the base has, too, and no cheaper, is not this change's doing.
        let before = on_templates(&Case { tasks: base, base: None, ..case });
        let before: BTreeMap<&str, &Finding> =
            before.findings.iter().map(|finding| (finding.fingerprint.as_str(), finding)).collect();
        for finding in &mut judgement.findings {
            finding.known |= before
                .get(finding.fingerprint.as_str())
                .is_some_and(|was| was.monthly_cost_change >= finding.monthly_cost_change);
        }
    }
    if let Some(baseline) = case.baseline {
        for finding in &mut judgement.findings {
            finding.known |= baseline.has(&finding.fingerprint);
        }
    }
    without_template(&case, &mut judgement);
    judgement
}

fn on_templates(case: &Case<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let used: Vec<Cell<bool>> = case.settings.waivers.iter().map(|_| Cell::new(false)).collect();
    let mut fingerprints = BTreeSet::new();
    for &task in case.tasks {
        let subject = subject_of(case, task);
        let docket = rules::judge(&subject);
        for draft in docket.drafts {
            let holds = |m: &Match| m.holds(task, &subject.production, draft.container.as_deref());
            let level = case.settings.level(draft.rule, holds);
            let level = if draft.only_warns { level.min(Level::Warn) } else { level };
            if level == Level::Allow {
                continue;
            }
            let waived = case.settings.waivers.iter().zip(&used).find_map(|(waiver, used)| {
                if waiver.rule != draft.rule || !holds(&waiver.matches) {
                    return None;
                }
                used.set(true);
                let today = case.now.to_zoned(TimeZone::UTC).date();
                (!waiver.has_expired(today)).then(|| waiver.reason.clone())
            });
            judgement.findings.push(finding(draft, &subject, level, waived, &mut fingerprints));
        }
        let allowed = |rule| case.settings.level(rule, |m| m.holds(task, &subject.production, None));
        let not_judged = docket.not_judged.into_iter().filter(|n| allowed(n.rule) != Level::Allow);
        judgement.not_judged.extend(not_judged);
        if let Some(why) = case.production.and_then(|_| no_evidence(&subject)) {
            judgement.not_judged.extend(
                BY_SNAPSHOT[..4].iter().filter(|r| allowed(**r) != Level::Allow).map(|rule| NotJudged {
                    rule: *rule,
                    task: Some(task.name.clone()),
                    at: Some(task.at.clone()),
                    why: why.clone(),
                }),
            );
        }
    }
    waivers(case, &used, &mut judgement);
    judgement
}

/// Why production says nothing of a template's size, if it does not.
fn no_evidence(subject: &Subject<'_>) -> Option<String> {
    if subject.production.is_empty() {
        return Some(
            "no workload of the snapshot is known to run it; a [[check.link]] can say which".to_owned(),
        );
    }
    let unrated = subject.production.iter().all(|p| p.recommended.is_none());
    unrated.then(|| {
        let why = subject.production.iter().find_map(|p| p.not_rated.clone());
        why.unwrap_or_else(|| "what it runs as has no Fargate size to compare with".to_owned())
    })
}

/// What one template costs a month, all its tasks together, rounded as printed; `None` where it is not known.
#[derive(Debug, Clone, Copy)]
pub struct TaskCosts<'a> {
    pub task: &'a TaskTemplate,
    /// Tasks that run, or are asked for; `None` where nothing says, and the costs are those of one.
    pub count: Option<Decimal>,
    pub now: Option<Usd>,
    /// In the base; `Some(0)` where it is new.
    pub before: Option<Usd>,
}

/// The costs of every template, and of those that only the base has.
pub fn costs(case: Case<'_>) -> Vec<TaskCosts<'_>> {
    let mut met = BTreeSet::new();
    let mut costs: Vec<TaskCosts<'_>> = case
        .tasks
        .iter()
        .map(|&task| {
            let subject = subject_of(&case, task);
            let before = match subject.base {
                Base::Unknown => None,
                Base::New => Some(Usd::ZERO),
                Base::Was(base) => {
                    met.insert(std::ptr::from_ref(base));
                    monthly(base, &subject)
                }
            };
            TaskCosts { task, count: count(task, &subject), now: monthly(task, &subject), before }
        })
        .collect();
    let gone = case.base.unwrap_or_default().iter().filter(|task| !met.contains(&std::ptr::from_ref(**task)));
    costs.extend(gone.map(|&task| {
        let subject = subject_of(&case, task);
        TaskCosts {
            task,
            count: count(task, &subject),
            now: Some(Usd::ZERO),
            before: monthly(task, &subject),
        }
    }));
    costs
}

/// Tasks of a template: those that run, else those that it asks for itself.
fn count(task: &TaskTemplate, subject: &Subject<'_>) -> Option<Decimal> {
    let tasks = subject.tasks();
    if tasks.from == TasksFrom::Production {
        Some(tasks.count)
    } else {
        task.desired_count().map(Decimal::from)
    }
}

fn monthly(task: &TaskTemplate, subject: &Subject<'_>) -> Option<Usd> {
    let count = count(task, subject).unwrap_or(Decimal::ONE);
    subject.monthly(task).map(|each| Usd(each * count).rounded())
}

fn subject_of<'a>(case: &Case<'a>, task: &'a TaskTemplate) -> Subject<'a> {
    let production = linked(task, case.production.unwrap_or_default(), case.settings);
    let region = production.first().map(|production| &production.region).or(case.region);
    let base = case.base.map_or(Base::Unknown, |base| was(task, base).map_or(Base::New, Base::Was));
    Subject { task, production, base, region, book: case.book, settings: case.settings }
}

/// The same template in the base: of the same file and name, else of the same family or name alone, since
/// files are renamed.
fn was<'a>(task: &TaskTemplate, base: &[&'a TaskTemplate]) -> Option<&'a TaskTemplate> {
    let same_name = |other: &&&TaskTemplate| other.name == task.name && other.kind == task.kind;
    let same_family =
        |other: &&&TaskTemplate| task.family.known().is_some() && other.family.known() == task.family.known();
    base.iter()
        .find(|other| same_name(other) && other.at.path == task.at.path)
        .or_else(|| base.iter().find(same_family))
        .or_else(|| base.iter().find(same_name))
        .copied()
}

fn finding(
    draft: Draft,
    subject: &Subject<'_>,
    level: Level,
    waived: Option<String>,
    taken: &mut BTreeSet<String>,
) -> Finding {
    let task = subject.task;
    let service = || task.services.iter().find_map(|service| service.name.known());
    let identity = task.family.known().or_else(service).unwrap_or(&task.name);
    // Neither line, file nor revision is part of it, so that it outlives all three.
    let container = draft.container.as_deref().unwrap_or_default();
    let print = |nth: usize| {
        let text = format!("{}\0{identity}\0{container}\0{nth}", draft.rule.as_str());
        sha256::hex(text.as_bytes())[..32].to_owned()
    };
    let fingerprint = (0..).map(print).find(|f| taken.insert(f.clone())).unwrap_or_default();
    Finding {
        rule: draft.rule,
        level,
        at: Some(draft.at),
        task: Some(task.name.clone()),
        container: draft.container,
        workload: subject.production.first().map(|production| production.id.clone()),
        message: draft.message,
        help: draft.help,
        monthly_cost_change: draft.monthly_cost_change,
        fingerprint,
        waived,
        known: false,
    }
}

/// What concerns no template: a level for all holds, one for some does not.
fn level_of_all(case: &Case<'_>, rule: Rule) -> Level {
    case.settings.level(rule, Match::is_for_all)
}

fn bare(rule: Rule, level: Level, message: String, identity: &str) -> Finding {
    Finding {
        rule,
        level,
        at: None,
        task: None,
        container: None,
        workload: None,
        message,
        help: None,
        monthly_cost_change: None,
        fingerprint: sha256::hex(format!("{}\0{identity}", rule.as_str()).as_bytes())[..32].to_owned(),
        waived: None,
        known: false,
    }
}

fn waivers(case: &Case<'_>, used: &[Cell<bool>], judgement: &mut Judgement) {
    let today = case.now.to_zoned(TimeZone::UTC).date();
    for (waiver, used) in case.settings.waivers.iter().zip(used) {
        let (rule, message) = if waiver.has_expired(today) {
            (Rule::ExpiredWaiver, rules::expired(waiver))
        } else if used.get() {
            continue;
        } else {
            (Rule::UnusedWaiver, rules::unused(waiver))
        };
        let level = level_of_all(case, rule);
        if level != Level::Allow {
            let identity = format!("{}\0{}\0{}", waiver.rule.as_str(), waiver.owner, waiver.reason);
            judgement.findings.push(bare(rule, level, message, &identity));
        }
    }
}

fn without_template(case: &Case<'_>, judgement: &mut Judgement) {
    let days = case.settings.stale_after_days;
    if let Some(message) =
        case.snapshot_end.and_then(|end| rules::stale_snapshot::message(end, case.now, days))
    {
        let level = level_of_all(case, Rule::StaleSnapshot);
        if level != Level::Allow {
            judgement.findings.push(bare(Rule::StaleSnapshot, level, message, ""));
        }
    }
    let mut missing =
        |rules: &[Rule], why: &str| {
            judgement.not_judged.extend(
                rules
                    .iter()
                    .filter(|rule| level_of_all(case, **rule) != Level::Allow)
                    .map(|rule| NotJudged { rule: *rule, task: None, at: None, why: why.to_owned() }),
            );
        };
    if case.production.is_none() {
        missing(&BY_SNAPSHOT, "no snapshot was given (--snapshot)");
    }
    if case.base.is_none() {
        missing(&[Rule::CostIncrease], "no base was given (--base or --base-path)");
    }
}
