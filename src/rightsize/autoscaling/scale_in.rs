//! Fewer replicas, where nothing scales a service and its peak leaves tasks idle; more of them, where it leaves them
//! short of CPU, of which the next size has twice as much.
//!
//! The peak is what the tasks of one period would have used together if all had been as hot as the
//! hottest. Fewer tasks share it, memory included. How many are needed is asked of [`need`], so that
//! the headroom is that of every other rating; and of the guards, whether the main container can use its share.
//! What each of the tasks is said to need at a peak to come, and what memory that rises will come to, is shared by
//! fewer of them, too.
//!
//! | desired | peak | tasks of | fewest |
//! |---|---|---|---|
//! | 12 | 12 x 0.1 vCPU | 0.5 vCPU | 3: with 20 % of headroom |
//! | 12 | 12 x 0.01 vCPU | 0.5 vCPU | 3: one in each of three availability zones |
//! | 3, 2 or 1 | any | any | as it is |
//!
//! | desired | peak | tasks of | enough |
//! |---|---|---|---|
//! | 4 | 4 x 0.9 vCPU | 1 vCPU | 5: 0.72 vCPU each, and 20 % of headroom |
//! | 4 | 4 x 1 vCPU | 1 vCPU | unknown: more was wanted than was seen |

use crate::{
    config::{ExpectedPeak, Sizing},
    demand::{Histogram, Observed, Requested, Timeline},
    fargate::TaskSize,
    rightsize::{need::need, needs::Needs, subject::Subject},
    units::MemoryMib,
    utilization::Point,
};

/// Tasks in a service that keeps one in each availability zone: most Regions offer three.
pub const AVAILABILITY_ZONES: u32 = 3;

/// The busiest period of a service, by resource: thousandths of a CPU unit and KiB, of all its tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReplicaPeaks {
    pub cpu: u64,
    pub memory: u64,
}

impl ReplicaPeaks {
    /// `None` where no period has tasks, CPU and memory.
    pub fn of(points: &[Point], timeline: &Timeline, period_seconds: u32) -> Option<Self> {
        let mut peaks: Option<Self> = None;
        for point in points {
            let end = point.timestamp.saturating_add(i64::from(period_seconds));
            let segment = timeline.in_force(point.timestamp, end);
            let (Some(samples), Some(cpu), Some(memory)) = (point.cpu_samples, point.cpu_max, point.mem_max)
            else {
                continue;
            };
            let task_seconds =
                u64::from(samples).saturating_mul(u64::from(segment.metric_resolution_seconds));
            // What is divided by is the same for all periods, so it waits until the end.
            let all = |centi_percent: u32, size: u32| {
                (u64::from(centi_percent) * u64::from(size)).saturating_mul(task_seconds)
            };
            let peaks = peaks.get_or_insert_with(Self::default);
            peaks.cpu = peaks.cpu.max(all(cpu, segment.relative_to.cpu.0));
            peaks.memory = peaks.memory.max(all(memory, segment.relative_to.memory.0));
        }
        let whole = 10_000 * u128::from(period_seconds.max(1));
        let parts = |peak: u64, parts: u128| {
            u64::try_from((u128::from(peak) * parts).div_ceil(whole)).unwrap_or(u64::MAX)
        };
        peaks.map(|peaks| Self { cpu: parts(peaks.cpu, 1000), memory: parts(peaks.memory, 1024) })
    }

    /// The same of a peak to come: what is said of one task, of each of so many.
    fn to_come(self, subject: &Subject<'_>, tasks: u32) -> Self {
        let all = |of_one: u64| of_one.saturating_mul(tasks.into());
        let said = subject.sizing.peak;
        let to_come = ExpectedPeak { cpu: all(said.cpu), memory: all(said.memory), ..said };
        Self { cpu: to_come.cpu(self.cpu), memory: to_come.memory(self.memory) }
    }
}

/// The fewest tasks of `size` that would have held the peak, if they are fewer than `desired`.
pub fn fewest_tasks(subject: &Subject<'_>, peaks: ReplicaPeaks, size: TaskSize, desired: u32) -> Option<u32> {
    let guards = Needs::weighed(subject, None).0.guards;
    let rise = subject.demand.rise();
    let risen = rise.map_or(0, |rise| rise.in_days(rise.days).saturating_mul(desired.into()));
    let peaks = peaks.to_come(subject, desired);
    let fewest = first((desired.min(AVAILABILITY_ZONES), desired), |tasks| {
        let of_one = |all: u64| all.div_ceil(tasks.max(1).into());
        let risen = MemoryMib::holding_kib(of_one(risen));
        let memory = guards.with_headroom(of_one(peaks.memory)).max(risen);
        risen <= size.memory()
            && guards.main_lacks(size.into(), memory).is_none()
            && holds(subject, peaks, size, tasks)
    });
    (fewest < desired).then_some(fewest)
}

/// The tasks of the present size that would have held the peak, if they are more than `desired` and fewer than twice
/// as many; memory is taken for enough as it is.
pub fn enough_tasks(subject: &Subject<'_>, peaks: ReplicaPeaks, desired: u32) -> Option<u32> {
    let twice = desired.saturating_mul(2);
    let peaks = peaks.to_come(subject, desired);
    let enough = first((desired, twice), |tasks| holds(subject, peaks, subject.size, tasks));
    (desired < enough && enough < twice).then_some(enough)
}

/// The first number of tasks that holds, else the last. The load falls with every task more, so it is found by halving.
fn first((mut least, mut most): (u32, u32), holds: impl Fn(u32) -> bool) -> u32 {
    while least < most {
        let middle = least + (most - least) / 2;
        if holds(middle) {
            most = middle;
        } else {
            least = middle + 1;
        }
    }
    most
}

fn holds(subject: &Subject<'_>, peaks: ReplicaPeaks, size: TaskSize, tasks: u32) -> bool {
    let mut demand = subject.demand.clone();
    let of_one = |observed: &mut Option<Observed>, peak: u64| {
        if let Some(observed) = observed {
            let load = peak.div_ceil(tasks.max(1).into());
            observed.max = load;
            observed.histogram = Histogram::from_iter([load]);
        }
    };
    of_one(&mut demand.cpu, peaks.cpu);
    of_one(&mut demand.memory, peaks.memory);
    let requested = Requested {
        cpu: size.cpu(),
        memory: size.memory(),
        ephemeral_storage: subject.shape.ephemeral_storage,
    };
    let os = subject.shape.platform.os;
    // The loads are those of the peak already.
    let sizing = Sizing { peak: ExpectedPeak::NONE, ..subject.sizing };
    let (cpu, memory) = need(&demand, requested, os, &sizing, false, subject.observed_days);
    let fits = |need: Option<crate::rightsize::ResourceNeed>, size: u32| {
        need.is_some_and(|need| need.floor <= size && !need.short && !need.reached_cap)
    };
    fits(cpu, size.cpu().0) && fits(memory, size.memory().0)
}
