//! [`Calibration`]: how much memory headroom is worth its price, learnt from the fleet's own past.
//!
//! Headroom costs money at once and removes a risk later. A step of the ladder is worth taking while
//! it removes more risk than it costs:
//!
//! `choose the size with the least  monthly cost + price of risk x P(later memory peak > size)`
//!
//! P is the [`Exceedance`] curve of the worst of the fleet's own splits. The price of risk, in USD a
//! month for one workload that would run short, is the least one for which the stated risk held in
//! every split of the past. A split is judged on days that its sizes were not made from, with the curves
//! of the other splits (which share days with it, so the splits are not independent):
//!
//! `P(at most k of n run short, if each did with that risk) <= 5 %`
//!
//! where n workloads are made smaller and k of them ran short: the 95 % upper confidence bound of the
//! rate (Clopper and Pearson, 1934) is no higher than the risk. It is the way of risk-controlling
//! prediction sets (Bates, Angelopoulos, Lei, Malik, Jordan, 2021). The splits of a
//! history of 14 days: days 1-4 against 5-7, 5-7 against 8-11, 8-11 against 12-14, and 1-7 against
//! 8-14. The worst counts, since the next window may be like any of them.
//!
//! | price of risk | 4 GB step at 12.98 USD a month that takes P from 3 % to 1 % |
//! |---|---|
//! | 300 USD | worth 6 USD: not taken |
//! | 2,000 USD | worth 40 USD: taken |
//!
//! | made smaller | ran short | upper bound | holds 5 % | holds 2 % |
//! |---|---|---|---|---|
//! | 58 | 0 | 5.03 % | no | no |
//! | 59 | 0 | 4.95 % | yes | no |
//! | 200 | 4 | 4.52 % | yes | no |
//! | 200 | 0 | 1.49 % | yes | yes |
//!
//! So a fleet that is too small, too young or too restless cannot show a risk. Then the fixed headroom of the
//! configuration holds, and beside it what the price asks for that held the least risk: see [`Learnt`].

use super::{
    exceedance::{Exceedance, PeakPair},
    need::{LEAST_LEARNT_HEADROOM, with},
};

/// A workload as the calibration sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The largest memory use of each day of the window in KiB; `None` for a day without samples.
    pub daily_peaks: Vec<Option<u64>>,
    /// Sizes it could have, by memory: the cheapest for each memory that holds its CPU need, the
    /// current one last. Nothing dearer than the current one, and nothing left out for the memory
    /// demand of the whole window, which a split must not know.
    pub ladder: Vec<Step>,
}

/// A memory size and what it costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// What can be used of it.
    pub memory_mib: u32,
    /// USD a month for all the workload's tasks.
    pub monthly_cost: f64,
}

/// The curve and the price of risk that sizes are chosen by.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The share of workloads made smaller that may run short in the next window, as asked for.
    pub asked: f64,
    /// The same as the fleet can show it: what was asked for, or the least there is above it.
    pub risk: f64,
    /// USD a month per workload that would run short.
    pub price_of_risk: f64,
    /// Workloads made smaller in the split with the fewest.
    pub workloads: usize,
    pub splits: usize,
    /// Share that ran short in the worst split.
    pub attained: f64,
    /// The least days that a size was made from in a split.
    past_days: usize,
    curves: Vec<Exceedance>,
}

/// A calibration, and how far it goes for a workload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Learnt<'c> {
    pub calibration: &'c Calibration,
    /// Headroom is what it says alone; else no less than the fixed one, as where a risk is not shown: a fleet
    /// whose memory jumps about is not helped by less care than its calmest choice.
    pub replaces_fixed: bool,
}

/// Why a fleet's own past cannot say how much headroom it needs. The fixed headroom of the
/// configuration holds then.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unsupported {
    #[error("there is no workload whose memory could be learnt from")]
    NoMember,
    #[error("{days} days of history are too few to learn from; at least {MIN_DAYS} are needed")]
    TooShort { days: usize },
    #[error(
        "{workloads} workloads, of which at most {made_smaller} would be made smaller in every part of the \
         past, cannot show so low a risk"
    )]
    TooFew { workloads: usize, made_smaller: usize, safest: Box<Calibration> },
    #[error(
        "{workloads} workloads can show no lower risk than {:.1} %: of {} made smaller in every part of the past, up \
         to {:.1} % ran short, and of more, more; what that risk costs ({:.0} USD each) is weighed, too",
        safest.risk * 100.0, safest.workloads, safest.attained * 100.0, safest.price_of_risk
    )]
    TooRestless { workloads: usize, safest: Box<Calibration> },
}

impl Unsupported {
    /// What held the least risk, if it was learnt from enough.
    pub fn safest(&self) -> Option<&Calibration> {
        match self {
            Self::NoMember | Self::TooShort { .. } => None,
            Self::TooFew { workloads, safest, .. } | Self::TooRestless { workloads, safest } => {
                Some(&**safest).filter(|safest| *workloads >= LEAST_WORKLOADS && safest.workloads > 0)
            }
        }
    }
}

impl<'c> Learnt<'c> {
    /// What a workload that was seen for so many whole days can take from `calibration`.
    pub fn of(calibration: &'c Result<Calibration, Unsupported>, days: u64) -> Option<Self> {
        match calibration {
            Ok(calibration) => Some(Self { calibration, replaces_fixed: calibration.speaks_of(days) }),
            Err(unsupported) => {
                unsupported.safest().map(|calibration| Self { calibration, replaces_fixed: false })
            }
        }
    }
}

/// A fleet that cannot show the risk asked for, but this one, is learnt from all the same.
const WORTH_SHOWING: f64 = 0.05;
/// Curves of fewer workloads are their accidents.
const LEAST_WORKLOADS: usize = 30;
/// Every day of the week once.
const MIN_DAYS: usize = 7;

/// Days that a size is made from, and days it is judged on: half-open ranges of day indices.
#[derive(Debug, Clone, Copy)]
struct Split {
    past: (usize, usize),
    later: (usize, usize),
}

impl Split {
    /// The splits of a history of `days` that begins with day `first`; none if it is too short.
    fn of(first: usize, days: usize) -> Vec<Self> {
        let quarter = |i: usize| first + (i * days).div_ceil(4);
        if days < MIN_DAYS {
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
    /// Whether its splits say something of a workload that was seen for so many whole days: their pasts are as long.
    pub fn speaks_of(&self, days: u64) -> bool {
        days >= self.least_days()
    }

    /// The least whole days that it speaks of.
    pub fn least_days(&self) -> u64 {
        self.past_days as u64
    }

    /// The calibration for a stated risk (a share, such as 0.02).
    pub fn of(fleet: &[Member], risk: f64) -> Result<Self, Unsupported> {
        // A fleet may be younger than the window.
        let first_peak = |member: &Member| member.daily_peaks.iter().position(Option::is_some);
        let first = fleet.iter().filter_map(first_peak).min().ok_or(Unsupported::NoMember)?;
        let last = fleet.iter().map(|member| member.daily_peaks.len()).max().unwrap_or(first);
        let days = last - first;
        let splits = Split::of(first, days);
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
        // The cheapest price of risk that holds what was asked; else the one that holds the least risk.
        let mut safest: Option<Tried> = None;
        let mut most_made_smaller = 0;
        for price_of_risk in prices() {
            let tried = Tried::of(&trials, price_of_risk);
            most_made_smaller = most_made_smaller.max(tried.made_smaller);
            let (bound, holds) = (tried.bound, tried.bound <= risk);
            if holds || safest.as_ref().is_none_or(|safest| bound < safest.bound) {
                safest = Some(tried);
            }
            if holds {
                break;
            }
        }
        let Tried { price_of_risk, made_smaller, attained, bound } = safest.ok_or(Unsupported::NoMember)?;
        let calibration = Self {
            asked: risk,
            risk: risk.max(bound),
            price_of_risk,
            workloads: made_smaller,
            splits: splits.len(),
            attained,
            past_days: splits.iter().map(|Split { past: (from, to), .. }| to - from).min().unwrap_or(0),
            curves,
        };
        let enough = risk.max(WORTH_SHOWING);
        if bound <= enough {
            return Ok(calibration);
        }
        let (workloads, safest) = (fleet.len(), Box::new(calibration));
        Err(if holds_risk(0, most_made_smaller, enough) {
            Unsupported::TooRestless { workloads, safest }
        } else {
            Unsupported::TooFew { workloads, made_smaller: most_made_smaller, safest }
        })
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

/// What became of the fleet in all splits at one price of risk; the worst of them counts.
struct Tried {
    price_of_risk: f64,
    made_smaller: usize,
    attained: f64,
    /// Upper confidence bound of the rate of those that ran short.
    bound: f64,
}

impl Tried {
    fn of(splits: &[Vec<Trial>], price_of_risk: f64) -> Self {
        let mut tried = Self { price_of_risk, made_smaller: usize::MAX, attained: 0.0, bound: 0.0 };
        for trials in splits {
            let outcomes: Vec<bool> =
                trials.iter().filter_map(|trial| trial.outcome(price_of_risk)).collect();
            let short = outcomes.iter().filter(|short| **short).count();
            tried.made_smaller = tried.made_smaller.min(outcomes.len());
            tried.attained = tried.attained.max(short as f64 / outcomes.len().max(1) as f64);
            tried.bound = tried.bound.max(upper_bound(short, outcomes.len()));
        }
        tried
    }
}

/// The rate that is not exceeded with 95 % confidence, where `short` of `made_smaller` ran short.
fn upper_bound(short: usize, made_smaller: usize) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..40 {
        let middle = f64::midpoint(low, high);
        if holds_risk(short, made_smaller, middle) { high = middle } else { low = middle }
    }
    high
}

/// Whether `short` of `made_smaller` shows, with 95 % confidence, that the rate is at most `risk`.
fn holds_risk(short: usize, made_smaller: usize, risk: f64) -> bool {
    if risk <= 0.0 || short >= made_smaller {
        return risk >= 1.0;
    }
    // The binomial distribution function, term by term from the one for none.
    let odds = risk / (1.0 - risk);
    let mut term = (1.0 - risk).powi(i32::try_from(made_smaller).unwrap_or(i32::MAX));
    let mut sum = term;
    for k in 1..=short {
        term *= odds * (made_smaller - k + 1) as f64 / k as f64;
        sum += term;
    }
    sum <= 0.05
}

/// Prices of risk to try, rising: from a dollar to a million a month, an eighth more each time.
fn prices() -> impl Iterator<Item = f64> {
    (0..118).map(|i| 1.125_f64.powi(i))
}

fn trial(member: &Member, split: Split, curves: &[Exceedance]) -> Option<Trial> {
    let PeakPair { past, later } = split.peaks(member)?;
    let last = member.ladder.len().checked_sub(1)?;
    let kib = |step: &Step| u64::from(step.memory_mib) * 1024;
    let steps = member
        .ladder
        .iter()
        .enumerate()
        // A size that would not have held the past with the least headroom is no choice.
        .filter(|(at, step)| *at == last || kib(step) >= with(past, LEAST_LEARNT_HEADROOM))
        .map(|(_, step)| {
            // No less memory than now takes no new risk.
            let keeps = step.memory_mib >= member.ladder[last].memory_mib;
            let probability = if keeps { 0.0 } else { worst(curves, past, kib(step)) };
            (step.monthly_cost, probability, kib(step))
        })
        .collect();
    Some(Trial { later, steps })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_table_of_upper_bounds_holds() {
        for (made_smaller, short, at_five, at_two) in
            [(58, 0, false, false), (59, 0, true, false), (200, 4, true, false), (200, 0, true, true)]
        {
            let holds = |risk| holds_risk(short, made_smaller, risk);
            assert_eq!((holds(0.05), holds(0.02)), (at_five, at_two), "{short} of {made_smaller}");
        }
        assert!(!holds_risk(0, 0, 0.05));
    }

    /// Workloads on 4 GB that used `past` MiB, and `later` in the second half of each split.
    fn fleet(size: usize, peaks: impl Fn(usize, usize) -> u64) -> Vec<Member> {
        let step = |memory_mib: u32| Step { memory_mib, monthly_cost: f64::from(memory_mib) * 0.0032 };
        (0..size)
            .map(|workload| Member {
                daily_peaks: (0..14).map(|day| Some(peaks(workload, day) * 1024)).collect(),
                ladder: [1024, 2048, 3072, 4096].map(step).to_vec(),
            })
            .collect()
    }

    #[test]
    fn a_steady_fleet_gets_small_sizes_and_a_jumpy_one_does_not() {
        let steady = fleet(300, |_, _| 600);
        let calibration = Calibration::of(&steady, 0.05).unwrap();
        assert!(calibration.attained < f64::EPSILON);
        // One in ten jumps, to up to three times its use, on a day of its own.
        let jumpy = fleet(300, |workload, day| {
            let jumps = workload % 10 == 0 && (workload / 10) % 14 == day;
            if jumps { 700 + (workload as u64 * 37) % 1_200 } else { 600 }
        });
        // What it says is shown must have held in every split; else it refuses.
        match Calibration::of(&jumpy, 0.05) {
            Ok(wary) => {
                assert!(wary.attained <= 0.05 && wary.price_of_risk > calibration.price_of_risk, "{wary:?}");
            }
            Err(unsupported) => {
                assert!(matches!(unsupported, Unsupported::TooRestless { workloads: 300, .. }));
            }
        }
    }

    #[test]
    fn a_fleet_that_is_too_small_or_too_young_is_told_so() {
        let error = Calibration::of(&fleet(20, |_, _| 600), 0.05).unwrap_err();
        assert_eq!(
            error.to_string(),
            "20 workloads, of which at most 20 would be made smaller in every part of the past, cannot \
             show so low a risk"
        );
        let mut young = fleet(300, |_, _| 600);
        for member in &mut young {
            member.daily_peaks.truncate(6);
        }
        let error = Calibration::of(&young, 0.05).unwrap_err();
        assert_eq!(error.to_string(), "6 days of history are too few to learn from; at least 7 are needed");
        assert_eq!(Calibration::of(&[], 0.05), Err(Unsupported::NoMember));
    }

    #[test]
    fn what_is_not_shown_or_too_young_keeps_the_fixed_headroom_too() {
        let shown = Calibration::of(&fleet(300, |_, _| 600), 0.05);
        let replaces_fixed = |of: &_, days| Learnt::of(of, days).map(|learnt| learnt.replaces_fixed);
        // Days 5-7 are the shortest past of 14 days.
        assert_eq!(
            [2, 3, 14].map(|days| replaces_fixed(&shown, days)),
            [Some(false), Some(true), Some(true)]
        );
        // Some jump far, some farther, each on days of its own, so that no headroom is sure to be enough.
        let restless = fleet(300, |workload, day| match (workload * 5 + day) % 42 {
            0 | 1 => 1_500,
            2 => 3_500,
            _ => 600,
        });
        let not_shown = Calibration::of(&restless, 0.05);
        assert_eq!(replaces_fixed(&not_shown, 14), Some(false));
        let price = |of: &_| Learnt::of(of, 14).map(|learnt| learnt.calibration.price_of_risk);
        assert!(price(&not_shown) > price(&shown), "{not_shown:?}");
        assert!(not_shown.unwrap_err().to_string().starts_with("300 workloads can show no lower risk than "));
        assert_eq!(Learnt::of(&Calibration::of(&fleet(29, |_, _| 600), 0.05), 14), None);
        assert_eq!(Learnt::of(&Calibration::of(&[], 0.05), 14), None);
    }

    #[test]
    fn a_fleet_younger_than_the_window_learns_from_the_days_it_has() {
        let jumpy = |workload: usize, day: usize| if (workload * 5 + day) % 42 == 0 { 900 } else { 600 };
        let old = fleet(300, jumpy);
        let mut young = old.clone();
        for member in &mut young {
            member.daily_peaks[..5].fill(None);
        }
        let cut: Vec<Member> = old
            .iter()
            .map(|member| Member { daily_peaks: member.daily_peaks[5..].to_vec(), ..member.clone() })
            .collect();
        let learnt = Calibration::of(&young, 0.05);
        assert!(learnt.is_ok());
        assert_eq!(learnt, Calibration::of(&cut, 0.05));
        for member in &mut young {
            member.daily_peaks[..8].fill(None);
        }
        assert_eq!(Calibration::of(&young, 0.05), Err(Unsupported::TooShort { days: 6 }));
    }

    #[test]
    fn less_risk_never_costs_less() {
        let jumpy = fleet(400, |workload, day| 500 + (workload as u64 * 7919 + day as u64 * 104_729) % 900);
        let price = |risk| Calibration::of(&jumpy, risk).map(|calibration| calibration.price_of_risk);
        if let (Ok(strict), Ok(lax)) = (price(0.02), price(0.10)) {
            assert!(strict >= lax);
        }
    }
}
