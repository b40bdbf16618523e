//! What a file is, by its content.
//!
//! [`format`] judges bytes, so that a folder's unrelated files cost next to nothing; [`shape`] judges the tree.

use memchr::{memchr, memmem};

use super::{
    TemplateKind,
    document::{Node, Value},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Yaml,
}

/// What a document holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape<'a> {
    /// A task definition, and the list of tags beside it where `describe-task-definition` gave it.
    TaskDefinition {
        definition: &'a Node,
        tags: Option<&'a Node>,
    },
    /// Several in a list.
    TaskDefinitions(&'a [Node]),
    /// A list of container definitions without the task definition around it.
    Containers(&'a Node),
    CloudFormation(&'a Node),
    /// `tree.json` of the CDK: the constructs that a template was made of.
    CdkTree(&'a Node),
    Copilot(&'a Node),
    Compose(&'a Node),
}

impl Shape<'_> {
    pub fn kind(self) -> TemplateKind {
        match self {
            Self::TaskDefinition { .. } | Self::TaskDefinitions(_) | Self::Containers(_) => {
                TemplateKind::TaskDefinition
            }
            Self::CloudFormation(_) | Self::CdkTree(_) => TemplateKind::CloudFormation,
            Self::Copilot(_) => TemplateKind::Copilot,
            Self::Compose(_) => TemplateKind::Compose,
        }
    }
}

/// Copilot's kinds of workloads that are ECS tasks.
const COPILOT_TYPES: [&str; 4] =
    ["Load Balanced Web Service", "Backend Service", "Worker Service", "Scheduled Job"];

/// The language of a text: JSON if it begins as such, after comments and lines of template languages.
pub fn format(bytes: &[u8]) -> Format {
    let mut rest = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    loop {
        rest = rest.trim_ascii_start();
        let line_comment = rest.starts_with(b"//") || rest.starts_with(b"#");
        let close: &[u8] = match rest {
            _ if line_comment => b"\n",
            [b'/', b'*', ..] => b"*/",
            [b'{', b'%', ..] => b"%}",
            [b'{', b'{', ..] => b"}}",
            [b'{' | b'[', ..] => return Format::Json,
            _ => return Format::Yaml,
        };
        match memmem::find(rest, close) {
            Some(at) => rest = &rest[at + close.len()..],
            None => return Format::Yaml,
        }
    }
}

/// Whether a file of a folder is worth reading, and what it most likely is.
pub fn candidate(bytes: &[u8]) -> Option<TemplateKind> {
    let has = |needle: &str| memmem::find(bytes, needle.as_bytes()).is_some();
    match format(bytes) {
        Format::Json => {
            if has("AWS::ECS::") {
                Some(TemplateKind::CloudFormation)
            } else if has("ontainerDefinitions\"") || (has("\"image\"") && has("\"name\"") && is_list(bytes))
            {
                Some(TemplateKind::TaskDefinition)
            } else {
                None
            }
        }
        // Prose and source code quote templates.
        Format::Yaml if has_line(bytes, "```") => None,
        Format::Yaml => {
            if has("Type: AWS::ECS::") || (has("AWS::ECS::") && has_line(bytes, "Resources:")) {
                Some(TemplateKind::CloudFormation)
            } else if has("ontainerDefinitions:")
                && (has_line(bytes, "containerDefinitions:")
                    || has_line(bytes, "ContainerDefinitions:")
                    || has_line(bytes, "taskDefinition:"))
            {
                Some(TemplateKind::TaskDefinition)
            } else if has_line(bytes, "type:") && COPILOT_TYPES.iter().any(|name| has(name)) {
                Some(TemplateKind::Copilot)
            } else if has("x-aws-") && has_line(bytes, "services:") {
                Some(TemplateKind::Compose)
            } else {
                None
            }
        }
    }
}

/// Whether the first bracket is that of a list.
fn is_list(bytes: &[u8]) -> bool {
    match (memchr(b'[', bytes), memchr(b'{', bytes)) {
        (Some(list), Some(object)) => list < object,
        _ => false,
    }
}

/// Whether a line begins so.
fn has_line(bytes: &[u8], start: &str) -> bool {
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    text.starts_with(start.as_bytes())
        || memmem::find_iter(text, start.as_bytes()).any(|at| at > 0 && text[at - 1] == b'\n')
}

/// What a tree is; nothing if it has no ECS tasks.
pub fn shape(root: &Node) -> Option<Shape<'_>> {
    match &root.value {
        Value::Map(_) => {
            if is_definition(root) {
                return Some(Shape::TaskDefinition { definition: root, tags: None });
            }
            if let Some(definition) = root.get("taskDefinition").filter(|node| is_definition(node)) {
                return Some(Shape::TaskDefinition { definition, tags: root.get("tags") });
            }
            if let Some(list) =
                root.get("taskDefinitions").filter(|list| list.items().iter().any(is_definition))
            {
                return Some(Shape::TaskDefinitions(list.items()));
            }
            if is_cloudformation(root) {
                return Some(Shape::CloudFormation(root));
            }
            if root.get("version").and_then(Node::as_str).is_some_and(|version| version.starts_with("tree-"))
            {
                return root.get("tree").map(Shape::CdkTree);
            }
            let kind = root.get("type").and_then(Node::as_str);
            if kind.is_some_and(|kind| COPILOT_TYPES.contains(&kind)) && root.get("name").is_some() {
                return Some(Shape::Copilot(root));
            }
            let services = root.get("services").map(Node::entries).unwrap_or_default();
            let has_x_aws = |node: &Node| node.entries().iter().any(|entry| entry.key.starts_with("x-aws-"));
            let deployed = |node: &Node| {
                has_x_aws(node)
                    || node.get("deploy").is_some_and(|deploy| {
                        has_x_aws(deploy)
                            || deploy
                                .get("resources")
                                .is_some_and(|r| r.entries().iter().any(|e| has_x_aws(&e.value)))
                    })
            };
            if !services.is_empty()
                && (has_x_aws(root) || services.iter().any(|entry| deployed(&entry.value)))
            {
                return Some(Shape::Compose(root));
            }
            None
        }
        Value::Seq(items) if items.iter().any(is_definition) => Some(Shape::TaskDefinitions(items)),
        Value::Seq(items) if items.iter().any(is_container) => Some(Shape::Containers(root)),
        _ => None,
    }
}

fn is_definition(node: &Node) -> bool {
    node.get("containerDefinitions").is_some()
}

fn is_container(node: &Node) -> bool {
    let has = |key: &str| node.get(key).is_some();
    has("name") && (has("image") || has("essential") || has("memory") || has("memoryReservation"))
}

/// Whether it is a template, or resources that a template takes in.
fn is_cloudformation(root: &Node) -> bool {
    let is_resource =
        |node: &Node| node.get("Type").and_then(Node::as_str).is_some_and(|kind| kind.contains("::"));
    root.get("AWSTemplateFormatVersion").is_some()
        || root.get("Resources").unwrap_or(root).entries().iter().any(|entry| is_resource(&entry.value))
}
