//! Pulling the series of one part.
//!
//! Takes a part's calls; gives its series and what is missing from them. Only credentials that have
//! expired end a part: with new ones it can be pulled as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    gaps::{Refusal, RefusalKind},
    metric_data::{self, API, MetricData, SeriesQuery},
    plan::{PartPlan, Query},
    points::SeriesBuilder,
    progress::{Event, Progress},
};
use crate::{
    snapshot::{Gap, Series, Window},
    workload::Workload,
};

/// The series of a part, and what is missing from them.
#[derive(Debug, Default)]
pub struct Pulled {
    pub series: Vec<Series>,
    pub gaps: Vec<Gap>,
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

impl<S: MetricData> Pull<'_, S> {
    async fn call(&mut self, queries: &[Query]) -> Result<(), Refusal> {
        let asked: Vec<(Query, SeriesQuery<'_>)> = queries
            .iter()
            .filter_map(|query| {
                let identity = &self.workloads.get(query.workload_id as usize)?.identity;
                let series = SeriesQuery {
                    namespace: query.measure.namespace(),
                    metric: query.measure.metric(),
                    statistic: query.measure.statistic(),
                    period_seconds: self.window.period_seconds,
                    dimensions: vec![
                        ("ClusterName", &identity.cluster),
                        (query.measure.dimension(), &identity.name),
                    ],
                };
                Some((*query, series))
            })
            .collect();
        let (queries, series): (Vec<Query>, Vec<SeriesQuery<'_>>) = asked.into_iter().unzip();
        let values = &mut self.values;
        let window = *self.window;
        let missing = metric_data::call(self.source, &series, &window, |place, second, value| {
            let query = queries[place];
            let builder = values.entry(query.workload_id).or_insert_with(|| SeriesBuilder::new(window));
            builder.add(query.measure, second, value);
        })
        .await;
        self.gaps.extend(missing.gaps);
        for (place, causes) in missing.series {
            for cause in causes {
                self.miss(queries[place], cause);
            }
        }
        match missing.refused {
            Some((refusal, _)) if refusal.kind == RefusalKind::ExpiredCredentials => return Err(refusal),
            // One gap where everything of the account and region will be refused.
            Some((refusal, _)) if refusal.is_general() => {
                self.gaps.insert(refusal.gap(self.source.place(), API));
            }
            Some((refusal, places)) => {
                for place in places {
                    self.miss(queries[place], refusal.cause.clone());
                }
            }
            None => {}
        }
        Ok(())
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

#[cfg(test)]
mod tests;
