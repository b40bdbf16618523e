//! What workloads run on where instances are paid for, and what another launch type is ruled out by.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{NotRated, Quantity};
use crate::units::Usd;

/// Container instances that are filled together: a cluster's, by capacity providers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PoolReport {
    pub account_id: String,
    pub region: String,
    pub cluster: String,
    /// `EC2` or `MANAGED_INSTANCES`.
    pub launch_type: String,
    pub capacity_providers: Vec<String>,
    pub instances: u64,
    /// Instances by type.
    pub types: BTreeMap<String, u64>,
    /// What the instances that were collected cost in 730 hours; null where there is no price.
    pub monthly_cost: Option<Usd>,
    /// What of it the workloads of this report reserve.
    pub reserved_monthly_cost: Option<Usd>,
    /// What is left: in no row of the report and in no total.
    pub idle_monthly_cost: Option<Usd>,
    /// Per cent of what the instances have for tasks that no workload of this report reserved on average;
    /// null where more was reserved than they have.
    pub idle_share_percent: Option<Quantity>,
    /// ISO date of the oldest price.
    pub priced_on: Option<String>,
    /// Non-null exactly where `monthly_cost` is null.
    pub not_priced: Option<NotRated>,
}

/// What a workload's tasks run on, and its part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WorkloadCapacity {
    pub instances: u64,
    /// Instances by type.
    pub types: BTreeMap<String, u64>,
    /// What all of them cost in 730 hours; null without a price.
    pub monthly_cost: Option<Usd>,
    /// ISO date of the oldest price.
    pub priced_on: Option<String>,
    /// Per cent of what the instances have for tasks that this workload reserved on average; null
    /// where that is not known.
    pub share_percent: Option<Quantity>,
    /// Per cent that no workload of the report reserved; null where more was reserved than they have.
    pub idle_share_percent: Option<Quantity>,
    /// Why the share has no price; null where it has one.
    pub not_priced: Option<NotRated>,
}

/// A launch type that a workload cannot change to as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RuledOut {
    /// `fargate`.
    pub kind: String,
    pub because: Vec<String>,
    /// What it would cost there were it not for that; null where that is not known.
    pub monthly_cost: Option<Usd>,
}

impl RuledOut {
    /// In plain words.
    pub fn sentence(&self) -> String {
        let who = if self.kind == "fargate" { "Fargate" } else { &self.kind };
        format!("{who} cannot run it: {}", self.because.join("; "))
    }
}
