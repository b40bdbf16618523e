use std::sync::LazyLock;

use proptest::{prelude::*, sample::Index};

use super::*;
use crate::snapshot::{FileEntry, checksum::seal};

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

#[test]
fn files_that_do_not_fit_together_are_refused() {
    let error = error_of_manifest(|manifest, _| drop(manifest.files.remove("inventory.json")));
    assert!(error.starts_with("SNAPSHOT/manifest.json: it does not list inventory.json"), "{error}");

    let error = error_of_manifest(|manifest, _| manifest.files.get_mut(PART).unwrap().rows = Some(5));
    assert!(
        error.starts_with(&format!("SNAPSHOT/{PART}: it has 6 rows, which is not what manifest.json says")),
        "{error}"
    );

    let with_inventory = |change: fn(&mut Inventory)| {
        error_of_manifest(|manifest, files| {
            let mut inventory: Inventory = serde_json::from_slice(&files["inventory.json"]).unwrap();
            change(&mut inventory);
            let bytes = serde_json::to_vec(&inventory).unwrap();
            manifest.files.insert("inventory.json".into(), FileEntry::of(&bytes, None));
            files.insert("inventory.json".into(), bytes);
        })
    };
    let error = with_inventory(|inventory| inventory.workloads.truncate(1));
    assert!(
        error.starts_with(&format!(
            "SNAPSHOT/{PART}: it has workload 1, but inventory.json has 1 workloads, counted from 0"
        )),
        "{error}"
    );
    let error = with_inventory(|inventory| inventory.workloads.swap(0, 1));
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
