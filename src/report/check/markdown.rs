//! A comment for a pull request, in the Markdown of GitHub and GitLab.
//!
//! Takes the report; gives text with a hidden marker in its first line, by which a later run finds the comment and
//! replaces it. The worst findings stand in a table, the rest is folded. It stays below what GitHub takes as a
//! comment: what is too much is left out and counted. What is in the files shows as it is written there; none of
//! it is markup, a link or a mention.

mod escape;

use std::fmt::Write as _;

use escape::{escaped, path as code};

use super::{
    CheckFinding, CheckReport, CheckTask,
    standing::{Standing, worst_first},
    unjudged, wording,
};
use crate::{
    report::amounts::{count, money, size},
    units::Usd,
};

/// The first line, by which the comment is found again.
pub const MARKER: &str = "<!-- fargauge-check -->";

/// Characters of a comment that GitHub takes.
const LONGEST: usize = 65_536;
/// For headings, ends of folds, what tells what was left out, and the last line.
const RESERVED: usize = 4_000;
/// Findings that are seen without unfolding.
const OPEN: usize = 10;

pub fn render(report: &CheckReport) -> String {
    let mut comment = Comment { text: format!("{MARKER}\n"), left: LONGEST - RESERVED };
    comment.add(&format!("### fargauge check {}\n\n", wording::verdict(report.verdict)));
    comment.add(&format!("{}; {}.", wording::counts(report), wording::scope(report)));
    if let Some(change) = wording::cost_change(report) {
        comment.add(&format!(" **{change}**."));
    }
    comment.add("\n");

    let unreadable = report.files.iter().filter_map(|file| {
        let error = file.error.as_ref()?;
        let hint = error.hint.as_ref().map_or_else(String::new, |hint| format!(" ({})", escaped(hint)));
        let place = format!("{}:{}:{}", file.path, error.line, error.column);
        Some(format!("- {}: {}{hint}\n", code(&place), escaped(&error.message)))
    });
    comment.list("Could not be read", Fold::Open, &unreadable.collect::<Vec<_>>());

    let findings = worst_first(report);
    let (open, let_pass): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|(standing, _)| *standing <= Standing::Warned);
    let (shown, more) = open.split_at(open.len().min(OPEN));
    comment.table("", Fold::Open, shown);
    comment.table(&count(more.len() as u64, "more finding"), Fold::Closed, more);
    let of = |standing: Standing| -> Vec<_> {
        let_pass.iter().filter(|(own, _)| *own == standing).copied().collect()
    };
    let (known, waived) = (of(Standing::Known), of(Standing::Waived));
    comment.table(&format!("{} known from the base or the baseline", known.len()), Fold::Closed, &known);
    comment.table(&format!("{} waived", waived.len()), Fold::Closed, &waived);

    let has_base = report.totals.monthly_cost_change.is_some();
    let head = if has_base {
        "| Task | Size | Tasks | USD a month before | now | change |\n|---|---|---:|---:|---:|---:|\n"
    } else {
        "| Task | Size | Tasks | USD a month |\n|---|---|---:|---:|\n"
    };
    let costs: Vec<String> = report.tasks.iter().filter_map(|task| cost_row(task, has_base)).collect();
    comment.section("What they cost", Fold::Closed, head, &costs);

    let reasons: Vec<String> =
        unjudged::by_reason(report).iter().map(|reason| format!("- {}\n", escaped(&reason.text()))).collect();
    comment.list("Not judged", Fold::Closed, &reasons);

    let mut text = comment.text;
    let _ = write!(text, "\n<sub>{}</sub>\n", escaped(&wording::provenance(report)));
    text
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fold {
    Open,
    Closed,
}

struct Comment {
    text: String,
    /// Characters.
    left: usize,
}

impl Comment {
    /// Ours, and short: what is reserved holds it.
    fn add(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Rows as long as there is room; after the first that there is none for, none. Tells how many it left out.
    fn rows(&mut self, rows: &[String]) {
        for (nth, row) in rows.iter().enumerate() {
            let length = row.chars().count();
            if length > self.left {
                self.left = 0;
                self.add(&format!("\n{} left out, for the length of a comment.\n", rows.len() - nth));
                return;
            }
            self.left -= length;
            self.add(row);
        }
    }

    fn list(&mut self, title: &str, fold: Fold, rows: &[String]) {
        self.section(title, fold, "", rows);
    }

    fn table(&mut self, title: &str, fold: Fold, findings: &[(Standing, &CheckFinding)]) {
        let rows: Vec<String> = findings.iter().map(|(standing, finding)| row(*standing, finding)).collect();
        self.section(title, fold, "| | Finding | Where | USD a month |\n|---|---|---|---:|\n", &rows);
    }

    fn section(&mut self, title: &str, fold: Fold, head: &str, rows: &[String]) {
        let Some(first) = rows.first() else { return };
        if first.chars().count() > self.left {
            self.left = 0;
            let what = if title.is_empty() { "Findings" } else { title };
            self.add(&format!("\n{what}: {} left out, for the length of a comment.\n", rows.len()));
            return;
        }
        match fold {
            Fold::Closed => self.add(&format!("\n<details><summary>{title}</summary>\n\n")),
            Fold::Open if title.is_empty() => self.add("\n"),
            Fold::Open => self.add(&format!("\n**{title}**\n\n")),
        }
        self.add(head);
        self.rows(rows);
        if fold == Fold::Closed {
            self.add("\n</details>\n");
        }
    }
}

/// What a task definition costs a month, and cost before; nothing where neither is known.
fn cost_row(task: &CheckTask, has_base: bool) -> Option<String> {
    task.monthly_cost.or(task.base_monthly_cost)?;
    let asks_for_none = task.tasks.is_some_and(|tasks| tasks.0.is_zero());
    let cost = |cost: Option<Usd>, zero: &str| match cost {
        None => "not known".to_owned(),
        Some(cost) if cost == Usd::ZERO && !asks_for_none => zero.to_owned(),
        Some(cost) => money(cost),
    };
    let tasks = task
        .tasks
        .map_or_else(|| "1, assumed".to_owned(), |tasks| tasks.0.round_dp(2).normalize().to_string());
    let mut row =
        format!("| {} | {} | {tasks} |", escaped(&task.task), size(task.cpu_units, task.memory_mib));
    if has_base {
        let _ = write!(row, " {} |", cost(task.base_monthly_cost, "new"));
    }
    let _ = write!(row, " {} |", cost(task.monthly_cost, "gone"));
    if has_base {
        let change = task.monthly_cost.zip(task.base_monthly_cost);
        let _ = write!(
            row,
            " {} |",
            change.map_or_else(String::new, |(now, before)| wording::signed(now - before))
        );
    }
    row.push('\n');
    Some(row)
}

fn row(standing: Standing, finding: &CheckFinding) -> String {
    let mut what = format!("**{}**: {}", escaped(&finding.rule), escaped(&finding.message));
    if let Some(help) = &finding.help {
        let _ = write!(what, "<br>{}", escaped(help));
    }
    if let Some(reason) = &finding.waived {
        let _ = write!(what, "<br>Waived: {}", escaped(reason));
    }
    let mut place = finding.path.as_ref().map_or_else(String::new, |path| {
        code(&finding.line.map_or_else(|| path.clone(), |line| format!("{path}:{line}")))
    });
    let subject = wording::subject(finding);
    if !subject.is_empty() {
        let _ = write!(place, "{}{}", if place.is_empty() { "" } else { "<br>" }, escaped(&subject));
    }
    let change = finding.monthly_cost_change.map_or_else(String::new, wording::signed);
    format!("| {} | {what} | {place} | {change} |\n", standing.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::fixture, *};

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
    fn nothing_found() {
        let (report, _) = fixture::empty();
        insta::assert_snapshot!(render(&report));
    }

    #[test]
    fn a_service_of_no_tasks_is_not_gone() {
        let (mut report, _) = fixture::report();
        report.tasks.truncate(1);
        let task = &mut report.tasks[0];
        (task.monthly_cost, task.base_monthly_cost) = (Some(Usd::ZERO), Some(Usd::ZERO));
        task.tasks = Some(crate::report::Quantity(rust_decimal::Decimal::ZERO));
        let text = render(&report);
        assert!(text.contains(" | 0 | 0.00 | 0.00 | 0.00 |"), "{text}");
    }

    #[test]
    fn the_marker_is_the_first_line() {
        for (report, _) in [fixture::report(), fixture::hostile(), fixture::empty()] {
            let text = render(&report);
            assert_eq!(text.lines().next(), Some(MARKER));
            assert_eq!(text.matches("<!-- fargauge").count(), 1);
        }
    }

    #[test]
    fn what_is_too_much_is_left_out_and_counted() {
        let mut report = fixture::many(5_000);
        for nth in 0..500 {
            let file = super::super::CheckFile { path: format!("{nth}"), ..report.files[1].clone() };
            report.files.push(file);
        }
        let text = render(&report);
        assert!(text.chars().count() <= LONGEST, "{}", text.chars().count());
        let rows = text.matches("| denied |").count() + text.matches("| warning |").count();
        assert!(text.contains(&format!("{} left out", 5_000 - rows)), "{rows} rows");
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
        // Nothing is folded that has nothing in it.
        assert!(text.contains("\nNot judged: 2 left out, for the length of a comment.\n"), "{text}");
        assert_eq!(text.matches("</summary>\n\n|").count(), text.matches("<details>").count());
    }

    #[test]
    fn long_texts_are_cut_so_that_each_finding_is_seen() {
        let (mut report, _) = fixture::hostile();
        for finding in &mut report.findings {
            finding.message = fixture::HOSTILE.repeat(1_000);
            finding.task = Some(fixture::HOSTILE.repeat(1_000));
        }
        let text = render(&report);
        assert!(text.chars().count() <= LONGEST);
        assert!(!text.contains("left out"));
    }

    proptest! {
        /// Every row has the cells of its table, whatever is in them.
        #[test]
        fn any_text_stays_in_its_cell(text in "[ -~\n\r\té@]{0,60}") {
            let (mut report, _) = fixture::report();
            for finding in &mut report.findings {
                finding.message.clone_from(&text);
                finding.task = Some(text.clone());
                finding.path = Some(text.clone());
                finding.waived = finding.waived.as_ref().map(|_| text.clone());
            }
            for task in &mut report.tasks {
                task.task.clone_from(&text);
            }
            let rendered = render(&report);
            let (_, costs) = rendered.split_once("| Task |").unwrap();
            let costs = costs.split("</details>").next().unwrap();
            let findings = rendered.replace(costs, "");
            let rows = findings.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Task |")).collect::<Vec<_>>();
            prop_assert!(rows.iter().all(|row| row.matches('|').count() == 5), "{rows:#?}");
            let headings = rendered.matches("| | Finding |").count();
            prop_assert_eq!(rows.len(), report.findings.len() + headings);
            let rows = costs.lines().filter(|line| line.starts_with("| ")).collect::<Vec<_>>();
            prop_assert!(rows.len() == 2 && rows.iter().all(|row| row.matches('|').count() == 7), "{rows:#?}");
        }
    }
}
