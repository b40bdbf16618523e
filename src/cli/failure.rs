//! [`CliError`]: why a command ends without its result, what to do about it, and the exit code.
//!
//! Takes any error with its causes; gives lines on stderr. Text from files and environments is
//! escaped, so that it can't act on a terminal.

use std::io::{self, Write};

use super::exit_code::ExitCode;
use crate::report::display_safe;

/// An error on its way to the user.
#[derive(Debug)]
pub struct CliError {
    code: ExitCode,
    error: anyhow::Error,
    help: Option<String>,
}

impl CliError {
    /// The arguments or the configuration are wrong.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { code: ExitCode::Usage, error: error.into(), help: None }
    }

    /// Something could not be evaluated.
    pub fn not_evaluated(error: impl Into<anyhow::Error>) -> Self {
        Self { code: ExitCode::NotEvaluated, error: error.into(), help: None }
    }

    /// Adds what the user can do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub fn exit_code(&self) -> ExitCode {
        self.code
    }

    /// Writes the error to stderr under `label`, such as `error`. That stderr is closed is no reason to
    /// fail.
    pub fn print(&self, label: &str) {
        let _ = self.write(&mut io::stderr().lock(), label);
    }

    fn write(&self, to: &mut impl Write, label: &str) -> io::Result<()> {
        writeln!(to, "{label}: {}", display_safe(&self.error.to_string()))?;
        for cause in self.error.chain().skip(1) {
            writeln!(to, "  cause: {}", display_safe(&cause.to_string()))?;
        }
        if let Some(help) = &self.help {
            writeln!(to, "help: {}", display_safe(help))?;
        }
        to.flush()
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[test]
    fn an_error_shows_its_causes_and_the_help_each_on_a_line() {
        let cause: Result<(), _> = Err(anyhow!("no such\nfile\u{1b}[31m"));
        let error = cause.context("cannot read x.json").unwrap_err();
        let mut text = Vec::new();
        CliError::usage(error).with_help("name a file").write(&mut text, "error").unwrap();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "error: cannot read x.json\n  cause: no such\\nfile\\u{1b}[31m\nhelp: name a file\n"
        );
    }
}
