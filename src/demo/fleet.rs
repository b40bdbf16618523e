//! [`Fleet`]: the demo's account, from its parts list to its time series.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use super::{
    archetype::Intent,
    archetypes, instances,
    member::{ACCOUNT, GAPPY_REGION, Member},
    resources, series, window,
};
use crate::snapshot::{Gap, Inventory, Scope, Series, UtilizationParts, Window};

/// Workloads of one part.
pub(super) const PART: usize = 64;

/// A generated fleet of services (and a few other workloads). Time series are drawn when a part is
/// asked for, so that a fleet of any size takes little memory.
#[derive(Debug, Clone)]
pub struct Fleet {
    /// Sorted by identity: the position is the workload's id.
    pub(super) members: Vec<Member>,
}

impl Fleet {
    /// Workloads if the user names no number: one of each kind.
    pub const DEFAULT_SERVICES: usize = archetypes::COUNT;

    /// The most workloads a fleet has; more are not generated.
    pub const MAX_SERVICES: usize = 100_000;

    /// A fleet of `services` workloads, at most [`Self::MAX_SERVICES`]. Fewer than
    /// [`Self::DEFAULT_SERVICES`] are the first rows of the table; more repeat it.
    pub fn new(services: usize) -> Self {
        let mut members: Vec<Member> = (0..services.min(Self::MAX_SERVICES)).map(Member::new).collect();
        members.sort_by(|a, b| a.identity.cmp(&b.identity));
        Self { members }
    }

    pub fn manifest_window(&self) -> Window {
        window::window()
    }

    pub fn inventory(&self) -> Inventory {
        let clusters: BTreeSet<(&str, &str)> =
            self.members.iter().map(|m| (m.archetype.region, m.archetype.cluster)).collect();
        let capacity_providers: BTreeMap<_, _> = self
            .members
            .iter()
            .flat_map(resources::capacity_providers)
            .map(|provider| ((provider.region.clone(), provider.name.clone()), provider))
            .collect();
        Inventory {
            clusters: clusters.into_iter().map(|(region, name)| resources::cluster(region, name)).collect(),
            capacity_providers: capacity_providers.into_values().collect(),
            container_instances: instances::container_instances(&self.members),
            workloads: (0..).zip(&self.members).map(|(id, m)| resources::workload(id, m)).collect(),
            task_definitions: self
                .members
                .iter()
                .flat_map(resources::task_definitions)
                .map(|definition| (definition.arn.clone(), definition))
                .collect(),
        }
    }

    /// What the role was not allowed to read, in the clusters that the fleet has.
    pub fn gaps(&self) -> Vec<Gap> {
        const DENIED: [(&str, &str, &str); 2] = [
            ("batch", "ecs:ListTasks", "whether tasks were killed for memory is not known"),
            ("staging", "ecs:ListServiceDeployments", "the revisions in force now are assumed throughout"),
        ];
        DENIED
            .into_iter()
            .filter(|(cluster, ..)| {
                self.members
                    .iter()
                    .any(|m| (m.archetype.region, m.archetype.cluster) == (GAPPY_REGION, *cluster))
            })
            .map(|(cluster, api, consequence)| Gap {
                scope: format!("{ACCOUNT}/{GAPPY_REGION}/{cluster}"),
                api: api.to_owned(),
                cause: format!(
                    "AccessDeniedException: not authorized to perform {api} on this cluster; {consequence}"
                ),
            })
            .collect()
    }

    /// The account in every region that has a workload.
    pub fn scopes(&self) -> Vec<Scope> {
        let regions: BTreeSet<&str> = self.members.iter().map(|m| m.archetype.region).collect();
        regions
            .into_iter()
            .map(|region| Scope { account_id: ACCOUNT.to_owned(), region: region.to_owned() })
            .collect()
    }

    pub fn parts(&self) -> usize {
        self.members.len().div_ceil(PART)
    }

    /// The series of part number `index`, by workload; those without any sample are left out, as they
    /// are from a snapshot. Empty if there is no such part.
    pub fn part(&self, index: usize) -> Vec<Series> {
        (0..)
            .zip(&self.members)
            .skip(index.saturating_mul(PART))
            .take(PART)
            .map(|(workload_id, m)| Series {
                workload_id,
                points: series::points(m.archetype, &m.revisions, m.seed),
            })
            .filter(|series| !series.points.is_empty())
            .collect()
    }

    /// The finding that a workload was made to get; `None` if there is no such workload.
    pub fn intent(&self, workload_id: u32) -> Option<Intent> {
        self.members.get(usize::try_from(workload_id).ok()?).map(|m| m.archetype.intent)
    }
}

impl UtilizationParts for Fleet {
    fn parts(&self) -> usize {
        self.parts()
    }

    fn read_part(&self, index: usize) -> io::Result<Vec<Series>> {
        Ok(self.part(index))
    }
}
