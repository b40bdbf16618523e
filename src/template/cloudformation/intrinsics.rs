//! [`Template`]: what intrinsic functions give, as far as a template tells.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
};

use super::super::{
    Inputs, Span,
    document::{Node, Value},
    resolve::{Resolve, Resolved, Written, literal, shown},
};

/// References that may be followed one after the other.
const MAX_STEPS: usize = 100;
/// Entries of sections that may be looked at in all. A template of the largest size allowed looks at a million.
const MAX_LOOKS: usize = 20_000_000;
/// Bytes of text that references and functions may give in all, what lists take included. A template of the largest
/// size allowed that refers to everything it has comes to a few times its own size.
const MAX_TEXT: usize = 64 * 1024 * 1024;
/// What an item of a list takes beside its text.
const ITEM_BYTES: usize = 64;

/// The sections of a template that resources refer to.
pub struct Template<'a> {
    pub parameters: Option<&'a Node>,
    pub mappings: Option<&'a Node>,
    pub conditions: Option<&'a Node>,
    pub inputs: &'a Inputs,
    /// References being followed.
    pub steps: Cell<usize>,
    /// Entries of sections looked at so far.
    looks: Cell<usize>,
    /// Bytes of text given so far.
    given: Cell<usize>,
    /// Parameters that something asked for.
    pub referred: RefCell<BTreeSet<String>>,
    /// What conditions came to.
    pub decided: RefCell<BTreeMap<String, Result<bool, String>>>,
}

impl<'a> Template<'a> {
    pub fn new(root: &'a Node, inputs: &'a Inputs) -> Self {
        Self {
            parameters: root.get("Parameters"),
            mappings: root.get("Mappings"),
            conditions: root.get("Conditions"),
            inputs,
            steps: Cell::new(0),
            looks: Cell::new(0),
            given: Cell::new(0),
            referred: RefCell::default(),
            decided: RefCell::default(),
        }
    }

    /// Follows one reference more, if it is not one too many.
    pub fn step<T>(&self, follow: impl FnOnce() -> T) -> Option<T> {
        let steps = self.steps.get();
        if steps >= MAX_STEPS {
            return None;
        }
        self.steps.set(steps + 1);
        let followed = follow();
        self.steps.set(steps);
        Some(followed)
    }

    /// The entry of a section, if the template has not asked for too many.
    pub fn look_up<'n>(&self, section: Option<&'n Node>, name: &str) -> Option<&'n Node> {
        let section = section?;
        self.looks.set(self.looks.get().saturating_add(1 + section.entries().len()));
        if self.looks.get() > MAX_LOOKS { None } else { section.named(name) }
    }

    /// Takes note of text that a reference or function is about to give, unless that is too much: little that is
    /// written may come to any amount where it refers to each other.
    fn afford(&self, bytes: usize) -> Result<(), String> {
        let given = self.given.get().saturating_add(bytes);
        if given > MAX_TEXT {
            return Err("the template puts together too much text".to_owned());
        }
        self.given.set(given);
        Ok(())
    }

    /// A list of the parts of a text.
    fn list_of<'t>(
        &self,
        parts: impl Iterator<Item = &'t str> + Clone,
        length: usize,
        span: Span,
    ) -> Result<Value, String> {
        self.afford(length.saturating_add(parts.clone().count().saturating_mul(ITEM_BYTES)))?;
        Ok(texts(parts, span))
    }

    /// The value of a parameter.
    fn given(&self, text: &str, is_list: bool) -> Result<Value, String> {
        if is_list {
            return self.list_of(text.split(',').map(str::trim), text.len(), Span { start: 0, end: 0 });
        }
        self.afford(text.len())?;
        Ok(Value::String(text.to_owned()))
    }

    /// What a parameter, pseudo parameter or resource gives, where `at` refers to it.
    fn reference<'n>(&'n self, name: &str, at: Span) -> Resolved<'n> {
        if name == "AWS::NoValue" {
            return Resolved::NoValue;
        }
        let unresolved = |why: String| Resolved::Unresolved { why, at };
        let parameter = self.look_up(self.parameters, name);
        if parameter.is_some() && !self.referred.borrow().contains(name) {
            self.referred.borrow_mut().insert(name.to_owned());
        }
        let kind = parameter.and_then(|p| p.get("Type")).and_then(Node::as_str).unwrap_or_default();
        let is_list = kind == "CommaDelimitedList" || kind.starts_with("List<");
        if let Some(value) = self.inputs.parameters.get(name)
            && (parameter.is_some() || name.starts_with("AWS::"))
        {
            let place = self.inputs.places.get(name);
            return match self.given(value, is_list) {
                Ok(value) => Resolved::Known {
                    node: Cow::Owned(Node { span: at, value }),
                    at: place.map_or(Written::Here(at), |place| Written::There(place.clone())),
                    used_at: place.map(|_| at),
                },
                Err(why) => unresolved(why),
            };
        }
        let name = shown(name);
        let Some(parameter) = parameter else {
            return unresolved(if name.starts_with("AWS::") {
                format!("{name} is known when it is deployed; give --parameter {name}=VALUE")
            } else {
                format!("what {name} gives is known only when it is deployed")
            });
        };
        if kind.starts_with("AWS::SSM::") {
            return unresolved(format!("parameter {name} is read from SSM; give --parameter {name}=VALUE"));
        }
        let Some(default) = parameter.get("Default").filter(|default| default.value != Value::Null) else {
            return unresolved(format!("parameter {name} has no default; give --parameter {name}=VALUE"));
        };
        match (&default.value, default.scalar()) {
            (_, Some(text)) if is_list => match self.given(text, true) {
                Ok(value) => Resolved::Known {
                    node: Cow::Owned(Node { span: default.span, value }),
                    at: Written::Here(default.span),
                    used_at: Some(at),
                },
                Err(why) => unresolved(why),
            },
            (_, Some(text)) => match self.afford(text.len()) {
                Ok(()) => Resolved::Known {
                    node: Cow::Borrowed(default),
                    at: Written::Here(default.span),
                    used_at: Some(at),
                },
                Err(why) => unresolved(why),
            },
            _ => unresolved(format!("the default of parameter {name} is {}", default.kind())),
        }
    }

    fn function<'n>(&'n self, name: &str, argument: &'n Node, node: &'n Node) -> Resolved<'n> {
        let unresolved = |why: String| Resolved::Unresolved { why, at: node.span };
        match name {
            "Ref" => match argument.as_str() {
                Some(name) => self.reference(name, node.span),
                None => unresolved("Ref names nothing".to_owned()),
            },
            "Fn::FindInMap" => self.find_in_map(argument, node),
            "Fn::If" => match argument.items() {
                [condition, then, otherwise] => match condition.as_str().map(|name| self.condition(name)) {
                    Some(Ok(true)) => self.resolve(then),
                    Some(Ok(false)) => self.resolve(otherwise),
                    Some(Err(why)) => unresolved(why),
                    None => unresolved("Fn::If names no condition".to_owned()),
                },
                _ => unresolved("Fn::If needs a condition and two values".to_owned()),
            },
            "Fn::Sub" => self.substitute(argument, node),
            "Fn::Join" => match argument.items() {
                [delimiter, list] => self.join(delimiter, list, node),
                _ => unresolved("Fn::Join needs a delimiter and a list".to_owned()),
            },
            "Fn::Select" => match argument.items() {
                [index, list] => self.select(index, list, node),
                _ => unresolved("Fn::Select needs an index and a list".to_owned()),
            },
            "Fn::Split" => match argument.items() {
                [delimiter, text] => match (self.text(delimiter), self.text(text)) {
                    (Ok(delimiter), Ok(text)) if !delimiter.is_empty() => {
                        match self.list_of(text.split(&*delimiter), text.len(), node.span) {
                            Ok(list) => put_together(node, list),
                            Err(why) => unresolved(why),
                        }
                    }
                    (Err(why), _) | (_, Err(why)) => unresolved(why),
                    _ => unresolved("Fn::Split needs a delimiter".to_owned()),
                },
                _ => unresolved("Fn::Split needs a delimiter and a text".to_owned()),
            },
            "Fn::GetAtt" => {
                unresolved("an attribute of a resource is known only when it is deployed".to_owned())
            }
            name => unresolved(format!("what {} gives is known only when it is deployed", shown(name))),
        }
    }

    fn find_in_map<'n>(&'n self, argument: &'n Node, node: &'n Node) -> Resolved<'n> {
        let unresolved = |why: String| Resolved::Unresolved { why, at: node.span };
        let (keys, default) = match argument.items() {
            [map, first, second] => ([map, first, second], None),
            [map, first, second, options] => ([map, first, second], options.get("DefaultValue")),
            _ => return unresolved("Fn::FindInMap needs a map and two keys".to_owned()),
        };
        let mut cell = self.mappings;
        let mut path = Vec::new();
        for key in keys {
            match self.text(key) {
                Ok(key) => {
                    cell = self.look_up(cell, &key);
                    path.push(shown(&key));
                }
                Err(why) => return unresolved(format!("a key of Fn::FindInMap is not known: {why}")),
            }
        }
        match (cell, default) {
            (Some(cell), _) => match self.afford(cell.scalar().unwrap_or_default().len()) {
                Ok(()) => Resolved::Known {
                    node: Cow::Borrowed(cell),
                    at: Written::Here(cell.span),
                    used_at: Some(node.span),
                },
                Err(why) => unresolved(why),
            },
            (None, Some(default)) => self.resolve(default),
            (None, None) => unresolved(format!("the mappings have no {}", path.join("."))),
        }
    }

    fn join<'n>(&'n self, delimiter: &'n Node, list: &'n Node, node: &'n Node) -> Resolved<'n> {
        // Nothing is joined to one alone: what it says can be changed where it stands.
        if let [only] = list.items() {
            match self.resolve(only) {
                Resolved::Known { node, .. } if node.scalar().is_none() => {}
                resolved => return resolved,
            }
        }
        let joined = || {
            let (delimiter, texts) = (self.text(delimiter)?, self.texts(list)?);
            let between = delimiter.len().saturating_mul(texts.len());
            self.afford(texts.iter().map(String::len).sum::<usize>().saturating_add(between))?;
            Ok(texts.join(&*delimiter))
        };
        match joined() {
            Ok(text) => put_together(node, Value::String(text)),
            Err(why) => Resolved::Unresolved { why, at: node.span },
        }
    }

    fn select<'n>(&'n self, index: &'n Node, list: &'n Node, node: &'n Node) -> Resolved<'n> {
        let unresolved = |why: String| Resolved::Unresolved { why, at: node.span };
        let index = match self.text(index).map(|index| index.parse::<usize>()) {
            Ok(Ok(index)) => index,
            Ok(Err(_)) => return unresolved("the index of Fn::Select is no number".to_owned()),
            Err(why) => return unresolved(why),
        };
        let missing = || unresolved(format!("Fn::Select finds no item {index}"));
        match self.resolve(list) {
            Resolved::Known { node: Cow::Borrowed(list), .. } => {
                list.items().get(index).map_or_else(missing, |item| self.resolve(item))
            }
            Resolved::Known { node: Cow::Owned(list), .. } => {
                list.items().get(index).map_or_else(missing, |item| put_together(node, item.value.clone()))
            }
            Resolved::NoValue => missing(),
            other @ Resolved::Unresolved { .. } => other,
        }
    }

    fn substitute<'n>(&'n self, argument: &'n Node, node: &'n Node) -> Resolved<'n> {
        let unresolved = |why: String| Resolved::Unresolved { why, at: node.span };
        let (text, variables) = match argument.items() {
            [text, variables] => (text, Some(variables)),
            _ => (argument, None),
        };
        let Some(pattern) = text.as_str() else { return unresolved("Fn::Sub has no text".to_owned()) };
        let variable = |name: &str| -> Resolved<'n> {
            match self.look_up(variables, name) {
                Some(value) => self.resolve(value),
                None if name.contains('.') => {
                    unresolved(format!("{} is known only when it is deployed", shown(name)))
                }
                None => self.reference(name, node.span),
            }
        };
        let Some(first) = pattern.find("${") else {
            return Resolved::Known {
                node: Cow::Borrowed(text),
                at: Written::Here(text.span),
                used_at: None,
            };
        };
        // A text that is a reference and nothing else says what the reference says.
        if let Some(name) = pattern.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'))
            && !name.contains(['{', '}', '!'])
        {
            return variable(name.trim());
        }
        let mut substituted = pattern[..first].to_owned();
        let mut rest = &pattern[first..];
        while let Some(start) = rest.find("${") {
            substituted.push_str(&rest[..start]);
            let Some(length) = rest[start..].find('}') else { break };
            let name = &rest[start + 2..start + length];
            rest = &rest[start + length + 1..];
            if let Some(written) = name.strip_prefix('!') {
                substituted.push_str("${");
                substituted.push_str(written);
                substituted.push('}');
                continue;
            }
            let text = scalar(variable(name.trim()));
            match text.and_then(|text| self.afford(text.len()).map(|()| text)) {
                Ok(text) => substituted.push_str(&text),
                Err(why) => return unresolved(why),
            }
        }
        substituted.push_str(rest);
        put_together(node, Value::String(substituted))
    }

    /// What a node says as text, or why that is not known.
    pub fn text<'n>(&'n self, node: &'n Node) -> Result<Cow<'n, str>, String> {
        scalar(self.resolve(node))
    }

    fn texts(&self, list: &Node) -> Result<Vec<String>, String> {
        match self.resolve(list) {
            Resolved::Known { node, .. } if matches!(node.value, Value::Seq(_)) => {
                let texts = node.items().iter().map(|item| {
                    let text = self.text(item)?;
                    self.afford(text.len())?;
                    Ok(text.into_owned())
                });
                texts.collect()
            }
            Resolved::Unresolved { why, .. } => Err(why),
            Resolved::Known { .. } | Resolved::NoValue => Err("a list is missing".to_owned()),
        }
    }
}

impl Resolve for Template<'_> {
    fn resolve<'n>(&'n self, node: &'n Node) -> Resolved<'n> {
        let followed = self.step(|| match intrinsic(node) {
            Some((name, argument)) => self.function(&name, argument, node),
            None => match node.as_str() {
                Some(text) if text.contains("{{resolve:") => Resolved::Unresolved {
                    why: "a dynamic reference is read when it is deployed".to_owned(),
                    at: node.span,
                },
                _ => literal(node),
            },
        });
        followed.unwrap_or_else(|| Resolved::Unresolved {
            why: format!("more than {MAX_STEPS} references follow on each other"),
            at: node.span,
        })
    }
}

/// The function that a node calls, by its long name, and what it is given.
pub fn intrinsic(node: &Node) -> Option<(Cow<'_, str>, &Node)> {
    match &node.value {
        Value::Tagged(tag, argument) => {
            let name = match tag.strip_prefix('!')? {
                "Ref" => Cow::Borrowed("Ref"),
                "Condition" => Cow::Borrowed("Condition"),
                name => Cow::Owned(format!("Fn::{name}")),
            };
            Some((name, argument))
        }
        Value::Map(entries) => match &entries[..] {
            [entry] if entry.key == "Ref" || entry.key.starts_with("Fn::") => {
                Some((Cow::Borrowed(entry.key.as_str()), &entry.value))
            }
            _ => None,
        },
        _ => None,
    }
}

fn scalar(resolved: Resolved<'_>) -> Result<Cow<'_, str>, String> {
    match resolved {
        Resolved::Known { node: Cow::Borrowed(node), .. } => node
            .scalar()
            .map(Cow::Borrowed)
            .ok_or_else(|| format!("{} stands where a text is needed", node.kind())),
        Resolved::Known { node: Cow::Owned(node), .. } => node
            .scalar()
            .map(|text| Cow::Owned(text.to_owned()))
            .ok_or_else(|| format!("{} stands where a text is needed", node.kind())),
        Resolved::NoValue => Err("AWS::NoValue stands where a text is needed".to_owned()),
        Resolved::Unresolved { why, .. } => Err(why),
    }
}

/// What no literal says.
fn put_together(node: &Node, value: Value) -> Resolved<'_> {
    Resolved::Known {
        node: Cow::Owned(Node { span: node.span, value }),
        at: Written::Here(node.span),
        used_at: None,
    }
}

fn texts<'t>(texts: impl Iterator<Item = &'t str>, span: Span) -> Value {
    Value::Seq(texts.map(|text| Node { span, value: Value::String(text.to_owned()) }).collect())
}
