//! # stale-snapshot
//!
//! The snapshot is older than `check.stale_after_days`.
//!
//! **Why**: a change is judged by what production needed then.
//!
//! **Example**: a snapshot that ended 45 days ago.
//!
//! **Fix**: run `fargauge collect` again, best on a schedule.
//!
//! Needs a snapshot. Default level: warn.

use jiff::Timestamp;

/// The message, if a snapshot that ended at `end` is too old at `now`.
pub fn message(end: Timestamp, now: Timestamp, after_days: u32) -> Option<String> {
    const DAY: i64 = 86_400;
    let age = now.as_second().saturating_sub(end.as_second()) / DAY;
    (age > i64::from(after_days))
        .then(|| format!("the snapshot ended {age} days ago; it counts as fresh for {after_days}"))
}
