//! Totals: sums of the rows as printed, so that every format adds up to the last digit.

use super::{Finding, Quantity, Totals, WorkloadReport};
use crate::units::Usd;

impl Totals {
    /// The totals of `workloads`, whose figures are rounded already.
    pub fn of(workloads: &[WorkloadReport]) -> Self {
        let mut totals = Self { workloads: workloads.len() as u64, ..Self::default() };
        for workload in workloads {
            totals.rated += u64::from(workload.finding != Finding::NotRated);
            totals.unpriced += u64::from(workload.monthly_cost.is_none());
            if let Some(not_rated) = &workload.not_rated {
                *totals.not_rated.entry(not_rated.reason.clone()).or_default() += 1;
            }
            totals.window_cost += workload.window_cost.unwrap_or_default();
            totals.monthly_cost += workload.monthly_cost.unwrap_or_default();
            totals.list_monthly_cost += workload.list_monthly_cost.unwrap_or_default();
            let savings =
                workload.recommendation.as_ref().and_then(|r| r.monthly_savings).unwrap_or(Usd::ZERO);
            totals.monthly_savings += savings;
            totals.savings_of_cheaper_changes += savings.max(Usd::ZERO);
            totals.cost_of_dearer_changes += (-savings).max(Usd::ZERO);
            if workload.capacity.is_some() {
                totals.savings_in_reservations += savings;
            }
            match workload.finding {
                Finding::Overprovisioned => totals.savings_overprovisioned += savings,
                Finding::Underprovisioned => totals.cost_of_underprovisioned += -savings,
                Finding::Optimized | Finding::AlreadyMinimal | Finding::NotRated => {}
            }
            let add = |sum: &mut Quantity, part: Option<Quantity>| sum.0 += part.unwrap_or_default().0;
            add(&mut totals.task_hours, workload.task_hours);
            add(&mut totals.requested_vcpu_hours, workload.requested_vcpu_hours);
            add(&mut totals.requested_gb_hours, workload.requested_gb_hours);
        }
        totals.recommended_monthly_cost = totals.monthly_cost - totals.monthly_savings;
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    #[test]
    fn savings_and_costs_are_told_apart_by_finding_and_by_sign() {
        let mut report = fixture::report();
        for row in &mut report.workloads {
            row.finding = match row.finding {
                Finding::Overprovisioned => Finding::Underprovisioned,
                Finding::Underprovisioned => Finding::Overprovisioned,
                other => other,
            };
        }
        let totals = Totals::of(&report.workloads);
        let usd = |text: &str| Usd(text.parse().unwrap());
        assert_eq!(totals.savings_of_cheaper_changes, usd("196.078"));
        assert_eq!(totals.cost_of_dearer_changes, usd("36.0401"));
        assert_eq!(totals.savings_overprovisioned, usd("-36.0401"));
        assert_eq!(totals.cost_of_underprovisioned, usd("-196.078"));
    }

    /// The fixture's totals are added up by hand.
    #[test]
    fn totals_are_the_sums_of_the_rows() {
        let report = fixture::report();
        assert_eq!(Totals::of(&report.workloads), report.totals);
    }
}
