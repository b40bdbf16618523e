//! How long packing takes: `cargo bench --bench packing`. Fleets are generated, so that every run and every
//! later version is measured on the same input; prices are on-demand Linux of us-east-1.
//!
//! | bar | benchmark |
//! |---|---|
//! | 10,000 tasks x 336 hours within 5 s on two cores | `ten_thousand_tasks` |

use divan::Bencher;
use fargauge::{
    ec2::packing::{InstanceOffer, Problem, Resources, TaskGroup, pack},
    workload::Architecture,
};

fn main() {
    divan::main();
}

/// vCPU, GiB, network interfaces with trunking, millionths of a USD an hour.
const TYPES: [(&str, u32, u32, u32, u64); 12] = [
    ("c7g.large", 2, 4, 10, 72_500),
    ("c7g.xlarge", 4, 8, 20, 145_000),
    ("c7g.2xlarge", 8, 16, 40, 290_000),
    ("c7g.4xlarge", 16, 32, 60, 580_000),
    ("m7g.large", 2, 8, 10, 81_600),
    ("m7g.xlarge", 4, 16, 20, 163_200),
    ("m7g.2xlarge", 8, 32, 40, 326_400),
    ("m7g.4xlarge", 16, 64, 60, 652_800),
    ("r7g.large", 2, 16, 10, 107_100),
    ("r7g.xlarge", 4, 32, 20, 214_200),
    ("r7g.2xlarge", 8, 64, 40, 428_400),
    ("r7g.4xlarge", 16, 128, 60, 856_800),
];

fn offers(wanted: &str) -> Vec<InstanceOffer> {
    let wanted = TYPES.iter().filter(|(name, ..)| wanted == "mix" || *name == wanted);
    wanted
        .map(|&(name, vcpu, gib, enis, micro_usd_per_hour)| InstanceOffer {
            name: name.into(),
            architecture: Architecture::Arm64,
            allocatable: Resources { cpu: vcpu * 1024, memory_mib: gib * 993 - 96, enis, gpus: 0 },
            micro_usd_per_hour,
        })
        .collect()
}

/// Services of Fargate's sizes in two zones each, their tasks up and down every day.
fn fleet(services: u32, most: u32, hours: usize) -> Vec<TaskGroup> {
    let mut state = 7_u64;
    let mut below = move |most: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((state >> 33) % u64::from(most)).expect("below a u32")
    };
    let mut service = || {
        let cpu = [256, 256, 256, 512, 512, 1024, 1024, 2048][below(8) as usize];
        let memory_mib = match cpu {
            256 => [512, 1024, 2048][below(3) as usize],
            512 => 1024 * (1 + below(4)),
            1024 => 1024 * (2 + below(7)),
            _ => 1024 * (4 + below(9)),
        };
        let (base, more, start) = (1 + below(most), below(60), below(24) as usize);
        let hour = |hour: usize| {
            let height = ((hour + start) % 24).abs_diff(12);
            base + base * more * u32::try_from(height).expect("at most 12") / 1200
        };
        TaskGroup {
            needs: Resources { cpu, memory_mib, enis: 1, gpus: 0 },
            architectures: vec![Architecture::Arm64],
            min_zones: 2,
            distinct_instances: false,
            tasks: (0..hours).map(hour).collect(),
        }
    };
    (0..services).map(|_| service()).collect()
}

fn problem(offers: &str, groups: Vec<TaskGroup>, hours: usize) -> Problem {
    let mut groups = groups;
    // No hour is like another: one service grows by a task an hour.
    for (hour, tasks) in groups[0].tasks.iter_mut().enumerate().take(hours) {
        *tasks += u32::try_from(hour / 4).expect("a few hundred");
    }
    Problem { offers: self::offers(offers), groups, zones: 3, target_capacity_percent: 100 }
}

#[divan::bench(args = ["m7g.xlarge", "m7g.4xlarge", "mix"], sample_count = 3, sample_size = 1)]
fn ten_thousand_tasks(bencher: Bencher<'_, '_>, offers: &str) {
    let problem = problem(offers, fleet(300, 58, 336), 336);
    bencher.bench(|| pack(&problem).expect("every service fits"));
}

#[divan::bench(args = ["m7g.xlarge", "mix"], sample_count = 5, sample_size = 1)]
fn a_thousand_tasks(bencher: Bencher<'_, '_>, offers: &str) {
    let problem = problem(offers, fleet(100, 17, 336), 336);
    bencher.bench(|| pack(&problem).expect("every service fits"));
}

#[divan::bench(args = ["m7g.xlarge", "mix"], sample_count = 5, sample_size = 1)]
fn a_small_cluster(bencher: Bencher<'_, '_>, offers: &str) {
    let problem = problem(offers, fleet(8, 4, 48), 1);
    bencher.bench(|| pack(&problem).expect("every service fits"));
}
