//! The rows that run on instances: EC2, Managed Instances, the user's own machines.

use super::{
    super::{
        archetype::{Archetype, Containers, Intent, Need, RunsOn},
        shapes::{
            Level,
            Pattern::{Bursts, Daily, Flat, Leak},
            Tasks,
        },
    },
    EU, LINUX_ARM, SERVICE, size,
};

/// A small service on EC2, whose container says what it reserves.
const ON_EC2: Archetype = Archetype {
    intent: Intent::Underprovisioned,
    runs_on: RunsOn::Ec2,
    size: None,
    containers: Containers::Reserved(size(256, 512)),
    ..SERVICE
};

pub(super) static ON_INSTANCES: [Archetype; 11] = [
    Archetype {
        name: "fraud-scoring",
        team: "payments",
        containers: Containers::Reserved(size(512, 1024)),
        tasks: Tasks::fixed(4),
        // Without a task-level limit a task may take what the instance has to spare.
        cpu: Level::cpu(Daily, 3_000, 9_500, 140).at_most(16_000),
        memory: Level::memory(Daily, 4_000, 6_800, 110),
        ..ON_EC2
    },
    Archetype {
        name: "node-logger",
        intent: Intent::Optimized,
        runs_on: RunsOn::Ec2Daemon,
        containers: Containers::Reserved(size(128, 256)),
        tasks: Tasks::fixed(5),
        cpu: Level::cpu(Daily, 800, 2_400, 150).at_most(16_000),
        ..ON_EC2
    },
    Archetype {
        name: "cms-media",
        team: "web",
        needs: &[Need::EfsVolume],
        containers: Containers::Reserved(size(512, 1024)),
        tasks: Tasks::fixed(3),
        cpu: Level::cpu(Daily, 900, 3_400, 140).at_most(16_000),
        // The limit is a soft one.
        memory: Level::memory(Daily, 7_000, 11_800, 110).at_most(14_500),
        ..ON_EC2
    },
    Archetype {
        name: "embedding-gpu",
        team: "discovery",
        needs: &[Need::Gpu],
        containers: Containers::Reserved(size(2048, 8192)),
        tasks: Tasks::fixed(1),
        cpu: Level::cpu(Daily, 3_000, 7_000, 120).at_most(16_000),
        memory: Level::memory(Flat, 6_000, 6_800, 104),
        ..ON_EC2
    },
    Archetype {
        name: "dns-resolver",
        intent: Intent::Overprovisioned,
        platform: LINUX_ARM,
        needs: &[Need::HostNetwork, Need::DistinctInstance],
        containers: Containers::Reserved(size(512, 1024)),
        cpu: Level::cpu(Daily, 600, 2_100, 140).at_most(16_000),
        ..ON_EC2
    },
    Archetype {
        name: "image-builder",
        needs: &[Need::Privileged],
        containers: Containers::Reserved(size(1024, 2048)),
        cpu: Level::cpu(Bursts, 500, 8_000, 130).at_most(16_000),
        memory: Level::memory(Bursts, 2_500, 7_000, 112),
        ..ON_EC2
    },
    Archetype {
        name: "search-indexer",
        intent: Intent::Optimized,
        team: "discovery",
        needs: &[Need::HostVolume],
        containers: Containers::Reserved(size(1024, 4096)),
        cpu: Level::cpu(Bursts, 800, 6_000, 130).at_most(16_000),
        memory: Level::memory(Flat, 7_000, 7_600, 104),
        ..ON_EC2
    },
    Archetype {
        name: "license-server",
        intent: Intent::Overprovisioned,
        needs: &[Need::MemberOf],
        tasks: Tasks::fixed(1),
        cpu: Level::cpu(Flat, 300, 500, 130).at_most(16_000),
        memory: Level::memory(Flat, 3_000, 3_300, 103),
        ..ON_EC2
    },
    Archetype {
        name: "vector-index",
        team: "discovery",
        intent: Intent::Overprovisioned,
        runs_on: RunsOn::ManagedInstances,
        size: Some(size(2048, 8192)),
        tasks: Tasks::fixed(3),
        live_tasks: true,
        cpu: Level::cpu(Daily, 900, 3_400, 130),
        memory: Level::memory(Leak, 4_800, 6_900, 104),
        ..SERVICE
    },
    Archetype {
        name: "store-bridge",
        region: EU,
        team: "web",
        intent: Intent::NotRated("external-launch-type"),
        runs_on: RunsOn::External,
        size: None,
        containers: Containers::Reserved(size(256, 512)),
        ..SERVICE
    },
    Archetype {
        name: "lab-runner",
        cluster: "staging",
        team: "",
        intent: Intent::NotRated("unknown-launch-type"),
        runs_on: RunsOn::UnknownProvider,
        size: Some(size(512, 1024)),
        tasks: Tasks::fixed(1),
        ..SERVICE
    },
];
