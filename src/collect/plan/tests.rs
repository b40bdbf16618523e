use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::workload::{LaunchType, Region, WorkloadIdentity};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn workload(workload_id: u32, region: &str, kind: WorkloadKind) -> Workload {
    let identity = WorkloadIdentity {
        account_id: "111122223333".to_owned(),
        region: Region(region.to_owned()),
        cluster: "prod".to_owned(),
        kind,
        name: format!("svc-{workload_id}"),
    };
    Workload::new(workload_id, identity, LaunchType::Fargate)
}

fn services(count: u32) -> Vec<Workload> {
    (0..count).map(|id| workload(id, "eu-west-1", WorkloadKind::Service)).collect()
}

fn days_of(days: u64, period: Period) -> Window {
    window(at("2026-11-22T10:00:00Z"), days * 86_400, period).unwrap()
}

#[test]
fn the_window_ends_with_the_last_whole_period_and_has_no_point_too_many() {
    for (period, end) in [
        (Period::MINUTE, "2026-11-22T10:07:00Z"),
        (Period::FIVE_MINUTES, "2026-11-22T10:05:00Z"),
        (Period::HOUR, "2026-11-22T10:00:00Z"),
    ] {
        let planned = window(at("2026-11-22T10:07:31.5Z"), 14 * 86_400, period).unwrap();
        assert_eq!(planned.end, at(end), "{period}");
        assert_eq!(planned.points(), 14 * 86_400 / u64::from(period.seconds()), "{period}");
    }
}

#[test]
fn a_lookback_beyond_retention_names_the_period_to_use() {
    let now = at("2026-11-22T10:07:31Z");
    let message = |days: u64, period| window(now, days * 86_400, period).unwrap_err().to_string();
    assert_eq!(
        message(16, Period::MINUTE),
        "CloudWatch keeps points of 60 s for 15 days, and the lookback is 16 days: use --period 300 or a shorter --lookback"
    );
    assert!(message(64, Period::FIVE_MINUTES).contains("use --period 3600"));
    assert!(message(64, Period::MINUTE).contains("use --period 3600"));
    assert!(message(456, Period::HOUR).contains("455 days at most"));
}

#[test]
fn at_full_retention_the_oldest_point_is_still_held_while_it_is_pulled() {
    let now = at("2026-11-22T10:07:31Z");
    for period in Period::ALL {
        let planned = window(now, period.retention_seconds(), period).unwrap();
        let later = now + jiff::SignedDuration::from_secs(PULL_ALLOWANCE_SECONDS);
        assert!(is_retained(&planned, later), "{period}");
        let missing = period.retention_seconds() - planned.seconds();
        let allowed = u64::try_from(PULL_ALLOWANCE_SECONDS).unwrap() + 2 * u64::from(period.seconds());
        assert!(missing <= allowed, "{period}: {missing} s were given up");
    }
}

#[test]
fn a_lookback_below_one_period_is_refused() {
    let now = at("2026-11-22T10:07:31Z");
    assert_eq!(window(now, 60, Period::HOUR), Err(PlanError::NoPoint { period: Period::HOUR }));
    assert_eq!(window(now, 3_600, Period::HOUR).unwrap().points(), 1);
}

#[test]
fn an_old_window_is_no_longer_retained() {
    let planned = days_of(14, Period::MINUTE);
    assert!(is_retained(&planned, at("2026-11-23T10:00:00Z")));
    assert!(!is_retained(&planned, at("2026-11-23T10:00:01Z")));
}

#[test]
fn only_the_periods_that_cloudwatch_keeps_are_periods() {
    assert_eq!(serde_json::from_str::<Period>("300").unwrap(), Period::FIVE_MINUTES);
    let error = serde_json::from_str::<Period>("120").unwrap_err().to_string();
    assert!(error.contains("--period 60, 300 or 3600"), "{error}");
}

#[test]
fn calls_are_as_many_as_the_points_need() {
    // services, days, period, calls = services x 6 x points / 100,800, rounded up
    for (count, days, period, calls) in [
        (1_000, 14, Period::FIVE_MINUTES, 240),
        (1_000, 14, Period::MINUTE, 1_200),
        (1_000, 14, Period::HOUR, 20),
        (1_000, 1, Period::HOUR, 12),
        (1_000, 63, Period::FIVE_MINUTES, 1_200),
        (1, 14, Period::MINUTE, 2),
        (83, 1, Period::HOUR, 1),
        (84, 1, Period::HOUR, 2),
    ] {
        let bound = cost(&parts(&days_of(days, period), &services(count)));
        assert_eq!(bound.calls, calls, "{count} services, {days} days at {period}");
        assert_eq!(bound.queries, u64::from(count) * 6);
    }
}

#[test]
fn the_bound_prices_each_query_as_one_metric() {
    let bound = cost(&parts(&days_of(14, Period::FIVE_MINUTES), &services(1_000)));
    assert_eq!((bound.queries, bound.usd.to_string_for_test()), (6_000, "0.06".to_owned()));
    assert_eq!(cost(&[]).usd, Usd::ZERO);
}

trait ForTest {
    fn to_string_for_test(&self) -> String;
}

impl ForTest for Usd {
    fn to_string_for_test(&self) -> String {
        self.0.normalize().to_string()
    }
}

#[test]
fn a_part_never_mixes_accounts_or_regions() {
    let mut fleet = services(3);
    fleet.push(workload(3, "us-east-1", WorkloadKind::Service));
    let planned = parts(&days_of(14, Period::FIVE_MINUTES), &fleet);
    let places: Vec<_> = planned.iter().map(|part| (part.name.as_str(), part.region.as_str())).collect();
    assert_eq!(places, [("part-00000", "eu-west-1"), ("part-00001", "us-east-1")]);
}

#[test]
fn query_names_are_those_of_cloudwatch() {
    for measure in SERVICE_MEASURES.into_iter().chain(FAMILY_MEASURES) {
        let service = SERVICE_MEASURES.contains(&measure);
        assert_eq!(measure.namespace(), if service { "AWS/ECS" } else { "ECS/ContainerInsights" });
        assert_eq!(measure.dimension(), if service { "ServiceName" } else { "TaskDefinitionFamily" });
    }
    assert_eq!(
        (Measure::CpuSamples.metric(), Measure::CpuSamples.statistic()),
        ("CPUUtilization", "SampleCount")
    );
    assert_eq!((Measure::LiveTasks.metric(), Measure::LiveTasks.statistic()), ("LiveTaskCount", "Average"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_query_is_asked_once_within_the_limits_and_in_few_calls(
        kinds in prop::collection::vec(any::<bool>(), 0..700),
        (period, days) in prop_oneof![
            (Just(Period::MINUTE), 1_u64..=15),
            (Just(Period::FIVE_MINUTES), 1_u64..=63),
            (Just(Period::HOUR), 1_u64..=455),
        ],
    ) {
        let window = days_of(days, period);
        let fleet: Vec<Workload> = kinds.iter().zip(0..).map(|(&service, id)| {
            workload(id, "eu-west-1", if service { WorkloadKind::Service } else { WorkloadKind::Standalone })
        }).collect();
        let planned = parts(&window, &fleet);

        let wanted: BTreeSet<Query> = fleet.iter().flat_map(|workload| {
            Measure::of(workload.identity.kind).iter().map(|&measure| Query { workload_id: workload.workload_id, measure })
        }).collect();
        let asked: Vec<Query> = planned.iter().flat_map(|part| part.calls.iter().flatten().copied()).collect();
        prop_assert_eq!(asked.len(), wanted.len());
        prop_assert_eq!(&asked.iter().copied().collect::<BTreeSet<_>>(), &wanted);

        let ids: Vec<u32> = planned.iter().flat_map(|part| part.workload_ids.iter().copied()).collect();
        prop_assert_eq!(ids, (0..).take(fleet.len()).collect::<Vec<u32>>());

        for part in &planned {
            prop_assert!(part.workload_ids.len() as u64 * window.points() <= ROWS_PER_PART);
            let queries: u64 = part.calls.iter().map(|call| call.len() as u64).sum();
            let fewest = queries.div_ceil(queries_per_call(window.points()));
            prop_assert_eq!(part.calls.len() as u64, fewest);
            for call in &part.calls {
                prop_assert!(call.len() as u64 <= QUERIES_PER_CALL);
                prop_assert!(call.len() as u64 * window.points() <= POINTS_PER_CALL);
            }
        }
    }

    #[test]
    fn services_alone_need_the_fewest_calls_there_can_be(
        count in 0_u32..900,
        (period, days) in prop_oneof![
            (Just(Period::MINUTE), 1_u64..=15),
            (Just(Period::FIVE_MINUTES), 1_u64..=63),
            (Just(Period::HOUR), 1_u64..=100),
        ],
    ) {
        let window = days_of(days, period);
        let bound = cost(&parts(&window, &services(count)));
        let fewest = bound.queries.div_ceil(queries_per_call(window.points()));
        prop_assert!(bound.calls <= fewest, "{} calls where {} do", bound.calls, fewest);
    }
}
