//! [`CollectRequest`]: what to collect, as the user asked for it.
//!
//! Takes what the command line gives; refuses periods, lookbacks and cluster patterns that cannot
//! be meant. It is stored in an unfinished snapshot, and only the same request continues it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::plan::Period;

/// What to collect. Two runs with equal requests ask for the same thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectRequest {
    pub regions: Regions,
    /// Named profiles of the AWS configuration, each collected with its own credentials, in the order in
    /// which they were named. Neither a profile nor a role: the default credentials.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// ARNs of roles to assume, each collected as well. They are assumed with the credentials of
    /// the first profile named, else with the default ones.
    #[serde(default)]
    pub assume_roles: BTreeSet<String>,
    /// Clusters whose name matches any of these (`*` and `?`); all of them where there is none.
    #[serde(default)]
    pub clusters: BTreeSet<String>,
    /// Length of the window in seconds.
    pub lookback_seconds: u64,
    pub period: Period,
    /// How hard to ask; changes nothing about what is collected.
    #[serde(skip)]
    pub bounds: Bounds,
}

/// Which regions to collect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regions {
    /// The region of the environment, else of each profile. None there is an error, never a default.
    Configured,
    /// Every region of the caller's partition; those not enabled become gaps.
    All,
    Named(BTreeSet<String>),
}

impl Regions {
    /// From the values of `--region`: none, `all`, or names.
    pub fn from_names<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let names: BTreeSet<String> = names.into_iter().map(|name| name.as_ref().trim().to_owned()).collect();
        if names.is_empty() {
            Self::Configured
        } else if names.contains("all") {
            Self::All
        } else {
            Self::Named(names)
        }
    }
}

/// Upper bounds on what runs at once, and on waiting for one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Accounts and regions at once.
    pub scopes: usize,
    /// ECS requests at once in each account and region.
    pub ecs_requests: usize,
    /// Parts of the utilization pulled at once.
    pub parts: usize,
    /// Seconds until one attempt at a request is given up (and repeated).
    pub attempt_seconds: u64,
}

impl Default for Bounds {
    /// ECS reads refill at 20 a second and account (ECS Developer Guide, request throttling), and
    /// an answer takes about half a second: ten at once stay near that rate.
    fn default() -> Self {
        Self { scopes: 8, ecs_requests: 10, parts: 4, attempt_seconds: 30 }
    }
}

impl CollectRequest {
    /// Whether a cluster of this name is asked for.
    pub fn wants_cluster(&self, name: &str) -> bool {
        self.clusters.is_empty()
            || self.clusters.iter().any(|pattern| wildmatch::WildMatch::new(pattern).matches(name))
    }
}

/// Why a lookback such as `14d` cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("lookback {text:?} is not a time such as 14d, 36h or 90m")]
pub struct LookbackError {
    text: String,
}

/// Seconds of a lookback such as `14d`, `36h`, `90m` (whole numbers, one unit, more than zero).
pub fn parse_lookback(text: &str) -> Result<u64, LookbackError> {
    let refused = || LookbackError { text: text.to_owned() };
    let trimmed = text.trim();
    let unit = trimmed.chars().last().ok_or_else(refused)?;
    let seconds_per_unit = match unit {
        'd' => 86_400,
        'h' => 3_600,
        'm' => 60,
        _ => return Err(refused()),
    };
    let digits = &trimmed[..trimmed.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused());
    }
    let seconds = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(seconds_per_unit));
    seconds.filter(|seconds| *seconds > 0).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookbacks_are_whole_numbers_of_one_unit() {
        for (text, seconds) in [("14d", 1_209_600), ("36h", 129_600), (" 90m ", 5_400)] {
            assert_eq!(parse_lookback(text), Ok(seconds), "{text}");
        }
        for text in
            ["", "d", "0d", "14", "14 d", "-1d", "+1d", "1.5d", "2w", "99999999999999999999d", "é", "1é"]
        {
            assert!(parse_lookback(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn all_beside_named_regions_means_all() {
        assert_eq!(Regions::from_names(["eu-west-1", "all"]), Regions::All);
        assert_eq!(Regions::from_names([""; 0]), Regions::Configured);
        assert_eq!(
            Regions::from_names(["us-east-1", "us-east-1"]),
            Regions::Named(BTreeSet::from(["us-east-1".to_owned()]))
        );
    }

    #[test]
    fn bounds_do_not_make_another_request() {
        let request = CollectRequest {
            regions: Regions::All,
            profiles: Vec::new(),
            assume_roles: BTreeSet::new(),
            clusters: BTreeSet::from(["prod-*".to_owned()]),
            lookback_seconds: 3_600,
            period: Period::FIVE_MINUTES,
            bounds: Bounds { scopes: 1, ..Bounds::default() },
        };
        let stored = serde_json::to_value(&request).unwrap();
        let read: CollectRequest = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), stored);
        assert_eq!(read.bounds, Bounds::default());
        assert!(request.wants_cluster("prod-eu") && !request.wants_cluster("preprod-eu"));
    }
}
