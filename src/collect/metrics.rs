//! Pulling the series of one part with `GetMetricData`.
//!
//! Takes a part's calls; gives its series and what is missing from them. Follows `NextToken`, asks
//! again for what came incomplete, and records what stays so. Only credentials that have expired end
//! a part: with new ones it can be pulled as a whole.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};

use aws_sdk_cloudwatch::{
    operation::get_metric_data::GetMetricDataOutput,
    primitives::DateTime,
    types::{Dimension, MessageData, Metric, MetricDataQuery, MetricStat, ScanBy, StatusCode},
};

use super::{
    gaps::{Refusal, RefusalKind, plain},
    plan::{Measure, POINTS_PER_CALL, PartPlan, Query},
    points::SeriesBuilder,
    progress::{Event, Progress},
    session::Session,
};
use crate::{
    snapshot::{Gap, Series, Window},
    workload::{Workload, WorkloadIdentity},
};

const API: &str = "cloudwatch:GetMetricData";
/// How often a series is asked for that came incomplete or failed inside CloudWatch.
const ROUNDS: usize = 3;
/// Stops a server that pages for ever: each page of a planned call but the last holds something.
const PAGES: usize = 1_000;

/// The series of a part, and what is missing from them.
#[derive(Debug, Default)]
pub struct Pulled {
    pub series: Vec<Series>,
    pub gaps: Vec<Gap>,
}

/// Where the pages of an answer are from: CloudWatch, or a test's script.
pub trait MetricData: Sync {
    /// `account/region`.
    fn place(&self) -> String;

    /// One page of the answer to `queries`.
    fn page(
        &self,
        queries: Vec<MetricDataQuery>,
        window: &Window,
        token: Option<String>,
    ) -> impl Future<Output = Result<GetMetricDataOutput, Refusal>> + Send;
}

impl MetricData for Session {
    fn place(&self) -> String {
        self.place()
    }

    async fn page(
        &self,
        queries: Vec<MetricDataQuery>,
        window: &Window,
        token: Option<String>,
    ) -> Result<GetMetricDataOutput, Refusal> {
        self.cloudwatch
            .get_metric_data()
            .set_metric_data_queries(Some(queries))
            .start_time(DateTime::from_secs(window.start.as_second()))
            .end_time(DateTime::from_secs(window.end.as_second()))
            .scan_by(ScanBy::TimestampAscending)
            .max_datapoints(i32::try_from(POINTS_PER_CALL).unwrap_or(i32::MAX))
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| Refusal::of(&error))
    }
}

/// Pulls a part. `workloads` is the whole inventory's list, by workload id.
/// Fails only when the credentials have expired.
pub async fn pull(
    source: &impl MetricData,
    part: &PartPlan,
    workloads: &[Workload],
    window: &Window,
    progress: &dyn Progress,
) -> Result<Pulled, Refusal> {
    let mut pull = Pull {
        source,
        workloads,
        window,
        values: BTreeMap::new(),
        missing: BTreeMap::new(),
        gaps: BTreeSet::new(),
    };
    for call in &part.calls {
        pull.call(call).await?;
        progress.event(Event::CallDone);
    }
    Ok(pull.finish(&part.workload_ids))
}

struct Pull<'a, S> {
    source: &'a S,
    workloads: &'a [Workload],
    window: &'a Window,
    values: BTreeMap<u32, SeriesBuilder>,
    /// By workload and cause: the metrics that are missing.
    missing: BTreeMap<(u32, String), BTreeSet<&'static str>>,
    gaps: BTreeSet<Gap>,
}

/// How one series of a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Complete,
    Partial,
    InternalError,
    Forbidden,
}

impl<S: MetricData> Pull<'_, S> {
    async fn call(&mut self, queries: &[Query]) -> Result<(), Refusal> {
        let mut pending = queries.to_vec();
        for round in 1..=ROUNDS {
            let endings = match self.ask(&pending).await {
                Ok(endings) => endings,
                Err(refusal) if refusal.kind == RefusalKind::ExpiredCredentials => return Err(refusal),
                Err(refusal) => {
                    self.refused(&pending, &refusal);
                    return Ok(());
                }
            };
            let mut again = Vec::new();
            for (query, ending) in pending.iter().zip(endings) {
                let cause = match ending {
                    Ending::Complete => continue,
                    Ending::Forbidden => "access denied (Forbidden)",
                    Ending::Partial if round == ROUNDS => "incomplete, after all retries (PartialData)",
                    Ending::InternalError if round == ROUNDS => {
                        "failed inside CloudWatch, after all retries (InternalError)"
                    }
                    Ending::Partial | Ending::InternalError => {
                        again.push(*query);
                        continue;
                    }
                };
                self.miss(*query, cause.to_owned());
            }
            if again.is_empty() {
                break;
            }
            pending = again;
        }
        Ok(())
    }

    /// Asks once, to the last page. Gives how each query ended.
    async fn ask(&mut self, queries: &[Query]) -> Result<Vec<Ending>, Refusal> {
        let sdk_queries: Vec<MetricDataQuery> = queries
            .iter()
            .enumerate()
            .filter_map(|(index, query)| {
                let workload = self.workloads.get(query.workload_id as usize)?;
                Some(sdk_query(index, query.measure, &workload.identity, self.window.period_seconds))
            })
            .collect();
        // What is not named in the answer has no points: an emulator leaves empty series out.
        let mut endings = vec![Ending::Complete; queries.len()];
        let mut token: Option<String> = None;
        for _ in 0..PAGES {
            let answer = self.source.page(sdk_queries.clone(), self.window, token.clone()).await?;
            for message in answer.messages() {
                self.gaps.insert(Gap {
                    scope: self.source.place(),
                    api: API.to_owned(),
                    cause: message_text(message),
                });
            }
            for result in answer.metric_data_results() {
                let index =
                    result.id().and_then(|id| id.strip_prefix('q')).and_then(|id| id.parse::<usize>().ok());
                let Some((index, query)) = index.and_then(|index| Some((index, *queries.get(index)?))) else {
                    continue;
                };
                let window = *self.window;
                let builder =
                    self.values.entry(query.workload_id).or_insert_with(|| SeriesBuilder::new(window));
                for (time, value) in result.timestamps().iter().zip(result.values()) {
                    builder.add(query.measure, time.secs(), *value);
                }
                endings[index] = match result.status_code() {
                    Some(StatusCode::PartialData) => Ending::Partial,
                    Some(StatusCode::InternalError) => Ending::InternalError,
                    Some(StatusCode::Forbidden) => Ending::Forbidden,
                    _ => Ending::Complete,
                };
                for message in result.messages() {
                    self.miss(query, message_text(message));
                }
            }
            let next = answer.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
            if next.is_none() {
                return Ok(endings);
            }
            if next == token {
                break;
            }
            token = next;
        }
        Err(Refusal::other("the answer's pages do not end"))
    }

    /// A whole call was refused: one gap where everything of the account and region will be, else
    /// one for each workload that it was for.
    fn refused(&mut self, queries: &[Query], refusal: &Refusal) {
        if refusal.is_general() {
            self.gaps.insert(refusal.gap(self.source.place(), API));
        } else {
            for query in queries {
                self.miss(*query, refusal.cause.clone());
            }
        }
    }

    fn miss(&mut self, query: Query, cause: String) {
        self.missing.entry((query.workload_id, cause)).or_default().insert(query.measure.metric());
    }

    fn finish(mut self, workload_ids: &[u32]) -> Pulled {
        let id = |workload_id: u32| {
            self.workloads
                .get(workload_id as usize)
                .map_or_else(String::new, |workload| workload.identity.id())
        };
        let mut series = Vec::new();
        for &workload_id in workload_ids {
            let Some(builder) = self.values.remove(&workload_id) else { continue };
            let (points, impossible) = builder.finish();
            if impossible > 0 {
                let cause = format!(
                    "{impossible} values that cannot be (negative, not a number or too large) were left out"
                );
                self.gaps.insert(Gap { scope: id(workload_id), api: API.to_owned(), cause });
            }
            if !points.is_empty() {
                series.push(Series { workload_id, points });
            }
        }
        for ((workload_id, cause), metrics) in self.missing {
            let metrics: Vec<&str> = metrics.into_iter().collect();
            let cause = format!("{cause}: {}", metrics.join(", "));
            self.gaps.insert(Gap { scope: id(workload_id), api: API.to_owned(), cause });
        }
        Pulled { series, gaps: self.gaps.into_iter().collect() }
    }
}

fn sdk_query(
    index: usize,
    measure: Measure,
    identity: &WorkloadIdentity,
    period_seconds: u32,
) -> MetricDataQuery {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let metric = Metric::builder()
        .namespace(measure.namespace())
        .metric_name(measure.metric())
        .dimensions(dimension("ClusterName", &identity.cluster))
        .dimensions(dimension(measure.dimension(), &identity.name))
        .build();
    let stat = MetricStat::builder()
        .metric(metric)
        .period(i32::try_from(period_seconds).unwrap_or(i32::MAX))
        .stat(measure.statistic())
        .build();
    MetricDataQuery::builder().id(format!("q{index}")).metric_stat(stat).return_data(true).build()
}

fn message_text(message: &MessageData) -> String {
    plain(&format!("{}: {}", message.code().unwrap_or("message"), message.value().unwrap_or_default()))
}

#[cfg(test)]
mod tests;
