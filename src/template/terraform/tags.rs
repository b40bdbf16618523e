//! Tags of a resource, with those that its provider gives all resources.

use std::collections::BTreeMap;

use hcl_edit::{
    expr::Expression,
    structure::{Block, Body},
};

use super::{
    environment::Environment,
    instances::nested,
    module::{InFile, attribute},
    value::{Kind, Value},
};

/// The tags that are known, and whether there may be others.
pub fn of(environment: &Environment<'_, '_>, body: &Body) -> (BTreeMap<String, String>, bool) {
    let (mut tags, mut unresolved) = of_provider(environment, attribute(body, "provider"));
    if let Some(expression) = attribute(body, "tags") {
        unresolved |= put(environment, &environment.evaluate(expression), &mut tags);
    }
    (tags, unresolved)
}

/// `default_tags` of the provider. A module has the provider of its caller, unless that is in the same folder.
fn of_provider(
    environment: &Environment<'_, '_>,
    alias: Option<&Expression>,
) -> (BTreeMap<String, String>, bool) {
    let alias = alias.and_then(|alias| match alias {
        Expression::Traversal(traversal) => {
            traversal.operators.iter().find_map(|operator| match operator.value() {
                hcl_edit::expr::TraversalOperator::GetAttr(name) => Some(name.as_str().to_owned()),
                _ => None,
            })
        }
        _ => None,
    });
    let module = environment.module;
    let mut providers = module.providers.iter().filter(|provider| {
        attribute(&provider.part.body, "alias").and_then(Expression::as_str) == alias.as_deref()
    });
    let mut tags = BTreeMap::new();
    let here = |provider: &InFile<'_, Block>| provider.source.index == environment.source.index;
    let provider = match (providers.next(), providers.next()) {
        (Some(only), None) => only,
        // Files that do not belong together.
        (Some(first), Some(second)) if here(first) && !here(second) => first,
        _ => return (tags, true),
    };
    let environment = Environment::new(module, provider.source);
    let (blocks, open) = nested(&environment, &provider.part.body, "default_tags");
    let mut unresolved = open.is_some();
    for block in blocks {
        if let Some(expression) = attribute(block.body, "tags") {
            unresolved |= put(&block.environment, &block.environment.evaluate(expression), &mut tags);
        }
    }
    (tags, unresolved)
}

/// Puts a map's tags in; whether some are not known.
pub fn put(environment: &Environment<'_, '_>, value: &Value, tags: &mut BTreeMap<String, String>) -> bool {
    match &value.kind {
        Kind::Null => false,
        Kind::Map(map) => {
            let mut unresolved = map.open.is_some();
            for (key, value) in map.entries.iter() {
                let affordable =
                    |text: std::sync::Arc<str>| environment.module.spend(1 + text.len() / 16).map(|()| text);
                match value.as_text().and_then(affordable) {
                    Ok(text) => {
                        tags.insert(key.clone(), text.to_string());
                    }
                    Err(_) => unresolved |= !value.is_null(),
                }
            }
            unresolved
        }
        _ => true,
    }
}
