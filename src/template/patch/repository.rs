//! [`Repository`]: the texts that templates are read from, so that they can be edited and read again.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::edit::{self, Edit};
use crate::{
    template::{Inputs, ReadTemplates, SourceFile, TemplateError, read_all},
    workload::Region,
};

#[derive(Debug, Clone, Default)]
pub struct Repository {
    pub files: Vec<SourceFile>,
    /// Files that are read with them for what they say, and are no part of it: nothing in them is edited.
    pub beside: Vec<SourceFile>,
    /// Files of parameters, as `--parameter-file` names them.
    pub parameter_files: Vec<SourceFile>,
    /// What is given by itself, and wins over the files of parameters.
    pub parameters: BTreeMap<String, String>,
    /// Where the templates are deployed to, if that is known.
    pub region: Option<Region>,
}

impl Repository {
    pub fn inputs(&self) -> Result<Inputs, TemplateError> {
        let mut inputs = Inputs::given(&self.parameter_files, &self.parameters)?;
        if let Some(region) = &self.region {
            inputs.deployed_to(region);
        }
        Ok(inputs)
    }

    /// Everything in it; refused where a file of parameters cannot be read.
    pub fn read(&self) -> Result<ReadTemplates, TemplateError> {
        let inputs = self.inputs()?;
        if self.beside.is_empty() {
            return Ok(read_all(&self.files, &inputs));
        }
        Ok(read_all(&[self.files.as_slice(), &self.beside].concat(), &inputs))
    }

    /// Whether a file is only read with the others.
    pub fn is_beside(&self, path: &Path) -> bool {
        self.beside.iter().any(|file| file.path.as_path() == path)
    }

    /// The text of a file, if it may be edited and is text.
    pub fn text(&self, path: &PathBuf) -> Option<&str> {
        let mut files = self.files.iter().chain(&self.parameter_files);
        files.find(|file| file.path.as_ref() == path).and_then(|file| std::str::from_utf8(&file.bytes).ok())
    }

    /// The same with edits, which are sorted and do not overlap.
    #[must_use]
    pub fn edited(&self, edits: &[Edit]) -> Self {
        let with_edits = |file: &SourceFile| {
            let mut edits = edits.iter().filter(|edit| edit.path == file.path).peekable();
            match std::str::from_utf8(&file.bytes) {
                Ok(text) if edits.peek().is_some() => {
                    SourceFile { bytes: Arc::from(edit::applied(text, edits).into_bytes()), ..file.clone() }
                }
                _ => file.clone(),
            }
        };
        Self {
            files: self.files.iter().map(with_edits).collect(),
            beside: self.beside.clone(),
            parameter_files: self.parameter_files.iter().map(with_edits).collect(),
            parameters: self.parameters.clone(),
            region: self.region.clone(),
        }
    }

    /// Path, text before and text after of every file that `edits` change, by path.
    pub fn changed(&self, edits: &[Edit]) -> Vec<(Arc<PathBuf>, String, String)> {
        let mut paths: Vec<&Arc<PathBuf>> = edits.iter().map(|edit| &edit.path).collect();
        paths.sort();
        paths.dedup();
        paths
            .into_iter()
            .filter_map(|path| {
                let before = self.text(path)?;
                let after = edit::applied(before, edits.iter().filter(|edit| edit.path == *path));
                (before != after).then(|| (Arc::clone(path), before.to_owned(), after))
            })
            .collect()
    }
}
