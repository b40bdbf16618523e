//! [`WindowDemand`]: rollups summed over a window.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::{
    histogram::Histogram,
    rise::Rise,
    rollup::{DayRollup, ResourceRollup, Rollups},
    timeline::Requested,
};
use crate::units::TaskTime;

/// One resource over the window: CPU in thousandths of a CPU unit, memory in KiB.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The hottest task's maximum of each period.
    pub histogram: Histogram,
    pub max: u64,
    /// The mean task's average; absent where averages are missing.
    pub average: Option<u64>,
    /// The largest of the mean task's per-period averages: what was needed for a whole period.
    pub sustained_max: Option<u64>,
    pub periods_at_cap: u64,
    /// The largest size at whose cap a sample was taken.
    pub largest_capped_size: Option<u32>,
    /// What was seen at sizes larger than that; absent without such a sample.
    pub outgrown: Option<Outgrown>,
}

/// A resource since it has been at sizes larger than those at whose cap it was: there alone it could take what it
/// wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgrown {
    /// The hottest task's maximum of each period at larger sizes.
    pub histogram: Histogram,
    /// Whole days from the first to the last of them.
    pub whole_days: u64,
}

impl Observed {
    /// A percentile (of 10,000) of the per-period maxima, never above the true maximum.
    pub fn percentile(&self, share: u32) -> u64 {
        self.histogram.percentile(share).map_or(self.max, |value| value.min(self.max))
    }

    /// The same of what was wanted: where so many periods were at the cap of smaller sizes that they hide the
    /// percentile, it is that of the periods at larger ones.
    pub fn wanted(&self, share: u32) -> u64 {
        let seen = self.percentile(share);
        let hidden = self.outgrown.as_ref().filter(|_| self.hides(share));
        let wanted = hidden.and_then(|outgrown| outgrown.histogram.percentile(share));
        wanted.map_or(seen, |wanted| seen.max(wanted.min(self.max)))
    }

    /// Whether what was wanted is not known yet: the percentile is hidden by caps of smaller sizes, and there
    /// is no whole day at larger ones.
    pub fn is_enlarged_lately(&self, share: u32) -> bool {
        self.outgrown.as_ref().is_some_and(|outgrown| outgrown.whole_days == 0 && self.hides(share))
    }

    fn hides(&self, share: u32) -> bool {
        hides(self.periods_at_cap, self.histogram.count(), share)
    }
}

/// Whether so many periods of all were at a cap that the percentile `share` (of 10,000) of what was wanted
/// cannot be told.
pub fn hides(at_cap: u64, periods: u64, share: u32) -> bool {
    at_cap > 0 && at_cap * 10_000 >= periods * (10_000 - u64::from(share.min(10_000)))
}

/// What a workload ran and needed over a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowDemand {
    /// Task time by size.
    pub task_time: BTreeMap<Requested, TaskTime>,
    /// Whether `task_time` is from `LiveTaskCount` (else from sample counts).
    pub from_live_tasks: bool,
    pub periods: u64,
    pub mixed_periods: u64,
    pub assumed_periods: u64,
    pub first_sample: i64,
    pub last_sample: i64,
    pub cpu: Option<Observed>,
    pub memory: Option<Observed>,
    /// The hottest task's memory maximum of each day in KiB; -1 is the last 24 hours of the window.
    pub daily_memory_peaks: BTreeMap<i64, u64>,
    /// The largest average of a period of each day in thousandths of a CPU unit.
    pub daily_cpu_averages: BTreeMap<i64, u64>,
}

impl WindowDemand {
    /// The sum of a workload's rollups; `None` where there is not one sample.
    pub fn of(rollups: &Rollups) -> Option<Self> {
        let (first_sample, last_sample) = (rollups.first_sample?, rollups.last_sample?);
        // One source for the whole window: live counts only where none is missing.
        let from_live_tasks = rollups.periods_with_live_tasks > 0 && rollups.periods_without_live_tasks == 0;
        let mut task_time = BTreeMap::new();
        for day in &rollups.days {
            *task_time.entry(day.requested).or_insert(TaskTime::ZERO) +=
                if from_live_tasks { day.live_task_time } else { day.sampled_task_time };
        }
        let sum = |of: fn(&DayRollup) -> u32| rollups.days.iter().map(|day| u64::from(of(day))).sum();
        Some(Self {
            task_time,
            from_live_tasks,
            periods: sum(|day| day.periods),
            mixed_periods: sum(|day| if day.mixed { day.periods } else { 0 }),
            assumed_periods: sum(|day| day.assumed_periods),
            first_sample,
            last_sample,
            cpu: observed(&rollups.days, |day| (&day.cpu, day.relative_to.cpu.0)),
            memory: observed(&rollups.days, |day| (&day.memory, day.relative_to.memory.0)),
            daily_memory_peaks: largest_of_days(&rollups.days, |day| day.memory.max),
            daily_cpu_averages: largest_of_days(&rollups.days, |day| day.cpu.average_max),
        })
    }

    /// How memory rose, if it did steadily, in KiB.
    pub fn rise(&self) -> Option<Rise> {
        Rise::of(self.daily_memory_peaks.iter().map(|(day, peak)| (*day, *peak)))
    }

    /// How CPU rose, if it did steadily, in thousandths of a CPU unit.
    pub fn cpu_rise(&self) -> Option<Rise> {
        Rise::of(self.daily_cpu_averages.iter().map(|(day, average)| (*day, *average)))
    }

    /// Days with a sample of CPU or memory.
    pub fn days_with_samples(&self) -> u64 {
        let days = self.daily_cpu_averages.keys().chain(self.daily_memory_peaks.keys());
        days.collect::<BTreeSet<_>>().len() as u64
    }

    /// Task time over all sizes.
    pub fn total_task_time(&self) -> TaskTime {
        self.task_time.values().copied().sum()
    }

    /// Requested vCPU-hours and GB-hours: task time times the size in force.
    pub fn requested_hours(&self) -> (Decimal, Decimal) {
        self.task_time.iter().fold((Decimal::ZERO, Decimal::ZERO), |(vcpu, gb), (size, time)| {
            (vcpu + time.hours() * size.cpu.vcpu(), gb + time.hours() * size.memory.gb())
        })
    }
}

fn largest_of_days(days: &[DayRollup], of: fn(&DayRollup) -> Option<u64>) -> BTreeMap<i64, u64> {
    let mut largest = BTreeMap::new();
    for day in days {
        if let Some(value) = of(day) {
            let of_day = largest.entry(day.day).or_insert(value);
            *of_day = value.max(*of_day);
        }
    }
    largest
}

fn observed<'a>(
    days: &'a [DayRollup],
    of: impl Fn(&'a DayRollup) -> (&'a ResourceRollup, u32),
) -> Option<Observed> {
    let parts: Vec<_> = days.iter().map(of).collect();
    let max = parts.iter().filter_map(|(part, _)| part.max).max()?;
    let weight: u64 = parts.iter().map(|(part, _)| part.average_weight).sum();
    let sum: u128 = parts.iter().map(|(part, _)| part.average_sum).sum();
    let at_cap = parts.iter().filter(|(part, _)| part.periods_at_cap > 0);
    let largest_capped_size = at_cap.map(|(_, size)| *size).max();
    Some(Observed {
        histogram: Histogram::merged(parts.iter().map(|(part, _)| &part.histogram)),
        max,
        average: (weight > 0).then(|| u64::try_from(sum / u128::from(weight)).unwrap_or(u64::MAX)),
        sustained_max: parts.iter().filter_map(|(part, _)| part.average_max).max(),
        periods_at_cap: parts.iter().map(|(part, _)| u64::from(part.periods_at_cap)).sum(),
        largest_capped_size,
        outgrown: largest_capped_size.and_then(|capped| outgrown(days, &parts, capped)),
    })
}

/// What was seen since the last sample at `capped` or a smaller size; `parts` are of `days`.
fn outgrown(days: &[DayRollup], parts: &[(&ResourceRollup, u32)], capped: u32) -> Option<Outgrown> {
    let sampled = |(part, _): &(&ResourceRollup, u32)| part.max.is_some();
    let since = parts.iter().rposition(|part| sampled(part) && part.1 <= capped)? + 1;
    let larger: Vec<_> =
        days[since..].iter().zip(&parts[since..]).filter(|(_, part)| sampled(part)).collect();
    let (first, last) = (larger.first()?.0.day, larger.last()?.0.day);
    Some(Outgrown {
        histogram: Histogram::merged(larger.iter().map(|(_, (part, _))| &part.histogram)),
        whole_days: whole_days(first, last),
    })
}

/// Whole days of those from `first` to `last`, counted as those of a [`DayRollup`]: not the first, and of others than
/// the window's own last one not the last.
pub fn whole_days(first: i64, last: i64) -> u64 {
    let end = if last == -1 { 0 } else { last };
    u64::try_from(end.saturating_sub(first).saturating_sub(1)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        demand::{Timeline, roll_up},
        units::{CpuUnits, MemoryMib},
        utilization::Point,
        workload::{HistorySource, RevisionInForce, TaskDefinition},
    };

    const HOUR: i64 = 3600;

    fn definition(cpu: u32, memory: u32) -> TaskDefinition {
        TaskDefinition {
            cpu: Some(CpuUnits(cpu)),
            memory: Some(MemoryMib(memory)),
            ..TaskDefinition::default()
        }
    }

    /// 1024/2048 until hour 12, then 512/1024; both revisions with two tasks at 300 s.
    fn resized() -> (Vec<Point>, Timeline) {
        let definitions = BTreeMap::from([
            ("a".to_owned(), definition(1024, 2048)),
            ("b".to_owned(), definition(512, 1024)),
        ]);
        let at = |second| Some(jiff::Timestamp::from_second(second).unwrap());
        let revision = |name: &str, from| RevisionInForce {
            task_definition: name.to_owned(),
            from,
            settled: from,
            metric_resolution_seconds: 60,
        };
        let revisions = [revision("a", None), revision("b", at(12 * HOUR))];
        let timeline = Timeline::of(&revisions, HistorySource::ServiceDeployments, &definitions).unwrap();
        let points = (0..24 * 12)
            .map(|i| Point {
                timestamp: i * 300,
                // The same absolute demand: a quarter of 1024 is half of 512.
                cpu_avg: Some(if i < 144 { 2_500 } else { 5_000 }),
                cpu_max: Some(if i < 144 { 2_500 } else { 5_000 }),
                cpu_samples: Some(10),
                mem_avg: Some(if i < 144 { 3_000 } else { 6_000 }),
                mem_max: Some(if i < 144 { 3_000 } else { 6_000 }),
                live_tasks: None,
            })
            .collect();
        (points, timeline)
    }

    #[test]
    fn demand_is_absolute_across_a_resize() {
        let (points, timeline) = resized();
        let demand = WindowDemand::of(&roll_up(&points, &timeline, 300, 24 * HOUR)).unwrap();
        let cpu = demand.cpu.as_ref().unwrap();
        assert_eq!((cpu.max, cpu.average, cpu.percentile(9_950)), (256_000, Some(256_000), 256_000));
        assert_eq!(demand.memory.as_ref().unwrap().max, 629_146, "30 % of 2 GiB, rounded up");
        // Two tasks for 12 hours at 1 vCPU and 12 hours at half a vCPU.
        assert_eq!(demand.total_task_time().hours(), Decimal::from(48));
        assert_eq!(demand.requested_hours(), (Decimal::from(36), Decimal::from(72)));
        assert_eq!(demand.mixed_periods, 0);
    }

    #[test]
    fn a_period_that_spans_a_resize_is_mixed() {
        let (mut points, timeline) = resized();
        for point in &mut points {
            point.timestamp += 60;
        }
        let demand = WindowDemand::of(&roll_up(&points, &timeline, 300, 24 * HOUR)).unwrap();
        assert_eq!(demand.mixed_periods, 1);
    }

    /// From 4 vCPU / 8 GB to half of it in eight minutes: the tasks of either size use 1 vCPU and 2.2 GB.
    #[test]
    fn a_deployment_to_another_size_makes_no_demand_that_nobody_had() {
        let (from, settled) = (12 * HOUR, 12 * HOUR + 480);
        let revision = |name: &str, from: Option<i64>| RevisionInForce {
            task_definition: name.to_owned(),
            from: from.map(|second| jiff::Timestamp::from_second(second).unwrap()),
            settled: from.map(|_| jiff::Timestamp::from_second(settled).unwrap()),
            metric_resolution_seconds: 60,
        };
        let definitions =
            [("a".to_owned(), definition(4096, 8192)), ("b".to_owned(), definition(2048, 4096))].into();
        let revisions = [revision("a", None), revision("b", Some(from))];
        let timeline = Timeline::of(&revisions, HistorySource::ServiceDeployments, &definitions).unwrap();
        let point = |timestamp: i64| {
            let (cpu, memory) = if timestamp + 300 <= from { (2500, 2750) } else { (5000, 5500) };
            Point {
                timestamp,
                cpu_avg: Some(cpu),
                cpu_max: Some(cpu),
                cpu_samples: Some(10),
                mem_avg: Some(memory),
                mem_max: Some(memory),
                live_tasks: None,
            }
        };
        let points: Vec<Point> = (0..24 * 12).map(|at| point(at * 300)).collect();
        let demand = WindowDemand::of(&roll_up(&points, &timeline, 300, 24 * HOUR)).unwrap();
        let (cpu, memory) = (demand.cpu.as_ref().unwrap(), demand.memory.as_ref().unwrap());
        assert_eq!((cpu.max, memory.max), (1_024_000, 2_306_868));
        assert_eq!((cpu.average, cpu.periods_at_cap, memory.largest_capped_size), (Some(1_024_000), 0, None));
        // Two tasks: what was requested meanwhile is taken to be the larger size.
        assert_eq!(demand.mixed_periods, 2);
        assert_eq!(demand.requested_hours().0.round_dp(4), Decimal::new(1_446_667, 4));
    }

    #[test]
    fn live_tasks_count_only_where_none_is_missing() {
        let (mut points, timeline) = resized();
        for point in &mut points {
            point.live_tasks = Some(3.0);
        }
        let live = WindowDemand::of(&roll_up(&points, &timeline, 300, 24 * HOUR)).unwrap();
        assert!(live.from_live_tasks);
        assert_eq!(live.total_task_time().hours(), Decimal::from(72));
        points[7].live_tasks = None;
        let sampled = WindowDemand::of(&roll_up(&points, &timeline, 300, 24 * HOUR)).unwrap();
        assert!(!sampled.from_live_tasks);
        assert_eq!(sampled.total_task_time().hours(), Decimal::from(48));
    }

    #[test]
    fn the_windows_last_day_is_whole_and_the_day_of_a_change_is_not() {
        for ((first, last), whole) in
            [((-1, -1), 0), ((-2, -1), 1), ((-3, -1), 2), ((-5, -3), 1), ((-4, -4), 0)]
        {
            assert_eq!(whole_days(first, last), whole, "{first} {last}");
        }
    }

    #[test]
    fn no_sample_is_not_zero() {
        let (points, timeline) = resized();
        let empty: Vec<Point> =
            points.iter().map(|p| Point { timestamp: p.timestamp, ..Point::default() }).collect();
        assert_eq!(WindowDemand::of(&roll_up(&empty, &timeline, 300, 24 * HOUR)), None);
    }
}
