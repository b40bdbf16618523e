//! Fixtures of every shape.

use std::{path::PathBuf, sync::Arc};

use super::{super::*, read, recognise};
use crate::{
    units::{CpuUnits, MemoryMib, StorageGib},
    workload::LaunchType,
};

mod known_modules;
mod modules;
mod plans;
mod robustness;
mod sources;
mod values;

/// Texts by path, all of them found in folders.
fn files(texts: &[(&str, &str)]) -> Vec<SourceFile> {
    texts
        .iter()
        .map(|(path, text)| SourceFile {
            path: Arc::new(PathBuf::from(path)),
            bytes: Arc::from(text.as_bytes()),
            named: false,
        })
        .collect()
}

fn parameters(pairs: &[(&str, &str)]) -> Inputs {
    let parameters = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Inputs { parameters, ..Inputs::default() }
}

fn read_texts(texts: &[(&str, &str)], inputs: &Inputs) -> Vec<TemplateFile> {
    let read = read(&files(texts), inputs);
    for file in &read {
        assert_eq!(file.error, None, "{:?}", file.error.as_ref().map(ToString::to_string));
    }
    read
}

/// The one task definition of some files.
fn task_of(texts: &[(&str, &str)], inputs: &Inputs) -> TaskTemplate {
    let mut tasks: Vec<TaskTemplate> =
        read_texts(texts, inputs).into_iter().flat_map(|file| file.tasks).collect();
    assert_eq!(tasks.len(), 1);
    tasks.remove(0)
}

/// A task definition with this in it.
fn task(body: &str) -> TaskTemplate {
    task_of(&[("main.tf", &in_task(body))], &Inputs::default())
}

fn in_task(body: &str) -> String {
    format!("resource \"aws_ecs_task_definition\" \"app\" {{\n{body}\n}}\n")
}

/// A value with the text of its literal, and of what refers to it.
fn known<T: Clone>(texts: &[(&str, &str)], setting: &Setting<T>) -> (T, String, Option<String>) {
    let written = |place: &Place| {
        let (_, text) = texts
            .iter()
            .find(|(path, _)| place.path.as_path() == std::path::Path::new(path))
            .expect("a place is in one of the files");
        let before = text.get(..place.span.start).expect("a span begins at a character");
        assert_eq!(place.line, before.matches('\n').count() + 1);
        text.get(place.span.start..place.span.end).expect("a span ends at a character").to_owned()
    };
    match setting {
        Setting::Known { value, at, used_at } => (value.clone(), written(at), used_at.as_ref().map(written)),
        Setting::Absent => panic!("it is absent"),
        Setting::Unresolved { why, .. } => panic!("it is not known: {why}"),
    }
}

fn why<T: std::fmt::Debug>(setting: &Setting<T>) -> &str {
    match setting {
        Setting::Unresolved { why, .. } => why,
        setting => panic!("it is {setting:?}"),
    }
}
