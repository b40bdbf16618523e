//! [`Context`]: what the rating was made from that a service's scaling refines.

use crate::{
    fargate::TaskSize,
    pricing::PriceBook,
    rightsize::{calibration::Learnt, guards::Guards, subject::Subject},
    units::Usd,
};

/// What a rating was made from.
pub(in crate::rightsize) struct Context<'a> {
    pub subject: &'a Subject<'a>,
    pub guards: &'a Guards<'a>,
    pub learnt: Option<Learnt<'a>>,
    pub book: &'a PriceBook,
    /// The size for as many tasks as ran, with its hourly price; the current one included.
    pub same: Option<(TaskSize, Usd)>,
}

impl Context<'_> {
    /// Whether memory's headroom is all learnt.
    pub(super) fn replaces_fixed(&self) -> bool {
        self.learnt.is_some_and(|learnt| learnt.replaces_fixed)
    }
}
