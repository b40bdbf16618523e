//! A report's money in whole cents that add up.
//!
//! Takes a [`Report`]; gives what the table shows of it. Cost and saving are rounded to the nearest cent, and
//! the cost after is their difference. Every other amount is rounded up or down so that its kind adds up:
//! the rows' costs to the cost, what is saved and what is paid more to the saving, and the rows of either to
//! that. Rounded up are those with the largest parts of a cent, so no more of them than it takes are off the
//! nearest cent, and none by a whole one.

use rust_decimal::{Decimal, RoundingStrategy, prelude::ToPrimitive as _};

use crate::{
    report::{Report, WorkloadReport, amounts::nearest},
    units::Usd,
};

/// Whole cents, however many decimals the amounts of the report have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cents {
    pub cost: Usd,
    pub saving: Usd,
    /// What the changes save that save anything.
    pub cheaper: Usd,
    /// What the others cost more.
    pub dearer: Usd,
    /// Cost and saving of every workload, in the report's sequence; zero where there is none.
    pub rows: Vec<(Usd, Usd)>,
}

impl Cents {
    pub fn of(report: &Report) -> Self {
        let totals = &report.totals;
        let (cost, saving) = (nearest(totals.monthly_cost), nearest(totals.monthly_savings));
        let signed = [totals.savings_of_cheaper_changes, -totals.cost_of_dearer_changes];
        let signed = adding_up(&signed, saving);
        let of_rows =
            |of: fn(&WorkloadReport) -> Usd| -> Vec<Usd> { report.workloads.iter().map(of).collect() };
        let costs = of_rows(|row| row.monthly_cost.unwrap_or_default());
        let cheaper = of_rows(|row| savings(row).max(Usd::ZERO));
        let dearer = of_rows(|row| savings(row).min(Usd::ZERO));
        let (cheaper, dearer) = (adding_up(&cheaper, signed[0]), adding_up(&dearer, signed[1]));
        let savings = cheaper.into_iter().zip(dearer).map(|(cheaper, dearer)| cheaper + dearer);
        Self {
            cost,
            saving,
            cheaper: signed[0],
            dearer: -signed[1],
            rows: adding_up(&costs, cost).into_iter().zip(savings).collect(),
        }
    }
}

fn savings(workload: &WorkloadReport) -> Usd {
    workload.recommendation.as_ref().and_then(|r| r.monthly_savings).unwrap_or_default()
}

/// `parts` in cents, each rounded up or down, with the sum `total`: whole cents that are no further from
/// the exact sum than rounding takes them.
fn adding_up(parts: &[Usd], total: Usd) -> Vec<Usd> {
    let down = |part: Usd| part.0.round_dp_with_strategy(2, RoundingStrategy::ToNegativeInfinity);
    let mut cents: Vec<Decimal> = parts.iter().map(|part| down(*part)).collect();
    let missing = (total.0 - cents.iter().sum::<Decimal>()) * Decimal::ONE_HUNDRED;
    let mut up: Vec<usize> = (0..parts.len()).filter(|at| cents[*at] != parts[*at].0).collect();
    // Sorting is stable: of equal parts of a cent, the first has it.
    up.sort_by_key(|at| cents[*at] - parts[*at].0);
    for at in up.into_iter().take(missing.to_usize().unwrap_or(0)) {
        cents[at] += Decimal::new(1, 2);
    }
    cents.into_iter().map(Usd).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usd(text: &str) -> Usd {
        Usd(text.parse().unwrap())
    }

    #[test]
    fn the_largest_parts_of_a_cent_are_rounded_up() {
        let parts = ["1.004", "2.006", "-3.004", "4", "0.0049"].map(usd);
        // 4.0109 in all: of 0.4, 0.6, 0.6 and 0.49 of a cent above 1.00, 2.00, -3.01 and 0.00, two make a cent.
        assert_eq!(adding_up(&parts, usd("4.01")), ["1.00", "2.01", "-3.00", "4", "0.00"].map(usd),);
    }

    proptest! {
        #[test]
        fn parts_add_up_and_none_is_a_cent_off(
            parts in proptest::collection::vec(-1_000_000_i64..1_000_000, 0..40),
        ) {
            let parts: Vec<Usd> = parts.into_iter().map(|part| Usd(Decimal::new(part, 4))).collect();
            let total = nearest(parts.iter().copied().sum());
            let cents = adding_up(&parts, total);
            prop_assert_eq!(cents.iter().copied().sum::<Usd>(), total);
            for (cents, part) in cents.iter().zip(&parts) {
                prop_assert!((cents.0 - part.0).abs() < Decimal::new(1, 2), "{:?} {:?}", cents, part);
                prop_assert_eq!(cents.0.round_dp(2), cents.0);
            }
        }
    }
}
