//! One workload in full: its row of the report, and what every number of it stands on.
//!
//! The row is made as the report makes it, with the whole fleet read, so that both say the same. What
//! is added (candidates, replay, prices) is looked up after it and decides nothing.

use std::io;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{
    Fleet, Input, Keep,
    facts::Facts,
    glossary::{self, Known, SmallChange},
    headroom, on_instances, price_book_reference, report_window, scaled, snapshot_reference, standalone,
    subject::{percent, report_on},
    with_fleet,
};
use crate::{
    config::{Config, Resolved},
    demand::{Moment, Replay, Requested, ResourceReplay, Timeline, WindowDemand, moments},
    fargate::TaskSize,
    pricing::{PriceBook, TaskCost, TaskShape},
    report::{
        Quantity, SCHEMA_VERSION, Size, WorkloadReport,
        explain::{
            CALIBRATED, CPU_HEADROOM, CandidateReport, DemandSeries, Explanation, HeadroomInForce,
            MEMORY_HEADROOM, NeedReport, PeriodsReport, PriceRow, ReplayReport, ResourceNeedReport,
            ResourceReplayReport, RevisionReport, ScalingInForce, SizeInForce,
        },
    },
    rightsize::{
        Candidate, LEAST_LEARNT_HEADROOM, Learnt, Need, Reason, ResourceNeed, Shortage, Unrated, Weighing,
        autoscaling::{Outlook, outlook},
        weigh,
    },
    snapshot::Window,
    units::{CpuUnits, MemoryMib, TaskTime, Usd, decimal_as_f64},
    workload::{PolicyKind, ScalableTarget, TrackedMetric},
};

/// The most steps of a demand series: more than a terminal is wide.
const STEPS: u64 = 480;

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
            headroom: headroom(calibration, risk),
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

/// The size that the row ends with: the recommended one, else the current.
fn settled(row: &WorkloadReport) -> (Option<u32>, Option<u32>) {
    row.recommendation.as_ref().map_or((row.current.cpu_units, row.current.memory_mib), |recommendation| {
        (Some(recommendation.cpu_units), Some(recommendation.memory_mib))
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

/// The size that would have been chosen, were its saving worth a deployment.
fn not_worth_it(row: &WorkloadReport, candidates: &[CandidateReport]) -> Option<SmallChange> {
    let found = candidates.iter().filter(|candidate| candidate.verdict == "below-least-change");
    let found = found.min_by_key(|candidate| candidate.monthly_cost)?;
    Some(SmallChange {
        cpu: CpuUnits(found.cpu_units),
        memory: MemoryMib(found.memory_mib),
        saves: row.monthly_cost.map(|now| now - found.monthly_cost),
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

fn revisions(facts: &Facts<'_>) -> Vec<RevisionReport> {
    let definitions = &facts.inventory.task_definitions;
    facts
        .workload
        .revisions
        .iter()
        .map(|revision| {
            let (cpu, memory) =
                definitions.get(&revision.task_definition).map_or((None, None), |d| d.requested());
            RevisionReport {
                task_definition: revision.task_definition.clone(),
                from: revision.from,
                settled: revision.settled,
                cpu_units: cpu.map(|cpu| cpu.0),
                memory_mib: memory.map(|memory| memory.0),
            }
        })
        .collect()
}

fn sizes(timeline: &Timeline, window: Window, seen: &[Moment]) -> Vec<SizeInForce> {
    let (start, end) = (window.start.as_second(), window.end.as_second());
    let segments = timeline.segments();
    let mut sizes = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        let from = segment.start.max(start);
        let until = segments.get(at + 1).map_or(end, |next| next.start.min(end));
        let (Ok(begin), Ok(finish)) = (Timestamp::from_second(from), Timestamp::from_second(until)) else {
            continue;
        };
        if from >= until {
            continue;
        }
        sizes.push(SizeInForce {
            from: begin,
            until: finish,
            cpu_units: segment.requested.cpu.0,
            memory_mib: segment.requested.memory.0,
            mixed: segment.mixed,
            assumed: timeline.is_assumed_at(from),
            periods: seen.iter().filter(|moment| (from..until).contains(&moment.timestamp)).count() as u64,
        });
    }
    sizes
}

fn periods(facts: &Facts<'_>, seen: &[Moment]) -> PeriodsReport {
    let period = i64::from(facts.window.period_seconds.max(1));
    let possible =
        facts.demand.map_or(0, |demand| facts.observed_seconds(demand).div_ceil(period.unsigned_abs()));
    // From the end of a period to the next one's start, the window's end included.
    let starts = seen.iter().skip(1).map(|moment| moment.timestamp).chain([facts.window.end.as_second()]);
    let longest = seen
        .iter()
        .zip(starts)
        .map(|(moment, next)| next.saturating_sub(moment.timestamp.saturating_add(period)).max(0))
        .max()
        .unwrap_or(0);
    PeriodsReport {
        with_samples: facts.demand.map_or(0, |demand| demand.periods),
        possible,
        mixed: facts.demand.map_or(0, |demand| demand.mixed_periods),
        assumed: facts.demand.map_or(0, |demand| demand.assumed_periods),
        longest_gap_hours: Quantity(Decimal::from(longest) / Decimal::from(3600)).rounded(),
    }
}

/// `calibrated`: whether memory headroom is learnt from the fleet. A size that is too small grows
/// with the configured one at least.
fn need_report(
    cpu: &Result<ResourceNeed, Unrated>,
    memory: &Result<ResourceNeed, Unrated>,
    needed: Need,
    in_force: &Resolved,
    calibrated: bool,
) -> NeedReport {
    let configured = |hundredths: u32, key: &str| HeadroomInForce {
        percent: percent(hundredths),
        from: in_force
            .settings
            .iter()
            .find(|setting| setting.key == key)
            .map_or_else(String::new, |s| s.from.clone()),
    };
    let of_memory = if calibrated && memory.as_ref().is_ok_and(|need| !need.short) {
        HeadroomInForce { percent: percent(LEAST_LEARNT_HEADROOM), from: CALIBRATED.to_owned() }
    } else {
        configured(in_force.sizing.memory_headroom, MEMORY_HEADROOM)
    };
    let of_cpu = configured(in_force.sizing.cpu_headroom, CPU_HEADROOM);
    let report =
        |demanded: &Result<ResourceNeed, Unrated>, needed: ResourceNeed, headroom: HeadroomInForce| {
            let own = demanded.as_ref().unwrap_or(&needed);
            ResourceNeedReport {
                without_headroom: own.bare,
                headroom: demanded.is_ok().then_some(headroom),
                with_headroom: own.floor,
                with_guards: needed.floor,
                allowing_for_short_history: needed.ample,
                reached_cap: needed.reached_cap || needed.unknown_above,
            }
        };
    NeedReport {
        cpu_units: report(cpu, needed.cpu, of_cpu),
        memory_mib: report(memory, needed.memory, of_memory),
    }
}

/// The candidates, each with what became of it.
fn candidates(
    facts: &Facts<'_>,
    row: &WorkloadReport,
    config: &Config,
    weighing: &Weighing,
) -> Vec<CandidateReport> {
    let time = facts.demand.map_or(TaskTime::ZERO, WindowDemand::total_task_time);
    let task_hours = time.hours() * facts.months_per_window();
    let month = |hourly: Usd| (hourly * task_hours * config.discount.factor()).rounded();
    let is = |candidate: &Candidate, (cpu, memory): (Option<u32>, Option<u32>)| {
        (Some(candidate.size.cpu().0), Some(candidate.size.memory().0)) == (cpu, memory)
    };
    let target = settled(row);
    let end = weighing.candidates.iter().find(|candidate| is(candidate, target));
    // Of those that hold: what would have been chosen were it worth a deployment.
    let weight = |candidate: &Candidate| candidate.weight(decimal_as_f64(task_hours));
    let lightest = weighing
        .candidates
        .iter()
        .filter(|candidate| candidate.shortages.is_empty())
        .rev()
        .min_by(|a, b| weight(a).total_cmp(&weight(b)));
    let not_worth_it = row.reasons.iter().any(|reason| reason == "below-least-change");
    weighing
        .candidates
        .iter()
        .map(|candidate| {
            let cost = month(candidate.hourly);
            let difference = end.map_or(Usd::ZERO, |end| cost - month(end.hourly));
            let (verdict, detail) = if is(candidate, target) {
                if row.recommendation.is_some() {
                    ("chosen", chosen(candidate, weighing))
                } else {
                    ("kept", kept(candidate, weighing))
                }
            } else if let Some((verdict, detail)) = too_small(candidate, weighing) {
                (verdict, detail)
            } else if not_worth_it && lightest == Some(candidate) {
                (
                    "below-least-change",
                    format!(
                        "saves {} USD, less than the least change worth a deployment",
                        (-difference).cents()
                    ),
                )
            } else if difference >= Usd::ZERO {
                ("dearer", format!("holds what is needed, but {} USD dearer", difference.cents()))
            } else {
                let own = candidate.risk.map_or(0.0, |(_, cost)| cost);
                let chosen = end.and_then(|end| end.risk).map_or(0.0, |(_, cost)| cost);
                (
                    "risk",
                    format!(
                        "{} USD cheaper, but its risk weighs {:.2} USD more",
                        (-difference).cents(),
                        own - chosen
                    ),
                )
            };
            CandidateReport {
                cpu_units: candidate.size.cpu().0,
                memory_mib: candidate.size.memory().0,
                hourly: candidate.hourly.rounded(),
                monthly_cost: cost,
                task_hours: None,
                probability: candidate.risk.and_then(|(share, _)| quantity(share)),
                cost_of_risk: candidate
                    .risk
                    .and_then(|(_, cost)| Decimal::try_from(cost).ok())
                    .map(|cost| Usd(cost).rounded()),
                verdict: verdict.to_owned(),
                detail,
            }
        })
        .collect()
}

fn chosen(candidate: &Candidate, weighing: &Weighing) -> String {
    if !candidate.shortages.is_empty() {
        // Chosen together with a change that is not one of size.
        return "chosen, with the conditions above".to_owned();
    }
    if weighing.candidates.iter().any(|other| other.risk.is_some()) {
        "chosen: least price and risk together".to_owned()
    } else {
        "chosen: the cheapest that holds what is needed".to_owned()
    }
}

fn kept(candidate: &Candidate, weighing: &Weighing) -> String {
    match too_small(candidate, weighing) {
        Some((_, detail)) => format!("stays, though {detail}"),
        None => "stays".to_owned(),
    }
}

/// What a size lacks, in words.
fn too_small(candidate: &Candidate, weighing: &Weighing) -> Option<(&'static str, String)> {
    // The guard that holds a resource higher than demand does.
    let by_guard = |code: Option<&str>| code.map_or_else(String::new, |code| format!(" ({code})"));
    let cpu_guard = |floor: CpuUnits| {
        let demanded = weighing.cpu.as_ref().map_or(0, |need| need.floor);
        weighing.guards.iter().find(|g| g.cpu == floor && floor.0 > demanded).map(|g| g.code)
    };
    let memory_guard = |floor: MemoryMib| {
        let demanded = weighing.memory.as_ref().map_or(0, |need| need.floor);
        weighing.guards.iter().find(|g| g.memory == floor && floor.0 > demanded).map(|g| g.code)
    };
    let says = |shortage: &Shortage| match *shortage {
        Shortage::Cpu(needs) if weighing.needed.cpu.unknown_above => {
            format!("too little CPU: needs more than its cap, at least {}", vcpu(needs))
        }
        Shortage::Cpu(needs) if weighing.needed.cpu.reached_cap => {
            format!("too little CPU: {} were used up, and more may be wanted", vcpu(needs))
        }
        Shortage::Cpu(needs) => {
            format!("too little CPU: needs {}{}", vcpu(needs), by_guard(cpu_guard(needs)))
        }
        Shortage::Memory(needs) => {
            format!("too little memory: needs {} MiB{}", needs.0, by_guard(memory_guard(needs)))
        }
        Shortage::CpuFixed(keeps) => format!("CPU stays at {keeps}"),
        Shortage::MemoryFixed(keeps) => format!("memory stays at {keeps}"),
    };
    let fixed = |s: &Shortage| matches!(s, Shortage::CpuFixed(_) | Shortage::MemoryFixed(_));
    let verdict = if candidate.shortages.iter().all(fixed) { "fixed" } else { "too-small" };
    let sentences: Vec<String> = candidate.shortages.iter().map(says).collect();
    (!sentences.is_empty()).then(|| (verdict, sentences.join("; ")))
}

/// CPU units as vCPU, rounded up to hundredths.
pub(super) fn vcpu(units: CpuUnits) -> String {
    let vcpu = units.vcpu().round_dp_with_strategy(2, rust_decimal::RoundingStrategy::AwayFromZero);
    format!("{} vCPU", vcpu.normalize())
}

fn replays(timeline: &Timeline, row: &WorkloadReport, seen: &[Moment]) -> Vec<ReplayReport> {
    let Requested { cpu, memory, .. } = timeline.current();
    let recommended = row.recommendation.as_ref().map(|r| (CpuUnits(r.cpu_units), MemoryMib(r.memory_mib)));
    std::iter::once((cpu, memory))
        .chain(recommended)
        .map(|(cpu, memory)| {
            let replay = Replay::of(seen, cpu, memory);
            ReplayReport {
                size: Size { cpu_units: cpu.0, memory_mib: memory.0 },
                cpu: resource_replay(replay.cpu),
                memory: resource_replay(replay.memory),
                tasks: None,
            }
        })
        .collect()
}

pub(super) fn resource_replay(
    ResourceReplay { periods, above, at_cap, unknown }: ResourceReplay,
) -> ResourceReplayReport {
    ResourceReplayReport { periods, above, at_cap, unknown }
}

/// Of a task as it is, and of the recommended one, where that has another size or is bought otherwise.
fn prices(
    facts: &Facts<'_>,
    row: &WorkloadReport,
    book: &PriceBook,
    outlook: Option<&Outlook>,
) -> Vec<PriceRow> {
    let prepared = facts.prepared(book);
    let (Some(timeline), Ok(_)) = (facts.timeline, &prepared.priced) else { return Vec::new() };
    let current = facts.shape(prepared.platform, timeline.current());
    let then = outlook.and_then(|outlook| outlook.then.as_ref());
    let split = then.map_or(prepared.split, |course| facts.split(course.scaling.simulated));
    let recommended = row.recommendation.as_ref().map(|recommendation| {
        let (cpu, memory) = (CpuUnits(recommendation.cpu_units), MemoryMib(recommendation.memory_mib));
        (TaskShape { cpu, memory, ..current.clone() }, split)
    });
    let now = (current, prepared.split);
    let recommended = recommended.filter(|then| *then != now);
    let mut rows = Vec::new();
    for (shape, split) in std::iter::once(now).chain(recommended) {
        let Ok(cost) = TaskCost::split(book, &shape, split) else { continue };
        rows.extend(cost.components.iter().map(|component| PriceRow {
            size: Size { cpu_units: shape.cpu.0, memory_mib: shape.memory.0 },
            component: component.rate.key.dimension.as_str().to_owned(),
            purchase: component.rate.key.purchase.as_str().to_owned(),
            quantity: Quantity(component.quantity).rounded(),
            unit: component.rate.key.dimension.unit().to_owned(),
            rate: Quantity(component.rate.usd),
            hourly: Quantity(component.hourly.0).rounded(),
            effective_date: component.rate.effective_date.clone(),
            confidence: component.rate.confidence.as_str().to_owned(),
            source: component.rate.source.clone(),
        }));
    }
    rows
}

/// Maxima over at most [`STEPS`] equal steps of the window, each a whole number of periods.
fn series(window: Window, seen: &[Moment]) -> DemandSeries {
    let period = u64::from(window.period_seconds.max(1));
    let step = window.seconds().div_ceil(STEPS).div_ceil(period).max(1) * period;
    let steps = usize::try_from(window.seconds().div_ceil(step)).unwrap_or(0);
    let mut cpu = vec![None; steps];
    let mut memory = vec![None; steps];
    for moment in seen {
        let since = u64::try_from(moment.timestamp - window.start.as_second()).ok().map(|since| since / step);
        let Some(at) = since.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < steps) else {
            continue;
        };
        cpu[at] = cpu[at].max(moment.cpu);
        memory[at] = memory[at].max(moment.memory);
    }
    let scaled = |values: Vec<Option<u64>>, unit: u32| {
        let scale = |value| Quantity(Decimal::from(value) / Decimal::from(unit)).rounded();
        values.into_iter().map(|value: Option<u64>| value.map(scale)).collect()
    };
    DemandSeries {
        start: window.start,
        step_seconds: step,
        cpu_vcpu: scaled(cpu, 1_024_000),
        memory_mib: scaled(memory, 1024),
    }
}

pub(super) fn quantity(value: f64) -> Option<Quantity> {
    Decimal::try_from(value).ok().map(|value| Quantity(value).rounded())
}
