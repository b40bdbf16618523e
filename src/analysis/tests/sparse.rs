//! A resource that has samples in a few of the periods that it could have them in.

use super::{instances::on_ec2, scaling::scaled_between, standalone::nightly, *};
use crate::report::Dimension;

/// The service with CPU, or memory, in so many of its first periods.
fn thinned(service: Service, cpu: usize, memory: usize) -> Service {
    service.with(|service| {
        for (i, point) in service.points.iter_mut().enumerate() {
            if i >= cpu {
                (point.cpu_avg, point.cpu_max) = (None, None);
            }
            if i >= memory {
                (point.mem_avg, point.mem_max) = (None, None);
            }
        }
    })
}

fn why(dimension: &Dimension) -> Option<(&str, &str)> {
    dimension.not_rated.as_ref().map(|not_rated| (not_rated.reason.as_str(), not_rated.detail.as_str()))
}

fn is_sparse(dimension: &Dimension) -> bool {
    why(dimension).is_some_and(|(reason, _)| reason == "gap-in-metrics")
}

const ALL: usize = POINTS as usize;
const HALF: usize = ALL / 2;

#[test]
fn a_resource_with_few_samples_keeps_its_size_and_the_other_is_rated() {
    let of = |cpu, memory| thinned(service(20, 20).sized(2048, 8192), cpu, memory);
    let row = of(ALL, 3).rated();
    let told = "it has samples in 3 of the 4032 periods that could have one; at least 50 % are needed";
    assert_eq!(why(&row.dimensions.memory), Some(("gap-in-metrics", told)));
    assert_eq!((row.finding, size_of(&row)), (Finding::Overprovisioned, (1024, 8192)));
    assert_eq!(row.headroom, None, "no headroom of memory was set");
    let row = of(3, ALL).rated();
    assert!(is_sparse(&row.dimensions.cpu));
    assert_eq!(size_of(&row), (2048, 4096));
    let row = of(HALF - 1, HALF - 1).rated();
    assert_eq!(row.not_rated.unwrap().reason, "gap-in-metrics");
    assert_eq!(size_of(&of(HALF, HALF).rated()), (512, 2048));
    assert_eq!(size_of(&of(HALF, 3).rated_with("[evidence]\nmin_coverage_percent = 0\n")), (512, 2048));
    assert_eq!(why(&of(ALL, 0).rated().dimensions.memory).unwrap().0, "no-metrics");
}

#[test]
fn what_cannot_be_is_no_sample_of_its_resource() {
    let row = service(20, 20).sized(2048, 8192).with(|service| {
        for point in &mut service.points[3..] {
            point.mem_max = Some(100_001);
        }
    });
    let row = row.rated();
    assert!(is_sparse(&row.dimensions.memory));
    assert_eq!(size_of(&row), (1024, 8192));
}

#[test]
fn three_quiet_samples_of_cpu_are_no_idleness_and_three_busy_ones_no_shortage() {
    let row = thinned(service(1, 20).sized(2048, 8192), 3, ALL).rated();
    assert!(!row.reasons.contains(&"idle".to_owned()), "{:?}", row.reasons);
    assert!(row.options.iter().all(|option| option.kind != "stop-or-scale-to-zero"));
    let row = thinned(service(99, 20).sized(2048, 8192), 3, ALL).rated();
    assert!(is_sparse(&row.dimensions.cpu));
    assert!(!row.reasons.iter().any(|reason| reason.contains("cap")), "{:?}", row.reasons);
}

#[test]
fn of_tasks_that_come_and_go_the_periods_count_in_which_they_ran() {
    // 14 runs of six periods.
    let of = |memory| {
        thinned(nightly(14, 30).sized(4096, 8192), 84, memory).rated_with("[change]\nmin_savings_usd = 0\n")
    };
    assert_eq!(size_of(&of(84)), (1024, 3072));
    assert_eq!(size_of(&of(42)), (1024, 3072));
    let row = of(41);
    let told = "it has samples in 41 of the 84 periods that could have one; at least 50 % are needed";
    assert_eq!(why(&row.dimensions.memory), Some(("gap-in-metrics", told)));
    assert_eq!(size_of(&row), (1024, 8192));
}

#[test]
fn reservations_are_rated_by_as_much() {
    let row = thinned(on_ec2(20, 30, (1024, 2048)), ALL, 3).rated();
    assert!(is_sparse(&row.dimensions.memory));
    assert_eq!(size_of(&row), (256, 2048));
    let row = thinned(on_ec2(20, 30, (1024, 2048)), 3, ALL).rated();
    assert!(is_sparse(&row.dimensions.cpu));
    assert_eq!(size_of(&row), (1024, 768));
    let row = thinned(on_ec2(20, 30, (1024, 2048)), 3, 3).rated();
    assert_eq!(row.not_rated.unwrap().reason, "gap-in-metrics");
}

#[test]
fn what_scales_is_not_simulated_by_a_few_samples() {
    // A policy on CPU at 60 %, and 56 % of it: two tasks of two.
    let of =
        |cpu, memory| thinned(scaled_between(service(56, 20), 2, 16, 60.0).sized(1024, 8192), cpu, memory);
    let all = of(ALL, ALL).rated();
    assert_eq!((size_of(&all), all.dimensions.cpu.not_rated), ((1024, 2048), None));
    // The size of what is followed stays, and so does the number of tasks.
    let row = of(3, ALL).rated();
    assert!(is_sparse(&row.dimensions.cpu), "{:?}", row.dimensions);
    assert_eq!((size_of(&row), row.evidence.simulation_error_percent), ((1024, 2048), None));
    let row = of(ALL, 3).rated();
    assert!(is_sparse(&row.dimensions.memory), "{:?}", row.dimensions);
    assert_eq!(row.recommendation.map_or(8192, |to| to.memory_mib), 8192);
}
