//! [`BesideTasks`]: what a template holds beside its tasks.

use super::{Constraint, NotCreated};

#[derive(Default)]
pub(super) struct BesideTasks {
    pub constraints: Vec<Constraint>,
    pub not_created: Vec<NotCreated>,
}
