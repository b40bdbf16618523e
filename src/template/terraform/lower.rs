//! [`Lowered`]: values as [`Node`]s in the words of ECS, which the reader of task definitions takes.
//!
//! A node says where it stands in the file of its resource; what is written elsewhere, or not known, is a tag that
//! the resolver follows.

use super::{
    super::{
        Span,
        document::{Entry, Node, Value as Written},
        resolve::{self, Resolve, Resolved},
    },
    source::Source,
    value::{FileSpan, Kind, Spot, Value, Why},
};

/// The tag of a reference into the table; JSON has no tags.
const REFERENCE: &str = "!reference";
/// Nodes that the values of one resource may come to; texts count as one for every 64 bytes.
const MAX_NODES: usize = 20_000;
/// What a container that may have further settings is asked for.
const CONTAINER_KEYS: [&str; 4] = ["name", "cpu", "memory", "memoryReservation"];

/// What a block of `runtime_platform` has, in the words of ECS.
pub const PLATFORM: [(&str, &str); 2] =
    [("operating_system_family", "operatingSystemFamily"), ("cpu_architecture", "cpuArchitecture")];
/// What a block of `ephemeral_storage` has.
pub const STORAGE: [(&str, &str); 1] = [("size_in_gib", "sizeInGiB")];
/// What a line of a `capacity_provider_strategy` has.
pub const STRATEGY: [(&str, &str); 3] =
    [("capacity_provider", "CapacityProvider"), ("base", "Base"), ("weight", "Weight")];
/// What makes a volume one of a kind.
pub const VOLUMES: [(&str, &str); 3] = [
    ("efs_volume_configuration", "efsVolumeConfiguration"),
    ("docker_volume_configuration", "dockerVolumeConfiguration"),
    ("fsx_windows_file_server_volume_configuration", "fsxWindowsFileServerVolumeConfiguration"),
];

enum Reference {
    Known { node: Node, at: Spot, used_at: Option<Span> },
    Unknown { why: Why, at: Span },
}

/// The values of one resource.
pub struct Lowered<'a> {
    sources: &'a [Source],
    /// The file that the resource stands in.
    file: usize,
    table: Vec<Reference>,
    nodes: usize,
}

impl<'a> Lowered<'a> {
    pub fn new(sources: &'a [Source], file: usize) -> Self {
        Self { sources, file, table: Vec::new(), nodes: 0 }
    }

    /// How many there are.
    pub fn nodes(&self) -> usize {
        self.nodes
    }

    /// A value, which stands at `here` or within.
    pub fn node(&mut self, value: &Value, here: Span) -> Node {
        self.nodes += 1;
        if let Kind::Text(text) = &value.kind {
            self.nodes += text.content.len() / 64;
        }
        let span = self.span_of(value, here);
        if self.nodes > MAX_NODES {
            return self.unknown(Why::from("it comes to too many values"), span);
        }
        let written = match &value.kind {
            Kind::Unknown(why) | Kind::Refused(why) => return self.unknown(Why::clone(why), span),
            Kind::Text(text) if text.unknown.is_some() => {
                let why = text.unknown.clone().unwrap_or_else(|| Why::from("it is not known"));
                return self.unknown(why, span);
            }
            Kind::Json(_) => return self.unknown(Why::from("it is a text of JSON"), span),
            Kind::Null => Written::Null,
            Kind::Bool(value) => Written::Bool(*value),
            Kind::Number(number) => Written::Number(number.normalize().to_string()),
            Kind::Text(text) => Written::String(text.content.to_string()),
            Kind::List(list) => {
                let mut items: Vec<Node> = list.items.iter().map(|item| self.node(item, span)).collect();
                if let Some(why) = &list.open {
                    items.push(self.unknown(Why::clone(why), span));
                }
                Written::Seq(items)
            }
            Kind::Map(map) => {
                let mut entries: Vec<Entry> = map
                    .entries
                    .iter()
                    .map(|(key, value)| Entry {
                        key: key.clone(),
                        key_span: span,
                        value: self.node(value, span),
                    })
                    .collect();
                if let Some(why) = &map.open {
                    for key in CONTAINER_KEYS.iter().filter(|key| map.get(key).is_none()) {
                        let value = self.unknown(Why::clone(why), span);
                        entries.push(Entry { key: (*key).to_owned(), key_span: span, value });
                    }
                }
                Written::Map(entries)
            }
        };
        let node = Node { span, value: written };
        let in_place = matches!(value.at, Spot::Here(at) if at.file == self.file && at.span == span);
        if in_place || matches!(node.value, Written::Seq(_) | Written::Map(_)) {
            return node;
        }
        let used_at = match value.at {
            Spot::Nowhere => None,
            Spot::Here(_) | Spot::Given(_) => Some(span),
        };
        self.refer(Reference::Known { node, at: value.at.clone(), used_at }, span)
    }

    /// The span in the resource's file that stands for a value: what refers to it, else itself, else `here`.
    fn span_of(&self, value: &Value, here: Span) -> Span {
        let own = |at: FileSpan| (at.file == self.file).then_some(at.span);
        let at = match value.at {
            Spot::Here(at) => own(at),
            Spot::Given(_) | Spot::Nowhere => None,
        };
        value.used_at.and_then(own).or(if value.used_at.is_none() { at } else { None }).unwrap_or(here)
    }

    pub fn unknown(&mut self, why: Why, at: Span) -> Node {
        self.refer(Reference::Unknown { why, at }, at)
    }

    fn refer(&mut self, reference: Reference, span: Span) -> Node {
        self.table.push(reference);
        let number = Node { span, value: Written::Number((self.table.len() - 1).to_string()) };
        Node { span, value: Written::Tagged(REFERENCE.to_owned(), Box::new(number)) }
    }
}

impl Resolve for Lowered<'_> {
    fn resolve<'n>(&'n self, node: &'n Node) -> Resolved<'n> {
        let Written::Tagged(tag, number) = &node.value else { return resolve::literal(node) };
        let reference = Some(number)
            .filter(|_| tag == REFERENCE)
            .and_then(|number| number.scalar()?.parse::<usize>().ok())
            .and_then(|number| self.table.get(number));
        match reference {
            None => resolve::literal(node),
            Some(Reference::Unknown { why, at }) => Resolved::Unresolved { why: why.to_string(), at: *at },
            Some(Reference::Known { node, at, used_at }) => Resolved::Known {
                at: match at {
                    Spot::Here(at) if at.file == self.file => resolve::Written::Here(at.span),
                    Spot::Here(at) => match self.sources.get(at.file) {
                        Some(source) => resolve::Written::There(source.text.place(at.span)),
                        None => resolve::Written::Here(node.span),
                    },
                    Spot::Given(place) => resolve::Written::There(place.clone()),
                    Spot::Nowhere => resolve::Written::Here(node.span),
                },
                node: std::borrow::Cow::Borrowed(node),
                used_at: *used_at,
            },
        }
    }
}

/// A map in the words of ECS.
pub fn map(span: Span, entries: Vec<(&str, Node)>) -> Node {
    let entries = entries
        .into_iter()
        .map(|(key, value)| Entry { key: key.to_owned(), key_span: value.span, value })
        .collect();
    Node { span, value: Written::Map(entries) }
}
