//! What Fargate sells and how it bills: the valid task sizes and the billing rules.

mod billing;
mod task_size;

pub use billing::{FREE_EPHEMERAL_STORAGE, minimum_billed_seconds};
pub use task_size::{InvalidTaskSize, TaskSize};
