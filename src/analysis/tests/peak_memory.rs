//! Memory that no policy follows at a peak to come, where policies on CPU put more tasks to it.

use super::{
    Service, WorkloadReport,
    max_capacity::{driven, with_peak},
    size_of,
};

/// Of 8 GB.
fn with_memory(service: Service, percent: u32) -> Service {
    service.sized(1024, 8192).with(|service| {
        for point in &mut service.points {
            (point.mem_avg, point.mem_max) = (Some(percent * 100), Some(percent * 100));
        }
    })
}

fn memory_of(row: &WorkloadReport) -> u32 {
    if row.recommendation.is_some() { size_of(row).1 } else { row.current.memory_mib.unwrap() }
}

fn memory_at(factor: f64, service: Service) -> u32 {
    memory_of(&service.rated_with(&with_peak(&format!("peak_factor = {factor}"))))
}

/// 35 % of 8 GB are 2,867 MiB; 3,441 with headroom.
#[test]
fn memory_of_a_task_grows_by_what_more_tasks_do_not_carry() {
    let at = |capacity, total, factor| memory_at(factor, with_memory(driven(total, capacity), 35));
    // Five tasks run, two of them at night, at 60 %.
    assert_eq!(at((2, 20, 60), 300, 1.0), 4096);
    // They carry all of it until others run: 5,161 MiB.
    assert_eq!(at((2, 20, 60), 300, 1.5), 6144);
    // Up to 100 % of their CPU, which is 1.67 times as much: 5,735 and 10 tasks, not 6,881 MiB.
    assert_eq!(at((2, 20, 60), 300, 2.0), 6144);
    assert_eq!(at((2, 20, 60), 300, 3.0), 6144);
    // The least that run are enough for the peak, so each carries all of it.
    assert_eq!(at((8, 20, 60), 300, 1.5), 6144);
    // 248 ran at 49.6 % each: up to 2.02 times as much, 6,936 MiB.
    assert_eq!(at((2, 20, 60), 248, 1.5), 6144);
    assert_eq!(at((2, 20, 60), 248, 3.0), 7168);
}

/// Others run minutes after the peak came.
#[test]
fn a_quick_peak_is_on_the_tasks_that_run() {
    let service = driven(250, (2, 20, 60)).sized(1024, 4096).with(|service| {
        for point in &mut service.points {
            (point.mem_avg, point.mem_max) = (Some(3906), Some(3906));
        }
    });
    let row = service.rated_with(&with_peak("peak_factor = 2"));
    // 1,600 MiB, twice, and headroom: 3,840.
    assert_eq!(memory_of(&row), 4096, "{:?}", row.evidence.notes);
    assert!(!row.evidence.notes.iter().any(|note| note.contains("MiB of memory and not")));
}

#[test]
fn what_the_settings_say_of_one_task_holds_however_many_there_are() {
    let past = "peak_factor = 1.5\ninclude_peak = { at = 2026-06-01, memory_mib = 5000 }";
    let row = with_memory(driven(300, (2, 20, 60)), 35).rated_with(&with_peak(past));
    assert_eq!(memory_of(&row), 6144);
}

#[test]
fn a_peak_is_all_its_memorys_where_more_tasks_are_not_sure_to_come() {
    // Tasks that ran at a third of their target: what scales them is not understood.
    let unlike = driven(300, (2, 20, 60)).with(|service| {
        for point in &mut service.points {
            point.cpu_avg = point.cpu_avg.map(|cpu| cpu / 3);
            point.cpu_max = point.cpu_max.map(|cpu| cpu / 3);
        }
    });
    assert_eq!(memory_at(1.5, with_memory(unlike, 35)), 6144);
    let held = driven(300, (2, 20, 60)).with(|service| {
        service.workload.scaling.as_mut().unwrap().scale_out_suspended = true;
    });
    assert_eq!(memory_at(1.5, with_memory(held, 35)), 6144);
    // Tasks that used all they had: how many more there would have been is not known.
    let row = with_memory(driven(720, (2, 7, 60)), 35).rated_with(&with_peak("peak_factor = 1.5"));
    assert_eq!(memory_of(&row), 6144, "{:?}", row.evidence.notes);
}

#[test]
fn what_is_said_of_the_peak_says_why_memory_is_not_multiplied() {
    let noted = |factor| {
        let row = with_memory(driven(300, (2, 20, 60)), 25).rated_with(&with_peak(factor));
        row.evidence.notes.iter().any(|note| note.contains("3414 MiB of memory and not 4096"))
    };
    assert!(noted("peak_factor = 2") && !noted("peak_factor = 1.5"));
}

/// Where the upper limit holds tasks back, it is raised with the peak, and more tasks then carry more.
#[test]
fn a_larger_peak_never_needs_less_memory_and_more_tasks_never_more() {
    let held = |service: &mut Service| {
        service.workload.scaling.as_mut().unwrap().scale_out_suspended = true;
    };
    for (total, capacity) in [(620, (2, 60, 60)), (300, (2, 6, 60)), (248, (3, 60, 60)), (70, (2, 60, 50))] {
        let at = |factor| memory_at(factor, with_memory(driven(total, capacity), 15));
        let (as_seen, mut before) = (at(1.0), 0);
        for factor in (100..=400).step_by(25).map(|factor| f64::from(factor) / 100.0) {
            let scaled = at(factor);
            let whole = memory_at(factor, with_memory(driven(total, capacity).with(held), 15));
            let case = format!("{total} {capacity:?} {factor}: {before} {scaled} {whole}");
            assert!((as_seen..=whole).contains(&scaled), "{case}");
            assert!(capacity.1 == 6 || before <= scaled, "{case}");
            before = scaled;
        }
    }
}
