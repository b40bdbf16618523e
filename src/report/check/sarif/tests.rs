use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;

use super::{super::fixture, *};

fn rendered(report: &CheckReport) -> Value {
    serde_json::from_str(&render(report)).unwrap()
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

#[test]
fn a_pull_request() {
    let (report, _) = fixture::report();
    let mut log = rendered(&report);
    // The rules are documented elsewhere, and the version changes; neither is this file's.
    let driver = &mut log["runs"][0]["tool"]["driver"];
    driver["semanticVersion"] = "[VERSION]".into();
    driver["rules"].as_array_mut().unwrap().truncate(1);
    driver["rules"][0]["help"] = "[HELP]".into();
    insta::assert_snapshot!(serde_json::to_string_pretty(&log).unwrap());
}

#[test]
fn a_result_of_a_finding_has_its_place_fingerprint_and_state() {
    let (report, _) = fixture::report();
    let log = rendered(&report);
    assert_eq!(results(&log).len(), report.findings.len());
    for (result, finding) in results(&log).iter().zip(&report.findings) {
        assert_eq!(result["ruleId"], finding.rule.as_str());
        let rules = &log["runs"][0]["tool"]["driver"]["rules"];
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], finding.rule.as_str());
        assert_eq!(result["level"], if finding.level == "deny" { "error" } else { "warning" });
        assert_eq!(result["partialFingerprints"]["fargauge/v1"], finding.fingerprint.as_str());
        assert_eq!(result["baselineState"], if finding.known { "unchanged" } else { "new" });
        assert_eq!(result["suppressions"].as_array().unwrap().len(), usize::from(finding.waived.is_some()));
        let place = &result["locations"][0]["physicalLocation"];
        let path = finding.path.as_deref().unwrap_or("infra/api.json");
        assert_eq!(place["artifactLocation"]["uri"], path);
        assert_eq!(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
        assert_eq!(place["region"]["startLine"], finding.line.unwrap_or(1));
    }
    let waived = results(&log).iter().find(|result| result["suppressions"] != serde_json::json!([])).unwrap();
    assert_eq!(waived["suppressions"][0]["kind"], "external");
    assert_eq!(waived["suppressions"][0]["justification"], "the heap is never filled; see OPS-112");
}

#[test]
fn nothing_compared_is_no_state() {
    let (mut report, _) = fixture::report();
    report.totals.monthly_cost_change = None;
    report.findings.iter_mut().for_each(|finding| finding.known = false);
    assert!(results(&rendered(&report)).iter().all(|result| result.get("baselineState").is_none()));
}

#[test]
fn every_rule_is_described_within_the_limits() {
    let log = rendered(&fixture::empty().0);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(rules.len(), Rule::ALL.len());
    for rule in rules {
        for key in ["/shortDescription/text", "/fullDescription/text", "/help/text", "/help/markdown"] {
            let text = rule.pointer(key).and_then(Value::as_str).unwrap();
            assert!(!text.trim().is_empty(), "{key} of {}", rule["id"]);
            assert!(key.starts_with("/help") || text.chars().count() <= LONGEST_DESCRIPTION, "{text}");
        }
        assert!(rule["properties"]["tags"].as_array().unwrap().len() <= 10);
        assert!(rule["properties"].get("security-severity").is_none(), "cost is no security matter");
    }
}

#[test]
fn nothing_that_is_written_is_an_empty_text() {
    fn empty_texts(value: &Value, place: &str, found: &mut Vec<String>) {
        match value {
            Value::String(text) if text.is_empty() => found.push(place.to_owned()),
            Value::Array(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(at, item)| empty_texts(item, &format!("{place}/{at}"), found));
            }
            Value::Object(items) => {
                items.iter().for_each(|(key, item)| empty_texts(item, &format!("{place}/{key}"), found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for (mut report, _) in [fixture::report(), fixture::hostile(), fixture::empty()] {
        if let Some(finding) = report.findings.first_mut() {
            finding.message.clear();
            finding.help = None;
            finding.task = Some(String::new());
        }
        empty_texts(&rendered(&report), "", &mut found);
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn the_worst_are_kept_where_github_takes_no_more() {
    let report = fixture::many(25_100);
    let log = rendered(&report);
    assert_eq!(results(&log).len(), 25_000);
    let of_level = |level: &str| results(&log).iter().filter(|result| result["level"] == level).count();
    assert_eq!((of_level("error"), of_level("warning")), (2_510, 22_490));
    let notifications = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    let told = notifications.iter().find(|told| told["descriptor"]["id"] == "results-left-out").unwrap();
    assert!(told["message"]["text"].as_str().unwrap().starts_with("100 results"), "{told}");
}

#[test]
fn what_could_not_be_read_or_judged_is_notified() {
    let (mut report, _) = fixture::report();
    report.verdict = Verdict::Incomplete;
    let log = rendered(&report);
    let invocation = &log["runs"][0]["invocations"][0];
    assert_eq!((&invocation["executionSuccessful"], &invocation["exitCode"]), (&false.into(), &3.into()));
    let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
    let ids: BTreeSet<&str> =
        notifications.iter().map(|told| told["descriptor"]["id"].as_str().unwrap()).collect();
    assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["not-judged", "unreadable-file"]);
    let place = &notifications[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "infra/broken.json");
    let region = serde_json::json!({ "startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 6 });
    assert_eq!(place["region"], region);
}

#[test]
fn a_path_is_a_uri() {
    for (path, uri) in [
        ("infra/api.json", "infra/api.json"),
        ("my infra/100%.json", "my%20infra/100%25.json"),
        ("c:x/a?b#c.json", "c%3Ax/a%3Fb%23c.json"),
        ("é.json", "%C3%A9.json"),
    ] {
        let artifact = artifact(path);
        assert_eq!((artifact.uri.as_str(), artifact.uri_base_id), (uri, Some("%SRCROOT%")));
    }
    let absolute = artifact("/srv/a b.json");
    assert_eq!((absolute.uri.as_str(), absolute.uri_base_id), ("file:///srv/a%20b.json", None));
}

#[test]
fn a_link_in_a_file_is_no_link_in_a_message() {
    assert_eq!(message(&[Some("[a](http://x)")]).text, "[a] (http://x)");
}

proptest! {
    #[test]
    fn any_text_gives_a_message_of_bounded_length(text in ".{0,3000}") {
        let (mut report, _) = fixture::report();
        report.findings.truncate(2);
        report.findings[1].message = text;
        let log = rendered(&report);
        let message = results(&log)[1]["message"]["text"].as_str().unwrap();
        prop_assert!(message.chars().count() <= LONGEST_MESSAGE);
        prop_assert!(!message.contains("]("));
    }
}
