//! [`InputCounts`]: what the data was like, so that nothing is dropped in silence.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::demand::Screened;

/// What was read, and what of it was changed or left out.
///
/// | input | is |
/// |---|---|
/// | row without series or timestamp, or of no time before the year 5138 | left out |
/// | rows not in order of time | sorted |
/// | several rows of one series and time | one, with the larger of their values |
/// | negative, not a number, infinite | no sample |
/// | above 100 % | 100 % |
/// | a few samples (under 1 %) more than 30 days from the rest of their series | left out: a clock jump |
/// | a series whose samples span less than a day | kept, counted; no rule can rate it |
///
/// What of a snapshot's rows and values cannot be is counted by what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
pub struct InputCounts {
    /// Rows read.
    pub rows: u64,
    /// Rows that come earlier in time than the row before them of the same series.
    pub out_of_order: u64,
    /// Rows merged into another of the same series and time.
    pub duplicates: u64,
    /// Rows without a series or a timestamp that can be a time.
    pub without_key: u64,
    /// Rows left out because their clock had jumped.
    pub clock_jumps: u64,
    /// Values left out.
    pub negative: u64,
    /// Values left out: NaN and infinities.
    pub not_finite: u64,
    /// Values above 100 %, taken for 100 %.
    pub clipped: u64,
    /// Rows and values of a snapshot that cannot be.
    #[serde(flatten)]
    pub screened: Screened,
    /// Series whose samples span less than a day.
    pub too_short: u64,
    /// Series left out, by reason.
    pub left_out: BTreeMap<String, u64>,
}

impl InputCounts {
    /// Adds what another part of the input was like.
    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.out_of_order += other.out_of_order;
        self.duplicates += other.duplicates;
        self.without_key += other.without_key;
        self.clock_jumps += other.clock_jumps;
        self.negative += other.negative;
        self.not_finite += other.not_finite;
        self.clipped += other.clipped;
        self.screened.add(&other.screened);
        self.too_short += other.too_short;
        for (reason, series) in &other.left_out {
            *self.left_out.entry(reason.clone()).or_default() += series;
        }
    }

    /// What was changed or left out, in words, largest first; empty for clean data.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<(u64, String)> = [
            (self.out_of_order, "rows out of order (sorted)"),
            (self.duplicates, "duplicated rows (merged)"),
            (self.without_key, "rows without series or usable timestamp (left out)"),
            (self.clock_jumps, "rows after a clock jump (left out)"),
            (self.negative, "negative values (left out)"),
            (self.not_finite, "values that are no numbers (left out)"),
            (self.clipped, "values above 100 % (taken for 100 %)"),
            (self.too_short, "series of less than a day (not rated)"),
        ]
        .into_iter()
        .chain(self.screened.counts())
        .map(|(count, what)| (count, what.to_owned()))
        .chain(self.left_out.iter().map(|(reason, series)| (*series, format!("series left out ({reason})"))))
        .filter(|(count, _)| *count > 0)
        .collect();
        notes.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        notes.into_iter().map(|(count, what)| format!("{what}: {count}")).collect()
    }
}
