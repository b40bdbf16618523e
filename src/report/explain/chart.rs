//! A column chart in block characters: demand over time, with lines where sizes are.
//!
//! Takes values (`None`: no sample), levels with their labels, and a width; gives lines no wider than
//! that. Each column is the largest value of its stretch of time, so that no peak is lost, and what is
//! not zero is never drawn as nothing.

use crate::report::text::{display_width, shorten_end};

/// Rows of the chart.
const HEIGHT: usize = 6;
/// Eighths of a row, from empty to full.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const LEVEL: char = '╌';
const NO_SAMPLE: char = '·';

/// Lines of a chart of `values` with a line at every level, its label to the left; from 0 to the
/// largest level or value. `start` and `end` stand below.
pub(super) fn chart(
    values: &[Option<f64>],
    levels: &[(String, f64)],
    (start, end): (&str, &str),
    width: usize,
) -> Vec<String> {
    let top = values.iter().flatten().copied().chain(levels.iter().map(|(_, at)| *at)).fold(0.0, f64::max);
    if values.is_empty() || top <= 0.0 {
        return Vec::new();
    }
    let mut labels: Vec<String> = vec![String::new(); HEIGHT];
    let mut lines = [false; HEIGHT];
    for (label, at) in levels {
        let row = (eighths(*at, top).div_ceil(8)).saturating_sub(1).min(HEIGHT - 1);
        lines[row] = true;
        // Levels that fall into one row share it.
        if !labels[row].is_empty() {
            labels[row].push_str(", ");
        }
        labels[row].push_str(label);
    }
    let gutter = labels.iter().map(|label| display_width(label)).max().unwrap_or(0).min(width / 2);
    let columns = maxima(values, width.saturating_sub(gutter + 1).max(1));
    let mut drawn: Vec<String> = (0..HEIGHT)
        .rev()
        .map(|row| {
            let label = shorten_end(&labels[row], gutter);
            let pad = " ".repeat(gutter.saturating_sub(display_width(&label)));
            let cells: String = columns.iter().map(|value| cell(*value, top, row, lines[row])).collect();
            format!("{pad}{label} {cells}").trim_end().to_owned()
        })
        .collect();
    let between = columns.len().saturating_sub(display_width(start) + display_width(end));
    if between > 0 {
        drawn.push(format!("{:gutter$} {start}{:between$}{end}", "", ""));
    }
    drawn
}

fn cell(value: Option<f64>, top: f64, row: usize, line: bool) -> char {
    let filled = value.map_or(0, |value| eighths(value, top)).saturating_sub(row * 8).min(8);
    match filled {
        0 if line => LEVEL,
        0 if row == 0 && value.is_none() => NO_SAMPLE,
        filled => BLOCKS[filled],
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 8 x HEIGHT")]
fn eighths(value: f64, top: f64) -> usize {
    (value / top * (HEIGHT * 8) as f64).ceil().clamp(0.0, (HEIGHT * 8) as f64) as usize
}

/// At most `columns` values, each the largest of its stretch.
fn maxima(values: &[Option<f64>], columns: usize) -> Vec<Option<f64>> {
    let columns = columns.min(values.len());
    (0..columns)
        .map(|column| {
            let stretch = &values[column * values.len() / columns..(column + 1) * values.len() / columns];
            stretch.iter().flatten().copied().reduce(f64::max)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_ramp_climbs_to_its_levels() {
        let values: Vec<Option<f64>> = (0..12).map(|i| (i != 3).then_some(f64::from(i) / 11.0)).collect();
        let levels = [("now 2".to_owned(), 2.0), ("new 1".to_owned(), 1.0)];
        // In eighths of a row, of 48: ceil(i x 24 / 11) = 0, 3, 5, none, 9, 11, 14, 16, 18, 20, 22, 24.
        assert_eq!(
            chart(&values, &levels, ("a", "b"), 18),
            [
                "now 2 ╌╌╌╌╌╌╌╌╌╌╌╌",
                "",
                "",
                "new 1 ╌╌╌╌╌╌╌╌▂▄▆█",
                "          ▁▃▆█████",
                "       ▃▅·████████",
                "      a          b",
            ]
        );
    }

    proptest! {
        #[test]
        fn lines_fit_and_the_peak_is_never_lost(
            values in prop::collection::vec(prop::option::of(0.0..100.0_f64), 1..300),
            level in 0.1..200.0_f64, width in 10usize..160,
        ) {
            let lines = chart(&values, &[("now".to_owned(), level)], ("2026", "2027"), width);
            prop_assert!(lines.iter().all(|line| display_width(line) <= width), "{lines:#?}");
            let peak = values.iter().flatten().copied().fold(0.0, f64::max);
            if peak > level {
                prop_assert!(lines[0].contains('█'), "{lines:#?}");
            }
        }
    }
}
