//! [`Member`]: one workload of the fleet, a copy of a row of the table.

use super::{
    archetype::Archetype,
    archetypes,
    history::Revision,
    prng::{SplitMix64, seed_of},
};
use crate::workload::{Region, WorkloadIdentity};

/// The account of AWS's own examples.
pub(super) const ACCOUNT: &str = "123456789012";

/// Where the made-up role lacks rights.
pub(super) const GAPPY_REGION: &str = "eu-west-1";

#[derive(Debug, Clone)]
pub(super) struct Member {
    pub identity: WorkloadIdentity,
    pub archetype: &'static Archetype,
    pub revisions: Vec<Revision>,
    /// From its identity, so that a workload is the same in a fleet of any size.
    pub seed: u64,
}

impl Member {
    /// Number `index` of a fleet: the table's rows, then their copies.
    pub(super) fn new(index: usize) -> Self {
        let archetype = archetypes::archetype(index);
        let name = match index / archetypes::COUNT {
            0 => archetype.name.to_owned(),
            copy => format!("{}-{}", archetype.name, copy + 1),
        };
        let identity = WorkloadIdentity {
            account_id: ACCOUNT.to_owned(),
            region: Region(archetype.region.to_owned()),
            cluster: archetype.cluster.to_owned(),
            kind: archetype.kind,
            name,
        };
        let seed = seed_of(&identity.id());
        let first_number = 3 + SplitMix64::new(!seed).up_to(60);
        let revisions = archetype.history.revisions(archetype.size, first_number);
        Self { identity, archetype, revisions, seed }
    }
}
