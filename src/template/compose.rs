//! compose.

use super::{
    TaskTemplate, TemplateError,
    document::{Node, SourceText},
};

pub fn read(_source: &SourceText, _compose: &Node, _errors: &mut Vec<TemplateError>) -> Vec<TaskTemplate> {
    Vec::new()
}
