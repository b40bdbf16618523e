//! Tests of the fleet as a whole.

use std::{collections::BTreeSet, fmt::Write as _};

use sha2::{Digest as _, Sha256};

use super::{
    Fleet, Intent,
    archetype::RunsOn,
    fleet::PART,
    history::{Size, in_force},
    member::Member,
};
use crate::{
    fargate::TaskSize,
    snapshot::{Point, Series, UtilizationParts as _},
    workload::{Cluster, ContainerInstance, LaunchType},
};

fn default_fleet() -> Fleet {
    Fleet::new(Fleet::DEFAULT_SERVICES)
}

fn all_series(fleet: &Fleet) -> Vec<Series> {
    (0..fleet.parts()).flat_map(|index| fleet.part(index)).collect()
}

fn hexadecimal(digest: &[u8]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn checksum_of_series(fleet: &Fleet) -> String {
    let mut hash = Sha256::new();
    for series in all_series(fleet) {
        hash.update(series.workload_id.to_le_bytes());
        for point in series.points {
            let Point { timestamp, cpu_avg, cpu_max, cpu_samples, mem_avg, mem_max, live_tasks } = point;
            hash.update(timestamp.to_le_bytes());
            for value in [cpu_avg, cpu_max, cpu_samples, mem_avg, mem_max] {
                hash.update(value.map_or(-1, i64::from).to_le_bytes());
            }
            hash.update(live_tasks.unwrap_or(-1.0).to_bits().to_le_bytes());
        }
    }
    hexadecimal(&hash.finalize())
}

fn checksum_of_the_rest(fleet: &Fleet) -> String {
    let rest = (fleet.manifest_window(), fleet.inventory(), fleet.gaps(), fleet.scopes());
    hexadecimal(&Sha256::digest(serde_json::to_vec(&rest).unwrap()))
}

/// What fails here changes every committed example report.
#[test]
fn the_default_fleet_is_the_same_bytes_every_time() {
    let checksums = |fleet: &Fleet| (checksum_of_series(fleet), checksum_of_the_rest(fleet));
    let once = checksums(&default_fleet());
    assert_eq!(once, checksums(&default_fleet()));
    let (series, rest) = (
        "a962da738743e2614ae91c4c531912c693a9a08a19c7e2822f5023250cd3eb6e",
        "ce345cb08ccb16cd27ae44275c54daf6cd880b17d21e010f0bdf18ff23656fa5",
    );
    assert_eq!((once.0.as_str(), once.1.as_str()), (series, rest));
}

#[test]
fn a_workload_is_the_same_in_a_fleet_of_any_size() {
    let points = |fleet: &Fleet| {
        let id = fleet.members.iter().position(|m| m.identity.name == "checkout-api").unwrap();
        fleet.part(id / PART).into_iter().find(|s| s.workload_id as usize == id).unwrap().points
    };
    assert_eq!(points(&Fleet::new(1)), points(&Fleet::new(500)));
}

#[test]
fn workloads_are_sorted_and_their_ids_are_their_positions() {
    for services in [0, 1, 7, 50, 51, 1_000, 10_000] {
        let inventory = Fleet::new(services).inventory();
        assert_eq!(inventory.workloads.len(), services);
        assert!(inventory.workloads.is_sorted_by(|a, b| a.identity < b.identity), "no two are the same");
        assert!((0..).zip(&inventory.workloads).all(|(id, w): (u32, _)| w.workload_id == id));
    }
}

#[test]
fn parts_hold_whole_workloads_in_order() {
    let fleet = Fleet::new(200);
    assert_eq!(fleet.parts(), 4);
    let mut before = None;
    for index in 0..fleet.parts() {
        let part = fleet.part(index);
        assert!(!part.is_empty() && part.len() <= PART);
        for series in part {
            assert!(before < Some(series.workload_id), "each workload is in one part only");
            before = Some(series.workload_id);
            assert!(series.points.is_sorted_by(|a, b| a.timestamp < b.timestamp));
        }
    }
    assert!(fleet.part(4).is_empty());
    assert!(fleet.part(usize::MAX).is_empty());
}

#[test]
fn points_are_within_their_bounds() {
    let fleet = Fleet::new(80);
    let window = fleet.manifest_window();
    let inventory = fleet.inventory();
    for Series { workload_id, points } in all_series(&fleet) {
        let workload = &inventory.workloads[workload_id as usize];
        let on_instances = matches!(workload.launch_type, LaunchType::Ec2 | LaunchType::External);
        let cap = if on_instances { 40_000 } else { 10_000 };
        let name = &workload.identity.name;
        for point in points {
            assert!((window.start.as_second()..window.end.as_second()).contains(&point.timestamp), "{name}");
            assert_eq!(point.timestamp % i64::from(window.period_seconds), 0, "{name}");
            assert!(point.cpu_avg <= point.cpu_max && point.cpu_max <= Some(cap), "{name}: {point:?}");
            assert!(point.mem_avg <= point.mem_max && point.mem_max <= Some(cap), "{name}: {point:?}");
            let tasks = f64::from(point.cpu_samples.unwrap()) / 5.0;
            assert!(tasks >= 1.0 && tasks.fract() == 0.0, "{name}: {point:?}");
            assert!(point.live_tasks.is_none_or(|live| live >= tasks), "{name}: {point:?}");
        }
    }
}

#[test]
fn every_finding_and_every_reason_is_meant_to_occur() {
    let fleet = default_fleet();
    let count = u32::try_from(Fleet::DEFAULT_SERVICES).unwrap();
    let intents: BTreeSet<Intent> = (0..count).filter_map(|id| fleet.intent(id)).collect();
    let reasons = [
        "autoscaled",
        "external-launch-type",
        "gap-in-metrics",
        "invalid-task-size",
        "missing-task-size",
        "mixed-revisions",
        "no-metrics",
        "no-price-for-region",
        "no-running-tasks",
        "too-few-runs",
        "too-new",
        "unknown-launch-type",
    ];
    let expected: BTreeSet<Intent> =
        [Intent::Overprovisioned, Intent::Underprovisioned, Intent::Optimized, Intent::AlreadyMinimal]
            .into_iter()
            .chain(reasons.map(Intent::NotRated))
            .collect();
    assert_eq!(intents, expected);
    assert_eq!(fleet.intent(count), None);
}

#[test]
fn gaps_are_of_apis_that_a_collect_calls() {
    let policy = include_str!("../cli/iam_policy.json");
    let gaps = default_fleet().gaps();
    assert!(!gaps.is_empty());
    for gap in gaps {
        assert!(policy.contains(&format!("\"{}\"", gap.api)), "{}", gap.api);
    }
}

#[test]
fn arns_name_the_account_and_lead_to_task_definitions() {
    let inventory = Fleet::new(90).inventory();
    for workload in &inventory.workloads {
        assert!(!workload.revisions.is_empty());
        for revision in &workload.revisions {
            let definition = &inventory.task_definitions[&revision.task_definition];
            assert_eq!(
                definition.arn,
                format!(
                    "arn:aws:ecs:{}:123456789012:task-definition/{}:{}",
                    workload.identity.region, definition.family, definition.revision
                )
            );
        }
        for item in &workload.strategy {
            assert!(inventory.capacity_providers.iter().any(|provider| provider.name == item.provider
                && provider.kind == item.kind
                && provider.region == workload.identity.region));
        }
        let here = |c: &&Cluster| c.region == workload.identity.region && c.name == workload.identity.cluster;
        assert_eq!(inventory.clusters.iter().filter(here).count(), 1);
    }
}

#[test]
fn sizes_are_ones_that_fargate_offers_and_containers_fit() {
    let fleet = default_fleet();
    let inventory = fleet.inventory();
    let misfit = |family: &str| {
        let of_family = |m: &&Member| m.identity.name == family;
        fleet.members.iter().find(of_family).map(|m| m.archetype.intent)
            == Some(Intent::NotRated("invalid-task-size"))
    };
    let mut checked = 0;
    for definition in inventory.task_definitions.values() {
        let (Some(cpu), Some(memory)) = (definition.cpu, definition.memory) else { continue };
        let size = TaskSize::new(cpu, memory, definition.platform.os);
        assert_eq!(size.is_err(), misfit(&definition.family), "{}: {size:?}", definition.family);
        assert!(definition.containers_cpu() <= cpu && definition.containers_memory() <= memory);
        checked += 1;
    }
    assert!(checked > 35, "{checked}");
}

/// What a task needs, and what a service's instances have, are in the inventory as a collect has them.
#[test]
fn instances_hold_what_runs_on_them() {
    use LaunchType::{Ec2, External, ManagedInstances};
    for services in [Fleet::DEFAULT_SERVICES, 400] {
        let inventory = Fleet::new(services).inventory();
        let instances = &inventory.container_instances;
        let on_instances =
            inventory.workloads.iter().filter(|w| matches!(w.launch_type, Ec2 | External | ManagedInstances));
        let (mut tasks, mut cpu, mut memory) = (0, 0, 0);
        for workload in on_instances {
            let definition = &inventory.task_definitions[&workload.revisions[0].task_definition];
            let (each_cpu, each_memory) = definition.requested();
            let running = workload.running_count.unwrap();
            tasks += running;
            cpu += running * each_cpu.unwrap().0;
            memory += running * each_memory.unwrap().0;
        }
        let sum = |of: fn(&ContainerInstance) -> u32| instances.iter().map(of).sum::<u32>();
        assert_eq!(sum(|i| i.running_tasks), tasks, "{services}");
        assert_eq!(sum(|i| i.registered.cpu - i.remaining.cpu), cpu, "{services}");
        assert_eq!(sum(|i| i.registered.memory_mib - i.remaining.memory_mib), memory, "{services}");
        assert!(
            instances.is_sorted_by(|a, b| (&a.region, &a.id) < (&b.region, &b.id)),
            "no two are the same"
        );
        for instance in instances {
            let known = |name: &str| inventory.capacity_providers.iter().any(|p| p.name == name);
            assert!(instance.capacity_provider.as_deref().is_none_or(known), "{instance:?}");
            assert!(instance.running_tasks > 0, "{instance:?}");
        }
    }
    let inventory = default_fleet().inventory();
    let of = |provider: &str| {
        let of_provider = inventory
            .container_instances
            .iter()
            .filter(|i| i.capacity_provider.as_deref() == Some(provider) && i.region.as_str() == "us-east-1");
        of_provider.collect::<Vec<_>>()
    };
    let general = of("prod-asg");
    assert_eq!((general.len(), of("prod-arm").len(), of("prod-gpu").len()), (4, 2, 1));
    let daemon = inventory.workloads.iter().find(|w| w.identity.name == "node-logger").unwrap();
    assert_eq!(daemon.running_count, Some(5), "one on each x86 instance");
    let idle: u32 = general.iter().map(|i| i.remaining.cpu).sum();
    assert!((4_096..12_288).contains(&idle), "{idle} of 16,384 CPU units are idle");
}

#[test]
fn what_keeps_a_service_from_fargate_is_in_its_records() {
    let inventory = default_fleet().inventory();
    let of = |name: &str| {
        let workload = inventory.workloads.iter().find(|w| w.identity.name == name).unwrap();
        (workload, &inventory.task_definitions[&workload.revisions[0].task_definition])
    };
    assert_eq!(of("embedding-gpu").1.containers[0].gpus, 1);
    assert!(of("image-builder").1.containers[0].privileged);
    assert_eq!(of("dns-resolver").1.network_mode.as_deref(), Some("host"));
    assert_eq!(of("dns-resolver").0.placement_constraints, ["distinctInstance"]);
    assert_eq!(of("cms-media").1.volume_kinds, ["efs"]);
    assert_eq!(of("search-indexer").1.volume_kinds, ["host"]);
    assert_eq!(of("license-server").0.placement_constraints, ["memberOf"]);
    assert_eq!(of("node-logger").0.maximum_percent, Some(100));
    assert_eq!(of("fraud-scoring").0.maximum_percent, Some(200));
}

/// The smallest size whose 80 % holds the 99.5th percentile of CPU and the maximum of memory:
/// the plainest rule there is, to show that the table's numbers mean what they are there for.
#[test]
fn the_demand_of_rated_workloads_is_that_of_their_intent() {
    let fleet = Fleet::new(400);
    let inventory = fleet.inventory();
    let mut checked = 0;
    for Series { workload_id, points } in all_series(&fleet) {
        let member = &fleet.members[workload_id as usize];
        let intent = member.archetype.intent;
        // Of a reservation on instances no Fargate size is meant.
        let on_instances = matches!(member.archetype.runs_on, RunsOn::Ec2 | RunsOn::ManagedInstances);
        let rated = !matches!(intent, Intent::NotRated(_)) && !on_instances;
        let Some(size) = member.archetype.size.filter(|_| rated) else {
            continue;
        };
        let absolute = |value: fn(&Point) -> Option<u32>, dimension: fn(Size) -> u32| {
            let mut demand: Vec<u32> = points
                .iter()
                .map(|point| {
                    let now = in_force(&member.revisions, point.timestamp).unwrap();
                    let size = now.leaving.unwrap_or(now.revision).size.unwrap();
                    value(point).unwrap() * dimension(size) / 10_000
                })
                .collect();
            demand.sort_unstable();
            demand
        };
        let cpu = absolute(|p| p.cpu_max, |s| s.cpu_units);
        let memory = absolute(|p| p.mem_max, |s| s.memory_mib);
        let (cpu, memory) = (cpu[cpu.len() * 995 / 1_000] * 5 / 4, memory[memory.len() - 1] * 5 / 4);
        let name = &member.identity.name;
        let fits = |s: TaskSize| s.cpu().0 >= cpu && s.memory().0 >= memory;
        let os = member.archetype.platform.os;
        let smaller = TaskSize::all(os).any(|s| {
            fits(s)
                && s.cpu().0 <= size.cpu_units
                && s.memory().0 <= size.memory_mib
                && (s.cpu().0, s.memory().0) != (size.cpu_units, size.memory_mib)
        });
        let own = cpu <= size.cpu_units && memory <= size.memory_mib;
        let definition = inventory.workloads[workload_id as usize].revisions.last().unwrap();
        let floor = inventory.task_definitions[&definition.task_definition].containers_memory().0;
        match intent {
            Intent::Overprovisioned => assert!(own && smaller, "{name}: {cpu} {memory}"),
            Intent::Underprovisioned => assert!(!own, "{name}: {cpu} {memory}"),
            Intent::Optimized => assert!(own && (!smaller || floor > 3_000), "{name}: {cpu} {memory}"),
            Intent::AlreadyMinimal => assert!(own && !smaller, "{name}: {cpu} {memory}"),
            Intent::NotRated(_) => unreachable!("filtered out above"),
        }
        checked += 1;
    }
    assert!(checked > 200, "{checked}");
}

#[test]
fn ten_thousand_services_are_generated_part_by_part() {
    let fleet = Fleet::new(10_000);
    assert_eq!(fleet.parts(), 157);
    assert_eq!(fleet.inventory().workloads.len(), 10_000);
    assert!(!fleet.part(156).is_empty());
    assert_eq!(fleet.read_part(3).unwrap(), fleet.part(3));
}

/// One row per oddity of the table: the workload, and what must hold of its points.
#[test]
fn oddities_are_in_the_series() {
    let fleet = default_fleet();
    let series = all_series(&fleet);
    let points = |name: &str| {
        let id = fleet.members.iter().position(|m| m.identity.name == name).unwrap();
        series.iter().find(|s| s.workload_id as usize == id).map_or(&[][..], |s| &s.points)
    };
    let peak =
        |name: &str, value: fn(&Point) -> Option<u32>| points(name).iter().filter_map(value).max().unwrap();
    let full = usize::try_from(fleet.manifest_window().points()).unwrap();

    assert_eq!(points("checkout-api").len(), full);
    assert_eq!(points("partner-sftp").len(), 0, "no metrics");
    assert_eq!(points("seasonal-campaign").len(), 0, "no tasks");
    assert_eq!(points("loyalty-api").len(), 10 * 12, "ten hours");
    assert_eq!(points("nightly-report").len(), 14 * 12, "an hour a day");
    assert!(
        (full * 39 / 100..=full * 41 / 100).contains(&points("audit-trail").len()),
        "three fifths missing"
    );

    assert_eq!(peak("thumbnailer", |p| p.cpu_max), 10_000, "CPU at its cap");
    assert_eq!(peak("feed-builder", |p| p.cpu_max), 10_000, "CPU at its cap");
    for name in ["recommendation-api", "feed-builder"] {
        assert!((9_200..=9_750).contains(&peak(name, |p| p.mem_max)), "{name} is short of memory");
    }
    assert!(peak("fraud-scoring", |p| p.cpu_max) > 10_000, "CPU that the instance had to spare");
    assert!(peak("cms-media", |p| p.mem_max) > 10_000, "memory beyond the soft limit");
    assert!(peak("old-admin", |p| p.cpu_max) < 50, "idle");
    assert!(peak("pricing-engine", |p| p.cpu_max) > 3 * 2_500, "busy while it starts");
    assert!(peak("storefront-web", |p| p.cpu_samples) > 2 * 5 * 4, "scales out");
    assert!(points("checkout-api").iter().all(|p| p.live_tasks.is_some()));
    assert!(points("catalog-api").iter().all(|p| p.live_tasks.is_none()));

    let resized = points("billing-api");
    let mean =
        |half: &[Point]| half.iter().map(|p| u64::from(p.cpu_avg.unwrap())).sum::<u64>() / half.len() as u64;
    let (before, after) = (mean(&resized[..full / 2]), mean(&resized[full / 2 + 48..]));
    assert!(after * 10 > before * 18, "per cent doubles when the size is halved: {before}, {after}");
}

/// A dimension seen at 95 % of its size or more is never made smaller.
#[test]
fn only_what_is_too_small_reaches_its_cap() {
    let fleet = Fleet::new(400);
    for Series { workload_id, points } in all_series(&fleet) {
        let at_cap = points.iter().any(|p| p.cpu_max.max(p.mem_max) >= Some(9_500));
        let may = matches!(fleet.intent(workload_id), Some(Intent::Underprovisioned | Intent::NotRated(_)));
        assert!(may || !at_cap, "{}", fleet.members[workload_id as usize].identity.name);
    }
}
