//! [`RuleScore`]: a rule's decisions measured, with bootstrap intervals over series.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    headroom::{LearntHeadroom, rounded},
    ladder::Price,
};

/// What a rule's decisions for one series came to, over all windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    /// Windows in which the series has samples.
    pub windows: u64,
    /// Of those, windows without a decision or without later data to judge one.
    pub not_rated: u64,
    /// Sums over judged windows, of all tasks.
    pub current_price: u128,
    pub chosen_price: u128,
    pub memory_judged: u64,
    pub memory_violating: u64,
    /// Judged for memory and made cheaper; of those, short of memory later.
    pub made_smaller: u64,
    pub made_smaller_short: u64,
    /// Those whose memory was reduced; of them, short later.
    pub memory_reduced: u64,
    pub memory_reduced_short: u64,
    pub cpu_judged: u64,
    pub cpu_violating: u64,
    pub cpu_samples: u64,
    pub cpu_samples_over: u64,
    /// Of averages, where the judged samples are maxima.
    pub average_samples: u64,
    pub average_samples_over: u64,
    /// Pairs of consecutive windows with a decision each, and how many of the two differ.
    pub pairs: u64,
    pub changed: u64,
}

impl Tally {
    /// `tasks` are in the same parts for every series.
    pub fn pay(&mut self, current: Price, chosen: Price, tasks: u64) {
        self.current_price += u128::from(current.0) * u128::from(tasks);
        self.chosen_price += u128::from(chosen.0) * u128::from(tasks);
    }

    fn add(&mut self, other: &Self) {
        self.windows += other.windows;
        self.not_rated += other.not_rated;
        self.current_price += other.current_price;
        self.chosen_price += other.chosen_price;
        self.memory_judged += other.memory_judged;
        self.memory_violating += other.memory_violating;
        self.made_smaller += other.made_smaller;
        self.made_smaller_short += other.made_smaller_short;
        self.memory_reduced += other.memory_reduced;
        self.memory_reduced_short += other.memory_reduced_short;
        self.cpu_judged += other.cpu_judged;
        self.cpu_violating += other.cpu_violating;
        self.cpu_samples += other.cpu_samples;
        self.cpu_samples_over += other.cpu_samples_over;
        self.average_samples += other.average_samples;
        self.average_samples_over += other.average_samples_over;
        self.pairs += other.pairs;
        self.changed += other.changed;
    }

    fn saved(&self) -> Option<f64> {
        let (chosen, current) = (self.chosen_price as f64, self.current_price as f64);
        (self.current_price > 0).then(|| 100.0 - chosen * 100.0 / current)
    }

    fn memory_violations(&self) -> Option<f64> {
        percent(self.memory_violating, self.memory_judged)
    }

    fn cpu_over(&self) -> Option<f64> {
        percent(self.cpu_samples_over, self.cpu_samples)
    }
}

/// 95 of 100 resamplings of the series lie between these per cents.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// One rule's figures, in per cent with at most four decimals. `None`: nothing to measure it on.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct RuleScore {
    pub rule: String,
    pub saved_percent: Option<f64>,
    pub saved_interval: Option<Interval>,
    /// Series whose largest later memory is above the chosen memory.
    pub memory_violating_percent: Option<f64>,
    pub memory_violating_interval: Option<Interval>,
    /// Series made smaller, in CPU or memory, summed over windows: the new size is cheaper.
    pub made_smaller: u64,
    /// Of those, the share whose later memory passed the chosen one: what a stated risk promises.
    pub attained_risk_percent: Option<f64>,
    /// Binomial 95 % interval of that share (Wilson, 1927), of as many trials as series in several windows are
    /// worth (Rao and Scott, 1992): windows overlap, and a series is like itself.
    pub attained_risk_interval: Option<Interval>,
    /// Series whose memory was reduced, summed over windows.
    pub memory_reduced: u64,
    /// Of those, the share whose later memory passed the chosen one: higher, as who keeps its memory cannot run short.
    pub memory_reduced_short_percent: Option<f64>,
    /// Later CPU samples above the chosen vCPU, of all series' samples.
    pub cpu_samples_over_percent: Option<f64>,
    pub cpu_samples_over_interval: Option<Interval>,
    /// The same of period averages, where the samples judged are period maxima.
    pub cpu_average_samples_over_percent: Option<f64>,
    /// Series with any later CPU sample above the chosen vCPU.
    pub cpu_violating_percent: Option<f64>,
    /// Series without a decision, or without later data to judge one.
    pub not_rated_percent: Option<f64>,
    /// Decisions that differ from the same series' one window earlier; none with one window.
    pub churn_percent: Option<f64>,
    /// How it set its memory headroom; null for a rule that does not learn it.
    pub headroom: Option<LearntHeadroom>,
}

/// Resamplings of the series that an interval is made of.
pub(super) const RESAMPLES: usize = 1000;

impl RuleScore {
    /// `draws` are the same for every rule, so that rules are compared on the same resamplings.
    pub(super) fn of(rule: &str, tallies: &[Tally], draws: &Draws) -> Self {
        let all = sum(tallies);
        let [saved, memory, cpu] = draws.intervals(tallies);
        Self {
            rule: rule.to_owned(),
            saved_percent: all.saved().map(rounded),
            saved_interval: saved,
            memory_violating_percent: all.memory_violations().map(rounded),
            memory_violating_interval: memory,
            made_smaller: all.made_smaller,
            attained_risk_percent: percent(all.made_smaller_short, all.made_smaller).map(rounded),
            attained_risk_interval: wilson(all.made_smaller_short, all.made_smaller, design_effect(tallies)),
            memory_reduced: all.memory_reduced,
            memory_reduced_short_percent: percent(all.memory_reduced_short, all.memory_reduced).map(rounded),
            cpu_samples_over_percent: all.cpu_over().map(rounded),
            cpu_samples_over_interval: cpu,
            cpu_average_samples_over_percent: percent(all.average_samples_over, all.average_samples)
                .map(rounded),
            cpu_violating_percent: percent(all.cpu_violating, all.cpu_judged).map(rounded),
            not_rated_percent: percent(all.not_rated, all.windows).map(rounded),
            churn_percent: percent(all.changed, all.pairs).map(rounded),
            headroom: None,
        }
    }
}

fn sum<'a>(tallies: impl IntoIterator<Item = &'a Tally>) -> Tally {
    tallies.into_iter().fold(Tally::default(), |mut all, one| {
        all.add(one);
        all
    })
}

fn percent(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 * 100.0 / of as f64)
}

/// How many of the decisions for smaller sizes tell as much as one would alone: the variance of the share that ran
/// short, from series to series, by that of as many independent trials. 1 where each series has one.
fn design_effect(tallies: &[Tally]) -> f64 {
    let all = sum(tallies);
    let (smaller, short) = (all.made_smaller as f64, all.made_smaller_short as f64);
    let share = short / smaller;
    let independent = share * (1.0 - share) * smaller;
    let series = tallies.iter().filter(|one| one.made_smaller > 0).count();
    if independent > 0.0 && series > 1 {
        let residual = |one: &Tally| one.made_smaller_short as f64 - share * one.made_smaller as f64;
        let clustered: f64 = tallies.iter().map(|one| residual(one).powi(2)).sum();
        (clustered / independent).max(1.0)
    } else {
        // All went alike, or there is one, so that how much alike is not seen: a series counts once.
        smaller / series.max(1) as f64
    }
}

/// The 95 % interval of the rate behind `part` of `of`, where so many of them are worth one: Wilson's score interval.
fn wilson(part: u64, of: u64, design_effect: f64) -> Option<Interval> {
    const Z: f64 = 1.959_964;
    if of == 0 {
        return None;
    }
    let (n, p) = (of as f64 / design_effect, part as f64 / of as f64);
    let middle = p + Z * Z / (2.0 * n);
    let spread = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 100.0 / (1.0 + Z * Z / n);
    let bound = |value: f64| rounded((value * scale).clamp(0.0, 100.0));
    Some(Interval { low: bound(middle - spread), high: bound(middle + spread) })
}

/// Which series each resampling is made of: drawn with replacement, the same on every run and machine.
pub(super) struct Draws {
    series: usize,
    places: Vec<u32>,
}

impl Draws {
    pub fn new(series: usize) -> Self {
        let mut state = 0_u64;
        let places = (0..if series > 1 { series * RESAMPLES } else { 0 })
            .map(|_| {
                // SplitMix64; the upper 32 bits scaled to the range.
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut mixed = state;
                mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                let drawn = ((mixed ^ (mixed >> 31)) >> 32) * series as u64;
                u32::try_from(drawn >> 32).unwrap_or(0)
            })
            .collect();
        Self { series, places }
    }

    /// For saved, memory and CPU; none for fewer than two series.
    fn intervals(&self, tallies: &[Tally]) -> [Option<Interval>; 3] {
        let mut figures: [Vec<f64>; 3] = Default::default();
        for places in self.places.chunks_exact(self.series.max(1)) {
            let drawn = sum(places.iter().filter_map(|place| tallies.get(*place as usize)));
            for (figures, figure) in
                figures.iter_mut().zip([drawn.saved(), drawn.memory_violations(), drawn.cpu_over()])
            {
                figures.extend(figure);
            }
        }
        figures.map(|mut figures| {
            figures.sort_by(f64::total_cmp);
            let at = |share: usize| figures.get((figures.len() * share).div_ceil(1000).checked_sub(1)?);
            Some(Interval { low: rounded(*at(25)?), high: rounded(*at(975)?) })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Worked in Wilson's way for 10 of 100: 5.52 % to 17.44 %.
    #[test]
    fn a_binomial_interval_is_wilsons() {
        let interval = wilson(10, 100, 1.0).unwrap();
        assert!((interval.low - 5.52).abs() < 0.01 && (interval.high - 17.44).abs() < 0.01, "{interval:?}");
        assert!(wilson(0, 50, 1.0).unwrap().low.abs() < f64::EPSILON);
        assert_eq!(wilson(0, 0, 1.0), None);
    }

    /// Ten windows of a series in which the same happens are worth one.
    #[test]
    fn a_series_seen_ten_times_tells_as_much_as_it_does_once() {
        let series = |windows: u64| -> Vec<Tally> {
            let tally = |i| Tally {
                made_smaller: windows,
                made_smaller_short: if i < 10 { windows } else { 0 },
                ..Tally::default()
            };
            (0..100).map(tally).collect()
        };
        let interval = |tallies: &[Tally]| {
            RuleScore::of("any", tallies, &Draws::new(tallies.len())).attained_risk_interval
        };
        assert_eq!(interval(&series(1)), wilson(10, 100, 1.0));
        assert_eq!(interval(&series(10)), wilson(10, 100, 1.0));
        // None short: nothing tells how much alike the windows of a series are.
        let calm = |windows| vec![Tally { made_smaller: windows, ..Tally::default() }; 50];
        assert_eq!(interval(&calm(10)), interval(&calm(1)));
        let one = Tally { made_smaller: 10, made_smaller_short: 5, ..Tally::default() };
        assert_eq!(interval(&[one]), wilson(1, 2, 2.0));
        // One window each is as many trials.
        let apart = design_effect(&series(1));
        assert!((apart - 1.0).abs() < 1e-9, "{apart}");
    }

    #[test]
    fn draws_are_every_series_about_as_often_and_the_same_each_time() {
        let draws = Draws::new(10);
        assert_eq!(draws.places, Draws::new(10).places);
        for place in 0..10 {
            let drawn = draws.places.iter().filter(|drawn| **drawn == place).count();
            assert!((900..1100).contains(&drawn), "{place}: {drawn}");
        }
    }

    #[test]
    fn an_interval_is_around_the_figure_and_as_wide_as_series_differ() {
        let tally = |chosen| Tally { current_price: 100, chosen_price: chosen, ..Tally::default() };
        let alike = [tally(60); 50];
        let score = RuleScore::of("alike", &alike, &Draws::new(50));
        assert_eq!(score.saved_interval, Some(Interval { low: 40.0, high: 40.0 }));
        let unlike: Vec<Tally> = (0..100).map(|i| tally(if i % 2 == 0 { 0 } else { 100 })).collect();
        let interval = RuleScore::of("unlike", &unlike, &Draws::new(100)).saved_interval.unwrap();
        // A mean of 100 coin flips: 50 ± 1.96 x 5.
        assert!(
            (38.0..42.5).contains(&interval.low) && (57.5..62.0).contains(&interval.high),
            "{interval:?}"
        );
    }

    #[test]
    fn what_there_is_nothing_to_measure_on_is_no_figure() {
        let score =
            RuleScore::of("none", &[Tally { windows: 2, not_rated: 2, ..Tally::default() }], &Draws::new(1));
        assert_eq!((score.saved_percent, score.memory_violating_percent), (None, None));
        assert_eq!((score.not_rated_percent, score.saved_interval), (Some(100.0), None));
    }
}
