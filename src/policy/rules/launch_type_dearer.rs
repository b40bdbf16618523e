//! # launch-type-dearer
//!
//! The same task is bought in a dearer way than before: less of it on Fargate Spot, on x86 where it was on
//! ARM, or on a launch type that production shows another to be cheaper than.
//!
//! **Why**: how a task is bought can matter more than its size: Spot is 60 to 70 % off.
//!
//! **Example**: a strategy of `FARGATE_SPOT` weight 3, `FARGATE` weight 1 becomes `"launchType": "FARGATE"`.
//!
//! **Fix**: keep the strategy, or waive the finding with the reason for the change.
//!
//! Needs a base or a snapshot. Default level: warn.

use crate::{
    policy::{
        Rule,
        docket::Docket,
        subject::{Base, Subject},
        wording,
    },
    template::TaskTemplate,
};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    against_the_base(subject, docket);
    for production in &subject.production {
        let Some((launch_type, saved)) = &production.cheaper_launch_type else { continue };
        if !subject.settings.floor.is_met_by(saved.0, production.monthly_cost.unwrap_or_default().0) {
            continue;
        }
        let message = format!(
            "{} runs on {}; {launch_type} would cost {} a month less",
            production.id,
            production.launch_type.as_str(),
            wording::amount(saved.0)
        );
        let help = Some("`fargauge explain` tells under which conditions".to_owned());
        let draft = docket.find(Rule::LaunchTypeDearer, &subject.task.at, message, help);
        draft.about.clone_from(&production.id);
        draft.monthly_cost_change = Some(*saved);
    }
}

fn against_the_base(subject: &Subject<'_>, docket: &mut Docket) {
    let Base::Was(base) = subject.base else { return };
    // The size of now bought as before: what is left is the way of buying.
    let as_before = TaskTemplate {
        platform: base.platform.clone(),
        services: subject.services_before(base),
        ..subject.task.clone()
    };
    if (subject.spot_share(&as_before), &as_before.platform)
        == (subject.spot_share(subject.task), &subject.task.platform)
    {
        return;
    }
    if subject.tasks_before_and_now().is_none() {
        docket.cannot_judge(Rule::LaunchTypeDearer, subject, "how many tasks it runs is not known");
        return;
    }
    let Some((before, now)) = subject.monthly(&as_before).zip(subject.monthly(subject.task)) else { return };
    let dearer = now - before;
    if !subject.is_worth_it(dearer, before) {
        return;
    }
    let message = format!(
        "the same size is bought in a dearer way than before; {}",
        wording::monthly_change(subject, dearer)
    );
    let at = subject.task.services.iter().find_map(|service| {
        service.strategy.first().map(|item| &item.at).or_else(|| service.launch_type.place())
    });
    let at = at.or_else(|| subject.task.platform.place()).unwrap_or(&subject.task.at);
    docket.find(Rule::LaunchTypeDearer, at, message, None).monthly_cost_change =
        Some(subject.of_all_tasks(dearer));
}
