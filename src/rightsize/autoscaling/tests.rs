//! The simulation against AWS's arithmetic, against a second simulation, and against hostile series.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    Capacity, CapacityChange, Limits, Plan, Reproduction, Resource, Schedule, Setting, TaskSeries, Tracking,
    fit::share_out, simulate,
};
use crate::{
    demand::Timeline,
    units::{CpuUnits, MemoryMib},
    utilization::Point,
    workload::{HistorySource, RevisionInForce, TaskDefinition},
};

const SIZE: (u32, u32) = (1024, 2048);

fn tracking(resource: Resource, target: u32) -> Tracking {
    Tracking {
        name: "p".into(),
        resource,
        target,
        scale_in: true,
        scale_in_cooldown: 300,
        scale_out_cooldown: 300,
    }
}

fn plan(min: u32, max: u32, target: u32) -> Plan {
    Plan {
        capacity: Capacity::new(min, max),
        tracking: vec![tracking(Resource::Cpu, target)],
        follows_other: false,
        scale_in_suspended: false,
        scale_out_suspended: false,
        schedule: Schedule::default(),
    }
}

fn timeline() -> Timeline {
    let definition = TaskDefinition {
        cpu: Some(CpuUnits(SIZE.0)),
        memory: Some(MemoryMib(SIZE.1)),
        ..TaskDefinition::default()
    };
    let revision = RevisionInForce {
        task_definition: "a".into(),
        from: None,
        settled: None,
        metric_resolution_seconds: 60,
    };
    let definitions = BTreeMap::from([("a".to_owned(), definition)]);
    Timeline::of(&[revision], HistorySource::ServiceDeployments, &definitions).unwrap()
}

/// Points of (tasks, CPU in 0.01 %, memory in 0.01 %), one after the other.
fn points(period: u32, values: &[(u32, u32, u32)]) -> Vec<Point> {
    (0..)
        .zip(values)
        .map(|(index, (tasks, cpu, memory))| Point {
            timestamp: index * i64::from(period),
            cpu_avg: Some(*cpu),
            cpu_max: Some(*cpu),
            cpu_samples: Some(tasks * (period / 60)),
            mem_avg: Some(*memory),
            mem_max: Some(*memory),
            live_tasks: None,
        })
        .collect()
}

fn series(period: u32, values: &[(u32, u32, u32)]) -> TaskSeries {
    TaskSeries::of(&points(period, values), &timeline(), period, Vec::new()).unwrap()
}

/// The same total in every period: `hundredths` of a vCPU, used by one very large task.
fn total(period: u32, hundredths: &[u32]) -> TaskSeries {
    series(period, &hundredths.iter().map(|total| (1, total * 100, 1_000)).collect::<Vec<_>>())
}

fn setting(plan: &Plan, size: (u32, u32)) -> Setting {
    Setting { size: Some(size), ..Setting::unchanged(plan) }
}

/// Tasks at `size` from a start of 4, over 300 s periods of `hundredths` of a vCPU.
fn tasks_from_four(plan: &Plan, size: (u32, u32), hundredths: &[u32]) -> Vec<u32> {
    // A first period that holds 4 tasks of 1 vCPU at 57 %, between both alarms.
    let mut values = vec![(4, 5_700, 1_000)];
    values.extend(hundredths.iter().map(|total| (1, total * 100, 1_000)));
    simulate(plan, &setting(plan, size), &series(300, &values)).tasks.split_off(1)
}

#[test]
fn the_worked_table_of_aws_arithmetic_holds() {
    let plan = plan(1, 20, 6_000);
    // ceil(4 x 80 / 60) = 6, one period later.
    assert_eq!(tasks_from_four(&plan, SIZE, &[320, 320, 320]), [4, 6, 6]);
    // ceil(4 x 50 / 60) = 4: the alarm is there, but one task fewer would pass the target.
    assert_eq!(tasks_from_four(&plan, SIZE, &[200; 6]), [4; 6]);
    // ceil(4 x 30 / 60) = 2, after 15 minutes.
    assert_eq!(tasks_from_four(&plan, SIZE, &[120; 5]), [4, 4, 4, 2, 2]);
    // 55 % is between 90 % of the target and the target.
    assert_eq!(tasks_from_four(&plan, SIZE, &[220; 6]), [4; 6]);
    // Half the size: twice the tasks from the start.
    assert_eq!(tasks_from_four(&plan, (512, 2048), &[120; 5]), [8, 8, 8, 4, 4]);
}

#[test]
fn alarms_take_three_minutes_out_and_fifteen_in() {
    let plan = plan(1, 20, 6_000);
    let minutes: Vec<u32> = [57].into_iter().chain([170; 6]).chain([57; 18]).collect();
    let tasks = simulate(&plan, &setting(&plan, SIZE), &total(60, &minutes)).tasks;
    assert_eq!(tasks[..5], [1, 1, 1, 1, 3], "three minutes above, then ceil(1.7 / 0.6)");
    assert_eq!(tasks[7 + 14], 3, "fourteen minutes below are not enough");
    assert_eq!(tasks[7 + 15], 1);
}

#[test]
fn a_scale_out_within_the_cooldown_must_be_a_larger_step() {
    let mut plan = plan(1, 40, 5_000);
    plan.tracking[0].scale_out_cooldown = 900;
    // 4 to 7 (a step of 3), then 9 (2, waits), then 13 (6, does not), then 14 (1, waits until 900 s).
    let wanted = [350, 450, 650, 700, 700, 700];
    assert_eq!(tasks_from_four(&plan, SIZE, &wanted), [5, 7, 7, 13, 13, 13]);
    plan.tracking[0].scale_out_cooldown = 0;
    assert_eq!(tasks_from_four(&plan, SIZE, &wanted), [5, 7, 9, 13, 14, 14]);
}

#[test]
fn a_scale_in_waits_for_its_cooldown_and_a_scale_out_ends_it() {
    let mut plan = plan(1, 40, 5_000);
    plan.tracking[0].scale_in_cooldown = 86_400;
    let hundredths: Vec<u32> = [[400; 4], [240; 4], [120; 4]].concat();
    let tasks = tasks_from_four(&plan, SIZE, &hundredths);
    assert_eq!(tasks[3..], [8, 8, 8, 8, 5, 5, 5, 5, 5], "8 to 5, and then a day of rest");
    let out_between: Vec<u32> = [vec![400; 4], vec![240; 4], vec![600; 2], vec![120; 4]].concat();
    assert_eq!(tasks_from_four(&plan, SIZE, &out_between).last(), Some(&3), "the scale-out ended the rest");
}

#[test]
fn disabled_and_suspended_directions_do_not_move() {
    let rise_and_fall: Vec<u32> = [[400; 4], [60; 4], [60; 4]].concat();
    let last = |change: fn(&mut Plan)| {
        let mut plan = plan(1, 40, 5_000);
        change(&mut plan);
        *tasks_from_four(&plan, SIZE, &rise_and_fall).last().unwrap()
    };
    assert_eq!(last(|_| ()), 2);
    assert_eq!(last(|plan| plan.tracking[0].scale_in = false), 8);
    assert_eq!(last(|plan| plan.scale_in_suspended = true), 8);
    assert_eq!(
        tasks_from_four(&Plan { scale_out_suspended: true, ..plan(1, 40, 5_000) }, SIZE, &[400; 4]),
        [4; 4]
    );
}

/// Four tasks grew to eight for a day's peak and stayed; at a target of 90 % the peak asks for five.
#[test]
fn tasks_that_nothing_takes_away_stay_whatever_the_target() {
    let ran = [vec![4; 6], vec![8; 12]].concat();
    let total = [vec![180; 6], vec![400; 6], vec![180; 6]].concat();
    let values: Vec<(u32, u32, u32)> =
        ran.iter().zip(&total).map(|(tasks, total)| (*tasks, total * 100 / tasks, 1_000)).collect();
    let tried = |change: fn(&mut Plan), ran: &[(u32, u32, u32)]| {
        let mut plan = plan(1, 40, 5_000);
        change(&mut plan);
        let setting = Setting { targets: vec![9_000; plan.tracking.len()], ..setting(&plan, SIZE) };
        simulate(&plan, &setting, &series(300, ran)).tasks
    };
    let policy: fn(&mut Plan) = |plan| plan.tracking[0].scale_in = false;
    assert_eq!(tried(policy, &values), ran);
    assert_eq!(tried(|plan| plan.scale_in_suspended = true, &values), ran);
    assert!(tried(|_| (), &values).iter().all(|tasks| *tasks < 6));
    let resized = |plan: &Plan, size| simulate(plan, &setting(plan, size), &series(300, &values)).tasks;
    let kept = Plan { scale_in_suspended: true, ..plan(1, 80, 9_000) };
    assert_eq!(resized(&kept, (512, 2048)), ran.iter().map(|tasks| tasks * 2).collect::<Vec<u32>>());
    assert_eq!(resized(&kept, (2048, 4096)), ran, "larger ones are as many");
    let least = Plan { scale_in_suspended: true, ..plan(4, 80, 9_000) };
    let beyond: Vec<u32> = ran.iter().map(|tasks| if *tasks > 4 { tasks * 2 } else { 4 }).collect();
    assert_eq!(resized(&least, (512, 2048)), beyond, "no load asked for the least there are");
    // A change that raises the least says nothing of what asked for those that ran.
    let raised = Limits { min: (2, 1), max: (2, 1) };
    let doubled = Setting { limits: raised, ..setting(&least, (512, 2048)) };
    let of_twice: Vec<u32> = ran.iter().map(|tasks| if *tasks > 4 { tasks * 2 } else { 8 }).collect();
    assert_eq!(simulate(&least, &doubled, &series(300, &values)).tasks, of_twice);
    // Nor does one that a scheduled action lowers, once its tasks are there.
    let change = |second, min| CapacityChange { second, min: Some(min), max: None };
    let schedule = Schedule { changes: vec![change(0, 8), change(15 * 300, 1)], ..Schedule::default() };
    let by_day = Plan { scale_in_suspended: true, schedule, ..plan(1, 80, 9_000) };
    // For the peak's 4 vCPU nine of half a vCPU are asked for.
    assert_eq!(resized(&by_day, (512, 2048)), [vec![8; 7], vec![9; 11]].concat());
    // What a deployment starts besides goes with it; and there are no more than may be.
    let mut deployed = values.clone();
    deployed[8] = (16, 2_500, 1_000);
    assert_eq!(tried(policy, &deployed)[7..10], [8, 16, 8]);
    let capped: fn(&mut Plan) = |plan| {
        plan.tracking[0].scale_in = false;
        plan.capacity.max = 6;
    };
    assert_eq!(tried(capped, &values).last(), Some(&6));
    // Another policy that may scale in decides alone.
    let another: fn(&mut Plan) = |plan| {
        plan.tracking[0].scale_in = false;
        plan.tracking.push(tracking(Resource::Memory, 5_000));
    };
    assert!(tried(another, &values).iter().any(|tasks| *tasks < 4));
}

#[test]
fn several_policies_scale_out_to_the_largest_and_in_only_if_all_agree() {
    let mut plan = plan(1, 40, 5_000);
    plan.tracking.push(tracking(Resource::Memory, 5_000));
    let tasks = |plan: &Plan, cpu: u32, memory: u32| {
        let mut values = vec![(4, 4_700, 4_700)];
        values.extend(vec![(4, cpu, memory); 6]);
        *simulate(plan, &Setting::unchanged(plan), &series(300, &values)).tasks.last().unwrap()
    };
    assert_eq!(tasks(&plan, 6_000, 9_000), 8, "memory asks for more");
    assert_eq!(tasks(&plan, 1_000, 4_800), 4, "memory is not below its alarm");
    assert_eq!(tasks(&plan, 1_000, 2_500), 2, "both agree; memory needs more");
    plan.tracking[1].scale_in = false;
    assert_eq!(tasks(&plan, 1_000, 4_800), 1, "who may not scale in has no say in it");
}

#[test]
fn scheduled_actions_set_limits_at_once() {
    let mut plan = plan(2, 20, 5_000);
    plan.tracking[0].scale_in = false;
    plan.schedule.changes = vec![
        CapacityChange { second: -100, min: Some(3), max: None },
        CapacityChange { second: 600, min: Some(8), max: None },
        CapacityChange { second: 1_200, min: Some(2), max: Some(5) },
    ];
    let tasks = simulate(&plan, &Setting::unchanged(&plan), &series(300, &[(2, 4_800, 1_000); 7])).tasks;
    assert_eq!(tasks, [3, 3, 8, 8, 5, 5, 5]);
    // At half the size, limits twice as high keep the same total capacity.
    let half = Setting {
        size: Some((512, 2048)),
        limits: Limits { min: (2, 1), max: (2, 1) },
        ..Setting::unchanged(&plan)
    };
    let tasks = simulate(&plan, &half, &series(300, &[(2, 4_800, 1_000); 7])).tasks;
    assert_eq!(tasks, [6, 6, 16, 16, 10, 10, 10]);
}

#[test]
fn nothing_is_scaled_in_while_a_deployment_is_under_way_or_data_is_missing() {
    let plan = plan(1, 20, 5_000);
    let values = vec![(4, 1_000, 1_000); 8];
    let during = |deployments| {
        let series = TaskSeries::of(&points(300, &values), &timeline(), 300, deployments).unwrap();
        simulate(&plan, &Setting::unchanged(&plan), &series).tasks
    };
    assert_eq!(during(Vec::new()), [4, 4, 4, 1, 1, 1, 1, 1]);
    assert_eq!(during(vec![(300, 1_500)]), [4, 4, 4, 4, 4, 4, 1, 1]);

    let mut gappy = points(300, &values);
    gappy.retain(|point| point.timestamp % 900 != 600);
    let series = TaskSeries::of(&gappy, &timeline(), 300, Vec::new()).unwrap();
    let tasks = simulate(&plan, &Setting::unchanged(&plan), &series).tasks;
    assert!(tasks.iter().all(|tasks| *tasks == 4), "never fifteen minutes in a row: {tasks:?}");
}

#[test]
fn a_policy_that_is_not_seen_keeps_the_tasks_it_had() {
    let plan = Plan { follows_other: true, ..plan(1, 20, 5_000) };
    let values: Vec<(u32, u32, u32)> = [[(3, 1_000, 1_000); 6], [(7, 1_000, 1_000); 6]].concat();
    let tasks = simulate(&plan, &setting(&plan, SIZE), &series(300, &values)).tasks;
    assert_eq!(tasks, [[3; 6], [7; 6]].concat());
}

#[test]
fn a_simulation_that_misses_what_ran_is_not_trusted() {
    // Ten tasks at 10 % of a target of 60 %: this policy would have kept two.
    let plan = plan(1, 20, 6_000);
    let off = Reproduction::of(&plan, &series(300, &[(10, 1_000, 1_000); 288])).unwrap_err();
    assert_eq!((off.observed, off.simulated / 100), (1_000, 2));
    assert!(off.to_string().contains("10.00 ran"), "{off}");
    // Right on the whole, wrong all the time.
    let swinging: Vec<(u32, u32, u32)> =
        (0..288).map(|i| (if i % 2 == 0 { 2 } else { 6 }, 5_700, 0)).collect();
    let off = Reproduction::of(&plan, &series(300, &swinging)).unwrap_err();
    assert!(off.distance > 2_500, "{off}");
    let none = Reproduction::of(
        &Plan { capacity: Capacity::new(0, 0), ..plan.clone() },
        &series(300, &[(0, 0, 0); 9]),
    );
    assert!(none.is_err(), "of nothing, nothing is known");
}

#[test]
fn the_reproduction_reads_as_its_table() {
    // Held by equal limits, the simulation is 5 in every period.
    let plan = plan(5, 5, 6_000);
    let error = |tasks: &[u32]| {
        let values: Vec<_> = tasks.iter().map(|tasks| (*tasks, 5_700, 0)).collect();
        Reproduction::of(&plan, &series(300, &values)).map(|reproduction| reproduction.error)
    };
    assert_eq!(error(&[5, 5, 5, 5]), Ok(0));
    assert_eq!(error(&[4, 5, 5, 6]), Ok(0));
    assert_eq!(error(&[4, 5, 5, 5]), Ok(527), "20 for 19, rounded up");
    assert!(error(&[2, 8, 2, 8]).is_err(), "20 for 20, but 3 apart in every period");
}

/// Target tracking once more, told as CloudWatch and Application Auto Scaling would: metrics are
/// remembered, alarms look back at them, and the policy answers in fractions.
fn reference(
    period: u32,
    (min, max): (u32, u32),
    target: f64,
    (out_cooldown, in_cooldown): (i64, i64),
    demand: &[f64],
) -> Vec<(u32, u32, u32)> {
    let mut count = (demand[0] / target).ceil().clamp(f64::from(min), f64::from(max));
    let mut metrics: Vec<f64> = Vec::new();
    let mut last_out: Option<(i64, f64)> = None;
    let mut last_in: Option<i64> = None;
    let mut rows = Vec::new();
    for (index, wanted) in demand.iter().enumerate() {
        let now = (index as i64 + 1) * i64::from(period);
        // Published in steps of 0.01 %; a task cannot use more than it has.
        let metric = ((wanted / count).min(1.0) * 10_000.0).round() / 10_000.0;
        metrics.push(metric);
        rows.push((count as u32, (metric * 10_000.0).round() as u32, 1_000));
        let recent = |seconds: u32| {
            let needed = seconds.div_ceil(period) as usize;
            metrics.len().checked_sub(needed).map(|from| &metrics[from..])
        };
        // Rounded as per cent are, so that 3 x 0.2 / 0.6 is 1 and not a hair more.
        let answer = (count * metric / target * 1e9).round() / 1e9;
        let answer = answer.ceil().clamp(f64::from(min.max(1)), f64::from(max));
        let above = recent(180).is_some_and(|recent| recent.iter().all(|m| *m > target + 1e-9));
        let below = recent(900).is_some_and(|recent| recent.iter().all(|m| *m < 0.9 * target - 1e-9));
        if above && answer > count {
            let resting = last_out.filter(|(time, _)| now < time + out_cooldown);
            if resting.is_none_or(|(_, step)| answer - count > step) {
                last_out = Some((now, answer - count));
                last_in = None;
                count = answer;
            }
        } else if below && answer < count && last_in.is_none_or(|time| now >= time + in_cooldown) {
            last_in = Some(now);
            count = answer;
        }
    }
    rows
}

fn demand() -> impl Strategy<Value = Vec<f64>> {
    // Levels in thousandths of a vCPU, each held for some periods, with a ripple.
    prop::collection::vec((100u32..12_000, 1usize..40, 0u32..8), 2..12).prop_map(|levels| {
        let mut demand = Vec::new();
        for (level, periods, ripple) in levels {
            for i in 0..periods {
                demand.push(f64::from(level) / 1000.0 * (1.0 + f64::from(ripple * (i as u32 % 3)) / 100.0));
            }
        }
        demand
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// What another simulation of the same policy produced is reproduced within the stated error.
    #[test]
    fn an_unchanged_size_reproduces_the_observed_tasks(
        demand in demand(),
        period in prop::sample::select(vec![60u32, 300, 900, 3600]),
        target in 20u32..90,
        min in 1u32..4,
        span in 1u32..30,
        cooldowns in (0i64..1200, 0i64..1200),
    ) {
        let rows = reference(period, (min, min + span), f64::from(target) / 100.0, cooldowns, &demand);
        let mut plan = plan(min, min + span, target * 100);
        plan.tracking[0].scale_out_cooldown = u32::try_from(cooldowns.0).unwrap();
        plan.tracking[0].scale_in_cooldown = u32::try_from(cooldowns.1).unwrap();
        let series = series(period, &rows);
        let reproduction = Reproduction::of(&plan, &series);
        let reproduction = reproduction.map_err(|off| TestCaseError::fail(off.to_string()))?;
        let observed: u64 = rows.iter().map(|(tasks, _, _)| u64::from(*tasks)).sum();
        let simulated = reproduction.unchanged.task_periods;
        prop_assert!(simulated.abs_diff(observed) * 10_000 <= observed * u64::from(reproduction.error));
        prop_assert!(reproduction.error <= 100, "{} for {}", simulated, observed);
    }

    #[test]
    fn the_number_of_tasks_stays_within_its_limits(
        demand in demand(),
        period in prop::sample::select(vec![60u32, 300, 3600]),
        target in 1u32..9_000,
        (min, span) in (0u32..6, 0u32..30),
        divisor in 1u32..5,
    ) {
        let plan = plan(min, min + span, target);
        let hundredths: Vec<u32> = demand.iter().map(|vcpu| (vcpu * 100.0) as u32).collect();
        let limits = Limits { min: (1, 1), max: (divisor, 1) };
        let setting = Setting { limits, ..setting(&plan, (1024 / divisor, 2048)) };
        let capacity = limits.apply(plan.capacity);
        for tasks in simulate(&plan, &setting, &total(period, &hundredths)).tasks {
            prop_assert!((capacity.min..=capacity.max).contains(&tasks), "{tasks} in {capacity:?}");
        }
    }

    /// Delays make single periods differ either way; what is paid for never falls.
    #[test]
    fn a_smaller_size_or_a_lower_target_never_runs_fewer_tasks(
        demand in demand(), target in 3_000u32..9_000, min in 1u32..4, lower: bool,
    ) {
        let plan = plan(min, 60, target);
        let hundredths: Vec<u32> = demand.iter().map(|vcpu| (vcpu * 100.0) as u32).collect();
        let series = total(300, &hundredths);
        let now = simulate(&plan, &setting(&plan, SIZE), &series).task_periods;
        let tried = if lower {
            Setting { targets: vec![target / 2], ..setting(&plan, SIZE) }
        } else {
            setting(&plan, (SIZE.0 / 2, SIZE.1))
        };
        prop_assert!(simulate(&plan, &tried, &series).task_periods >= now);
    }

    #[test]
    fn a_higher_minimum_never_runs_fewer_tasks(
        demand in demand(), target in 3_000u32..9_000, min in 1u32..4, more in 1u32..8,
    ) {
        let hundredths: Vec<u32> = demand.iter().map(|vcpu| (vcpu * 100.0) as u32).collect();
        let series = total(300, &hundredths);
        let tasks = |min: u32| {
            let plan = plan(min, 60, target);
            simulate(&plan, &setting(&plan, SIZE), &series).task_periods
        };
        prop_assert!(tasks(min + more) >= tasks(min));
    }

    /// What tasks used together before, they use together after.
    #[test]
    fn demand_is_conserved(load in 0u64..1_000_000_000, before in 0u64..5_000_000, after in 1u32..5_000) {
        let shared = share_out(load, before, after).unwrap();
        let (was, is) = (load * before, shared * u64::from(after) * 1000);
        prop_assert!(is >= was && is < was + u64::from(after) * 1000);
        prop_assert_eq!(share_out(load, before, 0).is_none(), load > 0 && before > 0);
    }

    /// Whatever CloudWatch says, there is a number of tasks within limits for every period.
    #[test]
    fn hostile_series_are_simulated_all_the_same(
        rows in prop::collection::vec(
            (any::<i32>(), any::<Option<u32>>(), any::<Option<u32>>(), any::<Option<u32>>()), 1..40),
        period in prop::sample::select(vec![1u32, 60, 300, 86_400]),
        (min, max, target) in (any::<u32>(), any::<u32>(), any::<u32>()),
        size in (any::<u32>(), any::<u32>()),
    ) {
        let mut points: Vec<Point> = rows.iter().map(|(at, tasks, cpu, memory)| Point {
            timestamp: i64::from(*at) * 60,
            cpu_avg: *cpu, cpu_max: *cpu, cpu_samples: *tasks,
            mem_avg: *memory, mem_max: *memory,
            live_tasks: cpu.map(|_| f64::NAN),
        }).collect();
        points.sort_by_key(|point| point.timestamp);
        let mut plan = plan(min, max, target);
        plan.tracking.push(tracking(Resource::Memory, target / 2));
        if let Some(series) = TaskSeries::of(&points, &timeline(), period, vec![(i64::MIN, i64::MAX)]) {
            let setting = Setting { limits: Limits { min: (3, 0), max: (u32::MAX, 1) }, ..setting(&plan, size) };
            let capacity = setting.limits.apply(plan.capacity);
            let simulated = simulate(&plan, &setting, &series);
            prop_assert_eq!(simulated.tasks.len(), series.len());
            prop_assert!(simulated.tasks.iter().all(|n| (capacity.min..=capacity.max).contains(n)));
            let _ = Reproduction::of(&plan, &series).map_err(|off| off.to_string());
        }
    }
}
