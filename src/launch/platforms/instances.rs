//! The same work on EC2 instances: of one's own under ECS, of ECS Managed Instances, of EKS.
//!
//! Each cluster's tasks are packed hour by hour. What an instance brings with it (a fee, a data volume) is
//! in its price before packing, so that the choice of types knows of it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{
    ClusterWork, InstanceChoice, InstancePayment, LaunchPlatform, Market, Packed, PlatformRow, Work, eks,
    hosts::{Fee, Host, Purchase, hosts},
    pool::{Pool, Solved},
    work::WINDOWS_ON_INSTANCES,
};
use crate::{
    ec2::{
        HostSettings,
        packing::{Resources, TaskGroup},
    },
    launch::options::spot_split,
    units::{HOURS_PER_MONTH, Usd},
    workload::{Architecture, PurchaseSplit},
};

/// What tasks must have in common to share instances.
type PoolKey = (Architecture, bool, bool);

/// The rows of `platforms`, which must agree in architecture and in what tasks take Spot: they pack the same
/// tasks, on types that may be priced otherwise.
pub(super) fn rows(
    platforms: &[LaunchPlatform],
    cluster: &ClusterWork,
    market: &Market<'_>,
) -> Vec<PlatformRow> {
    let Some(first) = platforms.first() else { return Vec::new() };
    let mut moving = PlatformRow::new(*first);
    let pools = pools(&mut moving, *first, cluster, market);
    platforms
        .iter()
        .map(|platform| {
            let mut row = PlatformRow { platform: *platform, ..moving.clone() };
            assume(&mut row, cluster, market);
            price(&mut row, &pools, cluster, market);
            row
        })
        .collect()
}

/// Adds the instances of every pool.
fn price(row: &mut PlatformRow, pools: &BTreeMap<PoolKey, Pool>, cluster: &ClusterWork, market: &Market<'_>) {
    let platform = row.platform;
    let mut packed = Packed::nothing();
    for ((architecture, gpus, spot), pool) in pools {
        let mut purchase = purchase(platform, *spot, pool, market);
        if *gpus && purchase.payment != InstancePayment::OnDemand {
            // A few tasks with GPUs are no reason for the row to have no price.
            purchase.payment = InstancePayment::OnDemand;
            row.assume("instances with GPUs are on demand");
        }
        let settings = host_settings(platform, cluster, market);
        let hosts = match hosts(market, &cluster.region, (*architecture, *gpus), settings, purchase) {
            Ok(hosts) => hosts,
            Err(missing) => {
                row.add(Err(missing));
                continue;
            }
        };
        let solved = match platform {
            LaunchPlatform::Ec2(_, InstanceChoice::SingleType, _) => pool.single(&hosts, market),
            LaunchPlatform::Ec2(_, InstanceChoice::Mix, _) => {
                pool.mix(&hosts, pool.single(&hosts, market).ok().as_ref(), market)
            }
            _ => pool.mix(&hosts, None, market),
        };
        match solved {
            Ok(solved) => packed.add(&monthly(&solved, &hosts, row, cluster, (purchase, *gpus))),
            Err(cause) => row.add(Err(cause)),
        }
    }
    row.add(Ok(Usd(packed.cost * market.paid()).rounded()));
    if let Ok(priced) = &mut row.outcome {
        priced.packed = (!packed.instance_hours.is_empty()).then_some(packed);
    }
}

fn is_eks(platform: LaunchPlatform) -> bool {
    matches!(platform, LaunchPlatform::EksEc2(_) | LaunchPlatform::EksAutoMode(_))
}

fn purchase(platform: LaunchPlatform, spot: bool, pool: &Pool, market: &Market<'_>) -> Purchase {
    let payment = match platform.payment() {
        InstancePayment::SpotShare if !spot => InstancePayment::OnDemand,
        payment => payment,
    };
    let (steady, of) = pool.steady();
    let coverage = Decimal::from(market.plan().coverage_centi_percent) / Decimal::from(10_000);
    Purchase {
        payment,
        covered: Decimal::from(steady) / Decimal::from(of) * coverage,
        fee: match platform {
            LaunchPlatform::ManagedInstances(_) => Fee::ManagedInstances,
            LaunchPlatform::EksAutoMode(_) => Fee::EksAutoMode,
            _ => Fee::None,
        },
        volume_gib: volume_gib(platform, market),
    }
}

fn volume_gib(platform: LaunchPlatform, market: &Market<'_>) -> u32 {
    match platform {
        LaunchPlatform::ManagedInstances(_) => market.config.ec2.managed_instances_volume_gib,
        _ => market.config.ec2.root_volume_gib,
    }
}

fn host_settings(platform: LaunchPlatform, cluster: &ClusterWork, market: &Market<'_>) -> HostSettings {
    HostSettings {
        // Managed instances have it always.
        trunking: market.config.ec2.trunking || matches!(platform, LaunchPlatform::ManagedInstances(_)),
        reserved_memory: market.config.ec2.reserved_memory,
        daemons: cluster.daemons,
    }
}

/// The tasks that move, by what they must have in common; the others stay.
fn pools(
    row: &mut PlatformRow,
    platform: LaunchPlatform,
    cluster: &ClusterWork,
    market: &Market<'_>,
) -> BTreeMap<PoolKey, Pool> {
    // Neither Managed Instances nor EKS have Auto Scaling groups that ECS scales.
    let target_capacity_percent = match platform {
        LaunchPlatform::Ec2(..) => cluster.target_capacity(&market.config.ec2).percent,
        _ => 100,
    };
    let mut pools = BTreeMap::new();
    for work in &cluster.work {
        if work.is_windows() {
            row.stay_as_is(WINDOWS_ON_INSTANCES, work);
            continue;
        }
        let image = work.running.shape.platform.arch;
        let architecture = platform.architecture().unwrap_or(image).max(image);
        let (on_demand, on_spot) = divided(work, platform, market);
        for (tasks, spot) in [(on_demand, false), (on_spot, true)] {
            if tasks.iter().all(|tasks| *tasks == 0) {
                continue;
            }
            let pool = pools
                .entry((architecture, work.placement.gpus > 0, spot))
                .or_insert_with(|| Pool::new(target_capacity_percent));
            pool.groups.push(group(work, tasks, architecture, platform, market));
            pool.ids.push(work.id.clone());
        }
        if work.placement.constrained {
            row.assume_of("any type may take tasks: placement constraints are not kept, of", work.name());
        }
        if work.placement.host_volumes {
            row.assume_of("tasks find their data: volumes on the host do not move along, of", work.name());
        }
    }
    let kept = std::mem::take(&mut row.kept_pools);
    cluster.add_overhead(row, |number, _| kept.contains(&number));
    pools
}

fn group(
    work: &Work,
    tasks: Vec<u32>,
    architecture: Architecture,
    platform: LaunchPlatform,
    market: &Market<'_>,
) -> TaskGroup {
    let placement = work.placement;
    let own_interface = placement.own_interface || needs_other_mode(work, platform);
    TaskGroup {
        needs: Resources {
            cpu: work.running.shape.cpu.0,
            memory_mib: work.running.shape.memory.0,
            // A pod takes an address, not an interface.
            enis: u32::from(own_interface && !is_eks(platform)),
            gpus: placement.gpus,
        },
        architectures: vec![architecture],
        min_zones: if placement.spread { market.zones().1 } else { 1 },
        distinct_instances: placement.distinct_instances,
        tasks,
    }
}

/// Managed Instances have the network modes awsvpc and host (Amazon ECS Developer Guide): what is in another
/// one now takes an interface there.
fn needs_other_mode(work: &Work, platform: LaunchPlatform) -> bool {
    matches!(platform, LaunchPlatform::ManagedInstances(_)) && work.placement.is_in_bridge_mode()
}

/// Tasks of each hour on demand and on Spot: the same share as on Fargate.
fn divided(work: &Work, platform: LaunchPlatform, market: &Market<'_>) -> (Vec<u32>, Vec<u32>) {
    if platform.payment() != InstancePayment::SpotShare {
        return (work.tasks.clone(), vec![0; work.tasks.len()]);
    }
    let PurchaseSplit { spot, total } =
        spot_split(&work.running, market.config.spot_on_demand_tasks).unwrap_or(work.running.split);
    let (spot, total) = (u128::from(spot), u128::from(total.max(1)));
    let on_demand = |tasks: &u32| {
        let stays = (u128::from(*tasks) * (total - spot.min(total))).div_ceil(total);
        u32::try_from(stays).unwrap_or(*tasks).min(*tasks)
    };
    work.tasks.iter().map(|tasks| (on_demand(tasks), tasks - on_demand(tasks))).unzip()
}

/// A packing in amounts of a month.
fn monthly(
    solved: &Solved,
    hosts: &[Host],
    row: &mut PlatformRow,
    cluster: &ClusterWork,
    (purchase, gpus): (Purchase, bool),
) -> Packed {
    let packing = &solved.packing;
    let month = Decimal::from(HOURS_PER_MONTH) / Decimal::from(cluster.hours.max(1));
    let usd = |micro: u128| decimal(micro) / Decimal::from(1_000_000) * month;
    let mut packed = Packed {
        cost: usd(packing.cost_micro_usd),
        lower_bound: usd(packing.lower_bound_micro_usd),
        needed_cpu_hours: decimal(packing.needed_cpu_hours) * month,
        needed_memory_mib_hours: decimal(packing.needed_memory_mib_hours) * month,
        allocatable_cpu_hours: decimal(packing.allocatable_cpu_hours) * month,
        allocatable_memory_mib_hours: decimal(packing.allocatable_memory_mib_hours) * month,
        ..Packed::nothing()
    };
    // Fargate has no GPUs: it is no alternative to these.
    packed.replaceable = if gpus { Decimal::ZERO } else { packed.cost };
    for (offer, hours) in &packing.instance_hours {
        let Some(host) = solved.offered.get(*offer).and_then(|at| hosts.get(*at)) else { continue };
        let hours = Decimal::from(*hours) * month;
        if hours.is_zero() {
            continue;
        }
        packed.instance_hours.insert(host.offer.name.clone(), hours);
        match &host.fargate {
            _ if gpus => {}
            Ok(hourly) => {
                packed.fargate_equivalent = packed.fargate_equivalent.map(|sum| sum + hourly * hours);
            }
            Err(missing) => {
                packed.fargate_equivalent = None;
                row.assume(format!("no break-even: {missing}"));
            }
        }
        row.price_dates.extend(host.dates.iter().cloned());
        if let Some(plan) = &host.plan {
            let each_hour = hours / Decimal::from(HOURS_PER_MONTH);
            row.commit(&plan.name, plan.usd * purchase.covered * each_hour);
        } else if purchase.payment == InstancePayment::SavingsPlan {
            let (name, region) = (&host.offer.name, &cluster.region);
            row.assume_of(
                "bought on demand, as no plan rate is held or given:",
                format!("{name} in {region}"),
            );
        }
    }
    packed
}

/// Sums that no fleet reaches are not worth an error of their own.
fn decimal(value: u128) -> Decimal {
    i128::try_from(value)
        .ok()
        .and_then(|value| Decimal::try_from_i128_with_scale(value, 0).ok())
        .unwrap_or(Decimal::MAX)
}

fn assume(row: &mut PlatformRow, cluster: &ClusterWork, market: &Market<'_>) {
    let platform = row.platform;
    let ec2 = &market.config.ec2;
    row.assume("tasks have the recommended size, or their present one where none is recommended");
    if platform.architecture() == Some(Architecture::Arm64) {
        row.assume("every image is built for arm64 too, and a vCPU does as much work there");
    } else if cluster.work.iter().any(|work| work.running.shape.platform.arch == Architecture::Arm64) {
        row.assume("tasks that are arm64 now stay so, on instances of their own");
    }
    if matches!(platform, LaunchPlatform::Ec2(_, InstanceChoice::SingleType, _)) {
        row.assume("one type for each cluster, architecture and way of buying");
    }
    let (zones, least) = market.zones();
    row.assume(format!(
        "instances hold each hour's most tasks and, in a deployment, both revisions; over {zones} zones, a \
         service in {least} at least; idle capacity is in the price"
    ));
    if matches!(platform, LaunchPlatform::Ec2(..)) {
        cluster.target_capacity(ec2).tell(row, cluster);
    }
    if cluster.work.iter().any(|work| needs_other_mode(work, platform)) {
        row.assume("tasks in bridge mode take awsvpc, which is what Managed Instances have beside host");
    }
    let mut absent = vec!["storage of tasks beyond the instances' volumes"];
    match platform {
        LaunchPlatform::ManagedInstances(_) => row.assume(
            "the management fee is of the on-demand price; ECS chooses the types, here the cheapest; ENI trunking \
             is on",
        ),
        LaunchPlatform::EksEc2(_) | LaunchPlatform::EksAutoMode(_) => {
            row.assume(
                "a node holds what an ECS instance holds: what kubelet reserves, and its limit of pods, are not \
                 counted",
            );
            eks::control_plane(row, market);
        }
        _ => row.assume(format!(
            "ENI trunking (awsvpcTrunking) is {}",
            if ec2.trunking { "on" } else { "off: an instance holds few tasks in awsvpc mode" }
        )),
    }
    let gib = volume_gib(platform, market);
    match market.volume(&cluster.region, gib) {
        Some(_) => row.assume_of(
            format!("each instance has a volume of {gib} GiB, which is in the price, in"),
            cluster.region.as_str(),
        ),
        None => row.assume_of(
            format!("the volume of {gib} GiB an instance is not in the price, as no EBS rate is held, in"),
            cluster.region.as_str(),
        ),
    }
    if matches!(platform, LaunchPlatform::Ec2(..) | LaunchPlatform::EksEc2(_)) {
        let operations = ec2.operations_hours_per_month * ec2.operations_usd_per_hour;
        if operations.is_zero() {
            absent.push("operations time");
        } else {
            row.add(Ok(Usd(operations).rounded()));
            let hours = ec2.operations_hours_per_month;
            row.assume(format!("operations take {hours} hours a month for each cluster"));
        }
    }
    row.assume(format!("not in the price: {}", absent.join("; ")));
    match platform.payment() {
        InstancePayment::OnDemand => {}
        InstancePayment::SavingsPlan => {
            let (term, payment) = (market.plan().term.as_str(), market.plan().payment.as_str());
            row.assume(format!(
                "a {term} {payment} Savings Plan covers {} % of what runs at every hour, the rest is on demand, as are \
                 types of which no plan rate is held or given",
                (Decimal::from(market.plan().coverage_centi_percent) / Decimal::ONE_HUNDRED).normalize()
            ));
        }
        InstancePayment::SpotShare => row.assume(
            "tasks can be interrupted; the same share of them as on Fargate is on Spot, whose price floats",
        ),
    }
}
