//! Copilot manifests: each environment with sizes of its own is a task of its own.
//!
//! Copilot names families, services and clusters after the application and the environment, which a manifest does
//! not tell. Where a manifest says no CPU, memory or count, it takes its own defaults.

use std::collections::BTreeMap;

use super::{
    ContainerTemplate, Place, ServiceTemplate, Setting, Span, StrategyTemplate, TaskTemplate, TemplateError,
    TemplateKind, container,
    document::{Entry, Node, SourceText, Value},
    fields::{Fields, Found, Text},
    resolve::{Literal, Resolved, Written, shown},
    task_definition,
};
use crate::{
    units::{CpuUnits, MemoryMib, StorageGib},
    workload::{Platform, SizeTextError, parse_cpu, parse_memory, parse_whole},
};

/// What Copilot takes where a manifest says nothing, of every kind of workload on ECS: `newDefaultBackendService` and
/// the like in `internal/pkg/manifest` of aws/copilot-cli.
const DEFAULT_CPU: CpuUnits = CpuUnits(256);
const DEFAULT_MEMORY: MemoryMib = MemoryMib(512);
const DEFAULT_COUNT: u32 = 1;

/// Settings of a manifest that make a task of an environment differ.
const OF_A_TASK: [&str; 9] =
    ["cpu", "memory", "count", "platform", "storage", "variables", "sidecars", "command", "entrypoint"];

/// Environments of a manifest that are read.
const MAX_ENVIRONMENTS: usize = 100;

/// Reads a manifest.
pub fn read(source: &SourceText, manifest: &Node, errors: &mut Vec<TemplateError>) -> Vec<TaskTemplate> {
    let fields = Fields::new(source, &Literal, errors);
    let name = manifest.get("name").and_then(Node::scalar).unwrap_or_default();
    let at = manifest.entry("name").map_or(manifest.span, |entry| entry.key_span);
    let mut tasks = vec![task(&fields, manifest, name, name, at)];
    let environments = manifest.get("environments").map(Node::entries).unwrap_or_default().iter();
    let differs = |environment: &&Entry| OF_A_TASK.iter().any(|key| environment.value.get(key).is_some());
    for (nth, environment) in environments.filter(differs).enumerate() {
        if nth == MAX_ENVIRONMENTS {
            let message = format!("more than {MAX_ENVIRONMENTS} environments; the rest is not read");
            fields.refuse(&Written::Here(environment.key_span), message, None);
            break;
        }
        let merged = overridden(manifest, &environment.value);
        let full_name = format!("{name}/{}", environment.key);
        tasks.push(task(&fields, &merged, name, &full_name, environment.key_span));
    }
    tasks
}

/// A map with what an environment says over it: entry by entry, maps within it, too.
fn overridden(manifest: &Node, environment: &Node) -> Node {
    let mut entries = manifest.entries().to_vec();
    let places: BTreeMap<String, usize> =
        entries.iter().enumerate().map(|(place, entry)| (entry.key.clone(), place)).collect();
    for entry in environment.entries() {
        let Some(place) = places.get(&entry.key) else {
            entries.push(entry.clone());
            continue;
        };
        let own = &mut entries[*place];
        let both_are_maps = [&own.value, &entry.value].iter().all(|node| matches!(node.value, Value::Map(_)));
        // One way of counting tasks takes the place of another.
        *own = if both_are_maps && entry.key != "count" {
            Entry { value: overridden(&own.value, &entry.value), ..entry.clone() }
        } else {
            entry.clone()
        };
    }
    Node { span: environment.span, value: Value::Map(entries) }
}

fn task(fields: &Fields<'_>, manifest: &Node, name: &str, full_name: &str, at: Span) -> TaskTemplate {
    let at = fields.source.place(at);
    let mut task = task_definition::absent(TemplateKind::Copilot, at.clone());
    task.name = shown(full_name);
    task.family = named_by_copilot("family", &at);
    task.cpu = fields.ecs_size(manifest, "cpu", "", parse_cpu).or_default_of_tool(DEFAULT_CPU, &at);
    task.memory =
        fields.ecs_size(manifest, "memory", "", parse_memory).or_default_of_tool(DEFAULT_MEMORY, &at);
    if let Some(storage) = fields.map(manifest, "storage") {
        task.ephemeral_storage = fields.ecs_size(storage, "ephemeral", "storage.", parse_storage);
    }
    task.platform = platform(fields, manifest);
    task.requires_compatibilities = vec!["FARGATE".to_owned()];
    task.containers.push(read_container(fields, manifest, name, &at));
    for sidecar in manifest.get("sidecars").map(Node::entries).unwrap_or_default() {
        let at = fields.source.place(sidecar.key_span);
        task.containers.push(read_container(fields, &sidecar.value, &sidecar.key, &at));
    }
    if let Some(tags) = manifest.get("tags") {
        (task.tags, task.tags_unresolved) = task_definition::tags_of(fields, tags);
    }
    if manifest.get("type").and_then(Node::as_str) != Some("Scheduled Job") {
        task.services.push(service(fields, manifest, &at));
    }
    task.refused = fields.refused.take();
    task
}

fn parse_storage(text: &str) -> Result<StorageGib, SizeTextError> {
    parse_whole(text).map(StorageGib)
}

fn named_by_copilot(what: &str, at: &Place) -> Setting<String> {
    Setting::Unresolved {
        why: format!("Copilot names the {what} after the application and the environment"),
        at: at.clone(),
    }
}

fn platform(fields: &Fields<'_>, manifest: &Node) -> Setting<Platform> {
    match fields.get(manifest, "platform") {
        Some(Resolved::Known { node, at, .. }) => {
            let (system, architecture) = match node.as_str() {
                Some(text) => {
                    let (system, architecture) = text.split_once('/').unwrap_or((text, ""));
                    (system.to_owned(), architecture.to_owned())
                }
                None => {
                    let word = |key| node.get(key).and_then(Node::as_str).unwrap_or_default().to_owned();
                    (word("osfamily"), word("architecture"))
                }
            };
            Setting::Known {
                value: Platform::from_ecs(Some(&system), Some(&architecture)),
                at: at.place(fields.source),
                used_at: None,
            }
        }
        Some(Resolved::Unresolved { why, at }) => Setting::Unresolved { why, at: fields.source.place(at) },
        Some(Resolved::NoValue) | None => Setting::Absent,
    }
}

fn read_container(fields: &Fields<'_>, node: &Node, name: &str, at: &Place) -> ContainerTemplate {
    let mut environment: Vec<(String, Text<'_>)> = Vec::new();
    let variables = node.get("variables").map(Node::entries).unwrap_or_default();
    for variable in variables {
        if let Found::Text(text) = super::fields::found(fields.resolver.resolve(&variable.value)) {
            environment.push((variable.key.clone(), text));
        }
    }
    let mut command = fields.texts(node, "entrypoint");
    command.extend(fields.texts(node, "command"));
    ContainerTemplate {
        name: Setting::Known { value: name.to_owned(), at: at.clone(), used_at: None },
        label: name.to_owned(),
        at: at.clone(),
        cpu: Setting::Absent,
        memory: Setting::Absent,
        memory_reservation: Setting::Absent,
        essential: fields.flag(node, "essential").unwrap_or(true),
        gpus: 0,
        privileged: false,
        runtime_settings: container::settings(fields, &environment, &command),
    }
}

fn service(fields: &Fields<'_>, manifest: &Node, at: &Place) -> ServiceTemplate {
    let count = fields.map(manifest, "count");
    let desired_count = match count {
        None => fields.size(manifest, "count", "", parse_whole).or_default_of_tool(DEFAULT_COUNT, at),
        Some(count) if count.get("spot").is_some() && count.get("range").is_none() => {
            fields.size(count, "spot", "count.", parse_whole)
        }
        Some(count) => Setting::Unresolved {
            why: "it is scaled between two counts".to_owned(),
            at: fields.source.place(count.span),
        },
    };
    let spot = count.and_then(|count| count.get("spot"));
    let strategy = spot.map(|spot| StrategyTemplate {
        provider: Some("FARGATE_SPOT".to_owned()),
        base: Some(0),
        weight: Some(1),
        at: fields.source.place(spot.span),
    });
    ServiceTemplate {
        name: named_by_copilot("service", at),
        at: at.clone(),
        cluster: named_by_copilot("cluster", at),
        desired_count,
        min_capacity: Setting::Absent,
        launch_type: Setting::Absent,
        strategy: strategy.into_iter().collect(),
        tags: BTreeMap::new(),
    }
}
