//! The instances of the demo's clusters, with what is placed on them at the end of the window.
//!
//! Takes the members; gives as many instances of each [`Group`] as hold its tasks with some room to
//! spare, which is what real clusters look like.

use std::collections::BTreeMap;

use super::{
    archetype::{Archetype, Containers, Need, RunsOn},
    history::Size,
    member::{ACCOUNT, Member},
    prng::{SplitMix64, seed_of},
    series,
    window::{DAY, END, at},
};
use crate::workload::{Architecture, ContainerInstance, InstanceResources, Region};

/// Instances of one kind in a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// An Auto Scaling group of x86.
    General,
    /// One of ARM.
    Arm,
    /// One with a GPU each.
    Gpu,
    /// Managed Instances.
    Managed,
    /// Machines of ECS Anywhere.
    Anywhere,
}

/// What an instance of a group is.
struct Kind {
    instance_type: Option<&'static str>,
    architecture: Architecture,
    /// What the agent registers: the machine less what the system keeps.
    registered: InstanceResources,
    /// CPU and memory are filled to this many per cent at most when instances are added.
    filled_percent: u32,
    at_least: usize,
}

impl Group {
    /// Where a row's tasks run; none for Fargate, and for daemons, which run everywhere.
    pub(super) fn of(archetype: &Archetype) -> Option<Self> {
        match archetype.runs_on {
            RunsOn::Ec2 if archetype.needs(Need::Gpu) => Some(Self::Gpu),
            RunsOn::Ec2 if archetype.platform.arch == Architecture::Arm64 => Some(Self::Arm),
            RunsOn::Ec2 => Some(Self::General),
            RunsOn::ManagedInstances => Some(Self::Managed),
            RunsOn::External => Some(Self::Anywhere),
            _ => None,
        }
    }

    /// Its capacity provider; the user's own machines have none.
    pub(super) fn provider(self, cluster: &str) -> Option<String> {
        let name = match self {
            Self::General => "asg",
            Self::Arm => "arm",
            Self::Gpu => "gpu",
            Self::Managed => "managed",
            Self::Anywhere => return None,
        };
        Some(format!("{cluster}-{name}"))
    }

    fn kind(self) -> Kind {
        let kind = |instance_type, cpu, memory_mib, filled_percent, at_least| Kind {
            instance_type,
            architecture: Architecture::X86_64,
            registered: InstanceResources { cpu, memory_mib, gpus: 0 },
            filled_percent,
            at_least,
        };
        match self {
            Self::General => kind(Some("m6i.xlarge"), 4_096, 15_748, 65, 3),
            Self::Arm => {
                Kind { architecture: Architecture::Arm64, ..kind(Some("c7g.large"), 2_048, 3_836, 65, 2) }
            }
            Self::Gpu => {
                let kind = kind(Some("g4dn.xlarge"), 4_096, 15_692, 90, 1);
                Kind { registered: InstanceResources { gpus: 1, ..kind.registered }, ..kind }
            }
            Self::Managed => kind(Some("r7i.xlarge"), 4_096, 31_320, 100, 1),
            Self::Anywhere => kind(None, 4_096, 15_880, 80, 1),
        }
    }

    /// Whether daemons run on it: they are for x86, and for the cluster's own EC2 instances.
    fn has_daemons(self) -> bool {
        matches!(self, Self::General | Self::Gpu)
    }
}

/// The instances of all clusters, sorted by cluster and id.
pub(super) fn container_instances(members: &[Member]) -> Vec<ContainerInstance> {
    let mut tasks = BTreeMap::<_, Vec<(InstanceResources, u32, bool)>>::new();
    let mut daemons: BTreeMap<(&str, &str), Vec<(InstanceResources, u32)>> = BTreeMap::new();
    for member in members {
        let archetype = member.archetype;
        let (region, cluster) = (archetype.region, archetype.cluster);
        let running = series::running_at_end(archetype, &member.revisions, member.seed);
        if let Some(group) = Group::of(archetype) {
            let distinct = archetype.needs(Need::DistinctInstance);
            tasks.entry((region, cluster, group)).or_default().push((reserved(archetype), running, distinct));
        } else if archetype.runs_on == RunsOn::Ec2Daemon {
            daemons.entry((region, cluster)).or_default().push((reserved(archetype), running));
        }
    }
    let mut found = Vec::new();
    for ((region, cluster, group), mut tasks) in tasks {
        let daemons = daemons.get_mut(&(region, cluster)).filter(|_| group.has_daemons());
        found.extend(placed(region, cluster, group, &mut tasks, daemons.map_or(&mut [], Vec::as_mut_slice)));
    }
    found.sort_by(|a, b| (&a.region, &a.cluster, &a.id).cmp(&(&b.region, &b.cluster, &b.id)));
    found
}

/// Places tasks: the largest first, each where most CPU is left. Of each daemon one on every instance,
/// as long as it has tasks.
fn placed(
    region: &str,
    cluster: &str,
    group: Group,
    tasks: &mut [(InstanceResources, u32, bool)],
    daemons: &mut [(InstanceResources, u32)],
) -> Vec<ContainerInstance> {
    let kind = group.kind();
    let needed = |of: fn(&InstanceResources) -> u32, percent: u32| {
        let sum: u64 = tasks.iter().map(|(each, running, _)| u64::from(of(each)) * u64::from(*running)).sum();
        let on_each: u64 = daemons.iter().map(|(each, _)| u64::from(of(each))).sum();
        let room = (u64::from(of(&kind.registered)) * u64::from(percent) / 100).saturating_sub(on_each);
        usize::try_from(sum.checked_div(room).map_or(0, |whole| whole + u64::from(!sum.is_multiple_of(room))))
            .unwrap_or(0)
    };
    let count = [
        kind.at_least,
        needed(|r| r.cpu, kind.filled_percent),
        needed(|r| r.memory_mib, kind.filled_percent),
        needed(|r| r.gpus, 100),
    ];
    let mut instances: Vec<ContainerInstance> = Vec::new();
    let mut add = |instances: &mut Vec<ContainerInstance>| {
        let mut instance = instance(region, cluster, group, &kind, instances.len());
        for (each, running) in daemons.iter_mut().filter(|(_, running)| *running > 0) {
            *running -= 1;
            take(&mut instance, *each);
        }
        instances.push(instance);
    };
    for _ in 0..count.into_iter().max().unwrap_or(0) {
        add(&mut instances);
    }
    tasks.sort_by_key(|(each, ..)| std::cmp::Reverse((each.cpu, each.memory_mib)));
    for (each, running, distinct) in tasks {
        let mut taken = vec![false; instances.len()];
        for _ in 0..*running {
            let best = (0..instances.len())
                .filter(|&index| fits(&instances[index], *each) && !(*distinct && taken[index]))
                .max_by_key(|&index| (instances[index].remaining.cpu, std::cmp::Reverse(index)));
            let index = best.unwrap_or_else(|| {
                add(&mut instances);
                taken.push(false);
                instances.len() - 1
            });
            taken[index] = true;
            take(&mut instances[index], *each);
        }
    }
    instances
}

fn fits(instance: &ContainerInstance, each: InstanceResources) -> bool {
    let left = instance.remaining;
    left.cpu >= each.cpu && left.memory_mib >= each.memory_mib && left.gpus >= each.gpus
}

fn take(instance: &mut ContainerInstance, each: InstanceResources) {
    let left = &mut instance.remaining;
    left.cpu = left.cpu.saturating_sub(each.cpu);
    left.memory_mib = left.memory_mib.saturating_sub(each.memory_mib);
    left.gpus = left.gpus.saturating_sub(each.gpus);
    instance.running_tasks += 1;
}

fn instance(region: &str, cluster: &str, group: Group, kind: &Kind, number: usize) -> ContainerInstance {
    let mut random = SplitMix64::new(seed_of(&format!("{region}/{cluster}/{group:?}/{number}")));
    let id = format!("{:016x}{:016x}", random.next(), random.next());
    // Those of Managed Instances are replaced after two weeks.
    let oldest_days = if group == Group::Managed { 13 } else { 70 };
    let registered_at = END - i64::from(random.up_to(oldest_days)) * DAY - i64::from(random.up_to(80_000));
    let zone = ["a", "b", "c"][number % 3];
    ContainerInstance {
        account_id: ACCOUNT.to_owned(),
        region: Region(region.to_owned()),
        cluster: cluster.to_owned(),
        id,
        instance_type: kind.instance_type.map(str::to_owned),
        availability_zone: kind.instance_type.map(|_| format!("{region}{zone}")),
        architecture: Some(kind.architecture),
        capacity_provider: group.provider(cluster),
        status: "ACTIVE".to_owned(),
        registered: kind.registered,
        remaining: kind.registered,
        running_tasks: 0,
        registered_at: Some(at(registered_at)),
    }
}

/// What one task reserves: its size, else what its container does.
fn reserved(archetype: &Archetype) -> InstanceResources {
    let of_container = match archetype.containers {
        Containers::Reserved(size) => Some(size),
        _ => None,
    };
    let size = archetype.size.or(of_container).unwrap_or(Size { cpu_units: 0, memory_mib: 0 });
    InstanceResources {
        cpu: size.cpu_units,
        memory_mib: size.memory_mib,
        gpus: archetype.needs(Need::Gpu).into(),
    }
}
