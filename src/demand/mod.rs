//! From utilization to demand: what tasks needed, in absolute units.
//!
//! Takes the points of one workload, held against what they can be ([`Plausible`]), and its [`Timeline`] of
//! sizes; gives one [`DayRollup`] per size and day, made of integers that merge in any order, and their
//! sum over a window ([`WindowDemand`]). Per cent is relative to the size in force at that moment, so it is
//! turned into CPU units and KiB before anything is compared.

mod buckets;
mod histogram;
mod hourly_tasks;
mod replay;
mod rise;
mod rollup;
mod runs;
mod screen;
mod startup;
mod timeline;
mod window_demand;

pub use buckets::{BUCKETS, bucket_of, bucket_upper_bound};
pub use histogram::Histogram;
pub use hourly_tasks::{DEFAULT_MAXIMUM_PERCENT, Surge, hourly_tasks, least_tasks};
pub use replay::{Moment, Replay, ResourceReplay, moments};
pub use rise::Rise;
pub use rollup::{CAP_CENTI_PERCENT, DayRollup, ResourceRollup, Rollups, roll_up};
pub use runs::{Runs, runs};
pub use screen::{Plausible, Screened};
pub use startup::{StartUp, start_up};
pub use timeline::{Caps, Requested, Segment, Timeline};
pub use window_demand::{Observed, Outgrown, WindowDemand, hides, whole_days};
