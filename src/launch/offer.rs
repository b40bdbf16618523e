//! [`Offer`]: one further change, what it saves and what must hold for it.

use crate::units::Usd;

/// A change beyond size. The sequence of [`super::options`] is that of the variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfferKind {
    /// Run no task at all; nothing else is offered beside it.
    StopOrScaleToZero,
    /// Ephemeral storage down to the free 20 GiB.
    EphemeralStorage,
    Arm64,
    FargateSpot,
    ComputeSavingsPlan,
}

impl OfferKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::StopOrScaleToZero => "stop-or-scale-to-zero",
            Self::EphemeralStorage => "ephemeral-storage",
            Self::Arm64 => "arm64",
            Self::FargateSpot => "fargate-spot",
            Self::ComputeSavingsPlan => "compute-savings-plan",
        }
    }

    /// What it takes. Stopping and buying a plan are as Cost Optimization Hub grades them; the others
    /// it does not offer for Fargate: storage is one line of the task definition, Spot needs tasks that
    /// can be interrupted, ARM needs images built and tested again.
    pub const fn effort(self) -> Effort {
        match self {
            Self::ComputeSavingsPlan => Effort::VeryLow,
            Self::StopOrScaleToZero | Self::EphemeralStorage => Effort::Low,
            Self::FargateSpot => Effort::Medium,
            Self::Arm64 => Effort::High,
        }
    }
}

/// AWS Cost Optimization Hub's grades of implementation effort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effort {
    VeryLow,
    Low,
    Medium,
    High,
    VeryHigh,
}

impl Effort {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VeryLow => "very-low",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::VeryHigh => "very-high",
        }
    }
}

/// A change, in USD a month as printed (four decimals).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub kind: OfferKind,
    /// What the workload costs after it and after everything before it.
    pub monthly_cost: Usd,
    /// What it takes off the cost before it: always more than zero.
    pub monthly_savings: Usd,
    /// What must hold, and what to look at first.
    pub conditions: Vec<String>,
}

/// A change that could have been offered, had the price book its rates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoRate {
    pub kind: OfferKind,
    /// Which rate is missing.
    pub because: String,
}
