//! [`Plausible`]: what the points of a workload can be; [`Screened`]: how much of them could not.
//!
//! A checksum tells that rows are as they were written, not that they can be. So before anything is made of
//! them, the points of a workload (sorted by time) are held against what they can be. What cannot be is left
//! out or changed, always in the same way, and counted. Nothing is refused, and what `collect` writes of real
//! services stays as it is.
//!
//! | a row or value | is |
//! |---|---|
//! | row that begins before the window, or at its end or later | left out |
//! | row that begins between two periods | moved to the start of the period that it begins in |
//! | several rows of a period | one, with the larger of their values |
//! | more than 1,000 % on Fargate, than 10,000,000 % elsewhere | no sample |
//! | live tasks below 0, above 100,000 or no number; samples of more than 100,000 tasks | no sample |
//! | maximum below the average of its period | that average |
//!
//! More than 100 % is no mistake: on instances, tasks may use more than they reserve, and measurements on
//! Fargate pass 100 by some per cent. It is demand at the cap (see `rollup`), or above what is reserved.

use schemars::JsonSchema;
use serde::Serialize;

use super::timeline::Timeline;
use crate::{
    utilization::{CENTI_PERCENT_FULL, PER_CENT_MAX, Point},
    workload::LaunchType,
};

/// What a task on Fargate takes at most, in per cent of its size: ten times what there is.
const PER_CENT_MAX_ON_FARGATE: u32 = 1_000;

/// Tasks that no workload has: twenty times what ECS lets a service run unless asked (5,000; ECS service
/// quotas).
const TASKS_MAX: u32 = 100_000;

/// What the points of one workload can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plausible {
    /// Start and end of the window, seconds since the epoch; periods begin at the start.
    start: i64,
    end: i64,
    period: i64,
    centi_percent: u32,
    samples: u64,
}

/// What was left out or changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct Screened {
    /// Rows left out.
    pub outside_window: u64,
    /// Rows moved to the start of a period.
    pub between_periods: u64,
    /// Rows merged into another of the same period.
    pub same_period: u64,
    /// Values left out.
    pub impossible: u64,
    /// Maxima raised to their average.
    pub below_average: u64,
}

impl Plausible {
    /// For a workload with this timeline, in a window.
    pub fn of(
        launch_type: Option<LaunchType>,
        timeline: &Timeline,
        (start, end): (i64, i64),
        period_seconds: u32,
    ) -> Self {
        let period = period_seconds.max(1);
        // Samples are fewest to a task where they are furthest apart, so the nearest give the bound.
        let resolutions = timeline.segments().iter().map(|segment| segment.metric_resolution_seconds);
        let resolution = resolutions.min().unwrap_or(1).max(1);
        let per_cent =
            if launch_type == Some(LaunchType::Fargate) { PER_CENT_MAX_ON_FARGATE } else { PER_CENT_MAX };
        Self {
            start,
            end,
            period: i64::from(period),
            centi_percent: per_cent * (CENTI_PERCENT_FULL / 100),
            samples: u64::from(TASKS_MAX) * u64::from(period) / u64::from(resolution),
        }
    }

    /// Makes `points` what they can be; how much of them was not.
    pub fn screen(&self, points: &mut Vec<Point>) -> Screened {
        if self.holds(points) { Screened::default() } else { self.repair(points) }
    }

    /// Whether nothing is to be done, as is the rule.
    fn holds(&self, points: &[Point]) -> bool {
        let mut next = self.start;
        points.iter().all(|point| {
            // Most periods follow the one before, and dividing takes longer.
            let on_grid = point.timestamp == next || self.seconds_in_period(point.timestamp) == 0;
            next = point.timestamp.saturating_add(self.period);
            // What is absent is something that can be.
            let (cpu, memory) = (point.cpu_avg.unwrap_or(0), point.mem_avg.unwrap_or(0));
            let (cpu_max, memory_max) = (point.cpu_max.unwrap_or(cpu), point.mem_max.unwrap_or(memory));
            on_grid
                && self.is_inside(point.timestamp)
                && cpu_max >= cpu
                && memory_max >= memory
                && cpu_max.max(memory_max) <= self.centi_percent
                && self.has_samples(point.cpu_samples.unwrap_or(0))
                && has_tasks(point.live_tasks.unwrap_or(0.0))
        })
    }

    fn repair(&self, points: &mut Vec<Point>) -> Screened {
        let mut screened = Screened::default();
        let mut kept: Vec<Point> = Vec::with_capacity(points.len());
        for mut point in points.drain(..) {
            if !self.is_inside(point.timestamp) {
                screened.outside_window += 1;
                continue;
            }
            screened.impossible += self.leave_out_impossible(&mut point);
            let late = self.seconds_in_period(point.timestamp);
            screened.between_periods += u64::from(late > 0);
            point.timestamp -= late;
            match kept.last_mut().filter(|last| last.timestamp == point.timestamp) {
                Some(last) => {
                    screened.same_period += 1;
                    *last = merged(last, &point);
                }
                None => kept.push(point),
            }
        }
        for point in &mut kept {
            screened.below_average += raised(&mut point.cpu_max, point.cpu_avg);
            screened.below_average += raised(&mut point.mem_max, point.mem_avg);
        }
        *points = kept;
        screened
    }

    fn is_inside(&self, timestamp: i64) -> bool {
        (self.start..self.end).contains(&timestamp)
    }

    /// Seconds since a period began.
    fn seconds_in_period(&self, timestamp: i64) -> i64 {
        timestamp.saturating_sub(self.start).rem_euclid(self.period)
    }

    fn has_samples(&self, samples: u32) -> bool {
        u64::from(samples) <= self.samples
    }

    /// How many values were taken out.
    fn leave_out_impossible(&self, point: &mut Point) -> u64 {
        let mut left_out = 0;
        for share in [&mut point.cpu_avg, &mut point.cpu_max, &mut point.mem_avg, &mut point.mem_max] {
            left_out += u64::from(share.take_if(|share| *share > self.centi_percent).is_some());
        }
        left_out += u64::from(point.cpu_samples.take_if(|samples| !self.has_samples(*samples)).is_some());
        left_out + u64::from(point.live_tasks.take_if(|tasks| !has_tasks(*tasks)).is_some())
    }
}

/// Not of NaN, either.
fn has_tasks(tasks: f64) -> bool {
    (0.0..=f64::from(TASKS_MAX)).contains(&tasks)
}

/// The larger of each value; none is less than any.
fn merged(a: &Point, b: &Point) -> Point {
    Point {
        timestamp: a.timestamp,
        cpu_avg: a.cpu_avg.max(b.cpu_avg),
        cpu_max: a.cpu_max.max(b.cpu_max),
        cpu_samples: a.cpu_samples.max(b.cpu_samples),
        mem_avg: a.mem_avg.max(b.mem_avg),
        mem_max: a.mem_max.max(b.mem_max),
        live_tasks: [a.live_tasks, b.live_tasks].into_iter().flatten().reduce(f64::max),
    }
}

/// Raises a maximum to its average; how many were.
fn raised(maximum: &mut Option<u32>, average: Option<u32>) -> u64 {
    let is_below = maximum.is_some() && *maximum < average;
    if is_below {
        *maximum = average;
    }
    u64::from(is_below)
}

impl Screened {
    /// Adds what another series was like.
    pub fn add(&mut self, other: &Self) {
        self.outside_window += other.outside_window;
        self.between_periods += other.between_periods;
        self.same_period += other.same_period;
        self.impossible += other.impossible;
        self.below_average += other.below_average;
    }

    /// How much of what, by kind; nothing for clean data.
    pub fn counts(&self) -> impl Iterator<Item = (u64, &'static str)> {
        [
            (self.outside_window, "rows outside the window (left out)"),
            (self.between_periods, "rows between two periods (moved to the start of theirs)"),
            (self.same_period, "rows of the same period (merged)"),
            (self.impossible, "values that cannot be (left out)"),
            (self.below_average, "maxima below their average (raised to it)"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
    }

    /// The same in words.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        self.counts().map(|(count, what)| format!("{what}: {count}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: (i64, i64) = (600, 600 + 12 * 300);

    fn plausible(launch_type: LaunchType) -> Plausible {
        Plausible::of(Some(launch_type), &Timeline::unknown(), WINDOW, 300)
    }

    fn point(timestamp: i64) -> Point {
        Point {
            timestamp,
            cpu_avg: Some(1_000),
            cpu_max: Some(2_000),
            cpu_samples: Some(10),
            mem_avg: Some(3_000),
            mem_max: Some(4_000),
            live_tasks: Some(2.0),
        }
    }

    fn screened(mut points: Vec<Point>) -> (Vec<Point>, Screened) {
        let screened = plausible(LaunchType::Fargate).screen(&mut points);
        (points, screened)
    }

    #[test]
    fn the_table_holds() {
        let none = Screened::default();
        let whole = vec![point(600), point(4_199 - 299)];
        assert_eq!(screened(whole.clone()), (whole, none));
        assert_eq!(
            screened(vec![point(300), point(599), point(600), point(4_200)]),
            (vec![point(600)], Screened { outside_window: 3, ..none })
        );
        assert_eq!(
            screened(vec![point(601), point(1_199)]),
            (vec![point(600), point(900)], Screened { between_periods: 2, ..none })
        );
        let cold = Point { cpu_max: Some(5_000), cpu_avg: None, live_tasks: Some(1.0), ..point(660) };
        let more = Point { cpu_max: Some(1_500), mem_max: Some(9_000), cpu_samples: Some(20), ..point(720) };
        assert_eq!(
            screened(vec![point(600), cold, more]),
            (
                vec![Point {
                    cpu_max: Some(5_000),
                    mem_max: Some(9_000),
                    cpu_samples: Some(20),
                    ..point(600)
                }],
                Screened { between_periods: 2, same_period: 2, ..none }
            )
        );
        assert_eq!(
            screened(vec![Point { cpu_max: Some(999), mem_max: Some(0), ..point(600) }]),
            (
                vec![Point { cpu_max: Some(1_000), mem_max: Some(3_000), ..point(600) }],
                Screened { below_average: 2, ..none }
            )
        );
    }

    #[test]
    fn what_can_just_be_stays_and_what_cannot_is_no_sample() {
        let of = |launch_type, change: fn(&mut Point)| {
            let mut points = vec![point(600)];
            change(&mut points[0]);
            plausible(launch_type).screen(&mut points).impossible
        };
        let (fargate, ec2) = (LaunchType::Fargate, LaunchType::Ec2);
        assert_eq!(of(fargate, |point| point.cpu_max = Some(100_000)), 0);
        assert_eq!(of(fargate, |point| point.cpu_max = Some(100_001)), 1);
        assert_eq!(of(fargate, |point| point.mem_avg = Some(100_001)), 1);
        for launch_type in [ec2, LaunchType::External, LaunchType::ManagedInstances, LaunchType::Unknown] {
            assert_eq!(of(launch_type, |point| point.cpu_max = Some(1_000_000_000)), 0);
            assert_eq!(of(launch_type, |point| point.mem_max = Some(1_000_000_001)), 1);
        }
        // A hundred thousand tasks, five samples a period each.
        assert_eq!(of(ec2, |point| point.cpu_samples = Some(500_000)), 0);
        assert_eq!(of(ec2, |point| point.cpu_samples = Some(500_001)), 1);
        for tasks in [0.0, -0.0, 0.5, 100_000.0] {
            let mut points = vec![Point { live_tasks: Some(tasks), ..point(600) }];
            assert_eq!(plausible(ec2).screen(&mut points), Screened::default(), "{tasks}");
        }
        for tasks in [-1e-9, -5.0, 100_000.5, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            let mut points = vec![Point { live_tasks: Some(tasks), ..point(600) }];
            assert_eq!(plausible(ec2).screen(&mut points).impossible, 1, "{tasks}");
            assert_eq!(points, [Point { live_tasks: None, ..point(600) }]);
        }
    }

    #[test]
    fn counts_are_told_in_words_and_clean_data_has_none() {
        assert_eq!(Screened::default().notes().count(), 0);
        let mut both = Screened { outside_window: 1, impossible: 2, ..Screened::default() };
        both.add(&Screened { outside_window: 3, ..both });
        let notes: Vec<String> = both.notes().collect();
        assert_eq!(notes, ["rows outside the window (left out): 4", "values that cannot be (left out): 4"]);
    }

    prop_compose! {
        fn any_point()(
            timestamp in prop_oneof![Just(i64::MIN), Just(i64::MAX), 0_i64..5_000],
            values in prop::array::uniform5(prop::option::of(prop_oneof![any::<u32>(), 0_u32..120_000])),
            live_tasks in prop::option::of(prop_oneof![any::<f64>(), -1.0..10.0_f64]),
        ) -> Point {
            let [cpu_avg, cpu_max, cpu_samples, mem_avg, mem_max] = values;
            Point { timestamp, cpu_avg, cpu_max, cpu_samples, mem_avg, mem_max, live_tasks }
        }
    }

    proptest! {
        #[test]
        fn what_is_left_can_be_and_what_is_not_is_counted(
            mut points in prop::collection::vec(any_point(), 0..40), start in 0_i64..2_000, period in 1_u32..700,
        ) {
            points.sort_by_key(|point| point.timestamp);
            points.dedup_by_key(|point| point.timestamp);
            let before = points.clone();
            let window = (start, start + 3_000);
            let plausible = Plausible::of(Some(LaunchType::Fargate), &Timeline::unknown(), window, period);
            let screened = plausible.screen(&mut points);
            prop_assert!(points.is_sorted_by(|a, b| a.timestamp < b.timestamp));
            for point in &points {
                prop_assert!(point.timestamp >= start && point.timestamp < start + 3_000);
                prop_assert_eq!((point.timestamp - start) % i64::from(period), 0);
                prop_assert!(point.cpu_max.is_none() || point.cpu_max >= point.cpu_avg);
                prop_assert!(point.live_tasks.is_none_or(|tasks| (0.0..=100_000.0).contains(&tasks)));
            }
            let lost = (before.len() - points.len()) as u64;
            prop_assert_eq!(lost, screened.outside_window + screened.same_period);
            prop_assert_eq!(screened == Screened::default(), format!("{before:?}") == format!("{points:?}"));
            let once = points.clone();
            prop_assert_eq!(plausible.screen(&mut points), Screened::default());
            prop_assert_eq!(points, once);
        }
    }
}
