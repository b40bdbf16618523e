//! What the codes of a row mean for its workload: each reason, guard and note as a plain sentence.
//!
//! The one place that says it. A code that is not here has no sentence, which a test does not let happen;
//! notes that are sentences already are no codes.

use super::evidence::Unseen;
use crate::{
    report::{
        Quantity, SkewRatios, WorkloadReport,
        explain::{CodeReport, PeriodsReport},
    },
    units::{CpuUnits, MemoryMib, Usd},
};

/// A change that was found and is too small to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct SmallChange {
    pub cpu: CpuUnits,
    pub memory: MemoryMib,
    /// USD a month; `None` without a price.
    pub saves: Option<Usd>,
}

/// What sentences are made from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    pub row: &'a WorkloadReport,
    pub periods: &'a PeriodsReport,
    pub unseen: Unseen,
    pub small_change: Option<SmallChange>,
}

/// The codes of a row's reasons, guards and notes, each once.
pub(super) fn codes(known: Known<'_>) -> Vec<CodeReport> {
    let Known { row, .. } = known;
    let guards = row.guards.iter().map(|guard| &guard.code);
    let mut told: Vec<CodeReport> = Vec::new();
    for code in row.reasons.iter().chain(guards).chain(&row.evidence.notes) {
        if let Some(sentence) = sentence(code, known)
            && told.iter().all(|other| other.code != *code)
        {
            told.push(CodeReport { code: code.clone(), sentence });
        }
    }
    told
}

fn sentence(code: &str, known: Known<'_>) -> Option<String> {
    let Known { row, periods, unseen, small_change } = known;
    let scaled = row.recommendation.as_ref().is_some_and(|recommendation| recommendation.scaling.is_some());
    let text = match code {
        "cpu-overprovisioned" => over("CPU", scaled),
        "memory-overprovisioned" => over("memory", scaled),
        "cpu-underprovisioned" => under("CPU", scaled),
        "memory-underprovisioned" => under("memory", scaled),
        "cpu-demand-unknown-above-cap" => unknown_above("CPU"),
        "memory-demand-unknown-above-cap" => unknown_above("memory"),
        "reached-cpu-cap" => reached_cap("CPU"),
        "reached-memory-cap" => reached_cap("memory"),
        "cpu-enlarged-lately" => enlarged_lately("CPU"),
        "memory-enlarged-lately" => enlarged_lately("memory"),
        "cpu-autoscaled" => followed("CPU"),
        "memory-autoscaled" => followed("memory"),
        "low-scaling-target" => {
            "the target can be higher: tasks were kept emptier than what they carry asks for".to_owned()
        }
        "low-max-capacity" => {
            "policies asked, or at a peak to come will ask, for more tasks than may run".to_owned()
        }
        "smaller-reserve-at-minimum" => {
            "the lower limit keeps its number of tasks, which are smaller; what was seen fits with full headroom"
                .to_owned()
        }
        "smaller-size-multiplies-tasks" => {
            "smaller tasks were simulated: there would be more of them, for about the same money".to_owned()
        }
        "task-count-follows-other-metric" => {
            "requests, a queue, another metric or an alarm decides the number of tasks: it is taken as it was"
                .to_owned()
        }
        "scaling-unknown" => {
            "auto scaling could not be read, so its size is rated as if nothing scaled it: look at its policies first"
                .to_owned()
        }
        "container-minimums" => "the size is not cut below what its sidecars reserve and its main container must be left".to_owned(),
        "service-connect-proxy" => "the size keeps the room that the Service Connect proxy takes".to_owned(),
        "fixed-heap" => {
            "memory is not cut below a heap or memory limit that its definition sets, for it may fill".to_owned()
        }
        "heap-exceeds-size" => {
            "a heap or memory limit that its definition sets is more than its container holds".to_owned()
        }
        "heap-percent-follows" => "its heap is a share of the memory and changes with it".to_owned(),
        "heap-unknown" => "a heap is set, and not known to what: see that it fits before memory is cut".to_owned(),
        "worker-processes" => "several worker processes run in a container, each with its own memory".to_owned(),
        "container-near-limit" => {
            "a container has used nearly all that its own memory limit allows, which a larger task does not change"
                .to_owned()
        }
        "start-up-peak" => {
            "CPU is kept for what tasks take while they start: that may last half as long again, no more"
                .to_owned()
        }
        "memory-rising" => {
            "the day's peak of memory rises steadily: it is not cut to what it will soon pass".to_owned()
        }
        "cpu-rising" => "CPU of the day's busiest period rises steadily, and is full before long".to_owned(),
        "oom-killed" => {
            "tasks were killed for memory: the task, or a container killed at its own limit, gets a step more at least"
                .to_owned()
        }
        "below-least-change" => least_change(row, small_change),
        "expected-peak" => "an override says what peak is to come, and it is reckoned with".to_owned(),
        "idle" => {
            "its CPU did next to nothing in the whole window; to stop it is an option, outside the totals"
                .to_owned()
        }
        "no-size-fits" => "no size is large enough for what is needed".to_owned(),
        "saves-when-instances-go" => {
            "less reserved is room on the instances: the bill falls only once there are fewer of them".to_owned()
        }
        "cpu-bursts" => {
            "it used more CPU than it reserves, which it may while its instance has CPU to spare".to_owned()
        }
        "memory-above-reservation" => {
            "it used more memory than it reserves: what is above is there only while its instance has it left"
                .to_owned()
        }
        "assumed-revision" => match periods.assumed {
            0 => "there is no deployment history, so the present size is taken for that of the window".to_owned(),
            assumed => format!(
                "in {assumed} of {} periods the size in force is not known and a neighbouring revision's is assumed",
                periods.with_samples
            ),
        },
        "mixed-intervals" => format!(
            "in {} of {} periods tasks of different sizes ran: the larger counts as requested, and per cent are \
             taken of the smaller",
            periods.mixed, periods.with_samples
        ),
        "mixed-platforms" => {
            "an earlier revision had another operating system or architecture; all of the window is priced as the \
             present one"
                .to_owned()
        }
        "scaled-to-zero" => {
            "none of its tasks is wanted now: its amounts are of the window's tasks, should they run again".to_owned()
        }
        "runs" => {
            let count = row.runs.map_or(0, |runs| runs.count);
            format!("its tasks come and go ({count} runs in the window): it is rated and priced by when they ran")
        }
        "stopped-tasks-of-one-hour" => {
            "kills for memory are known of tasks that stopped in about the hour before collecting, for ECS keeps \
             none longer"
                .to_owned()
        }
        "hot-task" => {
            let least = Quantity(rust_decimal::Decimal::new(15, 1));
            let [many, ratios] = skew(row, |ratios| Some(ratios.hottest_to_mean).filter(|ratio| *ratio > least));
            format!("the hottest of {many} compared takes {ratios}: every task is sized for it, and even load would need less")
        }
        "lazy-tasks" => {
            let most = Quantity(rust_decimal::Decimal::new(5, 1));
            let [many, ratios] = skew(row, |ratios| Some(ratios.coolest_to_mean).filter(|ratio| *ratio < most));
            format!("the coolest of {many} compared takes {ratios}, and costs as much as any other")
        }
        "container-insights-would-tell" => {
            let mut what = Vec::new();
            if unseen.containers {
                what.push("which of its containers needs how much");
            }
            if unseen.tasks {
                what.push("how evenly its tasks are loaded (each is sized for the hottest)");
            }
            format!(
                "Container Insights with enhanced observability, which its cluster has no data of, would tell {}",
                what.join(", and ")
            )
        }
        _ => return None,
    };
    Some(text)
}

fn over(what: &str, scaled: bool) -> String {
    let by = if scaled { ", by its size or a higher target," } else { "" };
    format!("less {what}{by} holds what its tasks needed, headroom included")
}

fn under(what: &str, scaled: bool) -> String {
    let of = if scaled { "size, limits or targets leave its tasks" } else { "its tasks have" };
    format!("{of} too little {what} for what was seen or is to come, headroom included")
}

fn unknown_above(what: &str) -> String {
    format!("its {what} was used up: what was wanted above is not known, and the next size may not be enough")
}

fn reached_cap(what: &str) -> String {
    format!("its {what} was used to 95 % of a size or more, so it does not go below that")
}

fn enlarged_lately(what: &str) -> String {
    format!(
        "its {what} was at the cap of a smaller size until lately: before a whole day at the larger one, less is not \
         known to do"
    )
}

fn followed(what: &str) -> String {
    format!("a policy follows {what}, so a task of another size changes the number of tasks")
}

fn least_change(row: &WorkloadReport, found: Option<SmallChange>) -> String {
    let setting = |key: &str| row.evidence.settings.iter().find(|s| s.key == key).map(|s| s.value.as_str());
    let asked = setting("change.min_savings_usd")
        .zip(setting("change.min_savings_percent"))
        .map_or_else(String::new, |(usd, percent)| format!("; [change] asks for {usd} USD and {percent} %"));
    let Some(SmallChange { cpu, memory, saves }) = found else {
        return format!("what could be saved is too little to be worth a deployment{asked}");
    };
    let saves = saves.zip(row.monthly_cost).map_or_else(String::new, |(saves, now)| {
        let percent = (saves.0 * rust_decimal::Decimal::ONE_HUNDRED)
            .checked_div(now.0)
            .map_or_else(String::new, |percent| format!(" ({} %)", percent.round_dp(1).normalize()));
        format!(" would save {} USD a month{percent}, which", saves.cents())
    });
    format!("{cpu} / {memory}{saves} is too little to be worth a deployment{asked}")
}

/// How many tasks were compared, and what `of` them is out of line: `1.9 times the mean CPU`.
fn skew(row: &WorkloadReport, of: impl Fn(SkewRatios) -> Option<Quantity>) -> [String; 2] {
    let Some(skew) = row.evidence.task_skew else { return ["the tasks".to_owned(), "other load".to_owned()] };
    let ratios = [("CPU", skew.cpu), ("memory", skew.memory)].into_iter().filter_map(|(what, ratios)| {
        let ratio = of(ratios?)?.0.round_dp(2).normalize();
        Some(format!("{ratio} times the mean {what}"))
    });
    [format!("{} tasks", skew.tasks), ratios.collect::<Vec<_>>().join(" and ")]
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::analysis::tests::explain::of_demo;

    /// Every code there is; the README's glossary has each.
    const CODES: [&str; 46] = [
        "assumed-revision",
        "below-least-change",
        "container-insights-would-tell",
        "container-minimums",
        "container-near-limit",
        "cpu-autoscaled",
        "cpu-bursts",
        "cpu-demand-unknown-above-cap",
        "cpu-enlarged-lately",
        "cpu-overprovisioned",
        "cpu-rising",
        "cpu-underprovisioned",
        "expected-peak",
        "fixed-heap",
        "heap-exceeds-size",
        "heap-percent-follows",
        "heap-unknown",
        "hot-task",
        "idle",
        "lazy-tasks",
        "low-max-capacity",
        "low-scaling-target",
        "memory-above-reservation",
        "memory-autoscaled",
        "memory-demand-unknown-above-cap",
        "memory-enlarged-lately",
        "memory-overprovisioned",
        "memory-rising",
        "memory-underprovisioned",
        "mixed-intervals",
        "mixed-platforms",
        "no-size-fits",
        "oom-killed",
        "reached-cpu-cap",
        "reached-memory-cap",
        "runs",
        "saves-when-instances-go",
        "scaled-to-zero",
        "scaling-unknown",
        "service-connect-proxy",
        "smaller-reserve-at-minimum",
        "smaller-size-multiplies-tasks",
        "start-up-peak",
        "stopped-tasks-of-one-hour",
        "task-count-follows-other-metric",
        "worker-processes",
    ];

    /// Kebab-case in the sources of ratings that is no code of a row: reasons for none (each row has their
    /// detail), options, verdicts on sizes, grades, sources of task-hours, notes on clusters.
    const OTHERS: [&str; 22] = [
        "external-launch-type",
        "gap-in-metrics",
        "invalid-task-size",
        "kebab-case",
        "live-task-count",
        "managed-instances",
        "missing-task-size",
        "mixed-revisions",
        "no-metrics",
        "no-price",
        "no-price-for-region",
        "no-running-tasks",
        "sample-count",
        "scale-in",
        "standalone-tasks-unseen",
        "stop-or-scale-to-zero",
        "too-close",
        "too-few-runs",
        "too-new",
        "too-small",
        "unknown-launch-type",
        "very-low",
    ];

    fn known(explanation: &crate::report::explain::Explanation) -> Known<'_> {
        let unseen = Unseen { containers: true, tasks: true };
        Known { row: &explanation.workload, periods: &explanation.periods, unseen, small_change: None }
    }

    #[test]
    fn every_code_has_a_sentence_and_a_line_in_the_readme() {
        let readme =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("a README");
        let glossary = readme.split("**Reasons** beside a finding").nth(1).expect("a glossary");
        let explanation = of_demo(&["checkout-api"]).remove(0);
        for code in CODES {
            let sentence = sentence(code, known(&explanation));
            assert!(sentence.is_some_and(|sentence| sentence.contains(' ')), "{code}");
            assert!(
                glossary.lines().any(|line| line.starts_with("| `") && line.contains(&format!("`{code}`"))),
                "{code}"
            );
        }
    }

    /// What looks like a code where ratings are made is one of the above, or known to be something else.
    #[test]
    fn no_code_of_the_sources_is_missing_here() {
        fn sources(folder: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path())
            {
                let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
                if entry.is_dir() && name != "tests" {
                    sources(&entry, found);
                } else if !entry.is_dir() && name != "tests.rs" && name != "glossary.rs" {
                    found.push(fs::read_to_string(&entry).expect("a source"));
                }
            }
        }
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut texts = Vec::new();
        sources(&source.join("rightsize"), &mut texts);
        sources(&source.join("analysis"), &mut texts);
        let is_code = |text: &&str| {
            text.contains('-')
                && text.split('-').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase()))
        };
        let mut seen = 0;
        for text in &texts {
            let text = text.split("#[cfg(test)]").next().unwrap_or_default();
            let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for code in lines.flat_map(|line| line.split('"')).filter(is_code) {
                assert!(CODES.contains(&code) || OTHERS.contains(&code), "{code} has no sentence");
                seen += 1;
            }
        }
        assert!(seen > CODES.len(), "{seen}");
    }

    #[test]
    fn every_code_of_the_demo_is_told_and_numbers_are_its_own() {
        let fleet = crate::demo::Fleet::new(crate::demo::Fleet::DEFAULT_SERVICES);
        let ids: Vec<String> = fleet.inventory().workloads.iter().map(|w| w.identity.id()).collect();
        let mut hot = 0;
        for explanation in of_demo(&ids.iter().map(String::as_str).collect::<Vec<_>>()) {
            let row = &explanation.workload;
            let told = |code: &str| explanation.codes.iter().find(|told| told.code == code);
            for code in row.reasons.iter().chain(&row.evidence.notes) {
                assert!(code.contains(' ') || told(code).is_some(), "{}: {code}", row.id);
            }
            if let Some(told) = told("hot-task") {
                let ratio = row.evidence.task_skew.unwrap().cpu.unwrap().hottest_to_mean.0.normalize();
                assert!(told.sentence.contains(&format!("{ratio} times the mean CPU")), "{told:?}");
                hot += 1;
            }
        }
        assert!(hot > 0);
    }
}
