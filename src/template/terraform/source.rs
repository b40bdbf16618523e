//! [`Source`]: one file of HCL.
//!
//! Takes a file; refuses what is no HCL, with its place. What [`outline`] finds is named first: a parser that
//! tries alternatives tells the place of a bracket that is never closed less well.

use hcl_edit::{parser, structure::Body};

use super::{
    super::{
        SourceFile, Span, TemplateError,
        document::{SourceText, SyntaxError},
    },
    outline,
    value::FileSpan,
};

/// Bytes that a file of HCL may have: with objects as large as [`outline`] lets pass, the parser takes
/// a second for it. The largest known has 200 KiB.
const MAX_BYTES: usize = 1024 * 1024;

#[derive(Debug)]
pub struct Source {
    pub text: SourceText,
    pub named: bool,
    /// What it holds; nothing if it cannot be read.
    pub body: Body,
    pub error: Option<TemplateError>,
    /// Among the files read together.
    pub index: usize,
}

impl Source {
    pub fn read(file: &SourceFile, index: usize) -> Self {
        let named = file.named;
        match SourceText::new(file) {
            Ok(text) => match parse(&text) {
                Ok(body) => Self { text, named, body, error: None, index },
                Err(error) => {
                    let error = Some(text.error(error));
                    Self { text, named, body: Body::new(), error, index }
                }
            },
            Err(error) => {
                let text = SourceText::from_text(std::sync::Arc::clone(&file.path), &SourceText::shown(file));
                Self { text, named, body: Body::new(), error: Some(error), index }
            }
        }
    }

    /// Where a part of the body is written; the start of the file where the part does not know.
    pub fn span(&self, part: &impl hcl_edit::Span) -> FileSpan {
        self.file_span(part.span())
    }

    pub fn file_span(&self, range: Option<std::ops::Range<usize>>) -> FileSpan {
        let start = self.text.start();
        let range = range.unwrap_or_default();
        FileSpan { file: self.index, span: Span { start: range.start + start, end: range.end + start } }
    }
}

fn parse(source: &SourceText) -> Result<Body, SyntaxError> {
    if source.text.len() > MAX_BYTES {
        return Err(SyntaxError {
            offset: 0,
            message: format!("Terraform files of more than {} MiB are not read", MAX_BYTES / (1024 * 1024)),
            hint: Some("leave it out, or split it"),
        });
    }
    let start = source.start();
    let text = source.text.get(start..).unwrap_or_default();
    let outlined = outline::check(text);
    let moved = |mut error: SyntaxError| {
        error.offset += start;
        error
    };
    if let Err(error @ outline::Defect { fatal: true, .. }) = &outlined {
        return Err(moved(error.error.clone()));
    }
    parser::parse_body(text).map_err(|error| {
        // Of two errors that are both true, the one that is about the cause.
        match outlined {
            Err(defect) => moved(defect.error),
            Ok(()) => moved({
                let offset = error.location().offset();
                match no_value(text, offset) {
                    Some(offset) => SyntaxError {
                        offset,
                        message: "not valid HCL: a value is expected".to_owned(),
                        hint: Some(hint(text, offset)),
                    },
                    None => SyntaxError {
                        offset,
                        message: format!("not valid HCL: {}", error.message()),
                        hint: Some(hint(text, offset)),
                    },
                }
            }),
        }
    })
}

/// Where the value of the attribute that begins at an offset should be, if none can begin there: the parser names
/// the attribute's own place for some of them.
fn no_value(text: &str, offset: usize) -> Option<usize> {
    let rest = text.get(offset..)?.trim_start();
    let name = rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')?;
    let value = rest.get(name..)?.trim_start().strip_prefix('=')?.trim_start_matches([' ', '\t']);
    let begins =
        value.starts_with("<<") || value.starts_with(|c: char| c.is_alphanumeric() || "_\"[{(-!".contains(c));
    (name > 0 && !begins).then(|| text.len() - value.len())
}

/// What a person most likely did, by what stands at the place.
fn hint(text: &str, offset: usize) -> &'static str {
    let rest = text.get(offset..).unwrap_or_default();
    let before = text.get(..offset).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    let is_mark = |text: &str| text.starts_with("{{") || text.starts_with("{%");
    if is_mark(rest) || rest.starts_with(['<', '@']) || line.contains("{{") || line.contains("{%") {
        "a placeholder must be filled in first"
    } else if rest.starts_with(['\'', '`', '“', '”']) {
        "strings stand in double quotes"
    } else {
        "`terraform fmt` says more"
    }
}
