//! [`Split`]: the cut in time between what rules see and what they are judged on.

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
    #[error("the data has no samples to split")]
    NoSamples,
    #[error("the data spans {span} days, and training on {train} then judging {test} days needs {needed}")]
    TooShort { span: String, train: String, test: String, needed: String },
    #[error("training, judged time and step must each be at least an hour")]
    Empty,
    #[error("the step is so short against the data that it gives more than {MOST_WINDOWS} windows")]
    TooMany,
}

/// More windows than this are a slip of the keyboard.
const MOST_WINDOWS: i64 = 1000;

impl Split {
    /// Two weeks seen, two weeks judged, a week onward: a working week is seen twice.
    pub const DEFAULT: Self = Self { train: 14 * DAY, test: 14 * DAY, step: 7 * DAY };

    /// The default, or, for data too short for it, half of the data (in whole hours) seen and half judged.
    pub fn fitting((first, last): (i64, i64)) -> Self {
        let span = last.saturating_sub(first).saturating_add(LAST_PERIOD);
        if span >= Self::DEFAULT.train + Self::DEFAULT.test {
            return Self::DEFAULT;
        }
        let half = span / 7200 * 3600;
        Self { train: half, test: half, ..Self::DEFAULT }
    }

    /// Every window that fits between the first and the last sample, from the first sample on.
    pub fn windows(self, span: Option<(i64, i64)>) -> Result<Vec<Window>, NoWindow> {
        let (first, last) = span.ok_or(NoWindow::NoSamples)?;
        let Self { train, test, step } = self;
        if [train, test, step].into_iter().any(|length| length < 3600) {
            return Err(NoWindow::Empty);
        }
        let room = last.saturating_sub(first).saturating_add(LAST_PERIOD);
        let needed = train.saturating_add(test);
        if room < needed {
            return Err(NoWindow::TooShort {
                span: days(last.saturating_sub(first)),
                train: days(train),
                test: days(test),
                needed: days(needed),
            });
        }
        let more = (room - needed) / step;
        if more >= MOST_WINDOWS {
            return Err(NoWindow::TooMany);
        }
        Ok((0..=more)
            .map(|number| {
                let train_start = first + number * step;
                let train_end = train_start + train;
                Window { train_start, train_end, test_end: train_end + test }
            })
            .collect())
    }
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

    #[test]
    fn four_weeks_at_five_minutes_are_one_default_window() {
        let last = 28 * DAY - 300;
        let windows = Split::DEFAULT.windows(Some((0, last))).unwrap();
        assert_eq!(windows, [Window { train_start: 0, train_end: 14 * DAY, test_end: 28 * DAY }]);
        assert_eq!(Split::DEFAULT.windows(Some((0, 35 * DAY - 300))).unwrap().len(), 2);
    }

    #[test]
    fn data_too_short_for_the_default_is_halved() {
        let split = Split::fitting((0, 14 * DAY - 300));
        assert_eq!((split.train, split.test), (7 * DAY, 7 * DAY));
        assert_eq!(split.windows(Some((0, 14 * DAY - 300))).unwrap().len(), 1);
    }

    #[test]
    fn what_cannot_be_split_says_why() {
        assert_eq!(Split::DEFAULT.windows(None), Err(NoWindow::NoSamples));
        assert_eq!(
            Split::DEFAULT.windows(Some((0, 20 * DAY))).unwrap_err().to_string(),
            "the data spans 20 days, and training on 14 then judging 14 days needs 28"
        );
        let still = Split { step: 0, ..Split::DEFAULT };
        assert_eq!(still.windows(Some((0, 40 * DAY))), Err(NoWindow::Empty));
        let hourly = Split { step: 3600, ..Split::DEFAULT };
        assert_eq!(hourly.windows(Some((0, 400 * DAY))), Err(NoWindow::TooMany));
        Split::DEFAULT.windows(Some((i64::MIN, i64::MAX))).unwrap_err();
    }

    proptest! {
        /// Against trying every step by hand.
        #[test]
        fn windows_are_all_those_that_fit(
            first in -1_000_000i64..1_000_000, length in 0i64..60 * DAY,
            train in 1i64..20, test in 1i64..20, step in 1i64..9,
        ) {
            let split = Split { train: train * DAY, test: test * DAY, step: step * DAY };
            let mut fitting = Vec::new();
            let mut start = first;
            while start + split.train + split.test <= first + length + LAST_PERIOD {
                fitting.push((start, start + split.train, start + split.train + split.test));
                start += split.step;
            }
            let got: Vec<_> = split
                .windows(Some((first, first + length)))
                .unwrap_or_default()
                .into_iter()
                .map(|w| (w.train_start, w.train_end, w.test_end))
                .collect();
            prop_assert_eq!(got, fitting);
        }
    }
}
