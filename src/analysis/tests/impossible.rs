//! Rows of a snapshot that cannot be: left out or changed, counted, and no part of any figure.

use super::*;
use crate::{
    analysis::tests::explain::explained,
    report::{
        explain::page,
        table::{self, TableOptions},
    },
    units::HOURS_PER_MONTH,
};

const START: i64 = 0;
const END: i64 = DAYS * 86_400;

/// A service of two tasks, with a count of them in every period.
fn counted() -> Service {
    service(20, 30).with(|service| {
        for point in &mut service.points {
            point.live_tasks = Some(2.0);
        }
    })
}

/// What the evidence of a row notes of its utilization.
fn told(row: &mut WorkloadReport) -> Vec<String> {
    let mut notes = std::mem::take(&mut row.evidence.notes);
    notes.retain(|note| note != "container-insights-would-tell");
    notes
}

#[test]
fn what_cannot_be_is_counted_and_changes_no_figure() {
    type Change = fn(&mut Vec<Point>);
    let cases: [(&str, Change); 12] = [
        ("rows outside the window (left out): 2", |points| {
            let hot = Point { cpu_max: Some(9_000), mem_max: Some(9_000), ..points[0] };
            points.insert(0, Point { timestamp: START - 365 * 86_400, ..hot });
            points.push(Point { timestamp: END, ..hot });
        }),
        ("rows outside the window (left out): 1", |points| {
            let last = *points.last().unwrap();
            points.push(Point { timestamp: 253_402_207_200, ..last });
        }),
        ("rows between two periods (moved to the start of theirs): 3", |points| {
            for (point, late) in points[100..].iter_mut().zip([1, 150, 299]) {
                point.timestamp += late;
            }
        }),
        ("rows of the same period (merged): 4", |points| {
            let calm = Point { cpu_max: Some(1), live_tasks: Some(0.5), ..points[100] };
            for second in 1..=4 {
                points.insert(
                    100 + usize::try_from(second).unwrap(),
                    Point { timestamp: calm.timestamp + 60 * second, ..calm },
                );
            }
        }),
        ("values that cannot be (left out): 2", |points| {
            points[7].cpu_avg = Some(u32::MAX);
            points[7].cpu_max = Some(u32::MAX);
        }),
        ("values that cannot be (left out): 1", |points| points[7].mem_max = Some(100_001)),
        ("values that cannot be (left out): 1", |points| points[7].mem_avg = Some(100_001)),
        ("values that cannot be (left out): 1", |points| points[7].live_tasks = Some(-1.0)),
        ("values that cannot be (left out): 1", |points| points[7].live_tasks = Some(1e300)),
        ("values that cannot be (left out): 1", |points| points[7].live_tasks = Some(f64::NAN)),
        ("values that cannot be (left out): 1", |points| points[7].cpu_samples = Some(u32::MAX)),
        ("maxima below their average (raised to it): 2", |points| {
            points[7].cpu_max = Some(100);
            points[8].mem_max = Some(100);
        }),
    ];
    let mut clean = counted().rated();
    assert_eq!(told(&mut clean), Vec::<String>::new());
    for (note, change) in cases {
        let mut row = counted().with(|service| change(&mut service.points)).rated();
        let notes = told(&mut row);
        assert!(notes.contains(&note.to_owned()), "{note}: {notes:?}");
        // Where one count is missing, task time is of the samples, which say the same.
        row.evidence.task_hours_source.clone_from(&clean.evidence.task_hours_source);
        assert_eq!(row, clean, "{note}");
    }
}

#[test]
fn a_maximum_is_never_below_its_average() {
    // 90 % on average, and maxima of 1 %: made smaller, it would be killed.
    let mut row = service(90, 90)
        .with(|service| {
            for point in &mut service.points {
                (point.cpu_max, point.mem_max) = (Some(100), Some(100));
            }
        })
        .rated();
    assert_eq!(
        row.demand.unwrap().memory_mib.unwrap().max.0,
        "1843.2001953125".parse::<Decimal>().unwrap().round_dp(6)
    );
    assert_eq!(row.finding, Finding::Underprovisioned);
    assert_eq!(told(&mut row), ["maxima below their average (raised to it): 8064"]);
}

#[test]
fn above_a_hundred_per_cent_is_at_the_cap_and_no_mistake() {
    let at = |launch_type: LaunchType, centi_percent: u32| {
        let row = service(20, 30).with(|service| {
            service.workload.launch_type = launch_type;
            for point in &mut service.points[7..9] {
                (point.cpu_avg, point.cpu_max) = (Some(centi_percent), Some(centi_percent));
            }
        });
        let mut row = row.rated();
        (row.evidence.cpu_periods_at_cap, told(&mut row))
    };
    assert_eq!(at(LaunchType::Fargate, 12_890), (2, vec![]));
    assert_eq!(at(LaunchType::Fargate, 100_000), (2, vec![]));
    let left_out = |values: u64| vec![format!("values that cannot be (left out): {values}")];
    assert_eq!(at(LaunchType::Fargate, 100_001), (0, left_out(4)));
    // On instances tasks may use far more than they reserve.
    assert_eq!(at(LaunchType::Ec2, 100_001), (2, vec![]));
    assert_eq!(at(LaunchType::Ec2, 1_000_000_000), (2, vec![]));
    assert_eq!(at(LaunchType::Ec2, 1_000_000_001), (0, left_out(4)));
}

#[test]
fn what_is_left_out_is_not_taken_for_nothing() {
    type Change = fn(&mut Point);
    let all: Change = |point| {
        let no = Some(u32::MAX);
        *point = Point { cpu_avg: no, cpu_max: no, cpu_samples: no, mem_avg: no, mem_max: no, ..*point };
    };
    let counts: Change = |point| point.cpu_samples = Some(u32::MAX);
    for (change, values) in [(all, 5), (counts, 1)] {
        for desired in [0, 2] {
            let mut row = service(20, 30)
                .with(|service| {
                    service.workload.desired_count = Some(desired);
                    service.points.iter_mut().for_each(change);
                })
                .rated();
            let left_out = format!("values that cannot be (left out): {}", values * u32::from(POINTS));
            assert_eq!(told(&mut row), [left_out]);
            assert_eq!(row.not_rated.unwrap().reason, "no-metrics");
            assert_eq!((row.monthly_cost, row.task_hours), (None, None));
        }
    }
}

#[test]
fn the_report_and_explain_tell_it() {
    let hostile = || {
        counted().with(|service| {
            service.points[7].live_tasks = Some(-1.0);
            let last = *service.points.last().unwrap();
            service.points.push(Point { timestamp: END + 300, ..last });
        })
    };
    let report = hostile().report();
    let detail = "of 1 workload: rows outside the window (left out): 1; values that cannot be (left out): 1";
    let notes: Vec<_> = report.notes.iter().map(|n| (&n.scope[..], &n.code[..], &n.detail[..])).collect();
    assert_eq!(notes, [("snapshot abc", "impossible-utilization", detail)]);
    let table = table::render(&report, TableOptions { width: 160, color: false });
    assert!(table.contains("\nLeft out or changed\n") && table.contains(detail), "{table}");
    let page = page::render(&explained(hostile(), &Config::default()), 200);
    for note in ["rows outside the window (left out): 1", "values that cannot be (left out): 1"] {
        assert!(
            page.lines().any(|line| line.trim_start().starts_with("note") && line.ends_with(note)),
            "{page}"
        );
    }
    assert!(counted().report().notes.is_empty());
}

/// As other programs may write them: sealed, whole, and not to be believed.
#[cfg(feature = "frames")]
#[test]
fn a_sealed_snapshot_is_held_against_what_can_be() {
    use crate::snapshot::{Snapshot, SnapshotWriter};

    let Service { workload, definition, mut points, .. } = counted();
    points[7].cpu_max = Some(u32::MAX);
    points[8].live_tasks = Some(-5.0);
    points[9].timestamp += 60;
    points.push(Point { timestamp: END + 7, ..points[10] });
    let inventory = Inventory {
        workloads: vec![workload],
        task_definitions: [(definition.arn.clone(), definition)].into(),
        ..Inventory::default()
    };
    let at = |second| Timestamp::from_second(second).unwrap();
    let window = Window { start: at(START), end: at(END), period_seconds: 300 };
    let folder = tempfile::tempdir().unwrap();
    let mut writer = SnapshotWriter::create(folder.path()).unwrap();
    writer.begin(&serde_json::Value::Null, window, &[], &inventory, &[]).unwrap();
    writer.write_part("part", &[Series { workload_id: 0, points }], &[]).unwrap();
    writer.finish().unwrap();
    let snapshot = Snapshot::open(folder.path()).unwrap();
    let input = Input {
        manifest: &snapshot.manifest,
        inventory: &snapshot.inventory,
        utilization: &snapshot,
        sha256: &snapshot.manifest_sha256,
    };
    let mut report = analyse(input, PriceBook::embedded(), &Config::default(), window.end).unwrap();
    let notes = told(&mut report.workloads[0]);
    let expected = [
        "rows outside the window (left out): 1",
        "rows between two periods (moved to the start of theirs): 1",
        "values that cannot be (left out): 2",
    ];
    assert_eq!(notes, expected);
}

/// What a period is long, tasks ran in it; no period counts twice.
#[test]
fn rows_closer_than_a_period_are_not_paid_for_twice() {
    let row = counted()
        .with(|service| {
            let closer = |point: &Point| {
                let point = *point;
                (0..5).map(move |minute| Point { timestamp: point.timestamp + minute * 60, ..point })
            };
            service.points = service.points.iter().flat_map(closer).collect();
        })
        .rated();
    assert_eq!(row.task_hours.unwrap().0, Decimal::from(672));
    assert_eq!(row.evidence.coverage.unwrap().0, Decimal::ONE);
    let month = Decimal::from(2 * HOURS_PER_MONTH) * "0.04937".parse::<Decimal>().unwrap();
    assert_eq!(row.monthly_cost, Some(Usd(month.round_dp(4))));
}

prop_compose! {
    /// What 32 bits and a double can hold, at any time.
    fn any_point()(
        timestamp in prop_oneof![Just(i64::MIN), Just(i64::MAX), any::<i64>(), -1_000..END + 1_000],
        values: [Option<u32>; 5],
        live_tasks in prop::option::of(prop_oneof![any::<f64>(), -1e3..1e6_f64, Just(f64::NAN), Just(f64::INFINITY)]),
    ) -> Point {
        let [cpu_avg, cpu_max, cpu_samples, mem_avg, mem_max] = values;
        Point { timestamp, cpu_avg, cpu_max, cpu_samples, mem_avg, mem_max, live_tasks }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_row_holds_there_is_a_report(
        mut points in prop::collection::vec(any_point(), 0..60),
        kind in 0..4,
        size in prop_oneof![Just((1024, 2048)), Just((u32::MAX, u32::MAX)), Just((0, 0))],
        among: bool,
    ) {
        let row = service(20, 30).sized(size.0, size.1).with(|service| {
            match kind {
                0 => {}
                1 => service.workload.launch_type = LaunchType::Ec2,
                2 => service.workload.identity.kind = WorkloadKind::Standalone,
                _ => service.workload.scaling = Some(ScalableTarget {
                    min_capacity: 1,
                    max_capacity: 10,
                    scale_in_suspended: false,
                    scale_out_suspended: false,
                    scheduled_suspended: false,
                    policies: vec![ScalingPolicy {
                        name: "keep".into(),
                        kind: target_tracking(TrackedMetric::CpuUtilization),
                    }],
                    scheduled_actions: Vec::new(),
                }),
            }
            if among {
                points.append(&mut service.points);
            }
            points.sort_by_key(|point| point.timestamp);
            points.dedup_by_key(|point| point.timestamp);
            service.points = points;
        }).rated();
        prop_assert!(row.evidence.coverage.is_none_or(|share| share.0 <= Decimal::ONE));
        // A hundred thousand tasks for the whole window.
        prop_assert!(row.task_hours.is_none_or(|hours| hours.0 <= Decimal::from(100_000 * DAYS * 24)));
    }
}
