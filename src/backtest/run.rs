//! [`run`]: every rule over every window.

use rayon::prelude::*;

use super::{
    counts::InputCounts,
    decision::Decision,
    headroom::{Headroom, LearntHeadroom},
    known::SCOPE,
    ladder::Ladder,
    rule::{Answer, Rule},
    score::{Draws, RuleScore, Tally},
    series::{Dataset, Series},
    split::{NoWindow, Split, Window},
    training::Training,
};
use crate::fargate::TaskSize;

/// What a rule may recommend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ceiling {
    /// Nothing dearer than the current size: what would be keeps the current size.
    #[default]
    Current,
    /// Any size.
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    pub ceiling: Ceiling,
    /// Whether to keep every single decision.
    pub details: bool,
}

/// How rules did.
#[derive(Debug, Clone, PartialEq)]
pub struct Backtest {
    pub split: Split,
    pub windows: Vec<Window>,
    pub ceiling: Ceiling,
    /// Series in the data.
    pub series: usize,
    pub input: InputCounts,
    /// What figures of a snapshot are of; nothing of traces.
    pub notes: Vec<&'static str>,
    /// By saved, most first; those without a figure last, then by name.
    pub rules: Vec<RuleScore>,
    /// By window, series and rule, as rules were given; empty unless asked for.
    pub details: Vec<DetailRow>,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailRow {
    pub series_id: String,
    pub rule: String,
    pub window: Window,
    /// The tasks that pay for the size, in parts of [`ONE_TASK`](super::ONE_TASK).
    pub tasks: u64,
    pub current: TaskSize,
    /// The size decided on, or why there is none.
    pub chosen: Result<TaskSize, &'static str>,
    /// Whether there was a day of later data to judge it on.
    pub judged: bool,
}

/// A series had less than a day of samples to be sized from.
const TOO_NEW: &str = "too-new";

/// Runs `rules` over every window of `data` that `split` gives. The same input gives the same result,
/// whatever the number of cores.
pub fn run(
    data: &Dataset,
    split: Split,
    ladder: &Ladder,
    rules: &[Box<dyn Rule>],
    options: Options,
) -> Result<Backtest, NoWindow> {
    let windows = split.windows(&data.series)?;
    let mut tallies = vec![vec![Tally::default(); data.series.len()]; rules.len()];
    let mut before: Vec<Vec<Option<TaskSize>>> = vec![vec![None; data.series.len()]; rules.len()];
    let mut details = Vec::new();
    let mut headrooms: Vec<Vec<Headroom>> = vec![Vec::new(); rules.len()];
    for window in &windows {
        let stage = Stage::new(data, *window);
        let mut outcomes: Vec<Vec<Outcome>> = Vec::new();
        for (rule, headrooms) in rules.iter().zip(&mut headrooms) {
            let (of_rule, headroom) = stage.outcomes(rule.as_ref(), ladder, options.ceiling);
            outcomes.push(of_rule);
            headrooms.extend(headroom);
        }
        for (rule, outcomes) in outcomes.iter().enumerate() {
            // Of a series without samples here, there is nothing that the next window follows on.
            let last = std::mem::replace(&mut before[rule], vec![None; data.series.len()]);
            for (number, outcome) in outcomes.iter().enumerate() {
                let place = stage.places[number];
                judge(*outcome, &stage.later[number], ladder, &mut tallies[rule][place]);
                if let (Some(last), Ok(now)) = (last[place], *outcome) {
                    let tally = &mut tallies[rule][place];
                    tally.pairs += 1;
                    tally.changed += u64::from(last != now);
                }
                before[rule][place] = outcome.ok();
            }
        }
        if options.details {
            let mut rows: Vec<DetailRow> = Vec::new();
            for (number, seen) in stage.seen.iter().enumerate() {
                rows.extend(rules.iter().zip(&outcomes).map(|(rule, outcomes)| DetailRow {
                    series_id: seen.id.to_owned(),
                    rule: rule.name().to_owned(),
                    window: *window,
                    tasks: seen.tasks(),
                    current: seen.current,
                    chosen: outcomes[number],
                    judged: !stage.later[number].is_empty(),
                }));
            }
            // Series in their own order again; rules stay in theirs.
            rows.sort_by(|a, b| a.series_id.cmp(&b.series_id));
            details.append(&mut rows);
        }
    }
    let draws = Draws::new(data.series.len());
    let mut scores: Vec<RuleScore> = rules
        .par_iter()
        .zip(&tallies)
        .zip(headrooms)
        .map(|((rule, tallies), windows)| RuleScore {
            headroom: rule.risk_percent().map(|risk_percent| LearntHeadroom { risk_percent, windows }),
            ..RuleScore::of(rule.name(), tallies, &draws)
        })
        .collect();
    scores.sort_by(|a, b| {
        let saved = |score: &RuleScore| score.saved_percent.unwrap_or(f64::NEG_INFINITY);
        saved(b).total_cmp(&saved(a)).then_with(|| a.rule.cmp(&b.rule))
    });
    Ok(Backtest {
        split,
        windows,
        ceiling: options.ceiling,
        series: data.series.len(),
        input: data.input.clone(),
        notes: data.series.iter().any(|series| series.known.is_some()).then_some(SCOPE).into_iter().collect(),
        rules: scores,
        details,
    })
}

/// The size a rule decided on, or why it has none.
type Outcome = Result<TaskSize, &'static str>;

/// The series that have samples in a window: those that can be rated first.
struct Stage<'a> {
    /// Places in the data.
    places: Vec<usize>,
    seen: Vec<Training<'a>>,
    later: Vec<Training<'a>>,
    /// How many have enough samples to be rated.
    rated: usize,
}

impl<'a> Stage<'a> {
    fn new(data: &'a Dataset, window: Window) -> Self {
        let subjects: Vec<_> = data
            .series
            .par_iter()
            .enumerate()
            .filter_map(|(place, series)| Some((place, subject(series, window)?)))
            .collect();
        let (rated, too_new): (Vec<_>, Vec<_>) =
            subjects.into_iter().partition(|(_, (seen, _))| !seen.is_empty());
        let count = rated.len();
        let mut stage = Self { places: Vec::new(), seen: Vec::new(), later: Vec::new(), rated: count };
        for (place, (seen, later)) in rated.into_iter().chain(too_new) {
            stage.places.push(place);
            stage.seen.push(seen);
            stage.later.push(later);
        }
        stage
    }

    /// The rule's outcome for each series, and how it set its headroom.
    fn outcomes(
        &self,
        rule: &dyn Rule,
        ladder: &Ladder,
        ceiling: Ceiling,
    ) -> (Vec<Outcome>, Option<Headroom>) {
        let fleet = if rule.sees_the_future() { &self.later } else { &self.seen };
        let Answer { decisions, headroom } = rule.decide(&fleet[..self.rated], ladder);
        let outcome = |(number, seen): (usize, &Training<'_>)| {
            let current = seen.current;
            match decisions.get(number) {
                _ if number >= self.rated => Err(TOO_NEW),
                Some(Decision::Size(size))
                    if ceiling == Ceiling::None || ladder.price(*size) <= ladder.price(current) =>
                {
                    Ok(*size)
                }
                Some(Decision::Size(_) | Decision::Keep) => Ok(current),
                Some(Decision::NotRated(reason)) => Err(*reason),
                None => Err("no-answer"),
            }
        };
        (self.seen.iter().enumerate().map(outcome).collect(), headroom)
    }
}

/// What is seen of a series in `window`, and what comes later; `None` without a sample in either.
fn subject(series: &Series, window: Window) -> Option<(Training<'_>, Training<'_>)> {
    let Window { train_start, train_end, test_end } = window;
    let tracks = [&series.cpu_average, &series.cpu_max, &series.memory];
    if tracks.iter().all(|track| track.between(train_start, test_end).0.is_empty()) {
        return None;
    }
    let current = series.size_before(train_end)?;
    let seen = Training::new(series, current, train_start, train_end);
    let later = Training::new(series, current, train_end, test_end);
    // Sorted here, where series go side by side, as every rule will want them.
    for samples in [&seen.cpu, &later.cpu, &later.memory] {
        samples.sorted();
    }
    Some((seen, later))
}

/// Adds to `tally` what came of `outcome`; a series without a decision keeps its size.
fn judge(outcome: Outcome, later: &Training<'_>, ladder: &Ladder, tally: &mut Tally) {
    tally.windows += 1;
    if later.is_empty() {
        tally.not_rated += 1;
        return;
    }
    tally.not_rated += u64::from(outcome.is_err());
    let size = outcome.unwrap_or(later.current);
    tally.pay(ladder.price(later.current), ladder.price(size), later.tasks());
    if let Some(peak) = later.memory.max() {
        tally.memory_judged += 1;
        let short = u64::from(u64::from(peak) > u64::from(size.memory().0) * 1024);
        tally.memory_violating += short;
        if ladder.price(size) < ladder.price(later.current) {
            tally.made_smaller += 1;
            tally.made_smaller_short += short;
        }
        if size.memory() < later.current.memory() {
            tally.memory_reduced += 1;
            tally.memory_reduced_short += short;
        }
    }
    let cpu = u64::from(size.cpu().0) * 1000;
    if !later.cpu.is_empty() {
        let over = later.cpu.count_above(cpu) as u64;
        tally.cpu_judged += 1;
        tally.cpu_violating += u64::from(over > 0);
        tally.cpu_samples += later.cpu.values().len() as u64;
        tally.cpu_samples_over += over;
    }
    if later.cpu_has_maxima {
        tally.average_samples += later.cpu_average.values().len() as u64;
        tally.average_samples_over += later.cpu_average.count_above(cpu) as u64;
    }
}
