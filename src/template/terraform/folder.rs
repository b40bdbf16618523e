//! The folders of a run, each a module, and the calls between them.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use hcl_edit::{
    expr::Expression,
    structure::{Block, Body},
};
use memchr::memmem;
use rayon::prelude::*;

use super::{
    super::{
        Constraint, Inputs, NotCreated, SourceFile, Span, TaskTemplate, TemplateError, TemplateFile,
        TemplateKind, document::SyntaxError,
    },
    environment::Environment,
    instances::{self, Instance},
    known_modules,
    module::{BUDGET, Module, attribute, is_values},
    normalised,
    resource_types::{SCALING, SERVICE, TASK_DEFINITION},
    service,
    source::Source,
    task::{self, Reading},
    validations,
    value::Value,
};

/// Modules that call each other.
const MAX_CALLS_DEEP: usize = 6;
/// Instances of modules in one run.
const MAX_CALLS: usize = 500;
/// What evaluating all of them may cost.
const BUDGET_OF_ALL: usize = 20 * BUDGET;
/// What a block of a known module mentions.
const KNOWN_MODULE: &[u8] = b"terraform-aws-modules/ecs/aws";

/// Task definitions and errors, each with the index of its file.
#[derive(Default)]
struct Found {
    tasks: Vec<(usize, TaskTemplate)>,
    errors: Vec<(usize, TemplateError)>,
    /// Those of files that need hold no task: values that break what they are held to, calls that are not followed.
    broken: Vec<(usize, TemplateError)>,
    constraints: Vec<Constraint>,
    not_created: Vec<(usize, NotCreated)>,
}

impl Found {
    fn leave_out(&mut self, source: &Source, block: &Block, name: String) {
        let at = source.text.place(task::head(source, block).span);
        self.not_created.push((source.index, NotCreated { name, at }));
    }
}

/// Reads files of HCL.
pub fn read(files: &[&SourceFile], inputs: &Inputs) -> Vec<TemplateFile> {
    let about_tasks = |file: &SourceFile| {
        let has = |needle: &[u8]| memmem::find(&file.bytes, needle).is_some();
        has(TASK_DEFINITION.as_bytes()) || has(SERVICE.as_bytes()) || has(KNOWN_MODULE)
    };
    let relevant: BTreeSet<PathBuf> =
        files.iter().filter(|file| about_tasks(file)).map(|file| folder_of(&file.path)).collect();
    // Whoever calls a module of interest is of interest too, and can be anywhere.
    let wanted = |file: &SourceFile| {
        file.named
            || relevant.contains(&folder_of(&file.path))
            || (!relevant.is_empty() && memmem::find(&file.bytes, b"module").is_some())
    };
    let mut wanted: Vec<&SourceFile> = files.iter().copied().filter(|file| wanted(file)).collect();
    wanted.sort_by(|a, b| a.path.cmp(&b.path));
    let in_folders = wanted.len();
    wanted.extend(&inputs.variable_files);
    let sources: Vec<Source> =
        wanted.par_iter().enumerate().map(|(index, file)| Source::read(file, index)).collect();
    let mut folders: BTreeMap<PathBuf, Vec<&Source>> = BTreeMap::new();
    for source in &sources[..in_folders] {
        folders.entry(folder_of(&source.text.path)).or_default().push(source);
    }
    let run = Run { sources: &sources, in_folders, called: called(&folders), folders, relevant, inputs };
    let roots: Vec<&PathBuf> = run.folders.keys().filter(|folder| !run.called.contains(*folder)).collect();
    let found: Vec<Found> = roots.par_iter().map(|folder| run.root(folder)).collect();
    run.files(found)
}

fn folder_of(path: &Path) -> PathBuf {
    normalised(path.parent().unwrap_or(Path::new("")))
}

/// The folders that others call.
fn called(folders: &BTreeMap<PathBuf, Vec<&Source>>) -> BTreeSet<PathBuf> {
    let mut called = BTreeSet::new();
    for (folder, sources) in folders {
        for block in sources.iter().flat_map(|source| source.body.get_blocks("module")) {
            if let Some(target) = target(folder, &block.body)
                && target != *folder
                && folders.contains_key(&target)
            {
                called.insert(target);
            }
        }
    }
    called
}

/// The folder that a call names.
fn target(folder: &Path, call: &Body) -> Option<PathBuf> {
    let source = attribute(call, "source").and_then(Expression::as_str)?;
    (source.starts_with("./") || source.starts_with("../")).then(|| normalised(&folder.join(source)))
}

/// That a call is one too many.
fn not_followed(source: &Source, head: Span, depth: usize) -> TemplateError {
    let message = if depth >= MAX_CALLS_DEEP {
        format!("calls of modules within each other are followed {MAX_CALLS_DEEP} deep; the rest is not read")
    } else {
        format!("more than {MAX_CALLS} calls of modules; the rest is not read")
    };
    source.text.error(SyntaxError { offset: head.start, message, hint: Some("check the plan instead") })
}

/// What the modules of one root have taken.
#[derive(Default)]
struct Spent {
    calls: usize,
    cost: usize,
}

struct Run<'a> {
    /// Those of folders, then the files of values that `--parameter-file` names.
    sources: &'a [Source],
    in_folders: usize,
    folders: BTreeMap<PathBuf, Vec<&'a Source>>,
    called: BTreeSet<PathBuf>,
    /// The folders with tasks or services.
    relevant: BTreeSet<PathBuf>,
    inputs: &'a Inputs,
}

impl<'a> Run<'a> {
    fn root(&self, folder: &Path) -> Found {
        let mut found = Found::default();
        self.module(folder, String::new(), None, 0, &mut Spent::default(), &mut found);
        found
    }

    fn module(
        &self,
        folder: &Path,
        prefix: String,
        arguments: Option<BTreeMap<String, Value>>,
        depth: usize,
        spent: &mut Spent,
        found: &mut Found,
    ) {
        let Some(sources) = self.folders.get(folder) else { return };
        let values = &self.sources[self.in_folders..];
        let budget = BUDGET.min(BUDGET_OF_ALL.saturating_sub(spent.cost));
        let module = Module::new(sources, values, self.inputs, prefix, arguments, budget);
        self.resources(&module, found);
        for (name, call) in
            module.calls.iter().flat_map(|(name, calls)| calls.iter().map(move |call| (name, call)))
        {
            let environment = Environment::new(&module, call.source);
            let body = &call.part.body;
            let target = target(folder, body).filter(|target| self.folders.contains_key(target));
            let instances = instances::of_resource(&environment, body);
            if instances.is_empty() && self.has_tasks(body, target.as_deref(), &mut BTreeSet::new()) {
                let name = format!("{}module.{name}", module.prefix);
                found.leave_out(call.source, call.part, name);
            }
            for instance in instances {
                let prefix =
                    format!("{}module.{name}{}.", module.prefix, instance.key.as_deref().unwrap_or_default());
                let head = task::head(call.source, call.part);
                let Some(target) = &target else {
                    let mut reading = Reading::new(self.sources);
                    let tasks = known_modules::read(&mut reading, &instance, body, head, &prefix);
                    found.tasks.extend(tasks.into_iter().map(|task| (call.source.index, task)));
                    found.errors.append(&mut reading.errors);
                    found.not_created.append(&mut reading.not_created);
                    continue;
                };
                spent.calls += 1;
                if depth >= MAX_CALLS_DEEP || spent.calls > MAX_CALLS {
                    if self.has_tasks(body, Some(target), &mut BTreeSet::new()) {
                        found.broken.push((call.source.index, not_followed(call.source, head.span, depth)));
                    }
                    spent.cost += module.spent.get();
                    return;
                }
                let arguments = body
                    .attributes()
                    .map(|attribute| {
                        (attribute.key.as_str().to_owned(), instance.environment.evaluate(&attribute.value))
                    })
                    .collect();
                self.module(target, prefix, Some(arguments), depth + 1, spent, found);
            }
        }
        let (constraints, broken) = validations::read(self.sources, &module);
        spent.cost += module.spent.get();
        found.constraints.extend(constraints);
        found.broken.extend(broken);
    }

    /// Whether a call is of a module with tasks or services, or of one that calls such a one. `seen` are the folders
    /// that were looked at: each is looked at once, whatever calls it.
    fn has_tasks(&self, call: &Body, target: Option<&Path>, seen: &mut BTreeSet<PathBuf>) -> bool {
        let Some(folder) = target else { return known_modules::has_tasks(call) };
        if self.relevant.contains(folder) {
            return true;
        }
        if !seen.insert(folder.to_owned()) {
            return false;
        }
        let sources = self.folders.get(folder).into_iter().flatten();
        let mut calls = sources.flat_map(|source| source.body.get_blocks("module"));
        calls.any(|block| self.has_tasks(&block.body, self::target(folder, &block.body).as_deref(), seen))
    }

    fn resources(&self, module: &Module<'a>, found: &mut Found) {
        let mut reading = Reading::new(self.sources);
        let mut tasks: Vec<(usize, TaskTemplate, String, Option<String>)> = Vec::new();
        let mut services = Vec::new();
        let mut scalings = Vec::new();
        let resources =
            module.resources.iter().flat_map(|(key, resources)| resources.iter().map(move |one| (key, one)));
        for ((kind, name), resource) in resources {
            let source = resource.source;
            let body = &resource.part.body;
            if !matches!(*kind, TASK_DEFINITION | SERVICE | SCALING) {
                continue;
            }
            let head = task::head(source, resource.part);
            let instances = instances::of_resource(&Environment::new(module, source), body);
            if instances.is_empty() && *kind != SCALING {
                found.leave_out(source, resource.part, task::address(&module.prefix, kind, name, None));
            }
            for instance in instances {
                let Instance { key, .. } = &instance;
                if *kind == TASK_DEFINITION {
                    let address = task::address(&module.prefix, kind, name, key.as_deref());
                    let task = task::read(&mut reading, &instance, body, head, address);
                    tasks.push((source.index, task, (*name).to_owned(), key.clone()));
                } else if *kind == SCALING {
                    scalings.extend(service::scaling(self.sources, &instance, body, head));
                } else {
                    let (service, runs) = service::read(self.sources, &instance, body, head);
                    services.push((source.index, service, runs, *name, key.clone()));
                }
            }
        }
        // Of files that do not belong together, a name means what its own file has.
        let mut own: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        for (file, _, name, _) in &tasks {
            own.entry(*file).or_default().insert(name.clone());
        }
        for (service_file, mut service, runs, name, key) in services {
            if let Some(scaling) = scalings.iter().find(|it| it.is_of(&service, name, key.as_deref())) {
                service.min_capacity = scaling.least();
            }
            let own = own.get(&service_file);
            for (file, task, name, key) in &mut tasks {
                let is_meant = || *file == service_file || own.is_none_or(|own| !own.contains(name));
                if runs.includes(task, name, key.as_deref()) && is_meant() {
                    task.services.push(service.clone());
                }
            }
        }
        found.errors.append(&mut reading.errors);
        found.tasks.extend(tasks.into_iter().map(|(file, task, ..)| (file, task)));
    }

    /// What was found, file by file.
    fn files(&self, found: Vec<Found>) -> Vec<TemplateFile> {
        let mut tasks: BTreeMap<usize, Vec<TaskTemplate>> = BTreeMap::new();
        let mut errors: BTreeMap<usize, Vec<TemplateError>> = BTreeMap::new();
        let mut constraints: BTreeMap<usize, Vec<Constraint>> = BTreeMap::new();
        let mut broken = BTreeSet::new();
        let mut not_created: BTreeMap<usize, Vec<NotCreated>> = BTreeMap::new();
        for found in found {
            for (file, resource) in found.not_created {
                not_created.entry(file).or_default().push(resource);
            }
            let with_tasks: BTreeSet<usize> = found.tasks.iter().map(|(file, _)| *file).collect();
            for file in with_tasks {
                constraints.entry(file).or_default().extend_from_slice(&found.constraints);
            }
            for (file, task) in found.tasks {
                tasks.entry(file).or_default().push(task);
            }
            broken.extend(found.broken.iter().map(|(file, _)| *file));
            for (file, error) in found.broken {
                errors.entry(file).or_default().push(error);
            }
            for (file, error) in found.errors {
                errors.entry(file).or_default().push(error);
            }
        }
        let mut files = Vec::new();
        for source in &self.sources[..self.in_folders] {
            let mut tasks = tasks.remove(&source.index).unwrap_or_default();
            tasks.sort_by(|a, b| (a.at.span, &a.name).cmp(&(b.at.span, &b.name)));
            let mut errors = errors.remove(&source.index).unwrap_or_default();
            let is_json = is_values(source) && source.text.path.to_string_lossy().ends_with(".json");
            errors.extend(source.error.clone().filter(|_| !is_json));
            let not_created = not_created.remove(&source.index).unwrap_or_default();
            let of_interest = self.relevant.contains(&folder_of(&source.text.path))
                || !tasks.is_empty()
                || !not_created.is_empty()
                || broken.contains(&source.index);
            if !of_interest && (!source.named || errors.is_empty()) {
                continue;
            }
            files.push(TemplateFile {
                path: task::path(source),
                kind: TemplateKind::Terraform,
                text: Arc::clone(&source.text.text),
                tasks,
                constraints: constraints.remove(&source.index).unwrap_or_default(),
                not_created,
                error: errors.into_iter().min_by_key(|error| (error.line, error.column)),
            });
        }
        files
    }
}
