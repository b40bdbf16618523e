//! Traces: utilization of machines in per cent, on its way to absolute demand.
//!
//! Takes rows in any order and any state; gives [`Series`], and counts what it changed or left out (see
//! [`InputCounts`] for the table). Refuses timestamps that are in another unit than seconds: left out,
//! nothing would be left, and taken for seconds, an hour would be a season.

use std::{
    collections::BTreeMap,
    ops::{Range, RangeInclusive},
};

use jiff::Timestamp;
use rayon::prelude::*;

use super::{
    counts::InputCounts,
    ladder::size_of_machine,
    series::{Dataset, Series, Track},
};
use crate::utilization::TraceRow;

/// Machines beyond this are mistakes: 4,000 vCPU and 4 TiB, which 32 bits of our units hold.
const MOST_VCPU: f64 = 4_000.0;
const MOST_MEMORY_KIB: f64 = 4_294_967_295.0;

/// Seconds since the epoch beyond this are no time of ours (the year 5138).
const FURTHEST: i64 = 100_000_000_000;

/// The years 1990 to 2099 in seconds since the epoch: utilization that anyone kept is of no earlier year,
/// and clocks will not be later for long enough. In a finer unit the same years are numbers a thousandfold
/// larger, so no number is plausible in two of them. Seconds need not be of these years, as traces may
/// count from a start of their own.
const PLAUSIBLE: RangeInclusive<i64> = 631_152_000..=4_102_444_799;

/// Of which there are so many in a second.
const FINER_UNITS: [(&str, i64); 3] =
    [("milliseconds", 1_000), ("microseconds", 1_000_000), ("nanoseconds", 1_000_000_000)];

/// Fewer rows than one of so many are mistakes of those rows; more are the unit of the column.
const UNIT_SHARE: u64 = 100;

/// Samples this far from the rest of their series, and under this share of it, are a clock jump.
const JUMP_SECONDS: i64 = 30 * 86_400;
const JUMP_SHARE: usize = 100;

/// Where the resources stand in a sample.
const CPU: usize = 0;
const CPU_MAX: usize = 1;
const MEMORY: usize = 2;

/// Why timestamps cannot be used: they are in another unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "column timestamp must be seconds since the epoch; {rows} of {of} rows look like {unit}, such as {example} \
     ({time})"
)]
pub struct NotSeconds {
    rows: u64,
    of: u64,
    unit: &'static str,
    /// How many of the unit are a second.
    pub per_second: i64,
    example: i64,
    /// What the example would be.
    time: Timestamp,
}

/// Rows whose timestamps look like a finer unit than seconds.
#[derive(Debug, Clone, Copy, Default)]
struct Finer {
    rows: u64,
    first: Option<i64>,
}

impl Finer {
    fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.first = self.first.or(other.first);
    }

    /// Refuses where they are too many of all rows.
    fn check(self, of: u64) -> Result<(), NotSeconds> {
        let Some(example) = self.first.filter(|_| self.rows.saturating_mul(UNIT_SHARE) >= of) else {
            return Ok(());
        };
        let unit = finer_unit(example)
            .and_then(|(unit, per)| Some((unit, per, Timestamp::from_second(example.div_euclid(per)).ok()?)));
        unit.map_or(Ok(()), |(unit, per_second, time)| {
            Err(NotSeconds { rows: self.rows, of, unit, per_second, example, time })
        })
    }
}

/// The unit in which `time` is plausible, if it is one finer than seconds.
fn finer_unit(time: i64) -> Option<(&'static str, i64)> {
    FINER_UNITS.into_iter().find(|(_, per_second)| PLAUSIBLE.contains(&time.div_euclid(*per_second)))
}

/// Rows of one machine, checked one by one. NaN stands for no sample.
#[derive(Debug, Clone, Default)]
struct TraceSeries {
    rows: Vec<(i64, [f32; 3])>,
    vcpu: Capacity,
    memory_kib: Capacity,
    counts: InputCounts,
    finer: Finer,
}

impl TraceSeries {
    fn push(&mut self, row: &TraceRow) {
        let Self { rows, vcpu, memory_kib, counts, finer } = self;
        counts.rows += 1;
        let Some(time) = row.timestamp.filter(|time| (-FURTHEST..=FURTHEST).contains(time)) else {
            counts.without_key += 1;
            if let Some(time) = row.timestamp.filter(|time| finer_unit(*time).is_some()) {
                finer.add(Finer { rows: 1, first: Some(time) });
            }
            return;
        };
        counts.out_of_order += u64::from(rows.last().is_some_and(|(last, _)| *last > time));
        vcpu.add(row.vcpu, MOST_VCPU, counts);
        memory_kib.add(row.memory_kib, MOST_MEMORY_KIB, counts);
        let mut percent = |value: Option<f64>| checked_percent(value, counts);
        rows.push((
            time,
            [percent(row.cpu_percent), percent(row.cpu_max_percent), percent(row.memory_percent)],
        ));
    }

    /// The series in absolute units; `None`, counted, where it has no capacity or no samples.
    fn finish(mut self, id: String) -> (Option<Series>, InputCounts) {
        let rows = &mut self.rows;
        if !rows.is_sorted_by_key(|(time, _)| *time) {
            rows.sort_by_key(|(time, _)| *time);
        }
        let before = rows.len();
        rows.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                for (kept, later) in kept.1.iter_mut().zip(later.1) {
                    // NaN loses against any number.
                    *kept = kept.max(later);
                }
            }
            same
        });
        self.counts.duplicates += (before - rows.len()) as u64;
        self.counts.clock_jumps += drop_clock_jumps(rows);

        let mut leave_out = |reason: &str| {
            *self.counts.left_out.entry(reason.to_owned()).or_default() += 1;
        };
        if self.rows.is_empty() {
            leave_out("no-samples");
            return (None, self.counts);
        }
        let (Some(vcpu), Some(memory_kib)) = (self.vcpu.median(), self.memory_kib.median()) else {
            leave_out("no-capacity");
            return (None, self.counts);
        };
        let (milliunits, rows) = (vcpu * 1_024_000.0, &self.rows);
        let track = |resource: usize, capacity: f64| {
            let mut track = Track::with_capacity(rows.len());
            for (time, percent) in rows {
                let percent = percent[resource];
                if !percent.is_nan() {
                    track.push(*time, share_of(capacity, percent));
                }
            }
            track
        };
        let series = Series {
            id,
            sizes: size_of_machine(milliunits, memory_kib).map(|size| (i64::MIN, size)).into_iter().collect(),
            cpu_average: track(CPU, milliunits),
            cpu_max: track(CPU_MAX, milliunits),
            memory: track(MEMORY, memory_kib),
            known: None,
        };
        if series.span().is_none() {
            leave_out("no-samples");
            return (None, self.counts);
        }
        (Some(series), self.counts)
    }
}

impl Dataset {
    /// From traces: which rows are each series', and what each row holds. `without_series` are rows that
    /// named none. Fails where timestamps are in another unit than seconds.
    pub fn from_traces(
        rows_by_series: BTreeMap<String, Vec<Range<usize>>>,
        without_series: u64,
        row: impl Fn(usize) -> TraceRow + Sync,
    ) -> Result<Self, NotSeconds> {
        let finished: Vec<_> = rows_by_series
            .into_par_iter()
            .map(|(id, runs)| {
                let mut series = TraceSeries::default();
                series.rows.reserve_exact(runs.iter().map(Range::len).sum());
                runs.into_iter().flatten().for_each(|number| series.push(&row(number)));
                let finer = series.finer;
                (series.finish(id), finer)
            })
            .collect();
        let mut input =
            InputCounts { rows: without_series, without_key: without_series, ..InputCounts::default() };
        let mut series = Vec::with_capacity(finished.len());
        let mut finer = Finer::default();
        for ((one, counts), of_series) in finished {
            input.add(&counts);
            series.extend(one);
            finer.add(of_series);
        }
        finer.check(input.rows)?;
        Ok(Self::new(series, input))
    }
}

/// In 0 to 100, or NaN for what is no sample.
#[expect(clippy::cast_possible_truncation, reason = "per cent to seven digits is more than was measured")]
fn checked_percent(value: Option<f64>, counts: &mut InputCounts) -> f32 {
    match value {
        None => f32::NAN,
        Some(value) if !value.is_finite() => {
            counts.not_finite += 1;
            f32::NAN
        }
        Some(value) if value < 0.0 => {
            counts.negative += 1;
            f32::NAN
        }
        Some(value) if value > 100.0 => {
            counts.clipped += 1;
            100.0
        }
        Some(value) => value as f32,
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "capacities fit in 32 bits")]
fn share_of(capacity: f64, percent: f32) -> u32 {
    (capacity * f64::from(percent) / 100.0).round() as u32
}

/// Leaves out what is far from the rest of sorted `rows` and a small part of them; how many.
fn drop_clock_jumps(rows: &mut Vec<(i64, [f32; 3])>) -> u64 {
    let is_jump = |a: i64, b: i64| b.saturating_sub(a) > JUMP_SECONDS;
    if !rows.windows(2).any(|pair| is_jump(pair[0].0, pair[1].0)) {
        return 0;
    }
    let all = rows.len();
    let kept: Vec<_> = rows
        .chunk_by(|a, b| !is_jump(a.0, b.0))
        .filter(|part| part.len() * JUMP_SHARE >= all)
        .flatten()
        .copied()
        .collect();
    if kept.is_empty() {
        return 0;
    }
    *rows = kept;
    (all - rows.len()) as u64
}

/// The capacities of a machine's rows, in runs of equal ones.
#[derive(Debug, Clone, Default)]
struct Capacity(Vec<(f64, usize)>);

impl Capacity {
    fn add(&mut self, value: Option<f64>, most: f64, counts: &mut InputCounts) {
        let Some(value) = value else { return };
        if !value.is_finite() {
            counts.not_finite += 1;
        } else if value < 0.0 {
            counts.negative += 1;
        } else if value > 0.0 && value <= most {
            match self.0.last_mut() {
                Some((last, rows)) if last.total_cmp(&value).is_eq() => *rows += 1,
                _ => self.0.push((value, 1)),
            }
        }
    }

    /// The middle value by rows, or the mean of the two in the middle.
    fn median(&mut self) -> Option<f64> {
        self.0.sort_by(|a, b| a.0.total_cmp(&b.0));
        let rows: usize = self.0.iter().map(|(_, rows)| rows).sum();
        let at = |place: usize| {
            let mut seen = 0;
            self.0.iter().find_map(|(value, rows)| {
                seen += rows;
                (seen > place).then_some(*value)
            })
        };
        Some(f64::midpoint(at(rows.checked_sub(1)? / 2)?, at(rows / 2)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::utilization::{DEFAULT_MEMORY_KIB, DEFAULT_VCPU};

    fn row(timestamp: i64, cpu: f64, memory: f64) -> TraceRow {
        TraceRow {
            timestamp: Some(timestamp),
            cpu_percent: Some(cpu),
            memory_percent: Some(memory),
            vcpu: Some(DEFAULT_VCPU),
            memory_kib: Some(DEFAULT_MEMORY_KIB),
            ..TraceRow::default()
        }
    }

    fn read(rows: impl IntoIterator<Item = TraceRow>) -> Result<Dataset, NotSeconds> {
        let rows: Vec<TraceRow> = rows.into_iter().collect();
        let all = std::iter::once(0..rows.len()).collect();
        Dataset::from_traces(BTreeMap::from([("vm".to_owned(), all)]), 0, |row| rows[row])
    }

    fn dataset(rows: impl IntoIterator<Item = TraceRow>) -> Dataset {
        read(rows).unwrap()
    }

    /// Two days of a machine at 10 % CPU and 50 % memory, an hour apart.
    fn two_days() -> Vec<TraceRow> {
        (0..49).map(|hour| row(hour * 3600, 10.0, 50.0)).collect()
    }

    #[test]
    fn per_cent_becomes_absolute_by_the_capacity() {
        let data = dataset(two_days());
        let one = &data.series[0];
        assert_eq!(one.cpu_average.values()[0], 204_800, "10 % of 2,048 CPU units, in thousandths");
        assert_eq!(one.memory.values()[0], 2_097_152, "half of 4 GiB, in KiB");
        assert_eq!(one.sizes.last().unwrap().1.to_string(), "2 vCPU / 4 GB");
        assert_eq!(data.input, InputCounts { rows: 49, ..InputCounts::default() });
    }

    /// Bad input, what is counted for it, and how many CPU samples are left.
    #[test]
    fn bad_input_is_handled_as_documented_and_counted() {
        type Change = fn(&mut Vec<TraceRow>);
        let counts = InputCounts { rows: 49, ..InputCounts::default() };
        let cases: [(&str, Change, InputCounts, usize); 9] = [
            ("unsorted", |rows| rows.swap(3, 4), InputCounts { out_of_order: 1, ..counts.clone() }, 49),
            (
                "duplicated",
                |rows| rows.push(row(48 * 3600, 99.0, 1.0)),
                InputCounts { rows: 50, duplicates: 1, ..counts.clone() },
                49,
            ),
            (
                "negative",
                |rows| rows[0].cpu_percent = Some(-0.1),
                InputCounts { negative: 1, ..counts.clone() },
                48,
            ),
            (
                "NaN",
                |rows| rows[0].cpu_percent = Some(f64::NAN),
                InputCounts { not_finite: 1, ..counts.clone() },
                48,
            ),
            (
                "infinite",
                |rows| rows[0].cpu_percent = Some(f64::INFINITY),
                InputCounts { not_finite: 1, ..counts.clone() },
                48,
            ),
            (
                "above 100 %",
                |rows| rows[0].cpu_percent = Some(128.9),
                InputCounts { clipped: 1, ..counts.clone() },
                49,
            ),
            ("no sample", |rows| rows[0].cpu_percent = None, counts.clone(), 48),
            (
                "no time",
                |rows| rows[0].timestamp = None,
                InputCounts { without_key: 1, ..counts.clone() },
                48,
            ),
            (
                "one series of one point",
                |rows| rows.truncate(1),
                InputCounts { rows: 1, too_short: 1, ..counts.clone() },
                1,
            ),
        ];
        for (name, change, expected, samples) in cases {
            let mut rows = two_days();
            change(&mut rows);
            let data = dataset(rows);
            assert_eq!(data.input, expected, "{name}");
            assert_eq!(data.series[0].cpu_average.len(), samples, "{name}");
            assert!(data.series[0].cpu_average.times().is_sorted_by(|a, b| a < b), "{name}");
        }
    }

    #[test]
    fn timestamps_in_a_finer_unit_are_refused_by_name() {
        for (per_second, unit, example) in [
            (1_000, "milliseconds", "1376314846000"),
            (1_000_000, "microseconds", "1376314846000000"),
            (1_000_000_000, "nanoseconds", "1376314846000000000"),
        ] {
            let rows = (0..49).map(|hour| row((1_376_314_846 + hour * 3600) * per_second, 10.0, 50.0));
            let error = read(rows).unwrap_err();
            assert_eq!(error.per_second, per_second);
            assert_eq!(
                error.to_string(),
                format!(
                    "column timestamp must be seconds since the epoch; 49 of 49 rows look like {unit}, such as \
                     {example} (2013-08-12T13:40:46Z)"
                )
            );
        }
    }

    /// One row in a hundred is a column of two units, fewer are mistakes; seconds may be of any year.
    #[test]
    fn a_row_in_a_finer_unit_is_left_out_and_any_second_is_taken() {
        let mixed = |seconds: i64| {
            let rows = (0..seconds).map(|hour| row(hour * 3600, 10.0, 50.0));
            read(rows.chain([row(1_376_314_846_000, 10.0, 50.0)]))
        };
        assert!(mixed(99).is_err());
        let data = mixed(100).unwrap();
        assert_eq!(data.input, InputCounts { rows: 101, without_key: 1, ..InputCounts::default() });
        for start in [0, 4_102_444_800, -631_152_000] {
            let data = dataset((0..49).map(|hour| row(start + hour * 3600, 10.0, 50.0)));
            assert_eq!(data.series[0].cpu_average.len(), 49, "{start}");
        }
        // No unit makes a time of ours of these.
        let data = dataset((0..49).map(|hour| row(i64::MAX - hour, 10.0, 50.0)));
        assert_eq!(data.input.without_key, 49);
        assert_eq!(data.input.left_out, BTreeMap::from([("no-samples".to_owned(), 1)]));
    }

    #[test]
    fn of_duplicates_the_larger_value_is_kept() {
        let mut rows = two_days();
        rows.push(row(0, 90.0, f64::NAN));
        let data = dataset(rows);
        assert_eq!(data.series[0].cpu_average.values()[0], 1_843_200);
        assert_eq!(data.series[0].memory.values()[0], 2_097_152);
    }

    #[test]
    fn a_clock_that_jumps_far_and_back_is_left_out() {
        let hours = (0..200).map(|hour| row(hour * 3600, 10.0, 50.0));
        let jumped =
            dataset(hours.clone().chain([row(400 * 86_400, 99.0, 99.0), row(-999_999_999, 99.0, 99.0)]));
        assert_eq!(jumped.input.clock_jumps, 2);
        assert_eq!(jumped.span(), Some((0, 199 * 3600)));
        // A service that was off for a season is not a jump.
        let paused = dataset(hours.clone().chain(
            hours.map(|row| TraceRow { timestamp: row.timestamp.map(|time| time + 90 * 86_400), ..row }),
        ));
        assert_eq!(paused.input.clock_jumps, 0);
        assert_eq!(paused.series[0].memory.len(), 400);
    }

    #[test]
    fn capacity_is_the_median_of_what_is_a_capacity() {
        let mut rows = two_days();
        for (row, kib) in rows.iter_mut().zip([f64::NAN, -1.0, 0.0, 1e30]) {
            row.memory_kib = Some(kib);
        }
        for row in rows.iter_mut().skip(4).take(22) {
            row.memory_kib = Some(8_388_608.0);
        }
        let data = dataset(rows);
        // 22 rows with 4 GiB above 23 of 8 GiB... of 45 the middle one.
        assert_eq!(data.series[0].memory.values()[0], 2_097_152);
        assert_eq!((data.input.not_finite, data.input.negative), (1, 1));
    }

    #[test]
    fn a_series_without_capacity_or_samples_is_left_out_and_counted() {
        let no_capacity = dataset(two_days().into_iter().map(|row| TraceRow { vcpu: None, ..row }));
        let no_samples = dataset((0..40).map(|hour| row(hour * 3600, f64::NAN, -1.0)));
        for (data, reason) in [(no_capacity, "no-capacity"), (no_samples, "no-samples")] {
            assert!(data.series.is_empty());
            assert_eq!(data.input.left_out, BTreeMap::from([(reason.to_owned(), 1)]));
        }
    }
}
