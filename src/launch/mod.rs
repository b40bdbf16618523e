//! What else could be changed about a workload: how its tasks are built and bought, and where they run.
//!
//! Takes what runs after the recommended size is in place, the price book and the Savings Plan rates;
//! gives [`Offer`]s in sequence, each priced after those before it, so that their savings add up. It
//! offers nothing that it has no rate for. Another launch type is no step of that sequence: [`advice`]
//! says what it takes, costs or rules out, and [`InstanceShares`] what the instances cost that there
//! are.

mod advice;
mod ec2_share;
mod offer;
mod options;
pub mod platforms;

pub use advice::{
    Host, InstanceChoice, OwnInstances, fargate_conditions, fargate_rule_outs, hosts, own_instances,
};
pub use ec2_share::{GB_PER_VCPU, InstanceRates, InstanceShares, Pool, Share, Tenant, Unpriced, weight};
pub use offer::{Effort, NoRate, Offer, OfferKind};
pub use options::{Running, monthly_cost, options, stop};
