//! What else could be changed about a workload: how its tasks are built and bought.
//!
//! Takes what runs after the recommended size is in place, the price book and the Savings Plan rates;
//! gives [`Offer`]s in sequence, each priced after those before it, so that their savings add up. It
//! offers nothing that it has no rate for.

mod offer;
mod options;
pub mod platforms;

pub use offer::{Effort, Offer, OfferKind};
pub use options::{Running, options, stop};
