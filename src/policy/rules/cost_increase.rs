//! # cost-increase
//!
//! A task costs more a month than in the base branch, by at least `check.cost_increase_usd` and
//! `check.cost_increase_percent`.
//!
//! **Why**: a review sees a number change; this says what it changes on the bill.
//!
//! **Example**: `"cpu": "1024"` becomes `"4096"`: 3 vCPU x 0.04048 x 730 hours, +88.65 USD a month for each task in
//! us-east-1. A number of tasks that one side does not tell is taken from the other.
//!
//! **Tasks**: of what a snapshot shows running, the tasks that ran on average count on both sides, times what the change
//! makes of the desired count: from 6 to 60, those that ran count ten times now. Where auto scaling is in the files, the
//! desired count says nothing; a minimum that is raised above what ran counts as the tasks. Any other change of a minimum,
//! and one of a desired count of 0, is not judged. A service that does not run counts by what it asks for.
//!
//! **Fix**: none, if the money is meant to be spent: then waive it, with a date. Otherwise take less.
//!
//! Needs a base (`--base` or `--base-path`). Default level: warn.

use rust_decimal::Decimal;

use crate::{
    policy::{
        Rule,
        docket::Docket,
        subject::{Base, Subject, TasksFrom},
        wording,
    },
    units::Usd,
};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    if matches!(subject.base, Base::Unknown) {
        return;
    }
    let Some(after) = subject.monthly(subject.task) else {
        docket.cannot_judge(Rule::CostIncrease, subject, subject.why_no_price(subject.task));
        return;
    };
    let before = match subject.base {
        Base::Unknown => return,
        Base::New => Ok(Decimal::ZERO),
        Base::Unread(path) => {
            let why = format!("{} of the base, which may have it, could not be read", path.display());
            docket.cannot_judge(Rule::CostIncrease, subject, why);
            return;
        }
        Base::Was(base) => subject.monthly(base).ok_or_else(|| subject.why_no_price(base)),
    };
    let before = match before {
        Ok(before) => before,
        Err(why) => {
            docket.cannot_judge(
                Rule::CostIncrease,
                subject,
                format!("its cost in the base is not known: {why}"),
            );
            return;
        }
    };
    let Some((tasks_before, tasks)) = subject.tasks_before_and_now() else {
        docket.cannot_judge(Rule::CostIncrease, subject, "how many tasks it adds or takes away is not known");
        return;
    };
    let (before_all, after_all) = (before * tasks_before.count, after * tasks.count);
    let rise = after_all - before_all;
    if !subject.settings.cost_increase.is_met_by(rise, before_all) {
        return;
    }
    let message = if before_all.is_zero() {
        format!("this adds {} a month for {}", wording::amount(after_all), wording::tasks(tasks))
    } else {
        format!(
            "{} a month: {} before, {} now, for {}{}",
            wording::change(rise),
            wording::amount(before_all),
            wording::amount(after_all),
            wording::tasks(tasks),
            if tasks_before.from == TasksFrom::OtherSide {
                " (the base does not tell its number)"
            } else {
                ""
            }
        )
    };
    let at = subject.what_changed().unwrap_or(&subject.task.at).clone();
    docket.find(Rule::CostIncrease, &at, message, None).monthly_cost_change =
        Some(Usd(after_all).rounded() - Usd(before_all).rounded());
}
