//! The frontier as an SVG picture: saved against what it cost in violations, a point per rule.
//!
//! Takes a [`Backtest`]; gives a whole document of two panels, memory and CPU. Up and to the left is better.
//! The stairs go through the rules that no other beats in both figures: whoever takes at most so many
//! violations can save so much. They are of all rules rather than of fargauge's risks, which need not be on
//! them, so that the picture says which rules are worth a choice and not which are ours. Foresight is not on
//! them, as nobody can use it. They are stairs, because between two rules there is none to be had.
//! Violations are on a square-root scale: a rule that lets most series run short would press all others
//! into a corner, and a logarithm has no place for none. Thin bars are the bootstrap intervals. A rule without
//! a figure for an axis is not on that panel. Text is left to whoever shows the picture: no font is needed
//! here.

use std::{fmt, ops::Range};

use plotters::{
    coord::{
        Shift,
        ranged1d::{DefaultFormatting, KeyPointHint, Ranged},
        types::RangedCoordf64,
    },
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::{
    rule::Rule as _,
    rules::Foresight,
    run::Backtest,
    score::{Interval, RuleScore},
    table,
};

/// Pixels.
const SIZE: (u32, u32) = (1200, 620);
const HEAD: i32 = 58;
const LABEL: i32 = 14;
/// From a point to its label.
const AWAY: i32 = 9;
/// What a character of a label takes at most, on average.
const CHARACTER: i32 = 7;
/// Left of 0.
const ROOM: i32 = 10;
/// Between two marks of the horizontal axis.
const MARKS: f64 = 28.0;

const OURS: RGBColor = RGBColor(200, 60, 20);
const OTHERS: RGBColor = RGBColor(40, 80, 140);
const NOBODYS: RGBColor = RGBColor(110, 110, 110);

const CAPTION: &str = "up and to the left is better · stairs: rules that no other beats in both · thin bars: where 95 \
                       of 100 fleets drawn from these series are · foresight sees what it is judged on";

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[error("the chart could not be drawn: {0}")]
pub struct ChartError(String);

impl ChartError {
    fn new(cause: &impl fmt::Display) -> Self {
        Self(cause.to_string())
    }
}

/// A whole SVG document.
pub fn render(backtest: &Backtest) -> Result<String, ChartError> {
    let error = |cause: DrawingAreaErrorKind<_>| ChartError::new(&cause);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(error)?;
        let (head, body) = area.split_vertically(HEAD);
        let title = ("sans-serif", 19).into_font();
        head.draw(&Text::new(table::scope(backtest).join(", "), (16, 12), title)).map_err(error)?;
        head.draw(&Text::new(CAPTION, (16, 38), ("sans-serif", 14).into_font().color(&NOBODYS)))
            .map_err(error)?;
        let axes: [(&str, Figure); 2] = [
            ("series whose later memory passes the new memory, % (square-root scale)", |score| {
                (score.memory_violating_percent, score.memory_violating_interval)
            }),
            ("later CPU samples above the new vCPU, % (square-root scale)", |score| {
                (score.cpu_samples_over_percent, score.cpu_samples_over_interval)
            }),
        ];
        for (panel, (title, of)) in body.split_evenly((1, 2)).iter().zip(axes) {
            let points: Vec<Point<'_>> =
                backtest.rules.iter().filter_map(|score| Point::of(score, of)).collect();
            draw(panel, title, &points)?;
        }
        area.present().map_err(error)?;
    }
    Ok(svg)
}

/// What of a score is on the horizontal axis.
type Figure = fn(&RuleScore) -> (Option<f64>, Option<Interval>);
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plane = Cartesian2d<Roots, RangedCoordf64>;

/// An axis of per cents from 0 to `right` on a square-root scale, with some room left of 0.
struct Roots {
    right: f64,
}

impl Roots {
    /// Round per cents, far enough from one another where so many pixels are the whole.
    fn marks(&self, pixels: f64) -> Vec<f64> {
        let mut marks: Vec<f64> = Vec::new();
        let round = (-3..=1).rev().flat_map(|power| [5.0, 2.0, 1.0].map(|digit| digit * 10_f64.powi(power)));
        for percent in std::iter::once(100.0).chain(round).filter(|percent| *percent <= self.right) {
            let apart =
                |other: f64| (other.sqrt() - percent.sqrt()).abs() / self.right.sqrt() * pixels >= MARKS;
            if apart(0.0) && marks.last().is_none_or(|last| apart(*last)) {
                marks.push(percent);
            }
        }
        marks.push(0.0);
        marks
    }
}

impl Ranged for Roots {
    type ValueType = f64;
    type FormatOption = DefaultFormatting;

    #[expect(clippy::cast_possible_truncation, reason = "a share of a thousand pixels")]
    fn map(&self, percent: &f64, (from, to): (i32, i32)) -> i32 {
        let share = (percent / self.right).clamp(0.0, 1.0).sqrt();
        let zero = from + ROOM;
        zero + (share * f64::from(to - zero)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        // No lines between those that are marked.
        if hint.weight().allow_light_points() { Vec::new() } else { self.marks(f64::from(SIZE.0) / 2.0) }
    }

    fn range(&self) -> Range<f64> {
        0.0..self.right
    }
}

/// A rule on a panel.
struct Point<'a> {
    rule: &'a str,
    violations: f64,
    saved: f64,
    /// Low and high; where there is no interval, the figure itself.
    violations_bar: (f64, f64),
    saved_bar: (f64, f64),
}

impl<'a> Point<'a> {
    fn of(score: &'a RuleScore, figure: Figure) -> Option<Self> {
        let (violations, violations_interval) = figure(score);
        let (violations, saved) = (violations?, score.saved_percent?);
        let bar = |figure, interval: Option<Interval>| interval.map_or((figure, figure), |i| (i.low, i.high));
        Some(Self {
            rule: &score.rule,
            violations,
            saved,
            violations_bar: bar(violations, violations_interval),
            saved_bar: bar(saved, score.saved_interval),
        })
    }

    fn at(&self) -> (f64, f64) {
        (self.violations, self.saved)
    }

    fn is_foresight(&self) -> bool {
        self.rule == Foresight.name()
    }

    fn color(&self) -> RGBColor {
        match self.rule {
            _ if self.is_foresight() => NOBODYS,
            rule if rule.starts_with("fargauge") => OURS,
            _ => OTHERS,
        }
    }
}

/// The corners of the stairs: each point that can be had and saves more than all with as few violations, and
/// between two of them what the former still saves at the violations of the latter.
fn stairs(points: &[Point<'_>]) -> Vec<(f64, f64)> {
    let mut usable: Vec<(f64, f64)> =
        points.iter().filter(|point| !point.is_foresight()).map(Point::at).collect();
    usable.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let mut corners: Vec<(f64, f64)> = Vec::new();
    for (violations, saved) in usable {
        match corners.last() {
            Some((_, before)) if saved <= *before => {}
            Some((_, before)) => corners.extend([(violations, *before), (violations, saved)]),
            None => corners.push((violations, saved)),
        }
    }
    corners
}

fn draw(area: &Area<'_>, title: &str, points: &[Point<'_>]) -> Result<(), ChartError> {
    let error = |cause: DrawingAreaErrorKind<_>| ChartError::new(&cause);
    let most = points.iter().map(|point| point.violations_bar.1.max(point.violations)).fold(0.0, f64::max);
    let right = if most > 0.0 { most * 1.08 } else { 1.0 };
    let low = points.iter().map(|point| point.saved_bar.0.min(point.saved)).fold(0.0, f64::min);
    let high = points.iter().map(|point| point.saved_bar.1.max(point.saved)).fold(0.0, f64::max);
    let top = if high > low { high + (high - low) * 0.06 } else { low + 1.0 };
    let bottom = low - (top - low) * 0.03;
    let mut chart = ChartBuilder::on(area)
        .margin(16)
        .x_label_area_size(46)
        .y_label_area_size(56)
        .build_cartesian_2d(Roots { right }, bottom..top)
        .map_err(error)?;
    chart
        .configure_mesh()
        .x_desc(title)
        .y_desc("saved, % of the cost of the current sizes")
        .axis_desc_style(("sans-serif", 14))
        .label_style(("sans-serif", 12))
        .x_label_formatter(&|percent| figure(*percent))
        .y_label_formatter(&|saved| figure(*saved))
        .bold_line_style(BLACK.mix(0.1))
        .max_light_lines(0)
        .draw()
        .map_err(error)?;
    let stairs = PathElement::new(stairs(points), NOBODYS.mix(0.55).stroke_width(2));
    chart.draw_series(std::iter::once(stairs)).map_err(error)?;
    let bars = points.iter().flat_map(|point| {
        let style = point.color().mix(0.35);
        let ((left, right), (low, high)) = (point.violations_bar, point.saved_bar);
        [[(left, point.saved), (right, point.saved)], [(point.violations, low), (point.violations, high)]]
            .map(|bar| PathElement::new(bar.to_vec(), style))
    });
    chart.draw_series(bars).map_err(error)?;
    let (across, _) = chart.plotting_area().get_pixel_range();
    let labels = label_places(chart.as_coord_spec(), &across, points);
    // Lines stay behind what is to be read.
    let backgrounds = points.iter().zip(&labels).map(|(point, (to, lower))| {
        let end = if *to < 0 { to - label_width(point.rule) } else { to + label_width(point.rule) };
        let corners = [(*to, lower - LABEL / 2), (end, lower + LABEL / 2)];
        EmptyElement::at(point.at()) + Rectangle::new(corners, WHITE.mix(0.6).filled())
    });
    chart.draw_series(backgrounds).map_err(error)?;
    for (point, (to, lower)) in points.iter().zip(labels) {
        let color = point.color();
        let side = if to < 0 { HPos::Right } else { HPos::Left };
        let style = ("sans-serif", LABEL).into_font().color(&color).pos(Pos::new(side, VPos::Center));
        // A label that is not beside its point is tied to it.
        let tie = if lower.abs() < LABEL / 2 { vec![] } else { vec![(0, 0), (to - to.signum(), lower)] };
        let marker = if point.is_foresight() { color.stroke_width(2) } else { color.filled() };
        let element = EmptyElement::at(point.at())
            + PathElement::new(tie, color.mix(0.5))
            + Circle::new((0, 0), 4, marker)
            + Text::new(point.rule.to_owned(), (to, lower), style);
        chart.draw_series(std::iter::once(element)).map_err(error)?;
    }
    Ok(())
}

/// With three decimals at most.
fn figure(percent: f64) -> String {
    let text = format!("{percent:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// At most, in pixels.
fn label_width(rule: &str) -> i32 {
    // Names of rules are short; a longer one would not fit anyway.
    i32::try_from(rule.chars().count()).unwrap_or(i32::MAX).min(100) * CHARACTER
}

/// Where each label starts from its point (pixels to the right, or to the left if negative) and how much lower
/// it is, so that it covers no other label and no point and stays in the picture.
fn label_places(plane: &Plane, across: &Range<i32>, points: &[Point<'_>]) -> Vec<(i32, i32)> {
    // Left, right and middle of what is there.
    let mut taken: Vec<(i32, i32, i32)> = points
        .iter()
        .map(|point| plane.translate(&point.at()))
        .map(|(x, y)| (x - AWAY / 2, x + AWAY / 2, y))
        .collect();
    points
        .iter()
        .map(|point| {
            let (x, y) = plane.translate(&point.at());
            let width = label_width(point.rule);
            let ends = |to: i32| {
                if to < 0 { (x + to - width, x + to) } else { (x + to, x + to + width) }
            };
            let free = |(to, lower): (i32, i32)| {
                let (left, right) = ends(to);
                let clear =
                    |(l, r, m): &(i32, i32, i32)| *r < left || *l > right || (y + lower - m).abs() >= LABEL;
                left >= across.start && right <= across.end && taken.iter().all(clear)
            };
            let (to, lower) = (0..60)
                .flat_map(|step| [-step * 3, step * 3])
                // Stairs go up to a point from below and on to the right.
                .flat_map(|lower| [(-AWAY, lower), (AWAY, lower)])
                .find(|place| free(*place))
                .unwrap_or((AWAY, 0));
            let (left, right) = ends(to);
            taken.push((left, right, y + lower));
            (to, lower)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(figures: &[(&'static str, f64, f64)]) -> Vec<Point<'static>> {
        let point = |(rule, violations, saved): &(&'static str, f64, f64)| Point {
            rule,
            violations: *violations,
            saved: *saved,
            violations_bar: (*violations, *violations),
            saved_bar: (*saved, *saved),
        };
        figures.iter().map(point).collect()
    }

    #[test]
    fn stairs_go_through_what_no_rule_beats_in_both() {
        let rules = [
            ("bold", 4.0, 60.0),
            ("keep", 0.0, 0.0),
            ("beaten", 3.0, 30.0),
            ("fargauge", 2.0, 40.0),
            ("as-short-for-less", 2.0, 10.0),
            ("foresight", 0.0, 50.0),
        ];
        assert_eq!(stairs(&points(&rules)), [(0.0, 0.0), (2.0, 0.0), (2.0, 40.0), (4.0, 40.0), (4.0, 60.0)]);
        assert_eq!(stairs(&points(&[("foresight", 0.0, 50.0)])), []);
    }

    #[test]
    fn marks_are_round_per_cents_that_do_not_touch() {
        let percents = |right: f64| Roots { right }.marks(500.0).into_iter().map(figure).collect::<Vec<_>>();
        assert_eq!(percents(81.0), ["50", "20", "10", "5", "2", "0.5", "0"]);
        assert_eq!(percents(0.25), ["0.2", "0.1", "0.05", "0.02", "0.01", "0.005", "0.001", "0"]);
    }

    #[test]
    fn a_quarter_of_the_violations_is_half_way() {
        let axis = Roots { right: 80.0 };
        assert_eq!([0.0, 20.0, 80.0].map(|percent| axis.map(&percent, (100, 310))), [110, 210, 310]);
    }
}
