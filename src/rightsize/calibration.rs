//! [`Calibration`]: how much memory headroom is worth its price, learnt from the fleet's own past.
//!
//! Headroom costs money at once and removes a risk later. A step of the ladder is worth taking while
//! it removes more risk than it costs:
//!
//! `choose the size with the least  monthly cost + price of risk x P(later memory peak > size)`
//!
//! P is the [`Exceedance`] curve of the worst of the fleet's own splits. The price of risk, in USD a
//! month for one workload that would run short, is the least one for which the stated risk held in
//! every split of the past, judged on days that the curve and the size were not made from:
//!
//! `(workloads that ran short + 1) / (workloads made smaller + 1) <= risk`
//!
//! (conformal risk control: Angelopoulos, Bates, Fisch, Lei, Schuster, 2022). The splits of a
//! history of 14 days: days 1-4 against 5-7, 5-7 against 8-11, 8-11 against 12-14, and 1-7 against
//! 8-14. The worst counts, since the next window may be like any of them.
//!
//! | price of risk | 4 GB step at 12.98 USD a month that takes P from 3 % to 1 % |
//! |---|---|
//! | 300 USD | worth 6 USD: not taken |
//! | 2,000 USD | worth 40 USD: taken |
//!
//! A fleet that is too small or too young cannot show a risk: of 20 workloads that all held, 1 in 21
//! (5 %) could still be the rate. Then the fixed headroom of the configuration holds, and the report
//! says so.

use super::exceedance::{Exceedance, PeakPair};

/// A workload as the calibration sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The largest memory use of each day of the window in KiB; `None` for a day without samples.
    pub daily_peaks: Vec<Option<u64>>,
    /// Sizes it could have, by memory: the cheapest for each memory that holds its CPU need, the
    /// current one last. Nothing dearer than the current one, and nothing left out for the memory
    /// demand of the whole window, which a split must not know.
    pub ladder: Vec<Step>,
    /// Least headroom on the past memory peak, in hundredths of a per cent.
    pub memory_headroom: u32,
}

/// A memory size and what it costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    pub memory_mib: u32,
    /// USD a month for all the workload's tasks.
    pub monthly_cost: f64,
}

/// The curve and the price of risk that sizes are chosen by.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Target: share of workloads made smaller that may run short in the next window.
    pub risk: f64,
    /// USD a month per workload that would run short.
    pub price_of_risk: f64,
    /// Workloads made smaller in the split with the fewest.
    pub workloads: usize,
    pub splits: usize,
    /// Share that ran short in the worst split.
    pub attained: f64,
    curves: Vec<Exceedance>,
}

/// Why a fleet's own past cannot say how much headroom it needs. The fixed headroom of the
/// configuration holds then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unsupported {
    #[error("{days} days of history are too few to learn from; at least {} are needed", 4 * MIN_DAYS_PER_SIDE)]
    TooShort { days: usize },
    #[error(
        "{workloads} workloads, of which at most {made_smaller} would be made smaller in every part of the \
         past, cannot show a risk of {} %",
        risk * 100.0
    )]
    TooFew { workloads: usize, made_smaller: usize, risk: f64 },
}

/// Days a split needs on each side.
const MIN_DAYS_PER_SIDE: usize = 2;

/// Days that a size is made from, and days it is judged on: half-open ranges of day indices.
#[derive(Debug, Clone, Copy)]
struct Split {
    past: (usize, usize),
    later: (usize, usize),
}

impl Split {
    /// The splits of a history of `days`; none if it is too short.
    fn of(days: usize) -> Vec<Self> {
        let quarter = |i: usize| (i * days).div_ceil(4);
        if days / 4 < MIN_DAYS_PER_SIDE {
            return Vec::new();
        }
        let split = |a: usize, b: usize, c: usize| Self {
            past: (quarter(a), quarter(b)),
            later: (quarter(b), quarter(c)),
        };
        vec![split(0, 1, 2), split(1, 2, 3), split(2, 3, 4), split(0, 2, 4)]
    }

    /// The peaks of a member on both sides, if it has days on both.
    fn peaks(self, member: &Member) -> Option<PeakPair> {
        let peak = |(from, to): (usize, usize)| {
            let days = member.daily_peaks.get(from..to.min(member.daily_peaks.len()))?;
            days.iter().flatten().max().copied()
        };
        Some(PeakPair { past: peak(self.past)?, later: peak(self.later)? })
    }
}

/// One member in one split: its steps with cost and probability, and what happened.
struct Trial {
    later: u64,
    /// Monthly cost, P, memory in KiB.
    steps: Vec<(f64, f64, u64)>,
}

impl Trial {
    /// Whether it is made smaller at this price of risk, and then whether it ran short.
    fn outcome(&self, price_of_risk: f64) -> Option<bool> {
        let score = |step: &(f64, f64, u64)| step.0 + price_of_risk * step.1;
        let chosen = (0..self.steps.len()).min_by(|a, b| {
            score(&self.steps[*a]).total_cmp(&score(&self.steps[*b])).then_with(|| b.cmp(a))
        })?;
        (chosen + 1 < self.steps.len()).then(|| self.later > self.steps[chosen].2)
    }
}

impl Calibration {
    /// The calibration for a stated risk (a share, such as 0.02).
    pub fn of(fleet: &[Member], risk: f64) -> Result<Self, Unsupported> {
        let days = fleet.iter().map(|member| member.daily_peaks.len()).max().unwrap_or(0);
        let splits = Split::of(days);
        if splits.is_empty() {
            return Err(Unsupported::TooShort { days });
        }
        let curves: Vec<Exceedance> = splits
            .iter()
            .map(|split| {
                Exceedance::fit(&fleet.iter().filter_map(|member| split.peaks(member)).collect::<Vec<_>>())
            })
            .collect();
        // Each split is judged with the curves of the others.
        let trials: Vec<Vec<Trial>> = splits
            .iter()
            .enumerate()
            .map(|(own, split)| {
                let others: Vec<Exceedance> =
                    curves.iter().enumerate().filter(|(at, _)| *at != own).map(|(_, curve)| *curve).collect();
                fleet.iter().filter_map(|member| trial(member, *split, &others)).collect()
            })
            .collect();
        let mut smallest = usize::MAX;
        for price_of_risk in prices() {
            let mut worst = 0.0_f64;
            let mut attained = 0.0_f64;
            smallest = usize::MAX;
            for trials in &trials {
                let outcomes: Vec<bool> =
                    trials.iter().filter_map(|trial| trial.outcome(price_of_risk)).collect();
                let short = outcomes.iter().filter(|short| **short).count();
                worst = worst.max((short + 1) as f64 / (outcomes.len() + 1) as f64);
                attained = attained.max(short as f64 / outcomes.len().max(1) as f64);
                smallest = smallest.min(outcomes.len());
            }
            if worst <= risk {
                let (workloads, splits) = (smallest, splits.len());
                return Ok(Self { risk, price_of_risk, workloads, splits, attained, curves });
            }
        }
        let made_smaller = if smallest == usize::MAX { 0 } else { smallest };
        Err(Unsupported::TooFew { workloads: fleet.len(), made_smaller, risk })
    }

    /// The probability that a later memory peak passes `limit`, where the past peak was `past` (KiB):
    /// that of the worst split.
    pub fn probability(&self, past: u64, limit: u64) -> f64 {
        worst(&self.curves, past, limit)
    }

    /// What the risk of `limit` is worth, USD a month.
    pub fn cost_of_risk(&self, past: u64, limit: u64) -> f64 {
        self.price_of_risk * self.probability(past, limit)
    }
}

fn worst(curves: &[Exceedance], past: u64, limit: u64) -> f64 {
    curves.iter().map(|curve| curve.probability(past, limit)).fold(0.0, f64::max)
}

/// Prices of risk to try, rising: from a dollar to a million a month, an eighth more each time.
fn prices() -> impl Iterator<Item = f64> {
    (0..118).map(|i| 1.125_f64.powi(i))
}

fn trial(member: &Member, split: Split, curves: &[Exceedance]) -> Option<Trial> {
    let PeakPair { past, later } = split.peaks(member)?;
    let last = member.ladder.len().checked_sub(1)?;
    let least = past.saturating_mul(10_000 + u64::from(member.memory_headroom)).div_ceil(10_000);
    let kib = |step: &Step| u64::from(step.memory_mib) * 1024;
    let steps = member
        .ladder
        .iter()
        .enumerate()
        // A size that would not have held the past with the least headroom is no choice.
        .filter(|(at, step)| *at == last || kib(step) >= least)
        .map(|(_, step)| {
            // No less memory than now takes no new risk.
            let keeps = step.memory_mib >= member.ladder[last].memory_mib;
            let probability = if keeps { 0.0 } else { worst(curves, past, kib(step)) };
            (step.monthly_cost, probability, kib(step))
        })
        .collect();
    Some(Trial { later, steps })
}
