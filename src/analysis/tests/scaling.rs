//! Services that scale themselves, and those that could do with fewer tasks.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{DAYS, POINTS, Service, WorkloadReport, explain::explained, service, size_of, target_tracking};
use crate::{
    config::Config,
    pricing::{PriceBook, TaskCost, TaskShape},
    report::Finding,
    units::{CpuUnits, MemoryMib, Usd},
    workload::{
        Architecture, CapacityProviderKind, OperatingSystem, Platform, PolicyKind, PurchaseOption, Region,
        RevisionInForce, ScalableTarget, ScalingPolicy, ScheduledAction, StrategyItem, TrackedMetric,
    },
};

#[test]
fn a_task_count_that_follows_something_else_is_taken_as_it_was() {
    let requests = TrackedMetric::Other("ALBRequestCountPerTarget".into());
    for policy in [PolicyKind::Step, target_tracking(requests)] {
        let row = service(20, 20).sized(1024, 8192).scaled_by(vec![policy]).rated();
        assert_eq!(size_of(&row), (256, 2048));
        assert!(row.reasons.iter().any(|reason| reason == "task-count-follows-other-metric"));
        assert_eq!(row.recommendation.unwrap().scaling, None);
    }
    let row = service(20, 20).scaled_by(vec![PolicyKind::Predictive { scales: true }]).rated();
    let not_rated = row.not_rated.unwrap();
    assert_eq!(not_rated.reason, "autoscaled");
    assert!(not_rated.detail.contains("forecasts"), "{}", not_rated.detail);
    assert_eq!(
        size_of(&service(20, 20).scaled_by(vec![PolicyKind::Predictive { scales: false }]).rated()),
        (256, 512)
    );
}

/// Which alarm a step policy follows is not read. On CPU, a quarter of the size sees four times the per cent.
#[test]
fn a_step_policy_may_see_other_per_cent_at_another_size_and_that_is_a_condition() {
    let conditions = |service: Service| service.rated().recommendation.unwrap().conditions;
    let said = "at the same load an alarm of policy keep would see on CPU 4 times as many per cent, on memory 2 times: \
                change its thresholds along, or another number of tasks will run";
    assert_eq!(conditions(service(20, 30).scaled_by(vec![PolicyKind::Step])), [said]);
    // Memory stays, and CPU grows.
    let short = "at the same load an alarm of policy keep would see on CPU 0.5 times as many per cent: change its \
                 thresholds along, or another number of tasks will run";
    let grows = service(90, 40).sized(1024, 4096).scaled_by(vec![PolicyKind::Step]);
    assert_eq!(conditions(grows), [short]);
    let reservation =
        conditions(super::instances::on_ec2(10, 30, (1024, 2048)).scaled_by(vec![PolicyKind::Step]));
    assert!(reservation[0].starts_with("at the same load an alarm of policy keep"), "{reservation:?}");
    let requests = TrackedMetric::Other("ALBRequestCountPerTarget".into());
    assert_eq!(conditions(service(20, 30).scaled_by(vec![target_tracking(requests)])), [""; 0]);
    let suspended = service(20, 30).scaled_by(vec![PolicyKind::Step]).with(|service| {
        let scaling = service.workload.scaling.as_mut().unwrap();
        (scaling.scale_in_suspended, scaling.scale_out_suspended) = (true, true);
    });
    assert_eq!(conditions(suspended), [""; 0]);
}

/// Tasks that follow a demand of four to twelve tasks' worth of CPU at 55 %, up and down once a day.
pub(super) fn following(cpu_percent: u32, memory_percent: u32, hottest_percent: u32) -> Service {
    service(cpu_percent, memory_percent).with(|service| {
        for point in &mut service.points {
            let hour = point.timestamp / 3600 % 24;
            point.cpu_samples = Some(5 * u32::try_from(4 + (12 - (hour - 12).abs()) * 2 / 3).unwrap());
            point.cpu_max = Some(cpu_percent * hottest_percent);
        }
        service.workload.desired_count = Some(4);
    })
}

pub(super) fn scaled_between(service: Service, min: u32, max: u32, target: f64) -> Service {
    let policy = PolicyKind::TargetTracking {
        metric: TrackedMetric::CpuUtilization,
        target,
        disable_scale_in: false,
        scale_in_cooldown: 300,
        scale_out_cooldown: 300,
    };
    service.scaled_by(vec![policy]).with(|service| {
        let scaling = service.workload.scaling.as_mut().unwrap();
        (scaling.min_capacity, scaling.max_capacity) = (min, max);
    })
}

#[test]
fn a_smaller_size_that_only_multiplies_tasks_is_not_recommended() {
    let row = scaled_between(following(56, 60, 120), 4, 16, 60.0).sized(1024, 2048).rated();
    assert_eq!((row.finding, row.dimensions.cpu.finding), (Finding::Optimized, Finding::Optimized));
    assert_eq!(row.recommendation, None);
    assert!(row.reasons.iter().any(|reason| reason == "smaller-size-multiplies-tasks"), "{:?}", row.reasons);
    assert!(row.evidence.simulation_error_percent.unwrap().0 < Decimal::from(5));
}

#[test]
fn memory_that_no_policy_follows_is_cut_and_the_tasks_stay_as_many() {
    let row = scaled_between(following(56, 20, 120), 4, 16, 60.0).sized(1024, 8192).rated();
    assert_eq!((row.finding, size_of(&row)), (Finding::Overprovisioned, (1024, 2048)));
    let scaling = row.recommendation.unwrap().scaling.unwrap();
    assert_eq!((scaling.min_capacity, scaling.max_capacity), (4, 16));
    assert_eq!(scaling.target_cpu_percent.unwrap().0, Decimal::from(60));
    assert_eq!(scaling.simulated_task_hours, scaling.observed_task_hours);
}

/// After a day's history twice as much is allowed for: 5,280 MiB, and 0.5 vCPU has 4 GB at most.
#[test]
fn what_a_policy_follows_keeps_its_size_and_with_it_no_bound_may_hold() {
    let young = |memory| {
        scaled_between(following(56, memory, 120), 4, 16, 60.0).sized(512, 4096).with(|service| {
            service.points.drain(..usize::from(POINTS) - 300);
        })
    };
    let bound = |service: Service| {
        let row = service.rated();
        let told = serde_json::to_value(row.recommendation.as_ref().unwrap()).unwrap();
        (size_of(&row), told["upper_bound"]["memory_mib"].as_u64())
    };
    assert_eq!(bound(young(53)), ((512, 3072), None));
    assert_eq!(bound(young(30)), ((512, 2048), Some(3072)));
}

#[test]
fn a_low_target_is_raised_as_far_as_the_hottest_task_allows() {
    let low = || scaled_between(following(28, 30, 120), 2, 16, 30.0);
    let report = low().report();
    let row = &report.workloads[0];
    let recommendation = row.recommendation.as_ref().unwrap();
    let scaling = recommendation.scaling.unwrap();
    // 60 % x 1.2 for the hottest task x 1.2 of headroom is 86 %; 70 % would be 101 %.
    assert_eq!((recommendation.cpu_units, scaling.target_cpu_percent.unwrap().0), (1024, Decimal::from(60)));
    assert!(row.reasons.iter().any(|reason| reason == "low-scaling-target"));
    let part = scaling.simulated_task_hours.0 / scaling.observed_task_hours.0;
    assert!(part > "0.45".parse().unwrap() && part < "0.6".parse().unwrap(), "{part}");
    // What is printed adds up: cost by simulated task-hours, savings, totals.
    let by_hand =
        Usd("0.04937".parse::<Decimal>().unwrap() * scaling.simulated_task_hours.0 * Decimal::from(730)
            / Decimal::from(DAYS * 24));
    let difference = (recommendation.monthly_cost.unwrap() - by_hand).0.abs();
    assert!(difference < "0.001".parse().unwrap(), "{difference}");
    assert_eq!(report.totals.monthly_savings, recommendation.monthly_savings.unwrap());
    assert_eq!(report.totals.recommended_monthly_cost, recommendation.monthly_cost.unwrap());
    // Half the tasks may each need up to twice the memory.
    let fuller = scaled_between(following(28, 60, 120), 2, 16, 30.0).rated();
    assert_eq!(size_of(&fuller), (1024, 3072));
    // A hotter task leaves less room.
    let skewed = scaled_between(following(28, 30, 190), 2, 16, 30.0).rated();
    let target = skewed.recommendation.unwrap().scaling.unwrap().target_cpu_percent.unwrap().0;
    assert_eq!(target, Decimal::from(40));
}

/// Of the two hours a week in which tasks start, it is known what a task takes besides.
#[test]
fn tasks_that_start_at_their_cap_say_nothing_of_the_number_of_tasks() {
    let at = |second| Some(jiff::Timestamp::from_second(second).unwrap());
    let low = |deployments: bool| {
        scaled_between(following(28, 30, 120), 2, 16, 30.0).with(|service| {
            for day in (0..DAYS).filter(|_| deployments) {
                let from = day * 86_400 + 3 * 3600;
                let revision = RevisionInForce::now("api:1".into());
                let revision = RevisionInForce { from: at(from), settled: at(from + 300), ..revision };
                service.workload.revisions.push(revision);
                for point in service.points.iter_mut().filter(|p| (from..from + 900).contains(&p.timestamp)) {
                    point.cpu_max = Some(10_000);
                }
            }
        })
    };
    let target = |row: &WorkloadReport| {
        assert_eq!(row.dimensions.cpu.not_rated, None);
        row.recommendation.as_ref().unwrap().scaling.unwrap().target_cpu_percent.unwrap().0
    };
    let row = low(true).rated();
    assert!(row.guards.iter().any(|guard| guard.code == "start-up-peak"), "{:?}", row.guards);
    assert_eq!((target(&row), target(&low(false).rated())), (Decimal::from(60), Decimal::from(60)));
}

/// Memory was seen in a period of which no count of tasks is.
#[test]
fn no_memory_that_was_seen_is_cut_for_want_of_a_count() {
    let row = scaled_between(following(28, 30, 120), 2, 16, 30.0)
        .sized(1024, 4096)
        .with(|service| {
            let point = &mut service.points[1_000];
            (point.cpu_samples, point.mem_max) = (None, Some(8_000));
        })
        .rated();
    assert_eq!(size_of(&row), (1024, 4096));
}

/// Half the tasks may each need 1.2 times the present size: that was computed, and no cap was ever reached.
#[test]
fn a_computed_load_above_the_present_size_is_no_cap_that_was_reached() {
    let low = |memory: u32| scaled_between(following(28, memory, 120), 2, 16, 30.0);
    let explanation = explained(low(60), &Config::default());
    let row = &explanation.workload;
    assert_eq!(size_of(row), (1024, 3072));
    assert_eq!(row.recommendation.as_ref().unwrap().performance_risk, "low");
    let need = explanation.need.as_ref().unwrap();
    assert!(!need.memory_mib.reached_cap && need.memory_mib.without_headroom > 2048, "{need:?}");
    // Memory that was used up may well be wanted above it.
    let explanation = explained(low(97), &Config::default());
    let recommendation = explanation.workload.recommendation.as_ref().unwrap();
    assert!(recommendation.memory_mib > 2048 && recommendation.performance_risk == "high");
    assert!(explanation.need.as_ref().unwrap().memory_mib.reached_cap);
}

/// Memory at 48 % keeps hardly a task that CPU lets go: 1 % is no reason for another target.
#[test]
fn a_target_that_decides_nothing_is_left_alone() {
    let row = scaled_between(following(47, 48, 135), 2, 40, 50.0)
        .with(|service| {
            let kind = target_tracking(TrackedMetric::MemoryUtilization);
            let policies = &mut service.workload.scaling.as_mut().unwrap().policies;
            policies.push(ScalingPolicy { name: "memory".into(), kind });
        })
        .rated();
    let recommendation = row.recommendation.as_ref().unwrap();
    assert_eq!((recommendation.cpu_units, recommendation.memory_mib), (1024, 2048));
    let scaling = recommendation.scaling.unwrap();
    let targets = (scaling.target_cpu_percent.unwrap().0, scaling.target_memory_percent.unwrap().0);
    assert_eq!(targets, (Decimal::from(60), Decimal::from(60)));
    assert_eq!(row.dimensions.memory.finding, Finding::Optimized);
    assert!(!row.reasons.contains(&"memory-overprovisioned".to_owned()), "{:?}", row.reasons);
}

/// At 12 % of 1 vCPU each, two tasks of a quarter are at 48 %.
#[test]
fn the_least_tasks_there_are_may_be_smaller_though_none_goes_away_by_itself() {
    let of = |disable: bool| {
        let scaled = scaled_between(service(12, 20).sized(1024, 4096), 2, 20, 60.0);
        let scaled = scaled.with(|service| {
            service.points.iter_mut().for_each(|point| point.cpu_max = Some(1_250));
            let scaling = service.workload.scaling.as_mut().unwrap();
            let PolicyKind::TargetTracking { disable_scale_in, .. } = &mut scaling.policies[0].kind else {
                panic!("target tracking")
            };
            *disable_scale_in = disable;
        });
        let row = scaled.rated();
        (size_of(&row), row.recommendation.unwrap().monthly_savings)
    };
    let (size, savings) = of(true);
    assert_eq!((size, savings), of(false));
    assert_eq!(size, (256, 1024));
    assert!(savings.unwrap() > Usd::ZERO);
}

/// Tasks came for the first day's peak and stayed: no higher target takes one of them away.
#[test]
fn a_target_saves_nothing_where_tasks_never_go_away_by_themselves() {
    let grown = |change: fn(&mut ScalableTarget)| {
        let mut tasks = 0;
        let service = service(0, 30).with(|service| {
            for point in &mut service.points {
                // 2 to 6.8 vCPU, at 60 % each.
                let hour = point.timestamp / 3600 % 24;
                let total = u32::try_from(200 + (12 - (hour - 12).abs()) * 40).unwrap();
                tasks = tasks.max(total.div_ceil(60));
                point.cpu_samples = Some(5 * tasks);
                point.cpu_avg = Some(total * 100 / tasks);
                point.cpu_max = Some(total * 105 / tasks);
            }
            service.workload.desired_count = Some(12);
        });
        let scaled = scaled_between(service, 2, 20, 60.0);
        scaled.with(|service| change(service.workload.scaling.as_mut().unwrap())).rated()
    };
    let disabled = grown(|scaling| {
        let PolicyKind::TargetTracking { disable_scale_in, .. } = &mut scaling.policies[0].kind else {
            panic!("target tracking")
        };
        *disable_scale_in = true;
    });
    let suspended = grown(|scaling| scaling.scale_in_suspended = true);
    for row in [disabled, suspended] {
        assert!(row.evidence.simulation_error_percent.unwrap().0 < Decimal::from(5));
        assert_eq!((row.recommendation, row.finding), (None, Finding::Optimized));
        assert!(!row.reasons.contains(&"low-scaling-target".to_owned()), "{:?}", row.reasons);
        let notes = &row.evidence.notes;
        assert!(notes.iter().any(|note| note.contains("until the desired count is set")), "{notes:?}");
    }
}

#[test]
fn an_idle_minimum_gets_smaller_tasks_and_not_more_of_them() {
    let row = scaled_between(service(10, 20), 2, 8, 60.0).rated();
    assert_eq!(size_of(&row), (256, 512));
    let scaling = row.recommendation.unwrap().scaling.unwrap();
    assert_eq!((scaling.min_capacity, scaling.max_capacity), (2, 32));
    assert_eq!(scaling.simulated_task_hours, scaling.observed_task_hours);
    assert!(row.reasons.iter().any(|reason| reason == "smaller-reserve-at-minimum"));
}

#[test]
fn cpu_that_was_used_up_tells_no_number_of_tasks() {
    let row = scaled_between(following(99, 20, 100), 4, 12, 60.0).rated();
    let cpu = row.dimensions.cpu.not_rated.unwrap();
    assert_eq!(cpu.reason, "autoscaled");
    assert!(cpu.detail.contains("used all they had"), "{}", cpu.detail);
}

#[test]
fn a_scheduled_action_that_is_not_understood_is_named() {
    let row = scaled_between(service(10, 20), 2, 8, 60.0)
        .with(|service| {
            service.workload.scaling.as_mut().unwrap().scheduled_actions = vec![ScheduledAction {
                name: "third-friday".into(),
                schedule: "cron(0 8 ? * 6#3 *)".into(),
                time_zone: None,
                min_capacity: Some(4),
                max_capacity: None,
                start_time: None,
                end_time: None,
            }];
        })
        .rated();
    assert_eq!(
        row.evidence.notes,
        ["container-insights-would-tell", "scheduled action third-friday is not simulated"]
    );
}

pub(super) fn action(name: &str, hour: u32, (min, max): (u32, u32)) -> ScheduledAction {
    ScheduledAction {
        name: name.into(),
        schedule: format!("cron(0 {hour} * * ? *)"),
        time_zone: None,
        min_capacity: Some(min),
        max_capacity: Some(max),
        start_time: None,
        end_time: None,
    }
}

/// Twelve by day would be twice what ran.
fn with_a_sale(change: impl Fn(&mut ScheduledAction)) -> WorkloadReport {
    scaled_between(following(50, 30, 110), 2, 20, 50.0)
        .with(|service| {
            let mut actions = vec![action("sale", 4, (16, 20)), action("sale-over", 20, (2, 20))];
            actions.iter_mut().for_each(change);
            service.workload.scaling.as_mut().unwrap().scheduled_actions = actions;
        })
        .rated()
}

#[test]
fn an_action_that_does_not_act_in_the_window_changes_nothing_of_it() {
    let at = |second| Some(jiff::Timestamp::from_second(second).unwrap());
    let none = scaled_between(following(50, 30, 110), 2, 20, 50.0).rated();
    assert_eq!(none.dimensions.cpu.not_rated, None);
    let over = with_a_sale(|action| action.end_time = at(-86_400 * 30));
    let to_come = with_a_sale(|action| action.start_time = at(DAYS * 86_400 + 1));
    for row in [over, to_come] {
        assert_eq!(row.dimensions, none.dimensions);
        assert_eq!(row.evidence.simulation_error_percent, none.evidence.simulation_error_percent);
    }
}

/// As they do nothing, they are no part of what ran, nor of what is to be set.
#[test]
fn suspended_actions_are_named_and_left_out() {
    let sale = |suspended: bool| {
        scaled_between(following(50, 30, 110), 2, 20, 50.0)
            .with(|service| {
                let scaling = service.workload.scaling.as_mut().unwrap();
                scaling.scheduled_actions =
                    vec![action("sale", 4, (16, 20)), action("sale-over", 20, (2, 20))];
                scaling.scheduled_suspended = suspended;
            })
            .rated()
    };
    assert!(sale(false).dimensions.cpu.not_rated.is_some());
    let (row, none) = (sale(true), scaled_between(following(50, 30, 110), 2, 20, 50.0).rated());
    assert_eq!((row.dimensions, row.recommendation), (none.dimensions, none.recommendation));
    assert_eq!(row.evidence.simulation_error_percent, none.evidence.simulation_error_percent);
    let note = "scheduled action sale is suspended: it does not act and is not simulated";
    assert!(row.evidence.notes.iter().any(|said| said == note), "{:?}", row.evidence.notes);
}

#[test]
fn scheduled_actions_are_named_where_a_simulation_without_them_would_do() {
    let detail = |row: WorkloadReport| row.dimensions.cpu.not_rated.unwrap().detail;
    let said = detail(with_a_sale(|_| ()));
    assert!(said.contains("scheduled actions (sale, sale-over)"), "{said}");
    // Without them it would be as far off.
    let kept_up = scaled_between(following(10, 30, 110), 2, 20, 50.0).with(|service| {
        service.workload.scaling.as_mut().unwrap().scheduled_actions = vec![action("night", 20, (2, 20))];
    });
    let said = detail(kept_up.rated());
    assert!(said.contains("% is trusted") && !said.contains("scheduled"), "{said}");
}

/// A limit that is left as it is comes back with the next action.
#[test]
fn what_scheduled_actions_are_to_set_is_told_of_each() {
    let at = |second| Some(jiff::Timestamp::from_second(second).unwrap());
    let row = scaled_between(service(10, 20), 2, 8, 60.0)
        .with(|service| {
            service.workload.scaling.as_mut().unwrap().scheduled_actions = vec![
                action("day", 8, (2, 8)),
                ScheduledAction { min_capacity: None, max_capacity: Some(6), ..action("night", 20, (0, 0)) },
                ScheduledAction { start_time: at(DAYS * 86_400), ..action("sale", 8, (6, 12)) },
                ScheduledAction { end_time: at(-86_400 * 30), ..action("over", 8, (4, 40)) },
            ];
        })
        .rated();
    let recommendation = row.recommendation.unwrap();
    let scaling = recommendation.scaling.unwrap();
    assert_eq!((scaling.min_capacity, scaling.max_capacity), (2, 32));
    let of_actions: Vec<&String> =
        recommendation.conditions.iter().filter(|condition| condition.contains("scheduled")).collect();
    assert_eq!(
        of_actions,
        [
            "scheduled action day is changed along: maximum from 8 to 32",
            "scheduled action night is changed along: maximum from 6 to 24",
            "scheduled action sale is changed along: maximum from 12 to 48",
        ]
    );
}

/// By day 10 tasks at half a vCPU each, of 60 % that are wanted: half as large, they would be full from the
/// first minute of the day until more of them run.
#[test]
fn a_reserve_is_no_smaller_than_what_tasks_take_for_whole_periods() {
    let row = scaled_between(service(0, 75), 2, 20, 60.0)
        .with(|service| {
            for point in &mut service.points {
                let day = (8..18).contains(&(point.timestamp / 3600 % 24));
                let (tasks, cpu) = if day { (10, 5_000) } else { (2, 5_000) };
                (point.cpu_samples, point.cpu_avg, point.cpu_max) = (Some(5 * tasks), Some(cpu), Some(cpu));
            }
            service.workload.scaling.as_mut().unwrap().scheduled_actions =
                vec![action("morning", 8, (10, 20)), action("evening", 18, (2, 20))];
        })
        .rated();
    assert!(row.evidence.simulation_error_percent.unwrap().0 < Decimal::from(5));
    assert!(!row.reasons.contains(&"smaller-reserve-at-minimum".to_owned()), "{:?}", row.recommendation);
}

#[test]
fn replicas_that_the_peak_leaves_idle_are_an_option_after_the_size() {
    let replicas = |tasks: u32, cpu: u32| {
        service(cpu, 30).with(|service| {
            service.workload.desired_count = Some(tasks);
            service.points.iter_mut().for_each(|point| point.cpu_samples = Some(5 * tasks));
        })
    };
    let scale_in =
        |service: Service| service.rated().options.into_iter().find(|option| option.kind == "scale-in");
    // 12 x 0.1 vCPU are 0.25 vCPU / 1 GB tasks; 1.2 x 1.2 vCPU fit into six of them, memory into nine:
    // 12 x 30 % x 2 GB x 1.2 = 8.64 GB.
    let row = replicas(12, 10).rated();
    assert_eq!(size_of(&row), (256, 1024));
    let option = scale_in(replicas(12, 10)).unwrap();
    assert!(option.conditions[0].ends_with("from 12 to 9"), "{:?}", option.conditions);
    let after = row.recommendation.unwrap().monthly_cost.unwrap();
    assert_eq!(option.monthly_cost.unwrap() + option.monthly_savings.unwrap(), after);
    assert_eq!(option.monthly_cost.unwrap(), (after * "0.75".parse().unwrap()).rounded());
    // One in each availability zone stays, and so do two.
    let quiet = |tasks| {
        replicas(tasks, 3).sized(256, 512).with(|service| {
            for point in &mut service.points {
                (point.mem_avg, point.mem_max) = (Some(100), Some(100));
            }
        })
    };
    assert!(scale_in(quiet(20)).unwrap().conditions[0].ends_with("from 20 to 3"));
    for tasks in [1, 2, 3] {
        assert_eq!(scale_in(quiet(tasks)), None, "{tasks}");
    }
    assert_eq!(scale_in(replicas(12, 97)), None, "what lacks CPU lacks no tasks less");
    assert_eq!(scale_in(scaled_between(quiet(20), 2, 30, 60.0)), None, "policies see to it");
}

/// What each of twelve took in a past peak, fewer take between them.
#[test]
fn a_peak_to_come_is_shared_by_fewer_replicas() {
    let fewer = |setting: &str| {
        let row = service(5, 3)
            .sized(256, 512)
            .with(|service| {
                service.workload.desired_count = Some(12);
                service.points.iter_mut().for_each(|point| point.cpu_samples = Some(60));
            })
            .rated_with(&super::max_capacity::with_peak(setting));
        assert_eq!(row.finding, Finding::AlreadyMinimal, "{setting}");
        let option = row.options.into_iter().find(|option| option.kind == "scale-in");
        option.map(|option| option.conditions[0].clone())
    };
    let ends = |setting: &str, end: &str| {
        let said = fewer(setting).unwrap_or_default();
        assert!(said.ends_with(end), "{setting}: {said}");
    };
    ends("peak_factor = 1.1", "from 12 to 3");
    // 12 x 0.1 vCPU x 1.2 are held by six of 0.25 vCPU; 12 x 200 MiB x 1.2 by six of 512 MiB.
    ends("include_peak = { at = 2026-06-01, cpu_vcpu = 0.1 }", "from 12 to 6");
    ends("include_peak = { at = 2026-06-01, memory_mib = 200 }", "from 12 to 6");
    assert_eq!(fewer("include_peak = { at = 2026-06-01, cpu_vcpu = 0.2 }"), None);
}

/// Of 8 tasks with base 1 on demand and weights 1 to 3, 2.75 are on demand; of 3, 1.5.
#[test]
fn fewer_replicas_are_priced_with_the_base_of_their_strategy() {
    let item =
        |provider: &str, kind, base, weight| StrategyItem { provider: provider.into(), kind, base, weight };
    let row = service(3, 1)
        .sized(256, 512)
        .with(|service| {
            service.workload.desired_count = Some(8);
            service.workload.strategy = vec![
                item("FARGATE", CapacityProviderKind::Fargate, 1, 1),
                item("FARGATE_SPOT", CapacityProviderKind::FargateSpot, 0, 3),
            ];
            service.points.iter_mut().for_each(|point| point.cpu_samples = Some(40));
        })
        .rated();
    let option = row.options.iter().find(|option| option.kind == "scale-in").unwrap();
    assert!(option.conditions[0].ends_with("from 8 to 3"), "{:?}", option.conditions);
    let hourly = |purchase| {
        let shape = TaskShape {
            region: Region("us-east-1".into()),
            platform: Platform { os: OperatingSystem::Linux, arch: Architecture::X86_64 },
            cpu: CpuUnits(256),
            memory: MemoryMib(512),
            ephemeral_storage: crate::fargate::FREE_EPHEMERAL_STORAGE,
        };
        TaskCost::of(PriceBook::embedded(), &shape, purchase).unwrap().hourly().0
    };
    let (on_demand, spot) = (hourly(PurchaseOption::OnDemand), hourly(PurchaseOption::Spot));
    let tenths = |tenths| Decimal::new(tenths, 1);
    let before = on_demand * Decimal::new(275, 2) + spot * Decimal::new(525, 2);
    let after = on_demand * tenths(15) + spot * tenths(15);
    let ratio = option.monthly_cost.unwrap().0 / row.monthly_cost.unwrap().0;
    assert!((ratio - after / before).abs() < Decimal::new(1, 4), "{ratio} {}", after / before);
}

#[test]
fn a_service_that_is_scaled_to_zero_saves_only_once_it_runs_again() {
    let row = service(3, 10).with(|service| service.workload.desired_count = Some(0)).rated();
    assert!(row.evidence.notes.contains(&"scaled-to-zero".to_owned()), "{:?}", row.evidence.notes);
    let conditions = row.recommendation.unwrap().conditions;
    assert!(conditions[0].starts_with("no task is wanted now"), "{conditions:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever a scaled service did, what is recommended holds the memory seen, keeps two tasks where
    /// there were two, is paid for by its simulated tasks, and adds up.
    #[test]
    fn a_recommendation_for_a_scaled_service_is_sound(
        size in 0usize..77,
        levels in prop::collection::vec((10u32..1_200, 100u32..160, 1u32..9_000), 1..30),
        (min, span, target) in (0u32..5, 0u32..20, 10u32..95),
        memory_too: bool,
    ) {
        let size = crate::fargate::TaskSize::all(crate::workload::OperatingSystem::Linux).nth(size).unwrap();
        let report = scaled_between(service(0, 0), min, min + span, f64::from(target))
            .sized(size.cpu().0, size.memory().0)
            .with(|service| {
                for (i, point) in service.points.iter_mut().enumerate() {
                    // Hundredths of a task's CPU in all, by as many tasks as the policy wants for it.
                    let (total, skew, memory) = levels[i * levels.len() / POINTS as usize];
                    let tasks = total.div_ceil(target).clamp(min.max(1), (min + span).max(1));
                    let cpu = (total * 100 / tasks).min(9_000);
                    point.cpu_samples = Some(5 * tasks);
                    (point.cpu_avg, point.cpu_max) = (Some(cpu), Some(cpu * skew / 100));
                    (point.mem_avg, point.mem_max) = (Some(memory), Some(memory));
                }
                if memory_too {
                    let kind = target_tracking(TrackedMetric::MemoryUtilization);
                    let scaling = service.workload.scaling.as_mut().unwrap();
                    scaling.policies.push(ScalingPolicy { name: "memory".into(), kind });
                }
            })
            .report();
        let row = &report.workloads[0];
        let savings = row.recommendation.as_ref().and_then(|r| r.monthly_savings).unwrap_or_default();
        prop_assert_eq!(report.totals.monthly_savings, savings);
        prop_assert_eq!(report.totals.recommended_monthly_cost, row.monthly_cost.unwrap() - savings);
        if let Some(recommendation) = &row.recommendation {
            let seen = row.demand.unwrap().memory_mib.unwrap().max.0;
            prop_assert!(Decimal::from(recommendation.memory_mib) >= seen);
            prop_assert!(row.finding == Finding::Underprovisioned || savings > Usd::ZERO);
            if let Some(scaling) = recommendation.scaling {
                prop_assert!(scaling.min_capacity >= min.min(2) && scaling.max_capacity >= scaling.min_capacity);
                prop_assert!(scaling.simulation_error_percent.0 <= Decimal::from(25));
                let hourly = recommendation.monthly_cost.unwrap().0 / scaling.simulated_task_hours.0;
                let gb = Decimal::from(recommendation.memory_mib) / Decimal::from(1024);
                let vcpu = Decimal::from(recommendation.cpu_units) / Decimal::from(1024);
                let rate: Decimal = vcpu * "0.04048".parse::<Decimal>().unwrap() + gb * "0.004445".parse::<Decimal>().unwrap();
                let months = Decimal::from(730) / Decimal::from(DAYS * 24);
                prop_assert!((hourly - rate * months).abs() < "0.0001".parse().unwrap());
            }
        }
    }
}
