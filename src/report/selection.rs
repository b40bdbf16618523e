//! [`Selection`]: which workloads of a report are shown.
//!
//! Takes a report; gives one with fewer rows whose totals are theirs, and which says what was left
//! out, so that whatever is printed adds up. Filters also choose among instances, gaps and notes, as far as
//! these say where they are.

use wildmatch::WildMatch;

use super::{Finding, LeftOut, PoolReport, Report, Totals, WorkloadReport};
use crate::{units::Usd, workload::LaunchType};

/// Conditions that a workload must all meet, and how many to show at most.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    pub filters: Vec<Filter>,
    /// Only what saves at least this much a month.
    pub min_savings: Option<Usd>,
    pub top: Option<usize>,
}

/// `KEY=PATTERN`, where the pattern may hold `*` and `?`; `KEY!=PATTERN` for the opposite. Findings and launch
/// types match in any case, and a pattern that none of them matches is refused.
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

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFilter {
    #[error(
        "`{0}` is not a filter; write KEY=PATTERN or KEY!=PATTERN with account, region, cluster, service, family, \
         launch-type, finding or tag:NAME for KEY"
    )]
    Form(String),
    #[error("no {key} matches `{pattern}`; there are {}", values.join(", "))]
    Value { key: String, pattern: String, values: Vec<&'static str> },
}

impl std::str::FromStr for Filter {
    type Err = InvalidFilter;

    fn from_str(text: &str) -> Result<Self, InvalidFilter> {
        let invalid = || InvalidFilter::Form(text.to_owned());
        let (name, pattern) = text.split_once('=').ok_or_else(invalid)?;
        let (name, negated) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
        let key = match name {
            "account" => FilterKey::Account,
            "region" => FilterKey::Region,
            "cluster" => FilterKey::Cluster,
            "service" => FilterKey::Service,
            "family" => FilterKey::Family,
            "launch-type" => FilterKey::LaunchType,
            "finding" => FilterKey::Finding,
            _ => FilterKey::Tag(
                name.strip_prefix("tag:").filter(|name| !name.is_empty()).ok_or_else(invalid)?.to_owned(),
            ),
        };
        let Some(values) = key.values() else {
            return Ok(Self { key, pattern: WildMatch::new(pattern), negated });
        };
        let in_any_case = WildMatch::new_case_insensitive(pattern);
        if !values.iter().any(|value| in_any_case.matches(value)) {
            return Err(InvalidFilter::Value { key: name.to_owned(), pattern: pattern.to_owned(), values });
        }
        Ok(Self { key, pattern: in_any_case, negated })
    }
}

const LAUNCH_TYPES: [LaunchType; 5] = [
    LaunchType::Fargate,
    LaunchType::Ec2,
    LaunchType::External,
    LaunchType::ManagedInstances,
    LaunchType::Unknown,
];

impl FilterKey {
    fn is_of_instances(&self) -> bool {
        matches!(self, Self::Account | Self::Region | Self::Cluster | Self::LaunchType)
    }

    /// All that it can be, where that is known beforehand.
    fn values(&self) -> Option<Vec<&'static str>> {
        match self {
            Self::LaunchType => Some(LAUNCH_TYPES.map(LaunchType::as_str).to_vec()),
            Self::Finding => Some(Finding::ALL.map(Finding::as_str).to_vec()),
            _ => None,
        }
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
        self.keeps_value(value)
    }

    fn keeps_value(&self, value: Option<&str>) -> bool {
        value.is_some_and(|value| self.pattern.matches(value)) != self.negated
    }

    /// What instances do not have is not known of them: such a filter keeps none.
    fn keeps_pool(&self, pool: &PoolReport) -> bool {
        let value = match &self.key {
            FilterKey::Account => &pool.account_id,
            FilterKey::Region => &pool.region,
            FilterKey::Cluster => &pool.cluster,
            FilterKey::LaunchType => &pool.launch_type,
            FilterKey::Service | FilterKey::Family | FilterKey::Finding | FilterKey::Tag(_) => return false,
        };
        self.keeps_value(Some(value))
    }

    /// What speaks of a larger place, or of none, may be about any workload.
    fn keeps_scope(&self, scope: &str) -> bool {
        let at = match &self.key {
            FilterKey::Account => 0,
            FilterKey::Region => 1,
            FilterKey::Cluster => 2,
            _ => return true,
        };
        let mut parts = scope.split('/');
        // A profile that could not be used has its name there, which may begin with an account's number.
        let account = scope.split('/').next().unwrap_or_default();
        let has_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        match parts.nth(at).filter(|_| has_account) {
            Some(part) => self.keeps_value(Some(part)),
            None => true,
        }
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
        let all = |keeps: &dyn Fn(&Filter) -> bool| self.filters.iter().all(keeps);
        let left_out = LeftOut {
            workloads: left.len() as u64,
            monthly_cost: left.iter().filter_map(|workload| workload.monthly_cost).sum(),
            monthly_savings: left.iter().map(savings).sum(),
            instances_cannot_be_filtered: !report.capacity.is_empty()
                && !self.filters.iter().all(|filter| filter.key.is_of_instances()),
            instance_pools: retain(&mut report.capacity, |pool| all(&|filter| filter.keeps_pool(pool))),
            gaps: retain(&mut report.gaps, |gap| all(&|filter| filter.keeps_scope(&gap.scope))),
            notes: retain(&mut report.notes, |note| all(&|filter| filter.keeps_scope(&note.scope))),
        };
        report.totals = Totals::of(&kept);
        report.totals.left_out = (left_out != LeftOut::default()).then_some(left_out);
        report.workloads = kept;
        report
    }
}

/// Keeps what is to be kept; says how many are not.
fn retain<T>(items: &mut Vec<T>, keeps: impl Fn(&T) -> bool) -> u64 {
    let before = items.len();
    items.retain(keeps);
    (before - items.len()) as u64
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
    fn a_profile_that_begins_with_a_number_may_be_of_any_account() {
        let filter: Filter = "account=123456789012".parse().unwrap();
        assert!(filter.keeps_scope("123456789012_AdministratorAccess/eu-central-1"));
        assert!(filter.keeps_scope("123456789012/eu-central-1"));
        assert!(!filter.keeps_scope("210987654321/eu-central-1"));
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
    fn what_speaks_of_places_is_narrowed_to_the_places_asked_for() {
        let mut whole = fixture::report();
        whole.capacity = vec![
            fixture::pool("us-east-1", "prod", "EC2"),
            fixture::pool("us-east-1", "prod", "MANAGED_INSTANCES"),
            fixture::pool("eu-west-1", "data", "EC2"),
        ];
        let shown = |filters: &[&str]| {
            let filters = filters.iter().map(|text| text.parse().unwrap()).collect();
            let part = Selection { filters, ..Selection::default() }.of(whole.clone());
            let left = part.totals.left_out.unwrap_or_default();
            assert_eq!(part.capacity.len() as u64 + left.instance_pools, 3);
            assert_eq!(part.gaps.len() as u64 + left.gaps, 2);
            assert!(part.capacity.is_empty() || !left.instances_cannot_be_filtered);
            (part.capacity.len(), part.gaps.len(), part.notes.len())
        };
        assert_eq!(shown(&["region=eu-west-1"]), (1, 1, 0));
        assert_eq!(shown(&["cluster!=prod"]), (1, 1, 1));
        assert_eq!(shown(&["account=999*"]), (0, 0, 0));
        assert_eq!(shown(&["launch-type=EC2"]), (2, 2, 1));
        assert_eq!(shown(&["region=us-*", "launch-type=EC2"]), (1, 1, 1));
        // Of a pool it is not known whether it is a service's, and a gap may be about any.
        assert_eq!(shown(&["service=checkout*"]), (0, 2, 1));
        assert_eq!(shown(&["finding!=NotRated"]), (0, 2, 1));
        let top = Selection { top: Some(1), ..Selection::default() }.of(whole.clone());
        assert_eq!((top.capacity.len(), top.gaps.len()), (3, 2));
    }

    #[test]
    fn a_place_that_is_larger_than_a_filter_is_kept() {
        let mut whole = fixture::report();
        for scope in ["111122223333/us-east-1", "111122223333", "snapshot 5e884898da28"] {
            whole.gaps[0].scope = scope.to_owned();
            let filters = vec!["cluster=staging".parse().unwrap()];
            let part = Selection { filters, ..Selection::default() }.of(whole.clone());
            assert_eq!(part.gaps, whole.gaps[..1], "{scope}");
        }
    }

    #[test]
    fn a_value_that_cannot_be_is_refused_with_what_there_is() {
        for (text, valid) in [
            (
                "finding=overprovision",
                "Overprovisioned, Underprovisioned, Optimized, AlreadyMinimal, NotRated",
            ),
            ("finding!=Fine", "Overprovisioned, "),
            ("launch-type=SPOT", "FARGATE, EC2, EXTERNAL, MANAGED_INSTANCES, UNKNOWN"),
            ("launch-type=", "FARGATE, "),
        ] {
            let error = text.parse::<Filter>().unwrap_err().to_string();
            assert!(error.contains(valid), "{error}");
        }
        for (any_case, exact) in [
            ("finding=overprovisioned", "finding=Overprovisioned"),
            ("launch-type!=fargate", "launch-type!=FARGATE"),
            ("launch-type=*_INST*", "launch-type=MANAGED_INSTANCES"),
            ("finding=over*", "finding=Overprovisioned"),
        ] {
            assert_eq!(select(&[any_case], None, None), select(&[exact], None, None));
            assert!(!select(&[exact], None, None).workloads.is_empty(), "{exact}");
        }
    }

    #[test]
    fn without_conditions_nothing_changes() {
        assert_eq!(Selection::default().of(fixture::report()), fixture::report());
    }
}
