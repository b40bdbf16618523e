//! How much of a template's tasks its services put on Fargate Spot.
//!
//! Takes services and how many tasks each runs; gives the share on Spot, and says where the files do not tell it.

use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use crate::{
    template::{ServiceTemplate, StrategyTemplate},
    workload::{CapacityProviderKind, LaunchType, PurchaseSplit, StrategyItem, spot_share},
};

/// What services say of how they buy Fargate capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bought {
    NotSaid,
    /// The share of the tasks on Spot, 0 to 1.
    OnSpot(Decimal),
    /// By weights or numbers that the files do not tell.
    NotKnown,
}

/// Of services together, each with its tasks. `unsaid` is the share of what is not said; `None`: the whole is not
/// said where none says anything, and what is not said of a part is on demand.
pub fn bought<'a>(
    services: impl IntoIterator<Item = (&'a ServiceTemplate, Option<Decimal>)>,
    unsaid: Option<Decimal>,
) -> Bought {
    let all: Vec<(Bought, Option<Decimal>)> =
        services.into_iter().map(|(service, tasks)| (of_one(service, tasks), tasks)).collect();
    if all.iter().all(|(bought, _)| *bought == Bought::NotSaid) {
        return unsaid.map_or(Bought::NotSaid, Bought::OnSpot);
    }
    let share = |bought: &Bought| match bought {
        Bought::OnSpot(share) => Some(*share),
        Bought::NotSaid => Some(unsaid.unwrap_or_default()),
        Bought::NotKnown => unsaid,
    };
    let shares: Option<Vec<Decimal>> = all.iter().map(|(bought, _)| share(bought)).collect();
    let Some(shares) = shares else { return Bought::NotKnown };
    if shares.iter().all(|share| *share == shares[0]) {
        return Bought::OnSpot(shares[0]);
    }
    // Each counts by its tasks.
    let (mut spot, mut total) = (Decimal::ZERO, Decimal::ZERO);
    for (share, (_, tasks)) in shares.into_iter().zip(all) {
        let Some(tasks) = tasks else { return Bought::NotKnown };
        spot += share * tasks;
        total += tasks;
    }
    Bought::OnSpot(spot.checked_div(total).unwrap_or_default())
}

/// Of a service with this many tasks; of one task where that is not known, since it is one that is priced then.
fn of_one(service: &ServiceTemplate, tasks: Option<Decimal>) -> Bought {
    let strategy = &service.strategy;
    if strategy.is_empty() {
        let on_demand = service.launch_type.known() == Some(&LaunchType::Fargate);
        return if on_demand { Bought::OnSpot(Decimal::ZERO) } else { Bought::NotSaid };
    }
    // Whatever the weights are, where all is bought in one way.
    for (all_spot, share) in [(false, Decimal::ZERO), (true, Decimal::ONE)] {
        if strategy.iter().all(|item| item.provider.is_some() && is_spot(item) == all_spot) {
            return Bought::OnSpot(share);
        }
    }
    let items: Option<Vec<StrategyItem>> = strategy.iter().map(item).collect();
    let Some(mut items) = items else { return Bought::NotKnown };
    // Without any weight, a base is all there is. ECS takes no larger weight than 1000; a file may say anything.
    let has_none = items.iter().all(|item| item.weight == 0);
    for item in &mut items {
        item.weight = if has_none { item.base } else { item.weight }.min(1000);
    }
    let milli = (tasks.unwrap_or(Decimal::ONE) * Decimal::ONE_THOUSAND).round().to_u64().unwrap_or(u64::MAX);
    let PurchaseSplit { spot, total } = spot_share(&items, milli.min(1_000_000_000));
    Bought::OnSpot(Decimal::from(spot).checked_div(Decimal::from(total)).unwrap_or_default())
}

fn item(item: &StrategyTemplate) -> Option<StrategyItem> {
    let kind = if is_spot(item) { CapacityProviderKind::FargateSpot } else { CapacityProviderKind::Fargate };
    Some(StrategyItem { provider: item.provider.clone()?, kind, base: item.base?, weight: item.weight? })
}

/// Whether the share on Spot is another for another number of tasks.
pub fn depends_on_tasks(service: &ServiceTemplate) -> bool {
    let strategy = &service.strategy;
    strategy.iter().any(|item| item.base != Some(0))
        && strategy.iter().any(|item| is_spot(item) != is_spot(&strategy[0]))
}

/// Whether two services say the same of how they are bought.
pub fn are_alike(a: &ServiceTemplate, b: &ServiceTemplate) -> bool {
    let items = |service: &ServiceTemplate| -> Vec<_> {
        service.strategy.iter().map(|item| (item.provider.clone(), item.base, item.weight)).collect()
    };
    a.launch_type.known() == b.launch_type.known() && items(a) == items(b)
}

/// The share as parts of a whole.
pub fn split(share: Decimal) -> PurchaseSplit {
    const WHOLE: u64 = 1_000_000_000_000;
    let spot = (share * Decimal::from(WHOLE)).round().to_u64().unwrap_or_default();
    PurchaseSplit { spot: spot.min(WHOLE), total: WHOLE }
}

pub fn is_spot(item: &StrategyTemplate) -> bool {
    names(item, "FARGATE_SPOT")
}

/// Whether a line is known to be of Fargate, on demand or on Spot.
pub fn is_fargate(item: &StrategyTemplate) -> bool {
    is_spot(item) || names(item, "FARGATE")
}

fn names(item: &StrategyTemplate, provider: &str) -> bool {
    item.provider.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(provider))
}
