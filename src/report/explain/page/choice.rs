//! The choice: sizes considered, guards, its own past, prices with their sources, further options.

use std::fmt::Write as _;

use rust_decimal::Decimal;

use super::{Page, a_month, days, evidence::more, number, stamp, text, wrapped};
use crate::{
    report::{
        Opportunity, Size, WorkloadReport,
        amounts::{NONE, count, grouped, money, size},
        columns::{Align, Column, Shrink},
        explain::{CandidateReport, Explanation, PriceRow, ReplayReport, ReplayTasks, ResourceReplayReport},
        text::display_safe,
    },
    units::{CpuUnits, HOURS_PER_MONTH, MemoryMib, Usd},
};

/// Sizes shown; the rest is counted.
const SIZES: usize = 8;

pub(super) fn candidates(explanation: &Explanation, page: &mut Page) {
    let candidates = &explanation.candidates;
    if candidates.is_empty() {
        return;
    }
    page.section("Sizes considered");
    let shown = nearest(candidates, &explanation.workload);
    let hidden = candidates.len() - shown.len();
    let risky = candidates.iter().any(|candidate| candidate.probability.is_some());
    let simulated = candidates.iter().any(|candidate| candidate.task_hours.is_some());
    let rows =
        shown.into_iter().map(|candidate| {
            let mut row = vec![
                size(Some(candidate.cpu_units), Some(candidate.memory_mib)),
                format!("{:.4}", candidate.hourly.0),
                money(candidate.monthly_cost),
            ];
            if simulated {
                row.push(candidate.task_hours.map_or_else(
                    || NONE.to_owned(),
                    |hours| grouped(&hours.0.round_dp(1).normalize().to_string()),
                ));
            }
            if risky {
                row.push(candidate.probability.map_or_else(
                    || NONE.to_owned(),
                    |share| format!("{:.2} %", share.0 * Decimal::ONE_HUNDRED),
                ));
                row.push(candidate.cost_of_risk.map_or_else(|| NONE.to_owned(), money));
            }
            let now = if is_current(candidate, &explanation.workload) { "now: " } else { "" };
            row.push(format!("{now}{}", candidate.detail));
            row
        });
    let rows = rows.collect();
    let mut columns = vec![text("SIZE", 18), number("LIST USD/H", 3), number("USD/MO", 1)];
    if simulated {
        columns.push(number("TASK-HOURS", 2));
    }
    if risky {
        columns.extend([number("P(SHORT)", 2), number("WEIGHS", 2)]);
    }
    columns.push(Column { title: "", align: Align::Left, shrink: Shrink::End { min: 20 }, rank: 0 });
    page.table(columns, rows);
    more(hidden, "more, further from the choice", page);
    under_sizes(explanation, page);
}

/// What the table of sizes does not say by itself.
fn under_sizes(explanation: &Explanation, page: &mut Page) {
    let candidates = &explanation.candidates;
    let now = explanation.workload.current.memory_mib;
    let simulated = candidates.iter().any(|candidate| candidate.task_hours.is_some());
    let left_out = if simulated {
        "sizes that cost more than one with as much of what policies follow"
    } else {
        "sizes that hold what is needed but cost more than one with as much memory"
    };
    page.field("left out", left_out);
    let no_less = |candidate: &CandidateReport| {
        candidate.probability.is_some() && now.is_some_and(|now| candidate.memory_mib >= now)
    };
    if candidates.iter().any(no_less) {
        let now = now.map_or_else(String::new, |now| format!(", {}", MemoryMib(now)));
        page.field("P(SHORT)", &format!("no less memory than now{now}, takes no new risk, so it has none"));
    }
    if let Some((percent, from)) = discount(explanation) {
        let in_a_month = explanation.workload.task_hours.and_then(|hours| monthly(hours.0, explanation));
        let of = match in_a_month {
            _ if simulated => " x TASK-HOURS, scaled from the window to a month of 730 hours".to_owned(),
            Some(hours) => {
                format!(" x {} task-hours a month", grouped(&hours.round_dp(1).normalize().to_string()))
            }
            None => String::new(),
        };
        page.field(
            "USD/MO",
            &format!("LIST USD/H{of}, less the discount of {} % ({from})", percent.normalize()),
        );
    }
}

/// Per cent off every list price, and where that is set; `None` where nothing is.
fn discount(explanation: &Explanation) -> Option<(Decimal, &str)> {
    let settings = &explanation.workload.evidence.settings;
    let setting = settings.iter().find(|setting| setting.key == "discount.enterprise_percent")?;
    let percent = setting.value.parse().ok().filter(|percent| *percent > Decimal::ZERO)?;
    Some((percent, &setting.from))
}

/// Hours of the window as those of a month.
fn monthly(hours: Decimal, explanation: &Explanation) -> Option<Decimal> {
    let seconds = explanation.window.end.as_second() - explanation.window.start.as_second();
    (hours * Decimal::from(u64::from(HOURS_PER_MONTH) * 3600)).checked_div(Decimal::from(seconds))
}

/// The candidates to show: those nearest in price to the one chosen or kept, and the current one.
fn nearest<'a>(candidates: &'a [CandidateReport], workload: &WorkloadReport) -> Vec<&'a CandidateReport> {
    let settled = candidates.iter().position(|c| c.verdict == "chosen" || c.verdict == "kept").unwrap_or(0);
    let mut by_distance: Vec<usize> = (0..candidates.len()).collect();
    by_distance.sort_by_key(|at| (!is_current(&candidates[*at], workload), at.abs_diff(settled)));
    by_distance.truncate(SIZES);
    by_distance.sort_unstable();
    by_distance.into_iter().map(|at| &candidates[at]).collect()
}

fn is_current(candidate: &CandidateReport, workload: &WorkloadReport) -> bool {
    (Some(candidate.cpu_units), Some(candidate.memory_mib))
        == (workload.current.cpu_units, workload.current.memory_mib)
}

pub(super) fn guards(workload: &WorkloadReport, page: &mut Page) {
    if workload.guards.is_empty() {
        return;
    }
    page.section("Guards");
    for guard in &workload.guards {
        let mut floors = Vec::new();
        floors.extend(guard.cpu_units.map(|cpu| format!("{:.3} vCPU", CpuUnits(cpu).vcpu())));
        floors.extend(guard.memory_mib.map(|mib| format!("{} MiB", grouped(&mib.to_string()))));
        let floors = match floors.as_slice() {
            [] => String::new(),
            floors => format!(" (not below {})", floors.join(", ")),
        };
        for (at, line) in
            wrapped(&display_safe(&format!("{}: {}{floors}", guard.code, guard.detail)), page.width - 4)
                .iter()
                .enumerate()
        {
            let indent = if at == 0 { "  " } else { "    " };
            let _ = writeln!(page.text, "{indent}{line}");
        }
    }
}

pub(super) fn replay(explanation: &Explanation, page: &mut Page) {
    if explanation.replay.is_empty() {
        return;
    }
    page.section("On its own past");
    let days = days(explanation.workload.evidence.observed_hours);
    for (at, replay) in explanation.replay.iter().enumerate() {
        let label = if at == 0 { "now" } else { "recommended" };
        let ReplayReport { size: Size { cpu_units, memory_mib }, cpu, memory, tasks } = replay;
        page.field(label, &format!("{}, in {days} days:", size(Some(*cpu_units), Some(*memory_mib))));
        if let Some(tasks) = tasks {
            page.field("", &tasks_text(tasks, if at == 0 { "ran" } else { "simulated" }));
        }
        page.field("", &resource(memory, "above its memory", "at 95 % of it or more"));
        page.field(
            "",
            &resource(cpu, "with a minute above its CPU", "with a minute at the CPU cap (95 % or more)"),
        );
    }
}

fn tasks_text(tasks: &ReplayTasks, how: &str) -> String {
    let ReplayTasks { least, most, task_hours, cpu_peak_vcpu, memory_peak_mib } = tasks;
    let hours = grouped(&task_hours.0.round_dp(1).normalize().to_string());
    let mut text = format!("{least} to {most} tasks {how}, {hours} task-hours");
    if let (Some(cpu), Some(memory)) = (cpu_peak_vcpu, memory_peak_mib) {
        let memory = grouped(&memory.0.round().normalize().to_string());
        let _ = write!(text, "; at most {:.3} vCPU and {memory} MiB of one task", cpu.0);
    }
    text
}

fn resource(replay: &ResourceReplayReport, above: &str, at_cap: &str) -> String {
    let number = |n: u64| grouped(&n.to_string());
    let unknown = if replay.unknown > 0 {
        format!(
            "; in {} more a smaller size was used up, and what was wanted is not known",
            number(replay.unknown)
        )
    } else {
        String::new()
    };
    format!(
        "{} of {} {above}, {} {at_cap}{unknown}",
        number(replay.above),
        count(replay.periods, "period"),
        number(replay.at_cap)
    )
}

pub(super) fn prices(explanation: &Explanation, page: &mut Page) {
    if explanation.prices.is_empty() {
        return;
    }
    page.section("Prices of one task");
    let rows = explanation.prices.iter().map(|price| {
        vec![
            size(Some(price.size.cpu_units), Some(price.size.memory_mib)),
            format!("{} {}", price.purchase, price.component),
            price.quantity.0.normalize().to_string(),
            format!("{} per {}", price.rate.0.normalize(), price.unit),
            format!("{:.6}", price.hourly.0),
            price.effective_date.clone(),
            price.source.clone(),
        ]
    });
    let columns = vec![
        text("SIZE", 18),
        stamp("COMPONENT", 0),
        number("QUANTITY", 1),
        number("USD", 0),
        number("LIST USD/H", 2),
        number("EFFECTIVE", 3),
        Column { title: "SOURCE", align: Align::Left, shrink: Shrink::End { min: 12 }, rank: 4 },
    ];
    page.table(columns, rows.collect());
    if let Some((percent, from)) = discount(explanation) {
        // The same size comes twice where it is bought otherwise: with a component that it had already.
        let again = |a: &PriceRow, b: &PriceRow| {
            a.size != b.size || (&a.component, &a.purchase) == (&b.component, &b.purchase)
        };
        let mut tasks: Vec<Vec<&PriceRow>> = Vec::new();
        for price in &explanation.prices {
            match tasks.last_mut().filter(|task| !task.iter().any(|other| again(other, price))) {
                Some(task) => task.push(price),
                None => tasks.push(vec![price]),
            }
        }
        let sums = tasks.iter().map(|task| (task[0].size, task.iter().map(|price| price.hourly.0).sum()));
        let paid = Decimal::ONE - percent / Decimal::ONE_HUNDRED;
        let sums = sums.map(|(of, list): (Size, Decimal)| {
            format!("{} {list:.6} USD/H is {:.6}", size(Some(of.cpu_units), Some(of.memory_mib)), list * paid)
        });
        let sums: Vec<String> = sums.collect();
        page.field("discount", &format!("{} % ({from}): {}", percent.normalize(), sums.join(", ")));
    }
    let mut sources: Vec<String> = explanation
        .prices
        .iter()
        .map(|price| {
            format!("{} ({} confidence, in force {})", price.source, price.confidence, price.effective_date)
        })
        .collect();
    sources.sort();
    sources.dedup();
    for source in sources {
        page.field("source", &source);
    }
    let book = &explanation.price_book;
    page.field(
        "price book",
        &format!("{} of {}; snapshot {}", book.id, book.effective_date, explanation.snapshot.id),
    );
}

pub(super) fn options(workload: &WorkloadReport, page: &mut Page) {
    let (alternatives, steps): (Vec<&Opportunity>, Vec<_>) =
        workload.options.iter().partition(|option| option.alternative);
    write_options("Also possible, each after the steps before it", &steps, page);
    if !workload.not_offered.is_empty() {
        page.section("Not offered, because of what is not known");
        for not_offered in &workload.not_offered {
            let line = format!("{}: {}", not_offered.kind, not_offered.because);
            for line in wrapped(&display_safe(&line), page.width - 2) {
                let _ = writeln!(page.text, "  {line}");
            }
        }
    }
    write_options("Or instead: another launch type", &alternatives, page);
    if !workload.ruled_out.is_empty() {
        page.section("Ruled out");
        for ruled_out in &workload.ruled_out {
            let cost = ruled_out.monthly_cost.map_or_else(String::new, |usd| {
                format!(" (were it not for that, it would cost {})", a_month(usd))
            });
            let line = format!("{}{cost}", ruled_out.sentence());
            for line in wrapped(&display_safe(&line), page.width - 2) {
                let _ = writeln!(page.text, "  {line}");
            }
        }
    }
}

fn write_options(title: &str, options: &[&Opportunity], page: &mut Page) {
    if options.is_empty() {
        return;
    }
    page.section(title);
    for option in options {
        let saves = match option.monthly_savings {
            None => String::new(),
            Some(usd) if usd < Usd::ZERO => format!("costs {} more, ", a_month(-usd)),
            Some(usd) => format!("saves {}, ", a_month(usd)),
        };
        let cost = match option.monthly_cost {
            Some(usd) if option.alternative => format!("{}, ", a_month(usd)),
            _ => String::new(),
        };
        let line = format!("{}: {cost}{saves}{} effort", option.kind, option.effort);
        for line in wrapped(&display_safe(&line), page.width - 2) {
            let _ = writeln!(page.text, "  {line}");
        }
        for condition in &option.conditions {
            page.field("if", condition);
        }
    }
}
