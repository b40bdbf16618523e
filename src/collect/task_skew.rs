//! How evenly a service's tasks are loaded, where Container Insights with enhanced observability has a
//! series for each task.
//!
//! Takes an inventory and a window; adds a [`TaskSkew`] to each service whose tasks ran side by side.
//! Only tasks that ran in the last three hours are listed: those of deployments long past are many, and
//! were never beside the ones of today. An hour is one point, so this costs two queries for each task.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Dimension, DimensionFilter, Metric, MetricDataQuery, MetricStat, RecentlyActive},
};

use super::{
    gaps::Refusal,
    plan::{POINTS_PER_CALL, QUERIES_PER_CALL},
    session::Session,
};
use crate::{
    snapshot::{Gap, Inventory, Window},
    workload::{TaskSkew, TaskSpread, WorkloadKind},
};

const LIST: &str = "cloudwatch:ListMetrics";
const READ: &str = "cloudwatch:GetMetricData";
const NAMESPACE: &str = "ECS/ContainerInsights";
/// Stops a server that pages for ever.
const PAGES: usize = 10_000;
const HOUR: u32 = 3_600;
/// Tasks of one service that are compared at most.
const TASKS: usize = 50;
/// Hours beside others before a task says anything: the first ones are its start.
const LEAST_HOURS: usize = 3;

/// What is asked of each task: per cent of its size.
const METRICS: [&str; 2] = ["TaskCpuUtilization", "TaskMemoryUtilization"];

/// A service whose tasks are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Of its session.
    place: String,
    workload_id: u32,
    cluster: String,
    service: String,
    /// Ids, sorted.
    tasks: Vec<String>,
    /// Tasks that there are, with those left out.
    listed: usize,
}

/// Tasks by cluster and service.
type Tasks = BTreeMap<(String, String), Vec<String>>;
/// Utilization of one task by second since the epoch, per cent.
type Hours = BTreeMap<i64, f64>;

/// The services whose tasks can be compared; what could not be listed is a gap.
pub async fn list(sessions: &[Session], inventory: &Inventory) -> (Vec<Wanted>, Vec<Gap>) {
    let (mut all, mut gaps) = (Vec::new(), Vec::new());
    for session in sessions {
        let mut tasks = Tasks::new();
        for cluster in inventory.clusters.iter().filter(|cluster| {
            cluster.account_id == session.scope.account_id
                && cluster.region.0 == session.scope.region
                && cluster.has_task_series()
        }) {
            if let Err(refusal) = tasks_of(session, &cluster.name, &mut tasks).await {
                gaps.push(refusal.gap(session.place(), LIST));
                break;
            }
        }
        all.extend(wanted(inventory, session, tasks));
    }
    (all, gaps)
}

/// Adds the tasks of a cluster that have a series.
async fn tasks_of(session: &Session, cluster: &str, tasks: &mut Tasks) -> Result<(), Refusal> {
    let of = |name: &str| DimensionFilter::builder().name(name);
    let mut pages = session
        .cloudwatch
        .list_metrics()
        .namespace(NAMESPACE)
        .metric_name(METRICS[0])
        .dimensions(of("ClusterName").value(cluster).build())
        .dimensions(of("ServiceName").build())
        .dimensions(of("TaskId").build())
        .recently_active(RecentlyActive::Pt3H)
        .into_paginator()
        .send();
    for _ in 0..PAGES {
        let Some(page) = pages.next().await else { return Ok(()) };
        let page = page.map_err(|error| Refusal::of(&error))?;
        for (owner, task) in page.metrics().iter().filter_map(|metric| task(metric.dimensions())) {
            tasks.entry(owner).or_default().push(task);
        }
    }
    Err(Refusal::other("the answer's pages do not end"))
}

/// Cluster, service and task of a metric with exactly these three dimensions: the filter lets those
/// through that have a container as well.
fn task(dimensions: &[Dimension]) -> Option<((String, String), String)> {
    let value = |name: &str| {
        let found = dimensions.iter().find(|dimension| dimension.name() == Some(name));
        found.and_then(Dimension::value).map(str::to_owned)
    };
    match dimensions.len() {
        3 => Some(((value("ClusterName")?, value("ServiceName")?), value("TaskId")?)),
        _ => None,
    }
}

/// The services of a session that have two tasks or more.
fn wanted(inventory: &Inventory, session: &Session, mut tasks: Tasks) -> Vec<Wanted> {
    let here = |account: &str, region: &str| {
        (account, region) == (session.scope.account_id.as_str(), session.scope.region.as_str())
    };
    inventory
        .workloads
        .iter()
        .filter(|workload| {
            workload.identity.kind == WorkloadKind::Service
                && here(&workload.identity.account_id, &workload.identity.region.0)
        })
        .filter_map(|workload| {
            let owner = (workload.identity.cluster.clone(), workload.identity.name.clone());
            let tasks = tasks.remove(&owner)?;
            let (tasks, listed) = at_most(tasks);
            let ((cluster, service), place) = (owner, session.place());
            let workload_id = workload.workload_id;
            (listed > 1).then_some(Wanted { place, workload_id, cluster, service, tasks, listed })
        })
        .collect()
}

/// The tasks to compare, and how many there are. Ids are random, so that the first are any.
fn at_most(mut tasks: Vec<String>) -> (Vec<String>, usize) {
    tasks.sort();
    tasks.dedup();
    let listed = tasks.len();
    tasks.truncate(TASKS);
    (tasks, listed)
}

/// Queries that [`add`] makes, and calls.
pub fn cost(wanted: &[Wanted], window: &Window) -> (u64, u64) {
    let count = |place: &[Wanted]| place.iter().map(|wanted| wanted.tasks.len()).sum::<usize>();
    let calls = wanted
        .chunk_by(|a, b| a.place == b.place)
        .map(|place| count(place).div_ceil(tasks_per_call(window)))
        .sum::<usize>();
    ((count(wanted) * METRICS.len()) as u64, calls as u64)
}

fn tasks_per_call(window: &Window) -> usize {
    let points = window.seconds() / u64::from(HOUR) + 2;
    let queries = usize::try_from((POINTS_PER_CALL / points).min(QUERIES_PER_CALL)).unwrap_or(usize::MAX);
    (queries / METRICS.len()).max(1)
}

/// Adds how the tasks compare to the workloads of `inventory`; what could not be read is a gap.
pub async fn add(
    sessions: &[Session],
    wanted: &[Wanted],
    inventory: &mut Inventory,
    window: &Window,
) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for session in sessions {
        let here = wanted.iter().filter(|wanted| wanted.place == session.place());
        let tasks: Vec<(&Wanted, &str)> =
            here.flat_map(|wanted| wanted.tasks.iter().map(move |task| (wanted, task.as_str()))).collect();
        let mut hours: BTreeMap<u32, [Vec<Hours>; 2]> = BTreeMap::new();
        for batch in tasks.chunks(tasks_per_call(window)) {
            match ask(session, batch, window).await {
                Ok(answers) => {
                    for ((wanted, _), [cpu, memory]) in batch.iter().zip(answers) {
                        let of_service = hours.entry(wanted.workload_id).or_default();
                        of_service[0].push(cpu);
                        of_service[1].push(memory);
                    }
                }
                Err(refusal) => {
                    gaps.push(refusal.gap(session.place(), READ));
                    // A service whose tasks are known in part only would be compared wrongly.
                    if let Some((wanted, _)) = batch.first() {
                        hours.remove(&wanted.workload_id);
                    }
                    break;
                }
            }
        }
        for wanted in wanted {
            if let Some(hours) = hours.remove(&wanted.workload_id) {
                record(inventory, wanted, &hours);
            }
        }
    }
    gaps
}

/// Writes down how the tasks of a service compare, if they do.
fn record(inventory: &mut Inventory, wanted: &Wanted, hours: &[Vec<Hours>; 2]) {
    let Some(workload) = inventory.workloads.get_mut(wanted.workload_id as usize) else { return };
    workload.facts.task_skew = skew(hours);
    let (compared, listed) = (wanted.tasks.len(), wanted.listed);
    if workload.facts.task_skew.is_some() && listed > compared {
        workload.notes.push(format!("{compared} of its {listed} tasks were compared with each other"));
    }
}

/// CPU and memory of each task, in the batch's order.
async fn ask(
    session: &Session,
    batch: &[(&Wanted, &str)],
    window: &Window,
) -> Result<Vec<[Hours; 2]>, Refusal> {
    let queries: Vec<MetricDataQuery> = batch
        .iter()
        .flat_map(|task| METRICS.map(|metric| (task, metric)))
        .enumerate()
        .map(|(index, ((wanted, task), metric))| query(index, wanted, metric, task))
        .collect();
    let mut hours = vec![<[Hours; 2]>::default(); batch.len()];
    let mut token = None;
    for _ in 0..PAGES {
        let answer = session
            .cloudwatch
            .get_metric_data()
            .set_metric_data_queries(Some(queries.clone()))
            .start_time(DateTime::from_secs(window.start.as_second()))
            .end_time(DateTime::from_secs(window.end.as_second()))
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| Refusal::of(&error))?;
        for result in answer.metric_data_results() {
            let index = result.id().and_then(|id| id.strip_prefix('t')).and_then(|id| id.parse().ok());
            let of_task = index.and_then(|index: usize| Some(&mut hours.get_mut(index / 2)?[index % 2]));
            let Some(hours) = of_task else { continue };
            let points = result.timestamps().iter().zip(result.values());
            hours.extend(
                points
                    .filter(|(_, value)| value.is_finite() && **value >= 0.0)
                    .map(|(at, value)| (at.secs(), *value)),
            );
        }
        token = answer.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(hours);
        }
    }
    Err(Refusal::other("the answer's pages do not end"))
}

fn query(index: usize, wanted: &Wanted, metric: &str, task: &str) -> MetricDataQuery {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let metric = Metric::builder()
        .namespace(NAMESPACE)
        .metric_name(metric)
        .dimensions(dimension("ClusterName", &wanted.cluster))
        .dimensions(dimension("ServiceName", &wanted.service))
        .dimensions(dimension("TaskId", task))
        .build();
    let stat = MetricStat::builder()
        .metric(metric)
        .period(i32::try_from(HOUR).unwrap_or(i32::MAX))
        .stat("Average")
        .build();
    MetricDataQuery::builder().id(format!("t{index}")).metric_stat(stat).return_data(true).build()
}

/// How the tasks compare, by CPU and memory; `None` where no two ran side by side.
fn skew([cpu, memory]: &[Vec<Hours>; 2]) -> Option<TaskSkew> {
    let (cpu, memory) = (spread(cpu), spread(memory));
    let tasks = cpu.iter().chain(&memory).map(|(tasks, _)| *tasks).max()?;
    Some(TaskSkew {
        tasks: u32::try_from(tasks).unwrap_or(u32::MAX),
        cpu: cpu.map(|(_, spread)| spread),
        memory: memory.map(|(_, spread)| spread),
    })
}

/// How many tasks compare, and how. A task is held against the mean of those that ran in the same
/// hours, so that one which ran in the busy hours only does not pass for a hot one.
#[allow(clippy::cast_precision_loss)]
fn spread(tasks: &[Hours]) -> Option<(usize, TaskSpread)> {
    let mut of_hours: BTreeMap<i64, (f64, u32)> = BTreeMap::new();
    for (at, value) in tasks.iter().flatten() {
        let (sum, count) = of_hours.entry(*at).or_default();
        *sum += value;
        *count += 1;
    }
    of_hours.retain(|_, (_, count)| *count > 1);
    let mean_at = |at: &i64| of_hours.get(at).map(|(sum, count)| sum / f64::from(*count));
    let shares: Vec<f64> = tasks
        .iter()
        .filter_map(|hours| {
            let shared: Vec<(f64, f64)> =
                hours.iter().filter_map(|(at, own)| Some((*own, mean_at(at)?))).collect();
            let (own, mean) = shared.iter().fold((0.0, 0.0), |(a, b), (own, mean)| (a + own, b + mean));
            (shared.len() >= LEAST_HOURS).then_some(if mean > 0.0 { own / mean } else { 1.0 })
        })
        .collect();
    if shares.len() < 2 {
        return None;
    }
    let (sum, count) = of_hours.values().fold((0.0, 0.0), |(a, b), (s, c)| (a + s, b + f64::from(*c)));
    let mean = sum / count;
    let hottest = shares.iter().copied().fold(0.0, f64::max);
    let coolest = shares.iter().copied().fold(f64::INFINITY, f64::min);
    let spread = TaskSpread {
        hottest: centi_percent(mean * hottest),
        coolest: centi_percent(mean * coolest),
        mean: centi_percent(mean),
    };
    Some((shares.len(), spread))
}

/// Hundredths of a per cent. Values are not negative.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn centi_percent(percent: f64) -> u32 {
    (percent * 100.0).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A task's hours from one on.
    fn hours(first: i64, values: &[f64]) -> Hours {
        (first..).map(|hour| hour * 3_600).zip(values.iter().copied()).collect()
    }

    fn plain(tasks: &[Hours]) -> Option<(usize, u32, u32, u32)> {
        spread(tasks).map(|(tasks, spread)| (tasks, spread.hottest, spread.coolest, spread.mean))
    }

    #[test]
    fn tasks_are_held_against_those_beside_them() {
        for (case, tasks, expected) in [
            ("one task", vec![hours(0, &[50.0; 9])], None),
            ("even", vec![hours(0, &[20.0; 3]), hours(0, &[20.0; 3])], Some((2, 2_000, 2_000, 2_000))),
            (
                "one takes it all",
                vec![hours(0, &[60.0; 4]), hours(0, &[0.0; 4]), hours(0, &[0.0; 4])],
                Some((3, 6_000, 0, 2_000)),
            ),
            ("one after the other", vec![hours(0, &[20.0; 4]), hours(4, &[80.0; 4])], None),
            ("too short beside each other", vec![hours(0, &[20.0; 5]), hours(3, &[80.0; 5])], None),
            (
                "one that ran in busy hours only is no hot task",
                vec![
                    hours(0, &[10.0, 10.0, 10.0, 70.0, 70.0, 70.0]),
                    hours(0, &[10.0, 10.0, 10.0, 70.0, 70.0, 70.0]),
                    hours(3, &[70.0; 3]),
                ],
                // (6 x 10 + 9 x 70) / 15
                Some((3, 4_600, 4_600, 4_600)),
            ),
            ("nothing used", vec![hours(0, &[0.0; 3]), hours(0, &[0.0; 3])], Some((2, 0, 0, 0))),
            ("no series", vec![Hours::new(), Hours::new()], None),
        ] {
            assert_eq!(plain(&tasks), expected, "{case}");
        }
    }

    #[test]
    fn a_dimension_without_series_has_no_spread() {
        let skew = |cpu, memory| super::skew(&[cpu, memory]);
        let two = vec![hours(0, &[10.0; 3]), hours(0, &[30.0; 3])];
        let spread = TaskSpread { hottest: 3_000, coolest: 1_000, mean: 2_000 };
        assert_eq!(
            skew(two, vec![Hours::new()]),
            Some(TaskSkew { tasks: 2, cpu: Some(spread), memory: None })
        );
        assert_eq!(skew(Vec::new(), Vec::new()), None);
    }

    #[test]
    fn only_series_of_whole_tasks_are_tasks() {
        let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
        let of_task =
            [dimension("TaskId", "0123"), dimension("ServiceName", "web"), dimension("ClusterName", "prod")];
        assert_eq!(task(&of_task), Some((("prod".to_owned(), "web".to_owned()), "0123".to_owned())));
        let mut of_container = of_task.to_vec();
        of_container.push(dimension("ContainerName", "app"));
        assert_eq!(task(&of_container), None);
        assert_eq!(task(&of_task[1..]), None);
    }

    #[test]
    fn calls_stay_within_the_limits_and_are_counted() {
        let of = |listed: usize| {
            let (tasks, listed) = at_most((0..listed).rev().map(|id| format!("{id:04}")).collect());
            let (cluster, service) = ("prod".to_owned(), "web".to_owned());
            Wanted { place: "a/b".to_owned(), workload_id: 0, cluster, service, tasks, listed }
        };
        assert_eq!((of(73).tasks.len(), of(73).listed, of(73).tasks[0].as_str()), (50, 73, "0000"));
        for (days, per_call, expected) in [(1, 250, (124, 1)), (14, 149, (124, 1)), (455, 4, (124, 16))] {
            let window = Window {
                start: jiff::Timestamp::from_second(0).unwrap(),
                end: jiff::Timestamp::from_second(days * 86_400).unwrap(),
                period_seconds: 3600,
            };
            assert_eq!(tasks_per_call(&window), per_call, "{days} days");
            let points = (per_call * METRICS.len()) as u64 * (window.seconds() / 3_600 + 2);
            assert!(points <= POINTS_PER_CALL, "{days} days");
            assert_eq!(cost(&[of(73), of(12)], &window), expected, "{days} days");
        }
    }
}
