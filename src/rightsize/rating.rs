//! [`Rating`]: the verdict on one workload.

use super::{
    guards::{ContainerSize, Guard},
    need::ResourceNeed,
    performance_risk::PerformanceRisk,
    unrated::Unrated,
};
use crate::{
    fargate::TaskSize,
    units::{TaskTime, Usd},
};

/// The verdict on a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    pub cpu: DimensionRating,
    pub memory: DimensionRating,
    /// Codes of what led here.
    pub reasons: Vec<&'static str>,
    /// Whether memory's headroom is learnt from the fleet.
    pub learnt: bool,
    /// The size to change to; `None`: stay.
    pub choice: Option<SizeChoice>,
    /// What must hold, or be done along, for the choice.
    pub conditions: Vec<String>,
    /// The containers' own settings at the chosen size; empty where they must be set by hand.
    pub containers: Vec<ContainerSize>,
    /// What guards had to say, whether or not they changed anything.
    pub guards: Vec<Guard>,
    /// The current size is the smallest there is and large enough.
    pub already_minimal: bool,
    pub idle: bool,
    /// What scales the service, as it should be with the choice; `None` where nothing does that
    /// follows the size.
    pub scaling: Option<ScalingChoice>,
    /// Relative error of the simulated task-hours with nothing changed, in 0.01 %.
    pub simulation_error: Option<u32>,
    /// What was assumed, in plain words.
    pub notes: Vec<String>,
}

impl Rating {
    pub fn is_underprovisioned(&self) -> bool {
        [&self.cpu, &self.memory].contains(&&DimensionRating::Underprovisioned)
    }

    /// Task time of the window after the choice, where `ran` is what ran.
    pub fn task_time(&self, ran: TaskTime) -> TaskTime {
        self.scaling.map_or(ran, |scaling| scaling.simulated)
    }

    pub fn is_unrated(&self) -> bool {
        let unrated = |dimension: &DimensionRating| matches!(dimension, DimensionRating::NotRated(_));
        unrated(&self.cpu) && unrated(&self.memory)
    }
}

/// The verdict on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DimensionRating {
    Overprovisioned,
    Underprovisioned,
    Optimized,
    NotRated(Unrated),
}

impl DimensionRating {
    /// Of a resource that has `now` and would have `then`.
    pub(super) fn of(need: &Result<ResourceNeed, Unrated>, now: u32, then: u32) -> Self {
        match need {
            Err(unrated) => Self::NotRated(unrated.clone()),
            Ok(need) if need.short => Self::Underprovisioned,
            Ok(_) if then < now => Self::Overprovisioned,
            Ok(_) => Self::Optimized,
        }
    }
}

/// A recommended size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeChoice {
    pub size: TaskSize,
    /// USD per task-hour at that size.
    pub hourly: Usd,
    /// The cheapest size for what was observed, without headroom.
    pub lower: TaskSize,
    /// The cheapest size if the history's shortness is allowed for; `None`: none is large enough.
    pub upper: Option<TaskSize>,
    pub risk: PerformanceRisk,
}

/// Scaling to change to, together with the size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScalingChoice {
    pub min_capacity: u32,
    pub max_capacity: u32,
    /// 0.01 %; `None` where no policy follows the resource.
    pub target_cpu: Option<u32>,
    pub target_memory: Option<u32>,
    /// The lowest lower limit, also of those that scheduled actions set.
    pub least_capacity: u32,
    /// The fewest tasks of the simulation as it is, and with the change.
    pub least_now: u32,
    pub least_then: u32,
    /// Task time of the window: what ran, times what the simulation says of the change.
    pub simulated: TaskTime,
    pub observed: TaskTime,
}
