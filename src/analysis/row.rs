//! One workload: from its facts to its row of the report.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{
    facts::{Facts, Prepared},
    headroom, on_fargate, on_instances, standalone,
    wording::demand_report,
};
use crate::{
    config::Config,
    demand::WindowDemand,
    pricing::PriceBook,
    report::{PlatformReport, Quantity, WorkloadReport},
    rightsize::{Calibration, Reason, ScalingChoice, Unsupported},
    units::TaskTime,
    workload::{LaunchType, WorkloadKind},
};

/// The row of a workload: always one, with figures or with the reason why not.
pub(super) fn report_on(
    facts: &Facts<'_>,
    book: &PriceBook,
    config: &Config,
    calibrations: &BTreeMap<u32, Result<Calibration, Unsupported>>,
) -> WorkloadReport {
    report_with_scaling(facts, book, config, calibrations).0
}

/// The same, and what its recommendation makes of its scaling, to the last task-second.
pub(super) fn report_with_scaling(
    facts: &Facts<'_>,
    book: &PriceBook,
    config: &Config,
    calibrations: &BTreeMap<u32, Result<Calibration, Unsupported>>,
) -> (WorkloadReport, Option<ScalingChoice>) {
    let Facts { workload, demand, .. } = *facts;
    let definition = facts.definition();
    let time = demand.map_or(TaskTime::ZERO, WindowDemand::total_task_time);
    let known_size = facts.timeline.is_some();
    let prepared = facts.prepared(book);
    let in_force = config.for_workload(workload);
    let risk = in_force.sizing.risk;
    let calibration = calibrations.get(&risk);
    let answer = if on_instances::is_on(workload.launch_type) {
        on_instances::answer(facts, book, config, &in_force)
    } else {
        let learnt = calibration.and_then(|calibration| facts.learnt(calibration));
        on_fargate::answer(facts, book, config, (&in_force, learnt), &prepared)
    };
    let Prepared { platform, split, .. } = prepared;
    let requested = demand.filter(|_| known_size).map(WindowDemand::requested_hours);
    let (finding, not_rated, dimensions) = answer.verdict;
    let stopped = Reason::NoRunningTasks.code();
    let known_to_be_stopped = not_rated.as_ref().is_some_and(|not_rated| not_rated.reason == stopped);
    let mut reasons = answer.reasons;
    if not_rated.is_none() && !facts.scaling_is_known() {
        // Rated as if nothing scaled it, which a reader has to know before a size is changed.
        reasons.push("scaling-unknown".to_owned());
    }
    let mut notes = answer.notes;
    notes.extend(config.past_peak_after(facts.window.end, workload));
    notes.extend(facts.began_late().filter(|_| answer.monthly_cost.is_some()));
    let identity = &workload.identity;
    let row = WorkloadReport {
        id: identity.id(),
        account_id: identity.account_id.clone(),
        region: identity.region.to_string(),
        cluster: identity.cluster.clone(),
        kind: match identity.kind {
            WorkloadKind::Service => "service",
            WorkloadKind::Daemon => "daemon",
            WorkloadKind::Standalone => "standalone",
        }
        .to_owned(),
        service: (identity.kind != WorkloadKind::Standalone).then(|| identity.name.clone()),
        family: definition
            .map(|definition| definition.family.clone())
            .or_else(|| (identity.kind == WorkloadKind::Standalone).then(|| identity.name.clone())),
        task_definition: workload.revisions.last().map(|revision| revision.task_definition.clone()),
        launch_type: workload.launch_type.as_str().to_owned(),
        spot_share: (workload.launch_type == LaunchType::Fargate)
            .then(|| Quantity(Decimal::from(split.spot) / Decimal::from(split.total.max(1))).rounded()),
        tags: workload.tags.clone(),
        platform: PlatformReport {
            os: platform.os.as_str().to_owned(),
            arch: platform.arch.as_str().to_owned(),
        },
        current: facts.current(definition),
        task_hours: (demand.is_some() || known_to_be_stopped).then(|| Quantity(time.hours()).rounded()),
        requested_vcpu_hours: requested.map(|(vcpu, _)| Quantity(vcpu).rounded()),
        requested_gb_hours: requested.map(|(_, gb)| Quantity(gb).rounded()),
        window_cost: answer.window_cost,
        monthly_cost: answer.monthly_cost,
        list_monthly_cost: answer.list_monthly_cost,
        demand: demand.filter(|_| known_size).map(demand_report),
        finding,
        reasons,
        not_rated,
        headroom: headroom::of_workload(
            dimensions.memory.finding,
            calibration.and_then(|calibration| calibration.as_ref().ok()),
            (answer.learnt, on_instances::is_on(workload.launch_type)),
            demand.map_or(0, |demand| facts.days_seen(demand)),
            risk,
        ),
        dimensions,
        options: answer.options,
        not_offered: answer.not_offered,
        ruled_out: answer.ruled_out,
        capacity: answer.capacity,
        recommendation: answer.recommendation,
        guards: answer.guards,
        runs: facts.runs.and_then(|runs| standalone::reported(runs, answer.hourly)),
        evidence: facts.evidence(notes, answer.simulation_error, in_force),
    };
    (row, answer.scaling)
}
