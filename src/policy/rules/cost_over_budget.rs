//! # cost-over-budget
//!
//! A task costs more a month than its budget: `check.budget_usd`, or that of the `[[check.override]]` that
//! fits it. All its tasks count: those that run where a snapshot tells it, as many times as a change of what the
//! services ask for makes of them (`cost-increase` says how).
//!
//! **Why**: a budget that nobody holds a change against is a wish.
//!
//! **Example**: `budget_usd = 200`, and six tasks of 1 vCPU and 2 GB come to 216.24 USD.
//!
//! **Fix**: a smaller size, fewer tasks, or a larger budget.
//!
//! Needs a budget in the config. Default level: warn.

use crate::policy::{Rule, docket::Docket, subject::Subject, wording};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    let Some(budget) = subject.settings.budget(|m| m.holds(subject.task, &subject.production, None)) else {
        return;
    };
    let Some(each) = subject.monthly(subject.task) else {
        docket.cannot_judge(Rule::CostOverBudget, subject, subject.why_no_price(subject.task));
        return;
    };
    let cost = each * subject.tasks().count;
    if cost <= budget {
        if subject.tasks_are_open() {
            docket.cannot_judge(
                Rule::CostOverBudget,
                subject,
                "how many tasks it adds or takes away is not known",
            );
        }
        return;
    }
    let message = format!(
        "{} a month for {}, the budget is {}",
        wording::amount(cost),
        wording::tasks(subject.tasks()),
        wording::amount(budget)
    );
    docket.find(Rule::CostOverBudget, &subject.task.at, message, None).monthly_cost_change =
        Some(crate::units::Usd(cost - budget).rounded());
}
