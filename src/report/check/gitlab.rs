//! The Code Quality report of GitLab.
//!
//! Takes the report; gives a JSON array. GitLab compares branches by fingerprint itself, so what is known or
//! waived is in it, too, and equal fingerprints are told apart, since it keeps only one of them. What concerns no
//! file is put at the head of the first file that was read.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CheckFinding, CheckReport, Verdict, location::Location, standing::Standing};
use crate::{report::display_safe, sha256};

#[derive(Debug, Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: Severity,
    location: IssueLocation,
}

#[derive(Debug, Serialize)]
struct IssueLocation {
    path: String,
    lines: Lines,
}

#[derive(Debug, Serialize)]
struct Lines {
    begin: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<u64>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Info,
    Minor,
    Major,
}

impl Severity {
    const fn of(standing: Standing) -> Self {
        match standing {
            Standing::Denied => Self::Major,
            Standing::Warned | Standing::Known => Self::Minor,
            Standing::Waived => Self::Info,
        }
    }
}

pub fn render(report: &CheckReport) -> String {
    let unreadable = report.files.iter().filter_map(|file| {
        let error = file.error.as_ref()?;
        Some(Issue {
            description: description(&error.message, error.hint.as_deref()),
            check_name: "unreadable-file",
            fingerprint: sha256::hex(format!("unreadable-file\0{}", file.path).as_bytes())[..32].to_owned(),
            // As bad as what fails the check only where it does.
            severity: match report.verdict {
                Verdict::Incomplete => Severity::Major,
                Verdict::Pass | Verdict::Fail => Severity::Minor,
            },
            location: location(&Location::line_of(&file.path, error.line)),
        })
    });
    let findings = report.findings.iter().map(|finding| issue(finding, report));
    let mut issues: Vec<Issue<'_>> = unreadable.chain(findings).collect();
    let mut seen = BTreeMap::<String, u64>::new();
    for issue in &mut issues {
        let before = seen.entry(issue.fingerprint.clone()).or_default();
        *before += 1;
        if *before > 1 {
            let print = format!("{}\0{before}", issue.fingerprint);
            sha256::hex(print.as_bytes())[..32].clone_into(&mut issue.fingerprint);
        }
    }
    let mut text = serde_json::to_string_pretty(&issues)
        .expect("issues hold strings and integers only, which JSON can hold");
    text.push('\n');
    text
}

fn issue<'a>(finding: &'a CheckFinding, report: &CheckReport) -> Issue<'a> {
    Issue {
        description: description(&finding.message, finding.waived.as_deref().or(finding.help.as_deref())),
        check_name: &finding.rule,
        fingerprint: finding.fingerprint.clone(),
        severity: Severity::of(Standing::of(finding, report)),
        location: location(&Location::of(finding, report)),
    }
}

fn description(message: &str, more: Option<&str>) -> String {
    let more = more.map_or_else(String::new, |more| format!(" ({})", display_safe(more)));
    format!("{}{more}", display_safe(message))
}

fn location(at: &Location<'_>) -> IssueLocation {
    // A path is matched with the repository's, so it stays as it is; JSON escapes it.
    IssueLocation {
        path: at.path.to_owned(),
        lines: Lines { begin: at.line, end: at.end_line.filter(|end| *end > at.line) },
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::{super::fixture, *};

    fn rendered(report: &CheckReport) -> Vec<Value> {
        serde_json::from_str(&render(report)).unwrap()
    }

    #[test]
    fn a_pull_request() {
        let (report, _) = fixture::report();
        insta::assert_snapshot!(render(&report));
    }

    #[test]
    fn every_issue_has_what_gitlab_asks_for() {
        for (report, _) in [fixture::report(), fixture::hostile()] {
            for issue in rendered(&report) {
                for field in ["description", "check_name", "fingerprint"] {
                    assert!(!issue[field].as_str().unwrap().is_empty(), "{field} of {issue}");
                }
                let severity = issue["severity"].as_str().unwrap();
                assert!(["info", "minor", "major", "critical", "blocker"].contains(&severity));
                let path = issue["location"]["path"].as_str().unwrap();
                assert!(!path.is_empty() && !path.starts_with("./") && !path.starts_with('/'), "{path}");
                assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() > 0);
            }
        }
        assert_eq!(render(&fixture::empty().0), "[]\n");
    }

    #[test]
    fn no_two_issues_have_one_fingerprint() {
        let (mut report, _) = fixture::report();
        for finding in &mut report.findings {
            finding.fingerprint = "5e884898da28047151d0e56f8dc62927".into();
        }
        let issues = rendered(&report);
        let prints: BTreeSet<&str> =
            issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
        assert_eq!(prints.len(), issues.len());
        assert!(prints.contains("5e884898da28047151d0e56f8dc62927"), "the first keeps its own");
    }

    #[test]
    fn severity_follows_what_a_finding_does() {
        let (mut report, _) = fixture::report();
        let unreadable = |report: &CheckReport| {
            let issues = rendered(report);
            let issue = issues.iter().find(|issue| issue["check_name"] == "unreadable-file").unwrap();
            issue["severity"].as_str().unwrap().to_owned()
        };
        assert_eq!(unreadable(&report), "minor");
        report.verdict = Verdict::Incomplete;
        assert_eq!(unreadable(&report), "major");
        let listed: Vec<_> = rendered(&report)
            .iter()
            .map(|issue| format!("{} {}", issue["check_name"].as_str().unwrap(), issue["severity"]))
            .collect();
        for expected in [
            "memory-overprovisioned \"major\"",
            "stale-snapshot \"minor\"",
            "unresolved-size \"minor\"",
            "heap-exceeds-memory \"info\"",
        ] {
            assert!(listed.iter().any(|line| line == expected), "{expected} in {listed:?}");
        }
    }
}
