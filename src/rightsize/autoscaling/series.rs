//! [`TaskSeries`]: what an autoscaled service ran and used, period by period, in the order of time.
//!
//! Statistics that merge are enough to size a task; a scaling policy reacts to what comes after what.
//! So for autoscaled services, and for them alone, the periods are kept: 16 bytes each. A period
//! without a task count is left out, and so is one that does not come after the one before.

use crate::{
    demand::{Requested, Timeline},
    utilization::Point,
};

/// "No sample" in a [`Period`].
const ABSENT: u16 = u16::MAX;

/// One period; per cent in 0.01 % of the size in force then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Packed {
    /// Seconds since the first period.
    offset: u32,
    tasks_milli: u32,
    cpu_average: u16,
    cpu_hottest: u16,
    memory_average: u16,
    memory_hottest: u16,
}

/// The periods of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskSeries {
    /// Start of the first period, seconds since the epoch.
    start: i64,
    period_seconds: u32,
    packed: Vec<Packed>,
    /// From which period on which size was in force.
    sizes: Vec<(u32, Requested)>,
    /// From when to when a deployment was under way, seconds since the epoch, oldest first.
    deployments: Vec<(i64, i64)>,
    /// From which period to before which one tasks were starting, ascending and apart.
    starting: Vec<(usize, usize)>,
}

/// One resource of one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// The service's total: 0.01 % x thousandths of a task x size. CPU units or MiB, x 10^7.
    pub total: Option<u64>,
    /// The mean task's, in the rollups' unit: thousandths of a CPU unit, or KiB.
    pub average: Option<u64>,
    /// The hottest task's.
    pub hottest: Option<u64>,
}

/// One period, unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Start, seconds since the epoch.
    pub second: i64,
    /// Tasks that ran, in thousandths.
    pub tasks_milli: u32,
    /// The size that utilization is relative to.
    pub requested: Requested,
    /// The hottest task's CPU may be that of one that starts.
    pub starting: bool,
    pub cpu: Load,
    pub memory: Load,
}

impl TaskSeries {
    /// The series of `points` (sorted by time) under `timeline`; `None` where no period has a count.
    pub fn of(
        points: &[Point],
        timeline: &Timeline,
        period_seconds: u32,
        deployments: Vec<(i64, i64)>,
    ) -> Option<Self> {
        let period_seconds = period_seconds.max(1);
        let mut series: Option<Self> = None;
        for point in points {
            let end = point.timestamp.saturating_add(i64::from(period_seconds));
            let segment = timeline.in_force(point.timestamp, end);
            let Some(tasks_milli) =
                tasks_milli(point, segment.metric_resolution_seconds, u64::from(period_seconds))
            else {
                continue;
            };
            let series = series.get_or_insert_with(|| Self {
                start: point.timestamp,
                period_seconds,
                packed: Vec::with_capacity(points.len()),
                sizes: Vec::new(),
                deployments: Vec::new(),
                starting: Vec::new(),
            });
            let Some(offset) =
                point.timestamp.checked_sub(series.start).and_then(|offset| u32::try_from(offset).ok())
            else {
                continue;
            };
            if series.packed.last().is_some_and(|last| offset <= last.offset) {
                continue;
            }
            if series.sizes.last().is_none_or(|(_, size)| *size != segment.relative_to) {
                let from = u32::try_from(series.packed.len()).unwrap_or(u32::MAX);
                series.sizes.push((from, segment.relative_to));
            }
            series.packed.push(Packed {
                offset,
                tasks_milli,
                cpu_average: packed(point.cpu_avg),
                cpu_hottest: packed(point.cpu_max),
                memory_average: packed(point.mem_avg),
                memory_hottest: packed(point.mem_max),
            });
        }
        series.map(|series| Self { deployments, ..series })
    }

    /// The same where tasks were starting in these spans of time (from and until, by begin), taking more CPU than
    /// they do later.
    #[must_use]
    pub fn with_starts(mut self, spans: &[(i64, i64)]) -> Self {
        let second = |packed: &Packed| self.start.saturating_add(i64::from(packed.offset));
        let period = i64::from(self.period_seconds);
        let mut next = 0;
        for (from, until) in spans {
            let begun = |packed: &Packed| second(packed).saturating_add(period) <= *from;
            let first = self.packed.partition_point(begun).max(next);
            let end = self.packed.partition_point(|packed| second(packed) < *until).max(first);
            self.starting.extend((first < end).then_some((first, end)));
            next = end;
        }
        self
    }

    pub fn period_seconds(&self) -> u32 {
        self.period_seconds
    }

    pub fn len(&self) -> usize {
        self.packed.len()
    }

    pub fn is_empty(&self) -> bool {
        self.packed.is_empty()
    }

    /// Start of the first and end of the last period, seconds since the epoch.
    pub fn span(&self) -> (i64, i64) {
        let length = self.packed.last().map_or(0, |last| i64::from(last.offset));
        (self.start, self.start.saturating_add(length).saturating_add(i64::from(self.period_seconds)))
    }

    /// Deployments, from when to when.
    pub fn deployments(&self) -> &[(i64, i64)] {
        &self.deployments
    }

    /// Thousandths of a task, summed over the periods.
    pub fn tasks_milli(&self) -> u64 {
        self.packed.iter().map(|packed| u64::from(packed.tasks_milli)).sum()
    }

    /// The periods, oldest first.
    pub fn periods(&self) -> impl Iterator<Item = Period> {
        let mut sizes = self.sizes.iter().copied().peekable();
        let mut starting = self.starting.iter().peekable();
        let mut requested = self.sizes.first().map(|(_, size)| *size);
        self.packed.iter().enumerate().filter_map(move |(index, packed)| {
            while let Some((_, size)) = sizes.next_if(|(from, _)| *from as usize <= index) {
                requested = Some(size);
            }
            while starting.next_if(|(_, end)| *end <= index).is_some() {}
            let requested = requested?;
            Some(Period {
                second: self.start.saturating_add(i64::from(packed.offset)),
                tasks_milli: packed.tasks_milli,
                requested,
                starting: starting.peek().is_some_and(|(first, _)| *first <= index),
                cpu: load(packed, packed.cpu_average, packed.cpu_hottest, requested.cpu.0, 1000),
                memory: load(packed, packed.memory_average, packed.memory_hottest, requested.memory.0, 1024),
            })
        })
    }
}

/// `parts` is the rollups' unit in one unit of size.
fn load(packed: &Packed, average: u16, hottest: u16, size: u32, parts: u64) -> Load {
    Load {
        total: present(average)
            .map(|average| average.saturating_mul(u64::from(packed.tasks_milli)).saturating_mul(size.into())),
        average: present(average).map(|average| average * u64::from(size) * parts / 10_000),
        hottest: present(hottest).map(|hottest| (hottest * u64::from(size) * parts).div_ceil(10_000)),
    }
}

fn packed(centi_percent: Option<u32>) -> u16 {
    centi_percent.map_or(ABSENT, |value| u16::try_from(value).unwrap_or(ABSENT).min(ABSENT - 1))
}

fn present(value: u16) -> Option<u64> {
    (value != ABSENT).then_some(u64::from(value))
}

/// Running tasks are what the utilization is the average of; `LiveTaskCount` only stands in for them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just before")]
fn tasks_milli(point: &Point, resolution: u32, period_seconds: u64) -> Option<u32> {
    if let Some(samples) = point.cpu_samples {
        let milli = u64::from(samples).saturating_mul(u64::from(resolution)).saturating_mul(1000);
        return Some(u32::try_from(milli / period_seconds).unwrap_or(u32::MAX));
    }
    let milli = (point.live_tasks? * 1000.0).round();
    (milli.is_finite() && milli >= 0.0).then(|| milli.min(f64::from(u32::MAX)) as u32)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        units::{CpuUnits, MemoryMib},
        workload::{HistorySource, RevisionInForce, TaskDefinition},
    };

    fn timeline(revisions: &[(u32, Option<i64>)]) -> Timeline {
        let mut definitions = BTreeMap::new();
        let mut in_force = Vec::new();
        for (cpu, from) in revisions {
            let name = format!("{cpu}");
            let definition = TaskDefinition {
                cpu: Some(CpuUnits(*cpu)),
                memory: Some(MemoryMib(cpu * 2)),
                ..TaskDefinition::default()
            };
            definitions.insert(name.clone(), definition);
            let from = from.map(|second| jiff::Timestamp::from_second(second).unwrap());
            in_force.push(RevisionInForce {
                task_definition: name,
                from,
                settled: from,
                metric_resolution_seconds: 60,
            });
        }
        Timeline::of(&in_force, HistorySource::ServiceDeployments, &definitions).unwrap()
    }

    fn point(timestamp: i64, samples: Option<u32>, cpu: Option<u32>) -> Point {
        Point { timestamp, cpu_samples: samples, cpu_avg: cpu, cpu_max: cpu, ..Point::default() }
    }

    #[test]
    fn the_total_is_the_same_before_and_after_a_resize() {
        let timeline = timeline(&[(1024, None), (512, Some(300))]);
        let points = [point(0, Some(20), Some(2_500)), point(300, Some(20), Some(5_000))];
        let series = TaskSeries::of(&points, &timeline, 300, Vec::new()).unwrap();
        let periods: Vec<Period> = series.periods().collect();
        // 4 tasks x 25 % of 1 vCPU: one vCPU in all, 10^7 parts of 1024 units.
        assert_eq!(periods[0].cpu.total, Some(1024 * 10_000_000));
        assert_eq!(periods[1].cpu.total, periods[0].cpu.total);
        assert_eq!(periods[1].cpu.hottest, Some(256_000));
        assert_eq!((periods[0].requested.cpu.0, periods[1].requested.cpu.0), (1024, 512));
        assert_eq!(series.tasks_milli(), 8_000);
    }

    #[test]
    fn what_has_no_task_count_or_goes_back_in_time_is_left_out() {
        let timeline = timeline(&[(1024, None)]);
        assert_eq!(TaskSeries::of(&[], &timeline, 300, Vec::new()), None);
        assert_eq!(TaskSeries::of(&[point(0, None, Some(10))], &timeline, 300, Vec::new()), None);
        let points = [
            point(600, Some(5), None),
            point(600, Some(50), None),
            point(0, Some(50), None),
            Point { timestamp: 900, live_tasks: Some(2.5), ..Point::default() },
            Point { timestamp: 1_200, live_tasks: Some(f64::NAN), ..Point::default() },
        ];
        let series = TaskSeries::of(&points, &timeline, 300, Vec::new()).unwrap();
        let tasks: Vec<(i64, u32)> = series.periods().map(|p| (p.second, p.tasks_milli)).collect();
        assert_eq!(tasks, [(600, 1_000), (900, 2_500)]);
        assert_eq!(series.span(), (600, 1_200));
        assert_eq!(series.periods().next().unwrap().cpu, Load { total: None, average: None, hottest: None });
    }

    #[test]
    fn periods_in_which_tasks_start_are_those_that_a_start_up_touches() {
        let timeline = timeline(&[(1024, None)]);
        let points: Vec<Point> = (0..10).map(|i| point(i * 300, Some(5), Some(10))).collect();
        let starting = |spans: &[(i64, i64)]| -> Vec<i64> {
            let series = TaskSeries::of(&points, &timeline, 300, Vec::new()).unwrap().with_starts(spans);
            series.periods().filter(|period| period.starting).map(|period| period.second / 300).collect()
        };
        assert_eq!(starting(&[]), [0_i64; 0]);
        assert_eq!(starting(&[(300, 900)]), [1, 2]);
        assert_eq!(starting(&[(299, 901)]), [0, 1, 2, 3]);
        assert_eq!(starting(&[(-900, 300), (600, 1_500), (900, 1_200), (2_700, 9_000)]), [0, 2, 3, 4, 9]);
    }

    #[test]
    fn absurd_values_stay_numbers() {
        let timeline = timeline(&[(1024, None)]);
        let points = [point(i64::MIN, Some(u32::MAX), Some(u32::MAX)), point(i64::MAX, Some(1), Some(1))];
        let series = TaskSeries::of(&points, &timeline, 1, Vec::new()).unwrap();
        assert_eq!(series.len(), 1, "a jump of more than 136 years is no period of the same series");
        assert!(series.periods().next().unwrap().cpu.total.is_some());
    }
}
