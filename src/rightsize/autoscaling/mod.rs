//! Services that scale themselves: what another task size does to the number of tasks.
//!
//! Where a policy keeps CPU at 60 %, a task half as large is used twice as much, so there will be
//! twice as many: the bill stays. What such a service can save lies elsewhere: in the resource that
//! no policy follows, in a target set low, in a minimum of tasks larger than they need be.
//!
//! Takes the service's policies ([`Steering`]), what it ran and used in the order of time
//! ([`TaskSeries`]), prices and settings; simulates the policies ([`simulate`]) as they are, and only
//! if that reproduces what was observed, at other sizes, limits and targets; refines the
//! rating that holds for tasks as many as ran ([`refine`]).
//! It refuses to rate what a forecast or an unknown statistic decides, and demand that was cut off.
//! A single pass over 14 days of five minutes takes tens of microseconds, so everything is tried.

mod candidates;
mod capacity;
mod choice;
mod context;
mod fit;
mod outlook;
mod peak;
mod pressure;
mod refine;
mod reproduction;
mod scale_in;
mod schedule;
mod series;
mod simulate;
mod steering;
#[cfg(test)]
mod tests;

pub use candidates::SAFE_TARGET;
pub use capacity::{Capacity, Limits};
pub use choice::LEAST_SAVING;
pub(super) use context::Context;
pub use outlook::{Course, Lack, Outlook, SizeOutlook, outlook};
pub use refine::percent;
pub(super) use refine::{for_a_task, refine};
pub use reproduction::{MOST_ERROR, OffTheMark, Reproduction};
pub use scale_in::{AVAILABILITY_ZONES, ReplicaPeaks, enough_tasks, fewest_tasks};
pub use schedule::{CapacityChange, Schedule, ScheduledLimits};
pub use series::TaskSeries;
pub use simulate::{HeldBack, Setting, Simulated, simulate};
pub use steering::{FOLLOWS_OTHER_METRIC, Plan, Resource, Steering, Tracking};
