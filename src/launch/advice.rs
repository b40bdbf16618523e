//! Another launch type for a workload: what rules it out, what it takes, what it would cost.
//!
//! **Fargate.** What it cannot run is said in plain words ([`fargate_rule_outs`]); what changes along with
//! a move that is possible are conditions ([`fargate_conditions`]). Sources: Amazon ECS Developer Guide,
//! task definition differences for Fargate, and Fargate task sizes.
//!
//! **Instances, for what runs on Fargate.** What a task costs on an instance depends on what fills the rest
//! of it, so only what holds for the workload alone is offered: [`own_instances`] that no other workload
//! shares, enough for its tasks and one more while it deploys, in as many zones as are asked for, set up as
//! `[ec2]` says. Whether a shared fleet is cheaper still is the comparison's to say.
//!
//! | 20 tasks of 1 vCPU / 2 GB all month, us-east-1 | USD a month |
//! |---|---|
//! | Fargate: 20 x 0.04937 x 730 | 720.80 |
//! | c5a.4xlarge (16 vCPU, 32 GB), 15 tasks each, with room for 21: 2 x 0.616 x 730 | 899.36 |
//!
//! So a service gets such an offer only where it fills what it has, which is an answer, too.

use rust_decimal::Decimal;

use super::{InstanceRates, Pool};
use crate::{
    config::Ec2Settings,
    ec2::{HostSettings, InstanceType, InstanceTypes, allocatable, packing::Resources},
    pricing::InstancePurchase,
    units::{HOURS_PER_MONTH, Usd},
    workload::{
        Architecture, LaunchType, OperatingSystem, Region, Scheduling, TaskDefinition, Workload, WorkloadKind,
    },
};

/// Why Fargate cannot run a workload as it is; empty where nothing that is known speaks against it.
pub fn fargate_rule_outs(workload: &Workload, definition: &TaskDefinition) -> Vec<String> {
    let mut because = Vec::new();
    let named = |is: fn(&crate::workload::Container) -> bool| -> Vec<&str> {
        definition.containers.iter().filter(|c| is(c)).map(|c| c.name.as_str()).collect()
    };
    let gpu = named(|container| container.gpus > 0);
    if !gpu.is_empty() {
        because.push(format!("{} takes a GPU, which Fargate has not", gpu.join(", ")));
    }
    let privileged = named(|container| container.privileged);
    if !privileged.is_empty() {
        because.push(format!("{} is privileged", privileged.join(", ")));
    }
    if workload.scheduling == Scheduling::Daemon || workload.identity.kind == WorkloadKind::Daemon {
        because.push("it is a daemon: one task on every instance, and Fargate has no instances".to_owned());
    }
    let mode = network_mode(definition);
    if !mode.eq_ignore_ascii_case("awsvpc") && !is_bridge(mode) {
        because.push(format!("its network mode is {mode}, and Fargate has awsvpc only"));
    }
    let windows = definition.platform.os == OperatingSystem::Windows;
    for kind in unique(&definition.volume_kinds) {
        because.extend(match (kind, windows) {
            ("host", _) => Some("it mounts a path of its host".to_owned()),
            ("docker", _) => Some("it uses a Docker volume".to_owned()),
            ("fsx", _) => Some("it uses an FSx for Windows File Server volume".to_owned()),
            ("efs" | "ebs", true) => {
                Some(format!("it uses an {} volume, which Fargate has for Linux only", kind.to_uppercase()))
            }
            _ => None,
        });
    }
    for constraint in constraints(workload, definition).filter(|c| *c != DISTINCT) {
        because.push(format!("it has the placement constraint {constraint}, and Fargate has none"));
    }
    because
}

/// The only placement constraint that Fargate keeps by its nature.
const DISTINCT: &str = "distinctInstance";

/// What a move to Fargate takes, where nothing rules it out.
pub fn fargate_conditions(workload: &Workload, definition: &TaskDefinition, pools: &[&Pool]) -> Vec<String> {
    let mut conditions = vec![
        "instead of the options above, not after them; compared with the share at the recommended reservation".to_owned(),
        "CPU and memory are hard caps there: sized for the same percentile and maximum, without bursts"
            .to_owned(),
    ];
    conditions.push(
        if workload.launch_type == LaunchType::Ec2 {
            "what it leaves on the instances is saved only as they go, and their idle part with them"
        } else {
            "what it leaves on the instances is saved as ECS ends them or takes smaller ones"
        }
        .to_owned(),
    );
    let idle: Vec<String> = pools
        .iter()
        .filter_map(|pool| Some(pool.idle_percent()?.round_dp(1).normalize().to_string()))
        .collect();
    if !idle.is_empty() {
        conditions.push(format!(
            "the cost of its share now is without the idle part of the instances ({} %)",
            idle.join(" %, ")
        ));
    }
    if definition.platform.os == OperatingSystem::Windows {
        conditions.push("Windows tasks have 1, 2 or 4 vCPU there, never less".to_owned());
    }
    if is_bridge(network_mode(definition)) {
        conditions.push(
            "its containers move to awsvpc: one network interface a task, no links, no host ports other than the \
             container's"
                .to_owned(),
        );
    }
    let kinds: Vec<&str> = unique(&definition.volume_kinds).collect();
    if kinds.contains(&"ebs") {
        conditions.push("its EBS volume is attached by Fargate platform version 1.4.0 or later".to_owned());
    }
    if kinds.contains(&"efs") {
        conditions.push("its EFS volume is mounted by Fargate platform version 1.4.0 or later".to_owned());
    }
    if constraints(workload, definition).any(|constraint| constraint == DISTINCT) {
        conditions.push(
            "the placement constraint distinctInstance is dropped: Fargate tasks never share a host of yours"
                .to_owned(),
        );
    }
    conditions.push(
        "devices, kernel parameters and capabilities, and namespaces shared with the host are not looked at"
            .to_owned(),
    );
    conditions
}

/// Network mode, with what ECS takes where none is given.
fn network_mode(definition: &TaskDefinition) -> &str {
    let default = if definition.platform.os == OperatingSystem::Windows { "default" } else { "bridge" };
    definition.network_mode.as_deref().filter(|mode| !mode.is_empty()).unwrap_or(default)
}

/// What tasks on EC2 have unless they say otherwise, on Linux or on Windows: Docker's network behind the host's.
fn is_bridge(mode: &str) -> bool {
    ["bridge", "default"].iter().any(|bridge| mode.eq_ignore_ascii_case(bridge))
}

fn constraints<'a>(workload: &'a Workload, definition: &'a TaskDefinition) -> impl Iterator<Item = &'a str> {
    workload.placement_constraints.iter().chain(&definition.placement_constraints).map(String::as_str)
}

/// In order, each once.
fn unique(kinds: &[String]) -> impl Iterator<Item = &str> {
    kinds.iter().enumerate().filter(|(at, kind)| !kinds[..*at].contains(kind)).map(|(_, kind)| kind.as_str())
}

/// An instance type of a region, for tasks: as one's own or as a managed instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    pub name: String,
    pub architecture: Architecture,
    pub managed: bool,
    /// What tasks can use of it.
    pub room: Resources,
    /// USD an hour by list: on demand, with the Managed Instances fee and its volume where that has a price.
    pub hourly: Decimal,
    pub volume_gib: u32,
    /// Whether the volume is in the price.
    pub volume_priced: bool,
    /// ISO date of the price.
    pub effective_date: String,
}

/// The types that a region's services could have to themselves, set up as the settings say: for containers that
/// run all the time, without a GPU, and with a price.
pub fn hosts(region: &Region, types: &InstanceTypes, rates: InstanceRates<'_>) -> Vec<Host> {
    let names = rates.prices.types_in(region);
    let types = names
        .iter()
        .filter_map(|name| types.get(name))
        .filter(|instance| instance.is_for_steady_containers() && instance.gpus == 0);
    types
        .flat_map(|instance| [false, true].map(|managed| host(region, instance, rates, managed)))
        .flatten()
        .collect()
}

fn host(region: &Region, instance: &InstanceType, rates: InstanceRates<'_>, managed: bool) -> Option<Host> {
    let ec2 = rates.settings;
    let settings = HostSettings {
        // Managed instances have it always.
        trunking: ec2.trunking || managed,
        reserved_memory: ec2.reserved_memory,
        daemons: Resources::default(),
    };
    let price = rates.price(region, &instance.name, InstancePurchase::OnDemand)?;
    let fee = if managed { rates.fee(region, &instance.name)? } else { Decimal::ZERO };
    let volume_gib = if managed { ec2.managed_instances_volume_gib } else { ec2.root_volume_gib };
    let volume = ec2.volume(rates.charges, region, volume_gib);
    Some(Host {
        name: instance.name.clone(),
        architecture: instance.architecture,
        managed,
        room: allocatable(instance, settings)?,
        hourly: price.usd + fee + volume.unwrap_or_default(),
        volume_gib,
        volume_priced: volume.is_some(),
        effective_date: price.effective_date,
    })
}

/// Tasks that are there at every hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnInstances<'a> {
    /// How instances are set up.
    pub settings: &'a Ec2Settings,
    pub needs: Resources,
    pub architecture: Architecture,
    pub tasks: u32,
    /// USD of a task-hour on Fargate.
    pub fargate_hourly: Usd,
}

/// The cheapest instances that hold such tasks by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceChoice<'a> {
    pub host: &'a Host,
    pub instances: u32,
    /// Tasks that one of them holds.
    pub tasks_each: u32,
    /// USD a month of 730 hours, list prices.
    pub monthly: Usd,
    /// USD a month of the work that they need.
    pub operations: Usd,
    /// Share of an instance's task slots from which on it is cheaper than Fargate, in per cent.
    pub break_even_percent: Decimal,
    settings: &'a Ec2Settings,
}

/// The cheapest of `hosts` for `own`, managed ones or not; `None` where none holds a task.
pub fn own_instances<'a>(
    own: OwnInstances<'a>,
    hosts: &'a [Host],
    managed: bool,
) -> Option<InstanceChoice<'a>> {
    let settings = own.settings;
    let target = u64::from(target_capacity(settings, managed));
    // As `compare` has it: Managed Instances are AWS's to look after.
    let operations = if managed {
        Usd::ZERO
    } else {
        Usd(settings.operations_hours_per_month * settings.operations_usd_per_hour)
    };
    let mut best: Option<InstanceChoice<'_>> = None;
    for host in hosts.iter().filter(|host| (host.architecture, host.managed) == (own.architecture, managed)) {
        let hourly = host.hourly;
        let fit = |room: u32, need: u32| room.checked_div(need).unwrap_or(u32::MAX);
        let tasks_each = fit(host.room.cpu, own.needs.cpu)
            .min(fit(host.room.memory_mib, own.needs.memory_mib))
            .min(fit(host.room.enis, own.needs.enis));
        if tasks_each == 0 {
            continue;
        }
        // One more while a deployment replaces tasks, and each zone has one.
        let in_use = own.tasks.saturating_add(1).div_ceil(tasks_each).max(settings.min_zones);
        let instances = u32::try_from((u64::from(in_use) * 100).div_ceil(target)).unwrap_or(u32::MAX);
        let monthly = Usd(hourly * Decimal::from(instances) * Decimal::from(HOURS_PER_MONTH));
        if best.as_ref().is_none_or(|best| monthly < best.monthly) {
            let full = own.fargate_hourly.0 * Decimal::from(tasks_each);
            let break_even_percent =
                if full > Decimal::ZERO { hourly / full * Decimal::ONE_HUNDRED } else { Decimal::ZERO };
            best = Some(InstanceChoice {
                host,
                instances,
                tasks_each,
                monthly,
                operations,
                break_even_percent,
                settings,
            });
        }
    }
    best
}

/// The part of the instances that is in use, in per cent: only Auto Scaling groups have a target.
fn target_capacity(settings: &Ec2Settings, managed: bool) -> u32 {
    settings.target_capacity_percent.filter(|_| !managed).unwrap_or(100).clamp(1, 100)
}

impl InstanceChoice<'_> {
    /// What must hold for it.
    pub fn conditions(&self) -> Vec<String> {
        let Self { host, instances, tasks_each, break_even_percent, settings, .. } = self;
        let Host { name, managed, volume_gib, volume_priced, effective_date, .. } = host;
        let fee = if *managed { " and the Managed Instances fee" } else { "" };
        let mut conditions = vec![
            "instead of the options above, not after them".to_owned(),
            format!(
                "{instances} {name} that nothing else runs on, {tasks_each} {} each at most, at the on-demand \
                 price of {effective_date}{fee}",
                if *tasks_each == 1 { "task" } else { "tasks" }
            ),
            format!(
                "below {} % of their places taken, Fargate is cheaper",
                break_even_percent.round_dp(1).normalize()
            ),
            if *volume_priced {
                format!("a volume of {volume_gib} GiB each is in it")
            } else {
                format!("EBS volumes of the instances, {volume_gib} GiB each, are not in it: no rate is held")
            },
        ];
        let target = target_capacity(settings, *managed);
        if target < 100 {
            conditions.push(format!("managed scaling keeps {target} % of them in use"));
        }
        if *managed {
            conditions.push(
                "Linux on Bottlerocket; every instance is replaced after two to three weeks".to_owned(),
            );
        } else {
            conditions.push(
                if settings.trunking {
                    "network interfaces are trunked (account setting awsvpcTrunking)"
                } else {
                    "network interfaces are not trunked (awsvpcTrunking): with it, an instance holds more tasks"
                }
                .to_owned(),
            );
            let hours = settings.operations_hours_per_month;
            conditions.push(if self.operations > Usd::ZERO {
                format!(
                    "instances are yours to patch, scale and watch: {hours} hours a month of that are in it"
                )
            } else {
                "instances are yours to patch, scale and watch; that work is not in it".to_owned()
            });
        }
        conditions
    }
}

#[cfg(test)]
mod tests;
