//! The rules: one file each, whose head is what `check --explain` prints.

use super::{Rule, docket::Docket, subject::Subject};

mod containers_exceed_task;
mod cost_increase;
mod cost_over_budget;
mod cpu_overprovisioned;
mod cpu_underprovisioned;
mod ephemeral_storage_unused;
mod expired_waiver;
mod heap_exceeds_memory;
mod incomplete_metrics;
mod invalid_task_size;
mod launch_type_dearer;
mod memory_overprovisioned;
mod memory_underprovisioned;
mod missing_task_size;
mod spot_without_replicas;
pub mod stale_snapshot;
mod unresolved_size;
mod untagged;
mod unused_waiver;

pub use expired_waiver::expired;
pub use unused_waiver::unused;

/// Everything that the rules on templates have to say of one.
pub fn judge(subject: &Subject<'_>) -> Docket {
    let mut docket = Docket::default();
    for rule in [
        invalid_task_size::judge,
        containers_exceed_task::judge,
        memory_overprovisioned::judge,
        cpu_overprovisioned::judge,
        memory_underprovisioned::judge,
        cpu_underprovisioned::judge,
        heap_exceeds_memory::judge,
        cost_increase::judge,
        cost_over_budget::judge,
        launch_type_dearer::judge,
        spot_without_replicas::judge,
        missing_task_size::judge,
        ephemeral_storage_unused::judge,
        untagged::judge,
        incomplete_metrics::judge,
        unresolved_size::judge,
    ] {
        rule(subject, &mut docket);
    }
    docket
}

/// The source of a rule's file.
pub const fn source(rule: Rule) -> &'static str {
    match rule {
        Rule::InvalidTaskSize => include_str!("invalid_task_size.rs"),
        Rule::ContainersExceedTask => include_str!("containers_exceed_task.rs"),
        Rule::MemoryOverprovisioned => include_str!("memory_overprovisioned.rs"),
        Rule::CpuOverprovisioned => include_str!("cpu_overprovisioned.rs"),
        Rule::MemoryUnderprovisioned => include_str!("memory_underprovisioned.rs"),
        Rule::CpuUnderprovisioned => include_str!("cpu_underprovisioned.rs"),
        Rule::HeapExceedsMemory => include_str!("heap_exceeds_memory.rs"),
        Rule::CostIncrease => include_str!("cost_increase.rs"),
        Rule::CostOverBudget => include_str!("cost_over_budget.rs"),
        Rule::LaunchTypeDearer => include_str!("launch_type_dearer.rs"),
        Rule::SpotWithoutReplicas => include_str!("spot_without_replicas.rs"),
        Rule::MissingTaskSize => include_str!("missing_task_size.rs"),
        Rule::EphemeralStorageUnused => include_str!("ephemeral_storage_unused.rs"),
        Rule::Untagged => include_str!("untagged.rs"),
        Rule::StaleSnapshot => include_str!("stale_snapshot.rs"),
        Rule::IncompleteMetrics => include_str!("incomplete_metrics.rs"),
        Rule::UnresolvedSize => include_str!("unresolved_size.rs"),
        Rule::UnusedWaiver => include_str!("unused_waiver.rs"),
        Rule::ExpiredWaiver => include_str!("expired_waiver.rs"),
    }
}
