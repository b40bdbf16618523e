//! [`Edit`]: bytes of a text that are replaced.

use std::{path::PathBuf, sync::Arc};

use crate::template::Span;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    pub path: Arc<PathBuf>,
    /// The literal, quotes included.
    pub span: Span,
    pub replacement: String,
}

/// `text` with `edits`, which are in the sequence of the text and do not overlap. One that is not within what is
/// left of the text is passed over.
pub fn applied<'a>(text: &str, edits: impl IntoIterator<Item = &'a Edit>) -> String {
    let mut edited = String::with_capacity(text.len() + 16);
    let mut rest = 0;
    for edit in edits {
        let Some(kept) = text.get(rest..edit.span.start) else { continue };
        if text.get(edit.span.start..edit.span.end).is_none() {
            continue;
        }
        edited.push_str(kept);
        edited.push_str(&edit.replacement);
        rest = edit.span.end;
    }
    edited.push_str(text.get(rest..).unwrap_or_default());
    edited
}
