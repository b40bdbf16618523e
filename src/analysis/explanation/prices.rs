//! The rates that the prices stand on, each with its source.

use super::super::facts::Facts;
use crate::{
    pricing::{PriceBook, TaskCost, TaskShape},
    report::{Quantity, Size, WorkloadReport, explain::PriceRow},
    rightsize::autoscaling::Outlook,
    units::{CpuUnits, MemoryMib},
};

/// Of a task as it is, and of the recommended one, where that has another size or is bought otherwise.
pub(super) fn prices(
    facts: &Facts<'_>,
    row: &WorkloadReport,
    book: &PriceBook,
    outlook: Option<&Outlook>,
) -> Vec<PriceRow> {
    let prepared = facts.prepared(book);
    let (Some(timeline), Ok(_)) = (facts.timeline, &prepared.priced) else { return Vec::new() };
    let current = facts.shape(prepared.platform, timeline.current());
    let then = outlook.and_then(|outlook| outlook.then.as_ref());
    let split = then.map_or(prepared.split, |course| facts.split(course.scaling.simulated));
    let recommended = row.recommendation.as_ref().map(|recommendation| {
        let (cpu, memory) = (CpuUnits(recommendation.cpu_units), MemoryMib(recommendation.memory_mib));
        (TaskShape { cpu, memory, ..current.clone() }, split)
    });
    let now = (current, prepared.split);
    let recommended = recommended.filter(|then| *then != now);
    let mut rows = Vec::new();
    for (shape, split) in std::iter::once(now).chain(recommended) {
        let Ok(cost) = TaskCost::split(book, &shape, split) else { continue };
        rows.extend(cost.components.iter().map(|component| PriceRow {
            size: Size { cpu_units: shape.cpu.0, memory_mib: shape.memory.0 },
            component: component.rate.key.dimension.as_str().to_owned(),
            purchase: component.rate.key.purchase.as_str().to_owned(),
            quantity: Quantity(component.quantity).rounded(),
            unit: component.rate.key.dimension.unit().to_owned(),
            rate: Quantity(component.rate.usd),
            hourly: Quantity(component.hourly.0).rounded(),
            effective_date: component.rate.effective_date.clone(),
            confidence: component.rate.confidence.as_str().to_owned(),
            source: component.rate.source.clone(),
        }));
    }
    rows
}
