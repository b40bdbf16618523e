//! Plans, as `terraform show -json` gives them.
//!
//! What a plan does not know before it is applied is unresolved. A place is that of the value in the plan; within
//! the text of `container_definitions` that of the value within the text.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use memchr::memmem;

use super::{
    super::{
        ServiceTemplate, Span, TaskTemplate, TemplateError, TemplateFile, TemplateKind,
        cloudformation::read_service,
        document::{Node, SourceText, Value as Written},
        fields::Fields,
        json,
        resolve::{Resolve, Resolved, literal},
        task_definition,
    },
    lower::{self, map},
    offsets::Offsets,
    resource_types::{SCALING, SERVICE, TASK_DEFINITION},
};
use crate::workload::parse_whole;

/// The tag of what is known only once the plan is applied; JSON has no tags.
const UNKNOWN: &str = "!unknown";
/// Modules within each other.
const MAX_MODULES_DEEP: usize = 64;

/// Whether a file is a plan with something about ECS tasks.
pub fn is_plan(bytes: &[u8]) -> bool {
    let has = |needle: &str| memmem::find(bytes, needle.as_bytes()).is_some();
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    text.trim_ascii_start().starts_with(b"{")
        && has("\"format_version\"")
        && (has("\"planned_values\"") || has("\"resource_changes\""))
        && has("\"aws_ecs_")
}

/// Reads a plan.
pub fn read(source: &SourceText) -> TemplateFile {
    let mut file = TemplateFile {
        path: Arc::clone(&source.path),
        kind: TemplateKind::TerraformPlan,
        text: Arc::clone(&source.text),
        tasks: Vec::new(),
        constraints: Vec::new(),
        not_created: Vec::new(),
        error: None,
    };
    let json = match json::read(source) {
        Ok(json) => json,
        Err(mut error) => {
            error.message = format!("not valid JSON: {}", error.message);
            file.error = Some(source.error(error));
            return file;
        }
    };
    let mut errors: Vec<TemplateError> = json
        .defects
        .into_iter()
        .map(|mut defect| {
            defect.message = format!("not valid JSON: {}", defect.message);
            source.error(defect)
        })
        .collect();
    let plan = Plan { source, unknown: unknown(&json.root), references: references(&json.root) };
    file.tasks = plan.tasks(&json.root, &mut errors);
    file.error = errors.into_iter().min_by_key(|error| (error.line, error.column));
    file
}

/// A resource of a plan.
struct Resource<'n> {
    address: &'n str,
    address_span: Span,
    kind: &'n str,
    values: &'n Node,
}

struct Plan<'n> {
    source: &'n SourceText,
    /// `after_unknown` by address.
    unknown: BTreeMap<&'n str, &'n Node>,
    /// What the task definition of a service refers to, by the service's address without keys.
    references: BTreeMap<String, Vec<String>>,
}

impl<'n> Plan<'n> {
    fn tasks(&self, root: &'n Node, errors: &mut Vec<TemplateError>) -> Vec<TaskTemplate> {
        let mut resources = Vec::new();
        match root.named("planned_values").and_then(|planned| planned.named("root_module")) {
            Some(module) => collect(module, 0, &mut resources),
            None => resources.extend(changed(root)),
        }
        let mut tasks: Vec<TaskTemplate> = resources
            .iter()
            .filter(|resource| resource.kind == TASK_DEFINITION)
            .map(|resource| self.task(resource, errors))
            .collect();
        let scalings = resources.iter().filter(|resource| resource.kind == SCALING);
        let scalings: BTreeMap<&str, &Node> = scalings.filter_map(scaling).collect();
        let index = Index::of(&tasks);
        for resource in resources.iter().filter(|resource| resource.kind == SERVICE) {
            let service = self.service(resource, &scalings);
            for task in self.run_by(resource, &index) {
                tasks[task].services.push(service.clone());
            }
        }
        tasks
    }

    fn task(&self, resource: &Resource<'n>, errors: &mut Vec<TemplateError>) -> TaskTemplate {
        let span = resource.values.span;
        let mut entries = Vec::new();
        let plain = [
            ("family", "family"),
            ("cpu", "cpu"),
            ("memory", "memory"),
            ("network_mode", "networkMode"),
            ("requires_compatibilities", "requiresCompatibilities"),
            ("placement_constraints", "placementConstraints"),
        ];
        for (key, word) in plain {
            entries.extend(self.value(resource, key).map(|node| (word, node)));
        }
        let platform = self.block(resource, "runtime_platform", &lower::PLATFORM);
        entries.extend(platform.map(|node| ("runtimePlatform", node)));
        let storage = self.block(resource, "ephemeral_storage", &lower::STORAGE);
        entries.extend(storage.map(|node| ("ephemeralStorage", node)));
        entries.extend(self.value(resource, "volume").map(|node| ("volumes", volumes(&node))));
        if let Some(node) = self.value(resource, "container_definitions") {
            entries.push(("containerDefinitions", self.containers(node, errors)));
        }
        let tags = self.value(resource, "tags_all").filter(|tags| !tags.entries().is_empty());
        let tags_known = tags.is_some() || !self.is_unknown(resource, "tags_all");
        entries.extend(tags.or_else(|| self.value(resource, "tags")).map(|node| ("tags", node)));
        let definition = map(span, entries);
        let fields = Fields::new(self.source, &Applied, errors);
        let at = self.source.place(resource.address_span);
        let mut task = task_definition::read_fields(&fields, TemplateKind::TerraformPlan, &definition, at);
        resource.address.clone_into(&mut task.name);
        task.tags_unresolved |= !tags_known;
        task
    }

    /// A service; `scalings` have the least that one of a name is scaled to.
    fn service(&self, resource: &Resource<'n>, scalings: &BTreeMap<&str, &Node>) -> ServiceTemplate {
        let words = [
            ("name", "ServiceName"),
            ("cluster", "Cluster"),
            ("desired_count", "DesiredCount"),
            ("launch_type", "LaunchType"),
        ];
        let mut entries: Vec<(&str, Node)> =
            words.iter().filter_map(|(key, word)| Some((*word, self.value(resource, key)?))).collect();
        if let Some(node) = self.value(resource, "capacity_provider_strategy") {
            let strategy = match &node.value {
                Written::Seq(items) => {
                    let items = items.iter().map(|item| renamed(item, &lower::STRATEGY)).collect();
                    Node { span: node.span, value: Written::Seq(items) }
                }
                _ => node,
            };
            entries.push(("CapacityProviderStrategy", strategy));
        }
        let tags = self.value(resource, "tags_all").filter(|tags| !tags.entries().is_empty());
        entries.extend(tags.or_else(|| self.value(resource, "tags")).map(|node| ("Tags", node)));
        let properties = map(resource.values.span, entries);
        // What is wrong with a service has no bearing on its task definition's size.
        let mut errors = Vec::new();
        let fields = Fields::new(self.source, &Applied, &mut errors);
        let (mut service, _) = read_service(&fields, &properties, self.source.place(resource.address_span));
        if let Some(least) = service.name.known().and_then(|name| scalings.get(name.as_str())) {
            let scaling = map(least.span, vec![("MinCapacity", (*least).clone())]);
            service.min_capacity = fields.size(&scaling, "MinCapacity", "", parse_whole);
        }
        service
    }

    /// The task definitions that a service runs: those it refers to, and those of the family that it names.
    fn run_by(&self, service: &Resource<'n>, index: &Index) -> BTreeSet<usize> {
        let (plain, key) = split_key(service.address);
        let module = module_of(service.address);
        let references = self.references.get(&plain).map(Vec::as_slice).unwrap_or_default();
        let referred = references.iter().filter_map(|reference| index.by_address.get(reference)).flatten();
        let referred = referred.filter(|task| {
            task.module == module && key.zip(task.key.as_deref()).is_none_or(|(own, of_task)| own == of_task)
        });
        let named = service.values.named("task_definition").and_then(Node::as_str).map(|text| {
            let last = text.rsplit('/').next().unwrap_or_default();
            last.split(':').next().unwrap_or_default()
        });
        let of_family = named.and_then(|family| index.by_family.get(family)).into_iter().flatten();
        referred.map(|task| task.place).chain(of_family.copied()).collect()
    }

    fn is_unknown(&self, resource: &Resource<'_>, key: &str) -> bool {
        let unknown = self.unknown.get(resource.address).and_then(|unknown| unknown.named(key));
        unknown.is_some_and(|node| node.value == Written::Bool(true))
    }

    /// A value of a resource, with a tag where it is not known.
    fn value(&self, resource: &Resource<'n>, key: &str) -> Option<Node> {
        let unknown = self.unknown.get(resource.address).and_then(|unknown| unknown.named(key));
        let address = Self::address_node(resource);
        match (resource.values.named(key), unknown) {
            (None | Some(Node { value: Written::Null, .. }), Some(unknown))
                if unknown.value == Written::Bool(true) =>
            {
                Some(tagged(&address))
            }
            (Some(value), Some(unknown)) => Some(with_unknown(value, unknown, &address)),
            (Some(value), None) => Some(value.clone()),
            (None, _) => None,
        }
    }

    fn address_node(resource: &Resource<'_>) -> Node {
        Node { span: resource.address_span, value: Written::String(resource.address.to_owned()) }
    }

    /// A block of which there is one at most: plans have it as a list.
    fn block(&self, resource: &Resource<'n>, key: &str, words: &[(&str, &'static str)]) -> Option<Node> {
        let node = self.value(resource, key)?;
        match &node.value {
            Written::Seq(items) => items.first().map(|item| renamed(item, words)),
            Written::Map(_) => Some(renamed(&node, words)),
            Written::Null => None,
            _ => Some(node),
        }
    }

    /// The containers of a text of JSON, with the spans that they have in the plan.
    fn containers(&self, node: Node, errors: &mut Vec<TemplateError>) -> Node {
        let Written::String(text) = &node.value else { return node };
        let offsets = Offsets::new(self.source.slice(node.span), node.span);
        let inner = SourceText::from_text(Arc::clone(&self.source.path), text);
        match json::read(&inner) {
            Ok(json) => offsets.moved(&json.root),
            Err(mut error) => {
                error.message = format!("container_definitions: not valid JSON: {}", error.message);
                error.offset = offsets.raw(error.offset);
                errors.push(self.source.error(error));
                tagged(&node)
            }
        }
    }
}

/// The service that a target scales, and its least number of tasks.
fn scaling<'n>(resource: &Resource<'n>) -> Option<(&'n str, &'n Node)> {
    let id = resource.values.named("resource_id")?.as_str()?;
    let (_, name) = id.strip_prefix("service/")?.rsplit_once('/')?;
    Some((name, resource.values.named("min_capacity")?))
}

/// The task definitions of a plan, by what services call them.
struct Index {
    /// Without keys.
    by_address: BTreeMap<String, Vec<Indexed>>,
    by_family: BTreeMap<String, Vec<usize>>,
}

struct Indexed {
    /// Among the task definitions.
    place: usize,
    /// The module it is in, keys included.
    module: String,
    key: Option<String>,
}

impl Index {
    fn of(tasks: &[TaskTemplate]) -> Self {
        let mut index = Self { by_address: BTreeMap::new(), by_family: BTreeMap::new() };
        for (place, task) in tasks.iter().enumerate() {
            let (plain, key) = split_key(&task.name);
            let module = module_of(&task.name).to_owned();
            let indexed = Indexed { place, module, key: key.map(str::to_owned) };
            index.by_address.entry(plain).or_default().push(indexed);
            if let Some(family) = task.family.known() {
                index.by_family.entry(family.clone()).or_default().push(place);
            }
        }
        index
    }
}

/// Follows the tags that this reader puts in.
struct Applied;

impl Resolve for Applied {
    fn resolve<'a>(&'a self, node: &'a Node) -> Resolved<'a> {
        match &node.value {
            Written::Tagged(tag, _) if tag == UNKNOWN => Resolved::Unresolved {
                why: "it is known only after the plan is applied".to_owned(),
                at: node.span,
            },
            // A plan is filled in: what looks like a placeholder is text.
            _ => literal(node),
        }
    }
}

fn tagged(node: &Node) -> Node {
    Node { span: node.span, value: Written::Tagged(UNKNOWN.to_owned(), Box::new(node.clone())) }
}

/// A value with tags for all of it that is not known.
fn with_unknown(value: &Node, unknown: &Node, at: &Node) -> Node {
    match (&value.value, &unknown.value) {
        (_, Written::Bool(true)) => tagged(if value.value == Written::Null { at } else { value }),
        (Written::Seq(items), Written::Seq(unknowns)) => {
            let none = Node { span: unknown.span, value: Written::Bool(false) };
            let items = items
                .iter()
                .enumerate()
                .map(|(index, item)| with_unknown(item, unknowns.get(index).unwrap_or(&none), value));
            Node { span: value.span, value: Written::Seq(items.collect()) }
        }
        (Written::Map(entries), Written::Map(unknowns)) => {
            let mut entries = entries.clone();
            for unknown in unknowns {
                match entries.iter_mut().find(|entry| entry.key == unknown.key) {
                    Some(entry) => entry.value = with_unknown(&entry.value, &unknown.value, value),
                    None if unknown.value.value == Written::Bool(true) => {
                        let mut entry = unknown.clone();
                        entry.key_span = value.span;
                        entry.value = tagged(value);
                        entries.push(entry);
                    }
                    None => {}
                }
            }
            Node { span: value.span, value: Written::Map(entries) }
        }
        _ => value.clone(),
    }
}

/// A map in the words of ECS.
fn renamed(node: &Node, words: &[(&str, &'static str)]) -> Node {
    if !matches!(node.value, Written::Map(_)) {
        return node.clone();
    }
    let entries = words.iter().filter_map(|(key, word)| Some((*word, node.named(key)?.clone()))).collect();
    map(node.span, entries)
}

fn volumes(list: &Node) -> Node {
    let items = list.items().iter().map(|volume| {
        let mut entries = Vec::new();
        for (key, word) in lower::VOLUMES {
            if volume.named(key).is_some_and(|blocks| !blocks.items().is_empty()) {
                entries.push((word, map(volume.span, Vec::new())));
            }
        }
        if let Some(path) = volume.named("host_path").filter(|path| path.value != Written::Null) {
            entries.push(("host", map(path.span, vec![("sourcePath", path.clone())])));
        }
        if let Some(flag) = volume.named("configure_at_launch") {
            entries.push(("configuredAtLaunch", flag.clone()));
        }
        map(volume.span, entries)
    });
    Node { span: list.span, value: Written::Seq(items.collect()) }
}

/// The resources of a module and those within it.
fn collect<'n>(module: &'n Node, depth: usize, resources: &mut Vec<Resource<'n>>) {
    let planned = module.named("resources").map(Node::items).unwrap_or_default();
    resources.extend(planned.iter().filter_map(|node| resource(node, node.named("values")?)));
    if depth < MAX_MODULES_DEEP {
        for child in module.named("child_modules").map(Node::items).unwrap_or_default() {
            collect(child, depth + 1, resources);
        }
    }
}

fn resource<'n>(node: &'n Node, values: &'n Node) -> Option<Resource<'n>> {
    let address = node.named("address")?;
    let managed = node.named("mode").and_then(Node::as_str).is_none_or(|mode| mode == "managed");
    managed.then_some(())?;
    Some(Resource {
        address: address.as_str()?,
        address_span: address.span,
        kind: node.named("type")?.as_str()?,
        values,
    })
}

/// The resources that a plan without planned values leaves behind.
fn changed(root: &Node) -> impl Iterator<Item = Resource<'_>> {
    root.named("resource_changes").map(Node::items).unwrap_or_default().iter().filter_map(|node| {
        let after = node.named("change")?.named("after")?;
        if after.value == Written::Null { None } else { resource(node, after) }
    })
}

fn unknown(root: &Node) -> BTreeMap<&str, &Node> {
    let changes = root.named("resource_changes").map(Node::items).unwrap_or_default();
    changes
        .iter()
        .filter_map(|node| {
            Some((node.named("address")?.as_str()?, node.named("change")?.named("after_unknown")?))
        })
        .collect()
}

/// What services refer to for their task definition, both by address without keys.
fn references(root: &Node) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    if let Some(module) =
        root.named("configuration").and_then(|configuration| configuration.named("root_module"))
    {
        configured(module, "", 0, &mut found);
    }
    found
}

fn configured(module: &Node, prefix: &str, depth: usize, found: &mut BTreeMap<String, Vec<String>>) {
    for node in module.named("resources").map(Node::items).unwrap_or_default() {
        let text = |key: &str| node.named(key).and_then(Node::as_str);
        let (Some(SERVICE), Some(address)) = (text("type"), text("address")) else { continue };
        let names = node
            .named("expressions")
            .and_then(|expressions| expressions.named("task_definition"))
            .and_then(|expression| expression.named("references"))
            .map(Node::items)
            .unwrap_or_default();
        let definitions = names
            .iter()
            .filter_map(Node::as_str)
            .filter(|name| name.starts_with(TASK_DEFINITION))
            // `aws_ecs_task_definition.api["blue"].arn`
            .map(|name| {
                let name: Vec<&str> = name.split(['.', '[']).take(2).collect();
                format!("{prefix}{}", name.join("."))
            })
            .collect();
        found.insert(format!("{prefix}{address}"), definitions);
    }
    if depth < MAX_MODULES_DEEP {
        for call in module.named("module_calls").map(Node::entries).unwrap_or_default() {
            if let Some(module) = call.value.named("module") {
                configured(module, &format!("{prefix}module.{}.", call.key), depth + 1, found);
            }
        }
    }
}

/// An address without its keys, and the last of these.
fn split_key(address: &str) -> (String, Option<&str>) {
    let mut plain = String::new();
    let mut key = None;
    let mut rest = address;
    while let Some(open) = rest.find('[') {
        plain.push_str(&rest[..open]);
        // A key in quotes may have brackets in it.
        let close = if rest[open..].starts_with("[\"") { "\"]" } else { "]" };
        let end = rest[open..].find(close).map_or(rest.len(), |end| open + end + close.len());
        key = Some(&rest[open..end]).filter(|_| !rest[end..].contains('.'));
        rest = &rest[end..];
    }
    plain.push_str(rest);
    (plain, key)
}

/// The module that an address is in, keys included.
fn module_of(address: &str) -> &str {
    let at = [TASK_DEFINITION, SERVICE].iter().filter_map(|kind| address.rfind(&format!("{kind}."))).max();
    address.get(..at.unwrap_or_default()).unwrap_or_default()
}
