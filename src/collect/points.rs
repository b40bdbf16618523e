//! [`SeriesBuilder`]: CloudWatch's values into the [`Point`]s of a snapshot.
//!
//! Takes values by measure and time, in any order and more than once; gives points sorted by time.
//! A value that cannot be (negative, not a number, beyond any machine) is left out and counted.

use std::collections::BTreeMap;

use super::plan::Measure;
use crate::{
    snapshot::{Point, Window},
    utilization::PER_CENT_MAX,
};

/// More tasks or samples than any service has.
const COUNT_MAX: f64 = 1e9;

/// Collects the values of one workload.
#[derive(Debug)]
pub struct SeriesBuilder {
    window: Window,
    values: BTreeMap<i64, BTreeMap<Measure, f64>>,
    impossible: u64,
}

impl SeriesBuilder {
    pub fn new(window: Window) -> Self {
        Self { window, values: BTreeMap::new(), impossible: 0 }
    }

    /// Adds a value of the period that `second` lies in; one outside the window is ignored. The
    /// same period again replaces the value: a repeated answer is no second sample.
    pub fn add(&mut self, measure: Measure, second: i64, value: f64) {
        let start = self.window.start.as_second();
        if second < start || second >= self.window.end.as_second() {
            return;
        }
        if !value.is_finite() || value < 0.0 || value > limit(measure) {
            self.impossible += 1;
            return;
        }
        let period = i64::from(self.window.period_seconds.max(1));
        let aligned = start + (second - start) / period * period;
        self.values.entry(aligned).or_default().insert(measure, value);
    }

    /// The points, and how many values were left out.
    pub fn finish(self) -> (Vec<Point>, u64) {
        let points = self
            .values
            .into_iter()
            .map(|(timestamp, values)| point(timestamp, &values))
            .filter(|point| *point != Point { timestamp: point.timestamp, ..Point::default() })
            .collect();
        (points, self.impossible)
    }
}

fn limit(measure: Measure) -> f64 {
    match measure {
        Measure::CpuAverage | Measure::CpuMaximum | Measure::MemoryAverage | Measure::MemoryMaximum => {
            f64::from(PER_CENT_MAX)
        }
        _ => COUNT_MAX,
    }
}

fn point(timestamp: i64, values: &BTreeMap<Measure, f64>) -> Point {
    let value = |measure| values.get(&measure).copied();
    // Without a reservation there is nothing to be a part of.
    let share = |used, reserved| {
        let reserved = value(reserved).filter(|reserved| *reserved > 0.0)?;
        value(used).map(|used: f64| used * 100.0 / reserved).filter(|share| *share <= f64::from(PER_CENT_MAX))
    };
    let samples = value(Measure::CpuSamples).or_else(|| value(Measure::FamilyCpuSamples));
    Point {
        timestamp,
        cpu_avg: value(Measure::CpuAverage)
            .or_else(|| share(Measure::FamilyCpuUsedAverage, Measure::FamilyCpuReserved))
            .map(nearest),
        cpu_max: value(Measure::CpuMaximum)
            .or_else(|| share(Measure::FamilyCpuUsedMaximum, Measure::FamilyCpuReserved))
            .map(rounded_up),
        cpu_samples: samples.map(|count| integer(count.round())),
        mem_avg: value(Measure::MemoryAverage)
            .or_else(|| share(Measure::FamilyMemoryUsedAverage, Measure::FamilyMemoryReserved))
            .map(nearest),
        mem_max: value(Measure::MemoryMaximum)
            .or_else(|| share(Measure::FamilyMemoryUsedMaximum, Measure::FamilyMemoryReserved))
            .map(rounded_up),
        live_tasks: value(Measure::LiveTasks),
    }
}

/// Per cent to the nearest 0.01 %.
fn nearest(per_cent: f64) -> u32 {
    integer((per_cent * 100.0).round())
}

/// Per cent to the next 0.01 % up. What a decimal such as 12.34 lacks as a double is not rounded up.
fn rounded_up(per_cent: f64) -> u32 {
    let scaled = per_cent * 100.0;
    let whole = scaled.round();
    integer(if (scaled - whole).abs() < 1e-6 { whole } else { scaled.ceil() })
}

/// Values are limited before, so the cast neither truncates nor loses a sign.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn integer(whole: f64) -> u32 {
    whole as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> Window {
        Window {
            start: "2026-11-01T00:00:00Z".parse().unwrap(),
            end: "2026-11-01T01:00:00Z".parse().unwrap(),
            period_seconds: 300,
        }
    }

    fn built(values: &[(Measure, i64, f64)]) -> (Vec<Point>, u64) {
        let start = window().start.as_second();
        let mut series = SeriesBuilder::new(window());
        for &(measure, offset, value) in values {
            series.add(measure, start + offset, value);
        }
        let (mut points, impossible) = series.finish();
        for point in &mut points {
            point.timestamp -= start;
        }
        (points, impossible)
    }

    #[test]
    fn averages_go_to_the_nearest_and_maxima_are_rounded_up() {
        let (points, _) = built(&[
            (Measure::CpuAverage, 0, 12.344),
            (Measure::CpuMaximum, 0, 12.3401),
            (Measure::CpuSamples, 0, 15.0),
            (Measure::MemoryAverage, 0, 12.346),
            (Measure::MemoryMaximum, 0, 12.34),
            (Measure::LiveTasks, 0, 2.5),
        ]);
        assert_eq!(
            points,
            [Point {
                timestamp: 0,
                cpu_avg: Some(1234),
                cpu_max: Some(1235),
                cpu_samples: Some(15),
                mem_avg: Some(1235),
                mem_max: Some(1234),
                live_tasks: Some(2.5),
            }]
        );
    }

    #[test]
    fn every_decimal_of_two_places_is_kept_as_it_is() {
        for hundredths in 0..=20_000_u32 {
            let per_cent: f64 = format!("{}.{:02}", hundredths / 100, hundredths % 100).parse().unwrap();
            assert_eq!((nearest(per_cent), rounded_up(per_cent)), (hundredths, hundredths));
        }
    }

    #[test]
    fn impossible_values_are_counted_and_leave_no_point_behind() {
        let (points, impossible) = built(&[
            (Measure::CpuAverage, 0, f64::NAN),
            (Measure::CpuMaximum, 0, -1.0),
            (Measure::MemoryMaximum, 0, f64::INFINITY),
            (Measure::CpuSamples, 0, 1e300),
            (Measure::MemoryAverage, 300, 5.0),
        ]);
        assert_eq!(impossible, 4);
        assert_eq!(points, [Point { timestamp: 300, mem_avg: Some(500), ..Point::default() }]);
    }

    #[test]
    fn values_outside_the_window_or_given_twice_add_nothing() {
        let (points, impossible) = built(&[
            (Measure::CpuAverage, -1, 1.0),
            (Measure::CpuAverage, 3_600, 1.0),
            (Measure::CpuSamples, 3_599, 5.0),
            (Measure::CpuSamples, 3_300, 6.0),
        ]);
        assert_eq!(impossible, 0);
        assert_eq!(points, [Point { timestamp: 3_300, cpu_samples: Some(6), ..Point::default() }]);
    }

    #[test]
    fn a_family_is_stored_as_a_part_of_its_reservation() {
        let (points, _) = built(&[
            (Measure::FamilyCpuUsedAverage, 0, 100.0),
            (Measure::FamilyCpuUsedMaximum, 0, 200.001),
            (Measure::FamilyCpuReserved, 0, 1024.0),
            (Measure::FamilyCpuSamples, 0, 3.0),
            (Measure::FamilyMemoryUsedAverage, 0, 100.0),
            (Measure::FamilyMemoryUsedMaximum, 0, 100.0),
            (Measure::FamilyMemoryReserved, 0, 0.0),
            (Measure::FamilyMemoryUsedMaximum, 300, 100.0),
        ]);
        assert_eq!(
            points,
            [Point {
                timestamp: 0,
                cpu_avg: Some(977),
                cpu_max: Some(1954),
                cpu_samples: Some(3),
                ..Point::default()
            }]
        );
    }
}
