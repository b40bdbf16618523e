//! JSON to [`Node`]s, as it is found in repositories.
//!
//! Takes a text; gives a tree with spans. Comments, directives of template languages (`{% if %}`, `{{ end }}`,
//! `%{ if }`) and placeholders outside of quotes (`${cpu}`, `{{ cpu }}`, `<CPU>`) do not stop it. What the text
//! as it stands would be refused for elsewhere, though it can be read (a comma too many, something after the
//! end), is given beside the tree. Hand-written, since no reader of JSON knows placeholders, and telling where one
//! may stand is most of reading JSON.

use memchr::memmem;

use super::{
    Span,
    document::{Entry, MAX_DEPTH, MAX_NODES, Node, SourceText, SyntaxError, Value},
};

/// A JSON text.
#[derive(Debug, Clone, PartialEq)]
pub struct Json {
    pub root: Node,
    /// What is wrong with the text even so, first the first.
    pub defects: Vec<SyntaxError>,
}

/// Words of template languages that steer rather than give a value.
const DIRECTIVES: [&str; 14] = [
    "if", "else", "elif", "elsif", "end", "endif", "for", "endfor", "range", "with", "define", "block",
    "unless", "set",
];
/// Bytes that a placeholder may have.
const MARK_BYTES: usize = 1024;
const PLACEHOLDER_HINT: &str = "a placeholder outside of quotes must be filled in first";
const DOTS_HINT: &str = "dots stand for something left out; put it in";
const QUOTES_HINT: &str = "strings stand in double quotes";

/// Reads a text.
pub fn read(source: &SourceText) -> Result<Json, SyntaxError> {
    let mut reader = Reader { text: &source.text, at: source.start(), nodes: 0, defects: Vec::new() };
    let root = reader.value(0)?;
    reader.skip();
    if reader.at < reader.text.len() {
        let error = reader.error(
            "something stands after the end of the JSON",
            Some("remove it, or what opens too little or closes too early"),
        );
        reader.defects.push(error);
    }
    Ok(Json { root, defects: reader.defects })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    nodes: usize,
    defects: Vec<SyntaxError>,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error(&self, message: impl Into<String>, hint: Option<&'static str>) -> SyntaxError {
        SyntaxError { offset: self.at, message: message.into(), hint }
    }

    /// Passes over blanks, comments and directives.
    fn skip(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\t', '\n', '\r']);
            self.at += rest.len() - trimmed.len();
            let length =
                if trimmed.starts_with("//") || (trimmed.starts_with('#') && !trimmed.starts_with("#{")) {
                    trimmed.find('\n').unwrap_or(trimmed.len())
                } else if trimmed.starts_with("/*") {
                    up_to(trimmed, "*/")
                } else if trimmed.starts_with("{%") {
                    up_to(trimmed, "%}")
                } else if trimmed.starts_with("<%") && !trimmed.starts_with("<%=") {
                    up_to(trimmed, "%>")
                } else if trimmed.starts_with("{#") {
                    up_to(trimmed, "#}")
                } else if trimmed.starts_with("%{") {
                    up_to(trimmed, "}")
                } else if is_directive(trimmed) {
                    up_to(trimmed, "}}")
                } else {
                    0
                };
            if length == 0 {
                return;
            }
            self.at += length;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, SyntaxError> {
        self.skip();
        if depth > MAX_DEPTH {
            return Err(self.error(format!("nested more than {MAX_DEPTH} levels deep"), None));
        }
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.error(format!("more than {MAX_NODES} values"), None));
        }
        let start = self.at;
        let value = match self.peek() {
            None => return Err(self.ended()),
            Some(b'"') => Value::String(self.string()?),
            Some(b'{') if !self.rest().starts_with("{{") => self.map(depth)?,
            Some(b'[') => self.list(depth)?,
            _ => self.bare()?,
        };
        Ok(Node { span: Span { start, end: self.at }, value })
    }

    fn ended(&self) -> SyntaxError {
        self.error("the text ends where a value is expected", Some("close what is open, or put the rest in"))
    }

    fn map(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let open = self.at;
        self.at += 1;
        let mut entries = Vec::new();
        let mut comma = None;
        loop {
            self.skip();
            match self.peek() {
                None => return Err(self.never_closed(open)),
                Some(b'}') => {
                    self.trailing(comma);
                    self.at += 1;
                    return Ok(Value::Map(entries));
                }
                Some(b',') if comma.is_none() && !entries.is_empty() => {
                    comma = Some(self.at);
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            let key_start = self.at;
            let key = match self.peek() {
                Some(b'"') => self.string()?,
                _ => match self.placeholder() {
                    Some(mark) => {
                        // One that gives whole entries stands alone.
                        self.skip();
                        if self.peek() != Some(b':') {
                            comma = None;
                            continue;
                        }
                        mark
                    }
                    None => return Err(self.unexpected("a key in double quotes, or } is expected")),
                },
            };
            if comma.is_none() && !entries.is_empty() {
                self.at = key_start;
                return Err(self.error("a comma is missing before this key", None));
            }
            let key_span = Span { start: key_start, end: self.at };
            self.skip();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("a colon is expected after the key"));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            entries.push(Entry { key, key_span, value });
            comma = None;
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, SyntaxError> {
        let open = self.at;
        self.at += 1;
        let mut items: Vec<Node> = Vec::new();
        let mut comma = None;
        loop {
            self.skip();
            match self.peek() {
                None => return Err(self.never_closed(open)),
                Some(b']') => {
                    self.trailing(comma);
                    self.at += 1;
                    return Ok(Value::Seq(items));
                }
                Some(b',') if comma.is_none() && !items.is_empty() => {
                    comma = Some(self.at);
                    self.at += 1;
                    continue;
                }
                _ => {}
            }
            // One that gives whole items stands beside them, with or without commas.
            let beside_placeholder = matches!(items.last(), Some(Node { value: Value::Placeholder(_), .. }));
            if comma.is_none() && !items.is_empty() && !beside_placeholder {
                return Err(self.unexpected("a comma or ] is expected after the item"));
            }
            items.push(self.value(depth + 1)?);
            comma = None;
        }
    }

    fn trailing(&mut self, comma: Option<usize>) {
        if let Some(offset) = comma {
            self.defects.push(SyntaxError {
                offset,
                message: "a comma stands before the closing bracket".to_owned(),
                hint: Some("JSON has none there; remove it"),
            });
        }
    }

    fn never_closed(&self, open: usize) -> SyntaxError {
        let bracket = self.text.get(open..=open).unwrap_or_default();
        SyntaxError {
            offset: open,
            message: format!("this {bracket} is never closed"),
            hint: Some("close it, or put the rest of the text in"),
        }
    }

    /// A number, a word, or a placeholder.
    fn bare(&mut self) -> Result<Value, SyntaxError> {
        if let Some(mark) = self.placeholder() {
            return Ok(Value::Placeholder(mark));
        }
        let rest = self.rest();
        let end = rest
            .find(|c: char| c.is_whitespace() || matches!(c, ',' | '}' | ']' | ':' | '"' | '{' | '['))
            .unwrap_or(rest.len());
        let word = &rest[..end];
        let value = match word {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            word if is_number(word) => Value::Number(word.to_owned()),
            _ => return Err(self.unexpected("a value is expected")),
        };
        self.at += end;
        Ok(value)
    }

    /// A mark that is filled in later, up to where a value could end.
    fn placeholder(&mut self) -> Option<String> {
        let rest = self.rest();
        let mut length = mark_length(rest)?;
        // Such as `${a}${b}` and `<CPU>-x`.
        while let Some(c) = rest.get(length..)?.chars().next() {
            if c.is_whitespace() || matches!(c, ',' | '}' | ']' | ':' | '"' | '/') {
                break;
            }
            length += mark_length(&rest[length..]).unwrap_or(c.len_utf8());
        }
        self.at += length;
        Some(rest[..length].to_owned())
    }

    /// What stands here instead of what is expected, with what a person most likely did.
    fn unexpected(&self, expected: &'static str) -> SyntaxError {
        let rest = self.rest();
        let hint = if rest.is_empty() {
            return self.error(format!("the text ends; {expected}"), None);
        } else if rest.starts_with("..") || rest.starts_with('…') {
            Some(DOTS_HINT)
        } else if rest.starts_with(['<', '$', '%', '@']) || rest.starts_with("{{") || rest.starts_with("__") {
            Some(PLACEHOLDER_HINT)
        } else if rest.starts_with(['\'', '`', '“', '”']) || rest.starts_with(char::is_alphabetic) {
            Some(QUOTES_HINT)
        } else {
            None
        };
        self.error(expected, hint)
    }

    /// The string that begins here, without its escapes.
    fn string(&mut self) -> Result<String, SyntaxError> {
        let open = self.at;
        let bytes = self.text.as_bytes();
        let mut at = open + 1;
        let mut escaped = false;
        loop {
            match bytes.get(at) {
                None | Some(b'\n' | b'\r') => {
                    return Err(SyntaxError {
                        offset: open,
                        message: "this string is not closed on its line".to_owned(),
                        hint: Some("put the closing quote in; a line break inside of a string is \\n"),
                    });
                }
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    at += 2;
                }
                Some(0..0x20) => {
                    return Err(SyntaxError {
                        offset: at,
                        message: "a control character stands in a string".to_owned(),
                        hint: Some("write a tab as \\t"),
                    });
                }
                Some(_) => at += 1,
            }
        }
        let raw = self.text.get(open + 1..at).unwrap_or_default();
        self.at = at + 1;
        if escaped { unescape(raw, open + 1) } else { Ok(raw.to_owned()) }
    }
}

/// The length of a text up to and with its closing mark; 0 if it has none.
fn up_to(text: &str, close: &str) -> usize {
    memmem::find(text.as_bytes(), close.as_bytes()).map_or(0, |at| at + close.len())
}

/// Whether `{{ … }}` steers.
fn is_directive(text: &str) -> bool {
    let Some(inner) = text.strip_prefix("{{") else { return false };
    let inner = inner.trim_start_matches(['-', '~']).trim_start();
    if inner.starts_with("/*") || inner.starts_with(['!', '#', '/']) {
        return true;
    }
    let word = inner.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
    DIRECTIVES.contains(&word)
}

/// The length of the placeholder that a text begins with.
fn mark_length(text: &str) -> Option<usize> {
    let near = text.get(..text.floor_char_boundary(MARK_BYTES)).unwrap_or_default();
    let line = near.split('\n').next().unwrap_or_default();
    let closed = |open: &str, close: &str| {
        let inner = line.get(open.len()..)?;
        Some(open.len() + inner.find(close)? + close.len())
    };
    let named = |prefix: &str| {
        let name = line.get(prefix.len()..)?;
        let length = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
        (length > 0).then_some(prefix.len() + length)
    };
    if line.starts_with("{{") {
        closed("{{", "}}")
    } else if line.starts_with("${") {
        closed("${", "}")
    } else if line.starts_with("#{") {
        closed("#{", "}")
    } else if line.starts_with("<%") {
        closed("<%", "%>")
    } else if line.starts_with('<') {
        closed("<", ">")
    } else if line.starts_with('%') {
        closed("%", "%")
    } else if line.starts_with('@') {
        closed("@", "@")
    } else if line.starts_with('$') {
        named("$")
    } else if line.starts_with("__") {
        named("__")
    } else {
        None
    }
}

/// Whether a word is a JSON number.
fn is_number(word: &str) -> bool {
    let unsigned = word.strip_prefix('-').unwrap_or(word);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}

/// A string's content without its escapes; `offset` is where it stands.
fn unescape(raw: &str, offset: usize) -> Result<String, SyntaxError> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let wrong = || SyntaxError {
            offset: offset + (raw.len() - escape.len()) - 1,
            message: "not an escape that JSON has".to_owned(),
            hint: Some("write a backslash as \\\\"),
        };
        let character = escape.chars().next().ok_or_else(wrong)?;
        rest = &escape[character.len_utf8()..];
        text.push(match character {
            '"' | '\\' | '/' => character,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let unit = hex(rest).ok_or_else(wrong)?;
                rest = &rest[4..];
                // A pair of surrogates is one character; one alone is none.
                let low = rest.strip_prefix("\\u").and_then(hex).filter(|low| (0xdc00..0xe000).contains(low));
                match low {
                    Some(low) if (0xd800..0xdc00).contains(&unit) => {
                        rest = &rest[6..];
                        let code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                    }
                    _ => char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER),
                }
            }
            _ => return Err(wrong()),
        });
    }
    text.push_str(rest);
    Ok(text)
}

/// Four hexadecimal digits.
fn hex(text: &str) -> Option<u32> {
    let digits = text.get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests;
