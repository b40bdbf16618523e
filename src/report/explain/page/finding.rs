//! The top of the page: what the workload is, what was found, and what to change.

use std::fmt::Write as _;

use rust_decimal::Decimal;

use super::{Page, a_month, number, short_arn, text, wrapped};
use crate::{
    report::{
        ContainerReport, Finding, Quantity, Recommendation, Scaling, Size, WorkloadCapacity,
        amounts::{NONE, cost, grouped, size},
        explain::{Explanation, RevisionReport, ScalingInForce},
        text::display_safe,
    },
    units::Usd,
};

pub(super) fn summary(explanation: &Explanation, page: &mut Page) {
    let workload = &explanation.workload;
    for line in wrapped(&display_safe(&workload.id), page.width) {
        let _ = writeln!(page.text, "{line}");
    }
    let definition = workload.task_definition.as_deref().map(short_arn);
    let mut what = vec![workload.kind.as_str(), workload.launch_type.as_str()];
    let platform = format!("{}/{}", workload.platform.os, workload.platform.arch);
    what.push(&platform);
    what.extend(definition);
    page.field("is", &what.join(", "));
    let tags: Vec<String> = workload.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if !tags.is_empty() {
        page.field("tags", &tags.join(", "));
    }
    let window = &explanation.window;
    page.field("window", &format!("{} to {}, as of {}", window.start, window.end, explanation.as_of));

    page.section("Finding");
    page.field("finding", workload.finding.as_str());
    if let Some(not_rated) = &workload.not_rated {
        page.field("because", &format!("{}: {}", not_rated.reason, not_rated.detail));
    } else {
        for (name, dimension) in [("cpu", &workload.dimensions.cpu), ("memory", &workload.dimensions.memory)]
        {
            let text = match &dimension.not_rated {
                Some(why) => format!("{}: {}: {}", dimension.finding.as_str(), why.reason, why.detail),
                None => dimension.finding.as_str().to_owned(),
            };
            page.field(name, &text);
        }
    }
    for remedy in &explanation.what_would_change {
        page.field("to be rated", remedy);
    }
    for reason in &workload.reasons {
        page.field("reason", &explanation.in_words(reason));
    }
    let now = match (workload.current.cpu_units, workload.current.memory_mib) {
        (None, None) => "size not known".to_owned(),
        (cpu, memory) => size(cpu, memory),
    };
    let month = workload.monthly_cost.map_or_else(|| "no price".to_owned(), a_month);
    page.field("now", &format!("{now}, {month}"));
    if workload.list_monthly_cost != workload.monthly_cost {
        page.field("", &format!("{} at list prices", cost(workload.list_monthly_cost)));
    }
    if let Some(scaling) = &explanation.scaling {
        let tasks = tasks_between(scaling.min_capacity, scaling.max_capacity);
        let targets = scaling.targets().into_iter().filter_map(|(what, target)| {
            target.map(|target| format!(", {what} target {} %", per_cent(target)))
        });
        page.field("scaling now", &format!("{tasks}{}", targets.collect::<String>()));
    }
    if let Some(under_way) = under_way(explanation) {
        page.field("deployment", &under_way);
    }
    if let Some(capacity) = &workload.capacity {
        page.field("runs on", &instances_text(capacity));
        if let (Some(month), Some(date)) = (capacity.monthly_cost, &capacity.priced_on) {
            let text = "in parts of what they have for tasks, a vCPU counting as 9 GB";
            page.field(
                "",
                &format!("all of them are {} at list prices of {date}; the share is {text}", a_month(month)),
            );
        }
        if let Some(why) = &capacity.not_priced {
            page.field("not priced", &format!("{}: {}", why.reason, why.detail));
        }
    }
    match &workload.recommendation {
        Some(recommendation) => recommended(recommendation, explanation, page),
        None if workload.finding != Finding::NotRated => page.field("recommended", "no change"),
        None => {}
    }
}

/// That tasks of another size may still run beside those of the size that is priced.
fn under_way(explanation: &Explanation) -> Option<String> {
    let [.., before, last] = explanation.revisions.as_slice() else { return None };
    let (from, of) = (last.from?, |r: &RevisionReport| (r.cpu_units, r.memory_mib));
    if last.settled.is_some() || of(before) == of(last) {
        return None;
    }
    let ((cpu, memory), (new_cpu, new_memory)) = (of(before), of(last));
    Some(format!(
        "of {from}, not known to be finished: tasks of {} may still run, and a month is priced at {}",
        size(cpu, memory),
        size(new_cpu, new_memory)
    ))
}

/// Instances, and what of them is reserved.
fn instances_text(capacity: &WorkloadCapacity) -> String {
    if capacity.instances == 0 {
        return "instances that are not known".to_owned();
    }
    let types: Vec<String> = capacity.types.iter().map(|(name, count)| format!("{count} {name}")).collect();
    let mut text = types.join(", ");
    let percent = |share: Quantity| share.0.round_dp(1).normalize();
    if let Some(share) = capacity.share_percent {
        let _ = write!(text, "; it reserves {} % of them on average", percent(share));
    }
    match capacity.idle_share_percent {
        Some(idle) => {
            let _ = write!(text, ", {} % is reserved by nothing in the report", percent(idle));
        }
        None => text.push_str(", more was reserved than they have"),
    }
    text
}

fn tasks_between(min: u32, max: u32) -> String {
    format!("{min} to {max} tasks")
}

fn per_cent(value: Quantity) -> Decimal {
    value.0.round_dp(1).normalize()
}

/// What becomes of limits and targets, and how far the simulation behind that can be trusted.
fn scaling_text(scaling: &Scaling, now: Option<&ScalingInForce>) -> String {
    let then = tasks_between(scaling.min_capacity, scaling.max_capacity);
    let before = now.map(|now| tasks_between(now.min_capacity, now.max_capacity));
    let mut parts = vec![becomes("", before, &then)];
    let was = now.map(ScalingInForce::targets);
    let targets =
        [("CPU target ", scaling.target_cpu_percent), ("memory target ", scaling.target_memory_percent)];
    for (at, (what, target)) in targets.into_iter().enumerate() {
        let Some(target) = target else { continue };
        let before = was.and_then(|was| was[at].1).map(|target| format!("{} %", per_cent(target)));
        parts.push(becomes(what, before, &format!("{} %", per_cent(target))));
    }
    format!(
        "{}; {} task-hours simulated, {} seen, the simulation is {} % off",
        parts.join(", "),
        scaling.simulated_task_hours.0.round_dp(1).normalize(),
        scaling.observed_task_hours.0.round_dp(1).normalize(),
        per_cent(scaling.simulation_error_percent),
    )
}

/// `WHAT BEFORE -> THEN`, or that it stays.
fn becomes(what: &str, before: Option<String>, then: &str) -> String {
    match before {
        Some(before) if before == then => format!("{what}{then} as now"),
        Some(before) => format!("{what}{before} -> {then}"),
        None => format!("{what}{then}"),
    }
}

fn recommended(recommendation: &Recommendation, explanation: &Explanation, page: &mut Page) {
    let current = &explanation.workload.current;
    let then = (Some(recommendation.cpu_units), Some(recommendation.memory_mib));
    let to = size(then.0, then.1);
    let month = recommendation.monthly_cost.map_or_else(|| "no price".to_owned(), a_month);
    let same_size = then == (current.cpu_units, current.memory_mib);
    let to = match &recommendation.scaling {
        _ if !same_size => to,
        Some(_) => format!("limits or targets; the size stays {to}"),
        None => format!("memory limits of containers; the size stays {to}"),
    };
    page.field("recommended", &format!("{to}, {month}"));
    if let Some(scaling) = &recommendation.scaling {
        page.field("scaling", &scaling_text(scaling, explanation.scaling.as_ref()));
    }
    let nothing = |savings: Usd| savings.0.round_dp(2).is_zero();
    if recommendation.monthly_savings.is_some_and(nothing) {
        page.field("costs", "as much as now, for the demand seen");
    }
    if let Some(savings) = recommendation.monthly_savings.filter(|savings| !nothing(*savings)) {
        let percent = recommendation
            .savings_percent
            .map_or_else(String::new, |share| format!(", {:.1} %", share.0.abs()));
        let (label, amount) = if savings < Usd::ZERO { ("costs more", -savings) } else { ("saves", savings) };
        page.field(label, &format!("{}{percent}", a_month(amount)));
    }
    page.field("risk", &recommendation.performance_risk);
    let bound = |bound: Size| size(Some(bound.cpu_units), Some(bound.memory_mib));
    let lower = bound(recommendation.lower_bound);
    let upper = recommendation.upper_bound.map_or_else(
        || "no size allows for the short history in full".to_owned(),
        |upper| format!("{} allowing for short history", bound(upper)),
    );
    page.field("bounds", &format!("{lower} without headroom; {upper}"));
    for condition in &recommendation.conditions {
        page.field("if", condition);
    }
    let has_settings =
        |c: &ContainerReport| c.cpu_units.or(c.memory_mib).or(c.memory_reservation_mib).is_some();
    if recommendation.containers.iter().any(has_settings) {
        page.section("Containers at the recommended size");
        let rows = recommendation.containers.iter().map(|container| {
            let mib =
                |value: Option<u32>| value.map_or_else(|| NONE.to_owned(), |mib| grouped(&mib.to_string()));
            vec![
                container.name.clone(),
                container.cpu_units.map_or_else(|| NONE.to_owned(), |cpu| cpu.to_string()),
                mib(container.memory_mib),
                mib(container.memory_reservation_mib),
            ]
        });
        let columns = vec![
            text("CONTAINER", 8),
            number("CPU UNITS", 0),
            number("MEMORY MIB", 0),
            number("RESERVED MIB", 1),
        ];
        page.table(columns, rows.collect());
    }
}
