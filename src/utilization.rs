//! [`Series`]: the utilization of one workload, as `CloudWatch` gave it; [`TraceRow`]: that of a machine, as
//! a public trace has it.

use std::io;

/// 100 %, in the integers of 0.01 % that per cent is stored as.
pub const CENTI_PERCENT_FULL: u32 = 10_000;

/// The most that a utilization can be, in per cent: the largest machine under the smallest reservation is
/// about a hundredth of it.
pub const PER_CENT_MAX: u32 = 10_000_000;

/// One period of one workload. `None` is "no sample", which is never zero.
///
/// Per cent is relative to the task size in force at that time and stored in 0.01 %: averages to the
/// nearest, maxima rounded up, so that a peak is never understated.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// Start of the period, seconds since the epoch, UTC.
    pub timestamp: i64,
    pub cpu_avg: Option<u32>,
    pub cpu_max: Option<u32>,
    /// Samples behind the CPU figures: one per running task and metric resolution.
    pub cpu_samples: Option<u32>,
    pub mem_avg: Option<u32>,
    pub mem_max: Option<u32>,
    /// Average of `LiveTaskCount`: tasks activating, running or draining.
    pub live_tasks: Option<f64>,
}

/// All points of one workload, sorted by time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    pub workload_id: u32,
    pub points: Vec<Point>,
}

/// The time series of a snapshot, in parts that each hold whole workloads, so that parts can be read
/// one at a time and side by side. On disk a part is a Parquet file; in memory a list.
pub trait UtilizationParts: Sync {
    fn parts(&self) -> usize;

    /// Part number `index`, sorted by workload, then time. Fails if the part cannot be read or is
    /// not what its checksum says; the message names the file.
    fn read_part(&self, index: usize) -> io::Result<Vec<Series>>;
}

impl UtilizationParts for Vec<Series> {
    fn parts(&self) -> usize {
        1
    }

    fn read_part(&self, _: usize) -> io::Result<Vec<Series>> {
        Ok(self.clone())
    }
}

/// A machine's vCPU where traces have no column for them.
pub const DEFAULT_VCPU: f64 = 2.0;

/// A machine's memory (KiB) where traces have no column for it: 4 GiB.
pub const DEFAULT_MEMORY_KIB: f64 = 4_194_304.0;

/// A row of traces as it was read, in any state. Per cent is of the machine's capacity; `None` is no sample.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TraceRow {
    /// Seconds since the epoch.
    pub timestamp: Option<i64>,
    pub cpu_percent: Option<f64>,
    pub cpu_max_percent: Option<f64>,
    pub memory_percent: Option<f64>,
    /// vCPU of the machine.
    pub vcpu: Option<f64>,
    /// Memory of the machine.
    pub memory_kib: Option<f64>,
}
