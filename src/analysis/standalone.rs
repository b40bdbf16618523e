//! Tasks that no service runs: whether they ran enough to be rated, and what a run costs.
//!
//! They come and go, so neither age nor gaps say anything: what counts is how often they ran.
//!
//! | ran | rated |
//! |---|---|
//! | 3 runs of a minute each | yes |
//! | 1 run of 30 hours | yes |
//! | 2 runs of an hour | no: `too-few-runs` |
//! | not in the window | no: `no-running-tasks` |

use rust_decimal::Decimal;

use crate::{
    demand::Runs,
    report::{Note, Quantity, RunsReport},
    rightsize::{Reason, Unrated},
    units::{TaskTime, Usd},
    workload::Cluster,
};

/// Runs that show what the next one may need.
const MIN_RUNS: u64 = 3;
/// Time with tasks that shows as much, in however few runs.
const MIN_SECONDS: u64 = 24 * 3600;

/// Refuses to judge by too few runs.
pub(super) fn enough_runs(runs: &Runs) -> Result<(), Unrated> {
    if runs.count >= MIN_RUNS || runs.seconds_with_tasks >= MIN_SECONDS {
        return Ok(());
    }
    let hours = Decimal::from(runs.seconds_with_tasks) / Decimal::from(3600);
    Err(Unrated::new(
        Reason::TooFewRuns,
        format!(
            "{} {} of {} hours together; at least {MIN_RUNS} runs or {} hours are needed",
            runs.count,
            if runs.count == 1 { "run" } else { "runs" },
            hours.round_dp(1).normalize(),
            MIN_SECONDS / 3600
        ),
    ))
}

/// The runs as reports tell them. `hourly` is what a task-hour costs, where that is known.
pub(super) fn reported(runs: &Runs, hourly: Option<Usd>) -> Option<RunsReport> {
    let count = Decimal::from(Some(runs.count).filter(|count| *count > 0)?);
    let minutes = |time: TaskTime| time.hours() * Decimal::from(60);
    Some(RunsReport {
        count: runs.count,
        mean_task_minutes: Quantity(minutes(runs.task_time) / count).rounded(),
        longest_task_minutes: Quantity(minutes(runs.longest)).rounded(),
        cost_per_run: hourly.map(|hourly| (hourly * (runs.billed_time.hours() / count)).rounded()),
    })
}

/// What cannot be seen in a cluster without Container Insights, once for each.
pub(super) fn unseen(clusters: &[Cluster]) -> impl Iterator<Item = Note> {
    clusters.iter().filter(|cluster| cluster.container_insights.as_deref() == Some("disabled")).map(|cluster| {
        Note {
            scope: format!("{}/{}/{}", cluster.account_id, cluster.region, cluster.name),
            code: "standalone-tasks-unseen".to_owned(),
            detail: "Container Insights is off here: tasks that no service runs leave no metrics and are not in this report"
                .to_owned(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(count: u64, seconds_each: u64) -> Runs {
        Runs {
            count,
            task_time: TaskTime::from_secs(count * seconds_each),
            billed_time: TaskTime::from_secs(count * seconds_each.max(60)),
            longest: TaskTime::from_secs(seconds_each),
            seconds_with_tasks: count * seconds_each,
            days: count,
        }
    }

    #[test]
    fn the_worked_table_holds() {
        assert_eq!(enough_runs(&runs(3, 60)), Ok(()));
        assert_eq!(enough_runs(&runs(1, 30 * 3600)), Ok(()));
        let few = enough_runs(&runs(2, 3600)).unwrap_err();
        assert_eq!(few.reason, Reason::TooFewRuns);
        assert_eq!(few.detail, "2 runs of 2 hours together; at least 3 runs or 24 hours are needed");
    }

    #[test]
    fn a_run_costs_its_billed_time() {
        let hourly = Some(Usd(Decimal::from(6)));
        let told = reported(&runs(4, 20), hourly).unwrap();
        // 20 seconds are billed as a minute: 6 USD / 60.
        assert_eq!(told.cost_per_run, Some(Usd(Decimal::new(1, 1))));
        assert_eq!(reported(&Runs::default(), hourly), None);
    }
}
