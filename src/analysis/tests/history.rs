//! What happened lately, or goes on happening: a size that was outgrown, memory that rises, counts set by hand.

use super::*;

const DAYS_SEEN: i64 = 14;

/// Held at all of 1 vCPU until it got 4 vCPU so many hours before the window's end; since then at 55 % of
/// them, which is 2.2 vCPU.
fn enlarged(hours_ago: i64) -> Service {
    let at = DAYS_SEEN * 86_400 - hours_ago * 3600;
    service(100, 20).sized(1024, 8192).with(|service| {
        enlarge(service, at);
        for point in service.points.iter_mut().filter(|point| point.timestamp >= at) {
            (point.cpu_avg, point.cpu_max) = (Some(5_500), Some(5_500));
        }
    })
}

/// A deployment to 4 vCPU at a second.
pub(super) fn enlarge(service: &mut Service, at: i64) {
    let (now, when) = (service.definition.clone(), Some(Timestamp::from_second(at).unwrap()));
    service.more_definitions.push(TaskDefinition { arn: "api:2".into(), cpu: Some(CpuUnits(4096)), ..now });
    let larger = RevisionInForce { from: when, settled: when, ..RevisionInForce::now("api:2".into()) };
    service.workload.revisions.push(larger);
}

fn has_reason(row: &WorkloadReport, reason: &str) -> bool {
    row.reasons.iter().any(|code| code == reason)
}

#[test]
fn what_outgrew_its_size_a_few_hours_ago_keeps_the_new_one() {
    for hours in [1, 2, 20] {
        let row = enlarged(hours).rated();
        assert!(has_reason(&row, "cpu-enlarged-lately"), "{hours} h: {:?}", row.reasons);
        assert!(row.recommendation.is_none_or(|size| size.cpu_units == 4096), "{hours} h");
    }
}

#[test]
fn what_outgrew_its_size_days_ago_is_sized_by_what_it_took_since() {
    let quiet = enlarged(72).with(|service| {
        for point in service.points.iter_mut().filter(|point| point.timestamp >= (DAYS_SEEN - 3) * 86_400) {
            (point.cpu_avg, point.cpu_max) = (Some(3_500), Some(3_500));
        }
    });
    let row = quiet.rated();
    assert!(!has_reason(&row, "cpu-enlarged-lately"), "{:?}", row.reasons);
    // 1.4 vCPU and a fifth more.
    assert_eq!(size_of(&row).0, 2048);
    // 2.2 vCPU and a fifth more.
    assert!(enlarged(72).rated().recommendation.is_none_or(|size| size.cpu_units == 4096));
}

#[test]
fn a_size_that_was_tried_and_taken_back_is_not_tried_again_at_once() {
    // 4 vCPU for three hours, all of 1 vCPU for 13 days, 4 vCPU again for three hours.
    let row = enlarged(3)
        .with(|service| {
            let first = RevisionInForce::now("api:2".into());
            service.workload.revisions[0].from = Some(Timestamp::from_second(3 * 3600).unwrap());
            service.workload.revisions[0].settled = service.workload.revisions[0].from;
            service.workload.revisions.insert(0, first);
            for point in service.points.iter_mut().filter(|point| point.timestamp < 3 * 3600) {
                (point.cpu_avg, point.cpu_max) = (Some(2_500), Some(2_500));
            }
        })
        .rated();
    assert!(has_reason(&row, "cpu-enlarged-lately"), "{:?}", row.reasons);
    assert!(row.recommendation.is_none_or(|size| size.cpu_units == 4096));
}

/// A policy keeps its CPU at 60 %, and two tasks are the least there are.
#[test]
fn what_outgrew_its_size_does_not_go_back_to_it_where_a_policy_follows_it() {
    let scaled = |hours: i64| {
        let service = enlarged(hours).with(|service| {
            let at = DAYS_SEEN * 86_400 - hours * 3600;
            for (index, point) in service.points.iter_mut().enumerate() {
                // Of 1 vCPU all in one period of five hundred; of 4 vCPU hardly any.
                let cpu = if point.timestamp >= at { 400 } else { 1_500 };
                (point.cpu_avg, point.cpu_max) = (Some(cpu), Some(cpu));
                if point.timestamp < at && index % 500 == 7 {
                    point.cpu_max = Some(10_000);
                }
            }
        });
        super::scaling::scaled_between(service, 2, 8, 60.0)
    };
    for hours in [72, 5] {
        let row = scaled(hours).rated();
        assert_eq!(row.dimensions.cpu.not_rated, None, "{hours} h");
        let apart = scaled(hours).with(|service| service.workload.scaling = None).rated();
        assert_eq!((size_of(&row).0, size_of(&apart).0), (2048, 2048), "{hours} h");
    }
    let explanation = super::explain::explained(scaled(72), &Config::default());
    let outgrown = explanation.candidates.iter().find(|candidate| candidate.cpu_units == 1024).unwrap();
    assert!(outgrown.detail.starts_with("too little CPU: not below 2 vCPU"), "{outgrown:?}");
    // At all of 1 vCPU until five hours ago, and then it was night: what is wanted by day is not known yet.
    let night = enlarged(5).with(|service| {
        for point in service.points.iter_mut().filter(|p| p.timestamp >= DAYS_SEEN * 86_400 - 5 * 3600) {
            (point.cpu_avg, point.cpu_max) = (Some(400), Some(400));
        }
    });
    let row = super::scaling::scaled_between(night, 2, 2, 60.0).rated();
    assert_eq!(row.dimensions.cpu.not_rated, None);
    assert!(row.recommendation.is_none_or(|size| size.cpu_units == 4096));
}

/// Of 8 GB: so much on the first day, and so much more each day, in MiB.
fn rising(first: u32, per_day: u32) -> Service {
    service(10, 0).sized(1024, 8192).with(|service| {
        for point in &mut service.points {
            let day = u32::try_from(point.timestamp / 86_400).unwrap();
            let mib = first + per_day * day;
            (point.mem_avg, point.mem_max) = (Some(mib * 10_000 / 8192), Some(mib * 10_000 / 8192));
        }
    })
}

#[test]
fn memory_that_rises_day_by_day_is_not_cut_to_what_it_will_soon_pass() {
    let row = rising(410, 205).rated();
    assert!(has_reason(&row, "memory-rising"), "{:?}", row.reasons);
    // 3,075 MiB at last, and as much again as it rose in 13 days: 5,740 MiB.
    assert_eq!(size_of(&row).1, 6144);
    let size = row.recommendation.unwrap();
    assert!(
        size.conditions.iter().any(|c| c == "memory is full in about 14 days if it goes on rising as it did"),
        "{:?}",
        size.conditions
    );
    assert_eq!(size.performance_risk, "high");
    // As high, and level.
    let level = rising(3_075, 0).rated();
    assert_eq!(size_of(&level).1, 4096);
    assert!(!has_reason(&level, "memory-rising"));
}

/// 0.27 of 1 vCPU on the first day, and 0.01 more each day: 0.4 at last.
#[test]
fn of_cpu_that_rises_day_by_day_it_is_said_when_it_is_full() {
    let busier = |per_day: u32| {
        service(27, 40).with(|service| {
            for point in &mut service.points {
                let day = u32::try_from(point.timestamp / 86_400).unwrap();
                let busy = point.timestamp / 3600 % 24 == 14;
                let cpu = if busy { 2_700 + per_day * day } else { 1_000 };
                (point.cpu_avg, point.cpu_max) = (Some(cpu), Some(cpu + 50));
            }
        })
    };
    let said = |row: &WorkloadReport| {
        let conditions = &row.recommendation.as_ref().unwrap().conditions;
        conditions.iter().find(|condition| condition.starts_with("CPU is full")).cloned()
    };
    let row = busier(100).rated();
    assert_eq!(size_of(&row).0, 512);
    // 0.4 and 11 x 0.01 are 0.51.
    assert_eq!(said(&row).as_deref(), Some("CPU is full in about 10 days if it goes on rising as it did"));
    let note = row.guards.iter().find(|guard| guard.code == "cpu-rising").unwrap();
    assert_eq!(
        note.detail,
        "the CPU of the day's busiest period rose steadily, to 410 units, by 11 a day over 13 days: so on, what it \
         has now is full in about 60 days"
    );
    // 0.27 and 13 x 0.053 are 0.96 of it: another day's is more than the rest.
    let note = |row: &WorkloadReport| {
        row.guards.iter().find(|guard| guard.code == "cpu-rising").map(|guard| guard.detail.clone())
    };
    for (per_day, full) in
        [(530, "full within a day"), (510, "full in about a day"), (480, "full in about 2 days")]
    {
        let said = note(&busier(per_day).rated()).unwrap();
        assert!(said.ends_with(full), "{said}");
    }
    let level = busier(0).rated();
    assert_eq!((size_of(&level).0, said(&level)), (512, None));
    assert!(level.guards.iter().all(|guard| guard.code != "cpu-rising"));
    // More tasks will come.
    let scaled = super::scaling::scaled_between(busier(100), 2, 8, 60.0).rated();
    assert!(scaled.guards.iter().all(|guard| guard.code != "cpu-rising"), "{:?}", scaled.guards);
}

/// Of 6 GB, 3,075 MiB are used at last, and 5,740 in 13 days more.
#[test]
fn fewer_tasks_would_each_be_full_sooner_of_memory_that_rises() {
    let fewer = |first: u32, per_day: u32| {
        let row = rising(first, per_day)
            .with(|service| {
                service.workload.desired_count = Some(12);
                service.points.iter_mut().for_each(|point| point.cpu_samples = Some(60));
            })
            .rated();
        let size = size_of(&row).1;
        let option = row.options.into_iter().find(|option| option.kind == "scale-in");
        (size, option.map(|option| option.conditions[0].clone()))
    };
    // 12 x 3,075 MiB x 1.2 are held by eleven of 4 GB.
    assert_eq!(fewer(3_075, 0), (4096, Some("the desired count is set from 12 to 11".to_owned())));
    assert_eq!(fewer(410, 205), (6144, None));
}

#[test]
fn memory_that_rises_is_full_where_its_containers_limit_is() {
    let limited = |name: &str, mib: u32| Container {
        name: name.into(),
        essential: true,
        memory: Some(MemoryMib(mib)),
        ..Container::default()
    };
    let row = rising(400, 200)
        .with(|service| service.definition.containers = vec![limited("app", 6144), limited("envoy", 2048)])
        .rated();
    // 3,000 MiB at last, 5,600 in 13 days more, which the main container must be left beside the 2,048 of envoy.
    assert_eq!(row.recommendation, None);
    assert!(has_reason(&row, "memory-rising"), "{:?}", row.reasons);
}

#[test]
fn a_size_that_stays_and_is_full_before_long_is_told_of() {
    let row = rising(5_200, 100).rated();
    assert!(has_reason(&row, "memory-rising"), "{:?}", row.reasons);
    let guard = row.guards.iter().find(|guard| guard.code == "memory-rising").unwrap();
    assert!(guard.detail.ends_with("what it has now is full in about 16 days"), "{}", guard.detail);
    // In more than two months.
    let slow = rising(1_000, 20).rated();
    assert!(slow.recommendation.is_none_or(|size| size.memory_mib >= 1_500));
}

#[test]
fn a_plan_covers_what_runs_in_the_hour_with_the_fewest_tasks() {
    let plan = |at_night: u32| {
        let row = service(80, 80)
            .with(|service| {
                for point in &mut service.points {
                    let hour = point.timestamp / 3600 % 24;
                    point.cpu_samples = Some(if (8..18).contains(&hour) { 50 } else { 5 * at_night });
                }
                // What does not run has no samples.
                service.points.retain(|point| point.cpu_samples != Some(0));
                service.workload.desired_count = Some(10);
            })
            .rated_with("[spot]\non_demand_tasks = 10");
        let option = row.options.into_iter().find(|option| option.kind == "compute-savings-plan");
        option.map(|option| option.monthly_savings.unwrap())
    };
    let (none, two, ten) = (plan(0), plan(2), plan(10));
    assert_eq!(none, None);
    assert_eq!((two.unwrap().0 * Decimal::from(5)).round_dp(2), ten.unwrap().0.round_dp(2));
}
