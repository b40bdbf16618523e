//! A comparison for the tests of its renderers, small enough to be read.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{Comparison, ComparisonRow, InstanceTypeUse, LeftOutWorkloads, ScopeReport, StayingWorkloads};
use crate::{
    report::{PriceBookReference, Quantity, ReportWindow, SnapshotReference},
    units::Usd,
};

pub(super) fn comparison() -> Comparison {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let scope = |scope: &str, workloads| ScopeReport {
        scope: scope.to_owned(),
        workloads,
        launch_types: vec!["FARGATE".to_owned()],
        left_out: vec![LeftOutWorkloads { reason: "no-metrics".to_owned(), workloads: 1 }],
    };
    let mut rows = Vec::new();
    for name in ["fleet", "123456789012/us-east-1/prod"] {
        rows.push(row(name, "today", "today", Some("120.5"), Some("0")));
        rows.push(row(name, "fargate-right-sized", "Fargate, right-sized", Some("80.25"), Some("-40.25")));
        let mut packed = row(name, "ec2-arm-mix", "EC2, ARM, mix", Some("61.1"), Some("-59.4"));
        packed.utilization = number("0.87");
        packed.cpu_utilization = number("0.87");
        packed.memory_utilization = number("0.61");
        packed.lower_bound_gap_percent = number("1.25");
        packed.break_even_utilization = number("0.8752");
        packed.instance_types = ["c7g.large", "m7g.large"]
            .into_iter()
            .zip(["0.5", "2"])
            .map(|(name, mean)| InstanceTypeUse {
                instance_type: name.to_owned(),
                mean_instances: number(mean).unwrap(),
            })
            .collect();
        packed.stays = vec![StayingWorkloads {
            reason: "Windows, which has a price on Fargate on demand only".to_owned(),
            workloads: 2,
            monthly_cost: usd("12.5"),
        }];
        packed.assumptions.push("every image is built for arm64 too".to_owned());
        rows.push(packed);
        let mut spot = row(name, "ec2-arm-mix-spot", "EC2, ARM, mix, Spot share", None, None);
        spot.not_priced = Some("no arm64 EC2 Spot rate is held for us-east-1".to_owned());
        rows.push(spot);
    }
    Comparison {
        schema_version: 1,
        currency: "USD".to_owned(),
        as_of: at("2026-11-15T00:00:00Z"),
        window: ReportWindow {
            start: at("2026-11-01T00:00:00Z"),
            end: at("2026-11-15T00:00:00Z"),
            period_seconds: 300,
        },
        snapshot: SnapshotReference { id: "0123456789ab".to_owned(), sha256: "0123456789ab".repeat(5) },
        price_book: PriceBookReference {
            id: "embedded-abc".to_owned(),
            effective_date: "2026-09-29".to_owned(),
            sha256: "abc".to_owned(),
        },
        discount_percent: Quantity(Decimal::ZERO),
        scopes: vec![scope("fleet", 12), scope("123456789012/us-east-1/prod", 12)],
        rows,
        gaps: Vec::new(),
        notes: Vec::new(),
    }
}

fn row(
    scope: &str,
    platform: &str,
    label: &str,
    cost: Option<&str>,
    difference: Option<&str>,
) -> ComparisonRow {
    ComparisonRow {
        scope: scope.to_owned(),
        platform: platform.to_owned(),
        label: label.to_owned(),
        monthly_cost: cost.map(usd),
        difference: difference.map(usd),
        difference_percent: difference.map(|difference| {
            Quantity((usd(difference).0 / usd("120.5").0 * Decimal::ONE_HUNDRED).round_dp(2))
        }),
        utilization: None,
        cpu_utilization: None,
        memory_utilization: None,
        lower_bound_gap_percent: None,
        break_even_utilization: None,
        instance_types: Vec::new(),
        not_priced: None,
        stays: Vec::new(),
        assumptions: vec!["tasks have the recommended size".to_owned()],
    }
}

fn usd(text: &str) -> Usd {
    Usd(text.parse().unwrap())
}

#[expect(clippy::unnecessary_wraps, reason = "what it fills may be absent")]
fn number(text: &str) -> Option<Quantity> {
    Some(Quantity(text.parse().unwrap()))
}
