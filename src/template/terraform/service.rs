//! `aws_ecs_service`, and which task definition it runs.

use hcl_edit::{
    expr::{Expression, Traversal, TraversalOperator},
    structure::Body,
    visit::{Visit, visit_traversal},
};

use super::{
    super::{
        ServiceTemplate, Setting, TaskTemplate,
        cloudformation::read_service,
        document::{Node, Value as Written},
        fields::Fields,
    },
    environment::Environment,
    instances::{Instance, instance_key, nested},
    lower::{self, Lowered, map},
    module::{Module, attribute},
    resource_types::{SERVICE, TASK_DEFINITION},
    source::Source,
    tags,
    value::{FileSpan, Kind},
};
use crate::workload::parse_whole;

/// Locals that may lead to the task definition, one after the other.
const MAX_STEPS: usize = 8;

/// What a service runs.
#[derive(Debug, Default)]
pub struct Runs {
    /// Names of resources, with the key of the instance where it is known.
    definitions: Vec<(String, Option<String>)>,
    family: Option<String>,
}

impl Runs {
    /// Whether a task definition is one of them.
    pub fn includes(&self, task: &TaskTemplate, name: &str, key: Option<&str>) -> bool {
        let named = self.definitions.iter().any(|(definition, wanted)| {
            definition == name
                && match (wanted, key) {
                    (Some(wanted), Some(key)) => wanted == key,
                    _ => true,
                }
        });
        // Several definitions may share a family; a reference says which it is.
        let of_family = || self.family.is_some() && task.family.known() == self.family.as_ref();
        named || (self.definitions.is_empty() && of_family())
    }
}

/// The scaling of a service's count.
#[derive(Debug)]
pub struct Scaling {
    /// Names of services' resources, with the key of the instance where it is known.
    services: Vec<(String, Option<String>)>,
    /// The service's own name.
    name: Option<String>,
    least: Setting<u32>,
}

impl Scaling {
    /// Whether a service is the one that is scaled.
    pub fn is_of(&self, service: &ServiceTemplate, name: &str, key: Option<&str>) -> bool {
        let is_named = self.services.iter().any(|(scaled, wanted)| {
            scaled == name && wanted.as_deref().zip(key).is_none_or(|(wanted, key)| wanted == key)
        });
        is_named
            || (self.services.is_empty() && self.name.is_some() && self.name.as_ref() == service.name.known())
    }

    pub fn least(&self) -> Setting<u32> {
        self.least.clone()
    }
}

/// Reads an `aws_appautoscaling_target`; nothing where it scales something else.
pub fn scaling(
    sources: &[Source],
    instance: &Instance<'_, '_>,
    body: &Body,
    head: FileSpan,
) -> Option<Scaling> {
    let environment = &instance.environment;
    let source = environment.source;
    let text = |key: &str| attribute(body, key).map(|expression| environment.evaluate(expression).as_text());
    let says = |key: &str, wanted: &str| !matches!(text(key), Some(Ok(text)) if *text != *wanted);
    if !says("service_namespace", "ecs") || !says("scalable_dimension", "ecs:service:DesiredCount") {
        return None;
    }
    let resource = attribute(body, "resource_id")?;
    let mut finder = Finder::new(environment, SERVICE);
    finder.visit_expr(resource);
    // The cluster need not be known.
    let name = match &environment.evaluate(resource).kind {
        Kind::Text(text) => {
            let part = text.content.rsplit_once('/').map(|(_, name)| name);
            part.filter(|name| !name.is_empty() && !name.contains("${")).map(str::to_owned)
        }
        _ => None,
    };
    let mut lowered = Lowered::new(sources, source.index);
    let least = attribute(body, "min_capacity").map(|expression| {
        let value = environment.evaluate(expression);
        ("MinCapacity", lowered.node(&value, source.span(expression).span))
    });
    let properties = map(head.span, least.into_iter().collect());
    let mut errors = Vec::new();
    let fields = Fields::new(&source.text, &lowered, &mut errors);
    let least = fields.size(&properties, "MinCapacity", "", parse_whole);
    Some(Scaling { services: finder.found, name, least })
}

pub fn read(
    sources: &[Source],
    instance: &Instance<'_, '_>,
    body: &Body,
    head: FileSpan,
) -> (ServiceTemplate, Runs) {
    let environment = &instance.environment;
    let source = environment.source;
    let mut lowered = Lowered::new(sources, source.index);
    let mut entries = Vec::new();
    let words = [
        ("name", "ServiceName"),
        ("cluster", "Cluster"),
        ("desired_count", "DesiredCount"),
        ("launch_type", "LaunchType"),
    ];
    for (key, word) in words {
        if let Some(expression) = attribute(body, key) {
            let value = environment.evaluate(expression);
            entries.push((word, lowered.node(&value, source.span(expression).span)));
        }
    }
    let (blocks, more) = nested(environment, body, "capacity_provider_strategy");
    let strategy = blocks.iter().map(|block| {
        let entries = lower::STRATEGY.iter().filter_map(|(key, word)| {
            let expression = attribute(block.body, key)?;
            let value = block.environment.evaluate(expression);
            Some((*word, lowered.node(&value, source.span(expression).span)))
        });
        map(block.at.span, entries.collect())
    });
    let mut strategy: Vec<Node> = strategy.collect();
    strategy.extend(more.map(|(why, at)| lowered.unknown(why, at.span)));
    let strategy = Node { span: head.span, value: Written::Seq(strategy) };
    entries.push(("CapacityProviderStrategy", strategy));
    let properties = map(head.span, entries);
    // What is wrong with a service has no bearing on its task definition's size.
    let mut errors = Vec::new();
    let fields = Fields::new(&source.text, &lowered, &mut errors);
    let (mut service, _) = read_service(&fields, &properties, source.text.place(head.span));
    service.tags = tags::of(environment, body).0;
    let runs = attribute(body, "task_definition")
        .map(|expression| runs(environment, expression))
        .unwrap_or_default();
    (service, runs)
}

fn runs(environment: &Environment<'_, '_>, expression: &Expression) -> Runs {
    let mut finder = Finder::new(environment, TASK_DEFINITION);
    finder.visit_expr(expression);
    let family = environment.evaluate(expression).as_text().ok().map(|text| {
        // `family`, `family:revision`, or an ARN that ends so.
        let last = text.rsplit('/').next().unwrap_or_default();
        last.split(':').next().unwrap_or_default().to_owned()
    });
    Runs { definitions: finder.found, family: family.filter(|family| !family.is_empty()) }
}

/// Finds the resources of a kind that an expression refers to.
struct Finder<'e, 'm, 'a> {
    kind: &'static str,
    environment: &'e Environment<'m, 'a>,
    module: &'m Module<'a>,
    found: Vec<(String, Option<String>)>,
    steps: usize,
}

impl<'e, 'm, 'a> Finder<'e, 'm, 'a> {
    fn new(environment: &'e Environment<'m, 'a>, kind: &'static str) -> Self {
        Self { kind, environment, module: environment.module, found: Vec::new(), steps: 0 }
    }
}

impl Visit for Finder<'_, '_, '_> {
    fn visit_traversal(&mut self, traversal: &Traversal) {
        let operators: Vec<&TraversalOperator> =
            traversal.operators.iter().map(|operator| operator.value()).collect();
        let root = traversal.expr.as_variable().map(|root| root.as_str());
        match (root, &operators[..]) {
            (Some(kind), [TraversalOperator::GetAttr(name), rest @ ..]) if kind == self.kind => {
                let key = match rest.first() {
                    Some(TraversalOperator::Index(index)) => instance_key(&self.environment.evaluate(index)),
                    _ => None,
                };
                self.found.push((name.as_str().to_owned(), key));
            }
            (Some("local"), [TraversalOperator::GetAttr(name), ..]) if self.steps < MAX_STEPS => {
                self.steps += 1;
                let module = self.module;
                if let Some(local) = module.local_expression(name.as_str(), self.environment.source) {
                    self.visit_expr(local);
                }
            }
            _ => visit_traversal(self, traversal),
        }
    }
}
