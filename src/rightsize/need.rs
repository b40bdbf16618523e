//! What each resource needs: a statistic of demand, plus headroom, no lower than the floors.
//!
//! CPU: percentile of the hottest task's maxima x (1 + headroom). Memory: their maximum x (1 + headroom).
//! CPU is also not reduced below the largest average of a whole period x (1 + headroom), unless a percentile
//! below [`WHOLE_PERIODS`] says that whole periods may be short. Where the fleet is calibrated, the headroom
//! of a smaller memory size is what [`super::Calibration`] finds worth its price.
//!
//! | observed | headroom | needed |
//! |---|---|---|
//! | p99.5 = 0.40 vCPU | 20 % | 0.48 vCPU |
//! | p99.5 = 0.40 vCPU, largest average 0.60 vCPU | 20 % | 0.72 vCPU |
//! | p99 = 0.40 vCPU, largest average 0.60 vCPU | 20 % | 0.48 vCPU |
//! | maximum = 1,500 MiB | 20 % | 1,800 MiB |
//! | p99.5 at 97 % of 1 vCPU | any | unknown above 0.97 vCPU: at least the next size, 2 vCPU |
//! | one spike to 100 % of 1 vCPU, p99.5 = 0.40 | any | not below 1 vCPU |
//! | p99.5 at 100 % of 1 vCPU, 4 vCPU since a few hours | any | not below 4 vCPU |
//! | p99.5 at 100 % of 1 vCPU, 4 vCPU for three days with p99.5 = 1.5 vCPU | 20 % | 1.8 vCPU |

use crate::{
    config::Sizing,
    demand::{CAP_CENTI_PERCENT, Observed, Requested, WindowDemand},
    fargate::TaskSize,
    units::{CpuUnits, MemoryMib},
    workload::OperatingSystem,
};

/// Least headroom of a smaller memory size, in hundredths of a per cent, however calm the fleet: the
/// samples of a minute may miss a peak within it.
pub const LEAST_LEARNT_HEADROOM: u32 = 1_000;

/// The least percentile of CPU (of 10,000), the default, that means: whatever is only seen now and then may be
/// throttled, but no whole period.
const WHOLE_PERIODS: u32 = 9_950;

/// One resource's need, in CPU units or MiB.
#[expect(clippy::struct_excessive_bools, reason = "each is told on its own")]
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
    /// The statistic is at the cap of a smaller size, and there is no whole day at a larger one.
    pub enlarged_lately: bool,
}

impl ResourceNeed {
    /// What keeps a resource as it is, at so much.
    pub(super) const fn keep(at: u32) -> Self {
        Self {
            floor: at,
            bare: at,
            ample: at,
            short: false,
            unknown_above: false,
            reached_cap: false,
            enlarged_lately: false,
        }
    }
}

/// The need of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    pub cpu: ResourceNeed,
    pub memory: ResourceNeed,
}

/// What was seen of one resource: thousandths of a CPU unit, or KiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// What the size is made from: a percentile of the maxima, or their maximum.
    pub statistic: u64,
    /// The largest average of a whole period; 0 where there is none.
    pub sustained: u64,
    pub max: u64,
    /// The largest size at whose cap a sample was taken.
    pub largest_capped_size: Option<u32>,
    /// As in [`ResourceNeed`].
    pub enlarged_lately: bool,
    /// A load that was computed and not sampled is known, however large.
    pub computed: bool,
}

impl Seen {
    /// The statistic is a percentile, of 10,000; that of all is the maximum.
    pub(super) fn of(observed: &Observed, percentile: u32) -> Self {
        Self {
            statistic: observed.wanted(percentile),
            sustained: observed.sustained_max.unwrap_or(0),
            max: observed.max,
            largest_capped_size: observed.largest_capped_size,
            enlarged_lately: observed.is_enlarged_lately(percentile),
            computed: false,
        }
    }
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
    need_of((demand, (false, false)), current, os, sizing, calibrated, observed_days)
}

/// The same of a demand whose CPU and memory may be computed, as in [`Seen::computed`].
pub(super) fn need_of(
    (demand, (cpu_computed, memory_computed)): (&WindowDemand, (bool, bool)),
    current: Requested,
    os: OperatingSystem,
    sizing: &Sizing,
    calibrated: bool,
    observed_days: u64,
) -> (Option<ResourceNeed>, Option<ResourceNeed>) {
    let cpu = demand.cpu.as_ref().map(|cpu| {
        let seen = Seen { computed: cpu_computed, ..Seen::of(cpu, sizing.cpu_percentile) };
        cpu_need(seen, current.cpu, os, sizing, observed_days)
    });
    let memory = demand.memory.as_ref().map(|memory| {
        let seen = Seen { computed: memory_computed, ..Seen::of(memory, 10_000) };
        memory_need(seen, current.memory, os, sizing, calibrated, observed_days)
    });
    (cpu, memory)
}

pub fn cpu_need(
    seen: Seen,
    current: CpuUnits,
    os: OperatingSystem,
    sizing: &Sizing,
    observed_days: u64,
) -> ResourceNeed {
    let seen = Seen { sustained: to_hold(seen.sustained, sizing), ..seen };
    let resource = Resource { current: current.0, scale: 1000, headroom: sizing.cpu_headroom, learnt: false };
    let steps: Vec<u32> = TaskSize::all(os).map(|size| size.cpu().0).collect();
    resource_need(seen, |seen| sizing.peak.cpu(seen), resource, observed_days, &steps)
}

/// So much of the largest average of a whole period as a size must hold: all, or nothing where the percentile says
/// that whole periods may be short.
pub(super) fn to_hold(sustained: u64, sizing: &Sizing) -> u64 {
    if sizing.cpu_percentile >= WHOLE_PERIODS { sustained } else { 0 }
}

/// `calibrated`: what headroom a smaller size leaves is weighed by the calibration.
pub fn memory_need(
    seen: Seen,
    current: MemoryMib,
    os: OperatingSystem,
    sizing: &Sizing,
    calibrated: bool,
    observed_days: u64,
) -> ResourceNeed {
    let seen = Seen { sustained: 0, ..seen };
    let resource =
        Resource { current: current.0, scale: 1024, headroom: sizing.memory_headroom, learnt: calibrated };
    let steps: Vec<u32> = TaskSize::all(os).map(|size| size.memory().0).collect();
    resource_need(seen, |seen| sizing.peak.memory(seen), resource, observed_days, &steps)
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

/// The largest average holds a size from being reduced but calls for no larger one; `expected` is the
/// demand to size for where so much was seen; `steps` are the sizes there are, in any order.
fn resource_need(
    Seen { statistic, sustained, max, largest_capped_size, enlarged_lately, computed }: Seen,
    expected: impl Fn(u64) -> u64,
    Resource { current, scale, headroom, learnt }: Resource,
    observed_days: u64,
    steps: &[u32],
) -> ResourceNeed {
    let units = |value: u64| u32::try_from(value.div_ceil(scale)).unwrap_or(u32::MAX);
    let next_above = |size: u32| steps.iter().copied().filter(|step| *step > size).min().unwrap_or(u32::MAX);

    let wanted = units(with(expected(statistic), headroom))
        .max(units(with(expected(sustained), headroom)).min(current));
    let cap = u64::from(current) * scale * u64::from(CAP_CENTI_PERCENT) / 10_000;
    let unknown_above = !computed && statistic >= cap;
    let reached_cap = largest_capped_size.is_some_and(|size| size >= current);
    // A cap reached at another size says only that more than that size was wanted.
    let censored = match largest_capped_size {
        _ if unknown_above => next_above(current),
        Some(size) if size >= current || enlarged_lately => current,
        Some(size) => next_above(size).min(current),
        None => 0,
    };
    let short = wanted.max(censored) > current;
    let bare = units(expected(statistic)).max(units(expected(sustained)).min(current)).max(censored);
    let least = units(with(expected(statistic), LEAST_LEARNT_HEADROOM)).max(censored);
    let floor = if learnt && !short { least } else { wanted.max(censored) };
    // One more day of history halves what could still be unseen: 1 day x2, 14 days x1.07.
    let allowance = u32::try_from(10_000 / observed_days.max(1)).unwrap_or(0);
    ResourceNeed {
        floor,
        bare,
        ample: units(with(with(expected(max), headroom), allowance)).max(floor),
        short,
        unknown_above,
        reached_cap,
        enlarged_lately,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, ExpectedPeak};

    /// The floor of CPU units where so many CPU units were seen, on 1 vCPU.
    fn cpu_floor(statistic: u64, sustained: u64, capped: Option<u32>, percentile: u32, factor: u32) -> u32 {
        let seen = Seen {
            statistic: statistic * 1000,
            sustained: sustained * 1000,
            max: statistic.max(sustained) * 1000,
            largest_capped_size: capped,
            enlarged_lately: false,
            computed: false,
        };
        let peak = ExpectedPeak { factor, ..ExpectedPeak::NONE };
        let sizing = crate::config::Sizing { peak, cpu_percentile: percentile, ..Config::default().sizing };
        cpu_need(seen, CpuUnits(1024), OperatingSystem::Linux, &sizing, 14).floor
    }

    #[test]
    fn the_worked_table_holds() {
        assert_eq!(cpu_floor(400, 0, None, 9_950, 100), 480);
        assert_eq!(cpu_floor(400, 600, None, 9_950, 100), 720);
        assert_eq!(cpu_floor(400, 600, None, 9_900, 100), 480);
        assert_eq!(cpu_floor(1000, 600, None, 9_950, 100), 2048);
        assert_eq!(cpu_floor(400, 600, Some(1024), 9_950, 100), 1024);
    }

    #[test]
    fn a_peak_to_come_is_to_be_carried_for_a_whole_period_too() {
        assert_eq!(cpu_floor(100, 400, None, 9_950, 100), 480);
        assert_eq!(cpu_floor(100, 400, None, 9_950, 200), 960);
        // It keeps the size and calls for no larger one.
        assert_eq!(cpu_floor(100, 400, None, 9_950, 300), 1024);
    }
}
