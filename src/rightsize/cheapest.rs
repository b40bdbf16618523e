//! The cheapest valid size that holds given floors: by price in the region, not by order.

use crate::{
    fargate::TaskSize,
    pricing::{NoPrice, PriceBook, TaskCost, TaskShape},
    units::{CpuUnits, MemoryMib, Usd},
    workload::PurchaseSplit,
};

/// What a size must hold. A fixed resource must keep exactly its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floors {
    pub cpu: CpuUnits,
    pub memory: MemoryMib,
    pub cpu_fixed: bool,
    pub memory_fixed: bool,
}

impl Floors {
    pub(super) fn hold(&self, size: TaskSize) -> bool {
        let fits = |value, floor, fixed| if fixed { value == floor } else { value >= floor };
        fits(size.cpu().0, self.cpu.0, self.cpu_fixed)
            && fits(size.memory().0, self.memory.0, self.memory_fixed)
    }
}

/// The size with the lowest hourly price among those that hold `floors`, and that price. `shape`
/// says region, platform and storage; its own size does not matter. `None`: no size is large enough.
/// Equal prices go to the smaller size.
pub fn cheapest_size(
    book: &PriceBook,
    shape: &TaskShape,
    split: PurchaseSplit,
    floors: Floors,
) -> Result<Option<(TaskSize, Usd)>, NoPrice> {
    let mut best: Option<(TaskSize, Usd)> = None;
    for size in TaskSize::all(shape.platform.os).filter(|size| floors.hold(*size)) {
        let hourly = hourly(book, shape, split, size)?;
        if best.is_none_or(|(_, least)| hourly < least) {
            best = Some((size, hourly));
        }
    }
    Ok(best)
}

/// USD per task-hour of `shape` at another size.
pub(super) fn hourly(
    book: &PriceBook,
    shape: &TaskShape,
    split: PurchaseSplit,
    size: TaskSize,
) -> Result<Usd, NoPrice> {
    let resized = TaskShape { cpu: size.cpu(), memory: size.memory(), ..shape.clone() };
    Ok(TaskCost::split(book, &resized, split)?.hourly())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        units::StorageGib,
        workload::{Architecture, OperatingSystem, Platform, Region},
    };

    proptest! {
        /// Against every size priced by hand: nothing that fits is cheaper.
        #[test]
        fn nothing_that_fits_is_cheaper(
            cpu in 0u32..40_000, memory in 0u32..260_000, windows: bool, cpu_fixed: bool,
        ) {
            let os = if windows { OperatingSystem::Windows } else { OperatingSystem::Linux };
            let shape = TaskShape {
                region: Region("us-east-1".into()),
                platform: Platform { os, arch: Architecture::X86_64 },
                cpu: CpuUnits(0), memory: MemoryMib(0), ephemeral_storage: StorageGib(20),
            };
            let floors = Floors { cpu: CpuUnits(cpu), memory: MemoryMib(memory), cpu_fixed, memory_fixed: false };
            let found = cheapest_size(PriceBook::embedded(), &shape, PurchaseSplit::ON_DEMAND, floors).unwrap();
            let (vcpu_rate, gb_rate, licence): (f64, f64, f64) =
                if windows { (0.046_552, 0.005_111_75, 0.046) } else { (0.040_48, 0.004_445, 0.0) };
            let brute = TaskSize::all(os)
                .filter(|s| s.memory().0 >= memory && if cpu_fixed { s.cpu().0 == cpu } else { s.cpu().0 >= cpu })
                .map(|s| f64::from(s.cpu().0) / 1024.0 * (vcpu_rate + licence) + f64::from(s.memory().0) / 1024.0 * gb_rate)
                .fold(f64::INFINITY, f64::min);
            match found {
                None => prop_assert!(brute.is_infinite()),
                Some((size, price)) => {
                    prop_assert!(floors.hold(size));
                    prop_assert!((crate::units::decimal_as_f64(price.0) - brute).abs() < 1e-9);
                }
            }
        }
    }
}
