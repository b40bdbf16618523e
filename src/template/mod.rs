//! What repositories hold about ECS tasks: task definitions, `CloudFormation`, Terraform and their kin.
//!
//! Takes texts; tells by content what each is; gives [`TaskTemplate`]s whose every setting knows where it is
//! written, or why it cannot be known from the files alone. Reads no file itself and runs nothing.

mod beside_tasks;
mod cloudformation;
mod compose;
mod constraint;
mod container;
mod copilot;
pub mod document;
mod fields;
pub mod json;
pub mod patch;
mod place;
mod read;
pub mod recognise;
mod resolve;
mod source;
mod task_definition;
mod task_template;
pub mod terraform;
pub mod yaml;

pub use constraint::{Allows, Constraint};
pub use place::{Place, Span};
pub use read::{ReadTemplates, read_all};
pub use source::{Inputs, NotCreated, SourceFile, TemplateError, TemplateFile, TemplateKind};
pub use task_template::{
    ContainerTemplate, Refused, ServiceTemplate, Setting, StrategyTemplate, TaskTemplate,
};
