//! [`Match`]: which templates a setting is for.

use std::{collections::BTreeMap, path::Path};

use serde::Deserialize;
use wildmatch::WildMatch;

use super::{Production, link::last_part};
use crate::template::TaskTemplate;

/// Patterns with * and ?, all of which must match. `path` is that of the file, with forward slashes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Match {
    path: Option<String>,
    task: Option<String>,
    family: Option<String>,
    service: Option<String>,
    cluster: Option<String>,
    container: Option<String>,
    tag: BTreeMap<String, String>,
    /// From the folder that `path` is from to that of the run.
    #[serde(skip)]
    below: String,
}

impl Match {
    pub(super) fn has_empty_pattern(&self) -> bool {
        let Self { path, task, family, service, cluster, container, tag, below: _ } = self;
        [path, task, family, service, cluster, container]
            .into_iter()
            .flatten()
            .chain(tag.values())
            .any(|pattern| pattern.is_empty())
    }

    /// Whether a task template is meant, by what the template says or what it runs as. What neither
    /// says matches no pattern.
    pub fn holds(&self, task: &TaskTemplate, production: &[&Production], container: Option<&str>) -> bool {
        let path = self.seen_from_above(&task.at.path);
        let service_names = task.services.iter().filter_map(|service| service.name.known().cloned());
        let clusters = task.services.iter().filter_map(|service| service.cluster.known());
        // Templates name a cluster by its ARN, too.
        let clusters = clusters.map(|cluster| last_part(cluster).to_owned());
        let families = task.family.known().cloned().into_iter();
        let all = |pattern: &Option<String>, values: Vec<String>| {
            pattern.as_ref().is_none_or(|p| values.iter().any(|value| WildMatch::new(p).matches(value)))
        };
        all(&self.path, vec![path])
            && all(&self.task, vec![task.name.clone()])
            && all(&self.family, families.chain(production.iter().filter_map(|p| p.family.clone())).collect())
            && all(
                &self.service,
                service_names.chain(production.iter().filter_map(|p| p.service.clone())).collect(),
            )
            && all(&self.cluster, clusters.chain(production.iter().map(|p| p.cluster.clone())).collect())
            && all(&self.container, container.map(str::to_owned).into_iter().collect())
            && self.tag.iter().all(|(key, pattern)| {
                let tags = task.services.iter().map(|service| &service.tags);
                let tags = tags.chain(production.iter().map(|p| &p.tags)).chain([&task.tags]);
                tags.filter_map(|tags| tags.get(key)).any(|value| WildMatch::new(pattern).matches(value))
            })
    }

    /// Paths are from `here` from now on, a folder below that of the patterns.
    pub(super) fn be_above(&mut self, here: &str) {
        if self.path.is_some() {
            here.clone_into(&mut self.below);
        }
    }

    fn seen_from_above(&self, path: &Path) -> String {
        let path = slashed(path);
        if self.below.is_empty() || path.starts_with('/') {
            return path;
        }
        let mut parts: Vec<&str> = self.below.split('/').collect();
        for part in path.split('/') {
            if part == ".." && parts.last().is_some_and(|last| *last != "..") {
                parts.pop();
            } else {
                parts.push(part);
            }
        }
        parts.join("/")
    }

    /// The same text for the same patterns, and for no others.
    pub(super) fn identity(&self) -> String {
        let Self { path, task, family, service, cluster, container, tag, below: _ } = self;
        format!("{:?}", (path, task, family, service, cluster, container, tag))
    }

    /// Whether it names nothing, and so holds even where there is no template.
    pub fn is_for_all(&self) -> bool {
        *self == Self::default()
    }
}

/// As patterns and files write it, whatever the system.
pub(super) fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
