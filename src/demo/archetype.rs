//! [`Archetype`]: a row of the demo's table, and the few words it is written in.

use super::{
    history::{History, Size},
    shapes::{Level, Presence, Tasks},
};
use crate::workload::{Platform, WorkloadKind};

/// A kind of workload, and what its first copy is called.
#[derive(Debug, Clone, Copy)]
pub(super) struct Archetype {
    pub name: &'static str,
    pub region: &'static str,
    pub cluster: &'static str,
    pub kind: WorkloadKind,
    /// Empty: it has no tags.
    pub team: &'static str,
    pub intent: Intent,
    pub runs_on: RunsOn,
    /// Task-level size; `None` where the task definition has none.
    pub size: Option<Size>,
    pub platform: Platform,
    pub containers: Containers,
    /// Ephemeral storage in GiB beyond what comes free.
    pub storage_gib: Option<u32>,
    /// What its tasks need of where they run.
    pub needs: &'static [Need],
    pub history: History,
    pub scaling: Scaling,
    pub tasks: Tasks,
    pub cpu: Level,
    pub memory: Level,
    pub presence: Presence,
    /// Whether `LiveTaskCount` is there.
    pub live_tasks: bool,
}

/// What a row is in the demo for: the finding it is made to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Intent {
    Overprovisioned,
    Underprovisioned,
    Optimized,
    AlreadyMinimal,
    /// With the reason's code.
    NotRated(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RunsOn {
    Fargate,
    /// FARGATE with a base of 1 and weight 1, `FARGATE_SPOT` with weight 3.
    FargateAndSpot,
    FargateSpot,
    Ec2,
    /// One task on every instance.
    Ec2Daemon,
    External,
    ManagedInstances,
    /// A capacity provider whose type the API did not tell.
    UnknownProvider,
}

/// What not every place that runs containers has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Gpu,
    HostNetwork,
    Privileged,
    EfsVolume,
    /// A folder of the instance.
    HostVolume,
    /// No two tasks on one instance.
    DistinctInstance,
    /// Instances with an attribute.
    MemberOf,
}

impl Archetype {
    pub(super) fn needs(&self, need: Need) -> bool {
        self.needs.contains(&need)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Containers {
    /// One, without numbers of its own.
    App,
    /// One with a CPU reservation and a soft memory limit.
    Reserved(Size),
    /// A JVM with a heap of this many MiB.
    Jvm { heap_mib: u32 },
    /// App, proxy and log router, whose minimums nearly fill the task.
    Sidecars,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scaling {
    None,
    Cpu,
    /// At a target far below what is safe.
    LowCpu,
    Memory,
    CpuAndMemory,
    Step,
    RequestsPerTarget,
    Predictive,
}
