//! # ephemeral-storage-unused
//!
//! A task pays for ephemeral storage beyond the free 20 GiB, and nothing shows that it needs it.
//!
//! **Why**: it is billed per GiB and hour, used or not.
//!
//! **Example**: `"ephemeralStorage": {"sizeInGiB": 200}` on six tasks: 180 GiB each, about 87 USD a month.
//!
//! **Fix**: leave it out, or look at `EphemeralStorageUtilized` of Container Insights and waive the finding
//! for as long as that shows more than 20 GiB.
//!
//! Needs a region. Default level: warn.

use crate::{
    fargate::FREE_EPHEMERAL_STORAGE,
    policy::{Rule, docket::Docket, subject::Subject, wording},
};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    let Some(storage) = subject.task.ephemeral_storage.known() else { return };
    let extra = storage.0.saturating_sub(FREE_EPHEMERAL_STORAGE.0);
    if extra == 0 {
        return;
    }
    let Some((each, cost)) = subject.monthly_of_storage().zip(subject.monthly(subject.task)) else {
        docket.cannot_judge(Rule::EphemeralStorageUnused, subject, subject.why_no_price(subject.task));
        return;
    };
    if !subject.is_worth_it(each, cost) {
        return;
    }
    let message = format!(
        "{extra} GiB of ephemeral storage beyond the free {}, and nothing shows that it is used; {}",
        FREE_EPHEMERAL_STORAGE.0,
        wording::monthly_change(subject, each)
    );
    let help =
        "leave it out, unless Container Insights shows EphemeralStorageUtilized above 20 GiB".to_owned();
    let at = subject.task.ephemeral_storage.place().unwrap_or(&subject.task.at);
    docket.find(Rule::EphemeralStorageUnused, at, message, Some(help)).monthly_cost_change =
        Some(subject.of_all_tasks(each));
}
