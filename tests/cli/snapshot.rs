//! A snapshot that is not what was written is refused, naming the file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{printed, run, stderr, text};

fn assert_refused(what: &str, spoil: impl FnOnce(&Path) -> PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    printed(&["demo", "--out", text(&kept), "--format", "csv"]);
    let spoilt = spoil(&kept);
    let output = run(&["report", text(&kept)]);
    assert_eq!(output.status.code(), Some(3), "{what}: {}", stderr(&output));
    let name = spoilt.file_name().unwrap().to_str().unwrap();
    assert!(stderr(&output).contains(name), "{what} does not name {name}: {}", stderr(&output));
    assert!(output.stdout.is_empty(), "{what}: nothing is reported");
}

fn some_parquet(snapshot: &Path) -> PathBuf {
    fs::read_dir(snapshot.join("utilization")).unwrap().next().unwrap().unwrap().path()
}

fn change(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from} is not in {}", path.display());
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_truncated_file() {
    assert_refused("a truncated file", |snapshot| {
        let path = some_parquet(snapshot);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        path
    });
}

#[test]
fn a_missing_file() {
    assert_refused("a missing file", |snapshot| {
        let path = some_parquet(snapshot);
        fs::remove_file(&path).unwrap();
        path
    });
}

#[test]
fn an_edited_inventory() {
    assert_refused("an edited inventory", |snapshot| {
        let path = snapshot.join("inventory.json");
        change(&path, "\"desired_count\"", "\"desired_Count\"");
        path
    });
}

#[test]
fn a_newer_format() {
    assert_refused("a newer format", |snapshot| {
        let path = snapshot.join("manifest.json");
        change(&path, "\"format_version\": 1", "\"format_version\": 999");
        path
    });
}

#[test]
fn a_folder_that_is_no_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().to_owned(), folder.path().join("absent")] {
        let output = run(&["report", text(&path)]);
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        assert!(stderr(&output).contains(text(&path)), "{}", stderr(&output));
    }
}
