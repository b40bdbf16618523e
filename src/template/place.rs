//! [`Place`]: where in which file something is written.

use std::{path::PathBuf, sync::Arc};

/// Bytes of a text, the end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// As it was named on the command line, or found from there; with forward slashes.
    pub path: Arc<PathBuf>,
    /// The value as written, quotes included.
    pub span: Span,
    /// Of the span's start, from 1.
    pub line: usize,
    /// Of the span's start in characters, from 1.
    pub column: usize,
}

impl Place {
    /// Whether nothing is written there: it is where something would stand.
    pub fn is_nowhere(&self) -> bool {
        self.span.start == self.span.end
    }
}
