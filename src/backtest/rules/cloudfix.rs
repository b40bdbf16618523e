//! `cloudfix`: `CloudFix`'s `EcsOptimizeFargate`.

use crate::{
    backtest::{Decision, Ladder, Rule, Samples, Training, each, training::nearest_rank},
    workload::OperatingSystem,
};

/// Largest hourly 99th percentile + 20 % in both resources, only where both of these peaks are below 80 %
/// of the size and the size is not the smallest already; otherwise nothing is changed.
///
/// Its condition that a service be 30 days old is left out: it would rate nothing in shorter histories.
/// An hour of a dozen five-minute samples has its maximum for a 99th percentile. Source:
/// support.cloudfix.com, article 132615.
#[derive(Debug, Clone, Copy)]
pub struct CloudFix;

/// Per cent of the size.
const CANDIDATE_BELOW: u64 = 80;

impl Rule for CloudFix {
    fn name(&self) -> &'static str {
        "cloudfix"
    }

    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Vec<Decision> {
        each(fleet, |one| {
            let (cpu, memory) = (largest_hourly_p99(&one.cpu), largest_hourly_p99(&one.memory));
            let near = |peak: Option<u32>, size: u64| {
                peak.is_some_and(|peak| u64::from(peak) * 100 >= size * CANDIDATE_BELOW)
            };
            let size = one.current;
            if near(cpu, u64::from(size.cpu().0) * 1000)
                || near(memory, u64::from(size.memory().0) * 1024)
                || size.is_smallest(OperatingSystem::Linux)
            {
                return Decision::Keep;
            }
            let need = one.need(|_| super::scaled(cpu, 12, 10), |_| super::scaled(memory, 12, 10));
            ladder.decide(need, size)
        })
    }
}

fn largest_hourly_p99(samples: &Samples<'_>) -> Option<u32> {
    let mut values = samples.values();
    let mut largest = None;
    let mut sorted = Vec::new();
    for hour in samples.times().chunk_by(|a, b| a.div_euclid(3600) == b.div_euclid(3600)) {
        let (now, later) = values.split_at(hour.len());
        values = later;
        sorted.clear();
        sorted.extend_from_slice(now);
        sorted.sort_unstable();
        largest = largest.max(nearest_rank(&sorted, 9_900));
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_minute_in_a_hundred_of_an_hour_is_not_its_peak() {
        let times: Vec<i64> = (0..200).map(|i| i * 18).collect();
        let mut values = vec![10; 200];
        values[7] = 500;
        values[90] = 400;
        values[91] = 300;
        assert_eq!(largest_hourly_p99(&Samples::new((&times, &values))), Some(300));
        let sparse: Vec<i64> = (0..12).map(|i| i * 300).collect();
        assert_eq!(largest_hourly_p99(&Samples::new((&sparse, &values[..12]))), Some(500));
        assert_eq!(largest_hourly_p99(&Samples::new((&[], &[]))), None);
    }
}
