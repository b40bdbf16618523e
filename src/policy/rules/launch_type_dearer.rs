//! # launch-type-dearer
//!
//! The same task is bought in a dearer way than in the base or, where that is as dear, than what runs: less of it on
//! Fargate Spot, on x86 where it was on ARM. Or it runs on a launch type that production shows another to be cheaper
//! than.
//!
//! **Why**: how a task is bought can matter more than its size: Spot is 60 to 70 % off.
//!
//! **Example**: a strategy of `FARGATE_SPOT` weight 3, `FARGATE` weight 1 becomes `"launchType": "FARGATE"`.
//!
//! **Fix**: keep the strategy, or waive the finding with the reason for the change.
//!
//! Needs a base or a snapshot. Default level: warn.

use rust_decimal::Decimal;

use crate::{
    policy::{
        Rule,
        docket::{Docket, Draft},
        subject::{Base, Subject},
        wording,
    },
    template::TaskTemplate,
    workload::Platform,
};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    if !against_the_base(subject, docket) {
        against_what_runs(subject, docket);
    }
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
        draft.workload = Some(production.id.clone());
        draft.monthly_cost_change = Some(*saved);
    }
}

/// Whether it is dearer than in the base.
fn against_the_base(subject: &Subject<'_>, docket: &mut Docket) -> bool {
    let Base::Was(base) = subject.base else { return false };
    // The size of now bought as before: what is left is the way of buying.
    let as_before = TaskTemplate {
        platform: base.platform.clone(),
        services: subject.services_before(base),
        ..subject.task.clone()
    };
    let way = |task| Some(Way { platform: subject.platform_of(task)?, spot: subject.spot_share(task)? });
    let Some((was, is)) = way(&as_before).zip(way(subject.task)) else { return false };
    if was == is {
        return false;
    }
    if subject.tasks_before_and_now().is_none() {
        docket.cannot_judge(Rule::LaunchTypeDearer, subject, "how many tasks it runs is not known");
        return false;
    }
    let Some((before, now)) = subject.monthly(&as_before).zip(subject.monthly(subject.task)) else {
        return false;
    };
    if !subject.is_worth_it(now - before, before) {
        return false;
    }
    find(subject, docket, (was, is), ("than before", now - before));
    true
}

/// Against the way in which the linked workloads are bought.
fn against_what_runs(subject: &Subject<'_>, docket: &mut Docket) {
    let Some((before, now)) = subject.monthly_as_it_runs().zip(subject.monthly(subject.task)) else { return };
    let Some((platform, spot)) = subject.platform().zip(subject.spot_share(subject.task)) else { return };
    if !subject.is_worth_it(now - before, before) {
        return;
    }
    let running = || subject.running_workloads();
    let (spot_tasks, tasks) = running().fold((Decimal::ZERO, Decimal::ZERO), |(spot, all), (p, tasks)| {
        (spot + p.spot_share * tasks, all + tasks)
    });
    let other = running().map(|(production, _)| production.platform).find(|other| *other != platform);
    let was =
        Way { platform: other.unwrap_or(platform), spot: spot_tasks.checked_div(tasks).unwrap_or_default() };
    let draft = find(subject, docket, (was, Way { platform, spot }), ("than what runs", now - before));
    "production".clone_into(&mut draft.about);
}

/// How tasks are bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    platform: Platform,
    /// The share on Spot.
    spot: Decimal,
}

impl Way {
    /// `on demand`, `75 % Spot`.
    fn spot_text(self) -> String {
        let percent = (self.spot * Decimal::ONE_HUNDRED).round().normalize();
        if percent.is_zero() {
            "on demand".to_owned()
        } else if percent == Decimal::ONE_HUNDRED {
            "Spot".to_owned()
        } else {
            format!("{percent} % Spot")
        }
    }
}

fn find<'d>(
    subject: &Subject<'_>,
    docket: &'d mut Docket,
    (was, is): (Way, Way),
    (than, dearer): (&str, Decimal),
) -> &'d mut Draft {
    let is_other_spot = was.spot_text() != is.spot_text();
    let changes = [
        (was.spot_text(), is.spot_text()),
        (was.platform.arch.as_str().to_owned(), is.platform.arch.as_str().to_owned()),
        (was.platform.os.as_str().to_owned(), is.platform.os.as_str().to_owned()),
    ];
    let changes = changes.iter().filter(|(was, is)| was != is);
    let changes: Vec<String> = changes.map(|(was, is)| format!("from {was} to {is}")).collect();
    let message = format!(
        "the same size is bought in a dearer way {than}: {}; {}",
        changes.join(" and "),
        wording::monthly_change(subject, dearer)
    );
    let service = || {
        subject.task.services.iter().find_map(|service| {
            service.strategy.first().map(|item| &item.at).or_else(|| service.launch_type.place())
        })
    };
    let platform = || subject.task.platform.place();
    let at = if is_other_spot { service().or_else(platform) } else { platform() };
    let draft = docket.find(Rule::LaunchTypeDearer, at.unwrap_or(&subject.task.at), message, None);
    draft.monthly_cost_change = Some(subject.of_all_tasks(dearer));
    draft
}
