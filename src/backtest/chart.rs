//! The frontier as an SVG picture: saved against what it cost in violations, a point per rule.
//!
//! Up and to the left is better. Text is left to whoever shows the picture: no font is needed here. A rule
//! without a figure for an axis is not on that panel.

use std::fmt;

use plotters::{
    coord::{Shift, types::RangedCoordf64},
    prelude::*,
};

use super::{run::Backtest, score::RuleScore};

/// Pixels.
const SIZE: (u32, u32) = (1200, 520);
const LABEL: i32 = 13;

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
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        area.fill(&WHITE).map_err(|cause| ChartError::new(&cause))?;
        let panels = area.split_evenly((1, 2));
        let axes: [(&str, Figure); 2] = [
            ("services whose later memory passes the new memory, %", |score| score.memory_violating_percent),
            ("later CPU samples above the new vCPU, %", |score| score.cpu_samples_over_percent),
        ];
        for (panel, (title, of)) in panels.iter().zip(axes) {
            let points: Vec<(f64, f64, &str)> = backtest
                .rules
                .iter()
                .filter_map(|score| Some((of(score)?, score.saved_percent?, score.rule.as_str())))
                .collect();
            draw(panel, title, &points)?;
        }
        area.present().map_err(|cause| ChartError::new(&cause))?;
    }
    Ok(svg)
}

/// What of a score is on the horizontal axis.
type Figure = fn(&RuleScore) -> Option<f64>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plane = Cartesian2d<RangedCoordf64, RangedCoordf64>;

fn draw(area: &Area<'_>, title: &str, points: &[(f64, f64, &str)]) -> Result<(), ChartError> {
    let error = |cause: DrawingAreaErrorKind<_>| ChartError::new(&cause);
    let most = points.iter().map(|point| point.0).fold(0.0, f64::max);
    // Room on the right for the labels of the points there, and some where all are at zero.
    let right = if most > 0.0 { most * 1.35 } else { 1.0 };
    let low = points.iter().map(|point| point.1).fold(0.0, f64::min);
    let high = points.iter().map(|point| point.1).fold(0.0, f64::max);
    let top = if high > low { high + (high - low) * 0.08 } else { low + 1.0 };
    let mut chart = ChartBuilder::on(area)
        .margin(16)
        .x_label_area_size(46)
        .y_label_area_size(56)
        .build_cartesian_2d(-right * 0.02..right, low..top)
        .map_err(error)?;
    chart
        .configure_mesh()
        .x_desc(title)
        .y_desc("saved, %")
        .axis_desc_style(("sans-serif", 14))
        .label_style(("sans-serif", 12))
        .max_light_lines(0)
        .draw()
        .map_err(error)?;
    let labels = label_places(chart.as_coord_spec(), points);
    for ((x, y, rule), lower) in points.iter().zip(labels) {
        let color = if rule.starts_with("fargauge") { RGBColor(200, 60, 20) } else { RGBColor(40, 80, 140) };
        let text = Text::new(
            (*rule).to_owned(),
            (8, lower - LABEL / 2),
            ("sans-serif", LABEL).into_font().color(&color),
        );
        let point = EmptyElement::at((*x, *y)) + Circle::new((0, 0), 4, color.filled()) + text;
        chart.draw_series(std::iter::once(point)).map_err(error)?;
    }
    Ok(())
}

/// How much lower than its point each label stands (pixels), so that none covers another.
fn label_places(plane: &Plane, points: &[(f64, f64, &str)]) -> Vec<i32> {
    let mut taken: Vec<(i32, i32, i32)> = Vec::new();
    points
        .iter()
        .map(|(x, y, rule)| {
            let (left, middle) = plane.translate(&(*x, *y));
            let width = i32::try_from(rule.chars().count()).unwrap_or(i32::MAX).saturating_mul(8);
            let right = left.saturating_add(width);
            let free = |at: i32, taken: &[(i32, i32, i32)]| {
                taken.iter().all(|(l, r, m)| *r < left || *l > right || (at - m).abs() >= LABEL)
            };
            let lower = (0..40)
                .flat_map(|step| [step * 4, -step * 4])
                .find(|lower| free(middle + lower, &taken))
                .unwrap_or(0);
            taken.push((left, right, middle + lower));
            lower
        })
        .collect()
}
