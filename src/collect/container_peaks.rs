//! The most that single containers used, where Container Insights tells: with enhanced observability,
//! of services and standalone tasks that have several containers.
//!
//! Takes an inventory and a window; adds a peak to each container it finds a series of. A day is one
//! point, so this costs two queries for each container and little else.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Dimension, Metric, MetricDataQuery, MetricStat},
};

use super::{
    gaps::Refusal,
    plan::{POINTS_PER_CALL, QUERIES_PER_CALL},
    session::Session,
};
use crate::{
    snapshot::{Gap, Inventory, Window},
    units::{CpuUnits, MemoryMib},
    workload::{ContainerPeak, Workload, WorkloadKind},
};

const API: &str = "cloudwatch:GetMetricData";
/// Stops a server that pages for ever.
const PAGES: usize = 1_000;
const DAY: u32 = 86_400;

/// What is asked of each container: CPU units and MB.
const METRICS: [&str; 2] = ["ContainerCpuUtilized", "ContainerMemoryUtilized"];

/// A container whose peaks are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    workload_id: u32,
    cluster: String,
    /// The dimension that names the workload, and its value.
    owner: (&'static str, String),
    container: String,
}

/// The containers whose peaks can be had.
fn wanted(inventory: &Inventory) -> Vec<Wanted> {
    let enhanced = |workload: &&Workload| {
        let identity = &workload.identity;
        inventory.clusters.iter().any(|cluster| {
            (&cluster.account_id, &cluster.region, &cluster.name)
                == (&identity.account_id, &identity.region, &identity.cluster)
                && cluster.has_task_series()
        })
    };
    let mut wanted = Vec::new();
    for workload in inventory.workloads.iter().filter(enhanced) {
        let dimension = match workload.identity.kind {
            WorkloadKind::Service => "ServiceName",
            WorkloadKind::Standalone => "TaskDefinitionFamily",
            WorkloadKind::Daemon => continue,
        };
        let containers = workload
            .revisions
            .last()
            .and_then(|revision| inventory.task_definitions.get(&revision.task_definition))
            .map_or(&[][..], |definition| definition.containers.as_slice());
        // A lone container is the task, which is measured anyway.
        if containers.len() < 2 {
            continue;
        }
        wanted.extend(containers.iter().map(|container| Wanted {
            workload_id: workload.workload_id,
            cluster: workload.identity.cluster.clone(),
            owner: (dimension, workload.identity.name.clone()),
            container: container.name.clone(),
        }));
    }
    wanted
}

/// Queries that [`add`] makes at most, and calls.
pub fn cost(inventory: &Inventory, window: &Window) -> (u64, u64) {
    let queries = (wanted(inventory).len() * METRICS.len()) as u64;
    (queries, queries.div_ceil(queries_per_call(window)))
}

/// Whole containers only.
fn queries_per_call(window: &Window) -> u64 {
    let points = window.seconds() / u64::from(DAY) + 2;
    let most = (POINTS_PER_CALL / points).min(QUERIES_PER_CALL);
    (most / METRICS.len() as u64).max(1) * METRICS.len() as u64
}

/// Adds the peaks to the workloads of `inventory`; what could not be read is a gap.
pub async fn add(sessions: &[Session], inventory: &mut Inventory, window: &Window) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let all = wanted(inventory);
    for session in sessions {
        let here: Vec<&Wanted> = all
            .iter()
            .filter(|wanted| {
                inventory.workloads.get(wanted.workload_id as usize).is_some_and(|workload| {
                    workload.identity.account_id == session.scope.account_id
                        && workload.identity.region.0 == session.scope.region
                })
            })
            .collect();
        let per_call = usize::try_from(queries_per_call(window)).unwrap_or(usize::MAX) / METRICS.len();
        for batch in here.chunks(per_call.max(1)) {
            match ask(session, batch, window).await {
                Ok(maxima) => record(inventory, batch, &maxima),
                Err(refusal) => {
                    gaps.push(refusal.gap(session.place(), API));
                    break;
                }
            }
        }
    }
    gaps
}

/// The maximum of each query's points, by its position.
async fn ask(session: &Session, batch: &[&Wanted], window: &Window) -> Result<BTreeMap<usize, f64>, Refusal> {
    let queries: Vec<MetricDataQuery> = batch
        .iter()
        .flat_map(|wanted| METRICS.map(|metric| (*wanted, metric)))
        .enumerate()
        .map(|(index, (wanted, metric))| query(index, wanted, metric))
        .collect();
    let mut maxima: BTreeMap<usize, f64> = BTreeMap::new();
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
            let index = result.id().and_then(|id| id.strip_prefix('q')).and_then(|id| id.parse().ok());
            let Some(index) = index.filter(|index: &usize| *index < queries.len()) else { continue };
            for value in result.values().iter().filter(|value| value.is_finite() && **value >= 0.0) {
                let most = maxima.entry(index).or_insert(*value);
                *most = most.max(*value);
            }
        }
        token = answer.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(maxima);
        }
    }
    Err(Refusal::other("the answer's pages do not end"))
}

fn query(index: usize, wanted: &Wanted, metric: &str) -> MetricDataQuery {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let metric = Metric::builder()
        .namespace("ECS/ContainerInsights")
        .metric_name(metric)
        .dimensions(dimension("ClusterName", &wanted.cluster))
        .dimensions(dimension(wanted.owner.0, &wanted.owner.1))
        .dimensions(dimension("ContainerName", &wanted.container))
        .build();
    let stat = MetricStat::builder()
        .metric(metric)
        .period(i32::try_from(DAY).unwrap_or(i32::MAX))
        .stat("Maximum")
        .build();
    MetricDataQuery::builder().id(format!("q{index}")).metric_stat(stat).return_data(true).build()
}

/// Writes the maxima down with their workloads. A container without a series has no peak.
fn record(inventory: &mut Inventory, batch: &[&Wanted], maxima: &BTreeMap<usize, f64>) {
    for (position, wanted) in batch.iter().enumerate() {
        let most = |metric: usize| maxima.get(&(position * METRICS.len() + metric)).copied().map(rounded_up);
        let (cpu, memory) = (most(0).map(CpuUnits), most(1).map(MemoryMib));
        if cpu.is_none() && memory.is_none() {
            continue;
        }
        if let Some(workload) = inventory.workloads.get_mut(wanted.workload_id as usize) {
            let peak = ContainerPeak { name: wanted.container.clone(), cpu, memory };
            workload.facts.container_peaks.push(peak);
        }
    }
}

/// Whole units, never understated. Values are finite and not negative.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn rounded_up(value: f64) -> u32 {
    value.ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{
        Cluster, Container, Controller, HistorySource, LaunchType, Region, RevisionInForce, Scheduling,
        TaskDefinition, TaskFacts, WorkloadIdentity,
    };

    fn inventory(insights: &str, kind: WorkloadKind, containers: usize) -> Inventory {
        let container =
            |index: usize| Container { name: format!("c{index}"), essential: true, ..Container::default() };
        let definition = TaskDefinition {
            arn: "a:1".to_owned(),
            containers: (0..containers).map(container).collect(),
            ..TaskDefinition::default()
        };
        let region = Region("eu-west-1".to_owned());
        Inventory {
            clusters: vec![Cluster {
                account_id: "111122223333".to_owned(),
                region: region.clone(),
                name: "prod".to_owned(),
                arn: String::new(),
                container_insights: Some(insights.to_owned()),
                default_strategy: Vec::new(),
                tags: BTreeMap::new(),
            }],
            workloads: vec![Workload {
                workload_id: 0,
                identity: WorkloadIdentity {
                    account_id: "111122223333".to_owned(),
                    region,
                    cluster: "prod".to_owned(),
                    kind,
                    name: "web".to_owned(),
                },
                launch_type: LaunchType::Fargate,
                strategy: Vec::new(),
                desired_count: None,
                running_count: None,
                created_at: None,
                scheduling: Scheduling::Replica,
                controller: Controller::Ecs,
                maximum_percent: None,
                placement_constraints: Vec::new(),
                revisions: vec![RevisionInForce {
                    task_definition: "a:1".to_owned(),
                    from: None,
                    settled: None,
                    metric_resolution_seconds: 60,
                }],
                history: HistorySource::CurrentOnly,
                scaling: None,
                tags: BTreeMap::new(),
                facts: TaskFacts::default(),
                notes: Vec::new(),
            }],
            task_definitions: BTreeMap::from([("a:1".to_owned(), definition)]),
            ..Inventory::default()
        }
    }

    fn days(days: i64) -> Window {
        Window {
            start: jiff::Timestamp::from_second(0).unwrap(),
            end: jiff::Timestamp::from_second(days * 86_400).unwrap(),
            period_seconds: 3600,
        }
    }

    #[test]
    fn only_containers_that_share_an_observed_task_are_asked_for() {
        use WorkloadKind::{Daemon, Service, Standalone};
        for (case, inventory, count) in [
            ("enhanced, three containers", inventory("enhanced", Service, 3), 3),
            ("enhanced, a family", inventory("enhanced", Standalone, 2), 2),
            ("a lone container", inventory("enhanced", Service, 1), 0),
            ("no containers known", inventory("enhanced", Service, 0), 0),
            ("standard insights have no such series", inventory("enabled", Service, 3), 0),
            ("a daemon", inventory("enhanced", Daemon, 3), 0),
        ] {
            assert_eq!(wanted(&inventory).len(), count, "{case}");
            assert_eq!(cost(&inventory, &days(14)).0, count as u64 * 2, "{case}");
        }
    }

    #[test]
    fn calls_stay_within_the_limits() {
        for (lookback, per_call) in [(1, 500), (14, 500), (455, 220)] {
            let queries = queries_per_call(&days(lookback));
            assert_eq!(queries, per_call, "{lookback} days");
            assert!(queries * (days(lookback).seconds() / 86_400 + 2) <= POINTS_PER_CALL);
        }
    }

    #[test]
    fn peaks_are_rounded_up_and_what_has_no_series_has_none() {
        let mut inventory = inventory("enhanced", WorkloadKind::Service, 3);
        let all = wanted(&inventory);
        let batch: Vec<&Wanted> = all.iter().collect();
        record(&mut inventory, &batch, &BTreeMap::from([(0, 12.1), (1, 300.0), (5, 7.5)]));
        let peaks = &inventory.workloads[0].facts.container_peaks;
        let plain: Vec<_> =
            peaks.iter().map(|p| (p.name.as_str(), p.cpu.map(|c| c.0), p.memory.map(|m| m.0))).collect();
        assert_eq!(plain, [("c0", Some(13), Some(300)), ("c2", None, Some(8))]);
        assert_eq!(rounded_up(1e300), u32::MAX);
    }
}
