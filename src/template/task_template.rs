//! [`TaskTemplate`]: a task definition as a template writes it, setting by setting.

use std::collections::BTreeMap;

use super::{Place, Span, TemplateKind};
use crate::{
    units::{CpuUnits, MemoryMib, StorageGib},
    workload::{Container, LaunchType, Platform, RuntimeSetting, TaskDefinition},
};

/// A setting of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting<T> {
    /// It is not there.
    Absent,
    Known {
        value: T,
        /// The literal that says it: in place, or where the parameter or variable is defined.
        at: Place,
        /// What stands in its place where `at` is not it: the reference to the parameter or variable.
        used_at: Option<Place>,
    },
    /// It is there, and the files alone do not tell its value.
    Unresolved {
        /// Such as `parameter TaskCpu has no default; give --parameter TaskCpu=VALUE`.
        why: String,
        at: Place,
    },
}

impl<T> Setting<T> {
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Absent | Self::Unresolved { .. } => None,
        }
    }

    /// Where a reader looks for it: the reference rather than what it refers to.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Absent => None,
            Self::Known { at, used_at, .. } => Some(used_at.as_ref().unwrap_or(at)),
            Self::Unresolved { at, .. } => Some(at),
        }
    }

    /// What a tool takes where the file says nothing. It stands nowhere; a reader looks at `head`.
    pub fn default_of_tool(value: T, head: &Place) -> Self {
        let span = Span { start: head.span.start, end: head.span.start };
        Self::Known { value, at: Place { span, ..head.clone() }, used_at: Some(head.clone()) }
    }

    pub fn is_default_of_tool(&self) -> bool {
        matches!(self, Self::Known { at, .. } if at.is_nowhere())
    }

    /// The same, or that default where it is absent.
    #[must_use]
    pub fn or_default_of_tool(self, value: T, head: &Place) -> Self {
        if matches!(self, Self::Absent) { Self::default_of_tool(value, head) } else { self }
    }
}

impl<T: Clone> Setting<T> {
    /// The value, if there is one; or `what`, with why it is not known, and where.
    fn definite(&self, what: &str) -> Result<Option<T>, (String, Place)> {
        match self {
            Self::Absent => Ok(None),
            Self::Known { value, .. } => Ok(Some(value.clone())),
            Self::Unresolved { why, at } => Err((format!("{what}: {why}"), at.clone())),
        }
    }
}

/// A setting that is known, and that ECS refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// `cpu`, `containerDefinitions[0].memory`.
    pub setting: String,
    pub why: String,
    /// The literal.
    pub at: Place,
    /// What refers to it, where `at` is not what the task itself says.
    pub used_at: Option<Place>,
}

/// A task definition in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskTemplate {
    pub kind: TemplateKind,
    /// The logical id, the resource's address, or the family: unique in its file where the file allows.
    pub name: String,
    /// The head of the definition: its key, block header or opening brace.
    pub at: Place,
    pub family: Setting<String>,
    pub cpu: Setting<CpuUnits>,
    pub memory: Setting<MemoryMib>,
    pub ephemeral_storage: Setting<StorageGib>,
    pub platform: Setting<Platform>,
    pub network_mode: Setting<String>,
    pub requires_compatibilities: Vec<String>,
    pub containers: Vec<ContainerTemplate>,
    /// Why the containers are not (all) known, if so.
    pub containers_unresolved: Option<(String, Place)>,
    /// As [`crate::workload::TaskDefinition::volume_kinds`].
    pub volume_kinds: Vec<String>,
    pub placement_constraints: Vec<String>,
    pub tags: BTreeMap<String, String>,
    /// Whether some tags are not known, so that a missing one may be there.
    pub tags_unresolved: bool,
    /// Sizes that ECS refuses whatever else is there; they are unresolved, too.
    pub refused: Vec<Refused>,
    /// The services of the same files that run it.
    pub services: Vec<ServiceTemplate>,
}

impl TaskTemplate {
    /// The task definition that it registers as; or the first setting with bearing on sizes or prices that is not
    /// known, why, and where.
    pub fn definition(&self) -> Result<TaskDefinition, (String, Place)> {
        if let Some((why, at)) = &self.containers_unresolved {
            return Err((format!("containers: {why}"), at.clone()));
        }
        let containers = self.containers.iter().map(|container| {
            Ok(Container {
                name: container.label.clone(),
                cpu: container.cpu.definite("a container's cpu")?.unwrap_or_default(),
                memory: container.memory.definite("a container's memory")?,
                memory_reservation: container
                    .memory_reservation
                    .definite("a container's memoryReservation")?,
                essential: container.essential,
                gpus: container.gpus,
                privileged: container.privileged,
                runtime_settings: container
                    .runtime_settings
                    .iter()
                    .map(|(setting, _)| setting.clone())
                    .collect(),
            })
        });
        Ok(TaskDefinition { containers: containers.collect::<Result<_, _>>()?, ..self.task_level()? })
    }

    /// The same without its containers: all that the price of a Fargate task depends on.
    pub fn task_level(&self) -> Result<TaskDefinition, (String, Place)> {
        Ok(TaskDefinition {
            arn: String::new(),
            family: self.family.known().cloned().unwrap_or_default(),
            revision: 0,
            cpu: self.cpu.definite("cpu")?,
            memory: self.memory.definite("memory")?,
            platform: self.platform.definite("runtimePlatform")?.unwrap_or_default(),
            ephemeral_storage: self.ephemeral_storage.definite("ephemeralStorage")?,
            network_mode: self.network_mode.known().cloned(),
            requires_compatibilities: self.requires_compatibilities.clone(),
            containers: Vec::new(),
            volume_kinds: self.volume_kinds.clone(),
            placement_constraints: self.placement_constraints.clone(),
            tags: self.tags.clone(),
        })
    }

    /// The sum of the services' tasks: desired counts, and what auto scaling raises them to; where there are services
    /// and all are known.
    pub fn desired_count(&self) -> Option<u32> {
        let counts: Option<Vec<u32>> = self.services.iter().map(ServiceTemplate::tasks).collect();
        counts
            .filter(|counts| !counts.is_empty())
            .map(|counts| counts.into_iter().fold(0, u32::saturating_add))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerTemplate {
    pub name: Setting<String>,
    /// For messages: the name; what stands in its place where it is not known; else its place in the list.
    pub label: String,
    pub at: Place,
    pub cpu: Setting<CpuUnits>,
    pub memory: Setting<MemoryMib>,
    pub memory_reservation: Setting<MemoryMib>,
    pub essential: bool,
    pub gpus: u32,
    pub privileged: bool,
    /// Heap and worker flags with where each stands; nothing else of environment and command is kept.
    pub runtime_settings: Vec<(RuntimeSetting, Place)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceTemplate {
    pub name: Setting<String>,
    pub at: Place,
    pub cluster: Setting<String>,
    pub desired_count: Setting<u32>,
    /// The fewest tasks that auto scaling leaves it, where the files scale it.
    pub min_capacity: Setting<u32>,
    pub launch_type: Setting<LaunchType>,
    pub strategy: Vec<StrategyTemplate>,
    pub tags: BTreeMap<String, String>,
}

impl ServiceTemplate {
    /// Tasks that it has at least: auto scaling raises a desired count to its own minimum.
    pub fn tasks(&self) -> Option<u32> {
        let (desired, least) = (self.desired_count.known().copied(), self.min_capacity.known().copied());
        match (desired, least) {
            (Some(desired), Some(least)) => Some(desired.max(least)),
            (desired, least) => desired.or(least),
        }
    }

    /// Whether [`Self::tasks`] is the minimum of auto scaling, and no desired count.
    pub fn is_at_minimum(&self) -> bool {
        self.tasks().is_some() && self.tasks() != self.desired_count.known().copied()
    }
}

/// A line of a capacity provider strategy; one of which nothing is known stands for any number of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategyTemplate {
    /// Absent where it is not known.
    pub provider: Option<String>,
    /// 0 where nothing is said; absent where it is said and not known.
    pub base: Option<u32>,
    /// As `base`.
    pub weight: Option<u32>,
    pub at: Place,
}
