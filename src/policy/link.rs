//! Which workloads of a snapshot run a template.
//!
//! Sought in sequence; the first that finds any wins: the config's links; a service of the same name (and
//! cluster, where the template says it); the same family; a tag `fargauge:template` with the template's
//! name. Families and services of templates often carry a stage's name, so what is not found is not guessed.

use wildmatch::WildMatch;

use super::{CheckSettings, Production};
use crate::template::TaskTemplate;

/// The tag of a workload that names its template.
const TEMPLATE_TAG: &str = "fargauge:template";

pub fn linked<'a>(
    task: &TaskTemplate,
    production: &'a [Production],
    settings: &CheckSettings,
) -> Vec<&'a Production> {
    let patterns: Vec<WildMatch> = settings
        .links
        .iter()
        .filter(|link| link.matches.holds(task, &[], None))
        .map(|link| WildMatch::new(&link.workload))
        .collect();
    let by_config = |p: &Production| patterns.iter().any(|pattern| pattern.matches(&p.id));
    let by_service = |p: &Production| {
        task.services.iter().any(|service| {
            let same =
                |known: Option<&String>, name: &str| known.is_some_and(|known| last_part(known) == name);
            p.service.as_deref().is_some_and(|name| same(service.name.known(), name))
                && service.cluster.known().is_none_or(|cluster| last_part(cluster) == p.cluster)
        })
    };
    let by_family = |p: &Production| {
        p.family.as_deref().zip(task.family.known()).is_some_and(|(family, known)| family == known)
    };
    let by_tag = |p: &Production| p.tags.get(TEMPLATE_TAG).is_some_and(|name| *name == task.name);
    let rules: [&dyn Fn(&Production) -> bool; 4] = [&by_config, &by_service, &by_family, &by_tag];
    rules
        .into_iter()
        .map(|rule| production.iter().filter(|p| rule(p)).collect::<Vec<_>>())
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// A name, or the last part of an ARN.
pub(super) fn last_part(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}
