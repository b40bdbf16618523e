//! Scheduled actions: when each of them sets which capacity.
//!
//! Takes Application Auto Scaling's schedule expressions; gives times, or says what is not understood.
//!
//! | expression | understood as |
//! |---|---|
//! | `at(2026-10-05T08:00:00)` | once, on the action's time zone's clock |
//! | `rate(6 hours)` | from the start of the series on: its real phase is not in the API |
//! | `cron(0 8 ? * MON-FRI *)` | minute, hour, day of month, month, day of week, year |
//!
//! In `cron`: `*`, `?`, numbers, names, lists, ranges, steps, and `L` as the last day of a month. Not
//! `W`, `#` and the like: such an action is left out of the simulation and named.

use jiff::{
    ToSpan as _,
    civil::{Date, DateTime},
    tz::{TimeZone, TimeZoneDatabase},
};

use crate::workload::ScheduledAction;

/// Times of one action; what fires more often (every minute for weeks) is not understood.
const MOST_TIMES: usize = 20_000;
/// The longest time between two firings of a weekly action.
const LOOK_BACK_SECONDS: i64 = 8 * 86_400;

/// A change of the capacity limits. What is `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CapacityChange {
    /// Seconds since the epoch.
    pub second: i64,
    pub min: Option<u32>,
    pub max: Option<u32>,
}

/// The changes that `actions` make up to `to`, by time, from a week before `from` on, so that the
/// state at `from` is known; and the names of the actions that are not understood.
pub fn changes(actions: &[ScheduledAction], (from, to): (i64, i64)) -> (Vec<CapacityChange>, Vec<String>) {
    let mut changes = Vec::new();
    let mut not_understood = Vec::new();
    for action in actions {
        if action.min_capacity.is_none() && action.max_capacity.is_none() {
            continue;
        }
        match times(action, (from, to)) {
            Some(times) => changes.extend(times.into_iter().map(|second| CapacityChange {
                second,
                min: action.min_capacity,
                max: action.max_capacity,
            })),
            None => not_understood.push(action.name.clone()),
        }
    }
    changes.sort_unstable();
    (changes, not_understood)
}

fn times(action: &ScheduledAction, (from, to): (i64, i64)) -> Option<Vec<i64>> {
    let (kind, rest) = action.schedule.trim().split_once('(')?;
    let inside = rest.strip_suffix(')')?.trim();
    let zone = match action.time_zone.as_deref() {
        None | Some("UTC" | "Etc/UTC") => TimeZone::UTC,
        // The embedded database, so that the answer does not depend on the machine.
        Some(name) => TimeZoneDatabase::bundled().get(name).ok()?,
    };
    match kind {
        "at" => {
            let civil: DateTime = inside.parse().ok()?;
            let second = instant(civil, &zone)?;
            Some(if second < to { vec![second] } else { Vec::new() })
        }
        "rate" => {
            let (number, unit) = inside.split_once(' ')?;
            let unit = match unit.trim() {
                "minute" | "minutes" => 60,
                "hour" | "hours" => 3_600,
                "day" | "days" => 86_400,
                _ => return None,
            };
            let interval = number.parse::<i64>().ok().filter(|n| *n > 0)?.checked_mul(unit)?;
            let step = usize::try_from(interval).ok()?;
            Some((from..to).step_by(step).take(MOST_TIMES).collect())
        }
        "cron" => {
            let cron = Cron::parse(inside)?;
            let times = cron.times(from.saturating_sub(LOOK_BACK_SECONDS), to, &zone)?;
            (times.len() < MOST_TIMES).then_some(times)
        }
        _ => None,
    }
}

fn instant(civil: DateTime, zone: &TimeZone) -> Option<i64> {
    Some(zone.to_ambiguous_timestamp(civil).compatible().ok()?.as_second())
}

/// The parts of a cron expression; bit `n` stands for the number `n`.
struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    last_day: bool,
    months: u64,
    /// 1 is Sunday.
    weekdays: u64,
    years: Vec<i16>,
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let (minutes, hours, days, months, weekdays, years) = match fields[..] {
            [minutes, hours, days, months, weekdays] => (minutes, hours, days, months, weekdays, "*"),
            [minutes, hours, days, months, weekdays, years] => {
                (minutes, hours, days, months, weekdays, years)
            }
            _ => return None,
        };
        let last_day = days == "L";
        Some(Self {
            minutes: bits(minutes, 0, 59, &[])?,
            hours: bits(hours, 0, 23, &[])?,
            days: if last_day { 0 } else { bits(days, 1, 31, &[])? },
            last_day,
            months: bits(months, 1, 12, &MONTHS)?,
            weekdays: bits(weekdays, 1, 7, &WEEKDAYS)?,
            years: if years == "*" {
                Vec::new()
            } else {
                years.split(',').map(|year| year.parse().ok()).collect::<Option<_>>()?
            },
        })
    }

    fn fires_on(&self, date: Date) -> bool {
        let has = |set: u64, number: i8| number >= 0 && set >> number & 1 == 1;
        let day = if self.last_day { date.day() == date.days_in_month() } else { has(self.days, date.day()) };
        day && has(self.months, date.month())
            && has(self.weekdays, date.weekday().to_sunday_one_offset())
            && (self.years.is_empty() || self.years.contains(&date.year()))
    }

    /// The times in `from..to`; `None` where the calendar has no such dates.
    fn times(&self, from: i64, to: i64, zone: &TimeZone) -> Option<Vec<i64>> {
        let date =
            |second: i64| Some(jiff::Timestamp::from_second(second).ok()?.to_zoned(zone.clone()).date());
        let (mut day, last) = (date(from)?, date(to)?);
        let mut times = Vec::new();
        while day <= last && times.len() < MOST_TIMES {
            if self.fires_on(day) {
                for hour in (0..24).filter(|hour| self.hours >> hour & 1 == 1) {
                    for minute in (0..60).filter(|minute| self.minutes >> minute & 1 == 1) {
                        let second = instant(day.at(hour, minute, 0, 0), zone)?;
                        if (from..to).contains(&second) {
                            times.push(second);
                        }
                    }
                }
            }
            day = day.checked_add(1.day()).ok()?;
        }
        Some(times)
    }
}

/// A field's numbers as bits; `None` if it is not understood or out of range. `names` count from `least`.
fn bits(field: &str, least: u32, most: u32, names: &[&str]) -> Option<u64> {
    let number = |text: &str| -> Option<u32> {
        let named = || (least..).zip(names).find(|(_, name)| name.eq_ignore_ascii_case(text));
        let number = text.parse().ok().or_else(|| named().map(|(number, _)| number))?;
        (least..=most).contains(&number).then_some(number)
    };
    let mut set = 0;
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (from, to) = match range {
            "*" | "?" => (least, most),
            _ => match range.split_once('-') {
                Some((from, to)) => (number(from)?, number(to)?),
                // `5/15` goes on to the end; `5` is itself.
                None => (number(range)?, if step.is_some() { most } else { number(range)? }),
            },
        };
        if from > to {
            return None;
        }
        for number in (from..=to).step_by(step.unwrap_or(1)) {
            set |= 1 << number;
        }
    }
    Some(set)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Friday, 2026-10-23, to Monday, 2026-10-26, both 00:00 UTC; Berlin leaves summer time on Sunday.
    const FROM: i64 = 1_792_713_600;
    const TO: i64 = FROM + 3 * 86_400;

    fn action(schedule: &str, zone: Option<&str>) -> ScheduledAction {
        ScheduledAction {
            name: schedule.to_owned(),
            schedule: schedule.to_owned(),
            time_zone: zone.map(str::to_owned),
            min_capacity: Some(4),
            max_capacity: None,
        }
    }

    /// Hours after `FROM` at which the action fires within the window.
    fn hours(schedule: &str, zone: Option<&str>) -> Option<Vec<i64>> {
        let (changes, not_understood) = changes(&[action(schedule, zone)], (FROM, TO));
        not_understood
            .is_empty()
            .then(|| changes.iter().filter(|c| c.second >= FROM).map(|c| (c.second - FROM) / 3_600).collect())
    }

    #[test]
    fn the_worked_table_holds() {
        assert_eq!(hours("at(2026-10-24T08:00:00)", None), Some(vec![32]));
        assert_eq!(hours("at(2026-10-24T08:00:00)", Some("Europe/Berlin")), Some(vec![30]));
        assert_eq!(hours("rate(1 day)", None), Some(vec![0, 24, 48]));
        assert_eq!(hours("cron(0 8 ? * MON-FRI *)", None), Some(vec![8]));
        assert_eq!(hours("cron(0 8 * * ? *)", Some("Europe/Berlin")), Some(vec![6, 30, 55]));
        assert_eq!(hours("cron(0 0/12 24,25 OCT ? 2026)", None), Some(vec![24, 36, 48, 60]));
        assert_eq!(hours("cron(30 6 ? * 7 *)", None), Some(vec![30]));
        assert_eq!(hours("cron(0 0 L * ? *)", None), Some(vec![]));
    }

    #[test]
    fn the_week_before_tells_the_state_at_the_start() {
        let (changes, _) = changes(&[action("cron(0 8 ? * MON *)", None)], (FROM, TO));
        assert_eq!(changes.len(), 1);
        assert!(changes[0].second < FROM);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for schedule in [
            "",
            "cron",
            "cron()",
            "cron(0 8 15W * ? *)",
            "cron(0 8 ? * 6#3 *)",
            "cron(60 8 * * ? *)",
            "cron(5-1 * * * ? *)",
            "cron(*/0 * * * ? *)",
            "rate(0 hours)",
            "rate(1 week)",
            "at(tomorrow)",
            "cron(0 8 * * ? twenty)",
        ] {
            assert_eq!(hours(schedule, None), None, "{schedule}");
        }
        assert_eq!(hours("cron(0 8 * * ? *)", Some("Mars/Olympus")), None);
    }

    #[test]
    fn an_action_that_changes_nothing_is_nothing() {
        let idle = ScheduledAction { min_capacity: None, ..action("nonsense", None) };
        assert_eq!(changes(&[idle], (FROM, TO)), (Vec::new(), Vec::new()));
    }

    #[test]
    fn the_ends_of_time_are_not_a_panic() {
        let (from, to) = (i64::MIN, i64::MIN + 10);
        for schedule in ["cron(* * * * ? *)", "rate(1 minute)", "at(2026-10-24T08:00:00)"] {
            let _ = changes(&[action(schedule, None)], (from, to));
        }
    }
}
