//! [`Selection`]: which workloads of a report are shown.
//!
//! Takes a report; gives one with fewer rows whose totals are theirs, and which says what was left
//! out, so that whatever is printed adds up.

use wildmatch::WildMatch;

use super::{LeftOut, Report, Totals, WorkloadReport};
use crate::units::Usd;

/// Conditions that a workload must all meet, and how many to show at most.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    pub filters: Vec<Filter>,
    /// Only what saves at least this much a month.
    pub min_savings: Option<Usd>,
    pub top: Option<usize>,
}

/// `KEY=PATTERN`, where the pattern may hold `*` and `?`; `KEY!=PATTERN` for the opposite.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    key: FilterKey,
    pattern: WildMatch,
    negated: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum FilterKey {
    Account,
    Region,
    Cluster,
    Service,
    Family,
    LaunchType,
    Finding,
    Tag(String),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a filter; write KEY=PATTERN or KEY!=PATTERN with account, region, cluster, service, \
     family, launch-type, finding or tag:NAME for KEY"
)]
pub struct InvalidFilter {
    text: String,
}

impl std::str::FromStr for Filter {
    type Err = InvalidFilter;

    fn from_str(text: &str) -> Result<Self, InvalidFilter> {
        let invalid = || InvalidFilter { text: text.to_owned() };
        let (key, pattern) = text.split_once('=').ok_or_else(invalid)?;
        let (key, negated) = key.strip_suffix('!').map_or((key, false), |key| (key, true));
        let key = match key {
            "account" => FilterKey::Account,
            "region" => FilterKey::Region,
            "cluster" => FilterKey::Cluster,
            "service" => FilterKey::Service,
            "family" => FilterKey::Family,
            "launch-type" => FilterKey::LaunchType,
            "finding" => FilterKey::Finding,
            _ => FilterKey::Tag(
                key.strip_prefix("tag:").filter(|name| !name.is_empty()).ok_or_else(invalid)?.to_owned(),
            ),
        };
        Ok(Self { key, pattern: WildMatch::new(pattern), negated })
    }
}

impl Filter {
    fn keeps(&self, workload: &WorkloadReport) -> bool {
        let value = match &self.key {
            FilterKey::Account => Some(workload.account_id.as_str()),
            FilterKey::Region => Some(workload.region.as_str()),
            FilterKey::Cluster => Some(workload.cluster.as_str()),
            FilterKey::Service => workload.service.as_deref(),
            FilterKey::Family => workload.family.as_deref(),
            FilterKey::LaunchType => Some(workload.launch_type.as_str()),
            FilterKey::Finding => Some(workload.finding.as_str()),
            FilterKey::Tag(name) => workload.tags.get(name).map(String::as_str),
        };
        value.is_some_and(|value| self.pattern.matches(value)) != self.negated
    }
}

impl Selection {
    /// The report with only the selected workloads, in the same sequence.
    #[must_use]
    pub fn of(&self, mut report: Report) -> Report {
        if *self == Self::default() {
            return report;
        }
        let savings = |workload: &WorkloadReport| {
            workload.recommendation.as_ref().and_then(|r| r.monthly_savings).unwrap_or_default()
        };
        let (mut kept, mut left): (Vec<_>, Vec<_>) = report.workloads.into_iter().partition(|workload| {
            self.filters.iter().all(|filter| filter.keeps(workload))
                && self.min_savings.is_none_or(|least| savings(workload) >= least)
        });
        if let Some(top) = self.top {
            left.extend(kept.split_off(top.min(kept.len())));
        }
        report.totals = Totals::of(&kept);
        report.totals.left_out = (!left.is_empty()).then(|| LeftOut {
            workloads: left.len() as u64,
            monthly_cost: left.iter().filter_map(|workload| workload.monthly_cost).sum(),
            monthly_savings: left.iter().map(savings).sum(),
        });
        report.workloads = kept;
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;

    fn select(filters: &[&str], min_savings: Option<&str>, top: Option<usize>) -> Report {
        Selection {
            filters: filters.iter().map(|text| text.parse().unwrap()).collect(),
            min_savings: min_savings.map(|usd| Usd(usd.parse().unwrap())),
            top,
        }
        .of(fixture::report())
    }

    #[test]
    fn rows_and_what_is_left_out_add_up_to_the_whole() {
        let all = fixture::report();
        for (filters, least, top) in [
            (vec!["cluster=prod"], None, None),
            (vec!["finding!=NotRated"], None, Some(2)),
            (vec![], Some("20"), None),
            (vec!["service=*api*", "region=us-east-1"], None, Some(0)),
        ] {
            let part = select(&filters, least, top);
            let left = part.totals.left_out.unwrap_or_default();
            assert!(part.workloads.len() < all.workloads.len());
            assert_eq!(part.totals.workloads + left.workloads, all.totals.workloads);
            assert_eq!(part.totals.monthly_cost + left.monthly_cost, all.totals.monthly_cost);
            assert_eq!(part.totals.monthly_savings + left.monthly_savings, all.totals.monthly_savings);
        }
    }

    #[test]
    fn a_filter_names_a_key_and_a_pattern() {
        assert!(
            select(&["finding=Over*"], None, None)
                .workloads
                .iter()
                .all(|w| w.finding.as_str() == "Overprovisioned")
        );
        for text in ["cluster", "clutser=prod", "tag:=x", ""] {
            let error = text.parse::<Filter>().unwrap_err().to_string();
            assert!(error.contains("is not a filter; write KEY=PATTERN"), "{error}");
        }
    }

    #[test]
    fn without_conditions_nothing_changes() {
        assert_eq!(Selection::default().of(fixture::report()), fixture::report());
    }
}
