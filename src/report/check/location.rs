//! [`Location`]: where a code host shows a finding. Every host wants a file and a line of each.

use super::{CheckFinding, CheckReport};

/// Lines and columns from 1; `end_column` is exclusive, columns are in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Location<'a> {
    pub(super) path: &'a str,
    pub(super) line: u64,
    pub(super) column: Option<u64>,
    pub(super) end_line: Option<u64>,
    pub(super) end_column: Option<u64>,
}

/// Where findings go that concern no file when there is no file at all: the settings, by their usual name.
const SETTINGS: &str = "fargauge.toml";

impl<'a> Location<'a> {
    /// What concerns no file is put at the head of the first file that was read: hosts drop what has no place.
    pub(super) fn of(finding: &'a CheckFinding, report: &'a CheckReport) -> Self {
        let Some(path) = finding.path.as_deref() else {
            let read = report.files.iter().find(|file| file.parsed).or(report.files.first());
            return Self::line_of(read.map_or(SETTINGS, |file| &file.path), 1);
        };
        let line = finding.line.unwrap_or(1).max(1);
        let column = finding.column.map(|column| column.max(1));
        let end = column.zip(finding.end_line).zip(finding.end_column);
        let end = end.filter(|((column, end_line), end_column)| (*end_line, *end_column) > (line, *column));
        Self {
            path: relative(path),
            line,
            column,
            end_line: end.map(|((_, line), _)| line),
            end_column: end.map(|(_, column)| column),
        }
    }

    pub(super) fn line_of(path: &'a str, line: u64) -> Self {
        Self { path: relative(path), line: line.max(1), column: None, end_line: None, end_column: None }
    }
}

/// Hosts know `infra/api.json`, not `./infra/api.json`.
fn relative(path: &str) -> &str {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("./") {
        path = rest.trim_start_matches('/');
    }
    path
}

#[cfg(test)]
mod tests {
    use super::{super::fixture, *};

    #[test]
    fn a_path_is_as_the_repository_has_it() {
        for (written, known) in [
            ("infra/api.json", "infra/api.json"),
            ("./infra/api.json", "infra/api.json"),
            (".//./api.json", "api.json"),
            ("../api.json", "../api.json"),
            ("/srv/api.json", "/srv/api.json"),
            (".hidden/api.json", ".hidden/api.json"),
        ] {
            assert_eq!(relative(written), known);
        }
    }

    #[test]
    fn what_concerns_no_file_is_put_where_it_is_seen() {
        let (mut report, _) = fixture::report();
        let stale = report.findings.iter().find(|finding| finding.path.is_none()).unwrap().clone();
        let first_read = report.files.iter().find(|file| file.parsed).unwrap().path.clone();
        assert_eq!(Location::of(&stale, &report), Location::line_of(&first_read, 1));
        report.files.clear();
        assert_eq!(Location::of(&stale, &report).path, "fargauge.toml");
    }

    #[test]
    fn an_end_before_its_start_is_no_end() {
        let (report, _) = fixture::report();
        let mut finding =
            report.findings.iter().find(|finding| finding.end_column.is_some()).unwrap().clone();
        assert!(Location::of(&finding, &report).end_column.is_some());
        finding.end_column = finding.column;
        assert_eq!(Location::of(&finding, &report).end_line, None);
        assert_eq!(Location::of(&finding, &report).end_column, None);
    }
}
