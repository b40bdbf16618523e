//! [`Waiver`]: a finding that someone takes responsibility for, until a date.

use jiff::civil::Date;

use super::{Rule, matching::Match};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    pub rule: Rule,
    pub matches: Match,
    pub reason: String,
    pub owner: String,
    /// The last day on which it holds.
    pub expires: Date,
    /// File and line of the config.
    pub place: String,
}

impl Waiver {
    pub fn has_expired(&self, today: Date) -> bool {
        self.expires < today
    }
}
