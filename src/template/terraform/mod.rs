//! Terraform: configurations and plans.

use super::{Inputs, SourceFile, TemplateFile};

/// Reads the files of one folder.
pub fn read(_files: &[SourceFile], _inputs: &Inputs) -> Vec<TemplateFile> {
    Vec::new()
}

/// Whether a file is one of Terraform's with something about ECS tasks.
pub fn recognise(_bytes: &[u8]) -> bool {
    false
}
