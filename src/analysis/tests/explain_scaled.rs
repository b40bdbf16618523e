//! What `explain` says of a service under its own policies is what its row stands on.

use rust_decimal::Decimal;

use super::{
    DAYS,
    explain::{explained, of_demo, of_demo_with},
    history::enlarge,
    scaling::{following, scaled_between},
    service,
};
use crate::{
    config::Config,
    report::explain::{CandidateReport, Explanation, ReplayReport, page},
    units::{MemoryMib, Usd},
    workload::{PolicyKind, RevisionInForce, StoppedTasks, TrackedMetric},
};

/// The outcome shown is that of the recommendation, simulated tasks included.
fn agrees_with_its_row(explanation: &Explanation) {
    let row = &explanation.workload;
    let recommendation = row.recommendation.as_ref().unwrap();
    let scaling = recommendation.scaling.unwrap();
    let chosen = explanation.candidates.iter().find(|c| c.verdict == "chosen").unwrap();
    assert_eq!(Some(chosen.monthly_cost), recommendation.monthly_cost);
    assert_eq!(chosen.task_hours, Some(scaling.simulated_task_hours));
    let [now, then] = explanation.replay.as_slice() else { panic!("now and then: {:?}", explanation.replay) };
    assert_eq!(now.tasks.unwrap().task_hours, scaling.observed_task_hours);
    assert_eq!(then.tasks.unwrap().task_hours, scaling.simulated_task_hours);
    assert!(then.tasks.unwrap().most <= scaling.max_capacity);
    assert_eq!((then.cpu.above, then.memory.above), (0, 0), "{:?}", explanation.replay);
    let need = explanation.need.as_ref().unwrap();
    assert!(need.cpu_units.without_headroom <= recommendation.cpu_units, "{need:?}");
    assert!(need.memory_mib.with_guards <= recommendation.memory_mib, "{need:?}");
    margins_are_true(explanation);
    for candidate in &explanation.candidates {
        assert!(candidate.task_hours.is_some() && !candidate.detail.contains("stays at"), "{candidate:?}");
        // The reason that is given is true of the prices that are given.
        let difference = candidate.monthly_cost - chosen.monthly_cost;
        match candidate.verdict.as_str() {
            "dearer" => assert!(difference >= Usd::ZERO, "{candidate:?}"),
            "risk" | "too-close" | "below-least-change" => {
                assert!(difference < Usd::ZERO, "{candidate:?}");
            }
            "chosen" | "too-small" => {}
            other => panic!("{other}"),
        }
    }
}

/// What a policy on CPU follows has to grow for more memory than 8 GB.
#[test]
fn what_was_killed_is_not_to_carry_more_where_no_size_fits_either() {
    let killed = scaled_between(following(50, 60, 105), 4, 16, 50.0).sized(1024, 8192).with(|service| {
        service.workload.facts.stopped = Some(StoppedTasks {
            seen: 5,
            oom_kills: 2,
            oom_memory: Some(MemoryMib(8192)),
            oom_containers: vec!["app".to_owned()],
            ..StoppedTasks::default()
        });
    });
    let explanation = explained(killed, &Config::default());
    agrees_with_its_row(&explanation);
    let recommendation = explanation.workload.recommendation.as_ref().unwrap();
    let scaling = recommendation.scaling.unwrap();
    assert!(recommendation.memory_mib > 8192 && recommendation.cpu_units == 2048, "{recommendation:?}");
    assert_eq!((scaling.min_capacity, scaling.target_cpu_percent.unwrap().0), (4, Decimal::from(25)));
    let [now, then] = explanation.replay.as_slice() else { panic!("{:?}", explanation.replay) };
    let peak = |replay: &ReplayReport| replay.tasks.unwrap().memory_peak_mib.unwrap().0;
    assert!(peak(then) <= peak(now) * Decimal::new(11, 1), "{} {}", peak(now), peak(then));
}

/// With a peak to come sizes are weighed for as many tasks as ran, and said to be too little as ever.
#[test]
fn a_change_too_small_for_a_deployment_is_told_with_a_peak_to_come_too() {
    let toml =
        "[change]\nmin_savings_usd = 900\n[[override]]\nmatch = { service = \"*\" }\npeak_factor = 1.05\n";
    let config = Config::from_toml("fargauge.toml", toml).unwrap();
    let explanation = &of_demo_with(&["prod/storefront-web"], &config)[0];
    let row = &explanation.workload;
    assert!(row.reasons.iter().any(|reason| reason == "below-least-change"), "{:?}", row.reasons);
    let found = explanation.candidates.iter().find(|candidate| candidate.verdict == "below-least-change");
    assert_eq!(found.map(|found| (found.cpu_units, found.memory_mib)), Some((1024, 2048)));
}

/// What is said to save too little saves no more than is said.
fn margins_are_true(explanation: &Explanation) {
    let now = explanation.workload.monthly_cost.unwrap();
    let end = explanation.workload.recommendation.as_ref().and_then(|to| to.monthly_cost).unwrap_or(now);
    for candidate in explanation.candidates.iter().filter(|candidate| candidate.verdict == "too-close") {
        let Some((_, margin)) = candidate.detail.split_once("within the ") else { continue };
        let percent: Decimal = margin.split_once(' ').unwrap().0.parse().unwrap();
        let saves = (end - candidate.monthly_cost).0 / now.0 * Decimal::ONE_HUNDRED;
        assert!(saves <= percent + Decimal::new(1, 2), "{saves} {candidate:?}");
    }
}

#[test]
fn a_smaller_task_is_shown_with_the_tasks_that_it_would_run() {
    let steady = service(20, 20).sized(1024, 4096).with(|service| {
        for point in &mut service.points {
            (point.cpu_max, point.mem_max) = (Some(3_000), Some(2_500));
        }
    });
    let explanation = explained(scaled_between(steady, 2, 2, 60.0), &Config::default());
    agrees_with_its_row(&explanation);
    let recommendation = explanation.workload.recommendation.as_ref().unwrap();
    assert_eq!((recommendation.cpu_units, recommendation.memory_mib), (256, 2048));
    // 0.4 vCPU at 60 % of 0.25 vCPU are three tasks where two ran.
    let tasks = explanation.replay[1].tasks.unwrap();
    assert_eq!((tasks.most, tasks.task_hours.0), (3, Decimal::from(1008)));
    let of = |size| explanation.candidates.iter().find(|c| (c.cpu_units, c.memory_mib) == size).unwrap();
    let (now, kept) = (of((1024, 4096)), of((1024, 2048)));
    assert_eq!(Some(now.monthly_cost), explanation.workload.monthly_cost);
    assert!(kept.detail.contains("30.4"), "{}", kept.detail);
}

/// More memory for as many tasks as ran, whatever a policy on memory would make of it.
#[test]
fn a_larger_task_after_a_kill_is_shown_for_as_many_tasks_as_ran() {
    let killed = following(20, 50, 120).sized(512, 1024).scaled_by(vec![PolicyKind::TargetTracking {
        metric: TrackedMetric::MemoryUtilization,
        target: 60.0,
        disable_scale_in: false,
        scale_in_cooldown: 300,
        scale_out_cooldown: 300,
    }]);
    let killed = killed.with(|service| {
        let scaling = service.workload.scaling.as_mut().unwrap();
        (scaling.min_capacity, scaling.max_capacity) = (1, 20);
        service.workload.facts.stopped = Some(StoppedTasks {
            seen: 3,
            oom_kills: 1,
            oom_memory: Some(MemoryMib(1024)),
            oom_containers: vec!["app".to_owned()],
            ..StoppedTasks::default()
        });
    });
    let explanation = explained(killed, &Config::default());
    agrees_with_its_row(&explanation);
    let recommendation = explanation.workload.recommendation.as_ref().unwrap();
    assert_eq!((recommendation.cpu_units, recommendation.memory_mib), (256, 2048));
    // At 60 % of twice the memory half as many would run, each as full as the one that was killed.
    let scaling = recommendation.scaling.unwrap();
    assert_eq!(scaling.target_memory_percent.unwrap().0, Decimal::from(30));
    let lowered =
        "the target of policy keep goes down from 60 to 30 %, or fewer of the larger tasks would run";
    assert!(recommendation.conditions.iter().any(|condition| condition == lowered), "{recommendation:?}");
}

#[test]
fn the_demo_says_why_smaller_tasks_save_nothing() {
    let explanations = of_demo(&["prod/price-feed", "prod/storefront-web"]);
    explanations.iter().for_each(agrees_with_its_row);
    let smaller = explanations[1].candidates.iter().find(|c| c.cpu_units < 1024).unwrap();
    assert!(smaller.detail.contains("tasks multiply"), "{}", smaller.detail);
    let cost = explanations[1].workload.recommendation.as_ref().unwrap().monthly_cost.unwrap();
    assert!(smaller.detail.contains(&cost.cents()), "{}", smaller.detail);
}

/// A size that costs less than now saves something, and tasks that stay as many do not multiply.
#[test]
fn a_smaller_task_that_is_not_chosen_is_not_said_to_save_nothing_where_it_does() {
    // Two tasks are the least, so two run at every size down to that of the choice.
    let steady = service(5, 20).sized(1024, 4096);
    let explanation = explained(scaled_between(steady, 2, 4, 60.0), &Config::default());
    let recommendation = explanation.workload.recommendation.as_ref().unwrap();
    assert_eq!((recommendation.cpu_units, recommendation.memory_mib), (256, 1024));
    let half = explanation.candidates.iter().find(|c| c.cpu_units == 512).unwrap();
    assert!(half.detail.starts_with("holds what is needed, but 14.78 USD dearer; "), "{}", half.detail);

    let loose = scaled_between(following(28, 60, 120), 2, 40, 30.0).sized(1024, 2048);
    let explanation = explained(loose, &Config::default());
    let row = &explanation.workload;
    let to = row.recommendation.as_ref().unwrap();
    let mut said = 0;
    for candidate in explanation.candidates.iter().filter(|c| c.detail.contains("tasks multiply")) {
        let saves = candidate.monthly_cost < row.monthly_cost.unwrap();
        let words = if saves { "saves less, because" } else { "saves nothing, because" };
        assert!(
            candidate.detail.starts_with(words),
            "{} {}",
            candidate.monthly_cost.cents(),
            candidate.detail
        );
        let scaling = to.scaling.as_ref().unwrap();
        assert!(candidate.task_hours.unwrap() > scaling.simulated_task_hours, "{candidate:?}");
        said += u32::from(saves);
    }
    assert!(said > 0, "{:?}", explanation.candidates);
}

#[test]
fn a_change_of_limits_or_targets_is_told_from_and_to() {
    let page = page::render(&of_demo(&["prod/price-feed"])[0], 200);
    assert!(page.contains("  scaling now  4 to 17 tasks, CPU target 30 %\n"), "{page}");
    assert!(
        page.contains("  scaling      4 to 17 tasks -> 4 to 34 tasks, CPU target 30 % -> 60 %; "),
        "{page}"
    );

    let discount = Config::from_toml("fargauge.toml", "[discount]\nenterprise_percent = 20\n").unwrap();
    let page = page::render(&of_demo_with(&["prod/price-feed"], &discount)[0], 200);
    let line =
        "  USD/MO       LIST USD/H x TASK-HOURS, scaled from the window to a month of 730 hours, less the ";
    assert!(page.contains(line), "{page}");

    // Four times the peak asks for more tasks than may run; the size is right.
    let toml = "[[override]]\nmatch = { service = \"quote-stream\" }\npeak_factor = 4\n";
    let config = Config::from_toml("fargauge.toml", toml).unwrap();
    let page = page::render(&of_demo_with(&["quote-stream"], &config)[0], 200);
    for line in [
        "  recommended  limits or targets; the size stays 0.5 vCPU / 1 GB, 81.26 USD a month\n",
        "  scaling now  2 to 10 tasks, CPU target 60 %, memory target 70 %\n",
        "  scaling      2 to 10 tasks -> 2 to 30 tasks, CPU target 60 % as now, memory target 70 % as now; ",
        "  costs        as much as now, for the demand seen\n",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    assert!(!page.contains("saves        0.00"), "{page}");
}

/// A start-up takes what it takes, whatever the number of tasks: at a higher target it is shared by no fewer.
#[test]
fn start_ups_are_shown_as_they_were() {
    let at = |second| Some(jiff::Timestamp::from_second(second).unwrap());
    let service = scaled_between(following(28, 30, 120), 2, 16, 30.0).with(|service| {
        for day in 0..DAYS {
            let from = day * 86_400 + 3 * 3600;
            let revision = RevisionInForce::now("api:1".into());
            service.workload.revisions.push(RevisionInForce {
                from: at(from),
                settled: at(from + 300),
                ..revision
            });
            for point in
                service.points.iter_mut().filter(|point| (from..from + 900).contains(&point.timestamp))
            {
                point.cpu_max = Some(10_000);
            }
        }
    });
    let explanation = explained(service, &Config::default());
    agrees_with_its_row(&explanation);
    let [now, then] = explanation.replay.as_slice() else { panic!("{:?}", explanation.replay) };
    let (least, most) = (now.tasks.unwrap().most, then.tasks.unwrap().most);
    assert!(most < least, "{most} {least}");
    assert_eq!((now.cpu.at_cap, then.cpu.at_cap), (42, 42));
    assert_eq!(then.tasks.unwrap().cpu_peak_vcpu.unwrap().0, Decimal::ONE);
}

/// Eight tasks of half a vCPU ran, then one of 4 vCPU: of every size with as much CPU as now, as many.
#[test]
fn sizes_that_no_policy_tells_apart_have_as_many_tasks() {
    let resized = service(0, 10).sized(512, 16_384).with(|service| {
        let at = DAYS * 43_200;
        enlarge(service, at);
        for point in &mut service.points {
            point.cpu_samples = Some(if point.timestamp < at { 5 * 8 } else { 5 });
            (point.cpu_avg, point.cpu_max) = (Some(5_800), Some(5_900));
        }
    });
    let explanation = explained(scaled_between(resized, 1, 20, 60.0), &Config::default());
    let as_now = |c: &&CandidateReport| c.cpu_units == 4096 && c.detail.ends_with("at 60 % CPU");
    let alike: Vec<_> = explanation.candidates.iter().filter(as_now).collect();
    assert!(alike.len() > 2, "{:?}", explanation.candidates);
    for candidate in alike {
        assert_eq!(candidate.task_hours.as_ref().unwrap().0, Decimal::from(1_512), "{candidate:?}");
    }
}
