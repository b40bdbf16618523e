//! [`Reproduction`]: how well the simulation reproduces what really ran.
//!
//! The simulation is run with everything as it was and compared with the observed tasks. Its
//! task-hours' relative error is the error of the simulation. Where that, or the mean distance of
//! simulated from observed tasks, passes [`MOST_ERROR`], nothing is concluded from it: limits or
//! targets may have been changed in the window, people may have set counts by hand.
//!
//! | observed tasks | simulated | error | mean distance |
//! |---|---|---|---|
//! | 4, 4, 6, 6 | 4, 4, 6, 6 | 0 % | 0 % |
//! | 4, 4, 6, 6 | 4, 4, 5, 6 | 5 % | 5 % |
//! | 2, 6, 2, 6 | 6, 2, 6, 2 | 0 % | 100 % |

use super::{
    series::TaskSeries,
    simulate::{Setting, Simulated, simulate},
    steering::Plan,
};

/// 0.01 %; above it a simulation is not trusted.
pub const MOST_ERROR: u32 = 2_500;

/// A simulation that may be relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reproduction {
    /// With everything as it was.
    pub unchanged: Simulated,
    /// Relative error of its task-hours, in 0.01 %.
    pub error: u32,
}

/// A simulation that may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffTheMark {
    /// Mean tasks, in hundredths.
    pub observed: u64,
    pub simulated: u64,
    /// 0.01 %.
    pub error: u32,
    pub distance: u32,
}

impl Reproduction {
    pub fn of(plan: &Plan, series: &TaskSeries) -> Result<Self, OffTheMark> {
        let unchanged = simulate(plan, &Setting::unchanged(plan), series);
        let observed = series.tasks_milli();
        let simulated = unchanged.task_periods.saturating_mul(1000);
        let distance: u64 = series
            .periods()
            .zip(&unchanged.tasks)
            .map(|(period, tasks)| u64::from(period.tasks_milli).abs_diff(u64::from(*tasks) * 1000))
            .sum();
        let (error, distance) = (share(simulated.abs_diff(observed), observed), share(distance, observed));
        if error > MOST_ERROR || distance > MOST_ERROR || unchanged.task_periods == 0 {
            let periods = series.len().max(1) as u64;
            return Err(OffTheMark {
                observed: observed / 10 / periods,
                simulated: simulated / 10 / periods,
                error,
                distance,
            });
        }
        Ok(Self { unchanged, error })
    }
}

impl std::fmt::Display for OffTheMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let two = |value: u64| format!("{}.{:02}", value / 100, value % 100);
        write!(
            f,
            "simulating its policies as they are gives {} tasks on average where {} ran, {} % apart from \
             period to period; at most {} % is trusted",
            two(self.simulated),
            two(self.observed),
            two(self.error.max(self.distance).into()),
            MOST_ERROR / 100,
        )
    }
}

/// `part` of `whole` in 0.01 %, rounded up.
fn share(part: u64, whole: u64) -> u32 {
    match (part, whole) {
        (0, _) => 0,
        (_, 0) => u32::MAX,
        _ => u32::try_from((u128::from(part) * 10_000).div_ceil(whole.into())).unwrap_or(u32::MAX),
    }
}
