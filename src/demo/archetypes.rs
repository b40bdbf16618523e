//! The table of what exists in the demo: one row per workload, each there for a reason.
//!
//! Together the rows make every finding and every reason for not rating occur, and show what real
//! fleets show: many sizes far too large, some too small, a quarter that cannot get smaller.

mod on_instances;

use self::on_instances::ON_INSTANCES;
use super::{
    archetype::{Archetype, Containers, Intent, RunsOn, Scaling},
    history::{History, Size},
    shapes::{
        Level,
        Pattern::{Bursts, Daily, Flat, Leak, Nightly, Startup, Weekly},
        Presence, Tasks,
    },
    window::{DAY, END, HOUR, START},
};
use crate::workload::{Architecture, OperatingSystem, Platform, WorkloadKind};

const US: &str = "us-east-1";
const EU: &str = "eu-west-1";
/// A region without prices.
const MALAYSIA: &str = "ap-southeast-5";

const LINUX_X86: Platform = Platform { os: OperatingSystem::Linux, arch: Architecture::X86_64 };
const LINUX_ARM: Platform = Platform { os: OperatingSystem::Linux, arch: Architecture::Arm64 };
const WINDOWS: Platform = Platform { os: OperatingSystem::Windows, arch: Architecture::X86_64 };

const fn size(cpu_units: u32, memory_mib: u32) -> Size {
    Size { cpu_units, memory_mib }
}

/// A small, quiet service on Fargate: what a row is where it does not say otherwise.
const SERVICE: Archetype = Archetype {
    name: "",
    region: US,
    cluster: "prod",
    kind: WorkloadKind::Service,
    team: "platform",
    intent: Intent::AlreadyMinimal,
    runs_on: RunsOn::Fargate,
    size: Some(size(256, 512)),
    platform: LINUX_X86,
    containers: Containers::App,
    storage_gib: None,
    needs: &[],
    history: History::Steady,
    scaling: Scaling::None,
    tasks: Tasks::fixed(2),
    cpu: Level::cpu(Daily, 300, 1_500, 140),
    memory: Level::memory(Flat, 3_800, 4_400, 108),
    presence: Presence::Always,
    live_tasks: false,
};

/// Rows of the table.
pub(super) const COUNT: usize = ON_FARGATE.len() + ON_INSTANCES.len();

/// The row of that number, counted round. The order is that of importance: a fleet of fewer workloads
/// gets the first rows.
pub(super) fn archetype(index: usize) -> &'static Archetype {
    let index = index % COUNT;
    ON_FARGATE.get(index).unwrap_or_else(|| &ON_INSTANCES[index - ON_FARGATE.len()])
}

static ON_FARGATE: [Archetype; 39] = [
    // One of each finding.
    Archetype {
        name: "checkout-api",
        team: "payments",
        intent: Intent::Overprovisioned,
        size: Some(size(4096, 8192)),
        tasks: Tasks::fixed(6),
        cpu: Level::cpu(Weekly, 300, 1_400, 150),
        memory: Level::memory(Weekly, 1_800, 2_300, 112),
        live_tasks: true,
        ..SERVICE
    },
    Archetype {
        name: "recommendation-api",
        team: "discovery",
        intent: Intent::Underprovisioned,
        size: Some(size(1024, 2048)),
        tasks: Tasks::fixed(4),
        cpu: Level::cpu(Daily, 3_000, 5_500, 125).at_most(7_800),
        memory: Level::memory(Leak, 6_200, 9_350, 103).at_most(9_680),
        live_tasks: true,
        ..SERVICE
    },
    Archetype {
        name: "payments-api",
        team: "payments",
        intent: Intent::Optimized,
        size: Some(size(1024, 2048)),
        tasks: Tasks::fixed(4),
        cpu: Level::cpu(Daily, 2_500, 5_600, 125).at_most(7_700),
        memory: Level::memory(Daily, 6_200, 6_900, 106).at_most(7_800),
        live_tasks: true,
        ..SERVICE
    },
    Archetype {
        name: "slack-notifier",
        tasks: Tasks::fixed(1),
        cpu: Level::cpu(Bursts, 100, 900, 160),
        memory: Level::memory(Flat, 2_600, 3_000, 104),
        ..SERVICE
    },
    // Too large, in both dimensions or in one.
    Archetype {
        name: "storefront-web",
        team: "web",
        intent: Intent::Overprovisioned,
        size: Some(size(1024, 4096)),
        scaling: Scaling::Cpu,
        tasks: Tasks::along(Weekly, 4, 16),
        cpu: Level::cpu(Flat, 5_300, 5_900, 125).at_most(8_800),
        memory: Level::memory(Weekly, 1_800, 2_200, 112),
        live_tasks: true,
        ..SERVICE
    },
    Archetype {
        name: "catalog-api",
        region: EU,
        team: "discovery",
        intent: Intent::Overprovisioned,
        runs_on: RunsOn::FargateAndSpot,
        size: Some(size(1024, 4096)),
        tasks: Tasks::fixed(8),
        cpu: Level::cpu(Daily, 400, 1_600, 140),
        memory: Level::memory(Daily, 1_500, 1_900, 110),
        ..SERVICE
    },
    Archetype {
        name: "order-worker",
        team: "payments",
        intent: Intent::Overprovisioned,
        size: Some(size(512, 1024)),
        platform: LINUX_ARM,
        tasks: Tasks::fixed(4),
        cpu: Level::cpu(Bursts, 200, 1_800, 145),
        memory: Level::memory(Bursts, 2_200, 2_900, 110),
        live_tasks: true,
        ..SERVICE
    },
    Archetype {
        name: "search-api",
        region: EU,
        team: "discovery",
        intent: Intent::Overprovisioned,
        size: Some(size(2048, 8192)),
        tasks: Tasks::fixed(3),
        cpu: Level::cpu(Daily, 500, 1_500, 145),
        memory: Level::memory(Flat, 7_000, 7_200, 103).at_most(7_900),
        ..SERVICE
    },
    Archetype {
        name: "session-cache",
        team: "web",
        intent: Intent::Overprovisioned,
        size: Some(size(1024, 8192)),
        scaling: Scaling::RequestsPerTarget,
        tasks: Tasks::along(Daily, 3, 9),
        cpu: Level::cpu(Flat, 4_800, 5_200, 128).at_most(7_600),
        memory: Level::memory(Daily, 1_500, 2_000, 110),
        ..SERVICE
    },
    Archetype {
        name: "pricing-engine",
        team: "payments",
        intent: Intent::Overprovisioned,
        size: Some(size(2048, 8192)),
        containers: Containers::Jvm { heap_mib: 5120 },
        history: History::Deployed(&[
            END - 11 * DAY + 9 * HOUR,
            END - 6 * DAY + 14 * HOUR,
            END - 2 * DAY + 10 * HOUR,
        ]),
        tasks: Tasks::fixed(3),
        cpu: Level::cpu(Startup, 900, 6_200, 130).at_most(9_000),
        memory: Level::memory(Flat, 4_300, 4_600, 104),
        live_tasks: true,
        ..SERVICE
    },
    Archetype {
        name: "video-transcoder",
        cluster: "batch",
        team: "media",
        intent: Intent::Overprovisioned,
        runs_on: RunsOn::FargateSpot,
        size: Some(size(4096, 16_384)),
        storage_gib: Some(50),
        tasks: Tasks::along(Bursts, 1, 6),
        cpu: Level::cpu(Bursts, 200, 5_000, 118).at_most(7_800),
        memory: Level::memory(Bursts, 1_200, 3_000, 112),
        live_tasks: true,
        ..SERVICE
    },
    // Too small.
    Archetype {
        name: "thumbnailer",
        team: "media",
        intent: Intent::Underprovisioned,
        size: Some(size(512, 1024)),
        tasks: Tasks::fixed(3),
        cpu: Level::cpu(Bursts, 3_500, 9_000, 128),
        memory: Level::memory(Bursts, 5_500, 6_500, 106).at_most(7_800),
        live_tasks: true,
        ..SERVICE
    },
    Archetype {
        name: "feed-builder",
        region: EU,
        team: "discovery",
        intent: Intent::Underprovisioned,
        size: Some(size(1024, 2048)),
        tasks: Tasks::fixed(4),
        cpu: Level::cpu(Daily, 4_000, 8_900, 125),
        memory: Level::memory(Daily, 8_000, 9_400, 103).at_most(9_750),
        ..SERVICE
    },
    // Right as they are.
    Archetype {
        name: "billing-api",
        team: "payments",
        intent: Intent::Optimized,
        size: Some(size(1024, 4096)),
        history: History::Resized {
            // In a quiet hour: while both sizes run, per cent is of neither.
            from: END - 7 * DAY + 3 * HOUR,
            before: size(2048, 8192),
        },
        tasks: Tasks::fixed(3),
        cpu: Level::cpu(Daily, 2_500, 5_600, 125).at_most(7_700),
        memory: Level::memory(Daily, 4_200, 6_900, 106).at_most(7_800),
        live_tasks: true,
        ..SERVICE
    },
    Archetype {
        name: "edge-gateway",
        team: "web",
        intent: Intent::Overprovisioned,
        size: Some(size(2048, 4096)),
        containers: Containers::Sidecars,
        tasks: Tasks::fixed(5),
        cpu: Level::cpu(Daily, 1_200, 2_600, 140),
        memory: Level::memory(Daily, 2_400, 3_000, 110),
        live_tasks: true,
        ..SERVICE
    },
    // The smallest there is. `SERVICE` is one of them already.
    Archetype {
        name: "feature-flags",
        region: EU,
        live_tasks: true,
        cpu: Level::cpu(Weekly, 600, 3_100, 140),
        memory: Level::memory(Flat, 5_600, 6_000, 106),
        ..SERVICE
    },
    Archetype {
        name: "webhook-relay",
        team: "payments",
        live_tasks: true,
        cpu: Level::cpu(Bursts, 200, 3_600, 130),
        memory: Level::memory(Bursts, 3_600, 4_800, 108),
        ..SERVICE
    },
    Archetype {
        name: "geo-lookup",
        region: EU,
        team: "discovery",
        platform: LINUX_ARM,
        memory: Level::memory(Flat, 6_300, 6_500, 103),
        ..SERVICE
    },
    Archetype { name: "docs-site", cluster: "staging", team: "web", tasks: Tasks::fixed(1), ..SERVICE },
    Archetype {
        name: "link-shortener",
        cluster: "staging",
        team: "web",
        tasks: Tasks::fixed(1),
        cpu: Level::cpu(Flat, 60, 120, 150),
        memory: Level::memory(Flat, 1_500, 1_900, 103),
        ..SERVICE
    },
    Archetype {
        name: "ledger-export",
        region: EU,
        cluster: "batch",
        team: "payments",
        cpu: Level::cpu(Bursts, 300, 4_200, 125),
        ..SERVICE
    },
    Archetype {
        name: "smtp-relay",
        region: EU,
        cluster: "staging",
        history: History::Unreadable,
        tasks: Tasks::fixed(1),
        memory: Level::memory(Leak, 2_200, 4_600, 103),
        ..SERVICE
    },
    Archetype {
        name: "invoice-printer",
        team: "payments",
        size: Some(size(1024, 2048)),
        platform: WINDOWS,
        cpu: Level::cpu(Daily, 500, 1_500, 140),
        memory: Level::memory(Flat, 5_200, 5_600, 104),
        ..SERVICE
    },
    // Hardly used, or not at all.
    Archetype {
        name: "old-admin",
        team: "web",
        intent: Intent::Overprovisioned,
        size: Some(size(1024, 2048)),
        cpu: Level::cpu(Flat, 10, 20, 150),
        memory: Level::memory(Flat, 380, 420, 102),
        live_tasks: true,
        ..SERVICE
    },
    Archetype {
        name: "seasonal-campaign",
        team: "web",
        intent: Intent::NotRated("no-running-tasks"),
        tasks: Tasks::fixed(0),
        ..SERVICE
    },
    // Scaled automatically.
    Archetype {
        name: "graph-cache",
        region: EU,
        team: "discovery",
        intent: Intent::Overprovisioned,
        size: Some(size(1024, 4096)),
        scaling: Scaling::Memory,
        tasks: Tasks::along(Daily, 2, 6),
        cpu: Level::cpu(Daily, 300, 1_200, 145),
        memory: Level::memory(Flat, 6_500, 6_900, 105).at_most(7_900),
        ..SERVICE
    },
    Archetype {
        name: "quote-stream",
        team: "payments",
        intent: Intent::Optimized,
        size: Some(size(512, 1024)),
        scaling: Scaling::CpuAndMemory,
        tasks: Tasks::along(Daily, 2, 8),
        cpu: Level::cpu(Flat, 4_800, 5_400, 130),
        memory: Level::memory(Flat, 5_400, 5_900, 105),
        live_tasks: true,
        ..SERVICE
    },
    Archetype {
        name: "ticket-ingest",
        region: EU,
        team: "web",
        intent: Intent::Optimized,
        size: Some(size(1024, 2048)),
        scaling: Scaling::Step,
        tasks: Tasks::along(Bursts, 2, 8),
        cpu: Level::cpu(Bursts, 1_500, 3_500, 130),
        memory: Level::memory(Flat, 3_000, 3_400, 105),
        ..SERVICE
    },
    Archetype {
        name: "price-feed",
        team: "payments",
        intent: Intent::Overprovisioned,
        size: Some(size(1024, 2048)),
        scaling: Scaling::LowCpu,
        tasks: Tasks::along(Daily, 4, 14),
        cpu: Level::cpu(Flat, 2_700, 2_900, 125),
        memory: Level::memory(Flat, 5_000, 5_600, 105),
        live_tasks: true,
        ..SERVICE
    },
    Archetype {
        name: "flash-sale",
        team: "web",
        intent: Intent::NotRated("autoscaled"),
        size: Some(size(1024, 2048)),
        scaling: Scaling::Predictive,
        tasks: Tasks::along(Daily, 2, 10),
        cpu: Level::cpu(Flat, 4_200, 4_800, 130),
        ..SERVICE
    },
    // Data that says too little.
    Archetype {
        name: "partner-sftp",
        intent: Intent::NotRated("no-metrics"),
        size: Some(size(512, 1024)),
        tasks: Tasks::fixed(1),
        presence: Presence::Never,
        ..SERVICE
    },
    Archetype {
        name: "loyalty-api",
        region: EU,
        team: "payments",
        intent: Intent::NotRated("too-new"),
        size: Some(size(512, 1024)),
        history: History::Created(END - 10 * HOUR),
        cpu: Level::cpu(Flat, 800, 1_200, 140),
        presence: Presence::Since(END - 10 * HOUR),
        ..SERVICE
    },
    Archetype {
        name: "audit-trail",
        region: EU,
        team: "payments",
        intent: Intent::NotRated("gap-in-metrics"),
        size: Some(size(1024, 2048)),
        presence: Presence::TwoFifths,
        ..SERVICE
    },
    Archetype {
        name: "profile-api",
        team: "web",
        intent: Intent::NotRated("mixed-revisions"),
        size: Some(size(512, 1024)),
        history: History::Crept {
            from: START + 30 * HOUR,
            settled: END - 6 * HOUR,
            before: size(1024, 2048),
        },
        tasks: Tasks::fixed(4),
        cpu: Level::cpu(Daily, 1_500, 3_200, 130),
        memory: Level::memory(Daily, 4_200, 5_000, 106),
        ..SERVICE
    },
    // What is not rated for what it is or where it runs.
    Archetype {
        name: "checkout-api-my",
        region: MALAYSIA,
        team: "payments",
        intent: Intent::NotRated("no-price-for-region"),
        size: Some(size(1024, 4096)),
        cpu: Level::cpu(Daily, 400, 1_600, 140),
        memory: Level::memory(Daily, 1_500, 1_900, 110),
        ..SERVICE
    },
    Archetype {
        name: "nightly-report",
        cluster: "batch",
        kind: WorkloadKind::Standalone,
        team: "finance",
        intent: Intent::Optimized,
        size: Some(size(2048, 4096)),
        tasks: Tasks::along(Nightly, 0, 1),
        cpu: Level::cpu(Flat, 5_500, 6_500, 115),
        memory: Level::memory(Flat, 4_000, 5_000, 108),
        ..SERVICE
    },
    Archetype {
        name: "legacy-soap",
        cluster: "staging",
        team: "web",
        intent: Intent::NotRated("missing-task-size"),
        size: None,
        ..SERVICE
    },
    Archetype {
        name: "quarterly-close",
        cluster: "batch",
        kind: WorkloadKind::Standalone,
        team: "finance",
        intent: Intent::NotRated("too-few-runs"),
        size: Some(size(2048, 8192)),
        tasks: Tasks::along(Nightly, 0, 1),
        cpu: Level::cpu(Flat, 3_500, 4_500, 115),
        presence: Presence::Since(END - 2 * DAY),
        ..SERVICE
    },
    Archetype {
        name: "crm-connector",
        team: "web",
        intent: Intent::NotRated("invalid-task-size"),
        // Fargate has none below 1 vCPU for Windows.
        size: Some(size(512, 1024)),
        platform: WINDOWS,
        // One task has the open connections.
        cpu: Level::cpu(Daily, 800, 2_400, 190),
        memory: Level::memory(Flat, 5_200, 5_600, 104),
        ..SERVICE
    },
];
