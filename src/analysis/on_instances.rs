//! Workloads whose instances are paid for (EC2 launch type, Managed Instances): what their reserved share
//! costs, whether it fits what they use, and what Fargate would cost instead.
//!
//! Reservations are rated whether or not the instances have a price; where they have none, the row says
//! why and has no cost. Shrinking a reservation saves nothing until instances can go, and each such
//! saving says so.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{
    answer::{Answer, savings_percent},
    conditions::{self, Change},
    facts::Facts,
    glossary::SmallChange,
    standalone,
    wording::{container_report, dimension, guard_report, unrated_verdict},
};
use crate::{
    config::{Config, Resolved},
    demand::{Timeline, WindowDemand},
    fargate::FREE_EPHEMERAL_STORAGE,
    launch::{Effort, InstanceShares, Pool, Share, Unpriced, fargate_conditions, fargate_rule_outs, weight},
    pricing::{PriceBook, TaskShape},
    report::{
        Dimensions, Finding, NotRated, Opportunity, PoolReport, Quantity, Recommendation, RuledOut, Size,
        WorkloadCapacity,
    },
    rightsize::{
        Floors, Reason, ReservationChoice, ReservationRating, ReservationSubject, Unrated, cheapest_size,
        rate_reservation,
    },
    units::{CpuUnits, HOURS_PER_MONTH, MemoryMib, TaskTime, Usd},
    workload::{LaunchType, OperatingSystem, PurchaseSplit, Workload},
};

/// Whether tasks of this launch type run on instances that AWS bills.
pub(super) fn is_on(launch_type: LaunchType) -> bool {
    matches!(launch_type, LaunchType::Ec2 | LaunchType::ManagedInstances)
}

/// Weight of what a workload reserved, over the window's hours.
pub(super) fn mean_weight(demand: &WindowDemand, window_hours: Decimal) -> Decimal {
    let hours = demand
        .task_time
        .iter()
        .map(|(size, time)| Decimal::from(weight(size.cpu, size.memory)) * time.hours());
    hours.sum::<Decimal>() / window_hours.max(Decimal::ONE)
}

/// All pools, as the report lists them. `paid` is what is paid of a list price.
pub(super) fn pools(shares: &InstanceShares, paid: Decimal) -> Vec<PoolReport> {
    let month = |hourly: Usd| (hourly * Decimal::from(HOURS_PER_MONTH) * paid).rounded();
    shares
        .pools()
        .iter()
        .map(|pool| {
            let split = pool.split();
            let cost = pool.hourly.as_ref().ok().map(|hourly| month(*hourly));
            let reserved = split.as_ref().ok().map(|(reserved, _)| month(*reserved));
            PoolReport {
                account_id: pool.account_id.clone(),
                region: pool.region.to_string(),
                cluster: pool.cluster.clone(),
                launch_type: pool.launch_type.as_str().to_owned(),
                capacity_providers: pool.capacity_providers.clone(),
                instances: pool.instances,
                types: pool.types.clone(),
                monthly_cost: cost,
                reserved_monthly_cost: reserved,
                // The difference of what is printed, so that it adds up.
                idle_monthly_cost: cost.zip(reserved).map(|(cost, reserved)| cost - reserved),
                idle_share_percent: pool.idle_percent().map(|percent| Quantity(percent.round_dp(2))),
                priced_on: pool.priced_on.clone(),
                not_priced: pool.hourly.as_ref().err().map(not_priced),
            }
        })
        .collect()
}

fn not_priced(unpriced: &Unpriced) -> NotRated {
    NotRated { reason: unpriced.code().to_owned(), detail: unpriced.to_string() }
}

/// Everything that is said of a workload on instances.
pub(super) fn answer(facts: &Facts<'_>, book: &PriceBook, config: &Config, in_force: &Resolved) -> Answer {
    let share = facts.shares.share(facts.workload.workload_id);
    let per_weight = share.as_ref().map_err(Clone::clone).and_then(|share| share.per_weight.clone());
    let bill = Bill::of(facts, per_weight.ok(), config);
    let rating = rating(facts, config, in_force).map(|rating| worth_it(rating, facts, config, &bill));
    let recommendation = rating.as_ref().ok().and_then(|rating| recommendation(facts, rating, &bill));
    let mut reasons: Vec<String> = match &rating {
        Ok(rating) => rating.reasons.iter().map(|reason| (*reason).to_owned()).collect(),
        Err(_) => Vec::new(),
    };
    if recommendation.as_ref().and_then(|r| r.monthly_savings).is_some_and(|savings| savings > Usd::ZERO) {
        reasons.push("saves-when-instances-go".to_owned());
    }
    let remaining = recommendation.as_ref().map_or(bill.month, |recommendation| recommendation.monthly_cost);
    let (options, ruled_out) = match &share {
        _ if in_force.exclude.is_some() => (Vec::new(), Vec::new()),
        share => advice(facts, book, config, &rating, remaining, share.as_ref().ok()),
    };
    Answer {
        window_cost: bill.window,
        monthly_cost: bill.month,
        list_monthly_cost: bill.list_month,
        hourly: bill.hourly,
        verdict: verdict(&rating),
        reasons,
        learnt: false,
        recommendation,
        options,
        scaling: None,
        not_offered: Vec::new(),
        ruled_out,
        capacity: Some(capacity(facts, config, &share)),
        guards: rating.as_ref().map_or_else(|_| Vec::new(), |r| r.guards.iter().map(guard_report).collect()),
        notes: Vec::new(),
        simulation_error: None,
    }
}

/// What the share costs; nothing where the instances, the size or what ran is not known.
struct Bill {
    /// USD an hour of a weight of 1, list price.
    per_weight: Option<Usd>,
    /// What is paid of a list price.
    paid: Decimal,
    /// Task-hours of a month.
    monthly_hours: Decimal,
    window: Option<Usd>,
    month: Option<Usd>,
    list_month: Option<Usd>,
    /// An hour of a task at the current reservation, list price.
    hourly: Option<Usd>,
}

impl Bill {
    fn of(facts: &Facts<'_>, per_weight: Option<Usd>, config: &Config) -> Self {
        let paid = config.discount.factor();
        let time = facts.demand.map_or(TaskTime::ZERO, WindowDemand::total_task_time);
        // Whether nothing ran or nothing was measured decides between zero cost and no cost.
        let known = facts.demand.is_some() || facts.no_samples().reason == Reason::NoRunningTasks;
        let hourly = per_weight.zip(facts.timeline.filter(|_| known)).map(|(per_weight, timeline)| {
            let now = timeline.current();
            per_weight * Decimal::from(weight(now.cpu, now.memory))
        });
        let window = per_weight.filter(|_| hourly.is_some()).map(|per_weight| {
            let weights = facts.demand.into_iter().flat_map(|demand| &demand.task_time);
            weights
                .map(|(size, time)| per_weight * Decimal::from(weight(size.cpu, size.memory)) * time.hours())
                .sum::<Usd>()
        });
        let monthly_hours = time.hours() * facts.months_per_window();
        let list = hourly.map(|hourly| hourly * monthly_hours);
        Self {
            per_weight,
            paid,
            monthly_hours,
            window: window.map(|window| (window * paid).rounded()),
            month: list.map(|list| (list * paid).rounded()),
            list_month: list.map(Usd::rounded),
            hourly,
        }
    }

    /// USD a month at another reservation.
    fn month_at(&self, (cpu, memory): (CpuUnits, MemoryMib)) -> Option<Usd> {
        self.month?;
        let hourly = self.per_weight? * Decimal::from(weight(cpu, memory));
        Some((hourly * self.monthly_hours * self.paid).rounded())
    }
}

/// The rating, or the first thing that stands against one.
pub(super) fn rating(
    facts: &Facts<'_>,
    config: &Config,
    in_force: &Resolved,
) -> Result<ReservationRating, Unrated> {
    if let Some(reason) = &in_force.exclude {
        return Err(Unrated::new(Reason::Excluded, reason));
    }
    let (Some(timeline), Some(definition)) = (facts.timeline, facts.definition()) else {
        let detail =
            "the task definition was not collected, or neither it nor its containers reserve CPU or memory";
        return Err(Unrated::new(Reason::MissingTaskSize, detail));
    };
    let demand = facts.demand.ok_or_else(|| facts.no_samples())?;
    match facts.runs {
        Some(runs) => standalone::enough_runs(runs)?,
        None => facts.enough_evidence(demand, config)?,
    }
    let sparse = facts.sparse(demand, config);
    let subject = ReservationSubject {
        definition,
        reserved: timeline.current(),
        os: definition.platform.os,
        demand: &sparse.left_out_of(demand),
        sparse,
        scaling: facts.workload.scaling.as_ref(),
        facts: &facts.task_facts(config),
        start_up: facts.start_up.filter(|_| sparse.cpu.is_none()),
        observed_days: facts.days_seen(demand).max(1),
        sizing: in_force.sizing,
    };
    rate_reservation(&subject, config)
}

/// Keeps a reservation whose shrinking saves too little; without a price, one that shrinks by too little.
fn worth_it(rating: ReservationRating, facts: &Facts<'_>, config: &Config, bill: &Bill) -> ReservationRating {
    let Some(choice) = rating.choice.filter(|_| !rating.is_underprovisioned()) else { return rating };
    let met = match (bill.month, bill.month_at(choice.to)) {
        (Some(now), Some(then)) => config.change.is_met_by(now - then, now),
        _ => {
            let now = facts.timeline.map(Timeline::current).map_or(0, |now| weight(now.cpu, now.memory));
            let saved = now.saturating_sub(weight(choice.to.0, choice.to.1));
            u128::from(saved) * 10_000
                >= u128::from(now) * u128::from(config.change.min_savings_centi_percent)
        }
    };
    if met { rating } else { rating.kept() }
}

/// The reservation that was found, whether or not it is worth a change, and what it saves.
pub(super) fn found(facts: &Facts<'_>, config: &Config, rating: &ReservationRating) -> Option<SmallChange> {
    let (cpu, memory) = rating.choice?.to;
    let share = facts.shares.share(facts.workload.workload_id);
    let bill = Bill::of(facts, share.ok().and_then(|share| share.per_weight.ok()), config);
    let saves = bill.month.zip(bill.month_at((cpu, memory))).map(|(now, then)| now - then);
    Some(SmallChange { cpu, memory, saves })
}

fn verdict(rating: &Result<ReservationRating, Unrated>) -> (Finding, Option<NotRated>, Dimensions) {
    let rating = match rating {
        Err(unrated) => return unrated_verdict(unrated),
        Ok(rating) => rating,
    };
    let finding = if rating.is_underprovisioned() {
        Finding::Underprovisioned
    } else if rating.choice.is_some() {
        Finding::Overprovisioned
    } else {
        Finding::Optimized
    };
    let dimensions =
        Dimensions { cpu: dimension(&rating.cpu, false), memory: dimension(&rating.memory, false) };
    (finding, None, dimensions)
}

fn recommendation(facts: &Facts<'_>, rating: &ReservationRating, bill: &Bill) -> Option<Recommendation> {
    let ReservationChoice { to, lower, upper, risk } = rating.choice?;
    let cost = bill.month_at(to);
    let savings = bill.month.zip(cost).map(|(now, then)| now - then);
    let size = |(cpu, memory): (CpuUnits, MemoryMib)| Size { cpu_units: cpu.0, memory_mib: memory.0 };
    let units = |(cpu, memory): (CpuUnits, MemoryMib)| (cpu.0, memory.0);
    let now = facts.timeline.map_or(to, |timeline| (timeline.current().cpu, timeline.current().memory));
    let change = Change { now: units(now), then: units(to), cpu: &rating.cpu, memory: &rating.memory };
    let mut conditions = conditions::of(facts, change);
    conditions.extend(rating.conditions.iter().cloned());
    let managed = facts.workload.launch_type == LaunchType::ManagedInstances;
    conditions.push(
        match savings {
            Some(savings) if savings < Usd::ZERO => {
                "it costs more only once the idle part of the instances does not hold it"
            }
            _ if managed => "it saves as ECS moves tasks together and ends instances, never task by task",
            _ => "it saves only as instances go: what is freed is idle until then",
        }
        .to_owned(),
    );
    Some(Recommendation {
        cpu_units: to.0.0,
        memory_mib: to.1.0,
        monthly_cost: cost,
        monthly_savings: savings,
        savings_percent: savings_percent(savings, bill.month),
        performance_risk: risk.as_str().to_owned(),
        lower_bound: size(lower),
        upper_bound: Some(size(upper)),
        conditions,
        containers: rating.containers.iter().map(container_report).collect(),
        scaling: None,
    })
}

fn capacity(facts: &Facts<'_>, config: &Config, share: &Result<Share<'_>, Unpriced>) -> WorkloadCapacity {
    let pools: &[&Pool] = share.as_ref().map_or(&[], |share| &share.pools);
    let mut types: BTreeMap<String, u64> = BTreeMap::new();
    for (name, count) in pools.iter().flat_map(|pool| &pool.types) {
        *types.entry(name.clone()).or_default() += count;
    }
    let all = Decimal::from(pools.iter().map(|pool| pool.weight).fold(0, u64::saturating_add));
    let percent = |part: Decimal| Quantity((part / all * Decimal::ONE_HUNDRED).round_dp(2));
    let reserved: Decimal = pools.iter().map(|pool| pool.reserved).sum();
    let own = facts
        .demand
        .filter(|_| facts.timeline.is_some())
        .map(|demand| mean_weight(demand, facts.window_hours()));
    let priced = share.as_ref().is_ok_and(|share| share.per_weight.is_ok());
    WorkloadCapacity {
        instances: pools.iter().map(|pool| pool.instances).sum(),
        types,
        monthly_cost: priced.then(|| {
            let hourly: Usd = pools.iter().filter_map(|pool| pool.hourly.clone().ok()).sum();
            (hourly * Decimal::from(HOURS_PER_MONTH) * config.discount.factor()).rounded()
        }),
        priced_on: pools.iter().filter_map(|pool| pool.priced_on.clone()).min().filter(|_| priced),
        share_percent: own.filter(|_| all > Decimal::ZERO).map(percent),
        idle_share_percent: (all > Decimal::ZERO && reserved <= all).then(|| percent(all - reserved)),
        not_priced: match share {
            Ok(Share { per_weight: Ok(_), .. }) => None,
            Ok(Share { per_weight: Err(unpriced), .. }) | Err(unpriced) => Some(not_priced(unpriced)),
        },
    }
}

/// Fargate instead, or why not.
fn advice(
    facts: &Facts<'_>,
    book: &PriceBook,
    config: &Config,
    rating: &Result<ReservationRating, Unrated>,
    remaining: Option<Usd>,
    share: Option<&Share<'_>>,
) -> (Vec<Opportunity>, Vec<RuledOut>) {
    let Some(definition) = facts.definition() else { return (Vec::new(), Vec::new()) };
    let mut options = Vec::new();
    let costs = remaining.filter(|cost| cost.0 > Decimal::ZERO);
    if let (Ok(rating), Some(cost)) = (rating, costs)
        && rating.idle
    {
        options.push(Opportunity {
            kind: "stop-or-scale-to-zero".to_owned(),
            alternative: false,
            monthly_cost: Some(Usd::ZERO),
            monthly_savings: Some(cost),
            effort: Effort::Low.as_str().to_owned(),
            conditions: vec![
                "nothing depends on it; its CPU did next to nothing in the whole window".to_owned(),
                "it saves only as instances go".to_owned(),
            ],
        });
    }
    let mut because = fargate_rule_outs(facts.workload, definition);
    let on_fargate = rating.as_ref().ok().and_then(|rating| on_fargate(facts, book, config, rating));
    let (monthly_cost, unknown) = match on_fargate {
        Some(Ok(cost)) => (Some(cost), None),
        Some(Err(NotOnFargate::TooLarge(text))) => {
            because.push(text);
            (None, None)
        }
        Some(Err(NotOnFargate::NoPrice(text))) => (None, Some(text)),
        None => (None, None),
    };
    if !because.is_empty() {
        let ruled_out = RuledOut {
            kind: "fargate".to_owned(),
            because,
            monthly_cost: monthly_cost.map(|(_, cost)| cost),
        };
        return (options, vec![ruled_out]);
    }
    if monthly_cost.is_none() && unknown.is_none() {
        return (options, Vec::new());
    }
    let pools: &[&Pool] = share.map_or(&[], |share| &share.pools);
    let mut conditions = fargate_conditions(facts.workload, definition, pools);
    conditions.extend(unknown);
    conditions.extend(monthly_cost.map(|(size, _)| format!("its tasks there have {size}")));
    options.push(Opportunity {
        kind: "fargate".to_owned(),
        alternative: true,
        monthly_cost: monthly_cost.map(|(_, cost)| cost),
        monthly_savings: remaining.zip(monthly_cost).map(|(now, (_, cost))| now - cost),
        effort: Effort::High.as_str().to_owned(),
        conditions,
    });
    (options, Vec::new())
}

/// Why there is no cost on Fargate.
enum NotOnFargate {
    TooLarge(String),
    NoPrice(String),
}

type OnFargate = Result<(crate::fargate::TaskSize, Usd), NotOnFargate>;

/// The cheapest Fargate size for the demand, and what it costs a month; `None` where the demand of a
/// resource is not known at all.
fn on_fargate(
    facts: &Facts<'_>,
    book: &PriceBook,
    config: &Config,
    rating: &ReservationRating,
) -> Option<OnFargate> {
    let demand = facts.demand?;
    let definition = facts.definition()?;
    let needed = rating.needed;
    // Nothing reserved and nothing known: no size can be told.
    if needed.cpu.floor == 0 || needed.memory.floor == 0 {
        return None;
    }
    let shape = TaskShape {
        region: facts.workload.identity.region.clone(),
        platform: definition.platform,
        cpu: CpuUnits(needed.cpu.floor),
        memory: MemoryMib(needed.memory.floor),
        ephemeral_storage: FREE_EPHEMERAL_STORAGE,
    };
    let floors = Floors { cpu: shape.cpu, memory: shape.memory, cpu_fixed: false, memory_fixed: false };
    let hours = demand.total_task_time().hours() * facts.months_per_window();
    Some(match cheapest_size(book, &shape, PurchaseSplit::ON_DEMAND, floors) {
        Ok(Some((size, hourly))) => Ok((size, (hourly * hours * config.discount.factor()).rounded())),
        Ok(None) => {
            let largest = if definition.platform.os == OperatingSystem::Windows {
                "4 vCPU and 30 GB with Windows"
            } else {
                "32 vCPU and 244 GB"
            };
            Err(NotOnFargate::TooLarge(format!(
                "a task needs {} and {}, and Fargate's largest has {largest}",
                shape.cpu, shape.memory
            )))
        }
        Err(no_price) => {
            Err(NotOnFargate::NoPrice(format!("what it would cost there is not known: {no_price}")))
        }
    })
}

/// The timeline of what a workload's tasks reserve, where they are on instances.
pub(super) fn timeline(
    workload: &Workload,
    definitions: &BTreeMap<String, crate::workload::TaskDefinition>,
) -> Option<Timeline> {
    let of = if is_on(workload.launch_type) { Timeline::of_reservations } else { Timeline::of };
    of(&workload.revisions, workload.history, definitions)
}
