//! Snapshot + price book + settings → [`Report`]: the one place where the core is wired.
//!
//! Takes everything as values, the time included; reads the utilization part by part, on all cores;
//! gives the same report for the same input. Fails only where a part of the snapshot cannot be read.

mod answer;
pub mod check;
mod compare;
mod conditions;
mod evidence;
mod explanation;
mod facts;
mod fleet;
mod glossary;
mod heading;
mod headroom;
mod lookup;
mod merged;
mod on_fargate;
mod on_instances;
mod options;
pub mod patch;
mod row;
mod standalone;
mod task_skew;
mod wording;

#[cfg(test)]
mod tests;

use std::io;

use jiff::Timestamp;
use rayon::prelude::*;

use fleet::{Fleet, Keep, with_fleet};
use heading::{discount_percent, notes, report_window, snapshot_reference};

pub use compare::{Observed, comparison, observe};
pub use explanation::explain;
pub use fleet::Input;
pub use heading::price_book_reference;
pub use lookup::{LookupError, find};
pub use merged::{CannotMerge, merged};

use crate::{
    config::Config,
    pricing::PriceBook,
    report::{Report, SCHEMA_VERSION, Totals, WorkloadReport},
};

/// The report on a snapshot, as of a time (by default the snapshot's end).
pub fn analyse(
    input: Input<'_>,
    book: &PriceBook,
    config: &Config,
    as_of: Timestamp,
) -> Result<Report, io::Error> {
    with_fleet(
        input,
        book,
        config,
        Keep::Nothing,
        |Fleet { facts, calibrations, shares, samples_read, .. }| {
            let headroom = headroom::of_fleet(&calibrations[&config.sizing.risk], config.sizing.risk);
            let mut workloads: Vec<WorkloadReport> =
                facts.par_iter().map(|facts| row::report_on(facts, book, config, &calibrations)).collect();
            merged::sort(&mut workloads);
            Report {
                schema_version: SCHEMA_VERSION,
                currency: "USD".to_owned(),
                as_of,
                window: report_window(input.manifest.window),
                snapshot: snapshot_reference(input.sha256),
                price_book: price_book_reference(book),
                discount_percent: discount_percent(config),
                headroom,
                samples_read,
                totals: Totals::of(&workloads),
                workloads,
                capacity: on_instances::pools(shares, config.discount.factor()),
                gaps: input.manifest.gaps.clone(),
                notes: notes(input, facts),
            }
        },
    )
}
