//! Quotes as CSV.

use csv::{Terminator, WriterBuilder};

use super::{Priced, quantity_unit};
use crate::{
    cli::price::{Outcome, quote::Terms},
    report::cell::text,
    template::TemplateKind,
};

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
