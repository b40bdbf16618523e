//! Tasks that stopped a short while ago, and which of them were killed for memory.
//!
//! ECS shows a stopped task for about an hour, so what is found is evidence and what is not found is
//! none. Takes clusters; gives [`StoppedTasks`] by service and by family, and gaps.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types as sdk;
use futures_util::{StreamExt as _, stream};

use super::{
    convert,
    gaps::{Refusal, RefusalKind},
    session::Session,
    task_definitions,
};
use crate::{
    snapshot::Gap,
    units::MemoryMib,
    workload::{Cluster, StoppedTasks, Workload, WorkloadKind},
};

/// Stops a server that pages for ever.
const PAGES: usize = 10_000;
/// Tasks in a `DescribeTasks` call (ECS API reference).
const TASKS_PER_CALL: usize = 100;

/// What runs tasks in a cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Service(String),
    Family(String),
}

/// The stopped tasks of several clusters.
#[derive(Debug, Default)]
pub struct Stopped {
    by_owner: BTreeMap<(String, Owner), StoppedTasks>,
    /// Clusters that were looked at.
    seen: BTreeSet<String>,
    pub gaps: Vec<Gap>,
}

/// Looks at the stopped tasks of `clusters`.
pub async fn read(session: &Session, clusters: &[Cluster]) -> Stopped {
    let mut stopped = Stopped::default();
    let mut answers = stream::iter(clusters)
        .map(|cluster| async move { (cluster, tasks(session, cluster).await) })
        .buffer_unordered(session.ecs_requests());
    while let Some((cluster, answer)) = answers.next().await {
        match answer {
            Ok(tasks) => {
                stopped.seen.insert(cluster.name.clone());
                for (owner, tally) in tally(&tasks) {
                    stopped.by_owner.insert((cluster.name.clone(), owner), tally);
                }
            }
            Err((refusal, _)) if refusal.kind == RefusalKind::Unsupported => {}
            Err((refusal, api)) => {
                stopped.gaps.push(refusal.gap_of_list(&session.place(), &cluster.name, api));
            }
        }
    }
    stopped
}

type Refused = (Refusal, &'static str);

async fn tasks(session: &Session, cluster: &Cluster) -> Result<Vec<sdk::Task>, Refused> {
    let mut arns = Vec::new();
    let mut token = None;
    for _ in 0..PAGES {
        let _turn = session.ecs_turn().await;
        let answer = session
            .ecs
            .list_tasks()
            .cluster(cluster.reference())
            .desired_status(sdk::DesiredStatus::Stopped)
            .max_results(100)
            .set_next_token(token)
            .send()
            .await
            .map_err(|error| (Refusal::of(&error), "ecs:ListTasks"))?;
        arns.extend(answer.task_arns().iter().cloned());
        token = convert::next_token(answer.next_token());
        if token.is_none() {
            break;
        }
    }
    let mut tasks = Vec::new();
    for batch in arns.chunks(TASKS_PER_CALL) {
        let _turn = session.ecs_turn().await;
        let answer = session
            .ecs
            .describe_tasks()
            .cluster(cluster.reference())
            .set_tasks(Some(batch.to_vec()))
            .send()
            .await
            .map_err(|error| (Refusal::of(&error), "ecs:DescribeTasks"))?;
        // A failure is a task that was forgotten in the meantime: as if it had stopped an hour ago.
        tasks.extend(answer.tasks.unwrap_or_default());
    }
    Ok(tasks)
}

/// Counts tasks by what runs them. Those that have not stopped, or belong to nothing, are left out.
fn tally(tasks: &[sdk::Task]) -> BTreeMap<Owner, StoppedTasks> {
    let mut by_owner: BTreeMap<Owner, StoppedTasks> = BTreeMap::new();
    for task in tasks.iter().filter(|task| task.last_status().is_none_or(|status| status == "STOPPED")) {
        let Some(owner) = owner(task) else { continue };
        let tally = by_owner.entry(owner).or_default();
        tally.seen = tally.seen.saturating_add(1);
        let killed: Vec<&str> =
            task.containers().iter().filter(|c| was_killed(c)).filter_map(sdk::Container::name).collect();
        if killed.is_empty() && !task.containers().iter().any(was_killed) {
            continue;
        }
        tally.oom_kills = tally.oom_kills.saturating_add(1);
        tally.last_oom = tally.last_oom.max(convert::timestamp(task.stopped_at()));
        let memory = task.memory().and_then(|text| task_definitions::amount(text, "gb", MemoryMib::PER_GB));
        tally.oom_memory = tally.oom_memory.max(memory.map(MemoryMib));
        tally.oom_containers.extend(killed.into_iter().map(str::to_owned));
    }
    for tally in by_owner.values_mut() {
        tally.oom_containers.sort();
        tally.oom_containers.dedup();
    }
    by_owner
}

/// Killed for memory: exit code 137 alone is any SIGKILL, so the reason decides (ECS Developer Guide,
/// stopped tasks, `OutOfMemoryError`).
fn was_killed(container: &sdk::Container) -> bool {
    let reason = container.reason().unwrap_or_default();
    reason.starts_with("OutOfMemoryError") && container.exit_code().is_none_or(|code| code == 137)
}

fn owner(task: &sdk::Task) -> Option<Owner> {
    if let Some(service) = task.group().and_then(|group| group.strip_prefix("service:")) {
        return Some(Owner::Service(service.to_owned()));
    }
    let family = convert::family_of(task.task_definition_arn()?);
    Some(family).filter(|family| !family.is_empty()).map(|family| Owner::Family(family.to_owned()))
}

impl Stopped {
    /// What is known of a workload's stopped tasks; nothing where its cluster was not looked at.
    pub fn of(&self, workload: &Workload) -> Option<StoppedTasks> {
        let identity = &workload.identity;
        let owner = match identity.kind {
            WorkloadKind::Service => Owner::Service(identity.name.clone()),
            WorkloadKind::Standalone => Owner::Family(identity.name.clone()),
            WorkloadKind::Daemon => return None,
        };
        self.seen
            .contains(&identity.cluster)
            .then(|| self.by_owner.get(&(identity.cluster.clone(), owner)).cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::primitives::DateTime;

    use super::*;

    fn container(name: &str, reason: &str, exit_code: Option<i32>) -> sdk::Container {
        sdk::Container::builder().name(name).reason(reason).set_exit_code(exit_code).build()
    }

    fn task(group: &str, memory: &str, stopped: i64, containers: Vec<sdk::Container>) -> sdk::Task {
        sdk::Task::builder()
            .group(group)
            .memory(memory)
            .last_status("STOPPED")
            .stopped_at(DateTime::from_secs(stopped))
            .task_definition_arn("arn:aws:ecs:r:1:task-definition/batch:7")
            .set_containers(Some(containers))
            .build()
    }

    const OOM: &str = "OutOfMemoryError: Container killed due to memory usage";

    #[test]
    fn only_kills_with_the_reason_count() {
        for (case, reason, exit_code, killed) in [
            ("killed for memory", OOM, Some(137), true),
            ("killed for memory, code missing", OOM, None, true),
            ("any other SIGKILL", "", Some(137), false),
            ("the program's own error", "OutOfMemoryError: Java heap space", Some(1), false),
            ("a clean end", "", Some(0), false),
        ] {
            assert_eq!(was_killed(&container("app", reason, exit_code)), killed, "{case}");
        }
    }

    #[test]
    fn kills_are_counted_by_service_and_by_family() {
        let fine = || container("app", "", Some(0));
        let tasks = [
            task("service:web", "2048", 100, vec![container("app", OOM, Some(137)), fine()]),
            task("service:web", "1 GB", 200, vec![fine(), container("envoy", OOM, Some(137))]),
            task("service:web", "2048", 300, vec![fine()]),
            task("family:batch", "512", 400, vec![container("job", OOM, Some(137))]),
            task("anything", "512", 500, vec![fine()]),
        ];
        let found = tally(&tasks);
        let web = &found[&Owner::Service("web".to_owned())];
        assert_eq!((web.seen, web.oom_kills, web.oom_memory), (3, 2, Some(MemoryMib(2048))));
        assert_eq!(web.last_oom.unwrap().as_second(), 200);
        assert_eq!(web.oom_containers, ["app", "envoy"]);
        let batch = &found[&Owner::Family("batch".to_owned())];
        assert_eq!((batch.seen, batch.oom_kills), (2, 1));
    }

    #[test]
    fn a_task_that_has_not_stopped_or_says_nothing_is_left_out() {
        let running = sdk::Task::builder().group("service:web").last_status("RUNNING").build();
        assert!(tally(&[running, sdk::Task::builder().build()]).is_empty());
        let unnamed = task("service:web", "", 1, vec![sdk::Container::builder().reason(OOM).build()]);
        let found = tally(&[unnamed]);
        let web = &found[&Owner::Service("web".to_owned())];
        assert_eq!((web.oom_kills, web.oom_memory, web.oom_containers.len()), (1, None, 0));
    }
}
