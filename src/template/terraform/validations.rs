//! What the variables of a module take: their `validation` blocks.

use hcl_edit::expr::{Expression, TraversalOperator};

use super::{
    super::{
        Place,
        constraint::{Allows, Constraint},
        document::SyntaxError,
    },
    environment::Environment,
    module::{Module, attribute},
    source::Source,
    value::{Kind, Spot, Value},
};
use crate::template::TemplateError;

/// Literals of one value that are looked at.
const MAX_PLACES: usize = 1000;

/// What the variables that were asked for are held to; and those values that break it, each with the index of its file.
pub fn read(sources: &[Source], module: &Module<'_>) -> (Vec<Constraint>, Vec<(usize, TemplateError)>) {
    let mut constraints = Vec::new();
    let mut broken = Vec::new();
    for (name, declared, value) in module.variables_in_use() {
        let source = declared.source;
        for block in declared.part.body.get_blocks("validation") {
            let Some(condition) = attribute(&block.body, "condition") else { continue };
            let environment = Environment::new(module, source);
            let span = source.span(condition).span;
            if environment.evaluate(condition).as_bool() == Ok(false) {
                let said = attribute(&block.body, "error_message").and_then(Expression::as_str);
                let message = format!(
                    "variable {name} has a value that its validation does not allow{}",
                    said.map(|said| format!(": {}", super::super::resolve::shown(said))).unwrap_or_default()
                );
                let error = SyntaxError { offset: span.start, message, hint: None };
                broken.push((source.index, source.text.error(error)));
            }
            let allows = one_of(&environment, condition, name)
                .unwrap_or(Allows::NotFollowed("a condition that is not followed"));
            let mut places = Vec::new();
            places_of(sources, &value, &mut places);
            constraints.extend(places.into_iter().map(|on| Constraint {
                on,
                of: format!("variable {name}"),
                word: "validation",
                at: source.text.place(span),
                allows: allows.clone(),
            }));
        }
    }
    (constraints, broken)
}

/// The values of `contains([...], var.NAME)`.
fn one_of(environment: &Environment<'_, '_>, condition: &Expression, name: &str) -> Option<Allows> {
    let Expression::FuncCall(call) = condition else { return None };
    let [list, wanted] = &call.args.iter().collect::<Vec<_>>()[..] else { return None };
    if call.name.is_namespaced() || call.name.name.as_str() != "contains" || !is_variable(wanted, name) {
        return None;
    }
    let list = environment.evaluate(list);
    let values = list.as_list().ok()?.iter().map(|item| item.as_text().ok().map(|text| text.to_string()));
    Some(Allows::OneOf { values: values.collect::<Option<_>>()?, as_numbers: true })
}

/// Whether an expression is `var.NAME`, be it as a text or a number.
fn is_variable(expression: &Expression, name: &str) -> bool {
    match expression {
        Expression::Parenthesis(inner) => is_variable(inner.inner(), name),
        Expression::FuncCall(call) => {
            let is_conversion = matches!(call.name.name.as_str(), "tostring" | "tonumber");
            let mut arguments = call.args.iter();
            is_conversion
                && !call.name.is_namespaced()
                && arguments.next().is_some_and(|only| is_variable(only, name))
                && arguments.next().is_none()
        }
        Expression::Traversal(traversal) => {
            let is_var = traversal.expr.as_variable().is_some_and(|root| root.as_str() == "var");
            match &traversal.operators[..] {
                [only] => {
                    is_var
                        && matches!(only.value(), TraversalOperator::GetAttr(attribute) if attribute.as_str() == name)
                }
                _ => false,
            }
        }
        _ => false,
    }
}

/// Where a value is written, and what it consists of.
fn places_of(sources: &[Source], value: &Value, places: &mut Vec<Place>) {
    if places.len() >= MAX_PLACES {
        return;
    }
    match &value.at {
        Spot::Here(at) => places.extend(sources.get(at.file).map(|source| source.text.place(at.span))),
        Spot::Given(place) => places.push(place.clone()),
        Spot::Nowhere => {}
    }
    match &value.kind {
        Kind::List(list) => list.items.iter().for_each(|item| places_of(sources, item, places)),
        Kind::Map(map) => map.entries.iter().for_each(|(_, item)| places_of(sources, item, places)),
        _ => {}
    }
}
