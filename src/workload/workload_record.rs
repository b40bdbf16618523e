//! [`Workload`]: a service, a daemon or a family of standalone tasks, and what was in force when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{LaunchType, Region, ScalableTarget, StrategyItem, TaskFacts};

/// One thing that is rated: everything that runs under one service, daemon or standalone family.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Workload {
    /// Key of this workload's rows in the utilization files.
    pub workload_id: u32,
    #[serde(flatten)]
    pub identity: WorkloadIdentity,
    pub launch_type: LaunchType,
    /// The capacity provider strategy in force; empty where a launch type was given.
    #[serde(default)]
    pub strategy: Vec<StrategyItem>,
    /// Tasks that should run; null for what has no such number.
    pub desired_count: Option<u32>,
    pub running_count: Option<u32>,
    pub created_at: Option<Timestamp>,
    pub scheduling: Scheduling,
    pub controller: Controller,
    /// `deploymentConfiguration.maximumPercent`: how far a deployment may go above the desired count.
    #[serde(default)]
    pub maximum_percent: Option<u32>,
    /// Kinds of placement constraint of the service, such as `distinctInstance` and `memberOf`.
    #[serde(default)]
    pub placement_constraints: Vec<String>,
    /// Revisions in force over the window, oldest first, without overlap.
    pub revisions: Vec<RevisionInForce>,
    pub history: HistorySource,
    #[serde(default)]
    pub scaling: Option<ScalableTarget>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// What its tasks showed beyond their definition.
    #[serde(default)]
    pub facts: TaskFacts,
    /// What was noticed while collecting and belongs to this workload, in plain words.
    #[serde(default)]
    pub notes: Vec<String>,
}

impl Workload {
    /// One of which no more is known: without tasks, revisions, strategy, scaling, tags and facts.
    pub fn new(workload_id: u32, identity: WorkloadIdentity, launch_type: LaunchType) -> Self {
        Self {
            workload_id,
            identity,
            launch_type,
            strategy: Vec::new(),
            desired_count: None,
            running_count: None,
            created_at: None,
            scheduling: Scheduling::Replica,
            controller: Controller::Ecs,
            maximum_percent: None,
            placement_constraints: Vec::new(),
            revisions: Vec::new(),
            history: HistorySource::CurrentOnly,
            scaling: None,
            tags: BTreeMap::new(),
            facts: TaskFacts::default(),
            notes: Vec::new(),
        }
    }
}

/// Where a workload is, and its name there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WorkloadIdentity {
    pub account_id: String,
    pub region: Region,
    pub cluster: String,
    pub kind: WorkloadKind,
    /// The service's name, the daemon's name, or the family of standalone tasks.
    pub name: String,
}

impl WorkloadIdentity {
    /// `account/region/cluster/name`, with the kind before the name where it is not a service.
    pub fn id(&self) -> String {
        let Self { account_id, region, cluster, kind, name } = self;
        match kind {
            WorkloadKind::Service => format!("{account_id}/{region}/{cluster}/{name}"),
            WorkloadKind::Daemon => format!("{account_id}/{region}/{cluster}/daemon:{name}"),
            WorkloadKind::Standalone => format!("{account_id}/{region}/{cluster}/family:{name}"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkloadKind {
    Service,
    /// An ECS daemon (Managed Instances).
    Daemon,
    /// Tasks that no service runs, by task definition family.
    Standalone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Scheduling {
    Replica,
    Daemon,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Controller {
    Ecs,
    CodeDeploy,
    External,
}

/// A task definition revision and the time it was in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionInForce {
    pub task_definition: String,
    /// When the deployment of this revision began; null: from before the window.
    pub from: Option<Timestamp>,
    /// When its deployment had finished, so that no task of the one before was left; null: unknown.
    pub settled: Option<Timestamp>,
    /// Seconds between samples of this service's metrics under this revision: 60, or 20.
    #[serde(default = "default_resolution")]
    pub metric_resolution_seconds: u32,
}

impl RevisionInForce {
    /// The revision in force now, where nothing is known of the time before.
    pub fn now(task_definition: String) -> Self {
        Self { task_definition, from: None, settled: None, metric_resolution_seconds: default_resolution() }
    }
}

const fn default_resolution() -> u32 {
    60
}

/// Where the list of revisions is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistorySource {
    /// Service deployments and revisions: complete for the window.
    ServiceDeployments,
    /// Only the revision in force now is known; it is assumed for the whole window.
    CurrentOnly,
}
