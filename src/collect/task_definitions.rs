//! Task definitions: only those in force are described, each once.
//!
//! Of environments and commands only recognised runtime settings are kept.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types as sdk;
use futures_util::{StreamExt as _, stream};

use super::{convert, gaps::Refusal, session::Session};
use crate::{
    snapshot::Gap,
    units::{CpuUnits, MemoryMib, StorageGib},
    workload::{Container, Platform, TaskDefinition, runtime_settings},
};

const API: &str = "ecs:DescribeTaskDefinition";

/// What was asked for, and what came.
pub type Described = BTreeMap<String, Result<TaskDefinition, Refusal>>;

/// Describes each of `names` (ARNs, or families for their latest active revision).
pub async fn describe(session: &Session, names: BTreeSet<String>) -> Described {
    stream::iter(names)
        .map(|name| async {
            let _turn = session.ecs_turn().await;
            let answer = session
                .ecs
                .describe_task_definition()
                .task_definition(&name)
                .include(sdk::TaskDefinitionField::Tags)
                .send()
                .await;
            let described = match answer {
                Ok(answer) => answer
                    .task_definition()
                    .map(|described| task_definition(described, answer.tags()))
                    .ok_or_else(|| Refusal::other("the answer holds no task definition")),
                Err(error) => Err(Refusal::of(&error)),
            };
            (name, described)
        })
        .buffer_unordered(session.ecs_requests())
        .collect()
        .await
}

/// The gaps of what could not be described: one for all where the refusal is general.
pub fn gaps(session: &Session, described: &Described) -> Vec<Gap> {
    described
        .iter()
        .filter_map(|(name, result)| {
            let refusal = result.as_ref().err()?;
            let place = session.place();
            let scope =
                if refusal.is_general() { place } else { format!("{place}/{}", convert::name_of(name)) };
            Some(refusal.gap(scope, API))
        })
        .collect()
}

/// An SDK task definition as fargauge keeps it.
pub fn task_definition(described: &sdk::TaskDefinition, tags: &[sdk::Tag]) -> TaskDefinition {
    let platform = described.runtime_platform();
    TaskDefinition {
        arn: described.task_definition_arn().unwrap_or_default().to_owned(),
        family: described.family().unwrap_or_default().to_owned(),
        revision: convert::count(described.revision()),
        cpu: described.cpu().and_then(|text| amount(text, "vcpu", CpuUnits::PER_VCPU)).map(CpuUnits),
        memory: described.memory().and_then(|text| amount(text, "gb", MemoryMib::PER_GB)).map(MemoryMib),
        platform: Platform::from_ecs(
            platform.and_then(|p| p.operating_system_family()).map(sdk::OsFamily::as_str),
            platform.and_then(|p| p.cpu_architecture()).map(sdk::CpuArchitecture::as_str),
        ),
        ephemeral_storage: described
            .ephemeral_storage()
            .map(|storage| StorageGib(convert::count(storage.size_in_gib()))),
        network_mode: described.network_mode().map(|mode| mode.as_str().to_owned()),
        requires_compatibilities: described
            .requires_compatibilities()
            .iter()
            .map(|compatibility| compatibility.as_str().to_owned())
            .collect(),
        containers: described.container_definitions().iter().map(container).collect(),
        volume_kinds: volume_kinds(described.volumes()),
        placement_constraints: described
            .placement_constraints()
            .iter()
            .filter_map(|constraint| constraint.expression().map(str::to_owned))
            .collect(),
        tags: convert::tags(tags),
    }
}

fn container(defined: &sdk::ContainerDefinition) -> Container {
    let environment = defined
        .environment()
        .iter()
        .filter_map(|variable| Some((variable.name()?, Some(variable.value().unwrap_or_default()))));
    let secrets = defined.secrets().iter().map(|secret| (secret.name(), None));
    let command = defined.entry_point().iter().chain(defined.command()).map(String::as_str);
    let memory = |mib: Option<i32>| mib.and_then(|mib| u32::try_from(mib).ok()).map(MemoryMib);
    Container {
        name: defined.name().unwrap_or_default().to_owned(),
        cpu: CpuUnits(convert::count(defined.cpu())),
        memory: memory(defined.memory()),
        memory_reservation: memory(defined.memory_reservation()),
        essential: defined.essential().unwrap_or(true),
        gpus: defined
            .resource_requirements()
            .iter()
            .filter(|requirement| *requirement.r#type() == sdk::ResourceType::Gpu)
            .filter_map(|requirement| requirement.value().parse::<u32>().ok())
            .fold(0, u32::saturating_add),
        privileged: defined.privileged().unwrap_or(false),
        runtime_settings: runtime_settings(environment.chain(secrets), command),
    }
}

fn volume_kinds(volumes: &[sdk::Volume]) -> Vec<String> {
    let kinds: BTreeSet<&str> = volumes
        .iter()
        .map(|volume| {
            if volume.efs_volume_configuration().is_some() {
                "efs"
            } else if volume.s3files_volume_configuration().is_some() {
                "s3files"
            } else if volume.fsx_windows_file_server_volume_configuration().is_some() {
                "fsx"
            } else if volume.docker_volume_configuration().is_some() {
                "docker"
            } else if volume.configured_at_launch() == Some(true) {
                "ebs"
            } else if volume.host().is_some_and(|host| host.source_path().is_some()) {
                "host"
            } else {
                "ephemeral"
            }
        })
        .collect();
    kinds.into_iter().map(str::to_owned).collect()
}

/// Units of a task-level size. ECS answers in digits; an emulator may repeat what was registered,
/// such as `1 vCPU` or `0.5GB`.
pub(super) fn amount(text: &str, unit: &str, units_per_whole: u32) -> Option<u32> {
    let text = text.trim().to_ascii_lowercase();
    let Some(number) = text.strip_suffix(unit) else { return text.parse().ok() };
    let whole: rust_decimal::Decimal = number.trim().parse().ok()?;
    let units = whole.checked_mul(units_per_whole.into())?;
    if units.is_integer() { u32::try_from(units).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sizes_and_recognised_settings_are_kept() {
        let variable = |name: &str, value: &str| sdk::KeyValuePair::builder().name(name).value(value).build();
        let app = sdk::ContainerDefinition::builder()
            .name("app")
            .image("registry.example/private/app:1")
            .cpu(128)
            .memory(400)
            .memory_reservation(300)
            .essential(true)
            .environment(variable("DB_PASSWORD", "hunter2"))
            .environment(variable("JAVA_TOOL_OPTIONS", "-Xmx300m -Dtoken=hunter2"))
            .command("--api-key=hunter2")
            .secrets(sdk::Secret::builder().name("K").value_from("arn:hunter2").build().unwrap())
            .build();
        let described = sdk::TaskDefinition::builder()
            .task_definition_arn("arn:aws:ecs:eu-west-1:111122223333:task-definition/web:7")
            .family("web")
            .revision(7)
            .cpu("256")
            .memory("512")
            .network_mode(sdk::NetworkMode::Awsvpc)
            .requires_compatibilities(sdk::Compatibility::Fargate)
            .runtime_platform(
                sdk::RuntimePlatform::builder().cpu_architecture(sdk::CpuArchitecture::Arm64).build(),
            )
            .ephemeral_storage(sdk::EphemeralStorage::builder().size_in_gib(50).build())
            .volumes(
                sdk::Volume::builder()
                    .name("hunter2")
                    .efs_volume_configuration(
                        sdk::EfsVolumeConfiguration::builder().file_system_id("fs-hunter2").build().unwrap(),
                    )
                    .build(),
            )
            .container_definitions(app)
            .build();
        let kept = task_definition(&described, &[sdk::Tag::builder().key("team").value("a").build()]);
        assert_eq!((kept.cpu, kept.memory), (Some(CpuUnits(256)), Some(MemoryMib(512))));
        assert_eq!(kept.platform.to_string(), "linux/arm64");
        assert_eq!(
            (kept.ephemeral_storage, kept.volume_kinds),
            (Some(StorageGib(50)), vec!["efs".to_owned()])
        );
        assert_eq!(kept.containers[0].memory_floor(), MemoryMib(400));
        assert_eq!(kept.containers[0].runtime_settings[0].value, "300m");
        let stored = serde_json::to_string(&task_definition(&described, &[])).unwrap();
        assert!(!stored.contains("hunter2") && !stored.contains("registry"), "{stored}");
    }

    #[test]
    fn sizes_are_digits_or_as_registered() {
        assert_eq!(amount("1024", "vcpu", 1024), Some(1024));
        assert_eq!(amount(".25 vCPU", "vcpu", 1024), Some(256));
        assert_eq!(amount("0.5GB", "gb", 1024), Some(512));
        for text in ["", "abc", "-1", "1e9 GB", "0.0001 GB", "99999999999 GB"] {
            assert_eq!(amount(text, "gb", 1024), None, "{text}");
        }
    }
}
