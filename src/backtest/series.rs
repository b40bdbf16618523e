//! [`Series`]: the absolute demand of one service, and the sizes it had.

use std::collections::BTreeMap;

use super::{counts::InputCounts, known::Known};
use crate::fargate::TaskSize;

/// Samples of one resource: times in seconds since the epoch, strictly ascending, and a value each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Track {
    times: Vec<i64>,
    values: Vec<u32>,
}

impl Track {
    /// Empty, with room for so many samples.
    pub fn with_capacity(samples: usize) -> Self {
        Self { times: Vec::with_capacity(samples), values: Vec::with_capacity(samples) }
    }

    /// Adds a sample; one that is not later than the last is refused with `false`.
    pub fn push(&mut self, time: i64, value: u32) -> bool {
        if self.times.last().is_some_and(|last| *last >= time) {
            return false;
        }
        self.times.push(time);
        self.values.push(value);
        true
    }

    /// Its samples, and those of `other` at times that it has none of; empty if it is.
    fn filled_from(&mut self, other: &Self) {
        if self.is_empty() || self.times == other.times {
            return;
        }
        let samples = |track: &Self| -> BTreeMap<i64, u32> {
            track.times.iter().copied().zip(track.values.iter().copied()).collect()
        };
        let mut all = samples(other);
        all.extend(samples(self));
        (self.times, self.values) = all.into_iter().unzip();
    }

    pub fn len(&self) -> usize {
        self.times.len()
    }

    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    pub fn times(&self) -> &[i64] {
        &self.times
    }

    pub fn values(&self) -> &[u32] {
        &self.values
    }

    /// Times and values in `from..to`.
    pub fn between(&self, from: i64, to: i64) -> (&[i64], &[u32]) {
        between((&self.times, &self.values), from, to)
    }
}

/// What of ascending `times` and their `values` is in `from..to`.
pub(super) fn between<'a>(
    (times, values): (&'a [i64], &'a [u32]),
    from: i64,
    to: i64,
) -> (&'a [i64], &'a [u32]) {
    let start = times.partition_point(|time| *time < from);
    let end = times.partition_point(|time| *time < to).max(start);
    (&times[start..end], &values[start..end])
}

/// One service (or traced machine). CPU in thousandths of a CPU unit, memory in KiB, per task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    pub id: String,
    /// Size in force, each from a time on; not empty, ascending, the first from before all time.
    pub sizes: Vec<(i64, TaskSize)>,
    /// Each period's average.
    pub cpu_average: Track,
    /// Each period's maximum where the data has it, else the average; empty where the data has no maximum.
    pub cpu_max: Track,
    /// Each period's maximum where the data has it, else the average.
    pub memory: Track,
    /// Nothing of traces.
    pub known: Option<Known>,
}

impl Series {
    /// What CPU is sized from and judged by.
    pub fn cpu(&self) -> &Track {
        if self.cpu_max.is_empty() { &self.cpu_average } else { &self.cpu_max }
    }

    /// The size in force just before `time`.
    pub fn size_before(&self, time: i64) -> Option<TaskSize> {
        let place = self.sizes.partition_point(|(from, _)| *from < time);
        self.sizes.get(place.saturating_sub(1)).map(|(_, size)| *size)
    }

    /// First and last time of any sample.
    pub fn span(&self) -> Option<(i64, i64)> {
        let tracks = [&self.cpu_average, &self.cpu_max, &self.memory];
        let first = tracks.iter().filter_map(|track| track.times.first()).min()?;
        let last = tracks.iter().filter_map(|track| track.times.last()).max()?;
        Some((*first, *last))
    }
}

/// Everything to be backtested, by series id, and what was noticed while reading it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dataset {
    pub series: Vec<Series>,
    pub input: InputCounts,
}

/// Series whose samples span less than this (the last sample's own period of up to an hour included) are
/// too short for any rule.
const SHORTEST: i64 = 86_400;

impl Dataset {
    /// Sorted by id, so that results do not depend on the order of the input. Series of less than a
    /// day are counted. Periods of traces without a maximum of CPU have their average for it.
    pub fn new(mut series: Vec<Series>, mut input: InputCounts) -> Self {
        for Series { cpu_max, cpu_average, .. } in series.iter_mut().filter(|one| one.known.is_none()) {
            cpu_max.filled_from(cpu_average);
        }
        series.sort_by(|a, b| a.id.cmp(&b.id));
        let short = |one: &&Series| {
            one.span().is_none_or(|(first, last)| last.saturating_sub(first) < SHORTEST - 3600)
        };
        input.too_short = series.iter().filter(short).count() as u64;
        Self { series, input }
    }

    /// First and last time of any sample.
    pub fn span(&self) -> Option<(i64, i64)> {
        self.series.iter().filter_map(Series::span).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }
}
