//! # unused-waiver
//!
//! A waiver of the config covers no finding.
//!
//! **Why**: it may be for something that was fixed, or be misspelt and cover nothing it was meant to.
//!
//! **Example**: a waiver for a service that is gone.
//!
//! **Fix**: delete it, or correct its `match`. A run over part of the repository does not see the rest:
//! allow the rule there.
//!
//! Default level: warn.

use crate::policy::waiver::Waiver;

/// The message on a waiver that covers nothing.
pub fn unused(waiver: &Waiver) -> String {
    format!("{}: the waiver of {} for {} covers no finding", waiver.place, waiver.rule.as_str(), waiver.owner)
}
