//! The window as it was: revisions, sizes in force, periods with samples, and the demand against sizes.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::super::facts::Facts;
use crate::{
    demand::{Moment, Replay, Requested, ResourceReplay, Timeline},
    report::{
        Quantity, Size, WorkloadReport,
        explain::{
            DemandSeries, PeriodsReport, ReplayReport, ResourceReplayReport, RevisionReport, SizeInForce,
        },
    },
    snapshot::Window,
    units::{CpuUnits, MemoryMib},
};

/// The most steps of a demand series: more than a terminal is wide.
const STEPS: u64 = 480;

pub(super) fn revisions(facts: &Facts<'_>) -> Vec<RevisionReport> {
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

pub(super) fn sizes(timeline: &Timeline, window: Window, seen: &[Moment]) -> Vec<SizeInForce> {
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

pub(super) fn periods(facts: &Facts<'_>, seen: &[Moment]) -> PeriodsReport {
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

pub(super) fn replays(timeline: &Timeline, row: &WorkloadReport, seen: &[Moment]) -> Vec<ReplayReport> {
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

/// Maxima over at most [`STEPS`] equal steps of the window, each a whole number of periods.
pub(super) fn series(window: Window, seen: &[Moment]) -> DemandSeries {
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
