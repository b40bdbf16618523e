//! What each resource needs: a statistic of demand, plus headroom, no lower than the floors.
//!
//! CPU: percentile of the hottest task's maxima x (1 + headroom). Memory: their maximum x (1 + headroom).
//! Where the fleet is calibrated, CPU is also not reduced below the largest average of a whole period
//! x (1 + headroom), and the headroom of a smaller memory size is what [`super::Calibration`] finds
//! worth its price.
//!
//! | observed | headroom | needed |
//! |---|---|---|
//! | p99.5 = 0.40 vCPU | 20 % | 0.48 vCPU |
//! | p99.5 = 0.40 vCPU, largest average 0.60 vCPU | 20 %, calibrated | 0.72 vCPU |
//! | maximum = 1,500 MiB | 20 % | 1,800 MiB |
//! | p99.5 at 97 % of 1 vCPU | any | unknown above 0.97 vCPU: at least the next size, 2 vCPU |
//! | one spike to 100 % of 1 vCPU, p99.5 = 0.40 | any | not below 1 vCPU |

use crate::{
    config::Sizing,
    demand::{Observed, Requested, WindowDemand},
    fargate::TaskSize,
    units::{CpuUnits, MemoryMib},
    workload::OperatingSystem,
};

/// At this share (of 10,000) of its size and above, demand is a lower bound only.
pub(super) const CAP_SHARE: u64 = 9_500;

/// Least headroom of a smaller memory size, in hundredths of a per cent, however calm the fleet: the
/// samples of a minute may miss a peak within it.
pub const LEAST_LEARNT_HEADROOM: u32 = 1_000;

/// One resource's need, in CPU units or MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceNeed {
    /// What the size must hold, headroom and floors included.
    pub floor: u32,
    /// What it must hold without headroom.
    pub bare: u32,
    /// What it must hold if the shortness of the history is allowed for.
    pub ample: u32,
    /// More than the current size is needed.
    pub short: bool,
    /// The statistic itself is at the cap: what was wanted is unknown above it.
    pub unknown_above: bool,
    /// Some sample was at the current size's cap.
    pub reached_cap: bool,
}

/// The need of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    pub cpu: ResourceNeed,
    pub memory: ResourceNeed,
}

/// The need that `demand` shows against the current size. `None` where a resource has no samples.
pub fn need(
    demand: &WindowDemand,
    current: Requested,
    os: OperatingSystem,
    sizing: &Sizing,
    calibrated: bool,
    observed_days: u64,
) -> (Option<ResourceNeed>, Option<ResourceNeed>) {
    let cpu = demand.cpu.as_ref().map(|cpu| {
        let statistic = cpu.percentile(sizing.cpu_percentile);
        let sustained = cpu.sustained_max.filter(|_| calibrated).unwrap_or(0);
        let sustained = with(sustained, sizing.cpu_headroom);
        let resource =
            Resource { current: current.cpu.0, scale: 1000, headroom: sizing.cpu_headroom, learnt: false };
        let steps: Vec<u32> = TaskSize::all(os).map(|size| size.cpu().0).collect();
        let expected = |seen| sizing.peak.cpu(seen);
        resource_need(cpu, statistic, sustained, expected, resource, observed_days, &steps)
    });
    let memory = demand.memory.as_ref().map(|memory| {
        let resource = Resource {
            current: current.memory.0,
            scale: 1024,
            headroom: sizing.memory_headroom,
            learnt: calibrated,
        };
        let steps: Vec<u32> = TaskSize::all(os).map(|size| size.memory().0).collect();
        let expected = |seen| sizing.peak.memory(seen);
        resource_need(memory, memory.max, 0, expected, resource, observed_days, &steps)
    });
    (cpu, memory)
}

/// What is particular to CPU or memory.
#[derive(Clone, Copy)]
struct Resource {
    current: u32,
    /// The observed unit's parts per unit of size: thousandths of a CPU unit, KiB in a MiB.
    scale: u64,
    /// Hundredths of a per cent.
    headroom: u32,
    /// How much headroom a smaller size leaves is weighed elsewhere; this one only tells what is short.
    learnt: bool,
}

/// `value` and a headroom in hundredths of a per cent, rounded up.
pub(super) fn with(value: u64, headroom: u32) -> u64 {
    value.saturating_mul(10_000 + u64::from(headroom)).div_ceil(10_000)
}

/// `sustained` holds a size from being reduced but calls for no larger one; `expected` is the demand to
/// size for where so much was seen; `steps` are the sizes
/// there are, in any order.
fn resource_need(
    observed: &Observed,
    statistic: u64,
    sustained: u64,
    expected: impl Fn(u64) -> u64,
    Resource { current, scale, headroom, learnt }: Resource,
    observed_days: u64,
    steps: &[u32],
) -> ResourceNeed {
    let units = |value: u64| u32::try_from(value.div_ceil(scale)).unwrap_or(u32::MAX);
    let next_above = |size: u32| steps.iter().copied().filter(|step| *step > size).min().unwrap_or(u32::MAX);

    let wanted = units(with(expected(statistic), headroom)).max(units(sustained).min(current));
    let cap = u64::from(current) * scale * CAP_SHARE / 10_000;
    let unknown_above = statistic >= cap;
    let reached_cap = observed.largest_capped_size.is_some_and(|size| size >= current);
    // A cap reached at another size says only that more than that size was wanted.
    let censored = match observed.largest_capped_size {
        _ if unknown_above => next_above(current),
        Some(size) if size >= current => current,
        Some(size) => next_above(size).min(current),
        None => 0,
    };
    let short = wanted.max(censored) > current;
    let bare = units(expected(statistic)).max(censored);
    let least = units(with(expected(statistic), LEAST_LEARNT_HEADROOM)).max(censored);
    let floor = if learnt && !short { least } else { wanted.max(censored) };
    // One more day of history halves what could still be unseen: 1 day x2, 14 days x1.07.
    let allowance = u32::try_from(10_000 / observed_days.max(1)).unwrap_or(0);
    ResourceNeed {
        floor,
        bare,
        ample: units(with(with(expected(observed.max), headroom), allowance)).max(floor),
        short,
        unknown_above,
        reached_cap,
    }
}

impl Need {
    /// Raised to floors that have nothing to do with demand.
    #[must_use]
    pub fn at_least(mut self, (cpu, memory): (CpuUnits, MemoryMib)) -> Self {
        for (need, floor) in [(&mut self.cpu, cpu.0), (&mut self.memory, memory.0)] {
            need.floor = need.floor.max(floor);
            need.bare = need.bare.max(floor);
            need.ample = need.ample.max(floor);
        }
        self
    }
}
