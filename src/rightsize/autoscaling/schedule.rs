//! Scheduled actions: when each of them sets which capacity.
//!
//! Takes Application Auto Scaling's schedule expressions; gives times, or says what is not understood.
//!
//! | expression | understood as |
//! |---|---|
//! | `at(2026-10-05T08:00:00)` | once, on the action's time zone's clock; not again if that is long ago |
//! | `rate(6 hours)` | from the action's start on; if it has none, from that of the series: the real phase is not known |
//! | `cron(0 8 ? * MON-FRI *)` | minute, hour, day of month, month, day of week, year |
//!
//! In `cron`: `*`, `?`, numbers, names, lists, ranges, steps, and `L` as the last day of a month. Not
//! `W`, `#` and the like: such an action is left out of the simulation and named. What recurs does so from the
//! action's start time to its end time, where it has them. Where scheduled scaling is suspended, no action acts.

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, DateTime},
    tz::{TimeZone, TimeZoneDatabase},
};

use super::capacity::Limits;
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

/// The limits that an action sets; `None`: left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledLimits {
    pub name: String,
    pub min: Option<u32>,
    pub max: Option<u32>,
    /// It is among the changes.
    pub simulated: bool,
    /// It may still act after them.
    pub to_come: bool,
}

/// What scheduled actions do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    /// By time.
    pub changes: Vec<CapacityChange>,
    /// In the order given; those that change no limit are left out.
    pub actions: Vec<ScheduledLimits>,
    /// Names of those that are left out of the changes.
    pub not_understood: Vec<String>,
    /// Names of those that do not act, and are in none of the above.
    pub suspended: Vec<String>,
}

impl Schedule {
    /// Of actions that do not act.
    pub fn suspended(actions: &[ScheduledAction]) -> Self {
        Self { suspended: actions.iter().map(|action| action.name.clone()).collect(), ..Self::default() }
    }

    /// The changes go up to `to`, from a week before `from` on, so that the state at `from` is known.
    pub fn of(actions: &[ScheduledAction], (from, to): (i64, i64)) -> Self {
        let mut schedule = Self::default();
        for action in actions {
            let (min, max) = (action.min_capacity, action.max_capacity);
            if min.is_none() && max.is_none() {
                continue;
            }
            let times = times(action, (from, to));
            schedule.actions.push(ScheduledLimits {
                name: action.name.clone(),
                min,
                max,
                simulated: times.as_ref().is_some_and(|times| !times.is_empty()),
                to_come: is_to_come(action, to),
            });
            match times {
                Some(times) => {
                    let change = |second| CapacityChange { second, min, max };
                    schedule.changes.extend(times.into_iter().map(change));
                }
                None => schedule.not_understood.push(action.name.clone()),
            }
        }
        schedule.changes.sort_unstable();
        schedule
    }
}

impl ScheduledLimits {
    /// What becomes of it under `limits`, in plain words; `None` where nothing does, or it is over.
    pub fn changed_along(&self, limits: Limits) -> Option<String> {
        let (min, max) = limits.apply_to_action((self.min, self.max));
        let changed = |what: &str, now: Option<u32>, then: Option<u32>| {
            let (now, then) = now.zip(then).filter(|(now, then)| now != then)?;
            Some(format!("{what} from {now} to {then}"))
        };
        let changes = [changed("minimum", self.min, min), changed("maximum", self.max, max)];
        let changes: Vec<String> = changes.into_iter().flatten().collect();
        let changes_along = self.to_come && !changes.is_empty();
        changes_along
            .then(|| format!("scheduled action {} is changed along: {}", self.name, changes.join(", ")))
    }
}

/// Whether it is not known to be over at `to`.
fn is_to_come(action: &ScheduledAction, to: i64) -> bool {
    let has_ended = action.end_time.is_some_and(|end| end.as_second() <= to);
    match parts(action) {
        Some(("at", inside, zone)) => once(inside, &zone).is_none_or(|second| second >= to),
        Some(("cron", inside, zone)) => {
            !has_ended && Cron::parse(inside).is_none_or(|cron| !cron.is_over(to, &zone))
        }
        _ => !has_ended,
    }
}

/// Kind and content of the expression, and the clock that it goes by.
fn parts(action: &ScheduledAction) -> Option<(&str, &str, TimeZone)> {
    let (kind, rest) = action.schedule.trim().split_once('(')?;
    let inside = rest.strip_suffix(')')?.trim();
    let zone = match action.time_zone.as_deref() {
        None | Some("UTC" | "Etc/UTC") => TimeZone::UTC,
        // The embedded database, so that the answer does not depend on the machine.
        Some(name) => TimeZoneDatabase::bundled().get(name).ok()?,
    };
    Some((kind, inside, zone))
}

fn once(inside: &str, zone: &TimeZone) -> Option<i64> {
    let civil: DateTime = inside.parse().ok()?;
    instant(civil, zone)
}

fn times(action: &ScheduledAction, (from, to): (i64, i64)) -> Option<Vec<i64>> {
    let (kind, inside, zone) = parts(action)?;
    let before = from.saturating_sub(LOOK_BACK_SECONDS);
    let start = action.start_time.map(Timestamp::as_second);
    let end = action.end_time.map_or(to, |end| end.as_second().min(to));
    match kind {
        "at" => {
            let second = once(inside, &zone)?;
            // What was set long ago is in force still, and in the target's limits, or was changed since.
            Some(if (before..to).contains(&second) { vec![second] } else { Vec::new() })
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
            let first = match start {
                Some(start) if start < from => from - from.saturating_sub(start) % interval,
                Some(start) => start,
                None => from,
            };
            let times: Vec<i64> = (first..end).step_by(step).take(MOST_TIMES).collect();
            (times.len() < MOST_TIMES).then_some(times)
        }
        "cron" => {
            let cron = Cron::parse(inside)?;
            let times = cron.times(start.map_or(before, |start| start.max(before)), end, &zone)?;
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

    /// Whether its years have no time at `to` or later.
    fn is_over(&self, to: i64, zone: &TimeZone) -> bool {
        let Some(last) = self.years.iter().max() else { return false };
        let end = Date::new(*last, 12, 31).ok().and_then(|day| instant(day.at(23, 59, 59, 0), zone));
        let times = end.and_then(|end| self.times(to, end.saturating_add(1), zone));
        times.is_some_and(|times| times.is_empty())
    }

    /// The times in `from..to`; `None` where the calendar has no such dates.
    fn times(&self, from: i64, to: i64, zone: &TimeZone) -> Option<Vec<i64>> {
        let date = |second: i64| Some(Timestamp::from_second(second).ok()?.to_zoned(zone.clone()).date());
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
            start_time: None,
            end_time: None,
        }
    }

    fn changes(actions: &[ScheduledAction], span: (i64, i64)) -> (Vec<CapacityChange>, Vec<String>) {
        let Schedule { changes, not_understood, .. } = Schedule::of(actions, span);
        (changes, not_understood)
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

    /// What recurs does so from its start, included, to its end.
    #[test]
    fn an_action_acts_within_its_own_start_and_end() {
        let within = |schedule: &str, start: Option<i64>, end: Option<i64>| {
            let at = |hours: i64| Timestamp::from_second(FROM + hours * 3_600).unwrap();
            let (start_time, end_time) = (start.map(at), end.map(at));
            let action = ScheduledAction { start_time, end_time, ..action(schedule, None) };
            let (changes, not_understood) = changes(&[action], (FROM, TO));
            assert_eq!(not_understood, Vec::<String>::new());
            changes.iter().map(|c| (c.second - FROM).div_euclid(3_600)).collect::<Vec<i64>>()
        };
        let daily = "cron(0 8 * * ? *)";
        assert_eq!(within(daily, Some(8), None), [8, 32, 56]);
        assert_eq!(within(daily, Some(9), Some(56)), [32]);
        assert_eq!(within(daily, Some(72), None), [0; 0]);
        assert_eq!(within(daily, None, Some(-24 * 60)), [0; 0]);
        assert_eq!(within(daily, None, Some(-24 * 6)), [-184, -160], "it ended, and what it set holds");
        // A rate counts from its start, so that what was set last is known too.
        assert_eq!(within("rate(1 day)", Some(-30), None), [-6, 18, 42, 66]);
        assert_eq!(within("rate(1 day)", Some(5), Some(50)), [5, 29]);
    }

    #[test]
    fn what_is_over_is_not_to_come() {
        let is = |schedule: &str, end: Option<i64>| {
            let end_time = end.map(|hours| Timestamp::from_second(TO + hours * 3_600).unwrap());
            let schedule =
                Schedule::of(&[ScheduledAction { end_time, ..action(schedule, None) }], (FROM, TO));
            (schedule.actions[0].simulated, schedule.actions[0].to_come)
        };
        assert_eq!(is("cron(0 8 * * ? *)", None), (true, true));
        assert_eq!(is("cron(0 8 * * ? *)", Some(0)), (true, false));
        assert_eq!(is("cron(0 8 * * ? *)", Some(-24 * 60)), (false, false));
        assert_eq!(is("cron(0 8 1 JAN ? *)", Some(1)), (false, true));
        assert_eq!(is("at(2026-10-24T08:00:00)", None), (true, false));
        assert_eq!(is("at(2026-11-27T08:00:00)", None), (false, true));
        assert_eq!(is("cron(0 8 ? * 6#3 *)", None), (false, true), "its limits are known");
        for (past, still) in [
            ("cron(0 8 * * ? 2024,2025)", "cron(0 8 * * ? 2025,2027)"),
            ("cron(0 8 1 JAN ? 2026)", "cron(0 8 1 JAN ? 2027)"),
            ("cron(59 23 1-25 OCT ? 2026)", "cron(0 0 26 OCT ? 2026)"),
        ] {
            assert_eq!((is(past, None).1, is(still, None).1), (false, true), "{past}");
        }
        assert!(is("cron(0 8 * * ? 32000)", None).1);
    }

    #[test]
    fn an_action_changes_along_with_the_limits() {
        let limits = |min, max| Limits { min: (min, 1), max: (max, 1) };
        let action =
            |min, max| ScheduledLimits { name: "day".into(), min, max, simulated: true, to_come: true };
        let both = action(Some(10), Some(20));
        assert_eq!(
            both.changed_along(limits(4, 4)).unwrap(),
            "scheduled action day is changed along: minimum from 10 to 40, maximum from 20 to 80"
        );
        assert_eq!(both.changed_along(Limits::AS_THEY_ARE), None);
        assert_eq!(action(Some(10), None).changed_along(limits(1, 4)), None);
        assert_eq!(ScheduledLimits { to_come: false, ..both }.changed_along(limits(4, 4)), None);
    }

    /// What it set holds still, and then it is what is in force; or it was changed since.
    #[test]
    fn what_happened_once_and_long_ago_is_not_done_again() {
        assert_eq!(changes(&[action("at(2024-01-01T08:00:00)", None)], (FROM, TO)).0, []);
        assert_eq!(changes(&[action("at(2026-10-20T08:00:00)", None)], (FROM, TO)).0.len(), 1);
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
    fn what_fires_too_often_is_not_understood() {
        let window = (FROM, FROM + 14 * 86_400);
        for schedule in ["rate(1 minute)", "cron(* * * * ? *)"] {
            let (changes, not_understood) = changes(&[action(schedule, None)], window);
            assert_eq!((changes.len(), not_understood), (0, vec![schedule.to_owned()]));
        }
        assert_eq!(changes(&[action("rate(2 minutes)", None)], window).0.len(), 14 * 720);
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
