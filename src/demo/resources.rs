//! The inventory's records, as `collect` would have read them, built from a row of the table.

use std::collections::BTreeMap;

use super::{
    archetype::{Archetype, Containers, Intent, Need, RunsOn, Scaling},
    history::{History, Revision, Size},
    instances::Group,
    member::{ACCOUNT, GAPPY_REGION, Member},
    prng::SplitMix64,
    series,
    shapes::Presence,
    window::{DAY, END, HOUR, at},
};
use crate::{
    units::{CpuUnits, MemoryMib, StorageGib},
    workload::{
        CapacityProvider, CapacityProviderKind, Cluster, Container, Controller, HistorySource, LaunchType,
        PolicyKind, Region, RevisionInForce, RuntimeSetting, ScalableTarget, ScalingPolicy, Scheduling,
        StoppedTasks, StrategyItem, TaskDefinition, TaskFacts, TaskSkew, TrackedMetric, Workload,
        WorkloadIdentity, WorkloadKind,
    },
};

pub(super) fn workload(workload_id: u32, member: &Member) -> Workload {
    let archetype = member.archetype;
    let service = archetype.kind == WorkloadKind::Service;
    let running = series::running_at_end(archetype, &member.revisions, member.seed);
    let complete = service && archetype.history != History::Unreadable;
    let notes = if archetype.history == History::Unreadable {
        vec!["deployments could not be read; the revision in force now is assumed throughout".to_owned()]
    } else {
        Vec::new()
    };
    Workload {
        workload_id,
        identity: member.identity.clone(),
        launch_type: launch_type(archetype.runs_on),
        strategy: strategy(archetype, &member.identity.cluster),
        desired_count: service.then_some(running),
        running_count: service.then_some(running),
        created_at: service.then(|| at(created_at(member))),
        scheduling: match archetype.runs_on {
            RunsOn::Ec2Daemon => Scheduling::Daemon,
            _ => Scheduling::Replica,
        },
        controller: Controller::Ecs,
        maximum_percent: service.then(|| maximum_percent(archetype)),
        placement_constraints: placement_constraints(archetype),
        revisions: member.revisions.iter().map(|r| in_force(&member.identity, r)).collect(),
        history: if complete { HistorySource::ServiceDeployments } else { HistorySource::CurrentOnly },
        scaling: scalable_target(archetype),
        tags: tags(archetype),
        facts: facts(member),
        notes,
    }
}

/// What the tasks that stopped in the last hour told, where the role may ask: only those of a leak were
/// killed for memory.
fn facts(member: &Member) -> TaskFacts {
    let archetype = member.archetype;
    if (archetype.region, archetype.cluster) == (GAPPY_REGION, "batch") {
        return TaskFacts::default();
    }
    let leaks = archetype.intent == Intent::Underprovisioned && archetype.memory.is_leak();
    let (oom_kills, last_oom) = if leaks { (2, Some(at(END - HOUR / 2))) } else { (0, None) };
    let stopped = StoppedTasks {
        seen: oom_kills,
        oom_kills,
        last_oom,
        oom_memory: archetype.size.filter(|_| leaks).map(|size| MemoryMib(size.memory_mib)),
        oom_containers: if leaks { vec!["app".to_owned()] } else { Vec::new() },
    };
    TaskFacts { stopped: Some(stopped), task_skew: task_skew(archetype), ..TaskFacts::default() }
}

/// How the tasks compare, in the clusters with enhanced observability.
fn task_skew(archetype: &Archetype) -> Option<TaskSkew> {
    let side_by_side = archetype.tasks.least > 1 && archetype.presence == Presence::Always;
    let seen = archetype.kind == WorkloadKind::Service
        && archetype.size.is_some()
        && cluster(archetype.region, archetype.cluster).has_task_series();
    (side_by_side && seen).then(|| TaskSkew {
        tasks: archetype.tasks.least,
        cpu: Some(archetype.cpu.spread()),
        memory: Some(archetype.memory.spread()),
    })
}

/// The task definitions of all revisions of a workload.
pub(super) fn task_definitions(member: &Member) -> impl Iterator<Item = TaskDefinition> {
    let Member { identity, archetype, .. } = member;
    member.revisions.iter().map(move |revision| TaskDefinition {
        arn: task_definition_arn(identity, revision),
        family: identity.name.clone(),
        revision: revision.number,
        cpu: revision.size.map(|size| CpuUnits(size.cpu_units)),
        memory: revision.size.map(|size| MemoryMib(size.memory_mib)),
        platform: archetype.platform,
        ephemeral_storage: archetype.storage_gib.map(StorageGib),
        network_mode: Some(network_mode(archetype).to_owned()),
        requires_compatibilities: vec![launch_type(archetype.runs_on)]
            .into_iter()
            .filter(|launch_type| *launch_type != LaunchType::Unknown)
            .map(|launch_type| launch_type.as_str().to_owned())
            .collect(),
        containers: containers(archetype),
        volume_kinds: volume_kinds(archetype),
        placement_constraints: Vec::new(),
        tags: tags(archetype),
    })
}

pub(super) fn cluster(region: &str, name: &str) -> Cluster {
    let (insights, env) = match name {
        "prod" => ("enhanced", "prod"),
        "staging" => ("disabled", "staging"),
        _ => ("enabled", "prod"),
    };
    Cluster {
        account_id: ACCOUNT.to_owned(),
        region: Region(region.to_owned()),
        name: name.to_owned(),
        arn: format!("arn:aws:ecs:{region}:{ACCOUNT}:cluster/{name}"),
        container_insights: Some(insights.to_owned()),
        default_strategy: Vec::new(),
        tags: BTreeMap::from([("env".to_owned(), env.to_owned())]),
    }
}

/// The providers that a workload's strategy names, as its region describes them.
pub(super) fn capacity_providers(member: &Member) -> impl Iterator<Item = CapacityProvider> {
    let WorkloadIdentity { region, cluster, .. } = &member.identity;
    strategy(member.archetype, cluster).into_iter().map(move |item| CapacityProvider {
        account_id: ACCOUNT.to_owned(),
        region: region.clone(),
        name: item.provider,
        kind: item.kind,
        cluster: (item.kind == CapacityProviderKind::ManagedInstances).then(|| cluster.clone()),
        target_capacity_percent: (item.kind == CapacityProviderKind::Ec2Autoscaling).then_some(90),
        capacity_option: (item.kind == CapacityProviderKind::ManagedInstances)
            .then(|| "ON_DEMAND".to_owned()),
    })
}

fn launch_type(runs_on: RunsOn) -> LaunchType {
    match runs_on {
        RunsOn::Fargate | RunsOn::FargateAndSpot | RunsOn::FargateSpot => LaunchType::Fargate,
        RunsOn::Ec2 | RunsOn::Ec2Daemon => LaunchType::Ec2,
        RunsOn::External => LaunchType::External,
        RunsOn::ManagedInstances => LaunchType::ManagedInstances,
        RunsOn::UnknownProvider => LaunchType::Unknown,
    }
}

fn network_mode(archetype: &Archetype) -> &'static str {
    match archetype.runs_on {
        _ if archetype.needs(Need::HostNetwork) => "host",
        RunsOn::Ec2 | RunsOn::External => "bridge",
        RunsOn::Ec2Daemon => "host",
        _ => "awsvpc",
    }
}

/// ECS's defaults, but for what cannot run twice on an instance.
fn maximum_percent(archetype: &Archetype) -> u32 {
    let in_place = archetype.runs_on == RunsOn::Ec2Daemon || archetype.needs(Need::HostNetwork);
    if in_place { 100 } else { 200 }
}

fn placement_constraints(archetype: &Archetype) -> Vec<String> {
    [(Need::DistinctInstance, "distinctInstance"), (Need::MemberOf, "memberOf")]
        .into_iter()
        .filter(|(need, _)| archetype.needs(*need))
        .map(|(_, kind)| kind.to_owned())
        .collect()
}

fn volume_kinds(archetype: &Archetype) -> Vec<String> {
    [(Need::EfsVolume, "efs"), (Need::HostVolume, "host")]
        .into_iter()
        .filter(|(need, _)| archetype.needs(*need))
        .map(|(_, kind)| kind.to_owned())
        .collect()
}

pub(super) fn strategy(archetype: &Archetype, cluster: &str) -> Vec<StrategyItem> {
    let item = |provider: &str, kind, base, weight| StrategyItem {
        provider: provider.to_owned(),
        kind,
        base,
        weight,
    };
    match archetype.runs_on {
        RunsOn::Fargate | RunsOn::Ec2Daemon | RunsOn::External => Vec::new(),
        RunsOn::FargateAndSpot => vec![
            item("FARGATE", CapacityProviderKind::Fargate, 1, 1),
            item("FARGATE_SPOT", CapacityProviderKind::FargateSpot, 0, 3),
        ],
        RunsOn::FargateSpot => vec![item("FARGATE_SPOT", CapacityProviderKind::FargateSpot, 0, 1)],
        RunsOn::Ec2 => {
            let provider = Group::of(archetype).and_then(|group| group.provider(cluster));
            vec![item(&provider.unwrap_or_default(), CapacityProviderKind::Ec2Autoscaling, 0, 1)]
        }
        RunsOn::ManagedInstances => {
            let provider = Group::of(archetype).and_then(|group| group.provider(cluster));
            vec![item(&provider.unwrap_or_default(), CapacityProviderKind::ManagedInstances, 0, 1)]
        }
        RunsOn::UnknownProvider => {
            vec![item(&format!("{cluster}-lab"), CapacityProviderKind::Unknown, 0, 1)]
        }
    }
}

/// Some months before the window, unless the history says when.
fn created_at(member: &Member) -> i64 {
    if let History::Created(time) = member.archetype.history {
        return time;
    }
    let mut random = SplitMix64::new(member.seed);
    END - (60 + i64::from(random.up_to(800))) * DAY - 9 * HOUR - i64::from(random.up_to(28_800))
}

fn in_force(identity: &WorkloadIdentity, revision: &Revision) -> RevisionInForce {
    RevisionInForce {
        task_definition: task_definition_arn(identity, revision),
        from: revision.from.map(at),
        settled: revision.settled.map(at),
        metric_resolution_seconds: 60,
    }
}

fn task_definition_arn(identity: &WorkloadIdentity, revision: &Revision) -> String {
    let WorkloadIdentity { account_id, region, name, .. } = identity;
    format!("arn:aws:ecs:{region}:{account_id}:task-definition/{name}:{}", revision.number)
}

fn containers(archetype: &Archetype) -> Vec<Container> {
    let container =
        |name: &str, essential| Container { name: name.to_owned(), essential, ..Container::default() };
    let limited = |name: &str, essential, cpu_units, hard_mib, soft_mib| Container {
        cpu: CpuUnits(cpu_units),
        memory: Some(MemoryMib(hard_mib)),
        memory_reservation: Some(MemoryMib(soft_mib)),
        ..container(name, essential)
    };
    match archetype.containers {
        Containers::App => vec![container("app", true)],
        Containers::Reserved(Size { cpu_units, memory_mib }) => vec![Container {
            cpu: CpuUnits(cpu_units),
            memory_reservation: Some(MemoryMib(memory_mib)),
            gpus: archetype.needs(Need::Gpu).into(),
            privileged: archetype.needs(Need::Privileged),
            ..container("app", true)
        }],
        Containers::Jvm { heap_mib } => vec![Container {
            runtime_settings: vec![RuntimeSetting::new("-Xmx", format!("{heap_mib}m"))],
            ..container("app", true)
        }],
        Containers::Sidecars => vec![
            limited("app", true, 1408, 2816, 2816),
            limited("envoy", true, 384, 768, 640),
            limited("log-router", false, 128, 256, 192),
        ],
    }
}

fn scalable_target(archetype: &Archetype) -> Option<ScalableTarget> {
    let tracking = |name: &str, metric, target| ScalingPolicy {
        name: name.to_owned(),
        kind: PolicyKind::TargetTracking {
            metric,
            target,
            disable_scale_in: false,
            scale_in_cooldown: 300,
            scale_out_cooldown: 60,
        },
    };
    let cpu = || tracking("cpu-60", TrackedMetric::CpuUtilization, 60.0);
    let memory = || tracking("memory-70", TrackedMetric::MemoryUtilization, 70.0);
    let policies = match archetype.scaling {
        Scaling::None => return None,
        Scaling::Cpu => vec![cpu()],
        Scaling::LowCpu => vec![tracking("cpu-30", TrackedMetric::CpuUtilization, 30.0)],
        Scaling::Memory => vec![memory()],
        Scaling::CpuAndMemory => vec![cpu(), memory()],
        Scaling::Step => vec![ScalingPolicy { name: "queue-depth".to_owned(), kind: PolicyKind::Step }],
        Scaling::Predictive => {
            vec![ScalingPolicy { name: "forecast".to_owned(), kind: PolicyKind::Predictive { scales: true } }]
        }
        Scaling::RequestsPerTarget => {
            vec![tracking("requests-900", TrackedMetric::Other("ALBRequestCountPerTarget".to_owned()), 900.0)]
        }
    };
    Some(ScalableTarget {
        min_capacity: archetype.tasks.least,
        max_capacity: archetype.tasks.most.saturating_add(archetype.tasks.most / 4),
        scale_in_suspended: false,
        scale_out_suspended: false,
        scheduled_suspended: false,
        policies,
        scheduled_actions: Vec::new(),
    })
}

fn tags(archetype: &Archetype) -> BTreeMap<String, String> {
    if archetype.team.is_empty() {
        return BTreeMap::new();
    }
    let env = if archetype.cluster == "staging" { "staging" } else { "prod" };
    let cost_center = match archetype.team {
        "payments" => "cc-1100",
        "web" => "cc-1200",
        "discovery" => "cc-1300",
        "media" => "cc-1400",
        _ => "cc-9000",
    };
    [("team", archetype.team), ("env", env), ("cost-center", cost_center)]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}
