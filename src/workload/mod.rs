//! What runs on ECS, as plain data in ECS's own words. No logic beyond reading a field's meaning.

mod capacity;
mod cluster;
mod container_instance;
mod platform;
mod runtime_setting;
mod scaling;
mod size_text;
mod task_definition;
mod task_facts;
mod workload_record;

pub use capacity::{
    CapacityProvider, CapacityProviderKind, LaunchType, PurchaseSplit, StrategyItem, spot_share,
};
pub use cluster::Cluster;
pub use container_instance::{ContainerInstance, InstanceResources};
pub use platform::{Architecture, OperatingSystem, Platform, PurchaseOption, Region};
pub use runtime_setting::{RuntimeSetting, runtime_settings};
pub use scaling::{PolicyKind, ScalableTarget, ScalingPolicy, ScheduledAction, TrackedMetric};
pub use size_text::{SizeTextError, parse_cpu, parse_memory};
pub(crate) use size_text::{parse_whole, quoted};
pub use task_definition::{Container, TaskDefinition};
pub use task_facts::{ContainerPeak, InjectedContainer, StoppedTasks, TaskFacts, TaskSkew, TaskSpread};
pub use workload_record::{
    Controller, HistorySource, RevisionInForce, Scheduling, Workload, WorkloadIdentity, WorkloadKind,
};
