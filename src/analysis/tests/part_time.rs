//! Services that ran for a part of the window, and those that should have.

use super::{DAYS, PERIOD, Service, WorkloadReport, service, size_of};
use crate::{
    units::Usd,
    workload::{LaunchType, ScalableTarget, ScheduledAction, WorkloadKind},
};

fn scaled_to_two() -> ScalableTarget {
    ScalableTarget {
        min_capacity: 2,
        max_capacity: 2,
        scale_in_suspended: false,
        scale_out_suspended: false,
        scheduled_suspended: false,
        policies: Vec::new(),
        scheduled_actions: Vec::new(),
    }
}

#[test]
fn the_month_of_what_began_late_is_said_to_be_of_its_hours_alone() {
    let since = |hours: i64| {
        service(20, 30).with(|service| {
            service.points.retain(|point| point.timestamp >= DAYS * 86_400 - hours * 3600);
        })
    };
    let row = since(48).rated();
    assert_eq!(row.monthly_cost, Some(Usd("10.2972".parse().unwrap())), "two of fourteen days");
    let said = "its first sample is 48 of the window's 336 hours old: its month is of these hours alone, and would be 7 \
                times as much at that pace";
    assert!(row.evidence.notes.contains(&said.to_owned()), "{:?}", row.evidence.notes);
    let says = |row: &WorkloadReport| row.evidence.notes.iter().any(|note| note.contains("hours old"));
    assert!(!says(&since(13 * 24).rated()));
    assert!(says(&since(3).rated()));
    let job = since(48).with(|service| service.workload.identity.kind = WorkloadKind::Standalone);
    assert!(!says(&job.rated()), "its runs are what they are");
    let asleep = since(48).with(|service| {
        service.workload.scaling = Some(ScalableTarget { min_capacity: 0, ..scaled_to_two() });
    });
    assert!(!says(&asleep.rated()), "it slept before");
}

#[test]
fn tasks_that_are_wanted_and_do_not_run_are_no_want_of_permission() {
    let broken = service(20, 20).with(|service| {
        service.points.clear();
        service.workload.running_count = Some(0);
    });
    let not_rated = broken.rated().not_rated.unwrap();
    let said = "2 tasks are wanted and none runs: CloudWatch has no utilization of it in the window";
    assert_eq!((not_rated.reason.as_str(), not_rated.detail.as_str()), ("no-metrics", said));
}

/// 40 % of the periods have samples, and its minimum lets the others have none.
#[test]
fn a_service_that_may_sleep_is_rated_by_the_hours_it_ran() {
    let asleep = |from: i64| {
        service(20, 20).with(|service| {
            service.points.retain(|point| point.timestamp >= from && point.timestamp / PERIOD % 5 < 2);
            service.workload.scaling = Some(scaled_to_two());
        })
    };
    let night = |suspended: bool| {
        move |service: &mut Service| {
            let scaling = service.workload.scaling.as_mut().unwrap();
            scaling.scheduled_suspended = suspended;
            scaling.scheduled_actions = vec![ScheduledAction {
                name: "night".into(),
                schedule: "cron(0 20 * * ? *)".into(),
                time_zone: None,
                min_capacity: Some(0),
                max_capacity: Some(0),
                start_time: None,
                end_time: None,
            }];
        }
    };
    let reason = |service: Service| service.rated().not_rated.map(|not_rated| not_rated.reason);
    assert_eq!(reason(asleep(0)).as_deref(), Some("gap-in-metrics"));
    assert_eq!(reason(asleep(0).with(night(true))).as_deref(), Some("gap-in-metrics"));
    assert_eq!(size_of(&asleep(0).with(night(false)).rated()), (256, 512));
    let queue = |service: &mut Service| service.workload.scaling.as_mut().unwrap().min_capacity = 0;
    assert_eq!(size_of(&asleep(0).with(queue).rated()), (256, 512));
    // 40 % of 50 hours are 20.
    let short = asleep(DAYS * 86_400 - 50 * 3600).with(night(false)).rated().not_rated.unwrap();
    assert_eq!(short.reason, "gap-in-metrics");
    assert_eq!(
        short.detail,
        "it ran for 20 hours of the window; at least 24 are needed of what may run no task"
    );
}

/// What slept for twelve of fourteen days was seen on two.
#[test]
fn days_asleep_show_nothing() {
    let risk = |from: i64| {
        let row = service(20, 20)
            .with(|service| {
                service.points.retain(|point| point.timestamp < 3600 || point.timestamp >= from * 86_400);
                service.workload.scaling = Some(ScalableTarget { min_capacity: 0, ..scaled_to_two() });
            })
            .rated();
        row.recommendation.unwrap().performance_risk
    };
    assert_eq!((risk(0).as_str(), risk(6).as_str()), ("low", "low"));
    assert_eq!(risk(12), "medium");
}

/// Nor does one that is to come.
#[test]
fn an_action_that_is_long_past_puts_nothing_to_sleep() {
    let reason = |schedule: &str| {
        let row = service(20, 20).with(|service| {
            service.points.retain(|point| point.timestamp / PERIOD % 5 < 2);
            let action = ScheduledAction {
                name: "night".into(),
                schedule: schedule.into(),
                time_zone: None,
                min_capacity: Some(0),
                max_capacity: Some(0),
                start_time: None,
                end_time: None,
            };
            service.workload.scaling =
                Some(ScalableTarget { scheduled_actions: vec![action], ..scaled_to_two() });
        });
        row.rated().not_rated.map(|not_rated| not_rated.reason)
    };
    for acting in ["cron(0 20 * * ? *)", "at(1970-01-03T20:00:00)", "cron(0 20 ? * 6#3 *)", "rate(2 days)"] {
        assert_eq!(reason(acting), None, "{acting}");
    }
    for not in ["at(1960-01-03T20:00:00)", "at(1971-01-03T20:00:00)", "cron(0 20 * * ? 1960)"] {
        assert_eq!(reason(not).as_deref(), Some("gap-in-metrics"), "{not}");
    }
}

#[test]
fn what_has_no_month_is_not_said_to_have_one() {
    let external = service(20, 30).with(|service| {
        service.workload.launch_type = LaunchType::External;
        service.points.retain(|point| point.timestamp >= (DAYS - 2) * 86_400);
    });
    let row = external.rated();
    assert_eq!(row.monthly_cost, None);
    assert!(row.evidence.notes.iter().all(|note| !note.contains("month")), "{:?}", row.evidence.notes);
}
