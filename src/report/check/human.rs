//! The report for a person at a terminal: what could not be read, each finding with the line it is about, what
//! was let pass, what was not judged, and what it all comes to.
//!
//! Takes the report, the texts of the files, a width and whether colour is wanted. What is in the files is made
//! safe to display, and no line is wider than the width; a path that is wider is wrapped, not cut.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use super::{
    CheckFile, CheckFileError, CheckFinding, CheckReport, Sources, Verdict, excerpt::Excerpt,
    standing::Standing, unjudged, wording,
};
use crate::{
    report::{
        display_safe,
        table::TableOptions,
        text::{display_width, shorten_end},
    },
    template::document::LineIndex,
};

/// Below this the layout is that of this width.
const NARROWEST: usize = 40;
/// Of what was let pass and what was not judged: enough to act on, the rest is counted.
const FEW: usize = 10;

pub fn render(report: &CheckReport, sources: &Sources, options: TableOptions) -> String {
    let shown = report.findings.iter().filter_map(|finding| finding.path.as_ref());
    let shown = shown.chain(report.files.iter().filter(|file| file.error.is_some()).map(|file| &file.path));
    let shown: BTreeSet<&String> = shown.collect();
    let sources = sources
        .iter()
        .filter(|(path, _)| shown.contains(path))
        .map(|(path, text)| (path.as_str(), (&**text, LineIndex::new(text))))
        .collect();
    let mut page =
        Page { width: options.width.max(NARROWEST), color: options.color, sources, out: String::new() };
    for file in &report.files {
        if let Some(error) = &file.error {
            page.unreadable(file, error);
        }
    }
    for finding in &report.findings {
        let standing = Standing::of(finding, report);
        if standing <= Standing::Warned {
            page.finding(standing, finding);
        }
    }
    page.let_pass(report);
    page.not_judged(report);
    page.summary(report);
    page.out
}

#[derive(Debug, Clone, Copy)]
enum Style {
    Bad,
    Doubtful,
    Good,
    Gutter,
}

impl Style {
    const fn escape(self) -> &'static str {
        match self {
            Self::Bad => "\u{1b}[1;31m",
            Self::Doubtful => "\u{1b}[1;33m",
            Self::Good => "\u{1b}[1;32m",
            Self::Gutter => "\u{1b}[34m",
        }
    }
}

struct Page<'a> {
    width: usize,
    color: bool,
    /// Texts by path.
    sources: BTreeMap<&'a str, (&'a str, LineIndex)>,
    out: String,
}

impl Page<'_> {
    fn unreadable(&mut self, file: &CheckFile, error: &CheckFileError) {
        let place = CheckFinding {
            rule: "error".into(),
            level: String::new(),
            path: Some(file.path.clone()),
            line: Some(error.line),
            column: Some(error.column),
            end_line: None,
            end_column: None,
            task: None,
            container: None,
            workload: None,
            message: error.message.clone(),
            help: error.hint.clone(),
            fingerprint: String::new(),
            monthly_cost_change: None,
            waived: None,
            known: false,
        };
        self.item("error", Style::Bad, &place);
    }

    fn finding(&mut self, standing: Standing, finding: &CheckFinding) {
        let style = if standing == Standing::Denied { Style::Bad } else { Style::Doubtful };
        self.item(&format!("{}[{}]", standing.as_str(), display_safe(&finding.rule)), style, finding);
    }

    fn item(&mut self, title: &str, style: Style, finding: &CheckFinding) {
        let title_width = display_width(title);
        let message = format!("{}: {}", "x".repeat(title_width), display_safe(&finding.message));
        let mut lines = wrapped(&message, self.width, 2).into_iter();
        // The title is coloured after wrapping, since escapes have no width.
        let first = lines.next().unwrap_or_default();
        let title = self.styled(&shorten_end(title, self.width), style);
        let rest = first.get(title_width..).unwrap_or_default();
        let _ = writeln!(self.out, "{title}{rest}");
        for line in lines {
            let _ = writeln!(self.out, "{line}");
        }

        let number = finding.line.map_or_else(String::new, |line| line.to_string());
        let gutter = number.len().max(1);
        if let Some(path) = &finding.path {
            let mut place = display_safe(path).into_owned();
            for part in [finding.line, finding.column].into_iter().flatten() {
                let _ = write!(place, ":{part}");
            }
            let subject = wording::subject(finding);
            if !subject.is_empty() {
                let _ = write!(place, " ({})", display_safe(&subject));
            }
            self.beside_gutter(gutter, "-->", &place);
        }
        let excerpt = finding
            .path
            .as_deref()
            .and_then(|path| self.sources.get(path))
            .and_then(|(text, lines)| Excerpt::of(finding, text, lines, self.width - gutter - 3));
        if let Some(excerpt) = excerpt {
            let bar = self.styled("|", Style::Gutter);
            let number = self.styled(&number, Style::Gutter);
            let marks = "^".repeat(excerpt.underlined.len());
            let indent = excerpt.underlined.start;
            let marks = self.styled(&marks, style);
            let _ = write!(self.out, "{:gutter$} {bar}\n{number} {bar} {}\n", "", excerpt.line);
            let _ = writeln!(self.out, "{:gutter$} {bar} {:indent$}{marks}", "", "");
        }
        if let Some(help) = &finding.help {
            self.beside_gutter(gutter, " =", &format!("help: {}", display_safe(help)));
        }
        if let Some(workload) = &finding.workload {
            self.beside_gutter(gutter, " =", &format!("production: {}", display_safe(workload)));
        }
        if finding.known {
            self.beside_gutter(gutter, " =", "known: the base or the baseline has it, too");
        }
        self.out.push('\n');
    }

    /// Text behind a sign in the colour of the gutter, wrapped under itself.
    fn beside_gutter(&mut self, gutter: usize, sign: &str, text: &str) {
        let lead = gutter + sign.len() + 1;
        for (nth, line) in wrapped(text, self.width - lead, 0).into_iter().enumerate() {
            let sign = if nth == 0 { self.styled(sign, Style::Gutter) } else { " ".repeat(sign.len()) };
            let _ = writeln!(self.out, "{:gutter$}{sign} {line}", "");
        }
    }

    fn let_pass(&mut self, report: &CheckReport) {
        let of = |standing| {
            report.findings.iter().filter(move |finding| Standing::of(finding, report) == standing)
        };
        for (standing, heading) in
            [(Standing::Known, "Known before, and let pass:"), (Standing::Waived, "Waived:")]
        {
            let items = of(standing).map(|finding| {
                let place = match (&finding.path, finding.line) {
                    (Some(path), Some(line)) => format!(" at {}:{line}", display_safe(path)),
                    (Some(path), None) => format!(" at {}", display_safe(path)),
                    (None, _) => String::new(),
                };
                let why = finding.waived.as_deref().unwrap_or(&finding.message);
                format!("{}{place}: {}", display_safe(&finding.rule), display_safe(why))
            });
            self.list(heading, &items.collect::<Vec<_>>());
        }
    }

    fn not_judged(&mut self, report: &CheckReport) {
        let reasons = unjudged::by_reason(report);
        let items = reasons.iter().map(|reason| display_safe(&reason.text()).into_owned());
        self.list("Not judged:", &items.collect::<Vec<_>>());
    }

    fn list(&mut self, heading: &str, items: &[String]) {
        if items.is_empty() {
            return;
        }
        let _ = writeln!(self.out, "{heading}");
        for item in items.iter().take(FEW) {
            for line in wrapped(&format!("  {item}"), self.width, 4) {
                let _ = writeln!(self.out, "{line}");
            }
        }
        if items.len() > FEW {
            let _ = writeln!(self.out, "  and {} more", items.len() - FEW);
        }
        self.out.push('\n');
    }

    fn summary(&mut self, report: &CheckReport) {
        let style = match report.verdict {
            Verdict::Pass => Style::Good,
            Verdict::Fail | Verdict::Incomplete => Style::Bad,
        };
        let verdict = self.styled(wording::verdict(report.verdict), style);
        let mut text = wording::counts(report);
        let _ = write!(text, "; {}", wording::scope(report));
        if let Some(change) = wording::cost_change(report) {
            let _ = write!(text, "; {change}");
        }
        let _ = writeln!(self.out, "Check {verdict}");
        let explain = "`fargauge check --explain RULE` tells more of a rule".to_owned();
        let explain = (!report.findings.is_empty()).then_some(explain);
        let provenance = display_safe(&wording::provenance(report)).into_owned();
        for line in [Some(text), Some(provenance), explain].into_iter().flatten() {
            for line in wrapped(&line, self.width, 2) {
                let _ = writeln!(self.out, "{line}");
            }
        }
    }

    fn styled(&self, text: &str, style: Style) -> String {
        if self.color { format!("{}{text}\u{1b}[0m", style.escape()) } else { text.to_owned() }
    }
}

/// `text` in lines of at most `width` columns, broken at spaces where there are any, the second and following
/// ones indented.
fn wrapped(text: &str, width: usize, indent: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        let bare = display_width(word.trim_end());
        if used + bare > width && used > indent {
            lines.push(" ".repeat(indent));
            used = indent;
        }
        if used + bare <= width {
            lines.last_mut().expect("there is always a line").push_str(word);
            used += display_width(word);
            continue;
        }
        // Wider than a line.
        for character in word.chars() {
            let wide = display_width(character.encode_utf8(&mut [0; 4]));
            if used + wide > width {
                lines.push(" ".repeat(indent));
                used = indent;
            }
            lines.last_mut().expect("there is always a line").push(character);
            used += wide;
        }
    }
    for line in &mut lines {
        line.truncate(line.trim_end().len());
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::fixture, *};

    fn options(width: usize) -> TableOptions {
        TableOptions { width, color: false }
    }

    #[test]
    fn a_pull_request() {
        let (report, sources) = fixture::report();
        insta::assert_snapshot!(render(&report, &sources, options(100)));
    }

    #[test]
    fn hostile_files() {
        let (report, sources) = fixture::hostile();
        insta::assert_snapshot!(render(&report, &sources, options(80)));
    }

    #[test]
    fn nothing_found() {
        let (report, sources) = fixture::empty();
        insta::assert_snapshot!(render(&report, &sources, options(80)));
    }

    #[test]
    fn colour_adds_escapes_and_changes_nothing_else() {
        for (report, sources) in [fixture::report(), fixture::hostile()] {
            let colored = render(&report, &sources, TableOptions { width: 80, color: true });
            let mut plain = colored.clone();
            for escape in ["[0m", "[1;31m", "[1;32m", "[1;33m", "[34m"] {
                plain = plain.replace(&format!("\u{1b}{escape}"), "");
            }
            assert_ne!(colored, plain);
            assert_eq!(plain, render(&report, &sources, options(80)));
        }
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for (report, sources) in [fixture::report(), fixture::hostile(), fixture::empty()] {
            for width in [40, 57, 80, 200] {
                for line in render(&report, &sources, options(width)).lines() {
                    assert!(display_width(line) <= width, "{width}: {line}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn wrapping_keeps_every_character_but_spaces(text in "[a-c名 ]{0,80}", width in 6_usize..30, indent in 0_usize..4) {
            let lines = wrapped(&text, width, indent);
            for line in &lines {
                prop_assert!(display_width(line) <= width, "{lines:?}");
            }
            prop_assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
        }
    }
}
