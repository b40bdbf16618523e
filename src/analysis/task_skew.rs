//! What a report says of how evenly a service's tasks are loaded.
//!
//! | mean of the hottest or coolest task over the mean of those beside it | note |
//! |---|---|
//! | hottest above 1.5 | `hot-task` |
//! | coolest below 0.5 | `lazy-tasks` |
//!
//! Either dimension counts, unless its hottest task takes less than 1 % of its size: nobody works there.

use rust_decimal::Decimal;

use crate::{
    demand::Observed,
    report::{Quantity, SkewRatios, TaskSkewReport},
    workload::{TaskSkew, TaskSpread},
};

/// Utilization (1 %) below which tasks are idle alike.
const IDLE: u32 = 100;

pub(super) fn reported(skew: &TaskSkew) -> TaskSkewReport {
    TaskSkewReport { tasks: skew.tasks, cpu: skew.cpu.and_then(ratios), memory: skew.memory.and_then(ratios) }
}

fn ratios(spread: TaskSpread) -> Option<SkewRatios> {
    let to_mean =
        |of: u32| Decimal::from(of).checked_div(spread.mean.into()).map(|r| Quantity(r.round_dp(2)));
    Some(SkewRatios { hottest_to_mean: to_mean(spread.hottest)?, coolest_to_mean: to_mean(spread.coolest)? })
}

pub(super) fn notes(skew: &TaskSkew) -> impl Iterator<Item = &'static str> {
    let at_work = |spread: &&TaskSpread| spread.hottest >= IDLE;
    let in_any =
        |holds: fn(&TaskSpread) -> bool| skew.cpu.iter().chain(&skew.memory).filter(at_work).any(holds);
    [("hot-task", in_any(is_hot)), ("lazy-tasks", in_any(is_lazy))]
        .into_iter()
        .filter_map(|(code, holds)| holds.then_some(code))
}

/// How many times the mean the hottest task takes, where that makes it `hot-task`.
pub(super) fn hot(spread: TaskSpread) -> Option<Decimal> {
    let ratio = ratios(spread)?.hottest_to_mean.0;
    (spread.hottest >= IDLE && is_hot(&spread)).then_some(ratio)
}

fn is_hot(spread: &TaskSpread) -> bool {
    u64::from(spread.hottest) * 2 > u64::from(spread.mean) * 3
}

fn is_lazy(spread: &TaskSpread) -> bool {
    u64::from(spread.coolest) * 2 < u64::from(spread.mean)
}

/// The hottest task's lead as far as the service's own series tell it.
pub(super) fn hottest_to_mean(observed: &Observed) -> Option<Quantity> {
    let hottest = Decimal::from(observed.percentile(9_500));
    hottest.checked_div(observed.average?.into()).map(|ratio| Quantity(ratio.round_dp(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skew(hottest: u32, coolest: u32, mean: u32) -> TaskSkew {
        TaskSkew { tasks: 3, cpu: Some(TaskSpread { hottest, coolest, mean }), memory: None }
    }

    #[test]
    fn hot_and_lazy_tasks_are_named() {
        for (case, skew, expected) in [
            ("even", skew(2_000, 2_000, 2_000), &[][..]),
            ("at the limits", skew(3_000, 1_000, 2_000), &[]),
            ("hot", skew(3_001, 1_000, 2_000), &["hot-task"]),
            ("lazy", skew(2_500, 999, 2_000), &["lazy-tasks"]),
            ("both", skew(6_000, 0, 2_000), &["hot-task", "lazy-tasks"]),
            ("idle alike", skew(99, 0, 33), &[]),
            ("no series", TaskSkew { tasks: 0, cpu: None, memory: None }, &[]),
        ] {
            assert_eq!(notes(&skew).collect::<Vec<_>>(), expected, "{case}");
        }
    }

    #[test]
    fn ratios_are_of_the_mean_and_nothing_has_none() {
        let report = reported(&skew(5_000, 500, 3_000));
        let cpu = report.cpu.unwrap();
        assert_eq!(cpu.hottest_to_mean.0, "1.67".parse().unwrap());
        assert_eq!(cpu.coolest_to_mean.0, "0.17".parse().unwrap());
        assert_eq!(report.memory, None);
        assert_eq!(reported(&skew(0, 0, 0)).cpu, None);
    }
}
