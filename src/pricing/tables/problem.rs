//! [`PriceProblem`]: something that is implausible about a price.

use rust_decimal::Decimal;

use super::{PriceKey, PriceTable, row::SPOT};

/// Something that is implausible about a price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceProblem {
    pub kind: ProblemKind,
    pub key: PriceKey,
    /// In the trusted tables, USD.
    pub trusted: Option<Decimal>,
    /// In the tables that were looked at, USD.
    pub found: Option<Decimal>,
    pub detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A rate that a task needs is missing beside others of its platform.
    Hole,
    /// A price of zero or below.
    NotPositive,
    /// A price in the place of another one of a later date.
    Older,
    /// A price that moved further than prices do.
    Jump,
    /// A new price that is out of line with those beside it.
    Implausible,
    /// A price that the trusted tables have.
    Vanished,
}

impl ProblemKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hole => "hole",
            Self::NotPositive => "not-positive",
            Self::Older => "older",
            Self::Jump => "jump",
            Self::Implausible => "implausible",
            Self::Vanished => "vanished",
        }
    }
}

/// Whether it is a Spot rate, which moves of itself.
pub(super) fn floats(key: &PriceKey) -> bool {
    match key.table {
        PriceTable::Fargate => key.item.split(' ').nth(1) == Some(SPOT),
        PriceTable::Ec2Discounts => key.item.ends_with(SPOT),
        _ => false,
    }
}
