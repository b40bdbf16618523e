//! # untagged
//!
//! A task definition lacks a tag of `check.required_tags`, or has none at all where that list is empty.
//!
//! **Why**: what has no tag has no owner on the bill.
//!
//! **Example**: `required_tags = ["team"]`, and the template has no tag `team`.
//!
//! **Fix**: add the tag. Tags of a service that runs it count, too.
//!
//! Default level: allow.

use crate::policy::{Rule, docket::Docket, subject::Subject};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    let task = subject.task;
    let has = |key: &str| {
        task.tags.contains_key(key) || task.services.iter().any(|service| service.tags.contains_key(key))
    };
    let required = &subject.settings.required_tags;
    let missing: Vec<&str> = required.iter().map(String::as_str).filter(|key| !has(key)).collect();
    let has_none = task.tags.is_empty() && task.services.iter().all(|service| service.tags.is_empty());
    let message = if required.is_empty() && has_none {
        "it has no tags".to_owned()
    } else if missing.is_empty() {
        return;
    } else {
        format!("it has no tag {}", missing.join(", "))
    };
    if task.tags_unresolved {
        docket.cannot_judge(Rule::Untagged, subject, "some of its tags are not known");
        return;
    }
    docket.find(Rule::Untagged, &task.at, message, None);
}
