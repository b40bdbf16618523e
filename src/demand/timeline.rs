//! [`Timeline`]: which task size was in force when.
//!
//! Takes a workload's revisions and the task definitions; gives segments of time with the size
//! that holds in each. Where two sizes ran at once (a deployment under way) the segment is marked as
//! mixed: what was requested is taken to be the larger of each dimension, and what per cent are of, the
//! smaller. CloudWatch does not say of which size the hottest task was; of the smaller, per cent are what
//! it took at least, and a deployment of minutes makes no demand that nobody had:
//!
//! | resized from | to | maximum meanwhile | it took at least | and at most |
//! |---|---|---|---|---|
//! | 8 GB | 4 GB | 54 % | 2.2 GB | 4.3 GB |
//! | 1 GB | 4 GB | 97 % | 1.0 GB | 3.9 GB |
//!
//! What the tasks of the larger size need shows before or after. Before the first known revision, the first
//! one is assumed.
//!
//! What a task may use at most ([`Caps`]) is its size where the size is the task's own, as it always is
//! on Fargate. On container instances the containers' CPU is a share that may be passed, and so may a
//! soft memory limit: there is a cap only where every container has a hard one.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    units::{CpuUnits, MemoryMib, StorageGib},
    workload::{HistorySource, RevisionInForce, TaskDefinition},
};

/// What one task requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requested {
    pub cpu: CpuUnits,
    pub memory: MemoryMib,
    /// Total ephemeral storage; 20 GiB if not configured.
    pub ephemeral_storage: StorageGib,
}

impl Requested {
    fn larger(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.max(other.cpu),
            memory: self.memory.max(other.memory),
            ephemeral_storage: self.ephemeral_storage.max(other.ephemeral_storage),
        }
    }

    fn smaller(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.min(other.cpu),
            memory: self.memory.min(other.memory),
            ephemeral_storage: self.ephemeral_storage.min(other.ephemeral_storage),
        }
    }
}

/// What one task can use at most; `None`: nothing but the instance ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caps {
    pub cpu: Option<CpuUnits>,
    pub memory: Option<MemoryMib>,
}

impl Caps {
    pub fn of(definition: &TaskDefinition) -> Self {
        let limits = definition.containers.iter().map(|container| container.memory);
        // Of no containers nothing is known.
        let hard = (!definition.containers.is_empty()).then_some(MemoryMib(0)).and_then(|none| {
            limits.into_iter().try_fold(none, |sum, limit| Some(MemoryMib(sum.0.saturating_add(limit?.0))))
        });
        Self { cpu: definition.cpu, memory: definition.memory.or(hard) }
    }

    /// Those of tasks of both kinds: the smaller, and none where one has none.
    fn smaller(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.zip(other.cpu).map(|(a, b)| a.min(b)),
            memory: self.memory.zip(other.memory).map(|(a, b)| a.min(b)),
        }
    }
}

/// A stretch of time with one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Seconds since the epoch; the segment lasts until the next one starts.
    pub start: i64,
    /// What a task requested: of several sizes, the larger.
    pub requested: Requested,
    /// What utilization in per cent is of: of several sizes, the smaller.
    pub relative_to: Requested,
    /// Of several sizes, those of the smaller.
    pub caps: Caps,
    /// Several different sizes ran at once.
    pub mixed: bool,
    /// Seconds of task time that one sample stands for.
    pub metric_resolution_seconds: u32,
}

impl Segment {
    /// What holds where both do.
    fn with(self, other: &Self) -> Self {
        Self {
            requested: self.requested.larger(other.requested),
            relative_to: self.relative_to.smaller(other.relative_to),
            caps: self.caps.smaller(other.caps),
            mixed: self.mixed || other.mixed || self.requested != other.requested,
            ..self
        }
    }
}

/// The sizes of a workload over time, oldest first; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    segments: Vec<Segment>,
    /// Of the newest revision, whether or not tasks of the one before are left: each from a time on, oldest
    /// first; never empty.
    newest: Vec<(i64, Requested)>,
    /// Time before this is covered by assumption only.
    known_from: i64,
    /// From and until: a revision whose size is not known was in force, and its neighbour's is assumed.
    unknown: Vec<(i64, i64)>,
}

/// A revision with its size looked up.
struct Phase {
    from: i64,
    /// When the revision before it was gone.
    settled: i64,
    requested: Requested,
    caps: Caps,
    resolution: u32,
}

/// What of a definition is its size; `None`: it has none.
type SizeOf = fn(&TaskDefinition) -> Option<(CpuUnits, MemoryMib)>;

impl Timeline {
    /// The timeline of a workload; `None` where the size now in force is not known. Of an earlier
    /// revision without a known size, that of the one before it (else after it) is assumed.
    pub fn of(
        revisions: &[RevisionInForce],
        history: HistorySource,
        definitions: &BTreeMap<String, TaskDefinition>,
    ) -> Option<Self> {
        Self::by(revisions, history, definitions, |definition| {
            let (cpu, memory) = definition.requested();
            cpu.zip(memory)
        })
    }

    /// The same where tasks reserve part of an instance: one resource is enough, and of the other
    /// nothing is reserved (0).
    pub fn of_reservations(
        revisions: &[RevisionInForce],
        history: HistorySource,
        definitions: &BTreeMap<String, TaskDefinition>,
    ) -> Option<Self> {
        Self::by(revisions, history, definitions, |definition| match definition.requested() {
            (None, None) => None,
            (cpu, memory) => Some((cpu.unwrap_or_default(), memory.unwrap_or_default())),
        })
    }

    fn by(
        revisions: &[RevisionInForce],
        history: HistorySource,
        definitions: &BTreeMap<String, TaskDefinition>,
        size_of: SizeOf,
    ) -> Option<Self> {
        let start = |revision: &RevisionInForce| revision.from.map_or(i64::MIN, Timestamp::as_second);
        let has_size = |revision: &RevisionInForce| {
            definitions.get(&revision.task_definition).and_then(size_of).is_some()
        };
        if !has_size(revisions.last()?) {
            return None;
        }
        let unknown = revisions
            .windows(2)
            .filter(|pair| !has_size(&pair[0]))
            .map(|pair| (start(&pair[0]), start(&pair[1])))
            .collect();
        let mut phases: Vec<Phase> = revisions
            .iter()
            .filter_map(|revision| {
                let definition = definitions.get(&revision.task_definition)?;
                let (cpu, memory) = size_of(definition)?;
                let from = start(revision);
                Some(Phase {
                    from,
                    settled: match (revision.from, revision.settled) {
                        (None, _) => i64::MIN,
                        (Some(_), Some(settled)) => settled.as_second().max(from),
                        (Some(_), None) => i64::MAX,
                    },
                    requested: Requested {
                        cpu,
                        memory,
                        ephemeral_storage: definition
                            .ephemeral_storage
                            .unwrap_or(crate::fargate::FREE_EPHEMERAL_STORAGE),
                    },
                    caps: Caps::of(definition),
                    resolution: revision.metric_resolution_seconds.max(1),
                })
            })
            .collect();
        phases.sort_by_key(|phase| phase.from);
        // Without a history and without a date of its own, the current revision is assumed throughout.
        let known_from = match (history, phases.first()?.from) {
            (HistorySource::CurrentOnly, i64::MIN) => i64::MAX,
            (_, from) => from,
        };
        // Time before the first revision is covered by assuming it.
        phases[0].from = i64::MIN;
        phases[0].settled = i64::MIN;
        let mut newest: Vec<_> = phases.iter().map(|phase| (phase.from, phase.requested)).collect();
        newest.dedup_by_key(|(_, requested)| *requested);
        let mut boundaries: Vec<i64> =
            phases.iter().flat_map(|phase| [phase.from, phase.settled]).filter(|t| *t < i64::MAX).collect();
        boundaries.sort_unstable();
        boundaries.dedup();
        let mut segments: Vec<Segment> = Vec::with_capacity(boundaries.len());
        for boundary in boundaries {
            let segment = Self::segment_at(&phases, boundary);
            if segments.last().is_none_or(|last| Segment { start: last.start, ..segment } != *last) {
                segments.push(segment);
            }
        }
        Some(Self { segments, newest, known_from, unknown })
    }

    /// What holds from `start` on: the newest revision begun, and every older one whose successors
    /// have none settled yet.
    fn segment_at(phases: &[Phase], start: i64) -> Segment {
        let newest = phases.iter().rposition(|phase| phase.from <= start).unwrap_or(0);
        let oldest = phases[..=newest].iter().rposition(|phase| phase.settled <= start).unwrap_or(0);
        let running = &phases[oldest..=newest];
        let of = |phase: &Phase| Segment {
            start,
            requested: phase.requested,
            relative_to: phase.requested,
            caps: phase.caps,
            mixed: false,
            metric_resolution_seconds: running.last().map_or(60, |phase| phase.resolution),
        };
        running[1..].iter().fold(of(&running[0]), |held, phase| held.with(&of(phase)))
    }

    /// For a workload of unknown size: its demand has no absolute value.
    pub fn unknown() -> Self {
        let requested = Requested {
            cpu: CpuUnits(0),
            memory: MemoryMib(0),
            ephemeral_storage: crate::fargate::FREE_EPHEMERAL_STORAGE,
        };
        let segment = Segment {
            start: i64::MIN,
            requested,
            relative_to: requested,
            caps: Caps::default(),
            mixed: false,
            metric_resolution_seconds: 60,
        };
        Self {
            segments: vec![segment],
            newest: vec![(i64::MIN, requested)],
            known_from: i64::MAX,
            unknown: Vec::new(),
        }
    }

    /// The segments, oldest first; the first one starts before all time.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// What holds in the period from `start` until before `end`: a period in which the size changes is mixed.
    pub fn in_force(&self, start: i64, end: i64) -> Segment {
        let first = self.segments.partition_point(|segment| segment.start <= start).saturating_sub(1);
        let later = self.segments[first + 1..].iter().take_while(|next| next.start < end);
        later.fold(self.segments[first], |held, next| held.with(next))
    }

    /// The size that is to stay: the newest revision's. While its deployment is under way, the last segment
    /// may hold a larger one.
    pub fn current(&self) -> Requested {
        self.newest[self.newest.len() - 1].1
    }

    /// The size that was to stay, each from a time on, oldest first; the first one from before all time.
    pub fn newest(&self) -> &[(i64, Requested)] {
        &self.newest
    }

    /// Whether the size at `timestamp` is assumed from another revision.
    pub fn is_assumed_at(&self, timestamp: i64) -> bool {
        timestamp < self.known_from
            || self.unknown.iter().any(|(from, until)| (*from..*until).contains(&timestamp))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn timeline(revisions: &[(u32, Option<i64>, Option<i64>)]) -> Timeline {
        let mut definitions = BTreeMap::new();
        let mut in_force = Vec::new();
        for (index, (cpu, from, settled)) in revisions.iter().enumerate() {
            let arn = format!("arn:{index}");
            definitions.insert(
                arn.clone(),
                TaskDefinition {
                    cpu: Some(CpuUnits(*cpu)),
                    memory: Some(MemoryMib(cpu * 2)),
                    ..TaskDefinition::default()
                },
            );
            in_force.push(RevisionInForce {
                task_definition: arn,
                from: from.map(at),
                settled: settled.map(at),
                metric_resolution_seconds: 60,
            });
        }
        Timeline::of(&in_force, HistorySource::ServiceDeployments, &definitions).unwrap()
    }

    fn cpus(timeline: &Timeline) -> Vec<(i64, u32, bool)> {
        timeline.segments().iter().map(|s| (s.start, s.requested.cpu.0, s.mixed)).collect()
    }

    #[test]
    fn one_revision_holds_for_all_time() {
        assert_eq!(cpus(&timeline(&[(256, None, None)])), [(i64::MIN, 256, false)]);
    }

    #[test]
    fn a_resize_is_mixed_until_its_deployment_has_finished() {
        let resized = timeline(&[(1024, None, None), (512, Some(1000), Some(1600))]);
        assert_eq!(cpus(&resized), [(i64::MIN, 1024, false), (1000, 1024, true), (1600, 512, false)]);
        assert_eq!(resized.current().cpu, CpuUnits(512));
    }

    #[test]
    fn the_current_size_is_the_new_one_while_its_deployment_is_under_way() {
        for (from, to) in [(1024, 512), (512, 1024)] {
            let under_way = timeline(&[(from, None, None), (to, Some(1000), None)]);
            assert_eq!(cpus(&under_way).last(), Some(&(1000, 1024, true)));
            assert_eq!(under_way.current().cpu, CpuUnits(to));
            let newest: Vec<_> = under_way.newest().iter().map(|(at, size)| (*at, size.cpu.0)).collect();
            assert_eq!(newest, [(i64::MIN, from), (1000, to)]);
        }
    }

    #[test]
    fn a_deployment_without_a_new_size_is_not_mixed() {
        let same = timeline(&[(512, None, None), (512, Some(1000), Some(1600))]);
        assert_eq!(cpus(&same), [(i64::MIN, 512, false)]);
    }

    #[test]
    fn overlapping_deployments_are_mixed_until_all_are_settled() {
        let three = timeline(&[(1024, None, None), (512, Some(100), None), (256, Some(200), Some(300))]);
        let least: Vec<u32> = three.segments().iter().map(|segment| segment.relative_to.cpu.0).collect();
        assert_eq!(
            cpus(&three),
            [(i64::MIN, 1024, false), (100, 1024, true), (200, 1024, true), (300, 256, false)]
        );
        assert_eq!(least, [1024, 512, 256, 256]);
    }

    #[test]
    fn before_the_first_known_revision_it_is_assumed() {
        let late = timeline(&[(512, Some(1000), Some(1100))]);
        assert_eq!(cpus(&late), [(i64::MIN, 512, false)]);
        assert!(late.is_assumed_at(999) && !late.is_assumed_at(1000));
    }

    #[test]
    fn without_any_size_there_is_no_timeline() {
        let revision = RevisionInForce {
            task_definition: "arn:none".to_owned(),
            from: None,
            settled: None,
            metric_resolution_seconds: 60,
        };
        assert_eq!(Timeline::of(&[revision], HistorySource::CurrentOnly, &BTreeMap::new()), None);
    }
}
