//! What a refresh found, as table, JSON and CSV.

#![expect(clippy::format_push_string, reason = "a few lines, put together as they are read")]

use std::{collections::BTreeMap, path::Path};

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::{
    cli::{
        TabularFormat,
        prices::{
            csv_text, json as json_text,
            verify::{ProblemRow, problem_table},
        },
        table::{self, Align},
    },
    price_list::{OfferOutcome, Refreshed},
    pricing::tables::{ChangeKind, PriceChange, PriceProblem},
    report::display_safe,
    units::decimal_as_f64,
};

/// Changes that the table shows one by one; JSON and CSV have all.
const SHOWN: usize = 40;
/// The same of new prices: a region's instances may all be.
const NEW_SHOWN: usize = 20;

pub(super) struct Outcome<'a> {
    pub refreshed: &'a Refreshed,
    pub changes: &'a [PriceChange],
    pub problems: &'a [PriceProblem],
    pub old_name: &'a str,
    pub out: &'a Path,
    pub kept: bool,
}

impl Outcome<'_> {
    pub(super) fn text(&self, format: TabularFormat) -> String {
        match format {
            TabularFormat::Table => self.table(),
            TabularFormat::Json => json_text(&self.json()),
            TabularFormat::Csv => self.csv(),
        }
    }

    fn table(&self) -> String {
        let mut text = self.offers() + "\n" + &self.counts();
        let (new, other): (Vec<&PriceChange>, Vec<&PriceChange>) =
            self.changes.iter().partition(|change| change.kind() == ChangeKind::New);
        for (changes, shown) in [(other, SHOWN), (new, NEW_SHOWN)] {
            if !changes.is_empty() {
                text = text + "\n" + &single_changes(&changes, shown);
            }
        }
        if !self.problems.is_empty() {
            let shown = &self.problems[..self.problems.len().min(SHOWN)];
            text = text + "\nImplausible:\n" + &problem_table(shown);
            if self.problems.len() > SHOWN {
                text += &format!("and {} more: --format json has them all\n", self.problems.len() - SHOWN);
            }
        }
        for offer in &self.refreshed.offers {
            let place = format!("{} {}", offer.publication.offer, offer.region);
            for row in &offer.tally.unread {
                text += &format!(
                    "Not readable: {place}: {}: {}\n",
                    display_safe(&row.at),
                    display_safe(&row.cause)
                );
            }
            let more = offer.tally.unread_rows - offer.tally.unread.len() as u64;
            if more > 0 {
                text += &format!("Not readable: {place}: {more} rows more\n");
            }
            for (usage_type, rows) in &offer.tally.new_usage_types {
                text += &format!("New usage type: {place}: {} ({rows} rows)\n", display_safe(usage_type));
            }
        }
        if let (count @ 1.., Some((oldest, newest))) = self.refreshed.tables.spot_rates() {
            text += &format!(
                "~ {count} Fargate Spot rates are of {oldest} to {newest}: they float, and no price list has them.\n"
            );
        }
        let kept = if self.kept { "kept in" } else { "not kept in" };
        text + &format!("The new prices are {kept} {}\n", display_safe(&self.out.display().to_string()))
    }

    fn offers(&self) -> String {
        let columns = [
            ("Offer", Align::Left),
            ("Region", Align::Left),
            ("Published", Align::Left),
            ("Read", Align::Right),
            ("Kept", Align::Right),
        ];
        let rows = self.refreshed.offers.iter().map(|offer| {
            [
                offer.publication.offer.clone(),
                offer.region.clone(),
                offer.publication.date.clone(),
                offer.tally.prices.to_string(),
                offer.rows.to_string(),
            ]
        });
        table::render(&columns, rows, 0)
    }

    /// How many prices changed, by table and region.
    fn counts(&self) -> String {
        if self.changes.is_empty() {
            return format!("No price differs from {}\n", display_safe(self.old_name));
        }
        let mut counts: BTreeMap<(&str, &str), [usize; 3]> = BTreeMap::new();
        for change in self.changes {
            let count = counts.entry((change.key.table.as_str(), &change.key.region)).or_default();
            count[change.kind() as usize] += 1;
        }
        let columns = [
            ("Table", Align::Left),
            ("Region", Align::Left),
            ("New", Align::Right),
            ("Changed", Align::Right),
            ("Vanished", Align::Right),
        ];
        let rows = counts.iter().map(|((table, region), [new, changed, vanished])| {
            [
                (*table).to_owned(),
                (*region).to_owned(),
                new.to_string(),
                changed.to_string(),
                vanished.to_string(),
            ]
        });
        format!("Against {}:\n{}", display_safe(self.old_name), table::render(&columns, rows, 0))
    }

    fn json(&self) -> Value {
        let changes: Vec<Value> = self
            .changes
            .iter()
            .map(|change| {
                json!({
                    "change": change.kind().as_str(),
                    "table": change.key.table.as_str(),
                    "region": change.key.region,
                    "item": change.key.item,
                    "old_usd": change.old.map(decimal_as_f64),
                    "new_usd": change.new.map(decimal_as_f64),
                    "percent": change.percent().map(decimal_as_f64),
                })
            })
            .collect();
        let (count, dates) = self.refreshed.tables.spot_rates();
        json!({
            "kept": self.kept,
            "folder": self.out.display().to_string(),
            "against": self.old_name,
            "offers": self.refreshed.offers.iter().map(offer_json).collect::<Vec<_>>(),
            "changes": changes,
            "problems": self.problems.iter().map(ProblemRow::of).collect::<Vec<_>>(),
            "notes": self.refreshed.notes,
            "fargate_spot": {
                "rates": count,
                "floating": true,
                "oldest": dates.map(|(oldest, _)| oldest),
                "newest": dates.map(|(_, newest)| newest),
            },
        })
    }

    fn csv(&self) -> String {
        let header = ["record", "table", "region", "item", "old_usd", "new_usd", "percent", "detail"];
        let usd = |usd: Option<Decimal>| usd.map(|usd| usd.to_string()).unwrap_or_default();
        let changes = self.changes.iter().map(|change| {
            vec![
                change.kind().as_str().to_owned(),
                change.key.table.as_str().to_owned(),
                change.key.region.clone(),
                change.key.item.clone(),
                usd(change.old),
                usd(change.new),
                usd(change.percent()),
                String::new(),
            ]
        });
        let problems = self.problems.iter().map(|problem| {
            vec![
                format!("problem:{}", problem.kind.as_str()),
                problem.key.table.as_str().to_owned(),
                problem.key.region.clone(),
                problem.key.item.clone(),
                usd(problem.trusted),
                usd(problem.found),
                String::new(),
                problem.detail.clone(),
            ]
        });
        let offers = self.refreshed.offers.iter().flat_map(|offer| {
            let row = |record: &str, item: &str, detail: String| {
                let cells = [record, &offer.publication.offer, &offer.region, item, "", "", ""];
                cells.iter().map(|cell| (*cell).to_owned()).chain([detail]).collect::<Vec<_>>()
            };
            let unread =
                offer.tally.unread.iter().map(|unread| row("unread", &unread.at, unread.cause.clone()));
            let new = offer.tally.new_usage_types.iter();
            let new = new.map(|(usage_type, rows)| row("new-usage-type", usage_type, format!("{rows} rows")));
            unread.chain(new).collect::<Vec<_>>()
        });
        let notes = self.refreshed.notes.iter().map(|note| {
            let mut row = vec!["note".to_owned()];
            row.resize(header.len() - 1, String::new());
            row.push(note.clone());
            row
        });
        csv_text(&header, changes.chain(problems).chain(offers).chain(notes))
    }
}

fn offer_json(offer: &OfferOutcome) -> Value {
    let unread = offer.tally.unread.iter().map(|row| json!({ "at": row.at, "cause": row.cause }));
    json!({
        "offer": offer.publication.offer,
        "region": offer.region,
        "version": offer.publication.version,
        "publication_date": offer.publication.date,
        "from": offer.from,
        "bytes": offer.bytes,
        "prices_read": offer.tally.prices,
        "rows_kept": offer.rows,
        "unread_rows": offer.tally.unread_rows,
        "unread": unread.collect::<Vec<_>>(),
        "new_usage_types": offer.tally.new_usage_types,
    })
}

/// The first of some changes, one by one.
fn single_changes(changes: &[&PriceChange], shown: usize) -> String {
    let columns = [
        ("Change", Align::Left),
        ("Table", Align::Left),
        ("Region", Align::Left),
        ("Price", Align::Left),
        ("Was", Align::Right),
        ("Is", Align::Right),
        ("Percent", Align::Right),
    ];
    let usd = |usd: Option<Decimal>| usd.map_or_else(|| "-".to_owned(), |usd| usd.to_string());
    let rows = changes.iter().take(shown).map(|change| {
        [
            change.kind().as_str().to_owned(),
            change.key.table.as_str().to_owned(),
            change.key.region.clone(),
            change.key.item.clone(),
            usd(change.old),
            usd(change.new),
            change.percent().map_or_else(|| "-".to_owned(), |percent| format!("{percent:+}")),
        ]
    });
    let mut text = table::render(&columns, rows, 0);
    if changes.len() > shown {
        text += &format!("and {} more: --format json or csv has them all\n", changes.len() - shown);
    }
    text
}
