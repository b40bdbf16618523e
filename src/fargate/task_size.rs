//! [`TaskSize`]: a CPU and memory pair that Fargate accepts. There are 77.
//!
//! Takes CPU units and MiB; gives a size, or says why the pair is not one. It cannot hold an
//! invalid pair. Source: ECS Developer Guide, "Fargate task size" (2026 copy), and the 32 vCPU sizes
//! of the 2026-06-05 announcement.

use std::fmt;

use serde::Serialize;

use crate::{
    units::{CpuUnits, MemoryMib},
    workload::OperatingSystem,
};

/// A valid Fargate task size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct TaskSize {
    cpu: CpuUnits,
    memory: MemoryMib,
}

/// Memory choices of one CPU size: either listed, or from..=to in steps.
enum Memories {
    Listed(&'static [u32]),
    Steps { from: u32, to: u32, step: u32 },
}

/// CPU units and the memory (MiB) each may be paired with.
const LADDER: [(u32, Memories); 8] = [
    (256, Memories::Listed(&[512, 1024, 2048])),
    (512, Memories::Steps { from: 1024, to: 4096, step: 1024 }),
    (1024, Memories::Steps { from: 2048, to: 8192, step: 1024 }),
    (2048, Memories::Steps { from: 4096, to: 16384, step: 1024 }),
    (4096, Memories::Steps { from: 8192, to: 30720, step: 1024 }),
    (8192, Memories::Steps { from: 16384, to: 61440, step: 4096 }),
    (16384, Memories::Steps { from: 32768, to: 122_880, step: 8192 }),
    (32768, Memories::Listed(&[61_440, 122_880, 249_856])),
];

impl Memories {
    fn all(&self) -> Box<dyn Iterator<Item = u32>> {
        match *self {
            Self::Listed(list) => Box::new(list.iter().copied()),
            Self::Steps { from, to, step } => Box::new((from..=to).step_by(step as usize)),
        }
    }
}

/// Why a CPU and memory pair is not a Fargate task size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTaskSize {
    #[error("{cpu} CPU units is not a Fargate CPU size; the sizes are {}", list(valid))]
    Cpu { cpu: u32, valid: Vec<u32> },
    #[error("{memory} MiB does not go with {cpu} CPU units; choose {}", list(valid))]
    Memory { cpu: u32, memory: u32, valid: Vec<u32> },
    #[error("{cpu} CPU units is not offered for Windows; choose 1024, 2048 or 4096")]
    Windows { cpu: u32 },
}

fn list(values: &[u32]) -> String {
    values.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

impl TaskSize {
    /// The size of `cpu` and `memory`, if Fargate offers it for `os`.
    pub fn new(cpu: CpuUnits, memory: MemoryMib, os: OperatingSystem) -> Result<Self, InvalidTaskSize> {
        let Some((_, memories)) = LADDER.iter().find(|(c, _)| *c == cpu.0) else {
            return Err(InvalidTaskSize::Cpu { cpu: cpu.0, valid: LADDER.iter().map(|(c, _)| *c).collect() });
        };
        if !offered_for(cpu.0, os) {
            return Err(InvalidTaskSize::Windows { cpu: cpu.0 });
        }
        if memories.all().any(|m| m == memory.0) {
            Ok(Self { cpu, memory })
        } else {
            Err(InvalidTaskSize::Memory { cpu: cpu.0, memory: memory.0, valid: memories.all().collect() })
        }
    }

    /// Every size offered for `os`, by CPU, then memory.
    pub fn all(os: OperatingSystem) -> impl Iterator<Item = Self> {
        LADDER.iter().filter(move |(cpu, _)| offered_for(*cpu, os)).flat_map(|(cpu, memories)| {
            memories.all().map(|memory| Self { cpu: CpuUnits(*cpu), memory: MemoryMib(memory) })
        })
    }

    pub fn cpu(self) -> CpuUnits {
        self.cpu
    }

    pub fn memory(self) -> MemoryMib {
        self.memory
    }

    /// Whether this is the smallest size there is for `os`.
    pub fn is_smallest(self, os: OperatingSystem) -> bool {
        Self::all(os).next() == Some(self)
    }
}

/// Windows tasks come with 1, 2 or 4 vCPU only.
fn offered_for(cpu_units: u32, os: OperatingSystem) -> bool {
    os == OperatingSystem::Linux || matches!(cpu_units, 1024 | 2048 | 4096)
}

impl fmt::Display for TaskSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.cpu, self.memory)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn there_are_77_linux_sizes_and_43_windows_sizes() {
        assert_eq!(TaskSize::all(OperatingSystem::Linux).count(), 77);
        // 7 with 1 vCPU, 13 with 2, 23 with 4.
        assert_eq!(TaskSize::all(OperatingSystem::Windows).count(), 43);
    }

    #[test]
    fn thirty_two_vcpu_comes_with_60_120_or_244_gb() {
        for gb in [60, 120, 244] {
            let size = TaskSize::new(CpuUnits(32768), MemoryMib(gb * 1024), OperatingSystem::Linux).unwrap();
            assert_eq!(size.to_string(), format!("32 vCPU / {gb} GB"));
        }
        assert!(TaskSize::new(CpuUnits(32768), MemoryMib(65536), OperatingSystem::Linux).is_err());
    }

    #[test]
    fn windows_starts_at_one_vcpu() {
        let error = TaskSize::new(CpuUnits(256), MemoryMib(512), OperatingSystem::Windows).unwrap_err();
        assert_eq!(error.to_string(), "256 CPU units is not offered for Windows; choose 1024, 2048 or 4096");
    }

    #[test]
    fn the_error_lists_what_would_be_valid() {
        let error = TaskSize::new(CpuUnits(256), MemoryMib(3072), OperatingSystem::Linux).unwrap_err();
        assert_eq!(error.to_string(), "3072 MiB does not go with 256 CPU units; choose 512, 1024, 2048");
    }

    proptest! {
        #[test]
        fn a_size_is_valid_exactly_when_it_is_listed(cpu in 0u32..40_000, memory in 0u32..300_000) {
            let listed = TaskSize::all(OperatingSystem::Linux)
                .any(|s| s.cpu().0 == cpu && s.memory().0 == memory);
            let built = TaskSize::new(CpuUnits(cpu), MemoryMib(memory), OperatingSystem::Linux);
            prop_assert_eq!(built.is_ok(), listed);
        }
    }
}
