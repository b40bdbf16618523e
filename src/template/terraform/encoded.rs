//! JSON in texts of Terraform.

use super::{
    super::{
        Span,
        document::{Node, SourceText, Value as Written},
        json,
    },
    module::number_kind,
    value::{Content, FileSpan, Kind, Spot, Text, Value, Why},
};

/// What is wrong with a text of JSON, and where.
#[derive(Debug, Clone)]
pub struct Defect {
    pub message: String,
    pub at: FileSpan,
}

/// Where a part of a text comes from: the literal, what refers to it, and why it is not known.
pub type Located = (Spot, Option<FileSpan>, Option<Value>);

/// The value that a text is the JSON of; `at` is the text's own place. A defect that leaves the value readable is
/// given beside it.
pub fn decode(text: &Text, at: FileSpan) -> Result<(Value, Option<Defect>), Defect> {
    let source = SourceText::from_text(std::sync::Arc::default(), &text.content);
    let defect = |error: super::super::document::SyntaxError| Defect {
        message: match error.hint {
            Some(hint) => format!("not valid JSON: {} ({hint})", error.message),
            None => format!("not valid JSON: {}", error.message),
        },
        at: origin(
            text,
            Span { start: error.offset, end: text.content.ceil_char_boundary(error.offset + 1) },
            at,
        ),
    };
    let json = json::read(&source).map_err(defect)?;
    let value = value_of(&json.root, &|span| locate(text, span, at));
    Ok((value, json.defects.into_iter().next().map(defect)))
}

/// A value of JSON, each part with what `locate` tells of it.
pub fn value_of(node: &Node, locate: &dyn Fn(Span) -> Located) -> Value {
    let (at, used_at, given) = locate(node.span);
    let scalar = !matches!(node.value, Written::Seq(_) | Written::Map(_));
    let is_mark = matches!(node.value, Written::Placeholder(_));
    let kind = match (given, &node.value) {
        // A text of JSON within another.
        (Some(Value { kind: Kind::Json(inner), .. }), _) if is_mark => return inner.as_ref().clone(),
        (Some(given), _) if scalar && given.why().is_some() => given.kind,
        (Some(Value { kind: Kind::Json(_), .. }), _) if scalar => {
            Kind::unknown("a text of JSON stands within another text")
        }
        (_, Written::Null) => Kind::Null,
        (_, Written::Bool(value)) => Kind::Bool(*value),
        (_, Written::Number(text)) => number_kind(text),
        (_, Written::String(text)) => Kind::text(text.as_str()),
        (_, Written::Seq(items)) => {
            Kind::list(items.iter().map(|item| value_of(item, locate)).collect(), None)
        }
        (_, Written::Map(entries)) => Kind::map(
            entries.iter().map(|entry| (entry.key.clone(), value_of(&entry.value, locate))).collect(),
            None,
        ),
        (_, Written::Placeholder(mark)) => Kind::unknown(format!(
            "the placeholder {} is filled in elsewhere",
            super::super::resolve::shown(mark)
        )),
        (_, Written::Tagged(..)) => Kind::unknown("a tag stands in JSON"),
    };
    Value { kind, at, used_at }
}

/// Where a part of a text comes from; with the value that an interpolation within it gives, one that is not known
/// before all others.
fn locate(text: &Text, part: Span, whole: FileSpan) -> Located {
    let overlapping = || {
        let first = text.pieces.partition_point(|piece| piece.range.end <= part.start);
        text.pieces[first..].iter().take_while(|piece| piece.range.start < part.end)
    };
    let given = || {
        overlapping().filter_map(|piece| match &piece.content {
            Content::Given(value) => Some((piece, value)),
            Content::Verbatim | Content::Escape => None,
        })
    };
    let written = origin(text, part, whole);
    let here = (Spot::Here(written), None);
    if let Some((_, value)) =
        given().find(|(_, value)| value.why().is_some() || matches!(value.kind, Kind::Json(_)))
    {
        return (here.0, here.1, Some(value.clone()));
    }
    // One interpolation and nothing else, but for quotes around it: what it refers to says it.
    let mut all = given();
    if let (Some((piece, value)), None) = (all.next(), all.next()) {
        let inner = text.content.get(part.start..part.end).unwrap_or_default().trim_matches('"');
        if inner.len() == piece.range.end - piece.range.start {
            return (value.at.clone(), Some(written), Some(value.clone()));
        }
    }
    (here.0, here.1, None)
}

/// The bytes of the file that a part of a text is written as; the whole text where that is not kept.
fn origin(text: &Text, part: Span, whole: FileSpan) -> FileSpan {
    let piece = |offset: usize| {
        let index = text.pieces.partition_point(|piece| piece.range.end <= offset);
        text.pieces.get(index).filter(|piece| piece.range.start <= offset)
    };
    let last = part.end.saturating_sub(1).max(part.start);
    let (Some(first), Some(last_piece)) = (piece(part.start), piece(last)) else {
        return whole;
    };
    if first.written.file != last_piece.written.file {
        return whole;
    }
    let start = match first.content {
        Content::Verbatim => first.written.span.start + (part.start - first.range.start),
        Content::Escape | Content::Given(_) => first.written.span.start,
    };
    let end = match last_piece.content {
        Content::Verbatim => last_piece.written.span.start + (last + 1 - last_piece.range.start),
        Content::Escape | Content::Given(_) => last_piece.written.span.end,
    };
    if start <= end { FileSpan { span: Span { start, end }, ..first.written } } else { whole }
}

/// The value that an attribute of JSON text has.
pub fn value_in(value: &Value, at: FileSpan) -> Result<(Value, Option<Defect>), Result<Defect, Why>> {
    match &value.kind {
        Kind::Json(inner) => Ok((inner.as_ref().clone(), None)),
        Kind::Text(text) => {
            let at = match value.at {
                Spot::Here(at) => at,
                Spot::Given(_) | Spot::Nowhere => at,
            };
            match decode(text, at) {
                Ok(decoded) => Ok(decoded),
                // What is not known may be what makes it JSON.
                Err(defect) => Err(text.unknown.clone().map_or(Ok(defect), Err)),
            }
        }
        Kind::Unknown(why) | Kind::Refused(why) => Err(Err(Why::clone(why))),
        // What jsonencode was forgotten for.
        kind => Err(Ok(Defect {
            message: format!("must be a text of JSON, not {}; use jsonencode", kind.name()),
            at: match value.used_at {
                Some(at) => at,
                None => match value.at {
                    Spot::Here(at) => at,
                    Spot::Given(_) | Spot::Nowhere => at,
                },
            },
        })),
    }
}
