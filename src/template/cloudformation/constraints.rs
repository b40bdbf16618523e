//! What the parameters of a template take: `AllowedValues`, `AllowedPattern`, `MinValue` and `MaxValue`.

use super::{
    super::{
        constraint::{Allows, Constraint},
        document::{Node, SourceText},
        fields::Fields,
        resolve::{Written, shown},
    },
    intrinsics::Template,
};

/// What the parameters that were referred to are held to; a value that breaks it is an error.
pub fn read(source: &SourceText, template: &Template<'_>, fields: &Fields<'_>) -> Vec<Constraint> {
    let mut constraints = Vec::new();
    for name in template.referred.borrow().iter() {
        let Some(parameter) = template.parameters.and_then(|parameters| parameters.named(name)) else {
            continue;
        };
        let default = parameter.get("Default");
        let given = template.inputs.parameters.get(name).map(String::as_str);
        let Some(value) = given.or_else(|| default.and_then(Node::scalar)) else { continue };
        let on = match (given, template.inputs.places.get(name), default) {
            (Some(_), place, _) => place.cloned(),
            (None, _, default) => default.map(|default| source.place(default.span)),
        };
        let kind = parameter.get("Type").and_then(Node::as_str).unwrap_or_default();
        let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
        let values: Vec<&str> = if is_list { value.split(',').map(str::trim).collect() } else { vec![value] };
        for (word, allows) in constraints_of(parameter, kind) {
            let Some(entry) = parameter.entry(word) else { continue };
            let of = format!("parameter {}", shown(name));
            let is_followed = !matches!(allows, Allows::NotFollowed(_));
            if let Some(why) = values.iter().find_map(|value| allows.forbids(value)).filter(|_| is_followed) {
                let message = format!("{of} {why} ({word}), and is given another value");
                fields.refuse(&Written::Here(entry.key_span), message, None);
            }
            if let Some(on) = &on {
                let at = source.place(entry.key_span);
                constraints.push(Constraint { on: on.clone(), of, word, at, allows });
            }
        }
    }
    constraints
}

fn constraints_of(parameter: &Node, kind: &str) -> Vec<(&'static str, Allows)> {
    let mut constraints = Vec::new();
    let as_numbers = matches!(kind, "Number" | "List<Number>");
    if let Some(allowed) = parameter.get("AllowedValues") {
        let values: Option<Vec<String>> =
            allowed.items().iter().map(|value| value.scalar().map(str::to_owned)).collect();
        constraints.push((
            "AllowedValues",
            match values.filter(|values| !values.is_empty()) {
                Some(values) => Allows::OneOf { values, as_numbers },
                None => Allows::NotFollowed("values that are not known"),
            },
        ));
    }
    if parameter.get("AllowedPattern").is_some() {
        constraints.push(("AllowedPattern", Allows::NotFollowed("a pattern")));
    }
    // Of texts they count for nothing.
    let number = |word: &str| parameter.get(word).filter(|_| as_numbers)?.scalar()?.trim().parse().ok();
    constraints.extend(number("MinValue").map(|least| ("MinValue", Allows::AtLeast(least))));
    constraints.extend(number("MaxValue").map(|most| ("MaxValue", Allows::AtMost(most))));
    constraints
}
