//! The units fargauge counts in, each its own type so that they cannot be mixed.
//!
//! Takes and gives plain numbers with a unit; refuses nothing (validity of a *task size* is
//! [`crate::fargate::TaskSize`]'s business). Money is decimal, never binary floating point.

use std::{fmt, iter::Sum, ops};

use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::{Deserialize, Serialize};

/// Hours in a billing month, by convention (8,760 hours a year / 12).
/// The AWS Pricing Calculator uses the same figure.
pub const HOURS_PER_MONTH: u32 = 730;

/// ECS CPU units: 1,024 are one vCPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CpuUnits(pub u32);

impl CpuUnits {
    /// CPU units in one vCPU.
    pub const PER_VCPU: u32 = 1024;

    /// The same amount in vCPU, exactly.
    pub fn vcpu(self) -> Decimal {
        (Decimal::from(self.0) / Decimal::from(Self::PER_VCPU)).normalize()
    }
}

impl fmt::Display for CpuUnits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} vCPU", self.vcpu())
    }
}

/// Memory in MiB (ECS's own unit for task and container memory).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemoryMib(pub u32);

impl MemoryMib {
    /// MiB in one GB as Fargate bills it (1,024^3 bytes; AWS Fargate pricing page).
    pub const PER_GB: u32 = 1024;

    /// The least that holds so many KiB.
    pub fn holding_kib(kib: u64) -> Self {
        Self(u32::try_from(kib.div_ceil(1024)).unwrap_or(u32::MAX))
    }

    /// The same amount in Fargate's GB, exactly.
    pub fn gb(self) -> Decimal {
        (Decimal::from(self.0) / Decimal::from(Self::PER_GB)).normalize()
    }
}

impl fmt::Display for MemoryMib {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} GB", self.gb().round_dp(2).normalize())
    }
}

/// Storage in GiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StorageGib(pub u32);

/// Time that tasks ran, summed over tasks, in task-milliseconds: an integer, so that sums of days
/// are exact in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskTime(u64);

impl TaskTime {
    pub const ZERO: Self = Self(0);

    pub fn from_millis(task_milliseconds: u64) -> Self {
        Self(task_milliseconds)
    }

    pub fn from_secs(task_seconds: u64) -> Self {
        Self(task_seconds.saturating_mul(1000))
    }

    pub fn millis(self) -> u64 {
        self.0
    }

    /// Task-hours, exactly to the precision of a decimal (28 digits).
    pub fn hours(self) -> Decimal {
        Decimal::from(self.0) / Decimal::from(3_600_000_u32)
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl ops::Add for TaskTime {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl ops::AddAssign for TaskTime {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for TaskTime {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, ops::Add::add)
    }
}

/// US dollars. Kept exact while computing; rounded to four decimals only when it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Usd(pub Decimal);

impl Usd {
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Rounded to the four decimals that reports carry (half away from zero).
    /// Totals are sums of rounded rows, so that what is printed adds up.
    #[must_use]
    pub fn rounded(self) -> Self {
        Self(self.0.round_dp_with_strategy(4, rust_decimal::RoundingStrategy::MidpointAwayFromZero))
    }

    /// Rounded to whole cents, as a person reads it: `9.01`.
    pub fn cents(self) -> String {
        let rounded = self.0.round_dp_with_strategy(2, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
        format!("{rounded:.2}")
    }
}

impl ops::Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl ops::AddAssign for Usd {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl ops::Sub for Usd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl ops::Neg for Usd {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl ops::Mul<Decimal> for Usd {
    type Output = Self;
    fn mul(self, factor: Decimal) -> Self {
        Self(self.0 * factor)
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, ops::Add::add)
    }
}

impl Serialize for Usd {
    /// A JSON number with four decimals at most.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(decimal_as_f64(self.rounded().0))
    }
}

/// The double nearest to `value`; its shortest form prints the same digits (up to 15 of them).
pub fn decimal_as_f64(value: Decimal) -> f64 {
    let normalized = value.normalize();
    normalized
        .to_string()
        .parse()
        .unwrap_or_else(|_| normalized.to_f64().expect("every decimal has a nearest double"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_units_and_memory_convert_exactly() {
        assert_eq!(CpuUnits(256).vcpu().to_string(), "0.25");
        assert_eq!(MemoryMib(512).gb().to_string(), "0.5");
        assert_eq!(CpuUnits(256).to_string(), "0.25 vCPU");
        assert_eq!(MemoryMib(30720).to_string(), "30 GB");
    }

    #[test]
    fn money_serializes_as_a_number_with_four_decimals_at_most() {
        let price = Usd("9.010525000001".parse().unwrap());
        assert_eq!(serde_json::to_string(&price).unwrap(), "9.0105");
        assert_eq!(price.cents(), "9.01");
        assert_eq!(Usd("-0.005".parse().unwrap()).cents(), "-0.01");
    }
}
