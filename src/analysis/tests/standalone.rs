//! Tasks that no service runs.

use super::*;

/// A task of 1 vCPU / 4 GB that runs for `minutes` (a multiple of 5) at 02:00 on each of `days`.
pub(super) fn nightly(days: i64, minutes: i64) -> Service {
    service(20, 30).sized(1024, 4096).with(|service| {
        service.workload.identity.kind = WorkloadKind::Standalone;
        service.workload.history = HistorySource::CurrentOnly;
        (service.workload.desired_count, service.workload.running_count) = (None, None);
        service.points.retain(|point| {
            let (day, second) = (point.timestamp / 86_400, point.timestamp % 86_400);
            day < days && (7_200..7_200 + minutes * 60).contains(&second)
        });
        for point in &mut service.points {
            point.cpu_samples = Some(5);
        }
    })
}

#[test]
fn a_scheduled_task_is_rated_by_its_runs_and_priced_by_the_run() {
    let row = nightly(14, 30).rated();
    // A smaller size would save 0.77 USD a month: less than a deployment is worth.
    assert_eq!(
        (row.finding, row.reasons.as_slice()),
        (Finding::Optimized, ["below-least-change".to_owned()].as_slice())
    );
    assert_eq!(row.kind, "standalone");
    assert_eq!(row.task_hours.unwrap().0, Decimal::from(7));
    let runs = row.runs.unwrap();
    assert_eq!((runs.count, runs.mean_task_minutes.0), (14, Decimal::from(30)));
    // (0.04048 + 4 x 0.004445) / 2
    assert_eq!(runs.cost_per_run, Some(Usd("0.0291".parse().unwrap())));
    assert!(row.evidence.notes.contains(&"runs".to_owned()));
}

#[test]
fn too_few_runs_are_a_reason_and_no_runs_cost_nothing() {
    let few = nightly(2, 30).rated();
    assert_eq!(few.not_rated.unwrap().reason, "too-few-runs");
    assert_eq!(few.runs.unwrap().count, 2);
    let none = nightly(0, 0).rated();
    assert_eq!(none.not_rated.unwrap().reason, "no-running-tasks");
    assert_eq!((none.monthly_cost, none.runs), (Some(Usd::ZERO), None));
}

#[test]
fn tasks_side_by_side_are_a_run_and_cost_what_they_cost_together() {
    let row = nightly(14, 30)
        .with(|service| {
            for point in &mut service.points {
                point.cpu_samples = Some(15);
            }
        })
        .rated();
    assert_eq!(row.task_hours.unwrap().0, Decimal::from(21));
    // 21 task-hours in 14 runs, at 0.05826 USD for an hour of 1 vCPU / 4 GB.
    assert_eq!(row.runs.unwrap().cost_per_run, Some(Usd(Decimal::new(874, 4))));
}

#[test]
fn clusters_that_hide_their_standalone_tasks_are_named() {
    use crate::workload::Cluster;

    let cluster = |name: &str, insights: Option<&str>| Cluster {
        account_id: "123456789012".into(),
        region: Region("us-east-1".into()),
        name: name.into(),
        arn: String::new(),
        container_insights: insights.map(str::to_owned),
        default_strategy: Vec::new(),
        tags: BTreeMap::new(),
    };
    let clusters =
        [cluster("a", Some("enabled")), cluster("b", Some("disabled")), cluster("c", None)].to_vec();
    let notes: Vec<_> = crate::analysis::standalone::unseen(&clusters).collect();
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].scope, "123456789012/us-east-1/b");
}
