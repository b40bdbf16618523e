//! [`Environment`]: what expressions give in one place.
//!
//! What is known only to whoever plans or applies (data sources, resources, outputs of modules, files) is not known
//! here either, by name; nothing is guessed.

use hcl_edit::{
    Ident,
    expr::{
        BinaryOp, BinaryOperator, Expression, ForExpr, Object, ObjectKey, Traversal, TraversalOperator,
        UnaryOperator,
    },
};
use rust_decimal::Decimal;

use super::{
    functions,
    module::{Module, number_kind},
    source::Source,
    template,
    value::{FileSpan, Kind, Text, Value, Why},
};

/// Expressions within each other, those that variables and locals refer to included.
const MAX_DEPTH: usize = 120;

#[derive(Clone)]
pub struct Environment<'m, 'a> {
    pub module: &'m Module<'a>,
    pub source: &'m Source,
    /// `each`, `count`, and the variables of `for`, the innermost last.
    bindings: Vec<(String, Value)>,
}

impl<'m, 'a> Environment<'m, 'a> {
    pub fn new(module: &'m Module<'a>, source: &'m Source) -> Self {
        Self { module, source, bindings: Vec::new() }
    }

    pub fn with(&self, name: &str, value: Value) -> Self {
        let mut inner = self.clone();
        inner.bindings.push((name.to_owned(), value));
        inner
    }

    fn bound(&self, name: &str) -> Option<&Value> {
        self.bindings.iter().rev().find(|(bound, _)| bound == name).map(|(_, value)| value)
    }

    pub fn evaluate(&self, expression: &Expression) -> Value {
        let at = self.source.span(expression);
        let depth = self.module.depth.get();
        if depth >= MAX_DEPTH {
            return Value::unknown("too many expressions refer to each other", at);
        }
        if let Err(why) = self.module.spend(1) {
            return Value::unknown(why, at);
        }
        self.module.depth.set(depth + 1);
        let value = self.expression(expression, at);
        self.module.depth.set(depth);
        value.seen_from(at)
    }

    fn expression(&self, expression: &Expression, at: FileSpan) -> Value {
        let new = |kind| Value::new(kind, at);
        match expression {
            Expression::Null(_) => new(Kind::Null),
            Expression::Bool(value) => new(Kind::Bool(*value.value())),
            Expression::Number(value) => new(number_kind(&value.value().to_string())),
            Expression::String(value) => template::literal(self.source, value.value(), at),
            Expression::Array(array) => {
                new(Kind::list(array.iter().map(|item| self.evaluate(item)).collect(), None))
            }
            Expression::Object(object) => new(self.object(object)),
            Expression::StringTemplate(text) => template::evaluate(self, text.iter(), true, at),
            Expression::HeredocTemplate(text) => template::evaluate(self, text.template.iter(), false, at),
            Expression::Parenthesis(inner) => self.evaluate(inner.inner()),
            Expression::Variable(name) => self
                .bound(name.as_str())
                .cloned()
                .unwrap_or_else(|| Value::unknown(format!("{} stands for nothing here", name.as_str()), at)),
            Expression::Conditional(choice) => match self.evaluate(&choice.cond_expr).as_bool() {
                Ok(true) => self.evaluate(&choice.true_expr),
                Ok(false) => self.evaluate(&choice.false_expr),
                Err(why) => Value::unknown(format!("it depends on a condition that is not known: {why}"), at),
            },
            Expression::FuncCall(call) => functions::call(self, call, at),
            Expression::Traversal(traversal) => self.traversal(traversal, at),
            Expression::UnaryOp(operation) => {
                let value = self.evaluate(&operation.expr);
                let kind = match operation.operator.value() {
                    UnaryOperator::Not => value.as_bool().map(|value| Kind::Bool(!value)),
                    UnaryOperator::Neg => value.as_number().map(|value| Kind::Number(-value)),
                };
                new(kind.unwrap_or_else(Kind::Unknown))
            }
            Expression::BinaryOp(operation) => new(self.operation(operation).unwrap_or_else(Kind::Unknown)),
            Expression::ForExpr(each) => new(self.each(each).unwrap_or_else(Kind::Unknown)),
        }
    }

    fn object(&self, object: &Object) -> Kind {
        let mut entries = Vec::new();
        let mut open = None;
        for (key, value) in object {
            let name = match key {
                ObjectKey::Expression(expression) if literal_key(key).is_none() => {
                    self.evaluate(expression).as_text().map(|text| text.to_string())
                }
                key => Ok(literal_key(key).unwrap_or_default()),
            };
            match name {
                Ok(name) => entries.push((name, self.evaluate(value.expr()))),
                Err(why) => open = Some(why),
            }
        }
        Kind::map(entries, open)
    }

    fn operation(&self, operation: &BinaryOp) -> Result<Kind, Why> {
        let left = self.evaluate(&operation.lhs_expr);
        let right = self.evaluate(&operation.rhs_expr);
        let overflow = || Why::from("the number is too large");
        Ok(match operation.operator.value() {
            BinaryOperator::And => Kind::Bool(match (left.as_bool(), right.as_bool()) {
                (Ok(false), _) | (_, Ok(false)) => false,
                (left, right) => left? && right?,
            }),
            BinaryOperator::Or => Kind::Bool(match (left.as_bool(), right.as_bool()) {
                (Ok(true), _) | (_, Ok(true)) => true,
                (left, right) => left? || right?,
            }),
            BinaryOperator::Eq => Kind::Bool(equal(&left, &right)?),
            BinaryOperator::NotEq => Kind::Bool(!equal(&left, &right)?),
            operator => {
                let (left, right) = (left.as_number()?, right.as_number()?);
                match operator {
                    BinaryOperator::Less => Kind::Bool(left < right),
                    BinaryOperator::LessEq => Kind::Bool(left <= right),
                    BinaryOperator::Greater => Kind::Bool(left > right),
                    BinaryOperator::GreaterEq => Kind::Bool(left >= right),
                    BinaryOperator::Plus => Kind::Number(left.checked_add(right).ok_or_else(overflow)?),
                    BinaryOperator::Minus => Kind::Number(left.checked_sub(right).ok_or_else(overflow)?),
                    BinaryOperator::Mul => Kind::Number(left.checked_mul(right).ok_or_else(overflow)?),
                    BinaryOperator::Div | BinaryOperator::Mod if right == Decimal::ZERO => {
                        return Err(Why::from("it is divided by zero"));
                    }
                    BinaryOperator::Div => Kind::Number(left.checked_div(right).ok_or_else(overflow)?),
                    _ => Kind::Number(left.checked_rem(right).ok_or_else(overflow)?),
                }
            }
        })
    }

    fn each(&self, each: &ForExpr) -> Result<Kind, Why> {
        let collection = self.evaluate(&each.intro.collection_expr);
        let (pairs, open) = pairs(&collection)?;
        let mut items = Vec::new();
        let mut entries: Vec<(String, Value)> = Vec::new();
        if each.grouping {
            return Err(Why::from("a for that groups is not followed"));
        }
        for (key, value) in pairs {
            let mut inner = self.clone();
            if let Some(name) = &each.intro.key_var {
                inner = inner.with(name.as_str(), key);
            }
            inner = inner.with(each.intro.value_var.as_str(), value);
            if let Some(condition) = &each.cond
                && !inner.evaluate(&condition.expr).as_bool()?
            {
                continue;
            }
            let value = inner.evaluate(&each.value_expr);
            match &each.key_expr {
                Some(key) => entries.push((inner.evaluate(key).as_text()?.to_string(), value)),
                None => items.push(value),
            }
        }
        Ok(if each.key_expr.is_some() { Kind::map(entries, open) } else { Kind::list(items, open) })
    }

    fn traversal(&self, traversal: &Traversal, at: FileSpan) -> Value {
        let operators: Vec<&TraversalOperator> =
            traversal.operators.iter().map(|operator| operator.value()).collect();
        let Expression::Variable(root) = &traversal.expr else {
            return self.follow(self.evaluate(&traversal.expr), &operators, at);
        };
        let root = root.as_str();
        if let Some(value) = self.bound(root) {
            return self.follow(value.clone(), &operators, at);
        }
        let unknown = |why: String| Value::unknown(why, at);
        let written = || shown(&self.source.text.text, at);
        match (root, &operators[..]) {
            ("var", [TraversalOperator::GetAttr(name), rest @ ..]) => {
                self.follow(self.module.variable(name.as_str(), self.source), rest, at)
            }
            ("local", [TraversalOperator::GetAttr(name), rest @ ..]) => {
                self.follow(self.module.local(name.as_str(), self.source), rest, at)
            }
            ("terraform", [TraversalOperator::GetAttr(name)]) if name.as_str() == "workspace" => {
                self.module.given("terraform.workspace", self.source).unwrap_or_else(|| {
                    unknown("terraform.workspace is known when it is planned; give --parameter terraform.workspace=VALUE".to_owned())
                })
            }
            ("each", _) => unknown(format!("{} is another for each key of for_each", written())),
            ("count", _) => unknown("count.index is another for each instance".to_owned()),
            ("module", [TraversalOperator::GetAttr(name), ..]) => {
                unknown(format!("{}: outputs of modules are not followed (module {})", written(), name.as_str()))
            }
            ("data", _) => unknown(format!("the data source {} is read when it is planned", written())),
            ("path" | "terraform" | "self", _) => unknown(format!("{} is known when it is planned", written())),
            (kind, [TraversalOperator::GetAttr(name), rest @ ..]) => self
                .resource_attribute(kind, name.as_str(), rest)
                .unwrap_or_else(|| unknown(format!("{} is known only when it is applied", written()))),
            _ => unknown(format!("{} is not known", written())),
        }
    }

    /// What a resource of ECS is given, where another refers to it.
    fn resource_attribute(&self, kind: &str, name: &str, rest: &[&TraversalOperator]) -> Option<Value> {
        let [TraversalOperator::GetAttr(attribute)] = rest else { return None };
        let attribute = match (kind, attribute.as_str()) {
            ("aws_ecs_cluster", "id" | "arn" | "name") | ("aws_ecs_service", "name") => "name",
            ("aws_ecs_service", "desired_count") => "desired_count",
            ("aws_ecs_task_definition", attribute @ ("family" | "cpu" | "memory")) => attribute,
            _ => return None,
        };
        let resource = self.module.resource(kind, name, self.source)?;
        let expression = super::module::attribute(&resource.part.body, attribute)?;
        Some(Environment::new(self.module, resource.source).evaluate(expression))
    }

    /// Goes on into a value.
    fn follow(&self, value: Value, operators: &[&TraversalOperator], at: FileSpan) -> Value {
        let mut value = value;
        for (index, operator) in operators.iter().enumerate() {
            if value.why().is_some() {
                return value;
            }
            // A map is looked through for a key.
            if let Kind::Map(map) = &value.kind
                && let Err(why) = self.module.spend(map.entries.len() / 16)
            {
                return Value::unknown(why, at);
            }
            value = match operator {
                TraversalOperator::GetAttr(name) => member(&value, name.as_str(), at),
                TraversalOperator::Index(key) => match self.evaluate(key).as_text() {
                    Ok(key) => member(&value, &key, at),
                    Err(why) => Value::unknown(why, at),
                },
                TraversalOperator::LegacyIndex(index) => member(&value, &index.value().to_string(), at),
                TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => {
                    let rest = operators.get(index + 1..).unwrap_or_default();
                    let kind = match &value.kind {
                        Kind::Null => Kind::list(Vec::new(), None),
                        Kind::List(list) => {
                            if let Err(why) = self.module.spend(list.items.len()) {
                                return Value::unknown(why, at);
                            }
                            let items = list.items.iter().map(|item| self.follow(item.clone(), rest, at));
                            Kind::list(items.collect(), list.open.clone())
                        }
                        _ => Kind::list(vec![self.follow(value.clone(), rest, at)], None),
                    };
                    return Value::new(kind, at);
                }
            };
        }
        value
    }
}

/// The item of a collection under a key or at an index.
pub fn member(value: &Value, key: &str, at: FileSpan) -> Value {
    let refused = || {
        let key = super::super::resolve::shown(key);
        Value::new(
            Kind::Refused(Why::from(format!("{} without {key} is asked for it", value.kind.name()))),
            at,
        )
    };
    match &value.kind {
        Kind::Map(map) => match (map.get(key), &map.open) {
            (Some(value), _) => value.clone(),
            (None, Some(why)) => Value::unknown(Why::clone(why), at),
            (None, None) => refused(),
        },
        Kind::List(list) => match (&list.open, key.parse::<usize>()) {
            (Some(why), _) => Value::unknown(Why::clone(why), at),
            (None, Ok(index)) => list.items.get(index).cloned().unwrap_or_else(refused),
            (None, Err(_)) => refused(),
        },
        Kind::Unknown(_) => value.clone(),
        _ => refused(),
    }
}

/// Keys and values.
pub type Pairs = Vec<(Value, Value)>;

/// The keys and values of a collection, and why there may be more.
pub fn pairs(collection: &Value) -> Result<(Pairs, Option<Why>), Why> {
    let at = match collection.at {
        super::value::Spot::Here(at) => at,
        _ => FileSpan { file: 0, span: super::super::Span { start: 0, end: 0 } },
    };
    match &collection.kind {
        Kind::Map(map) => Ok((
            map.entries
                .iter()
                .map(|(key, value)| (Value::new(Kind::Text(Text::new(key.as_str())), at), value.clone()))
                .collect(),
            map.open.clone(),
        )),
        Kind::List(list) => Ok((
            list.items
                .iter()
                .enumerate()
                .map(|(index, value)| (Value::new(Kind::Number(Decimal::from(index)), at), value.clone()))
                .collect(),
            list.open.clone(),
        )),
        Kind::Unknown(why) | Kind::Refused(why) => Err(Why::clone(why)),
        _ => Err(Why::from(format!("{} stands where a list or a map is needed", collection.kind.name()))),
    }
}

fn equal(left: &Value, right: &Value) -> Result<bool, Why> {
    if let Some(why) = left.why().or(right.why()) {
        return Err(Why::clone(why));
    }
    match (&left.kind, &right.kind) {
        (Kind::Null, Kind::Null) => Ok(true),
        (Kind::Null, _) | (_, Kind::Null) => Ok(false),
        (Kind::List(list), Kind::List(other)) if list.open.is_none() && other.open.is_none() => {
            if list.items.is_empty() || other.items.is_empty() {
                Ok(list.items.len() == other.items.len())
            } else {
                Err(Why::from("lists are not compared"))
            }
        }
        (
            Kind::Bool(_) | Kind::Number(_) | Kind::Text(_),
            Kind::Bool(_) | Kind::Number(_) | Kind::Text(_),
        ) => Ok(left.as_text()? == right.as_text()?),
        _ => Err(Why::from("collections are not compared")),
    }
}

/// The name that a key is, unless it is worked out.
pub fn literal_key(key: &ObjectKey) -> Option<String> {
    match key {
        ObjectKey::Ident(name) => Some(Ident::as_str(name).to_owned()),
        ObjectKey::Expression(Expression::String(name)) => Some(name.value().clone()),
        ObjectKey::Expression(_) => None,
    }
}

/// An expression as it is written, for messages.
pub fn shown(text: &str, at: FileSpan) -> String {
    super::super::resolve::shown(text.get(at.span.start..at.span.end).unwrap_or_default())
}
