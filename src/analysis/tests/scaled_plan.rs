//! What a Savings Plan can count on, once a scaled service runs other tasks.

use rust_decimal::Decimal;

use super::{
    Service, WorkloadReport,
    compare::row,
    scaling::{following, scaled_between},
};
use crate::{
    pricing::{PlanPayment, PlanTerm, PriceBook, TaskCost, TaskShape},
    units::{CpuUnits, MemoryMib},
    workload::{Architecture, OperatingSystem, Platform, PurchaseOption, Region},
};

const ARM: Platform = Platform { os: OperatingSystem::Linux, arch: Architecture::Arm64 };

/// USD an hour of a task of the recommended size under a plan, on ARM.
fn under_a_plan(row: &WorkloadReport) -> Decimal {
    let recommendation = row.recommendation.as_ref().unwrap();
    let plans = PriceBook::embedded().savings_plans();
    let region = Region("us-east-1".into());
    let rates = plans.rates(&region, ARM, PlanTerm::OneYear, PlanPayment::NoUpfront).unwrap();
    CpuUnits(recommendation.cpu_units).vcpu() * rates.vcpu.usd
        + MemoryMib(recommendation.memory_mib).gb() * rates.memory.usd
}

fn tasks_committed(row: &WorkloadReport) -> Decimal {
    let plan = row.options.iter().find(|option| option.kind == "compute-savings-plan").unwrap();
    let committed = plan.conditions[0].split(' ').next().unwrap().parse::<Decimal>().unwrap();
    committed / under_a_plan(row)
}

/// From four to twelve tasks, and at a higher target half as many.
fn halved() -> Service {
    scaled_between(following(28, 30, 105), 2, 16, 30.0).with(|service| service.definition.platform = ARM)
}

fn is(value: Decimal, expected: i64) {
    assert!((value - Decimal::from(expected)).abs() < Decimal::new(1, 1), "{value}");
}

#[test]
fn a_plan_counts_on_the_tasks_that_are_left() {
    let row = halved().rated_with("[spot]\non_demand_tasks = 2000\n");
    let recommendation = row.recommendation.as_ref().unwrap();
    assert_eq!((recommendation.cpu_units, recommendation.scaling.unwrap().min_capacity), (1024, 2));
    is(tasks_committed(&row), 2);
    // An hour of two tasks, set by hand.
    let by_hand = halved().with(|service| {
        for point in &mut service.points[288..300] {
            (point.cpu_samples, point.cpu_avg, point.cpu_max) = (Some(10), Some(5_600), Some(5_900));
        }
    });
    let row = by_hand.rated_with("[spot]\non_demand_tasks = 2000\n");
    assert_eq!(row.recommendation.as_ref().unwrap().scaling.unwrap().min_capacity, 2);
    is(tasks_committed(&row), 1);
}

#[test]
fn platforms_are_compared_with_the_same_plan() {
    let (report, comparison) = (halved().rated(), halved().compared());
    let cost = |platform: &str| row(&comparison, platform).monthly_cost.unwrap().0;
    let recommendation = report.recommendation.as_ref().unwrap();
    let shape = TaskShape {
        region: Region("us-east-1".into()),
        platform: ARM,
        cpu: CpuUnits(recommendation.cpu_units),
        memory: MemoryMib(recommendation.memory_mib),
        ephemeral_storage: crate::fargate::FREE_EPHEMERAL_STORAGE,
    };
    let on_demand = TaskCost::of(PriceBook::embedded(), &shape, PurchaseOption::OnDemand).unwrap().hourly().0;
    let saved = cost("fargate-right-sized") - cost("fargate-savings-plan");
    is(saved / Decimal::from(730) / (on_demand - under_a_plan(&report)), 2);
}
