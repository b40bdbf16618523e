//! Fleets that are the same in every run, on instances as they are sold.

use crate::{
    ec2::packing::{InstanceOffer, Resources, TaskGroup},
    workload::Architecture,
};

/// The next of a sequence of numbers below `most` that repeats nowhere near (Knuth's MMIX generator).
pub fn below(state: &mut u64, most: u32) -> u32 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    ((*state >> 33) % u64::from(most)) as u32
}

/// vCPU, GiB, network interfaces with trunking, and the hour's price in millionths of a USD: on-demand Linux
/// in us-east-1 (AWS price list, July 2026).
const TYPES: [(&str, u32, u32, u32, u64); 11] = [
    ("c7g.large", 2, 4, 10, 72_500),
    ("c7g.xlarge", 4, 8, 20, 145_000),
    ("c7g.4xlarge", 16, 32, 60, 580_000),
    ("m7g.medium", 1, 4, 4, 40_800),
    ("m7g.large", 2, 8, 10, 81_600),
    ("m7g.xlarge", 4, 16, 20, 163_200),
    ("m7g.2xlarge", 8, 32, 40, 326_400),
    ("m7g.8xlarge", 32, 128, 60, 1_305_600),
    ("r7g.large", 2, 16, 10, 107_100),
    ("r7g.xlarge", 4, 32, 20, 214_200),
    ("r7g.2xlarge", 8, 64, 40, 428_400),
];

pub fn offers() -> Vec<InstanceOffer> {
    let offer = |&(name, vcpu, gib, enis, micro_usd_per_hour): &(&str, u32, u32, u32, u64)| InstanceOffer {
        name: name.into(),
        architecture: Architecture::Arm64,
        // Roughly what the system leaves.
        allocatable: Resources { cpu: vcpu * 1024, memory_mib: gib * 993 - 96, enis, gpus: 0 },
        micro_usd_per_hour,
    };
    TYPES.iter().map(offer).collect()
}

pub fn offer(name: &str) -> InstanceOffer {
    offers().into_iter().find(|offer| offer.name == name).expect("a type of the table")
}

/// A service of a size that Fargate has, with up to `most` tasks, more of them by day.
pub fn service(state: &mut u64, most: u32, min_zones: u32, hours: usize) -> TaskGroup {
    let cpu = [256, 256, 256, 512, 512, 1024, 1024, 2048][below(state, 8) as usize];
    let memory_mib = match cpu {
        256 => [512, 1024, 2048][below(state, 3) as usize],
        512 => 1024 * (1 + below(state, 4)),
        1024 => 1024 * (2 + below(state, 7)),
        _ => 1024 * (4 + below(state, 11)),
    };
    let (base, more) = (1 + below(state, most), below(state, 3));
    let start = below(state, 24) as usize;
    let tasks = (0..hours).map(|hour| base + if (hour + start) % 24 < 9 { base * more / 4 } else { 0 });
    TaskGroup {
        needs: Resources { cpu, memory_mib, enis: 1, gpus: 0 },
        architectures: vec![Architecture::Arm64],
        min_zones,
        distinct_instances: false,
        tasks: tasks.collect(),
    }
}
