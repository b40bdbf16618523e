//! [`RegionIndex`]: where the offer file of each region is.

use std::collections::BTreeMap;

use serde_json::Value;

use super::OfferError;

/// The paths of an offer's files by region, relative to the price list's host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegionIndex(BTreeMap<String, String>);

/// Whether this is the code of a region, and not of a local zone, a path or something else.
pub fn is_region(code: &str) -> bool {
    let words: Vec<&str> = code.split('-').collect();
    let Some((number, words)) = words.split_last() else { return false };
    words.len() >= 2
        && code.len() < 40
        && matches!(number.as_bytes(), [b'0'..=b'9'])
        && words.iter().all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()))
}

impl RegionIndex {
    /// Services keep their regions in a map, Savings Plans in a list. A region whose file is the empty
    /// one has no offer; local zones are left out.
    pub fn parse(text: &str) -> Result<Self, OfferError> {
        let index: Value =
            serde_json::from_str(text).map_err(|error| OfferError::Shape(error.to_string()))?;
        let entries: Vec<&Value> = match &index["regions"] {
            Value::Object(regions) => regions.values().collect(),
            Value::Array(regions) => regions.iter().collect(),
            _ => return Err(OfferError::Shape("no regions in the region index".to_owned())),
        };
        let mut paths = BTreeMap::new();
        for entry in entries {
            let path =
                entry.get("currentVersionUrl").or_else(|| entry.get("versionUrl")).and_then(Value::as_str);
            let region = entry["regionCode"].as_str();
            let (Some(region), Some(path)) = (region, path) else {
                return Err(OfferError::Shape(
                    "an entry of the region index has no region or no path".to_owned(),
                ));
            };
            let plain = path.starts_with('/')
                && !path.contains("//")
                && !path.split('/').any(|part| part == "..")
                && path.bytes().all(|byte| byte.is_ascii_graphic());
            if !plain {
                return Err(OfferError::Shape(format!(
                    "the path {path:?} of {region:?} leaves the price list"
                )));
            }
            if is_region(region) && !path.ends_with("/empty.json") {
                paths.insert(region.to_owned(), path.to_owned());
            }
        }
        Ok(Self(paths))
    }

    /// The path of a region's file, as the index has it (JSON).
    pub fn path(&self, region: &str) -> Option<&str> {
        self.0.get(region).map(String::as_str)
    }

    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_are_read_and_regions_without_an_offer_left_out() {
        let map = r#"{"regions": {"a": {"regionCode": "eu-west-1", "currentVersionUrl": "/a/index.json"},
            "b": {"regionCode": "eu-west-2", "currentVersionUrl": "/default/empty.json"},
            "c": {"regionCode": "us-west-2-lax-1", "currentVersionUrl": "/c/index.json"}}}"#;
        let list = r#"{"regions": [{"regionCode": "eu-west-1", "versionUrl": "/a/index.json"}]}"#;
        for text in [map, list] {
            let index = RegionIndex::parse(text).unwrap();
            assert_eq!(index.regions().collect::<Vec<_>>(), ["eu-west-1"]);
            assert_eq!(index.path("eu-west-1"), Some("/a/index.json"));
        }
    }

    #[test]
    fn an_index_that_points_elsewhere_is_refused() {
        for path in ["https://example.com/x.json", "/../x.json", "//example.com/x", "x.json", "/a b"] {
            let text = format!(r#"{{"regions": [{{"regionCode": "eu-west-1", "versionUrl": "{path}"}}]}}"#);
            assert!(RegionIndex::parse(&text).is_err(), "{path}");
        }
        assert!(RegionIndex::parse("{}").is_err());
        assert!(RegionIndex::parse("<html>").is_err());
    }

    #[test]
    fn a_region_is_words_and_a_digit() {
        for region in ["eu-west-1", "us-gov-east-1", "ap-southeast-7", "eusc-de-east-1"] {
            assert!(is_region(region), "{region}");
        }
        for other in ["", "all", "us-west-2-lax-1", "../eu-west-1", "eu-west-", "EU-WEST-1", "eu-1", "1"] {
            assert!(!is_region(other), "{other}");
        }
    }
}
