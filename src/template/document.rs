//! [`Node`]: a JSON or YAML document as a tree whose every part knows where it stands; and [`SourceText`], the
//! text it stands in.
//!
//! Takes a file's bytes; refuses what is no UTF-8 text or too large to be a template. Reading the text is for
//! [`super::json`] and [`super::yaml`]; both refuse deeper nesting than [`MAX_DEPTH`], so that whatever walks a
//! tree may recurse.

use std::{ops::Range, path::PathBuf, sync::Arc};

use memchr::{memchr_iter, memrchr};

use super::{Place, SourceFile, Span, TemplateError};

/// Levels of nesting that a document may have. The deepest templates known have about thirty.
pub const MAX_DEPTH: usize = 128;
/// Bytes that a template may have. `CloudFormation` takes 1 MiB; plans of Terraform get larger.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Values that a template may have, those that aliases of YAML repeat included: what bounds memory. The largest
/// templates known have some ten thousand, plans a few hundred thousand.
pub const MAX_NODES: usize = 500_000;

/// A value and where it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value as written: quotes, brackets and tag included, comments and blanks around it not.
    pub span: Span,
    pub value: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    /// Less quotes and escapes.
    String(String),
    Seq(Vec<Node>),
    Map(Vec<Entry>),
    /// A YAML tag with its mark, such as `!Ref`, and what it is put on.
    Tagged(String, Box<Node>),
    /// A mark outside of quotes that something fills in before the text is JSON or YAML, such as `${cpu}`.
    Placeholder(String),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: String,
    pub key_span: Span,
    pub value: Node,
}

impl Node {
    /// The value of a key, whatever the key's case; the last where it stands twice, as readers of JSON take it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// As [`Self::get`], with the key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().rev().find(|entry| entry.key.eq_ignore_ascii_case(key))
    }

    /// The value of a key as it is written.
    pub fn named(&self, key: &str) -> Option<&Self> {
        self.entries().iter().rev().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The entries of a map; none of anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            Value::Seq(items) => items,
            _ => &[],
        }
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string, number or truth value.
    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) | Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            Value::Null | Value::Seq(_) | Value::Map(_) | Value::Tagged(..) | Value::Placeholder(_) => None,
        }
    }

    /// What it is, for messages; never the value, which may be anything.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Seq(_) => "a list",
            Value::Map(_) => "an object",
            Value::Tagged(..) => "a tag",
            Value::Placeholder(_) => "a placeholder",
        }
    }
}

/// A file's text, with what is needed to name places in it.
#[derive(Debug, Clone)]
pub struct SourceText {
    pub path: Arc<PathBuf>,
    /// The whole text, a byte order mark included: offsets are those of the file.
    pub text: Arc<str>,
    lines: LineIndex,
}

impl SourceText {
    /// The text of a file; refused where it is not UTF-8 or larger than [`MAX_BYTES`].
    pub fn new(file: &SourceFile) -> Result<Self, TemplateError> {
        let refused = |line, column, message: String, hint: &str| TemplateError {
            path: Arc::clone(&file.path),
            line,
            column,
            message,
            hint: Some(hint.to_owned()),
        };
        if file.bytes.len() > MAX_BYTES {
            // How many more is not known: files are read up to there.
            let most = MAX_BYTES / (1024 * 1024);
            return Err(refused(
                1,
                1,
                format!("the file has more than {most} MiB; such templates are not read"),
                "leave it out, or split it",
            ));
        }
        if file.bytes.starts_with(&[0xff, 0xfe]) || file.bytes.starts_with(&[0xfe, 0xff]) {
            return Err(refused(1, 1, "the file is UTF-16".to_owned(), "save it as UTF-8"));
        }
        match std::str::from_utf8(&file.bytes) {
            Ok(text) => Ok(Self::from_text(Arc::clone(&file.path), text)),
            Err(error) => {
                let before = file.bytes.get(..error.valid_up_to()).unwrap_or_default();
                let line_start = memrchr(b'\n', before).map_or(0, |at| at + 1);
                let line = memchr_iter(b'\n', before).count() + 1;
                let column = String::from_utf8_lossy(&before[line_start..]).chars().count() + 1;
                Err(refused(line, column, "not valid UTF-8".to_owned(), "save the file as UTF-8"))
            }
        }
    }

    /// What can be shown of a file that [`Self::new`] refuses, line by line: nothing of one that is no text at all.
    pub fn shown(file: &SourceFile) -> String {
        let is_text = file.bytes.len() <= MAX_BYTES && !file.bytes.contains(&0);
        if is_text { String::from_utf8_lossy(&file.bytes).into_owned() } else { String::new() }
    }

    /// A text that is in memory.
    pub fn from_text(path: Arc<PathBuf>, text: &str) -> Self {
        Self { path, text: Arc::from(text), lines: LineIndex::new(text) }
    }

    /// Where the text begins: after a byte order mark.
    pub fn start(&self) -> usize {
        if self.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
    }

    /// The character that begins there, as the head of what it begins.
    pub fn head(&self, start: usize) -> Place {
        let end = self.text.ceil_char_boundary((start + 1).min(self.text.len()));
        self.place(Span { start, end })
    }

    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    pub fn place(&self, span: Span) -> Place {
        let (line, column) = self.lines.line_column(&self.text, span.start);
        Place { path: Arc::clone(&self.path), span, line, column }
    }

    pub fn error(&self, error: SyntaxError) -> TemplateError {
        let (line, column) = self.lines.line_column(&self.text, error.offset);
        TemplateError {
            path: Arc::clone(&self.path),
            line,
            column,
            message: error.message,
            hint: error.hint.map(str::to_owned),
        }
    }
}

/// Why a text cannot be read, by its offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// In bytes from the text's start.
    pub offset: usize,
    pub message: String,
    pub hint: Option<&'static str>,
}

/// Where the lines of a text begin, and how many characters precede which byte; so that no place costs more than
/// another, however long its line is.
#[derive(Debug, Clone)]
pub struct LineIndex {
    /// Byte offsets.
    starts: Vec<usize>,
    /// Characters that begin before each [`CHUNK`] of bytes; none where every character is a byte.
    chunks: Option<Vec<usize>>,
}

/// Bytes between counts of characters.
const CHUNK: usize = 512;

impl LineIndex {
    pub fn new(text: &str) -> Self {
        let mut starts = vec![if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }];
        starts.extend(memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        let chunks = (!text.is_ascii()).then(|| {
            let mut before = 0;
            let counts = text.as_bytes().chunks(CHUNK).map(|chunk| {
                let count = before;
                before += characters(chunk);
                count
            });
            counts.collect()
        });
        Self { starts, chunks }
    }

    /// Line and column in characters, both from 1, of a byte offset; an offset inside of a character or past
    /// the end is moved back.
    pub fn line_column(&self, text: &str, offset: usize) -> (usize, usize) {
        let offset = text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or_default().min(offset);
        (line, self.characters_before(text, offset) - self.characters_before(text, start) + 1)
    }

    /// The bytes of a line, counted from 1, without its end; nothing where there is no such line.
    pub fn line(&self, text: &str, line: usize) -> Option<Range<usize>> {
        let index = line.checked_sub(1)?;
        let start = *self.starts.get(index)?;
        let end = self.starts.get(index + 1).map_or(text.len(), |next| next - 1);
        let ends_twice = text.as_bytes().get(start..end)?.ends_with(b"\r");
        Some(start..end - usize::from(ends_twice))
    }

    /// The byte offset that so many characters come before from another offset on.
    pub fn offset_from(&self, text: &str, from: usize, characters: usize) -> usize {
        self.offset(text, self.characters_before(text, from).saturating_add(characters))
    }

    /// The byte offset of a character, counted from the text's start.
    pub fn offset(&self, text: &str, character: usize) -> usize {
        let Some(chunks) = &self.chunks else { return character.min(text.len()) };
        let chunk = chunks.partition_point(|before| *before <= character).saturating_sub(1);
        let mut left = character - chunks.get(chunk).copied().unwrap_or_default();
        let from = chunk * CHUNK;
        // Bytes that go on with a character begun before are none of this chunk's.
        for (at, byte) in text.as_bytes().iter().enumerate().skip(from) {
            if !begins_character(*byte) {
                continue;
            }
            if left == 0 {
                return at;
            }
            left -= 1;
        }
        text.len()
    }

    fn characters_before(&self, text: &str, offset: usize) -> usize {
        let Some(chunks) = &self.chunks else { return offset };
        let chunk = (offset / CHUNK).min(chunks.len().saturating_sub(1));
        let rest = text.as_bytes().get(chunk * CHUNK..offset).unwrap_or_default();
        chunks.get(chunk).copied().unwrap_or_default() + characters(rest)
    }
}

fn begins_character(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| begins_character(**byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> SourceFile {
        SourceFile { path: Arc::new(PathBuf::from("t.json")), bytes: Arc::from(bytes), named: true }
    }

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let text = "\u{feff}{\r\n  \"é\": 1,\n}";
        let source = SourceText::new(&file(text.as_bytes())).unwrap();
        let at = |needle: &str| {
            let start = text.find(needle).unwrap();
            let place = source.place(Span { start, end: start + needle.len() });
            (place.line, place.column)
        };
        assert_eq!(at("{"), (1, 1), "a byte order mark is no character");
        assert_eq!(at("\"é\""), (2, 3));
        assert_eq!(at("1"), (2, 8), "an accented letter is one character");
        assert_eq!(at("}"), (3, 1));
        assert_eq!(source.place(Span { start: 9_999, end: 9_999 }).line, 3);
    }

    #[test]
    fn places_of_long_lines_are_counted_exactly_both_ways() {
        let text = format!("ab\n{}\n{}", "aé😀".repeat(700), "x".repeat(2_000));
        let lines = LineIndex::new(&text);
        let (mut line, mut column) = (1, 0);
        for (index, (offset, character)) in text.char_indices().enumerate() {
            assert_eq!(lines.line_column(&text, offset), (line, column + 1));
            assert_eq!(lines.offset(&text, index), offset);
            (line, column) = if character == '\n' { (line + 1, 0) } else { (line, column + 1) };
        }
        assert_eq!(lines.offset(&text, text.chars().count()), text.len());
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_place() {
        let error = |bytes: &[u8]| SourceText::new(&file(bytes)).unwrap_err();
        assert!(error(b"\xff\xfe{\0").to_string().contains("UTF-16"));
        let invalid = error(b"{\n \"caf\xe9\": 1}");
        assert_eq!((invalid.line, invalid.column), (2, 6));
        assert!(error(&vec![b' '; MAX_BYTES + 1]).to_string().contains("more than 16 MiB"));
    }
}
