//! Ways of buying a task that are dearer than before, or than what runs.

use super::*;
use crate::workload::Architecture;

const ARM: Platform = Platform { os: OperatingSystem::Linux, arch: Architecture::Arm64 };

fn on_demand(mut task: TaskTemplate) -> TaskTemplate {
    task.services = vec![ServiceTemplate { launch_type: known(LaunchType::Fargate, 23), ..service(4, &[]) }];
    task
}

fn dearer(given: &Given) -> Vec<Finding> {
    let found = given.judged().findings;
    found.into_iter().filter(|finding| finding.rule == Rule::LaunchTypeDearer).collect()
}

#[test]
fn leaving_the_spot_that_production_has_is_dearer() {
    let runs = || Production { spot_share: Decimal::new(75, 2), ..production(4) };
    let found = dearer(&Given::of(on_demand(task(1024, 2048))).running_as(runs()));
    assert_eq!(found.len(), 1);
    let message = &found[0].message;
    assert!(
        message.starts_with(
            "the same size is bought in a dearer way than what runs: from 75 % Spot to on demand; +"
        ),
        "{message}"
    );
    assert_eq!(found[0].at.as_ref().unwrap().line, 23, "where it says so");
    // It was so before.
    let unchanged =
        Given::of(on_demand(task(1024, 2048))).after(on_demand(task(1024, 2048))).running_as(runs());
    assert!(dearer(&unchanged)[0].known);
    // It was not: that is told against the base.
    let mut spot = task(1024, 2048);
    spot.services = vec![service(4, &[("FARGATE", 0, 1), ("FARGATE_SPOT", 0, 3)])];
    let left = dearer(&Given::of(on_demand(task(1024, 2048))).after(spot.clone()).running_as(runs()));
    assert_eq!(left.len(), 1);
    assert!(left[0].message.contains("than before: from 75 % Spot to on demand; +"), "{}", left[0].message);
    assert!(!left[0].known);
    // What says nothing of it, or the same, is bought as it is.
    assert_eq!(dearer(&Given::of(task(1024, 2048)).running_as(runs())), []);
    assert_eq!(dearer(&Given::of(spot).running_as(runs())), []);
}

#[test]
fn leaving_arm_is_dearer_and_points_at_the_architecture() {
    let runs = || Production { platform: ARM, ..production(4) };
    let said = TaskTemplate { platform: known(Platform::default(), 5), ..on_demand(task(1024, 2048)) };
    let found = dearer(&Given::of(said.clone()).running_as(runs()));
    // A fifth is off on ARM: 36.04 to 28.83 (0.03238 a vCPU-hour, 0.00356 a GB-hour).
    assert_eq!(
        found[0].message,
        "the same size is bought in a dearer way than what runs: from arm64 to x86_64; +7.21 USD a month per task, \
         +28.82 USD for 4 tasks"
    );
    assert_eq!(found[0].at.as_ref().unwrap().line, 5);
    // What says nothing is x86.
    assert_eq!(dearer(&Given::of(task(1024, 2048)).running_as(runs()))[0].at.as_ref().unwrap().line, 1);
    let arm = TaskTemplate { platform: known(ARM, 5), ..on_demand(task(1024, 2048)) };
    assert_eq!(dearer(&Given::of(arm.clone()).running_as(runs())), []);
    let against_base = dearer(&Given::of(said).after(arm));
    assert!(against_base[0].message.contains("than before: from arm64 to x86_64; +7.21 USD"));
    assert_eq!(against_base[0].at.as_ref().unwrap().line, 5);
}

#[test]
fn another_operating_system_is_no_way_of_buying_what_runs() {
    let windows = Platform { os: OperatingSystem::Windows, ..Platform::default() };
    let moved = TaskTemplate { platform: known(windows, 5), ..task(1024, 2048) };
    assert_eq!(dearer(&Given::of(moved.clone()).running_as(production(4))), []);
    let found = dearer(&Given::of(moved).after(task(1024, 2048)));
    assert!(found[0].message.contains("from linux to windows"), "{}", found[0].message);
}

#[test]
fn what_is_bought_in_a_way_that_is_not_known_or_on_instances_has_no_price() {
    let bought = |strategy: &[(&str, u32, u32)], compatible: &[&str]| {
        let requires_compatibilities = compatible.iter().map(|&name| name.to_owned()).collect();
        let asked = TaskTemplate {
            services: vec![service(4, strategy)],
            requires_compatibilities,
            ..task(1024, 2048)
        };
        Given::of(asked)
    };
    let cost = |given: &Given| given.costs()[0].1.clone();
    assert_eq!(cost(&bought(&[("FARGATE", 0, 1)], &[])), Some("144.16".to_owned()));
    assert_eq!(cost(&bought(&[("own", 0, 1)], &[])), None, "a provider of one's own is of instances");
    assert_eq!(cost(&bought(&[("own", 0, 1)], &["FARGATE"])), Some("144.16".to_owned()));
    let mut open = bought(&[("FARGATE", 0, 1)], &["FARGATE"]);
    open.tasks[0].services[0].strategy[0].provider = None;
    assert_eq!(cost(&open), None);
}

#[test]
fn a_change_that_adds_tasks_on_spot_is_taken_at_its_word() {
    let on_spot = |count: u32| TaskTemplate {
        services: vec![service(count, &[("FARGATE_SPOT", 0, 1)])],
        ..task(1024, 2048)
    };
    let runs = || Production { spot_share: Decimal::ONE, ..production(1) };
    let found = |given: Given| given.running_as(runs()).rules().contains(&Rule::SpotWithoutReplicas);
    assert!(found(Given::of(on_spot(1)).after(on_spot(1))));
    assert!(!found(Given::of(on_spot(2)).after(on_spot(1))));
    // Without a base, nobody knows what became of it: two are asked for, and one ran.
    assert!(found(Given::of(on_spot(2))));
}
