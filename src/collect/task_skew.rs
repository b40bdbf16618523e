//! How evenly a service's tasks are loaded, where Container Insights with enhanced observability has a
//! series for each task.
//!
//! Takes an inventory and a window; adds a [`TaskSkew`] to each service whose tasks ran side by side.
//! Only tasks that ran in the last three hours are listed: those of deployments long past are many, and
//! were never beside the ones of today. An hour is one point, so this costs two queries for each task.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::types::{Dimension, DimensionFilter, RecentlyActive};

use super::{
    gaps::Refusal,
    metric_data::{self, MetricData, SeriesQuery},
    plan,
    session::Session,
};
use crate::{
    snapshot::{Gap, Inventory, Window},
    workload::{TaskSkew, TaskSpread, WorkloadKind},
};

const LIST: &str = "cloudwatch:ListMetrics";
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
    let in_places = wanted
        .chunk_by(|a, b| a.place == b.place)
        .map(|place| place.iter().map(|wanted| wanted.tasks.len()).sum());
    plan::cost_of_things(in_places, METRICS.len(), tasks_per_call(window))
}

fn tasks_per_call(window: &Window) -> usize {
    plan::things_per_call(window, HOUR, METRICS.len())
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
        let here: Vec<&Wanted> = wanted.iter().filter(|wanted| wanted.place == session.place()).collect();
        gaps.extend(add_from(session, &here, inventory, window).await);
    }
    gaps
}

async fn add_from(
    source: &impl MetricData,
    wanted: &[&Wanted],
    inventory: &mut Inventory,
    window: &Window,
) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let tasks: Vec<(&Wanted, &str)> = wanted
        .iter()
        .flat_map(|wanted| wanted.tasks.iter().map(move |task| (*wanted, task.as_str())))
        .collect();
    let mut hours: BTreeMap<u32, [Vec<Hours>; 2]> = BTreeMap::new();
    // A service whose tasks are known in part only would be compared wrongly.
    let mut in_part: BTreeSet<u32> = BTreeSet::new();
    for batch in tasks.chunks(tasks_per_call(window)) {
        let series: Vec<SeriesQuery<'_>> = batch
            .iter()
            .flat_map(|(wanted, task)| METRICS.map(|metric| query(wanted, metric, task)))
            .collect();
        let mut answers = vec![<[Hours; 2]>::default(); batch.len()];
        let missing = metric_data::call(source, &series, window, |place, second, value| {
            if value.is_finite() && value >= 0.0 {
                answers[place / METRICS.len()][place % METRICS.len()].insert(second, value);
            }
        })
        .await;
        let workload_of = |place: usize| batch[place / METRICS.len()].0.workload_id;
        in_part.extend(missing.places().into_iter().map(workload_of));
        let refused = missing.refused.is_some();
        gaps.extend(missing.into_gaps(&source.place(), |place| {
            let id = inventory.workloads.get(workload_of(place) as usize).map(|w| w.identity.id());
            let task = batch[place / METRICS.len()].1;
            (id.unwrap_or_default(), format!("{} of task {task}", series[place].metric))
        }));
        for ((wanted, _), [cpu, memory]) in batch.iter().zip(answers) {
            let of_service = hours.entry(wanted.workload_id).or_default();
            of_service[0].push(cpu);
            of_service[1].push(memory);
        }
        if refused {
            // The last service of the batch may have had more tasks to come.
            in_part.extend(batch.last().map(|(wanted, _)| wanted.workload_id));
            break;
        }
    }
    for wanted in wanted.iter().filter(|wanted| !in_part.contains(&wanted.workload_id)) {
        if let Some(hours) = hours.remove(&wanted.workload_id) {
            record(inventory, wanted, &hours);
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

fn query<'a>(wanted: &'a Wanted, metric: &'a str, task: &'a str) -> SeriesQuery<'a> {
    SeriesQuery {
        namespace: NAMESPACE,
        metric,
        statistic: "Average",
        period_seconds: HOUR,
        dimensions: vec![
            ("ClusterName", &wanted.cluster),
            ("ServiceName", &wanted.service),
            ("TaskId", task),
        ],
    }
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
    use aws_sdk_cloudwatch::types::StatusCode;

    use super::*;
    use crate::collect::metric_data::script::{Answer, Script, service};

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

    /// Two services of two tasks each, compared by a script's answers over three hours.
    fn added(answers: Vec<Answer>) -> (Vec<Option<TaskSkew>>, Vec<String>) {
        let mut inventory = Inventory { workloads: vec![service(0), service(1)], ..Inventory::default() };
        let wanted = [0, 1].map(|workload_id| Wanted {
            place: "1/r".to_owned(),
            workload_id,
            cluster: "c".to_owned(),
            service: format!("s{workload_id}"),
            tasks: vec!["a".to_owned(), "b".to_owned()],
            listed: 2,
        });
        let window = Window {
            start: jiff::Timestamp::from_second(0).unwrap(),
            end: jiff::Timestamp::from_second(86_400).unwrap(),
            period_seconds: 3_600,
        };
        let script = Script::of(answers).for_hours(3);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let here: Vec<&Wanted> = wanted.iter().collect();
        let gaps = runtime.block_on(add_from(&script, &here, &mut inventory, &window));
        (
            inventory.workloads.into_iter().map(|workload| workload.facts.task_skew).collect(),
            gaps.into_iter().map(|gap| format!("{}: {}", gap.scope, gap.cause)).collect(),
        )
    }

    /// Each task's CPU, 10 % and 30 % in both services; the last one ends as given.
    #[expect(clippy::unnecessary_wraps, reason = "an answer can be a refusal")]
    fn cpu_of_all(last: StatusCode) -> Answer {
        let complete = |place, value| (place, value, StatusCode::Complete);
        Ok((vec![complete(0, 10.0), complete(2, 30.0), complete(4, 10.0), (6, 30.0, last)], None))
    }

    #[test]
    fn a_service_is_compared_only_if_all_its_tasks_are_known() {
        let spread = TaskSpread { hottest: 3_000, coolest: 1_000, mean: 2_000 };
        let skew = Some(TaskSkew { tasks: 2, cpu: Some(spread), memory: None });
        assert_eq!(added(vec![cpu_of_all(StatusCode::Complete)]), (vec![skew, skew], Vec::new()));
        let (found, gaps) = added(vec![cpu_of_all(StatusCode::Forbidden)]);
        assert_eq!(found, [skew, None]);
        assert_eq!(gaps, ["1/r/c/s1: access denied (Forbidden): TaskCpuUtilization of task b"]);
        let (found, gaps) = added(vec![Err(Refusal::other("no"))]);
        assert_eq!((found, gaps), (vec![None, None], vec!["1/r: no".to_owned()]));
    }

    #[test]
    fn a_task_that_came_incomplete_is_asked_for_again() {
        let (found, gaps) = added(vec![
            cpu_of_all(StatusCode::PartialData),
            Ok((vec![(0, 50.0, StatusCode::Complete)], None)),
        ]);
        assert_eq!(found[1].unwrap().cpu.unwrap().hottest, 5_000);
        assert_eq!(gaps, [""; 0]);
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
            assert!(points <= plan::POINTS_PER_CALL, "{days} days");
            assert_eq!(cost(&[of(73), of(12)], &window), expected, "{days} days");
        }
    }
}
