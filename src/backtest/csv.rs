//! The backtest as CSV: a row per rule, and the details, a row per window, series and rule.
//!
//! Raw numbers in columns of a fixed order; what there is no figure for is empty.

use rust_decimal::Decimal;

use super::{
    headroom::LearntHeadroom,
    known::ONE_TASK,
    run::{Backtest, DetailRow},
    score::Interval,
};
use crate::report::cell;

/// Columns of [`render`].
const SCORES: [&str; 25] = [
    "rule",
    "saved_percent",
    "saved_low",
    "saved_high",
    "memory_violating_percent",
    "memory_violating_low",
    "memory_violating_high",
    "made_smaller",
    "attained_risk_percent",
    "attained_risk_low",
    "attained_risk_high",
    "cpu_samples_over_percent",
    "cpu_samples_over_low",
    "cpu_samples_over_high",
    "cpu_average_samples_over_percent",
    "cpu_violating_percent",
    "not_rated_percent",
    "churn_percent",
    "risk_percent",
    "windows_calibrated",
    "windows_fixed",
    "shown_risk_percent",
    "headroom_detail",
    "memory_reduced",
    "memory_reduced_short_percent",
];

/// Columns of [`details`].
const DETAILS: [&str; 14] = [
    "series_id",
    "rule",
    "train_start",
    "train_end",
    "test_end",
    "current_cpu_units",
    "current_memory_mib",
    "cpu_units",
    "memory_mib",
    "not_rated",
    "judged",
    "tasks",
    "headroom_method",
    "shown_risk_percent",
];

fn figure(figure: Option<f64>) -> String {
    figure.map_or_else(String::new, |figure| figure.to_string())
}

/// A row per rule. From `risk_percent` to `headroom_detail` columns are for rules that learn their memory headroom: the
/// risk asked for, in how many windows it was learnt and in how many fixed, the highest risk of the former, why the
/// latter.
pub fn render(backtest: &Backtest) -> String {
    let bounds = |interval: Option<Interval>| {
        [interval.map(|interval| interval.low), interval.map(|interval| interval.high)].map(figure)
    };
    table(
        &SCORES,
        backtest.rules.iter().map(|score| {
            let [saved_low, saved_high] = bounds(score.saved_interval);
            let [memory_low, memory_high] = bounds(score.memory_violating_interval);
            let [attained_low, attained_high] = bounds(score.attained_risk_interval);
            let [cpu_low, cpu_high] = bounds(score.cpu_samples_over_interval);
            let headroom = score.headroom.as_ref();
            let windows = |count: fn(&LearntHeadroom) -> usize| {
                headroom.map_or_else(String::new, |headroom| count(headroom).to_string())
            };
            [
                score.rule.clone(),
                figure(score.saved_percent),
                saved_low,
                saved_high,
                figure(score.memory_violating_percent),
                memory_low,
                memory_high,
                score.made_smaller.to_string(),
                figure(score.attained_risk_percent),
                attained_low,
                attained_high,
                figure(score.cpu_samples_over_percent),
                cpu_low,
                cpu_high,
                figure(score.cpu_average_samples_over_percent),
                figure(score.cpu_violating_percent),
                figure(score.not_rated_percent),
                figure(score.churn_percent),
                figure(headroom.map(|headroom| headroom.risk_percent)),
                windows(LearntHeadroom::calibrated),
                windows(|headroom| headroom.windows.len() - headroom.calibrated()),
                figure(headroom.and_then(LearntHeadroom::shown_risk_percent)),
                headroom.and_then(LearntHeadroom::detail).unwrap_or_default().to_owned(),
                score.memory_reduced.to_string(),
                figure(score.memory_reduced_short_percent),
            ]
        }),
    )
}

/// A row per decision. `not_rated` says why there is no size; `judged` whether there was later data; `tasks` how many pay
/// for the size: what is saved is of price times tasks, summed over judged rows. The last two columns say how a rule that
/// learns its memory headroom set it in this window.
pub fn details(backtest: &Backtest) -> String {
    let headroom = |row: &DetailRow| {
        let at = backtest.windows.iter().position(|window| *window == row.window)?;
        let score = backtest.rules.iter().find(|score| score.rule == row.rule)?;
        score.headroom.as_ref()?.windows.get(at)
    };
    table(
        &DETAILS,
        backtest.details.iter().map(|row| {
            let (cpu, memory, not_rated) = match row.chosen {
                Ok(size) => (size.cpu().0.to_string(), size.memory().0.to_string(), String::new()),
                Err(reason) => (String::new(), String::new(), reason.to_owned()),
            };
            [
                name(&row.series_id),
                row.rule.clone(),
                row.window.train_start.to_string(),
                row.window.train_end.to_string(),
                row.window.test_end.to_string(),
                row.current.cpu().0.to_string(),
                row.current.memory().0.to_string(),
                cpu,
                memory,
                not_rated,
                row.judged.to_string(),
                (Decimal::from(row.tasks) / Decimal::from(ONE_TASK)).normalize().to_string(),
                headroom(row).map_or_else(String::new, |headroom| headroom.method.to_owned()),
                figure(headroom(row).and_then(|headroom| headroom.shown_risk_percent)),
            ]
        }),
    )
}

/// A negative number, as a series may be called, is no formula.
fn name(text: &str) -> String {
    if text.parse::<i64>().is_ok() { text.to_owned() } else { cell::text(text) }
}

fn table<const N: usize>(header: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(header).expect("memory takes every byte");
    for row in rows {
        writer.write_record(row).expect("memory takes every byte, and rows are as long as the header");
    }
    let bytes = writer.into_inner().expect("memory takes every byte");
    String::from_utf8(bytes).expect("cells are text")
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_series_name_is_a_formula() {
        for (name, cell) in [("=1+1", "'=1+1"), ("-cmd", "'-cmd"), ("-12", "-12"), ("vm-1", "vm-1")] {
            assert_eq!(super::name(name), cell);
        }
    }
}
