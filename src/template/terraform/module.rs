//! [`Module`]: the files of one folder, with the values that its variables have.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    path::Path,
};

use hcl_edit::{
    expr::Expression,
    structure::{Attribute, Block, Body},
};

use super::{
    super::{Inputs, document::Node, json},
    encoded,
    environment::Environment,
    source::Source,
    type_defaults,
    value::{Kind, Spot, Value, Why, number},
};

/// What evaluating one module may cost: an expression costs one, a text one for every 16 bytes of it.
const BUDGET: usize = 1_000_000;

/// Something in one of the files.
#[derive(Debug, Clone, Copy)]
pub struct InFile<'a, T> {
    pub source: &'a Source,
    pub part: &'a T,
}

pub struct Module<'a> {
    /// `module.api.`, empty for the one that is applied itself.
    pub prefix: String,
    pub variables: BTreeMap<&'a str, InFile<'a, Block>>,
    pub locals: BTreeMap<&'a str, InFile<'a, Attribute>>,
    /// By type and name.
    pub resources: BTreeMap<(&'a str, &'a str), InFile<'a, Block>>,
    pub providers: Vec<InFile<'a, Block>>,
    pub calls: BTreeMap<&'a str, InFile<'a, Block>>,
    assigned: BTreeMap<String, Value>,
    inputs: &'a Inputs,
    /// What the module that calls this one gives it.
    arguments: Option<BTreeMap<String, Value>>,
    known: RefCell<BTreeMap<String, Option<Value>>>,
    pub spent: Cell<usize>,
    pub depth: Cell<usize>,
}

impl<'a> Module<'a> {
    pub fn new(
        sources: &[&'a Source],
        inputs: &'a Inputs,
        prefix: String,
        arguments: Option<BTreeMap<String, Value>>,
    ) -> Self {
        let mut module = Self {
            prefix,
            variables: BTreeMap::new(),
            locals: BTreeMap::new(),
            resources: BTreeMap::new(),
            providers: Vec::new(),
            calls: BTreeMap::new(),
            assigned: BTreeMap::new(),
            inputs,
            arguments,
            known: RefCell::default(),
            spent: Cell::new(0),
            depth: Cell::new(0),
        };
        for source in sources.iter().copied().filter(|source| !is_values(source)) {
            module.declare(source);
        }
        if module.arguments.is_none() {
            module.assign(sources);
        }
        module
    }

    fn declare(&mut self, source: &'a Source) {
        for block in source.body.blocks() {
            let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
            let here = InFile { source, part: block };
            match (block.ident.as_str(), &labels[..]) {
                ("variable", [name]) => {
                    self.variables.insert(name, here);
                }
                ("resource", [kind, name]) => {
                    self.resources.insert((kind, name), here);
                }
                ("provider", ["aws"]) => self.providers.push(here),
                ("module", [name]) => {
                    self.calls.insert(name, here);
                }
                ("locals", []) => {
                    for attribute in block.body.attributes() {
                        self.locals.insert(attribute.key.as_str(), InFile { source, part: attribute });
                    }
                }
                _ => {}
            }
        }
    }

    /// Takes the values that Terraform takes of its own accord, the later the stronger.
    fn assign(&mut self, sources: &[&'a Source]) {
        let mut files: Vec<(u8, &str, &Source)> = Vec::new();
        for source in sources {
            let name = file_name(source);
            let rank = match name {
                "terraform.tfvars" => 0,
                "terraform.tfvars.json" => 1,
                _ if name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json") => 2,
                _ => continue,
            };
            files.push((rank, name, source));
        }
        files.sort_by_key(|(rank, name, _)| (*rank, *name));
        for (_, name, source) in files {
            if Path::new(name).extension().is_some_and(|ending| ending == "json") {
                if let Ok(json) = json::read(&source.text) {
                    for entry in json.root.entries() {
                        let value = from_node(source, &entry.value);
                        self.assigned.insert(entry.key.clone(), value);
                    }
                }
            } else {
                for attribute in source.body.attributes() {
                    let value = Environment::new(self, source).evaluate(&attribute.value);
                    self.assigned.insert(attribute.key.as_str().to_owned(), value);
                }
            }
        }
    }

    pub fn is_called(&self) -> bool {
        self.arguments.is_some()
    }

    /// The value that `--parameter` gives a name.
    pub fn given(&self, name: &str, source: &Source) -> Option<Value> {
        let text = self.inputs.parameters.get(name)?;
        let at = self.inputs.places.get(name).map_or(Spot::Nowhere, |place| Spot::Given(place.clone()));
        let kind = match text.trim_start().as_bytes().first() {
            Some(b'[' | b'{') => Kind::unknown(format!(
                "{name} is a list or a map; give it in a .auto.tfvars file rather than by --parameter"
            )),
            _ => Kind::text(text.as_str()),
        };
        Some(Value { kind, at, used_at: Some(source.file_span(None)) })
    }

    pub fn variable(&self, name: &str, from: &Source) -> Value {
        self.once(&format!("var.{name}"), from, || {
            let declared = self.variables.get(name);
            let value = match &self.arguments {
                Some(arguments) => arguments.get(name).cloned(),
                None => self.given(name, from).or_else(|| self.assigned.get(name).cloned()),
            };
            let Some(declared) = declared else {
                return value.unwrap_or_else(|| {
                    Value::unknown(
                        format!("variable {name} is declared in none of the files read; name its file too, or give --parameter {name}=VALUE"),
                        from.file_span(None),
                    )
                });
            };
            let source = declared.source;
            let attribute = |key: &str| declared.part.body.get_attribute(key).map(|attribute| &attribute.value);
            let mut value = match (value, attribute("default")) {
                (Some(value), _) => value,
                (None, Some(default)) => Environment::new(self, source).evaluate(default),
                (None, None) if self.is_called() => Value::unknown(
                    format!("variable {name} has no default, and the call of the module does not give it"),
                    source.span(declared.part),
                ),
                (None, None) => Value::unknown(
                    format!("variable {name} has no default; give --parameter {name}=VALUE"),
                    source.span(declared.part),
                ),
            };
            if let Some(kind) = attribute("type") {
                value = type_defaults::apply(self, source, value, kind);
            }
            value
        })
    }

    pub fn local(&self, name: &str, from: &Source) -> Value {
        self.once(&format!("local.{name}"), from, || match self.locals.get(name) {
            Some(local) => Environment::new(self, local.source).evaluate(&local.part.value),
            None => Value::unknown(
                format!("local {name} is defined in none of the files read; name its file too"),
                from.file_span(None),
            ),
        })
    }

    /// What a name stands for, worked out once.
    fn once(&self, name: &str, from: &Source, work_out: impl FnOnce() -> Value) -> Value {
        match self.known.borrow().get(name) {
            Some(Some(value)) => return value.clone(),
            Some(None) => return Value::unknown(format!("{name} refers to itself"), from.file_span(None)),
            None => {}
        }
        self.known.borrow_mut().insert(name.to_owned(), None);
        let value = work_out();
        self.known.borrow_mut().insert(name.to_owned(), Some(value.clone()));
        value
    }

    /// Takes note of what something costs, unless that is too much.
    pub fn spend(&self, cost: usize) -> Result<(), Why> {
        let spent = self.spent.get().saturating_add(cost);
        if spent > BUDGET {
            return Err(Why::from("the files take too much to evaluate"));
        }
        self.spent.set(spent);
        Ok(())
    }
}

/// Whether a file gives values to variables rather than declaring anything.
pub fn is_values(source: &Source) -> bool {
    let name = file_name(source);
    name.ends_with(".tfvars") || name.ends_with(".tfvars.json")
}

pub fn file_name(source: &Source) -> &str {
    source.text.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}

/// The value of an attribute.
pub fn attribute<'a>(body: &'a Body, key: &str) -> Option<&'a Expression> {
    body.get_attribute(key).map(|attribute| &attribute.value)
}

/// A value of JSON that stands in a file of its own.
fn from_node(source: &Source, node: &Node) -> Value {
    encoded::value_of(node, &|span| {
        let at = super::value::FileSpan { file: source.index, span };
        (Spot::Here(at), None, None)
    })
}

/// A number of JSON or HCL.
pub fn number_kind(text: &str) -> Kind {
    number(text).map_or_else(|| Kind::unknown("the number is too large"), Kind::Number)
}
