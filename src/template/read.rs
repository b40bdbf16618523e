//! [`read_all`]: files in, templates out.
//!
//! Of files found in folders, those without anything about ECS tasks are only counted; of those named, they are
//! told.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use rayon::prelude::*;

use super::{
    Inputs, SourceFile, TemplateError, TemplateFile, TemplateKind,
    beside_tasks::BesideTasks,
    cloudformation, compose, copilot,
    document::{Node, SourceText},
    json,
    recognise::{self, Format, Shape},
    task_definition,
    task_template::TaskTemplate,
    terraform, yaml,
};

/// What files hold.
#[derive(Debug, Clone, Default)]
pub struct ReadTemplates {
    /// By path.
    pub files: Vec<TemplateFile>,
    /// Files that were named, and of which not even the kind can be told.
    pub unknown: Vec<TemplateError>,
    /// Files that were named, can be read, and hold nothing about ECS tasks.
    pub without: Vec<Arc<PathBuf>>,
    /// Files of folders that hold nothing about ECS tasks.
    pub ignored: u64,
}

/// What one file holds.
enum Outcome {
    File(TemplateFile),
    Unknown(TemplateError),
    Without(Arc<PathBuf>),
    Ignored,
}

/// Reads all files, in parallel. The sequence of the files has no bearing on the outcome.
pub fn read_all(files: &[SourceFile], inputs: &Inputs) -> ReadTemplates {
    let (terraform, others): (Vec<SourceFile>, Vec<SourceFile>) = files
        .iter()
        .cloned()
        .partition(|file| is_terraform_name(&file.path) || terraform::recognise(&file.bytes));
    let mut outcomes: Vec<Outcome> = others.par_iter().map(|file| read(file, inputs)).collect();
    outcomes.extend(read_terraform(&terraform, inputs));
    let mut read = ReadTemplates::default();
    for outcome in outcomes {
        match outcome {
            Outcome::File(file) => read.files.push(file),
            Outcome::Unknown(error) => read.unknown.push(error),
            Outcome::Without(path) => read.without.push(path),
            Outcome::Ignored => read.ignored += 1,
        }
    }
    read.files.sort_by(|a, b| a.path.cmp(&b.path));
    read.without.sort();
    read.unknown.sort_by(|a, b| a.path.cmp(&b.path));
    drop_covered_trees(files, &mut read);
    read
}

/// Variables stand in files that say nothing of ECS, so Terraform's own go by their names.
fn is_terraform_name(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    [".tf", ".tofu", ".tfvars", ".tf.json", ".tfvars.json"].iter().any(|ending| name.ends_with(ending))
}

/// All at once: the files of a folder are one, and folders call each other.
fn read_terraform(files: &[SourceFile], inputs: &Inputs) -> Vec<Outcome> {
    let read = terraform::read(files, inputs);
    let known: BTreeSet<&Path> = read.iter().map(|file| file.path.as_path()).collect();
    let missing: Vec<Outcome> = files
        .iter()
        .filter(|file| !known.contains(file.path.as_path()))
        .map(|file| if file.named { Outcome::Without(Arc::clone(&file.path)) } else { Outcome::Ignored })
        .collect();
    drop(known);
    read.into_iter().map(Outcome::File).chain(missing).collect()
}

/// The CDK writes what it made a template of beside the template; the template is what is deployed.
fn drop_covered_trees(files: &[SourceFile], read: &mut ReadTemplates) {
    let name =
        |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let folder = |path: &Path| path.parent().map(Path::to_owned);
    let covered: BTreeSet<_> = read
        .files
        .iter()
        .filter(|file| name(&file.path).ends_with(".template.json"))
        .map(|file| folder(&file.path))
        .collect();
    let named: BTreeSet<_> = files.iter().filter(|file| file.named).map(|file| &file.path).collect();
    let before = read.files.len();
    read.files.retain(|file| {
        named.contains(&file.path)
            || name(&file.path) != "tree.json"
            || !covered.contains(&folder(&file.path))
    });
    read.ignored += (before - read.files.len()) as u64;
}

fn read(file: &SourceFile, inputs: &Inputs) -> Outcome {
    let guess = recognise::candidate(file.bytes.get(..super::document::MAX_BYTES).unwrap_or(&file.bytes));
    if guess.is_none() && !file.named {
        return Outcome::Ignored;
    }
    let refused = |text: Arc<str>, error: TemplateError| match guess {
        Some(kind) => Outcome::File(TemplateFile {
            path: Arc::clone(&file.path),
            kind,
            text,
            tasks: Vec::new(),
            constraints: Vec::new(),
            not_created: Vec::new(),
            error: Some(error),
        }),
        None => Outcome::Unknown(error),
    };
    let source = match SourceText::new(file) {
        Ok(source) => source,
        Err(error) => return refused(Arc::from(SourceText::shown(file)), error),
    };
    let (documents, defects) = match recognise::format(&file.bytes) {
        Format::Json => match json::read(&source) {
            Ok(json) => (vec![json.root], json.defects),
            Err(mut error) => {
                error.message = format!("not valid JSON: {}", error.message);
                return refused(Arc::clone(&source.text), source.error(error));
            }
        },
        Format::Yaml => match yaml::read(&source) {
            Ok(documents) => (documents, Vec::new()),
            Err(error) => return refused(Arc::clone(&source.text), source.error(error)),
        },
    };
    let shapes: Vec<Shape<'_>> = documents.iter().filter_map(recognise::shape).collect();
    let Some(kind) = shapes.first().map(|shape| shape.kind()) else {
        return if file.named { Outcome::Without(Arc::clone(&file.path)) } else { Outcome::Ignored };
    };
    let mut errors = Vec::new();
    let mut found = BesideTasks::default();
    let tasks =
        shapes.into_iter().flat_map(|shape| tasks(&source, shape, inputs, &mut found, &mut errors)).collect();
    // CloudFormation reads JSON as YAML, which has no trouble with a comma too many.
    if kind == TemplateKind::TaskDefinition {
        errors.extend(defects.into_iter().map(|mut defect| {
            defect.message = format!("not valid JSON: {}", defect.message);
            source.error(defect)
        }));
    }
    let error = errors.into_iter().min_by_key(|error| (error.line, error.column));
    Outcome::File(TemplateFile {
        path: Arc::clone(&file.path),
        kind,
        text: Arc::clone(&source.text),
        tasks,
        constraints: found.constraints,
        not_created: found.not_created,
        error,
    })
}

fn tasks(
    source: &SourceText,
    shape: Shape<'_>,
    inputs: &Inputs,
    found: &mut BesideTasks,
    errors: &mut Vec<TemplateError>,
) -> Vec<TaskTemplate> {
    match shape {
        Shape::TaskDefinition { definition, tags } => {
            vec![task_definition::read(source, definition, tags, errors)]
        }
        Shape::TaskDefinitions(list) => list
            .iter()
            .filter(|node| node.get("containerDefinitions").is_some())
            .map(|definition: &Node| task_definition::read(source, definition, None, errors))
            .collect(),
        Shape::Containers(list) => vec![task_definition::read_containers(source, list, errors)],
        Shape::CloudFormation(template) => cloudformation::read(source, template, inputs, found, errors),
        Shape::CdkTree(tree) => cloudformation::read_tree(source, tree, inputs, errors),
        Shape::Copilot(manifest) => copilot::read(source, manifest, errors),
        Shape::Compose(compose) => compose::read(source, compose, errors),
    }
}

#[cfg(test)]
mod tests;
