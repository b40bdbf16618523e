//! Quotes as JSON.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use super::{Priced, quantity_unit, quotes, total};
use crate::{
    analysis::price_book_reference,
    cli::price::{
        Outcome, Unreadable,
        quote::{Cost, NotPriced, QuoteLine, Terms},
    },
    report::{PriceBookReference, Quantity},
    template::TemplateKind,
    units::{Usd, decimal_as_f64},
};

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
