//! [`implausible`]: numbers of an inventory that cannot be, and that money would be made of.
//!
//! Takes an inventory and its window; says what is wrong with the first number that is, and of what it is. The bounds
//! are far above all that ECS allows, so that what `collect` finds is never refused: a maximum of scaling may be any
//! number, and is not looked at. How much was used is screened elsewhere ([`crate::demand`]).
//!
//! | number | can be |
//! |---|---|
//! | tasks: desired, running, the minimum of scaling; base and weight of a strategy | up to 10,000,000 |
//! | seconds between samples | 1 to 300; ECS has 20 and 60 |
//! | begin and end of a deployment | from 2014, when ECS began, to a week after the window |
//! | target of scaling by CPU or memory | above 0 |
//! | CPU units; MiB; GiB of storage; GPUs, of a task, a container or an instance | up to 10,000,000; 100,000,000; 10,000; 1,000 |

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use super::{Inventory, Window};
use crate::workload::{
    ContainerInstance, InstanceResources, PolicyKind, RevisionInForce, ScalableTarget, StrategyItem,
    TaskDefinition, TrackedMetric, Workload,
};

const COUNT: RangeInclusive<u32> = 0..=10_000_000;
const RESOLUTION_SECONDS: RangeInclusive<u32> = 1..=300;
const CPU: RangeInclusive<u32> = 0..=10_000_000;
const MEMORY: RangeInclusive<u32> = 0..=100_000_000;
const STORAGE: RangeInclusive<u32> = 0..=10_000;
const GPUS: RangeInclusive<u32> = 0..=1_000;
/// 2014-01-01T00:00:00Z.
const ECS_BEGAN_SECOND: i64 = 1_388_534_400;
const AFTER_THE_WINDOW: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A number, what it is, and what it can be.
type Number = (&'static str, Option<u32>, RangeInclusive<u32>);

/// What is wrong with the first number that cannot be, if one cannot.
pub(super) fn implausible(inventory: &Inventory, window: &Window) -> Option<String> {
    let Inventory { clusters, capacity_providers: _, container_instances, workloads, task_definitions } =
        inventory;
    let workloads = || {
        workloads.iter().find_map(|workload| {
            let problem = of_workload(workload, window)?;
            Some(format!("workload {} has {problem}", workload.identity.id()))
        })
    };
    let definitions = || {
        task_definitions
            .iter()
            .find_map(|(arn, definition)| Some(format!("{arn} has {}", of_definition(definition)?)))
    };
    let instances = || {
        container_instances.iter().find_map(|instance| {
            let ContainerInstance { account_id, region, cluster, id, .. } = instance;
            Some(format!("instance {account_id}/{region}/{cluster}/{id} has {}", of_instance(instance)?))
        })
    };
    let clusters = || {
        clusters.iter().find_map(|cluster| {
            Some(format!("{} has {}", cluster.arn, of_strategy(&cluster.default_strategy)?))
        })
    };
    workloads().or_else(definitions).or_else(instances).or_else(clusters)
}

fn of_workload(workload: &Workload, window: &Window) -> Option<String> {
    let numbers = [
        ("a desired count of", workload.desired_count, COUNT),
        ("a running count of", workload.running_count, COUNT),
    ];
    beyond(numbers)
        .or_else(|| of_strategy(&workload.strategy))
        .or_else(|| of_scaling(workload.scaling.as_ref()?))
        .or_else(|| workload.revisions.iter().find_map(|revision| of_revision(revision, window)))
}

fn of_strategy(strategy: &[StrategyItem]) -> Option<String> {
    strategy.iter().find_map(|item| {
        beyond([
            ("a strategy with a base of", Some(item.base), COUNT),
            ("a strategy with a weight of", Some(item.weight), COUNT),
        ])
    })
}

fn of_scaling(scaling: &ScalableTarget) -> Option<String> {
    let scheduled = scaling.scheduled_actions.iter().map(|action| action.min_capacity);
    let minima = [Some(scaling.min_capacity)].into_iter().chain(scheduled);
    let target = |kind: &PolicyKind| match kind {
        PolicyKind::TargetTracking { metric: TrackedMetric::Other(_), .. } => None,
        PolicyKind::TargetTracking { target, .. } => {
            let can_be = *target > 0.0 && target.is_finite();
            (!can_be).then(|| format!("a scaling target of {target} %, which can be above 0"))
        }
        PolicyKind::Step | PolicyKind::Predictive { .. } | PolicyKind::Other => None,
    };
    beyond(minima.map(|least| ("a minimum of scaling of", least, COUNT)))
        .or_else(|| scaling.policies.iter().find_map(|policy| target(&policy.kind)))
}

fn of_revision(revision: &RevisionInForce, window: &Window) -> Option<String> {
    let resolution = revision.metric_resolution_seconds;
    let latest = window.end.checked_add(AFTER_THE_WINDOW).unwrap_or(Timestamp::MAX);
    let date = [revision.from, revision.settled]
        .into_iter()
        .flatten()
        .find(|date| date.as_second() < ECS_BEGAN_SECOND || *date > latest);
    beyond([("seconds between samples of", Some(resolution), RESOLUTION_SECONDS)])
        .or_else(|| Some(format!("a deployment of {}, which can be of 2014-01-01 to {latest}", date?)))
}

fn of_definition(definition: &TaskDefinition) -> Option<String> {
    let task = [
        ("CPU units of", definition.cpu.map(|cpu| cpu.0), CPU),
        ("MiB of", definition.memory.map(|memory| memory.0), MEMORY),
        ("GiB of storage of", definition.ephemeral_storage.map(|storage| storage.0), STORAGE),
    ];
    let containers = definition.containers.iter().flat_map(|container| {
        [
            ("a container with CPU units of", Some(container.cpu.0), CPU),
            ("a container with MiB of", container.memory.map(|memory| memory.0), MEMORY),
            ("a container with MiB of", container.memory_reservation.map(|memory| memory.0), MEMORY),
            ("a container with GPUs of", Some(container.gpus), GPUS),
        ]
    });
    beyond(task.into_iter().chain(containers))
}

fn of_instance(instance: &ContainerInstance) -> Option<String> {
    let resources = [instance.registered, instance.remaining].into_iter().flat_map(|resources| {
        let InstanceResources { cpu, memory_mib, gpus } = resources;
        [
            ("CPU units of", Some(cpu), CPU),
            ("MiB of", Some(memory_mib), MEMORY),
            ("GPUs of", Some(gpus), GPUS),
        ]
    });
    beyond(resources.chain([("running tasks of", Some(instance.running_tasks), COUNT)]))
}

fn beyond(numbers: impl IntoIterator<Item = Number>) -> Option<String> {
    numbers.into_iter().find_map(|(what, number, can_be)| {
        let number = number.filter(|number| !can_be.contains(number))?;
        Some(format!("{what} {number}, which can be {} to {}", can_be.start(), can_be.end()))
    })
}
