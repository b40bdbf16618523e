//! What every result says first: its window, its snapshot, its price book, its discount, what to know of it.

use super::{evidence, facts::Facts, fleet::Input, standalone, wording::percent};
use crate::{
    config::Config,
    pricing::PriceBook,
    report::{Note, PriceBookReference, Quantity, ReportWindow, SnapshotReference},
    snapshot::Window,
};

/// The window, as results name it.
pub(super) fn report_window(window: Window) -> ReportWindow {
    ReportWindow { start: window.start, end: window.end, period_seconds: window.period_seconds }
}

/// A snapshot's identity, as results name it, from its SHA-256.
pub(super) fn snapshot_reference(sha256: &str) -> SnapshotReference {
    SnapshotReference { id: sha256.chars().take(12).collect(), sha256: sha256.to_owned() }
}

/// The book's identity, as results name it.
pub fn price_book_reference(book: &PriceBook) -> PriceBookReference {
    PriceBookReference {
        id: book.id().to_owned(),
        effective_date: book.effective_date().to_owned(),
        sha256: book.sha256().to_owned(),
    }
}

/// What is taken off list prices.
pub(super) fn discount_percent(config: &Config) -> Quantity {
    percent(config.discount.enterprise_centi_percent)
}

/// What to know of the snapshot that is no gap.
pub(super) fn notes(input: Input<'_>, facts: &[Facts<'_>]) -> Vec<Note> {
    let unseen = standalone::unseen(&input.inventory.clusters);
    unseen.chain(evidence::impossible(&snapshot_reference(input.sha256), facts)).collect()
}
