//! What the type of a variable puts in: `optional(number, 256)` within `object({...})`.

use hcl_edit::expr::{Expression, FuncCall};

use super::{
    environment::Environment,
    module::Module,
    source::Source,
    value::{Kind, Value},
};

/// A value with the defaults of its type.
pub fn apply(module: &Module<'_>, source: &Source, value: Value, kind: &Expression) -> Value {
    let Expression::FuncCall(call) = kind else { return value };
    let Some(inner) = call.args.get(0) else { return value };
    let looked_through = match (&value.kind, inner) {
        (Kind::Map(map), Expression::Object(fields)) => map.entries.len() * fields.len().max(16) / 16,
        (Kind::Map(map), _) => map.entries.len(),
        (Kind::List(list), _) => list.items.len(),
        _ => 0,
    };
    if let Err(why) = module.spend(looked_through) {
        return Value { kind: Kind::Unknown(why), ..value };
    }
    match (name(call), &value.kind) {
        ("optional", _) => apply(module, source, value, inner),
        ("list" | "set", Kind::List(list)) => {
            let items = list.items.iter().map(|item| apply(module, source, item.clone(), inner)).collect();
            Value { kind: Kind::list(items, list.open.clone()), ..value }
        }
        ("map", Kind::Map(map)) => {
            let entries = map
                .entries
                .iter()
                .map(|(key, item)| (key.clone(), apply(module, source, item.clone(), inner)))
                .collect();
            Value { kind: Kind::map(entries, map.open.clone()), ..value }
        }
        ("object", Kind::Map(map)) => {
            let Expression::Object(fields) = inner else { return value };
            let mut entries = map.entries.to_vec();
            for (key, field) in fields {
                let Some(key) = super::environment::literal_key(key) else { continue };
                let kind = field.expr();
                match entries.iter_mut().find(|(name, _)| *name == key) {
                    Some((_, item)) if !item.is_null() => *item = apply(module, source, item.clone(), kind),
                    _ if map.open.is_some() => {}
                    present => {
                        let Some(default) = default(module, source, kind) else { continue };
                        match present {
                            Some((_, item)) => *item = default,
                            None => entries.push((key, default)),
                        }
                    }
                }
            }
            Value { kind: Kind::map(entries, map.open.clone()), ..value }
        }
        _ => value,
    }
}

/// What a field has where it is not given.
fn default(module: &Module<'_>, source: &Source, kind: &Expression) -> Option<Value> {
    let Expression::FuncCall(call) = kind else { return None };
    if name(call) != "optional" {
        return None;
    }
    Some(match call.args.get(1) {
        Some(default) => {
            let value = Environment::new(module, source).evaluate(default);
            call.args.get(0).map_or(value.clone(), |kind| apply(module, source, value, kind))
        }
        None => Value::new(Kind::Null, source.span(kind)),
    })
}

fn name(call: &FuncCall) -> &str {
    if call.name.is_namespaced() { "" } else { call.name.name.as_str() }
}
