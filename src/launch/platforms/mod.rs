//! What the work that was observed would cost on every platform: Fargate, EC2, Managed Instances, EKS.
//!
//! Takes a cluster's [`ClusterWork`] and a [`Market`]; gives one [`PlatformRow`] a platform, each with a cost or
//! with the rates that are missing, and with what it assumes. Rows compare because each holds the same
//! workloads: one that a platform cannot take stays where it is, and its cost stays in the row. No rate is
//! derived, and what has no price is never 0.
//!
//! | us-east-1 | EC2 on demand | the same vCPU and memory on Fargate | break-even |
//! |---|---|---|---|
//! | c6i.large, 2 vCPU / 4 GiB | 0.085 | 2 x 0.04048 + 4 x 0.004445 = 0.09874 | 86 % |
//! | m6i.large, 2 / 8 | 0.096 | 0.11652 | 82 % |
//! | m7g.large, 2 / 8 | 0.0816 | 2 x 0.03238 + 8 x 0.00356 = 0.09324 | 88 % |
//!
//! Rates: `pricing/fargate.csv`, `pricing/ec2/us-east-1.csv`.

mod eks;
mod fargate;
mod hosts;
mod instances;
mod market;
mod platform;
mod pool;
mod row;
mod work;

#[cfg(test)]
mod tests;

use rayon::prelude::*;

pub use market::{MAX_VCPU, Market, Packer, date_range};
pub use platform::{InstanceChoice, InstancePayment, LaunchPlatform};
pub use row::{Packed, PlatformRow, Priced, Stays};
pub use work::{ClusterWork, InstancePool, Placement, Work};

/// A cluster's work on every platform, in the sequence of [`LaunchPlatform::all`].
pub fn compare(cluster: &ClusterWork, market: &Market<'_>) -> Vec<PlatformRow> {
    // Those that pack the same tasks go together: a packing is not searched for twice.
    let mut batches: Vec<Vec<LaunchPlatform>> = Vec::new();
    for platform in LaunchPlatform::all() {
        match (platform, batches.last_mut()) {
            (LaunchPlatform::Ec2(_, InstanceChoice::Mix, _), Some(batch)) => batch.push(platform),
            (LaunchPlatform::EksAutoMode(architecture), _) => {
                let nodes = LaunchPlatform::EksEc2(architecture);
                match batches.iter_mut().find(|batch| batch.contains(&nodes)) {
                    Some(batch) => batch.push(platform),
                    None => batches.push(vec![platform]),
                }
            }
            _ => batches.push(vec![platform]),
        }
    }
    let mut rows: Vec<PlatformRow> = batches
        .into_par_iter()
        .flat_map_iter(|batch| match batch[0] {
            LaunchPlatform::Ec2(..)
            | LaunchPlatform::ManagedInstances(_)
            | LaunchPlatform::EksEc2(_)
            | LaunchPlatform::EksAutoMode(_) => instances::rows(&batch, cluster, market),
            LaunchPlatform::EksFargate => vec![eks::on_fargate(cluster, market)],
            platform => vec![fargate::row(platform, cluster, market)],
        })
        .collect();
    let all = LaunchPlatform::all();
    rows.sort_by_key(|row| all.iter().position(|platform| *platform == row.platform));
    rows
}
