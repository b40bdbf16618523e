//! [`Holding`]: what the paths hold, task by task, in the order in which the paths were named.
//!
//! Takes paths; gives the tasks of every template under them, and an entry for whatever cannot be read. One that
//! cannot be read does not keep the others from being priced. Of Terraform, what stands in the folder beside a file
//! that is named is read for its values alone.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    cli::{
        CliError, GlobalArgs, module_files,
        template_files::{self, Found},
    },
    template::{
        Inputs, Place, ReadTemplates, SourceFile, TaskTemplate, TemplateError, TemplateFile, TemplateKind,
        read_all,
    },
};

/// A task of a file, or why there is none.
pub struct Holding {
    /// As the user named it, or found from there; `stdin` for `-`.
    pub path: String,
    /// Of the file; `None` where it cannot be told.
    pub kind: Option<TemplateKind>,
    /// Whether the path alone says which task: it is a file with one task definition.
    pub alone: bool,
    pub content: Content,
}

pub enum Content {
    Task(Box<TaskTemplate>),
    Unreadable {
        /// The task that it is about, if it is about one.
        task: Option<Box<TaskTemplate>>,
        error: Unreadable,
    },
}

impl Content {
    pub fn task(&self) -> Option<&TaskTemplate> {
        match self {
            Self::Task(task) => Some(task),
            Self::Unreadable { task, .. } => task.as_deref(),
        }
    }
}

/// Why a file, or something in it, cannot be read.
#[derive(Debug)]
pub struct Unreadable {
    /// Names the file where there is no place in it.
    pub message: String,
    /// Line and column, if there is a text.
    pub at: Option<(usize, usize)>,
    pub hint: Option<String>,
}

const EXPECTED: &str = "expected a task definition (the input of `register-task-definition` or the output of \
                        `describe-task-definition`), CloudFormation, Terraform, a Copilot manifest, or a compose \
                        file with x-aws- keys";
const STDIN: &str = "stdin";

pub fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}

/// What `paths` hold; refused where `output` is one of the files of it.
pub fn read(
    global: &GlobalArgs,
    paths: &[PathBuf],
    inputs: &Inputs,
    output: Option<&Path>,
) -> Result<Vec<Holding>, CliError> {
    let mut sources: Vec<SourceFile> = Vec::new();
    // A path that is named twice, or found in a folder that is also named, counts once.
    let mut known: BTreeMap<Arc<PathBuf>, usize> = BTreeMap::new();
    let mut holdings: Vec<(usize, Holding)> = Vec::new();
    for path in paths {
        let found = if is_stdin(path) {
            template_files::stdin().map(|file| vec![file])
        } else {
            template_files::read_path(path)
        };
        match found {
            Ok(found) => {
                for file in found {
                    if let Some(at) = known.get(&file.path) {
                        sources[*at].named |= file.named;
                    } else {
                        known.insert(Arc::clone(&file.path), sources.len());
                        sources.push(file);
                    }
                }
            }
            Err(error) => holdings.push((sources.len(), Holding::unread(path, Unreadable::whole(&error)))),
        }
    }
    let rank = |path: &Arc<PathBuf>| known.get(path).copied().unwrap_or(usize::MAX);
    let beside = module_files::beside(&sources)?;
    sources.extend(beside.files.iter().cloned());
    let mut templates = read_all(&sources, inputs);
    let found = Found { files: sources, unread: beside.unread, ..Found::default() };
    found.tell(&mut templates);
    found.refuse_to_overwrite(&templates, output)?;
    module_files::leave_out(&mut templates, |path| beside.files.iter().any(|file| **file.path == *path));
    template_files::note_not_created(global, &templates);
    template_files::note_defaults(global, &templates);
    let without = without(&templates, &found.files);
    holdings.extend(without.into_iter().map(|path| (rank(&path), Holding::without(&path))));
    let ReadTemplates { files, unknown, .. } = templates;
    holdings.extend(
        unknown
            .into_iter()
            .map(|error| (rank(&error.path), Holding::unread(&error.path.clone(), error.into()))),
    );
    for file in files {
        let rank = rank(&file.path);
        holdings.extend(of_file(file).into_iter().map(|holding| (rank, holding)));
    }
    if holdings.is_empty() {
        holdings.extend(paths.iter().map(|path| (0, Holding::without(path))));
    }
    holdings.sort_by_key(|(rank, _)| *rank);
    Ok(holdings.into_iter().map(|(_, holding)| holding).collect())
}

/// What was named and has no task. The files of a Terraform folder are read together: one with the tasks is enough.
fn without(templates: &ReadTemplates, sources: &[SourceFile]) -> Vec<Arc<PathBuf>> {
    let named: BTreeSet<&Path> =
        sources.iter().filter(|file| file.named).map(|file| file.path.as_path()).collect();
    let terraform = || templates.files.iter().filter(|file| file.kind == TemplateKind::Terraform);
    let says_something = |file: &&TemplateFile| !file.tasks.is_empty() || file.error.is_some();
    let folders: BTreeSet<&Path> =
        terraform().filter(says_something).filter_map(|file| file.path.parent()).collect();
    let empty = terraform().filter(|file| named.contains(file.path.as_path()) && !says_something(file));
    let empty = empty.map(|file| &file.path).chain(&templates.without);
    empty.filter(|path| path.parent().is_none_or(|folder| !folders.contains(folder))).cloned().collect()
}

/// The tasks of a file. What is wrong with it is told of the task that it is about, else beside the tasks: there
/// may be more of them than could be read.
fn of_file(file: TemplateFile) -> Vec<Holding> {
    let TemplateFile { path, kind, tasks, error, .. } = file;
    let refused = tasks.iter().flat_map(|task| &task.refused).filter(|refused| refused.at.path == path);
    let refused = refused.map(|refused| TemplateError {
        path: Arc::clone(&path),
        line: refused.at.line,
        column: refused.at.column,
        message: format!("{}: {}", refused.setting, refused.why),
        hint: None,
    });
    let mut error = error.into_iter().chain(refused).min_by_key(|error| (error.line, error.column));
    let alone = kind == TemplateKind::TaskDefinition && tasks.len() == 1;
    let path = shown(&path);
    let mut holdings: Vec<Holding> = tasks
        .into_iter()
        .map(|task| {
            let task = Box::new(task);
            let content = match error.take_if(|error| alone || is_about(error, &task)) {
                Some(error) => Content::Unreadable { task: Some(task), error: error.into() },
                None => Content::Task(task),
            };
            Holding { path: path.clone(), kind: Some(kind), alone, content }
        })
        .collect();
    if let Some(error) = error {
        let content = Content::Unreadable { task: None, error: error.into() };
        holdings.push(Holding { path, kind: Some(kind), alone, content });
    }
    holdings
}

/// Whether it is what keeps the task from being priced.
fn is_about(error: &TemplateError, task: &TaskTemplate) -> bool {
    task.task_level().is_err_and(|(_, Place { path, line, column, .. })| {
        (&path, line, column) == (&error.path, error.line, error.column)
    })
}

impl Holding {
    fn without(path: &Path) -> Self {
        let message = format!("{} holds no task definition", shown(path));
        Self::unread(path, Unreadable { message, at: None, hint: Some(EXPECTED.to_owned()) })
    }

    fn unread(path: &Path, error: Unreadable) -> Self {
        let path = if is_stdin(path) { STDIN.to_owned() } else { shown(path) };
        Self { path, kind: None, alone: true, content: Content::Unreadable { task: None, error } }
    }
}

pub fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl Unreadable {
    fn whole(error: &anyhow::Error) -> Self {
        Self { message: format!("{error:#}"), at: None, hint: None }
    }
}

impl From<TemplateError> for Unreadable {
    fn from(error: TemplateError) -> Self {
        Self { message: error.message, at: Some((error.line, error.column)), hint: error.hint }
    }
}
