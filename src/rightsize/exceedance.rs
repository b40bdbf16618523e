//! [`Exceedance`]: how likely a later memory peak is to pass a multiple of the past one.
//!
//! A logistic curve in the logarithm of the multiple, with a square root so that it can fall
//! steeply at first and slowly later, as real peaks do:
//!
//! `P(later peak > c x past peak) = 1 / (1 + exp(-(a + b ln c + d sqrt(ln c))))`
//!
//! | c | a = -0.79, b = -0.85, d = -0.88 |
//! |---|---|
//! | 1.0 | 31 % |
//! | 1.2 | 21 % |
//! | 2.0 | 11 % |
//! | 4.0 | 5 % |
//!
//! It is fitted by ridge regression (Newton's method) to pairs of past and later peaks of a fleet, at
//! thirteen multiples. The ridge holds the curve flat where the data says little, which keeps the
//! tail heavy. Literature: Hosmer and Lemeshow, Applied Logistic Regression; Hoerl and Kennard, 1970,
//! on ridge regression.

/// Peaks below this (KiB) are alike: a task that uses 1 MiB is not a task that may need 100.
const OFFSET_KIB: f64 = 32.0 * 1024.0;
/// Weight of the ridge against the mean log-likelihood.
const RIDGE: f64 = 0.01;
/// Multiples at which later peaks are compared with past ones.
const MULTIPLES: [f64; 13] = [1.0, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 6.0, 8.0, 16.0];
const NEWTON_STEPS: usize = 40;

/// A fitted curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exceedance {
    pub weights: [f64; 3],
}

/// A past and the later memory peak of one workload, KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeakPair {
    pub past: u64,
    pub later: u64,
}

fn log_multiple(over: u64, past: u64) -> f64 {
    ((over as f64 + OFFSET_KIB) / (past as f64 + OFFSET_KIB)).ln()
}

fn features(log_multiple: f64) -> [f64; 3] {
    let positive = log_multiple.max(0.0);
    [1.0, positive, positive.sqrt()]
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z.clamp(-30.0, 30.0)).exp())
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

impl Exceedance {
    /// The probability that a later peak passes `limit`, where the past peak was `past` (KiB).
    /// What did not even hold the past peak is sure to be passed.
    pub fn probability(&self, past: u64, limit: u64) -> f64 {
        let log_multiple = log_multiple(limit, past);
        if log_multiple < 0.0 { 1.0 } else { sigmoid(dot(&self.weights, &features(log_multiple))) }
    }

    /// The curve that fits `pairs` best. Of no pairs, the flat curve at one half.
    pub fn fit(pairs: &[PeakPair]) -> Self {
        // Every workload is compared at the same multiples, so counts are all that matters.
        let rows: Vec<([f64; 3], f64)> = MULTIPLES
            .iter()
            .map(|multiple| {
                let limit = multiple.ln();
                let over = pairs.iter().filter(|pair| log_multiple(pair.later, pair.past) > limit).count();
                (features(limit), over as f64 / pairs.len().max(1) as f64)
            })
            .collect();
        let mut weights = [0.0; 3];
        if pairs.is_empty() {
            return Self { weights };
        }
        for _ in 0..NEWTON_STEPS {
            let mut gradient = [0.0, RIDGE * weights[1], RIDGE * weights[2]];
            let mut hessian = [[1e-6, 0.0, 0.0], [0.0, RIDGE, 0.0], [0.0, 0.0, RIDGE]];
            for (x, share) in &rows {
                let p = sigmoid(dot(&weights, x));
                let scale = 1.0 / rows.len() as f64;
                for i in 0..3 {
                    gradient[i] += scale * x[i] * (p - share);
                    for j in 0..3 {
                        hessian[i][j] += scale * x[i] * x[j] * p * (1.0 - p);
                    }
                }
            }
            let step = solve(hessian, gradient);
            for (weight, change) in weights.iter_mut().zip(step) {
                *weight -= change.clamp(-5.0, 5.0);
            }
        }
        // A later peak is never likelier to pass a larger multiple.
        weights[1] = weights[1].min(0.0);
        weights[2] = weights[2].min(0.0);
        Self { weights }
    }
}

/// The solution of a symmetric positive definite 3 x 3 system, by Cramer's rule.
fn solve(m: [[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
    let determinant = |m: &[[f64; 3]; 3]| {
        m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
            + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
    };
    let whole = determinant(&m);
    if whole.abs() < f64::MIN_POSITIVE {
        return [0.0; 3];
    }
    std::array::from_fn(|column| {
        let mut replaced = m;
        for (row, value) in replaced.iter_mut().zip(v) {
            row[column] = value;
        }
        determinant(&replaced) / whole
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_worked_table_holds() {
        let curve = Exceedance { weights: [-0.79, -0.85, -0.88] };
        const OFFSET: u64 = 32 * 1024;
        let mib = 1024 * 1024;
        for (multiple, percent) in [(100, 31.0), (120, 21.0), (200, 11.0), (400, 5.0)] {
            let limit = (mib + OFFSET) * multiple / 100 - OFFSET;
            let got = curve.probability(mib, limit) * 100.0;
            assert!((got - percent).abs() < 1.0, "{multiple}: {got}");
        }
    }

    #[test]
    fn a_fit_follows_the_share_of_peaks_that_passed() {
        // Of 200 workloads, 60 pass the past peak by a little, 20 double it.
        let pairs: Vec<PeakPair> = (0..200)
            .map(|i| {
                let later = if i < 20 {
                    2_200_000
                } else if i < 60 {
                    1_150_000
                } else {
                    900_000
                };
                PeakPair { past: 1_000_000, later }
            })
            .collect();
        let curve = Exceedance::fit(&pairs);
        let at = |multiple: u64| curve.probability(1_000_000, multiple * 10_000);
        assert!((0.2..0.4).contains(&at(100)), "{}", at(100));
        assert!((0.05..0.2).contains(&at(150)), "{}", at(150));
        assert!(at(400) < 0.1);
    }

    proptest! {
        #[test]
        fn more_memory_is_never_riskier(
            pairs in prop::collection::vec((0u64..100_000_000, 0u64..100_000_000), 0..50),
            past in 0u64..100_000_000, a in 0u64..400_000_000, b in 0u64..400_000_000,
        ) {
            let pairs: Vec<_> = pairs.into_iter().map(|(past, later)| PeakPair { past, later }).collect();
            let curve = Exceedance::fit(&pairs);
            let (small, large) = (curve.probability(past, a.min(b)), curve.probability(past, a.max(b)));
            prop_assert!(small >= large && (0.0..=1.0).contains(&large));
        }
    }
}
