//! [`Fields`]: settings out of the maps of a document.
//!
//! What cannot be read but has bearing on size or price is an error with its place, and the setting is then
//! unresolved; what has none is passed over.

use std::{borrow::Cow, cell::RefCell};

use super::{
    Place, Refused, Setting, Span, TemplateError,
    document::{Node, SourceText, SyntaxError, Value},
    resolve::{Resolve, Resolved, Written, has_placeholder, shown},
};
use crate::workload::SizeTextError;

pub struct Fields<'a> {
    pub source: &'a SourceText,
    pub resolver: &'a dyn Resolve,
    pub errors: RefCell<&'a mut Vec<TemplateError>>,
    /// What ECS refuses, of the task that is being read.
    pub refused: RefCell<Vec<Refused>>,
}

/// A scalar as text, with where it is written.
pub struct Text<'a> {
    pub value: Cow<'a, str>,
    pub at: Written,
    pub used_at: Option<Span>,
}

/// What a map has under a key, where only a scalar makes sense.
pub enum Found<'a> {
    Absent,
    Text(Text<'a>),
    /// It is there, and is no scalar.
    Other {
        kind: &'static str,
        at: Written,
    },
    Unresolved {
        why: String,
        at: Span,
    },
}

impl<'a> Fields<'a> {
    pub fn new(
        source: &'a SourceText,
        resolver: &'a dyn Resolve,
        errors: &'a mut Vec<TemplateError>,
    ) -> Self {
        Self { source, resolver, errors: RefCell::new(errors), refused: RefCell::default() }
    }

    /// Reports what is wrong at a place.
    pub fn refuse(&self, at: &Written, message: String, hint: Option<&'static str>) {
        let error = match at {
            Written::Here(span) => self.source.error(SyntaxError { offset: span.start, message, hint }),
            Written::There(place) => TemplateError {
                path: place.path.clone(),
                line: place.line,
                column: place.column,
                message,
                hint: hint.map(str::to_owned),
            },
        };
        self.errors.borrow_mut().push(error);
    }

    /// What a map has under a key, references followed; nothing for null and what is as if it were not there.
    pub fn get<'n>(&'n self, map: &'n Node, key: &str) -> Option<Resolved<'n>> {
        let Some(node) = map.get(key) else {
            // What a macro puts in is known to CloudFormation alone.
            return map.get("Fn::Transform").map(|transform| Resolved::Unresolved {
                why: format!("Fn::Transform may give {key}"),
                at: transform.span,
            });
        };
        match self.resolver.resolve(node) {
            Resolved::NoValue => None,
            Resolved::Known { node, .. } if node.value == Value::Null => None,
            resolved => Some(resolved),
        }
    }

    pub fn found<'n>(&'n self, map: &'n Node, key: &str) -> Found<'n> {
        self.get(map, key).map_or(Found::Absent, found)
    }

    /// A size, which `parse` reads; `path` names it in messages.
    pub fn size<T>(
        &self,
        map: &Node,
        key: &str,
        path: &str,
        parse: fn(&str) -> Result<T, SizeTextError>,
    ) -> Setting<T> {
        self.size_or(map, key, parse, &|why, at, _| self.refuse(at, format!("{path}{key}: {why}"), None))
    }

    /// As [`Self::size`], of what ECS reads just so: another text is no error of the file, but one of the task.
    pub fn ecs_size<T>(
        &self,
        map: &Node,
        key: &str,
        path: &str,
        parse: fn(&str) -> Result<T, SizeTextError>,
    ) -> Setting<T> {
        self.size_or(map, key, parse, &|why, at, used_at| {
            let used_at = used_at.map(|span| self.source.place(span));
            self.ecs_refuses(format!("{path}{key}"), why.to_owned(), at.place(self.source), used_at);
        })
    }

    pub fn ecs_refuses(&self, setting: String, why: String, at: Place, used_at: Option<Place>) {
        self.refused.borrow_mut().push(Refused { setting, why, at, used_at });
    }

    /// A size; `wrong` is told what is none, where it is written, and what refers to it.
    fn size_or<T>(
        &self,
        map: &Node,
        key: &str,
        parse: fn(&str) -> Result<T, SizeTextError>,
        wrong: &dyn Fn(&str, &Written, Option<Span>),
    ) -> Setting<T> {
        match self.found(map, key) {
            Found::Absent => Setting::Absent,
            Found::Text(text) if text.value.trim().is_empty() => Setting::Absent,
            Found::Text(text) => match parse(&text.value) {
                Ok(value) => Setting::Known {
                    value,
                    at: text.at.place(self.source),
                    used_at: text.used_at.map(|span| self.source.place(span)),
                },
                Err(error) => {
                    if !matches!(error, SizeTextError::Placeholder { .. }) {
                        wrong(&error.to_string(), &text.at, text.used_at);
                    }
                    let at = text
                        .used_at
                        .map_or_else(|| text.at.place(self.source), |span| self.source.place(span));
                    Setting::Unresolved { why: error.to_string(), at }
                }
            },
            Found::Other { kind, at } => {
                let why = format!("must be a number, not {kind}");
                wrong(&why, &at, None);
                Setting::Unresolved { why, at: at.place(self.source) }
            }
            Found::Unresolved { why, at } => Setting::Unresolved { why, at: self.source.place(at) },
        }
    }

    /// A text such as a name; one with a placeholder in it is unresolved.
    pub fn text(&self, map: &Node, key: &str) -> Setting<String> {
        match self.found(map, key) {
            Found::Absent | Found::Other { .. } => Setting::Absent,
            Found::Text(text) if text.value.is_empty() => Setting::Absent,
            Found::Text(text) if has_placeholder(&text.value) => Setting::Unresolved {
                why: format!("the placeholder in {} is filled in elsewhere", shown(&text.value)),
                at: text.at.place(self.source),
            },
            Found::Text(text) => Setting::Known {
                value: text.value.into_owned(),
                at: text.at.place(self.source),
                used_at: text.used_at.map(|span| self.source.place(span)),
            },
            Found::Unresolved { why, at } => Setting::Unresolved { why, at: self.source.place(at) },
        }
    }

    /// True or false, where that is known.
    pub fn flag(&self, map: &Node, key: &str) -> Option<bool> {
        match self.found(map, key) {
            Found::Text(text) => match text.value.to_ascii_lowercase().as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            },
            Found::Absent | Found::Other { .. } | Found::Unresolved { .. } => None,
        }
    }

    /// The items of a list, or the one thing that stands in the list's place; those that are not known left out.
    pub fn list<'n>(&'n self, map: &'n Node, key: &str) -> Vec<Resolved<'n>> {
        match self.get(map, key) {
            Some(Resolved::Known { node, at, used_at }) => self.items(node, &at, used_at),
            Some(Resolved::Unresolved { .. } | Resolved::NoValue) | None => Vec::new(),
        }
    }

    fn items<'n>(&'n self, node: Cow<'n, Node>, at: &Written, used_at: Option<Span>) -> Vec<Resolved<'n>> {
        match node {
            Cow::Borrowed(Node { value: Value::Seq(items), .. }) => {
                items.iter().map(|item| self.resolver.resolve(item)).collect()
            }
            // Put together by a function: its items are texts.
            Cow::Owned(Node { value: Value::Seq(items), .. }) => items
                .into_iter()
                .map(|item| Resolved::Known { node: Cow::Owned(item), at: at.clone(), used_at })
                .collect(),
            node => vec![Resolved::Known { node, at: at.clone(), used_at }],
        }
    }

    /// The texts of a list, or the text that stands in its place.
    pub fn texts<'n>(&'n self, map: &'n Node, key: &str) -> Vec<Text<'n>> {
        self.list(map, key).into_iter().filter_map(|item| as_text(found(item))).collect()
    }

    /// The maps of a list, where they are in the document.
    pub fn maps<'n>(&'n self, map: &'n Node, key: &str) -> Vec<&'n Node> {
        self.list(map, key)
            .into_iter()
            .filter_map(|item| match item {
                Resolved::Known { node: Cow::Borrowed(node @ Node { value: Value::Map(_), .. }), .. } => {
                    Some(node)
                }
                _ => None,
            })
            .collect()
    }

    /// The map under a key, where it is in the document.
    pub fn map<'n>(&'n self, map: &'n Node, key: &str) -> Option<&'n Node> {
        match self.get(map, key)? {
            Resolved::Known { node: Cow::Borrowed(node @ Node { value: Value::Map(_), .. }), .. } => {
                Some(node)
            }
            _ => None,
        }
    }
}

/// What a node says where only a scalar makes sense.
pub fn found(resolved: Resolved<'_>) -> Found<'_> {
    match resolved {
        Resolved::NoValue => Found::Absent,
        Resolved::Unresolved { why, at } => Found::Unresolved { why, at },
        Resolved::Known { node, at, used_at } => {
            let text = match node {
                Cow::Borrowed(node) => node.scalar().map(Cow::Borrowed),
                Cow::Owned(ref node) => node.scalar().map(|text| Cow::Owned(text.to_owned())),
            };
            match text {
                Some(text) => Found::Text(Text { value: text, at, used_at }),
                None if node.value == Value::Null => Found::Absent,
                None => Found::Other { kind: node.kind(), at },
            }
        }
    }
}

pub fn as_text(found: Found<'_>) -> Option<Text<'_>> {
    match found {
        Found::Text(text) => Some(text),
        Found::Absent | Found::Other { .. } | Found::Unresolved { .. } => None,
    }
}
