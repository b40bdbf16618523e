//! Quotes as a table, JSON or CSV. Every figure is a quote's, already rounded; totals are sums of the
//! rows as printed.

use std::{collections::BTreeMap, fmt::Write as _};

use csv::{Terminator, WriterBuilder};
use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use super::{
    Outcome, Priced, Tasks, TasksFrom, Unreadable,
    quote::{Cost, NotPriced, Quote, QuoteLine, Terms},
};
use crate::{
    analysis::price_book_reference,
    cli::table::{self, Align},
    pricing::RateDimension,
    report::{PriceBookReference, Quantity, cell::text, display_safe},
    template::TemplateKind,
    units::{Usd, decimal_as_f64},
    workload::PurchaseOption,
};

fn quotes<'a, 'book>(all: &'a [Priced<'book>]) -> impl Iterator<Item = &'a Quote<'book>> {
    all.iter()
        .filter_map(|priced| if let Outcome::Quote(quote) = &priced.outcome { Some(quote) } else { None })
}

fn total(all: &[Priced<'_>]) -> Cost {
    quotes(all).map(|quote| quote.all_tasks).sum()
}

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

fn quantity_unit(dimension: RateDimension) -> &'static str {
    dimension.unit().trim_end_matches("-hour")
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

/// A decimal with all its digits, as a JSON number.
#[derive(Debug, Clone, Copy)]
struct Exact(Decimal);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(decimal_as_f64(self.0))
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    currency: &'static str,
    region: &'a str,
    purchase_option: &'static str,
    /// Tasks of each definition; null where they differ.
    count: Option<u32>,
    /// Hours a month of each task.
    hours: Quantity,
    price_book: PriceBookReference,
    task_definitions: Vec<Item<'a>>,
    totals: Totals,
}

#[derive(Serialize)]
struct Totals {
    task_definitions: usize,
    priced: usize,
    unpriced: usize,
    #[serde(flatten)]
    cost: Cost,
}

/// Exactly one of `cost`, `not_priced` and `error` is there; `cost`'s fields stand in the item itself.
#[derive(Serialize)]
struct Item<'a> {
    path: &'a str,
    /// Of the file, as in `check`.
    kind: Option<&'static str>,
    /// The logical id, the resource's address or the like.
    name: Option<&'a str>,
    /// Where it begins.
    line: Option<usize>,
    column: Option<usize>,
    family: Option<&'a str>,
    /// Tasks that run.
    count: u32,
    count_from: &'static str,
    platform: Option<ItemPlatform>,
    cpu_units: Option<u32>,
    memory_mib: Option<u32>,
    ephemeral_storage_gib: Option<u32>,
    /// Of all tasks.
    hourly_cost: Option<Usd>,
    monthly_cost: Option<Usd>,
    one_task: Option<Cost>,
    components: Vec<Component<'a>>,
    not_priced: Option<Reason>,
    error: Option<Unread>,
}

#[derive(Serialize)]
struct ItemPlatform {
    os: &'static str,
    arch: &'static str,
}

#[derive(Serialize)]
struct Component<'a> {
    #[serde(rename = "component")]
    dimension: &'static str,
    /// Of one task.
    quantity: Quantity,
    unit: &'static str,
    rate_usd: Exact,
    rate_unit: &'static str,
    /// Of all tasks.
    #[serde(flatten)]
    all_tasks: Cost,
    one_task: Cost,
    purchase_option: &'static str,
    effective_date: &'a str,
    confidence: &'static str,
    source: &'a str,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "the keys of the JSON")]
struct Reason {
    reason: &'static str,
    detail: String,
    /// The setting that is not known, if it is for one.
    line: Option<usize>,
    column: Option<usize>,
}

#[derive(Serialize)]
struct Unread {
    message: String,
    line: Option<usize>,
    column: Option<usize>,
    hint: Option<String>,
}

impl<'a> Component<'a> {
    fn of(line: &'a QuoteLine<'_>) -> Self {
        let rate = line.rate;
        Self {
            dimension: rate.key.dimension.as_str(),
            quantity: Quantity(line.quantity),
            unit: quantity_unit(rate.key.dimension),
            rate_usd: Exact(rate.usd),
            rate_unit: rate.key.dimension.unit(),
            all_tasks: line.all_tasks,
            one_task: line.one_task,
            purchase_option: rate.key.purchase.as_str(),
            effective_date: &rate.effective_date,
            confidence: rate.confidence.as_str(),
            source: &rate.source,
        }
    }
}

impl<'a> Item<'a> {
    fn of(priced: &'a Priced<'_>) -> Self {
        let mut item = Self {
            path: &priced.path,
            kind: priced.kind.map(TemplateKind::as_str),
            name: not_empty(&priced.name),
            line: priced.at.map(|(line, _)| line),
            column: priced.at.map(|(_, column)| column),
            family: not_empty(&priced.family),
            count: priced.tasks.count,
            count_from: priced.tasks.from.as_str(),
            platform: None,
            cpu_units: None,
            memory_mib: None,
            ephemeral_storage_gib: None,
            hourly_cost: None,
            monthly_cost: None,
            one_task: None,
            components: Vec::new(),
            not_priced: None,
            error: None,
        };
        match &priced.outcome {
            Outcome::Quote(quote) => {
                let platform = quote.platform;
                item.platform = Some(ItemPlatform { os: platform.os.as_str(), arch: platform.arch.as_str() });
                item.cpu_units = Some(quote.size.cpu().0);
                item.memory_mib = Some(quote.size.memory().0);
                item.ephemeral_storage_gib = Some(quote.ephemeral_storage.0);
                item.hourly_cost = Some(quote.all_tasks.hour);
                item.monthly_cost = Some(quote.all_tasks.month);
                item.one_task = Some(quote.one_task);
                item.components = quote.lines.iter().map(Component::of).collect();
            }
            Outcome::NotPriced(reason) => {
                let at = if let NotPriced::Unresolved { at, .. } = reason { Some(at) } else { None };
                item.not_priced = Some(Reason {
                    reason: reason.code(),
                    detail: reason.to_string(),
                    line: at.map(|at| at.line),
                    column: at.map(|at| at.column),
                });
            }
            Outcome::Unreadable(error) => item.error = Some(error.into()),
        }
        item
    }
}

impl From<&Unreadable> for Unread {
    fn from(error: &Unreadable) -> Self {
        Self {
            message: error.message.clone(),
            line: error.at.map(|(line, _)| line),
            column: error.at.map(|(_, column)| column),
            hint: error.hint.clone(),
        }
    }
}

impl TasksFrom {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::DesiredCount => "desired-count",
            Self::ScalingMinimum => "scaling-minimum",
            Self::Default { .. } => "default",
        }
    }
}

fn not_empty(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// The tasks of each definition, where that is one number.
fn common_count(terms: &Terms<'_>, all: &[Priced<'_>]) -> Option<u32> {
    let first = all.first().map_or(terms.count.unwrap_or(1), |priced| priced.tasks.count);
    all.iter().all(|priced| priced.tasks.count == first).then_some(first)
}

pub fn json(terms: &Terms<'_>, all: &[Priced<'_>]) -> String {
    let priced = quotes(all).count();
    let document = Document {
        schema_version: 1,
        currency: "USD",
        region: terms.region.as_str(),
        purchase_option: terms.purchase.as_str(),
        count: common_count(terms, all),
        hours: Quantity(terms.hours),
        price_book: price_book_reference(terms.book),
        task_definitions: all.iter().map(Item::of).collect(),
        totals: Totals {
            task_definitions: all.len(),
            priced,
            unpriced: all.len() - priced,
            cost: total(all),
        },
    };
    let mut text = serde_json::to_string_pretty(&document).expect("strings and numbers serialize");
    text.push('\n');
    text
}

const CSV_HEADER: [&str; 27] = [
    "path",
    "family",
    "region",
    "operating_system",
    "architecture",
    "purchase_option",
    "cpu_units",
    "memory_mib",
    "ephemeral_storage_gib",
    "tasks",
    "hours_per_month",
    "component",
    "quantity_per_task",
    "unit",
    "rate_usd",
    "rate_unit",
    "hourly_cost_usd",
    "monthly_cost_usd",
    "effective_date",
    "confidence",
    "source",
    "kind",
    "task",
    "line",
    "tasks_from",
    "not_priced_reason",
    "not_priced_detail",
];

/// One row per component, costs of all tasks; one row for each definition without a price. The cost
/// columns add up to the totals.
pub fn csv(terms: &Terms<'_>, all: &[Priced<'_>]) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let mut write = |row: [String; 27]| {
        writer.write_record(row).expect("every row has 27 cells, and memory takes them all");
    };
    write(CSV_HEADER.map(str::to_owned));
    for priced in all {
        let (path, family, region) = (text(&priced.path), text(&priced.family), text(terms.region.as_str()));
        let (tasks, hours) = (priced.tasks.count.to_string(), terms.hours.normalize().to_string());
        let [kind, name, line_number, tasks_from] = [
            priced.kind.map_or("", TemplateKind::as_str).to_owned(),
            text(&priced.name),
            priced.at.map(|(line, _)| line.to_string()).unwrap_or_default(),
            priced.tasks.from.as_str().to_owned(),
        ];
        let (reason, detail) = match &priced.outcome {
            Outcome::Quote(quote) => {
                for line in &quote.lines {
                    let rate = line.rate;
                    let dimension = rate.key.dimension;
                    write([
                        path.clone(),
                        family.clone(),
                        region.clone(),
                        quote.platform.os.as_str().to_owned(),
                        quote.platform.arch.as_str().to_owned(),
                        rate.key.purchase.as_str().to_owned(),
                        quote.size.cpu().0.to_string(),
                        quote.size.memory().0.to_string(),
                        quote.ephemeral_storage.0.to_string(),
                        tasks.clone(),
                        hours.clone(),
                        dimension.as_str().to_owned(),
                        line.quantity.normalize().to_string(),
                        quantity_unit(dimension).to_owned(),
                        rate.usd.normalize().to_string(),
                        dimension.unit().to_owned(),
                        line.all_tasks.hour.0.normalize().to_string(),
                        line.all_tasks.month.0.normalize().to_string(),
                        rate.effective_date.clone(),
                        rate.confidence.as_str().to_owned(),
                        text(&rate.source),
                        kind.clone(),
                        name.clone(),
                        line_number.clone(),
                        tasks_from.clone(),
                        String::new(),
                        String::new(),
                    ]);
                }
                continue;
            }
            Outcome::NotPriced(reason) => (reason.code(), reason.to_string()),
            Outcome::Unreadable(error) => ("unreadable", error.message.clone()),
        };
        let mut row = [const { String::new() }; 27];
        [row[0], row[1], row[2], row[9], row[10]] = [path, family, region, tasks, hours];
        [row[21], row[22], row[23], row[24]] = [kind, name, line_number, tasks_from];
        [row[25], row[26]] = [reason.to_owned(), text(&detail)];
        write(row);
    }
    let bytes = writer.into_inner().expect("memory takes all");
    String::from_utf8(bytes).expect("only UTF-8 was written")
}
