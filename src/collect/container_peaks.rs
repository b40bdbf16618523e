//! The most that single containers used, where Container Insights tells: with enhanced observability,
//! of services and standalone tasks that have several containers.
//!
//! Takes an inventory and a window; adds a peak to each container it finds a series of. A day is one
//! point, so this costs two queries for each container and little else.

use std::collections::BTreeMap;

use super::{
    metric_data::{self, MetricData, SeriesQuery},
    plan,
    session::Session,
};
use crate::{
    snapshot::{Gap, Inventory, Window},
    units::{CpuUnits, MemoryMib},
    workload::{ContainerPeak, Workload, WorkloadKind},
};

const DAY: u32 = 86_400;

/// What is asked of each container: CPU units and MB.
const METRICS: [&str; 2] = ["ContainerCpuUtilized", "ContainerMemoryUtilized"];

/// A container whose peaks are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    /// `account/region`.
    place: String,
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
            place: format!("{}/{}", workload.identity.account_id, workload.identity.region),
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
    let wanted = wanted(inventory);
    let in_places = wanted.chunk_by(|a, b| a.place == b.place).map(<[Wanted]>::len);
    plan::cost_of_things(in_places, METRICS.len(), containers_per_call(window))
}

fn containers_per_call(window: &Window) -> usize {
    plan::things_per_call(window, DAY, METRICS.len())
}

/// Adds the peaks to the workloads of `inventory`; what could not be read is a gap.
pub async fn add(sessions: &[Session], inventory: &mut Inventory, window: &Window) -> Vec<Gap> {
    let mut gaps = Vec::new();
    let all = wanted(inventory);
    for session in sessions {
        let here: Vec<&Wanted> = all.iter().filter(|wanted| wanted.place == session.place()).collect();
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
    for batch in wanted.chunks(containers_per_call(window)) {
        let series: Vec<SeriesQuery<'_>> =
            batch.iter().flat_map(|wanted| METRICS.map(|metric| query(wanted, metric))).collect();
        let mut maxima: BTreeMap<usize, f64> = BTreeMap::new();
        let missing = metric_data::call(source, &series, window, |place, _, value| {
            if value.is_finite() && value >= 0.0 {
                let most = maxima.entry(place).or_insert(value);
                *most = most.max(value);
            }
        })
        .await;
        // The maximum of a part of the points would be too low.
        for place in missing.places() {
            maxima.remove(&place);
        }
        record(inventory, batch, &maxima);
        let refused = missing.refused.is_some();
        gaps.extend(missing.into_gaps(&source.place(), |place| {
            let wanted = batch[place / METRICS.len()];
            let id = inventory.workloads.get(wanted.workload_id as usize).map(|w| w.identity.id());
            (id.unwrap_or_default(), format!("{} of {}", series[place].metric, wanted.container))
        }));
        if refused {
            break;
        }
    }
    gaps
}

fn query<'a>(wanted: &'a Wanted, metric: &'a str) -> SeriesQuery<'a> {
    SeriesQuery {
        namespace: "ECS/ContainerInsights",
        metric,
        statistic: "Maximum",
        period_seconds: DAY,
        dimensions: vec![
            ("ClusterName", &wanted.cluster),
            (wanted.owner.0, &wanted.owner.1),
            ("ContainerName", &wanted.container),
        ],
    }
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
    use aws_sdk_cloudwatch::types::StatusCode;

    use super::*;
    use crate::collect::{
        gaps::Refusal,
        metric_data::script::{Answer, Script},
    };
    use crate::workload::{
        Cluster, Container, LaunchType, Region, RevisionInForce, TaskDefinition, WorkloadIdentity,
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
                revisions: vec![RevisionInForce::now("a:1".to_owned())],
                ..Workload::new(
                    0,
                    WorkloadIdentity {
                        account_id: "111122223333".to_owned(),
                        region,
                        cluster: "prod".to_owned(),
                        kind,
                        name: "web".to_owned(),
                    },
                    LaunchType::Fargate,
                )
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
        for (lookback, expected) in [(1, 250), (14, 250), (455, 110)] {
            let containers = containers_per_call(&days(lookback));
            assert_eq!(containers, expected, "{lookback} days");
            let points = (containers * METRICS.len()) as u64 * (days(lookback).seconds() / 86_400 + 2);
            assert!(points <= plan::POINTS_PER_CALL);
        }
    }

    fn added(answers: Vec<Answer>) -> (Vec<String>, Vec<String>) {
        let mut inventory = inventory("enhanced", WorkloadKind::Service, 2);
        let all = wanted(&inventory);
        let script = Script::of(answers);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let here: Vec<&Wanted> = all.iter().collect();
        let gaps = runtime.block_on(add_from(&script, &here, &mut inventory, &days(14)));
        let peaks = inventory.workloads[0].facts.container_peaks.iter();
        let told = |p: &ContainerPeak| {
            format!("{} {:?} {:?}", p.name, p.cpu.map(|cpu| cpu.0), p.memory.map(|memory| memory.0))
        };
        (
            peaks.map(told).collect(),
            gaps.into_iter().map(|gap| format!("{}: {}", gap.scope, gap.cause)).collect(),
        )
    }

    #[test]
    fn a_series_that_stays_incomplete_is_no_peak_and_a_gap() {
        let partial = || Ok((vec![(0, 9.0, StatusCode::PartialData)], None));
        let (peaks, gaps) = added(vec![
            Ok((
                vec![
                    (0, 5.0, StatusCode::PartialData),
                    (1, 6.0, StatusCode::Complete),
                    (3, 7.0, StatusCode::Complete),
                ],
                None,
            )),
            partial(),
            partial(),
        ]);
        assert_eq!(peaks, ["c0 None Some(6)", "c1 None Some(7)"]);
        assert_eq!(
            gaps,
            ["111122223333/eu-west-1/prod/web: incomplete, after all retries (PartialData): \
              ContainerCpuUtilized of c0"]
        );
    }

    #[test]
    fn an_answer_that_is_complete_the_second_time_is_used() {
        let (peaks, gaps) = added(vec![
            Ok((vec![(0, 5.0, StatusCode::InternalError)], None)),
            Ok((vec![(0, 8.0, StatusCode::Complete)], None)),
        ]);
        assert_eq!((peaks, gaps), (vec!["c0 Some(8) None".to_owned()], Vec::new()));
    }

    #[test]
    fn a_refusal_half_way_leaves_no_peaks_and_one_gap() {
        let (peaks, gaps) = added(vec![
            Ok((vec![(0, 5.0, StatusCode::Complete)], Some("more"))),
            Err(Refusal::other("no more")),
        ]);
        assert_eq!((peaks, gaps), (Vec::<String>::new(), vec!["1/r: no more".to_owned()]));
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
