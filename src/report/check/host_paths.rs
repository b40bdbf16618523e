//! [`HostPaths`]: paths as a code host has them, from the top of the repository.

use super::CheckReport;

/// Where a run was, with forward slashes and absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPaths {
    /// The top of the repository; the folder of the run where there is none.
    pub top: String,
    /// The folder of the run, which paths of the report are from.
    pub here: String,
}

impl HostPaths {
    /// The report with paths from the top. What lies elsewhere keeps its own.
    pub fn applied(&self, report: &CheckReport) -> CheckReport {
        let mut report = report.clone();
        let files = report.files.iter_mut().map(|file| &mut file.path);
        let tasks = report.tasks.iter_mut().map(|task| &mut task.path);
        let findings = report.findings.iter_mut().filter_map(|finding| finding.path.as_mut());
        let not_judged = report.not_judged.iter_mut().filter_map(|item| item.path.as_mut());
        for path in files.chain(tasks).chain(findings).chain(not_judged) {
            if let Some(from_top) = self.path_from_top(path) {
                *path = from_top;
            }
        }
        report
    }

    fn path_from_top(&self, path: &str) -> Option<String> {
        let whole = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.here) };
        let mut parts: Vec<&str> = Vec::new();
        for part in whole.split('/').filter(|part| !matches!(*part, "" | ".")) {
            if part == ".." {
                parts.pop();
            } else {
                parts.push(part);
            }
        }
        let mut below = parts.into_iter();
        let mut top = self.top.split('/').filter(|part| !part.is_empty());
        top.all(|part| below.next() == Some(part)).then(|| below.collect::<Vec<_>>().join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::fixture, *};

    #[test]
    fn paths_are_from_the_top_of_the_repository() {
        let paths = HostPaths { top: "/srv/repo".into(), here: "/srv/repo/infra".into() };
        for (written, known) in [
            ("sub/a.json", Some("infra/sub/a.json")),
            ("./a.json", Some("infra/a.json")),
            ("../a.json", Some("a.json")),
            ("/srv/repo/x/a.json", Some("x/a.json")),
            ("/srv/repo2/a.json", None),
            ("../../a.json", None),
            ("../../../../../../a.json", None),
        ] {
            assert_eq!(paths.path_from_top(written).as_deref(), known, "{written}");
        }
    }

    #[test]
    fn a_whole_report_is_told_from_there() {
        let (report, _) = fixture::report();
        let moved = HostPaths { top: "/srv/repo".into(), here: "/srv/repo/deploy".into() }.applied(&report);
        for (was, is) in report.findings.iter().zip(&moved.findings) {
            assert_eq!(is.path, was.path.as_ref().map(|path| format!("deploy/{path}")));
        }
        assert!(moved.files.iter().all(|file| file.path.starts_with("deploy/")));
        assert!(moved.tasks.iter().all(|task| task.path.starts_with("deploy/")));
        let here = HostPaths { top: "/srv/repo".into(), here: "/srv/repo".into() };
        assert_eq!(here.applied(&report), report);
    }
}
