//! [`CheckReport`]: what `check` found, as data; one file per format beside it.
//!
//! Takes a judgement and the texts it is about; gives text. Every format escapes what is in the files.

pub mod github;
pub mod gitlab;
pub mod human;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod sarif;

mod excerpt;
#[cfg(test)]
mod fixture;
mod host_paths;
mod location;
mod model;
mod standing;
mod unjudged;
mod wording;

pub use host_paths::HostPaths;
pub use model::{
    CheckFile, CheckFileError, CheckFinding, CheckNotJudged, CheckReport, CheckTask, CheckTotals, Sources,
    Verdict,
};

use super::table::TableOptions;

/// What [`render`] can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckFormat {
    /// For a person at a terminal, with excerpts.
    Human,
    /// The data model.
    Json,
    /// SARIF 2.1.0, as code scanning reads it.
    Sarif,
    /// `JUnit` XML: a suite per file.
    Junit,
    /// Workflow commands, which GitHub shows as annotations.
    Github,
    /// Code Quality of GitLab.
    Gitlab,
    /// A comment for a pull request.
    Markdown,
}

impl CheckFormat {
    pub const ALL: [Self; 7] =
        [Self::Human, Self::Json, Self::Sarif, Self::Junit, Self::Github, Self::Gitlab, Self::Markdown];

    /// As `--format` names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Human => "table",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Junit => "junit",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Markdown => "markdown",
        }
    }

    /// Whether a code host or a CI server reads it, which know files by their paths in the repository.
    pub const fn is_for_hosts(self) -> bool {
        !matches!(self, Self::Human | Self::Json)
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }
}

/// The report in a format; it ends with a newline. Only [`CheckFormat::Human`] needs the texts and the options.
pub fn render(format: CheckFormat, report: &CheckReport, sources: &Sources, options: TableOptions) -> String {
    match format {
        CheckFormat::Human => human::render(report, sources, options),
        CheckFormat::Json => json::render(report),
        CheckFormat::Sarif => sarif::render(report),
        CheckFormat::Junit => junit::render(report),
        CheckFormat::Github => github::render(report),
        CheckFormat::Gitlab => gitlab::render(report),
        CheckFormat::Markdown => markdown::render(report),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_found_by_its_name_and_ends_with_a_newline() {
        for format in CheckFormat::ALL {
            assert_eq!(CheckFormat::named(format.as_str()), Some(format));
            for (report, sources) in [fixture::report(), fixture::hostile(), fixture::empty()] {
                let text = render(format, &report, &sources, TableOptions::default());
                assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{format:?}: {text}");
            }
        }
        assert_eq!(CheckFormat::named("human"), None);
    }

    /// What a terminal, a log or a reader's eye would obey: never in any format, whatever is in the files.
    #[test]
    fn nothing_hostile_gets_through() {
        let (report, sources) = fixture::hostile();
        for format in CheckFormat::ALL {
            let text = render(format, &report, &sources, TableOptions::default());
            // These keep values, or at least paths, as they are, since they are matched with others; JSON escapes
            // what ends a line, and a viewer has to make the rest safe.
            let forbidden: &[char] = match format {
                CheckFormat::Json | CheckFormat::Gitlab | CheckFormat::Sarif => &['\u{1b}', '\r', '\0'],
                _ => &['\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}', '\r', '\0', '\t'],
            };
            let found: Vec<char> = text.chars().filter(|c| forbidden.contains(c)).collect();
            assert!(found.is_empty(), "{format:?}: {found:?} in {text}");
        }
    }
}
