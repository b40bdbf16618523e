//! `tree.json` of the CDK: every construct with the resource it became.

use super::{
    super::{
        Inputs, TaskTemplate, TemplateError, TemplateKind,
        document::{Node, SourceText},
        fields::Fields,
        task_definition,
    },
    MAX_RESOURCES, SERVICE, TASK_DEFINITION,
    intrinsics::Template,
    service,
};

/// Reads the tree below a construct. Logical ids are not in it, so constructs go by their paths.
pub fn read_tree(
    source: &SourceText,
    tree: &Node,
    inputs: &Inputs,
    errors: &mut Vec<TemplateError>,
) -> Vec<TaskTemplate> {
    let template = Template::new(tree, inputs);
    let fields = Fields::new(source, &template, errors);
    let mut constructs = Vec::new();
    collect(tree, &mut constructs);
    let of_type = |kind: &'static str| {
        let resources = constructs.iter().copied().filter_map(move |construct| {
            let attributes = construct.get("attributes")?;
            let is_kind = attributes.get("aws:cdk:cloudformation:type")?.as_str() == Some(kind);
            let properties = attributes.get("aws:cdk:cloudformation:props")?;
            is_kind.then_some((construct.get("path").and_then(Node::as_str).unwrap_or_default(), properties))
        });
        resources.take(MAX_RESOURCES)
    };
    let mut tasks: Vec<TaskTemplate> = of_type(TASK_DEFINITION)
        .map(|(path, properties)| {
            let at = source.place(properties.span);
            let mut task =
                task_definition::read_fields(&fields, TemplateKind::CloudFormation, properties, at);
            path.strip_suffix("/Resource").unwrap_or(path).clone_into(&mut task.name);
            task
        })
        .collect();
    for (_, properties) in of_type(SERVICE) {
        let (service, runs) = service::read(&fields, properties, source.place(properties.span));
        for task in &mut tasks {
            // A logical id is the path without its stack and separators, and a hash of eight digits.
            let path = task.name.split_once('/').map_or(task.name.as_str(), |(_, rest)| rest);
            let id: String = path.chars().filter(char::is_ascii_alphanumeric).collect();
            if runs.iter().any(|run| run.len() == id.len() + 8 && run.starts_with(&id)) {
                task.services.push(service.clone());
            }
        }
    }
    tasks
}

fn collect<'a>(construct: &'a Node, constructs: &mut Vec<&'a Node>) {
    constructs.push(construct);
    let children = construct.get("children").map(Node::entries).unwrap_or_default();
    for child in children {
        collect(&child.value, constructs);
    }
}
