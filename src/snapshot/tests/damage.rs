use std::sync::LazyLock;

use proptest::{prelude::*, sample::Index};

use super::*;
use crate::{
    snapshot::{FileEntry, checksum::seal},
    units::{CpuUnits, MemoryMib, StorageGib},
    workload::{
        CapacityProviderKind, Container, ContainerInstance, InstanceResources, PolicyKind, RevisionInForce,
        ScalableTarget, ScalingPolicy, StrategyItem, TaskDefinition, TrackedMetric,
    },
};

/// The files of a complete snapshot.
static FILES: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    Collected::sample().collect_into(folder.path()).unwrap();
    files_of(folder.path())
});

#[derive(Debug, Clone)]
enum Damage {
    Flip(Vec<(Index, u8)>),
    Truncate(Index),
    Append(Vec<u8>),
    Swap(Index),
    Remove,
}

fn any_damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => prop::collection::vec((any::<Index>(), 1_u8..), 1..4).prop_map(Damage::Flip),
        2 => any::<Index>().prop_map(Damage::Truncate),
        1 => prop::collection::vec(any::<u8>(), 1..20).prop_map(Damage::Append),
        1 => any::<Index>().prop_map(Damage::Swap),
        1 => Just(Damage::Remove),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn damage_to_any_file_is_an_error_that_names_it(victim: Index, damage in any_damage()) {
        let mut files = FILES.clone();
        let names: Vec<String> = files.keys().cloned().collect();
        let victim = &names[victim.index(names.len())];
        let bytes = files.get_mut(victim).unwrap();
        match damage {
            Damage::Flip(flips) => for (place, flip) in flips {
                let place = place.index(bytes.len());
                bytes[place] ^= flip;
            },
            Damage::Truncate(length) => bytes.truncate(length.index(bytes.len())),
            Damage::Append(extra) => bytes.extend(extra),
            Damage::Swap(other) => *bytes = FILES[&names[other.index(names.len())]].clone(),
            Damage::Remove => drop(files.remove(victim)),
        }
        // Flips may cancel out, and a file may have been swapped with itself.
        prop_assume!(files != *FILES);
        let folder = tempfile::tempdir().unwrap();
        put_files(folder.path(), &files);
        let error = read_all(folder.path()).unwrap_err().to_string();
        prop_assert!(error.contains(victim.as_str()), "{victim}: {error}");
        // Copies are checked as the files themselves are; only the hint at a folder without a manifest is not theirs.
        if files.contains_key("manifest.json") {
            prop_assert_eq!(read_all_copies(folder.path()).unwrap_err().to_string(), error);
        }
    }
}

/// The error that reading the sample snapshot gives once `change` was made to its files.
fn error_of(change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) -> String {
    let mut files = FILES.clone();
    change(&mut files);
    let folder = tempfile::tempdir().unwrap();
    put_files(folder.path(), &files);
    read_all(folder.path()).unwrap_err().to_string().replace(folder.path().to_str().unwrap(), "SNAPSHOT")
}

/// As [`error_of`], for a manifest that is changed and sealed again, as no accident does it.
fn error_of_manifest(change: impl FnOnce(&mut Manifest, &mut BTreeMap<String, Vec<u8>>)) -> String {
    error_of(|files| {
        let mut manifest: Manifest = serde_json::from_slice(&files["manifest.json"]).unwrap();
        change(&mut manifest, files);
        files.insert("manifest.json".into(), seal(&manifest).unwrap());
    })
}

/// As [`error_of_manifest`], for an inventory.
fn error_of_inventory(change: impl FnOnce(&mut Inventory)) -> String {
    error_of_manifest(|manifest, files| {
        let mut inventory: Inventory = serde_json::from_slice(&files["inventory.json"]).unwrap();
        change(&mut inventory);
        let bytes = serde_json::to_vec(&inventory).unwrap();
        manifest.files.insert("inventory.json".into(), FileEntry::of(&bytes, None));
        files.insert("inventory.json".into(), bytes);
    })
}

const PART: &str = "utilization/part-00000.parquet";

#[test]
fn each_kind_of_damage_is_told_apart_with_what_to_do() {
    let anew = "restore it from a copy, or collect into a new folder";
    assert_eq!(
        error_of(|files| files.get_mut(PART).unwrap().truncate(100)),
        format!("SNAPSHOT/{PART} has 100 bytes instead of {}: it was cut short; {anew}", FILES[PART].len())
    );
    let edited = "is not what was written (its SHA-256 differs): it was edited or damaged";
    assert_eq!(
        error_of(|files| files.get_mut(PART).unwrap()[50] ^= 1),
        format!("SNAPSHOT/{PART} {edited}; {anew}")
    );
    assert_eq!(
        error_of(|files| files.get_mut("inventory.json").unwrap().push(b' ')),
        format!("SNAPSHOT/inventory.json {edited}; {anew}")
    );
    assert_eq!(
        error_of(|files| drop(files.remove("inventory.json"))),
        format!("SNAPSHOT/inventory.json is missing; {anew}")
    );
    assert_eq!(
        error_of(|files| {
            let text = String::from_utf8(files["manifest.json"].clone()).unwrap();
            let window_moved = text.replace("2026-09-21", "2026-09-22");
            assert_ne!(text, window_moved);
            files.insert("manifest.json".into(), window_moved.into_bytes());
        }),
        format!("SNAPSHOT/manifest.json {edited}; {anew}")
    );
    let error = error_of(|files| files.get_mut("manifest.json").unwrap().truncate(100));
    assert!(error.starts_with("SNAPSHOT/manifest.json is not JSON of a snapshot (EOF"), "{error}");
    assert!(error.ends_with(anew), "{error}");
}

#[test]
fn a_newer_format_is_refused_whatever_else_it_holds() {
    for newer in [r#"{"format_version": 2}"#, r#"{"format_version": 2, "files": ["other"], "checksum": "x"}"#]
    {
        assert_eq!(
            error_of(|files| drop(files.insert("manifest.json".into(), newer.into()))),
            "SNAPSHOT/manifest.json: format version 2 is newer than 1, the newest that this fargauge reads; \
             use a newer fargauge"
        );
    }
}

#[test]
fn files_that_lead_elsewhere_are_refused_before_they_are_read() {
    for name in [
        "../outside.parquet",
        "/etc/passwd",
        "utilization/../../outside.parquet",
        "utilization/a/b.parquet",
        "C:\\outside.parquet",
        "notes.txt",
    ] {
        let error = error_of_manifest(|manifest, _| {
            let entry = manifest.files[PART].clone();
            manifest.files.insert(name.into(), entry);
        });
        assert!(
            error.starts_with(&format!(
                "SNAPSHOT/manifest.json lists `{name}`, which is no file of a snapshot"
            )),
            "{error}"
        );
    }
}

#[test]
fn windows_that_cannot_be_are_refused() {
    let with = |start: &str, end: &str, period_seconds| {
        error_of_manifest(|manifest, _| {
            let (start, end) = (start.parse().unwrap(), end.parse().unwrap());
            manifest.window = Window { start, end, period_seconds };
        })
    };
    let (start, end) = ("2026-09-21T00:00:00Z", "2026-10-05T00:00:00Z");
    for (start, end, period) in [
        (start, end, 0),
        (start, end, 86_401),
        (start, start, 300),
        (end, start, 300),
        (start, "2026-09-21T00:04:59Z", 300),
        ("1926-09-21T00:00:00Z", end, 300),
    ] {
        assert_eq!(
            with(start, end, period),
            format!(
                "SNAPSHOT/manifest.json: its window is from {start} to {end} in periods of {period} s, but must be \
                 of one period to ten years, and a period of 1 s to a day; restore it from a copy, or collect into \
                 a new folder"
            )
        );
    }
}

/// The first workload and a task definition with one container, whose numbers can just be.
fn largest(inventory: &mut Inventory) -> (&mut Workload, &mut TaskDefinition) {
    let workload = &mut inventory.workloads[0];
    workload.desired_count = Some(10_000_000);
    workload.maximum_percent = Some(10_000);
    workload.revisions = vec![RevisionInForce {
        task_definition: "arn:api:1".into(),
        from: Some("2014-01-01T00:00:00Z".parse().unwrap()),
        settled: Some("2026-10-12T00:00:00Z".parse().unwrap()),
        metric_resolution_seconds: 300,
    }];
    workload.strategy = vec![StrategyItem {
        provider: "FARGATE".into(),
        kind: CapacityProviderKind::Fargate,
        base: 10_000_000,
        weight: 10_000_000,
    }];
    workload.scaling = Some(ScalableTarget {
        min_capacity: 10_000_000,
        max_capacity: u32::MAX,
        scale_in_suspended: false,
        scale_out_suspended: false,
        scheduled_suspended: false,
        policies: vec![ScalingPolicy {
            name: "cpu".into(),
            kind: PolicyKind::TargetTracking {
                metric: TrackedMetric::CpuUtilization,
                target: 1e9,
                disable_scale_in: false,
                scale_in_cooldown: 300,
                scale_out_cooldown: 300,
            },
        }],
        scheduled_actions: vec![],
    });
    let definition = inventory.task_definitions.entry("arn:api:1".into()).or_default();
    definition.cpu = Some(CpuUnits(10_000_000));
    definition.memory = Some(MemoryMib(100_000_000));
    definition.ephemeral_storage = Some(StorageGib(10_000));
    definition.containers = vec![Container { gpus: 1_000, ..Container::default() }];
    (workload, definition)
}

#[test]
fn inventories_with_numbers_that_cannot_be_are_refused() {
    let id = "workload 111122223333/eu-west-1/prod/service-0000 has";
    type Change = fn(&mut Workload, &mut TaskDefinition);
    let cases: [(Change, String); 13] = [
        (
            |it, _| it.desired_count = Some(10_000_001),
            format!("{id} a desired count of 10000001, which can be 0 to 10000000"),
        ),
        (|it, _| it.running_count = Some(u32::MAX), format!("{id} a running count of 4294967295, ")),
        (
            |it, _| it.revisions[0].metric_resolution_seconds = 301,
            format!("{id} seconds between samples of 301, which can be 1 to 300"),
        ),
        (
            |it, _| it.revisions[0].metric_resolution_seconds = 0,
            format!("{id} seconds between samples of 0, "),
        ),
        (
            |it, _| it.revisions[0].from = Some("2013-12-31T23:59:59Z".parse().unwrap()),
            format!(
                "{id} a deployment of 2013-12-31T23:59:59Z, which can be of 2014-01-01 to 2026-10-12T00:00:00Z"
            ),
        ),
        (
            |it, _| it.revisions[0].settled = Some("9999-01-01T00:00:00Z".parse().unwrap()),
            format!("{id} a deployment of 9999-01-01T00:00:00Z, "),
        ),
        (|it, _| it.strategy[0].weight = 10_000_001, format!("{id} a strategy with a weight of 10000001, ")),
        (
            |it, _| it.scaling.as_mut().unwrap().min_capacity = 10_000_001,
            format!("{id} a minimum of scaling of 10000001, "),
        ),
        (
            |it, _| {
                if let PolicyKind::TargetTracking { target, .. } =
                    &mut it.scaling.as_mut().unwrap().policies[0].kind
                {
                    *target = -1.0;
                }
            },
            format!("{id} a scaling target of -1 %, which can be above 0"),
        ),
        (|_, it| it.cpu = Some(CpuUnits(10_000_001)), "arn:api:1 has CPU units of 10000001, ".into()),
        (|_, it| it.memory = Some(MemoryMib(100_000_001)), "arn:api:1 has MiB of 100000001, ".into()),
        (
            |_, it| it.ephemeral_storage = Some(StorageGib(10_001)),
            "arn:api:1 has GiB of storage of 10001, ".into(),
        ),
        (
            |_, it| it.containers[0].memory_reservation = Some(MemoryMib(u32::MAX)),
            "arn:api:1 has a container with MiB of 4294967295, ".into(),
        ),
    ];
    for (change, why) in cases {
        let error = error_of_inventory(|inventory| {
            let (workload, definition) = largest(inventory);
            change(workload, definition);
        });
        assert!(error.starts_with(&format!("SNAPSHOT/inventory.json: {why}")), "{error}");
        assert!(error.ends_with("restore it from a copy, or collect into a new folder"), "{error}");
    }
    let error = error_of_inventory(|inventory| {
        inventory.container_instances = vec![ContainerInstance {
            account_id: "111122223333".into(),
            region: Region("eu-west-1".into()),
            cluster: "prod".into(),
            id: "0a1b".into(),
            instance_type: None,
            availability_zone: None,
            architecture: None,
            capacity_provider: None,
            status: "ACTIVE".into(),
            registered: InstanceResources { cpu: 2_048, memory_mib: u32::MAX, gpus: 0 },
            remaining: InstanceResources::default(),
            running_tasks: 1,
            registered_at: None,
        }];
    });
    let instance = "instance 111122223333/eu-west-1/prod/0a1b has MiB of 4294967295";
    assert!(error.starts_with(&format!("SNAPSHOT/inventory.json: {instance}")), "{error}");
}

#[test]
fn numbers_that_can_just_be_are_read_back() {
    let mut collected = Collected::sample();
    largest(&mut collected.inventory);
    let folder = tempfile::tempdir().unwrap();
    collected.collect_into(folder.path()).unwrap();
    assert_eq!(read_all(folder.path()).unwrap().1, collected.inventory);
    collected.inventory.workloads[0].desired_count = Some(u32::MAX);
    let folder = tempfile::tempdir().unwrap();
    let error = collected.collect_into(folder.path()).unwrap_err().to_string();
    assert!(error.starts_with("cannot write ") && error.contains("a desired count of 4294967295"), "{error}");
}

#[test]
fn files_that_do_not_fit_together_are_refused() {
    let error = error_of_manifest(|manifest, _| drop(manifest.files.remove("inventory.json")));
    assert!(error.starts_with("SNAPSHOT/manifest.json: it does not list inventory.json"), "{error}");

    let error = error_of_manifest(|manifest, _| manifest.files.get_mut(PART).unwrap().rows = Some(5));
    assert!(
        error.starts_with(&format!("SNAPSHOT/{PART}: it has 6 rows, which is not what manifest.json says")),
        "{error}"
    );

    let error = error_of_inventory(|inventory| inventory.workloads.truncate(1));
    assert!(
        error.starts_with(&format!(
            "SNAPSHOT/{PART}: it has workload 1, but inventory.json has 1 workloads, counted from 0"
        )),
        "{error}"
    );
    let error = error_of_inventory(|inventory| inventory.workloads.swap(0, 1));
    assert!(
        error.starts_with(
            "SNAPSHOT/inventory.json: workload 111122223333/eu-west-1/prod/service-0001 is number 0 in the list"
        ),
        "{error}"
    );

    let error = error_of_manifest(|manifest, files| {
        let second = "utilization/part-00001.parquet".to_owned();
        manifest.files.insert(second.clone(), manifest.files[PART].clone());
        files.insert(second, files[PART].clone());
    });
    assert!(
        error.starts_with(&format!(
            "SNAPSHOT/utilization/part-00001.parquet: workload 0 is in it and in {PART}, but must be whole"
        )),
        "{error}"
    );

    let error = error_of_manifest(|manifest, files| {
        let bytes = b"not Parquet".to_vec();
        manifest.files.insert(PART.into(), FileEntry::of(&bytes, Some(6)));
        files.insert(PART.into(), bytes);
    });
    assert!(error.starts_with(&format!("SNAPSHOT/{PART}: not a Parquet file of utilization")), "{error}");
}
