//! Task definitions from JSON, as `register-task-definition` takes them, as
//! `describe-task-definition` gives them, or wrapped in `{"taskDefinition": ...}`.
//!
//! Takes bytes; gives a [`TaskDefinition`]. Lenient in what has no bearing on size or price (unknown
//! fields, odd names, tags or environments are passed over), strict in what has: a size that cannot
//! be read is refused with its line, column and field, never guessed. Environments and commands
//! are read for runtime settings and dropped; no message quotes them.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor, value::MapAccessDeserializer},
};
use serde_json::{Value, error::Category};

use super::{
    Container, Platform, TaskDefinition, runtime_settings,
    size_text::{SizeTextError, parse_cpu, parse_memory, parse_whole, quoted},
};
use crate::units::{CpuUnits, MemoryMib, StorageGib};

/// Ephemeral storage that may be asked for, in GiB (ECS API reference, `EphemeralStorage`).
const EPHEMERAL_STORAGE: std::ops::RangeInclusive<u32> = 21..=200;

/// Why a text is not a task definition, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} column {column}: {}{message}", .field.as_ref().map(|field| format!("{field}: ")).unwrap_or_default())]
pub struct TaskDefinitionError {
    /// From 1.
    pub line: usize,
    /// From 1; for a bad value, where it ends.
    pub column: usize,
    /// Path of the field, such as `containerDefinitions[1].memory`, where one is to blame.
    pub field: Option<String>,
    /// What is wrong and what to do about it.
    pub message: String,
}

impl TaskDefinition {
    /// Reads one task definition. A UTF-8 byte order mark is passed over.
    pub fn from_json(json: &[u8]) -> Result<Self, TaskDefinitionError> {
        if json.starts_with(&[0xff, 0xfe]) || json.starts_with(&[0xfe, 0xff]) {
            return Err(TaskDefinitionError::at_start("the file is UTF-16; save it as UTF-8"));
        }
        let json = json.strip_prefix("\u{feff}".as_bytes()).unwrap_or(json);
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let document: Object<Raw<Object<Raw<IgnoredAny>>>> =
            serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
                let path = error.path().to_string();
                TaskDefinitionError::new(json, &path, error.inner())
            })?;
        deserializer.end().map_err(|error| TaskDefinitionError::new(json, ".", &error))?;
        let Object(mut document) = document;
        match document.task_definition.take() {
            Some(Object(mut inner)) if document.container_definitions.is_none() => {
                // `describe-task-definition` gives tags beside the definition.
                if inner.tags.is_null() {
                    inner.tags = document.tags;
                }
                inner.build("taskDefinition has")
            }
            _ => document.build("the document has"),
        }
    }
}

impl TaskDefinitionError {
    fn at_start(message: impl Into<String>) -> Self {
        Self { line: 1, column: 1, field: None, message: message.into() }
    }

    fn new(json: &[u8], path: &str, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let (line, column) = (error.line(), error.column());
        let message = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
        // The end of the text is at column 0 of a line that is not there.
        let column = column.max(1);
        let hint = syntax_hint(json, line, column);
        let (field, message) = if error.classify() == Category::Data {
            ((path != ".").then(|| path.to_owned()), format!("{message}{hint}"))
        } else {
            (None, format!("not valid JSON: {message}{hint}"))
        };
        Self { line, column, field, message }
    }
}

/// What a person most likely did, if what stands at this place can't stand there in JSON.
fn syntax_hint(json: &[u8], line: usize, column: usize) -> &'static str {
    let text = json.split(|byte| *byte == b'\n').nth(line.saturating_sub(1)).unwrap_or_default();
    let at = text.get(column.saturating_sub(1)..).unwrap_or_default();
    // An object's brace is taken before what follows it is found wrong.
    let before = text.get(..column.saturating_sub(1)).unwrap_or_default();
    match at {
        [b'{' | b'%', ..] if before.ends_with(b"{") => {
            "; a placeholder outside of quotes must be filled in first"
        }
        [b'<' | b'$' | b'%', ..] | [b'{', b'{' | b'%', ..] => {
            "; a placeholder outside of quotes must be filled in first"
        }
        [b'/' | b'#', ..] => "; JSON has no comments",
        [b'.', b'.', ..] => "; dots stand for something left out",
        [b'\'', ..] => "; JSON strings stand in double quotes",
        _ => "",
    }
}

/// The fields read. `Inner` is what `taskDefinition` may hold: a definition once, then nothing, so that
/// the nesting is bounded by the type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw<Inner> {
    task_definition: Option<Inner>,
    container_definitions: Option<List<RawContainer>>,
    #[serde(default)]
    task_definition_arn: Value,
    #[serde(default)]
    family: Value,
    #[serde(default)]
    revision: Value,
    #[serde(default, deserialize_with = "cpu")]
    cpu: Option<CpuUnits>,
    #[serde(default, deserialize_with = "memory")]
    memory: Option<MemoryMib>,
    runtime_platform: Option<Object<RawPlatform>>,
    ephemeral_storage: Option<Object<RawStorage>>,
    #[serde(default)]
    network_mode: Value,
    #[serde(default)]
    requires_compatibilities: Value,
    #[serde(default)]
    volumes: Value,
    #[serde(default)]
    placement_constraints: Value,
    #[serde(default)]
    tags: Value,
    /// What a `CloudFormation` template has in place of the rest.
    #[serde(rename = "Resources")]
    resources: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawContainer {
    #[serde(default)]
    name: Value,
    #[serde(default, deserialize_with = "whole")]
    cpu: Option<u32>,
    #[serde(default, deserialize_with = "whole")]
    memory: Option<u32>,
    #[serde(default, deserialize_with = "whole")]
    memory_reservation: Option<u32>,
    #[serde(default)]
    essential: Value,
    #[serde(default)]
    privileged: Value,
    #[serde(default, deserialize_with = "gpus")]
    resource_requirements: u32,
    #[serde(default)]
    environment: Value,
    #[serde(default)]
    entry_point: Value,
    #[serde(default)]
    command: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPlatform {
    #[serde(default, deserialize_with = "operating_system_family")]
    operating_system_family: Option<String>,
    #[serde(default, deserialize_with = "cpu_architecture")]
    cpu_architecture: Option<String>,
}

#[derive(Deserialize)]
struct RawStorage {
    #[serde(default, rename = "sizeInGiB", deserialize_with = "storage")]
    size: Option<StorageGib>,
}

impl<Inner> Raw<Inner> {
    /// The definition; `holder` begins the message if there is none.
    fn build(self, holder: &str) -> Result<TaskDefinition, TaskDefinitionError> {
        let Some(List(containers)) = self.container_definitions else {
            let advice = if self.resources.is_some() {
                "this looks like a CloudFormation template, not like a task definition"
            } else {
                "expected the input of `register-task-definition` or the output of `describe-task-definition`"
            };
            return Err(TaskDefinitionError::at_start(format!("{holder} no containerDefinitions; {advice}")));
        };
        let platform = self.runtime_platform.map(|Object(platform)| platform);
        Ok(TaskDefinition {
            arn: text(&self.task_definition_arn).to_owned(),
            family: text(&self.family).to_owned(),
            revision: self.revision.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or_default(),
            cpu: self.cpu,
            memory: self.memory,
            platform: platform.map_or_else(Platform::default, |platform| {
                Platform::from_ecs(
                    platform.operating_system_family.as_deref(),
                    platform.cpu_architecture.as_deref(),
                )
            }),
            ephemeral_storage: self.ephemeral_storage.and_then(|Object(storage)| storage.size),
            network_mode: self.network_mode.as_str().map(str::to_owned),
            requires_compatibilities: texts(&self.requires_compatibilities).map(str::to_owned).collect(),
            containers: containers.into_iter().map(RawContainer::build).collect(),
            volume_kinds: items(&self.volumes).map(|volume| volume_kind(volume).to_owned()).collect(),
            placement_constraints: items(&self.placement_constraints).filter_map(constraint).collect(),
            tags: pairs(&self.tags, "key")
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect::<BTreeMap<_, _>>(),
        })
    }
}

impl RawContainer {
    fn build(self) -> Container {
        let memory = |mib: Option<u32>| mib.filter(|mib| *mib > 0).map(MemoryMib);
        Container {
            name: text(&self.name).to_owned(),
            cpu: CpuUnits(self.cpu.unwrap_or_default()),
            memory: memory(self.memory),
            memory_reservation: memory(self.memory_reservation),
            essential: self.essential.as_bool().unwrap_or(true),
            gpus: self.resource_requirements,
            privileged: self.privileged.as_bool().unwrap_or(false),
            runtime_settings: runtime_settings(
                pairs(&self.environment, "name"),
                texts(&self.entry_point).chain(texts(&self.command)),
            ),
        }
    }
}

/// The kind of a volume by the configuration it has; skeletons carry every configuration, empty.
fn volume_kind(volume: &Value) -> &'static str {
    let has = |key: &str| volume.get(key).is_some_and(|configuration| !configuration.is_null());
    if has("efsVolumeConfiguration") {
        "efs"
    } else if has("fsxWindowsFileServerVolumeConfiguration") {
        "fsx"
    } else if has("dockerVolumeConfiguration") {
        "docker"
    } else if volume.get("configuredAtLaunch").and_then(Value::as_bool) == Some(true) {
        "ebs"
    } else if volume.pointer("/host/sourcePath").is_some_and(|path| !text(path).is_empty()) {
        "host"
    } else {
        "bind"
    }
}

/// The expression, or the type where there is none, as of `distinctInstance`.
fn constraint(constraint: &Value) -> Option<String> {
    let field = |key: &str| constraint.get(key).map(text).filter(|text| !text.is_empty());
    field("expression").or_else(|| field("type")).map(str::to_owned)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The strings of a list, or the string that stands in the list's place.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    items(value).chain(value.is_string().then_some(value)).filter_map(Value::as_str)
}

/// `[{"name": "A", "value": "B"}, ...]` as pairs, less what is not of that form.
fn pairs<'a>(value: &'a Value, key: &'static str) -> impl Iterator<Item = (&'a str, &'a str)> {
    items(value).filter_map(move |pair| Some((pair.get(key)?.as_str()?, pair.get("value")?.as_str()?)))
}

/// What an object or a list of it is called in messages.
trait Described {
    const NAME: &'static str;
}

impl<Inner> Described for Raw<Inner> {
    const NAME: &'static str = "a task definition: the input of `register-task-definition` or the output of `describe-task-definition`";
}
impl Described for RawContainer {
    const NAME: &'static str = "a container definition object";
}
impl Described for RawPlatform {
    const NAME: &'static str = "a runtime platform object";
}
impl Described for RawStorage {
    const NAME: &'static str = "an object with sizeInGiB";
}

/// A JSON object and nothing else (derived implementations take an array for a struct, too).
struct Object<T>(T);

impl<'de, T: Deserialize<'de> + Described> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de> + Described> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(T::NAME)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }

            /// The default would quote the string, which may hold anything.
            fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
                Err(E::invalid_type(Unexpected::Other("string"), &self))
            }
        }

        deserializer.deserialize_any(ObjectVisitor(PhantomData))
    }
}

/// A JSON array of objects.
struct List<T>(Vec<T>);

impl<'de, T: Deserialize<'de> + Described> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de> + Described> Visitor<'de> for ListVisitor<T> {
            type Value = List<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an array, each item {}", T::NAME)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(Object(item)) = items.next_element()? {
                    list.push(item);
                }
                Ok(List(list))
            }

            fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
                Err(E::invalid_type(Unexpected::Other("string"), &self))
            }
        }

        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}

/// A number, as such or in a string; null and an empty string are absent.
struct SizeVisitor<T> {
    parse: fn(&str) -> Result<T, SizeTextError>,
    expected: &'static str,
}

impl<T> Visitor<'_> for SizeVisitor<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        (self.parse)(text).map(Some).map_err(E::custom)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Self::Value, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

fn cpu<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<CpuUnits>, D::Error> {
    deserializer.deserialize_any(SizeVisitor { parse: parse_cpu, expected: "CPU units or vCPU" })
}

fn memory<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MemoryMib>, D::Error> {
    deserializer.deserialize_any(SizeVisitor { parse: parse_memory, expected: "MiB or GB" })
}

fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    deserializer.deserialize_any(SizeVisitor { parse: parse_whole, expected: "a whole number" })
}

fn storage<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<StorageGib>, D::Error> {
    let gib = whole(deserializer)?;
    if let Some(gib) = gib.filter(|gib| !EPHEMERAL_STORAGE.contains(gib)) {
        return Err(D::Error::custom(format!(
            "{gib} GiB of ephemeral storage cannot be asked for; choose 21 to 200, or leave ephemeralStorage out for the free 20"
        )));
    }
    Ok(gib.map(StorageGib))
}

fn operating_system_family<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    one_of(deserializer, "LINUX or a WINDOWS_SERVER family", |family| {
        family == "LINUX" || family.starts_with("WINDOWS_SERVER_")
    })
}

fn cpu_architecture<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    one_of(deserializer, "X86_64 or ARM64", |architecture| matches!(architecture, "X86_64" | "ARM64"))
}

/// A word that prices depend on, in any case. Absent, null and empty mean ECS's default; an unknown
/// word does not.
fn one_of<'de, D: Deserializer<'de>>(
    deserializer: D,
    expected: &'static str,
    known: fn(&str) -> bool,
) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(word) if word.is_empty() => Ok(None),
        Value::String(word) if known(&word.to_ascii_uppercase()) => Ok(Some(word)),
        Value::String(word) => Err(D::Error::custom(format!("must be {expected}, not {}", quoted(&word)))),
        _ => Err(D::Error::custom(format!("must be {expected}, in quotes"))),
    }
}

/// GPUs among `[{"type": "GPU", "value": "1"}, ...]`.
fn gpus<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let requirements = Value::deserialize(deserializer)?;
    let mut gpus = 0_u32;
    for requirement in items(&requirements).filter(|r| r.get("type").map(text) == Some("GPU")) {
        let count = match requirement.get("value") {
            // Skeletons have it empty.
            Some(Value::String(count)) if count.is_empty() => Ok(0),
            Some(Value::String(count)) => parse_whole(count),
            Some(Value::Number(count)) => parse_whole(&count.to_string()),
            _ => return Err(D::Error::custom("the number of GPUs is missing; give it as value")),
        };
        gpus = gpus.saturating_add(count.map_err(D::Error::custom)?);
    }
    Ok(gpus)
}

#[cfg(test)]
mod tests;
