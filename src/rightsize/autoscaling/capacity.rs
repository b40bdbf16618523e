//! [`Capacity`]: the limits of the number of tasks, and [`Limits`]: what to make of them.

/// Lower and upper limit of the number of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Capacity {
    pub min: u32,
    /// Never below `min`.
    pub max: u32,
}

impl Capacity {
    pub fn new(min: u32, max: u32) -> Self {
        Self { min, max: max.max(min) }
    }
}

/// The plan's limits, those of scheduled actions included, times a ratio, rounded up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limits {
    /// Numerator and denominator.
    pub min: (u32, u32),
    pub max: (u32, u32),
}

impl Limits {
    pub const AS_THEY_ARE: Self = Self { min: (1, 1), max: (1, 1) };

    /// Two tasks, or what there were if fewer, are never undercut.
    pub fn apply(self, capacity: Capacity) -> Capacity {
        let times = |count: u32, (numerator, denominator): (u32, u32)| {
            let scaled = (u64::from(count) * u64::from(numerator)).div_ceil(u64::from(denominator.max(1)));
            u32::try_from(scaled).unwrap_or(u32::MAX)
        };
        let min = times(capacity.min, self.min).max(capacity.min.min(2));
        Capacity::new(min, times(capacity.max, self.max).max(capacity.max.min(2)))
    }

    /// The same of the limits that a scheduled action sets; what is `None` it leaves alone.
    pub fn apply_to_action(self, (min, max): (Option<u32>, Option<u32>)) -> (Option<u32>, Option<u32>) {
        let set = self.apply(Capacity { min: min.unwrap_or(0), max: max.unwrap_or(u32::MAX) });
        (min.map(|_| set.min), max.map(|_| set.max))
    }
}
