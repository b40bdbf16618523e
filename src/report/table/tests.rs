use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::{
    report::{Note, Quantity, Selection, fixture},
    snapshot::Gap,
};

fn at_width(report: &Report, width: usize) -> String {
    render(report, TableOptions { width, ..TableOptions::default() })
}

fn assert_fits(text: &str, width: usize) {
    for line in text.lines() {
        assert!(display_width(line) <= width, "{} > {width}: {line:?}", display_width(line));
        assert!(line.chars().all(|c| display_safe(c.encode_utf8(&mut [0; 4])) == c.to_string()), "{line:?}");
    }
}

#[test]
fn the_committed_example_is_what_is_rendered() {
    snapbox::assert_data_eq!(
        at_width(&fixture::report(), 120),
        snapbox::file!["../../../reports/examples/report.txt"].raw()
    );
}

#[test]
fn narrow_60() {
    insta::assert_snapshot!(at_width(&fixture::report(), 60));
}

#[test]
fn usual_80() {
    insta::assert_snapshot!(at_width(&fixture::report(), 80));
}

#[test]
fn hostile_60() {
    insta::assert_snapshot!(at_width(&fixture::hostile_report(), 60));
}

#[test]
fn hostile_120() {
    insta::assert_snapshot!(at_width(&fixture::hostile_report(), 120));
}

#[test]
fn wide_200() {
    insta::assert_snapshot!(at_width(&fixture::hostile_report(), 200));
}

#[test]
fn an_account_without_workloads() {
    insta::assert_snapshot!(at_width(&fixture::empty_report(), 80));
}

#[test]
fn every_width_fits() {
    for report in [fixture::report(), fixture::hostile_report(), fixture::empty_report()] {
        for width in 0..=220 {
            assert_fits(&at_width(&report, width), width.max(60));
        }
    }
}

#[test]
fn colour_marks_findings_and_changes_nothing_else() {
    let report = fixture::report();
    let plain = at_width(&report, 120);
    let colored = render(&report, TableOptions { width: 120, color: true });
    assert!(!plain.contains('\u{1b}'));
    assert!(colored.contains("\u{1b}[31mUnderprovisioned\u{1b}[0m"));
    let mut stripped = colored;
    for code in ["\u{1b}[31m", "\u{1b}[32m", "\u{1b}[33m", "\u{1b}[0m"] {
        stripped = stripped.replace(code, "");
    }
    assert_eq!(stripped, plain);
}

#[test]
fn a_discount_is_told_with_the_cost_at_list_prices() {
    let mut report = fixture::report();
    assert!(!at_width(&report, 200).contains("discount"));
    report.discount_percent = Quantity(Decimal::new(1370, 2));
    for row in &mut report.workloads {
        row.list_monthly_cost = row.monthly_cost.map(|cost| cost * Decimal::TWO);
    }
    fixture::recount(&mut report);
    let said = "\n13.7 % is taken off every price (discount.enterprise_percent); at list prices, the cost is \
                1,251.01\n";
    assert!(at_width(&report, 200).contains(said), "{}", at_width(&report, 200));
}

/// The amount in the head's line that starts with `name`, in cents.
fn head(text: &str, name: &str) -> Option<i64> {
    let line = text.lines().take_while(|line| !line.is_empty()).find(|line| line.trim().starts_with(name))?;
    cents(line.trim()[name.len()..].split_whitespace().next()?)
}

fn cents(shown: &str) -> Option<i64> {
    match shown {
        "<0.01" | ">-0.01" => Some(0),
        _ => shown.replace([',', '.'], "").parse().ok(),
    }
}

#[test]
fn what_changes_save_and_cost_is_told_apart_by_the_sign_and_not_by_the_finding() {
    let mut report = fixture::report();
    let payments = report.workloads.iter_mut().find(|row| row.service.as_deref() == Some("payments"));
    payments.unwrap().finding = Finding::Overprovisioned;
    let orders = report.workloads.iter_mut().find(|row| row.service.as_deref() == Some("orders-worker"));
    orders.unwrap().finding = Finding::Underprovisioned;
    fixture::recount(&mut report);
    let text = at_width(&report, 160);
    // 170.1192 + 25.9588 and 36.0401, as before.
    assert_eq!(head(&text, "cheaper changes save"), Some(19_608), "{text}");
    assert_eq!(head(&text, "dearer changes cost"), Some(3_604), "{text}");
}

#[test]
fn the_risk_that_was_shown_is_told_and_not_only_the_one_asked_for() {
    let mut report = fixture::report();
    let mut line = |shown: Option<&str>| {
        report.headroom.method = if shown.is_some() { "calibrated" } else { "fixed" }.into();
        report.headroom.shown_risk_percent = shown.map(|shown| Quantity(shown.parse().unwrap()));
        let text = at_width(&report, 200);
        text.lines().find(|line| line.contains(" headroom")).unwrap().to_owned()
    };
    assert_eq!(line(Some("3")), "calibrated headroom: 3 % risk");
    assert_eq!(
        line(Some("4.0401")),
        "calibrated headroom: 4.1 % risk, the least this fleet can show; 3 % was asked for"
    );
    assert_eq!(line(None), "fixed headroom (3 % risk was asked for): 11 workloads cannot show so low a risk");
}

#[test]
fn a_lone_region_is_named_once_and_needs_no_column() {
    let mut report = fixture::report();
    report.workloads.retain(|workload| workload.region == "us-east-1");
    report.gaps.clear();
    report.notes.clear();
    let text = at_width(&report, 120);
    assert_eq!(text.matches("111122223333 us-east-1 · ").count(), 1);
    assert_eq!(text.matches("us-east-1").count(), 1);
    assert!(text.contains("RISK") && !text.contains("REGION"), "{text}");
}

#[test]
fn the_steps_of_a_workload_stay_in_sequence() {
    let text = at_width(&fixture::report(), 120);
    let at = |step| text.find(step).unwrap();
    assert!(at("arm64") < at("fargate-spot") && at("fargate-spot") < at("stop-or-scale-to-zero"), "{text}");
}

#[test]
fn a_step_saves_what_the_costs_shown_differ_by() {
    let mut report = fixture::report();
    let usd = |text: &str| Some(Usd(text.parse().unwrap()));
    let steps = &mut report.workloads[0].options;
    (steps[0].monthly_cost, steps[1].monthly_cost) = (usd("112.755"), usd("100.494"));
    steps[1].monthly_savings = usd("12.261");
    let text = at_width(&report, 120);
    let step = text.lines().find(|line| line.contains("fargate-spot")).unwrap();
    assert!(step.contains("100.49     12.27 "), "{text}");
}

#[test]
fn instances_that_are_left_out_are_told() {
    let mut report = fixture::report();
    report.capacity =
        vec![fixture::pool("us-east-1", "prod", "EC2"), fixture::pool("eu-west-1", "data", "EC2")];
    let text = |filter: &str| {
        let selection = Selection { filters: vec![filter.parse().unwrap()], ..Selection::default() };
        at_width(&selection.of(report.clone()), 160)
    };
    let one = text("region=eu-west-1");
    assert!(one.contains("eu-west-1/data  EC2") && !one.contains("us-east-1/prod"), "{one}");
    assert!(one.contains(" of saving, 1 instance pool, 1 gap, 1 note\n"), "{one}");
    let elsewhere = text("region=us-gov*");
    assert!(elsewhere.contains(", 2 instance pools,") && !elsewhere.contains("Instances"), "{elsewhere}");
    let none = text("service=web");
    assert!(none.contains(", 2 instance pools\n"), "{none}");
    assert!(
        none.contains("\nInstances are not shown: they have no service, family, finding or tag to"),
        "{none}"
    );
}

#[test]
fn every_workload_and_every_reason_is_there() {
    let report = fixture::report();
    let text = at_width(&report, 160);
    for workload in &report.workloads {
        assert!(text.contains(&name(workload)), "{}", workload.id);
        if let Some(not_rated) = &workload.not_rated {
            assert!(text.contains(&not_rated.reason), "{}", workload.id);
        }
    }
}

proptest! {
    #[test]
    fn what_is_printed_adds_up_to_the_cent(
        amounts in proptest::collection::vec((0_i64..5_000_000, -2_000_000_i64..2_000_000, any::<bool>()), 1..30),
    ) {
        let mut report = fixture::report();
        let like = report.workloads[0].clone();
        let plain = report.workloads[2].clone();
        report.workloads = amounts.iter().map(|(cost, savings, changes)| {
            let mut row = if *changes { like.clone() } else { plain.clone() };
            row.monthly_cost = Some(Usd(Decimal::new(*cost, 4)));
            if let Some(recommendation) = &mut row.recommendation {
                recommendation.monthly_savings = Some(Usd(Decimal::new(*savings, 4)));
            }
            row.options.clear();
            row
        }).collect();
        fixture::recount(&mut report);
        let text = at_width(&report, 220);
        let (cost, saving) = (head(&text, "Cost").unwrap(), head(&text, "Saving").unwrap());
        prop_assert_eq!(cost - saving, head(&text, "As recommended").unwrap(), "{}", text);
        let rows = text.lines().filter(|line| line.starts_with("prod/"));
        let rows: Vec<(i64, i64)> = rows.map(|line| {
            let cells = line.split("  ").map(str::trim);
            let mut numbers: Vec<i64> =
                cells.filter_map(|cell| if cell == NONE { Some(0) } else { cents(cell) }).collect();
            let saves = numbers.pop().unwrap();
            (numbers.pop().unwrap(), saves)
        }).collect();
        prop_assert_eq!(rows.len(), amounts.len());
        prop_assert_eq!(rows.iter().map(|(cost, _)| cost).sum::<i64>(), cost, "{}", text);
        prop_assert_eq!(rows.iter().map(|(_, saves)| saves).sum::<i64>(), saving, "{}", text);
        let saved: i64 = rows.iter().map(|(_, saves)| saves.max(&0)).sum();
        if let Some(dearer) = head(&text, "dearer changes cost") {
            prop_assert_eq!(head(&text, "cheaper changes save"), Some(saved), "{}", text);
            prop_assert_eq!(saved - saving, dearer, "{}", text);
        }
    }

    #[test]
    fn whatever_the_names_lines_fit_and_hold_nothing_a_terminal_obeys(
        names in proptest::collection::vec("[\\s\\S]{0,80}", 8),
        amount in any::<i64>(),
        width in 60_usize..=200,
    ) {
        let mut report = fixture::report();
        for (row, name) in report.workloads.iter_mut().zip(names.iter().cycle()) {
            row.service = Some(name.clone());
            row.cluster.clone_from(&names[0]);
            row.region.clone_from(&names[1]);
            row.account_id.clone_from(name);
            row.kind.clone_from(&names[2]);
            row.reasons = vec![names[3].clone()];
            if let Some(recommendation) = &mut row.recommendation {
                recommendation.conditions = names.clone();
            }
            row.monthly_cost = row.monthly_cost.map(|_| Usd(Decimal::new(amount, 4)));
            if let Some(not_rated) = &mut row.not_rated {
                (not_rated.reason, not_rated.detail) = (names[4].clone(), names[5].clone());
            }
            for option in &mut row.options {
                (option.kind, option.conditions) = (names[6].clone(), names.clone());
            }
        }
        report.gaps.push(Gap { scope: names[5].clone(), api: names[6].clone(), cause: names[7].clone() });
        report.notes.push(Note {
            scope: names[5].clone(),
            code: names[6].clone(),
            detail: names[7].clone(),
        });
        report.price_book.id.clone_from(&names[0]);
        report.snapshot.id.clone_from(&names[1]);
        fixture::recount(&mut report);
        assert_fits(&at_width(&report, width), width);
    }
}
