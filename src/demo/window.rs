//! The fixed window of the demo: 14 days at five minutes. Fixed, because a demo that depended on the
//! clock would give other numbers every day.

use jiff::Timestamp;

use crate::snapshot::Window;

pub(super) const PERIOD_SECONDS: u32 = 300;
pub(super) const HOUR: i64 = 3_600;
pub(super) const DAY: i64 = 24 * HOUR;

/// 2026-11-01T00:00:00Z, a Sunday.
pub(super) const END: i64 = 1_793_491_200;
pub(super) const START: i64 = END - 14 * DAY;

pub(super) fn window() -> Window {
    Window { start: at(START), end: at(END), period_seconds: PERIOD_SECONDS }
}

/// The starts of all periods of the window, oldest first, in seconds since the epoch.
pub(super) fn periods() -> impl Iterator<Item = i64> {
    (START..END).step_by(PERIOD_SECONDS as usize)
}

/// `seconds` since the epoch as a timestamp.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("times of the demo are within years of its window")
}
