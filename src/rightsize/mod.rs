//! Which size a task needs: from demand, guards and prices to a rating.
//!
//! Takes a [`Subject`] (what runs now, what it needed, what it may not go below) and a price book;
//! gives a [`Rating`]. It never recommends below a guard's floor and never reduces a resource whose
//! demand it could not see.

pub mod autoscaling;
mod calibration;
mod cheapest;
mod choice;
mod exceedance;
mod guards;
mod need;
mod needs;
mod performance_risk;
mod purchase;
mod rate;
mod rating;
mod reservation;
mod resource_reasons;
mod sparse;
mod subject;
mod task_room;
mod unrated;
mod weighing;

pub use calibration::{Calibration, Learnt, Member, Step, Unsupported};
pub use cheapest::{Floors, cheapest_size};
pub use choice::{Priced, by_memory, choose, no_dearer, steps};
pub use exceedance::{Exceedance, PeakPair};
pub use guards::{
    ContainerSize, FixedHeap, Guard, GuardInput, Guards, containers_at, fixed_heap, registers, rising_floor,
};
pub use need::{LEAST_LEARNT_HEADROOM, Need, ResourceNeed, Seen, cpu_need, memory_need, need};
pub use performance_risk::{PerformanceRisk, performance_risk};
pub use purchase::Purchase;
pub use rate::{member, rate};
pub use rating::{DimensionRating, Rating, ScalingChoice, SizeChoice};
pub use reservation::{
    CPU_STEP, LEAST_CPU, MEMORY_STEP, ReservationChoice, ReservationRating, ReservationSubject,
    rate_reservation,
};
pub use sparse::{Sparse, TooFewSamples};
pub use subject::Subject;
pub use task_room::TaskRoom;
pub use unrated::{Reason, Unrated};
pub use weighing::{Candidate, Shortage, Weighing, weigh};
