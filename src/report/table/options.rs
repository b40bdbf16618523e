//! What could be done beyond the recommendations, the largest savings first.

use std::cmp::Reverse;

use super::{FEW, column, name, write_rest};
use crate::{
    report::{
        Opportunity, Report, WorkloadReport,
        amounts::{cost, in_cents, nearest},
        columns::{Align, Columns, Shrink},
        text::display_safe,
    },
    units::Usd,
};

pub(super) fn write(report: &Report, width: usize, out: &mut String) {
    let mut workloads: Vec<&WorkloadReport> =
        report.workloads.iter().filter(|workload| !workload.options.is_empty()).collect();
    if workloads.is_empty() {
        return;
    }
    // Whole sequences, as a step's price holds only after the steps before it. The sort is stable: of
    // equal savings the report's sequence stays.
    workloads.sort_by_key(|workload| Reverse(savings_of_options(workload)));
    let options: Vec<(&WorkloadReport, &Opportunity)> =
        workloads.iter().flat_map(|w| w.options.iter().map(|option| (*w, option))).collect();
    out.push_str("\nAlso possible, each after the steps before it; not in totals\n");
    let mut table = Columns::new(vec![
        column("WORKLOAD", Align::Left, Shrink::Middle { min: 16 }, 0),
        column("STEP", Align::Left, Shrink::End { min: 14 }, 0),
        column("EFFORT", Align::Left, Shrink::End { min: 6 }, 2),
        column("COST/MO", Align::Right, Shrink::Never, 1),
        column("SAVES/MO", Align::Right, Shrink::Never, 0),
        column("IF", Align::Left, Shrink::End { min: 16 }, 3),
    ]);
    for (at, (workload, option)) in options.iter().take(FEW).enumerate() {
        let before =
            at.checked_sub(1).map(|before| options[before]).filter(|(other, _)| other.id == workload.id);
        table.push(vec![
            name(workload).into(),
            display_safe(&if option.alternative {
                format!("or {}", option.kind)
            } else {
                option.kind.clone()
            })
            .into_owned()
            .into(),
            display_safe(&option.effort).into(),
            cost(option.monthly_cost).into(),
            savings(option, before.map(|(_, before)| before)).into(),
            display_safe(&option.conditions.join("; ")).into(),
        ]);
    }
    table.write(width, false, out);
    write_rest(options.len(), out);
}

/// Of a step after another, what their costs as shown differ by.
fn savings(option: &Opportunity, before: Option<&Opportunity>) -> String {
    let costs = before.and_then(|before| before.monthly_cost).zip(option.monthly_cost);
    match (costs, option.monthly_savings) {
        (Some((before, after)), Some(savings)) if before - after == savings => {
            in_cents(savings, nearest(before) - nearest(after))
        }
        _ => cost(option.monthly_savings),
    }
}

fn savings_of_options(workload: &WorkloadReport) -> Usd {
    let steps = workload.options.iter().filter(|option| !option.alternative);
    let alternatives = workload.options.iter().filter(|option| option.alternative);
    let sum = steps.filter_map(|option| option.monthly_savings).sum();
    // One or the other, never both.
    alternatives.filter_map(|option| option.monthly_savings).fold(sum, Usd::max)
}
