//! `AWS::ECS::Service`.

use super::{
    super::{
        Place, ServiceTemplate, StrategyTemplate,
        document::{Node, Value},
        fields::{Fields, Found},
        task_definition,
    },
    intrinsics::intrinsic,
};
use crate::{
    template::{Setting, resolve::Resolved},
    workload::{LaunchType, parse_whole},
};

/// Reads a service, and what it runs: logical ids of task definitions, and families.
pub fn read(fields: &Fields<'_>, properties: &Node, at: Place) -> (ServiceTemplate, Vec<String>) {
    let (tags, _) =
        properties.get("Tags").map(|tags| task_definition::tags_of(fields, tags)).unwrap_or_default();
    let service = ServiceTemplate {
        name: fields.text(properties, "ServiceName"),
        at,
        cluster: fields.text(properties, "Cluster"),
        desired_count: fields.size(properties, "DesiredCount", "", parse_whole),
        // No property of a service's own: whoever knows the scaling puts it in.
        min_capacity: Setting::Absent,
        launch_type: launch_type(fields, properties),
        strategy: strategy(fields, properties),
        tags,
    };
    let mut runs = Vec::new();
    if let Some(node) = properties.get("TaskDefinition") {
        names(node, &mut runs);
        if let Resolved::Known { node, .. } = fields.resolver.resolve(node)
            && let Some(text) = node.as_str()
        {
            // `family`, `family:revision`, or an ARN that ends so.
            let last = text.rsplit('/').next().unwrap_or_default();
            runs.push(last.split(':').next().unwrap_or_default().to_owned());
        }
    }
    (service, runs)
}

/// Whether a scalable target is of the count of an ECS service, and of which: as it is referred to, or by its name.
pub fn scaled(fields: &Fields<'_>, properties: &Node) -> Option<(Vec<String>, Option<String>)> {
    let says = |key: &str, text: &str| match fields.text(properties, key) {
        Setting::Known { value, .. } => value == text,
        Setting::Absent | Setting::Unresolved { .. } => true,
    };
    if !says("ServiceNamespace", "ecs") || !says("ScalableDimension", "ecs:service:DesiredCount") {
        return None;
    }
    let node = properties.get("ResourceId")?;
    let mut references = Vec::new();
    names(node, &mut references);
    Some((references, last_part(fields, node)))
}

/// The part of `service/CLUSTER/SERVICE` that is the service's, as far as it is known; the cluster need not be.
fn last_part(fields: &Fields<'_>, node: &Node) -> Option<String> {
    if let Resolved::Known { node, .. } = fields.resolver.resolve(node) {
        return node.as_str()?.rsplit_once('/').map(|(_, name)| name.to_owned());
    }
    let (function, argument) = intrinsic(node)?;
    match &*function {
        "Fn::Sub" => {
            let (_, name) = argument.as_str()?.rsplit_once('/')?;
            let text = Node { span: node.span, value: Value::String(name.to_owned()) };
            let name = Node { span: node.span, value: Value::Tagged("!Sub".to_owned(), Box::new(text)) };
            match fields.resolver.resolve(&name) {
                Resolved::Known { node, .. } => node.as_str().map(str::to_owned),
                Resolved::NoValue | Resolved::Unresolved { .. } => None,
            }
        }
        "Fn::Join" => {
            let [_, list] = argument.items() else { return None };
            match fields.resolver.resolve(list.items().last()?) {
                Resolved::Known { node, .. } => node.as_str()?.rsplit('/').next().map(str::to_owned),
                Resolved::NoValue | Resolved::Unresolved { .. } => None,
            }
        }
        _ => None,
    }
}

fn launch_type(fields: &Fields<'_>, properties: &Node) -> Setting<LaunchType> {
    match fields.text(properties, "LaunchType") {
        Setting::Absent => Setting::Absent,
        Setting::Unresolved { why, at } => Setting::Unresolved { why, at },
        Setting::Known { value, at, used_at } => {
            let value = match value.as_str() {
                "FARGATE" => LaunchType::Fargate,
                "EC2" => LaunchType::Ec2,
                "EXTERNAL" => LaunchType::External,
                "MANAGED_INSTANCES" => LaunchType::ManagedInstances,
                _ => LaunchType::Unknown,
            };
            Setting::Known { value, at, used_at }
        }
    }
}

fn strategy(fields: &Fields<'_>, properties: &Node) -> Vec<StrategyTemplate> {
    const KEY: &str = "CapacityProviderStrategy";
    let unknown = |at| {
        let at = fields.source.place(at);
        StrategyTemplate { provider: None, base: None, weight: None, at }
    };
    if let Some(Resolved::Unresolved { at, .. }) = fields.get(properties, KEY) {
        return vec![unknown(at)];
    }
    let items = fields.list(properties, KEY).into_iter();
    items
        .filter_map(|item| match item {
            Resolved::Known { node, .. } => matches!(node.value, Value::Map(_)).then(|| line(fields, &node)),
            Resolved::Unresolved { at, .. } => Some(unknown(at)),
            Resolved::NoValue => None,
        })
        .collect()
}

fn line(fields: &Fields<'_>, item: &Node) -> StrategyTemplate {
    let whole = |key: &str| match fields.size(item, key, "", parse_whole) {
        Setting::Absent => Some(0),
        setting => setting.known().copied(),
    };
    StrategyTemplate {
        provider: match fields.found(item, "CapacityProvider") {
            Found::Text(text) => Some(text.value.into_owned()),
            Found::Unresolved { .. } | Found::Absent | Found::Other { .. } => None,
        },
        base: whole("Base"),
        weight: whole("Weight"),
        at: fields.source.place(item.span),
    }
}

/// The logical ids that an expression refers to.
fn names(node: &Node, found: &mut Vec<String>) {
    if let Some((function, argument)) = intrinsic(node) {
        match (&*function, argument) {
            ("Ref", argument) => found.extend(argument.as_str().map(str::to_owned)),
            ("Fn::GetAtt", argument) => {
                let first = argument.items().first().unwrap_or(argument);
                found.extend(first.as_str().and_then(|text| text.split('.').next()).map(str::to_owned));
            }
            ("Fn::Sub", argument) => {
                let text = argument.items().first().unwrap_or(argument).as_str().unwrap_or_default();
                for name in text.split("${").skip(1) {
                    let name = name.split(['}', '.']).next().unwrap_or_default();
                    found.push(name.trim().to_owned());
                }
                argument.items().iter().skip(1).for_each(|variables| names(variables, found));
            }
            (_, argument) => names(argument, found),
        }
        return;
    }
    match &node.value {
        Value::Seq(items) => items.iter().for_each(|item| names(item, found)),
        Value::Map(entries) => entries.iter().for_each(|entry| names(&entry.value, found)),
        Value::Tagged(_, inner) => names(inner, found),
        _ => {}
    }
}
