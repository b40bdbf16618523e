//! [`Purchase`]: how a workload's tasks are bought, however many of them run.
//!
//! The base of a capacity provider strategy stays where tasks go, so that less of the rest is Spot.
//!
//! | `FARGATE` base 8 weight 0, `FARGATE_SPOT` weight 1 | on Spot |
//! |---|---|
//! | 16 tasks on average | 8 of 16 |
//! | 10 | 2 of 10 |
//! | 7 | none |

use crate::{
    units::TaskTime,
    workload::{PurchaseSplit, StrategyItem, spot_share},
};

/// What divides tasks between on-demand and Spot.
#[derive(Debug, Clone, Copy)]
pub struct Purchase<'a> {
    pub strategy: &'a [StrategyItem],
    /// Of the window, in which any task ran.
    pub running_seconds: u64,
}

impl Purchase<'_> {
    /// How they divide if they run so long together.
    pub fn split(&self, time: TaskTime) -> PurchaseSplit {
        spot_share(self.strategy, self.mean_tasks_milli(time))
    }

    /// Thousandths of a task that run on average while any does.
    pub fn mean_tasks_milli(&self, time: TaskTime) -> u64 {
        time.millis() / self.running_seconds.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::CapacityProviderKind;

    #[test]
    fn the_worked_table_holds() {
        let item = |kind, base, weight| StrategyItem { provider: String::new(), kind, base, weight };
        let strategy =
            [item(CapacityProviderKind::Fargate, 8, 0), item(CapacityProviderKind::FargateSpot, 0, 1)];
        let purchase = Purchase { strategy: &strategy, running_seconds: 3_600 };
        for (tasks, spot) in [(16, 8), (10, 2), (7, 0)] {
            let split = purchase.split(TaskTime::from_secs(tasks * 3_600));
            assert_eq!(split.spot * tasks, spot * split.total, "{tasks}");
        }
    }
}
