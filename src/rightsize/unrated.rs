//! [`Unrated`]: no answer, because. A code to count by and a sentence that says what to do.

use serde::Serialize;

/// Why a workload or one of its resources has no rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    Autoscaled,
    /// Not of a row: it is rated by what it reserves, so that Fargate's sizes are not asked about.
    Ec2LaunchType,
    Excluded,
    ExternalLaunchType,
    GapInMetrics,
    InvalidTaskSize,
    /// As [`Self::Ec2LaunchType`].
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

    /// What would have to be otherwise for a rating, in a sentence.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Autoscaled => {
                "the number of tasks follows this resource, so size and policy change together; by a policy on \
                 another metric, or with none, the size could be rated on its own"
            }
            Self::Ec2LaunchType | Self::ManagedInstances => {
                "what is paid for is the instance, not the task; on Fargate the task would have a price and a size"
            }
            Self::Excluded => "without `exclude` in the override that matches it, it would be rated",
            Self::ExternalLaunchType => {
                "it costs nothing on AWS by the size of its tasks; on Fargate it would"
            }
            Self::GapInMetrics => {
                "a snapshot of a time with fewer gaps, or a lower evidence.min_coverage_percent, would do"
            }
            Self::InvalidTaskSize => "a cpu and memory in its task definition that Fargate offers would do",
            Self::MissingTaskSize => {
                "cpu and memory at the level of the task in its task definition would do, or the right to read \
                 the definition (ecs:DescribeTaskDefinition)"
            }
            Self::MixedRevisions => {
                "a time in which one size runs at once, or a higher evidence.max_mixed_percent, would do"
            }
            Self::NoMetrics => {
                "samples of this resource in the window would do: collect when it has run, with the right to read \
                 its metrics (cloudwatch:GetMetricData)"
            }
            Self::NoPriceForRegion => "rates for it in a price book given by --price-book would do",
            Self::NoRunningTasks => "a window in which its tasks run would do",
            Self::TooFewRuns => "more runs would do: collect again later, or with a longer --lookback",
            Self::TooNew => "time will do: collect again later; evidence.min_hours says when it is enough",
            Self::UnknownLaunchType => {
                "the right to read its capacity provider (ecs:DescribeCapacityProviders) would do"
            }
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
