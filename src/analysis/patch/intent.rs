//! Which size a template should have, and its containers with it.

use super::{Intent, PatchInput};
use crate::{
    fargate::{FREE_EPHEMERAL_STORAGE, TaskSize},
    policy::{Production, enough_for},
    pricing::TaskShape,
    report::{ContainerReport, WorkloadReport},
    rightsize::{ContainerSize, Floors, TaskRoom, cheapest_size, containers_at, registers},
    template::{TaskTemplate, patch::TaskId},
    units::{CpuUnits, MemoryMib},
    workload::{InjectedContainer, LaunchType, Platform, PurchaseSplit, TaskDefinition},
};

/// The guard of a workload whose tasks get the proxy of Service Connect.
const SERVICE_CONNECT: &str = "service-connect-proxy";
/// The guards of one with containers whose own memory limits are too small.
const SHORT_LIMITS: [&str; 2] = ["oom-killed", "container-near-limit"];

/// What is meant for a template that `linked` run; nothing where it has the size already. Or why that cannot be said.
pub fn of(
    id: TaskId,
    task: &TaskTemplate,
    linked: &[&Production],
    input: &PatchInput<'_>,
) -> Result<Option<Intent>, String> {
    let size = target(task, linked, input)?;
    if task.cpu.known() == Some(&size.cpu()) && task.memory.known() == Some(&size.memory()) {
        return Ok(raised(task, linked, size, input)?.map(|containers| Intent {
            task: id,
            size,
            containers,
        }));
    }
    // What is not known may be the size already; it matters where another is recommended only.
    let is_known = task.cpu.known().is_some() && task.memory.known().is_some();
    let runs_so = |p: &&Production| p.current == (Some(size.cpu()), Some(size.memory()));
    if !is_known && linked.iter().all(runs_so) {
        return Ok(None);
    }
    let containers = containers(task, linked, size, input).map_err(|why| {
        format!("{why}; {size} is recommended (cpu {}, memory {})", size.cpu().0, size.memory().0)
    })?;
    Ok(Some(Intent { task: id, size, containers }))
}

/// The containers' settings at the size that the task has, where limits are to be raised that are too small.
fn raised(
    task: &TaskTemplate,
    linked: &[&Production],
    size: TaskSize,
    input: &PatchInput<'_>,
) -> Result<Option<Vec<ContainerSize>>, String> {
    let workloads = workloads(linked, input);
    if !workloads.iter().any(|workload| has_short_limits(workload)) {
        return Ok(None);
    }
    let definition =
        task.definition().map_err(|(why, at)| format!("{why} ({}:{})", at.path.display(), at.line))?;
    let low = definition.containers.iter().find(|container| {
        let recommended = workloads.iter().filter_map(|workload| {
            let recommendation = workload.recommendation.as_ref().filter(|_| has_short_limits(workload))?;
            recommendation.containers.iter().find(|other| other.name == container.name)?.memory_mib
        });
        container.memory.is_some() && recommended.max().map(MemoryMib) > container.memory
    });
    let Some(low) = low else { return Ok(None) };
    recommended(&definition, &workloads, size).map(Some).ok_or_else(|| {
        format!(
            "it is not what runs, where a container has too little memory by its own limit: see whether the {} MiB of \
             {:?} are enough, and set them by hand",
            low.memory.unwrap_or_default().0,
            low.name
        )
    })
}

fn has_short_limits(workload: &WorkloadReport) -> bool {
    workload.guards.iter().any(|guard| SHORT_LIMITS.contains(&guard.code.as_str()))
}

fn workloads<'a>(linked: &[&Production], input: &PatchInput<'a>) -> Vec<&'a WorkloadReport> {
    let of = |production: &&Production| {
        input.production.workloads.iter().find(|workload| workload.id == production.id)
    };
    linked.iter().filter_map(of).collect()
}

/// The size that holds what each of the workloads needs.
fn target(task: &TaskTemplate, linked: &[&Production], input: &PatchInput<'_>) -> Result<TaskSize, String> {
    if let Some(other) = linked.iter().find(|production| production.launch_type != LaunchType::Fargate) {
        return Err(format!("{} does not run on Fargate, and its size is not a task's alone", other.id));
    }
    let Some((cpu, memory)) = enough_for(linked) else {
        let why = linked.iter().find_map(|production| production.not_rated.clone());
        let why = why.unwrap_or_else(|| "it has no Fargate size".to_owned());
        return Err(format!("{} is not rated: {why}", linked[0].id));
    };
    let platform = task.platform.known().copied().unwrap_or(linked[0].platform);
    if let Ok(size) = TaskSize::new(cpu, memory, platform.os) {
        return Ok(size);
    }
    cheapest(linked[0], platform, (cpu, memory), input)
        .ok_or_else(|| format!("no Fargate size holds {cpu} and {memory}, which its workloads need together"))
}

fn cheapest(
    production: &Production,
    platform: Platform,
    (cpu, memory): (CpuUnits, MemoryMib),
    input: &PatchInput<'_>,
) -> Option<TaskSize> {
    let shape = TaskShape {
        region: production.region.clone(),
        platform,
        cpu,
        memory,
        ephemeral_storage: FREE_EPHEMERAL_STORAGE,
    };
    let floors = Floors { cpu, memory, cpu_fixed: false, memory_fixed: false };
    let priced = cheapest_size(input.book, &shape, PurchaseSplit::ON_DEMAND, floors).ok().flatten();
    let smallest = || TaskSize::all(platform.os).find(|size| size.cpu() >= cpu && size.memory() >= memory);
    priced.map(|(size, _)| size).or_else(smallest)
}

/// The containers' settings at `size`: those recommended where the template is what runs, else worked out of the
/// template's own.
fn containers(
    task: &TaskTemplate,
    linked: &[&Production],
    size: TaskSize,
    input: &PatchInput<'_>,
) -> Result<Vec<ContainerSize>, String> {
    // Whose size is not known is for the edit to refuse; its containers say as much as they do.
    let definition =
        task.definition().map_err(|(why, at)| format!("{why} ({}:{})", at.path.display(), at.line))?;
    let workloads = workloads(linked, input);
    if let Some(recommended) = recommended(&definition, &workloads, size) {
        return Ok(recommended);
    }
    let has_proxy = workloads.iter().any(|w| w.guards.iter().any(|guard| guard.code == SERVICE_CONNECT));
    let injected: Vec<_> = has_proxy.then_some(InjectedContainer::ServiceConnectProxy).into_iter().collect();
    let containers = containers_at(&definition, &injected, TaskRoom::from(size))?;
    for (now, then) in definition.containers.iter().zip(&containers) {
        let is_lower = then.memory.is_some() && then.memory < now.memory;
        if is_lower && !holds(then, linked, &workloads) {
            let limit = then.memory.unwrap_or_default().0;
            return Err(format!(
                "its containers differ from those that run: {:?} would be left {limit} MiB of its {}, and what it uses \
                 is not known to be less; where it is, set that by hand",
                then.name,
                now.memory.unwrap_or_default().0
            ));
        }
    }
    Ok(containers)
}

/// Whether a container's new limit is as large as is recommended for the one that runs, or holds all that a whole
/// task was seen to use.
fn holds(container: &ContainerSize, linked: &[&Production], workloads: &[&WorkloadReport]) -> bool {
    let limit = container.memory.unwrap_or_default().0;
    linked.iter().zip(workloads).all(|(production, workload)| {
        let recommended = workload.recommendation.as_ref().and_then(|recommendation| {
            recommendation.containers.iter().find(|other| other.name == container.name)?.memory_mib
        });
        recommended.is_some_and(|recommended| recommended <= limit)
            || production.memory_mib_max.is_some_and(|peak| peak <= limit.into())
    })
}

/// The recommended settings, where they are of these containers: the same names and settings, but for the one
/// container that follows the task, and for limits that are raised.
fn recommended(
    definition: &TaskDefinition,
    workloads: &[&WorkloadReport],
    size: TaskSize,
) -> Option<Vec<ContainerSize>> {
    let mut recommendations = workloads.iter().map(|workload| workload.recommendation.as_ref());
    let first = recommendations.next()??;
    let same_size = (first.cpu_units, first.memory_mib) == (size.cpu().0, size.memory().0);
    let runs = workloads.iter().all(|workload| {
        (workload.current.cpu_units, workload.current.memory_mib)
            == (definition.cpu.map(|cpu| cpu.0), definition.memory.map(|memory| memory.0))
    });
    if !same_size
        || !runs
        || recommendations.any(|other| other.map(|r| &r.containers) != Some(&first.containers))
    {
        return None;
    }
    if first.containers.len() != definition.containers.len() {
        return None;
    }
    let sizes: Vec<ContainerSize> = definition
        .containers
        .iter()
        .map(|container| {
            first.containers.iter().find(|other| other.name == container.name).map(container_size)
        })
        .collect::<Option<_>>()?;
    let mut different = 0;
    for (now, then) in definition.containers.iter().zip(&sizes) {
        let is_set_alike = (now.cpu.0 > 0) == (then.cpu.0 > 0)
            && now.memory.is_some() == then.memory.is_some()
            && now.memory_reservation.is_some() == then.memory_reservation.is_some();
        if !is_set_alike {
            return None;
        }
        let as_now = ContainerSize::as_now(now);
        let is_raised = workloads.iter().any(|workload| has_short_limits(workload))
            && then.memory > now.memory
            && ContainerSize { memory: now.memory, ..then.clone() } == as_now;
        different += usize::from(!is_raised && as_now != *then);
    }
    (different <= 1 && registers(&sizes, TaskRoom::from(size))).then_some(sizes)
}

fn container_size(report: &ContainerReport) -> ContainerSize {
    ContainerSize {
        name: report.name.clone(),
        cpu: CpuUnits(report.cpu_units.unwrap_or_default()),
        memory: report.memory_mib.map(MemoryMib),
        memory_reservation: report.memory_reservation_mib.map(MemoryMib),
    }
}
