//! [`Value`]: what an expression gives, as far as the files tell, with where it is written.
//!
//! Collections are shared, and bounded in depth and in number, so that neither copying nor dropping one can cost
//! more than reading it did.

use std::sync::Arc;

use rust_decimal::Decimal;

use super::super::{Place, Span};

/// Levels that collections may be nested.
const MAX_DEPTH: usize = 100;
/// Items that a collection may have.
pub const MAX_ITEMS: usize = 10_000;
/// Bytes that a key may have: unlike texts, keys are copied with their map. Labels of containers are among the longest.
const MAX_KEY_BYTES: usize = 1024;

/// Why something is not known.
pub type Why = Arc<str>;

#[derive(Debug, Clone)]
pub struct Value {
    pub kind: Kind,
    /// The literal that says it; where it is put together, the expression that does so.
    pub at: Spot,
    /// The outermost expression that refers to it, where `at` is not within that.
    pub used_at: Option<FileSpan>,
}

#[derive(Debug, Clone)]
pub enum Kind {
    Null,
    Bool(bool),
    Number(Decimal),
    Text(Text),
    /// A text that is the JSON of a value.
    Json(Arc<Value>),
    List(List),
    Map(Map),
    Unknown(Why),
    /// What Terraform refuses, such as a key that a map does not have: `try` and `lookup` go on from there.
    Refused(Why),
}

/// Bytes of one of the files read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileSpan {
    pub file: usize,
    pub span: Span,
}

impl FileSpan {
    pub fn contains(self, other: Self) -> bool {
        self.file == other.file && self.span.start <= other.span.start && other.span.end <= self.span.end
    }
}

#[derive(Debug, Clone)]
pub enum Spot {
    Here(FileSpan),
    /// In a file of parameters.
    Given(Place),
    /// On the command line.
    Nowhere,
}

/// A text, some of which may not be known.
#[derive(Debug, Clone)]
pub struct Text {
    /// With a mark in the place of what is not known.
    pub content: Arc<str>,
    /// What it consists of, where that may be of interest: texts that could be JSON.
    pub pieces: Arc<[Piece]>,
    /// Why some of it is not known.
    pub unknown: Option<Why>,
    depth: usize,
}

#[derive(Debug, Clone)]
pub struct Piece {
    /// Of the text.
    pub range: Span,
    pub written: FileSpan,
    pub content: Content,
}

#[derive(Debug, Clone)]
pub enum Content {
    /// Byte by byte as written.
    Verbatim,
    /// An escape.
    Escape,
    /// What an interpolation gives.
    Given(Value),
}

impl Text {
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self { content: text.into(), pieces: Arc::from([]), unknown: None, depth: 0 }
    }

    /// One that is put together.
    pub fn of(content: String, pieces: Vec<Piece>, unknown: Option<Why>) -> Self {
        let within = pieces.iter().map(|piece| match &piece.content {
            Content::Given(value) => value.kind.depth() + 1,
            Content::Verbatim | Content::Escape => 0,
        });
        let depth = within.max().unwrap_or_default();
        Self { content: Arc::from(content), pieces: Arc::from(pieces), unknown, depth }
    }
}

#[derive(Debug, Clone)]
pub struct List {
    pub items: Arc<Vec<Value>>,
    /// Why there may be further items, anywhere among them.
    pub open: Option<Why>,
    depth: usize,
}

#[derive(Debug, Clone)]
pub struct Map {
    pub entries: Arc<Vec<(String, Value)>>,
    /// Why there may be further entries.
    pub open: Option<Why>,
    depth: usize,
}

impl Map {
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entries.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

impl Kind {
    pub fn unknown(why: impl Into<Why>) -> Self {
        Self::Unknown(why.into())
    }

    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(Text::new(text))
    }

    pub fn list(items: Vec<Value>, open: Option<Why>) -> Self {
        match bounded(&items, |item| item) {
            Ok(depth) => Self::List(List { items: Arc::new(items), open, depth }),
            Err(why) => Self::unknown(why),
        }
    }

    pub fn map(entries: Vec<(String, Value)>, open: Option<Why>) -> Self {
        if entries.iter().any(|(key, _)| key.len() > MAX_KEY_BYTES) {
            return Self::unknown(format!("a key has more than {MAX_KEY_BYTES} bytes"));
        }
        match bounded(&entries, |(_, value)| value) {
            Ok(depth) => Self::Map(Map { entries: Arc::new(entries), open, depth }),
            Err(why) => Self::unknown(why),
        }
    }

    fn depth(&self) -> usize {
        match self {
            Self::List(list) => list.depth,
            Self::Map(map) => map.depth,
            Self::Json(value) => value.kind.depth() + 1,
            Self::Text(text) => text.depth,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Unknown(_) | Self::Refused(_) => 0,
        }
    }

    /// As itself, unless it is nested too deeply.
    pub fn shallow(self) -> Self {
        if self.depth() > MAX_DEPTH { Self::unknown(too_deep()) } else { self }
    }

    /// What it is, for messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::Text(_) | Self::Json(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Unknown(_) | Self::Refused(_) => "not known",
        }
    }
}

fn too_deep() -> String {
    format!("it is nested more than {MAX_DEPTH} levels deep")
}

fn bounded<T>(items: &[T], value: impl Fn(&T) -> &Value) -> Result<usize, String> {
    if items.len() > MAX_ITEMS {
        return Err(format!("it has more than {MAX_ITEMS} items"));
    }
    let depth = items.iter().map(|item| value(item).kind.depth()).max().unwrap_or_default() + 1;
    if depth > MAX_DEPTH { Err(too_deep()) } else { Ok(depth) }
}

impl Value {
    pub fn new(kind: Kind, at: FileSpan) -> Self {
        Self { kind, at: Spot::Here(at), used_at: None }
    }

    pub fn unknown(why: impl Into<Why>, at: FileSpan) -> Self {
        Self::new(Kind::unknown(why), at)
    }

    /// As what an expression gives.
    pub fn seen_from(mut self, expression: FileSpan) -> Self {
        let within = matches!(self.at, Spot::Here(at) if expression.contains(at));
        self.used_at = (!within).then_some(expression);
        self
    }

    /// Why it is not known, if so.
    pub fn why(&self) -> Option<&Why> {
        match &self.kind {
            Kind::Unknown(why) | Kind::Refused(why) => Some(why),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// The text that a scalar turns into, or why there is none.
    pub fn as_text(&self) -> Result<Arc<str>, Why> {
        match &self.kind {
            Kind::Text(text) => match &text.unknown {
                Some(why) => Err(Arc::clone(why)),
                None => Ok(Arc::clone(&text.content)),
            },
            Kind::Number(number) => Ok(Arc::from(number.normalize().to_string())),
            Kind::Bool(value) => Ok(Arc::from(if *value { "true" } else { "false" })),
            Kind::Unknown(why) | Kind::Refused(why) => Err(Arc::clone(why)),
            Kind::Json(_) => Err(Arc::from("a text of JSON stands where a plain one is needed")),
            Kind::Null | Kind::List(_) | Kind::Map(_) => {
                Err(Arc::from(format!("{} stands where a text is needed", self.kind.name())))
            }
        }
    }

    pub fn as_number(&self) -> Result<Decimal, Why> {
        match &self.kind {
            Kind::Number(number) => Ok(*number),
            Kind::Text(_) => {
                let text = self.as_text()?;
                number(&text).ok_or_else(|| Arc::from("a text stands where a number is needed"))
            }
            Kind::Unknown(why) | Kind::Refused(why) => Err(Arc::clone(why)),
            _ => Err(Arc::from(format!("{} stands where a number is needed", self.kind.name()))),
        }
    }

    pub fn as_bool(&self) -> Result<bool, Why> {
        match &self.kind {
            Kind::Bool(value) => Ok(*value),
            Kind::Text(_) => match &*self.as_text()? {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(Arc::from("a text stands where true or false is needed")),
            },
            Kind::Unknown(why) | Kind::Refused(why) => Err(Arc::clone(why)),
            _ => Err(Arc::from(format!("{} stands where true or false is needed", self.kind.name()))),
        }
    }

    /// A list's items, all of which are known to be there.
    pub fn as_list(&self) -> Result<&[Self], Why> {
        match &self.kind {
            Kind::List(List { open: Some(why), .. }) | Kind::Unknown(why) | Kind::Refused(why) => {
                Err(Arc::clone(why))
            }
            Kind::List(list) => Ok(&list.items),
            _ => Err(Arc::from(format!("{} stands where a list is needed", self.kind.name()))),
        }
    }
}

pub fn number(text: &str) -> Option<Decimal> {
    text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
}
