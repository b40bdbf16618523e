//! One workload in full: its row of the report, and what every number of it stands on.
//!
//! The row is made as the report makes it, with the whole fleet read, so that both say the same. What
//! is added (candidates, replay, prices) is looked up after it and decides nothing.

mod basis;
mod candidates;
mod need;
mod past;
mod prices;
mod scaled;

use std::io;

use super::{
    fleet::{Fleet, Input, Keep, with_fleet},
    glossary::{self, Known},
    heading::{price_book_reference, report_window, snapshot_reference},
    headroom,
    row::report_on,
    standalone,
    wording::quantity,
};
use crate::{
    config::Config,
    demand::{Timeline, moments},
    pricing::PriceBook,
    report::{
        SCHEMA_VERSION, WorkloadReport,
        explain::{Explanation, ScalingInForce},
    },
    rightsize::Reason,
    workload::{PolicyKind, ScalableTarget, TrackedMetric},
};
use basis::{Basis, Case};
use jiff::Timestamp;
use past::{periods, revisions, series, sizes};
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
        let case = Case { facts, row: &row, book, config, in_force: &in_force, learnt };
        let basis = Basis::of(&case);
        let window = input.manifest.window;
        let points = kept.unwrap_or_default();
        let unknown = Timeline::unknown();
        let seen = moments(&points, facts.timeline.unwrap_or(&unknown), window.period_seconds);
        let candidates = basis.candidates(&case);
        let periods = periods(facts, &seen);
        let small_change = basis.small_change(&case, &candidates);
        let known = Known { row: &row, periods: &periods, unseen: facts.unseen(), small_change };
        let scope_concerns = |scope: &str| row.id == scope || row.id.starts_with(&format!("{scope}/"));
        Some(Explanation {
            schema_version: SCHEMA_VERSION,
            currency: "USD".to_owned(),
            as_of,
            window: report_window(window),
            snapshot: snapshot_reference(input.sha256),
            price_book: price_book_reference(book),
            headroom: headroom::of_fleet(calibration, risk),
            codes: glossary::codes(known),
            scaling: facts.workload.scaling.as_ref().map(scaling_in_force),
            what_would_change: what_would_change(&row, basis.causes()),
            revisions: revisions(facts),
            sizes: facts.timeline.map_or_else(Vec::new, |timeline| sizes(timeline, window, &seen)),
            periods,
            need: basis.need(&case),
            candidates,
            replay: basis.replays(&case, &seen),
            prices: prices(facts, &row, book, basis.outlook()),
            chart: facts.timeline.filter(|_| !seen.is_empty()).map(|_| series(window, &seen)),
            gaps: input.manifest.gaps.iter().filter(|gap| scope_concerns(&gap.scope)).cloned().collect(),
            notes: standalone::unseen(&input.inventory.clusters)
                .filter(|note| scope_concerns(&note.scope))
                .collect(),
            workload: row,
        })
    })
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
