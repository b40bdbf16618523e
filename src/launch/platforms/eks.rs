//! What EKS adds: the control plane, and on Fargate 256 MB a pod before it is rounded up to the next size.
//!
//! | pod requests | with 256 MB | billed as |
//! |---|---|---|
//! | 0.25 vCPU / 0.25 GB | 0.25 / 0.5 | 0.25 / 0.5 |
//! | 0.25 vCPU / 0.5 GB | 0.25 / 0.75 | 0.25 / 1 |
//! | 1 vCPU / 8 GB | 1 / 8.25 | 2 / 9 |
//! | 4 vCPU / 30 GB | 4 / 30.25 | 8 / 32 |
//!
//! Source: EKS User Guide, Fargate pod configuration (the third row is its example). Pods on Fargate are
//! Linux on x86 up to 16 vCPU, on demand.

use rust_decimal::Decimal;

use super::{
    ClusterWork, LaunchPlatform, Market, PlatformRow,
    fargate::{self, OnFargate, month},
    work::WINDOWS,
};
use crate::{
    fargate::TaskSize,
    units::{CpuUnits, HOURS_PER_MONTH, MemoryMib, Usd},
    workload::{Architecture, OperatingSystem, Platform, PurchaseSplit},
};

const POD_OVERHEAD: MemoryMib = MemoryMib(256);
const LARGEST_POD: CpuUnits = CpuUnits(16_384);

pub(super) fn on_fargate(cluster: &ClusterWork, market: &Market<'_>) -> PlatformRow {
    let mut row = PlatformRow::new(LaunchPlatform::EksFargate);
    for work in &cluster.work {
        let mut running = match fargate::on_fargate(work, market) {
            OnFargate::Runs(running) => running,
            OnFargate::NoRate(rate) => {
                row.add(Err(rate));
                continue;
            }
            OnFargate::Cannot(reason) => {
                row.stay_as_is(&reason, work);
                continue;
            }
        };
        let Platform { os, arch } = running.shape.platform;
        let refused = match (os, arch) {
            (OperatingSystem::Windows, _) => Some(WINDOWS),
            (_, Architecture::Arm64) => Some("arm64 images, which EKS on Fargate does not run"),
            _ => None,
        };
        let size = pod_size(work.running.shape.cpu, work.running.shape.memory);
        match (refused, size) {
            (Some(reason), _) => row.stay_as_is(reason, work),
            (None, None) => row.stay_as_is("larger than any pod on Fargate", work),
            (None, Some(size)) => {
                running.shape = Market::resized(&running.shape, size.cpu(), size.memory());
                running.split = PurchaseSplit::ON_DEMAND;
                row.add(month(&running, market));
            }
        }
    }
    let kept = std::mem::take(&mut row.kept_pools);
    cluster.add_overhead(&mut row, |number, pool| pool.has_others || kept.contains(&number));
    row.assume("tasks have the recommended size, or their present one where none is recommended");
    row.assume("a pod takes 256 MB more and is rounded up to the next Fargate size; there is no Spot");
    control_plane(&mut row, market);
    row
}

/// Adds the hours of a cluster's control plane.
pub(super) fn control_plane(row: &mut PlatformRow, market: &Market<'_>) {
    let Some(charge) = market.charges.eks_cluster(market.config.eks.extended_support) else {
        row.add(Err("no price of an EKS cluster is held".to_owned()));
        return;
    };
    let monthly = charge.amount * market.eks_clusters * Decimal::from(HOURS_PER_MONTH) * market.paid();
    row.add(Ok(Usd(monthly).rounded()));
    let clusters = match market.config.eks.clusters {
        None => "an EKS cluster for each ECS cluster".to_owned(),
        Some(1) => "one EKS cluster for all".to_owned(),
        Some(clusters) => format!("{clusters} EKS clusters for all"),
    };
    row.assume(format!(
        "{clusters}, at {} USD an hour; the move to Kubernetes is not priced",
        charge.amount.normalize()
    ));
}

/// The next Fargate size that holds a pod: the fewest vCPU, then the least memory.
fn pod_size(cpu: CpuUnits, memory: MemoryMib) -> Option<TaskSize> {
    let holds = MemoryMib(memory.0.saturating_add(POD_OVERHEAD.0));
    TaskSize::all(OperatingSystem::Linux)
        .find(|size| size.cpu() >= cpu && size.cpu() <= LARGEST_POD && size.memory() >= holds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_takes_256_mb_more_and_the_next_size() {
        for (cpu, memory, billed) in [
            (256, 256, Some((256, 512))),
            (256, 512, Some((256, 1024))),
            // The example of the EKS User Guide.
            (1024, 8192, Some((2048, 9216))),
            (4096, 30_720, Some((8192, 32_768))),
            (300, 1024, Some((512, 2048))),
            (16_384, 122_624, Some((16_384, 122_880))),
            (16_384, 122_880, None),
            (32_768, 61_440, None),
        ] {
            let size = pod_size(CpuUnits(cpu), MemoryMib(memory));
            let size = size.map(|size| (size.cpu().0, size.memory().0));
            assert_eq!(size, billed, "{cpu} / {memory}");
        }
    }
}
