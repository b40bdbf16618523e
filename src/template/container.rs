//! Container definitions.

use super::{
    ContainerTemplate, Place, Setting,
    document::Node,
    fields::{Fields, Found, Text},
    resolve::shown,
};
use crate::{
    units::{CpuUnits, MemoryMib},
    workload::{RuntimeSetting, SizeTextError, parse_whole, runtime_settings},
};

/// Variables and words of a command that are looked through for runtime settings.
const MAX_WORDS: usize = 1000;

/// Reads the container definition at `index` of its list.
pub fn read(fields: &Fields<'_>, container: &Node, index: usize) -> ContainerTemplate {
    let path = format!("containerDefinitions[{index}].");
    ContainerTemplate {
        name: fields.text(container, "name"),
        label: label(fields, container, index),
        at: fields.source.head(container.span.start),
        cpu: fields.ecs_size(container, "cpu", &path, parse_cpu_units),
        memory: present(fields.ecs_size(container, "memory", &path, parse_mib)),
        memory_reservation: present(fields.ecs_size(container, "memoryReservation", &path, parse_mib)),
        essential: fields.flag(container, "essential").unwrap_or(true),
        gpus: gpus(fields, container, &path),
        privileged: fields.flag(container, "privileged").unwrap_or(false),
        runtime_settings: settings_with(
            fields,
            &environment(fields, container),
            &secrets(fields, container),
            &command(fields, container),
        ),
    }
}

fn label(fields: &Fields<'_>, container: &Node, index: usize) -> String {
    match (fields.text(container, "name"), fields.found(container, "name")) {
        (Setting::Known { value, .. }, _) => value,
        (_, Found::Text(text)) if !text.value.is_empty() => shown(&text.value),
        (_, Found::Unresolved { at, .. }) if at.end > at.start => shown(fields.source.slice(at)),
        _ => index.to_string(),
    }
}

fn parse_cpu_units(text: &str) -> Result<CpuUnits, SizeTextError> {
    parse_whole(text).map(CpuUnits)
}

fn parse_mib(text: &str) -> Result<MemoryMib, SizeTextError> {
    parse_whole(text).map(MemoryMib)
}

/// A limit of zero is none.
fn present(setting: super::Setting<MemoryMib>) -> super::Setting<MemoryMib> {
    if setting.known() == Some(&MemoryMib(0)) { super::Setting::Absent } else { setting }
}

/// GPUs among `[{"type": "GPU", "value": "1"}, ...]`.
fn gpus(fields: &Fields<'_>, container: &Node, path: &str) -> u32 {
    let mut gpus = 0_u32;
    for requirement in fields.maps(container, "resourceRequirements") {
        let is_gpu = fields.texts(requirement, "type").first().is_some_and(|kind| kind.value == "GPU");
        if !is_gpu {
            continue;
        }
        match fields.found(requirement, "value") {
            // Skeletons have it empty.
            Found::Text(count) if count.value.is_empty() => {}
            Found::Text(count) => match parse_whole(&count.value) {
                Ok(count) => gpus = gpus.saturating_add(count),
                Err(SizeTextError::Placeholder { .. }) => gpus = gpus.saturating_add(1),
                Err(error) => fields.refuse(&count.at, format!("{path}resourceRequirements: {error}"), None),
            },
            // One at least: what asks for GPUs runs on no Fargate task, however many.
            Found::Unresolved { .. } => gpus = gpus.saturating_add(1),
            Found::Absent | Found::Other { .. } => fields.refuse(
                &super::resolve::Written::Here(requirement.span),
                format!("{path}resourceRequirements: the number of GPUs is missing; give it as value"),
                None,
            ),
        }
    }
    gpus
}

fn environment<'n>(fields: &'n Fields<'_>, container: &'n Node) -> Vec<(String, Text<'n>)> {
    fields
        .maps(container, "environment")
        .into_iter()
        .filter_map(|pair| {
            let name = fields.texts(pair, "name").into_iter().next()?.value.into_owned();
            Some((name, fields.texts(pair, "value").into_iter().next()?))
        })
        .collect()
}

/// The names of the variables that are secrets.
fn secrets<'n>(fields: &'n Fields<'_>, container: &'n Node) -> Vec<Text<'n>> {
    let secrets = fields.maps(container, "secrets").into_iter();
    secrets.filter_map(|secret| fields.texts(secret, "name").into_iter().next()).collect()
}

fn command<'n>(fields: &'n Fields<'_>, container: &'n Node) -> Vec<Text<'n>> {
    let mut words = fields.texts(container, "entryPoint");
    words.extend(fields.texts(container, "command"));
    words
}

/// The recognised settings of an environment and a command, each with where it stands.
pub fn settings(
    fields: &Fields<'_>,
    environment: &[(String, Text<'_>)],
    command: &[Text<'_>],
) -> Vec<(RuntimeSetting, Place)> {
    settings_with(fields, environment, &[], command)
}

fn settings_with(
    fields: &Fields<'_>,
    environment: &[(String, Text<'_>)],
    secrets: &[Text<'_>],
    command: &[Text<'_>],
) -> Vec<(RuntimeSetting, Place)> {
    let environment = &environment[..environment.len().min(MAX_WORDS)];
    let secrets = &secrets[..secrets.len().min(MAX_WORDS)];
    let command = &command[..command.len().min(MAX_WORDS)];
    let known = environment.iter().map(|(name, value)| (name.as_str(), Some(&*value.value)));
    let variables = known.chain(secrets.iter().map(|name| (&*name.value, None)));
    let texts = || {
        let named = environment.iter().map(|(name, value)| (name.as_str(), value));
        let secret = secrets.iter().map(|name| (&*name.value, name));
        command.iter().map(|word| ("", word)).chain(named).chain(secret)
    };
    let found = runtime_settings(variables, command.iter().map(|word| &*word.value)).into_iter();
    found
        .filter_map(|setting| {
            // Where it is most likely from: a value may be another text's, too, and a flag have several spellings.
            let (_, text) = texts().min_by_key(|(name, text)| {
                let value = !setting.is_known() || text.value.contains(&setting.value);
                match () {
                    () if value && *name == setting.name => 0,
                    () if value && text.value.contains(&setting.name) => 1,
                    () if value && setting.is_known() => 2,
                    () if text.value.contains(&setting.name) => 3,
                    () => 4,
                }
            })?;
            Some((setting, text.at.place(fields.source)))
        })
        .collect()
}
