//! Quotes as text for people.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Priced, quantity_unit, quotes, total};
use crate::{
    cli::{
        price::{
            Outcome, Tasks, TasksFrom,
            quote::{Cost, Quote, Terms},
        },
        table::{self, Align},
    },
    pricing::RateDimension,
    report::display_safe,
    units::Usd,
    workload::PurchaseOption,
};

/// A block per definition, the total if there are several, and where the rates are from.
pub fn table(terms: &Terms<'_>, all: &[Priced<'_>]) -> String {
    let mut text = String::new();
    for priced in all {
        if let Outcome::Quote(quote) = &priced.outcome {
            block(&mut text, terms, priced, quote);
        }
    }
    let priced = quotes(all).count();
    if all.len() > 1 && priced > 0 {
        let Cost { hour, month } = total(all);
        let unpriced = all.len() - priced;
        let besides = if unpriced > 0 { format!("; {unpriced} without a price") } else { String::new() };
        let plural = if priced == 1 { "" } else { "s" };
        let _ = writeln!(
            text,
            "Total of {priced} task definition{plural}{besides}: {} USD a month ({:.4}), {:.4} USD an hour\n",
            month.cents(),
            month.0,
            hour.0
        );
    }
    text.push_str(&provenance(terms, all));
    text
}

fn block(text: &mut String, terms: &Terms<'_>, priced: &Priced<'_>, quote: &Quote<'_>) {
    let name = heading(priced);
    let Tasks { count, from } = priced.tasks;
    let tasks = match count {
        1 => "1 task".to_owned(),
        count => format!("{count} tasks"),
    };
    let said_by = match from {
        TasksFrom::DesiredCount => " (the desired count)",
        TasksFrom::ScalingMinimum => " (the minimum of auto scaling, which may run more)",
        TasksFrom::Default { has_services: true } => " (the desired count is not known)",
        TasksFrom::Flag | TasksFrom::Default { has_services: false } => "",
    };
    let each = if count == 1 {
        String::new()
    } else {
        format!(" for {tasks}, {} each", quote.one_task.month.cents())
    };
    let _ = writeln!(text, "{name}: {} USD a month{each}", quote.all_tasks.month.cents());
    let _ = writeln!(
        text,
        "{}, {}, {}, {}, {tasks}{said_by}, {} hours a month\n",
        quote.size,
        quote.platform,
        terms.purchase.as_str(),
        display_safe(terms.region.as_str()),
        terms.hours.normalize()
    );
    let columns = [
        ("Component", Align::Left),
        ("Each task", Align::Left),
        ("Rate", Align::Left),
        ("USD/hour", Align::Right),
        ("USD/month", Align::Right),
    ];
    let money = |usd: Usd| format!("{:.4}", usd.0);
    let mut rows: Vec<[String; 5]> = quote
        .lines
        .iter()
        .map(|line| {
            [
                component_name(line.rate.key.dimension).to_owned(),
                format!("{} {}", line.quantity.normalize(), quantity_unit(line.rate.key.dimension)),
                format!("{} / {}", line.rate.usd.normalize(), line.rate.key.dimension.unit()),
                money(line.all_tasks.hour),
                money(line.all_tasks.month),
            ]
        })
        .collect();
    let mut sum = |title: &str, cost: Cost| {
        rows.push([title.to_owned(), String::new(), String::new(), money(cost.hour), money(cost.month)]);
    };
    if count == 1 {
        sum("Total", quote.all_tasks);
    } else {
        sum(&format!("Total, {tasks}"), quote.all_tasks);
        sum("One task", quote.one_task);
    }
    text.push_str(&table::render(&columns, rows, 2));
    text.push('\n');
}

/// Which task it is: `web (task.json)`, or `Api (stack.yaml:12)` where the file may have several.
fn heading(priced: &Priced<'_>) -> String {
    let path = display_safe(&priced.path);
    // One without a family goes by its file.
    if priced.alone && priced.family.is_empty() {
        return path.into_owned();
    }
    let name = display_safe(priced.label());
    match priced.at {
        Some((line, _)) if !priced.alone => format!("{name} ({path}:{line})"),
        _ => format!("{name} ({path})"),
    }
}

fn component_name(dimension: RateDimension) -> &'static str {
    match dimension {
        RateDimension::Vcpu => "vCPU",
        RateDimension::Memory => "Memory",
        RateDimension::EphemeralStorage => "Storage over 20 GiB",
        RateDimension::WindowsLicence => "Windows licence",
    }
}

/// A line per source of the rates used.
fn provenance(terms: &Terms<'_>, all: &[Priced<'_>]) -> String {
    let mut sources: BTreeMap<(&str, &str, &str), Vec<&str>> = BTreeMap::new();
    let mut spot_dates: Vec<&str> = Vec::new();
    for line in quotes(all).flat_map(|quote| &quote.lines) {
        let rate = line.rate;
        let source = (rate.effective_date.as_str(), rate.confidence.as_str(), rate.source.as_str());
        let components = sources.entry(source).or_default();
        let name = component_name(rate.key.dimension);
        if !components.contains(&name) {
            components.push(name);
        }
        if rate.key.purchase == PurchaseOption::Spot && !spot_dates.contains(&source.0) {
            spot_dates.push(source.0);
        }
    }
    let mut text = String::new();
    for ((date, confidence, source), components) in &sources {
        let _ = writeln!(
            text,
            "Rates of {date} for {} ({confidence} confidence): {}",
            components.join(", "),
            display_safe(source)
        );
    }
    if !spot_dates.is_empty() {
        let _ = writeln!(
            text,
            "Spot rates float with supply and demand; these are of {}.",
            spot_dates.join(", ")
        );
    }
    if !sources.is_empty() {
        let _ = writeln!(text, "Price book {}", display_safe(terms.book.id()));
    }
    text
}
