//! Asking `GetMetricData`, the one way for all that ask it.
//!
//! Takes series and a window; gives each point as it comes, and what is missing in the end. Follows
//! `NextToken`, asks again for what came incomplete, keeps what CloudWatch says about an answer.
//! Points may come more than once, and in any order.

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
    convert::next_token,
    gaps::{Refusal, plain},
    plan::POINTS_PER_CALL,
    session::Session,
};
use crate::snapshot::{Gap, Window};

pub const API: &str = "cloudwatch:GetMetricData";
/// How often a series is asked for that came incomplete or failed inside CloudWatch.
pub const ROUNDS: usize = 3;
/// Stops a server that pages for ever: each page of a planned call but the last holds something.
const PAGES: usize = 1_000;

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

/// A series that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesQuery<'a> {
    pub namespace: &'a str,
    pub metric: &'a str,
    pub statistic: &'a str,
    pub period_seconds: u32,
    /// Names and values.
    pub dimensions: Vec<(&'a str, &'a str)>,
}

/// What is missing of a call's answer.
#[derive(Debug, Default)]
pub struct Missing {
    /// By place in the call: why that series is not whole, or what CloudWatch says about it.
    pub series: BTreeMap<usize, BTreeSet<String>>,
    /// What CloudWatch says about the answer as a whole.
    pub gaps: BTreeSet<Gap>,
    /// The call was refused, and with it these places.
    pub refused: Option<(Refusal, Vec<usize>)>,
}

impl Missing {
    /// Places whose series may lack points.
    pub fn places(&self) -> BTreeSet<usize> {
        let refused = self.refused.iter().flat_map(|(_, places)| places);
        self.series.keys().chain(refused).copied().collect()
    }

    /// The gaps that this is, one for a refusal. `told` gives whose a place is, and what of it.
    pub fn into_gaps(self, at: &str, told: impl Fn(usize) -> (String, String)) -> Vec<Gap> {
        let of_series = self.series.into_iter().flat_map(|(place, causes)| {
            let (scope, what) = told(place);
            causes.into_iter().map(move |cause| Gap {
                scope: scope.clone(),
                api: API.to_owned(),
                cause: format!("{cause}: {what}"),
            })
        });
        let refused = self.refused.map(|(refusal, _)| refusal.gap(at, API));
        self.gaps.into_iter().chain(of_series).chain(refused).collect()
    }

    fn add(&mut self, place: usize, cause: String) {
        self.series.entry(place).or_default().insert(cause);
    }
}

/// How one series of a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Complete,
    Partial,
    InternalError,
    Forbidden,
}

/// Makes one planned call. `point` gets the series' place in the call, the second since the epoch and
/// the value.
pub async fn call(
    source: &impl MetricData,
    series: &[SeriesQuery<'_>],
    window: &Window,
    mut point: impl FnMut(usize, i64, f64),
) -> Missing {
    let mut missing = Missing::default();
    let mut pending: Vec<usize> = (0..series.len()).collect();
    for round in 1..=ROUNDS {
        let endings = match ask(source, series, &pending, window, &mut missing, &mut point).await {
            Ok(endings) => endings,
            Err(refusal) => {
                missing.refused = Some((refusal, pending));
                break;
            }
        };
        let mut again = Vec::new();
        for (place, ending) in pending.into_iter().zip(endings) {
            let cause = match ending {
                Ending::Complete => continue,
                Ending::Forbidden => "access denied (Forbidden)",
                Ending::Partial if round == ROUNDS => "incomplete, after all retries (PartialData)",
                Ending::InternalError if round == ROUNDS => {
                    "failed inside CloudWatch, after all retries (InternalError)"
                }
                Ending::Partial | Ending::InternalError => {
                    again.push(place);
                    continue;
                }
            };
            missing.add(place, cause.to_owned());
        }
        if again.is_empty() {
            break;
        }
        pending = again;
    }
    missing
}

/// Asks once, to the last page. Gives how each of the series at `places` ended.
async fn ask(
    source: &impl MetricData,
    series: &[SeriesQuery<'_>],
    places: &[usize],
    window: &Window,
    missing: &mut Missing,
    point: &mut impl FnMut(usize, i64, f64),
) -> Result<Vec<Ending>, Refusal> {
    let queries: Vec<MetricDataQuery> =
        places.iter().enumerate().map(|(index, &place)| sdk_query(index, &series[place])).collect();
    // What is not named in the answer has no points: an emulator leaves empty series out.
    let mut endings = vec![Ending::Complete; places.len()];
    let mut token: Option<String> = None;
    for _ in 0..PAGES {
        let answer = source.page(queries.clone(), window, token.clone()).await?;
        for message in answer.messages() {
            missing.gaps.insert(Gap {
                scope: source.place(),
                api: API.to_owned(),
                cause: message_text(message),
            });
        }
        for result in answer.metric_data_results() {
            let index = result.id().and_then(|id| id.strip_prefix('q')).and_then(|id| id.parse().ok());
            let Some((index, &place)) = index.and_then(|index: usize| Some((index, places.get(index)?)))
            else {
                continue;
            };
            for (time, value) in result.timestamps().iter().zip(result.values()) {
                point(place, time.secs(), *value);
            }
            endings[index] = match result.status_code() {
                Some(StatusCode::PartialData) => Ending::Partial,
                Some(StatusCode::InternalError) => Ending::InternalError,
                Some(StatusCode::Forbidden) => Ending::Forbidden,
                _ => Ending::Complete,
            };
            for message in result.messages() {
                missing.add(place, message_text(message));
            }
        }
        let next = next_token(answer.next_token());
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

fn sdk_query(index: usize, query: &SeriesQuery<'_>) -> MetricDataQuery {
    let dimensions =
        query.dimensions.iter().map(|(name, value)| Dimension::builder().name(*name).value(*value).build());
    let metric = Metric::builder()
        .namespace(query.namespace)
        .metric_name(query.metric)
        .set_dimensions(Some(dimensions.collect()))
        .build();
    let stat = MetricStat::builder()
        .metric(metric)
        .period(i32::try_from(query.period_seconds).unwrap_or(i32::MAX))
        .stat(query.statistic)
        .build();
    MetricDataQuery::builder().id(format!("q{index}")).metric_stat(stat).return_data(true).build()
}

fn message_text(message: &MessageData) -> String {
    plain(&format!("{}: {}", message.code().unwrap_or("message"), message.value().unwrap_or_default()))
}

#[cfg(test)]
pub mod script;
