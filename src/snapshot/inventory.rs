//! [`Inventory`]: everything but time series, as collected.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::workload::{CapacityProvider, Cluster, TaskDefinition, Workload};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Inventory {
    pub clusters: Vec<Cluster>,
    pub capacity_providers: Vec<CapacityProvider>,
    /// Sorted by identity; `workload_id` is the position in this list.
    pub workloads: Vec<Workload>,
    /// By ARN.
    pub task_definitions: BTreeMap<String, TaskDefinition>,
}
