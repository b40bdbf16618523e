use proptest::prelude::*;
use rayon::prelude::*;

use super::*;
use crate::{
    frames::tests::any_series,
    snapshot::FORMAT_VERSION,
    workload::{Container, TaskDefinition, runtime_settings},
};

#[test]
fn what_is_collected_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let collected = Collected::sample();
    collected.collect_into(folder.path()).unwrap();
    let (manifest, inventory, series) = read_all(folder.path()).unwrap();
    assert_eq!(
        read_all_copies(folder.path()).unwrap(),
        (manifest.clone(), inventory.clone(), series.clone())
    );
    assert_eq!(series, collected.all_series());
    assert_eq!(inventory, collected.inventory);
    assert_eq!(manifest.format_version, FORMAT_VERSION);
    assert_eq!(manifest.window, collected.window);
    assert_eq!(manifest.scopes, collected.scopes);
    let causes: Vec<_> = manifest.gaps.iter().map(|gap| gap.cause.as_str()).collect();
    assert_eq!(causes, ["listing", "part 0", "part 1", "throttled"]);
    let rows: Vec<_> = manifest.files.iter().map(|(file, entry)| (file.as_str(), entry.rows)).collect();
    let parts = ("utilization/part-00000.parquet", "utilization/part-00001.parquet");
    assert_eq!(rows, [("inventory.json", None), (parts.0, Some(6)), (parts.1, Some(6))]);
}

#[test]
fn the_folder_holds_the_files_of_the_format_with_the_checksums_stated() {
    let folder = tempfile::tempdir().unwrap();
    Collected::sample().collect_into(folder.path()).unwrap();
    let mut files = files_of(folder.path());
    let manifest_bytes = files.remove("manifest.json").unwrap();
    let snapshot = Snapshot::open(folder.path()).unwrap();
    assert_eq!(snapshot.manifest_sha256, crate::sha256::hex(&manifest_bytes));
    let found: BTreeMap<_, _> =
        files.iter().map(|(file, bytes)| (file.clone(), crate::sha256::hex(bytes))).collect();
    let stated: BTreeMap<_, _> =
        snapshot.manifest.files.iter().map(|(file, entry)| (file.clone(), entry.sha256.clone())).collect();
    assert_eq!(found, stated);
}

#[test]
fn parts_in_any_order_give_the_same_bytes() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut collected = Collected::sample();
    collected.collect_into(one.path()).unwrap();
    collected.parts.reverse();
    collected.collect_into(other.path()).unwrap();
    assert_eq!(files_of(one.path()), files_of(other.path()));
}

#[test]
fn a_fleet_without_workloads_is_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    Collected::of(vec![]).collect_into(folder.path()).unwrap();
    let (_, inventory, series) = read_all(folder.path()).unwrap();
    assert_eq!((inventory.workloads, series), (vec![], vec![]));
}

#[test]
fn parts_are_read_side_by_side_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let collected = Collected::sample();
    collected.collect_into(folder.path()).unwrap();
    let snapshot = Snapshot::open(folder.path()).unwrap();
    for _ in 0..2 {
        let series: Vec<_> = (0..snapshot.parts())
            .into_par_iter()
            .flat_map(|index| snapshot.read_part(index).unwrap())
            .collect();
        assert_eq!(series, collected.all_series());
    }
    let error = snapshot.read_part(2).unwrap_err().to_string();
    assert!(error.contains("manifest.json: it has 2 utilization files, so none numbered 2"), "{error}");
}

#[test]
fn no_secret_of_an_environment_or_a_command_gets_in() {
    const SECRETS: [&str; 5] = ["hunter2", "AKIAIOSFODNN7EXAMPLE", "postgres://", "tok_9f", "DB_PASSWORD"];
    let environment = [
        ("DB_PASSWORD", "hunter2"),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("JAVA_TOOL_OPTIONS", "-Xmx1024m -Ddb.password=hunter2 -Durl=postgres://app:hunter2@db"),
        ("NODE_OPTIONS", "--max-old-space-size=tok_9f"),
        ("GOMEMLIMIT", "tok_9f"),
    ];
    let command = ["gunicorn", "--workers=3", "--env", "TOKEN=tok_9f", "-p", "hunter2", "postgres://db"];
    let container = Container {
        name: "app".into(),
        runtime_settings: runtime_settings(environment.map(|(name, value)| (name, Some(value))), command),
        ..Container::default()
    };
    let definition =
        TaskDefinition { family: "web".into(), containers: vec![container], ..TaskDefinition::default() };
    let mut collected = Collected::sample();
    collected.inventory.task_definitions.insert("arn:web:1".into(), definition);
    let folder = tempfile::tempdir().unwrap();
    collected.collect_into(folder.path()).unwrap();

    let files = files_of(folder.path());
    let inventory = String::from_utf8_lossy(&files["inventory.json"]);
    assert!(inventory.contains("1024m") && inventory.contains("--workers"), "what is allowed is kept");
    for (file, bytes) in &files {
        let text = String::from_utf8_lossy(bytes);
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} is in {file}");
        }
    }
}

proptest! {
    // Each case flushes files to the disk.
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn random_series_are_read_back(series in any_series(8), split in 0..9_usize) {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = series.split_at(split.min(series.len()));
        let collected = Collected::of(vec![first.to_vec(), second.to_vec()]);
        collected.collect_into(folder.path()).unwrap();
        let (_, _, read) = read_all(folder.path()).unwrap();
        prop_assert_eq!(read, series);
    }
}
