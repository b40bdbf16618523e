//! Verdicts, sizes and demand in the report's words: nothing is computed here, only said.

use rust_decimal::Decimal;

use crate::{
    demand::WindowDemand,
    fargate::TaskSize,
    report::{
        ContainerReport, CpuDemand, DemandReport, Dimension, Dimensions, Finding, GuardReport, MemoryDemand,
        NotRated, Quantity, Scaling, Size,
    },
    rightsize::{ContainerSize, DimensionRating, Guard, Rating, ScalingChoice, Unrated, autoscaling},
    units::{CpuUnits, TaskTime},
};

pub(super) type Verdict = (Finding, Option<NotRated>, Dimensions);

pub(super) fn verdict(rating: &Result<Rating, Unrated>) -> Verdict {
    match rating {
        Err(unrated) => unrated_verdict(unrated),
        Ok(rating) => {
            let finding = if rating.is_underprovisioned() {
                Finding::Underprovisioned
            } else if rating.choice.is_some() {
                Finding::Overprovisioned
            } else if rating.already_minimal {
                Finding::AlreadyMinimal
            } else {
                Finding::Optimized
            };
            let dimensions = Dimensions {
                cpu: dimension(&rating.cpu, rating.already_minimal),
                memory: dimension(&rating.memory, rating.already_minimal),
            };
            (finding, None, dimensions)
        }
    }
}

pub(super) fn unrated_verdict(unrated: &Unrated) -> Verdict {
    let dimension = || Dimension { finding: Finding::NotRated, not_rated: Some(not_rated(unrated)) };
    (Finding::NotRated, Some(not_rated(unrated)), Dimensions { cpu: dimension(), memory: dimension() })
}

pub(super) fn dimension(rating: &DimensionRating, already_minimal: bool) -> Dimension {
    let finding = match rating {
        DimensionRating::Overprovisioned => Finding::Overprovisioned,
        DimensionRating::Underprovisioned => Finding::Underprovisioned,
        DimensionRating::Optimized if already_minimal => Finding::AlreadyMinimal,
        DimensionRating::Optimized => Finding::Optimized,
        DimensionRating::NotRated(unrated) => {
            return Dimension { finding: Finding::NotRated, not_rated: Some(not_rated(unrated)) };
        }
    };
    Dimension { finding, not_rated: None }
}

pub(super) fn not_rated(unrated: &Unrated) -> NotRated {
    NotRated { reason: unrated.reason.code().to_owned(), detail: unrated.detail.clone() }
}

pub(super) fn reported(size: TaskSize) -> Size {
    Size { cpu_units: size.cpu().0, memory_mib: size.memory().0 }
}

pub(super) fn scaling(choice: ScalingChoice, error: Option<u32>) -> Scaling {
    let percent = |centi: u32| Quantity(autoscaling::percent(centi));
    let hours = |time: TaskTime| Quantity(time.hours()).rounded();
    Scaling {
        min_capacity: choice.min_capacity,
        max_capacity: choice.max_capacity,
        target_cpu_percent: choice.target_cpu.map(percent),
        target_memory_percent: choice.target_memory.map(percent),
        simulated_task_hours: hours(choice.simulated),
        observed_task_hours: hours(choice.observed),
        simulation_error_percent: percent(error.unwrap_or_default()),
    }
}

pub(super) fn container_report(container: &ContainerSize) -> ContainerReport {
    ContainerReport {
        name: container.name.clone(),
        cpu_units: Some(container.cpu.0).filter(|cpu| *cpu > 0),
        memory_mib: container.memory.map(|memory| memory.0),
        memory_reservation_mib: container.memory_reservation.map(|memory| memory.0),
    }
}

pub(super) fn guard_report(guard: &Guard) -> GuardReport {
    let bound = |floor: u32| Some(floor).filter(|floor| *floor > 0);
    GuardReport {
        code: guard.code.to_owned(),
        detail: guard.detail.clone(),
        cpu_units: bound(guard.cpu.0),
        memory_mib: bound(guard.memory.0),
    }
}

pub(super) fn demand_report(demand: &WindowDemand) -> DemandReport {
    let vcpu =
        |thousandths: u64| Quantity(Decimal::from(thousandths) / Decimal::from(1_024_000_u32)).rounded();
    let mib = |kib: u64| Quantity(Decimal::from(kib) / Decimal::from(1024_u32)).rounded();
    DemandReport {
        cpu_vcpu: demand.cpu.as_ref().map(|cpu| CpuDemand {
            average: cpu.average.map(vcpu),
            p95: vcpu(cpu.percentile(9_500)),
            p99: vcpu(cpu.percentile(9_900)),
            p995: vcpu(cpu.percentile(9_950)),
            max: vcpu(cpu.max),
        }),
        memory_mib: demand.memory.as_ref().map(|memory| MemoryDemand {
            average: memory.average.map(mib),
            p99: mib(memory.percentile(9_900)),
            max: mib(memory.max),
        }),
    }
}

/// Of hundredths of a per cent.
pub(super) fn percent(hundredths: u32) -> Quantity {
    Quantity(Decimal::from(hundredths) / Decimal::ONE_HUNDRED)
}

/// CPU units as vCPU, rounded up to hundredths.
pub(super) fn vcpu(units: CpuUnits) -> String {
    let vcpu = units.vcpu().round_dp_with_strategy(2, rust_decimal::RoundingStrategy::AwayFromZero);
    format!("{} vCPU", vcpu.normalize())
}

/// To the digits that results have; `None` of what is no number.
pub(super) fn quantity(value: f64) -> Option<Quantity> {
    Decimal::try_from(value).ok().map(|value| Quantity(value).rounded())
}
