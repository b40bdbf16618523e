//! What a backtest is written as: the schema of its JSON, its table at each width, its chart.

use serde_json::Value;
use snapbox::assert_data_eq;

use super::{
    super::{Ceiling, Options, Rule, Split, chart, json, rules, run, table},
    DAY, SPLIT, all_rules, backtest, ladder, prices, rendered, small_fleet,
};
use crate::report::{display_width, json::tests::violations};

/// `SNAPSHOTS=overwrite` accepts a change.
#[test]
fn the_committed_schema_is_that_of_the_json() {
    let schema = serde_json::to_string_pretty(&json::backtest_schema()).unwrap() + "\n";
    assert_data_eq!(schema, snapbox::file!["../../../reports/backtest.schema.json"].raw());
}

#[test]
fn backtests_satisfy_their_schema_and_hold_the_promised_keys() {
    let schema = serde_json::to_value(json::backtest_schema()).unwrap();
    let mut nothing_measured = rendered();
    nothing_measured.rules.clear();
    nothing_measured.input.left_out.insert("no-samples".into(), 1);
    for result in [rendered(), backtest(&small_fleet(), &all_rules(), Ceiling::None), nothing_measured] {
        let json: Value = serde_json::from_str(&json::render(&result, &prices())).unwrap();
        assert_eq!(violations(&schema, &schema, &json, "backtest"), Vec::<String>::new());
    }
    let json: Value = serde_json::from_str(&json::render(&rendered(), &prices())).unwrap();
    for pointer in [
        "/schema_version /series /train_days /test_days /step_days /windows/0/train_start /windows/0/train_end",
        "/windows/0/test_end /ceiling /prices/region /prices/price_book /prices/effective_date /input/rows",
        "/rules/0/rule /rules/0/saved_percent /rules/0/saved_interval/low /rules/0/memory_violating_percent",
        "/rules/0/made_smaller /rules/0/attained_risk_percent /rules/0/cpu_samples_over_percent",
        "/rules/0/cpu_violating_percent /rules/0/not_rated_percent /rules/1/headroom/windows/0/method",
    ]
    .iter()
    .flat_map(|line| line.split(' '))
    {
        assert!(json.pointer(pointer).is_some_and(|value| !value.is_null()), "{pointer}");
    }
    let mut wrong = json.clone();
    wrong["rules"][0]["saved_percent"] = "73".into();
    wrong["windows"][0].as_object_mut().unwrap().remove("test_end");
    assert_eq!(violations(&schema, &schema, &wrong, "backtest").len(), 2);
}

#[test]
fn a_table_fits_whatever_the_width_and_keeps_what_matters_most() {
    let split = Split { train: 2 * DAY, test: 4 * DAY, step: DAY };
    let result = run(&small_fleet(), split, &ladder(), &all_rules(), Options::default()).unwrap();
    for width in (0..=220).step_by(7) {
        let text = table::render(&result, &prices(), width);
        for line in text.lines() {
            assert!(display_width(line) <= width.max(60), "{width}: {line:?}");
        }
        for title in ["rule", "saved %", "memory above %", "CPU above %"] {
            assert!(text.contains(title), "{width}: {text}");
        }
    }
    assert!(table::render(&result, &prices(), 180).contains("churn %"));
}

#[test]
fn the_legend_explains_the_columns_that_are_shown_and_no_other() {
    let split = Split { train: 2 * DAY, test: 4 * DAY, step: DAY };
    let result = run(&small_fleet(), split, &ladder(), &all_rules(), Options::default()).unwrap();
    let mut dropped = 0;
    for width in 60..=220 {
        let text = table::render(&result, &prices(), width);
        let (_, table) = text.split_once("\n\n").unwrap();
        let (table, notes) = table.split_once("\n\n").unwrap();
        let (titles, notes) = (table.lines().next().unwrap(), format!("· {}", notes.replace('\n', " ")));
        for title in [
            "saved",
            "95 % of fleets",
            "memory above",
            "attained",
            "CPU above",
            "any CPU above",
            "churn",
            "not rated",
        ] {
            // Another column's title may hold this one.
            let is_shown = format!("  {titles}").contains(&format!("  {title}"));
            assert_eq!(
                notes.matches(&format!("· {title}: ")).count(),
                usize::from(is_shown),
                "{width}: {title}\n{text}"
            );
            dropped += usize::from(!is_shown);
        }
    }
    assert!(dropped > 100, "{dropped}");
}

#[test]
fn windows_that_are_not_evenly_apart_are_said_to_be_so() {
    let rules: Vec<Box<dyn Rule>> = vec![Box::new(rules::Keep)];
    let mut result = run(&small_fleet(), SPLIT, &ladder(), &rules, Options::default()).unwrap();
    assert!(table::render(&result, &prices(), 180).contains("3 windows 1 days apart"));
    result.windows.remove(1);
    assert!(table::render(&result, &prices(), 180).contains("2 windows at least 1 days apart"));
}

#[test]
fn a_chart_names_every_rule_on_both_panels_and_says_what_it_shows() {
    let svg = chart::render(&rendered()).unwrap();
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
    for rule in ["compute-optimizer-proxy", "keep", "fargauge-risk-1"] {
        assert_eq!(svg.matches(&format!("\n{rule}\n")).count(), 2, "{rule}");
    }
    assert!(svg.contains("\nBacktest of 4 series: 2 days seen, the next 4 judged, 1 window\n"), "{svg}");
    // Of each panel: the stairs, and two bars for each of three rules.
    let width = |pixels: u32| svg.matches(&format!("stroke-width=\"{pixels}\" points")).count();
    assert_eq!(width(2), 2, "{svg}");
    assert_eq!(svg.matches("<circle").count(), 2 * 3);
    assert_eq!(svg, chart::render(&rendered()).unwrap());
    let mut nothing = rendered();
    nothing.rules.clear();
    chart::render(&nothing).unwrap();
}

/// Every rule at one place: labels are beside one another, in the picture.
#[test]
fn labels_of_a_chart_stay_in_the_picture_and_apart() {
    let split = Split { train: 2 * DAY, test: 4 * DAY, step: DAY };
    let mut result = run(&small_fleet(), split, &ladder(), &all_rules(), Options::default()).unwrap();
    for score in &mut result.rules {
        (score.saved_percent, score.memory_violating_percent, score.cpu_samples_over_percent) =
            (Some(50.0), Some(80.0), Some(0.0));
    }
    let svg = chart::render(&result).unwrap();
    let names: Vec<String> = result.rules.iter().map(|score| score.rule.clone()).collect();
    let mut places = Vec::new();
    for part in svg.split("<text ").skip(1) {
        let (attributes, rest) = part.split_once('>').unwrap();
        let text = rest.split('<').next().unwrap().trim();
        if !names.iter().any(|name| name == text) {
            continue;
        }
        let of =
            |name: &str| attributes.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap();
        let (x, y): (i32, i32) = (of("x").parse().unwrap(), of("y").parse().unwrap());
        let width = i32::try_from(text.len()).unwrap() * 6;
        let left = if of("text-anchor") == "end" { x - width } else { x };
        assert!(left >= 0 && left + width <= 1200 && (0..620).contains(&y), "{text}: {x}, {y}");
        places.push((left, left + width, y));
    }
    assert_eq!(places.len(), 2 * names.len());
    for (at, (left, right, y)) in places.iter().enumerate() {
        let apart = |(l, r, other): &(i32, i32, i32)| r < left || l > right || (other - y).abs() >= 12;
        assert!(places[..at].iter().all(apart), "{places:?}");
    }
}
