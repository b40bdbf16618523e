//! Workflow commands of GitHub Actions, which it shows as annotations in the pull request.
//!
//! Takes the report; gives one command a line, the worst first, since GitHub shows ten errors and ten warnings
//! of a step and drops the rest. What was let pass is only counted. Texts are made safe to display, then escaped
//! as commands want it.

use std::fmt::Write as _;

use super::{
    CheckReport, Verdict,
    location::Location,
    standing::{Standing, worst_first},
    wording,
};
use crate::report::display_safe;

/// Annotations of one type that GitHub shows of a step.
const SHOWN: usize = 10;

pub fn render(report: &CheckReport) -> String {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    for file in &report.files {
        let Some(error) = &file.error else { continue };
        let mut at = Location::line_of(&file.path, error.line);
        at.column = (error.column > 0).then_some(error.column);
        let lines = [Some(error.message.as_str()), error.hint.as_deref()];
        let (level, into) = match report.verdict {
            Verdict::Incomplete => ("error", &mut errors),
            Verdict::Pass | Verdict::Fail => ("warning", &mut warnings),
        };
        into.push(command(level, &at, "file cannot be read", &lines));
    }
    for (standing, finding) in worst_first(report) {
        let (level, into) = match standing {
            Standing::Denied => ("error", &mut errors),
            Standing::Warned => ("warning", &mut warnings),
            Standing::Known | Standing::Waived => continue,
        };
        let subject = wording::subject(finding);
        let subject = (!subject.is_empty()).then_some(subject.as_str());
        let lines = [Some(finding.message.as_str()), finding.help.as_deref(), subject];
        into.push(command(level, &Location::of(finding, report), &finding.rule, &lines));
    }

    let mut summary = format!("{}; {}", wording::counts(report), wording::scope(report));
    if let Some(change) = wording::cost_change(report) {
        let _ = write!(summary, "; {change}");
    }
    let more = errors.len().saturating_sub(SHOWN) + warnings.len().saturating_sub(SHOWN);
    if more > 0 {
        let _ = write!(summary, "; {more} more than GitHub shows as annotations are in the log");
    }
    let title = format!("fargauge check {}", wording::verdict(report.verdict));
    let notice = format!("::notice title={}::{}", property(&title), data(&summary));
    errors.into_iter().chain(warnings).chain([notice]).fold(String::new(), |text, line| text + &line + "\n")
}

fn command(level: &str, at: &Location<'_>, title: &str, lines: &[Option<&str>]) -> String {
    let mut command = format!("::{level} file={},line={}", property(at.path), at.line);
    if let Some(line) = at.end_line {
        let _ = write!(command, ",endLine={line}");
    }
    // GitHub takes columns of one line only.
    if let Some(column) = at.column.filter(|_| at.end_line.is_none_or(|line| line == at.line)) {
        let _ = write!(command, ",col={column}");
        if let Some(end) = at.end_column {
            let _ = write!(command, ",endColumn={end}");
        }
    }
    let message: Vec<String> = lines.iter().flatten().map(|line| display_safe(line).into_owned()).collect();
    let _ = write!(command, ",title={}::{}", property(title), data(&message.join("\n")));
    command
}

/// The text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command.
fn property(text: &str) -> String {
    data(&display_safe(text)).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::fixture, *};

    /// A command as the runner reads it: name, properties, text.
    fn parsed(line: &str) -> (String, Vec<(String, String)>, String) {
        let undo = |text: &str| {
            let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
            text.replace("%25", "%")
        };
        let (head, text) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (name, properties) = head.split_once(' ').unwrap();
        let properties = properties.split(',').map(|pair| pair.split_once('=').unwrap());
        let properties = properties.map(|(key, value)| (key.to_owned(), undo(value))).collect();
        (name.into(), properties, undo(text))
    }

    #[test]
    fn a_pull_request() {
        let (report, _) = fixture::report();
        insta::assert_snapshot!(render(&report));
    }

    #[test]
    fn hostile_files() {
        let (report, _) = fixture::hostile();
        insta::assert_snapshot!(render(&report));
    }

    #[test]
    fn every_line_is_a_command_that_was_meant() {
        let (report, _) = fixture::hostile();
        for line in render(&report).lines() {
            let (name, properties, text) = parsed(line);
            assert!(["error", "warning", "notice"].contains(&name.as_str()), "{line}");
            if name == "notice" {
                continue;
            }
            let keys: Vec<&str> = properties.iter().map(|(key, _)| key.as_str()).collect();
            assert_eq!((keys[0], keys[1], *keys.last().unwrap()), ("file", "line", "title"), "{line}");
            assert!(properties[0].1.contains(&*display_safe(fixture::HOSTILE)), "{line}");
            assert!(text.starts_with(&*display_safe(fixture::HOSTILE)), "{line}");
        }
    }

    #[test]
    fn the_worst_come_first_and_what_is_not_shown_is_told() {
        let text = render(&fixture::many(200));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[..20].iter().all(|line| line.starts_with("::error ")));
        assert!(lines[20..200].iter().all(|line| line.starts_with("::warning ")));
        assert!(text.contains("181 more than GitHub shows"), "{}", lines.last().unwrap());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error_where_it_fails_the_check() {
        let (mut report, _) = fixture::report();
        assert!(render(&report).contains("::warning file=infra/broken.json,line=3,col=5,"));
        report.verdict = Verdict::Incomplete;
        assert!(render(&report).starts_with("::error file=infra/broken.json,line=3,col=5,"));
    }

    proptest! {
        #[test]
        fn what_is_escaped_comes_back(title in "[ -~\r\n%:,é名]{0,40}", message in "[ -~\r\n%:,é名]{0,40}") {
            let at = Location::line_of("a,b:c%2C.json", 1);
            let line = command("error", &at, &title, &[Some(&message)]);
            prop_assert_eq!(line.lines().count(), 1);
            let (_, properties, text) = parsed(&line);
            prop_assert_eq!(&properties[0].1, "a,b:c%2C.json");
            prop_assert_eq!(properties[2].1.as_str(), &*display_safe(&title));
            prop_assert_eq!(text.as_str(), &*display_safe(&message));
        }
    }
}
