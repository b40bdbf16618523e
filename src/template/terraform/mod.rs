//! Terraform: HCL as it is written, and plans as `terraform show -json` gives them.
//!
//! Takes the files of a run; gives each with the task definitions in it. The files of a folder are one module:
//! variables have the value that `--parameter`, a file of values that was named, `terraform.tfvars` or `*.auto.tfvars`
//! give, else their default; a
//! module that another folder of the run calls has the arguments of each call instead. What only planning or applying
//! tells (data sources, resources, files, outputs of modules) is unresolved, by name. Runs nothing, reads no file.

mod encoded;
mod environment;
mod folder;
mod functions;
mod instances;
mod known_modules;
mod lower;
mod module;
mod offsets;
mod outline;
mod plan;
mod resource_types;
mod service;
mod source;
mod tags;
mod task;
mod template;
mod type_defaults;
mod validations;
mod value;

use std::path::Path;

use memchr::memmem;
use rayon::prelude::*;

use super::{Inputs, SourceFile, TemplateError, TemplateFile, TemplateKind, document::SourceText, json};

/// Whether a file is one of Terraform's with something about ECS tasks, whatever its name.
pub fn recognise(bytes: &[u8]) -> bool {
    plan::is_plan(bytes) || declares_task(bytes)
}

/// Whether a text of HCL has a task definition or a service: a line that begins so.
fn declares_task(bytes: &[u8]) -> bool {
    let starts_line = |at: usize| {
        let line = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1);
        let before = bytes.get(line..at).unwrap_or_default();
        before.strip_prefix("\u{feff}".as_bytes()).unwrap_or(before).trim_ascii().is_empty()
    };
    let mentions = |needle: &str| {
        memmem::find_iter(bytes, needle.as_bytes()).any(|at| {
            let before = bytes.get(..at).unwrap_or_default().trim_ascii_end();
            before.ends_with(b"resource") && starts_line(before.len() - b"resource".len())
        })
    };
    // Prose quotes templates.
    memmem::find(bytes, b"```").is_none()
        && (mentions("\"aws_ecs_task_definition\"") || mentions("\"aws_ecs_service\""))
}

/// Reads the files of a run: plans one by one, HCL by folder. Of folders without anything about ECS tasks only what
/// was named and cannot be read is given.
pub fn read(files: &[SourceFile], inputs: &Inputs) -> Vec<TemplateFile> {
    let mut hcl = Vec::new();
    let mut json = Vec::new();
    for file in files {
        let is_values = file.path.to_string_lossy().ends_with(".tfvars.json");
        let is_json = file.path.extension().is_some_and(|ending| ending == "json");
        if is_values || !(is_json || plan::is_plan(&file.bytes)) {
            hcl.push(file);
        } else {
            json.push(file);
        }
    }
    let mut read: Vec<TemplateFile> = json.par_iter().filter_map(|file| read_json(file)).collect();
    read.extend(folder::read(&hcl, inputs));
    read.sort_by(|a, b| a.path.cmp(&b.path));
    read
}

fn read_json(file: &SourceFile) -> Option<TemplateFile> {
    let is_plan = plan::is_plan(&file.bytes);
    let has_tasks = memmem::find(&file.bytes, b"aws_ecs_task_definition").is_some();
    if !file.named && !has_tasks {
        return None;
    }
    let failed = |error: TemplateError, kind| TemplateFile {
        path: file.path.clone(),
        kind,
        text: "".into(),
        tasks: Vec::new(),
        constraints: Vec::new(),
        not_created: Vec::new(),
        error: Some(error),
    };
    if is_plan {
        return Some(match SourceText::new(file) {
            Ok(source) => plan::read(&source),
            Err(error) => failed(error, TemplateKind::TerraformPlan),
        });
    }
    has_tasks.then(|| {
        let error = TemplateError {
            path: file.path.clone(),
            line: 1,
            column: 1,
            message: "Terraform's JSON syntax is not read".to_owned(),
            hint: Some("check its plan: terraform show -json PLAN > plan.json".to_owned()),
        };
        failed(error, TemplateKind::Terraform)
    })
}

/// Refuses a file of values that cannot be read.
pub fn check_values(file: &SourceFile) -> Result<(), TemplateError> {
    if file.path.extension().is_some_and(|ending| ending == "json") {
        let source = SourceText::new(file)?;
        return json::read(&source).map(|_| ()).map_err(|error| source.error(error));
    }
    source::Source::read(file, 0).error.map_or(Ok(()), Err)
}

/// A path without `.` and `..`, as far as it has something before them.
fn normalised(path: &Path) -> std::path::PathBuf {
    let mut normal = std::path::PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir
                if matches!(normal.components().next_back(), Some(std::path::Component::Normal(_))) =>
            {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests;
