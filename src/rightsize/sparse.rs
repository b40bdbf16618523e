//! [`Sparse`]: which resources have too few samples to be rated.
//!
//! A few samples show neither a peak nor that there was none. Such a resource keeps its size, and nothing is made of
//! the samples that it has.

use std::{borrow::Cow, collections::BTreeMap};

use super::unrated::{Reason, Unrated};
use crate::demand::{Observed, WindowDemand};

/// Those of a workload with too few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sparse {
    pub cpu: Option<TooFewSamples>,
    pub memory: Option<TooFewSamples>,
}

/// Samples in fewer periods than there must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooFewSamples {
    samples: u64,
    periods: u64,
    least_percent: u32,
}

impl TooFewSamples {
    /// `None` where the share of `periods` that have a sample is large enough.
    pub fn of(samples: u64, periods: u64, least_percent: u32) -> Option<Self> {
        let few = samples.saturating_mul(100) < periods.saturating_mul(least_percent.into());
        few.then_some(Self { samples, periods, least_percent })
    }

    pub(super) fn unrated(self) -> Unrated {
        let Self { samples, periods, least_percent } = self;
        Unrated::new(
            Reason::GapInMetrics,
            format!(
                "it has samples in {samples} of the {periods} periods that could have one; at least {least_percent} % \
                 are needed"
            ),
        )
    }
}

impl Sparse {
    /// Of `demand`, in a time of so many periods. What has no samples at all is none of them.
    pub fn of(demand: &WindowDemand, periods: u64, least_percent: u32) -> Self {
        let too_few = |observed: &Option<Observed>| {
            TooFewSamples::of(observed.as_ref()?.histogram.count(), periods, least_percent)
        };
        Self { cpu: too_few(&demand.cpu), memory: too_few(&demand.memory) }
    }

    /// `demand` without them.
    pub fn left_out_of(self, demand: &WindowDemand) -> Cow<'_, WindowDemand> {
        if self == Self::default() {
            return Cow::Borrowed(demand);
        }
        let mut demand = demand.clone();
        if self.cpu.is_some() {
            (demand.cpu, demand.daily_cpu_averages) = (None, BTreeMap::new());
        }
        if self.memory.is_some() {
            (demand.memory, demand.daily_memory_peaks) = (None, BTreeMap::new());
        }
        Cow::Owned(demand)
    }
}
