//! [`Cluster`]: an ECS cluster as `DescribeClusters` shows it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Region, StrategyItem};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct Cluster {
    pub account_id: String,
    pub region: Region,
    pub name: String,
    pub arn: String,
    /// Container Insights as set on the cluster: `disabled`, `enabled` or `enhanced`;
    /// null where the API did not say.
    pub container_insights: Option<String>,
    /// What a service runs on when it names neither launch type nor strategy.
    #[serde(default)]
    pub default_strategy: Vec<StrategyItem>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

impl Cluster {
    /// What requests to ECS call it: its ARN, else its name.
    pub fn reference(&self) -> &str {
        if self.arn.is_empty() { &self.name } else { &self.arn }
    }

    /// Whether Container Insights has series of single tasks and containers.
    pub fn has_task_series(&self) -> bool {
        self.container_insights.as_deref() == Some("enhanced")
    }
}
