//! [`judge`]: all rules on all templates, with levels, waivers, base and baseline.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Baseline, CheckSettings, Finding, Judgement, Level, NotJudged, Production, Rule, baseline,
    counterparts::Counterparts,
    docket::Draft,
    link::linked,
    matching::{Match, slashed},
    rules,
    subject::{Base, Subject},
};
use crate::{pricing::PriceBook, sha256, template::TaskTemplate, workload::Region};

/// Everything there is to judge by.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// In the sequence in which their findings are to come.
    pub tasks: &'a [&'a TaskTemplate],
    /// Files of which there may be more templates, had they been readable.
    pub unread: &'a [&'a Path],
    /// The same before the change; `None`: no base was given.
    pub base: Option<&'a [&'a TaskTemplate]>,
    pub base_unread: &'a [&'a Path],
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
    let counterparts = Counterparts::of(&case);
    let mut heard = on_templates(&case, &counterparts, &[]);
    let mut used_before = None;
    if let Some(base) = case.base {
        // What the base has, too, and no cheaper or better, is not this change's doing.
        let as_it_was = Case { tasks: base, unread: case.base_unread, base: None, base_unread: &[], ..case };
        let mut of_now = vec![None; base.len()];
        for (task, was) in case.tasks.iter().zip(&counterparts.of_task) {
            if let Some(was) = was {
                of_now[*was] = Some(*task);
            }
        }
        let before = on_templates(&as_it_was, &Counterparts::default(), &of_now);
        used_before = Some(before.used);
        let before: BTreeMap<_, _> = before.identities.iter().zip(&before.judgement.findings).collect();
        for (identity, finding) in heard.identities.iter().zip(&mut heard.judgement.findings) {
            let was = counterparts.of_task.get(identity.task).copied().flatten();
            let was = was.and_then(|task| before.get(&Identity { task, ..identity.clone() }));
            finding.known = was.is_some_and(|was| {
                finding.is_no_worse(&was.request, was.severity, was.monthly_cost_change.map(|cost| cost.0))
            });
        }
    }
    let Heard { mut judgement, identities, used, told } = heard;
    waivers(&case, &used, used_before.as_deref(), &mut judgement);
    without_template(&case, &mut judgement);
    for finding in &mut judgement.findings {
        // The snapshot's age is not the change's doing, either.
        finding.known |= case.base.is_some() && finding.rule == Rule::StaleSnapshot;
    }
    if let Some(baseline) = case.baseline {
        let names = names_by_file(&case);
        let has_left = |nth: usize, path: &str| {
            let task = *case.tasks.get(identities.get(nth)?.task)?;
            Some(names.get(path)?.as_ref().is_some_and(|names| !names.contains(name_of(task))))
        };
        let known =
            baseline.renewed(&told, fingerprint).known(&judgement.findings, case.settings.paid, has_left);
        for (finding, known) in judgement.findings.iter_mut().zip(known) {
            finding.known |= known;
        }
    }
    judgement
}

/// What was said of the templates.
struct Heard {
    judgement: Judgement,
    /// One for each finding.
    identities: Vec<Identity>,
    /// Of each waiver, whether it covers something.
    used: Vec<bool>,
    /// What was told of any task of a family, and how often.
    told: BTreeMap<String, usize>,
}

/// What a finding is known by in another run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    /// Index of the template.
    task: usize,
    rule: Rule,
    container: Option<String>,
    about: String,
    /// Among those of which all of this is the same.
    nth: usize,
}

/// `of_now`: of the base's templates, what each is now.
fn on_templates<'a>(
    case: &Case<'a>,
    counterparts: &Counterparts<'a>,
    of_now: &[Option<&'a TaskTemplate>],
) -> Heard {
    let today = case.now.to_zoned(TimeZone::UTC).date();
    let mut judgement = Judgement::default();
    let mut all = Vec::new();
    let mut used = vec![false; case.settings.waivers.len()];
    let mut told = Told::default();
    let copies = copies(case.tasks);
    for (index, &task) in case.tasks.iter().enumerate() {
        let mut subject = subject_of(case, task, counterparts.base(case, index));
        subject.other = subject.other.or(of_now.get(index).copied().flatten());
        let docket = rules::judge(&subject);
        let mut identities = BTreeMap::new();
        for draft in docket.drafts {
            let holds = |m: &Match| m.holds(task, &subject.production, draft.container.as_deref());
            let level = case.settings.level(draft.rule, holds);
            let level = if draft.only_warns { level.min(Level::Warn) } else { level };
            if level == Level::Allow {
                continue;
            }
            let waived = case.settings.waivers.iter().zip(&mut used).find_map(|(waiver, used)| {
                if waiver.rule != draft.rule || !holds(&waiver.matches) {
                    return None;
                }
                *used = true;
                (!waiver.has_expired(today)).then(|| waiver.reason.clone())
            });
            let mut of = Identity {
                task: index,
                rule: draft.rule,
                container: draft.container.clone(),
                about: draft.about.clone(),
                nth: 0,
            };
            let before = identities.entry(of.clone()).or_insert(0_usize);
            of.nth = *before;
            *before += 1;
            all.push(of);
            judgement.findings.push(finding(draft, &subject, level, waived, &copies[index], &mut told));
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
    Heard { judgement, identities: all, used, told: told.of_family }
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

pub(super) fn subject_of<'a>(case: &Case<'a>, task: &'a TaskTemplate, base: Base<'a>) -> Subject<'a> {
    let production = linked(task, case.production.unwrap_or_default(), case.settings);
    let region = production.first().map(|production| &production.region).or(case.region);
    let other = if let Base::Was(base) = base { Some(base) } else { None };
    Subject { task, production, base, other, region, book: case.book, settings: case.settings }
}

/// What findings know a task by: the family, else the service, else the name.
fn name_of(task: &TaskTemplate) -> &str {
    let service = || task.services.iter().find_map(|service| service.name.known());
    task.family.known().or_else(service).unwrap_or(&task.name)
}

/// What tells each task from the others of its family: nothing where there are none, else as little of its place
/// as will do. So what becomes of one copy has no bearing on another.
fn copies(tasks: &[&TaskTemplate]) -> Vec<String> {
    let folder = |task: &TaskTemplate| slashed(task.at.path.parent().unwrap_or(Path::new("")));
    let keys: [&dyn Fn(&TaskTemplate) -> String; 4] =
        [&|_| String::new(), &folder, &|task| slashed(&task.at.path), &|task| {
            format!("{}\0{}", slashed(&task.at.path), task.name)
        }];
    let mut told: Vec<Option<String>> = vec![None; tasks.len()];
    for key in keys {
        let key_of = |task: &TaskTemplate| (name_of(task).to_owned(), key(task));
        let mut count = BTreeMap::new();
        for task in tasks {
            *count.entry(key_of(task)).or_insert(0_usize) += 1;
        }
        for (task, told) in tasks.iter().zip(&mut told).filter(|(_, told)| told.is_none()) {
            let key = key_of(task);
            if count.get(&key) == Some(&1) {
                *told = Some(key.1);
            }
        }
    }
    let mut seen = BTreeMap::new();
    let whole = tasks.iter().zip(told).map(|(task, told)| {
        told.unwrap_or_else(|| {
            let place = format!("{}\0{}", slashed(&task.at.path), task.name);
            let nth = seen.entry((name_of(task), place.clone())).or_insert(0_usize);
            *nth += 1;
            format!("{place}\0{nth}")
        })
    });
    whole.collect()
}

/// By file, the names that findings know its tasks by; of a file that cannot be read, none.
fn names_by_file<'a>(case: &Case<'a>) -> BTreeMap<String, Option<BTreeSet<&'a str>>> {
    let mut files: BTreeMap<String, Option<BTreeSet<&'a str>>> = BTreeMap::new();
    for &task in case.tasks {
        let names = files.entry(slashed(&task.at.path)).or_insert_with(|| Some(BTreeSet::new()));
        names.get_or_insert_default().insert(name_of(task));
    }
    files.extend(case.unread.iter().map(|path| (slashed(path), None)));
    files
}

/// What was told so far, and how often.
#[derive(Default)]
struct Told {
    /// Of any task of a family.
    of_family: BTreeMap<String, usize>,
    /// Of each.
    of_copy: BTreeMap<String, usize>,
}

fn fingerprint(text: &str, nth: usize) -> String {
    sha256::hex(format!("{text}\0{nth}").as_bytes())[..32].to_owned()
}

fn finding(
    draft: Draft,
    subject: &Subject<'_>,
    level: Level,
    waived: Option<String>,
    copy: &str,
    told: &mut Told,
) -> Finding {
    let task = subject.task;
    // Neither line nor revision is part of it, and the file only where copies want to be told apart: so that it
    // outlives all three.
    let container = draft.container.as_deref().unwrap_or_default();
    let text = format!("{}\0{}\0{container}\0{}", draft.rule.as_str(), name_of(task), draft.about);
    let of_copy = if copy.is_empty() { text.clone() } else { format!("{text}\0in\0{copy}") };
    let nth = told.of_copy.entry(of_copy.clone()).or_insert(0);
    let own = fingerprint(&of_copy, *nth);
    *nth += 1;
    let of_family = fingerprint(&text, 0);
    *told.of_family.entry(text).or_insert(0) += 1;
    Finding {
        rule: draft.rule,
        level,
        at: Some(draft.at),
        task: Some(task.name.clone()),
        container: draft.container,
        workload: draft.workload.or_else(|| match subject.production.as_slice() {
            [only] => Some(only.id.clone()),
            _ => None,
        }),
        message: draft.message,
        help: draft.help,
        monthly_cost_change: draft.monthly_cost_change,
        severity: draft.severity,
        request: baseline::request(task),
        fingerprint: own,
        of_family,
        waived,
        known: false,
    }
}

/// What concerns no template: a level for all holds, one for some does not.
fn level_of_all(case: &Case<'_>, rule: Rule) -> Level {
    case.settings.level(rule, Match::is_for_all)
}

fn bare(rule: Rule, level: Level, message: String, identity: &str) -> Finding {
    let own = sha256::hex(format!("{}\0{identity}", rule.as_str()).as_bytes())[..32].to_owned();
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
        severity: 0,
        request: String::new(),
        of_family: own.clone(),
        fingerprint: own,
        waived: None,
        known: false,
    }
}

/// `used_before`: the same in the base.
fn waivers(case: &Case<'_>, used: &[bool], used_before: Option<&[bool]>, judgement: &mut Judgement) {
    let today = case.now.to_zoned(TimeZone::UTC).date();
    let mut taken: BTreeMap<String, usize> = BTreeMap::new();
    for (index, (waiver, used)) in case.settings.waivers.iter().zip(used).enumerate() {
        let (rule, message) = if waiver.has_expired(today) {
            (Rule::ExpiredWaiver, rules::expired(waiver))
        } else if *used {
            continue;
        } else {
            (Rule::UnusedWaiver, rules::unused(waiver))
        };
        let level = level_of_all(case, rule);
        if level != Level::Allow {
            let matches = waiver.matches.identity();
            let mut identity =
                format!("{}\0{}\0{}\0{matches}", waiver.rule.as_str(), waiver.owner, waiver.reason);
            let before = taken.entry(identity.clone()).or_default();
            if *before > 0 {
                let _ = write!(identity, "\0{before}");
            }
            *before += 1;
            // That a date passes is not the change's doing; that nothing is left to cover may be.
            let known = used_before
                .is_some_and(|before| rule == Rule::ExpiredWaiver || before.get(index) == Some(&false));
            judgement.findings.push(Finding { known, ..bare(rule, level, message, &identity) });
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
