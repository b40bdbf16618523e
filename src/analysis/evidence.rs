//! What a rating stands on, in the report's words.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{facts::Facts, task_skew};
use crate::{
    config::Resolved,
    demand::{Observed, Screened, WindowDemand},
    report::{Evidence, IMPOSSIBLE_UTILIZATION, Note, Quantity, SettingReport, SnapshotReference},
    rightsize::autoscaling,
    workload::{HistorySource, LaunchType, WorkloadKind},
};

/// What of a snapshot's utilization could not be, all workloads together; their evidence says of each.
pub(super) fn impossible(snapshot: &SnapshotReference, facts: &[Facts<'_>]) -> Option<Note> {
    let mut all = Screened::default();
    let mut workloads = 0;
    for Facts { screened, .. } in facts {
        all.add(screened);
        workloads += u64::from(*screened != Screened::default());
    }
    let counts: Vec<String> = all.notes().collect();
    (workloads > 0).then(|| Note {
        scope: format!("snapshot {}", snapshot.id),
        code: IMPOSSIBLE_UTILIZATION.to_owned(),
        detail: format!(
            "of {workloads} {}: {}",
            if workloads == 1 { "workload" } else { "workloads" },
            counts.join("; ")
        ),
    })
}

/// What only Container Insights with enhanced observability would tell, and does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Unseen {
    /// Which of several containers needs how much.
    pub containers: bool,
    /// How evenly several tasks share the load.
    pub tasks: bool,
}

impl Facts<'_> {
    pub(super) fn unseen(&self) -> Unseen {
        Unseen { containers: self.lacks_container_series(), tasks: self.lacks_task_series() }
    }

    /// `said` are the codes of the rating itself; `simulation_error` is in 0.01 %.
    pub(super) fn evidence(
        &self,
        said: Vec<String>,
        simulation_error: Option<u32>,
        in_force: Resolved,
    ) -> Evidence {
        let at = |second: i64| Timestamp::from_second(second).ok();
        let share = |parts: u64| Quantity(Decimal::from(parts) / Decimal::from(10_000));
        let mut notes = self.workload.notes.clone();
        let demand = self.demand;
        if self.workload.history == HistorySource::CurrentOnly
            || demand.is_some_and(|demand| demand.assumed_periods > 0)
        {
            notes.push("assumed-revision".to_owned());
        }
        if demand.is_some_and(|demand| demand.mixed_periods > 0) {
            notes.push("mixed-intervals".to_owned());
        }
        notes.extend(self.screened.notes());
        if self.platform_changed() {
            notes.push("mixed-platforms".to_owned());
        }
        if self.is_scaled_to_zero() {
            notes.push("scaled-to-zero".to_owned());
        }
        if self.runs.is_some() {
            notes.push("runs".to_owned());
        }
        let stopped = self.workload.facts.stopped.as_ref();
        if stopped.is_some() {
            notes.push("stopped-tasks-of-one-hour".to_owned());
        }
        let skew = self.workload.facts.task_skew.as_ref();
        notes.extend(skew.into_iter().flat_map(task_skew::notes).map(str::to_owned));
        if self.unseen() != Unseen::default() {
            notes.push("container-insights-would-tell".to_owned());
        }
        notes.extend(said);
        let at_cap = |of: fn(&WindowDemand) -> &Option<Observed>| {
            demand.and_then(|demand| of(demand).as_ref()).map_or(0, |observed| observed.periods_at_cap)
        };
        Evidence {
            first_sample: demand.and_then(|demand| at(demand.first_sample)),
            last_sample: demand.and_then(|demand| at(demand.last_sample)),
            observed_hours: Quantity(demand.map_or(Decimal::ZERO, |demand| {
                Decimal::from(self.observed_seconds(demand)) / Decimal::from(3600)
            }))
            .rounded(),
            coverage: demand.map(|demand| share(self.coverage(demand))),
            task_hours_source: demand.map(|demand| {
                if demand.from_live_tasks { "live-task-count" } else { "sample-count" }.to_owned()
            }),
            revisions: self.workload.revisions.len() as u64,
            notes,
            cpu_periods_at_cap: at_cap(|demand| &demand.cpu),
            memory_periods_at_cap: at_cap(|demand| &demand.memory),
            simulation_error_percent: simulation_error.map(|error| Quantity(autoscaling::percent(error))),
            startup_peak_vcpu: self.start_up.map(|start| {
                Quantity(Decimal::from(start.peak_cpu) / Decimal::from(1_024_000_u32)).rounded()
            }),
            task_skew: skew.map(task_skew::reported),
            hottest_to_mean_cpu: demand
                .filter(|_| skew.is_none() && self.has_replicas())
                .and_then(|demand| task_skew::hottest_to_mean(demand.cpu.as_ref()?)),
            oom_kills: stopped.map(|stopped| stopped.oom_kills.into()),
            settings: in_force
                .settings
                .into_iter()
                .map(|setting| SettingReport {
                    key: setting.key.to_owned(),
                    value: setting.value,
                    from: setting.from,
                })
                .collect(),
        }
    }

    /// A month is scaled from the whole window. Of a service whose first sample is more than a tenth of it after its
    /// start, what that leaves out.
    pub(super) fn began_late(&self) -> Option<String> {
        let demand = self.demand.filter(|_| self.runs.is_none() && !self.may_sleep())?;
        let (whole, seen) = (self.window.seconds(), self.observed_seconds(demand));
        let times = Decimal::from(whole).checked_div(seen.into())?.round_dp(1).normalize();
        (seen.saturating_mul(10) < whole.saturating_mul(9)).then(|| {
            format!(
                "its first sample is {} of the window's {} hours old: its month is of these hours alone, and would be \
                 {times} times as much at that pace",
                seen / 3600,
                whole / 3600
            )
        })
    }

    /// Several containers share the task, and which one needs what is not known: Container Insights
    /// with enhanced observability would tell.
    fn lacks_container_series(&self) -> bool {
        self.workload.launch_type == LaunchType::Fargate
            && self.workload.facts.container_peaks.is_empty()
            && self.definition().is_some_and(|definition| definition.containers.len() > 1)
    }

    /// Several tasks share the load, and how evenly is not known: Container Insights with enhanced
    /// observability would tell, where the cluster has not got it.
    fn lacks_task_series(&self) -> bool {
        let identity = &self.workload.identity;
        self.workload.launch_type == LaunchType::Fargate
            && self.workload.facts.task_skew.is_none()
            && self.has_replicas()
            && !self.inventory.clusters.iter().any(|cluster| {
                (&cluster.account_id, &cluster.region, &cluster.name)
                    == (&identity.account_id, &identity.region, &identity.cluster)
                    && cluster.has_task_series()
            })
    }

    /// Whether it is a service that ran two tasks or more, by and large.
    fn has_replicas(&self) -> bool {
        self.workload.identity.kind == WorkloadKind::Service
            && self.demand.is_some_and(|demand| self.mean_tasks_milli(demand.total_task_time()) >= 1_500)
    }
}
