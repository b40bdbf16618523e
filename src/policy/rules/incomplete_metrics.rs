//! # incomplete-metrics
//!
//! The task is linked with a workload of the snapshot that could not be rated for lack of data: `gap-in-metrics`,
//! `mixed-revisions`, `no-metrics`, `too-few-runs`, `too-new` or `unknown-launch-type`.
//!
//! **Why**: its size was then not judged by what production needs, and that should not go unnoticed.
//!
//! **Example**: a service that has run for three hours: `too-new`.
//!
//! Other reasons, such as `autoscaled` or `no-running-tasks`, are no lack of data and no finding: the rules that
//! need a size of production are listed as not judged, with the reason.
//!
//! **Fix**: the message says what is missing: wait, collect again, or turn metrics on.
//!
//! Needs a snapshot. Default level: warn.

use crate::policy::{Rule, docket::Docket, subject::Subject};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    for production in &subject.production {
        if let Some(why) = production.not_rated.as_ref().filter(|_| production.lacks_data) {
            let message = format!("{} could not be rated: {why}", production.id);
            let draft = docket.find(Rule::IncompleteMetrics, &subject.task.at, message, None);
            draft.about.clone_from(&production.id);
            draft.workload = Some(production.id.clone());
        }
    }
}
