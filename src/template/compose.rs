//! Compose files for Docker's ECS integration, told by their `x-aws-` keys: each service is a task.
//!
//! The integration gives each task the smallest Fargate size that holds its limits, so that limits which are no
//! Fargate size leave the task's size open. Without limits, that is the smallest of all.

use rust_decimal::{Decimal, prelude::ToPrimitive as _};

use super::{
    ContainerTemplate, ServiceTemplate, Setting, TaskTemplate, TemplateError, TemplateKind, container,
    document::{Node, SourceText, Value},
    fields::{Fields, Found, Text},
    resolve::{Literal, shown},
    task_definition,
};
use crate::{
    fargate::TaskSize,
    units::{CpuUnits, MemoryMib},
    workload::{OperatingSystem, SizeTextError, parse_cpu, parse_memory, parse_whole, quoted},
};

/// Reads a compose file.
pub fn read(source: &SourceText, compose: &Node, errors: &mut Vec<TemplateError>) -> Vec<TaskTemplate> {
    let fields = Fields::new(source, &Literal, errors);
    let services = compose.get("services").map(Node::entries).unwrap_or_default();
    services
        .iter()
        .map(|entry| {
            let at = source.place(entry.key_span);
            let service = &entry.value;
            let deploy = fields.map(service, "deploy");
            let resources = deploy.and_then(|deploy| fields.map(deploy, "resources"));
            let limits = resources.and_then(|resources| {
                fields.map(resources, "limits").or_else(|| fields.map(resources, "reservations"))
            });
            let mut task = task_definition::absent(TemplateKind::Compose, at.clone());
            task.name = shown(&entry.key);
            task.requires_compatibilities = vec!["FARGATE".to_owned()];
            if let Some(limits) = limits {
                task.cpu = fields.size(limits, "cpus", "limits.", parse_cpus);
                task.memory = fields.size(limits, "memory", "limits.", parse_bytes);
            }
            fill_in_what_is_not_limited(&mut task);
            leave_open_what_is_rounded(&mut task);
            let name = Setting::Known { value: entry.key.clone(), at: at.clone(), used_at: None };
            let mut command = fields.texts(service, "entrypoint");
            command.extend(fields.texts(service, "command"));
            task.containers.push(ContainerTemplate {
                name: name.clone(),
                label: entry.key.clone(),
                at: at.clone(),
                cpu: Setting::Absent,
                memory: Setting::Absent,
                memory_reservation: Setting::Absent,
                essential: true,
                gpus: 0,
                privileged: fields.flag(service, "privileged").unwrap_or(false),
                runtime_settings: container::settings(&fields, &environment(&fields, service), &command),
            });
            task.services.push(ServiceTemplate {
                name,
                at,
                cluster: fields.text(compose, "x-aws-cluster"),
                desired_count: deploy.map_or(Setting::Absent, |deploy| {
                    fields.size(deploy, "replicas", "deploy.", parse_whole)
                }),
                min_capacity: Setting::Absent,
                launch_type: Setting::Absent,
                strategy: Vec::new(),
                tags: std::collections::BTreeMap::new(),
            });
            task
        })
        .collect()
}

/// What is not limited is that of the smallest size that holds the other.
fn fill_in_what_is_not_limited(task: &mut TaskTemplate) {
    let (cpu, memory) = (task.cpu.known().copied(), task.memory.known().copied());
    let smallest = TaskSize::all(OperatingSystem::Linux)
        .find(|size| cpu.is_none_or(|cpu| size.cpu() == cpu) && memory.is_none_or(|own| size.memory() == own))
        .or_else(|| TaskSize::all(OperatingSystem::Linux).next());
    let Some(smallest) = smallest else { return };
    let open = |other: &str| format!("it follows from limits.{other}, which is not known");
    if task.cpu == Setting::Absent {
        task.cpu = match &task.memory {
            Setting::Unresolved { at, .. } => Setting::Unresolved { why: open("memory"), at: at.clone() },
            _ => Setting::default_of_tool(smallest.cpu(), &task.at),
        };
    }
    if task.memory == Setting::Absent {
        task.memory = match &task.cpu {
            Setting::Unresolved { at, .. } => Setting::Unresolved { why: open("cpus"), at: at.clone() },
            _ => Setting::default_of_tool(smallest.memory(), &task.at),
        };
    }
}

fn leave_open_what_is_rounded(task: &mut TaskTemplate) {
    let (Some(&cpu), Some(&memory)) = (task.cpu.known(), task.memory.known()) else { return };
    if TaskSize::new(cpu, memory, OperatingSystem::Linux).is_ok() {
        return;
    }
    let why = format!(
        "Docker's ECS integration takes the smallest Fargate size that holds {} CPU units and {} MiB",
        cpu.0, memory.0
    );
    if let (Some(cpu), Some(memory)) = (task.cpu.place().cloned(), task.memory.place().cloned()) {
        task.cpu = Setting::Unresolved { why: why.clone(), at: cpu };
        task.memory = Setting::Unresolved { why, at: memory };
    }
}

/// The environment as a map, or as a list of `NAME=VALUE`.
fn environment<'n>(fields: &'n Fields<'_>, service: &'n Node) -> Vec<(String, Text<'n>)> {
    let Some(environment) = service.get("environment") else { return Vec::new() };
    match &environment.value {
        Value::Map(entries) => entries
            .iter()
            .filter_map(|entry| match super::fields::found(fields.resolver.resolve(&entry.value)) {
                Found::Text(text) => Some((entry.key.clone(), text)),
                _ => None,
            })
            .collect(),
        _ => fields
            .texts(service, "environment")
            .into_iter()
            .filter_map(|text| {
                let (name, value) = text.value.split_once('=')?;
                let (name, value) = (name.to_owned(), value.to_owned());
                Some((name, Text { value: value.into(), at: text.at, used_at: text.used_at }))
            })
            .collect(),
    }
}

/// vCPU without a unit; what is no whole number of CPU units is rounded up, as the size is chosen to hold it.
fn parse_cpus(text: &str) -> Result<CpuUnits, SizeTextError> {
    let cpus = Decimal::from_str_exact(text.trim()).ok().filter(|cpus| !cpus.is_sign_negative());
    let units = cpus.and_then(|cpus| cpus.checked_mul(Decimal::from(CpuUnits::PER_VCPU)));
    match units.and_then(|units| units.ceil().to_u32()) {
        Some(units) => Ok(CpuUnits(units)),
        None => parse_cpu(text),
    }
}

/// An amount of memory in bytes, or with one of compose's units.
fn parse_bytes(text: &str) -> Result<MemoryMib, SizeTextError> {
    let lower = text.trim().to_ascii_lowercase();
    let number = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number = number.trim_end();
    match lower[number.len()..].trim() {
        "g" | "gb" | "gib" => parse_memory(&format!("{number} GB")),
        "m" | "mb" | "mib" => parse_memory(number),
        "" | "b" if number.parse::<u64>().is_ok_and(|bytes| bytes % (1024 * 1024) == 0) => {
            parse_memory(&(number.parse::<u64>().unwrap_or_default() / (1024 * 1024)).to_string())
        }
        _ if super::resolve::has_placeholder(text) => parse_memory(text),
        _ => Err(SizeTextError::Form {
            text: quoted(text),
            what: "a memory size; write it with its unit, such as \"512M\" or \"2G\"",
        }),
    }
}
