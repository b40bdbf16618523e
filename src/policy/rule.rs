//! [`Rule`]: everything that `check` may find, each with its default [`Level`].

/// What a finding does to the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Not reported.
    Allow,
    /// Reported; does not fail.
    Warn,
    /// Fails the check.
    Deny,
}

impl Level {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::Allow, Self::Warn, Self::Deny].into_iter().find(|level| level.as_str() == name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    InvalidTaskSize,
    ContainersExceedTask,
    MemoryOverprovisioned,
    CpuOverprovisioned,
    MemoryUnderprovisioned,
    CpuUnderprovisioned,
    HeapExceedsMemory,
    CostIncrease,
    CostOverBudget,
    LaunchTypeDearer,
    SpotWithoutReplicas,
    MissingTaskSize,
    EphemeralStorageUnused,
    Untagged,
    StaleSnapshot,
    IncompleteMetrics,
    UnresolvedSize,
    UnusedWaiver,
    ExpiredWaiver,
}

impl Rule {
    /// Whether its findings on a task have what tells the worse of two: an amount, a severity, or that no size has a
    /// bearing on them. Of two sizes that cannot run, neither is better.
    pub const fn tells_worse(self) -> bool {
        !matches!(self, Self::InvalidTaskSize)
    }

    /// In the sequence in which they are documented.
    pub const ALL: [Self; 19] = [
        Self::InvalidTaskSize,
        Self::ContainersExceedTask,
        Self::MemoryOverprovisioned,
        Self::CpuOverprovisioned,
        Self::MemoryUnderprovisioned,
        Self::CpuUnderprovisioned,
        Self::HeapExceedsMemory,
        Self::CostIncrease,
        Self::CostOverBudget,
        Self::LaunchTypeDearer,
        Self::SpotWithoutReplicas,
        Self::MissingTaskSize,
        Self::EphemeralStorageUnused,
        Self::Untagged,
        Self::StaleSnapshot,
        Self::IncompleteMetrics,
        Self::UnresolvedSize,
        Self::UnusedWaiver,
        Self::ExpiredWaiver,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidTaskSize => "invalid-task-size",
            Self::ContainersExceedTask => "containers-exceed-task",
            Self::MemoryOverprovisioned => "memory-overprovisioned",
            Self::CpuOverprovisioned => "cpu-overprovisioned",
            Self::MemoryUnderprovisioned => "memory-underprovisioned",
            Self::CpuUnderprovisioned => "cpu-underprovisioned",
            Self::HeapExceedsMemory => "heap-exceeds-memory",
            Self::CostIncrease => "cost-increase",
            Self::CostOverBudget => "cost-over-budget",
            Self::LaunchTypeDearer => "launch-type-dearer",
            Self::SpotWithoutReplicas => "spot-without-replicas",
            Self::MissingTaskSize => "missing-task-size",
            Self::EphemeralStorageUnused => "ephemeral-storage-unused",
            Self::Untagged => "untagged",
            Self::StaleSnapshot => "stale-snapshot",
            Self::IncompleteMetrics => "incomplete-metrics",
            Self::UnresolvedSize => "unresolved-size",
            Self::UnusedWaiver => "unused-waiver",
            Self::ExpiredWaiver => "expired-waiver",
        }
    }

    /// What it does, why, an example and the fix, as Markdown: the head of the file that judges it.
    pub fn documentation(self) -> String {
        let source = super::rules::source(self);
        let lines = source.lines().map_while(|line| line.strip_prefix("//!"));
        let lines: Vec<&str> = lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        lines.join("\n")
    }

    /// The rule of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }

    pub const fn default_level(self) -> Level {
        match self {
            Self::InvalidTaskSize | Self::ContainersExceedTask | Self::HeapExceedsMemory => Level::Deny,
            Self::Untagged | Self::MissingTaskSize => Level::Allow,
            _ => Level::Warn,
        }
    }
}
