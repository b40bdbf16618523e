//! Snapshots on disk: written, read back, damaged, and stopped half-way.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

mod damage;
mod refusals;
mod round_trip;
mod stopped;

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::json;

use super::{
    Gap, Inventory, Manifest, Point, Scope, Series, Snapshot, SnapshotError, SnapshotWriter,
    UtilizationParts as _, Window,
};
use crate::workload::{LaunchType, Region, Workload, WorkloadIdentity, WorkloadKind};

/// Everything that a collect gives to the writer.
struct Collected {
    request: serde_json::Value,
    window: Window,
    scopes: Vec<Scope>,
    inventory: Inventory,
    gaps: Vec<Gap>,
    parts: Vec<(String, Vec<Series>, Vec<Gap>)>,
}

impl Collected {
    /// Two parts of two workloads each, with nulls and more than 100 %, and a gap in each step.
    fn sample() -> Self {
        let point = |timestamp| Point {
            timestamp,
            cpu_avg: Some(2_512),
            cpu_max: Some(10_731),
            cpu_samples: Some(10),
            mem_avg: Some(0),
            mem_max: None,
            live_tasks: Some(2.5),
        };
        let series = |workload_id: u32| {
            let no_sample = Point { timestamp: 1_790_000_100, ..Point::default() };
            let points = vec![point(1_789_999_800), no_sample, point(1_790_000_400 + i64::from(workload_id))];
            Series { workload_id, points }
        };
        Self::of(vec![vec![series(0), series(1)], vec![series(2), series(3)]])
    }

    fn of(parts: Vec<Vec<Series>>) -> Self {
        let gap = |cause: String| Gap { scope: "111122223333/eu-west-1".into(), api: "ecs:X".into(), cause };
        let named = |(index, series): (usize, Vec<Series>)| {
            (format!("part-{index:05}"), series, vec![gap(format!("part {index}")), gap("throttled".into())])
        };
        let workloads = parts.iter().flatten().map(|one| one.workload_id + 1).max().unwrap_or(0);
        Self {
            request: json!({"regions": ["eu-west-1"], "period": 300}),
            window: Window {
                start: "2026-09-21T00:00:00Z".parse().unwrap(),
                end: "2026-10-05T00:00:00Z".parse().unwrap(),
                period_seconds: 300,
            },
            scopes: vec![Scope { account_id: "111122223333".into(), region: "eu-west-1".into() }],
            inventory: Inventory {
                workloads: (0..workloads).map(workload).collect(),
                ..Inventory::default()
            },
            gaps: vec![gap("listing".into())],
            parts: parts.into_iter().enumerate().map(named).collect(),
        }
    }

    /// Collects into `folder` as the command does: goes on where an earlier run was stopped.
    fn collect_into(&self, folder: &Path) -> Result<(), SnapshotError> {
        let mut writer = match SnapshotWriter::resume(folder) {
            Ok(Some((writer, state))) => {
                assert_eq!(state.request, self.request);
                assert_eq!(state.window, self.window);
                assert_eq!(state.scopes, self.scopes);
                assert_eq!(state.inventory, self.inventory);
                assert!(state.parts.keys().all(|name| writer.is_written(name)));
                writer
            }
            Ok(None) => {
                let mut writer = SnapshotWriter::create(folder)?;
                writer.begin(&self.request, self.window, &self.scopes, &self.inventory, &self.gaps)?;
                writer
            }
            Err(SnapshotError::Complete { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        for (name, series, gaps) in &self.parts {
            if !writer.is_written(name) {
                writer.write_part(name, series, gaps)?;
            }
        }
        writer.finish().map(drop)
    }

    fn all_series(&self) -> Vec<Series> {
        self.parts.iter().flat_map(|(_, series, _)| series.clone()).collect()
    }
}

fn workload(workload_id: u32) -> Workload {
    let identity = WorkloadIdentity {
        account_id: "111122223333".into(),
        region: Region("eu-west-1".into()),
        cluster: "prod".into(),
        kind: WorkloadKind::Service,
        name: format!("service-{workload_id:04}"),
    };
    Workload {
        desired_count: Some(2),
        running_count: Some(2),
        ..Workload::new(workload_id, identity, LaunchType::Fargate)
    }
}

/// Opens the snapshot and reads every part of it.
fn read_all(folder: &Path) -> Result<(Manifest, Inventory, Vec<Series>), SnapshotError> {
    read_whole(Snapshot::open(folder)?)
}

/// The same from copies of the folder's files.
fn read_all_copies(folder: &Path) -> Result<(Manifest, Inventory, Vec<Series>), SnapshotError> {
    let names = files_of(folder).into_keys();
    let copies = names.map(|name| (name.clone(), fs::File::open(folder.join(name)).unwrap())).collect();
    read_whole(Snapshot::open_copies(folder.to_owned(), copies)?)
}

fn read_whole(snapshot: Snapshot) -> Result<(Manifest, Inventory, Vec<Series>), SnapshotError> {
    let mut series = Vec::new();
    for index in 0..snapshot.parts() {
        series.extend(snapshot.read(index)?);
    }
    Ok((snapshot.manifest, snapshot.inventory, series))
}

/// Every file under `folder` by its path in it, with forward slashes.
fn files_of(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            files.extend(
                files_of(&entry.path()).into_iter().map(|(file, bytes)| (format!("{name}/{file}"), bytes)),
            );
        } else {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    files
}

/// Makes `folder` hold `files` and nothing else.
fn put_files(folder: &Path, files: &BTreeMap<String, Vec<u8>>) {
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder.join("utilization")).unwrap();
    for (file, bytes) in files {
        fs::write(folder.join(file), bytes).unwrap();
    }
}
