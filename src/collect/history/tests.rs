use super::*;

fn day(day: i8) -> Timestamp {
    format!("2026-11-{day:02}T00:00:00Z").parse().unwrap()
}

fn window() -> Window {
    Window { start: day(8), end: day(22), period_seconds: 300 }
}

fn deployment(arn: &str, from: i8, to: i8, target: &str, status: Status) -> Deployment {
    Deployment {
        arn: arn.to_owned(),
        began: day(from),
        created: day(from),
        has_started: true,
        finished: Some(day(to)),
        status,
        target: Some(target.to_owned()),
        source: None,
        rollback: None,
        rollback_began: None,
    }
}

fn successful(arn: &str, from: i8, to: i8, target: &str) -> Deployment {
    deployment(arn, from, to, target, Status::Successful)
}

/// `REVISION from settled`, by day of the month; `-` is null.
fn shown(deployments: Vec<Deployment>) -> Vec<String> {
    let revisions = ["a", "b", "c"]
        .map(|name| {
            (name.to_owned(), Revision { task_definition: name.to_owned(), metric_resolution_seconds: 60 })
        })
        .into();
    timeline(&relevant(deployments, &window()), &revisions, &window())
        .into_iter()
        .map(|revision| {
            let days = [revision.from, revision.settled]
                .map(|time| time.map_or("-".to_owned(), |time| time.to_string()[8..10].to_owned()));
            format!("{} {} {}", revision.task_definition, days[0], days[1])
        })
        .collect()
}

#[test]
fn the_revision_from_before_the_window_is_in_force_until_the_next_deployment() {
    assert_eq!(
        shown(vec![successful("3", 15, 16, "b"), successful("2", 5, 6, "a"), successful("1", 2, 3, "c")]),
        ["a - 06", "b 15 16"]
    );
}

#[test]
fn what_the_oldest_known_deployment_replaced_was_in_force_before_it() {
    let mut first = successful("1", 10, 11, "b");
    assert_eq!(need_details(std::slice::from_ref(&first), &window()), ["1"]);
    assert_eq!(shown(vec![first.clone()]), ["b 10 11"], "a new service replaced nothing");
    first.source = Some("a".to_owned());
    assert_eq!(shown(vec![first]), ["a - 24", "b 10 11"]);
}

#[test]
fn after_a_rollback_the_source_is_in_force_again() {
    let mut failed = deployment("2", 10, 12, "b", Status::RollbackSuccessful);
    failed.source = Some("a".to_owned());
    failed.rollback = Some("a".to_owned());
    failed.rollback_began = Some(day(11));
    let deployments = vec![successful("1", 2, 3, "a"), failed];
    assert_eq!(need_details(&relevant(deployments.clone(), &window()), &window()), ["2"]);
    assert_eq!(shown(deployments), ["a - 03", "b 10 -", "a 11 12"]);
}

#[test]
fn a_deployment_in_progress_counts_from_its_start_and_a_pending_one_not_yet() {
    let mut running = deployment("2", 20, 20, "b", Status::InProgress);
    running.finished = None;
    let mut pending = deployment("3", 21, 21, "c", Status::Pending);
    (pending.has_started, pending.finished) = (false, None);
    assert_eq!(shown(vec![successful("1", 2, 3, "a"), running, pending]), ["a - 03", "b 20 -"]);
}

#[test]
fn a_deployment_under_way_as_the_window_began_leaves_the_one_before_in() {
    assert_eq!(shown(vec![successful("1", 2, 3, "a"), successful("2", 7, 9, "b")]), ["a - 03", "b 07 09"]);
    assert_eq!(shown(vec![successful("1", 2, 3, "a"), successful("2", 6, 7, "b")]), ["b - 07"]);
}

#[test]
fn deploying_the_same_revision_again_changes_nothing() {
    assert_eq!(shown(vec![successful("1", 2, 3, "a"), successful("2", 10, 11, "a")]), ["a - 03"]);
}

#[test]
fn a_revision_that_is_no_longer_described_is_left_out() {
    assert_eq!(shown(vec![successful("1", 2, 3, "gone"), successful("2", 10, 11, "a")]), ["a 10 11"]);
}

#[test]
fn pages_are_read_until_one_reaches_back_before_the_window() {
    let newest_first = [successful("2", 10, 11, "b"), successful("1", 2, 3, "a")];
    let oldest_first = [successful("1", 2, 3, "a"), successful("2", 10, 11, "b")];
    assert!(reaches_back(&newest_first, &window()));
    assert!(!reaches_back(&newest_first[..1], &window()));
    assert!(!reaches_back(&oldest_first, &window()), "the order is not the one that lets it stop");
    assert!(!reaches_back(&[deployment("1", 2, 3, "a", Status::RollbackSuccessful)], &window()));
    assert!(
        !reaches_back(&[successful("1", 7, 9, "b")], &window()),
        "what it replaced ran on into the window"
    );
}

#[test]
fn what_the_oldest_known_deployment_was_still_replacing_as_the_window_began_is_looked_up() {
    let mut first = successful("1", 7, 9, "b");
    assert_eq!(need_details(std::slice::from_ref(&first), &window()), ["1"]);
    first.source = Some("a".to_owned());
    assert_eq!(shown(vec![first]), ["a - 24", "b 07 09"]);
}

#[test]
fn beyond_the_memory_of_ecs_the_start_is_not_claimed() {
    let long = Window { start: "2026-01-01T00:00:00Z".parse().unwrap(), ..window() };
    assert_eq!(unchanged("a".to_owned(), 60, &long).from, Some(remembered_since(&long)));
    assert_eq!(unchanged("a".to_owned(), 60, &window()).from, None);
}

#[test]
fn the_resolution_is_the_one_set_for_cpu() {
    use aws_sdk_ecs::types::{MetricConfiguration, MonitoringConfiguration};
    let metrics = |name: &str| {
        MetricConfiguration::builder().metric_names(name).resolution_seconds(20).build().unwrap()
    };
    let revision = |name: Option<&str>| {
        let monitoring =
            name.map(|name| MonitoringConfiguration::builder().metric_configurations(metrics(name)).build());
        let described = ServiceRevision::builder()
            .service_revision_arn("r")
            .task_definition("a")
            .set_monitoring(monitoring)
            .build();
        Revision::from_described(&described).unwrap().1.metric_resolution_seconds
    };
    assert_eq!(
        [revision(Some("CPUUtilization")), revision(Some("MemoryUtilization")), revision(None)],
        [20, 60, 60]
    );
}
