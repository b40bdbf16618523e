//! [`Module`]: the files of one folder, with the values that its variables have.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
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
pub const BUDGET: usize = 1_000_000;

/// The rank of files of values that were named and that Terraform takes only then.
const NAMED: u8 = 3;

/// Something in one of the files.
#[derive(Debug)]
pub struct InFile<'a, T> {
    pub source: &'a Source,
    pub part: &'a T,
}

impl<T> Clone for InFile<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for InFile<'_, T> {}

/// What is declared under a name. Terraform takes one of each in a folder; in a folder of files that do not belong
/// together there may be several.
pub type Declared<'a, K, T> = BTreeMap<K, Vec<InFile<'a, T>>>;

pub struct Module<'a> {
    /// `module.api.`, empty for the one that is applied itself.
    pub prefix: String,
    variables: Declared<'a, &'a str, Block>,
    locals: Declared<'a, &'a str, Attribute>,
    /// By type and name.
    pub resources: Declared<'a, (&'a str, &'a str), Block>,
    pub providers: Vec<InFile<'a, Block>>,
    pub calls: Declared<'a, &'a str, Block>,
    assigned: BTreeMap<String, Value>,
    inputs: &'a Inputs,
    /// What the module that calls this one gives it.
    arguments: Option<BTreeMap<String, Value>>,
    /// By the file that declares it, and name.
    known: RefCell<BTreeMap<(usize, String), Option<Value>>>,
    /// What it may cost, at most [`BUDGET`].
    budget: usize,
    pub spent: Cell<usize>,
    pub depth: Cell<usize>,
}

impl<'a> Module<'a> {
    pub fn new(
        sources: &[&'a Source],
        values: &'a [Source],
        inputs: &'a Inputs,
        prefix: String,
        arguments: Option<BTreeMap<String, Value>>,
        budget: usize,
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
            budget,
            spent: Cell::new(0),
            depth: Cell::new(0),
        };
        for source in sources.iter().copied().filter(|source| !is_values(source)) {
            module.declare(source);
        }
        if module.arguments.is_none() {
            module.assign(sources, values);
        }
        module
    }

    fn declare(&mut self, source: &'a Source) {
        for block in source.body.blocks() {
            let labels: Vec<&str> = block.labels.iter().map(|label| label.as_str()).collect();
            let here = InFile { source, part: block };
            match (block.ident.as_str(), &labels[..]) {
                ("variable", [name]) => {
                    self.variables.entry(name).or_default().push(here);
                }
                ("resource", [kind, name]) => {
                    self.resources.entry((kind, name)).or_default().push(here);
                }
                ("provider", ["aws"]) => self.providers.push(here),
                ("module", [name]) => {
                    self.calls.entry(name).or_default().push(here);
                }
                ("locals", []) => {
                    for attribute in block.body.attributes() {
                        let here = InFile { source, part: attribute };
                        self.locals.entry(attribute.key.as_str()).or_default().push(here);
                    }
                }
                _ => {}
            }
        }
    }

    /// Takes the values that Terraform takes of its own accord, then those of files that were named, the later the
    /// stronger.
    fn assign(&mut self, sources: &[&'a Source], values: &'a [Source]) {
        let mut files: Vec<(u8, &str, &Source)> = Vec::new();
        for source in sources {
            let name = file_name(source);
            let rank = match name {
                "terraform.tfvars" => 0,
                "terraform.tfvars.json" => 1,
                _ if name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json") => 2,
                _ if source.named && is_values(source) => NAMED,
                _ => continue,
            };
            files.push((rank, name, source));
        }
        files.sort_by_key(|(rank, name, _)| (*rank, *name));
        files.extend(values.iter().map(|source| (NAMED + 1, file_name(source), source)));
        let mut named: BTreeMap<String, &str> = BTreeMap::new();
        for (rank, name, source) in files {
            for (key, mut value) in self.values_of(source) {
                // Which of several comes last is for the command line to say, and not for names.
                if rank == NAMED
                    && let Some(other) = named.insert(key.clone(), name)
                    && self.assigned.get(&key).is_some_and(|before| !is_same(before, &value))
                {
                    let why = format!(
                        "variable {key} has one value in {other} and another in {name}; name one of them"
                    );
                    value = Value::unknown(why, source.file_span(None));
                }
                self.assigned.insert(key, value);
            }
        }
    }

    /// The values that a file gives.
    fn values_of(&self, source: &Source) -> Vec<(String, Value)> {
        if source.text.path.extension().is_some_and(|ending| ending == "json") {
            let json = json::read(&source.text).map(|json| json.root);
            let entries = json.as_ref().map(Node::entries).unwrap_or_default();
            return entries
                .iter()
                .map(|entry| (entry.key.clone(), from_node(source, &entry.value)))
                .collect();
        }
        let environment = Environment::new(self, source);
        let attributes = source.body.attributes();
        attributes
            .map(|attribute| (attribute.key.as_str().to_owned(), environment.evaluate(&attribute.value)))
            .collect()
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
        let declared = match one_of(&self.variables, &name, from) {
            Ok(declared) => declared,
            Err(count) => return declared_often("variable", name, count, from),
        };
        self.once("var", name, declared.map_or(from, |declared| declared.source), || {
            let given = match &self.arguments {
                Some(arguments) => arguments.get(name).cloned(),
                None => self.given(name, from).or_else(|| self.assigned.get(name).cloned()),
            };
            match declared {
                Some(declared) => self.declared(name, declared, given),
                None => given.unwrap_or_else(|| {
                    let why = format!(
                        "variable {name} is declared in none of the files read; name its file too, or give \
                         --parameter {name}=VALUE"
                    );
                    Value::unknown(why, from.file_span(None))
                }),
            }
        })
    }

    /// The variables that something asked for, with what they have.
    pub fn variables_in_use(&self) -> Vec<(&'a str, InFile<'a, Block>, Value)> {
        let known = self.known.borrow();
        let declared = self.variables.iter().flat_map(|(name, all)| all.iter().map(|one| (*name, *one)));
        let with_value = declared.filter_map(|(name, one)| {
            let value = known.get(&(one.source.index, format!("var.{name}")))?.clone()?;
            Some((name, one, value))
        });
        with_value.collect()
    }

    /// What a variable has: what it is given, else its default.
    fn declared(&self, name: &str, declared: InFile<'a, Block>, given: Option<Value>) -> Value {
        let InFile { source, part } = declared;
        let nullable = attribute(&part.body, "nullable").and_then(Expression::as_bool) != Some(false);
        let given = given.filter(|value| nullable || !value.is_null());
        let value = match (given, attribute(&part.body, "default")) {
            (Some(value), _) => value,
            (None, Some(default)) => Environment::new(self, source).evaluate(default),
            (None, None) => {
                let why = if self.is_called() {
                    format!("variable {name} has no default, and the call of the module does not give it")
                } else {
                    format!("variable {name} has no default; give --parameter {name}=VALUE")
                };
                Value::unknown(why, source.span(part))
            }
        };
        match attribute(&part.body, "type") {
            Some(kind) => type_defaults::apply(self, source, value, kind),
            None => value,
        }
    }

    pub fn local(&self, name: &str, from: &Source) -> Value {
        match one_of(&self.locals, &name, from) {
            Err(count) => declared_often("local", name, count, from),
            Ok(None) => {
                let why = format!("local {name} is defined in none of the files read; name its file too");
                Value::unknown(why, from.file_span(None))
            }
            Ok(Some(local)) => self.once("local", name, local.source, || {
                Environment::new(self, local.source).evaluate(&local.part.value)
            }),
        }
    }

    /// The expression of a local.
    pub fn local_expression(&self, name: &str, from: &Source) -> Option<&'a Expression> {
        Some(&one_of(&self.locals, &name, from).ok()??.part.value)
    }

    pub fn resource(&self, kind: &str, name: &str, from: &Source) -> Option<InFile<'a, Block>> {
        one_of(&self.resources, &(kind, name), from).ok()?
    }

    /// What a name stands for, worked out once.
    fn once(&self, kind: &str, name: &str, source: &Source, work_out: impl FnOnce() -> Value) -> Value {
        let key = (source.index, format!("{kind}.{name}"));
        match self.known.borrow().get(&key) {
            Some(Some(value)) => return value.clone(),
            Some(None) => {
                return Value::unknown(format!("{} refers to itself", key.1), source.file_span(None));
            }
            None => {}
        }
        self.known.borrow_mut().insert(key.clone(), None);
        let value = work_out();
        self.known.borrow_mut().insert(key, Some(value.clone()));
        value
    }

    /// Takes note of what something costs, unless that is too much.
    pub fn spend(&self, cost: usize) -> Result<(), Why> {
        let spent = self.spent.get().saturating_add(cost);
        if spent > self.budget {
            return Err(Why::from("the files take too much to evaluate"));
        }
        self.spent.set(spent);
        Ok(())
    }
}

/// What a name means in a file: what that file declares, else the only one that another does; how many there are if
/// that does not tell.
fn one_of<'a, K: Ord, T>(
    declared: &Declared<'a, K, T>,
    name: &K,
    from: &Source,
) -> Result<Option<InFile<'a, T>>, usize> {
    let all = declared.get(name).map(Vec::as_slice).unwrap_or_default();
    let here: Vec<&InFile<'a, T>> = all.iter().filter(|one| one.source.index == from.index).collect();
    match (&here[..], all) {
        ([only], _) => Ok(Some(**only)),
        ([], [only]) => Ok(Some(*only)),
        ([], []) => Ok(None),
        _ => Err(all.len()),
    }
}

/// Whether two values are the same text, number or truth value.
fn is_same(one: &Value, other: &Value) -> bool {
    one.as_text().is_ok_and(|text| other.as_text() == Ok(text))
}

fn declared_often(kind: &str, name: &str, count: usize, from: &Source) -> Value {
    let why = format!("{kind} {name} is declared {count} times in one folder; which is meant is not known");
    Value::unknown(why, from.file_span(None))
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

/// A number of JSON or HCL; one that is too large is left as it is written.
pub fn number_kind(text: &str) -> Kind {
    number(text).map_or_else(|| Kind::text(text), Kind::Number)
}
