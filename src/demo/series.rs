//! The points of one workload, drawn period by period.

use super::{
    archetype::{Archetype, RunsOn},
    history::{InForce, Revision, Size, in_force},
    prng::{SplitMix64, mix},
    shapes::{Moment, STARTUP_SECONDS},
    window::{self, END, PERIOD_SECONDS},
};
use crate::snapshot::{CENTI_PERCENT_FULL, Point};

/// The metrics hold one sample per running task and minute.
const SAMPLES_PER_TASK: u32 = PERIOD_SECONDS / 60;

/// All points of a workload, oldest first; a period without a sample has no point.
pub(super) fn points(archetype: &Archetype, revisions: &[Revision], seed: u64) -> Vec<Point> {
    let mut random = SplitMix64::new(seed);
    let personality = 96 + random.up_to(8);
    let cap = utilization_cap(archetype.runs_on);
    let mut points = Vec::with_capacity(window::periods().count());
    for timestamp in window::periods().filter(|t| archetype.presence.has_sample(*t)) {
        let Some(in_force) = in_force(revisions, timestamp) else { continue };
        let moment = moment(timestamp, in_force, seed);
        let running = archetype.tasks.running(moment);
        if running == 0 {
            continue;
        }
        let relative = |(average, hottest): (u32, u32), dimension: fn(Size) -> u32| {
            let factor = SizeRatio::of(archetype.size, in_force, dimension);
            (factor.apply(average).min(cap), factor.apply(hottest).min(cap))
        };
        let (cpu_avg, cpu_max) =
            relative(archetype.cpu.draw(moment, personality, &mut random), |s| s.cpu_units);
        let (mem_avg, mem_max) =
            relative(archetype.memory.draw(moment, personality, &mut random), |s| s.memory_mib);
        points.push(Point {
            timestamp,
            cpu_avg: Some(cpu_avg),
            cpu_max: Some(cpu_max),
            cpu_samples: Some(running * SAMPLES_PER_TASK),
            mem_avg: Some(mem_avg),
            mem_max: Some(mem_max),
            live_tasks: archetype.live_tasks.then(|| live_tasks(running, moment)),
        });
    }
    points
}

/// Tasks running in the last period of the window.
pub(super) fn running_at_end(archetype: &Archetype, revisions: &[Revision], seed: u64) -> u32 {
    let last = END - i64::from(PERIOD_SECONDS);
    in_force(revisions, last).map_or(0, |in_force| archetype.tasks.running(moment(last, in_force, seed)))
}

fn moment(timestamp: i64, in_force: InForce<'_>, seed: u64) -> Moment {
    Moment { timestamp, since_deployment: in_force.revision.from.map(|from| timestamp - from), seed }
}

/// A Fargate task cannot use more than its size. On instances, a task may use what is spare.
fn utilization_cap(runs_on: RunsOn) -> u32 {
    match runs_on {
        RunsOn::Ec2 | RunsOn::Ec2Daemon | RunsOn::External => 4 * CENTI_PERCENT_FULL,
        _ => CENTI_PERCENT_FULL,
    }
}

/// Running tasks and, as fifths of a task (one per minute), those starting or draining.
fn live_tasks(running: u32, moment: Moment) -> f64 {
    let starting = moment.since_deployment.is_some_and(|seconds| seconds < STARTUP_SECONDS);
    let fifths = if starting {
        running * 2
    } else {
        u32::from(mix(moment.seed ^ moment.timestamp.unsigned_abs()).is_multiple_of(97))
    };
    f64::from(running * 5 + fifths) / 5.0
}

/// The size in force now over what is reserved per task at some time. The table's levels are per cent
/// of the former, points are per cent of the latter.
#[derive(Debug, Clone, Copy)]
struct SizeRatio {
    now: u64,
    then: u64,
}

impl SizeRatio {
    fn of(now: Option<Size>, in_force: InForce<'_>, dimension: fn(Size) -> u32) -> Self {
        let InForce { revision, leaving } = in_force;
        let (Some(now), Some(then)) = (now.map(dimension), revision.size.map(dimension)) else {
            return Self { now: 1, then: 1 };
        };
        // While two revisions run, half the tasks are of each.
        let leaving = leaving.and_then(|revision| revision.size).map_or(then, dimension);
        Self { now: 2 * u64::from(now), then: u64::from(then) + u64::from(leaving) }
    }

    fn apply(self, centi_percent: u32) -> u32 {
        if self.now == self.then {
            return centi_percent;
        }
        u32::try_from((u64::from(centi_percent) * self.now).div_ceil(self.then)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::History;
    use super::*;

    #[test]
    fn half_the_size_is_twice_the_per_cent() {
        let small = Size { cpu_units: 512, memory_mib: 1024 };
        let large = Size { cpu_units: 1024, memory_mib: 4096 };
        let revisions = History::Resized { from: 1_000, before: large }.revisions(Some(small), 1);
        let at = |timestamp, dimension| {
            SizeRatio::of(Some(small), in_force(&revisions, timestamp).unwrap(), dimension).apply(4_000)
        };
        assert_eq!(at(0, |s| s.cpu_units), 2_000, "before, of twice the CPU");
        assert_eq!(at(0, |s| s.memory_mib), 1_000, "before, of four times the memory");
        assert_eq!(at(1_000, |s| s.cpu_units), 2_667, "during, of the mean of both");
        assert_eq!(at(5_000, |s| s.cpu_units), 4_000, "after");
    }
}
