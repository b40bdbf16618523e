//! `vpa`: the target of the Kubernetes Vertical Pod Autoscaler's recommender.

use super::decayed::decayed;
use crate::backtest::{Answer, Ladder, Rule, Samples, Training, each};

/// 90th percentile of a decaying histogram + 15 %, in both resources; at least 25 thousandths of a vCPU
/// and 250 MiB.
///
/// CPU: every sample, half-life 24 h. Memory: the peak of each of the last eight 24 h intervals, half-life
/// 24 h. Buckets grow by 5 % from 0.01 vCPU and 10^7 bytes, and a percentile is the upper end of its
/// bucket. Source: kubernetes/autoscaler, `vertical-pod-autoscaler/pkg/recommender` (2026-08-22).
#[derive(Debug, Clone, Copy)]
pub struct Vpa;

const DAY: i64 = 86_400;
const INTERVALS: usize = 8;
const PERCENTILE: f64 = 0.9;
const MARGIN: f64 = 1.15;

/// 0.01 vCPU in thousandths of a CPU unit, and 10^7 bytes in KiB.
const FIRST_CPU_BUCKET: f64 = 10_240.0;
const FIRST_MEMORY_BUCKET: f64 = 1e7 / 1024.0;
/// 25 thousandths of a vCPU and 250 MiB.
const LEAST_CPU: f64 = 25_600.0;
const LEAST_MEMORY: f64 = 256_000.0;

impl Rule for Vpa {
    fn name(&self) -> &'static str {
        "vpa"
    }

    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Answer {
        each(fleet, |one| {
            let cpu = |cpu: &Samples<'_>| {
                let mut histogram = Histogram::new(FIRST_CPU_BUCKET);
                for (time, value) in cpu.iter() {
                    histogram.add(value, decayed(one.end - time, DAY));
                }
                Some((histogram.percentile(PERCENTILE)? * MARGIN).max(LEAST_CPU))
            };
            let memory = |memory: &Samples<'_>| {
                let mut histogram = Histogram::new(FIRST_MEMORY_BUCKET);
                for (end, peak) in peaks(memory).into_iter().rev().take(INTERVALS) {
                    histogram.add(peak, decayed(one.end - end, DAY));
                }
                Some((histogram.percentile(PERCENTILE)? * MARGIN).max(LEAST_MEMORY))
            };
            ladder.decide(one.need(cpu, memory), one.current)
        })
    }
}

/// The largest value of each 24 h from the first sample on, with the end of those hours.
fn peaks(samples: &Samples<'_>) -> Vec<(i64, u32)> {
    let mut peaks: Vec<(i64, u32)> = Vec::new();
    let Some(first) = samples.times().first() else { return peaks };
    for (time, value) in samples.iter() {
        let end = first + ((time - first) / DAY + 1) * DAY;
        match peaks.last_mut() {
            Some((last, peak)) if *last == end => *peak = value.max(*peak),
            _ => peaks.push((end, value)),
        }
    }
    peaks
}

/// Weights in buckets that each are 5 % wider than the one below.
struct Histogram {
    first: f64,
    weights: Vec<f64>,
}

const RATIO: f64 = 1.05;
/// Beyond 1,000 vCPU and 1 TB, the last bucket takes all.
const BUCKETS: usize = 200;

impl Histogram {
    fn new(first: f64) -> Self {
        Self { first, weights: vec![0.0; BUCKETS] }
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "not negative, and capped below"
    )]
    fn add(&mut self, value: u32, weight: f64) {
        let bucket = (f64::from(value) * (RATIO - 1.0) / self.first).ln_1p() / RATIO.ln();
        self.weights[(bucket as usize).min(BUCKETS - 1)] += weight;
    }

    /// The upper end of the bucket up to which `share` of the weight lies; `None` without weight.
    fn percentile(&self, share: f64) -> Option<f64> {
        let total: f64 = self.weights.iter().sum();
        let mut seen = 0.0;
        let bucket = self.weights.iter().position(|weight| {
            seen += weight;
            seen > 0.0 && seen >= share * total
        })?;
        let end = i32::try_from(bucket + 1).unwrap_or(i32::MAX);
        Some(self.first * (RATIO.powi(end) - 1.0) / (RATIO - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_upper_end_of_its_bucket() {
        let mut histogram = Histogram::new(10_240.0);
        assert_eq!(histogram.percentile(0.9), None);
        histogram.add(0, 1.0);
        assert!((histogram.percentile(0.9).unwrap() - 10_240.0).abs() < 1e-6);
        for value in [100_000_u32, 1_000_000, 30_000_000] {
            let mut histogram = Histogram::new(10_240.0);
            histogram.add(value, 0.5);
            let upper = histogram.percentile(0.9).unwrap();
            assert!(upper > f64::from(value) && upper < f64::from(value) * 1.16, "{value}: {upper}");
        }
    }

    #[test]
    fn memory_is_a_peak_for_each_day_from_the_first_sample() {
        let times: Vec<i64> = (0..48).map(|hour| 7_000 + hour * 3600).collect();
        let values: Vec<u32> = (0..48).collect();
        assert_eq!(peaks(&Samples::new((&times, &values))), [(7_000 + DAY, 23), (7_000 + 2 * DAY, 47)]);
    }
}
