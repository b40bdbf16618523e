//! Amounts as a person reads them: money in cents, thousands set apart, sizes in vCPU and GB.
//!
//! Takes exact values and gives short text, rounded; what is read by programs is never made here. An
//! absent value gives words, never a number.

use std::cmp::Ordering;

use rust_decimal::{Decimal, RoundingStrategy};

use super::Quantity;
use crate::units::{CpuUnits, MemoryMib, Usd};

/// Stands where something does not apply or is not known.
pub(super) const NONE: &str = "-";

pub(super) fn cost(amount: Option<Usd>) -> String {
    cost_in_cents(amount, amount.map(nearest).unwrap_or_default())
}

pub(super) fn cost_in_cents(amount: Option<Usd>, cents: Usd) -> String {
    amount.map_or_else(|| "no price".into(), |amount| in_cents(amount, cents))
}

/// The nearest cent, with thousands set apart. What is not zero in four decimals does not read as zero.
pub(super) fn money(amount: Usd) -> String {
    in_cents(amount, nearest(amount))
}

/// `cents` as [`money`] writes them, where the amount that they stand for is rounded with others.
pub(super) fn in_cents(amount: Usd, cents: Usd) -> String {
    if cents != Usd::ZERO {
        return grouped(&cents.cents());
    }
    match amount.rounded().cmp(&Usd::ZERO) {
        Ordering::Less => ">-0.01".into(),
        Ordering::Equal => "0.00".into(),
        Ordering::Greater => "<0.01".into(),
    }
}

pub(super) fn nearest(amount: Usd) -> Usd {
    Usd(amount.0.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
}

/// `1234567.89` as `1,234,567.89`.
pub(super) fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let whole = digits.find('.').unwrap_or(digits.len());
    let mut grouped = String::from(sign);
    for (at, digit) in digits.char_indices() {
        if at > 0 && at < whole && (whole - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `part` as per cent of `whole`, with one decimal; none where there is nothing to divide by.
pub(super) fn percent_of(part: Usd, whole: Usd) -> Option<String> {
    let percent = part.0.checked_div(whole.0)?.checked_mul(Decimal::ONE_HUNDRED)?;
    Some(format!("{:.1}", percent.round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero)))
}

/// What the user's discount takes off, if anything.
pub(super) fn discount(percent: Quantity) -> Option<String> {
    let off = percent.0.normalize();
    (off > Decimal::ZERO).then(|| format!("{off} % is taken off every price (discount.enterprise_percent)"))
}

pub(super) fn count(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(&number.to_string()), if number == 1 { "" } else { "s" })
}

pub(super) fn size(cpu_units: Option<u32>, memory_mib: Option<u32>) -> String {
    match (cpu_units, memory_mib) {
        (Some(cpu), Some(memory)) => format!("{} / {}", CpuUnits(cpu), MemoryMib(memory)),
        (Some(cpu), None) => CpuUnits(cpu).to_string(),
        (None, Some(memory)) => MemoryMib(memory).to_string(),
        (None, None) => NONE.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_in_cents_and_only_zero_reads_as_zero() {
        for (amount, shown) in [
            ("0", "0.00"),
            ("0.00001", "0.00"),
            ("0.0049", "<0.01"),
            ("-0.0049", ">-0.01"),
            ("0.005", "0.01"),
            ("999.999", "1,000.00"),
            ("-1234567.891", "-1,234,567.89"),
            ("-123", "-123.00"),
        ] {
            assert_eq!(money(Usd(amount.parse().unwrap())), shown);
        }
    }

    #[test]
    fn no_cost_has_no_saving_in_per_cent() {
        assert_eq!(percent_of(Usd::ZERO, Usd::ZERO), None);
        assert_eq!(percent_of(Usd(25.into()), Usd(200.into())).unwrap(), "12.5");
    }

    #[test]
    fn a_size_that_is_half_known_shows_the_half() {
        assert_eq!(size(Some(256), Some(512)), "0.25 vCPU / 0.5 GB");
        assert_eq!(size(None, Some(3072)), "3 GB");
        assert_eq!(size(None, None), "-");
        assert_eq!(cost(None), "no price");
    }
}
