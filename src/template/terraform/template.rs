//! Texts with interpolations and escapes.
//!
//! Of texts that may be JSON it is kept which part is written where, so that what they say can be changed in place.

use hcl_edit::template::{Directive, Element};

use super::{
    super::Span,
    environment::{Environment, pairs},
    source::Source,
    value::{Content, FileSpan, Kind, Piece, Text, Value, Why},
};

/// What stands in a text for what is not known, or for a text of JSON.
const MARK: &str = "${unknown}";

/// A string without interpolations.
pub fn literal(source: &Source, text: &str, at: FileSpan) -> Value {
    if !text.trim_start().starts_with(['[', '{']) {
        return Value::new(Kind::text(text), at);
    }
    let mut built = Built::default();
    let inner = Span { start: at.span.start + 1, end: at.span.end.saturating_sub(1) };
    built.literal(source, FileSpan { span: inner, ..at }, true);
    Value::new(Kind::Text(built.finish()), at)
}

/// A string or heredoc with interpolations.
pub fn evaluate<'e>(
    environment: &Environment<'_, '_>,
    elements: impl Iterator<Item = &'e Element>,
    quoted: bool,
    at: FileSpan,
) -> Value {
    let elements: Vec<&Element> = elements.collect();
    // One that consists of an interpolation alone is what that gives.
    if let ([Element::Interpolation(only)], true) = (&elements[..], quoted) {
        return environment.evaluate(&only.expr);
    }
    let mut built = Built::default();
    match built.elements(environment, &elements, quoted) {
        Ok(()) => Value::new(Kind::Text(built.finish()).shallow(), at),
        Err(why) => Value::unknown(why, at),
    }
}

#[derive(Default)]
struct Built {
    text: String,
    pieces: Vec<Piece>,
    unknown: Option<Why>,
}

impl Built {
    fn finish(self) -> Text {
        Text::of(self.text, self.pieces, self.unknown)
    }

    fn put(&mut self, text: &str, written: FileSpan, content: Content) {
        let start = self.text.len();
        self.text.push_str(text);
        self.pieces.push(Piece { range: Span { start, end: self.text.len() }, written, content });
    }

    fn elements(
        &mut self,
        environment: &Environment<'_, '_>,
        elements: &[&Element],
        quoted: bool,
    ) -> Result<(), Why> {
        let source = environment.source;
        for element in elements {
            let before = self.text.len();
            match element {
                Element::Literal(literal) => self.literal(source, source.span(literal), quoted),
                Element::Interpolation(inner) => {
                    let value = environment.evaluate(&inner.expr);
                    self.interpolation(value, source.span(inner));
                }
                Element::Directive(directive) => self.directive(environment, directive, quoted)?,
            }
            environment.module.spend((self.text.len() - before) / 16 + 1)?;
        }
        Ok(())
    }

    fn interpolation(&mut self, value: Value, written: FileSpan) {
        match (&value.kind, value.as_text()) {
            (Kind::Json(_), _) => {
                self.unknown
                    .get_or_insert_with(|| Why::from("a text of JSON stands where a plain one is needed"));
                self.put(MARK, written, Content::Given(value));
            }
            (_, Ok(text)) => self.put(&text, written, Content::Given(value)),
            (_, Err(why)) => {
                self.unknown.get_or_insert_with(|| Why::clone(&why));
                let value = if value.why().is_some() { value } else { Value::unknown(why, written) };
                self.put(MARK, written, Content::Given(value));
            }
        }
    }

    fn directive(
        &mut self,
        environment: &Environment<'_, '_>,
        directive: &Directive,
        quoted: bool,
    ) -> Result<(), Why> {
        match directive {
            Directive::If(choice) => {
                let template = if environment.evaluate(&choice.if_expr.cond_expr).as_bool()? {
                    Some(&choice.if_expr.template)
                } else {
                    choice.else_expr.as_ref().map(|otherwise| &otherwise.template)
                };
                let elements: Vec<&Element> =
                    template.into_iter().flat_map(|template| template.iter()).collect();
                self.elements(environment, &elements, quoted)
            }
            Directive::For(each) => {
                let (pairs, open) = pairs(&environment.evaluate(&each.for_expr.collection_expr))?;
                if let Some(why) = open {
                    return Err(why);
                }
                let elements: Vec<&Element> = each.for_expr.template.iter().collect();
                for (key, value) in pairs {
                    let mut inner = environment.with(each.for_expr.value_var.as_str(), value);
                    if let Some(name) = &each.for_expr.key_var {
                        inner = inner.with(name.as_str(), key);
                    }
                    self.elements(&inner, &elements, quoted)?;
                }
                Ok(())
            }
        }
    }

    /// What is written in a string or heredoc, escapes taken for what they stand for.
    fn literal(&mut self, source: &Source, at: FileSpan, quoted: bool) {
        let raw = source.text.slice(at.span);
        let part = |from: usize, to: usize| FileSpan {
            span: Span { start: at.span.start + from, end: at.span.start + to },
            ..at
        };
        let mut from = 0;
        let mut cursor = 0;
        while let Some(length) = raw.get(cursor..).and_then(|rest| rest.find(['\\', '$', '%'])) {
            let start = cursor + length;
            let rest = &raw[start..];
            let escape: Option<(String, usize)> = if rest.starts_with("$${") || rest.starts_with("%%{") {
                Some((rest[1..3].to_owned(), 3))
            } else if quoted && rest.starts_with('\\') {
                Some(escape(rest))
            } else {
                None
            };
            match escape {
                Some((text, length)) => {
                    if from < start {
                        self.put(&raw[from..start], part(from, start), Content::Verbatim);
                    }
                    self.put(&text, part(start, start + length), Content::Escape);
                    from = start + length;
                    cursor = from;
                }
                None => cursor = start + 1,
            }
        }
        if let Some(rest) = raw.get(from..).filter(|rest| !rest.is_empty()) {
            self.put(rest, part(from, raw.len()), Content::Verbatim);
        }
    }
}

/// What an escape stands for, and its length.
fn escape(rest: &str) -> (String, usize) {
    let Some(letter) = rest.chars().nth(1) else { return (String::new(), rest.len()) };
    let plain = |text: &str| (text.to_owned(), 1 + letter.len_utf8());
    let code = |digits: usize| {
        let character = rest
            .get(2..2 + digits)
            .and_then(|digits| u32::from_str_radix(digits, 16).ok())
            .and_then(char::from_u32);
        character.map_or_else(|| plain("\u{fffd}"), |character| (character.to_string(), 2 + digits))
    };
    match letter {
        'n' => plain("\n"),
        'r' => plain("\r"),
        't' => plain("\t"),
        'u' => code(4),
        'U' => code(8),
        other => plain(&other.to_string()),
    }
}
