//! `CloudFormation` templates, and what SAM and the CDK make of theirs.
//!
//! Takes a tree and inputs; gives the task definitions among its resources, each with the services of the template
//! that run it. Intrinsic functions are followed as far as the template and the inputs tell; what only a deployment
//! tells is unresolved, by name. A resource whose condition is known not to hold is told as not created.

mod cdk_tree;
mod conditions;
mod constraints;
mod intrinsics;
mod parameter_file;
mod service;

pub use cdk_tree::read_tree;
pub use service::read as read_service;

use std::collections::BTreeSet;

use super::{
    Inputs, NotCreated, TaskTemplate, TemplateError, TemplateKind,
    beside_tasks::BesideTasks,
    document::{Entry, Node, SourceText, Value},
    fields::Fields,
    resolve::Written,
    task_definition,
};
use crate::workload::parse_whole;
use intrinsics::Template;

const TASK_DEFINITION: &str = "AWS::ECS::TaskDefinition";
/// Resources of a kind that are read; `CloudFormation` takes 500 in all.
const MAX_RESOURCES: usize = 1000;
const SERVICE: &str = "AWS::ECS::Service";
const SCALABLE_TARGET: &str = "AWS::ApplicationAutoScaling::ScalableTarget";

/// Reads a template.
pub fn read(
    source: &SourceText,
    root: &Node,
    inputs: &Inputs,
    found: &mut BesideTasks,
    errors: &mut Vec<TemplateError>,
) -> Vec<TaskTemplate> {
    let template = Template::new(root, inputs);
    let fields = Fields::new(source, &template, errors);
    let mut resources = Vec::new();
    // Resources that a template takes in stand without the section's name.
    collect(root.get("Resources").unwrap_or(root), &mut resources);
    let written = |kind: &'static str| {
        let is_kind = move |entry: &&Entry| entry.value.get("Type").and_then(Node::as_str) == Some(kind);
        resources.iter().copied().filter(is_kind).take(MAX_RESOURCES)
    };
    let of_type = |kind: &'static str| written(kind).filter(|entry| is_created(&template, entry));
    let left_out =
        written(TASK_DEFINITION).chain(written(SERVICE)).filter(|entry| !is_created(&template, entry));
    let left_out: Vec<NotCreated> = left_out
        .map(|entry| NotCreated { name: entry.key.clone(), at: source.place(entry.key_span) })
        .collect();
    if resources.len() > MAX_RESOURCES {
        let message = format!("more than {MAX_RESOURCES} resources; the rest is not read");
        fields.refuse(&Written::Here(resources[MAX_RESOURCES].key_span), message, None);
    }
    let empty = Node { span: root.span, value: Value::Map(Vec::new()) };
    let mut names = BTreeSet::new();
    let mut tasks: Vec<TaskTemplate> = of_type(TASK_DEFINITION)
        .filter(|entry| names.insert(entry.key.as_str()))
        .map(|entry| {
            let properties = entry.value.get("Properties").unwrap_or(&empty);
            let at = source.place(entry.key_span);
            let mut task =
                task_definition::read_fields(&fields, TemplateKind::CloudFormation, properties, at);
            task.name.clone_from(&entry.key);
            task
        })
        .collect();
    let scaled: Vec<_> = of_type(SCALABLE_TARGET)
        .filter_map(|entry| {
            let properties = entry.value.get("Properties")?;
            let (references, name) = service::scaled(&fields, properties)?;
            Some((references, name, fields.size(properties, "MinCapacity", "", parse_whole)))
        })
        .collect();
    for entry in of_type(SERVICE) {
        let properties = entry.value.get("Properties").unwrap_or(&empty);
        let (mut service, runs) = service::read(&fields, properties, source.place(entry.key_span));
        let target = scaled.iter().find(|(references, name, _)| {
            references.contains(&entry.key) || (name.is_some() && name.as_ref() == service.name.known())
        });
        if let Some((.., least)) = target {
            service.min_capacity = least.clone();
        }
        for task in &mut tasks {
            if runs.iter().any(|run| *run == task.name || task.family.known() == Some(run)) {
                task.services.push(service.clone());
            }
        }
    }
    found.constraints.extend(constraints::read(source, &template, &fields));
    found.not_created.extend(left_out);
    tasks
}

/// Whether a resource's condition holds. Where that is not known it is taken for one that does: it may.
fn is_created(template: &Template<'_>, resource: &Entry) -> bool {
    let condition = resource.value.get("Condition").and_then(Node::as_str);
    condition.is_none_or(|name| template.condition(name) != Ok(false))
}

/// The resources of a section, those that `Fn::ForEach` repeats included, once each.
fn collect<'a>(section: &'a Node, resources: &mut Vec<&'a Entry>) {
    for entry in section.entries() {
        if entry.key.starts_with("Fn::ForEach::") {
            // [identifier, collection, {"Name${identifier}": {...}}]
            if let [_, _, body] = entry.value.items() {
                collect(body, resources);
            }
        } else {
            resources.push(entry);
        }
    }
}

#[cfg(test)]
mod tests;
