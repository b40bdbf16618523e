//! [`Offsets`]: where in a file the text stands that is the content of a string of JSON.

use super::super::{
    Span,
    document::{Entry, Node, Value as Written},
};

/// From offsets in a string of JSON to those in the file.
pub struct Offsets {
    /// Behind each escape: the offset in the string, and in the file.
    steps: Vec<(usize, usize)>,
    end: usize,
}

impl Offsets {
    /// Of the string that stands at `span`, as it is written.
    pub fn new(raw: &str, span: Span) -> Self {
        let mut steps = vec![(0, span.start + 1)];
        let bytes = raw.as_bytes();
        let (mut at, mut decoded) = (1, 0);
        while let Some(length) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\\', rest)) {
            decoded += length;
            at += length;
            // What an escape begins with stands where the escape does.
            steps.push((decoded, span.start + at));
            let (escape, character) = escape(raw.get(at..).unwrap_or_default());
            at += escape;
            decoded += character;
            steps.push((decoded, span.start + at));
        }
        Self { steps, end: span.end }
    }

    pub fn raw(&self, offset: usize) -> usize {
        let index = self.steps.partition_point(|(decoded, _)| *decoded <= offset).saturating_sub(1);
        let (decoded, raw) = self.steps.get(index).copied().unwrap_or_default();
        (raw + (offset - decoded.min(offset))).min(self.end)
    }

    /// A document of the string, with its places in the file.
    pub fn moved(&self, node: &Node) -> Node {
        let span = |span: Span| Span {
            start: self.raw(span.start),
            // Up to the beginning of what comes after: an escape in full.
            end: self.raw(span.end),
        };
        let value = match &node.value {
            Written::Seq(items) => Written::Seq(items.iter().map(|item| self.moved(item)).collect()),
            Written::Map(entries) => {
                let entries = entries.iter().map(|entry| Entry {
                    key: entry.key.clone(),
                    key_span: span(entry.key_span),
                    value: self.moved(&entry.value),
                });
                Written::Map(entries.collect())
            }
            other => other.clone(),
        };
        Node { span: span(node.span), value }
    }
}

/// The length of an escape, and of what it stands for.
fn escape(raw: &str) -> (usize, usize) {
    let unit = |raw: &str| u32::from_str_radix(raw.strip_prefix("\\u")?.get(..4)?, 16).ok();
    match unit(raw) {
        Some(high) if (0xd800..0xdc00).contains(&high) => {
            match raw.get(6..).and_then(unit).filter(|low| (0xdc00..0xe000).contains(low)) {
                Some(_) => (12, 4),
                None => (6, '\u{fffd}'.len_utf8()),
            }
        }
        Some(code) => (6, char::from_u32(code).unwrap_or('\u{fffd}').len_utf8()),
        None => (2, 1),
    }
}
