//! `autopilot`: the moving-window recommender of Google's Autopilot.

use super::decayed::{decayed, weighted_percentile};
use crate::backtest::{Answer, Ladder, Rule, Samples, Training, each};

/// CPU: 95th percentile of the load-adjusted histogram, half-life 12 h. Memory: 98th percentile of it,
/// half-life 48 h. Both + 15 %.
///
/// Load-adjusted: a sample weighs its age's weight times its value, so that a percentile is of the work
/// done, not of the time. 95 % is the paper's choice for serving jobs, 98 % its choice for memory where a
/// job tolerates few kills; the margin is 10 to 15 %, less for large limits, which is not modelled. The
/// histogram's buckets are taken for exact, and limits are computed once, not kept at the last hour's
/// maximum. Source: Rzadca et al., Autopilot, `EuroSys` 2020, doi 10.1145/3342195.3387524.
#[derive(Debug, Clone, Copy)]
pub struct Autopilot;

const CPU_HALF_LIFE: i64 = 12 * 3600;
const MEMORY_HALF_LIFE: i64 = 48 * 3600;

impl Rule for Autopilot {
    fn name(&self) -> &'static str {
        "autopilot"
    }

    fn decide(&self, fleet: &[Training<'_>], ladder: &Ladder) -> Answer {
        each(fleet, |one| {
            let of_work = |samples: &Samples<'_>, half_life, share| {
                let weighted = samples
                    .iter()
                    .map(|(time, value)| (value, decayed(one.end - time, half_life) * f64::from(value)));
                super::scaled(weighted_percentile(weighted.collect(), share), 115, 100)
            };
            let need = one.need(
                |cpu| of_work(cpu, CPU_HALF_LIFE, 0.95),
                |memory| of_work(memory, MEMORY_HALF_LIFE, 0.98),
            );
            ladder.decide(need, one.current)
        })
    }
}
