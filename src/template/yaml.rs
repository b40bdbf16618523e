//! YAML to [`Node`]s, as it is found in repositories.
//!
//! Takes a text; gives a tree with spans for each document in it. Tags of any name are kept, aliases are
//! replaced by what they stand for, and merge keys (`<<`) by the entries they merge, up to [`MAX_NODES`] nodes, so
//! that no alias of aliases can exhaust memory. Lines of template languages are passed over where the rest is YAML.

use std::collections::BTreeMap;

use memchr::memmem;
use saphyr_parser::{Event, Parser, ScalarStyle};

use super::{
    Span,
    document::{Entry, LineIndex, MAX_DEPTH, MAX_NODES, Node, SourceText, SyntaxError, Value},
};

/// Reads the documents of a text.
pub fn read(source: &SourceText) -> Result<Vec<Node>, SyntaxError> {
    let text = source.text.get(source.start()..).unwrap_or_default();
    let read = |readable: &str| Builder::new(text, readable).build();
    let templated =
        [b"{{".as_slice(), b"{%", b"<%"].iter().any(|mark| memmem::find(text.as_bytes(), mark).is_some());
    let read = match read(text) {
        Err(first) if templated && !first.message.starts_with(LIMIT) => {
            read(&masked(text)).map_err(|_| SyntaxError { hint: Some(TEMPLATE_HINT), ..first })
        }
        other => other,
    };
    // Only a byte order mark lies between offsets in what was read and offsets in the file.
    match (read, source.start()) {
        (Ok(mut documents), by @ 1..) => {
            for document in &mut documents {
                shift(document, by);
            }
            Ok(documents)
        }
        (Err(error), by) => Err(SyntaxError { offset: error.offset + by, ..error }),
        (read, _) => read,
    }
}

fn shift(node: &mut Node, by: usize) {
    let moved = |span: Span| Span { start: span.start + by, end: span.end + by };
    node.span = moved(node.span);
    match &mut node.value {
        Value::Seq(items) => items.iter_mut().for_each(|item| shift(item, by)),
        Value::Map(entries) => {
            for entry in entries {
                entry.key_span = moved(entry.key_span);
                shift(&mut entry.value, by);
            }
        }
        Value::Tagged(_, inner) => shift(inner, by),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Placeholder(_) => {}
    }
}

const TEMPLATE_HINT: &str = "the file is a template of another language; check what it renders to";
/// Begins the messages of what no masking helps against.
const LIMIT: &str = "too much: ";

/// The text with lines that only steer as comments, and other placeholders as words of the same length.
fn masked(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (open, close) in [("{%", "%}"), ("<%", "%>"), ("{{", "}}")] {
        let mut from = 0;
        while let Some(start) = text.get(from..).and_then(|rest| rest.find(open)).map(|at| from + at) {
            let Some(length) = text[start..].find(close) else { break };
            let end = start + length + close.len();
            from = end;
            let before = text[..start].trim_end_matches([' ', '\t']);
            let after = text[end..].trim_start_matches([' ', '\t', '\r']);
            let alone = (before.is_empty() || before.ends_with('\n'))
                && (after.is_empty() || after.starts_with('\n'));
            // A mask of blanks keeps what follows in its column; a word keeps a value where one must stand.
            let mask = if alone || open != "{{" { b' ' } else { b'_' };
            for byte in &mut bytes[start..end] {
                if *byte != b'\n' && *byte != b'\r' {
                    *byte = mask;
                }
            }
        }
    }
    // Only whole characters are overwritten, by ASCII.
    String::from_utf8(bytes).unwrap_or_default()
}

/// A collection that is being read.
enum Open {
    Seq(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        key: Option<(String, Span)>,
        /// Whether some key is no scalar, as in `{{ cpu }}`.
        odd_key: bool,
    },
}

/// A collection with what its node will need.
struct Frame {
    open: Open,
    start: usize,
    /// Where its last part ends.
    end: usize,
    /// Whether it is closed by a bracket, rather than by what follows.
    flow: bool,
    properties: Properties,
    /// [`Builder::weight`] when it was opened.
    weight_before: usize,
}

/// What stands before a node.
#[derive(Default)]
struct Properties {
    /// 0: none.
    anchor: usize,
    /// The tag with its mark, and where it begins.
    tag: Option<(String, usize)>,
}

struct Builder<'a> {
    /// As it stands in the file, less a byte order mark.
    text: &'a str,
    /// As it is read: the same, or masked.
    readable: &'a str,
    lines: LineIndex,
    frames: Vec<Frame>,
    anchors: BTreeMap<usize, (Node, usize)>,
    /// Nodes so far, and a part of a node for every 64 bytes of text.
    weight: usize,
    documents: Vec<Node>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, readable: &'a str) -> Self {
        Self {
            text,
            readable,
            lines: LineIndex::new(readable),
            frames: Vec::new(),
            anchors: BTreeMap::new(),
            weight: 0,
            documents: Vec::new(),
        }
    }

    fn build(mut self) -> Result<Vec<Node>, SyntaxError> {
        let mut parser = Parser::new_from_str(self.readable);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| {
                let offset = self.offset(error.marker());
                let message = if error.info().contains("recursion limit") {
                    too_deep()
                } else {
                    format!("not valid YAML: {}", error.info())
                };
                SyntaxError { offset, message, hint: self.hint(offset) }
            })?;
            let (start, end) = (self.offset(&span.start), self.offset(&span.end));
            match event {
                Event::Scalar(text, style, anchor, tag) => {
                    let own = self.after_properties(start, end);
                    let span = Span { start: own, end: self.end_of_scalar(own, end.max(own), style) };
                    let value = self.scalar(&text, style, span, tag.as_deref().is_some_and(is_str));
                    let weight_before = self.weight;
                    self.weigh(1 + text.len() / 64, start)?;
                    let properties =
                        Properties { anchor, tag: tag.as_deref().and_then(|tag| named(tag, start)) };
                    self.add(Node { span, value }, properties, weight_before)?;
                }
                Event::SequenceStart(anchor, tag) => {
                    let properties =
                        Properties { anchor, tag: tag.as_deref().and_then(|tag| named(tag, start)) };
                    self.open(Open::Seq(Vec::new()), start, end, "[", properties)?;
                }
                Event::MappingStart(anchor, tag) => {
                    let properties =
                        Properties { anchor, tag: tag.as_deref().and_then(|tag| named(tag, start)) };
                    let open = Open::Map { entries: Vec::new(), key: None, odd_key: false };
                    self.open(open, start, end, "{", properties)?;
                }
                // A closing bracket's span goes on to the end of its line's comment.
                Event::SequenceEnd | Event::MappingEnd => self.close(start)?,
                Event::Alias(anchor) => {
                    let Some((node, weight)) = self.anchors.get(&anchor).cloned() else {
                        return Err(error(start, "an alias stands inside of what it stands for"));
                    };
                    self.weigh(weight, start)?;
                    self.put(node, end);
                }
                Event::DocumentStart(_) => self.anchors.clear(),
                Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => {}
            }
        }
        Ok(self.documents)
    }

    fn offset(&self, marker: &saphyr_parser::Marker) -> usize {
        self.lines.offset(self.readable, marker.index())
    }

    fn weigh(&mut self, weight: usize, at: usize) -> Result<(), SyntaxError> {
        self.weight += weight;
        if self.weight > MAX_NODES {
            return Err(error(
                at,
                format!("{LIMIT}more than {MAX_NODES} values, aliases counted as what they repeat"),
            ));
        }
        Ok(())
    }

    /// What a person most likely did where YAML does not go on.
    fn hint(&self, offset: usize) -> Option<&'static str> {
        let line_start = self.readable[..offset].rfind('\n').map_or(0, |at| at + 1);
        let line = self.readable[line_start..].split('\n').next().unwrap_or_default();
        if line.trim_start_matches(' ').starts_with('\t') {
            Some("YAML is indented by spaces, not by tabs")
        } else if line.contains(['@', '%', '`']) {
            Some("a placeholder, or a value that begins with @, % or `, must stand in quotes")
        } else {
            None
        }
    }

    /// Where the node itself begins, after its tag and its anchor.
    fn after_properties(&self, start: usize, end: usize) -> usize {
        let mut at = start;
        while self.readable[at..].starts_with(['!', '&']) {
            let rest = &self.readable[at..];
            let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let next = self.readable.len() - rest[word..].trim_start().len();
            if next > end {
                // Nothing follows: the node is empty.
                return end;
            }
            at = next;
        }
        at
    }

    fn after_bracket(&self, at: usize) -> usize {
        at + usize::from(self.readable[at..].starts_with([']', '}']))
    }

    /// Where a scalar ends: the parser's spans of quoted ones go on to the end of their line's comment.
    fn end_of_scalar(&self, start: usize, end: usize, style: ScalarStyle) -> usize {
        let written = &self.readable[start..end];
        match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                let double = style == ScalarStyle::DoubleQuoted;
                let quote = if double { b'"' } else { b'\'' };
                let bytes = written.as_bytes();
                let mut at = 1;
                while at < bytes.len() {
                    match bytes[at] {
                        b'\\' if double => at += 2,
                        b'\'' if !double && bytes.get(at + 1) == Some(&b'\'') => at += 2,
                        byte if byte == quote => return start + at + 1,
                        _ => at += 1,
                    }
                }
                end
            }
            ScalarStyle::Literal | ScalarStyle::Folded => start + written.trim_end().len(),
            ScalarStyle::Plain => end,
        }
    }

    fn scalar(&self, text: &str, style: ScalarStyle, span: Span, is_string: bool) -> Value {
        let written = self.text.get(span.start..span.end).unwrap_or_default();
        let masked = self.readable.get(span.start..span.end).is_some_and(|readable| readable != written);
        match style {
            ScalarStyle::Plain if masked => Value::Placeholder(written.to_owned()),
            ScalarStyle::Plain if is_string => Value::String(text.to_owned()),
            ScalarStyle::Plain => plain(text),
            // What was masked inside of quotes is given as it is written.
            _ if masked => Value::String(written.trim_matches(['"', '\'']).to_owned()),
            _ => Value::String(text.to_owned()),
        }
    }

    fn open(
        &mut self,
        open: Open,
        start: usize,
        end: usize,
        bracket: &str,
        properties: Properties,
    ) -> Result<(), SyntaxError> {
        if self.frames.len() >= MAX_DEPTH {
            return Err(error(start, too_deep()));
        }
        let weight_before = self.weight;
        self.weigh(1, start)?;
        // The event of a block that a tag or an anchor announces ends before the block's first part.
        let start = self.after_properties(start, end.max(start + 1)).max(start);
        let flow = self.readable[start..].starts_with(bracket);
        self.frames.push(Frame { open, start, end: start, flow, properties, weight_before });
        Ok(())
    }

    /// Closes the innermost collection; `at` is where its closing bracket is, if it has one.
    fn close(&mut self, at: usize) -> Result<(), SyntaxError> {
        let Some(frame) = self.frames.pop() else { return Ok(()) };
        let span = Span {
            start: frame.start,
            end: if frame.flow { self.after_bracket(at) } else { frame.end }.max(frame.start),
        };
        let value = match frame.open {
            Open::Seq(items) => Value::Seq(items),
            Open::Map { entries, odd_key, .. } => {
                let written = self.text.get(span.start..span.end).unwrap_or_default();
                if odd_key && written.starts_with("{{") && written.ends_with("}}") {
                    Value::Placeholder(written.to_owned())
                } else {
                    Value::Map(merged(entries))
                }
            }
        };
        self.add(Node { span, value }, frame.properties, frame.weight_before)
    }

    /// Puts a node where it belongs, and by its anchor's name.
    fn add(&mut self, node: Node, properties: Properties, weight_before: usize) -> Result<(), SyntaxError> {
        let end = node.span.end;
        let node = match properties.tag {
            Some((tag, start)) => {
                Node { span: Span { start, end }, value: Value::Tagged(tag, Box::new(node)) }
            }
            None => node,
        };
        if properties.anchor > 0 {
            let weight = self.weight - weight_before;
            self.weigh(weight, node.span.start)?;
            self.anchors.insert(properties.anchor, (node.clone(), weight));
        }
        self.put(node, end);
        Ok(())
    }

    /// Puts a node where it belongs; `end` is where it ends here, which is not where an alias's own text ends.
    fn put(&mut self, mut node: Node, end: usize) {
        let Some(frame) = self.frames.last_mut() else {
            self.documents.push(node);
            return;
        };
        match &mut frame.open {
            Open::Seq(items) => items.push(node),
            Open::Map { key: key @ None, odd_key, .. } => {
                let text = match &node.value {
                    Value::Null => Some(String::new()),
                    Value::Placeholder(mark) => Some(mark.clone()),
                    _ => node.scalar().map(str::to_owned),
                };
                *odd_key |= text.is_none();
                *key = Some((text.unwrap_or_default(), node.span));
            }
            Open::Map { entries, key, .. } => {
                let (key, key_span) = key.take().unwrap_or_else(|| (String::new(), node.span));
                if node.value == Value::Null && node.span.start == node.span.end {
                    // A value left out: after the colon.
                    let after = key_span.end + usize::from(self.readable[key_span.end..].starts_with(':'));
                    node.span = Span { start: after, end: after };
                    frame.end = frame.end.max(after);
                    entries.push(Entry { key, key_span, value: node });
                    return;
                }
                entries.push(Entry { key, key_span, value: node });
            }
        }
        frame.end = frame.end.max(end);
    }
}

fn error(offset: usize, message: impl Into<String>) -> SyntaxError {
    SyntaxError { offset, message: message.into(), hint: None }
}

fn too_deep() -> String {
    format!("{LIMIT}nested more than {MAX_DEPTH} levels deep")
}

fn is_str(tag: &saphyr_parser::Tag) -> bool {
    tag.is_yaml_core_schema() && tag.suffix == "str"
}

/// A tag as it is written, with where it begins; none for YAML's own, which only name types.
fn named(tag: &saphyr_parser::Tag, start: usize) -> Option<(String, usize)> {
    (!tag.is_yaml_core_schema()).then(|| (format!("{}{}", tag.handle, tag.suffix), start))
}

/// A scalar without quotes, by YAML's core schema.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ if is_number(text) => Value::Number(text.to_owned()),
        _ => Value::String(text.to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    !(whole.is_empty() && fraction.is_empty()) && digits(whole) && digits(fraction)
}

/// Entries with those of `<<` before them, so that what is written beside a merge wins over it.
fn merged(entries: Vec<Entry>) -> Vec<Entry> {
    if entries.iter().all(|entry| entry.key != "<<") {
        return entries;
    }
    let mut all = Vec::new();
    let mut own = Vec::new();
    for entry in entries {
        match entry.value.value {
            Value::Map(merged) if entry.key == "<<" => all.extend(merged),
            // Of several, the first wins.
            Value::Seq(maps) if entry.key == "<<" => {
                for map in maps.into_iter().rev() {
                    if let Value::Map(merged) = map.value {
                        all.extend(merged);
                    }
                }
            }
            value => own.push(Entry { value: Node { value, ..entry.value }, ..entry }),
        }
    }
    all.extend(own);
    all
}

#[cfg(test)]
mod tests;
