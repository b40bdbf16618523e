//! [`Standing`]: what a finding comes to once waivers and the base are taken into account.

use std::cmp::Reverse;

use super::{CheckFinding, CheckReport};
use crate::policy::Level;

/// Worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It fails the check.
    Denied,
    Warned,
    /// The base or the baseline has it, too, and only what is new can fail.
    Known,
    Waived,
}

impl Standing {
    pub(super) fn of(finding: &CheckFinding, report: &CheckReport) -> Self {
        if finding.waived.is_some() {
            Self::Waived
        } else if finding.known && report.new_only {
            Self::Known
        } else if finding.level == Level::Deny.as_str() {
            Self::Denied
        } else {
            Self::Warned
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Warned => "warning",
            Self::Known => "known",
            Self::Waived => "waived",
        }
    }
}

/// Findings with their standing, the worst first: by standing, then what costs most, then as in the report.
pub(super) fn worst_first(report: &CheckReport) -> Vec<(Standing, &CheckFinding)> {
    let mut findings: Vec<_> =
        report.findings.iter().map(|finding| (Standing::of(finding, report), finding)).collect();
    // What is known to cost more comes before what has no known cost.
    findings.sort_by_key(|(standing, finding)| (*standing, Reverse(finding.monthly_cost_change)));
    findings
}

#[cfg(test)]
mod tests {
    use super::{super::fixture, *};

    #[test]
    fn what_fails_comes_first_then_what_costs_most() {
        let (report, _) = fixture::report();
        let listed: Vec<_> = worst_first(&report)
            .into_iter()
            .map(|(standing, finding)| (standing.as_str(), finding.rule.as_str()))
            .collect();
        assert_eq!(listed[0], ("denied", "memory-overprovisioned"));
        assert_eq!(listed.last().unwrap().0, "waived");
        assert!(listed.iter().map(|(standing, _)| *standing).is_sorted_by_key(|name| {
            ["denied", "warning", "known", "waived"].iter().position(|known| *known == name)
        }));
    }

    #[test]
    fn what_is_known_fails_unless_only_the_new_can() {
        let (mut report, _) = fixture::report();
        let mut finding = report.findings[0].clone();
        finding.level = "deny".into();
        finding.known = true;
        finding.waived = None;
        assert_eq!(Standing::of(&finding, &report), Standing::Known);
        report.new_only = false;
        assert_eq!(Standing::of(&finding, &report), Standing::Denied);
        finding.waived = Some("agreed".into());
        assert_eq!(Standing::of(&finding, &report), Standing::Waived);
    }
}
