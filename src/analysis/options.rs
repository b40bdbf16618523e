//! A workload's options beyond size: what runs after the recommendation, and how the report says them.

use rust_decimal::Decimal;

use super::facts::{Facts, FewerTasks};
use crate::{
    config::Config,
    ec2::packing::Resources,
    launch::{Effort, NoRate, Offer, OwnInstances, Running, monthly_cost, options, own_instances, stop},
    pricing::{PriceBook, TaskCost, TaskShape},
    report::{NotOffered, Opportunity},
    rightsize::{Rating, Reason, ScalingChoice, Unrated},
    units::{TaskTime, Usd},
    workload::{OperatingSystem, PurchaseSplit, WorkloadKind, spot_share},
};

/// Below this share (of 10,000) of periods with a sample, a workload does not run all the time.
const ALWAYS_ON: u64 = 9_500;

const SCALE_IN: &str = "scale-in";

/// The options of a workload that costs `remaining` a month after its recommendation. There are none
/// without a price, none where there is too little data to say what a month costs, and one that is
/// stopped needs no other. Beside them what is no option for want of a rate, or of knowing what scales it.
pub(super) fn opportunities(
    facts: &Facts<'_>,
    book: &PriceBook,
    config: &Config,
    shape: TaskShape,
    rating: &Result<Rating, Unrated>,
    (remaining, fewer): (Option<Usd>, Option<FewerTasks>),
) -> (Vec<Opportunity>, Vec<NotOffered>) {
    let Some((remaining, demand)) = remaining.filter(|cost| cost.0 > Decimal::ZERO).zip(facts.demand) else {
        return Default::default();
    };
    let shape = match rating {
        Ok(rating) if rating.idle => return (vec![opportunity(stop(remaining))], Vec::new()),
        Ok(Rating { choice: Some(choice), .. }) => {
            TaskShape { cpu: choice.size.cpu(), memory: choice.size.memory(), ..shape }
        }
        // What keeps the size from being rated says nothing against the data.
        Ok(_) | Err(Unrated { reason: Reason::Autoscaled | Reason::TooFewRuns, .. }) => shape,
        Err(_) => return Default::default(),
    };
    let ran = demand.total_task_time();
    let scaling = rating.as_ref().ok().and_then(|rating| rating.scaling);
    // The base of a strategy stays, so that of fewer tasks another part is Spot.
    let running_for = |time: TaskTime, split: PurchaseSplit| Running {
        shape: shape.clone(),
        split,
        monthly_task_hours: time.hours() * facts.months_per_window(),
        mean_tasks_milli: facts.mean_tasks_milli(time),
        steady_on_demand_milli: steady_on_demand_milli(facts, time, scaling),
    };
    let time = rating.as_ref().map_or(ran, |rating| rating.task_time(ran));
    let mut running = running_for(time, facts.split(time));
    let (mut offers, mut not_offered) = (Vec::new(), Vec::new());
    if let Some(fewer) = fewer {
        let seconds = demand.periods.saturating_mul(facts.window.period_seconds.into());
        let after = TaskTime::from_secs(seconds.saturating_mul(fewer.tasks.into()));
        let then = running_for(after, spot_share(&facts.workload.strategy, u64::from(fewer.tasks) * 1000));
        // What is paid for is what ran, which may be less than what is wanted.
        if after < time && !facts.scaling_is_known() {
            let because =
                "whether anything scales it is not known: auto scaling could not be read; see the gaps";
            not_offered.push(NotOffered { kind: SCALE_IN.to_owned(), because: because.to_owned() });
        } else if let Some(cost) =
            monthly_cost(book, &then, config.discount.factor()).filter(|_| after < time)
        {
            offers.push(scale_in(fewer, remaining, cost));
            running = then;
        }
    }
    let on_fargate = running.clone();
    let (beyond, no_rate) = options(running, book, book.savings_plans(), config);
    offers.extend(beyond.into_iter().map(opportunity));
    offers.extend(own_instances_instead(facts, book, config, &on_fargate, remaining));
    let without_rate = |NoRate { kind, because }| NotOffered { kind: kind.as_str().to_owned(), because };
    not_offered.extend(no_rate.into_iter().map(without_rate));
    (offers, not_offered)
}

/// Instances that the service has to itself, where they cost less than what remains: of a fixed number
/// of tasks that run all the time, since no other has the same need at every hour.
fn own_instances_instead(
    facts: &Facts<'_>,
    book: &PriceBook,
    config: &Config,
    Running { shape, .. }: &Running,
    remaining: Usd,
) -> Vec<Opportunity> {
    let workload = facts.workload;
    let always_on = facts.demand.is_some_and(|demand| facts.coverage(demand) >= ALWAYS_ON);
    let tasks = workload.desired_count.filter(|desired| {
        *desired >= 2
            && always_on
            && workload.scaling.is_none()
            && facts.scaling_is_known()
            && workload.identity.kind == WorkloadKind::Service
            && shape.platform.os == OperatingSystem::Linux
    });
    let hourly = TaskCost::split(book, shape, PurchaseSplit::ON_DEMAND).map(|cost| cost.hourly());
    let (Some(tasks), Ok(fargate_hourly), Some(hosts)) =
        (tasks, hourly, facts.hosts.get(&workload.identity.region))
    else {
        return Vec::new();
    };
    let needs = Resources { cpu: shape.cpu.0, memory_mib: shape.memory.0, enis: 1, gpus: 0 };
    let settings = &config.ec2;
    let own = OwnInstances { settings, needs, architecture: shape.platform.arch, tasks, fargate_hourly };
    [("ec2", false), ("managed-instances", true)]
        .into_iter()
        .filter_map(|(kind, managed)| {
            let choice = own_instances(own, hosts, managed)?;
            let cost = (choice.monthly * config.discount.factor() + choice.operations).rounded();
            (cost < remaining).then(|| Opportunity {
                kind: kind.to_owned(),
                alternative: true,
                monthly_cost: Some(cost),
                monthly_savings: Some(remaining - cost),
                effort: Effort::VeryHigh.as_str().to_owned(),
                conditions: choice.conditions(),
            })
        })
        .collect()
}

/// Priced after the change of size and before all else.
fn scale_in(FewerTasks { desired, tasks }: FewerTasks, remaining: Usd, cost: Usd) -> Opportunity {
    Opportunity {
        kind: SCALE_IN.to_owned(),
        alternative: false,
        monthly_cost: Some(cost),
        monthly_savings: Some(remaining - cost),
        effort: "very-low".to_owned(),
        conditions: vec![
            format!("the desired count is set from {desired} to {tasks}"),
            "the busiest period of the window is the busiest to come: fewer tasks share it".to_owned(),
            "a task lost is a larger part of the service".to_owned(),
        ],
    }
}

/// Thousandths of a task that are there, on demand, at every hour: what a fixed count or the least that
/// scaling may leave allows, but no more than the hour with the fewest had, since counts are also set by hand
/// and by scripts; none of what comes and goes. With `scaling` that is to change, as many as are then left of both.
pub(super) fn steady_on_demand_milli(
    facts: &Facts<'_>,
    time: TaskTime,
    scaling: Option<ScalingChoice>,
) -> u64 {
    let workload = facts.workload;
    let always_on = facts.demand.is_some_and(|demand| facts.coverage(demand) >= ALWAYS_ON);
    if workload.identity.kind == WorkloadKind::Standalone || !always_on {
        return 0;
    }
    let allowed = match (scaling, &workload.scaling) {
        (Some(choice), _) => Some(choice.least_capacity),
        (None, Some(target)) => {
            let acting = target.scheduled_actions.iter().filter(|_| !target.scheduled_suspended);
            let scheduled = acting.filter_map(|action| action.min_capacity);
            scheduled.chain([target.min_capacity]).min()
        }
        (None, None) => workload.desired_count,
    };
    let left = |seen: u32| match scaling {
        Some(ScalingChoice { least_now, least_then, .. }) => {
            (u64::from(seen) * 1000).saturating_mul(least_then.into()) / u64::from(least_now.max(1))
        }
        None => u64::from(seen) * 1000,
    };
    let limits = [allowed.map(|tasks| u64::from(tasks) * 1000), facts.least_tasks.map(left)];
    let steady = limits.into_iter().flatten().fold(facts.mean_tasks_milli(time), u64::min);
    let PurchaseSplit { spot, total } = spot_share(&workload.strategy, steady);
    let on_demand = u128::from(steady) * u128::from(total - spot.min(total)) / u128::from(total.max(1));
    u64::try_from(on_demand).unwrap_or(steady)
}

fn opportunity(offer: Offer) -> Opportunity {
    Opportunity {
        kind: offer.kind.as_str().to_owned(),
        alternative: false,
        monthly_cost: Some(offer.monthly_cost),
        monthly_savings: Some(offer.monthly_savings),
        effort: offer.kind.effort().as_str().to_owned(),
        conditions: offer.conditions,
    }
}
