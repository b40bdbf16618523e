//! Workloads on Fargate: what their requests cost, what they need, and what would do.
//!
//! Launch types that are neither on Fargate nor on instances that AWS bills come through here too: the rating says
//! why there is none.

use super::{
    answer::{Answer, savings_percent},
    conditions::{self, Change},
    facts::{Facts, Prepared},
    options::opportunities,
    wording::{container_report, guard_report, reported, scaling, verdict},
};
use crate::{
    config::{Config, LeastChange, Resolved},
    demand::{Requested, WindowDemand},
    pricing::PriceBook,
    report::Recommendation,
    rightsize::{DimensionRating, Learnt, Rating},
    units::{TaskTime, Usd},
};

/// By Fargate's rates and sizes; of launch types that are neither on Fargate nor on instances of AWS's,
/// that there are none.
pub(super) fn answer(
    facts: &Facts<'_>,
    book: &PriceBook,
    config: &Config,
    (in_force, learnt): (&Resolved, Option<Learnt<'_>>),
    prepared: &Prepared,
) -> Answer {
    let time = facts.demand.map_or(TaskTime::ZERO, WindowDemand::total_task_time);
    let rating = facts.rating(book, config, in_force, learnt, prepared);
    let Prepared { platform, priced, .. } = prepared;
    let paid = config.discount.factor();
    let list_month = |hourly: Usd, time: TaskTime| hourly * (time.hours() * facts.months_per_window());
    let month = |hourly: Usd, time: TaskTime| (list_month(hourly, time) * paid).rounded();
    let monthly_cost = priced.as_ref().ok().map(|cost| month(cost.current_hourly, time));
    let rating = rating.map(|rating| match (rating.choice, monthly_cost) {
        (Some(choice), Some(now)) => {
            let savings = now - month(choice.hourly, rating.task_time(time));
            only_if_worth_it(rating, config.change, savings, now)
        }
        _ => rating,
    });
    let recommendation = rating.as_ref().ok().and_then(|rating| {
        let choice = rating.choice?;
        let more =
            || facts.with_subject(config, in_force, prepared, |s| Ok(facts.more_tasks(s, rating))).ok()?;
        let instead = more().and_then(|tasks| {
            let (hourly, time) = facts.at_count(book, *platform, tasks)?;
            Some((tasks, month(hourly, time)))
        });
        let cost = month(choice.hourly, rating.task_time(time));
        let savings = monthly_cost.map(|now| now - cost);
        let then = (choice.size.cpu().0, choice.size.memory().0);
        let now = facts.timeline.map_or(then, |timeline| {
            let Requested { cpu, memory, .. } = timeline.current();
            (cpu.0, memory.0)
        });
        Some(Recommendation {
            cpu_units: choice.size.cpu().0,
            memory_mib: choice.size.memory().0,
            monthly_cost: Some(cost),
            monthly_savings: savings,
            savings_percent: savings_percent(savings, monthly_cost),
            performance_risk: choice.risk.as_str().to_owned(),
            lower_bound: reported(choice.lower),
            upper_bound: choice.upper.map(reported),
            conditions: conditions::of(facts, Change { now, then, cpu: &rating.cpu, memory: &rating.memory })
                .into_iter()
                .chain(rating.conditions.clone())
                .chain(instead.filter(|(_, instead)| *instead < cost).map(conditions::more_tasks))
                .collect(),
            containers: rating.containers.iter().map(container_report).collect(),
            scaling: rating.scaling.map(|choice| scaling(choice, rating.simulation_error)),
        })
    });
    let remaining = recommendation.as_ref().and_then(|r| r.monthly_cost).or(monthly_cost);
    let (options, not_offered) = facts.timeline.map_or_else(Default::default, |timeline| {
        let shape = facts.shape(*platform, timeline.current());
        let fewer = rating.as_ref().ok().and_then(|rating| {
            facts.with_subject(config, in_force, prepared, |s| Ok(facts.fewer_tasks(s, rating))).ok()?
        });
        opportunities(facts, book, config, shape, &rating, (remaining, fewer))
    });
    Answer {
        window_cost: priced.as_ref().ok().map(|cost| (cost.window * paid).rounded()),
        monthly_cost,
        list_monthly_cost: priced.as_ref().ok().map(|cost| list_month(cost.current_hourly, time).rounded()),
        hourly: priced.as_ref().ok().map(|cost| cost.current_hourly),
        verdict: verdict(&rating),
        reasons: match &rating {
            Ok(rating) => rating.reasons.iter().map(|reason| (*reason).to_owned()).collect(),
            Err(_) => Vec::new(),
        },
        learnt: rating.as_ref().is_ok_and(|rating| rating.learnt),
        recommendation,
        options,
        not_offered,
        ruled_out: Vec::new(),
        capacity: None,
        guards: rating.as_ref().map_or_else(|_| Vec::new(), |r| r.guards.iter().map(guard_report).collect()),
        notes: rating.as_ref().map_or_else(|_| Vec::new(), |rating| rating.notes.clone()),
        simulation_error: rating.as_ref().ok().and_then(|rating| rating.simulation_error),
        scaling: rating.as_ref().ok().and_then(|rating| rating.scaling),
    }
}

/// The rating, with the size kept where a smaller one saves too little for a deployment. A size that
/// is too small is never kept.
fn only_if_worth_it(mut rating: Rating, least: LeastChange, savings: Usd, cost: Usd) -> Rating {
    if rating.is_underprovisioned() || least.is_met_by(savings, cost) {
        return rating;
    }
    (rating.choice, rating.scaling) = (None, None);
    for dimension in [&mut rating.cpu, &mut rating.memory] {
        if *dimension == DimensionRating::Overprovisioned {
            *dimension = DimensionRating::Optimized;
        }
    }
    let of_the_choice =
        ["cpu-overprovisioned", "memory-overprovisioned", "low-scaling-target", "smaller-reserve-at-minimum"];
    rating.reasons.retain(|reason| !of_the_choice.contains(reason));
    rating.reasons.push("below-least-change");
    rating
}
