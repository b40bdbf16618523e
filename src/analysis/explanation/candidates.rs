//! The sizes that were considered, each with its price and why it lost.

use rust_decimal::Decimal;

use super::super::{
    facts::Facts,
    glossary::SmallChange,
    wording::{quantity, vcpu},
};
use crate::{
    config::Config,
    demand::WindowDemand,
    report::{WorkloadReport, explain::CandidateReport},
    rightsize::{Candidate, Shortage, Weighing},
    units::{CpuUnits, MemoryMib, TaskTime, Usd, decimal_as_f64},
};

/// The size that the row ends with: the recommended one, else the current.
pub(super) fn settled(row: &WorkloadReport) -> (Option<u32>, Option<u32>) {
    row.recommendation.as_ref().map_or((row.current.cpu_units, row.current.memory_mib), |recommendation| {
        (Some(recommendation.cpu_units), Some(recommendation.memory_mib))
    })
}

/// The candidates, each with what became of it.
pub(super) fn candidates(
    facts: &Facts<'_>,
    row: &WorkloadReport,
    config: &Config,
    weighing: &Weighing,
) -> Vec<CandidateReport> {
    let time = facts.demand.map_or(TaskTime::ZERO, WindowDemand::total_task_time);
    let task_hours = time.hours() * facts.months_per_window();
    let month = |hourly: Usd| (hourly * task_hours * config.discount.factor()).rounded();
    let is = |candidate: &Candidate, (cpu, memory): (Option<u32>, Option<u32>)| {
        (Some(candidate.size.cpu().0), Some(candidate.size.memory().0)) == (cpu, memory)
    };
    let target = settled(row);
    let end = weighing.candidates.iter().find(|candidate| is(candidate, target));
    // Of those that hold: what would have been chosen were it worth a deployment.
    let weight = |candidate: &Candidate| candidate.weight(decimal_as_f64(task_hours));
    let lightest = weighing
        .candidates
        .iter()
        .filter(|candidate| candidate.shortages.is_empty())
        .rev()
        .min_by(|a, b| weight(a).total_cmp(&weight(b)));
    let not_worth_it = row.reasons.iter().any(|reason| reason == "below-least-change");
    weighing
        .candidates
        .iter()
        .map(|candidate| {
            let cost = month(candidate.hourly);
            let difference = end.map_or(Usd::ZERO, |end| cost - month(end.hourly));
            let (verdict, detail) = if is(candidate, target) {
                if row.recommendation.is_some() {
                    ("chosen", chosen(candidate, weighing))
                } else {
                    ("kept", kept(candidate, weighing))
                }
            } else if let Some((verdict, detail)) = too_small(candidate, weighing) {
                (verdict, detail)
            } else if not_worth_it && lightest == Some(candidate) {
                (
                    "below-least-change",
                    format!(
                        "saves {} USD, less than the least change worth a deployment",
                        (-difference).cents()
                    ),
                )
            } else if difference >= Usd::ZERO {
                ("dearer", no_cheaper(difference))
            } else {
                let own = candidate.risk.map_or(0.0, |(_, cost)| cost);
                let chosen = end.and_then(|end| end.risk).map_or(0.0, |(_, cost)| cost);
                (
                    "risk",
                    format!(
                        "{} USD cheaper, but its risk weighs {:.2} USD more",
                        (-difference).cents(),
                        own - chosen
                    ),
                )
            };
            CandidateReport {
                cpu_units: candidate.size.cpu().0,
                memory_mib: candidate.size.memory().0,
                hourly: candidate.hourly.rounded(),
                monthly_cost: cost,
                task_hours: None,
                probability: candidate.risk.and_then(|(share, _)| quantity(share)),
                cost_of_risk: candidate
                    .risk
                    .and_then(|(_, cost)| Decimal::try_from(cost).ok())
                    .map(|cost| Usd(cost).rounded()),
                verdict: verdict.to_owned(),
                detail,
            }
        })
        .collect()
}

/// Of a size that costs so much more than what the choice costs, or as much.
pub(super) fn no_cheaper(difference: Usd) -> String {
    match difference.cents().as_str() {
        "0.00" => "holds what is needed, at the same cost".to_owned(),
        cents => format!("holds what is needed, but {cents} USD dearer"),
    }
}

fn chosen(candidate: &Candidate, weighing: &Weighing) -> String {
    if !candidate.shortages.is_empty() {
        // Chosen together with a change that is not one of size.
        return "chosen, with the conditions above".to_owned();
    }
    if weighing.candidates.iter().any(|other| other.risk.is_some()) {
        "chosen: least price and risk together".to_owned()
    } else {
        "chosen: the cheapest that holds what is needed".to_owned()
    }
}

fn kept(candidate: &Candidate, weighing: &Weighing) -> String {
    match too_small(candidate, weighing) {
        Some((_, detail)) => format!("stays, though {detail}"),
        None => "stays".to_owned(),
    }
}

/// What a size lacks, in words.
fn too_small(candidate: &Candidate, weighing: &Weighing) -> Option<(&'static str, String)> {
    // The guard that holds a resource higher than demand does.
    let by_guard = |code: Option<&str>| code.map_or_else(String::new, |code| format!(" ({code})"));
    let cpu_guard = |floor: CpuUnits| {
        let demanded = weighing.cpu.as_ref().map_or(0, |need| need.floor);
        weighing.guards.iter().find(|g| g.cpu == floor && floor.0 > demanded).map(|g| g.code)
    };
    let memory_guard = |floor: MemoryMib| {
        let demanded = weighing.memory.as_ref().map_or(0, |need| need.floor);
        weighing.guards.iter().find(|g| g.memory == floor && floor.0 > demanded).map(|g| g.code)
    };
    let says = |shortage: &Shortage| match *shortage {
        Shortage::Cpu(needs) if weighing.needed.cpu.unknown_above => {
            format!("too little CPU: needs more than its cap, at least {}", vcpu(needs))
        }
        Shortage::Cpu(needs) if weighing.needed.cpu.reached_cap => {
            format!("too little CPU: {} were used up, and more may be wanted", vcpu(needs))
        }
        Shortage::Cpu(needs) => {
            format!("too little CPU: needs {}{}", vcpu(needs), by_guard(cpu_guard(needs)))
        }
        Shortage::Memory(needs) => {
            format!("too little memory: needs {} MiB{}", needs.0, by_guard(memory_guard(needs)))
        }
        Shortage::CpuFixed(keeps) => format!("CPU stays at {keeps}"),
        Shortage::MemoryFixed(keeps) => format!("memory stays at {keeps}"),
    };
    let fixed = |s: &Shortage| matches!(s, Shortage::CpuFixed(_) | Shortage::MemoryFixed(_));
    let verdict = if candidate.shortages.iter().all(fixed) { "fixed" } else { "too-small" };
    let sentences: Vec<String> = candidate.shortages.iter().map(says).collect();
    (!sentences.is_empty()).then(|| (verdict, sentences.join("; ")))
}

/// The size that would have been chosen, were its saving worth a deployment.
pub(super) fn not_worth_it(row: &WorkloadReport, candidates: &[CandidateReport]) -> Option<SmallChange> {
    let found = candidates.iter().filter(|candidate| candidate.verdict == "below-least-change");
    let found = found.min_by_key(|candidate| candidate.monthly_cost)?;
    Some(SmallChange {
        cpu: CpuUnits(found.cpu_units),
        memory: MemoryMib(found.memory_mib),
        saves: row.monthly_cost.map(|now| now - found.monthly_cost),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_as_much_is_not_dearer() {
        let said = |usd: &str| no_cheaper(Usd(usd.parse().unwrap()));
        assert_eq!(said("0.0049"), "holds what is needed, at the same cost");
        assert_eq!(said("0.005"), "holds what is needed, but 0.01 USD dearer");
    }
}
