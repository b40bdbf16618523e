//! [`Resolve`]: from what stands in a place to what it says there.

use std::borrow::Cow;

use super::{
    Place, Span,
    document::{Node, SourceText, Value},
};

/// What a node says once references are followed.
#[derive(Debug, Clone)]
pub enum Resolved<'a> {
    Known {
        node: Cow<'a, Node>,
        /// The literal that says it; where none does (it is put together, or given from outside), what stands there.
        at: Written,
        /// What stands in its place where it refers elsewhere.
        used_at: Option<Span>,
    },
    /// As if it were not there.
    NoValue,
    Unresolved {
        why: String,
        at: Span,
    },
}

/// Where something is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// In the same file.
    Here(Span),
    /// In another.
    There(Place),
}

impl Written {
    pub fn place(&self, source: &SourceText) -> Place {
        match self {
            Self::Here(span) => source.place(*span),
            Self::There(place) => place.clone(),
        }
    }
}

pub trait Resolve {
    fn resolve<'a>(&'a self, node: &'a Node) -> Resolved<'a>;
}

/// Where nothing refers to anything.
#[derive(Debug, Clone, Copy)]
pub struct Literal;

impl Resolve for Literal {
    fn resolve<'a>(&'a self, node: &'a Node) -> Resolved<'a> {
        literal(node)
    }
}

/// A node that is what it says; a placeholder and a tag say nothing yet.
pub fn literal(node: &Node) -> Resolved<'_> {
    match &node.value {
        Value::Placeholder(mark) => Resolved::Unresolved {
            why: format!("the placeholder {} is filled in elsewhere", shown(mark)),
            at: node.span,
        },
        Value::Tagged(tag, _) => Resolved::Unresolved {
            why: format!("what {} gives is not known here", shown(tag)),
            at: node.span,
        },
        _ => Resolved::Known { node: Cow::Borrowed(node), at: Written::Here(node.span), used_at: None },
    }
}

/// A name or mark for a message: on one line, and not the whole file.
pub fn shown(text: &str) -> String {
    let mut shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(60).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// Whether a text has something in it that is filled in before it is used: `${NAME}`, `{{ name }}`, `<NAME>`.
pub fn has_placeholder(text: &str) -> bool {
    ["${", "{{", "<%", "{%"].iter().any(|mark| text.contains(mark))
        || text.split_once('<').is_some_and(|(_, rest)| rest.contains('>'))
}
