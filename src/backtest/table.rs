//! The backtest as text for a terminal of a known width.
//!
//! Takes a [`Backtest`], what it was priced by and a width; gives lines that all fit it: what the figures
//! are of, a row per rule, what the columns that are shown mean, at which risk headroom was really learnt,
//! what the figures of a snapshot are of, and what was noticed about the input. What does not fit is left
//! out, intervals mostly before the figures they belong to.

use super::{
    headroom::LearntHeadroom,
    json::PriceBase,
    run::{Backtest, Ceiling},
    score::{Interval, RuleScore},
};
use crate::report::{Align, Column, Columns, Shrink, display_safe, table::write_flow};

/// Below this the layout is that of this width.
const NARROWEST: usize = 60;

/// From this on rules keep their whole names: a column more is worth less.
const WHOLE_NAMES: usize = 80;

const COLUMNS: [Column; 11] = [
    Column { title: "rule", align: Align::Left, shrink: Shrink::Middle { min: 12 }, rank: 0 },
    figure("saved %", 0),
    figure("95 % of fleets", 4),
    figure("memory above %", 1),
    figure("95 % of fleets", 6),
    figure("attained % (binomial)", 3),
    figure("CPU above %", 2),
    figure("95 % of fleets", 7),
    figure("any CPU above %", 8),
    figure("churn %", 9),
    figure("not rated %", 5),
];

/// What each column's figures are, in the columns' sequence; a column that is one of several alike is
/// explained once.
const LEGEND: [&str; 11] = [
    "",
    "saved: of the cost of the current sizes",
    "95 % of fleets: where the figure before it is in 95 of 100 fleets drawn from these series",
    "memory above: series whose later memory passed the new memory",
    "",
    "attained: of the series made smaller, those whose later memory passed the new memory, which is what a risk \
     speaks of, and its binomial 95 % interval",
    "CPU above: of all later samples, those above the new vCPU",
    "",
    "any CPU above: series with such a sample",
    "churn: decisions other than the same series' one window earlier",
    "not rated: series without a decision, or with less than a day of later data to judge one by",
];

const fn figure(title: &'static str, rank: u8) -> Column {
    Column { title, align: Align::Right, shrink: Shrink::Never, rank }
}

pub fn render(backtest: &Backtest, base: &PriceBase, width: usize) -> String {
    let width = width.max(NARROWEST);
    let mut out = String::new();
    write_flow("", &scope(backtest), ", ", width, &mut out);
    out.push('\n');
    let mut columns = COLUMNS.to_vec();
    if width >= WHOLE_NAMES {
        columns[0].shrink = Shrink::Never;
    }
    let mut table = Columns::new(columns);
    for score in &backtest.rules {
        table.push(cells(score).map(Into::into).into());
    }
    table.write(width, false, &mut out);
    out.push('\n');
    let shown = table.shown(width);
    let legend: Vec<&str> =
        shown.into_iter().map(|column| LEGEND[column]).filter(|text| !text.is_empty()).collect();
    write_words(&legend.join(" · "), width, &mut out);
    for (words, rules) in headrooms(&backtest.rules) {
        write_words(&format!("memory headroom of {}: {words}", rules.join(", ")), width, &mut out);
    }
    let ceiling = match backtest.ceiling {
        Ceiling::Current => "what would cost more than the current size keeps it",
        Ceiling::None => "sizes may cost more than the current one",
    };
    let prices = format!("prices of {}, {} ({})", base.region, base.price_book, base.effective_date);
    write_words(&format!("{ceiling}; {prices}"), width, &mut out);
    for note in &backtest.notes {
        write_words(note, width, &mut out);
    }
    let notes = backtest.input.notes();
    if !notes.is_empty() {
        let read = format!("of the {} rows read: {}", backtest.input.rows, notes.join("; "));
        write_words(&read, width, &mut out);
    }
    out
}

/// What was seen and judged, in parts.
pub(super) fn scope(backtest: &Backtest) -> [String; 3] {
    let windows = backtest.windows.len();
    let spaced = match windows {
        1 => "1 window".to_owned(),
        _ => {
            let step = backtest.split.step;
            let even =
                backtest.windows.windows(2).all(|pair| pair[1].train_start - pair[0].train_start == step);
            format!("{windows} windows {}{} days apart", if even { "" } else { "at least " }, days(step))
        }
    };
    [
        format!("Backtest of {} series: {} days seen", backtest.series, days(backtest.split.train)),
        format!("the next {} judged", days(backtest.split.test)),
        spaced,
    ]
}

/// How headroom was set, each with the rules that it holds for, in their sequence.
fn headrooms(scores: &[RuleScore]) -> Vec<(String, Vec<&str>)> {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for score in scores {
        let Some(words) = score.headroom.as_ref().map(LearntHeadroom::in_words) else { continue };
        match groups.iter_mut().find(|(same, _)| *same == words) {
            Some((_, rules)) => rules.push(&score.rule),
            None => groups.push((words, vec![&score.rule])),
        }
    }
    groups
}

/// Broken between words; what is from outside is made safe to display.
fn write_words(text: &str, width: usize, out: &mut String) {
    let words: Vec<String> = display_safe(text).split(' ').map(str::to_owned).collect();
    write_flow("", &words, " ", width, out);
}

fn days(seconds: i64) -> String {
    format!("{:.2}", seconds as f64 / 86_400.0).trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn cells(score: &RuleScore) -> [String; 11] {
    let figure = |figure: Option<f64>, decimals: usize| {
        figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.decimals$}"))
    };
    let interval = |interval: Option<Interval>, decimals: usize| {
        interval.map_or_else(
            || "–".to_owned(),
            |Interval { low, high }| format!("{low:.decimals$} to {high:.decimals$}"),
        )
    };
    [
        score.rule.clone(),
        figure(score.saved_percent, 1),
        interval(score.saved_interval, 1),
        figure(score.memory_violating_percent, 1),
        interval(score.memory_violating_interval, 1),
        format!("{} ({})", figure(score.attained_risk_percent, 1), interval(score.attained_risk_interval, 1)),
        figure(score.cpu_samples_over_percent, 3),
        interval(score.cpu_samples_over_interval, 3),
        figure(score.cpu_violating_percent, 1),
        figure(score.churn_percent, 1),
        figure(score.not_rated_percent, 1),
    ]
}
