//! Options follow one another: what one leaves is what the next one starts from.

use super::*;
use crate::workload::{CapacityProviderKind, StrategyItem};

#[test]
fn the_steps_of_many_fleets_leave_no_part_of_a_cent_between_them() {
    let mut with_fewer = 0;
    for tasks in 3..40u32 {
        let item = |kind, base| StrategyItem { provider: String::new(), kind, base, weight: 1 };
        let strategy = [item(CapacityProviderKind::Fargate, 1), item(CapacityProviderKind::FargateSpot, 0)];
        let row = service(5, 10)
            .sized(512, 1024)
            .with(|service| {
                service.workload.desired_count = Some(tasks);
                service.workload.strategy = if tasks % 3 == 0 { strategy.to_vec() } else { Vec::new() };
                service.points.iter_mut().for_each(|point| point.cpu_samples = Some(5 * tasks));
                service.points.truncate(service.points.len() - 7 * tasks as usize);
            })
            .rated();
        let recommended = row.recommendation.as_ref().and_then(|recommendation| recommendation.monthly_cost);
        let mut remaining = recommended.or(row.monthly_cost).unwrap();
        for step in row.options.iter().filter(|option| !option.alternative) {
            let (cost, savings) = (step.monthly_cost.unwrap(), step.monthly_savings.unwrap());
            assert_eq!(cost + savings, remaining, "{} with {tasks} tasks", step.kind);
            remaining = cost;
            with_fewer += u32::from(step.kind == "scale-in");
        }
    }
    assert!(with_fewer > 10, "{with_fewer}");
}
