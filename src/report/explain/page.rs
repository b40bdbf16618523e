//! One workload as a page for a terminal of a known width.
//!
//! Takes an [`Explanation`] and a width; gives lines that all fit it, in sections: what it is and what to
//! change, what that stands on, demand, the sizes weighed, guards, the choice on its own past, prices
//! with their sources, settings with theirs. A section that has nothing to say is left out. Names and
//! texts from outside are made safe to display.

use std::fmt::Write as _;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{CandidateReport, Explanation, ReplayReport, ResourceReplayReport, chart::chart};
use crate::{
    report::{
        ContainerReport, Finding, Quantity, Recommendation, Size, WorkloadReport,
        amounts::{NONE, cost, count, grouped, money, size},
        columns::{Align, Column, Columns, Shrink},
        text::{display_safe, display_width, shorten_middle},
    },
    units::{CpuUnits, MemoryMib, Usd, decimal_as_f64},
};

/// Below this the layout is that of this width.
const NARROWEST: usize = 60;
/// Columns of the labels, indentation included.
const LABEL: usize = 15;
/// Sizes shown; the rest is counted.
const SIZES: usize = 8;
/// Changes of size and revisions shown, the newest.
const CHANGES: usize = 8;

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

fn summary(explanation: &Explanation, page: &mut Page) {
    let workload = &explanation.workload;
    for line in wrapped(&display_safe(&workload.id), page.width) {
        let _ = writeln!(page.text, "{line}");
    }
    let definition = workload.task_definition.as_deref().map(short_arn);
    let mut what = vec![workload.kind.as_str(), workload.launch_type.as_str()];
    let platform = format!("{}/{}", workload.platform.os, workload.platform.arch);
    what.push(&platform);
    what.extend(definition);
    page.field("is", &what.join(", "));
    let tags: Vec<String> = workload.tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if !tags.is_empty() {
        page.field("tags", &tags.join(", "));
    }
    let window = &explanation.window;
    page.field("window", &format!("{} to {}, as of {}", window.start, window.end, explanation.as_of));

    page.section("Finding");
    page.field("finding", workload.finding.as_str());
    if let Some(not_rated) = &workload.not_rated {
        page.field("because", &format!("{}: {}", not_rated.reason, not_rated.detail));
    } else {
        for (name, dimension) in [("cpu", &workload.dimensions.cpu), ("memory", &workload.dimensions.memory)]
        {
            let text = match &dimension.not_rated {
                Some(why) => format!("{}: {}: {}", dimension.finding.as_str(), why.reason, why.detail),
                None => dimension.finding.as_str().to_owned(),
            };
            page.field(name, &text);
        }
    }
    for remedy in &explanation.what_would_change {
        page.field("to be rated", remedy);
    }
    if !workload.reasons.is_empty() {
        page.field("reasons", &workload.reasons.join(", "));
    }
    let now = match (workload.current.cpu_units, workload.current.memory_mib) {
        (None, None) => "size not known".to_owned(),
        (cpu, memory) => size(cpu, memory),
    };
    let month = workload.monthly_cost.map_or_else(|| "no price".to_owned(), a_month);
    page.field("now", &format!("{now}, {month}"));
    if workload.list_monthly_cost != workload.monthly_cost {
        page.field("", &format!("{} at list prices", cost(workload.list_monthly_cost)));
    }
    match &workload.recommendation {
        Some(recommendation) => recommended(recommendation, page),
        None if workload.finding != Finding::NotRated => page.field("recommended", "no change"),
        None => {}
    }
}

fn a_month(amount: Usd) -> String {
    format!("{} USD a month", money(amount))
}

fn recommended(recommendation: &Recommendation, page: &mut Page) {
    let to = size(Some(recommendation.cpu_units), Some(recommendation.memory_mib));
    let month = recommendation.monthly_cost.map_or_else(|| "no price".to_owned(), a_month);
    page.field("recommended", &format!("{to}, {month}"));
    if let Some(savings) = recommendation.monthly_savings {
        let percent = recommendation
            .savings_percent
            .map_or_else(String::new, |share| format!(", {:.1} %", share.0.abs()));
        let (label, amount) = if savings < Usd::ZERO { ("costs more", -savings) } else { ("saves", savings) };
        page.field(label, &format!("{}{percent}", a_month(amount)));
    }
    page.field("risk", &recommendation.performance_risk);
    let bound = |bound: Size| size(Some(bound.cpu_units), Some(bound.memory_mib));
    let (lower, upper) = (bound(recommendation.lower_bound), bound(recommendation.upper_bound));
    page.field("bounds", &format!("{lower} without headroom; {upper} allowing for short history"));
    for condition in &recommendation.conditions {
        page.field("if", condition);
    }
    let has_settings =
        |c: &ContainerReport| c.cpu_units.or(c.memory_mib).or(c.memory_reservation_mib).is_some();
    if recommendation.containers.iter().any(has_settings) {
        page.section("Containers at the recommended size");
        let rows = recommendation.containers.iter().map(|container| {
            let mib =
                |value: Option<u32>| value.map_or_else(|| NONE.to_owned(), |mib| grouped(&mib.to_string()));
            vec![
                container.name.clone(),
                container.cpu_units.map_or_else(|| NONE.to_owned(), |cpu| cpu.to_string()),
                mib(container.memory_mib),
                mib(container.memory_reservation_mib),
            ]
        });
        let columns = vec![
            text("CONTAINER", 8),
            number("CPU UNITS", 0),
            number("MEMORY MIB", 0),
            number("RESERVED MIB", 1),
        ];
        page.table(columns, rows.collect());
    }
}

fn evidence(explanation: &Explanation, page: &mut Page) {
    let (workload, periods) = (&explanation.workload, &explanation.periods);
    let evidence = &workload.evidence;
    page.section("Evidence");
    match (evidence.first_sample, evidence.last_sample) {
        (Some(first), Some(last)) => {
            page.field("samples", &format!("{first} to {last}, {} days", days(evidence.observed_hours)));
            let coverage = evidence.coverage.map_or_else(String::new, |share| {
                format!(" ({} %)", (share.0 * Decimal::ONE_HUNDRED).round_dp(1).normalize())
            });
            page.field(
                "periods",
                &format!(
                    "{} of {} of {} s have samples{coverage}; the longest gap is {} h",
                    grouped(&periods.with_samples.to_string()),
                    grouped(&periods.possible.to_string()),
                    explanation.window.period_seconds,
                    periods.longest_gap_hours.0.round_dp(1).normalize(),
                ),
            );
        }
        _ => page.field("samples", "none"),
    }
    let source =
        evidence.task_hours_source.as_deref().map_or_else(String::new, |from| format!(", by {from}"));
    let hours = grouped(&workload.task_hours.0.round_dp(1).normalize().to_string());
    page.field("task-hours", &format!("{hours}{source}"));
    if let Some(runs) = &workload.runs {
        let per_run = runs.cost_per_run.map_or_else(String::new, |usd| format!(", {} USD each", money(usd)));
        let minutes = |quantity: Quantity| quantity.0.round_dp(1).normalize();
        page.field(
            "runs",
            &format!(
                "{}, {} task-minutes on average, {} at most{per_run}",
                count(runs.count, "run"),
                minutes(runs.mean_task_minutes),
                minutes(runs.longest_task_minutes)
            ),
        );
    }
    page.field(
        "sizes",
        &format!(
            "{} with several sizes at once, {} under an assumed size",
            count(periods.mixed, "period"),
            grouped(&periods.assumed.to_string())
        ),
    );
    page.field(
        "at the cap",
        &format!(
            "CPU in {}, memory in {}",
            count(evidence.cpu_periods_at_cap, "period"),
            count(evidence.memory_periods_at_cap, "period")
        ),
    );
    let start_up = evidence.startup_peak_vcpu.map_or_else(
        || "no start was seen".to_owned(),
        |peak| format!("up to {} vCPU after a deployment", peak.0.round_dp(3).normalize()),
    );
    page.field("start-up", &start_up);
    let kills = evidence.oom_kills.map_or_else(
        || "stopped tasks were not looked at".to_owned(),
        |kills| format!("{} in the hour before collecting", count(kills, "task")),
    );
    page.field("OOM-killed", &kills);
    if !evidence.notes.is_empty() {
        page.field("notes", &evidence.notes.join(", "));
    }
    let headroom = &explanation.headroom;
    let price = headroom
        .price_of_risk
        .map_or_else(String::new, |price| format!("; a workload that runs short weighs {}", a_month(price)));
    page.field(
        "headroom",
        &format!(
            "{}, at {} % risk: {}{price}",
            headroom.method,
            headroom.risk_percent.0.normalize(),
            headroom.detail
        ),
    );
}

/// Hours as days, to a tenth.
fn days(hours: Quantity) -> Decimal {
    (hours.0 / Decimal::from(24)).round_dp(1).normalize()
}

fn timeline(explanation: &Explanation, page: &mut Page) {
    let at = |time: Option<Timestamp>, none: &str| time.map_or_else(|| none.to_owned(), |t| t.to_string());
    if !explanation.revisions.is_empty() {
        page.section("Revisions");
        let skipped = explanation.revisions.len().saturating_sub(CHANGES);
        let rows = explanation.revisions.iter().skip(skipped).map(|revision| {
            vec![
                at(revision.from, "before"),
                at(revision.settled, if revision.from.is_some() { "unknown" } else { NONE }),
                size(revision.cpu_units, revision.memory_mib),
                short_arn(&revision.task_definition).to_owned(),
            ]
        });
        let columns = vec![stamp("FROM", 1), stamp("SETTLED", 2), text("SIZE", 18), text("REVISION", 8)];
        page.table(columns, rows.collect());
        more(skipped, "earlier", page);
    }
    // One size throughout says no more than the revision does.
    if explanation.sizes.len() > 1 {
        page.section("Sizes in force");
        let skipped = explanation.sizes.len().saturating_sub(CHANGES);
        let rows = explanation.sizes.iter().skip(skipped).map(|stretch| {
            let how = match (stretch.mixed, stretch.assumed) {
                (true, _) => "mixed: the larger counts",
                (false, true) => "assumed",
                (false, false) => "",
            };
            vec![
                stretch.from.to_string(),
                grouped(&stretch.periods.to_string()),
                size(Some(stretch.cpu_units), Some(stretch.memory_mib)),
                how.to_owned(),
            ]
        });
        let columns = vec![stamp("FROM", 0), number("PERIODS", 1), text("SIZE", 18), text("", 24)];
        page.table(columns, rows.collect());
        more(skipped, "earlier", page);
    }
}

fn more(hidden: usize, what: &str, page: &mut Page) {
    if hidden > 0 {
        let _ = writeln!(page.text, "  and {hidden} {what}");
    }
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
    let need = explanation.need;
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
        let (cpu, memory) = (need.cpu_units, need.memory_mib);
        let steps = |of: &dyn Fn(u32) -> String, need: super::ResourceNeedReport| {
            let cap = if need.reached_cap { "; it reached its cap, so more may be wanted" } else { "" };
            format!(
                "{} without headroom, {} with it, {} with guards{cap}",
                of(need.without_headroom),
                of(need.with_headroom),
                of(need.with_guards)
            )
        };
        page.field("need of CPU", &steps(&vcpu, cpu));
        page.field("of memory", &steps(&mib, memory));
    }
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
    let cpu = |units: u32| (CpuUnits(units).to_string(), decimal_as_f64(CpuUnits(units).vcpu()));
    let memory = |mib: u32| (MemoryMib(mib).to_string(), f64::from(mib));
    draw(
        "CPU of the hottest task",
        &values(&series.cpu_vcpu),
        workload.current.cpu_units.map(cpu),
        recommendation.map(|to| cpu(to.cpu_units)),
    );
    draw(
        "Memory of the hottest task",
        &values(&series.memory_mib),
        workload.current.memory_mib.map(memory),
        recommendation.map(|to| memory(to.memory_mib)),
    );
}

fn date(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

fn candidates(explanation: &Explanation, page: &mut Page) {
    let candidates = &explanation.candidates;
    if candidates.is_empty() {
        return;
    }
    page.section("Sizes considered");
    let shown = nearest(candidates, &explanation.workload);
    let hidden = candidates.len() - shown.len();
    let risky = candidates.iter().any(|candidate| candidate.probability.is_some());
    let rows =
        shown.into_iter().map(|candidate| {
            let mut row = vec![
                size(Some(candidate.cpu_units), Some(candidate.memory_mib)),
                format!("{:.4}", candidate.hourly.0),
                money(candidate.monthly_cost),
            ];
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
    let mut columns = vec![text("SIZE", 18), number("USD/H", 3), number("USD/MO", 1)];
    if risky {
        columns.extend([number("P(SHORT)", 2), number("WEIGHS", 2)]);
    }
    columns.push(Column { title: "", align: Align::Left, shrink: Shrink::End { min: 20 }, rank: 0 });
    page.table(columns, rows);
    more(hidden, "more, further from the choice", page);
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

fn guards(workload: &WorkloadReport, page: &mut Page) {
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

fn replay(explanation: &Explanation, page: &mut Page) {
    if explanation.replay.is_empty() {
        return;
    }
    page.section("On its own past");
    let days = days(explanation.workload.evidence.observed_hours);
    for (at, replay) in explanation.replay.iter().enumerate() {
        let label = if at == 0 { "now" } else { "recommended" };
        let ReplayReport { size: Size { cpu_units, memory_mib }, cpu, memory } = replay;
        page.field(label, &format!("{}, in {days} days:", size(Some(*cpu_units), Some(*memory_mib))));
        page.field("", &resource(memory, "above its memory", "at 95 % of it or more"));
        page.field(
            "",
            &resource(cpu, "with a minute above its CPU", "with a minute at the CPU cap (95 % or more)"),
        );
    }
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

fn prices(explanation: &Explanation, page: &mut Page) {
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
        number("USD/H", 2),
        number("EFFECTIVE", 3),
        Column { title: "SOURCE", align: Align::Left, shrink: Shrink::End { min: 12 }, rank: 4 },
    ];
    page.table(columns, rows.collect());
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

fn options(workload: &WorkloadReport, page: &mut Page) {
    if workload.options.is_empty() {
        return;
    }
    page.section("Also possible, each after the steps before it");
    for option in &workload.options {
        let saves =
            option.monthly_savings.map_or_else(String::new, |usd| format!("saves {}, ", a_month(usd)));
        let line = format!("{}: {saves}{} effort", option.kind, option.effort);
        for line in wrapped(&display_safe(&line), page.width - 2) {
            let _ = writeln!(page.text, "  {line}");
        }
        for condition in &option.conditions {
            page.field("if", condition);
        }
    }
}

fn settings(explanation: &Explanation, page: &mut Page) {
    let settings = &explanation.workload.evidence.settings;
    if settings.is_empty() {
        return;
    }
    page.section("Settings in force");
    let rows = settings.iter().map(|s| vec![s.key.clone(), s.value.clone(), s.from.clone()]);
    let columns = vec![text("SETTING", 16), text("VALUE", 10), text("FROM", 10)];
    page.table(columns, rows.collect());
}

fn missing(explanation: &Explanation, page: &mut Page) {
    if !explanation.gaps.is_empty() {
        page.section("Not collected");
        for gap in &explanation.gaps {
            page.field("gap", &format!("{}: {}", gap.api, gap.cause));
        }
    }
    if !explanation.notes.is_empty() {
        page.section("Cannot be seen");
        for note in &explanation.notes {
            page.field("note", &format!("{}: {}", note.code, note.detail));
        }
    }
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
