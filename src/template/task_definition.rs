//! Task definitions: the words of `register-task-definition`, which `CloudFormation` and the CDK share but for
//! their capitals.
//!
//! Takes a map; gives a [`TaskTemplate`]. Of environments and commands only recognised runtime settings are kept.

use std::collections::BTreeMap;

use super::{
    ContainerTemplate, Place, Setting, TaskTemplate, TemplateError, TemplateKind, container,
    document::{Node, SourceText, Value},
    fields::{Fields, Found},
    resolve::{Literal, Resolve, Resolved, Written, shown},
};
use crate::{
    units::StorageGib,
    workload::{Platform, SizeTextError, parse_cpu, parse_memory, parse_whole, quoted},
};

/// Ephemeral storage that may be asked for, in GiB (ECS API reference, `EphemeralStorage`).
const EPHEMERAL_STORAGE: std::ops::RangeInclusive<u32> = 21..=200;

/// Container definitions that are read; ECS takes ten.
const MAX_CONTAINERS: usize = 100;

/// Reads a task definition; `tags` stand beside it in the output of `describe-task-definition`.
pub fn read(
    source: &SourceText,
    definition: &Node,
    tags: Option<&Node>,
    errors: &mut Vec<TemplateError>,
) -> TaskTemplate {
    let fields = Fields::new(source, &Literal, errors);
    let head = source.head(definition.span.start);
    let mut task = read_fields(&fields, TemplateKind::TaskDefinition, definition, head);
    if let (true, Some(tags)) = (task.tags.is_empty(), tags) {
        (task.tags, task.tags_unresolved) = tags_of(&fields, tags);
    }
    task.name = name(definition, &task);
    task
}

/// Reads a list of container definitions without the task definition around it.
pub fn read_containers(source: &SourceText, list: &Node, errors: &mut Vec<TemplateError>) -> TaskTemplate {
    let fields = Fields::new(source, &Literal, errors);
    let mut task = absent(TemplateKind::TaskDefinition, source.head(list.span.start));
    read_list(&fields, Literal.resolve(list), &mut task);
    task.refused = fields.refused.take();
    task.name = name(list, &task);
    task
}

/// The family, else the first container's name: what stays when the file is renamed.
fn name(definition: &Node, task: &TaskTemplate) -> String {
    let family = definition.get("family").and_then(Node::as_str).filter(|family| !family.is_empty());
    let container =
        || task.containers.iter().find_map(|container| container.name.known()).map(String::as_str);
    shown(family.or_else(container).unwrap_or("task"))
}

/// A task template of which nothing is there.
pub fn absent(kind: TemplateKind, at: Place) -> TaskTemplate {
    TaskTemplate {
        kind,
        name: String::new(),
        at,
        family: Setting::Absent,
        cpu: Setting::Absent,
        memory: Setting::Absent,
        ephemeral_storage: Setting::Absent,
        platform: Setting::Absent,
        network_mode: Setting::Absent,
        requires_compatibilities: Vec::new(),
        containers: Vec::new(),
        containers_unresolved: None,
        volume_kinds: Vec::new(),
        placement_constraints: Vec::new(),
        tags: BTreeMap::new(),
        tags_unresolved: false,
        refused: Vec::new(),
        services: Vec::new(),
    }
}

/// Reads the fields of a task definition, whatever it stands in. Its name is left empty.
pub fn read_fields(fields: &Fields<'_>, kind: TemplateKind, definition: &Node, at: Place) -> TaskTemplate {
    let mut task = absent(kind, at);
    task.family = fields.text(definition, "family");
    task.cpu = fields.ecs_size(definition, "cpu", "", parse_cpu);
    task.memory = fields.ecs_size(definition, "memory", "", parse_memory);
    task.ephemeral_storage = match fields.get(definition, "ephemeralStorage") {
        Some(Resolved::Unresolved { why, at }) => Setting::Unresolved { why, at: fields.source.place(at) },
        Some(Resolved::Known { ref node, .. }) => {
            fields.ecs_size(node, "sizeInGiB", "ephemeralStorage.", parse_storage)
        }
        Some(Resolved::NoValue) | None => Setting::Absent,
    };
    match &task.ephemeral_storage {
        // Skeletons have a zero where nothing is asked for.
        Setting::Known { value: StorageGib(0), .. } => task.ephemeral_storage = Setting::Absent,
        Setting::Known { value: StorageGib(gib), at, used_at } if !EPHEMERAL_STORAGE.contains(gib) => {
            let why = format!(
                "{gib} GiB of ephemeral storage cannot be asked for; choose 21 to 200, or leave ephemeralStorage out \
                 for the free 20"
            );
            let setting = "ephemeralStorage.sizeInGiB".to_owned();
            fields.ecs_refuses(setting, why.clone(), at.clone(), used_at.clone());
            task.ephemeral_storage = Setting::Unresolved { why, at: at.clone() };
        }
        _ => {}
    }
    task.platform = platform(fields, definition);
    task.network_mode = fields.text(definition, "networkMode");
    task.requires_compatibilities = fields
        .texts(definition, "requiresCompatibilities")
        .into_iter()
        .map(|text| text.value.into_owned())
        .collect();
    if let Some(list) = fields.get(definition, "containerDefinitions") {
        read_list(fields, list, &mut task);
    }
    task.volume_kinds = fields
        .maps(definition, "volumes")
        .into_iter()
        .map(|volume| volume_kind(fields, volume).to_owned())
        .collect();
    task.placement_constraints = fields
        .maps(definition, "placementConstraints")
        .into_iter()
        .filter_map(|constraint| {
            let text =
                |key| fields.texts(constraint, key).into_iter().next().map(|text| text.value.into_owned());
            // The type where there is no expression, as of `distinctInstance`.
            text("expression").filter(|text| !text.is_empty()).or_else(|| text("type"))
        })
        .filter(|text| !text.is_empty())
        .collect();
    if let Some(tags) = definition.get("tags") {
        (task.tags, task.tags_unresolved) = tags_of(fields, tags);
    }
    task.refused = fields.refused.take();
    task
}

fn parse_storage(text: &str) -> Result<StorageGib, SizeTextError> {
    parse_whole(text).map(StorageGib)
}

/// Reads the container definitions into a task.
fn read_list(fields: &Fields<'_>, list: Resolved<'_>, task: &mut TaskTemplate) {
    let (node, at) = match list {
        Resolved::Known { node, at, .. } => (node, at),
        Resolved::Unresolved { why, at } => {
            task.containers_unresolved = Some((why, fields.source.place(at)));
            return;
        }
        Resolved::NoValue => return,
    };
    let Value::Seq(items) = &node.value else {
        let message =
            format!("containerDefinitions: must be a list of container definitions, not {}", node.kind());
        fields.refuse(&at, message, None);
        return;
    };
    for (index, item) in items.iter().enumerate() {
        if index == MAX_CONTAINERS {
            let message = format!("containerDefinitions: more than {MAX_CONTAINERS} of them; ECS takes ten");
            fields.refuse(&Written::Here(item.span), message, None);
            return;
        }
        match fields.resolver.resolve(item) {
            Resolved::Known { node, at, .. } => match node.value {
                Value::Map(_) => {
                    let container: ContainerTemplate = container::read(fields, &node, index);
                    task.containers.push(container);
                }
                Value::Null => {}
                _ => {
                    let message = format!(
                        "containerDefinitions[{index}]: must be a container definition object, not {}",
                        node.kind()
                    );
                    fields.refuse(&at, message, None);
                }
            },
            Resolved::NoValue => {}
            Resolved::Unresolved { why, at } => {
                task.containers_unresolved.get_or_insert((why, fields.source.place(at)));
            }
        }
    }
}

fn platform(fields: &Fields<'_>, definition: &Node) -> Setting<Platform> {
    let node = match fields.get(definition, "runtimePlatform") {
        Some(Resolved::Known { node, .. }) => node,
        Some(Resolved::Unresolved { why, at }) => {
            return Setting::Unresolved { why, at: fields.source.place(at) };
        }
        Some(Resolved::NoValue) | None => return Setting::Absent,
    };
    let system = word(fields, &node, "operatingSystemFamily", "LINUX or a WINDOWS_SERVER family", |family| {
        family == "LINUX" || family.starts_with("WINDOWS_SERVER_")
    });
    let architecture = word(fields, &node, "cpuArchitecture", "X86_64 or ARM64", |architecture| {
        matches!(architecture, "X86_64" | "ARM64")
    });
    match (system, architecture) {
        (Setting::Unresolved { why, at }, _) | (_, Setting::Unresolved { why, at }) => {
            Setting::Unresolved { why, at }
        }
        (Setting::Absent, Setting::Absent) => Setting::Absent,
        (system, architecture) => {
            let value = Platform::from_ecs(
                system.known().map(String::as_str),
                architecture.known().map(String::as_str),
            );
            // Where both are written, a change of architecture is what anyone looks for.
            match (architecture, system) {
                (Setting::Known { at, used_at, .. }, _) | (_, Setting::Known { at, used_at, .. }) => {
                    Setting::Known { value, at, used_at }
                }
                _ => Setting::Absent,
            }
        }
    }
}

/// A word that prices depend on, in any case. Absent and empty mean ECS's default; an unknown word does not.
fn word(
    fields: &Fields<'_>,
    platform: &Node,
    key: &str,
    expected: &'static str,
    known: fn(&str) -> bool,
) -> Setting<String> {
    let setting = fields.text(platform, key);
    match &setting {
        Setting::Known { value, at, .. } if !known(&value.to_ascii_uppercase()) => {
            let why = format!("runtimePlatform.{key}: must be {expected}, not {}", quoted(value));
            fields.refuse(&Written::There(at.clone()), why.clone(), None);
            Setting::Unresolved { why, at: at.clone() }
        }
        _ => setting,
    }
}

/// Tags as a list of keys and values, or as a map; and whether some are not known.
pub fn tags_of(fields: &Fields<'_>, tags: &Node) -> (BTreeMap<String, String>, bool) {
    let mut known = BTreeMap::new();
    let mut unresolved = false;
    let mut put = |key: Option<String>, value: Found<'_>| match (key, value) {
        (Some(key), Found::Text(value)) => {
            known.insert(key, value.value.into_owned());
        }
        (Some(key), Found::Absent) => {
            known.insert(key, String::new());
        }
        _ => unresolved = true,
    };
    match fields.resolver.resolve(tags) {
        Resolved::Known { node, .. } => match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    put(Some(entry.key.clone()), super::fields::found(fields.resolver.resolve(&entry.value)));
                }
            }
            Value::Seq(items) => {
                for item in items {
                    match fields.resolver.resolve(item) {
                        Resolved::Known { node, .. } if matches!(node.value, Value::Map(_)) => {
                            let key = fields
                                .texts(&node, "key")
                                .into_iter()
                                .next()
                                .map(|key| key.value.into_owned());
                            put(key, fields.found(&node, "value"));
                        }
                        Resolved::Unresolved { .. } => put(None, Found::Absent),
                        Resolved::Known { .. } | Resolved::NoValue => {}
                    }
                }
            }
            _ => {}
        },
        Resolved::Unresolved { .. } => unresolved = true,
        Resolved::NoValue => {}
    }
    (known, unresolved)
}

/// The kind of a volume by the configuration it has; skeletons carry every configuration, empty.
fn volume_kind(fields: &Fields<'_>, volume: &Node) -> &'static str {
    let has = |key: &str| fields.get(volume, key).is_some();
    let at_host = || {
        let host = fields.map(volume, "host");
        host.is_some_and(|host| match fields.found(host, "sourcePath") {
            Found::Text(text) => !text.value.is_empty(),
            Found::Unresolved { .. } => true,
            Found::Absent | Found::Other { .. } => false,
        })
    };
    if has("efsVolumeConfiguration") {
        "efs"
    } else if has("fsxWindowsFileServerVolumeConfiguration") {
        "fsx"
    } else if has("dockerVolumeConfiguration") {
        "docker"
    } else if fields.flag(volume, "configuredAtLaunch") == Some(true) {
        "ebs"
    } else if at_host() {
        "host"
    } else {
        "bind"
    }
}
