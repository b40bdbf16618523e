//! [`StartUp`]: CPU that tasks took while they started, apart from the steady state.
//!
//! Takes a workload's points, its revisions and its whole demand; gives the start-up peak and the CPU
//! demand without it. A task that starts compiles, loads and warms up once: sized by that, it is too
//! large for the rest of its life; blind to it, it never gets ready. So both are known.
//!
//! The periods of a start-up are those that overlap the time from a deployment's begin until
//! [`AFTER_BEGIN`] later or [`AFTER_SETTLED`] after its end, whichever is later, but no longer than
//! [`LONGEST`]. A workload whose first sample lies within the window starts there, too. Tasks that
//! scaling or a failed health check starts at other times are not told apart from the steady state.
//!
//! | deployment began | had settled | start-up lasts |
//! |---|---|---|
//! | 10:00 | 10:02 | 10:00 to 10:15 |
//! | 10:00 | 10:30 | 10:00 to 10:35 |
//! | 10:00 | 16:00, or unknown | 10:00 to 11:00, or to 10:15 |
//!
//! It is a spike if it passes the steady state's 99.5th percentile by half. Where start-ups are more
//! than a tenth of all periods, starting *is* the steady state, and nothing is kept apart.

use jiff::Timestamp;

use super::{
    rollup::CAP_CENTI_PERCENT,
    timeline::Timeline,
    window_demand::{Observed, Outgrown, WindowDemand},
};
use crate::{
    utilization::{CENTI_PERCENT_FULL, Point},
    workload::RevisionInForce,
};

/// Seconds of start-up after a deployment begins, at least.
const AFTER_BEGIN: i64 = 900;
/// Seconds of start-up after a deployment has settled: its last tasks start shortly before.
const AFTER_SETTLED: i64 = 300;
/// A deployment that creeps is no start-up.
const LONGEST: i64 = 3600;
/// The share of periods (one in so many) above which start-ups are not kept apart.
const RARE: u64 = 10;

/// What start-ups took. CPU in thousandths of a CPU unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartUp {
    /// Start-ups with a sample.
    pub starts: u32,
    /// From when until when tasks may have been starting, seconds since the epoch, by begin; they may overlap.
    pub spans: Vec<(i64, i64)>,
    /// The hottest task's hottest moment in any of them.
    pub peak_cpu: u64,
    /// The largest size (CPU units) at whose cap a start-up was: it wanted more than was seen. A share of an
    /// instance has none.
    pub capped_at: Option<u32>,
    /// CPU without the start-ups; its maximum is exact to a histogram's bucket (0.8 %).
    pub steady_cpu: Observed,
}

impl StartUp {
    /// Whether start-up passes the steady state's 99.5th percentile by half.
    pub fn is_spike(&self) -> bool {
        self.peak_cpu > self.steady_cpu.wanted(9_950).saturating_mul(3) / 2
    }
}

/// The start-ups of a workload; `None` without one that has samples, or where they are not rare.
/// `points` are sorted by time; `demand` is of the same points under the same timeline.
pub fn start_up(
    points: &[Point],
    timeline: &Timeline,
    revisions: &[RevisionInForce],
    demand: &WindowDemand,
    window_start: i64,
    period_seconds: u32,
) -> Option<StartUp> {
    let whole = demand.cpu.as_ref()?;
    let period = i64::from(period_seconds.max(1));
    let mut spans: Vec<(i64, i64)> = revisions.iter().filter_map(span).collect();
    if demand.first_sample >= window_start.saturating_add(period) {
        spans.push((demand.first_sample, demand.first_sample.saturating_add(AFTER_BEGIN)));
    }
    spans.sort_unstable();
    let mut found = Found::default();
    let mut next = 0;
    for &(from, until) in &spans {
        // Spans may overlap; each point counts once.
        let first = points.partition_point(|p| p.timestamp.saturating_add(period) <= from).max(next);
        let end = points.partition_point(|p| p.timestamp < until).max(first);
        found.starts += u32::from(found.add(&points[first..end], timeline, period));
        next = end;
    }
    let periods = found.values.len() as u64;
    if periods == 0 || periods * RARE > demand.periods {
        return None;
    }
    let started_at = |sizes: std::ops::RangeFrom<u32>| {
        found.values.iter().filter(|(_, size)| sizes.contains(size)).map(|(value, _)| *value).collect()
    };
    let histogram = whole.histogram.without(&started_at(0..));
    let max = histogram.max()?.min(whole.max);
    let periods_at_cap = whole.periods_at_cap.saturating_sub(found.at_cap);
    let largest_capped_size = whole.largest_capped_size.filter(|_| periods_at_cap > 0);
    let outgrown = largest_capped_size.zip(whole.outgrown.as_ref()).map(|(size, outgrown)| Outgrown {
        histogram: outgrown.histogram.without(&started_at(size + 1..)),
        whole_days: outgrown.whole_days,
    });
    Some(StartUp {
        starts: found.starts,
        spans,
        peak_cpu: found.values.iter().map(|(value, _)| *value).max()?,
        capped_at: found.capped_at,
        steady_cpu: Observed {
            histogram,
            max,
            average: whole.average,
            // An average is never above a maximum.
            sustained_max: whole.sustained_max.map(|sustained| sustained.min(max)),
            periods_at_cap,
            largest_capped_size,
            outgrown,
        },
    })
}

/// From when until when a deployment starts tasks; nothing for one from before the window.
fn span(revision: &RevisionInForce) -> Option<(i64, i64)> {
    let from = revision.from?.as_second();
    let settled = revision.settled.map_or(i64::MIN, Timestamp::as_second);
    let until = settled.saturating_add(AFTER_SETTLED).max(from.saturating_add(AFTER_BEGIN));
    Some((from, until.min(from.saturating_add(LONGEST))))
}

#[derive(Default)]
struct Found {
    starts: u32,
    /// With the size in force.
    values: Vec<(u64, u32)>,
    at_cap: u64,
    capped_at: Option<u32>,
}

impl Found {
    /// Adds the points of one start-up; whether any had a sample.
    fn add(&mut self, points: &[Point], timeline: &Timeline, period: i64) -> bool {
        let before = self.values.len();
        for point in points {
            let Some(maximum) = point.cpu_max else { continue };
            let held = timeline.in_force(point.timestamp, point.timestamp.saturating_add(period));
            let size = held.relative_to.cpu.0;
            let full = u64::from(CENTI_PERCENT_FULL);
            let full_size = u64::from(size) * 1000;
            self.values.push((u64::from(maximum).saturating_mul(full_size).div_ceil(full), size));
            let at_cap = held.caps.cpu.is_some_and(|cap| {
                u128::from(maximum) * u128::from(size) >= u128::from(cap.0) * u128::from(CAP_CENTI_PERCENT)
            });
            if at_cap {
                self.at_cap += 1;
                self.capped_at = self.capped_at.max(Some(size));
            }
        }
        self.values.len() > before
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        demand::roll_up,
        units::{CpuUnits, MemoryMib},
        workload::{Container, HistorySource, TaskDefinition},
    };

    const PERIOD: i64 = 300;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn revision(from: Option<i64>, settled: Option<i64>) -> RevisionInForce {
        RevisionInForce {
            task_definition: "a".into(),
            from: from.map(at),
            settled: settled.map(at),
            metric_resolution_seconds: 60,
        }
    }

    fn timeline(revisions: &[RevisionInForce]) -> Timeline {
        let definition = TaskDefinition {
            cpu: Some(CpuUnits(1000)),
            memory: Some(MemoryMib(2048)),
            ..TaskDefinition::default()
        };
        let definitions = BTreeMap::from([("a".to_owned(), definition)]);
        Timeline::of(revisions, HistorySource::ServiceDeployments, &definitions).unwrap()
    }

    fn points(percent: impl Fn(i64) -> u32, from: i64, until: i64) -> Vec<Point> {
        let point = |timestamp| Point {
            timestamp,
            cpu_max: Some(percent(timestamp) * 100),
            cpu_samples: Some(5),
            ..Point::default()
        };
        (from..until).step_by(usize::try_from(PERIOD).unwrap()).map(point).collect()
    }

    fn found(points: &[Point], revisions: &[RevisionInForce]) -> Option<StartUp> {
        let timeline = timeline(revisions);
        let demand = WindowDemand::of(&roll_up(points, &timeline, 300, 0))?;
        start_up(points, &timeline, revisions, &demand, 0, 300)
    }

    const HOUR: i64 = 3600;

    #[test]
    fn the_worked_table_holds() {
        let minutes = |settled: Option<i64>| {
            let (from, until) = span(&revision(Some(10 * HOUR), settled)).unwrap();
            ((from - 10 * HOUR) / 60, (until - 10 * HOUR) / 60)
        };
        assert_eq!(minutes(Some(10 * HOUR + 120)), (0, 15));
        assert_eq!(minutes(Some(10 * HOUR + 1800)), (0, 35));
        assert_eq!(minutes(Some(16 * HOUR)), (0, 60));
        assert_eq!(minutes(None), (0, 15));
        assert_eq!(span(&revision(None, None)), None);
    }

    #[test]
    fn a_spike_after_a_deployment_is_kept_apart_from_the_steady_state() {
        let deployed = 12 * HOUR;
        let busy = |t| if (deployed..deployed + 600).contains(&t) { 90 } else { 20 };
        let revisions = [revision(None, None), revision(Some(deployed), Some(deployed + 120))];
        let start = found(&points(busy, 0, 24 * HOUR), &revisions).unwrap();
        assert_eq!((start.starts, start.peak_cpu, start.capped_at), (1, 900_000, None));
        assert!(start.is_spike());
        assert!((200_000..202_000).contains(&start.steady_cpu.max), "{}", start.steady_cpu.max);
        assert_eq!(start.steady_cpu.histogram.count(), 24 * 12 - 3);
    }

    #[test]
    fn a_start_up_at_the_cap_leaves_a_steady_state_that_is_not() {
        let deployed = 12 * HOUR;
        let busy = |t| if t == deployed { 100 } else { 20 };
        let revisions = [revision(None, None), revision(Some(deployed), Some(deployed))];
        let start = found(&points(busy, 0, 24 * HOUR), &revisions).unwrap();
        assert_eq!(start.capped_at, Some(1000));
        assert_eq!((start.steady_cpu.periods_at_cap, start.steady_cpu.largest_capped_size), (0, None));
    }

    #[test]
    fn a_share_of_an_instance_is_no_cap() {
        let deployed = 12 * HOUR;
        let revisions = [revision(None, None), revision(Some(deployed), Some(deployed))];
        let of = |percent: u32, task_level: Option<CpuUnits>| {
            let busy = |t| if t == deployed { percent } else { 20 };
            let app = Container { cpu: CpuUnits(1000), ..Container::default() };
            let definition =
                TaskDefinition { cpu: task_level, containers: vec![app], ..TaskDefinition::default() };
            let definitions = BTreeMap::from([("a".to_owned(), definition)]);
            let history = HistorySource::ServiceDeployments;
            let timeline = Timeline::of_reservations(&revisions, history, &definitions).unwrap();
            let points = points(busy, 0, 24 * HOUR);
            let demand = WindowDemand::of(&roll_up(&points, &timeline, 300, 0)).unwrap();
            start_up(&points, &timeline, &revisions, &demand, 0, 300).unwrap()
        };
        let share = of(120, None);
        assert_eq!((share.peak_cpu, share.capped_at), (1_200_000, None));
        assert_eq!(of(99, Some(CpuUnits(1000))).capped_at, Some(1000));
    }

    #[test]
    fn a_spike_at_any_other_time_is_demand() {
        let busy = |t| if t == 6 * HOUR { 100 } else { 20 };
        let revisions = [revision(None, None), revision(Some(12 * HOUR), Some(12 * HOUR))];
        let start = found(&points(busy, 0, 24 * HOUR), &revisions).unwrap();
        assert!(!start.is_spike());
        assert_eq!(start.steady_cpu.max, 1_000_000);
        assert_eq!(start.steady_cpu.largest_capped_size, Some(1000));
    }

    #[test]
    fn the_first_sample_is_a_start_only_where_the_window_began_before_it() {
        let steady = [revision(None, None)];
        assert_eq!(found(&points(|_| 20, 0, 24 * HOUR), &steady), None);
        let late = found(&points(|t| if t == HOUR { 80 } else { 20 }, HOUR, 24 * HOUR), &steady).unwrap();
        assert_eq!((late.starts, late.peak_cpu), (1, 800_000));
    }

    #[test]
    fn a_workload_that_keeps_starting_has_no_start_up_of_its_own() {
        let hourly: Vec<_> = (0..24).map(|h| revision(Some(h * HOUR), Some(h * HOUR + 60))).collect();
        assert_eq!(found(&points(|_| 20, 0, 24 * HOUR), &hourly), None);
    }

    proptest! {
        /// Against rolling up only the points that are not in a start-up.
        #[test]
        fn the_steady_state_is_what_is_left(
            levels in prop::collection::vec(0u32..120, 288),
            deployments in prop::collection::vec(0i64..(24 * HOUR), 0..4),
        ) {
            let all = points(|t| levels[usize::try_from(t / PERIOD).unwrap()], 0, 24 * HOUR);
            let mut deployments = deployments;
            deployments.sort_unstable();
            deployments.dedup();
            let mut revisions = vec![revision(None, None)];
            revisions.extend(deployments.iter().map(|from| revision(Some(*from), Some(from + 60))));
            if let Some(start) = found(&all, &revisions) {
                let starting = |p: &Point| deployments.iter().any(|from| {
                    p.timestamp + PERIOD > *from && p.timestamp < from + 900
                });
                let rest: Vec<Point> = all.iter().copied().filter(|p| !starting(p)).collect();
                let expected = WindowDemand::of(&roll_up(&rest, &timeline(&revisions), 300, 0)).unwrap();
                let expected = expected.cpu.unwrap();
                prop_assert_eq!(&start.steady_cpu.histogram, &expected.histogram);
                prop_assert!(start.steady_cpu.max >= expected.max);
                prop_assert!((start.steady_cpu.max - expected.max) * 128 <= expected.max);
                prop_assert_eq!(start.steady_cpu.periods_at_cap, expected.periods_at_cap);
                let peak = all.iter().filter(|p| starting(p)).filter_map(|p| p.cpu_max).max();
                prop_assert_eq!(Some(start.peak_cpu), peak.map(|p| u64::from(p) * 100));
            }
        }
    }
}
