//! A collect from request to snapshot, in two steps: [`prepare`] takes the inventory and knows what
//! the pull will cost, [`Prepared::pull`] does it. Stopping after the first leaves no trace.

use std::path::{Path, PathBuf};

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;

use super::{
    cancel::CancelSignal,
    container_peaks, inventory, metrics, out_folder,
    plan::{self, CostBound, PartPlan, PlanError},
    progress::{Event, Progress},
    request::CollectRequest,
    session::{self, Session, SettingsError},
    task_skew,
};
use crate::snapshot::{Gap, Inventory, Manifest, Scope, SnapshotError, SnapshotWriter, Window};

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(
        "{} holds an interrupted collect of another request: repeat that one, name another --out, or delete the folder",
        folder.display()
    )]
    OtherRequest { folder: PathBuf },
    #[error(
        "the collect in {} was interrupted so long ago that CloudWatch no longer holds its oldest points: delete the folder and collect again",
        folder.display()
    )]
    WindowGone { folder: PathBuf },
    #[error("nothing could be collected: {}", first_causes(gaps))]
    NothingCollected { gaps: Vec<Gap> },
    #[error("nothing could be collected: no cluster in {} matches --cluster {}", places.join(", "), patterns.join(", "))]
    NoClusterMatches { places: Vec<String>, patterns: Vec<String> },
    #[error(
        "{place} cannot be reached to continue the collect: {cause}; run the same command again once it can"
    )]
    Unreachable { place: String, cause: String },
    #[error(
        "the credentials for {} have expired: log in and run the same command again, it continues where it stopped",
        places.join(", ")
    )]
    CredentialsExpired { places: Vec<String> },
    #[error("{}", if *resumable { "interrupted: run the same command again, it continues where it stopped" } else { "interrupted before anything was written" })]
    Cancelled { resumable: bool },
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error("the request cannot be written down: {0}")]
    Request(#[from] serde_json::Error),
}

/// A few gaps as text: most often one cause explains all.
fn first_causes(gaps: &[Gap]) -> String {
    const SHOWN: usize = 3;
    let mut shown: Vec<String> =
        gaps.iter().take(SHOWN).map(|gap| format!("{}: {}: {}", gap.scope, gap.api, gap.cause)).collect();
    if gaps.len() > SHOWN {
        shown.push(format!("and {} more", gaps.len() - SHOWN));
    }
    shown.join("; ")
}

/// A collect whose inventory is taken and whose series are not pulled yet.
#[derive(Debug)]
pub struct Prepared {
    request: CollectRequest,
    folder: PathBuf,
    sessions: Vec<Session>,
    window: Window,
    scopes: Vec<Scope>,
    inventory: Inventory,
    gaps: Vec<Gap>,
    /// Services whose tasks are compared.
    tasks: Vec<task_skew::Wanted>,
    /// Those not on disk yet.
    parts: Vec<PartPlan>,
    resumed: Option<SnapshotWriter>,
}

/// A complete snapshot.
#[derive(Debug)]
pub struct Outcome {
    pub manifest: Manifest,
    pub workloads: usize,
    /// Whether it continued an interrupted collect.
    pub resumed: bool,
}

/// Whether a snapshot can be written to `folder`, to be asked before a collect: AWS knows nothing of it.
pub fn check_writable(folder: &Path) -> Result<(), CollectError> {
    let refused = |cause| SnapshotError::Io { action: "write to", path: folder.to_owned(), cause };
    Ok(out_folder::check(folder).map_err(refused)?)
}

/// Both steps at once.
pub async fn collect(
    request: &CollectRequest,
    folder: &Path,
    now: Timestamp,
    progress: &dyn Progress,
    cancel: &CancelSignal,
) -> Result<Outcome, CollectError> {
    prepare(request, folder, now, progress, cancel).await?.pull(progress, cancel).await
}

/// Takes the inventory, or continues with that of an interrupted collect in `folder`. Nothing is
/// written.
pub async fn prepare(
    request: &CollectRequest,
    folder: &Path,
    now: Timestamp,
    progress: &dyn Progress,
    cancel: &CancelSignal,
) -> Result<Prepared, CollectError> {
    let resumed = SnapshotWriter::resume(folder)?;
    let resumable = resumed.is_some();
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(CollectError::Cancelled { resumable }),
        prepared = async {
            match resumed {
                Some((writer, state)) => {
                    if state.request != serde_json::to_value(request)? {
                        return Err(CollectError::OtherRequest { folder: folder.to_owned() });
                    }
                    let found = Found { window: state.window, scopes: state.scopes, inventory: state.inventory, gaps: state.gaps };
                    continued(request, folder, now, progress, writer, found).await
                }
                None => anew(request, folder, now, progress).await,
            }
        } => prepared,
    }
}

/// What a collect knows before it pulls.
struct Found {
    window: Window,
    scopes: Vec<Scope>,
    inventory: Inventory,
    gaps: Vec<Gap>,
}

async fn anew(
    request: &CollectRequest,
    folder: &Path,
    now: Timestamp,
    progress: &dyn Progress,
) -> Result<Prepared, CollectError> {
    let window = plan::window(now, request.lookback_seconds, request.period)?;
    let (sessions, mut gaps) = session::sessions(request).await?;
    progress.event(Event::InventoryStarted { scopes: sessions.len() });
    let taken: Vec<_> = stream::iter(&sessions)
        .map(|session| async {
            let taken = inventory::take(session, request, &window).await;
            progress.event(Event::ScopeDone {
                place: &session.place(),
                clusters: taken.inventory.clusters.len(),
                workloads: taken.inventory.workloads.len(),
                gaps: taken.gaps.len(),
            });
            taken
        })
        .buffer_unordered(request.bounds.scopes.max(1))
        .collect()
        .await;
    let listed = taken.iter().any(|scope| scope.listed);
    let mut inventories = Vec::new();
    for scope in taken {
        gaps.extend(scope.gaps);
        inventories.push(scope.inventory);
    }
    gaps.sort();
    gaps.dedup();
    if !listed {
        return Err(CollectError::NothingCollected { gaps });
    }
    let inventory = inventory::merge(inventories);
    if inventory.clusters.is_empty() && gaps.is_empty() && !request.clusters.is_empty() {
        return Err(CollectError::NoClusterMatches {
            places: sessions.iter().map(Session::place).collect(),
            patterns: request.clusters.iter().cloned().collect(),
        });
    }
    let (tasks, more) = task_skew::list(&sessions, &inventory).await;
    gaps.extend(more);
    gaps.sort();
    gaps.dedup();
    Ok(Prepared {
        request: request.clone(),
        folder: folder.to_owned(),
        tasks,
        window,
        scopes: sessions.iter().map(|session| session.scope.clone()).collect(),
        parts: plan::parts(&window, &inventory.workloads),
        sessions,
        inventory,
        gaps,
        resumed: None,
    })
}

async fn continued(
    request: &CollectRequest,
    folder: &Path,
    now: Timestamp,
    progress: &dyn Progress,
    writer: SnapshotWriter,
    found: Found,
) -> Result<Prepared, CollectError> {
    let mut parts = plan::parts(&found.window, &found.inventory.workloads);
    let planned = parts.len();
    parts.retain(|part| !writer.is_written(&part.name));
    progress.event(Event::Resumed { parts_done: planned - parts.len(), parts: planned });
    if !parts.is_empty() && !plan::is_retained(&found.window, now) {
        return Err(CollectError::WindowGone { folder: folder.to_owned() });
    }
    let (sessions, gaps) =
        if parts.is_empty() { Default::default() } else { session::sessions(request).await? };
    let unreached = parts.iter().find(|part| session_of(&sessions, part).is_none());
    if let Some(part) = unreached {
        // Which credentials led there is not known while they lead nowhere, so all causes are told.
        let cause = if gaps.is_empty() {
            "its credentials lead elsewhere now".to_owned()
        } else {
            first_causes(&gaps)
        };
        return Err(CollectError::Unreachable {
            place: format!("{}/{}", part.account_id, part.region),
            cause,
        });
    }
    Ok(Prepared {
        request: request.clone(),
        folder: folder.to_owned(),
        sessions,
        window: found.window,
        scopes: found.scopes,
        inventory: found.inventory,
        gaps: found.gaps,
        tasks: Vec::new(),
        parts,
        resumed: Some(writer),
    })
}

fn session_of<'a>(sessions: &'a [Session], part: &PartPlan) -> Option<&'a Session> {
    sessions.iter().find(|s| s.scope.account_id == part.account_id && s.scope.region == part.region)
}

impl Prepared {
    /// What the pull will take at most; of a continued collect, what is left of it.
    pub fn cost(&self) -> CostBound {
        let parts = plan::cost(&self.parts);
        match self.resumed {
            // Its containers and tasks were asked about before anything was written.
            Some(_) => parts,
            None => parts
                .and(container_peaks::cost(&self.inventory, &self.window))
                .and(task_skew::cost(&self.tasks, &self.window)),
        }
    }

    pub fn window(&self) -> &Window {
        &self.window
    }

    pub fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    pub fn inventory(&self) -> &Inventory {
        &self.inventory
    }

    /// What could not be collected so far.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Whether an interrupted collect is continued.
    pub fn is_resumed(&self) -> bool {
        self.resumed.is_some()
    }

    /// Pulls the series and completes the snapshot. Cancelled, it drops what is in flight; what is
    /// on disk stays to be continued.
    pub async fn pull(self, progress: &dyn Progress, cancel: &CancelSignal) -> Result<Outcome, CollectError> {
        let Self {
            request,
            folder,
            sessions,
            window,
            scopes,
            mut inventory,
            mut gaps,
            tasks,
            parts,
            resumed,
        } = self;
        let was_resumed = resumed.is_some();
        if !was_resumed {
            let more = tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(CollectError::Cancelled { resumable: false }),
                more = async {
                    let mut more = container_peaks::add(&sessions, &mut inventory, &window).await;
                    more.extend(task_skew::add(&sessions, &tasks, &mut inventory, &window).await);
                    more
                } => more,
            };
            gaps.extend(more);
            gaps.sort();
            gaps.dedup();
        }
        let mut writer = match resumed {
            Some(writer) => writer,
            None => {
                let mut writer = SnapshotWriter::create(&folder)?;
                writer.begin(&serde_json::to_value(&request)?, window, &scopes, &inventory, &gaps)?;
                writer
            }
        };
        progress.event(Event::PullStarted { parts: parts.len(), calls: plan::cost(&parts).calls });
        let mut expired: Vec<String> = Vec::new();
        let (workloads, sessions, window) = (&inventory.workloads, &sessions, &window);
        let mut pulls = stream::iter(&parts)
            .map(|part| async move {
                let pulled = match session_of(sessions, part) {
                    Some(session) => metrics::pull(session, part, workloads, window, progress).await,
                    // Parts are planned from what the sessions found; a resumed one was checked.
                    None => Ok(metrics::Pulled::default()),
                };
                (part, pulled)
            })
            .buffer_unordered(request.bounds.parts.max(1));
        loop {
            let next = tokio::select! {
                biased;
                () = cancel.cancelled() => return Err(CollectError::Cancelled { resumable: true }),
                next = pulls.next() => next,
            };
            match next {
                None => break,
                Some((part, Ok(pulled))) => {
                    writer.write_part(&part.name, &pulled.series, &pulled.gaps)?;
                    progress.event(Event::PartWritten { name: &part.name });
                }
                // The other accounts' parts are still pulled; this one waits for new credentials.
                Some((part, Err(_))) => expired.push(format!("{}/{}", part.account_id, part.region)),
            }
        }
        if !expired.is_empty() {
            expired.sort();
            expired.dedup();
            return Err(CollectError::CredentialsExpired { places: expired });
        }
        let workloads = inventory.workloads.len();
        Ok(Outcome { manifest: writer.finish()?, workloads, resumed: was_resumed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::{Bounds, Period, Regions, Silent, cancellation};

    fn request() -> CollectRequest {
        CollectRequest {
            regions: Regions::from_names(["eu-west-1"]),
            profiles: Vec::new(),
            assume_roles: std::collections::BTreeSet::new(),
            clusters: std::collections::BTreeSet::new(),
            lookback_seconds: 3_600,
            period: Period::FIVE_MINUTES,
            bounds: Bounds::default(),
        }
    }

    #[test]
    fn a_collect_that_is_cancelled_before_it_asked_leaves_nothing_behind() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("snapshot");
        let (canceller, signal) = cancellation();
        canceller.cancel();
        let (request, now) = (request(), Timestamp::UNIX_EPOCH);
        let collecting = collect(&request, &folder, now, &Silent, &signal);
        let result =
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(collecting);
        assert!(matches!(result, Err(CollectError::Cancelled { resumable: false })), "{result:?}");
        assert!(!folder.exists());
    }

    #[test]
    fn what_was_begun_for_another_request_is_not_continued() {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let (_canceller, signal) = cancellation();
        let other = CollectRequest { lookback_seconds: 7_200, ..request() };
        let window = plan::window(now, other.lookback_seconds, other.period).unwrap();
        let mut writer = SnapshotWriter::create(folder.path()).unwrap();
        writer
            .begin(&serde_json::to_value(&other).unwrap(), window, &[], &Inventory::default(), &[])
            .unwrap();
        drop(writer);
        let run = |request: CollectRequest, now| {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(collect(
                &request,
                folder.path(),
                now,
                &Silent,
                &signal,
            ))
        };
        let refused = run(request(), now);
        assert!(matches!(refused, Err(CollectError::OtherRequest { .. })), "{refused:?}");
        // The same one has nothing left to pull, so it needs neither credentials nor the window.
        let much_later = "2027-11-22T10:00:00Z".parse().unwrap();
        let outcome = run(other, much_later).unwrap();
        assert!(outcome.resumed);
        assert_eq!(outcome.manifest.window, window);
    }
}
