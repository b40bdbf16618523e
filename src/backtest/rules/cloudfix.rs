//! `cloudfix`: `CloudFix`'s `EcsOptimizeFargate`.

use crate::{
    backtest::{Answer, Decision, Ladder, Rule, Samples, Training, each},
    workload::OperatingSystem,
};

/// Largest hourly 99th percentile + 20 % in both resources, only where both of these peaks are below 80 %
/// of the size and the size is not the smallest already; otherwise nothing is changed.
///
/// Its condition that a service be 30 days old is left out: it would rate nothing in shorter histories.
/// Percentiles are interpolated between samples, as an hour has only a dozen at five minutes: by nearest
/// rank its 99th percentile would be its maximum. Source: support.cloudfix.com, article 132615.
#[derive(Debug, Clone, Copy)]
pub struct CloudFix;

/// Share of the size.
const CANDIDATE_BELOW: f64 = 0.8;

impl Rule for CloudFix {
    fn name(&self) -> &'static str {
        "cloudfix"
    }

    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Answer {
        each(fleet, |one| {
            let (cpu, memory) = (largest_hourly_p99(&one.cpu), largest_hourly_p99(&one.memory));
            let near = |peak: Option<f64>, size: f64| peak.is_some_and(|peak| peak >= size * CANDIDATE_BELOW);
            let size = one.current;
            if near(cpu, f64::from(size.cpu().0) * 1000.0)
                || near(memory, f64::from(size.memory().0) * 1024.0)
                || size.is_smallest(OperatingSystem::Linux)
            {
                return Decision::Keep;
            }
            let need = one.need(|_| cpu.map(|cpu| cpu * 1.2), |_| memory.map(|memory| memory * 1.2));
            ladder.decide(need, size)
        })
    }
}

fn largest_hourly_p99(samples: &Samples<'_>) -> Option<f64> {
    let mut values = samples.values();
    let mut largest: Option<f64> = None;
    let mut sorted = Vec::new();
    for hour in samples.times().chunk_by(|a, b| a.div_euclid(3600) == b.div_euclid(3600)) {
        let (now, later) = values.split_at(hour.len());
        values = later;
        sorted.clear();
        sorted.extend_from_slice(now);
        sorted.sort_unstable();
        let p99 = interpolated_p99(&sorted);
        largest = if largest > p99 { largest } else { p99 };
    }
    largest
}

/// Between the two values of ascending `sorted` that 99 % of the way from first to last falls between.
fn interpolated_p99(sorted: &[u32]) -> Option<f64> {
    let hundredths = sorted.len().checked_sub(1)? * 99;
    let (below, part) = (hundredths / 100, hundredths % 100);
    let low = f64::from(*sorted.get(below)?);
    let high = sorted.get(below + 1).map_or(low, |high| f64::from(*high));
    Some(low + (high - low) * part as f64 / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn largest(seconds_apart: i64, values: &[u32]) -> Option<f64> {
        let times: Vec<i64> = (0..).map(|i| i * seconds_apart).take(values.len()).collect();
        largest_hourly_p99(&Samples::new((&times, values)))
    }

    #[test]
    fn a_peak_is_the_99th_percentile_of_its_hour() {
        let mut dense = vec![10; 202];
        dense[7] = 500;
        dense[90] = 400;
        dense[91] = 300;
        // Of the 200 samples of the hour, 197.01 lie below: just above the third largest.
        assert!((largest(18, &dense).unwrap() - 301.0).abs() < 1e-9);
        let mut sparse = vec![0; 24];
        sparse[23] = 100;
        assert!((largest(300, &sparse).unwrap() - 89.0).abs() < 1e-9, "10.89 of 11 steps to the maximum");
        assert_eq!(largest(300, &[7]), Some(7.0));
        assert_eq!(largest(300, &[]), None);
    }
}
