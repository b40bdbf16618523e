//! Modules of the registry that many use: the `service` module of terraform-aws-modules/ecs, and `services` of the
//! module around it.

use std::collections::BTreeMap;

use hcl_edit::{expr::Expression, structure::Body};

use super::{
    super::{
        Span, TaskTemplate, TemplateKind,
        cloudformation::read_service,
        document::{Node, Value as Written},
        fields::Fields,
        task_definition,
    },
    instances::Instance,
    lower::{self, Lowered, map},
    module::attribute,
    tags,
    task::Reading,
    value::{FileSpan, Kind, Map, Value, Why},
};

const REGISTRY: &str = "terraform-aws-modules/ecs/aws";
/// What is not known of a module that is not here.
const DEFAULT: &str =
    "the default of the module terraform-aws-modules/ecs is not in these files; give it here";

/// The task definitions that a call makes; none of a module that is not known.
pub fn read(
    reading: &mut Reading<'_>,
    instance: &Instance<'_, '_>,
    body: &Body,
    head: FileSpan,
    prefix: &str,
) -> Vec<TaskTemplate> {
    let Some(inner) = inner(body).filter(|_| has_tasks(body)) else { return Vec::new() };
    let environment = &instance.environment;
    let arguments = body
        .attributes()
        .map(|attribute| (attribute.key.as_str().to_owned(), environment.evaluate(&attribute.value)));
    let arguments = Kind::map(arguments.collect(), None);
    match (inner, arguments) {
        (_, Kind::Map(arguments)) if !creates(&arguments) => {
            reading.leave_out(head, prefix.trim_end_matches('.').to_owned());
            Vec::new()
        }
        ("//modules/service", Kind::Map(arguments)) => {
            let name = format!("{prefix}aws_ecs_task_definition.this");
            vec![task(reading, instance, &arguments, head, head.span, name)]
        }
        ("", Kind::Map(arguments)) => {
            let Some(Kind::Map(services)) = arguments.get("services").map(|services| &services.kind) else {
                return Vec::new();
            };
            let mut tasks = Vec::new();
            for (key, service) in services.entries.iter() {
                if let Kind::Map(arguments) = &service.kind {
                    let at = match service.at {
                        super::value::Spot::Here(at) if at.file == head.file => at.span,
                        _ => head.span,
                    };
                    let name = format!("{prefix}module.service[\"{key}\"].aws_ecs_task_definition.this");
                    if !creates(arguments) {
                        reading.leave_out(FileSpan { span: at, ..head }, name);
                        continue;
                    }
                    let mut arguments = arguments.clone();
                    // The module calls a service by its key where it is not named.
                    if arguments.get("name").is_none() {
                        let mut entries = arguments.entries.to_vec();
                        entries.push((
                            "name".to_owned(),
                            Value::new(Kind::text(key.as_str()), FileSpan { span: at, ..head }),
                        ));
                        if let Kind::Map(named) = Kind::map(entries, arguments.open.clone()) {
                            arguments = named;
                        }
                    }
                    tasks.push(task(reading, instance, &arguments, head, at, name));
                }
            }
            tasks
        }
        _ => Vec::new(),
    }
}

/// The part of the known modules that a call is of.
fn inner(call: &Body) -> Option<&str> {
    let source = attribute(call, "source").and_then(Expression::as_str)?;
    source.strip_prefix("registry.terraform.io/").unwrap_or(source).strip_prefix(REGISTRY)
}

/// Whether a call is of a known module that makes task definitions.
pub fn has_tasks(call: &Body) -> bool {
    match inner(call) {
        Some("//modules/service") => true,
        Some("") => attribute(call, "services").is_some(),
        _ => false,
    }
}

/// Whether a call makes a task definition, unless it says that it makes none.
fn creates(arguments: &Map) -> bool {
    ["create", "create_task_definition"]
        .iter()
        .all(|key| arguments.get(key).is_none_or(|value| value.as_bool() != Ok(false)))
}

fn task(
    reading: &mut Reading<'_>,
    instance: &Instance<'_, '_>,
    arguments: &Map,
    head: FileSpan,
    at: Span,
    name: String,
) -> TaskTemplate {
    let source = instance.environment.source;
    let mut lowered = Lowered::new(reading.sources, head.file);
    let end = at.end.min(at.start + (head.span.end - head.span.start).max(1));
    let at = Span { start: at.start, end: source.text.text.ceil_char_boundary(end) };
    let mut entries = Vec::new();
    for (key, word) in [("cpu", "cpu"), ("memory", "memory")] {
        entries.push((
            word,
            match arguments.get(key) {
                Some(value) => lowered.node(value, at),
                None => lowered.unknown(Why::from(DEFAULT), at),
            },
        ));
    }
    let words = [("network_mode", "networkMode"), ("requires_compatibilities", "requiresCompatibilities")];
    for (key, word) in words {
        if let Some(value) = arguments.get(key) {
            entries.push((word, lowered.node(value, at)));
        }
    }
    if arguments.get("requires_compatibilities").is_none() {
        let fargate = Node { span: at, value: Written::String("FARGATE".to_owned()) };
        entries.push(("requiresCompatibilities", Node { span: at, value: Written::Seq(vec![fargate]) }));
    }
    if let Some(value) = arguments.get("family").or_else(|| arguments.get("name")) {
        entries.push(("family", lowered.node(value, at)));
    }
    if let Some(value) = arguments.get("container_definitions") {
        entries.push(("containerDefinitions", containers(&mut lowered, value, at)));
    }
    let nested = [
        ("runtime_platform", "runtimePlatform", &lower::PLATFORM[..]),
        ("ephemeral_storage", "ephemeralStorage", &lower::STORAGE),
    ];
    for (key, word, words) in nested {
        match arguments.get(key).map(|value| (&value.kind, value)) {
            Some((Kind::Map(inner), _)) => {
                let inner =
                    words.iter().filter_map(|(key, word)| Some((*word, lowered.node(inner.get(key)?, at))));
                let node = map(at, inner.collect());
                entries.push((word, node));
            }
            Some((Kind::Null, _)) | None => {}
            Some((_, value)) => entries.push((word, lowered.node(value, at))),
        }
    }
    let definition = map(at, entries);
    let service = service(&mut lowered, arguments, at);
    let mut errors = Vec::new();
    let fields = Fields::new(&source.text, &lowered, &mut errors);
    let place = source.text.place(at);
    let mut task = task_definition::read_fields(&fields, TemplateKind::Terraform, &definition, place.clone());
    let (mut service, _) = read_service(&fields, &service, place);
    reading.errors.extend(errors.into_iter().map(|error| (head.file, error)));
    task.name = name;
    let mut known = BTreeMap::new();
    if let Some(value) = arguments.get("tags") {
        tags::put(&instance.environment, value, &mut known);
    }
    task.tags = known;
    // The provider's default tags, and those of the module, come on top.
    task.tags_unresolved = true;
    service.tags.clone_from(&task.tags);
    let creates = arguments.get("create_service").is_none_or(|value| value.as_bool() != Ok(false));
    if creates {
        task.services.push(service);
    }
    task
}

fn service(lowered: &mut Lowered<'_>, arguments: &Map, at: Span) -> Node {
    let words = [
        ("name", "ServiceName"),
        ("cluster_arn", "Cluster"),
        ("desired_count", "DesiredCount"),
        ("launch_type", "LaunchType"),
    ];
    let mut entries: Vec<(&str, Node)> =
        words.iter().filter_map(|(key, word)| Some((*word, lowered.node(arguments.get(key)?, at)))).collect();
    if let Some(value) = arguments.get("capacity_provider_strategy") {
        entries.push(("CapacityProviderStrategy", strategy(lowered, value, at)));
    }
    map(at, entries)
}

/// The lines of a strategy, which the module takes as a map by name.
fn strategy(lowered: &mut Lowered<'_>, value: &Value, at: Span) -> Node {
    let Kind::Map(lines) = &value.kind else { return lowered.node(value, at) };
    let mut items = Vec::new();
    for (_, line) in lines.entries.iter() {
        items.push(match &line.kind {
            Kind::Map(line) => {
                let entries = lower::STRATEGY
                    .iter()
                    .filter_map(|(key, word)| Some((*word, lowered.node(line.get(key)?, at))));
                map(at, entries.collect())
            }
            _ => lowered.node(line, at),
        });
    }
    if let Some(why) = &lines.open {
        items.push(lowered.unknown(Why::clone(why), at));
    }
    Node { span: at, value: Written::Seq(items) }
}

/// The containers, which the module takes as a map by name.
fn containers(lowered: &mut Lowered<'_>, value: &Value, at: Span) -> Node {
    let Kind::Map(containers) = &value.kind else { return lowered.node(value, at) };
    let mut items = Vec::new();
    for (key, container) in containers.entries.iter() {
        let mut node = lowered.node(container, at);
        if let Written::Map(entries) = &mut node.value {
            for entry in entries.iter_mut() {
                if entry.key == "memory_reservation" {
                    "memoryReservation".clone_into(&mut entry.key);
                }
            }
            if entries.iter().all(|entry| entry.key != "name") {
                let span = node.span;
                let value = Node { span, value: Written::String(key.clone()) };
                entries.push(super::super::document::Entry { key: "name".to_owned(), key_span: span, value });
            }
        }
        items.push(node);
    }
    if let Some(why) = &containers.open {
        items.push(lowered.unknown(Why::clone(why), at));
    }
    Node { span: at, value: Written::Seq(items) }
}
