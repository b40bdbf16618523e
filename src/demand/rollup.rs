//! [`DayRollup`]: the mergeable statistics of one workload, size and day of a window. Days are 24 hours each and end
//! with the window, not at midnight: its last hours are part of a whole day, whenever it was collected.

use super::{
    buckets::bucket_of,
    histogram::{DenseHistogram, Histogram},
    timeline::{Requested, Segment, Timeline},
};
use crate::{
    units::TaskTime,
    utilization::{CENTI_PERCENT_FULL, Point},
};

/// Samples at this share of the cap or above are at it: what was wanted is unknown.
pub const CAP_CENTI_PERCENT: u32 = 9_500;

/// Statistics of one resource: CPU in thousandths of a CPU unit, memory in KiB.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResourceRollup {
    /// The hottest task's maximum of each period.
    pub histogram: Histogram,
    /// Largest of those; absent without samples.
    pub max: Option<u64>,
    /// Mean task's average times samples, summed: with `average_weight` a mergeable average.
    pub average_sum: u128,
    pub average_weight: u64,
    /// Largest average of a period.
    pub average_max: Option<u64>,
    /// Periods in which the hottest task reached 95 % of what it can use at most.
    pub periods_at_cap: u32,
}

/// One workload's day under one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayRollup {
    /// -1 is the last 24 hours of the window, -2 those before.
    pub day: i64,
    pub requested: Requested,
    /// What per cent were taken of.
    pub relative_to: Requested,
    /// Different sizes ran at once: `requested` is the larger, `relative_to` the smaller.
    pub mixed: bool,
    /// Periods with any sample.
    pub periods: u32,
    /// Of those, periods whose size is assumed from a later revision.
    pub assumed_periods: u32,
    /// Task time by the sample count of CPU utilization.
    pub sampled_task_time: TaskTime,
    /// Task time by `LiveTaskCount`.
    pub live_task_time: TaskTime,
    pub cpu: ResourceRollup,
    pub memory: ResourceRollup,
}

/// All rollups of a workload, with what only order can tell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rollups {
    /// By time.
    pub days: Vec<DayRollup>,
    /// Timestamps of the first and last period with a sample.
    pub first_sample: Option<i64>,
    pub last_sample: Option<i64>,
    /// Periods with a CPU sample count but no `LiveTaskCount`.
    pub periods_without_live_tasks: u64,
    pub periods_with_live_tasks: u64,
    /// Non-null values read.
    pub values: u64,
}

/// Fills one resource of a day.
#[derive(Default)]
struct ResourceFill {
    dense: DenseHistogram,
    rollup: ResourceRollup,
}

impl ResourceFill {
    /// `scale` is what 100 % is, in the rollup's unit, and `cap` what a task can use at most. Of nothing
    /// a share says nothing.
    fn add(
        &mut self,
        (average, maximum): (Option<u32>, Option<u32>),
        weight: u32,
        scale: u64,
        cap: Option<u64>,
    ) {
        let full = u64::from(CENTI_PERCENT_FULL);
        if scale == 0 {
            return;
        }
        if let Some(maximum) = maximum {
            let value = u64::from(maximum).saturating_mul(scale).div_ceil(full);
            self.dense.add(bucket_of(value), 1);
            self.rollup.max = self.rollup.max.max(Some(value));
            let at_cap = cap.is_some_and(|cap| {
                u128::from(maximum) * u128::from(scale) >= u128::from(cap) * u128::from(CAP_CENTI_PERCENT)
            });
            self.rollup.periods_at_cap += u32::from(at_cap);
        }
        if let Some(average) = average {
            let value = u64::from(average).saturating_mul(scale) / full;
            let weight = u64::from(weight.max(1));
            self.rollup.average_sum += u128::from(value) * u128::from(weight);
            self.rollup.average_weight += weight;
            self.rollup.average_max = self.rollup.average_max.max(Some(value));
        }
    }

    fn take(&mut self) -> ResourceRollup {
        let mut rollup = std::mem::take(&mut self.rollup);
        rollup.histogram = self.dense.take();
        rollup
    }
}

/// The rollups of `points` (sorted by time) under `timeline`; the window ends at `until`, exclusive.
pub fn roll_up(points: &[Point], timeline: &Timeline, period_seconds: u32, until: i64) -> Rollups {
    let mut rollups = Rollups::default();
    let (mut cpu, mut memory) = (ResourceFill::default(), ResourceFill::default());
    let mut day: Option<DayRollup> = None;
    for point in points {
        rollups.values += values_in(point);
        if point.cpu_max.or(point.cpu_avg).or(point.mem_max).or(point.mem_avg).or(point.cpu_samples).is_none()
            && point.live_tasks.is_none()
        {
            continue;
        }
        let end = point.timestamp.saturating_add(i64::from(period_seconds));
        let Segment { requested, relative_to, caps, mixed, metric_resolution_seconds: resolution, .. } =
            timeline.in_force(point.timestamp, end);
        let today = point.timestamp.saturating_sub(until).div_euclid(86_400);
        if day.as_ref().is_none_or(|d| {
            (d.day, d.requested, d.relative_to, d.mixed) != (today, requested, relative_to, mixed)
        }) {
            finish(&mut day, &mut cpu, &mut memory, &mut rollups);
        }
        let day = day.get_or_insert_with(|| DayRollup {
            day: today,
            requested,
            relative_to,
            mixed,
            periods: 0,
            assumed_periods: 0,
            sampled_task_time: TaskTime::ZERO,
            live_task_time: TaskTime::ZERO,
            cpu: ResourceRollup::default(),
            memory: ResourceRollup::default(),
        });
        if point.cpu_max.or(point.mem_max).or(point.cpu_avg).or(point.mem_avg).or(point.cpu_samples).is_some()
        {
            rollups.first_sample.get_or_insert(point.timestamp);
            rollups.last_sample = Some(point.timestamp);
            day.periods += 1;
            day.assumed_periods += u32::from(timeline.is_assumed_at(point.timestamp));
        }
        if let Some(samples) = point.cpu_samples {
            day.sampled_task_time +=
                TaskTime::from_secs(u64::from(samples).saturating_mul(u64::from(resolution)));
        }
        match point.live_tasks {
            Some(live) => {
                rollups.periods_with_live_tasks += 1;
                day.live_task_time += TaskTime::from_millis(live_millis(live, period_seconds));
            }
            None => rollups.periods_without_live_tasks += u64::from(point.cpu_samples.is_some()),
        }
        let weight = point.cpu_samples.unwrap_or(1);
        let (cpu_full, memory_full) =
            (u64::from(relative_to.cpu.0) * 1000, u64::from(relative_to.memory.0) * 1024);
        let cpu_cap = caps.cpu.map(|cpu| u64::from(cpu.0) * 1000);
        let memory_cap = caps.memory.map(|memory| u64::from(memory.0) * 1024);
        cpu.add((point.cpu_avg, point.cpu_max), weight, cpu_full, cpu_cap);
        memory.add((point.mem_avg, point.mem_max), weight, memory_full, memory_cap);
    }
    finish(&mut day, &mut cpu, &mut memory, &mut rollups);
    rollups
}

fn finish(
    day: &mut Option<DayRollup>,
    cpu: &mut ResourceFill,
    memory: &mut ResourceFill,
    rollups: &mut Rollups,
) {
    if let Some(mut day) = day.take() {
        day.cpu = cpu.take();
        day.memory = memory.take();
        rollups.days.push(day);
    }
}

fn values_in(point: &Point) -> u64 {
    [
        point.cpu_avg.is_some(),
        point.cpu_max.is_some(),
        point.cpu_samples.is_some(),
        point.mem_avg.is_some(),
        point.mem_max.is_some(),
        point.live_tasks.is_some(),
    ]
    .into_iter()
    .map(u64::from)
    .sum()
}

/// Task-milliseconds of an average task count over a period. What is not a count gives none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just before")]
fn live_millis(average: f64, period_seconds: u32) -> u64 {
    let millis = (average * f64::from(period_seconds) * 1000.0).round();
    if millis.is_finite() && millis > 0.0 { millis.min(1e18) as u64 } else { 0 }
}
