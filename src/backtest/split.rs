//! [`Split`]: the cut in time between what rules see and what they are judged on.
//!
//! Takes series; gives [`Window`]s. Whether a window is one depends on the samples, not on the first and
//! last alone: in a stretch where nothing was measured there is nothing to see or to judge, however long
//! it is, and a series that no window can rate does not stretch the data. Refuses data in which no window
//! can be judged, and lengths that give none or too many.

use std::collections::BTreeSet;

use super::{
    series::{Series, Track},
    training::Samples,
};

/// Seconds of one day.
const DAY: i64 = 86_400;

/// The last sample stands for a period of its own, which may be up to an hour.
const LAST_PERIOD: i64 = 3600;

/// Lengths in seconds: `[start, start + train)` is seen, `[start + train, start + train + test)` is
/// judged, then both move on by `step`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    pub train: i64,
    pub test: i64,
    pub step: i64,
}

/// One cut. Seconds since the epoch; each end is exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    pub train_start: i64,
    pub train_end: i64,
    pub test_end: i64,
}

/// Why there is nothing to judge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoWindow {
    #[error("there is no series that can be used")]
    NoSeries,
    #[error("the data spans {span} days, and training on {train} then judging {test} days needs {needed}")]
    TooShort { span: String, train: String, test: String, needed: String },
    #[error("what is seen and what is judged must each be a day at least, and the step an hour")]
    TooBrief,
    #[error(
        "the data spans {span} days, and in none of its windows has a series samples in 24 different hours \
         both of the {train} days seen and of the {test} days judged"
    )]
    NothingToJudge { span: String, train: String, test: String },
    #[error("the step is so short against the data that it gives more than {MOST_WINDOWS} windows")]
    TooMany,
}

/// More windows than this are a slip of the keyboard.
const MOST_WINDOWS: usize = 1000;

impl Split {
    /// Two weeks seen, two weeks judged, a week onward: a working week is seen twice.
    pub const DEFAULT: Self = Self { train: 14 * DAY, test: 14 * DAY, step: 7 * DAY };

    /// The default, or, for data too short for it, half of the data (in whole hours, a day at least) seen
    /// and half judged.
    pub fn fitting(series: &[Series]) -> Self {
        let Some((first, last)) = span(series) else { return Self::DEFAULT };
        let room = room(first, last);
        if room >= Self::DEFAULT.train + Self::DEFAULT.test {
            return Self::DEFAULT;
        }
        let half = (room / 7200 * 3600).max(DAY);
        Self { train: half, test: half, ..Self::DEFAULT }
    }

    /// Every window that fits between the first and the last sample, from the first sample on, in which
    /// some series can be both rated and judged.
    pub fn windows(self, series: &[Series]) -> Result<Vec<Window>, NoWindow> {
        let (first, last) = span(series).ok_or(NoWindow::NoSeries)?;
        let Self { train, test, step } = self;
        // In less than a day, there are no samples in 24 different hours.
        if train < DAY || test < DAY || step < 3600 {
            return Err(NoWindow::TooBrief);
        }
        let (room, needed) = (room(first, last), train.saturating_add(test));
        let (span, train, test) = (days(last.saturating_sub(first)), days(train), days(test));
        if room < needed {
            return Err(NoWindow::TooShort { span, train, test, needed: days(needed) });
        }
        let mut numbers = BTreeSet::new();
        for one in series {
            self.add_windows(one, first, (room - needed) / step, &mut numbers)?;
        }
        if numbers.is_empty() {
            return Err(NoWindow::NothingToJudge { span, train, test });
        }
        Ok(numbers.into_iter().map(|number| self.window(first, number)).collect())
    }

    fn window(self, first: i64, number: i64) -> Window {
        let train_start = first.saturating_add(number * self.step);
        let train_end = train_start.saturating_add(self.train);
        Window { train_start, train_end, test_end: train_end.saturating_add(self.test) }
    }

    /// Adds to `numbers`, of 0 to `most`, those of the windows that `series` can be rated and judged in.
    fn add_windows(
        self,
        series: &Series,
        first: i64,
        most: i64,
        numbers: &mut BTreeSet<i64>,
    ) -> Result<(), NoWindow> {
        let mut number = 0;
        while number <= most {
            let Window { train_start, train_end, test_end } = self.window(first, number);
            if numbers.contains(&number)
                || (is_enough(series, train_start, train_end) && is_enough(series, train_end, test_end))
            {
                numbers.insert(number);
                if numbers.len() > MOST_WINDOWS {
                    return Err(NoWindow::TooMany);
                }
                number += 1;
                continue;
            }
            // Samples that leave a window on its left add nothing to it, so the next one to look at is
            // where another sample comes to be seen or to be judged.
            let reached = |end: i64, length: i64| {
                let on = next_sample(series, end)?.saturating_sub(first).saturating_sub(length);
                Some((on / self.step + 1).max(number + 1))
            };
            let next = [reached(train_end, self.train), reached(test_end, self.train + self.test)];
            match next.into_iter().flatten().min() {
                Some(next) => number = next,
                None => break,
            }
        }
        Ok(())
    }
}

/// What rules size from and are judged by.
fn tracks(series: &Series) -> [&Track; 2] {
    [series.cpu(), &series.memory]
}

/// Whether a resource of `series` has enough samples in `from..to` to be rated or judged by.
fn is_enough(series: &Series, from: i64, to: i64) -> bool {
    tracks(series).into_iter().any(|track| Samples::new(track.between(from, to)).is_enough())
}

/// The time of the first sample at `from` or later.
fn next_sample(series: &Series, from: i64) -> Option<i64> {
    let next = |track: &Track| track.times().get(track.times().partition_point(|time| *time < from)).copied();
    tracks(series).into_iter().filter_map(next).min()
}

/// First and last time of any sample of a series that some window could rate; where there is none, of any.
fn span(series: &[Series]) -> Option<(i64, i64)> {
    let of = |all: &mut dyn Iterator<Item = &Series>| {
        all.filter_map(Series::span).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    };
    of(&mut series.iter().filter(|one| is_enough(one, i64::MIN, i64::MAX))).or_else(|| of(&mut series.iter()))
}

/// Seconds from the first sample to the end of the last one's period.
fn room(first: i64, last: i64) -> i64 {
    last.saturating_sub(first).saturating_add(LAST_PERIOD)
}

/// Seconds in days, with as many decimals as it takes, two at most.
#[expect(clippy::cast_precision_loss, reason = "for display")]
fn days(seconds: i64) -> String {
    let text = format!("{:.2}", seconds as f64 / DAY as f64);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        fargate::TaskSize,
        units::{CpuUnits, MemoryMib},
        workload::OperatingSystem,
    };

    /// A series with a sample of CPU at each of `times`.
    fn series(times: impl IntoIterator<Item = i64>) -> Series {
        let mut cpu = Track::default();
        for time in times {
            cpu.push(time, 1);
        }
        let size = TaskSize::new(CpuUnits(256), MemoryMib(512), OperatingSystem::Linux).unwrap();
        Series {
            id: "one".into(),
            sizes: vec![(i64::MIN, size)],
            cpu_average: cpu,
            cpu_max: Track::default(),
            memory: Track::default(),
            known: None,
        }
    }

    /// A sample each hour of so many days from `start` on.
    fn hourly(start: i64, days: i64) -> Series {
        series((0..days * 24).map(|hour| start + hour * 3600))
    }

    #[test]
    fn four_weeks_at_five_minutes_are_one_default_window() {
        let of_days = |days: i64| [series((0..days * 288).map(|sample| sample * 300))];
        let windows = Split::DEFAULT.windows(&of_days(28)).unwrap();
        assert_eq!(windows, [Window { train_start: 0, train_end: 14 * DAY, test_end: 28 * DAY }]);
        assert_eq!(Split::DEFAULT.windows(&of_days(35)).unwrap().len(), 2);
    }

    #[test]
    fn data_too_short_for_the_default_is_halved_but_not_below_a_day() {
        let two_weeks = [hourly(0, 14)];
        let split = Split::fitting(&two_weeks);
        assert_eq!((split.train, split.test), (7 * DAY, 7 * DAY));
        assert_eq!(split.windows(&two_weeks).unwrap().len(), 1);
        assert_eq!(Split::fitting(&[]), Split::DEFAULT);
        for (short, span) in [(series([1_376_314_846]), "0"), (hourly(0, 1), "0.96")] {
            let short = [short];
            assert_eq!(
                Split::fitting(&short).windows(&short).unwrap_err().to_string(),
                format!("the data spans {span} days, and training on 1 then judging 1 days needs 2")
            );
        }
    }

    #[test]
    fn what_cannot_be_split_says_why() {
        assert_eq!(Split::DEFAULT.windows(&[]), Err(NoWindow::NoSeries));
        assert_eq!(
            Split::DEFAULT.windows(&[hourly(0, 20)]).unwrap_err().to_string(),
            "the data spans 19.96 days, and training on 14 then judging 14 days needs 28"
        );
        let forty = [hourly(0, 40)];
        for brief in [
            Split { step: 0, ..Split::DEFAULT },
            Split { train: DAY - 1, ..Split::DEFAULT },
            Split { test: DAY - 1, ..Split::DEFAULT },
        ] {
            assert_eq!(brief.windows(&forty), Err(NoWindow::TooBrief));
        }
        let often = Split { step: 3600, ..Split::DEFAULT };
        assert_eq!(often.windows(&[hourly(0, 400)]), Err(NoWindow::TooMany));
        // Half of the hours of a day each day are never 24 different ones of two days.
        let split = Split { train: DAY, test: DAY, step: DAY };
        assert_eq!(
            split.windows(&[series((0..100).map(|half_day| half_day * DAY / 2))]).unwrap_err().to_string(),
            "the data spans 49.5 days, and in none of its windows has a series samples in 24 different hours \
             both of the 1 days seen and of the 1 days judged"
        );
    }

    /// A stray series neither stretches the data nor counts for the limit of windows; two series years
    /// apart have each their windows.
    #[test]
    fn where_nothing_was_measured_there_are_no_windows() {
        let often = Split { step: 3600, ..Split::DEFAULT };
        for stray in [7_000 * DAY, 45_000 * DAY, -45_000 * DAY] {
            let alone = [hourly(0, 30)];
            let with = [hourly(0, 30), series([stray])];
            for split in [Split::DEFAULT, often] {
                assert_eq!(split.windows(&with), split.windows(&alone), "{stray}");
            }
            let short = [hourly(0, 14), series([stray])];
            assert_eq!(Split::fitting(&short).train, 7 * DAY, "{stray}");
        }
        let apart = [hourly(0, 28), hourly(700 * DAY, 28)];
        let starts: Vec<i64> = Split::DEFAULT
            .windows(&apart)
            .unwrap()
            .into_iter()
            .map(|window| window.train_start / DAY)
            .collect();
        // Those in between that reach into a series see and judge a part of it.
        assert_eq!(starts, [0, 7, 693, 700]);
        // As far apart as times can be.
        let furthest = [hourly(-100_000_000_000, 3), hourly(100_000_000_000 - 3 * DAY, 3)];
        let split = Split { train: DAY, test: DAY, step: 3600 };
        assert!(split.windows(&furthest).unwrap().len() <= 100);
        let ends = [hourly(i64::MIN, 3), hourly(i64::MAX - 3 * DAY, 3)];
        assert!(split.windows(&ends).unwrap().len() <= 100);
    }

    proptest! {
        /// Against trying every step by hand.
        #[test]
        fn windows_are_all_those_that_fit_and_can_be_judged(
            parts in prop::collection::vec((-50i64..50, 1i64..40), 1..4),
            train in 1i64..20, test in 1i64..20, step in 1i64..9,
        ) {
            let split = Split { train: train * DAY, test: test * DAY, step: step * DAY };
            let all: Vec<Series> = parts.iter().map(|(start, days)| hourly(start * DAY, *days)).collect();
            let first = parts.iter().map(|(start, _)| *start).min().unwrap();
            let end = parts.iter().map(|(start, days)| start + days).max().unwrap();
            let mut expected = Vec::new();
            let mut start = first;
            while start + train + test <= end {
                // A day in common is 24 different hours.
                let common = |(from, days): &(i64, i64), a: i64, b: i64| (from + days).min(b) - (*from).max(a);
                let (cut, last) = (start + train, start + train + test);
                if parts.iter().any(|part| common(part, start, cut) >= 1 && common(part, cut, last) >= 1) {
                    expected.push((start * DAY, cut * DAY, last * DAY));
                }
                start += step;
            }
            let got: Vec<_> = split
                .windows(&all)
                .unwrap_or_default()
                .into_iter()
                .map(|w| (w.train_start, w.train_end, w.test_end))
                .collect();
            prop_assert_eq!(got, expected);
        }
    }
}
