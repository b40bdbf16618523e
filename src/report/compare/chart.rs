//! The fleet's costs as an SVG picture: a bar for each platform that has a price, cheapest first, and below them
//! those that have none, by name.
//!
//! Text is left to whoever shows the picture: no font is needed here.

use plotters::{
    prelude::*,
    style::text_anchor::{HPos, Pos, VPos},
};

use super::{Comparison, ComparisonRow, FLEET, TODAY};
use crate::{
    report::amounts::money,
    units::{Usd, decimal_as_f64},
};

/// Pixels.
const WIDTH: u32 = 1000;
const BAR: i32 = 24;
const TOP: i32 = 48;
const LEFT: i32 = 270;
const RIGHT: i32 = 130;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[error("the chart could not be drawn: {0}")]
pub struct ChartError(String);

/// A whole SVG document.
pub fn render(comparison: &Comparison) -> Result<String, ChartError> {
    let mut rows: Vec<(&ComparisonRow, Option<Usd>)> =
        comparison.rows.iter().filter(|row| row.scope == FLEET).map(|row| (row, row.monthly_cost)).collect();
    rows.sort_by_key(|(_, cost)| (cost.is_none(), *cost));
    let bars = i32::try_from(rows.len()).unwrap_or(0);
    let height = TOP + bars * BAR + 16;
    let mut svg = String::new();
    draw(&mut svg, &rows, height.unsigned_abs()).map_err(|cause| ChartError(cause.to_string()))?;
    Ok(svg)
}

fn draw(
    svg: &mut String,
    rows: &[(&ComparisonRow, Option<Usd>)],
    height: u32,
) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    let title = "the same work on each platform, USD a month (fleet)";
    area.draw(&Text::new(title, (16, 16), ("sans-serif", 16).into_font()))?;
    let most = rows.iter().flat_map(|(_, cost)| cost).map(|cost| decimal_as_f64(cost.0)).fold(0.0, f64::max);
    let room = f64::from(WIDTH.cast_signed() - LEFT - RIGHT);
    for (at, (row, cost)) in (0..).zip(rows) {
        let top = TOP + at * BAR;
        let middle = top + BAR / 2;
        let font = ("sans-serif", 13).into_font();
        let right = font.clone().color(&BLACK).pos(Pos::new(HPos::Right, VPos::Center));
        area.draw(&Text::new(row.label.clone(), (LEFT - 8, middle), right))?;
        let Some(cost) = cost else {
            let left = font.color(&BLACK).pos(Pos::new(HPos::Left, VPos::Center));
            area.draw(&Text::new("not priced: a rate is missing", (LEFT + 8, middle), left))?;
            continue;
        };
        let share = if most > 0.0 { decimal_as_f64(cost.0) / most } else { 0.0 };
        #[expect(clippy::cast_possible_truncation, reason = "a share of a thousand pixels")]
        let end = LEFT + (share.clamp(0.0, 1.0) * room).round() as i32;
        let color = if row.platform == TODAY { RGBColor(200, 60, 20) } else { RGBColor(40, 80, 140) };
        area.draw(&Rectangle::new([(LEFT, top + 4), (end, top + BAR - 4)], color.filled()))?;
        let left = font.color(&color).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(money(*cost), (end + 8, middle), left))?;
    }
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::compare::fixture;

    #[test]
    fn every_priced_platform_of_the_fleet_has_a_bar_and_names_are_escaped() {
        let mut comparison = fixture::comparison();
        comparison.rows[2].label = "<script>&".to_owned();
        let svg = render(&comparison).unwrap();
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
        for text in ["today", "120.50", "Fargate, right-sized", "80.25", "&lt;script&gt;&amp;", "61.10"] {
            assert!(svg.contains(text), "{text}: {svg}");
        }
        // The background and three bars: what has no price has none, and is named.
        assert_eq!(svg.matches("<rect").count(), 4, "{svg}");
        assert!(!svg.contains("<script>"));
        let (bars, unpriced) = (svg.find("120.50").unwrap(), svg.find("mix, Spot share").unwrap());
        assert!(bars < unpriced && svg.contains("not priced"), "{svg}");
    }

    #[test]
    fn a_fleet_without_prices_is_an_empty_picture() {
        let mut comparison = fixture::comparison();
        comparison.rows.clear();
        assert!(render(&comparison).unwrap().contains("USD a month"));
    }
}
