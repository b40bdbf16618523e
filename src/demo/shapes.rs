//! How demand moves over time: [`Pattern`]s, and the [`Level`]s and [`Tasks`] drawn along them.
//!
//! All in integers: a sine from a maths library could differ in the last bit between machines.

use super::{
    prng::{SplitMix64, mix},
    window::{DAY, HOUR, START},
};
use crate::{snapshot::CENTI_PERCENT_FULL, workload::TaskSpread};

/// The top of a pattern; its bottom is 0.
pub(super) const FULL: u32 = 1_024;

/// Seconds that a task is busy starting after a deployment.
pub(super) const STARTUP_SECONDS: i64 = 600;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pattern {
    /// The same all the time, half way between low and high.
    Flat,
    /// Up and down once a day, busiest at 15:00 UTC.
    Daily,
    /// As daily, with quiet Saturdays and Sundays.
    Weekly,
    /// Busy in one hour out of four, at no fixed times: a queue's worker.
    Bursts,
    /// Grows for five days, until a restart.
    Leak,
    /// Full while tasks start after a deployment, a small daily wave otherwise.
    Startup,
    /// From 02:00 to 03:00 UTC, and not at all otherwise.
    Nightly,
}

/// The time a pattern is asked about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Seconds since the epoch.
    pub timestamp: i64,
    /// Seconds since the last deployment began; `None` if that was before the window.
    pub since_deployment: Option<i64>,
    /// What tells one workload's irregular times from another's.
    pub seed: u64,
}

impl Pattern {
    /// The height at a moment, 0 to [`FULL`].
    fn height(self, moment: Moment) -> u32 {
        let Moment { timestamp, since_deployment, seed } = moment;
        let second_of_day = timestamp.rem_euclid(DAY);
        match self {
            Self::Flat => FULL / 2,
            // Day 0 of the epoch was a Thursday.
            Self::Weekly if (timestamp.div_euclid(DAY) + 3).rem_euclid(7) >= 5 => daily(second_of_day) / 3,
            Self::Daily | Self::Weekly => daily(second_of_day),
            Self::Bursts => {
                let hour = timestamp.div_euclid(HOUR).unsigned_abs();
                if mix(seed ^ hour).is_multiple_of(4) { FULL } else { FULL / 10 }
            }
            Self::Leak => ramp((timestamp - START + DAY).rem_euclid(5 * DAY), 5 * DAY),
            Self::Startup if since_deployment.is_some_and(|seconds| seconds < STARTUP_SECONDS) => FULL,
            Self::Startup => daily(second_of_day) / 8,
            Self::Nightly if (2 * HOUR..3 * HOUR).contains(&second_of_day) => FULL,
            Self::Nightly => 0,
        }
    }
}

/// A smooth hill with its top at 15:00 and its foot at 03:00.
fn daily(second_of_day: i64) -> u32 {
    let from_top = (second_of_day - 15 * HOUR).abs();
    let from_foot = DAY / 2 - from_top.min(DAY - from_top);
    let x = ramp(from_foot, DAY / 2);
    // The cubic 3x^2 - 2x^3 rounds off top and foot.
    x * x / FULL * (3 * FULL - 2 * x) / FULL
}

/// `part` of `whole`, in parts of [`FULL`].
fn ramp(part: i64, whole: i64) -> u32 {
    u32::try_from(part * i64::from(FULL) / whole).unwrap_or(0).min(FULL)
}

/// `low` to `high`, as far as `height` says.
fn between(low: u32, high: u32, height: u32) -> u32 {
    low + high.saturating_sub(low) * height / FULL
}

/// Utilization of one dimension, in 0.01 % of the size in force now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    pattern: Pattern,
    low: u32,
    high: u32,
    /// The hottest task's part of the mean task's, in per cent.
    hottest_percent: u32,
    noise_percent: u32,
    /// Nothing passes this.
    ceiling: u32,
}

impl Level {
    /// CPU moves quickly: the mean task from `low` to `high`, with 4 % of noise.
    pub(super) const fn cpu(pattern: Pattern, low: u32, high: u32, hottest_percent: u32) -> Self {
        Self { pattern, low, high, hottest_percent, noise_percent: 4, ceiling: CENTI_PERCENT_FULL }
    }

    /// Memory moves slowly: 1 % of noise.
    pub(super) const fn memory(pattern: Pattern, low: u32, high: u32, hottest_percent: u32) -> Self {
        Self { pattern, low, high, hottest_percent, noise_percent: 1, ceiling: CENTI_PERCENT_FULL }
    }

    pub(super) const fn at_most(self, ceiling: u32) -> Self {
        Self { ceiling, ..self }
    }

    /// How tasks compare over the window, by and large.
    pub(super) fn spread(&self) -> TaskSpread {
        let mean = u32::midpoint(self.low, self.high);
        TaskSpread {
            hottest: mean * self.hottest_percent / 100,
            coolest: mean * 100 / self.hottest_percent,
            mean,
        }
    }

    /// Whether it grows until a restart.
    pub(super) fn is_leak(&self) -> bool {
        self.pattern == Pattern::Leak
    }

    /// The mean task's and the hottest task's utilization in one period. `personality` makes copies
    /// differ: per cent of the table's level.
    pub(super) fn draw(&self, moment: Moment, personality: u32, random: &mut SplitMix64) -> (u32, u32) {
        let level = between(self.low, self.high, self.pattern.height(moment)) * personality / 100;
        let average =
            level.saturating_add_signed(narrow(random.around_zero(level * self.noise_percent / 100)));
        let hottest = average * self.hottest_percent / 100 + random.up_to(average * self.noise_percent / 100);
        (average.min(self.ceiling), hottest.max(average).min(self.ceiling))
    }
}

fn narrow(noise: i64) -> i32 {
    i32::try_from(noise).unwrap_or(0)
}

/// How many tasks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tasks {
    pattern: Pattern,
    pub least: u32,
    pub most: u32,
}

impl Tasks {
    pub(super) const fn fixed(count: u32) -> Self {
        Self { pattern: Pattern::Flat, least: count, most: count }
    }

    pub(super) const fn along(pattern: Pattern, least: u32, most: u32) -> Self {
        Self { pattern, least, most }
    }

    pub(super) fn running(&self, moment: Moment) -> u32 {
        between(self.least, self.most, self.pattern.height(moment))
    }
}

/// When a workload has samples at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Always,
    /// Tasks run, yet no metric arrives.
    Never,
    /// Only from this time on, seconds since the epoch.
    Since(i64),
    /// In two hours out of five.
    TwoFifths,
}

impl Presence {
    pub(super) fn has_sample(self, timestamp: i64) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Since(start) => timestamp >= start,
            // Which hours they are moves from day to day.
            Self::TwoFifths => (timestamp.div_euclid(HOUR) * 2 + timestamp.div_euclid(DAY)).rem_euclid(5) < 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::window::{END, periods};
    use super::*;

    fn moment(timestamp: i64) -> Moment {
        Moment { timestamp, since_deployment: None, seed: 1 }
    }

    #[test]
    fn heights_stay_between_nothing_and_full() {
        use Pattern::{Bursts, Daily, Flat, Leak, Nightly, Startup, Weekly};
        for pattern in [Flat, Daily, Weekly, Bursts, Leak, Startup, Nightly] {
            assert!(periods().all(|t| pattern.height(moment(t)) <= FULL), "{pattern:?}");
        }
    }

    #[test]
    fn the_day_peaks_at_three_in_the_afternoon_and_weekends_are_quiet() {
        let wednesday = END - 4 * DAY;
        assert_eq!(Pattern::Daily.height(moment(wednesday + 15 * HOUR)), FULL);
        assert_eq!(Pattern::Daily.height(moment(wednesday + 3 * HOUR)), 0);
        let saturday = END - DAY;
        assert_eq!(Pattern::Weekly.height(moment(saturday + 15 * HOUR)), FULL / 3);
        assert_eq!(Pattern::Weekly.height(moment(wednesday + 15 * HOUR)), FULL);
    }

    #[test]
    fn a_start_is_full_for_ten_minutes() {
        let height = |since| {
            Pattern::Startup.height(Moment { timestamp: END, since_deployment: Some(since), seed: 1 })
        };
        assert_eq!(height(0), FULL);
        assert_eq!(height(STARTUP_SECONDS - 1), FULL);
        assert!(height(STARTUP_SECONDS) <= FULL / 8);
    }

    #[test]
    fn a_gappy_workload_has_two_fifths_of_its_samples() {
        let present = periods().filter(|t| Presence::TwoFifths.has_sample(*t)).count() * 1_000;
        assert!((390..=410).contains(&(present / periods().count())), "{present}");
    }
}
