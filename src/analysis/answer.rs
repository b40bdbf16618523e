//! [`Answer`]: what is said of a workload, on Fargate or on instances.

use rust_decimal::Decimal;

use crate::{
    report::{
        Dimensions, Finding, GuardReport, NotOffered, NotRated, Opportunity, Quantity, Recommendation,
        RuledOut, WorkloadCapacity,
    },
    rightsize::ScalingChoice,
    units::Usd,
};

/// What is said of a workload, however its tasks are paid for.
pub(super) struct Answer {
    pub window_cost: Option<Usd>,
    pub monthly_cost: Option<Usd>,
    pub list_monthly_cost: Option<Usd>,
    /// An hour of a task at list prices.
    pub hourly: Option<Usd>,
    pub verdict: (Finding, Option<NotRated>, Dimensions),
    pub reasons: Vec<String>,
    /// Whether memory's headroom is learnt from the fleet.
    pub learnt: bool,
    pub recommendation: Option<Recommendation>,
    pub options: Vec<Opportunity>,
    pub not_offered: Vec<NotOffered>,
    pub ruled_out: Vec<RuledOut>,
    pub capacity: Option<WorkloadCapacity>,
    pub guards: Vec<GuardReport>,
    /// Codes for the evidence.
    pub notes: Vec<String>,
    /// Of the scaling's simulation, in 0.01 %.
    pub simulation_error: Option<u32>,
    /// What the recommendation makes of it.
    pub scaling: Option<ScalingChoice>,
}

/// What is saved in per cent of what is paid, where anything is.
pub(super) fn savings_percent(savings: Option<Usd>, now: Option<Usd>) -> Option<Quantity> {
    savings
        .zip(now)
        .filter(|(_, now)| now.0 > Decimal::ZERO)
        .map(|(saved, now)| Quantity((saved.0 / now.0 * Decimal::ONE_HUNDRED).round_dp(2)))
}
