//! `JUnit` XML, as Jenkins, GitLab and most runners read it.
//!
//! Takes the report; gives a suite per file, and one for what concerns no file. A suite has a test for the
//! reading of the file, which is in error where that fails the check, else skipped, and one for each task and rule that there
//! is something to say about: failed where it is denied, with an output where it is warned of, skipped where it
//! is waived, known and let pass, or could not be judged. What XML cannot hold is shown as its escape.

use std::collections::{BTreeMap, BTreeSet};

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

use super::{CheckFinding, CheckReport, Verdict, location::Location, standing::Standing, wording};
use crate::report::display_safe;

/// The suite of what concerns no file, and the class of its tests.
const ELSEWHERE: &str = "fargauge check";

pub fn render(report: &CheckReport) -> String {
    let suites = suites(report);
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut xml, Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
    let mut root = BytesStart::new("testsuites");
    root.push_attribute(("name", ELSEWHERE));
    for (name, count) in counts(suites.values().flatten()) {
        // The XSD that Jenkins goes by has no sum of the skipped here.
        if name != "skipped" {
            root.push_attribute((name, count.to_string().as_str()));
        }
    }
    write(&mut xml, Event::Start(root));
    for (name, cases) in &suites {
        let mut suite = BytesStart::new("testsuite");
        suite.push_attribute(("name", safe(name).as_str()));
        for (name, count) in counts(cases) {
            suite.push_attribute((name, count.to_string().as_str()));
        }
        suite.push_attribute(("time", "0"));
        write(&mut xml, Event::Start(suite));
        for case in cases {
            case.write(name, &mut xml);
        }
        write(&mut xml, Event::End(BytesEnd::new("testsuite")));
    }
    write(&mut xml, Event::End(BytesEnd::new("testsuites")));
    let mut text = String::from_utf8(xml.into_inner()).expect("only text is written");
    text.push('\n');
    text
}

#[derive(Debug)]
struct TestCase {
    name: String,
    /// The rule, or what else can fail.
    kind: String,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    Passed,
    /// It passed, and something is told.
    Told(String),
    Failed {
        message: String,
        text: String,
    },
    Error {
        message: String,
        text: String,
    },
    Skipped(String),
}

/// Suite, rule and what it is of.
type Key<'a> = (&'a str, &'a str, String);

/// By path as the code host has it.
fn suites(report: &CheckReport) -> BTreeMap<&str, Vec<TestCase>> {
    let mut suites: BTreeMap<&str, Vec<TestCase>> = BTreeMap::new();
    for file in &report.files {
        let outcome = match &file.error {
            None => Outcome::Passed,
            Some(error) if report.verdict != Verdict::Incomplete => Outcome::Skipped(format!(
                "could not be read: {}:{}: {}",
                error.line, error.column, error.message
            )),
            Some(error) => Outcome::Error {
                message: format!("{}:{}: {}", error.line, error.column, error.message),
                text: lines([
                    Some(format!("{}:{}:{}: {}", file.path, error.line, error.column, error.message)),
                    error.hint.clone(),
                ]),
            },
        };
        let case = TestCase { name: "can be read".into(), kind: "unreadable-file".into(), outcome };
        suites.entry(Location::line_of(&file.path, 1).path).or_default().push(case);
    }

    // Runners keep one test of a name, so what is said of one task by one rule is one test.
    let mut tests: BTreeMap<Key<'_>, Vec<&CheckFinding>> = BTreeMap::new();
    for finding in &report.findings {
        let suite = finding.path.as_ref().map_or(ELSEWHERE, |_| Location::of(finding, report).path);
        tests.entry((suite, &finding.rule, wording::subject(finding))).or_default().push(finding);
    }
    let mut unjudged: BTreeMap<Key<'_>, BTreeSet<&str>> = BTreeMap::new();
    for item in &report.not_judged {
        let suite = item.path.as_deref().map_or(ELSEWHERE, |path| Location::line_of(path, 1).path);
        let subject = item.task.as_ref().map_or_else(String::new, |task| format!("task {task}"));
        let test = (suite, item.rule.as_str(), subject);
        if !tests.contains_key(&test) {
            unjudged.entry(test).or_default().insert(&item.why);
        }
    }
    let tests = tests.into_iter().map(|(test, findings)| (test, outcome(&findings, report)));
    let unjudged = unjudged.into_iter().map(|(test, why)| {
        let why = why.into_iter().collect::<Vec<_>>().join("; ");
        (test, Outcome::Skipped(format!("not judged: {why}")))
    });
    for ((suite, rule, subject), outcome) in tests.chain(unjudged) {
        let name = if subject.is_empty() { rule.to_owned() } else { format!("{rule}: {subject}") };
        suites.entry(suite).or_default().push(TestCase { name, kind: rule.to_owned(), outcome });
    }
    suites
}

/// That of the worst decides.
fn outcome(findings: &[&CheckFinding], report: &CheckReport) -> Outcome {
    let standing = |finding: &CheckFinding| Standing::of(finding, report);
    let Some(worst) = findings.iter().min_by_key(|finding| standing(finding)) else { return Outcome::Passed };
    let text = lines(findings.iter().flat_map(|finding| {
        let place = finding.path.as_ref().map(|path| {
            let place = [finding.line, finding.column].into_iter().flatten();
            place.fold(path.clone(), |place, part| format!("{place}:{part}")) + ": "
        });
        [
            Some(format!("{}{}", place.unwrap_or_default(), finding.message)),
            finding.help.clone().filter(|_| finding.waived.is_none()),
            finding.waived.as_ref().map(|reason| format!("waived: {reason}")),
        ]
    }));
    match standing(worst) {
        Standing::Denied => Outcome::Failed { message: worst.message.clone(), text },
        Standing::Warned => Outcome::Told(text),
        Standing::Known => Outcome::Skipped(format!("known: {}", worst.message)),
        Standing::Waived => {
            Outcome::Skipped(format!("waived: {}", worst.waived.as_deref().unwrap_or_default()))
        }
    }
}

/// Each made safe, so that a line is a line.
fn lines(parts: impl IntoIterator<Item = Option<String>>) -> String {
    parts.into_iter().flatten().map(|part| safe(&part)).collect::<Vec<_>>().join("\n")
}

fn counts<'a>(cases: impl IntoIterator<Item = &'a TestCase>) -> [(&'static str, usize); 4] {
    let (mut tests, mut skipped, mut errors, mut failures) = (0, 0, 0, 0);
    for case in cases {
        tests += 1;
        match case.outcome {
            Outcome::Passed | Outcome::Told(_) => {}
            Outcome::Failed { .. } => failures += 1,
            Outcome::Error { .. } => errors += 1,
            Outcome::Skipped(_) => skipped += 1,
        }
    }
    [("tests", tests), ("skipped", skipped), ("errors", errors), ("failures", failures)]
}

impl TestCase {
    fn write(&self, suite: &str, xml: &mut Writer<Vec<u8>>) {
        let mut case = BytesStart::new("testcase");
        case.push_attribute(("name", safe(&self.name).as_str()));
        case.push_attribute(("classname", safe(suite).as_str()));
        case.push_attribute(("time", "0"));
        let (tag, message, text) = match &self.outcome {
            Outcome::Passed => return write(xml, Event::Empty(case)),
            Outcome::Told(text) => ("system-out", None, text.as_str()),
            Outcome::Failed { message, text } => ("failure", Some(message), text.as_str()),
            Outcome::Error { message, text } => ("error", Some(message), text.as_str()),
            Outcome::Skipped(message) => ("skipped", Some(message), ""),
        };
        write(xml, Event::Start(case));
        let mut inner = BytesStart::new(tag);
        if let Some(message) = message {
            inner.push_attribute(("message", safe(message).as_str()));
        }
        if matches!(self.outcome, Outcome::Failed { .. } | Outcome::Error { .. }) {
            inner.push_attribute(("type", safe(&self.kind).as_str()));
        }
        if text.is_empty() {
            write(xml, Event::Empty(inner));
        } else {
            write(xml, Event::Start(inner));
            write(xml, Event::Text(BytesText::new(text)));
            write(xml, Event::End(BytesEnd::new(tag)));
        }
        write(xml, Event::End(BytesEnd::new("testcase")));
    }
}

fn write(xml: &mut Writer<Vec<u8>>, event: Event<'_>) {
    xml.write_event(event).expect("writing to memory cannot fail");
}

/// Control characters as their escapes, and what no XML may hold as U+FFFD. The rest is the writer's business.
fn safe(text: &str) -> String {
    display_safe(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use quick_xml::{Reader, escape::unescape};

    use super::{super::fixture, *};

    /// Tags and attributes as they come, with their texts, unescaped; the reader checks that tags match.
    fn parsed(xml: &str) -> Vec<(String, BTreeMap<String, String>, String)> {
        let mut reader = Reader::from_str(xml);
        let mut elements: Vec<(String, BTreeMap<String, String>, String)> = Vec::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Start(tag) | Event::Empty(tag) => {
                    let attributes = tag.attributes().map(|attribute| {
                        let attribute = attribute.unwrap();
                        let value = String::from_utf8(attribute.value.into_owned()).unwrap();
                        let key = String::from_utf8(attribute.key.0.to_vec()).unwrap();
                        (key, unescape(&value).unwrap().into_owned())
                    });
                    let name = String::from_utf8(tag.name().0.to_vec()).unwrap();
                    elements.push((name, attributes.collect(), String::new()));
                }
                Event::Text(text) => {
                    if let Some(last) = elements.last_mut() {
                        last.2 += &unescape(&text.decode().unwrap()).unwrap();
                    }
                }
                Event::GeneralRef(reference) => {
                    let reference = format!("&{};", reference.decode().unwrap());
                    elements.last_mut().unwrap().2 += &unescape(&reference).unwrap();
                }
                Event::Eof => return elements,
                _ => {}
            }
        }
    }

    #[test]
    fn a_pull_request() {
        let (report, _) = fixture::report();
        insta::assert_snapshot!(render(&report));
    }

    #[test]
    fn hostile_files() {
        let (mut report, _) = fixture::hostile();
        report.verdict = Verdict::Incomplete;
        let xml = render(&report);
        let elements = parsed(&xml);
        let names: BTreeSet<&str> = elements.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(
            names.into_iter().collect::<Vec<_>>(),
            ["error", "failure", "skipped", "system-out", "testcase", "testsuite", "testsuites"]
        );
        let shown = safe(fixture::HOSTILE);
        for (name, attributes, text) in &elements {
            match name.as_str() {
                "failure" => {
                    assert_eq!(attributes["message"], shown);
                    assert!(["invalid-task-size", "memory-overprovisioned"].contains(&&*attributes["type"]));
                }
                "system-out" => assert!(text.contains(&shown), "{text}"),
                _ => {}
            }
        }
    }

    #[test]
    fn the_sums_are_those_of_the_tests() {
        for (report, _) in [fixture::report(), fixture::hostile(), fixture::empty()] {
            let elements = parsed(&render(&report));
            let sum = |attribute: &str| -> usize {
                let suites = elements.iter().filter(|(name, ..)| name == "testsuite");
                suites.map(|(_, attributes, _)| attributes[attribute].parse::<usize>().unwrap()).sum()
            };
            let number = |tag: &str| elements.iter().filter(|(name, ..)| name == tag).count();
            for (attribute, tag) in
                [("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")]
            {
                assert_eq!(sum(attribute), number(tag), "{attribute}");
                if attribute != "skipped" {
                    assert_eq!(elements[0].1[attribute], number(tag).to_string(), "{attribute}");
                }
            }
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error_where_it_fails_the_check() {
        let (mut report, _) = fixture::report();
        let errors = |report: &CheckReport| parsed(&render(report))[0].1["errors"].clone();
        assert_eq!(errors(&report), "0");
        assert!(render(&report).contains("<skipped message=\"could not be read: 3:5: "));
        report.verdict = Verdict::Incomplete;
        assert_eq!(errors(&report), "1");
    }

    #[test]
    fn no_suite_has_two_tests_of_one_name() {
        let (mut report, _) = fixture::report();
        let again = report.findings.iter().cloned();
        report.findings = report.findings.iter().cloned().chain(again).collect();
        let elements = parsed(&render(&report));
        let cases = elements.iter().filter(|(name, ..)| name == "testcase");
        let names: Vec<_> = cases.map(|(_, a, _)| (a["classname"].clone(), a["name"].clone())).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }

    proptest! {
        #[test]
        fn any_text_gives_xml_that_reads_back(text in any::<String>()) {
            let (mut report, _) = fixture::report();
            report.findings.truncate(2);
            report.findings[1].message.clone_from(&text);
            report.findings[1].help = None;
            report.findings[1].task = Some(text.clone());
            let elements = parsed(&render(&report));
            let (_, attributes, body) = elements.iter().find(|(name, ..)| name == "failure").unwrap();
            prop_assert_eq!(&attributes["message"], &safe(&text));
            prop_assert!(body.contains(&safe(&text)), "{body:?}");
            let allowed = |c: char| c == '\n' || (c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}'));
            prop_assert!(render(&report).chars().all(allowed));
        }
    }
}
