//! [`Unrated`]: no answer, because. A code to count by and a sentence that says what to do.

use serde::Serialize;

/// Why a workload or one of its resources has no rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    Autoscaled,
    Ec2LaunchType,
    Excluded,
    ExternalLaunchType,
    GapInMetrics,
    InvalidTaskSize,
    ManagedInstances,
    MissingTaskSize,
    MixedRevisions,
    NoMetrics,
    NoPriceForRegion,
    NoRunningTasks,
    TooFewRuns,
    TooNew,
    UnknownLaunchType,
}

impl Reason {
    /// The code that reports carry: the variant's name in kebab-case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Autoscaled => "autoscaled",
            Self::Ec2LaunchType => "ec2-launch-type",
            Self::Excluded => "excluded",
            Self::ExternalLaunchType => "external-launch-type",
            Self::GapInMetrics => "gap-in-metrics",
            Self::InvalidTaskSize => "invalid-task-size",
            Self::ManagedInstances => "managed-instances",
            Self::MissingTaskSize => "missing-task-size",
            Self::MixedRevisions => "mixed-revisions",
            Self::NoMetrics => "no-metrics",
            Self::NoPriceForRegion => "no-price-for-region",
            Self::NoRunningTasks => "no-running-tasks",
            Self::TooFewRuns => "too-few-runs",
            Self::TooNew => "too-new",
            Self::UnknownLaunchType => "unknown-launch-type",
        }
    }
}

/// A reason with what is particular to this workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrated {
    pub reason: Reason,
    pub detail: String,
}

impl Unrated {
    pub fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Self { reason, detail: detail.into() }
    }
}
