//! The bucket table of demand histograms: integers only, relative error below 1/128 (0.8 %).
//!
//! Values below 256 have a bucket each; above, every power of two is cut into 128 equal buckets.
//! Any SQL engine can hold the same table (bucket, upper bound), so the same statistics can be
//! computed with one GROUP BY. Changing this table changes stored statistics: raise the snapshot's
//! format version with it.
//!
//! | value | bucket | upper bound |
//! |---|---|---|
//! | 0 | 0 | 0 |
//! | 255 | 255 | 255 |
//! | 256, 257 | 256 | 257 |
//! | 100,000 | 1,347 | 100,351 |

/// Number of buckets; the last holds everything from 2^40 up.
pub const BUCKETS: usize = 256 + 32 * 128;

/// The bucket of `value`.
#[expect(clippy::cast_possible_truncation, reason = "buckets number less than 2^16")]
pub fn bucket_of(value: u64) -> u16 {
    let value = value.min((1 << 40) - 1);
    if value < 256 {
        return value as u16;
    }
    // 1 for 256..512, 2 for 512..1024, ...
    let shift = 56 - value.leading_zeros();
    (256 + (shift - 1) * 128 + ((value >> shift) as u32 - 128)) as u16
}

/// The largest value of a bucket: what a percentile that falls into it is reported as, so that
/// demand is never understated.
pub fn bucket_upper_bound(bucket: u16) -> u64 {
    let bucket = u64::from(bucket).min(BUCKETS as u64 - 1);
    if bucket < 256 {
        return bucket;
    }
    let shift = (bucket - 256) / 128 + 1;
    let position = (bucket - 256) % 128 + 128;
    ((position + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_worked_table_holds() {
        for (value, bucket, upper) in
            [(0, 0, 0), (255, 255, 255), (256, 256, 257), (257, 256, 257), (100_000, 1_347, 100_351)]
        {
            assert_eq!((bucket_of(value), bucket_upper_bound(bucket_of(value))), (bucket, upper));
        }
        assert_eq!(usize::from(bucket_of(u64::MAX)), BUCKETS - 1);
    }

    proptest! {
        #[test]
        fn the_upper_bound_is_at_most_one_in_128_above_the_value(value in 0u64..(1 << 40)) {
            let upper = bucket_upper_bound(bucket_of(value));
            prop_assert!(upper >= value);
            prop_assert!((upper - value) * 128 <= value);
            prop_assert!(bucket_of(upper) == bucket_of(value));
        }

        #[test]
        fn buckets_keep_order(a in 0u64..(1 << 40), b in 0u64..(1 << 40)) {
            prop_assert_eq!(bucket_of(a.min(b)).min(bucket_of(a.max(b))), bucket_of(a.min(b)));
        }
    }
}
