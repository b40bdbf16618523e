//! How the tasks of a scaled service are bought once there are fewer of them.

use rust_decimal::Decimal;

use super::{
    Service, WorkloadReport,
    compare::row,
    explain::explained,
    scaling::{following, scaled_between},
};
use crate::{
    config::Config,
    pricing::{PriceBook, TaskCost, TaskShape},
    report::{Opportunity, explain::page},
    units::{CpuUnits, MemoryMib, Usd},
    workload::{
        Architecture, CapacityProviderKind, OperatingSystem, Platform, PurchaseOption, Region, StrategyItem,
    },
};

/// On demand is only the base.
fn on_spot(service: Service, base: u32) -> Service {
    let item =
        |provider: &str, kind, base, weight| StrategyItem { provider: provider.into(), kind, base, weight };
    service.with(|service| {
        service.workload.strategy = vec![
            item("FARGATE", CapacityProviderKind::Fargate, base, 0),
            item("FARGATE_SPOT", CapacityProviderKind::FargateSpot, 0, 1),
        ];
    })
}

/// On average eight tasks of the smallest size, at half of the target that they could have.
fn half_used(base: u32) -> Service {
    on_spot(scaled_between(following(28, 30, 120), 2, 16, 30.0).sized(256, 512), base)
}

/// A month of the recommended tasks, `base` of them on demand as far as there are so many.
fn by_hand(row: &WorkloadReport, base: u32) -> Decimal {
    let recommendation = row.recommendation.as_ref().unwrap();
    let hourly = |purchase| {
        let shape = TaskShape {
            region: Region("us-east-1".into()),
            platform: Platform { os: OperatingSystem::Linux, arch: Architecture::X86_64 },
            cpu: CpuUnits(recommendation.cpu_units),
            memory: MemoryMib(recommendation.memory_mib),
            ephemeral_storage: crate::fargate::FREE_EPHEMERAL_STORAGE,
        };
        TaskCost::of(PriceBook::embedded(), &shape, purchase).unwrap().hourly().0
    };
    let mean = recommendation.scaling.unwrap().simulated_task_hours.0 / Decimal::from(336);
    let base = Decimal::from(base).min(mean);
    (hourly(PurchaseOption::OnDemand) * base + hourly(PurchaseOption::Spot) * (mean - base))
        * Decimal::from(730)
}

fn option<'a>(row: &'a WorkloadReport, kind: &str) -> &'a Opportunity {
    row.options.iter().find(|option| option.kind == kind).unwrap_or_else(|| panic!("{:?}", row.options))
}

#[test]
fn the_base_of_a_strategy_stays_on_demand_when_tasks_go() {
    for base in [3, 6] {
        let row = half_used(base).rated();
        let recommendation = row.recommendation.as_ref().unwrap();
        let scaling = recommendation.scaling.unwrap();
        assert!(scaling.simulated_task_hours.0 < scaling.observed_task_hours.0);
        let cost = recommendation.monthly_cost.unwrap();
        let difference = (cost.0 - by_hand(&row, base)).abs();
        assert!(difference < Decimal::new(5, 2), "{base}: {cost:?} {}", by_hand(&row, base));
        // What comes after starts from there.
        let first = &row.options[0];
        assert_eq!(first.monthly_cost.unwrap() + first.monthly_savings.unwrap(), cost, "{first:?}");
    }
}

#[test]
fn platforms_are_compared_by_the_split_of_the_tasks_that_will_run() {
    let report = half_used(3).rated();
    let comparison = half_used(3).compared();
    assert_eq!(
        row(&comparison, "fargate-right-sized").monthly_cost,
        report.recommendation.as_ref().unwrap().monthly_cost
    );
    assert_eq!(row(&comparison, "fargate-arm").monthly_cost, option(&report, "arm64").monthly_cost);
}

#[test]
fn explain_leads_to_the_cost_by_the_prices_that_it_shows() {
    let config = Config::from_toml("fargauge.toml", "[discount]\nenterprise_percent = 20\n").unwrap();
    let explanation = explained(half_used(3), &config);
    let recommendation = explanation.workload.recommendation.as_ref().unwrap();
    let chosen = explanation.candidates.iter().find(|candidate| candidate.verdict == "chosen").unwrap();
    assert_eq!(Some(chosen.monthly_cost), recommendation.monthly_cost);
    // As it is, and as it is to be.
    assert_eq!(explanation.prices.len(), 8, "{:?}", explanation.prices);
    let hourly: Usd = explanation.prices[4..].iter().map(|price| Usd(price.hourly.0)).sum();
    assert!((hourly.0 - chosen.hourly.0).abs() < Decimal::new(1, 4), "{hourly:?} {:?}", chosen.hourly);
    let page = page::render(&explanation, 200);
    let said = format!("{:.6} USD/H is", hourly.0);
    assert!(page.contains(&said), "{said}: {page}");
}

/// Smaller tasks are more tasks, of which the base is a smaller part.
#[test]
fn a_size_is_not_chosen_for_what_more_tasks_would_put_on_spot() {
    let service = on_spot(scaled_between(following(56, 60, 120), 4, 16, 60.0), 6);
    let explanation = explained(service, &Config::default());
    let row = &explanation.workload;
    assert_eq!(row.recommendation, None);
    assert!(row.reasons.contains(&"smaller-size-multiplies-tasks".to_owned()), "{:?}", row.reasons);
    let cheaper = explanation.candidates.iter().find(|c| Some(c.monthly_cost) < row.monthly_cost).unwrap();
    assert!(cheaper.detail.contains("only as a larger part of its tasks would be on Spot"), "{cheaper:?}");
}
