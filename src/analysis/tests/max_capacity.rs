//! Scaled services whose policies want, or will want, more tasks than may run or than a size allows.

use rust_decimal::Decimal;

use super::{
    Service, WorkloadReport,
    scaling::{action, scaled_between},
    service, size_of,
};
use crate::{report::Finding, units::Usd, workload::ScheduledAction};

/// `day` hundredths of a vCPU in all from 8 to 20 h, 120 at other times, by as many tasks as a policy
/// with this target wants, within limits.
pub(super) fn driven(day: u32, (min, max, target): (u32, u32, u32)) -> Service {
    let driven = service(0, 20).with(|service| {
        for point in &mut service.points {
            let hour = point.timestamp / 3600 % 24;
            let total = if (8..20).contains(&hour) { day } else { 120 };
            let tasks = total.div_ceil(target).clamp(min, max);
            let cpu = (total * 100 / tasks).min(9_900);
            point.cpu_samples = Some(5 * tasks);
            (point.cpu_avg, point.cpu_max) = (Some(cpu), Some((cpu * 105 / 100).min(10_000)));
        }
    });
    scaled_between(driven, min, max, f64::from(target))
}

fn has(row: &WorkloadReport, reason: &str) -> bool {
    row.reasons.iter().any(|r| r == reason)
}

/// Limits and target of CPU after the change.
fn limits(row: &WorkloadReport) -> (u32, u32, Decimal) {
    let scaling = row.recommendation.as_ref().expect("a recommendation").scaling.unwrap();
    (scaling.min_capacity, scaling.max_capacity, scaling.target_cpu_percent.unwrap().0)
}

#[test]
fn a_service_held_at_its_max_is_short_of_tasks_and_never_told_to_run_hotter() {
    // 620 / 7 is 88 %, and 93 % of the hottest, which is 112 % with headroom; 620 / 60 asks for 11.
    let row = driven(620, (2, 7, 60)).rated();
    assert_eq!(row.dimensions.cpu.finding, Finding::Underprovisioned, "{:?}", row.reasons);
    assert!(has(&row, "cpu-underprovisioned") && has(&row, "low-max-capacity"), "{:?}", row.reasons);
    for wrong in ["low-scaling-target", "cpu-overprovisioned", "smaller-size-multiplies-tasks"] {
        assert!(!has(&row, wrong), "{:?}", row.reasons);
    }
    assert_eq!((size_of(&row), limits(&row)), ((1024, 2048), (2, 11, Decimal::from(60))));
    let recommendation = row.recommendation.as_ref().unwrap();
    let scaling = recommendation.scaling.unwrap();
    assert!(scaling.simulated_task_hours.0 > scaling.observed_task_hours.0);
    assert!(recommendation.monthly_savings.unwrap() < Usd::ZERO);
    let said = row.evidence.notes.iter().any(|note| note.contains("11 tasks") && note.contains('7'));
    assert!(said, "{:?}", row.evidence.notes);
    // Memory that no policy follows is cut all the same, and pays for part of it.
    let row = driven(620, (2, 7, 60)).sized(1024, 8192).rated();
    assert_eq!((row.finding, size_of(&row)), (Finding::Underprovisioned, (1024, 2048)));
    assert_eq!(limits(&row), (2, 11, Decimal::from(60)));
}

/// Tasks that a scheduled action takes away are still seen for the minutes in which they stop.
#[test]
fn who_is_stopped_at_night_is_short_by_day_all_the_same() {
    let row = driven(620, (2, 7, 60))
        .with(|service| {
            let scaling = service.workload.scaling.as_mut().unwrap();
            scaling.scheduled_actions = vec![action("day", 8, (2, 7)), action("night", 20, (0, 0))];
            let stops = |second: i64| second % 86_400 == 20 * 3600;
            service
                .points
                .retain(|point| (8..20).contains(&(point.timestamp / 3600 % 24)) || stops(point.timestamp));
        })
        .rated();
    assert_eq!(
        row.dimensions.cpu.finding,
        Finding::Underprovisioned,
        "{:?} {:?}",
        row.reasons,
        row.dimensions
    );
    assert_eq!((size_of(&row), limits(&row)), ((1024, 2048), (2, 11, Decimal::from(60))));
}

#[test]
fn equal_limits_are_a_max_too() {
    // 430 / 5 is 86 %; 430 / 60 asks for 8.
    let row = driven(430, (5, 5, 60)).rated();
    assert_eq!(row.dimensions.cpu.finding, Finding::Underprovisioned, "{:?}", row.reasons);
    assert_eq!((size_of(&row), limits(&row)), ((1024, 2048), (5, 8, Decimal::from(60))));
}

#[test]
fn what_a_task_at_the_max_has_to_spare_is_no_shortage() {
    // 260 / 4 is 65 %, and 82 % with headroom for the hottest: the policy asks for 5 tasks, and is told so.
    let row = driven(260, (2, 4, 60)).rated();
    assert_ne!(row.dimensions.cpu.finding, Finding::Underprovisioned, "{:?}", row.reasons);
    assert!(has(&row, "low-max-capacity") && !has(&row, "low-scaling-target"), "{:?}", row.reasons);
    // Within limits there is nothing to tell.
    let row = driven(620, (2, 12, 60)).rated();
    assert!(!has(&row, "low-max-capacity"), "{:?}", row.reasons);
}

#[test]
fn tasks_used_up_at_the_max_are_short_by_an_unknown_amount() {
    let row = driven(720, (2, 7, 60)).rated();
    assert_eq!(row.dimensions.cpu.finding, Finding::Underprovisioned, "{:?}", row.dimensions);
    assert!(has(&row, "cpu-demand-unknown-above-cap"), "{:?}", row.reasons);
    // 7 x 99 / 60 at least.
    assert_eq!(limits(&row), (2, 12, Decimal::from(60)));
    assert_eq!(row.recommendation.unwrap().performance_risk, "high");
}

pub(super) fn with_peak(setting: &str) -> String {
    format!("[[override]]\nmatch = {{ service = \"*\" }}\n{setting}\n")
}

#[test]
fn the_max_follows_a_peak_to_come_and_the_price_does_not() {
    // 620 x 2 / 60 asks for 21 tasks where 12 may run; 1.05 x 1240 / 12 is more than a vCPU.
    let row = driven(620, (2, 12, 60)).rated_with(&with_peak("peak_factor = 2"));
    assert_eq!(row.dimensions.cpu.finding, Finding::Underprovisioned, "{:?}", row.reasons);
    assert!(has(&row, "expected-peak") && has(&row, "low-max-capacity"), "{:?}", row.reasons);
    assert_eq!((size_of(&row), limits(&row)), ((1024, 2048), (2, 21, Decimal::from(60))));
    let recommendation = row.recommendation.as_ref().unwrap();
    let scaling = recommendation.scaling.unwrap();
    assert_eq!(scaling.simulated_task_hours, scaling.observed_task_hours, "the peak is in no window");
    assert!(row.evidence.notes.iter().any(|note| note.contains("not in the price")), "{:?}", row.evidence);
    // What a task needed then, of as many as ran at most: 11 x 1.5 / 0.6.
    let past = with_peak("include_peak = { at = 2026-06-01, cpu_vcpu = 1.5 }");
    let row = driven(620, (2, 12, 60)).rated_with(&past);
    assert_eq!(limits(&row), (2, 28, Decimal::from(60)));
    // More tasks carry the peak, once they run: 1,638 MiB, 100 / 56.4 of it (71 % of 4 GB) where those there are use
    // all their CPU until then, and headroom.
    let row = driven(620, (2, 24, 60)).sized(1024, 8192).rated_with(&with_peak("peak_factor = 2"));
    assert_eq!(size_of(&row), (1024, 4096));
    assert_eq!(row.recommendation.unwrap().performance_risk, "low");
    // A max that is large enough already.
    for setting in ["peak_factor = 1.1", "include_peak = { at = 2026-06-01, cpu_vcpu = 0.6 }"] {
        let row = driven(620, (2, 12, 60)).rated_with(&with_peak(setting));
        assert_eq!((row.finding, row.recommendation), (Finding::Optimized, None), "{setting}");
        assert!(!row.reasons.iter().any(|reason| reason == "low-max-capacity"));
    }
}

/// 620 x 2 / 60 asks for 21 tasks. A sale would let so many run; suspended, it lets none.
#[test]
fn a_suspended_action_lets_no_tasks_run_at_a_peak_to_come() {
    let at_peak = |suspended: bool| {
        driven(620, (2, 12, 60))
            .with(|service| {
                let scaling = service.workload.scaling.as_mut().unwrap();
                // After the window.
                let start_time = Some(jiff::Timestamp::from_second(15 * 86_400).unwrap());
                scaling.scheduled_actions =
                    vec![ScheduledAction { start_time, ..action("sale", 8, (2, 24)) }];
                scaling.scheduled_suspended = suspended;
            })
            .rated_with(&with_peak("peak_factor = 2"))
    };
    assert!(!has(&at_peak(false), "low-max-capacity"));
    let row = at_peak(true);
    assert!(has(&row, "low-max-capacity"), "{:?}", row.reasons);
    assert_eq!(limits(&row), (2, 21, Decimal::from(60)));
}

/// The same of one that was for another year.
#[test]
fn an_action_of_a_year_that_is_over_lets_no_tasks_run_at_a_peak_to_come() {
    let at_peak = |years: &str| {
        driven(620, (2, 12, 60))
            .with(|service| {
                let scaling = service.workload.scaling.as_mut().unwrap();
                let schedule = format!("cron(0 8 1 DEC ? {years})");
                scaling.scheduled_actions = vec![ScheduledAction { schedule, ..action("sale", 8, (2, 24)) }];
            })
            .rated_with(&with_peak("peak_factor = 2"))
    };
    assert!(!has(&at_peak("1970"), "low-max-capacity"));
    assert_eq!(limits(&at_peak("1969")), (2, 21, Decimal::from(60)));
}

#[test]
fn a_larger_task_is_found_for_memory_though_fewer_of_them_would_need_more_each() {
    // 90 % of 8 GB and 20 % is more than 1 vCPU can have; half as many tasks may need twice that.
    let ladder = driven(600, (2, 20, 60)).sized(1024, 8192).with(|service| {
        service.points.iter_mut().for_each(|point| point.mem_max = Some(9_000));
    });
    let row = ladder.rated();
    assert_eq!(row.dimensions.memory.finding, Finding::Underprovisioned, "{:?}", row.reasons);
    assert!(!has(&row, "no-size-fits"), "{:?}", row.reasons);
    let (cpu, memory) = size_of(&row);
    assert!(cpu == 2048 && memory >= 9216, "{cpu} {memory}");
    // As many tasks of 2 vCPU / 9 GB are the dearest answer.
    let recommendation = row.recommendation.as_ref().unwrap();
    let hours = row.task_hours.unwrap().0 * Decimal::from(730) / Decimal::from(336);
    let as_many = Usd(hours * "0.120965".parse::<Decimal>().unwrap());
    assert!(recommendation.monthly_cost.unwrap() <= as_many + Usd(Decimal::ONE));
}
