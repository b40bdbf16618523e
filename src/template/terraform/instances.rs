//! The instances that `count`, `for_each` and `dynamic` make of one block.

use hcl_edit::structure::Body;
use rust_decimal::Decimal;

use super::{
    super::resolve::shown,
    environment::{Environment, pairs},
    module::attribute,
    value::{FileSpan, Kind, Value, Why},
};

/// Instances of one block that are looked at one by one.
const MAX_INSTANCES: usize = 200;
/// What an instance costs, be its block empty.
const INSTANCE_COST: usize = 10;

/// One instance of a resource or a call of a module.
pub struct Instance<'m, 'a> {
    /// `["api"]`, `[0]`, or nothing where there is but one or they are not told apart.
    pub key: Option<String>,
    pub environment: Environment<'m, 'a>,
}

/// The instances of a resource, none where it is known that none is made. Where their number is not known, or too many,
/// it is taken for one, whose key is not known.
pub fn of_resource<'m, 'a>(outer: &Environment<'m, 'a>, body: &Body) -> Vec<Instance<'m, 'a>> {
    let alone = || vec![Instance { key: None, environment: outer.clone() }];
    if let Some(count) = attribute(body, "count") {
        let at = outer.source.span(count);
        let number = outer.evaluate(count).as_number().ok().and_then(|number| usize::try_from(number).ok());
        let Some(number) = number.filter(|number| may_be_made(outer, *number)) else { return alone() };
        let instance = |index: usize| {
            let index = Value::new(Kind::Number(Decimal::from(index)), at);
            let key = instance_key(&index).filter(|_| number > 1);
            let count = Value::new(Kind::map(vec![("index".to_owned(), index)], None), at);
            Instance { key, environment: outer.with("count", count) }
        };
        return (0..number).map(instance).collect();
    }
    let Some(for_each) = attribute(body, "for_each") else { return alone() };
    let collection = outer.evaluate(for_each);
    let Ok((pairs, None)) = pairs(&collection) else { return alone() };
    if !may_be_made(outer, pairs.len()) {
        return alone();
    }
    let is_map = matches!(collection.kind, Kind::Map(_));
    let mut instances = Vec::new();
    for (key, value) in pairs {
        // Of a set the items are the keys.
        let key = if is_map { key } else { value.clone() };
        let Ok(text) = key.as_text() else { return alone() };
        // Numbers of a set are texts as keys.
        let key = Value { kind: Kind::text(text), ..key };
        let name = instance_key(&key);
        let at = outer.source.span(for_each);
        let each = Kind::map(vec![("key".to_owned(), key), ("value".to_owned(), value)], None);
        instances.push(Instance { key: name, environment: outer.with("each", Value::new(each, at)) });
    }
    instances
}

/// Whether so many are looked at one by one.
fn may_be_made(environment: &Environment<'_, '_>, number: usize) -> bool {
    number <= MAX_INSTANCES && environment.module.spend(number * INSTANCE_COST).is_ok()
}

/// What an address has behind the resource's name, where an index is known: `[0]` of a `count`, `["api"]` of a
/// `for_each`.
pub fn instance_key(index: &Value) -> Option<String> {
    let text = index.as_text().ok()?;
    Some(match index.kind {
        Kind::Number(_) => format!("[{text}]"),
        _ => format!("[\"{}\"]", shown(&text)),
    })
}

/// One block of a resource, written out or made by `dynamic`.
pub struct Nested<'m, 'a, 'b> {
    pub environment: Environment<'m, 'a>,
    pub body: &'b Body,
    pub at: FileSpan,
}

/// The blocks of a name, and why there may be more.
pub fn nested<'m, 'a, 'b>(
    environment: &Environment<'m, 'a>,
    body: &'b Body,
    name: &'b str,
) -> (Vec<Nested<'m, 'a, 'b>>, Option<(Why, FileSpan)>) {
    let mut found = Vec::new();
    let mut open = None;
    for block in body.blocks() {
        let at = environment.source.span(block);
        if block.ident.as_str() == name {
            found.push(Nested { environment: environment.clone(), body: &block.body, at });
            continue;
        }
        let is_dynamic = block.ident.as_str() == "dynamic"
            && block.labels.first().is_some_and(|label| label.as_str() == name);
        let content = block.body.get_blocks("content").next();
        let (true, Some(content)) = (is_dynamic, content) else { continue };
        let at = environment.source.span(&content.ident);
        let at = if at.span.end == at.span.start { environment.source.span(block) } else { at };
        let Some(for_each) = attribute(&block.body, "for_each") else { continue };
        let iterator = attribute(&block.body, "iterator").and_then(|iterator| iterator.as_variable());
        let iterator = iterator.map_or(name, |iterator| iterator.as_str());
        match pairs(&environment.evaluate(for_each)) {
            Err(why) => open = Some((why, environment.source.span(for_each))),
            Ok((pairs, more)) => {
                if let Some(why) = more {
                    open = Some((why, environment.source.span(for_each)));
                }
                for (key, value) in pairs.into_iter().take(MAX_INSTANCES) {
                    let bound = Kind::map(vec![("key".to_owned(), key), ("value".to_owned(), value)], None);
                    found.push(Nested {
                        environment: environment.with(iterator, Value::new(bound, at)),
                        body: &content.body,
                        at,
                    });
                }
            }
        }
    }
    (found, open)
}
