//! # spot-without-replicas
//!
//! A service runs on Fargate Spot alone and with fewer than two tasks.
//!
//! **Why**: a Spot task is taken away with two minutes' notice, and there may be no capacity to replace it:
//! with one task the service is then down.
//!
//! **Example**: `FARGATE_SPOT` as the only provider, `"desiredCount": 1`, and no auto scaling with a minimum above it.
//!
//! **Fix**: two tasks or more, or a base of one on `FARGATE`. Workers that can wait may waive it.
//!
//! Default level: warn.

use rust_decimal::Decimal;

use crate::policy::{
    Rule,
    docket::Docket,
    purchase::is_spot,
    subject::{Subject, TasksFrom},
};

pub fn judge(subject: &Subject<'_>, docket: &mut Docket) {
    for service in &subject.task.services {
        let strategy = &service.strategy;
        let takes_part =
            |item: &&crate::template::StrategyTemplate| item.weight != Some(0) || item.base != Some(0);
        let mut taking: Vec<_> = strategy.iter().filter(takes_part).collect();
        if taking.is_empty() {
            taking = strategy.iter().collect();
        }
        if taking.is_empty() || !taking.iter().all(|item| is_spot(item)) {
            continue;
        }
        // What runs counts, and what the change makes of it; what is asked for is often set by a scaling policy.
        let tasks = subject.tasks();
        let is_running = tasks.from == TasksFrom::Production && tasks.count > Decimal::ZERO;
        let too_few = if is_running { tasks.count < Decimal::new(15, 1) } else { service.tasks() == Some(1) };
        if too_few {
            let from = match () {
                () if is_running => " on average",
                () if service.min_capacity.known() == Some(&1) => ", the minimum of its auto scaling",
                () => "",
            };
            let message = format!(
                "runs on Fargate Spot alone with one task{from}: an interruption takes the service down"
            );
            let help = "run two tasks or more, or keep a base of 1 on FARGATE".to_owned();
            let at = taking[0].at.clone();
            let draft = docket.find(Rule::SpotWithoutReplicas, &at, message, Some(help));
            draft.about = service.name.known().cloned().unwrap_or_default();
        }
    }
}
