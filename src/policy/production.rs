//! [`Production`]: what a running workload is known to need, as the rules use it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::{
    fargate::TaskSize,
    units::{CpuUnits, MemoryMib, Usd},
    workload::{LaunchType, Platform, Region},
};

#[derive(Debug, Clone, PartialEq)]
pub struct Production {
    /// The workload's id in the snapshot.
    pub id: String,
    pub region: Region,
    pub cluster: String,
    pub service: Option<String>,
    pub family: Option<String>,
    pub tags: BTreeMap<String, String>,
    pub launch_type: LaunchType,
    pub platform: Platform,
    pub current: (Option<CpuUnits>, Option<MemoryMib>),
    /// Tasks that run on average, by task-hours.
    pub mean_tasks: Option<Decimal>,
    /// Share of its tasks on Fargate Spot, 0 to 1.
    pub spot_share: Decimal,
    /// Days that its samples reach back.
    pub days: Decimal,
    /// The 99.5th percentile of the vCPU that a task used.
    pub cpu_vcpu: Option<Decimal>,
    /// The most memory a task used, in MiB.
    pub memory_mib_max: Option<Decimal>,
    /// Whether it was found to have too little.
    pub cpu_is_short: bool,
    pub memory_is_short: bool,
    /// What fargauge recommends; absent where it is not rated.
    pub recommended: Option<TaskSize>,
    pub monthly_cost: Option<Usd>,
    /// The launch type that would cost least, and what it would save a month; absent where none would.
    pub cheaper_launch_type: Option<(String, Usd)>,
    /// Whether more or better data would make it rated.
    pub lacks_data: bool,
    /// Why it is not rated, if so.
    pub not_rated: Option<String>,
}

/// What is known to be enough for each of some workloads: the recommended sizes, and what those have that are not rated,
/// which may need it. Nothing where none is rated.
pub fn enough_for(workloads: &[&Production]) -> Option<(CpuUnits, MemoryMib)> {
    let is_rated = |workload: &&Production| workload.recommended.is_some();
    workloads.iter().any(is_rated).then_some(())?;
    let sizes = workloads.iter().filter_map(|workload| match workload.recommended {
        Some(size) => Some((size.cpu(), size.memory())),
        None => workload.current.0.zip(workload.current.1),
    });
    sizes.reduce(|a, b| (a.0.max(b.0), a.1.max(b.1)))
}
