//! [`Inventory`]: everything but time series, as collected.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::workload::{CapacityProvider, Cluster, ContainerInstance, TaskDefinition, Workload};

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Inventory {
    pub clusters: Vec<Cluster>,
    pub capacity_providers: Vec<CapacityProvider>,
    /// The EC2 instances of the clusters, sorted by cluster and id.
    #[serde(default)]
    pub container_instances: Vec<ContainerInstance>,
    /// Sorted by identity; `workload_id` is the position in this list.
    pub workloads: Vec<Workload>,
    /// By ARN.
    pub task_definitions: BTreeMap<String, TaskDefinition>,
}
