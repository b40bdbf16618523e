//! [`Histogram`]: how often a value fell into each bucket. Merges in any order to the same result.

use super::buckets::{BUCKETS, bucket_of, bucket_upper_bound};

/// A sparse histogram, sorted by bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    counts: Vec<(u16, u32)>,
}

impl Histogram {
    /// Values counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|(_, n)| u64::from(*n)).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Buckets with a count, ascending.
    pub fn buckets(&self) -> &[(u16, u32)] {
        &self.counts
    }

    /// The smallest bucket bound that at least `share` (of 10,000) of the values do not pass
    /// (nearest rank); `None` of nothing. 9,950 is the 99.5th percentile.
    pub fn percentile(&self, share: u32) -> Option<u64> {
        let count = self.count();
        let rank = (count * u64::from(share.min(10_000))).div_ceil(10_000).max(1);
        let mut seen = 0;
        for (bucket, n) in &self.counts {
            seen += u64::from(*n);
            if seen >= rank {
                return Some(bucket_upper_bound(*bucket));
            }
        }
        None
    }

    /// The upper bound of the largest value's bucket; `None` of nothing.
    pub fn max(&self) -> Option<u64> {
        self.counts.last().map(|(bucket, _)| bucket_upper_bound(*bucket))
    }

    /// How many values lie in buckets above the one that holds `limit`.
    pub fn count_above(&self, limit: u64) -> u64 {
        let bucket = bucket_of(limit);
        self.counts.iter().filter(|(b, _)| *b > bucket).map(|(_, n)| u64::from(*n)).sum()
    }

    /// What is left when the values counted in `part` are taken out.
    #[must_use]
    pub fn without(&self, part: &Self) -> Self {
        let taken = |bucket: u16| {
            part.counts.binary_search_by_key(&bucket, |(b, _)| *b).map_or(0, |at| part.counts[at].1)
        };
        let counts =
            self.counts.iter().map(|(b, n)| (*b, n.saturating_sub(taken(*b)))).filter(|(_, n)| *n > 0);
        Self { counts: counts.collect() }
    }

    /// The sum of several histograms.
    pub fn merged<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut scratch = DenseHistogram::default();
        for part in parts {
            for (bucket, n) in &part.counts {
                scratch.add(*bucket, *n);
            }
        }
        scratch.take()
    }
}

impl FromIterator<u64> for Histogram {
    fn from_iter<I: IntoIterator<Item = u64>>(values: I) -> Self {
        let mut scratch = DenseHistogram::default();
        for value in values {
            scratch.add(bucket_of(value), 1);
        }
        scratch.take()
    }
}

/// A histogram being filled: every bucket in memory, and which of them were touched, so that
/// emptying it costs what was put in.
#[derive(Debug)]
pub(super) struct DenseHistogram {
    counts: Vec<u32>,
    touched: Vec<u16>,
}

impl Default for DenseHistogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], touched: Vec::new() }
    }
}

impl DenseHistogram {
    pub(super) fn add(&mut self, bucket: u16, n: u32) {
        let slot = &mut self.counts[usize::from(bucket)];
        if *slot == 0 && n > 0 {
            self.touched.push(bucket);
        }
        *slot = slot.saturating_add(n);
    }

    /// What was filled in; empty afterwards.
    pub(super) fn take(&mut self) -> Histogram {
        self.touched.sort_unstable();
        let counts =
            self.touched.drain(..).map(|b| (b, std::mem::take(&mut self.counts[usize::from(b)]))).collect();
        Histogram { counts }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against sorting all values: the percentile is the exact one, up to a bucket's width.
        #[test]
        fn percentiles_match_sorting_within_a_bucket(
            mut values in prop::collection::vec(0u64..50_000_000, 1..400), share in 0u32..=10_000,
        ) {
            let histogram: Histogram = values.iter().copied().collect();
            values.sort_unstable();
            let rank = (values.len() * share as usize).div_ceil(10_000).max(1);
            let exact = values[rank - 1];
            let got = histogram.percentile(share).unwrap();
            prop_assert!(got >= exact && (got - exact) * 128 <= exact, "{} for {}", got, exact);
        }

        #[test]
        fn merging_is_the_same_in_any_order(
            a in prop::collection::vec(0u64..1_000_000, 0..50),
            b in prop::collection::vec(0u64..1_000_000, 0..50),
        ) {
            let both: Histogram = a.iter().chain(&b).copied().collect();
            let (a, b): (Histogram, Histogram) = (a.into_iter().collect(), b.into_iter().collect());
            prop_assert_eq!(&Histogram::merged([&a, &b]), &both);
            prop_assert_eq!(&Histogram::merged([&b, &a]), &both);
        }

        #[test]
        fn taking_a_part_out_leaves_the_rest(
            part in prop::collection::vec(0u64..1_000_000, 0..50),
            rest in prop::collection::vec(0u64..1_000_000, 0..50),
        ) {
            let whole: Histogram = part.iter().chain(&rest).copied().collect();
            let (part, rest): (Histogram, Histogram) = (part.into_iter().collect(), rest.into_iter().collect());
            prop_assert_eq!(whole.without(&part), rest);
        }

        #[test]
        fn percentiles_grow_with_the_share(values in prop::collection::vec(0u64..1_000_000, 1..100), a in 0u32..=10_000, b in 0u32..=10_000) {
            let histogram: Histogram = values.into_iter().collect();
            prop_assert!(histogram.percentile(a.min(b)) <= histogram.percentile(a.max(b)));
        }
    }

    #[test]
    fn nothing_has_no_percentile() {
        assert_eq!(Histogram::default().percentile(5_000), None);
    }
}
