//! What differs between two states of the tables.

use rust_decimal::Decimal;

use super::{PriceKey, PriceTables};

/// How a price differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    New,
    Changed,
    Vanished,
}

impl ChangeKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Vanished => "vanished",
        }
    }
}

/// A price that is not what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceChange {
    pub key: PriceKey,
    pub old: Option<Decimal>,
    pub new: Option<Decimal>,
}

impl PriceChange {
    pub fn kind(&self) -> ChangeKind {
        match (self.old, self.new) {
            (None, _) => ChangeKind::New,
            (_, None) => ChangeKind::Vanished,
            _ => ChangeKind::Changed,
        }
    }

    /// By how many per cent of the old price it changed, to a tenth.
    pub fn percent(&self) -> Option<Decimal> {
        percent_of_change(self.old?, self.new?)
    }
}

pub(super) fn percent_of_change(old: Decimal, new: Decimal) -> Option<Decimal> {
    let ratio = new.checked_sub(old)?.checked_div(old)?;
    Some(ratio.checked_mul(Decimal::ONE_HUNDRED)?.round_dp(1).normalize())
}

/// Every price that is new, changed or gone, by what it is of.
pub fn changes(old: &PriceTables, new: &PriceTables) -> Vec<PriceChange> {
    let (mut old, new) = (old.prices(), new.prices());
    let mut changes: Vec<PriceChange> = new
        .into_iter()
        .filter_map(|(key, new)| {
            let old = old.remove(&key);
            (old != Some(new)).then_some(PriceChange { key, old, new: Some(new) })
        })
        .collect();
    changes.extend(old.into_iter().map(|(key, old)| PriceChange { key, old: Some(old), new: None }));
    changes.sort_by(|a, b| a.key.cmp(&b.key));
    changes
}
