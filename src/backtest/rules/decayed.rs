//! Weights that halve with age, and percentiles under weights.

/// 1 now, a half after `half_life`, a quarter after two of them. Both in seconds.
#[expect(clippy::cast_precision_loss, reason = "ages are far below 2^52 seconds")]
pub(super) fn decayed(age: i64, half_life: i64) -> f64 {
    (-(age as f64) / half_life as f64).exp2()
}

/// The smallest value up to which `share` (0 to 1) of the weight lies.
pub(super) fn weighted_percentile(mut weighted: Vec<(u32, f64)>, share: f64) -> Option<u32> {
    weighted.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let total: f64 = weighted.iter().map(|(_, weight)| weight).sum();
    let mut seen = 0.0;
    for (value, weight) in &weighted {
        seen += weight;
        if seen >= share * total {
            return Some(*value);
        }
    }
    // The last sums may differ by a double's last digits.
    weighted.last().map(|(value, _)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_halve_and_percentiles_follow_them() {
        assert!((decayed(48, 24) - 0.25).abs() < 1e-12);
        let even = |values: &[u32]| values.iter().map(|value| (*value, 1.0)).collect();
        assert_eq!(weighted_percentile(even(&[4, 1, 3, 2]), 0.5), Some(2));
        assert_eq!(weighted_percentile(vec![(1, 1.0), (9, 9.0)], 0.5), Some(9));
        assert_eq!(weighted_percentile(even(&[1, 2]), 1.0), Some(2));
        assert_eq!(weighted_percentile(Vec::new(), 0.5), None);
    }
}
