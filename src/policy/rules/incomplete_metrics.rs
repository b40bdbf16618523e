//! # incomplete-metrics
//!
//! The task is linked with a workload of the snapshot that could not be rated.
//!
//! **Why**: its size was then not judged by what production needs, and that should not go unnoticed.
//!
//! **Example**: a service that has run for three hours: `too-new`.
//!
//! **Fix**: the message says what is missing: wait, collect again, or turn metrics on.
//!
//! Needs a snapshot. Default level: warn.

use crate::policy::{Rule, docket::Docket, subject::Subject};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    for production in &subject.production {
        if let Some(why) = production.not_rated.as_ref().filter(|_| production.lacks_data) {
            let message = format!("{} could not be rated: {why}", production.id);
            docket
                .find(Rule::IncompleteMetrics, &subject.task.at, message, None)
                .about
                .clone_from(&production.id);
        }
    }
}
