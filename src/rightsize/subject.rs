//! [`Subject`]: what is rated, a workload on Fargate that has data, a size and a price.

use super::{autoscaling::TaskSeries, purchase::Purchase, sparse::Sparse};
use crate::{
    config::Sizing,
    demand::{StartUp, WindowDemand},
    fargate::TaskSize,
    pricing::TaskShape,
    workload::{PurchaseSplit, ScalableTarget, TaskDefinition, TaskFacts},
};

/// What is rated.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub definition: &'a TaskDefinition,
    pub size: TaskSize,
    /// Region, platform and storage, at the current size.
    pub shape: &'a TaskShape,
    pub purchase: Purchase<'a>,
    /// Without the resources that are `sparse`.
    pub demand: &'a WindowDemand,
    pub sparse: Sparse,
    pub scaling: Option<&'a ScalableTarget>,
    /// What ran and was used, in order, where policies follow it.
    pub series: Option<&'a TaskSeries>,
    pub facts: &'a TaskFacts,
    /// Start-ups, where they can be told apart and CPU is not sparse.
    pub start_up: Option<&'a StartUp>,
    /// Whole days of history, at least 1.
    pub observed_days: u64,
    /// Task-hours a month, by what ran in the window.
    pub monthly_task_hours: f64,
    /// The headroom in force for this workload.
    pub sizing: Sizing,
}

impl Subject<'_> {
    /// How the tasks that ran are bought.
    pub fn split(&self) -> PurchaseSplit {
        self.purchase.split(self.demand.total_task_time())
    }
}
