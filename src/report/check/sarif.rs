//! SARIF 2.1.0, as GitHub's code scanning reads it.
//!
//! Takes the report; gives one run with all rules and the findings as results. What is waived is suppressed, what
//! the base has, too, is `unchanged`. A file that could not be read, rules that could not be judged and results
//! beyond GitHub's limit are notifications. What concerns no file is put at the head of the first file that was
//! read, since GitHub refuses a result without a file.

mod log;

use log::{
    ArtifactLocation, BaselineState, Configuration, Descriptor, DescriptorReference, Driver, Invocation, Log,
    LogicalLocation, Message, MultiformatMessage, Notification, PhysicalLocation, Place, Region, ResultLevel,
    ResultProperties, RunProperties, SarifResult, SarifRun, Suppression, Tags, Tool, UriBase,
};

use super::{
    CheckFinding, CheckReport, Verdict, location::Location, standing::worst_first, unjudged, wording,
};
use crate::{
    policy::{Level, Rule},
    report::display_safe,
};

/// Results of a run that GitHub takes; with more, it refuses the file.
const MOST_RESULTS: usize = 25_000;
/// Characters of a description that GitHub takes.
const LONGEST_DESCRIPTION: usize = 1_024;
/// Characters of a message: a few sentences, so that many of them stay below what GitHub takes as a file.
const LONGEST_MESSAGE: usize = 2_000;

pub fn render(report: &CheckReport) -> String {
    // The worst are kept, then all are as in the report.
    let mut kept: Vec<&CheckFinding> =
        worst_first(report).into_iter().take(MOST_RESULTS).map(|(_, finding)| finding).collect();
    if kept.len() == report.findings.len() {
        kept = report.findings.iter().collect();
    }
    let left_out = report.findings.len() - kept.len();
    // An absent state says that nothing was compared.
    let compared =
        report.totals.monthly_cost_change.is_some() || report.findings.iter().any(|finding| finding.known);
    let run = SarifRun {
        tool: Tool { driver: driver() },
        invocations: [invocation(report, left_out)],
        original_uri_base_ids: [(
            ROOT,
            UriBase {
                description: Message::plain("The top of the repository, or the folder that fargauge ran in."),
            },
        )]
        .into(),
        results: kept.into_iter().map(|finding| result(finding, report, compared)).collect(),
        column_kind: "unicodeCodePoints",
        properties: RunProperties {
            verdict: wording::verdict(report.verdict),
            monthly_cost_change: report.totals.monthly_cost_change,
            provenance: wording::provenance(report),
        },
    };
    let log = Log {
        schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        version: "2.1.0",
        runs: [run],
    };
    let mut text = serde_json::to_string_pretty(&log)
        .expect("a log has string keys and finite numbers only, which JSON can hold");
    text.push('\n');
    text
}

/// Paths are relative to it.
const ROOT: &str = "%SRCROOT%";
const UNREADABLE: (&str, &str) = ("unreadable-file", "A file could not be read.");
const NOT_JUDGED: (&str, &str) = ("not-judged", "Rules could not be judged.");
const LEFT_OUT: (&str, &str) = ("results-left-out", "There are more results than GitHub takes.");

fn driver() -> Driver {
    Driver {
        name: env!("CARGO_PKG_NAME"),
        semantic_version: env!("CARGO_PKG_VERSION"),
        short_description: Message::plain(env!("CARGO_PKG_DESCRIPTION")),
        rules: Rule::ALL.into_iter().map(rule).collect(),
        notifications: [UNREADABLE, NOT_JUDGED, LEFT_OUT]
            .map(|(id, text)| Descriptor {
                id,
                short_description: Message::plain(text),
                full_description: None,
                help: None,
                default_configuration: None,
                properties: None,
            })
            .into(),
    }
}

fn rule(rule: Rule) -> Descriptor {
    let documentation = rule.documentation();
    let mut paragraphs = documentation
        .split("\n\n")
        .filter(|paragraph| !paragraph.starts_with('#'))
        .map(|paragraph| paragraph.replace('\n', " ").replace("**", ""));
    let what = paragraphs.next().unwrap_or_else(|| rule.as_str().to_owned());
    let why = paragraphs.next().unwrap_or_default();
    let full = format!("{what} {why}");
    let first_sentence = what.split_inclusive(". ").next().unwrap_or(&what).trim_end();
    Descriptor {
        id: rule.as_str(),
        short_description: Message::plain(&cut(first_sentence, LONGEST_DESCRIPTION)),
        full_description: Some(Message::plain(&cut(full.trim_end(), LONGEST_DESCRIPTION))),
        help: Some(MultiformatMessage { text: documentation.clone(), markdown: documentation }),
        default_configuration: Some(match rule.default_level() {
            Level::Allow => Configuration { enabled: false, level: ResultLevel::Warning },
            Level::Warn => Configuration { enabled: true, level: ResultLevel::Warning },
            Level::Deny => Configuration { enabled: true, level: ResultLevel::Error },
        }),
        properties: Some(Tags { tags: ["aws", "cost", "ecs"] }),
    }
}

fn result(finding: &CheckFinding, report: &CheckReport, compared: bool) -> SarifResult {
    let at = Location::of(finding, report);
    let logical = finding
        .task
        .as_ref()
        .map(|task| LogicalLocation { name: or_unnamed(display_safe(task).into_owned()), kind: "resource" });
    SarifResult {
        rule_id: finding.rule.clone(),
        rule_index: Rule::ALL.iter().position(|rule| rule.as_str() == finding.rule),
        level: if finding.level == Level::Deny.as_str() { ResultLevel::Error } else { ResultLevel::Warning },
        message: message(&[Some(&finding.message), finding.help.as_deref()]),
        locations: [Place {
            physical_location: physical(&at),
            logical_locations: logical.into_iter().collect(),
        }],
        partial_fingerprints: [("fargauge/v1", finding.fingerprint.clone())].into(),
        suppressions: finding.waived.iter().map(|reason| suppression(reason)).collect(),
        baseline_state: compared.then_some(if finding.known {
            BaselineState::Unchanged
        } else {
            BaselineState::New
        }),
        properties: ResultProperties {
            monthly_cost_change: finding.monthly_cost_change,
            workload: finding.workload.clone(),
            container: finding.container.clone(),
        },
    }
}

fn suppression(reason: &str) -> Suppression {
    Suppression {
        kind: "external",
        status: "accepted",
        justification: or_unnamed(display_safe(reason).into_owned()),
    }
}

/// GitHub refuses empty texts.
fn or_unnamed(text: String) -> String {
    if text.is_empty() { "(empty)".to_owned() } else { text }
}

fn invocation(report: &CheckReport, left_out: usize) -> Invocation {
    let unreadable = report.files.iter().filter_map(|file| {
        let error = file.error.as_ref()?;
        let mut at = Location::line_of(&file.path, error.line);
        at.column = (error.column > 0).then_some(error.column);
        Some(Notification {
            descriptor: DescriptorReference { id: UNREADABLE.0 },
            level: ResultLevel::Error,
            message: message(&[Some(&error.message), error.hint.as_deref()]),
            locations: vec![Place { physical_location: physical(&at), logical_locations: Vec::new() }],
        })
    });
    let reasons = unjudged::by_reason(report);
    let not_judged = reasons.iter().map(|reason| Notification {
        descriptor: DescriptorReference { id: NOT_JUDGED.0 },
        level: ResultLevel::Note,
        message: message(&[Some(&reason.text())]),
        locations: Vec::new(),
    });
    let left_out = (left_out > 0).then(|| Notification {
        descriptor: DescriptorReference { id: LEFT_OUT.0 },
        level: ResultLevel::Warning,
        message: message(&[Some(&format!("{left_out} results are left out, those that matter least"))]),
        locations: Vec::new(),
    });
    Invocation {
        execution_successful: report.verdict != Verdict::Incomplete,
        exit_code: match report.verdict {
            Verdict::Pass => 0,
            Verdict::Fail => 1,
            Verdict::Incomplete => 3,
        },
        exit_code_description: wording::verdict(report.verdict),
        tool_execution_notifications: unreadable.chain(not_judged).chain(left_out).collect(),
    }
}

/// GitHub asks for all four ends of a region.
fn physical(at: &Location<'_>) -> PhysicalLocation {
    let start_column = at.column.unwrap_or(1);
    PhysicalLocation {
        artifact_location: artifact(at.path),
        region: Region {
            start_line: at.line,
            start_column,
            end_line: at.end_line.unwrap_or(at.line),
            end_column: at.end_column.unwrap_or(start_column + 1),
        },
    }
}

/// A relative path as a URI reference under the root; an absolute one as a `file` URI.
fn artifact(path: &str) -> ArtifactLocation {
    let encoded = path.bytes().fold(String::with_capacity(path.len()), |mut uri, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                uri.push(byte.into());
            }
            _ => {
                let digit = |nibble: u8| char::from(b"0123456789ABCDEF"[usize::from(nibble)]);
                uri.extend(['%', digit(byte >> 4), digit(byte & 0xf)]);
            }
        }
        uri
    });
    if path.starts_with('/') {
        ArtifactLocation { uri: format!("file://{encoded}"), uri_base_id: None }
    } else {
        ArtifactLocation { uri: encoded, uri_base_id: Some(ROOT) }
    }
}

/// Lines, made safe. What a viewer would take for a link in them is taken apart.
fn message(lines: &[Option<&str>]) -> Message {
    let lines: Vec<_> = lines.iter().flatten().map(|line| display_safe(line)).collect();
    let text = cut(&lines.join("\n").replace("](", "] ("), LONGEST_MESSAGE);
    Message { text: or_unnamed(text) }
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests;
