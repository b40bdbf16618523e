//! One workload as a page for a terminal of a known width.
//!
//! Takes an [`Explanation`] and a width; gives lines that all fit it, in sections: what it is and what to
//! change, what that stands on, demand, the sizes weighed, guards, the choice on its own past, prices
//! with their sources, settings with theirs. A section that has nothing to say is left out. Names and
//! texts from outside are made safe to display.

mod choice;
mod evidence;
mod finding;

use std::fmt::Write as _;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{CALIBRATED, CandidateReport, Explanation, HeadroomInForce, ResourceNeedReport, chart::chart};
use crate::{
    report::{
        Quantity,
        amounts::{NONE, grouped, money},
        columns::{Align, Column, Columns, Shrink},
        text::{display_safe, display_width, shorten_middle},
    },
    units::{CpuUnits, MemoryMib, Usd, decimal_as_f64},
};
use choice::{candidates, guards, options, prices, replay};
use evidence::{evidence, missing, settings, timeline};
use finding::summary;

/// Below this the layout is that of this width.
const NARROWEST: usize = 60;
/// Columns of the labels, indentation included.
const LABEL: usize = 15;

pub fn render(explanation: &Explanation, width: usize) -> String {
    let mut page = Page { width: width.max(NARROWEST), text: String::new() };
    summary(explanation, &mut page);
    evidence(explanation, &mut page);
    timeline(explanation, &mut page);
    demand(explanation, &mut page);
    charts(explanation, &mut page);
    candidates(explanation, &mut page);
    guards(&explanation.workload, &mut page);
    replay(explanation, &mut page);
    prices(explanation, &mut page);
    options(&explanation.workload, &mut page);
    settings(explanation, &mut page);
    missing(explanation, &mut page);
    page.text
}

/// The page so far.
struct Page {
    width: usize,
    text: String,
}

impl Page {
    fn section(&mut self, title: &str) {
        self.text.push('\n');
        for line in wrapped(title, self.width) {
            let _ = writeln!(self.text, "{line}");
        }
    }

    /// A label, and text of any origin beside it.
    fn field(&mut self, label: &str, text: &str) {
        for (at, line) in wrapped(&display_safe(text), self.width - LABEL).iter().enumerate() {
            let label = if at == 0 { format!("  {label}") } else { String::new() };
            let _ = writeln!(self.text, "{label:<LABEL$}{line}");
        }
    }

    fn table(&mut self, columns: Vec<Column>, rows: Vec<Vec<String>>) {
        let mut table = Columns::new(columns);
        for row in rows {
            table.push(row.into_iter().map(|cell| display_safe(&cell).into_owned().into()).collect());
        }
        let mut text = String::new();
        table.write(self.width - 2, false, &mut text);
        for line in text.lines() {
            let _ = writeln!(self.text, "  {line}");
        }
    }
}

/// Lines of at most `width` columns, broken between words; a longer word is cut in its middle.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let word = shorten_middle(word, width);
        let line = lines.last_mut().expect("there is a line from the start");
        if line.is_empty() {
            line.push_str(&word);
        } else if display_width(line) + 1 + display_width(&word) <= width {
            line.push(' ');
            line.push_str(&word);
        } else {
            lines.push(word.into_owned());
        }
    }
    lines
}

fn a_month(amount: Usd) -> String {
    format!("{} USD a month", money(amount))
}

/// Hours as days, to a tenth.
fn days(hours: Quantity) -> Decimal {
    (hours.0 / Decimal::from(24)).round_dp(1).normalize()
}

/// `family:7` of its ARN.
fn short_arn(arn: &str) -> &str {
    arn.rsplit_once('/').map_or(arn, |(_, name)| name)
}

fn demand(explanation: &Explanation, page: &mut Page) {
    let Some(demand) = &explanation.workload.demand else { return };
    page.section("Demand of one task (the average is the mean task's, the rest the hottest's)");
    let vcpu = |value: Option<Quantity>| value.map_or_else(|| NONE.to_owned(), |v| format!("{:.3}", v.0));
    let mib = |value: Option<Quantity>| {
        value.map_or_else(|| NONE.to_owned(), |v| grouped(&v.0.round().normalize().to_string()))
    };
    let mut rows = Vec::new();
    let need = explanation.need.as_ref();
    if let Some(cpu) = demand.cpu_vcpu {
        let need = need.map(|need| Quantity(CpuUnits(need.cpu_units.with_guards).vcpu()));
        rows.push(vec![
            "CPU vCPU".to_owned(),
            vcpu(cpu.average),
            vcpu(Some(cpu.p95)),
            vcpu(Some(cpu.p99)),
            vcpu(Some(cpu.p995)),
            vcpu(Some(cpu.max)),
            vcpu(need),
        ]);
    }
    if let Some(memory) = demand.memory_mib {
        let need = need.map(|need| Quantity(Decimal::from(need.memory_mib.with_guards)));
        rows.push(vec![
            "memory MiB".to_owned(),
            mib(memory.average),
            NONE.to_owned(),
            mib(Some(memory.p99)),
            NONE.to_owned(),
            mib(Some(memory.max)),
            mib(need),
        ]);
    }
    if rows.is_empty() {
        return;
    }
    let columns = vec![
        text("", 10),
        number("AVERAGE", 1),
        number("P95", 3),
        number("P99", 2),
        number("P99.5", 1),
        number("MAXIMUM", 0),
        number("NEED", 0),
    ];
    page.table(columns, rows);
    if let Some(need) = need {
        let vcpu = |units: u32| format!("{:.3} vCPU", CpuUnits(units).vcpu());
        let mib = |mib: u32| format!("{} MiB", grouped(&mib.to_string()));
        let (cpu, memory) = (&need.cpu_units, &need.memory_mib);
        let steps = |of: &dyn Fn(u32) -> String, need: &ResourceNeedReport| {
            let headroom = match &need.headroom {
                Some(headroom) if need.with_headroom > need.without_headroom => in_force(headroom),
                // A need from a cap that was reached has none.
                _ => "it".to_owned(),
            };
            let cap = if need.reached_cap { "; it reached its cap, so more may be wanted" } else { "" };
            format!(
                "{} without headroom, {} with {headroom}, {} with guards{cap}",
                of(need.without_headroom),
                of(need.with_headroom),
                of(need.with_guards)
            )
        };
        page.field("need of CPU", &steps(&vcpu, cpu));
        page.field("of memory", &steps(&mib, memory));
        if let Some(learnt) = learnt(explanation, memory) {
            page.field("learnt", &learnt);
        }
    }
}

/// `20 % (default)`.
fn in_force(headroom: &HeadroomInForce) -> String {
    let from = if headroom.from == CALIBRATED { "calibrated: the least" } else { &headroom.from };
    format!("{} % ({from})", headroom.percent.0.normalize())
}

/// The memory headroom that price and risk together left, and what it is thought to be worth; `None` where
/// nothing was learnt.
fn learnt(explanation: &Explanation, memory: &ResourceNeedReport) -> Option<String> {
    memory.headroom.as_ref().filter(|headroom| headroom.from == CALIBRATED)?;
    let settled = |candidate: &&CandidateReport| matches!(candidate.verdict.as_str(), "chosen" | "kept");
    let chosen = explanation.candidates.iter().find(settled)?;
    let probability = chosen.probability?.0 * Decimal::ONE_HUNDRED;
    let percent = Decimal::from(chosen.memory_mib) * Decimal::ONE_HUNDRED
        / Decimal::from(memory.without_headroom.max(1))
        - Decimal::ONE_HUNDRED;
    let risk = if explanation.workload.current.memory_mib.is_some_and(|now| chosen.memory_mib >= now) {
        "no less than now, so no new risk".to_owned()
    } else {
        // Never told as none, however small.
        let least = Decimal::new(1, 2);
        let chance = if probability < least { format!("below {least}") } else { format!("{probability:.2}") };
        format!("the chance that a later memory peak passes it is {chance} %")
    };
    let memory = MemoryMib(chosen.memory_mib);
    Some(format!("{memory} leaves {} %; {risk}", percent.round_dp(1).normalize()))
}

fn charts(explanation: &Explanation, page: &mut Page) {
    let Some(series) = &explanation.chart else { return };
    let workload = &explanation.workload;
    let recommendation = workload.recommendation.as_ref();
    let (start, end) = (date(explanation.window.start), date(explanation.window.end));
    let values = |series: &[Option<Quantity>]| -> Vec<Option<f64>> {
        series.iter().map(|value| value.map(|value| decimal_as_f64(value.0))).collect()
    };
    let mut draw =
        |title: &str, values: &[Option<f64>], now: Option<(String, f64)>, new: Option<(String, f64)>| {
            let mut levels: Vec<(String, f64)> =
                now.clone().into_iter().map(|(size, at)| (format!("now {size}"), at)).collect();
            levels.extend(
                new.filter(|new| Some(new) != now.as_ref()).map(|(size, at)| (format!("new {size}"), at)),
            );
            let lines = chart(values, &levels, (&start, &end), page.width - 2);
            if values.iter().any(Option::is_some) && !lines.is_empty() {
                page.section(title);
                for line in lines {
                    let _ = writeln!(page.text, "  {line}");
                }
            }
        };
    // Another number of tasks carries another load each; what is drawn is what those carried that ran.
    let other_tasks = recommendation
        .and_then(|to| to.scaling)
        .is_some_and(|scaling| scaling.simulated_task_hours != scaling.observed_task_hours);
    let of = if other_tasks { "the hottest task, of as many as ran" } else { "the hottest task" };
    let cpu = |units: u32| (CpuUnits(units).to_string(), decimal_as_f64(CpuUnits(units).vcpu()));
    let memory = |mib: u32| (MemoryMib(mib).to_string(), f64::from(mib));
    draw(
        &format!("CPU of {of}"),
        &values(&series.cpu_vcpu),
        workload.current.cpu_units.map(cpu),
        recommendation.map(|to| cpu(to.cpu_units)),
    );
    draw(
        &format!("Memory of {of}"),
        &values(&series.memory_mib),
        workload.current.memory_mib.map(memory),
        recommendation.map(|to| memory(to.memory_mib)),
    );
}

fn date(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

const fn text(title: &'static str, min: usize) -> Column {
    Column { title, align: Align::Left, shrink: Shrink::Middle { min }, rank: 0 }
}

const fn stamp(title: &'static str, rank: u8) -> Column {
    Column { title, align: Align::Left, shrink: Shrink::Never, rank }
}

const fn number(title: &'static str, rank: u8) -> Column {
    Column { title, align: Align::Right, shrink: Shrink::Never, rank }
}
