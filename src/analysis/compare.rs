//! What was observed, on every launch platform: from snapshots to a [`Comparison`].
//!
//! Each workload is taken as the report rates it: its row says what it costs today and which size it should
//! have. A workload without a cost today is in no row and is counted; so is a daemon, which every instance
//! runs and whose room is taken off each. Whatever gives workloads on EC2 a cost in their report row thereby
//! brings them in here.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use jiff::{Timestamp, tz::TimeZone};
use rayon::prelude::*;
use rust_decimal::Decimal;
use wildmatch::WildMatch;

use super::{
    facts::Facts,
    fleet::{Fleet, Input, Keep, with_fleet},
    heading::{discount_percent, notes, price_book_reference, report_window, snapshot_reference},
    merged::CannotMerge,
    on_instances,
    options::steady_on_demand_milli,
    row::report_with_scaling,
};
use crate::{
    config::Config,
    demand::WindowDemand,
    ec2::packing::Resources,
    launch::{
        InstanceShares, Running, fargate_rule_outs,
        platforms::{
            ClusterWork, LaunchPlatform, Market, Packed, Placement, PlatformRow, Priced, Work, compare,
            date_range,
        },
    },
    pricing::PriceBook,
    report::{
        Note, Quantity, SCHEMA_VERSION, WorkloadReport,
        compare::{
            Comparison, ComparisonRow, DISCOUNT_WITHOUT_EFFECT, FLEET, InstanceTypeUse, LeftOutWorkloads,
            ScopeReport, StayingWorkloads,
        },
    },
    rightsize::ScalingChoice,
    snapshot::{Gap, Inventory, Window},
    units::{CpuUnits, HOURS_PER_MONTH, MemoryMib, TaskTime, Usd},
    workload::{CapacityProviderKind, LaunchType, Scheduling, Workload, WorkloadIdentity, WorkloadKind},
};

/// What clusters of a snapshot ran, ready to be priced.
#[derive(Debug, Clone)]
pub struct Observed {
    clusters: Vec<ClusterWork>,
    window: Window,
    /// SHA-256 of the manifest, hexadecimal.
    sha256: String,
    gaps: Vec<Gap>,
    notes: Vec<Note>,
}

/// The work of those clusters whose name matches, with `*` and `?`.
pub fn observe(
    input: Input<'_>,
    book: &PriceBook,
    config: &Config,
    cluster: Option<&str>,
) -> Result<Observed, io::Error> {
    let pattern = cluster.map(WildMatch::new);
    with_fleet(
        input,
        book,
        config,
        Keep::HourlyTasks,
        |Fleet { facts, calibrations, shares, mut hourly_tasks, .. }| {
            let window = input.manifest.window;
            let hours = u32::try_from(window.seconds().div_ceil(3600)).unwrap_or(u32::MAX);
            let shown: Vec<&Facts<'_>> = facts
                .iter()
                .filter(|f| pattern.as_ref().is_none_or(|p| p.matches(&f.workload.identity.cluster)))
                .collect();
            let report = |facts: &&Facts<'_>| report_with_scaling(facts, book, config, &calibrations);
            let rows: Vec<(WorkloadReport, Option<ScalingChoice>)> = shown.par_iter().map(report).collect();
            let mut clusters: BTreeMap<String, ClusterWork> = BTreeMap::new();
            for (facts, (row, scaling)) in shown.iter().zip(&rows) {
                let identity = &facts.workload.identity;
                let scope = format!("{}/{}/{}", identity.account_id, identity.region, identity.cluster);
                let cluster = clusters.entry(scope.clone()).or_insert_with(|| ClusterWork {
                    scope,
                    region: identity.region.clone(),
                    hours,
                    work: Vec::new(),
                    left_out: BTreeMap::new(),
                    pools: BTreeMap::new(),
                    daemons: Resources::default(),
                    target_capacity_percents: target_capacities(input.inventory, facts.workload),
                });
                let tasks = hourly_tasks.remove(&facts.workload.workload_id);
                let tasks = tasks.unwrap_or_else(|| vec![0; hours as usize]);
                if is_daemon(facts.workload) {
                    *cluster.left_out.entry("daemon".to_owned()).or_default() += 1;
                    add_daemon(&mut cluster.daemons, facts);
                    for (number, cost) in by_pool(shares, facts.workload, row.monthly_cost) {
                        cluster.pools.entry(number).or_default().overhead += cost;
                    }
                    continue;
                }
                match work(facts, (row, *scaling), book, tasks) {
                    Some(work) => cluster.work.push(work),
                    None => {
                        for (number, _) in shares.by_pool(facts.workload.workload_id) {
                            cluster.pools.entry(number).or_default().has_others = true;
                        }
                        let reason = row.not_rated.as_ref().map_or("no-price", |n| n.reason.as_str());
                        *cluster.left_out.entry(reason.to_owned()).or_default() += 1;
                    }
                }
            }
            for (number, pool) in on_instances::pools(shares, config.discount.factor()).iter().enumerate() {
                let scope = format!("{}/{}/{}", pool.account_id, pool.region, pool.cluster);
                if let (Some(cluster), Some(idle)) = (clusters.get_mut(&scope), pool.idle_monthly_cost) {
                    cluster.pools.entry(number).or_default().overhead += idle;
                }
            }
            for ClusterWork { pools, work, .. } in clusters.values_mut() {
                // Instances that no workload of the rows runs on are in no row either.
                pools.retain(|number, _| work.iter().any(|work| work.pools.contains(number)));
            }
            Observed {
                clusters: clusters.into_values().collect(),
                window,
                sha256: input.sha256.to_owned(),
                gaps: input.manifest.gaps.clone(),
                notes: notes(input, facts),
            }
        },
    )
}

/// Managed scaling's targets of the capacity providers that a workload's cluster knows of: by its instances, by
/// the strategies of its workloads, and by its own.
fn target_capacities(inventory: &Inventory, workload: &Workload) -> BTreeSet<u32> {
    let WorkloadIdentity { account_id, region, cluster, .. } = &workload.identity;
    let here = (account_id, region, cluster);
    let instances = inventory.container_instances.iter();
    let by_instances = instances
        .filter(|one| (&one.account_id, &one.region, &one.cluster) == here)
        .filter_map(|one| one.capacity_provider.as_deref());
    let workloads = inventory.workloads.iter().map(|one| &one.identity).zip(&inventory.workloads);
    let by_workloads = workloads
        .filter(|(one, _)| (&one.account_id, &one.region, &one.cluster) == here)
        .flat_map(|(_, one)| &one.strategy);
    let clusters = inventory.clusters.iter();
    let by_cluster = clusters
        .filter(|one| (&one.account_id, &one.region, &one.name) == here)
        .flat_map(|one| &one.default_strategy);
    let named: BTreeSet<&str> =
        by_workloads.chain(by_cluster).map(|item| item.provider.as_str()).chain(by_instances).collect();
    inventory
        .capacity_providers
        .iter()
        .filter(|provider| {
            (&provider.account_id, &provider.region) == (account_id, region)
                && provider.kind == CapacityProviderKind::Ec2Autoscaling
                && named.contains(provider.name.as_str())
        })
        .filter_map(|provider| provider.target_capacity_percent)
        .collect()
}

/// One task on every instance, by a service or by ECS itself.
fn is_daemon(workload: &Workload) -> bool {
    workload.identity.kind == WorkloadKind::Daemon || workload.scheduling == Scheduling::Daemon
}

/// What a daemon costs a month in each pool of instances; nothing where that is not known.
fn by_pool(shares: &InstanceShares, workload: &Workload, monthly: Option<Usd>) -> Vec<(usize, Usd)> {
    let Some(mut left) = monthly else { return Vec::new() };
    let parts: Vec<(usize, Usd)> = shares
        .by_pool(workload.workload_id)
        .filter_map(|(number, per_weight)| Some((number, per_weight.ok()?)))
        .collect();
    let whole: Usd = parts.iter().map(|(_, part)| *part).sum();
    let last = parts.len().saturating_sub(1);
    parts
        .iter()
        .enumerate()
        .map(|(at, (number, part))| {
            let share = part.0.checked_div(whole.0).unwrap_or_default();
            // The last has what is left, so that the parts add up.
            let cost = if at == last { left } else { (monthly.unwrap_or_default() * share).rounded() };
            left = left - cost;
            (*number, cost)
        })
        .collect()
}

fn add_daemon(daemons: &mut Resources, facts: &Facts<'_>) {
    let Some(timeline) = facts.timeline else { return };
    let Placement { gpus, own_interface, .. } = placement(facts);
    daemons.cpu = daemons.cpu.saturating_add(timeline.current().cpu.0);
    daemons.memory_mib = daemons.memory_mib.saturating_add(timeline.current().memory.0);
    daemons.enis += u32::from(own_interface);
    daemons.gpus = daemons.gpus.saturating_add(gpus);
}

/// A workload that has a cost today, at the size it should have.
fn work(
    facts: &Facts<'_>,
    (row, scaling): (&WorkloadReport, Option<ScalingChoice>),
    book: &PriceBook,
    tasks: Vec<u32>,
) -> Option<Work> {
    let today = row.monthly_cost?;
    let recommended = row.recommendation.as_ref();
    let mut requested = facts.timeline?.current();
    if let Some(size) = recommended {
        requested.cpu = CpuUnits(size.cpu_units);
        requested.memory = MemoryMib(size.memory_mib);
    }
    let ran = facts.demand.map_or(TaskTime::ZERO, WindowDemand::total_task_time);
    let (time, tasks) = match scaling {
        Some(ScalingChoice { simulated, observed, .. }) if !observed.is_zero() => {
            (simulated, tasks.into_iter().map(|tasks| times(tasks, simulated, observed)).collect())
        }
        _ => (ran, tasks),
    };
    let prepared = facts.prepared(book);
    Some(Work {
        id: row.id.clone(),
        launch_type: facts.workload.launch_type,
        today,
        right_sized: recommended.and_then(|size| size.monthly_cost).unwrap_or(today),
        running: Running {
            shape: facts.shape(prepared.platform, requested),
            split: facts.split(time),
            monthly_task_hours: time.hours() * facts.months_per_window(),
            mean_tasks_milli: facts.mean_tasks_milli(time),
            steady_on_demand_milli: steady_on_demand_milli(facts, time, scaling),
        },
        tasks,
        placement: placement(facts),
        pools: facts.shares.by_pool(facts.workload.workload_id).map(|(number, _)| number).collect(),
        off_fargate: facts
            .definition()
            .map(|definition| fargate_rule_outs(facts.workload, definition).join("; "))
            .filter(|because| !because.is_empty()),
    })
}

/// As many tasks as hold the same demand at the new size, by the simulation's mean.
fn times(tasks: u32, simulated: TaskTime, observed: TaskTime) -> u32 {
    let product = u128::from(tasks) * u128::from(simulated.millis());
    u32::try_from(product.div_ceil(u128::from(observed.millis()).max(1))).unwrap_or(tasks)
}

fn placement(facts: &Facts<'_>) -> Placement {
    let workload = facts.workload;
    let definition = facts.definition();
    let mode = definition.and_then(|definition| definition.network_mode.as_deref());
    Placement {
        gpus: definition.map_or(0, |d| d.containers.iter().fold(0, |sum, c| sum.saturating_add(c.gpus))),
        // Fargate knows no other mode.
        own_interface: workload.launch_type == LaunchType::Fargate || mode == Some("awsvpc"),
        host_network: mode == Some("host"),
        distinct_instances: workload.placement_constraints.iter().any(|kind| kind == "distinctInstance"),
        spread: workload.identity.kind == WorkloadKind::Service,
        constrained: definition
            .into_iter()
            .flat_map(|definition| &definition.placement_constraints)
            .chain(&workload.placement_constraints)
            .any(|kind| kind != "distinctInstance"),
        host_volumes: definition
            .is_some_and(|d| d.volume_kinds.iter().any(|kind| matches!(kind.as_str(), "host" | "docker"))),
    }
}

/// The work of snapshots on every platform, by clusters and together.
pub fn comparison(
    observed: Vec<Observed>,
    book: &PriceBook,
    config: &Config,
    as_of: Timestamp,
) -> Result<Comparison, CannotMerge> {
    let first = observed.first().ok_or(CannotMerge::Nothing)?;
    let mut window = report_window(first.window);
    let mut snapshot = snapshot_reference(&first.sha256);
    let mut seen = BTreeSet::new();
    for (at, other) in observed.iter().enumerate() {
        let period = other.window.period_seconds;
        if period != window.period_seconds {
            return Err(CannotMerge::Periods(window.period_seconds, period));
        }
        for work in other.clusters.iter().flat_map(|cluster| &cluster.work) {
            if !seen.insert(work.id.as_str()) {
                return Err(CannotMerge::Twice(work.id.clone()));
            }
        }
        window.start = window.start.min(other.window.start);
        window.end = window.end.max(other.window.end);
        if at > 0 {
            let both = format!("{}{}", snapshot.sha256, other.sha256);
            snapshot = snapshot_reference(&crate::sha256::hex(both.as_bytes()));
        }
    }
    let (mut gaps, mut notes, mut clusters) = (Vec::new(), Vec::new(), Vec::new());
    for one in observed {
        gaps.extend(one.gaps);
        notes.extend(one.notes);
        clusters.extend(one.clusters);
    }
    clusters.sort_by(|a, b| a.scope.cmp(&b.scope));
    let with_work = clusters.iter().filter(|cluster| !cluster.work.is_empty()).count();
    let each = config
        .eks
        .clusters
        .map_or(Decimal::ONE, |all| Decimal::from(all) / Decimal::from(with_work.max(1) as u64));
    let market = Market::of(book, config, each, as_of.to_zoned(TimeZone::UTC).date());
    let priced: Vec<Vec<PlatformRow>> = clusters
        .par_iter()
        .map(|cluster| if cluster.work.is_empty() { Vec::new() } else { compare(cluster, &market) })
        .collect();
    let fleet = scope(FLEET, clusters.iter());
    let mut rows = if with_work == 0 { Vec::new() } else { fleet_rows(&fleet, &clusters, &priced) };
    for (cluster, priced) in clusters.iter().zip(&priced) {
        rows.extend(reported(&scope(&cluster.scope, [cluster]), cluster.work.iter(), priced));
    }
    notes.extend(discounts_without_effect(&market));
    let mut scopes = vec![fleet];
    scopes.extend(clusters.iter().map(|cluster| scope(&cluster.scope, [cluster])));
    Ok(Comparison {
        schema_version: SCHEMA_VERSION,
        currency: "USD".to_owned(),
        as_of,
        window,
        snapshot,
        price_book: price_book_reference(book),
        discount_percent: discount_percent(config),
        scopes,
        rows,
        gaps,
        notes,
    })
}

/// Discounts that a user gave and that nothing can have: a slip of the pen changes no price in silence.
fn discounts_without_effect(market: &Market<'_>) -> Vec<Note> {
    if market.config.ec2.discounts.is_empty() {
        return Vec::new();
    }
    let regions: Vec<&str> = market.instances.regions().collect();
    let types: Vec<&str> = market.types.iter().map(|one| one.name.as_str()).collect();
    market
        .config
        .ec2
        .discounts_without_effect(&regions, &types)
        .into_iter()
        .map(|(discount, because)| Note {
            scope: FLEET.to_owned(),
            code: DISCOUNT_WITHOUT_EFFECT.to_owned(),
            detail: format!("the discount of {} has no effect: {because}", discount.from),
        })
        .collect()
}

fn scope<'a>(name: &str, clusters: impl IntoIterator<Item = &'a ClusterWork> + Clone) -> ScopeReport {
    let mut left_out: BTreeMap<&str, u64> = BTreeMap::new();
    let mut launch_types = BTreeSet::new();
    let mut workloads = 0;
    for cluster in clusters {
        workloads += cluster.work.len() as u64;
        launch_types.extend(cluster.work.iter().map(|work| work.launch_type.as_str()));
        for (reason, count) in &cluster.left_out {
            *left_out.entry(reason).or_default() += count;
        }
    }
    ScopeReport {
        scope: name.to_owned(),
        workloads,
        launch_types: launch_types.into_iter().map(str::to_owned).collect(),
        left_out: left_out
            .into_iter()
            .map(|(reason, workloads)| LeftOutWorkloads { reason: reason.to_owned(), workloads })
            .collect(),
    }
}

fn fleet_rows(
    fleet: &ScopeReport,
    clusters: &[ClusterWork],
    priced: &[Vec<PlatformRow>],
) -> Vec<ComparisonRow> {
    let sums: Vec<PlatformRow> = LaunchPlatform::all()
        .into_iter()
        .map(|platform| {
            let of = priced.iter().flatten().filter(|row| row.platform == platform);
            PlatformRow::sum(platform, of)
        })
        .collect();
    reported(fleet, clusters.iter().flat_map(|cluster| &cluster.work), &sums)
}

/// A scope's rows as they are shown.
fn reported<'a>(
    scope: &ScopeReport,
    work: impl Iterator<Item = &'a Work>,
    rows: &[PlatformRow],
) -> Vec<ComparisonRow> {
    let launch_types: BTreeSet<LaunchType> = work.map(|work| work.launch_type).collect();
    let cost = |row: &PlatformRow| row.outcome.as_ref().ok().map(|priced| priced.monthly);
    let today = rows.iter().find(|row| row.platform == LaunchPlatform::Today).and_then(cost);
    let label = |platform: LaunchPlatform| match platform {
        LaunchPlatform::Today if launch_types.iter().all(|kind| *kind == LaunchType::Fargate) => {
            "Fargate, today".to_owned()
        }
        platform => platform.label(),
    };
    rows.iter()
        .map(|row| {
            let monthly_cost = cost(row);
            let difference = monthly_cost.zip(today).map(|(cost, today)| cost - today);
            let packed = match &row.outcome {
                Ok(Priced { packed: Some(packed), .. }) => Some(packed),
                _ => None,
            };
            let (cpu, memory) = packed.map_or((None, None), Packed::utilization);
            let number = |value: Option<Decimal>| value.map(|value| Quantity(value).rounded());
            let mut assumptions = row.told();
            if let Some(dates) = date_range(&row.price_dates) {
                assumptions.push(format!("EC2 prices are those of {dates}"));
            }
            let stays: Vec<StayingWorkloads> = row
                .stays
                .iter()
                .map(|(reason, stays)| StayingWorkloads {
                    reason: reason.clone(),
                    workloads: stays.workloads,
                    monthly_cost: stays.monthly,
                })
                .collect();
            assumptions.extend(stays.iter().map(StayingWorkloads::words));
            assumptions.extend(scope.left_out_words());
            ComparisonRow {
                scope: scope.scope.clone(),
                platform: row.platform.id(),
                label: label(row.platform),
                monthly_cost,
                difference,
                difference_percent: difference.zip(today).and_then(|(difference, today)| {
                    let share = difference.0.checked_div(today.0)?;
                    Some(Quantity((share * Decimal::ONE_HUNDRED).round_dp(2)))
                }),
                utilization: number(cpu.max(memory)),
                cpu_utilization: number(cpu),
                memory_utilization: number(memory),
                lower_bound_gap_percent: number(packed.and_then(Packed::gap_percent)),
                break_even_utilization: number(packed.and_then(Packed::break_even)),
                instance_types: packed.map(instance_types).unwrap_or_default(),
                not_priced: row
                    .outcome
                    .as_ref()
                    .err()
                    .map(|reasons| reasons.iter().cloned().collect::<Vec<_>>().join("; ")),
                stays,
                assumptions,
            }
        })
        .collect()
}

fn instance_types(packed: &Packed) -> Vec<InstanceTypeUse> {
    let mean = |hours: Decimal| Quantity(hours / Decimal::from(HOURS_PER_MONTH)).rounded();
    packed
        .instance_hours
        .iter()
        .map(|(name, hours)| InstanceTypeUse { instance_type: name.clone(), mean_instances: mean(*hours) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_rounded_up_from_what_they_are_and_from_nothing_else() {
        let times = |tasks, simulated, observed| {
            super::times(tasks, TaskTime::from_secs(simulated), TaskTime::from_secs(observed))
        };
        // 7/6 has no last digit, and six of them are seven.
        assert_eq!([times(6, 7, 6), times(7, 7, 6), times(5, 1, 3), times(0, 7, 6)], [7, 9, 2, 0]);
    }
}
