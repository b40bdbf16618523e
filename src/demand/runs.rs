//! [`Runs`]: how often tasks that come and go ran, and for how long.
//!
//! A run is a stretch of periods with tasks, without a period between them that has none: an invocation,
//! however many tasks of it run side by side. Two runs less than a period apart are counted as one.
//!
//! A task is billed for a minute at least (Windows: five), however short it ran:
//!
//! | periods of 300 s with samples at 60 s | runs | ran | billed |
//! |---|---|---|---|
//! | 2 samples; none; 5, 5, 1 | 2 | 2 + 11 minutes | 2 + 11 minutes |
//! | Windows: 2 samples; none; 5, 5, 1 | 2 | 2 + 11 minutes | 5 + 11 minutes |
//! | 10, 10 | 1 | 20 task-minutes | 20 task-minutes |

use crate::{units::TaskTime, utilization::Point};

/// Seconds of task time that a sample of Container Insights stands for.
const SECONDS_PER_SAMPLE: u64 = 60;

/// The runs of a workload over a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Runs {
    pub count: u64,
    pub task_time: TaskTime,
    /// With each run's minimum.
    pub billed_time: TaskTime,
    /// Task time of the longest run.
    pub longest: TaskTime,
    /// Periods with tasks, in seconds.
    pub seconds_with_tasks: u64,
    /// UTC days with a run.
    pub days: u64,
}

/// The runs in `points` (sorted by time).
pub fn runs(points: &[Point], period_seconds: u32, minimum_billed_seconds: u64) -> Runs {
    let period = i64::from(period_seconds.max(1));
    let mut runs = Runs::default();
    let mut current = 0_u64;
    let (mut last, mut day) = (None::<i64>, None::<i64>);
    let close = |runs: &mut Runs, seconds: u64| {
        let ran = TaskTime::from_secs(seconds);
        runs.task_time += ran;
        runs.longest = runs.longest.max(ran);
        runs.billed_time += TaskTime::from_secs(seconds.max(minimum_billed_seconds));
    };
    for point in points {
        let samples = u64::from(point.cpu_samples.unwrap_or(0));
        if samples == 0 {
            continue;
        }
        if last.is_none_or(|last| point.timestamp > last.saturating_add(period)) {
            if runs.count > 0 {
                close(&mut runs, current);
            }
            runs.count += 1;
            current = 0;
        }
        let today = point.timestamp.div_euclid(86_400);
        runs.days += u64::from(day != Some(today));
        let seconds = samples.saturating_mul(SECONDS_PER_SAMPLE);
        current = current.saturating_add(seconds);
        runs.seconds_with_tasks += u64::from(period_seconds);
        (last, day) = (Some(point.timestamp), Some(today));
    }
    if runs.count > 0 {
        close(&mut runs, current);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: &[u32], minimum: u64) -> (u64, u64, u64) {
        let points: Vec<Point> = (0..)
            .zip(samples)
            .filter(|(_, n)| **n > 0)
            .map(|(i, n)| Point { timestamp: i * 300, cpu_samples: Some(*n), ..Point::default() })
            .collect();
        let runs = runs(&points, 300, minimum);
        let minutes = |time: TaskTime| time.millis() / 60_000;
        (runs.count, minutes(runs.task_time), minutes(runs.billed_time))
    }

    #[test]
    fn the_worked_table_holds() {
        assert_eq!(of(&[2, 0, 5, 5, 1], 60), (2, 13, 13));
        assert_eq!(of(&[2, 0, 5, 5, 1], 300), (2, 13, 16));
        assert_eq!(of(&[10, 10], 60), (1, 20, 20));
    }

    #[test]
    fn no_tasks_are_no_run() {
        assert_eq!(of(&[], 60), (0, 0, 0));
        assert_eq!(of(&[0, 0], 60), (0, 0, 0));
    }

    #[test]
    fn days_and_the_longest_run_are_told() {
        let point = |timestamp, n| Point { timestamp, cpu_samples: Some(n), ..Point::default() };
        let found = runs(&[point(0, 5), point(300, 5), point(90_000, 5)], 300, 60);
        assert_eq!((found.count, found.days, found.seconds_with_tasks), (2, 2, 900));
        assert_eq!(found.longest, TaskTime::from_secs(600));
    }
}
