//! # expired-waiver
//!
//! A waiver's date has passed. What it covered counts again.
//!
//! **Why**: a waiver is a promise to look again.
//!
//! **Example**: `expires = 2026-09-30`, and it is November.
//!
//! **Fix**: fix what it covered, or renew it with a reason that still holds.
//!
//! Default level: warn.

use crate::policy::waiver::Waiver;

/// The message on a waiver that has expired.
pub fn expired(waiver: &Waiver) -> String {
    format!(
        "{}: the waiver of {} for {} expired on {}",
        waiver.place,
        waiver.rule.as_str(),
        waiver.owner,
        waiver.expires
    )
}
