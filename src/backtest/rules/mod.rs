//! The rules: the product's own, and those of other tools with the constants they publish.
//!
//! Each is a file that says where its constants are from. None of them rounds for itself: all needs are
//! snapped to the cheapest size that holds them. A resource without data keeps its size.

mod autopilot;
mod cloudfix;
mod compute_optimizer_proxy;
mod decayed;
mod fargauge;
mod foresight;
mod halve_below_30;
mod harness;
mod keep;
mod krr_simple;
mod kubecost;
mod vpa;

pub use self::{
    autopilot::Autopilot, cloudfix::CloudFix, compute_optimizer_proxy::ComputeOptimizerProxy,
    fargauge::Fargauge, foresight::Foresight, halve_below_30::HalveBelow30, harness::Harness, keep::Keep,
    krr_simple::KrrSimple, kubecost::Kubecost, vpa::Vpa,
};
use super::rule::Rule;
use crate::config::Sizing;

/// Every rule, the product's own first, with its settings.
pub fn all(sizing: &Sizing) -> Vec<Box<dyn Rule>> {
    vec![
        Box::new(Fargauge::new(sizing)),
        Box::new(Fargauge::at_risk(sizing, 1)),
        Box::new(Fargauge::at_risk(sizing, 2)),
        Box::new(Fargauge::at_risk(sizing, 5)),
        Box::new(Fargauge::at_risk(sizing, 10)),
        Box::new(ComputeOptimizerProxy),
        Box::new(CloudFix),
        Box::new(Harness),
        Box::new(KrrSimple),
        Box::new(Vpa),
        Box::new(Autopilot),
        Box::new(Kubecost),
        Box::new(HalveBelow30),
        Box::new(Keep),
        Box::new(Foresight),
    ]
}

/// `value` times `numerator` / `denominator`, as a need.
fn scaled(value: Option<u32>, numerator: u32, denominator: u32) -> Option<f64> {
    value.map(|value| f64::from(value) * f64::from(numerator) / f64::from(denominator))
}
