//! Quotes as a table, JSON or CSV. Every figure is a quote's, already rounded; totals are sums of the
//! rows as printed.

mod csv;
mod json;
mod table;

use super::{
    Outcome, Priced, TasksFrom,
    quote::{Cost, Quote},
};
use crate::pricing::RateDimension;

pub use self::{csv::csv, json::json, table::table};

fn quotes<'a, 'book>(all: &'a [Priced<'book>]) -> impl Iterator<Item = &'a Quote<'book>> {
    all.iter()
        .filter_map(|priced| if let Outcome::Quote(quote) = &priced.outcome { Some(quote) } else { None })
}

fn total(all: &[Priced<'_>]) -> Cost {
    quotes(all).map(|quote| quote.all_tasks).sum()
}

fn quantity_unit(dimension: RateDimension) -> &'static str {
    dimension.unit().trim_end_matches("-hour")
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
