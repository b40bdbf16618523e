//! [`Rise`]: memory that grows day by day, as with a leak or a cache without a bound, or CPU, as with what is used more.
//!
//! Takes the peaks of days, in any unit; gives their pace, or nothing where they do not rise steadily. A size that held
//! the highest peak so far holds such a workload only until the next.
//!
//! Steadily: of all pairs of days, the later one is the higher in 95 % at least, which is Mann's and Kendall's
//! tau of 0.9 (Mann, 1945), not counting a last day below the highest, as after a restart; peaks in no order come to that less than twice in a thousand times for 7 days, and hardly
//! ever for 14. The pace is the median slope of all pairs (Sen, 1968), which no single day moves.
//!
//! | daily peaks, MiB | pace |
//! |---|---|
//! | 400, 600, 800, 1000, 1200, 1400, 1600 | 200 MiB a day |
//! | 400, 600, 800, 1000, 400, 600, 800 (restarted) | none |
//! | 400, 400, 400, 400, 1600, 1600, 1600 (a step) | none |

/// Days with a peak that a pace takes.
const LEAST_DAYS: usize = 7;
/// Days looked back at: a leak may be younger than the window.
const LAST_DAYS: i64 = 14;

/// A steady rise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rise {
    /// In the peaks' unit a day, above 0.
    pub per_day: u64,
    /// Days from the first to the last peak it is made of.
    pub days: u64,
    /// The highest peak.
    pub peak: u64,
}

impl Rise {
    /// That of peaks by day, ascending by day.
    pub fn of(peaks: impl Iterator<Item = (i64, u64)>) -> Option<Self> {
        let mut peaks: Vec<(i64, u64)> = peaks.collect();
        let (last, _) = *peaks.last()?;
        peaks.retain(|(day, _)| *day > last.saturating_sub(LAST_DAYS));
        let peak = peaks.iter().map(|(_, peak)| *peak).max()?;
        // Who was restarted lately will rise again.
        if peaks.last().is_some_and(|(_, last)| *last < peak) {
            peaks.pop();
        }
        if peaks.len() < LEAST_DAYS {
            return None;
        }
        let (mut score, mut slopes) = (0i64, Vec::new());
        for (at, (day, peak)) in peaks.iter().enumerate() {
            for (earlier, below) in &peaks[..at] {
                score += i64::from(peak > below) - i64::from(peak < below);
                slopes.push(
                    (i128::from(*peak) - i128::from(*below)) / (i128::from(*day) - i128::from(*earlier)),
                );
            }
        }
        slopes.sort_unstable();
        let steady = score * 10 >= i64::try_from(slopes.len() * 9).unwrap_or(i64::MAX);
        let per_day = u64::try_from(slopes[slopes.len() / 2]).ok().filter(|pace| *pace > 0)?;
        let days = peaks.last()?.0.abs_diff(peaks[0].0);
        steady.then_some(Self { per_day, days, peak })
    }

    /// The peak so many days on.
    pub fn in_days(&self, days: u64) -> u64 {
        self.peak.saturating_add(self.per_day.saturating_mul(days))
    }

    /// Whole days until the peak is above `limit`.
    pub fn days_until(&self, limit: u64) -> u64 {
        limit.saturating_sub(self.peak) / self.per_day
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rise(peaks: &[u64]) -> Option<Rise> {
        Rise::of((100..).zip(peaks.iter().copied()))
    }

    #[test]
    fn the_worked_table_holds() {
        let leak = rise(&[400, 600, 800, 1000, 1200, 1400, 1600]).unwrap();
        assert_eq!(leak, Rise { per_day: 200, days: 6, peak: 1600 });
        assert_eq!((leak.in_days(7), leak.days_until(2000), leak.days_until(1000)), (3000, 2, 0));
        assert_eq!(rise(&[400, 600, 800, 1000, 400, 600, 800]), None);
        assert_eq!(rise(&[400, 400, 400, 400, 1600, 1600, 1600]), None);
        assert_eq!(rise(&[400, 600, 800, 1000, 1200, 1400]), None, "six days");
    }

    #[test]
    fn a_last_day_after_a_restart_neither_hides_a_rise_nor_makes_one() {
        let found = rise(&[400, 600, 800, 1000, 1200, 1400, 1600, 900]).unwrap();
        assert_eq!((found.per_day, found.peak, found.days), (200, 1600, 6));
        assert_eq!(rise(&[400, 600, 800, 1000, 1200, 1400, 900]), None, "six days before it");
    }

    #[test]
    fn days_without_a_peak_and_the_time_before_a_leak_do_not_hide_it() {
        let days = [0, 1, 2, 3, 20, 21, 23, 24, 25, 27, 28, 30];
        let peak = |day: i64| if day < 20 { 900 } else { 100 * (day - 20).unsigned_abs() };
        let found = Rise::of(days.into_iter().map(|day| (day, peak(day)))).unwrap();
        assert_eq!((found.per_day, found.days), (100, 10));
    }

    proptest! {
        #[test]
        fn a_rise_above_its_noise_is_found(
            first in 0u64..1_000_000, slope in 200u64..10_000, noise in prop::collection::vec(0u64..100, 7..20), limit in any::<u64>(),
        ) {
            let peaks: Vec<u64> = (0..).zip(&noise).map(|(day, noise)| first + day * slope + noise).collect();
            let found = rise(&peaks).unwrap();
            prop_assert!(found.per_day.abs_diff(slope) < 100, "{found:?}");
            prop_assert_eq!(found.peak, *peaks.last().unwrap());
            prop_assert!(found.days_until(limit) == 0 || found.in_days(found.days_until(limit)) <= limit);
        }

        #[test]
        fn no_peaks_panic(peaks in prop::collection::btree_map(any::<i64>(), any::<u64>(), 0..30)) {
            Rise::of(peaks.into_iter());
        }
    }
}
