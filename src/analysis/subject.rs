//! One workload: from its facts to its row of the report.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{
    facts::{Facts, Prepared},
    on_instances,
    options::opportunities,
    standalone,
    wording::{container_report, demand_report, guard_report, reported, scaling, verdict},
};
use crate::{
    config::{Config, LeastChange, Resolved},
    demand::WindowDemand,
    pricing::PriceBook,
    report::{
        Dimensions, Finding, GuardReport, NotOffered, NotRated, Opportunity, PlatformReport, Quantity,
        Recommendation, RuledOut, WorkloadCapacity, WorkloadHeadroom, WorkloadReport,
    },
    rightsize::{
        Calibration, DimensionRating, Learnt, Rating, Reason, Unsupported, autoscaling::ScalingChoice,
    },
    units::{TaskTime, Usd},
    workload::{LaunchType, WorkloadKind},
};

/// What is said of a workload, however its tasks are paid for.
pub(super) struct Answer {
    pub window_cost: Option<Usd>,
    pub monthly_cost: Option<Usd>,
    pub list_monthly_cost: Option<Usd>,
    /// An hour of a task at list prices.
    pub hourly: Option<Usd>,
    pub verdict: (Finding, Option<NotRated>, Dimensions),
    pub reasons: Vec<String>,
    /// Whether memory's headroom is learnt from the fleet.
    pub learnt: bool,
    pub recommendation: Option<Recommendation>,
    pub options: Vec<Opportunity>,
    pub not_offered: Vec<NotOffered>,
    pub ruled_out: Vec<RuledOut>,
    pub capacity: Option<WorkloadCapacity>,
    pub guards: Vec<GuardReport>,
    /// Codes for the evidence.
    pub notes: Vec<String>,
    /// Of the scaling's simulation, in 0.01 %.
    pub simulation_error: Option<u32>,
    /// What the recommendation makes of it.
    pub scaling: Option<ScalingChoice>,
}

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
        on_fargate(facts, book, config, (&in_force, learnt), &prepared)
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
        headroom: headroom(
            dimensions.memory.finding,
            calibration.and_then(|calibration| calibration.as_ref().ok()).filter(|_| answer.learnt),
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

/// How memory headroom was set, at a risk in hundredths of a per cent; `calibration` is what it was learnt from. A size
/// that is too small grows with the fixed one at least.
fn headroom(memory: Finding, calibration: Option<&Calibration>, risk: u32) -> Option<WorkloadHeadroom> {
    let calibration = match memory {
        Finding::NotRated => return None,
        Finding::Underprovisioned => None,
        Finding::Overprovisioned | Finding::Optimized | Finding::AlreadyMinimal => calibration,
    };
    Some(WorkloadHeadroom {
        method: if calibration.is_some() { "calibrated" } else { "fixed" }.to_owned(),
        risk_percent: percent(risk),
        shown_risk_percent: calibration.map(|calibration| shown(calibration, risk)),
    })
}

/// Of hundredths of a per cent.
pub(super) fn percent(hundredths: u32) -> Quantity {
    Quantity(Decimal::from(hundredths) / Decimal::ONE_HUNDRED)
}

/// The risk that a fleet shows, where `risk` was asked for.
pub(super) fn shown(calibration: &Calibration, risk: u32) -> Quantity {
    let least = Decimal::try_from(calibration.risk * 100.0).map(|least| Quantity(least).rounded());
    // What was asked for is not told with a double's last digits.
    least.ok().filter(|_| calibration.risk > calibration.asked).unwrap_or(percent(risk))
}

fn conditions(facts: &Facts<'_>, rating: &Rating) -> Vec<String> {
    let asleep = "no task is wanted now: it saves once tasks run again as they did in the window";
    facts
        .is_scaled_to_zero()
        .then(|| asleep.to_owned())
        .into_iter()
        .chain(rating.conditions.clone())
        .collect()
}

/// By Fargate's rates and sizes; of launch types that are neither on Fargate nor on instances of AWS's,
/// that there are none.
fn on_fargate(
    facts: &Facts<'_>,
    book: &PriceBook,
    config: &Config,
    (in_force, learnt): (&Resolved, Option<Learnt<'_>>),
    prepared: &Prepared,
) -> Answer {
    let time = facts.demand.map_or(TaskTime::ZERO, WindowDemand::total_task_time);
    let rating = facts.rating(book, config, in_force, learnt, prepared);
    let Prepared { platform, priced, .. } = prepared;
    let paid = config.discount.factor();
    let list_month = |hourly: Usd, time: TaskTime| hourly * (time.hours() * facts.months_per_window());
    let month = |hourly: Usd, time: TaskTime| (list_month(hourly, time) * paid).rounded();
    let monthly_cost = priced.as_ref().ok().map(|cost| month(cost.current_hourly, time));
    let rating = rating.map(|rating| match (rating.choice, monthly_cost) {
        (Some(choice), Some(now)) => {
            let savings = now - month(choice.hourly, rating.task_time(time));
            only_if_worth_it(rating, config.change, savings, now)
        }
        _ => rating,
    });
    let recommendation = rating.as_ref().ok().and_then(|rating| {
        let choice = rating.choice?;
        let cost = month(choice.hourly, rating.task_time(time));
        let savings = monthly_cost.map(|now| now - cost);
        Some(Recommendation {
            cpu_units: choice.size.cpu().0,
            memory_mib: choice.size.memory().0,
            monthly_cost: Some(cost),
            monthly_savings: savings,
            savings_percent: savings_percent(savings, monthly_cost),
            performance_risk: choice.risk.as_str().to_owned(),
            lower_bound: reported(choice.lower),
            upper_bound: choice.upper.map(reported),
            conditions: conditions(facts, rating),
            containers: rating.containers.iter().map(container_report).collect(),
            scaling: rating.scaling.map(|choice| scaling(choice, rating.simulation_error)),
        })
    });
    let remaining = recommendation.as_ref().and_then(|r| r.monthly_cost).or(monthly_cost);
    let (options, not_offered) = facts.timeline.map_or_else(Default::default, |timeline| {
        let shape = facts.shape(*platform, timeline.current());
        let fewer = rating.as_ref().ok().and_then(|rating| {
            facts.with_subject(config, in_force, prepared, |s| Ok(facts.fewer_tasks(s, rating))).ok()?
        });
        opportunities(facts, book, config, shape, &rating, (remaining, fewer))
    });
    Answer {
        window_cost: priced.as_ref().ok().map(|cost| (cost.window * paid).rounded()),
        monthly_cost,
        list_monthly_cost: priced.as_ref().ok().map(|cost| list_month(cost.current_hourly, time).rounded()),
        hourly: priced.as_ref().ok().map(|cost| cost.current_hourly),
        verdict: verdict(&rating),
        reasons: match &rating {
            Ok(rating) => rating.reasons.iter().map(|reason| (*reason).to_owned()).collect(),
            Err(_) => Vec::new(),
        },
        learnt: rating.as_ref().is_ok_and(|rating| rating.learnt),
        recommendation,
        options,
        not_offered,
        ruled_out: Vec::new(),
        capacity: None,
        guards: rating.as_ref().map_or_else(|_| Vec::new(), |r| r.guards.iter().map(guard_report).collect()),
        notes: rating.as_ref().map_or_else(|_| Vec::new(), |rating| rating.notes.clone()),
        simulation_error: rating.as_ref().ok().and_then(|rating| rating.simulation_error),
        scaling: rating.as_ref().ok().and_then(|rating| rating.scaling),
    }
}

/// What is saved in per cent of what is paid, where anything is.
pub(super) fn savings_percent(savings: Option<Usd>, now: Option<Usd>) -> Option<Quantity> {
    savings
        .zip(now)
        .filter(|(_, now)| now.0 > Decimal::ZERO)
        .map(|(saved, now)| Quantity((saved.0 / now.0 * Decimal::ONE_HUNDRED).round_dp(2)))
}

/// The rating, with the size kept where a smaller one saves too little for a deployment. A size that
/// is too small is never kept.
fn only_if_worth_it(mut rating: Rating, least: LeastChange, savings: Usd, cost: Usd) -> Rating {
    if rating.is_underprovisioned() || least.is_met_by(savings, cost) {
        return rating;
    }
    (rating.choice, rating.scaling) = (None, None);
    for dimension in [&mut rating.cpu, &mut rating.memory] {
        if *dimension == DimensionRating::Overprovisioned {
            *dimension = DimensionRating::Optimized;
        }
    }
    let of_the_choice =
        ["cpu-overprovisioned", "memory-overprovisioned", "low-scaling-target", "smaller-reserve-at-minimum"];
    rating.reasons.retain(|reason| !of_the_choice.contains(reason));
    rating.reasons.push("below-least-change");
    rating
}
