//! # cost-increase
//!
//! A task costs more a month than in the base branch, by at least `check.cost_increase_usd` and
//! `check.cost_increase_percent`.
//!
//! **Why**: a review sees a number change; this says what it changes on the bill.
//!
//! **Example**: `"cpu": "1024"` becomes `"4096"`: +106.40 USD a month for each task with 8 GB.
//!
//! **Fix**: none, if the money is meant to be spent: then waive it, with a date. Otherwise take less.
//!
//! Needs a base (`--base` or `--base-path`). Default level: warn.

use rust_decimal::Decimal;

use crate::{
    policy::{
        Rule,
        docket::Docket,
        subject::{Base, Subject},
        wording,
    },
    units::Usd,
};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    let before = match subject.base {
        Base::Unknown => return,
        Base::New => Some(Decimal::ZERO),
        Base::Was(base) => subject.monthly(base),
    };
    let Some((before, after)) = before.zip(subject.monthly(subject.task)) else {
        docket.cannot_judge(Rule::CostIncrease, subject, "its cost before or after is not known");
        return;
    };
    // The number of tasks may be what changed, where the templates are what says it.
    let count = subject.tasks().count;
    let count_before = match subject.base {
        Base::Was(base) if subject.production.is_empty() => base.desired_count().map_or(count, Decimal::from),
        _ => count,
    };
    let (before_all, after_all) = (before * count_before, after * count);
    let rise = after_all - before_all;
    if !subject.settings.cost_increase.is_met_by(rise, before_all) {
        return;
    }
    let message = if before_all.is_zero() {
        format!("this adds {} a month for {}", wording::amount(after_all), wording::tasks(subject.tasks()))
    } else {
        format!(
            "{} a month: {} before, {} now, for {}",
            wording::change(rise),
            wording::amount(before_all),
            wording::amount(after_all),
            wording::tasks(subject.tasks())
        )
    };
    let at = subject.what_changed().unwrap_or(&subject.task.at).clone();
    docket.find(Rule::CostIncrease, &at, message, None).monthly_cost_change =
        Some(Usd(after_all).rounded() - Usd(before_all).rounded());
}
