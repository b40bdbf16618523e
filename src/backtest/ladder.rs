//! [`Ladder`]: the sizes every rule picks from, with their prices.

use rust_decimal::prelude::ToPrimitive as _;

use super::decision::Decision;
use crate::{
    fargate::{FREE_EPHEMERAL_STORAGE, TaskSize},
    pricing::{NoPrice, PriceBook, TaskCost, TaskShape},
    workload::{OperatingSystem, Platform, PurchaseOption, Region},
};

/// USD an hour in units of 10^-12: an integer, so that sums are exact in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Price(pub u64);

/// What a size must hold; `None`: the resource is not known and keeps its current size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Need {
    /// Thousandths of a CPU unit.
    pub cpu: Option<u64>,
    /// KiB.
    pub memory: Option<u64>,
}

impl Need {
    pub fn is_held_by(self, size: TaskSize, current: TaskSize) -> bool {
        let holds = |need: Option<u64>, size: u32, scale: u64, current: u32| match need {
            Some(need) => u64::from(size) * scale >= need,
            None => size == current,
        };
        holds(self.cpu, size.cpu().0, 1000, current.cpu().0)
            && holds(self.memory, size.memory().0, 1024, current.memory().0)
    }
}

/// The valid Linux sizes with their on-demand x86 prices in one region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ladder {
    /// By price, then size.
    rungs: Vec<(TaskSize, Price)>,
}

impl Ladder {
    /// Fails where the book has no rate for the region.
    pub fn new(book: &PriceBook, region: &Region) -> Result<Self, NoPrice> {
        let mut rungs = TaskSize::all(OperatingSystem::Linux)
            .map(|size| {
                let shape = TaskShape {
                    region: region.clone(),
                    platform: Platform::default(),
                    cpu: size.cpu(),
                    memory: size.memory(),
                    ephemeral_storage: FREE_EPHEMERAL_STORAGE,
                };
                let hourly = TaskCost::of(book, &shape, PurchaseOption::OnDemand)?.hourly().0;
                let pico =
                    hourly.checked_mul(1_000_000_000_000_u64.into()).and_then(|pico| pico.round().to_u64());
                Ok((size, Price(pico.unwrap_or(u64::MAX))))
            })
            .collect::<Result<Vec<_>, NoPrice>>()?;
        rungs.sort_by_key(|(size, price)| (*price, *size));
        Ok(Self { rungs })
    }

    /// Every size with its price, cheapest first.
    pub fn sizes(&self) -> impl Iterator<Item = (TaskSize, Price)> {
        self.rungs.iter().copied()
    }

    pub fn price(&self, size: TaskSize) -> Price {
        self.rungs.iter().find(|(rung, _)| *rung == size).map_or(Price(u64::MAX), |(_, price)| *price)
    }

    /// The cheapest size that holds `need`; `None`: none does. Equal prices go to the smaller size.
    pub fn cheapest(&self, need: Need, current: TaskSize) -> Option<TaskSize> {
        self.rungs.iter().map(|(size, _)| *size).find(|size| need.is_held_by(*size, current))
    }

    /// The decision for `need`: the cheapest size that holds it, or to keep what no size can hold.
    pub fn decide(&self, need: Need, current: TaskSize) -> Decision {
        self.cheapest(need, current).map_or(Decision::Keep, Decision::Size)
    }
}

/// The size of a machine of so many thousandths of a CPU unit and KiB: the first, by CPU, then memory,
/// that is no smaller in either; the largest of all where none is.
pub(super) fn size_of_machine(cpu_milliunits: f64, memory_kib: f64) -> Option<TaskSize> {
    let holds = |size: &TaskSize| {
        f64::from(size.cpu().0) * 1000.0 >= cpu_milliunits
            && f64::from(size.memory().0) * 1024.0 >= memory_kib
    };
    let mut all = TaskSize::all(OperatingSystem::Linux);
    TaskSize::all(OperatingSystem::Linux).find(holds).or_else(|| all.by_ref().last())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::backtest) fn ladder() -> Ladder {
        Ladder::new(PriceBook::embedded(), &Region("us-east-1".into())).unwrap()
    }

    #[test]
    fn a_machine_gets_the_first_size_that_holds_it() {
        for (vcpu, gib, size) in [
            (2.0, 4.0, "2 vCPU / 4 GB"),
            (1.0, 16.0, "2 vCPU / 16 GB"),
            (0.1, 0.1, "0.25 vCPU / 0.5 GB"),
            (8.0, 17.0, "8 vCPU / 20 GB"),
            (96.0, 512.0, "32 vCPU / 244 GB"),
        ] {
            let found = size_of_machine(vcpu * 1_024_000.0, gib * 1_048_576.0).unwrap();
            assert_eq!(found.to_string(), size, "{vcpu} vCPU / {gib} GiB");
        }
    }

    #[test]
    fn a_resource_that_is_not_known_keeps_its_size() {
        let ladder = ladder();
        let current = size_of_machine(2_048_000.0, 4_194_304.0).unwrap();
        let need = Need { cpu: Some(1), memory: None };
        assert_eq!(ladder.cheapest(need, current).unwrap().to_string(), "0.5 vCPU / 4 GB");
        assert_eq!(ladder.cheapest(Need::default(), current), Some(current));
        let too_much = Need { cpu: Some(u64::MAX), memory: Some(0) };
        assert_eq!(ladder.decide(too_much, current), Decision::Keep);
    }
}
