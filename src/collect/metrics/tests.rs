use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use aws_sdk_cloudwatch::types::StatusCode;

use super::*;
use crate::collect::{
    metric_data::{
        ROUNDS,
        script::{Answer, Script, service},
    },
    plan,
};

/// Pulls two services, one call of twelve queries, and tells gaps as `scope: cause`.
#[expect(clippy::type_complexity, reason = "read by two tests only")]
fn pulled(answers: Vec<Answer>) -> (Result<Pulled, Refusal>, Vec<(usize, Option<String>)>) {
    struct Count(AtomicUsize);
    impl Progress for Count {
        fn event(&self, _: Event<'_>) {
            self.0.fetch_add(1, Relaxed);
        }
    }
    let window = Window {
        start: "2026-11-01T00:00:00Z".parse().unwrap(),
        end: "2026-11-01T01:00:00Z".parse().unwrap(),
        period_seconds: 300,
    };
    let workloads = [service(0), service(1)];
    let parts = plan::parts(&window, &workloads);
    let script = Script::of(answers);
    let count = Count(AtomicUsize::new(0));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let pulled = runtime.block_on(pull(&script, &parts[0], &workloads, &window, &count));
    if pulled.is_ok() {
        assert_eq!(count.0.into_inner(), 1, "one planned call, one event");
    }
    (pulled, script.asked())
}

fn gaps(pulled: &Pulled) -> Vec<String> {
    pulled.gaps.iter().map(|gap| format!("{}: {}", gap.scope, gap.cause)).collect()
}

fn refusal(kind: RefusalKind) -> Refusal {
    Refusal { kind, cause: "no".to_owned() }
}

/// Places of the first service's CPU average and the second's CPU maximum in the call.
const FIRST_AVERAGE: usize = 0;
const SECOND_MAXIMUM: usize = 7;

#[test]
fn pages_are_followed_with_the_same_queries() {
    let (result, asked) = pulled(vec![
        Ok((vec![(FIRST_AVERAGE, 10.0, StatusCode::PartialData)], Some("t1"))),
        Ok((
            vec![(SECOND_MAXIMUM, 20.0, StatusCode::Complete), (FIRST_AVERAGE, 11.0, StatusCode::Complete)],
            None,
        )),
    ]);
    let result = result.unwrap();
    assert_eq!(asked, [(12, None), (12, Some("t1".to_owned()))]);
    assert_eq!(result.series[0].points[0].cpu_avg, Some(1100));
    assert_eq!((result.series[1].workload_id, result.series[1].points[0].cpu_max), (1, Some(2000)));
    assert_eq!(gaps(&result), [""; 0]);
}

#[test]
fn only_what_came_incomplete_is_asked_again() {
    let (result, asked) = pulled(vec![
        Ok((
            vec![
                (FIRST_AVERAGE, 10.0, StatusCode::PartialData),
                (SECOND_MAXIMUM, 20.0, StatusCode::InternalError),
            ],
            None,
        )),
        Ok((vec![(0, 12.0, StatusCode::Complete), (1, 22.0, StatusCode::Complete)], None)),
    ]);
    let result = result.unwrap();
    assert_eq!(asked, [(12, None), (2, None)]);
    assert_eq!(result.series[0].points[0].cpu_avg, Some(1200));
    assert_eq!(result.series[1].points[0].cpu_max, Some(2200), "places in the second call are its own");
    assert_eq!(gaps(&result), [""; 0]);
}

#[test]
fn what_stays_incomplete_is_a_gap_of_its_workload_and_the_rest_is_kept() {
    let failing = || Ok((vec![(0, 1.0, StatusCode::InternalError)], None));
    let (result, asked) = pulled(vec![
        Ok((vec![(0, 1.0, StatusCode::InternalError), (SECOND_MAXIMUM, 20.0, StatusCode::Complete)], None)),
        failing(),
        failing(),
    ]);
    let result = result.unwrap();
    assert_eq!(asked.len(), ROUNDS);
    assert_eq!(result.series[1].points[0].cpu_max, Some(2000));
    assert_eq!(
        gaps(&result),
        ["1/r/c/s0: failed inside CloudWatch, after all retries (InternalError): CPUUtilization"]
    );
}

#[test]
fn a_forbidden_series_is_a_gap_at_once() {
    let (result, asked) = pulled(vec![Ok((vec![(SECOND_MAXIMUM, 0.0, StatusCode::Forbidden)], None))]);
    assert_eq!(asked.len(), 1);
    assert_eq!(gaps(&result.unwrap()), ["1/r/c/s1: access denied (Forbidden): CPUUtilization"]);
}

#[test]
fn a_refused_call_is_one_gap_if_all_will_be_refused_else_one_for_each_workload() {
    let (denied, _) = pulled(vec![Err(refusal(RefusalKind::AccessDenied))]);
    assert_eq!(gaps(&denied.unwrap()), ["1/r: no"]);
    let (throttled, _) = pulled(vec![Err(refusal(RefusalKind::Throttled))]);
    let metrics = "CPUUtilization, LiveTaskCount, MemoryUtilization";
    assert_eq!(
        gaps(&throttled.unwrap()),
        [format!("1/r/c/s0: no: {metrics}"), format!("1/r/c/s1: no: {metrics}")]
    );
}

#[test]
fn expired_credentials_end_the_part() {
    let (result, _) = pulled(vec![Err(refusal(RefusalKind::ExpiredCredentials))]);
    assert_eq!(result.unwrap_err().kind, RefusalKind::ExpiredCredentials);
}

#[test]
fn a_token_that_repeats_ends_the_call_with_a_gap() {
    let page = || Ok((vec![(FIRST_AVERAGE, 10.0, StatusCode::Complete)], Some("same")));
    let (result, asked) = pulled(vec![page(), page(), page(), page()]);
    let result = result.unwrap();
    assert_eq!(asked.len(), 2);
    assert!(gaps(&result)[0].contains("pages do not end"), "{:?}", result.gaps);
    assert_eq!(result.series[0].points[0].cpu_avg, Some(1000), "what came is kept");
}

#[test]
fn values_that_cannot_be_are_counted_in_a_gap() {
    let (result, _) = pulled(vec![Ok((vec![(FIRST_AVERAGE, f64::NAN, StatusCode::Complete)], None))]);
    let result = result.unwrap();
    assert!(result.series.is_empty());
    assert_eq!(
        gaps(&result),
        ["1/r/c/s0: 1 values that cannot be (negative, not a number or too large) were left out"]
    );
}
