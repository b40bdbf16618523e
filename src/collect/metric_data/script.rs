//! [`Script`]: a CloudWatch that gives the answers of a test, one after the other.

use std::sync::Mutex;

use aws_sdk_cloudwatch::types::MetricDataResult;

use crate::workload::{LaunchType, Region, Workload, WorkloadIdentity, WorkloadKind};

use super::{DateTime, GetMetricDataOutput, MetricData, MetricDataQuery, Refusal, StatusCode, Window};

/// One answer: results as (place in the call, value, status), and the token of the next page. The value
/// is that of the window's first point, and an hour later again as often as the test asks for.
pub type Answer = Result<(Vec<(usize, f64, StatusCode)>, Option<&'static str>), Refusal>;

/// Gives the answers of a script; then nothing but completeness.
#[derive(Debug, Default)]
pub struct Script {
    answers: Mutex<Vec<Answer>>,
    hours: usize,
    /// Queries and token of each request.
    asked: Mutex<Vec<(usize, Option<String>)>>,
}

impl Script {
    pub fn of(answers: Vec<Answer>) -> Self {
        Self { answers: Mutex::new(answers), hours: 1, asked: Mutex::default() }
    }

    /// With each value in so many hours.
    pub fn for_hours(self, hours: usize) -> Self {
        Self { hours, ..self }
    }

    pub fn asked(self) -> Vec<(usize, Option<String>)> {
        self.asked.into_inner().unwrap()
    }
}

impl MetricData for Script {
    fn place(&self) -> String {
        "1/r".to_owned()
    }

    async fn page(
        &self,
        queries: Vec<MetricDataQuery>,
        window: &Window,
        token: Option<String>,
    ) -> Result<GetMetricDataOutput, Refusal> {
        self.asked.lock().unwrap().push((queries.len(), token));
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.is_empty() { Ok((Vec::new(), None)) } else { answers.remove(0) };
        answer.map(|(results, next)| {
            let times = (window.start.as_second()..).step_by(3_600).take(self.hours).map(DateTime::from_secs);
            let results = results
                .into_iter()
                .map(|(index, value, status)| {
                    MetricDataResult::builder()
                        .id(queries[index].id().unwrap())
                        .set_timestamps(Some(times.clone().collect()))
                        .set_values(Some(vec![value; self.hours]))
                        .status_code(status)
                        .build()
                })
                .collect();
            GetMetricDataOutput::builder()
                .set_metric_data_results(Some(results))
                .set_next_token(next.map(str::to_owned))
                .build()
        })
    }
}

/// The service `s0`, `s1` and so on of the script's place.
pub fn service(workload_id: u32) -> Workload {
    let identity = WorkloadIdentity {
        account_id: "1".to_owned(),
        region: Region("r".to_owned()),
        cluster: "c".to_owned(),
        kind: WorkloadKind::Service,
        name: format!("s{workload_id}"),
    };
    Workload::new(workload_id, identity, LaunchType::Fargate)
}
