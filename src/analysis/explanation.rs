//! One workload in full: its row of the report, and what every number of it stands on.
//!
//! The row is made as the report makes it, with the whole fleet read, so that both say the same. What
//! is added (candidates, replay, prices) is looked up after it and decides nothing.

mod candidates;
mod need;
mod past;
mod prices;
mod scaled;

use std::io;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{
    facts::Facts,
    fleet::{Fleet, Input, Keep, with_fleet},
    glossary::{self, Known},
    heading::{price_book_reference, report_window, snapshot_reference},
    headroom, on_instances,
    row::report_on,
    standalone,
    wording::quantity,
};
use crate::{
    config::{Config, Resolved},
    demand::{Replay, Requested, Timeline, moments},
    fargate::TaskSize,
    pricing::PriceBook,
    report::{
        SCHEMA_VERSION, Size, WorkloadReport,
        explain::{Explanation, ScalingInForce},
    },
    rightsize::{
        Learnt, Reason, Unrated, Weighing,
        autoscaling::{Outlook, outlook},
        weigh,
    },
    units::{CpuUnits, MemoryMib, Usd},
    workload::{PolicyKind, ScalableTarget, TrackedMetric},
};
use candidates::{candidates, not_worth_it, settled};
use need::need_report;
use past::{periods, replays, revisions, series, sizes};
use prices::prices;

/// Everything about workload number `id`; `None` where the inventory has none such.
pub fn explain(
    input: Input<'_>,
    book: &PriceBook,
    config: &Config,
    as_of: Timestamp,
    id: u32,
) -> Result<Option<Explanation>, io::Error> {
    with_fleet(input, book, config, Keep::Series(id), |fleet| {
        let Fleet { facts, calibrations, kept, .. } = fleet;
        let facts = facts.iter().find(|facts| facts.workload.workload_id == id)?;
        let row = report_on(facts, book, config, &calibrations);
        let in_force = config.for_workload(facts.workload);
        let risk = in_force.sizing.risk;
        let calibration = &calibrations[&risk];
        let learnt = facts.learnt(calibration);
        let window = input.manifest.window;
        let points = kept.unwrap_or_default();
        let unknown = Timeline::unknown();
        let seen = moments(&points, facts.timeline.unwrap_or(&unknown), window.period_seconds);
        let weighing = weighing(facts, &row, book, config, &in_force, learnt);
        let outlook = match &weighing {
            Ok(weighing) if row.not_rated.is_none() => {
                looked_ahead(facts, &row, book, config, &in_force, (learnt, weighing))
            }
            _ => None,
        };
        let reservation = on_instances::is_on(facts.workload.launch_type)
            .then(|| on_instances::rating(facts, config, &in_force));
        let calibrated = weighing.as_ref().is_ok_and(|w| w.learnt) && reservation.is_none();
        let need_report =
            |(cpu, memory): (&_, &_), needed| need_report(cpu, memory, needed, &in_force, calibrated);
        let (causes, need) = match &reservation {
            None => (
                causes(&weighing),
                weighing.as_ref().ok().map(|w| need_report((&w.cpu, &w.memory), w.needed)),
            ),
            Some(Err(unrated)) => (vec![unrated.reason], None),
            Some(Ok(rating)) => {
                let (cpu, memory) = (&rating.demanded.0, &rating.demanded.1);
                let unrated = [cpu.as_ref().err(), memory.as_ref().err()].into_iter().flatten();
                (unrated.map(|u| u.reason).collect(), Some(need_report((cpu, memory), rating.needed)))
            }
        };
        let of_scaled = |outlook: &Outlook| {
            need_report((&Ok(outlook.demanded.cpu), &Ok(outlook.demanded.memory)), outlook.need)
        };
        let need = outlook.as_ref().map(of_scaled).or(need);
        let candidates = match (&outlook, &weighing) {
            (Some(outlook), _) => {
                let month = |hourly: Usd, hours: Decimal| {
                    (hourly * (hours * facts.months_per_window()) * config.discount.factor()).rounded()
                };
                let to = settled(&row);
                let to = (to.0.unwrap_or_default(), to.1.unwrap_or_default());
                scaled::candidates(outlook, &row, (to, learnt.is_some()), month)
            }
            (None, Ok(weighing)) if row.not_rated.is_none() => candidates(facts, &row, config, weighing),
            _ => Vec::new(),
        };
        let periods = periods(facts, &seen);
        let found = match &reservation {
            Some(Ok(rating)) => on_instances::found(facts, config, rating),
            Some(Err(_)) => None,
            None => not_worth_it(&row, &candidates),
        };
        let known = Known { row: &row, periods: &periods, unseen: facts.unseen(), small_change: found };
        let codes = glossary::codes(known);
        let scope_concerns = |scope: &str| row.id == scope || row.id.starts_with(&format!("{scope}/"));
        Some(Explanation {
            schema_version: SCHEMA_VERSION,
            currency: "USD".to_owned(),
            as_of,
            window: report_window(window),
            snapshot: snapshot_reference(input.sha256),
            price_book: price_book_reference(book),
            headroom: headroom::of_fleet(calibration, risk),
            codes,
            scaling: facts.workload.scaling.as_ref().map(scaling_in_force),
            what_would_change: what_would_change(&row, causes),
            revisions: revisions(facts),
            sizes: facts.timeline.map_or_else(Vec::new, |timeline| sizes(timeline, window, &seen)),
            periods,
            need: need.filter(|_| row.not_rated.is_none()),
            candidates,
            replay: match facts.timeline {
                Some(timeline) if !seen.is_empty() => match &outlook {
                    Some(outlook) => {
                        let Requested { cpu, memory, .. } = timeline.current();
                        let size = Size { cpu_units: cpu.0, memory_mib: memory.0 };
                        scaled::replays(outlook, &row, (size, Replay::of(&seen, cpu, memory)))
                    }
                    None => replays(timeline, &row, &seen),
                },
                _ => Vec::new(),
            },
            prices: prices(facts, &row, book, outlook.as_ref()),
            chart: facts.timeline.filter(|_| !seen.is_empty()).map(|_| series(window, &seen)),
            gaps: input.manifest.gaps.iter().filter(|gap| scope_concerns(&gap.scope)).cloned().collect(),
            notes: standalone::unseen(&input.inventory.clusters)
                .filter(|note| scope_concerns(&note.scope))
                .collect(),
            workload: row,
        })
    })
}

fn weighing(
    facts: &Facts<'_>,
    row: &WorkloadReport,
    book: &PriceBook,
    config: &Config,
    in_force: &Resolved,
    learnt: Option<Learnt<'_>>,
) -> Result<Weighing, Unrated> {
    let (cpu, memory) = settled(row);
    facts.with_subject(config, in_force, &facts.prepared(book), |subject| {
        let to = cpu.zip(memory).and_then(|(cpu, memory)| {
            TaskSize::new(CpuUnits(cpu), MemoryMib(memory), subject.shape.platform.os).ok()
        });
        weigh(subject, book, learnt, to.unwrap_or(subject.size))
    })
}

/// The service under its own policies, where the number of tasks follows its size.
fn looked_ahead(
    facts: &Facts<'_>,
    row: &WorkloadReport,
    book: &PriceBook,
    config: &Config,
    in_force: &Resolved,
    (learnt, weighing): (Option<Learnt<'_>>, &Weighing),
) -> Option<Outlook> {
    let (cpu, memory) = settled(row);
    let outlook = facts.with_subject(config, in_force, &facts.prepared(book), |subject| {
        let os = subject.shape.platform.os;
        let to = TaskSize::new(CpuUnits(cpu.unwrap_or_default()), MemoryMib(memory.unwrap_or_default()), os);
        let also = weighing.candidates.iter().map(|candidate| candidate.size);
        let to = (to.unwrap_or(subject.size), row.recommendation.is_some());
        outlook(subject, book, config, learnt, to, also)
    });
    outlook.ok().flatten()
}

/// What keeps the task, or a resource of it, from being rated.
fn causes(weighing: &Result<Weighing, Unrated>) -> Vec<Reason> {
    match weighing {
        Err(unrated) => vec![unrated.reason],
        Ok(weighing) => [weighing.cpu.as_ref().err(), weighing.memory.as_ref().err()]
            .into_iter()
            .flatten()
            .map(|u| u.reason)
            .collect(),
    }
}

fn scaling_in_force(target: &ScalableTarget) -> ScalingInForce {
    let lowest = |of: &TrackedMetric| {
        let targets = target.policies.iter().filter_map(|policy| match &policy.kind {
            PolicyKind::TargetTracking { metric, target, .. } if metric == of => quantity(*target),
            _ => None,
        });
        targets.min()
    };
    ScalingInForce {
        min_capacity: target.min_capacity,
        max_capacity: target.max_capacity,
        target_cpu_percent: lowest(&TrackedMetric::CpuUtilization),
        target_memory_percent: lowest(&TrackedMetric::MemoryUtilization),
    }
}

fn what_would_change(row: &WorkloadReport, causes: Vec<Reason>) -> Vec<String> {
    let mut remedies = Vec::new();
    let codes: Vec<&str> = [&row.not_rated, &row.dimensions.cpu.not_rated, &row.dimensions.memory.not_rated]
        .into_iter()
        .flatten()
        .map(|not_rated| not_rated.reason.as_str())
        .collect();
    for reason in causes {
        let remedy = reason.remedy().to_owned();
        if codes.contains(&reason.code()) && !remedies.contains(&remedy) {
            remedies.push(remedy);
        }
    }
    remedies
}
