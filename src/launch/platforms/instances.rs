//! The same work on EC2 instances: of one's own under ECS, of ECS Managed Instances, of EKS.
//!
//! Each cluster's tasks are packed hour by hour. What an instance brings with it (a fee, a data volume) is
//! in its price before packing, so that the choice of types knows of it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{
    ClusterWork, InstanceChoice, InstancePayment, LaunchPlatform, Market, Packed, PlatformRow, Work,
    date_range, eks,
    hosts::{Fee, Host, Purchase, hosts, managed_volume},
    pool::{Pool, Solved},
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

/// The rows of `platforms`, which must differ in the choice of types only.
pub(super) fn rows(
    platforms: &[LaunchPlatform],
    cluster: &ClusterWork,
    market: &Market<'_>,
) -> Vec<PlatformRow> {
    let Some(first) = platforms.first() else { return Vec::new() };
    let mut row = PlatformRow::new(*first);
    let pools = pools(&mut row, *first, cluster, market);
    assume(&mut row, *first, cluster, market);
    let mut rows: Vec<PlatformRow> =
        platforms.iter().map(|platform| PlatformRow { platform: *platform, ..row.clone() }).collect();
    let mut packed: Vec<Packed> = rows.iter().map(|_| Packed::nothing()).collect();
    for ((architecture, gpus, spot), pool) in &pools {
        let purchase = purchase(*first, *spot, pool, market);
        if purchase.payment == InstancePayment::SavingsPlan {
            let share = (purchase.covered * Decimal::ONE_HUNDRED).round_dp(0);
            for row in &mut rows {
                row.assume(format!(
                    "a {} {} Compute Savings Plan covers {share} % of the {} instance-hours: what runs at every \
                     hour",
                    market.plan.term.as_str(),
                    market.plan.payment.as_str(),
                    architecture.as_str()
                ));
            }
        }
        let hosts = match hosts(
            market,
            &cluster.region,
            (*architecture, *gpus),
            host_settings(*first, cluster, market),
            purchase,
        ) {
            Ok(hosts) => hosts,
            Err(missing) => {
                rows.iter_mut().for_each(|row| row.add(Err(missing.clone())));
                continue;
            }
        };
        let wants_single = rows.iter().any(|row| choice(row.platform) == InstanceChoice::SingleType);
        let single = wants_single.then(|| pool.single(&hosts, market));
        for (row, packed) in rows.iter_mut().zip(&mut packed) {
            let mix;
            let solved = match (choice(row.platform), &single) {
                (InstanceChoice::SingleType, Some(single)) => single,
                _ => {
                    mix = pool.mix(&hosts, single.as_ref().and_then(|single| single.as_ref().ok()), market);
                    &mix
                }
            };
            match solved {
                Ok(solved) => packed.add(&monthly(solved, &hosts, row, cluster)),
                Err(cause) => row.add(Err(cause.clone())),
            }
        }
    }
    for (row, packed) in rows.iter_mut().zip(packed) {
        row.add(Ok(Usd(packed.cost * market.paid).rounded()));
        if let Ok(priced) = &mut row.outcome {
            priced.packed = (!packed.instance_hours.is_empty()).then_some(packed);
        }
        if let Some(dates) = date_range(&row.price_dates) {
            row.assumptions.retain(|text| !text.starts_with("EC2 prices of"));
            row.assume(format!("EC2 prices of {dates}"));
        }
    }
    rows
}

fn choice(platform: LaunchPlatform) -> InstanceChoice {
    match platform {
        LaunchPlatform::Ec2(_, choice, _) => choice,
        _ => InstanceChoice::Mix,
    }
}

fn payment(platform: LaunchPlatform) -> InstancePayment {
    match platform {
        LaunchPlatform::Ec2(_, _, payment) => payment,
        _ => InstancePayment::OnDemand,
    }
}

fn is_eks(platform: LaunchPlatform) -> bool {
    matches!(platform, LaunchPlatform::EksEc2(_) | LaunchPlatform::EksAutoMode(_))
}

fn purchase(platform: LaunchPlatform, spot: bool, pool: &Pool, market: &Market<'_>) -> Purchase {
    let payment = match payment(platform) {
        InstancePayment::SpotShare if !spot => InstancePayment::OnDemand,
        payment => payment,
    };
    let (steady, of) = pool.steady();
    let coverage = Decimal::from(market.plan.coverage_centi_percent) / Decimal::from(10_000);
    Purchase {
        payment,
        covered: Decimal::from(steady) / Decimal::from(of) * coverage,
        fee: match platform {
            LaunchPlatform::ManagedInstances(_) => Fee::ManagedInstances,
            LaunchPlatform::EksAutoMode(_) => Fee::EksAutoMode,
            _ => Fee::None,
        },
    }
}

fn host_settings(platform: LaunchPlatform, cluster: &ClusterWork, market: &Market<'_>) -> HostSettings {
    HostSettings {
        // Managed instances have it always.
        trunking: market.settings.trunking || matches!(platform, LaunchPlatform::ManagedInstances(_)),
        reserved_memory: market.settings.reserved_memory,
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
    let mut pools = BTreeMap::new();
    for work in &cluster.work {
        if work.is_windows() {
            row.stay("Windows, for which no EC2 price is held", work.staying());
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
                .or_insert_with(|| Pool { groups: Vec::new(), ids: Vec::new() });
            pool.groups.push(group(work, tasks, architecture, platform, market));
            pool.ids.push(work.id.clone());
        }
    }
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
    TaskGroup {
        needs: Resources {
            cpu: work.running.shape.cpu.0,
            memory_mib: work.running.shape.memory.0,
            // A pod takes an address, not an interface.
            enis: u32::from(placement.own_interface && !is_eks(platform)),
            gpus: placement.gpus,
        },
        architectures: vec![architecture],
        min_zones: if placement.spread { market.settings.min_zones.min(market.settings.zones) } else { 1 },
        distinct_instances: placement.distinct_instances,
        tasks,
    }
}

/// Tasks of each hour on demand and on Spot: the same share as on Fargate.
fn divided(work: &Work, platform: LaunchPlatform, market: &Market<'_>) -> (Vec<u32>, Vec<u32>) {
    if payment(platform) != InstancePayment::SpotShare {
        return (work.tasks.clone(), vec![0; work.tasks.len()]);
    }
    let PurchaseSplit { spot, total } =
        spot_split(&work.running, market.spot_on_demand_tasks).unwrap_or(work.running.split);
    let (spot, total) = (u128::from(spot), u128::from(total.max(1)));
    let on_demand = |tasks: &u32| {
        let stays = (u128::from(*tasks) * (total - spot.min(total))).div_ceil(total);
        u32::try_from(stays).unwrap_or(*tasks).min(*tasks)
    };
    work.tasks.iter().map(|tasks| (on_demand(tasks), tasks - on_demand(tasks))).unzip()
}

/// A packing in amounts of a month.
fn monthly(solved: &Solved, hosts: &[Host], row: &mut PlatformRow, cluster: &ClusterWork) -> Packed {
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
    for (offer, hours) in &packing.instance_hours {
        let Some(host) = solved.offered.get(*offer).and_then(|at| hosts.get(*at)) else { continue };
        let hours = Decimal::from(*hours) * month;
        if hours.is_zero() {
            continue;
        }
        packed.instance_hours.insert(host.offer.name.clone(), hours);
        packed.fargate_equivalent =
            packed.fargate_equivalent.zip(host.fargate).map(|(sum, hourly)| sum + hourly * hours);
        row.price_dates.extend(host.dates.iter().cloned());
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

fn assume(row: &mut PlatformRow, platform: LaunchPlatform, cluster: &ClusterWork, market: &Market<'_>) {
    let settings = market.settings;
    row.assume("tasks have the recommended size, or their present one where none is recommended");
    if platform.architecture() == Some(Architecture::Arm64) {
        row.assume("every image is built for arm64 too, and a vCPU does as much work there");
    } else if cluster.work.iter().any(|work| work.running.shape.platform.arch == Architecture::Arm64) {
        row.assume("tasks that are arm64 now stay so, on instances of their own");
    }
    row.assume(format!(
        "instances hold each hour's most tasks and, in a deployment, both revisions; over {} zones, a service \
         in {} at least; idle capacity is in the price",
        settings.zones,
        settings.min_zones.min(settings.zones)
    ));
    if settings.target_capacity_percent < 100 {
        row.assume(format!(
            "managed scaling keeps {} % of the instances in use",
            settings.target_capacity_percent
        ));
    }
    let volume = managed_volume(market, &cluster.region).is_some();
    let mut absent = vec!["EBS root volumes", "storage for tasks"];
    match platform {
        LaunchPlatform::ManagedInstances(_) => {
            row.assume(
                "the management fee is of the on-demand price; ECS chooses the types, here the cheapest",
            );
            absent =
                if volume { Vec::new() } else { vec!["the data volume of 80 GiB (no EBS price is held)"] };
            if volume {
                row.assume("each instance has its data volume of 80 GiB");
            }
        }
        LaunchPlatform::Ec2(..) if settings.trunking => row.assume("ENI trunking (awsvpcTrunking) is on"),
        LaunchPlatform::EksEc2(_) | LaunchPlatform::EksAutoMode(_) => {
            row.assume("a node holds what an ECS instance holds: what kubelet reserves, and its limit of pods, are not counted");
            eks::control_plane(row, market);
        }
        _ => {}
    }
    let own = matches!(platform, LaunchPlatform::Ec2(..) | LaunchPlatform::EksEc2(_));
    match settings.operations.filter(|_| own) {
        Some(operations) => {
            row.add(Ok(operations.rounded()));
            row.assume(format!("operations take {} USD a month and cluster", operations.0.normalize()));
        }
        None if own => absent.push("operations time"),
        None => {}
    }
    if !absent.is_empty() {
        row.assume(format!("not in the price: {}", absent.join(", ")));
    }
    if payment(platform) == InstancePayment::SpotShare {
        row.assume(
            "tasks can be interrupted; the same share of them as on Fargate is on Spot, whose price floats",
        );
    }
}
