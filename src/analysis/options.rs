//! A workload's options beyond size: what runs after the recommendation, and how the report says them.

use rust_decimal::Decimal;

use super::subject::Facts;
use crate::{
    config::Config,
    launch::{Offer, Running, options, stop},
    pricing::{PriceBook, SavingsPlanRates, TaskShape},
    report::Opportunity,
    rightsize::{Rating, Reason, Unrated},
    units::{TaskTime, Usd},
    workload::{PurchaseSplit, WorkloadKind, spot_share},
};

/// Below this share (of 10,000) of periods with a sample, a workload does not run all the time.
const ALWAYS_ON: u64 = 9_500;

/// The options of a workload that costs `remaining` a month after its recommendation. There are none
/// without a price, none where there is too little data to say what a month costs, and one that is
/// stopped needs no other.
pub(super) fn opportunities(
    facts: &Facts<'_>,
    book: &PriceBook,
    config: &Config,
    (shape, split): (TaskShape, PurchaseSplit),
    rating: &Result<Rating, Unrated>,
    remaining: Option<Usd>,
) -> Vec<Opportunity> {
    let Some((remaining, demand)) = remaining.filter(|cost| cost.0 > Decimal::ZERO).zip(facts.demand) else {
        return Vec::new();
    };
    let shape = match rating {
        Ok(rating) if rating.idle => return vec![opportunity(stop(remaining))],
        Ok(Rating { choice: Some(choice), .. }) => {
            TaskShape { cpu: choice.size.cpu(), memory: choice.size.memory(), ..shape }
        }
        // What keeps the size from being rated says nothing against the data.
        Ok(_) | Err(Unrated { reason: Reason::Autoscaled | Reason::TooFewRuns, .. }) => shape,
        Err(_) => return Vec::new(),
    };
    let time = demand.total_task_time();
    let running = Running {
        shape,
        split,
        monthly_task_hours: time.hours() * facts.months_per_window(),
        mean_tasks_milli: facts.mean_tasks_milli(time),
        steady_on_demand_milli: steady_on_demand_milli(facts, time),
    };
    options(running, book, SavingsPlanRates::embedded(), config).into_iter().map(opportunity).collect()
}

/// Thousandths of a task that are there, on demand, at every hour: all of a fixed count, the least that
/// scaling may leave, none of what comes and goes.
fn steady_on_demand_milli(facts: &Facts<'_>, time: TaskTime) -> u64 {
    let workload = facts.workload;
    let always_on = facts.demand.is_some_and(|demand| facts.coverage(demand) >= ALWAYS_ON);
    if workload.identity.kind == WorkloadKind::Standalone || !always_on {
        return 0;
    }
    let least = match &workload.scaling {
        Some(target) => {
            let scheduled = target.scheduled_actions.iter().filter_map(|action| action.min_capacity);
            scheduled.chain([target.min_capacity]).min()
        }
        None => workload.desired_count,
    };
    let mean = facts.mean_tasks_milli(time);
    let steady = least.map_or(mean, |least| mean.min(u64::from(least) * 1000));
    let PurchaseSplit { spot, total } = spot_share(&workload.strategy, steady);
    let on_demand = u128::from(steady) * u128::from(total - spot.min(total)) / u128::from(total.max(1));
    u64::try_from(on_demand).unwrap_or(steady)
}

fn opportunity(offer: Offer) -> Opportunity {
    Opportunity {
        kind: offer.kind.as_str().to_owned(),
        monthly_cost: Some(offer.monthly_cost),
        monthly_savings: Some(offer.monthly_savings),
        effort: offer.kind.effort().as_str().to_owned(),
        conditions: offer.conditions,
    }
}
