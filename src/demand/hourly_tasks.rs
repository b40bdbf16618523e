//! [`hourly_tasks`]: how many tasks capacity must hold in each hour of a window.
//!
//! Takes the points of one workload, its [`Timeline`], the window and its deployments; gives one count an
//! hour, counted from the window's start. A period's tasks are those of `LiveTaskCount`, else of the sample
//! count, as in [`super::WindowDemand`]: one source for the whole window. The hour's is the largest of its
//! periods, rounded up, since capacity must hold the peak. An hour without a sample has no task.
//!
//! While a deployment is under way, ECS may run up to `maximumPercent` of the desired tasks (rounded down;
//! ECS API, `DeploymentConfiguration`). Both revisions are in the metrics, as far as they were seen running,
//! so such an hour holds what was seen or what was allowed, whichever is more, never their sum:
//!
//! | before | seen in the hour | maximumPercent | held |
//! |---|---|---|---|
//! | 4 | 4 | 200 | 8 |
//! | 4 | 6 | 200 | 8 |
//! | 4 | 9 (scaled out as well) | 200 | 9 |
//! | 3 | 3 | 150 | 4 |

use super::timeline::Timeline;
use crate::utilization::Point;

const HOUR: i64 = 3600;

/// ECS's own default for replica services (ECS API, `DeploymentConfiguration`).
pub const DEFAULT_MAXIMUM_PERCENT: u32 = 200;

/// Deployments, and how far they may go above the tasks wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surge {
    /// Start and end, seconds since the epoch.
    pub deployments: Vec<(i64, i64)>,
    pub maximum_percent: u32,
}

impl Surge {
    /// For what no deployment doubles: standalone tasks.
    pub const NONE: Self = Self { deployments: Vec::new(), maximum_percent: 100 };

    fn is_under_way(&self, from: i64, until: i64) -> bool {
        self.deployments.iter().any(|(start, end)| *start < until && *end > from)
    }

    fn allowed(&self, tasks: u32) -> u32 {
        let allowed = u64::from(tasks) * u64::from(self.maximum_percent) / 100;
        u32::try_from(allowed).unwrap_or(u32::MAX)
    }
}

/// Tasks in each hour from `start` until `end` (seconds since the epoch); the last hour may be a part of one.
pub fn hourly_tasks(
    points: &[Point],
    timeline: &Timeline,
    (start, end): (i64, i64),
    period_seconds: u32,
    surge: &Surge,
) -> Vec<u32> {
    let hours = end.saturating_sub(start).max(0).unsigned_abs().div_ceil(HOUR.unsigned_abs());
    let mut tasks = vec![0; usize::try_from(hours).unwrap_or(0)];
    let period = i64::from(period_seconds.max(1));
    for (timestamp, count) in counts(points, timeline, period_seconds) {
        let first = timestamp.saturating_sub(start).div_euclid(HOUR);
        let last = (timestamp.saturating_add(period - 1)).saturating_sub(start).div_euclid(HOUR);
        for hour in first..=last {
            if let Some(held) = usize::try_from(hour).ok().and_then(|hour| tasks.get_mut(hour)) {
                *held = count.max(*held);
            }
        }
    }
    with_surge(&tasks, start, surge)
}

/// The least that any hour from the first to the last with a sample held, which is none where one has no sample;
/// `None` without any.
pub fn least_tasks(points: &[Point], timeline: &Timeline, period_seconds: u32) -> Option<u32> {
    let (mut least, mut next): (Option<u32>, Option<i64>) = (None, None);
    let period = i64::from(period_seconds.max(1));
    let mut counts = counts(points, timeline, period_seconds).peekable();
    while let Some((timestamp, count)) = counts.next() {
        let hour = timestamp.div_euclid(HOUR);
        let mut held = count;
        while let Some((_, count)) = counts.next_if(|(timestamp, _)| timestamp.div_euclid(HOUR) == hour) {
            held = held.max(count);
        }
        if next.is_some_and(|next| next < hour) {
            held = 0;
        }
        next = Some(hour.max(timestamp.saturating_add(period - 1).div_euclid(HOUR)) + 1);
        least = Some(least.map_or(held, |least| least.min(held)));
    }
    least
}

/// When a period began and how many tasks it had, of those that tell.
fn counts(points: &[Point], timeline: &Timeline, period_seconds: u32) -> impl Iterator<Item = (i64, u32)> {
    let counted = || points.iter().filter(|point| point.cpu_samples.is_some() || point.live_tasks.is_some());
    let live = counted().all(|point| point.live_tasks.is_some());
    counted().map(move |point| {
        let count = if live {
            point.live_tasks.map_or(0, whole)
        } else {
            let resolution = u64::from(resolution_at(timeline, point.timestamp));
            let task_seconds = u64::from(point.cpu_samples.unwrap_or(0)) * resolution;
            u32::try_from(task_seconds.div_ceil(u64::from(period_seconds.max(1)))).unwrap_or(u32::MAX)
        };
        (point.timestamp, count)
    })
}

/// The hours of deployments, with room for both revisions.
fn with_surge(seen: &[u32], start: i64, surge: &Surge) -> Vec<u32> {
    let deploying: Vec<bool> = (0..)
        .map(|hour| start.saturating_add(hour * HOUR))
        .map(|from| surge.is_under_way(from, from.saturating_add(HOUR)))
        .take(seen.len())
        .collect();
    let mut held = seen.to_vec();
    for hour in (0..seen.len()).filter(|hour| deploying[*hour]) {
        // What ran without the deployment: in the last hour before it, else in the first after it.
        let calm = |hour: &usize| !deploying[*hour];
        let before = (0..hour).rev().find(calm).or_else(|| (hour..seen.len()).find(calm));
        let steady = before.map_or(seen[hour], |before| seen[before].min(seen[hour]));
        held[hour] = seen[hour].max(surge.allowed(steady));
    }
    held
}

fn resolution_at(timeline: &Timeline, timestamp: i64) -> u32 {
    let segments = timeline.segments();
    let at = segments.partition_point(|segment| segment.start <= timestamp).saturating_sub(1);
    segments[at].metric_resolution_seconds
}

/// A count that holds an average of tasks. What is not a count gives none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped just before")]
fn whole(average: f64) -> u32 {
    // Averages of whole numbers may be off in the last digit.
    let count = (average - 1e-6).ceil();
    if count.is_finite() { count.clamp(0.0, f64::from(u32::MAX)) as u32 } else { 0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PERIOD: u32 = 300;

    /// A point for every period of 300 s, with these samples at 60 s.
    fn sampled(samples: impl IntoIterator<Item = u32>) -> Vec<Point> {
        (0..)
            .zip(samples)
            .map(|(i, samples)| Point {
                timestamp: i * i64::from(PERIOD),
                cpu_samples: Some(samples),
                ..Point::default()
            })
            .collect()
    }

    fn over(points: &[Point], hours: i64, surge: &Surge) -> Vec<u32> {
        hourly_tasks(points, &Timeline::unknown(), (0, hours * HOUR), PERIOD, surge)
    }

    #[test]
    fn an_hour_holds_its_busiest_period_rounded_up() {
        // Ten samples in 300 s are two tasks; eleven are a third one for a fifth of the time.
        let mut samples = [10; 36];
        samples[17] = 11;
        assert_eq!(over(&sampled(samples), 3, &Surge::NONE), [2, 3, 2]);
    }

    #[test]
    fn an_hour_without_samples_has_no_task_and_hours_start_with_the_window() {
        let points = sampled([5; 12]);
        assert_eq!(over(&points, 3, &Surge::NONE), [1, 0, 0]);
        let shifted = hourly_tasks(&points, &Timeline::unknown(), (1800, 1800 + 5000), PERIOD, &Surge::NONE);
        assert_eq!(shifted, [1, 0], "half of the hour is before the window; the second hour is a part");
    }

    #[test]
    fn live_tasks_count_only_where_none_is_missing() {
        let mut points = sampled([10; 12]);
        for point in &mut points {
            point.live_tasks = Some(2.5);
        }
        assert_eq!(over(&points, 1, &Surge::NONE), [3]);
        points[3].live_tasks = None;
        assert_eq!(over(&points, 1, &Surge::NONE), [2]);
        points[3].live_tasks = Some(f64::NAN);
        assert_eq!(over(&points, 1, &Surge::NONE), [3]);
    }

    #[test]
    fn periods_of_an_hour_and_samples_of_20_seconds_count_tasks_too() {
        let point = Point { timestamp: 0, cpu_samples: Some(120), ..Point::default() };
        let hour = hourly_tasks(&[point], &Timeline::unknown(), (0, HOUR), 3600, &Surge::NONE);
        assert_eq!(hour, [2]);
    }

    /// The table of the module.
    #[test]
    fn deployments_hold_what_was_seen_or_what_was_allowed_whichever_is_more() {
        for (before, seen, maximum_percent, held) in
            [(4, 4, 200, 8), (4, 6, 200, 8), (4, 9, 200, 9), (3, 3, 150, 4), (1, 1, 100, 1)]
        {
            let samples = [before; 12].into_iter().chain([seen; 12]).chain([before; 12]).map(|n| n * 5);
            let surge = Surge { deployments: vec![(HOUR + 60, HOUR + 600)], maximum_percent };
            assert_eq!(over(&sampled(samples), 3, &surge), [before, held, before], "{before} {seen}");
        }
    }

    #[test]
    fn a_deployment_at_the_start_takes_the_hour_after_it_for_what_runs_without_it() {
        let samples = [20; 12].into_iter().chain([10; 12]);
        let surge = Surge { deployments: vec![(-600, 600)], maximum_percent: 200 };
        assert_eq!(over(&sampled(samples), 2, &surge), [4, 2]);
    }

    proptest! {
        /// Capacity for what ran is never missing, and surge is never more than was allowed or seen.
        #[test]
        fn what_ran_is_held(
            samples in prop::collection::vec(0u32..60, 1..72), from in -4000i64..24_000, lasts in 0i64..9_000,
            maximum_percent in 100u32..300,
        ) {
            let surge = Surge { deployments: vec![(from, from + lasts)], maximum_percent };
            let points = sampled(samples.iter().copied());
            let calm = over(&points, 6, &Surge::NONE);
            let held = over(&points, 6, &surge);
            for (i, samples) in samples.iter().enumerate() {
                prop_assert!(held[i / 12] * 5 >= *samples);
            }
            for (held, calm) in held.iter().zip(&calm) {
                prop_assert!(held >= calm && u64::from(*held) <= u64::from(*calm) * u64::from(maximum_percent) / 100);
            }
        }
    }
}
