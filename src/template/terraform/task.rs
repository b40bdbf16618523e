//! `aws_ecs_task_definition`.

use std::sync::Arc;

use hcl_edit::{expr::Expression, structure::Body};

use super::{
    super::{
        NotCreated, Span, TaskTemplate, TemplateError, TemplateKind,
        document::{Node, SyntaxError, Value as Written},
        fields::Fields,
        task_definition,
    },
    encoded,
    environment::Environment,
    instances::{Instance, nested},
    lower::{self, Lowered, map},
    module::attribute,
    source::Source,
    tags,
    value::{FileSpan, Kind, Value, Why},
};

/// Where the files are, and what is wrong with them or not created, each with the index of its file.
pub struct Reading<'a> {
    pub sources: &'a [Source],
    pub errors: Vec<(usize, TemplateError)>,
    pub not_created: Vec<(usize, NotCreated)>,
}

impl<'a> Reading<'a> {
    pub fn new(sources: &'a [Source]) -> Self {
        Self { sources, errors: Vec::new(), not_created: Vec::new() }
    }

    pub fn leave_out(&mut self, at: FileSpan, name: String) {
        if let Some(source) = self.sources.get(at.file) {
            self.not_created.push((at.file, NotCreated { name, at: source.text.place(at.span) }));
        }
    }

    pub fn refuse(&mut self, at: FileSpan, message: String) {
        if let Some(source) = self.sources.get(at.file) {
            let error = SyntaxError { offset: at.span.start, message, hint: None };
            self.errors.push((at.file, source.text.error(error)));
        }
    }

    /// Takes over errors that name their file by its path.
    fn take(&mut self, errors: Vec<TemplateError>, file: usize) {
        for error in errors {
            let file = self.sources.iter().position(|source| source.text.path == error.path).unwrap_or(file);
            self.errors.push((file, error));
        }
    }
}

/// Reads one instance of a task definition, whose block's header is `head`.
pub fn read(
    reading: &mut Reading<'_>,
    instance: &Instance<'_, '_>,
    body: &Body,
    head: FileSpan,
    name: String,
) -> TaskTemplate {
    let sources = reading.sources;
    let environment = &instance.environment;
    let source = environment.source;
    let mut lowered = Lowered::new(sources, source.index);
    let mut entries = Vec::new();
    let plain = [
        ("family", "family"),
        ("cpu", "cpu"),
        ("memory", "memory"),
        ("network_mode", "networkMode"),
        ("requires_compatibilities", "requiresCompatibilities"),
    ];
    for (key, word) in plain {
        if let Some(expression) = attribute(body, key) {
            entries.push((word, plainly(&mut lowered, environment, expression)));
        }
    }
    if let Some(expression) = attribute(body, "container_definitions") {
        let mut value = environment.evaluate(expression);
        if let Kind::Text(text) = &value.kind
            && let Err(why) = environment.module.spend(text.content.len() / 16)
        {
            value.kind = Kind::Unknown(why);
        }
        if let Some(node) = containers(reading, &mut lowered, source, &value, source.span(expression)) {
            entries.push(("containerDefinitions", node));
        }
    }
    let storage = one_block(&mut lowered, environment, body, "ephemeral_storage", &lower::STORAGE);
    entries.extend(storage.map(|node| ("ephemeralStorage", node)));
    let platform = one_block(&mut lowered, environment, body, "runtime_platform", &lower::PLATFORM);
    entries.extend(platform.map(|node| ("runtimePlatform", node)));
    entries.push(("volumes", volumes(&mut lowered, environment, body, head.span)));
    let (constraints, _) = nested(environment, body, "placement_constraints");
    let constraints = constraints.iter().map(|block| {
        let words = [("type", "type"), ("expression", "expression")];
        block_map(&mut lowered, &block.environment, block.body, block.at.span, &words)
    });
    let constraints = Written::Seq(constraints.collect());
    entries.push(("placementConstraints", Node { span: head.span, value: constraints }));
    let definition = map(head.span, entries);
    let mut errors = Vec::new();
    let fields = Fields::new(&source.text, &lowered, &mut errors);
    let at = source.text.place(head.span);
    let mut task = task_definition::read_fields(&fields, TemplateKind::Terraform, &definition, at);
    reading.take(errors, source.index);
    task.name = name;
    (task.tags, task.tags_unresolved) = tags::of(environment, body);
    // Where it is too much, whatever is evaluated next says so.
    let _ = environment.module.spend(lowered.nodes());
    task
}

fn plainly(lowered: &mut Lowered<'_>, environment: &Environment<'_, '_>, expression: &Expression) -> Node {
    let value = environment.evaluate(expression);
    lowered.node(&value, environment.source.span(expression).span)
}

/// The list that an attribute of JSON has; nothing where it is refused.
pub fn containers(
    reading: &mut Reading<'_>,
    lowered: &mut Lowered<'_>,
    source: &Source,
    value: &Value,
    at: FileSpan,
) -> Option<Node> {
    if value.is_null() {
        return None;
    }
    match encoded::value_in(value, at) {
        Ok((mut list, defect)) => {
            if let Some(defect) = defect {
                reading.refuse(defect.at, format!("container_definitions: {}", defect.message));
            }
            if list.used_at.is_none() {
                list.used_at = value.used_at;
            }
            Some(lowered.node(&list, at.span))
        }
        Err(Err(why)) => Some(lowered.unknown(why, at.span)),
        Err(Ok(defect)) => {
            let message = format!("container_definitions: {}", defect.message);
            reading.refuse(defect.at, message.clone());
            let at = if defect.at.file == source.index { defect.at } else { at };
            Some(lowered.unknown(Why::from(message), at.span))
        }
    }
}

/// A block of which there is one at most, as a map.
fn one_block(
    lowered: &mut Lowered<'_>,
    environment: &Environment<'_, '_>,
    body: &Body,
    name: &str,
    words: &[(&str, &'static str)],
) -> Option<Node> {
    let (blocks, open) = nested(environment, body, name);
    match (blocks.first(), open) {
        (Some(block), _) => Some(block_map(lowered, &block.environment, block.body, block.at.span, words)),
        (None, Some((why, at))) => Some(lowered.unknown(why, at.span)),
        (None, None) => None,
    }
}

fn block_map(
    lowered: &mut Lowered<'_>,
    environment: &Environment<'_, '_>,
    body: &Body,
    span: Span,
    words: &[(&str, &'static str)],
) -> Node {
    let entries = words
        .iter()
        .filter_map(|(key, word)| Some((*word, plainly(lowered, environment, attribute(body, key)?))))
        .collect();
    map(span, entries)
}

/// Volumes by what they are configured with.
fn volumes(lowered: &mut Lowered<'_>, environment: &Environment<'_, '_>, body: &Body, span: Span) -> Node {
    let (blocks, _) = nested(environment, body, "volume");
    let items = blocks.iter().map(|block| {
        let span = block.at.span;
        let mut entries = Vec::new();
        for (name, word) in lower::VOLUMES {
            if !nested(&block.environment, block.body, name).0.is_empty() {
                entries.push((word, map(span, Vec::new())));
            }
        }
        if let Some(path) = attribute(block.body, "host_path") {
            entries
                .push(("host", map(span, vec![("sourcePath", plainly(lowered, &block.environment, path))])));
        }
        if let Some(flag) = attribute(block.body, "configure_at_launch") {
            entries.push(("configuredAtLaunch", plainly(lowered, &block.environment, flag)));
        }
        map(span, entries)
    });
    Node { span, value: Written::Seq(items.collect()) }
}

/// The head of a block: `resource "aws_ecs_task_definition" "api"`.
pub fn head(source: &Source, block: &hcl_edit::structure::Block) -> FileSpan {
    let start = source.span(block);
    let end = block.labels.last().map_or(start, |label| source.span(label));
    FileSpan { span: Span { start: start.span.start, end: end.span.end.max(start.span.start) }, ..start }
}

/// An address such as `module.api.aws_ecs_task_definition.main["blue"]`.
pub fn address(prefix: &str, kind: &str, name: &str, key: Option<&str>) -> String {
    let mut address = format!("{prefix}{kind}.{name}");
    address.push_str(key.unwrap_or_default());
    address
}

/// A path shared by all places of a file.
pub fn path(source: &Source) -> Arc<std::path::PathBuf> {
    Arc::clone(&source.text.path)
}
