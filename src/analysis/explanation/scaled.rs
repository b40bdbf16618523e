//! What `explain` says of a service whose number of tasks follows its size: candidates with the tasks
//! that each would have run, and its own past as it would have gone.

use std::fmt::Write as _;

use rust_decimal::Decimal;

use super::{
    super::wording::{quantity, vcpu},
    candidates::no_cheaper,
    past::resource_replay,
};
use crate::{
    demand::{Replay, ResourceReplay},
    report::{
        Quantity, Size, WorkloadReport,
        explain::{CandidateReport, ReplayReport, ReplayTasks},
    },
    rightsize::{
        ScalingChoice,
        autoscaling::{self, Course, Lack, Outlook, Resource, SizeOutlook},
    },
    units::{CpuUnits, Usd},
};

/// The sizes, each with what became of it. `month` prices task-hours of the window, as the row does.
pub(super) fn candidates(
    outlook: &Outlook,
    row: &WorkloadReport,
    (to, calibrated): ((u32, u32), bool),
    month: impl Fn(Usd, Decimal) -> Usd,
) -> Vec<CandidateReport> {
    let size = |at: &SizeOutlook| (at.size.cpu().0, at.size.memory().0);
    let cost = |at: &SizeOutlook| month(at.hourly, at.scaling.simulated.hours());
    let end = outlook.sizes.iter().find(|at| size(at) == to);
    let least_change = row.reasons.iter().any(|reason| reason == "below-least-change");
    let judged = |at: &SizeOutlook| -> (&'static str, String) {
        let difference = end.map_or(Usd::ZERO, |end| cost(at) - cost(end));
        let runs = runs(&at.scaling);
        if size(at) == to {
            return match row.recommendation {
                Some(_) => ("chosen", format!("chosen: {runs}")),
                None if at.lacks.is_empty() => ("kept", format!("stays: {runs}")),
                None => ("kept", format!("stays, though {}", lacks(at))),
            };
        }
        if !at.lacks.is_empty() {
            return ("too-small", lacks(at));
        }
        let (own, others) = (cost(at), end.map_or(Usd::ZERO, cost));
        let multiplies = end.is_some_and(|end| at.scaling.simulated > end.scaling.simulated);
        if difference >= Usd::ZERO && at.followed_is_smaller && multiplies {
            let little = if row.monthly_cost.is_some_and(|now| own < now) { "less" } else { "nothing" };
            return (
                "dearer",
                format!(
                    "saves {little}, because tasks multiply: {} USD instead of {}; {runs}",
                    own.cents(),
                    others.cents()
                ),
            );
        }
        if difference >= Usd::ZERO {
            return ("dearer", format!("{}; {runs}", no_cheaper(difference)));
        }
        let cheaper = (-difference).cents();
        if month(at.as_bought_now, at.scaling.simulated.hours()) >= others {
            return (
                "too-close",
                format!(
                    "{cheaper} USD cheaper, but only as a larger part of its tasks would be on Spot; {runs}"
                ),
            );
        }
        let risk = at.risk - end.map_or(0.0, |end| end.risk);
        if risk > 0.0 {
            return ("risk", format!("{cheaper} USD cheaper, but its risk weighs {risk:.2} USD more"));
        }
        if least_change {
            return (
                "below-least-change",
                format!("saves {cheaper} USD, less than the least change worth a deployment; {runs}"),
            );
        }
        let least = autoscaling::percent(outlook.least_saving).normalize();
        (
            "too-close",
            format!(
                "{cheaper} USD cheaper, within the {least} % that a simulated change has to save; {runs}"
            ),
        )
    };
    let report = |at: &SizeOutlook| {
        let (verdict, detail) = judged(at);
        let (cpu_units, memory_mib) = size(at);
        CandidateReport {
            cpu_units,
            memory_mib,
            hourly: at.hourly.rounded(),
            monthly_cost: cost(at),
            task_hours: Some(Quantity(at.scaling.simulated.hours()).rounded()),
            probability: None,
            cost_of_risk: quantity(at.risk).filter(|_| calibrated).map(|risk| Usd(risk.0).rounded()),
            verdict: verdict.to_owned(),
            detail,
        }
    };
    outlook.sizes.iter().map(report).collect()
}

fn runs(scaling: &ScalingChoice) -> String {
    let percent = |centi: u32| autoscaling::percent(centi).normalize();
    let mut text = format!("{} to {} tasks", scaling.min_capacity, scaling.max_capacity);
    for (what, target) in [("CPU", scaling.target_cpu), ("memory", scaling.target_memory)] {
        if let Some(target) = target {
            let _ = write!(text, " at {} % {what}", percent(target));
        }
    }
    text
}

fn lacks(at: &SizeOutlook) -> String {
    let says = |lack: &Lack| match *lack {
        Lack::Cpu(needs) => format!("too little CPU: a task would need {}", vcpu(CpuUnits(needs))),
        Lack::Memory(needs) => format!("too little memory: a task would need {needs} MiB"),
        Lack::Tasks => {
            format!("too few tasks: policies want more than the {} that may run", at.scaling.max_capacity)
        }
        Lack::Container(needs, limit) => {
            format!("too little memory: its main container would need {needs} MiB and has a limit of {limit}")
        }
        Lack::Limits(needs) => {
            format!(
                "too little memory for its containers: a limit would be lowered below the {needs} MiB that a task would need"
            )
        }
        Lack::Floor(Resource::Cpu, least) => format!("too little CPU: not below {}", vcpu(CpuUnits(least))),
        Lack::Floor(Resource::Memory, least) => format!("too little memory: not below {least} MiB"),
    };
    at.lacks.iter().map(says).collect::<Vec<_>>().join("; ")
}

/// As it ran at the current size (`seen`), and as it would have run at the recommended one.
pub(super) fn replays(outlook: &Outlook, row: &WorkloadReport, seen: (Size, Replay)) -> Vec<ReplayReport> {
    let (size, replay) = seen;
    let report = |size: Size, cpu: ResourceReplay, memory: ResourceReplay, course: &Course| ReplayReport {
        size,
        cpu: resource_replay(cpu),
        memory: resource_replay(memory),
        tasks: Some(tasks(course)),
    };
    let now = report(size, replay.cpu, replay.memory, &outlook.now);
    let then = row.recommendation.as_ref().zip(outlook.then.as_ref()).map(|(to, course)| {
        let size = Size { cpu_units: to.cpu_units, memory_mib: to.memory_mib };
        report(size, course.cpu, course.memory, course)
    });
    std::iter::once(now).chain(then).collect()
}

fn tasks(course: &Course) -> ReplayTasks {
    let peak = |peak: Option<u64>, unit: u32| {
        peak.map(|peak| Quantity(Decimal::from(peak) / Decimal::from(unit)).rounded())
    };
    ReplayTasks {
        least: course.least_tasks,
        most: course.most_tasks,
        task_hours: Quantity(course.scaling.simulated.hours()).rounded(),
        cpu_peak_vcpu: peak(course.cpu_peak, 1_024_000),
        memory_peak_mib: peak(course.memory_peak, 1024),
    }
}
