//! [`History`]: which revisions of its task definition a workload had over the window.

/// How long a normal rolling deployment takes.
const DEPLOYMENT_SECONDS: i64 = 480;

/// Times are seconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum History {
    /// One revision, in force since before the window.
    Steady,
    /// As steady, but the deployments could not be read: only the revision in force now is known.
    Unreadable,
    /// Deployed anew at these times, oldest first, at the same size.
    Deployed(&'static [i64]),
    /// Created within the window.
    Created(i64),
    /// Another size until a normal deployment.
    Resized { from: i64, before: Size },
    /// Another size until a deployment that crept: tasks of both sizes ran until `settled`.
    Crept { from: i64, settled: i64, before: Size },
}

/// CPU units and MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub cpu_units: u32,
    pub memory_mib: u32,
}

/// One revision. `size` is `None` where the task definition has no task-level size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Revision {
    pub number: u32,
    pub from: Option<i64>,
    pub settled: Option<i64>,
    pub size: Option<Size>,
}

impl History {
    /// All revisions, oldest first; the last one has the size in force now.
    pub(super) fn revisions(self, now: Option<Size>, first_number: u32) -> Vec<Revision> {
        let before = |size| Revision { number: first_number, from: None, settled: None, size };
        let deployed = |step: u32, from, settled| Revision {
            number: first_number + step,
            from: Some(from),
            settled: Some(settled),
            size: now,
        };
        match self {
            Self::Steady | Self::Unreadable => vec![before(now)],
            Self::Created(from) => vec![deployed(0, from, from + DEPLOYMENT_SECONDS)],
            Self::Deployed(times) => std::iter::once(before(now))
                .chain((1..).zip(times).map(|(step, &from)| deployed(step, from, from + DEPLOYMENT_SECONDS)))
                .collect(),
            Self::Resized { from, before: size } => {
                vec![before(Some(size)), deployed(1, from, from + DEPLOYMENT_SECONDS)]
            }
            Self::Crept { from, settled, before: size } => {
                vec![before(Some(size)), deployed(1, from, settled)]
            }
        }
    }
}

/// What runs at one time.
#[derive(Debug, Clone, Copy)]
pub(super) struct InForce<'a> {
    pub revision: &'a Revision,
    /// The revision before, while its last tasks still run.
    pub leaving: Option<&'a Revision>,
}

/// The revision that the newest deployment at or before `timestamp` brought; the oldest one before that.
pub(super) fn in_force(revisions: &[Revision], timestamp: i64) -> Option<InForce<'_>> {
    let index = revisions.iter().rposition(|r| r.from.is_none_or(|from| from <= timestamp)).unwrap_or(0);
    let revision = revisions.get(index)?;
    let unsettled = revision.settled.is_some_and(|settled| timestamp < settled);
    let leaving = index.checked_sub(1).filter(|_| unsettled).and_then(|before| revisions.get(before));
    Some(InForce { revision, leaving })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Size = Size { cpu_units: 512, memory_mib: 1024 };
    const LARGE: Size = Size { cpu_units: 1024, memory_mib: 2048 };

    #[test]
    fn a_resize_is_two_revisions_with_a_time_of_both() {
        let revisions = History::Resized { from: 1_000, before: LARGE }.revisions(Some(SMALL), 7);
        let at = |timestamp| {
            let now = in_force(&revisions, timestamp).unwrap();
            (now.revision.number, now.leaving.map(|r| r.number))
        };
        assert_eq!(at(999), (7, None));
        assert_eq!(at(1_000), (8, Some(7)));
        assert_eq!(at(1_000 + DEPLOYMENT_SECONDS), (8, None));
        assert_eq!(revisions.iter().map(|r| r.size).collect::<Vec<_>>(), [Some(LARGE), Some(SMALL)]);
    }

    #[test]
    fn a_workload_created_in_the_window_has_nothing_before() {
        let revisions = History::Created(5_000).revisions(Some(SMALL), 1);
        assert_eq!(revisions.len(), 1);
        assert!(in_force(&revisions, 5_000).unwrap().leaving.is_none());
    }
}
