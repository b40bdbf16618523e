//! [`SourceFile`] in, [`TemplateFile`] out.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use super::{Constraint, Place, TaskTemplate};
use crate::workload::Region;

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    pub path: Arc<PathBuf>,
    pub bytes: Arc<[u8]>,
    /// Whether it was named itself, rather than found in a folder: then it must be something known.
    pub named: bool,
}

/// What the templates leave to whoever deploys them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inputs {
    /// `--parameter KEY=VALUE`: parameters of `CloudFormation`, variables of Terraform.
    pub parameters: BTreeMap<String, String>,
    /// Where a file gives them, if one does.
    pub places: BTreeMap<String, Place>,
    /// Files of values for Terraform's variables, a later one over an earlier one.
    pub variable_files: Vec<SourceFile>,
}

impl Inputs {
    /// With what `CloudFormation` knows of the region that a template is deployed to, unless it is given.
    pub fn deployed_to(&mut self, region: &Region) {
        let (partition, suffix) = match region.0.split_once('-') {
            Some(("cn", _)) => ("aws-cn", "amazonaws.com.cn"),
            Some(("us", rest)) if rest.starts_with("gov-") => ("aws-us-gov", "amazonaws.com"),
            // Those of other partitions are not open to all, and no price is known of them.
            _ => ("aws", "amazonaws.com"),
        };
        for (name, value) in
            [("AWS::Region", &*region.0), ("AWS::Partition", partition), ("AWS::URLSuffix", suffix)]
        {
            self.parameters.entry(name.to_owned()).or_insert_with(|| value.to_owned());
        }
    }

    /// With what others give, too, which wins.
    pub fn extend(&mut self, others: Self) {
        self.parameters.extend(others.parameters);
        self.places.extend(others.places);
        self.variable_files.extend(others.variable_files);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TemplateKind {
    TaskDefinition,
    CloudFormation,
    /// `terraform show -json`.
    TerraformPlan,
    Terraform,
    Copilot,
    Compose,
}

impl TemplateKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TaskDefinition => "task-definition",
            Self::CloudFormation => "cloudformation",
            Self::TerraformPlan => "terraform-plan",
            Self::Terraform => "terraform",
            Self::Copilot => "copilot",
            Self::Compose => "compose",
        }
    }
}

/// What was found in a file.
#[derive(Debug, Clone)]
pub struct TemplateFile {
    pub path: Arc<PathBuf>,
    pub kind: TemplateKind,
    /// The whole text, for excerpts and patches.
    pub text: Arc<str>,
    pub tasks: Vec<TaskTemplate>,
    /// What literals are held to that its tasks may have their values of.
    pub constraints: Vec<Constraint>,
    /// Task definitions and services that the values known make none of.
    pub not_created: Vec<NotCreated>,
    /// Why it could not be read, if so; `tasks` is then empty or what came before.
    pub error: Option<TemplateError>,
}

/// A resource of which `count`, `for_each` or a condition is known to make none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCreated {
    /// As [`TaskTemplate::name`]; of a module that is not called, the call.
    pub name: String,
    pub at: Place,
}

/// Why a text cannot be read, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}:{column}: {message}", path.display())]
pub struct TemplateError {
    pub path: Arc<PathBuf>,
    /// From 1.
    pub line: usize,
    /// From 1.
    pub column: usize,
    pub message: String,
    pub hint: Option<String>,
}
