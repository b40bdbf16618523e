//! [`TaskFacts`]: what a workload's tasks showed that no task definition says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::OperatingSystem;
use crate::units::{CpuUnits, MemoryMib};

/// What is known of a workload's tasks beyond their definition. The default is "not looked at".
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskFacts {
    /// Containers that AWS adds to every task and that no definition lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub injected: Vec<InjectedContainer>,
    /// What its stopped tasks told; null where they were not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<StoppedTasks>,
    /// The most that each container used over the window (Container Insights with enhanced
    /// observability); empty where there are no such series.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub container_peaks: Vec<ContainerPeak>,
    /// How evenly its tasks are loaded (Container Insights with enhanced observability); null where no
    /// two tasks could be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_skew: Option<TaskSkew>,
}

/// A container that AWS adds to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InjectedContainer {
    /// The proxy of ECS Service Connect.
    ServiceConnectProxy,
    /// The agent of GuardDuty Runtime Monitoring.
    GuardDutyAgent,
}

/// What ECS still showed of tasks that had stopped: it keeps them for about one hour, so that nothing
/// found says little about the days before.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StoppedTasks {
    /// Stopped tasks seen.
    pub seen: u32,
    /// Of those, tasks with a container that was killed for memory.
    pub oom_kills: u32,
    /// When the last of them stopped.
    #[serde(default)]
    pub last_oom: Option<Timestamp>,
    /// The largest task memory at which one was killed.
    #[serde(default)]
    pub oom_memory: Option<MemoryMib>,
    /// Names of the containers that were killed, sorted.
    #[serde(default)]
    pub oom_containers: Vec<String>,
}

/// The most that a container used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerPeak {
    pub name: String,
    pub cpu: Option<CpuUnits>,
    pub memory: Option<MemoryMib>,
}

/// How the tasks of a service compare, each held against those that ran in the same hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSkew {
    /// Tasks that were compared.
    pub tasks: u32,
    pub cpu: Option<TaskSpread>,
    pub memory: Option<TaskSpread>,
}

/// Means over the window, in hundredths of a per cent of the task's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskSpread {
    pub hottest: u32,
    pub coolest: u32,
    pub mean: u32,
}

impl TaskFacts {
    /// The peak of a container by name.
    pub fn peak_of(&self, container: &str) -> Option<&ContainerPeak> {
        self.container_peaks.iter().find(|peak| peak.name == container)
    }

    /// The same with GuardDuty's agent where it is seen or `always` added. There is none for Windows.
    #[must_use]
    pub fn with_agent(mut self, always: bool, os: OperatingSystem) -> Self {
        let agent = InjectedContainer::GuardDutyAgent;
        let has_agent = always || self.injected.contains(&agent);
        self.injected.retain(|container| *container != agent);
        if has_agent && os == OperatingSystem::Linux {
            self.injected.push(agent);
        }
        self
    }
}
