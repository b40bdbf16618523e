//! [`Training`]: what a rule sees of one series, with the statistics that several rules need.

use std::{collections::BTreeSet, sync::OnceLock};

use super::{
    known::{Known, ONE_TASK},
    ladder::Need,
    series::{Series, between},
};
use crate::{
    demand::{CAP_CENTI_PERCENT, hides, whole_days},
    fargate::TaskSize,
    rightsize::TooFewSamples,
};

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// Samples in different hours that a resource needs to be rated or judged by: a day of them.
const LEAST_HOURS: usize = 24;

/// Samples of one resource in a stretch of time, ascending. Statistics are computed once, when first
/// asked for.
#[derive(Debug)]
pub struct Samples<'a> {
    times: &'a [i64],
    values: &'a [u32],
    sorted: OnceLock<Vec<u32>>,
}

impl<'a> Samples<'a> {
    pub fn new((times, values): (&'a [i64], &'a [u32])) -> Self {
        Self { times, values, sorted: OnceLock::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Seconds since the epoch.
    pub fn times(&self) -> &'a [i64] {
        self.times
    }

    /// In order of time.
    pub fn values(&self) -> &'a [u32] {
        self.values
    }

    /// Time and value, in order of time.
    pub fn iter(&self) -> impl Iterator<Item = (i64, u32)> + use<'a> {
        self.times.iter().copied().zip(self.values.iter().copied())
    }

    /// The values, ascending.
    pub fn sorted(&self) -> &[u32] {
        self.sorted.get_or_init(|| {
            let mut sorted = self.values.to_vec();
            sorted.sort_unstable();
            sorted
        })
    }

    pub fn max(&self) -> Option<u32> {
        self.sorted().last().copied()
    }

    /// The smallest value that at least `share` (of 10,000) of the values do not pass: 9,950 is the
    /// 99.5th percentile, by nearest rank.
    pub fn percentile(&self, share: u32) -> Option<u32> {
        nearest_rank(self.sorted(), share)
    }

    /// How many values are above `limit`.
    pub fn count_above(&self, limit: u64) -> usize {
        let sorted = self.sorted();
        sorted.len() - sorted.partition_point(|value| u64::from(*value) <= limit)
    }

    /// Whether there is a day of it: samples in at least 24 different hours.
    pub fn is_enough(&self) -> bool {
        let hours = self.times.chunk_by(|a, b| a.div_euclid(HOUR) == b.div_euclid(HOUR));
        hours.take(LEAST_HOURS).count() == LEAST_HOURS
    }
}

/// The value at the nearest rank of ascending `sorted`; `share` is of 10,000.
pub(super) fn nearest_rank(sorted: &[u32], share: u32) -> Option<u32> {
    let rank = (sorted.len() as u64 * u64::from(share.min(10_000))).div_ceil(10_000).max(1);
    sorted.get(usize::try_from(rank).ok()? - 1).copied()
}

/// One series as a rule sees it: nothing after `end`. A resource that has less than a day of samples is
/// empty. CPU in thousandths of a CPU unit, memory in KiB.
#[derive(Debug)]
pub struct Training<'a> {
    pub id: &'a str,
    /// The size in force at `end`.
    pub current: TaskSize,
    /// Where the samples end, exclusive; seconds since the epoch.
    pub end: i64,
    /// Each period's maximum where the data has it, else its average.
    pub cpu: Samples<'a>,
    /// Whether `cpu` is maxima.
    pub cpu_has_maxima: bool,
    /// Each period's average; empty where the data has none.
    pub cpu_average: Samples<'a>,
    pub memory: Samples<'a>,
    daily_memory_peaks: OnceLock<Vec<(i64, u32)>>,
    /// Of `cpu`, sizes in CPU units.
    pub capped_cpu: Option<Capped>,
    /// Of `memory`, sizes in MiB.
    pub capped_memory: Option<Capped>,
    /// Nothing of traces.
    pub known: Option<&'a Known>,
    /// That could have a sample, as far as it is known.
    periods: Option<u64>,
}

impl<'a> Training<'a> {
    /// The samples of `series` in `from..to`, at the size `current`.
    pub(super) fn new(series: &'a Series, current: TaskSize, from: i64, to: i64) -> Self {
        let enough = |track: &'a super::series::Track| {
            let samples = Samples::new(track.between(from, to));
            if samples.is_enough() { samples } else { Samples::new((&[], &[])) }
        };
        let (cpu, memory) = (enough(series.cpu()), enough(&series.memory));
        let times = |track: &'a super::series::Track| track.between(from, to).0;
        let known = series.known.as_ref();
        Self {
            id: &series.id,
            current,
            end: to,
            cpu_has_maxima: !series.cpu_max.is_empty(),
            cpu_average: enough(&series.cpu_average),
            capped_cpu: Capped::of(series, &cpu, to, |size| (size.cpu().0, 1000)),
            capped_memory: Capped::of(series, &memory, to, |size| (size.memory().0, 1024)),
            cpu,
            memory,
            daily_memory_peaks: OnceLock::new(),
            periods: known.map(|known| known.periods(times(series.cpu()), times(&series.memory), to)),
            known,
        }
    }

    /// Whole days from the first sample to `end`; of tasks that come and go, those with a sample.
    pub fn days_seen(&self) -> u64 {
        if self.known.is_some_and(|known| known.has_runs) {
            let times = self.cpu.times().iter().chain(self.memory.times());
            return times.map(|time| time.div_euclid(DAY)).collect::<BTreeSet<_>>().len() as u64;
        }
        let first = self.cpu.times().first().into_iter().chain(self.memory.times().first()).min();
        first.map_or(0, |first| self.end.saturating_sub(*first).max(0).unsigned_abs() / DAY.unsigned_abs())
    }

    /// The memory peak of each day that has one, by day: of 24 hours each, and -1 ends at `end`.
    pub fn daily_memory_peaks(&self) -> &[(i64, u32)] {
        self.daily_memory_peaks.get_or_init(|| {
            let mut days: Vec<(i64, u32)> = Vec::new();
            for (time, value) in self.memory.iter() {
                let day = (time - self.end).div_euclid(DAY);
                match days.last_mut() {
                    Some((last, peak)) if *last == day => *peak = value.max(*peak),
                    _ => days.push((day, value)),
                }
            }
            days
        })
    }

    /// How many tasks it stands for, in parts of [`ONE_TASK`]; a traced machine for one.
    pub fn tasks(&self) -> u64 {
        self.known.map_or(ONE_TASK, |known| known.tasks)
    }

    pub fn is_empty(&self) -> bool {
        self.cpu.is_empty() && self.memory.is_empty()
    }

    /// Whether `samples`, of one of its resources, are so few that a report would not rate it.
    pub fn is_sparse(&self, samples: &Samples<'_>) -> bool {
        let known = self.known.zip(self.periods);
        known.is_some_and(|(known, periods)| {
            TooFewSamples::of(samples.values.len() as u64, periods, known.min_coverage_percent).is_some()
        })
    }

    /// The need from a figure for each resource that has samples.
    pub fn need(
        &self,
        cpu: impl FnOnce(&Samples<'a>) -> Option<f64>,
        memory: impl FnOnce(&Samples<'a>) -> Option<f64>,
    ) -> Need {
        Need { cpu: cpu(&self.cpu).map(whole), memory: memory(&self.memory).map(whole) }
    }
}

/// Samples under one size.
struct Part<'a> {
    amount: u32,
    times: &'a [i64],
    values: &'a [u32],
    at_cap: usize,
}

/// Samples at the cap of the size in force, and what was seen since at larger sizes: as
/// [`Outgrown`](crate::demand::Outgrown) of a report.
#[derive(Debug)]
pub struct Capped {
    /// The largest size at whose cap a sample was.
    pub largest_size: u32,
    samples_at_cap: usize,
    /// Samples since the size has been larger, ascending.
    larger: Vec<u32>,
    whole_days: u64,
}

impl Capped {
    /// `None` where no sample is at a cap; `of` gives a size's amount of the resource, and how many of the
    /// samples' units make one of it.
    fn of(series: &Series, samples: &Samples<'_>, end: i64, of: fn(TaskSize) -> (u32, u64)) -> Option<Self> {
        let sizes = series.known.as_ref().map_or(&series.sizes, |known| &known.relative_to);
        let ends = sizes.iter().skip(1).map(|(from, _)| *from).chain([i64::MAX]);
        let parts: Vec<Part<'_>> = sizes
            .iter()
            .zip(ends)
            .map(|((from, size), to)| {
                let (amount, scale) = of(*size);
                let (times, values) = between((samples.times, samples.values), *from, to);
                let cap = u64::from(amount) * scale * u64::from(CAP_CENTI_PERCENT);
                let is_at_cap = |value: &&u32| u64::from(**value) * 10_000 >= cap;
                Part { amount, times, values, at_cap: values.iter().filter(is_at_cap).count() }
            })
            .filter(|part| !part.values.is_empty())
            .collect();
        let largest_size = parts.iter().filter(|part| part.at_cap > 0).map(|part| part.amount).max()?;
        let since = parts.iter().rposition(|part| part.amount <= largest_size)? + 1;
        let mut larger: Vec<u32> = parts[since..].iter().flat_map(|part| part.values).copied().collect();
        larger.sort_unstable();
        let mut times =
            parts[since..].iter().flat_map(|part| part.times).map(|time| (time - end).div_euclid(DAY));
        let whole_days =
            times.next().map_or(0, |first| whole_days(first, times.next_back().unwrap_or(first)));
        Some(Self {
            largest_size,
            samples_at_cap: parts.iter().map(|part| part.at_cap).sum(),
            larger,
            whole_days,
        })
    }

    /// `seen`, the percentile `share` (of 10,000) of `samples`, as it was wanted.
    pub fn wanted(&self, samples: &Samples<'_>, share: u32, seen: u32) -> u32 {
        let hidden = Some(&self.larger).filter(|_| self.hides(samples, share));
        hidden.and_then(|larger| nearest_rank(larger, share)).map_or(seen, |wanted| seen.max(wanted))
    }

    /// Whether that is not known yet.
    pub fn is_enlarged_lately(&self, samples: &Samples<'_>, share: u32) -> bool {
        !self.larger.is_empty() && self.whole_days == 0 && self.hides(samples, share)
    }

    fn hides(&self, samples: &Samples<'_>, share: u32) -> bool {
        hides(self.samples_at_cap as u64, samples.values.len() as u64, share)
    }
}

/// Rounded up, but not for what is only a double's last digits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and needs are positive"
)]
fn whole(value: f64) -> u64 {
    (value - 1e-6).ceil() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    use super::*;
    use crate::{
        backtest::Track,
        config::Config,
        units::{CpuUnits, MemoryMib},
        workload::{OperatingSystem, TaskFacts},
    };

    #[test]
    fn a_day_is_samples_in_twenty_four_hours() {
        let times: Vec<i64> = (0..24).map(|hour| hour * HOUR).collect();
        let values = vec![1; 24];
        assert!(Samples::new((&times, &values)).is_enough());
        assert!(!Samples::new((&times[1..], &values[1..])).is_enough());
        let dense: Vec<i64> = (0..1000).collect();
        assert!(!Samples::new((&dense, &vec![1; 1000])).is_enough());
    }

    #[test]
    fn a_need_is_rounded_up_but_not_for_a_rounding_error() {
        assert_eq!(whole(100.0 * 1.15), 115, "100 x 1.15 is a little more than 115 as a double");
        assert_eq!(whole(100.2), 101);
    }

    #[test]
    fn days_end_with_the_window() {
        let size = TaskSize::new(CpuUnits(256), MemoryMib(512), OperatingSystem::Linux).unwrap();
        let mut memory = Track::default();
        assert!((5..60).all(|hour| memory.push(i64::from(hour) * HOUR, hour)));
        let [cpu_average, cpu_max] = [(); 2].map(|()| Track::default());
        let sizes = vec![(0, size)];
        let series = Series { id: String::new(), sizes, cpu_average, cpu_max, memory, known: None };
        let training = Training::new(&series, size, 0, 58 * HOUR);
        assert_eq!(training.daily_memory_peaks(), [(-3, 9), (-2, 33), (-1, 57)]);
    }

    /// Three days of which two are without a run show one.
    #[test]
    fn days_without_a_run_show_nothing() {
        let size = TaskSize::new(CpuUnits(256), MemoryMib(512), OperatingSystem::Linux).unwrap();
        let Config { sizing, change, .. } = Config::default();
        let known = |has_runs| Known {
            tasks: ONE_TASK,
            sizing,
            least_change: change,
            paid: Decimal::ONE,
            relative_to: vec![(i64::MIN, size)],
            definitions: Vec::new(),
            facts: TaskFacts::default(),
            has_runs,
            period_seconds: 3600,
            min_coverage_percent: 50,
        };
        let mut memory = Track::default();
        assert!((0..24).all(|hour| memory.push(i64::from(hour) * HOUR, hour)));
        let days = |has_runs| {
            let (cpu_average, cpu_max, memory) = (Track::default(), Track::default(), memory.clone());
            let known = Some(known(has_runs));
            let series =
                Series { id: String::new(), sizes: vec![(0, size)], cpu_average, cpu_max, memory, known };
            Training::new(&series, size, 0, 3 * DAY).days_seen()
        };
        assert_eq!((days(true), days(false)), (1, 3));
    }

    proptest! {
        /// Against counting by hand.
        #[test]
        fn statistics_match_counting(values in prop::collection::vec(0u32..500, 1..200), share in 1u32..=10_000, limit in 0u64..500) {
            let times: Vec<i64> = (0..).map(|i| i * 7_000).take(values.len()).collect();
            let samples = Samples::new((&times, &values));
            let percentile = samples.percentile(share).unwrap();
            let not_above = |bound| values.iter().filter(|value| **value <= bound).count() as u64;
            prop_assert!(not_above(percentile) * 10_000 >= values.len() as u64 * u64::from(share));
            if percentile > 0 {
                prop_assert!(not_above(percentile - 1) * 10_000 < values.len() as u64 * u64::from(share));
            }
            prop_assert_eq!(samples.max(), values.iter().copied().max());
            prop_assert_eq!(samples.count_above(limit), values.iter().filter(|v| u64::from(**v) > limit).count());
        }
    }
}
