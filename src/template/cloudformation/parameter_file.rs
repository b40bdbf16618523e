//! Files of parameters: a list of `ParameterKey` and `ParameterValue`, `{"Parameters": {...}}` as `CodePipeline` and
//! the git sync take it, a plain map, or a list of `KEY=VALUE`; JSON or YAML. One that is named `.tfvars` or
//! `.tfvars.json` is left to Terraform.

use std::collections::BTreeMap;

use super::super::{
    Inputs, Place, SourceFile, TemplateError,
    document::{Node, SourceText, SyntaxError, Value},
    json,
    recognise::{self, Format},
    terraform, yaml,
};

impl Inputs {
    /// What files of parameters give, a later one over an earlier one, and what is given by itself, over all of them.
    pub fn given(files: &[SourceFile], parameters: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let mut inputs = Self::default();
        for file in files {
            inputs.extend(Self::from_parameter_file(file)?);
        }
        for (key, value) in parameters {
            inputs.places.remove(key);
            inputs.parameters.insert(key.clone(), value.clone());
        }
        Ok(inputs)
    }

    /// The parameters that a file gives, each with where it stands.
    pub fn from_parameter_file(file: &SourceFile) -> Result<Self, TemplateError> {
        let name = file.path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        if name.ends_with(".tfvars") || name.ends_with(".tfvars.json") {
            terraform::check_values(file)?;
            return Ok(Self { variable_files: vec![file.clone()], ..Self::default() });
        }
        let source = SourceText::new(file)?;
        let root = match recognise::format(&file.bytes) {
            Format::Json => json::read(&source).map(|json| json.root),
            Format::Yaml => {
                yaml::read(&source).map(|documents| documents.into_iter().next()).and_then(|first| {
                    first.ok_or(SyntaxError {
                        offset: 0,
                        message: "the file is empty".to_owned(),
                        hint: Some(EXPECTED),
                    })
                })
            }
        }
        .map_err(|error| source.error(error))?;
        let mut inputs = Self::default();
        inputs.take(&source, &root)?;
        Ok(inputs)
    }

    fn take(&mut self, source: &SourceText, root: &Node) -> Result<(), TemplateError> {
        let refused = |node: &Node, message: String| {
            source.error(SyntaxError { offset: node.span.start, message, hint: Some(EXPECTED) })
        };
        match &root.value {
            Value::Seq(items) => {
                for item in items {
                    if let Some(text) = item.as_str() {
                        let (key, value) =
                            text.split_once('=').ok_or_else(|| refused(item, "no KEY=VALUE".to_owned()))?;
                        // The value alone is what may be changed.
                        let mut place = source.place(item.span);
                        let written = source.slice(item.span);
                        if let Some(at) = written.find('=').filter(|_| written.ends_with(value)) {
                            place = source
                                .place(super::super::Span { start: item.span.start + at + 1, ..item.span });
                        }
                        self.put(key.to_owned(), value.to_owned(), place);
                        continue;
                    }
                    let Some(key) = item.get("ParameterKey").and_then(Node::as_str) else {
                        return Err(refused(item, "no ParameterKey".to_owned()));
                    };
                    // With `UsePreviousValue`, what the stack has stays.
                    if let Some(value) = item.get("ParameterValue") {
                        let text = value.scalar().ok_or_else(|| {
                            refused(value, format!("the value of {key} is {}", value.kind()))
                        })?;
                        self.put(key.to_owned(), text.to_owned(), source.place(value.span));
                    }
                }
                Ok(())
            }
            Value::Map(entries) => {
                if let Some(inner) = root
                    .get("Parameters")
                    .filter(|inner| matches!(inner.value, Value::Map(_) | Value::Seq(_)))
                {
                    return self.take(source, inner);
                }
                for entry in entries {
                    let text = match &entry.value.value {
                        Value::Seq(items) => {
                            let texts: Option<Vec<&str>> = items.iter().map(Node::scalar).collect();
                            texts.map(|texts| texts.join(","))
                        }
                        _ => entry.value.scalar().map(str::to_owned),
                    };
                    let Some(text) = text else {
                        return Err(refused(
                            &entry.value,
                            format!("the value of {} is {}", entry.key, entry.value.kind()),
                        ));
                    };
                    self.put(entry.key.clone(), text, source.place(entry.value.span));
                }
                Ok(())
            }
            _ => Err(refused(root, format!("the file holds {}", root.kind()))),
        }
    }

    fn put(&mut self, key: String, value: String, place: Place) {
        self.places.insert(key.clone(), place);
        self.parameters.insert(key, value);
    }
}

const EXPECTED: &str = "expected [{\"ParameterKey\": ..., \"ParameterValue\": ...}], {\"Parameters\": {...}}, or a map of names to values";
