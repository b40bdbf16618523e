//! The SDK's values as fargauge's: times, tags, counts, tokens, names from ARNs. Nothing is guessed: what
//! is absent stays absent.

use std::collections::BTreeMap;

use aws_sdk_ecs::{primitives::DateTime, types::Tag};
use jiff::Timestamp;

pub fn timestamp(time: Option<&DateTime>) -> Option<Timestamp> {
    let time = time?;
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).ok()?).ok()
}

pub fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    tags.iter()
        .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())))
        .collect()
}

/// A count that the API gives as a signed number; a negative one is none.
pub fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// The token of the next page. An empty one is none, as the SDK's own paginators have it.
pub fn next_token(token: Option<&str>) -> Option<String> {
    token.filter(|token| !token.is_empty()).map(str::to_owned)
}

/// What follows the last `/`: the name in the ARN of a cluster, service or capacity provider.
pub fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The family in `arn:...:task-definition/FAMILY:REVISION` or `FAMILY:REVISION`.
pub fn family_of(task_definition: &str) -> &str {
    let name = name_of(task_definition);
    name.split(':').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_token_ends_a_list() {
        assert_eq!([None, Some(""), Some("more")].map(next_token), [None, None, Some("more".to_owned())]);
    }
}
